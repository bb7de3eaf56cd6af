/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The evidence store: the only code that names files in it.
 *
 *   ROOT/.recdock-store                              marker: this is a store, of this station
 *   ROOT/incoming/<docking>/<item>.part              being pulled
 *   ROOT/store/<unit>/<recorder>/<officer>/<date>/<name>   footage: mode 0440, never written again
 *   ROOT/mending/<footage>.good              a good copy that is to take the place of a lost or damaged file
 *   ROOT/displaced/<time>/store/…            the damaged file, as it was found
 *
 * Invariants: all of it is on one file system; a final name appears by link() without replacing, after its
 * bytes are on the disk; nothing in ROOT/store is ever opened for writing.
 */

#include "base/clock.h"
#include "base/proved_copy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_PATH_MAX 1024 /* of a path relative to ROOT */

struct store;

enum store_outcome {
        STORE_OK = 0,
        STORE_EXISTS = 1,  /* the final name is taken */
        STORE_ABSENT = 2,  /* no such part or footage */
        STORE_FOREIGN = 3, /* store_open(): no marker: not a store, or its disk is not mounted */
};

/* Opens the store at 'root'. With 'create' an empty or missing root is made a store (marker, folders,
 * fsynced); without, a root that has no marker gives STORE_FOREIGN and nothing is changed. -EXDEV when the
 * trees are on two file systems. */
int store_open(struct store **ret, const char *root, const char *station, bool create);
void store_close(struct store *s);

/* Free bytes for this process. */
int store_free_bytes(const struct store *s, uint64_t *ret);

/* A file without a name, open for both, for what is made here and not kept: a crash leaves nothing of it. So
 * many bytes are set aside for it, where the file system does that. -ENOSPC; -EOPNOTSUPP where files have to
 * have names. */
int store_scratch_open(const struct store *s, int64_t size, int *ret_fd);

/* Opens the part read-write, creating it (and its folder) when missing. *ret_size is what it holds. Cut to
 * 'keep' bytes when it holds more (keep -1: as it is). */
int store_part_open(struct store *s, int64_t docking, int64_t item, int64_t keep, int *ret_fd,
                    int64_t *ret_size);
/* Read-only, O_NOFOLLOW; O_DIRECT when 'direct' and the file system can. STORE_ABSENT when there is none. */
int store_part_open_read(struct store *s, int64_t docking, int64_t item, bool direct, int *ret_fd);
/* Removes the part; STORE_ABSENT when there is none. The docking's folder goes with its last part. */
int store_part_remove(struct store *s, int64_t docking, int64_t item);
/* Calls 'on_part' for every part there is, for recovery at start. Foreign names are passed with item -1. */
int store_part_each(struct store *s,
                    int (*on_part)(void *userdata, int64_t docking, int64_t item, int64_t size,
                                   const char *path),
                    void *userdata);

/*
 * Composes the final relative path "store/<unit>/<recorder>/<officer>/<YYYY-MM-DD>/<name>". Each component
 * is made safe: bytes that are not UTF-8, '/', control characters, a leading '.', trailing dots and spaces
 * are replaced by '_'; NULL or "" becomes "unassigned"; 200 bytes at most, cut at a character, the name's
 * extension kept. attempt 0 is the plain name, n puts "~n" before the extension.
 */
int store_compose_path(const char *unit, const char *recorder, const char *officer, instant_t started,
                       const char *name, unsigned int attempt, char ret[STORE_PATH_MAX]);

/* A batch of files to be filed together, so that each folder is synced once. */
struct store_batch;
int store_batch_new(struct store *s, struct store_batch **ret);
void store_batch_free(struct store_batch *b);
/* fchmod 0440, sets the file's mtime to 'started' (unless INSTANT_NONE), makes the folders, links the part
 * to 'path' without replacing. STORE_EXISTS leaves all as it was, unless 'path' is this very part already
 * (same inode: a repeat after a crash), which is STORE_OK. */
int store_batch_link(struct store_batch *b, int64_t docking, int64_t item, const char *path,
                     instant_t started);
/* fsyncs what was linked and every folder touched. After it returns 0 a power cut cannot undo the links. */
int store_batch_sync(struct store_batch *b);

/* Mode 0440 again, durably: a crash while footage is being sealed leaves it writable to its owner. */
int store_protect(struct store *s, const char *path);

/* Whether the store's file system has fs-verity. */
bool store_can_seal(const struct store *s);
/* Switches fs-verity on, durably. The kernel reads the whole file for it. Returns 1 when it is on, 0 when
 * the file system has none, negative errno otherwise. Thread-safe: it touches nothing of the store but this
 * file. */
int store_seal(struct store *s, const char *path);

/* Opens footage read-only below ROOT/store (RESOLVE_BENEATH, no symlinks). STORE_ABSENT when missing. */
int store_footage_open(struct store *s, const char *path, bool direct, int *ret_fd);
/* Calls 'on_file' with the path, as store_compose_path() makes it, of everything below ROOT/store that is no
 * folder, and of folders deeper than any of ours, in no order. A result other than 0 ends the walk and is
 * returned. Thread-safe: it only reads. */
int store_footage_each(const struct store *s, int (*on_file)(void *userdata, const char *path),
                       void *userdata);
/* True when 'path' and the part are one inode. */
bool store_is_same_file(struct store *s, int64_t docking, int64_t item, const char *path);
/* Takes back a link of an interrupted filing: only when the part still exists and is the same inode, else
 * -EPERM. */
int store_unlink_interrupted(struct store *s, int64_t docking, int64_t item, const char *path);

/* Puts footage that comes from a backup where it has been: proved, mode 0440, never over another file. */
struct store_restore {
        int from;         /* open for reading; not consumed */
        const char *path; /* "store/…" */
        int64_t size;
        const struct digest_values *digests;
        const struct pace *pace;
};
/* Returns a copy_outcome, or the negative errno of the store. */
int store_restore(struct store *s, const struct store_restore *what);

/* A good copy of footage whose file is lost or damaged. First it is made and proved beside the store, in any
 * thread, by a store of its own; then it is placed, at once or by the next start. */
struct store_mend {
        int64_t footage;
        int from; /* open for reading; not consumed */
        int64_t size;
        const struct digest_values *digests;
        bool seal; /* as store_seal() does it */
        const struct pace *pace;
        struct copy_found *found; /* with COPY_SOURCE_DIFFERS; may be NULL */
};
/* Returns a copy_outcome, or the negative errno of the store; nothing is left unless it is COPY_DONE. */
int store_mend_copy(struct store *s, const struct store_mend *what);

struct store_mend_place {
        int64_t footage;
        const char *path;  /* "store/…" */
        const char *aside; /* "displaced/…/store/…", where what is found at 'path' goes */
        instant_t started; /* as in store_batch_link() */
};
/* Moves aside what is at the path, unless it is the copy already, and links the copy there without
 * replacing. A negative errno: what was there has its name again, if it can be given back. -ENOENT: there is
 * no copy. */
int store_mend_place(struct store *s, const struct store_mend_place *place);
/* After it returns 0 a power cut cannot undo the link. */
int store_mend_sync(struct store *s, const struct store_mend_place *place);
/* True when the file at the path is the copy. */
bool store_mend_is_placed(struct store *s, int64_t footage, const char *path);
/* Removes the copy's name beside the store, if there is one; footage keeps its own. */
int store_mend_remove(struct store *s, int64_t footage);
/* Calls 'on_good' for every proved copy there is, for recovery at start, and removes those that were not
 * finished. */
int store_mend_each(struct store *s, int (*on_good)(void *userdata, int64_t footage), void *userdata);
