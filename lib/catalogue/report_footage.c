// SPDX-License-Identifier: LGPL-2.1-or-later
/* How much was recorded, and how much of it came in time: in all, by day, and by whose it is. */
#include "catalogue/report_sql.h"
#include "media/verdict.h"

_Static_assert(VERDICT_COMPLETE == 1 && VERDICT_NOT_MEDIA == 6, "REPORT_BAD names other verdicts");

/* total(): durations are a container's own word, and their sum may be past any integer. */
#define FIGURES                                                                         \
        "'files', count(*), 'bytes', ifnull(sum(f.size), 0),"                           \
        " 'seconds', CAST(total(f.duration) / 1000000 AS INTEGER),"                     \
        " 'on_time', count(*) FILTER (WHERE f.late_us = 0),"                            \
        " 'late', count(*) FILTER (WHERE f.late_us > 0),"                               \
        " 'undetermined', count(*) FILTER (WHERE f.late_us IS NULL),"                   \
        " 'late_minutes', max(f.late_us) / 60000000 + (max(f.late_us) % 60000000 > 0)," \
        " 'on_time_rate', count(*) FILTER (WHERE f.late_us = 0) * 1.0"                  \
        " / nullif(count(f.late_us), 0), 'bad', count(*) FILTER (WHERE " REPORT_BAD ")"

#define BY(noun)                                                                                  \
        "SELECT json_object('number', x.number, 'name', x.name, " FIGURES ")" REPORT_FOOTAGE_FROM \
        " LEFT JOIN " noun " AS x ON x.id = f." noun REPORT_FOOTAGE_WHERE " GROUP BY f." noun     \
        " ORDER BY x.number IS NULL, x.number"

int report_footage_total(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                         void *userdata)
{
        return report_run(c,
                          "SELECT json_object(" FIGURES ", 'recorders', count(DISTINCT f.recorder),"
                          " 'officers', count(DISTINCT f.officer),"
                          " 'imported', count(*) FILTER (WHERE f.source = 1),"
                          " 'recovered', count(*) FILTER (WHERE f.source = 2))" REPORT_FOOTAGE_FROM
                                          REPORT_FOOTAGE_WHERE,
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
                               ")" REPORT_FOOTAGE_FROM REPORT_FOOTAGE_WHERE,
                               &one, on_row, userdata);
        }
        return r;
}

int report_footage_units(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                         void *userdata)
{
        return report_run(c, BY("unit"), s, on_row, userdata);
}

int report_footage_officers(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                            void *userdata)
{
        return report_run(c, BY("officer"), s, on_row, userdata);
}

/* Recorders have a model where others have a name. */
int report_footage_recorders(struct catalogue *c, const struct report_scope *s, report_row_fn *on_row,
                             void *userdata)
{
        return report_run(c,
                          "SELECT json_object('number', x.number, 'name', x.model, " FIGURES
                          ")" REPORT_FOOTAGE_FROM
                          " LEFT JOIN recorder AS x ON x.id = f.recorder" REPORT_FOOTAGE_WHERE
                          " GROUP BY f.recorder ORDER BY x.number IS NULL, x.number",
                          s, on_row, userdata);
}
