/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What was read of the volume's own structures: FATs, bitmaps, folders. Lines of 16 KiB, aligned to the
 * beginning of the place; reads that go on where the last one ended grow up to 256 KiB. Nothing outside the
 * place is read, and no more bytes than the budget. Each sector of a line that cannot be read is known, so
 * that the rest of it can be used and the medium is not asked again.
 */

#include "recorder/ums/block.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE 16384U

struct cache_line {
        uint64_t number; /* offset / CACHE_LINE */
        uint32_t next;   /* in the same bucket */
        uint32_t bad;    /* bit n: the n-th 512 bytes cannot be read */
        bool filled;
        bool used; /* since the hand went by */
};

struct volume_cache {
        struct block_unit *unit; /* borrowed */
        uint64_t offset, size;   /* the place, in bytes of the unit */
        uint64_t budget;         /* bytes that may still be read */
        bool spent;              /* the budget was not enough */
        uint64_t reads, bytes;
        uint32_t salvage; /* sectors that may still be found unreadable one by one */
        uint8_t *memory, *bounce;
        struct cache_line *lines;
        uint32_t *buckets; /* first line, as many as lines */
        uint32_t n, hand, last;
        uint64_t run_end; /* line behind the last run that was read */
        uint32_t run;     /* its length in lines */
};

/* 'bytes' is what the lines take; at least 512 KiB. The budget begins at nothing. 0 or -ENOMEM. */
int volume_cache_init(struct volume_cache *c, struct block_unit *u, uint64_t offset, uint64_t size,
                      uint32_t bytes);
void volume_cache_done(struct volume_cache *c);

/* Forgets all contents. */
void volume_cache_forget(struct volume_cache *c);

/*
 * Reads 'size' bytes at 'at' of the place. 'ahead' bytes from 'at' on are known to be wanted soon (0: not
 * known). RECORDER_PROTOCOL outside the place and when the budget is used up; RECORDER_UNREADABLE when one
 * of the sectors is; else what the unit says.
 */
int volume_cache_read(struct volume_cache *c, uint64_t at, void *data, size_t size, uint64_t ahead);
