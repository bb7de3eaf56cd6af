// SPDX-License-Identifier: LGPL-2.1-or-later
/* What dockings of the period saw, and which recorders had none. An import is no docking here: nothing was
 * plugged in. */
#include "catalogue/report_sql.h"
#include "catalogue/docking.h"
#include "catalogue/item.h"

_Static_assert(DOCKING_FAILED == 5 && ITEM_FOOTAGE == 4 && FOOTAGE_DOCK == 0,
               "the statements here name other values");

int report_dockings(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row, void *userdata)
{
        return report_run(c,
                          "SELECT json_object('dockings', count(*), 'recorders', count(DISTINCT g.recorder),"
                          " 'failed', ifnull(sum(g.failed), 0), 'items', ifnull(sum(g.items), 0),"
                          " 'waiting', ifnull(sum(g.waiting), 0))"
                          " FROM (SELECT d.recorder, d.state = 5 AS failed,"
                          " (SELECT count(*) FROM item AS i WHERE i.docking = d.id) AS items,"
                          " (SELECT count(*) FROM item AS i WHERE i.docking = d.id AND i.state <> 4)"
                          " AS waiting" REPORT_DOCKING " AND d.source = 0) AS g",
                          s, on_row, userdata);
}

int report_unseen(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row, void *userdata)
{
        return report_run(c,
                          "SELECT json_object('recorder', r.number, 'unit', u.number, 'unit_name', "
                          "ifnull(u.name, u.number), 'last_docked',"
                          " rfc3339((SELECT max(d.plugged_at) FROM docking AS d WHERE d.recorder = r.id"
                          " AND d.source = 0 AND d.plugged_at < ?1)))"
                          " FROM recorder AS r LEFT JOIN unit AS u ON u.id = r.unit"
                          " WHERE r.registered_at < ?1 AND (r.retired_at IS NULL OR r.retired_at >= ?2)"
                          " AND NOT EXISTS (SELECT 1 FROM docking AS d WHERE d.recorder = r.id"
                          " AND d.source = 0 AND d.plugged_at >= ?1 AND d.plugged_at < ?2)"
                          " AND " REPORT_OF_UNIT("r.unit") " ORDER BY r.number",
                          s, on_row, userdata);
}
