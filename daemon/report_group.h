/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Rows of a report by whose they are: one for each unit, officer or recorder, in the order of their numbers,
 * and what is nobody's last. Each row has "number" and "name", both null for nobody's.
 */

#include <json-c/json.h>

struct report_group {
        json_object *rows;      /* of the report */
        json_object *by_number; /* the same rows */
};

/* The rows that the report has as 'key' already, or none yet. */
void report_group_begin(struct report_group *g, json_object *report, const char *key);
/* The row of that number, NULL nobody's. NULL when there is none yet; then report_group_add() makes it. They
 * belong to the group. */
json_object *report_group_row(const struct report_group *g, const char *number);
json_object *report_group_add(struct report_group *g, const char *number, const char *name);
/* Puts the rows in order; they stay the report's. */
void report_group_end(struct report_group *g);

/* One more, of a figure that is there. */
void report_count(json_object *o, const char *key);
