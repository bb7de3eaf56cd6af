// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How many recorders recorded at each moment of a time. The footage of the unit or the officers is put
 * together recorder by recorder as for gaps, so that a hole which is no gap is none here; then the spans are
 * laid over each other by rules/coverage.c.
 */
#include "catalogue/query_noun.h"
#include "catalogue/recording.h"
#include "rules/coverage.h"

DEFINE_CLEANUP(struct coverage *, coverage_free);

const char *query_check_coverage(const struct query *q)
{
        const struct term *from = &q->terms[COVERAGE_FROM], *to = &q->terms[COVERAGE_TO];

        if (from->n == 0 || to->n == 0)
                return "a time is missing, expected from and to";
        if (from->values[0].integer >= to->values[0].integer)
                return "from is not before to, expected an earlier time";
        if (q->terms[COVERAGE_BY_UNIT].n == 0 && q->terms[COVERAGE_BY_OFFICER].n < 2 &&
            q->terms[COVERAGE_BY_CASE].n == 0)
                return "nobody to be covered, expected a unit or at least two officers";
        return NULL;
}

struct lay {
        struct catalogue *catalogue;
        const struct query *query;
        struct coverage *coverage;
        int64_t recorder;
        instant_t from, to;
        /* Until when the recording before may have lasted, and from when; INSTANT_NONE none. */
        instant_t open_from;
        instant_t known_until; /* end of the recording before */
        int64_t left;          /* rows; -1 without a limit */
        int (*on_row)(void *userdata, const char *json);
        void *userdata;
};

/* Of unknown duration is at most a day: nothing longer was ever recorded in one file. */
static int lay_open(struct lay *l, instant_t until)
{
        instant_t from = l->open_from;

        l->open_from = INSTANT_NONE;
        if (from == INSTANT_NONE)
                return 0;
        return coverage_add(l->coverage, l->recorder, from, MIN(until, from + USEC_PER_DAY), false);
}

static int on_recording(void *userdata, const struct recording *r)
{
        struct lay *l = userdata;
        int e;

        if (r->audio)
                return 0;
        e = lay_open(l, r->started);
        if (e == 0 && r->start_unknown)
                e = coverage_add(l->coverage, l->recorder, MAX(l->known_until, r->started - USEC_PER_DAY),
                                 r->started, false);
        if (e == 0)
                e = coverage_add(l->coverage, l->recorder, r->started, r->ended, true);
        l->known_until = r->ended;
        if (r->end_unknown)
                l->open_from = r->ended;
        return e;
}

static int lay_recorder(struct lay *l, int64_t recorder, sqlite3_stmt *segments)
{
        struct continuity_rules rules = l->query->continuity;
        const struct recording_scan scan = {.recorder = recorder,
                                            .from = l->from,
                                            .until = l->to,
                                            .rules = &rules,
                                            .segments = segments,
                                            .unowned = true};
        const struct continuity_calls calls = {.on_recording = on_recording, .userdata = l};
        int r;

        rules.join = MAX(rules.join, rules.gap);
        l->recorder = recorder;
        l->open_from = INSTANT_NONE;
        l->known_until = INT64_MIN;
        r = recording_scan(l->catalogue, &scan, &calls);
        return r == 0 ? lay_open(l, l->to) : r;
}

static void add_owners(struct composition *p, const struct query *q)
{
        composition_term(p, &q->terms[COVERAGE_BY_UNIT]);
        composition_term(p, &q->terms[COVERAGE_BY_OFFICER]);
        composition_term(p, &q->terms[COVERAGE_BY_CASE]);
}

static int prepare_segments(struct lay *l, sqlite3_stmt **ret)
{
        _cleanup_(composition_done) struct composition p;

        composition_begin(&p);
        composition_add(&p, SEGMENT_SELECT);
        composition_bind(&p, INTEGER(0));
        composition_bind(&p, INTEGER(0));
        add_owners(&p, l->query);
        composition_add(&p, SEGMENT_ORDER);
        return composition_prepare(&p, l->catalogue, ret);
}

