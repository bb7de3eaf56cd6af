/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A unit of the scripted device, and streams of it that are checked byte by byte. */

#include "test_bot_device.h"

#include "base/cleanup.h"

#define MIB (UINT64_C(1) << 20)

extern struct sim sim;
extern struct bot bot;
extern struct block_unit *unit;

/* A fixture: the device is there, the unit is not opened. */
void disk_test_setup(void);
void disk_test_teardown(void);

/* Opens the unit, and begins to count. */
void opened_with(const struct disk_limits *limits);
void opened(void);

struct check {
        const struct block_extent *extents;
        size_t n, given;
        size_t at;                      /* the extent the next byte is of */
        uint64_t within;                /* and where in it */
        uint64_t good, bad;             /* bytes so far */
        uint64_t bad_first, bad_ranges; /* disk offset of the first unreadable byte */
        uint64_t end_after;             /* the sink ends it after so many bytes, 0 never */
        bool read_in_next, read_in_write;
        int next_result;
};

/* Runs the stream; what comes has to be what the disk has there. */
int streamed(struct check *c);
struct check stream_of(const struct block_extent *extents, size_t n);

static const struct block_extent ten_mib[] = {{.offset = 3 * 512, .size = 10 * MIB}};
