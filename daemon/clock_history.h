/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What was measured of one recorder's clock at its dockings, as rules/clock_drift.h takes it: at each
 * docking when it was plugged in, and once more when it had been set. A clock that was told something
 * without anybody looking at it afterwards may have been set.
 */

#include "catalogue/docking.h"
#include "rules/clock_drift.h"

struct clock_history {
        struct clock_reading readings[CLOCK_READINGS_MAX]; /* oldest first */
        size_t n;
        bool open; /* it may have been set since the last of them */
};

/* Of the dockings before 'before' (0: of all there are), the newest that there is room for. 0 or negative
 * errno. */
int clock_history_read(struct catalogue *c, int64_t recorder, int64_t before, struct clock_history *ret);

/* How fast the clock ran by what is known of it before 'until' (INT64_MAX: now): what "recorder show" and
 * reports tell. 0 or negative errno. */
int clock_history_drift(struct catalogue *c, int64_t recorder, instant_t until, struct clock_drift *ret);
