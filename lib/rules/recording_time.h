/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When did a recording start and end: the sources in the configured order, each one judged, a disagreement
 * flagged. Device clocks are corrected by the offset measured at the docking; every raw value is kept by the
 * caller.
 */

#include "base/clock.h"

#include <stdbool.h>

enum time_source {
        TIME_FROM_NAME,
        TIME_FROM_CONTAINER,
        TIME_FROM_DEVICE,
        _TIME_SOURCE_MAX,
        TIME_FROM_NOWHERE = _TIME_SOURCE_MAX
};

/* "name", "container", "device", "none" and back (-EINVAL). */
const char *time_source_text(enum time_source s);
int time_source_from_text(const char *text, enum time_source *ret);

enum time_flags {
        TIME_DISAGREES = 1 << 0,   /* two believable sources differ by more than the tolerance */
        TIME_IMPOSSIBLE = 1 << 1,  /* some source named a date before 2000 or in the future; it was not
                                      believed */
        TIME_UNKNOWN = 1 << 2,     /* no source: the instant of the offload stands in */
        TIME_UNCORRECTED = 1 << 3, /* no clock offset was measured */
        TIME_CLOCK_MOVED = 1 << 4, /* somebody has set the clock since the docking before, so that the offset
                                      may be another one than at the recording */
};

struct time_evidence {
        instant_t by_source[_TIME_SOURCE_MAX]; /* by the device's clock, uncorrected; INSTANT_NONE unknown.
                                                  TIME_FROM_DEVICE is the file's mtime: the END of a
                                                  recording */
        bool impossible_name;                  /* name_facts.impossible_date */
        int64_t duration;                      /* -1 unknown */
        bool has_offset;
        int64_t clock_offset;   /* recorder - station, microseconds */
        bool clock_moved;       /* since the docking before the one that measured it */
        instant_t offloaded_at; /* nothing was recorded after this */
        enum time_source order[_TIME_SOURCE_MAX];
        int64_t tolerance;
};

struct recording_time {
        instant_t started; /* corrected */
        instant_t ended;   /* corrected; started + duration, or started when the duration is unknown */
        enum time_source source;
        unsigned int flags; /* enum time_flags */
};

/* False for INSTANT_NONE and for everything before 2000: a clock that starts at the same instant whenever
 * its battery was empty gives two recordings one time. */
bool time_is_of_a_set_clock(instant_t t);

void recording_time_settle(const struct time_evidence *evidence, struct recording_time *ret);
