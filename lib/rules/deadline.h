/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * By when footage has to be exported. Art. 28 knows two limits: the end of the day's work, and, where
 * continuous duty or a remote place made that impossible, 24 hours after the return to the unit. The first
 * is a notice here, the second a violation.
 *
 *   return       the last return that is known, + limit
 *   recording    without one that covers it: the end of the recording + limit, which is strict: who was away
 *                for days is late by this, until somebody says when he came back or extends the limit
 *   roster       the end of the roster + limit: of a recorder nobody has heard of, so that no recording is
 *                known, and of one that came back unseen and was docked later
 *   checkout     without a roster too: the checkout + limit
 *
 * A docking proves that the recorder was back by then, not when it came back: it counts as a return at the
 * end of the roster at the latest, and without a roster not at all for what is known to have been recorded
 * before it. Otherwise whoever docks late would never be late.
 *
 * Hours of the limit are hours that pass: neither the night, nor a day off, nor a change to or from summer
 * time stops them. Days off matter to the notice only, and only where they are to.
 *
 * Pure: no clock, no I/O; the zone is the process's (base/clock.h). Later facts never make an earlier
 * deadline, as long as the same facts are known. Sums saturate: a hostile time never wraps into the past.
 */

#include "base/clock.h"
#include "rules/calendar.h"

#include <stdbool.h>

/* What the regulation accepts for an exception. The catalogue keeps the words. */
enum extension_reason {
        EXTENSION_CONTINUOUS_DUTY = 0,
        EXTENSION_REMOTE_AREA = 1,
        EXTENSION_NO_TRANSPORT = 2,
        _EXTENSION_REASON_MAX,
};

/* "continuous-duty", "remote-area", "no-transport" and back (-EINVAL). */
const char *extension_reason_text(enum extension_reason reason);
int extension_reason_from_text(const char *text, enum extension_reason *ret);

/* What a site has decided. */
struct deadline_rules {
        const struct calendar *calendar;
        int64_t limit;         /* microseconds after the return; 24 h */
        unsigned int same_day; /* minutes past midnight, 0 to MINUTES_PER_DAY: when the day's work has ended
                                */
        bool days_off_wait;    /* the notice of a day off comes on the next working day */
};

/* What is known of one item, or of one recorder (then nothing was recorded that is known of). Each instant
 * may be INSTANT_NONE. */
struct deadline_facts {
        instant_t checked_out; /* of the duty that covers it */
        instant_t roster_end;  /* until when that duty was meant to last */
        instant_t returned;
        bool returned_by_docking; /* 'returned' is when it was docked; nobody said when it came back */
        instant_t recorded;       /* end of the recording, corrected by the offset of the recorder's clock */
        instant_t extended;       /* until when, by approval */
        instant_t extended_at;    /* when that was approved */
};

enum deadline_basis {
        DEADLINE_UNKNOWN, /* nothing is known that a limit could be counted from */
        DEADLINE_FROM_RETURN,
        DEADLINE_FROM_RECORDING,
        DEADLINE_FROM_ROSTER,
        DEADLINE_FROM_CHECKOUT,
        _DEADLINE_BASIS_MAX,
};

/* "unknown", "return", "recording", "roster", "checkout". */
const char *deadline_basis_text(enum deadline_basis basis);

struct deadline {
        instant_t notice;    /* the day's work has ended; never after the violation. INSTANT_NONE unknown */
        instant_t violation; /* the last instant that is in time. INSTANT_NONE unknown */
        enum deadline_basis basis;
        bool strict;              /* no return is known that covers it */
        bool extended;            /* an approval made it later */
        bool extended_afterwards; /* it was given when the deadline had passed already */
};

/* Of an item when facts->recorded is known, else of a recorder. */
void deadline_settle(const struct deadline_rules *rules, const struct deadline_facts *facts,
                     struct deadline *ret);

enum deadline_state { DEADLINE_IN_TIME, DEADLINE_SAME_DAY, DEADLINE_MISSED };

/* What stands at 'now' of what is not exported yet: the notice is due at its instant, the violation after
 * its own. */
enum deadline_state deadline_state_at(const struct deadline *d, instant_t now);

/* The first instant after 'now' at which that changes, INSTANT_NONE when it never does. */
instant_t deadline_next(const struct deadline *d, instant_t now);

/* Microseconds past the last instant in time, 0 when in time, -1 when that is not known. */
int64_t deadline_late_by(instant_t violation, instant_t done);
