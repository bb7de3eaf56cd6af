// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the container check said of the period's footage, and which files are not what they should be. */
#include "catalogue/report_sql.h"

int report_verdicts(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row, void *userdata)
{
        return report_run(
                        c,
                        "SELECT json_object('verdict', verdict_word(f.verdict), 'files', count(*), 'bytes',"
                        " sum(f.size))" REPORT_FOOTAGE_FROM REPORT_FOOTAGE_WHERE
                        " GROUP BY f.verdict ORDER BY f.verdict",
                        s, on_row, userdata);
}

int report_bad_files(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                     void *userdata)
{
        return report_run(c,
                          "SELECT json_object('id', f.id, 'recorder', r.number, 'officer', o.number,"
                          " 'unit', u.number, 'unit_name', ifnull(u.name, u.number), 'name', f.name, "
                          "'started_at', rfc3339(f.started_at),"
                          " 'verdict', verdict_word(f.verdict), 'reasons', f.verdict_reasons,"
                          " 'size', f.size)" REPORT_FOOTAGE_FROM
                          " LEFT JOIN recorder AS r ON r.id = f.recorder"
                          " LEFT JOIN officer AS o ON o.id = f.officer"
                          " LEFT JOIN unit AS u ON u.id = f.unit" REPORT_FOOTAGE_WHERE " AND " REPORT_BAD
                          " ORDER BY f.ordered_at, f.id",
                          s, on_row, userdata);
}
