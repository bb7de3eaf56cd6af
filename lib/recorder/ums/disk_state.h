/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What disk.c (units and streams) and disk_salvage.c (reads that fail) share. */

#include "recorder/ums/disk.h"

/* A run of sectors, at most one command's. */
struct disk_range {
        uint64_t offset; /* bytes */
        uint32_t size;   /* bytes, 0 none */
};

/* A read that was sent ahead, with where its data go. */
struct disk_flight {
        struct disk_range range;
        bool sent;
        bool done; /* its answer was taken in early: 'result' and 'answer' tell */
        int result;
        struct bot_answer answer;
        uint8_t *data;
};

struct disk {
        struct block_unit unit; /* first: the seam */
        struct scsi_unit scsi;
        struct disk_limits limits;
        struct disk_figures figures;
        uint8_t *buffers[2];        /* limits.read_size bytes each; a stream's */
        uint8_t *spare;             /* the same; salvage reads into it */
        struct disk_flight *flight; /* under way while a stream looks elsewhere, else NULL */

        bool suspect; /* a read failed in a way that its size may be to blame for */
        bool beyond;  /* the last one failed because the medium ends before its last sector */
        uint64_t end; /* bytes that the medium has, as far as is known; nothing is asked for behind them */
        unsigned int ends;         /* times that it was looked for */
        uint32_t largest;          /* bytes of the largest part that passed, of those last salvaged */
        bool tried;                /* what salvage begins with was tried once already */
        int64_t lost_usec;         /* spent on reads that failed */
        int64_t barren_usec;       /* the same, since one passed */
        unsigned int barren_reads; /* and how many they were */
        bool fruitful;             /* one has passed at all */
        unsigned int lost_ranges;
        int patience;       /* enum disk_patience */
        uint64_t skip;      /* bytes to skip behind the last failure */
        uint64_t skip_next; /* and behind the next one in a row */
};

enum disk_patience { DISK_NARROW, DISK_COARSE, DISK_SKIP };

/* Encodes and counts a read of the range. */
void disk_read_command(struct disk *d, const struct disk_range *range, struct bot_command *ret);

/* Notes that a read has passed. */
void disk_passed(struct disk *d);

/* A read of the range has failed. Says what to make of 'result' and 'answer': RECORDER_OK when it is good
 * after all, RECORDER_UNREADABLE when the range may be tried again or in parts, else what ends everything.
 */
int disk_failure(struct disk *d, const struct disk_range *range, int result,
                 const struct bot_answer *answer);

/* Gets of the range what can be got, in order, into the sink. RECORDER_OK, or what ends everything. */
int disk_salvage(struct disk *d, const struct disk_range *range, const struct block_sink *sink);

/* Tells the sink of bytes that are not to be had. */
int disk_unreadable(struct disk *d, const struct block_sink *sink, uint64_t size);
