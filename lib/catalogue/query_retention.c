// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How long footage is kept, a row each, the oldest first. What is due is judged row by row, but only where a
 * recording is old enough to be due by any class of the profile; a page goes on behind the last row of the
 * one before by its key.
 */
#include "catalogue/query_noun.h"
#include "catalogue/retention_sql.h"
#include "rules/retention.h"

/* The last day on which the case file is kept is a day, the column the instant after it. */
#define DOUBTFUL_JSON "json(iif(f.time_flags <> 0, 'true', 'false'))"
#define EVIDENCE_JSON "json(iif(c.evidence, 'true', 'false'))"
#define HELD_JSON     "json(iif(" RETENTION_HELD ", 'true', 'false'))"
#define FILE_UNTIL    "day_text(local_day(c.file_until - 1))"
#define RETAIN_UNTIL  "day_text(retain_until(" RETENTION_FACTS "))"
#define RETAIN_BASIS  "retain_basis(" RETENTION_FACTS ")"
#define UNHELD_UNTIL  "day_text(retain_until(" RETENTION_UNHELD "))"
#define UNHELD_BASIS  "retain_basis(" RETENTION_UNHELD ")"
#define CLASS         "retain_class(" RETENTION_UNHELD ")"
#define CLASS_CHINESE "retain_chinese(" RETENTION_UNHELD ")"
#define CLASS_ENGLISH "retain_english(" RETENTION_UNHELD ")"
#define STATE                                                                                         \
        "iif(" RETENTION_HELD ", 'held', iif(retain_until(" RETENTION_UNHELD ") <= local_day(now())," \
        " 'awaiting-screening', 'kept'))"

static const char row_sql[] =
                "SELECT json_object('footage', f.id, 'name', f.name, 'size', f.size, 'unit', u.number,"
                " 'officer', o.number, 'recorder', r.number, 'started_at', rfc3339(f.started_at),"
                " 'ended_at', rfc3339(f.ended_at), 'offloaded_at', rfc3339(f.offloaded_at),"
                " 'time_doubtful', " DOUBTFUL_JSON ", 'case', c.number,"
                " 'case_unit', (SELECT number FROM unit WHERE id = c.unit),"
                " 'premises_class', c.premises_class, 'long_term', c.long_term,"
                " 'evidence', " EVIDENCE_JSON ", 'file_until', " FILE_UNTIL ", 'held', " HELD_JSON ","
                " 'retain_until', " RETAIN_UNTIL ", 'retain_basis', " RETAIN_BASIS ","
                " 'unheld_until', " UNHELD_UNTIL ", 'unheld_basis', " UNHELD_BASIS ","
                " 'class', " CLASS ", 'class_chinese', " CLASS_CHINESE ", 'class_english', " CLASS_ENGLISH
                ","
                " 'state', " STATE ") FROM footage AS f ";
static const char joins_sql[] = " LEFT JOIN case_file AS c ON c.id = f.case_id"
                                " LEFT JOIN unit AS u ON u.id = f.unit"
                                " LEFT JOIN officer AS o ON o.id = f.officer"
                                " LEFT JOIN recorder AS r ON r.id = f.recorder WHERE true";

/* The one that has the fewest rows to judge; all are in order of time. */
static const char *index_for(const struct query *q)
{
        if (q->terms[RETENTION_FILTER_CASE].n == 1)
                return "INDEXED BY footage_by_case";
        return q->terms[RETENTION_FILTER_UNIT].n == 1 ? "INDEXED BY footage_by_unit"
                                                      : "INDEXED BY footage_by_time";
}

/* Due by the end of the day of the instant that was asked for. */
static void add_due(struct composition *p, const struct query *q, const struct retention_rules *rules)
{
        const struct term *t = &q->terms[RETENTION_FILTER_DUE];
        int64_t least = retention_days_least(rules);
        day_t day;

        if (t->n == 0)
                return;
        day = instant_to_day(t->values[0].integer);
        if (least < INT64_MAX) {
                composition_add(p, " AND f.ordered_at < ?");
                composition_bind(p, INTEGER(instant_from_day(day - least + 1, 0)));
        }
        composition_add(p, " AND retain_until(" RETENTION_FACTS ") <= ?");
        composition_bind(p, INTEGER(day));
}

static void compose(struct composition *p, struct catalogue *c, const struct query *q)
{
        composition_begin(p);
        composition_add(p, row_sql);
        composition_add(p, q->terms[RETENTION_FILTER_ID].n > 0 ? "NOT INDEXED" : index_for(q));
        composition_add(p, joins_sql);
        for (size_t i = 0; i < _RETENTION_FILTER_MAX; i++)
                if (q->noun->filters[i].sql)
                        composition_term(p, &q->terms[i]);
        add_due(p, q, c->retention);
        if (q->after > 0) {
                composition_add(p, " AND (f.ordered_at, f.id) > (SELECT ordered_at, id FROM footage"
                                   " WHERE id = ?)");
                composition_bind(p, INTEGER(q->after));
        }
        composition_add(p, " ORDER BY f.ordered_at, f.id LIMIT ?");
        composition_bind(p, INTEGER(q->limit));
}

int query_run_retention(struct catalogue *c, const struct query *q,
                        int (*on_row)(void *userdata, const char *json), void *userdata)
{
        _cleanup_(composition_done) struct composition p;
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r;

        compose(&p, c, q);
        r = composition_prepare(&p, c, &s);
        while (r == 0 && (r = statement_step(c, s)) > 0)
                r = on_row(userdata, (const char *)sqlite3_column_text(s, 0));
        return r;
}
