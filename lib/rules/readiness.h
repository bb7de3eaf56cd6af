/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The check before a recorder is issued (Art. 22: no fault, battery, free storage, clock; R-22-4): what the
 * registry, its last docking and the duty ledger say, line by line. What is not known is told as such.
 */

#include "rules/health.h"

enum readiness_check {
        READINESS_REGISTERED,
        READINESS_ASSIGNED,
        READINESS_RETURNED, /* not out with somebody */
        READINESS_EXPORTED, /* the last docking is complete, and nothing waits after it */
        READINESS_DEADLINE, /* nothing is overdue */
        READINESS_CLOCK,
        READINESS_BATTERY,
        READINESS_STORAGE,
        READINESS_ALERTS, /* none open that no other line tells of */
        _READINESS_CHECK_MAX,
};

/* "registered", "assigned", … */
const char *readiness_check_text(enum readiness_check c);

enum readiness_docking {
        READINESS_NEVER_DOCKED,
        READINESS_DOCKING_UNDER_WAY,
        READINESS_DOCKING_FAILED,
        READINESS_DOCKING_CUT_SHORT, /* it was taken out before all was filed */
        READINESS_DOCKING_COMPLETE,
};

struct readiness_facts {
        bool retired;
        bool assigned;
        bool out;
        enum readiness_docking docking; /* the last one */
        bool waits;                     /* it came back since, and was not docked */
        bool overdue;
        enum health clock, battery, storage; /* at the last docking */
        bool charged_since; /* it stayed in its bay long enough for the battery to be another one */
        unsigned int alerts;
};

struct readiness_line {
        enum health state;
        const char *reason; /* a word of the table in readiness.c: "low", "never-docked"; "" when good */
};

/* Does a bad line of it refuse the checkout? The checkout itself says who takes the recorder; one that is
 * retired or out is refused by the registry and the duty ledger, and nobody can override that. */
bool readiness_refuses(enum readiness_check c);

/* One line per check. Returns HEALTH_GOOD when all are, HEALTH_BAD when one is bad, else HEALTH_UNKNOWN. */
enum health readiness_judge(const struct readiness_facts *facts,
                            struct readiness_line ret[_READINESS_CHECK_MAX]);
