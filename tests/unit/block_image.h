/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A block unit that is an image, in a file or in memory. Counts what is read; sectors can be made
 * unreadable. What is outside the unit, or not whole sectors, aborts: nothing above the seam may ask for it.
 */

#include "recorder/ums/block.h"

#include <stdbool.h>

struct block_image {
        struct block_unit unit;
        int fd;                /* -EBADF: in memory */
        const uint8_t *memory; /* borrowed */
        uint64_t reads, bytes;
        uint64_t bad_offset, bad_size; /* unreadable */
};

/* 0 or negative errno; the size is cut to whole sectors. */
int block_image_open(struct block_image *b, const char *path, uint32_t sector_size);
void block_image_memory(struct block_image *b, const uint8_t *data, uint64_t size, uint32_t sector_size);
void block_image_close(struct block_image *b);
