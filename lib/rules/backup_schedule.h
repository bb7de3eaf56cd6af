/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When a backup is due, and from when on it is overdue (R-28-8). Pure: what has been is given, also the
 * time.
 */

#include "base/clock.h"

struct backup_rules {
        int64_t every;       /* at least this often; whole days when there is a time of day */
        int at;              /* minutes past midnight, -1: whenever 'every' has passed */
        int64_t alert_after; /* without a good one */
};

#define BACKUP_DEFAULTS                                                          \
        {                                                                        \
                .every = USEC_PER_DAY, .at = -1, .alert_after = 3 * USEC_PER_DAY \
        }

/* After one that failed: a disk may have been mounted meanwhile. */
#define BACKUP_RETRY USEC_PER_HOUR

/* INSTANT_NONE: there was none. */
struct backup_past {
        instant_t registered_at; /* since when there is a target */
        instant_t good_at;       /* as of when the last good one is */
        instant_t begun_at;      /* the last that left a generation began */
        instant_t failed_at;     /* the last ended, and left none */
};

/* When the next one begins. What lies in the future because the clock was set back is taken for now. */
instant_t backup_due(const struct backup_rules *rules, const struct backup_past *past, instant_t now);

/* From when on there is none that is recent enough. */
instant_t backup_overdue(const struct backup_rules *rules, const struct backup_past *past);
