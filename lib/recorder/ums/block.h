/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The seam between a logical unit and the volume on it. Below it is SCSI over Bulk-Only Transport, or an
 * image file in tests and fuzzers; above it are partition tables and file systems. There is no verb that
 * writes: whoever is above this seam cannot alter the evidence.
 *
 * Verbs return RECORDER_OK, a positive outcome of enum recorder_outcome, or a negative errno. Offsets and
 * sizes are in bytes and multiples of the unit's sector size; what is out of the unit's bounds is refused
 * with RECORDER_PROTOCOL, because it is the volume that led there. One unit belongs to one thread.
 */

#include "recorder/recorder.h"

#include <stddef.h>
#include <stdint.h>

struct block_unit;

/* A run of bytes on the unit. */
struct block_extent {
        uint64_t offset;
        uint64_t size;
};

/* Gives the next extent of a stream; its size is 0 at the end. What it returns other than RECORDER_OK ends
 * the stream. */
typedef int block_next_fn(void *userdata, struct block_extent *ret);

/* Takes a stream in the order of its extents. What a function returns other than 0 ends the stream and is
 * returned by it. */
struct block_sink {
        int (*write)(void *userdata, const void *data, size_t size);
        /* The next 'size' bytes of the stream cannot be read from the medium, after all retries, down to the
         * sector. */
        int (*unreadable)(void *userdata, uint64_t size);
        void *userdata;
};

struct block_verbs {
        /* Reads all of 'size' bytes. RECORDER_UNREADABLE when any sector among them cannot be read. */
        int (*read)(struct block_unit *u, uint64_t offset, void *data, size_t size);
        /* Reads extents at full speed: requests as large as the device takes, across the borders of extents.
         */
        int (*stream)(struct block_unit *u, block_next_fn *next, void *next_userdata,
                      const struct block_sink *sink);
};

/* An implementation's own structure has this as its first member. */
struct block_unit {
        const struct block_verbs *verbs;
        uint32_t sector_size; /* bytes: 512, 1024, 2048 or 4096 */
        uint64_t size;        /* bytes, a multiple of sector_size */
};

static inline int block_read(struct block_unit *u, uint64_t offset, void *data, size_t size)
{
        return u->verbs->read(u, offset, data, size);
}

static inline int block_stream(struct block_unit *u, block_next_fn *next, void *next_userdata,
                               const struct block_sink *sink)
{
        return u->verbs->stream(u, next, next_userdata, sink);
}
