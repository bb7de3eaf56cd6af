/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What was written is proved by reading it back from the medium, past the page cache, and comparing digests:
 * of a volume that was just written against what it was made of, of any other against its own manifests.
 * Each file has a result of its own; the volume is good when all of them are.
 */

#include "archive/volume.h"

#include <stdbool.h>
#include <sys/types.h>

enum proof_result {
        PROOF_GOOD,
        PROOF_DIFFERS,    /* other bytes */
        PROOF_SIZE,       /* another size */
        PROOF_MISSING,    /* not there */
        PROOF_UNREADABLE, /* the medium does not give it */
        PROOF_NOT_A_FILE, /* a folder, a link, a device */
        PROOF_EXTRA,      /* nothing tells of it */
        PROOF_BAD_LIST,   /* a manifest that is none */
        PROOF_CACHED,     /* as expected, but out of memory: nothing is proved about the medium */
        _PROOF_MAX,
};

/* "good", "differs" … */
const char *proof_result_text(enum proof_result r);

enum archive_phase {
        ARCHIVE_WRITING,
        ARCHIVE_PROVING,
        ARCHIVE_STAGING, /* an image with recovery data is made: nothing is on the medium yet */
};

/* What the caller is told and asked meanwhile; any may be NULL but open_source of a volume that has footage.
 */
struct archive_work {
        /* Opens the footage of an entry for reading. A descriptor, which becomes the library's, or a
         * negative errno. */
        int (*open_source)(void *userdata, const struct archive_entry *e);
        void (*on_result)(void *userdata, const char *path, enum proof_result result);
        /* Bytes of this phase; not 0 ends the work as ARCHIVE_CANCELLED. */
        int (*on_progress)(void *userdata, enum archive_phase phase, int64_t done, int64_t total);
        bool cached_is_enough; /* a copy that may come from memory counts too: never of a medium that leaves
                                */
        void *userdata;
};

enum archive_outcome {
        ARCHIVE_DONE,              /* of a written volume: every file of it is proved */
        ARCHIVE_FULL,              /* the medium, or what its file system holds of one file */
        ARCHIVE_MEDIUM_FAILED,     /* it does not take or give bytes any more: 'error' says why */
        ARCHIVE_SOURCE_UNREADABLE, /* what is to be copied */
        ARCHIVE_SOURCE_DIFFERS,    /* from what the catalogue knows of it: nothing of it is on the volume */
        ARCHIVE_FOREIGN,           /* the folder holds something else than this volume */
        ARCHIVE_NO_VOLUME,         /* nothing to verify: no bagit.txt, or no manifests */
        ARCHIVE_NOT_PROVED,        /* one file or more is not as it must be */
        ARCHIVE_CANCELLED,
};

struct archive_report {
        size_t n_files; /* that were looked at, manifests and other own files included */
        size_t counts[_PROOF_MAX];
        int64_t bytes;             /* proved */
        uint8_t seal[DIGEST_SIZE]; /* of tagmanifest-sha256.txt as it is on the medium; zeros when it is not
                                    */
        char path[1024];           /* where the work ended, "" at its end */
        int error;                 /* of ARCHIVE_MEDIUM_FAILED and _SOURCE_UNREADABLE, negative */
};

/* A file of a medium while it is read. */
struct proof_file {
        int64_t size;
        bool uncached; /* what is read now comes from the medium */
        void *file;    /* the medium's own */
        int fd;        /* likewise */
};

/*
 * What a volume is read back from: a folder of a file system, or a disc that nobody has mounted. A medium is
 * hostile: paths are resolved on it alone, nothing is followed that is a link, only regular files are read.
 */
struct proof_medium {
        /* -ENOENT, -EISDIR for what is no regular file; ended by close(). */
        int (*open)(void *userdata, const char *path, struct proof_file *ret);
        /* Makes the reading that follows come from the medium; sets 'uncached'. */
        int (*prepare)(void *userdata, struct proof_file *f);
        /* Into a block that is aligned to pages, as 'size' is; 'at' where the last read ended. Bytes, less
         * than 'size' at the end of the file only, or a negative errno. */
        ssize_t (*read)(void *userdata, struct proof_file *f, void *block, size_t size, int64_t at);
        void (*close)(void *userdata, struct proof_file *f);
        /* Calls for each thing that is no folder, and for folders that cannot be looked into, until it
         * returns a negative errno. */
        int (*walk)(void *userdata, int (*on_file)(void *on_userdata, const char *path), void *on_userdata);
        void *userdata;
        bool threads; /* there may be threads: large files are digested in one while they are read */
};

/* Reads all of a volume in the folder 'dirfd' back against 'v'. Returns ARCHIVE_DONE, ARCHIVE_NOT_PROVED,
 * ARCHIVE_CANCELLED, or a negative errno of this side. 'ret' is filled in for all outcomes. */
int archive_prove(int dirfd, const struct archive_volume *v, const struct archive_work *w,
                  struct archive_report *ret);

/* The same of any volume by its own manifests alone: SHA-256, and SM3 where it has that too.
 * ARCHIVE_NO_VOLUME as well. Whether the manifests are the ones that were written, only 'seal' tells. */
int archive_verify(int dirfd, const struct archive_work *w, struct archive_report *ret);

/* The same two of any medium. */
int medium_prove(const struct proof_medium *medium, const struct archive_volume *v,
                 const struct archive_work *w, struct archive_report *ret);
int medium_verify(const struct proof_medium *medium, const struct archive_work *w,
                  struct archive_report *ret);
