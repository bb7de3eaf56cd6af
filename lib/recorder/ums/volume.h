/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A volume of FAT12, FAT16, FAT32 or exFAT, read from user space and never written.
 *
 *   volume_charset_new() ─▶ (sandbox) ─▶ partitions_find() ─▶ volume_open() ─▶ volume_facts(),
 * volume_usage(), volume_list() ─▶ volume_read() … ─▶ volume_free()
 *
 * Everything on the volume is hostile. Each loop is bounded by struct volume_limits, nothing is read outside
 * the place that was opened, memory is bounded by the limits and not by what the volume says, and damage is
 * told as a finding while what can be read is read. (Microsoft FAT32 File System Specification 1.03;
 * exFAT File System Specification, Microsoft 2019.)
 *
 * Functions return RECORDER_OK, a positive outcome of enum recorder_outcome, or a negative errno. Outcomes
 * of the unit below (RECORDER_GONE, RECORDER_CANCELLED, RECORDER_STALLED, …) come through unchanged. A
 * volume belongs to the thread of its unit.
 */

#include "base/cleanup.h"
#include "recorder/recorder.h"
#include "recorder/ums/block.h"
#include "recorder/ums/volume_finding.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOLUME_LABEL_MAX 64

struct volume;

enum volume_type {
        VOLUME_FAT12,
        VOLUME_FAT16,
        VOLUME_FAT32,
        VOLUME_EXFAT,
        _VOLUME_TYPE_MAX,
};

/* "fat12", …, "exfat". */
const char *volume_type_text(enum volume_type type);

/* Bounds on count and bytes; a field that is 0 has its default. */
struct volume_limits {
        unsigned int depth;         /* folders in folders; 64 */
        unsigned int files;         /* listed at most; 100000 */
        unsigned int deleted;       /* listed at most; 20000 */
        unsigned int folders;       /* 20000 */
        uint32_t folder_bytes;      /* of one folder's entries; 32 MiB */
        uint64_t metadata_bytes;    /* read for anything but contents, per listing; 512 MiB */
        uint32_t cache_bytes;       /* of metadata kept in memory; 4 MiB */
        uint32_t chain_check_bytes; /* FATs up to this size: every chain is followed in listing; 4 MiB */
        uint32_t count_bytes;       /* FATs and bitmaps up to this size are counted; 16 MiB */
        uint64_t chain_steps;       /* clusters looked at per listing to judge chains; 2^28 */
        unsigned int findings;      /* told at most, per volume; 200 */
};

/*
 * The code pages of names without a long name: GBK, then 437. Opening them loads modules of the C library
 * from disk, so it is done once, before the sandbox. NULL wherever one is wanted: such names have U+FFFD for
 * what is not ASCII.
 */
struct volume_charset;
int volume_charset_new(struct volume_charset **ret);
void volume_charset_free(struct volume_charset *c);
DEFINE_CLEANUP(struct volume_charset *, volume_charset_free);

struct volume_opening {
        struct volume_limits limits;
        struct volume_charset *charset; /* borrowed until volume_free(); may be NULL */
        struct volume_findings on;
};

/*
 * Opens what lies at 'offset' and is 'size' bytes long (a struct partition's). RECORDER_UNSUPPORTED when
 * nothing there is FAT or exFAT; RECORDER_PROTOCOL when it is, but contradicts itself beyond use, which is
 * then a finding. Reads the boot sectors, the beginning of the FAT and the root folder. The unit is borrowed
 * until volume_free().
 */
int volume_open(struct volume **ret, struct block_unit *u, uint64_t offset, uint64_t size,
                const struct volume_opening *how);
void volume_free(struct volume *v);
DEFINE_CLEANUP(struct volume *, volume_free);

struct volume_facts {
        enum volume_type type;
        char label[VOLUME_LABEL_MAX]; /* the root folder's, else the boot sector's; printable; "" none */
        uint32_t serial;              /* "1234-ABCD" is 0x1234abcd */
        uint32_t sector_size;         /* the volume's own */
        uint32_t cluster_size;        /* bytes */
        uint32_t clusters;
        uint64_t total_bytes; /* of all clusters */
        bool dirty;
        bool media_failure;
};

void volume_facts(const struct volume *v, struct volume_facts *ret);

