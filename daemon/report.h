/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One report as one JSON object: the sections of catalogue/report.h, what the deadline rules say of the
 * duties of the period, the gaps in what was recorded, and how the clocks run. Its keys are described in
 * bus_names.h. Runs in a thread of its own: all it needs of the station is in the request.
 *
 * What is not decided yet is open, and counts neither as in time nor as late: a duty whose deadline lies
 * ahead. One whose deadline has passed without an export is overdue, and counts as not in time.
 */

#include "catalogue/registry.h"
#include "catalogue/report.h"
#include "rules/continuity.h"
#include "rules/deadline.h"
#include "rules/missing.h"

#include <json-c/json.h>
#include <stdatomic.h>

struct report_request {
        struct report_scope scope;
        instant_t now;
        char month[8];                  /* "2026-11"; "" the period is no month */
        char number[REGISTRY_TEXT_MAX]; /* of the station */
        char custodian[REGISTRY_TEXT_MAX];
        char unit[REGISTRY_TEXT_MAX]; /* number of the unit asked for, "" all */
        char unit_name[REGISTRY_TEXT_MAX];
        int64_t clock_tolerance;            /* microseconds */
        struct continuity_rules continuity; /* what a gap is */
        struct deadline_rules rules;        /* refers to calendar */
        struct missing_rules missing;       /* which recorders are missing */
        struct calendar calendar;
        const atomic_bool *cancelled; /* set when nobody waits for it any more */
};

/* Reads in one transaction of its own. *ret is the caller's. -ECANCELED. */
int report_make(struct catalogue *c, const struct report_request *q, json_object **ret);

/* report_duty.c. Adds "duties", "duties_late" and "missing" to the report, and how many duties each unit,
 * officer and recorder has to their rows. */
int report_duties_add(struct catalogue *c, const struct report_request *q, json_object *report);

/* report_gap.c. Adds "gaps", which are the rows of a query of gaps that begin in the period; "gap_units",
 * "gap_officers" and "gap_recorders", which are those that have any; and "continuity", all of them together.
 * Each has gaps (how many), length_s, explained, unexplained, unexplained_s and uncertain. */
int report_gaps_add(struct catalogue *c, const struct report_request *q, json_object *report);

/* report_drift.c. Adds drift_s_per_day (null: not known) and drift_readings to the rows of "clocks". */
int report_drift_add(struct catalogue *c, const struct report_request *q, json_object *report);

/* NULL for "" and NULL, and for INSTANT_NONE. */
json_object *report_text(const char *text);
json_object *report_time(instant_t t);
