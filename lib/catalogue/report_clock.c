// SPDX-License-Identifier: LGPL-2.1-or-later
/* The clocks of recorders, as far from the station's as dockings found them before anybody set them. The
 * farthest comes first. */
#include "catalogue/report_sql.h"

/* The first or last offset that was measured. */
#define OFFSET_AT(order)                                                               \
        "(SELECT x.clock_offset / 1e6 FROM docking AS x WHERE x.recorder = d.recorder" \
        " AND x.plugged_at >= ?1 AND x.plugged_at < ?2 AND x.clock_offset IS NOT NULL" \
        " ORDER BY x.plugged_at " order ", x.id " order " LIMIT 1)"

int report_clocks(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row, void *userdata)
{
        return report_run(c,
                          "SELECT json_object('recorder', r.number, 'unit', u.number, 'unit_name', "
                          "ifnull(u.name, u.number),"
                          " 'measured', count(d.clock_offset), 'first_s', " OFFSET_AT(
                                          "") ","
                                              " 'last_s', " OFFSET_AT(
                                                              "DESC") ", 'min_s', min(d.clock_offset) / 1e6,"
                                                                      " 'max_s', max(d.clock_offset) / 1e6, "
                                                                      "'set', count(d.clock_set_to),"
                                                                      " 'battery_min', "
                                                                      "min(d.battery))" REPORT_DOCKING
                                                                      " GROUP BY d.recorder HAVING "
                                                                      "count(d.clock_offset) > 0"
                                                                      " ORDER BY max(abs(d.clock_offset)) "
                                                                      "DESC, r.number",
                          s, on_row, userdata);
}