/*
 * Bytes in free clusters, counted, as far as that costs no more than limits.count_bytes of each FAT (which
 * are compared on the way) or of the bitmap; else what the volume says of itself, and *ret_counted is false.
 * -1 unknown.
 */
int volume_usage(struct volume *v, int64_t *ret_free, bool *ret_counted);

/* What reading and checking a file again takes; to be kept by the caller, for this volume only, and only
 * until it is listed anew. */
struct volume_file {
        uint64_t size;       /* bytes */
        uint64_t valid_size; /* exFAT: what is behind it has not been written and reads as zeros; else the
                                size */
        uint64_t time;       /* modification and creation as on the volume, to be compared only */
        uint32_t folder;     /* the volume's own number of the folder it is in */
        uint32_t slot;       /* its first entry (32 bytes each) in the folder */
        uint32_t cluster;    /* first one; 0 none */
        uint32_t name_hash;
        bool contiguous; /* in consecutive clusters, the FAT is not asked */
        bool recovered;  /* deleted: the extent is a guess */
};

/* Attributes, the same in FAT and exFAT. */
#define VOLUME_READ_ONLY 0x01
#define VOLUME_HIDDEN    0x02
#define VOLUME_SYSTEM    0x04
#define VOLUME_LABEL     0x08
#define VOLUME_FOLDER    0x10
#define VOLUME_ARCHIVE   0x20

struct volume_item {
        struct volume_file file;
        uint8_t attributes;
        /* Of a deleted one: all its clusters are inside the volume and free now, on the assumption that they
         * follow each other. That nothing else was written there in between is not known. */
        bool recoverable;
        char time_text[RECORDER_TIME_MAX];    /* modified, else created: see instant_parse_ptp(); "" none */
        char created_text[RECORDER_TIME_MAX]; /* with hundredths of a second; "" none */
        char path[RECORDER_PATH_MAX]; /* "ROOT/folder/…/name", deleted: "ROOT/(deleted)/folder/…/name" */
};

typedef int volume_item_fn(void *userdata, const struct volume_item *item);

/* What a function returns other than 0 ends the listing and is returned by it. on_deleted may be NULL: then
 * deleted entries are not looked at. */
struct volume_listing {
        const char *root; /* first component of every path: one component, at most RECORDER_TEXT_MAX - 1
                             bytes */
        volume_item_fn *on_file;
        volume_item_fn *on_deleted;
        void *userdata;
};

/*
 * Streams the files (not folders) while walking. Earlier struct volume_file are void. Paths are unique
 * within the listing, valid UTF-8, without control characters, "." and "..". *ret_complete is false when a
 * part could not be listed: a bound, a cycle, an unreadable or damaged folder; findings say which.
 */
int volume_list(struct volume *v, const struct volume_listing *to, bool *ret_complete);

struct volume_sink {
        int (*write)(void *userdata, const void *data, size_t size);
        /* 'size' bytes at 'offset' of the file cannot be read from the medium. write() gets as many zeros
         * right after it, from volume_read(), so that the copy keeps its length. */
        int (*unreadable)(void *userdata, uint64_t offset, uint64_t size);
        void *userdata;
};

/*
 * Reads from 'offset' to the end of the file: exactly f->size - offset bytes, with RECORDER_OK.
 * RECORDER_SHORT when the clusters end before the size does: all there is was given, *ret_size (set with it,
 * too) is the file's length as read. RECORDER_MISMATCH when the offset is behind the end. What a function of
 * the sink returns other than 0 ends it and is returned.
 */
int volume_read(struct volume *v, const struct volume_file *f, uint64_t offset,
                const struct volume_sink *sink, uint64_t *ret_size);

/*
 * Is what was listed still there? RECORDER_OK when the entry at its place and those of all folders above it
 * have the name, size, times and clusters of the listing; RECORDER_ABSENT when the entry is gone,
 * RECORDER_MISMATCH when another or a changed one is there. Of a deleted one: it is still deleted and still
 * recoverable. Served from memory: call volume_forget() first to see what is on the medium now.
 */
int volume_check(struct volume *v, const struct volume_file *f);

/* Drops all that was kept in memory of the medium's contents and reads the boot sector anew.
 * RECORDER_MISMATCH when it is another volume now. */
int volume_forget(struct volume *v);

struct volume_figures {
        uint64_t reads; /* requests to the unit, but those of volume_read() */
        uint64_t bytes;
};

void volume_figures(const struct volume *v, struct volume_figures *ret);
