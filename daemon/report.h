/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One report as one JSON object: the sections of catalogue/report.h, and what the deadline rules say of the
 * duties of the period. Its keys are described in bus_names.h. Runs in a thread of its own: all it needs of
 * the station is in the request.
 *
 * What is not decided yet is open, and counts neither as in time nor as late: a duty whose deadline lies
 * ahead. One whose deadline has passed without an export is overdue, and counts as not in time.
 */

#include "catalogue/registry.h"
#include "catalogue/report.h"
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
        int64_t clock_tolerance;      /* microseconds */
        struct deadline_rules rules;  /* refers to calendar */
        struct missing_rules missing; /* which recorders are missing */
        struct calendar calendar;
        const atomic_bool *cancelled; /* set when nobody waits for it any more */
};

/* Reads in one transaction of its own. *ret is the caller's. -ECANCELED. */
int report_make(struct catalogue *c, const struct report_request *q, json_object **ret);

/* report_duty.c. Adds "duties", "duties_late" and "missing" to the report, and how many duties each unit,
 * officer and recorder has to their rows. */
int report_duties_add(struct catalogue *c, const struct report_request *q, json_object *report);

/* NULL for "" and NULL, and for INSTANT_NONE. */
json_object *report_text(const char *text);
json_object *report_time(instant_t t);
