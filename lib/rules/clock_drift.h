/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How fast a recorder's clock gains or loses, from what was measured at its dockings, and whether somebody
 * has set it in between.
 *
 * Between two settings of the clock its offset grows evenly. The drift is the median of the slopes between
 * all pairs of readings that no setting stands between, each weighing as much as the time it spans
 * (Theil-Sen, as in Sen 1968, with weights): one reading that is wrong altogether does not move it. Clocks
 * tell whole seconds, so two readings that are close to each other say nothing.
 */

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

/* Readings further apart than this count as a pair. */
#define CLOCK_DRIFT_SPAN_MIN (6 * USEC_PER_HOUR)
/* Readings of the newest that are looked at. */
#define CLOCK_READINGS_MAX 128

struct clock_reading {
        instant_t at;        /* by the station's clock */
        int64_t offset;      /* recorder - station, microseconds */
        int64_t uncertainty; /* of it */
        bool set_before; /* between the reading before this one and this one the station set the clock, or
                            may have */
};

struct clock_drift {
        bool known;
        int64_t per_day;       /* microseconds that it gains in a day, negative: it loses */
        unsigned int readings; /* that it rests on */
};

/* Oldest first; more than CLOCK_READINGS_MAX are not looked at beyond the newest so many. */
void clock_drift_estimate(const struct clock_reading *readings, size_t n, struct clock_drift *ret);

/* The offset has changed by more than any clock drifts in that time: one of the two clocks was set. */
bool clock_was_moved(const struct clock_reading *before, const struct clock_reading *after);
