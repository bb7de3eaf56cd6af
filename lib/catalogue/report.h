/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The figures of a report: what was recorded in a period, how much of it came in time, and what else
 * somebody has to know of it. Each function is one section and gives its rows as JSON objects, made by
 * SQLite as those of a query are; times, unknown values and keys are as in query.h. unit_name is the unit's
 * number where it has no name.
 *
 * Footage is of the period in which its recording began, as 'from' and 'to' of a query have it, and of the
 * unit it was of then. Dockings are of the period in which the recorder was plugged in, and of the
 * recorder's unit, as are findings. A duty is of the period in which it began, and of its officer's unit
 * then, else of its recorder's. What is late was said when it was filed; what a duty's deadline is, is for
 * the caller to say (rules/deadline.h).
 *
 * Runs on any connection, also a read-only one in another thread. Sections of one report belong into one
 * transaction, or they may tell of different moments: report_begin(), report_end().
 */

#include "catalogue/duty.h"

struct report_scope {
        instant_t from, to; /* [from, to) */
        int64_t unit;       /* and the units below it; 0: all */
};

/* A non-zero return ends the section and is returned. */
typedef int report_row_fn(void *userdata, const char *json);
typedef int report_section_fn(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                              void *userdata);

/* The number of the unit asked for and of each below it, of all units without one; as it is, no JSON. */
report_section_fn report_units_below;

int report_begin(struct catalogue *c);
void report_end(struct catalogue *c);

/* report_footage.c. Each row: files bytes seconds on_time late undetermined (no deadline could be told)
 * late_minutes (the latest) on_time_rate (on_time of on_time and late, null when there are none) bad
 * (verdict neither complete nor not-media); beside these a total recorders officers imported recovered; a
 * day: day; else number name, both null for nobody's. */
report_section_fn report_footage_total, report_footage_days, report_footage_units, report_footage_officers,
                report_footage_recorders;

/* report_annotation.c. By unit: number name files annotated unannotated annotation_rate. */
report_section_fn report_annotations;

/* report_late.c. Late footage by docking, recorder, officer and unit: docking recorder officer name unit
 * unit_name files recorded_from recorded_to deadline (the earliest) offloaded_at (the last) minutes (of the
 * latest file); and reason approver until of the longest extension that was granted, in time or afterwards.
 */
report_section_fn report_late;
/* Extensions that were granted in the period: recorder unit unit_name docking until reason approver
 * granted_at. */
report_section_fn report_extensions;

/* report_verdict.c. verdict files bytes; and each bad file: id recorder officer unit unit_name name
 * started_at verdict reasons size. */
report_section_fn report_verdicts, report_bad_files;

/* report_gap.c. Numbers missing between the names of files: kind recorder unit unit_name after missing text
 * docking found_at (when it was seen first). And files that were deleted on a recorder, by recorder:
 * recorder unit unit_name files recovered. */
report_section_fn report_sequence_gaps, report_deleted;

/* report_clock.c. Clocks of recorders as dockings of the period found them, before any of them was set:
 * recorder unit unit_name measured first_s last_s min_s max_s set battery_min. */
report_section_fn report_clocks;

/* report_docking.c. dockings recorders failed items (seen on a recorder) waiting (of these not footage yet).
 */
report_section_fn report_dockings;
/* Recorders in service all through the period that were not docked in it: recorder unit unit_name
 * last_docked. */
report_section_fn report_unseen;

/* report_duty.c */
struct report_duty {
        struct duty duty;
        const char *recorder, *officer, *officer_name, *unit,
                        *unit_name;    /* NULL none; until the call ends */
        const char *reason, *approver; /* of its longest extension */
        instant_t retired_at;          /* its recorder went out of service; INSTANT_NONE */
};
/* Every duty that began in the period, and every other that began before its end and was not exported by
 * 'end'; by recorder. The callback may not write. */
int report_each_duty(struct catalogue *c, const struct report_scope *s, instant_t end,
                     int (*on_duty)(void *userdata, const struct report_duty *d), void *userdata);
