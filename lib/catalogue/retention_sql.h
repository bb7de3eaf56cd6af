/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SQL that several files need to tell how long footage is kept. The footage is 'f', its case 'c' (left
 * joined); the functions are those of retention.c. */

#define RETENTION_HELD                                                              \
        "(EXISTS (SELECT 1 FROM hold WHERE footage = f.id AND released_at IS NULL)" \
        " OR EXISTS (SELECT 1 FROM hold WHERE case_file = f.case_id AND released_at IS NULL))"

/* Arguments of retain_until() and its like: of the footage, of the case, whether held. */
#define RETENTION_FOOTAGE "f.ended_at, f.offloaded_at, f.time_flags"
#define RETENTION_CASE    "c.premises_class, c.long_term, c.evidence, c.file_until"
#define RETENTION_FACTS   RETENTION_FOOTAGE ", " RETENTION_CASE ", " RETENTION_HELD
#define RETENTION_UNHELD  RETENTION_FOOTAGE ", " RETENTION_CASE ", 0"

struct catalogue;

/*
 * Makes the functions known to the connection:
 *   retain_until(facts)    the first day on which destruction may be asked for, as day_t; NULL: never
 *   retain_basis(facts)    what decided, a word of retention_basis_text()
 *   retain_class(facts)    the word of the class that decided, retain_chinese() and retain_english() what it
 *                          is called; NULL where no class did
 *   retain_approved(footage, case before, case after)  1 when that change takes an approver
 *   local_day(instant), day_text(day)  as instant_to_day() and day_format(); NULL of NULL
 */
int retention_functions_add(struct catalogue *c);
