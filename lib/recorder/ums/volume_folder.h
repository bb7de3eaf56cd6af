/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The slots of a folder, one after the other or from anywhere, in FAT and exFAT alike: 32 bytes each. */

#include "recorder/ums/volume_chain.h"

struct folder_reader {
        struct volume *v;
        struct volume_folder folder;
        uint64_t slots_max; /* limits.folder_bytes and the folder's own size */
        /* where 'slot' is */
        struct volume_chain chain;
        uint64_t run_at;   /* offset in the volume */
        uint64_t run_size; /* bytes */
        uint64_t run_slot; /* number of its first slot */
        uint64_t slot;     /* to be read next */
        bool ended;        /* the chain is at its end */
        bool unreadable;
        bool incomplete;              /* for whoever reads entries: some had to be left out */
        char path[RECORDER_PATH_MAX]; /* for findings; may be "" */
};

/* Begins at slot 0 of a folder, which is copied. */
void folder_reader_begin(struct folder_reader *f, struct volume *v, const struct volume_folder *folder);

/*
 * Reads the next slot; *ret_end is true, and nothing read, behind the last one. RECORDER_UNREADABLE: that
 * slot cannot be read, the next one may. How the chain ended is in f->chain.end.
 */
int folder_reader_next(struct folder_reader *f, uint8_t slot[SLOT_SIZE], bool *ret_end);

/* Goes to slot number 'slot', forward or back. */
void folder_reader_seek(struct folder_reader *f, uint64_t slot);
