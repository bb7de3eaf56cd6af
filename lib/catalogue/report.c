// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reports; see report.h. */
#include "catalogue/report_sql.h"

int report_begin(struct catalogue *c)
{
        return statement_run(c, "BEGIN DEFERRED", NULL, 0);
}

void report_end(struct catalogue *c)
{
        catalogue_rollback(c); /* nothing was written; this ends the snapshot */
}

int report_run(struct catalogue *c, const char *sql, const struct report_scope *s, report_row_fn *on_row,
               void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        int r = statement_new(c, sql, &statement);

        if (r >= 0)
                r = statement_bind(c, statement, VALUES(INTEGER(s->from), INTEGER(s->to), ID(s->unit)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, statement)) > 0) {
                r = on_row(userdata, (const char *)sqlite3_column_text(statement, 0));
                if (r != 0)
                        return r;
        }
        return r;
}

int report_units_below(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                       void *userdata)
{
        return report_run(c, "SELECT u.number FROM unit AS u WHERE " REPORT_OF_UNIT("u.id"), s, on_row,
                          userdata);
}
