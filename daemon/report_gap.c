// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The gaps of a period, by the query that "gap list" runs: what a gap is, and which ones are explained, is
 * told in one place. Here they are counted by whose they are, which is whose the footage before them is.
 */
#include "base/cleanup.h"
#include "catalogue/query.h"
#include "daemon/report.h"
#include "daemon/report_group.h"

DEFINE_CLEANUP(json_object *, json_object_put);
DEFINE_CLEANUP(struct query *, query_free);

struct gap_walk {
        const struct report_request *q;
        json_object *units_wanted; /* an object with their numbers as keys; NULL all */
        json_object *rows, *total; /* of the report */
        struct report_group units, officers, recorders;
};

static json_object *member(json_object *row, const char *key)
{
        json_object *value = NULL;

        (void)json_object_object_get_ex(row, key, &value);
        return value;
}

static const char *text_of(json_object *row, const char *key)
{
        return json_object_get_string(member(row, key));
}

static void figures_begin(json_object *o)
{
        static const char *const counts[] = {"gaps", "explained", "unexplained", "uncertain"};

        for (size_t i = 0; i < ELEMENTSOF(counts); i++)
                (void)json_object_object_add(o, counts[i], json_object_new_int64(0));
        (void)json_object_object_add(o, "length_s", json_object_new_double(0));
        (void)json_object_object_add(o, "unexplained_s", json_object_new_double(0));
}

static void add_length(json_object *o, const char *key, double seconds)
{
        json_object *sum = member(o, key);

        (void)json_object_set_double(sum, json_object_get_double(sum) + seconds);
}

static void figures_add(json_object *o, json_object *gap)
{
        bool explained = json_object_get_boolean(member(gap, "explained"));
        double seconds = json_object_get_double(member(gap, "length_s"));

        report_count(o, "gaps");
        report_count(o, explained ? "explained" : "unexplained");
        if (!json_object_get_boolean(member(gap, "certain")))
                report_count(o, "uncertain");
        add_length(o, "length_s", seconds);
        if (!explained)
                add_length(o, "unexplained_s", seconds);
}

static void count_group(struct report_group *g, json_object *gap, const char *number, const char *name)
{
        json_object *row = report_group_row(g, text_of(gap, number));

        if (!row) {
                row = report_group_add(g, text_of(gap, number), name ? text_of(gap, name) : NULL);
                figures_begin(row);
        }
        figures_add(row, gap);
}

static int on_gap(void *userdata, const char *json)
{
        struct gap_walk *w = userdata;
        json_object *gap = json_tokener_parse(json);
        const char *unit;

        if (!gap)
                return -EBADMSG;
        unit = text_of(gap, "unit");
        if (w->units_wanted && !(unit && json_object_object_get_ex(w->units_wanted, unit, NULL))) {
                json_object_put(gap);
        } else {
                (void)json_object_array_add(w->rows, gap);
                figures_add(w->total, gap);
                count_group(&w->units, gap, "unit", "unit_name");
                count_group(&w->officers, gap, "officer", "name");
                count_group(&w->recorders, gap, "recorder", NULL);
        }
        return atomic_load(w->q->cancelled) ? -ECANCELED : 0;
}

static int on_unit(void *userdata, const char *number)
{
        (void)json_object_object_add(userdata, number, NULL);
        return 0;
}

static int gaps_ask(struct catalogue *c, struct gap_walk *w)
{
        _cleanup_(query_freep) struct query *query = NULL;
        _cleanup_free_ char *error = NULL; /* there are no words to be wrong */
        int r = query_new("gap", NULL, 0, w->q->now, &query, &error);

        if (r == 0)
                r = query_set_period(query, w->q->scope.from, w->q->scope.to);
        if (r < 0)
                return r;
        query_set_continuity(query, &w->q->continuity);
        return query_run(c, query, on_gap, w);
}

int report_gaps_add(struct catalogue *c, const struct report_request *q, json_object *report)
{
        _cleanup_(json_object_putp) json_object *units = q->scope.unit > 0 ? json_object_new_object() : NULL;
        struct gap_walk w = {.q = q, .units_wanted = units};
        int r = units ? report_units_below(c, &q->scope, on_unit, units) : 0;

        if (r < 0)
                return r;
        w.total = json_object_new_object();
        (void)json_object_object_add(report, "continuity", w.total);
        figures_begin(w.total);
        w.rows = json_object_new_array();
        (void)json_object_object_add(report, "gaps", w.rows);
        report_group_begin(&w.units, report, "gap_units");
        report_group_begin(&w.officers, report, "gap_officers");
        report_group_begin(&w.recorders, report, "gap_recorders");
        r = gaps_ask(c, &w);
        report_group_end(&w.units);
        report_group_end(&w.officers);
        report_group_end(&w.recorders);
        return r;
}
