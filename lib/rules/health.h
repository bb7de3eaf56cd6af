/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Is what a recorder shows of itself at a docking good enough for the next duty: its clock, its battery, its
 * storage. A value it does not tell is neither good nor bad, and never taken for either.
 */

#include <stdbool.h>
#include <stdint.h>

enum health {
        HEALTH_UNKNOWN,
        HEALTH_GOOD,
        HEALTH_BAD,
};

struct health_limits {
        int64_t clock_tolerance;          /* microseconds; a larger offset is bad */
        unsigned int battery_low;         /* percent; below is bad. 0: nothing is */
        unsigned int storage_low_percent; /* of the total, 0..100; less is bad. 0: see the next one */
        uint64_t storage_low_bytes;       /* less is bad. 0: nothing is */
};

/* 'offset' is recorder - station, measured to within 'uncertainty', both microseconds. Clocks tell whole
 * seconds: what that may hide is not held against them. */
enum health health_of_clock(const struct health_limits *limits, bool has_offset, int64_t offset,
                            int64_t uncertainty);
/* 'percent' is -1 when it is not known. */
enum health health_of_battery(const struct health_limits *limits, int percent);
/* Bytes, -1 not known. A limit in percent says nothing of a recorder whose total is not known. */
enum health health_of_storage(const struct health_limits *limits, int64_t free_bytes, int64_t total_bytes);
