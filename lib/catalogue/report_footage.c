// SPDX-License-Identifier: LGPL-2.1-or-later
/* How much was recorded, and how much of it came in time: in all, by day, and by whose it is. */
#include "catalogue/report_sql.h"
#include "media/verdict.h"

_Static_assert(VERDICT_COMPLETE == 1 && VERDICT_NOT_MEDIA == 6, "REPORT_BAD names other verdicts");

/* total(): durations are a container's own word, and their sum may be past any integer. */
#define SUMS                                                          \
        "count(*) AS files, ifnull(sum(f.size), 0) AS bytes,"         \
        " CAST(total(f.duration) / 1000000 AS INTEGER) AS seconds,"   \
        " count(*) FILTER (WHERE f.late_us = 0) AS on_time,"          \
        " count(*) FILTER (WHERE f.late_us > 0) AS late,"             \
        " count(*) FILTER (WHERE f.late_us IS NULL) AS undetermined," \
        " count(f.late_us) AS decided, max(f.late_us) AS latest,"     \
        " count(*) FILTER (WHERE " REPORT_BAD ") AS bad"

#define FIGURES                                                                           \
        "'files', g.files, 'bytes', g.bytes, 'seconds', g.seconds, 'on_time', g.on_time," \
        " 'late', g.late, 'undetermined', g.undetermined,"                                \
        " 'late_minutes', g.latest / 60000000 + (g.latest % 60000000 > 0),"               \
        " 'on_time_rate', g.on_time * 1.0 / nullif(g.decided, 0), 'bad', g.bad"

/* Counted before it is named: to look up whose each file is would take longer than to count them. */
#define BY(noun, name)                                                                                 \
        "SELECT json_object('number', x.number, 'name', x." name ", " FIGURES ") FROM (SELECT f." noun \
        " AS id, " SUMS REPORT_FOOTAGE_FROM REPORT_FOOTAGE_WHERE " GROUP BY f." noun                   \
        ") AS g LEFT JOIN " noun " AS x ON x.id = g.id ORDER BY x.number IS NULL, x.number"

int report_footage_total(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                         void *userdata)
{
        return report_run(c,
                          "SELECT json_object(" FIGURES ", 'recorders', g.recorders, 'officers', g.officers,"
                          " 'imported', g.imported, 'recovered', g.recovered) FROM (SELECT " SUMS
                          ", count(DISTINCT f.recorder) AS recorders,"
                          " count(DISTINCT f.officer) AS officers,"
                          " count(*) FILTER (WHERE f.source = 1) AS imported,"
                          " count(*) FILTER (WHERE f.source = 2) AS recovered" REPORT_FOOTAGE_FROM
                                          REPORT_FOOTAGE_WHERE ") AS g",
                          s, on_row, userdata);
}

/* A day has 23, 24 or 25 hours, so its bounds are told to SQLite, one day after the other. */
int report_footage_days(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                        void *userdata)
{
        int r = 0;

        for (day_t day = instant_to_day(s->from); r == 0 && instant_from_day(day, 0) < s->to; day++) {
                struct report_scope one = *s;

                one.from = MAX(s->from, instant_from_day(day, 0));
                one.to = MIN(s->to, instant_from_day(day, MINUTES_PER_DAY));
                r = report_run(c,
                               "SELECT json_object('day', substr(rfc3339(?1), 1, 10), " FIGURES
                               ") FROM (SELECT " SUMS REPORT_FOOTAGE_FROM REPORT_FOOTAGE_WHERE ") AS g",
                               &one, on_row, userdata);
        }
        return r;
}

int report_footage_units(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                         void *userdata)
{
        return report_run(c, BY("unit", "name"), s, on_row, userdata);
}

int report_footage_officers(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                            void *userdata)
{
        return report_run(c, BY("officer", "name"), s, on_row, userdata);
}

/* Recorders have a model where others have a name. */
int report_footage_recorders(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                             void *userdata)
{
        return report_run(c, BY("recorder", "model"), s, on_row, userdata);
}
