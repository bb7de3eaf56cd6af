// SPDX-License-Identifier: LGPL-2.1-or-later
/* What came late, and what had more time. A docking brings many files of one recording; they are told as one
 * line, or nobody would read the list. */
#include "catalogue/report_sql.h"

int report_late(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row, void *userdata)
{
        return report_run(
                        c,
                        "SELECT json_object('docking', g.docking, 'recorder', r.number, 'officer', o.number,"
                        " 'name', o.name, 'unit', u.number, 'unit_name', ifnull(u.name, u.number), 'files', "
                        "g.files,"
                        " 'recorded_from', rfc3339(g.first), 'recorded_to', rfc3339(g.last),"
                        " 'deadline', rfc3339(g.deadline), 'offloaded_at', rfc3339(g.offloaded_at),"
                        " 'minutes', g.late_us / 60000000 + (g.late_us % 60000000 > 0),"
                        " 'reason', e.reason, 'approver', e.approver, 'until', rfc3339(e.until))"
                        " FROM (SELECT f.docking, f.recorder, f.officer, f.unit, count(*) AS files,"
                        " min(f.started_at) AS first, max(f.ended_at) AS last, min(f.deadline) AS deadline,"
                        " max(f.offloaded_at) AS offloaded_at, max(f.late_us) AS late_us" REPORT_FOOTAGE_FROM
                                        REPORT_FOOTAGE_WHERE
                        " AND f.late_us > 0 GROUP BY f.docking, f.recorder, f.officer, f.unit) AS g"
                        " LEFT JOIN recorder AS r ON r.id = g.recorder"
                        " LEFT JOIN officer AS o ON o.id = g.officer LEFT JOIN unit AS u ON u.id = g.unit"
                        " LEFT JOIN extension AS e ON e.id = (SELECT x.id FROM extension AS x"
                        " WHERE x.docking = g.docking OR x.duty = (SELECT y.id FROM duty AS y"
                        " WHERE y.recorder = g.recorder AND y.returned_at >= g.last"
                        " ORDER BY y.returned_at, y.id LIMIT 1)"
                        " ORDER BY x.until DESC, x.granted_at LIMIT 1)"
                        " ORDER BY g.late_us DESC, g.docking, r.number, o.number",
                        s, on_row, userdata);
}

int report_extensions(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                      void *userdata)
{
        return report_run(c,
                          "SELECT json_object('recorder', r.number, 'unit', u.number, 'unit_name', "
                          "ifnull(u.name, u.number), 'docking', e.docking,"
                          " 'until', rfc3339(e.until), 'reason', e.reason, 'approver', e.approver,"
                          " 'granted_at', rfc3339(e.granted_at)) FROM extension AS e"
                          " LEFT JOIN duty AS d ON d.id = e.duty LEFT JOIN docking AS k ON k.id = e.docking"
                          " LEFT JOIN recorder AS r ON r.id = ifnull(d.recorder, k.recorder)"
                          " LEFT JOIN unit AS u ON u.id = r.unit"
                          " WHERE e.granted_at >= ?1 AND e.granted_at < ?2 AND " REPORT_OF_UNIT(
                                          "r.unit") " ORDER BY e.id",
                          s, on_row, userdata);
}
