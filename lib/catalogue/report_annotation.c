// SPDX-License-Identifier: LGPL-2.1-or-later
/* How much of what was recorded is in a case that has number, party and handler, by unit. Counted in the
 * index that has what is annotated and what is not in order of time. */
#include "catalogue/report_sql.h"

int report_annotations(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                       void *userdata)
{
        return report_run(c,
                          "SELECT json_object('number', x.number, 'name', x.name, 'files', g.files,"
                          " 'annotated', g.annotated, 'unannotated', g.files - g.annotated,"
                          " 'annotation_rate', g.annotated * 1.0 / g.files) FROM (SELECT f.unit AS id,"
                          " count(*) AS files, sum(f.annotated) AS annotated"
                          " FROM footage AS f INDEXED BY footage_by_annotation"
                          " WHERE f.annotated IN (0, 1) AND f.ordered_at >= ?1 AND f.ordered_at < ?2"
                          " AND " REPORT_OF_UNIT("f.unit") " GROUP BY f.unit) AS g"
                                                           " LEFT JOIN unit AS x ON x.id = g.id ORDER BY "
                                                           "x.number IS NULL, x.number",
                          s, on_row, userdata);
}
