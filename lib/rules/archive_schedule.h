/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many copies long-term footage has to have, when a copy is to be read again (R-30-5), and when a medium
 * that took nothing is tried again. Pure: what has been is given, also the time.
 */

#include "base/clock.h"

#include <stdbool.h>

struct archive_rules {
        unsigned int copies; /* on so many media; at least 1 */
        int64_t check_after; /* whole days */
};

#define ARCHIVE_RULES_DEFAULTS                                     \
        {                                                          \
                .copies = 1, .check_after = 2 * 365 * USEC_PER_DAY \
        }

/* A medium that failed or is full may be another one by then. */
#define ARCHIVE_RETRY USEC_PER_HOUR
/* So often a writer that died or stalled begins again where it was. */
#define ARCHIVE_ATTEMPTS 3

/* The first instant of the day on which what was read at 'read_at' is to be read again. */
instant_t archive_check_due(const struct archive_rules *rules, instant_t read_at);

/* Is it worth looking again at media that took nothing at 'looked_at' (INSTANT_NONE: nobody has looked),
 * when what was due then is what is due now ('same')? */
bool archive_look_again(instant_t looked_at, bool same, instant_t now);
