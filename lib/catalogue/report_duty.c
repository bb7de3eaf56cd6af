// SPDX-License-Identifier: LGPL-2.1-or-later
/* The duties of a report, with the names that go with them. */
#include "catalogue/duty_row.h"
#include "catalogue/report_sql.h"

/* Which: of the period by when they began; of all before its end those that wait, and those that were
 * exported after 'end' (?4) only. */
#define WANTED                                                                                             \
        "SELECT id FROM duty WHERE ifnull(out_at, returned_at) >= ?1 AND ifnull(out_at, returned_at) < ?2" \
        " UNION SELECT id FROM duty WHERE offloaded_at IS NULL AND ifnull(out_at, returned_at) < ?2"       \
        " UNION SELECT id FROM duty WHERE offloaded_at > ?4 AND ifnull(out_at, returned_at) < ?2"

#define NAMED                                                                                          \
        "SELECT " DUTY_COLUMNS ", r.number, o.number, o.name, u.number, u.name, e.reason, e.approver," \
        " r.retired_at"                                                                                \
        " FROM (SELECT w.*, coalesce((SELECT h.unit FROM officer_unit AS h"                            \
        " WHERE h.officer = w.officer AND h.since <= ifnull(w.out_at, w.returned_at)"                  \
        " ORDER BY h.since DESC LIMIT 1), y.unit) AS unit FROM duty AS w"                              \
        " JOIN recorder AS y ON y.id = w.recorder WHERE w.id IN (" WANTED ")) AS d" DUTY_EXTENSION     \
        " JOIN recorder AS r ON r.id = d.recorder LEFT JOIN officer AS o ON o.id = d.officer"          \
        " LEFT JOIN unit AS u ON u.id = d.unit WHERE " REPORT_OF_UNIT(                                 \
                        "d.unit") " ORDER BY r.number, ifnull(d.out_at, d.returned_at), d.id"

static const struct field retired[] = {FIELD(report_duty, retired_at, FIELD_INSTANT)};

/* In the order of the columns behind the duty's own. */
static void names_read(sqlite3_stmt *s, struct report_duty *d)
{
        const char **const names[] = {&d->recorder,  &d->officer, &d->officer_name, &d->unit,
                                      &d->unit_name, &d->reason,  &d->approver};

        for (int i = 0; i < (int)ELEMENTSOF(names); i++)
                *names[i] = (const char *)sqlite3_column_text(s, DUTY_N_COLUMNS + i);
        row_read(s, DUTY_N_COLUMNS + (int)ELEMENTSOF(names), d, retired, ELEMENTSOF(retired));
}

int report_each_duty(struct catalogue *c, const struct report_scope *s, instant_t end,
                     int (*on_duty)(void *userdata, const struct report_duty *d), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        int r = statement_new(c, NAMED, &statement);

        if (r >= 0)
                r = statement_bind(c, statement,
                                   VALUES(INTEGER(s->from), INTEGER(s->to), ID(s->unit), INTEGER(end)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, statement)) > 0) {
                struct report_duty d;

                duty_read(statement, &d.duty);
                names_read(statement, &d);
                r = on_duty(userdata, &d);
                if (r != 0)
                        return r;
        }
        return r;
}
