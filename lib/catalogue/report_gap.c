// SPDX-License-Identifier: LGPL-2.1-or-later
/* What findings say is missing: numbers between the names of a folder, and files that were deleted on the
 * recorder. The same hole is found by every docking that sees it; it is told once. */
#include "catalogue/report_sql.h"
#include "catalogue/finding.h"

_Static_assert(FINDING_DELETED == 0 && FINDING_SEQUENCE_GAP == 1 && FINDING_RECOVERED == 2,
               "the statements here name other values");

/* Dockings of the period first: they are few, and the findings of one are next to each other. */
#define FINDING_FROM                                                                    \
        " FROM docking AS d CROSS JOIN finding AS f ON f.docking = d.id"                \
        " JOIN recorder AS r ON r.id = f.recorder LEFT JOIN unit AS u ON u.id = r.unit" \
        " WHERE d.plugged_at >= ?1 AND d.plugged_at < ?2 AND " REPORT_OF_UNIT("r.unit")

int report_sequence_gaps(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                         void *userdata)
{
        return report_run(c,
                          "SELECT json_object('kind', finding_kind_word(f.kind), 'recorder', r.number,"
                          " 'unit', u.number, 'unit_name', ifnull(u.name, u.number), 'after', f.path, "
                          "'missing', f.count, 'text', f.text,"
                          " 'docking', f.docking, 'found_at', rfc3339(min(f.found_at)))" FINDING_FROM
                          " AND f.kind = 1 GROUP BY f.recorder, f.path, f.text"
                          " ORDER BY r.number, f.path, f.text",
                          s, on_row, userdata);
}

int report_deleted(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row, void *userdata)
{
        return report_run(c,
                          "SELECT json_object('recorder', g.number, 'unit', g.unit, 'unit_name', "
                          "g.unit_name, 'files', count(*),"
                          " 'recovered', sum(g.recovered)) FROM (SELECT r.number, u.number AS unit, "
                          "ifnull(u.name, u.number) AS unit_name,"
                          " max(f.state = 2) AS recovered" FINDING_FROM
                          " AND f.kind = 0 GROUP BY f.recorder, f.path, f.size, f.time_text) AS g"
                          " GROUP BY g.number ORDER BY g.number",
                          s, on_row, userdata);
}