static int prepare_recorders(struct lay *l, sqlite3_stmt **ret)
{
        bool by_officer = l->query->terms[COVERAGE_BY_OFFICER].n > 0;
        bool by_case = l->query->terms[COVERAGE_BY_CASE].n > 0;
        _cleanup_(composition_done) struct composition p;

        composition_begin(&p);
        composition_add(&p, by_case      ? "SELECT DISTINCT g.recorder FROM footage AS g INDEXED BY"
                                           " footage_by_case WHERE g.recorder IS NOT NULL"
                            : by_officer ? "SELECT DISTINCT g.recorder FROM footage AS g INDEXED BY"
                                           " footage_by_officer WHERE g.recorder IS NOT NULL"
                                         : "SELECT DISTINCT g.recorder FROM footage AS g INDEXED BY"
                                           " footage_by_unit WHERE g.recorder IS NOT NULL");
        add_owners(&p, l->query);
        composition_add(&p, " AND g.ordered_at >= ? AND g.ordered_at < ?");
        composition_bind(&p, INTEGER(l->from > INT64_MIN + RECORDING_LOOKBACK ? l->from - RECORDING_LOOKBACK
                                                                              : INT64_MIN));
        composition_bind(&p, INTEGER(l->to));
        return composition_prepare(&p, l->catalogue, ret);
}

static int lay_all(struct lay *l)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *recorders = NULL, *segments = NULL;
        int r = prepare_recorders(l, &recorders);

        if (r == 0)
                r = prepare_segments(l, &segments);
        if (r < 0)
                return r;
        while ((r = statement_step(l->catalogue, recorders)) > 0) {
                r = lay_recorder(l, sqlite3_column_int64(recorders, 0), segments);
                if (r < 0)
                        return r;
        }
        return r;
}

/* The ids as a JSON array. */
static char *keys_json(const struct coverage_window *w)
{
        sqlite3_str *s = sqlite3_str_new(NULL);

        sqlite3_str_appendchar(s, 1, '[');
        for (size_t i = 0; i < w->recorders; i++)
                sqlite3_str_appendf(s, "%s%lld", i ? "," : "", (long long)w->keys[i]);
        sqlite3_str_appendchar(s, 1, ']');
        return sqlite3_str_finish(s);
}

static void sqlite_freep(char **p)
{
        sqlite3_free(*p);
}

static int on_window(void *userdata, const struct coverage_window *w)
{
        struct lay *l = userdata;
        const struct term *fewer = &l->query->terms[COVERAGE_FEWER];
        _cleanup_(sqlite_freep) char *keys = NULL;
        _statement_ sqlite3_stmt *s = NULL;
        int r;

        if (l->left == 0 || (fewer->n > 0 && (int64_t)w->recorders >= fewer->values[0].integer))
                return 0;
        keys = keys_json(w);
        if (!keys)
                return catalogue_refuse(l->catalogue, ENOMEM, "no memory for a query");
        r = statement_get(l->catalogue,
                          "SELECT json_object('from', rfc3339(?1), 'to', rfc3339(?2),"
                          " 'length_s', (?2 - ?1) / 1e6, 'recorders', ?3, 'unknown', ?4, 'recording',"
                          " (SELECT json_group_array(number) FROM (SELECT number FROM recorder"
                          " WHERE id IN (SELECT value FROM json_each(?5)) ORDER BY number)))",
                          &s);
        if (r == 0)
                r = statement_bind(l->catalogue, s,
                                   VALUES(INTEGER(w->from), INTEGER(w->to), INTEGER((int64_t)w->recorders),
                                          INTEGER((int64_t)w->unknown), RAW_TEXT(keys)));
        if (r == 0)
                r = statement_step(l->catalogue, s);
        if (r <= 0)
                return r;
        l->left -= l->left > 0;
        return l->on_row(l->userdata, (const char *)sqlite3_column_text(s, 0));
}

int query_run_coverage(struct catalogue *c, const struct query *q,
                       int (*on_row)(void *userdata, const char *json), void *userdata)
{
        struct lay l = {.catalogue = c,
                        .query = q,
                        .from = q->terms[COVERAGE_FROM].values[0].integer,
                        .to = q->terms[COVERAGE_TO].values[0].integer,
                        .left = q->limit,
                        .on_row = on_row,
                        .userdata = userdata};
        _cleanup_(coverage_freep) struct coverage *coverage = NULL;
        int r = coverage_new(l.from, l.to, &coverage);

        if (r < 0)
                return catalogue_refuse(c, -r, "no memory for a query");
        l.coverage = coverage;
        r = lay_all(&l);
        if (r == -ENOMEM)
                return catalogue_refuse(c, ENOMEM, "no memory for a query");
        return r == 0 ? coverage_each(coverage, q->continuity.gap, on_window, &l) : r;
}
