/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the sections of a report share; see report.h. Parameters of every statement: ?1 from, ?2 to, ?3 the
 * unit or NULL. */

#include "catalogue/report.h"
#include "catalogue/row.h"

/* Is the unit 'column' the one asked for or below it? UNION ends a circle of units too. */
#define REPORT_OF_UNIT(column)                                                    \
        "(?3 IS NULL OR " column " IN (WITH RECURSIVE below (id) AS (VALUES (?3)" \
        " UNION SELECT u.id FROM unit AS u JOIN below ON u.parent = below.id) SELECT id FROM below))"

/* Footage f of the period and unit. The index is named: no statistics tell SQLite that time is the
 * narrowest. */
#define REPORT_FOOTAGE_FROM  " FROM footage AS f INDEXED BY footage_by_time"
#define REPORT_FOOTAGE_WHERE " WHERE f.ordered_at >= ?1 AND f.ordered_at < ?2 AND " REPORT_OF_UNIT("f.unit")

/* As the receipt of a docking counts them. */
#define REPORT_BAD "f.verdict NOT IN (1, 6)"

/* Docking d of the period, with its recorder r of the unit. */
#define REPORT_DOCKING                                                                                    \
        " FROM docking AS d JOIN recorder AS r ON r.id = d.recorder LEFT JOIN unit AS u ON u.id = r.unit" \
        " WHERE d.plugged_at >= ?1 AND d.plugged_at < ?2 AND " REPORT_OF_UNIT("r.unit")

/* Binds the scope and gives every row's first column. */
int report_run(struct catalogue *c, const char *sql, const struct report_scope *s, report_row_fn *on_row,
               void *userdata);
