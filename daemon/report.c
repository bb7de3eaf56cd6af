// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reports; see report.h. */
#include "daemon/report.h"
#include "base/cleanup.h"

DEFINE_CLEANUP(json_object *, json_object_put);

struct section {
        const char *key;
        report_section_fn *rows;
        bool one; /* an object of its own, not an array of them */
};

static const struct section sections[] = {
                {"footage", report_footage_total, true},
                {"dockings", report_dockings, true},
                {"days", report_footage_days, false},
                {"units", report_footage_units, false},
                {"officers", report_footage_officers, false},
                {"recorders", report_footage_recorders, false},
                {"annotations", report_annotations, false},
                {"late", report_late, false},
                {"extensions", report_extensions, false},
                {"unseen", report_unseen, false},
                {"verdicts", report_verdicts, false},
                {"bad_files", report_bad_files, false},
                {"sequence_gaps", report_sequence_gaps, false},
                {"deleted", report_deleted, false},
                {"clocks", report_clocks, false},
};

json_object *report_text(const char *text)
{
        return text && *text ? json_object_new_string(text) : NULL;
}

json_object *report_time(instant_t t)
{
        char text[INSTANT_TEXT_MAX];

        return report_text(instant_format(t, text));
}

struct taking {
        const struct report_request *q;
        json_object *rows;
};

static int on_row(void *userdata, const char *json)
{
        struct taking *t = userdata;
        json_object *row = json_tokener_parse(json);

        if (!row)
                return -EBADMSG;
        if (json_object_array_add(t->rows, row) < 0) {
                json_object_put(row);
                return -ENOMEM;
        }
        return atomic_load(t->q->cancelled) ? -ECANCELED : 0;
}

static int section_add(struct catalogue *c, const struct report_request *q, const struct section *section,
                       json_object *report)
{
        _cleanup_(json_object_putp) json_object *rows = json_object_new_array();
        struct taking taking = {q, rows};
        int r = section->rows(c, &q->scope, on_row, &taking);

        if (r < 0)
                return r;
        (void)json_object_object_add(
                        report, section->key,
                        json_object_get(section->one ? json_object_array_get_idx(rows, 0) : rows));
        return 0;
}

static json_object *period_object(const struct report_request *q)
{
        json_object *o = json_object_new_object();

        (void)json_object_object_add(o, "month", report_text(q->month));
        (void)json_object_object_add(o, "from", report_time(q->scope.from));
        (void)json_object_object_add(o, "to", report_time(q->scope.to));
        (void)json_object_object_add(o, "complete", json_object_new_boolean(q->scope.to <= q->now));
        (void)json_object_object_add(o, "generated_at", report_time(q->now));
        return o;
}

/* What the figures were counted by. */
static json_object *rules_object(const struct report_request *q)
{
        const double second = (double)USEC_PER_SEC;
        json_object *o = json_object_new_object();

        (void)json_object_object_add(o, "limit_minutes",
                                     json_object_new_int64(q->rules.limit / (60 * USEC_PER_SEC)));
        (void)json_object_object_add(o, "day_ends_minute", json_object_new_int64(q->rules.same_day));
        (void)json_object_object_add(o, "days_off_wait", json_object_new_boolean(q->rules.days_off_wait));
        (void)json_object_object_add(o, "clock_tolerance_s",
                                     json_object_new_double((double)q->clock_tolerance / second));
        (void)json_object_object_add(o, "gap_s", json_object_new_double((double)q->continuity.gap / second));
        (void)json_object_object_add(o, "activity_gap_s",
                                     json_object_new_double((double)q->continuity.activity_gap / second));
        return o;
}

/* {"<key>": a, "<other>": b}, or null without the first. */
static json_object *pair_object(const char *key, const char *a, const char *other, const char *b)
{
        json_object *o;

        if (!*a)
                return NULL;
        o = json_object_new_object();
        (void)json_object_object_add(o, key, report_text(a));
        (void)json_object_object_add(o, other, report_text(b));
        return o;
}

static int sections_add(struct catalogue *c, const struct report_request *q, json_object *report)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(sections); i++)
                r = section_add(c, q, &sections[i], report);
        if (r == 0)
                r = report_duties_add(c, q, report);
        if (r == 0)
                r = report_gaps_add(c, q, report);
        return r == 0 ? report_drift_add(c, q, report) : r;
}

int report_make(struct catalogue *c, const struct report_request *q, json_object **ret)
{
        _cleanup_(json_object_putp) json_object *report = json_object_new_object();
        int r = report_begin(c);

        if (r < 0)
                return r;
        (void)json_object_object_add(report, "station",
                                     pair_object("number", q->number, "custodian", q->custodian));
        (void)json_object_object_add(report, "period", period_object(q));
        (void)json_object_object_add(report, "unit", pair_object("number", q->unit, "name", q->unit_name));
        (void)json_object_object_add(report, "rules", rules_object(q));
        r = sections_add(c, q, report);
        report_end(c);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(report);
        return 0;
}
