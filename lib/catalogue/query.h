/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What people ask of the index. A query is a noun and filters as text, as they come over the bus; the answer
 * is rows, each a JSON object made by SQLite's json_object(): the very rows that recdockctl --json prints.
 * Times are RFC 3339 in the station's zone, absent values null. Runs on any connection, also a read-only one
 * in another thread (the zone functions are thread safe).
 *
 * Nouns and filters:
 *   footage     unit officer recorder from to on verdict sha256 name limit order id docking source kind bay
 *               case annotated
 *   docking     recorder bay from to state source id limit
 *   item        docking state limit
 *   finding     docking recorder kind state from to limit
 *   recorder    number unit retired limit
 *   officer     number unit limit
 *   unit        number limit
 *   assignment  recorder officer at limit
 *   duty        recorder officer from to state limit
 *   alert       id kind subject severity open from to limit
 *   backup      outcome kept from to limit
 *   ledger      from to act subject limit
 *   case        number unit supervision_number file_number party handler activity premises_class long_term
 *               secrecy evidence open from to id limit
 *   change      case_id footage limit: the history of a case or of footage
 *   unannotated unit limit: how much footage of each unit is not annotated
 *
 * Of footage, order is "time" (the default, newest first), "-time", "size", "-size", "name", "id" or "-id";
 * name is a glob with * and ?; verdict and kind may be lists with commas; sha256 is a prefix of 8 digits or
 * more; "after" is the opaque key of the last row, for the next page. Units, officers and recorders go by
 * number. Several values of one filter are alternatives (the key is given twice). 'on' is the local calendar
 * day of a date.
 *
 * Put together each time: recording (recorder officer unit from to limit), gap (the same, unexplained min),
 * coverage (unit officer case_id from to fewer limit; from, to and whose are needed). Constant: reason and
 * activity (limit).
 * What was entered: explanation (recorder reason from to limit), hold (id case footage open reason limit).
 * Long-term copies: medium (number kind state limit), volume (number medium state from to limit), copy, a
 * footage on a volume (volume footage result limit).
 * How long footage is kept: retention (unit case basis held id due limit after), the oldest first; 'due' is
 * what may be asked for by the end of that day, 'after' the footage the page before ended with.
 *
 * Keys of a footage row, fixed: id unit officer recorder bay name source source_path started_at ended_at
 * duration_s size sha256 sm3 verdict verdict_reasons container kind path offloaded_at docking deadline late
 * case time_source device_time clock_offset_s time_doubts case_unit annotated retain_until retain_basis
 * copies volumes.
 * device_time is the recorder's own text and clock_offset_s what started_at and ended_at are corrected by;
 * time_doubts is an array of: disagrees, impossible, unknown, uncorrected, clock-moved. unit, officer,
 * recorder are numbers (text); verdict_reasons is an array of text; late is minutes (number), 0 in time,
 * null unknown; case is the number of its case and case_unit that of the case's unit, null in none;
 * annotated says whether that case has number, party and handler; docking the number of the docking;
 * retain_until is the first day on which destruction may be asked for, null for never, and retain_basis what
 * decides that: hold, profile, category, evidence, unknown or premises; copies is on how many media there is
 * a proved copy, and volumes an array of the numbers of the volumes that have one.
 */

#include "catalogue/catalogue.h"

#include <stddef.h>

struct query;
struct continuity_rules;

struct query_filter {
        const char *key;
        const char *value;
};

/* -EINVAL with *ret_error (malloc'd, complete: "unknown filter 'colour' for footage, expected one of …").
 * 'now' is for human dates. */
int query_new(const char *noun, const struct query_filter *filters, size_t n, instant_t now,
              struct query **ret, char **ret_error);
void query_free(struct query *q);
/* By which rules recordings and gaps are told, if not CONTINUITY_DEFAULTS. */
void query_set_continuity(struct query *q, const struct continuity_rules *rules);

/* Only what a noun with the filters 'from' and 'to' has in [from, to), to the microsecond: instants that
 * nobody typed. -EINVAL for another noun, or when it has either of them already. */
int query_set_period(struct query *q, instant_t from, instant_t to);

/* Calls 'on_row' per row; a non-zero return of it ends the run and is returned. */
int query_run(struct catalogue *c, const struct query *q, int (*on_row)(void *userdata, const char *json),
              void *userdata);

/* The row of one footage, at most. */
int query_footage_row(struct catalogue *c, int64_t id, int (*on_row)(void *userdata, const char *json),
                      void *userdata);

/* The ids alone, in the query's order, for a query of noun footage without "after". */
int query_footage_ids(struct catalogue *c, const struct query *q, int (*on_id)(void *userdata, int64_t id),
                      void *userdata);
