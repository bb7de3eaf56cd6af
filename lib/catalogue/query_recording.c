// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Recordings and gaps. They are not stored: the filters say where to look, then the footage there is put
 * together recorder by recorder, and each recording or gap is bound as a row on which the filters are judged
 * once more. So whatever is looked at in vain costs time and never changes the answer.
 *
 * Where to look: of officers and units their own footage, of all else every recorder that has footage in the
 * time asked for. Rows come in order of recorders and time.
 */
#include "catalogue/explanation.h"
#include "catalogue/query_noun.h"
#include "catalogue/recording.h"

#include <string.h>

struct walk {
        struct catalogue *catalogue;
        const struct query *query;
        struct continuity_rules rules;
        sqlite3_stmt *row;
        instant_t from, to; /* asked for */
        int64_t recorder;
        instant_t first, last; /* what began with footage in between is told, of the rest another look tells
                                */
        int64_t left;          /* rows; -1 without a limit */
        bool full;
        struct recording *found; /* of the look under way: video and audio are told apart, and go by time */
        size_t n_found, allocated;
        int (*on_row)(void *userdata, const char *json);
        void *userdata;
};

/* The noun's select; its row of values comes first and is bound anew for each. */
static int prepare_row(struct walk *w, size_t n_values, sqlite3_stmt **ret)
{
        const struct noun *noun = w->query->noun;
        _cleanup_(composition_done) struct composition p;

        composition_begin(&p);
        composition_add(&p, noun->select);
        for (size_t i = 0; i < n_values; i++)
                composition_bind(&p, ID(0));
        for (size_t i = 0; i < noun->n_filters; i++)
                if (noun->filters[i].sql)
                        composition_term(&p, &w->query->terms[i]);
        return composition_prepare(&p, w->catalogue, ret);
}

/* A non-zero return ends the walk. */
static int walk_row(struct walk *w, const struct value *values, size_t n)
{
        int r;

        (void)sqlite3_reset(w->row);
        r = statement_bind(w->catalogue, w->row, values, n);
        if (r < 0)
                return r;
        r = statement_step(w->catalogue, w->row);
        if (r <= 0)
                return r;
        r = w->on_row(w->userdata, (const char *)sqlite3_column_text(w->row, 0));
        if (r != 0)
                return r;
        if (w->left > 0)
                w->left--;
        w->full = w->left == 0;
        return w->full;
}

static int on_recording(void *userdata, const struct recording *r)
{
        struct walk *w = userdata;

        if (r->started < w->first || r->started > w->last)
                return 0;
        if (w->n_found == w->allocated) {
                size_t n = w->allocated ? 2 * w->allocated : 64;
                struct recording *grown = realloc(w->found, n * sizeof(*grown));

                if (!grown)
                        return catalogue_refuse(w->catalogue, ENOMEM, "no memory for a query");
                w->found = grown;
                w->allocated = n;
        }
        w->found[w->n_found++] = *r;
        return 0;
}

static int recording_compare(const void *x, const void *y)
{
        const struct recording *a = x, *b = y;

        if (a->started != b->started)
                return a->started < b->started ? -1 : 1;
        return a->first < b->first ? -1 : a->first > b->first;
}

static int tell_recordings(struct walk *w)
{
        int result = 0;

        if (w->n_found > 0)
                qsort(w->found, w->n_found, sizeof(*w->found), recording_compare);
        for (size_t i = 0; result == 0 && i < w->n_found; i++) {
                const struct recording *r = &w->found[i];

                result = walk_row(w,
                                  VALUES(ID(w->recorder), ID(r->officer), ID(r->unit), ID(r->first),
                                         INTEGER(r->started), INTEGER(r->ended), INTEGER(r->start_unknown),
                                         INTEGER(r->end_unknown), INTEGER(r->segments), INTEGER(r->audio)));
        }
        w->n_found = 0;
        return result;
}

static int on_gap(void *userdata, const struct recording_gap *g)
{
        struct walk *w = userdata;
        int64_t explanation = 0;
        bool whole = false;
        int r;

        if (g->before_started < w->first || g->before_started > w->last)
                return 0;
        r = explanation_of(w->catalogue, w->recorder, g->from, g->to, &whole, &explanation);
        if (r < 0)
                return r;
        return walk_row(w, VALUES(ID(w->recorder), ID(g->officer), ID(g->unit), ID(g->before), ID(g->after),
                                  INTEGER(g->from), INTEGER(g->to), INTEGER(g->certain), INTEGER(whole),
                                  ID(explanation)));
}

static int look(struct walk *w, const struct continuity_calls *calls, int64_t recorder, instant_t first,
                instant_t last)
{
        const struct recording_scan scan = {.recorder = recorder,
                                            .from = MAX(first, w->from),
                                            .until = MIN(last < INT64_MAX ? last + 1 : INT64_MAX, w->to),
                                            .rules = &w->rules};
        int r;

        w->recorder = recorder;
        w->first = first;
        w->last = last;
        r = recording_scan(w->catalogue, &scan, calls);
        return r == 0 ? tell_recordings(w) : r;
}

static instant_t term_instant(const struct term *t, instant_t otherwise)
{
        return t->n > 0 ? t->values[0].integer : otherwise;
}

/* Rows of recorder and time, in the order of both. A gap may begin where footage ends that began long
 * before. */
static int prepare_places(struct walk *w, bool owned, sqlite3_stmt **ret)
{
        const struct term *terms = w->query->terms;
        instant_t from = w->from > INT64_MIN + RECORDING_LOOKBACK ? w->from - RECORDING_LOOKBACK : INT64_MIN;
        _cleanup_(composition_done) struct composition p;

        composition_begin(&p);
        if (!owned)
                composition_add(&p,
                                "SELECT g.recorder, NULL FROM (SELECT id AS recorder, number FROM recorder)"
                                " AS g WHERE EXISTS (SELECT 1 FROM footage AS f INDEXED BY"
                                " footage_by_recorder WHERE f.recorder = g.recorder"
                                " AND f.ordered_at >= ? AND f.ordered_at < ?)");
        else if (terms[RECORDING_BY_OFFICER].n > 0)
                composition_add(&p,
                                "SELECT g.recorder, g.ordered_at FROM footage AS g INDEXED BY"
                                " footage_by_officer JOIN recorder AS r ON r.id = g.recorder WHERE true");
        else
                composition_add(&p, "SELECT g.recorder, g.ordered_at FROM footage AS g INDEXED BY"
                                    " footage_by_unit JOIN recorder AS r ON r.id = g.recorder WHERE true");
        if (!owned) {
                composition_bind(&p, INTEGER(from));
                composition_bind(&p, INTEGER(w->to));
                composition_term(&p, &terms[RECORDING_BY_RECORDER]);
                composition_add(&p, " ORDER BY g.number");
                return composition_prepare(&p, w->catalogue, ret);
        }
        for (size_t i = RECORDING_BY_RECORDER; i <= RECORDING_BY_UNIT; i++)
                composition_term(&p, &terms[i]);
        composition_add(&p, " AND g.ordered_at >= ? AND g.ordered_at < ?");
        composition_bind(&p, INTEGER(from));
        composition_bind(&p, INTEGER(w->to));
        composition_add(&p, " ORDER BY r.number, g.ordered_at");
        return composition_prepare(&p, w->catalogue, ret);
}

/* Footage of one owner that lies far apart is looked at piece by piece, and what others recorded in between
 * is not. */
static int walk_owned(struct walk *w, const struct continuity_calls *calls, sqlite3_stmt *places)
{
        int64_t recorder = 0;
        instant_t first = 0, last = 0;
        int r;

        while ((r = statement_step(w->catalogue, places)) > 0) {
                int64_t next = sqlite3_column_int64(places, 0);
                instant_t at = sqlite3_column_int64(places, 1);

                if (next == recorder && at - last <= RECORDING_LOOKBACK) {
                        last = at;
                        continue;
                }
                if (recorder > 0)
                        r = look(w, calls, recorder, first, last);
                if (r < 0 || w->full)
                        return r;
                recorder = next;
                first = last = at;
        }
        return r < 0 || recorder == 0 ? r : look(w, calls, recorder, first, last);
}

static int walk_all(struct walk *w, const struct continuity_calls *calls, sqlite3_stmt *places)
{
        int r;

        while ((r = statement_step(w->catalogue, places)) > 0) {
                r = look(w, calls, sqlite3_column_int64(places, 0), INT64_MIN, INT64_MAX);
                if (r != 0)
                        return r;
        }
        return r;
}

static int walk_run(struct walk *w, const struct continuity_calls *calls, size_t n_values)
{
        const struct term *terms = w->query->terms;
        bool owned = terms[RECORDING_BY_OFFICER].n > 0 || terms[RECORDING_BY_UNIT].n > 0;
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *row = NULL, *places = NULL;
        int r = prepare_row(w, n_values, &row);

        w->from = term_instant(&terms[RECORDING_FROM], INT64_MIN);
        w->to = term_instant(&terms[RECORDING_TO], INT64_MAX);
        if (r == 0)
                r = prepare_places(w, owned, &places);
        if (r < 0)
                return r;
        w->row = row;
        r = owned ? walk_owned(w, calls, places) : walk_all(w, calls, places);
        return w->full ? 0 : r;
}

int query_run_recording(struct catalogue *c, const struct query *q,
                        int (*on_row)(void *userdata, const char *json), void *userdata)
{
        struct walk w = {.catalogue = c,
                         .query = q,
                         .rules = q->continuity,
                         .left = q->limit,
                         .on_row = on_row,
                         .userdata = userdata};
        const struct continuity_calls calls = {.on_recording = on_recording, .userdata = &w};
        int r = walk_run(&w, &calls, 10);

        free(w.found);
        return r;
}

int query_run_gap(struct catalogue *c, const struct query *q,
                  int (*on_row)(void *userdata, const char *json), void *userdata)
{
        struct walk w = {.catalogue = c,
                         .query = q,
                         .rules = q->continuity,
                         .left = q->limit,
                         .on_row = on_row,
                         .userdata = userdata};
        const struct continuity_calls calls = {.on_gap = on_gap, .userdata = &w};

        if (q->terms[GAP_MIN].n > 0)
                w.rules.gap = q->terms[GAP_MIN].values[0].integer - 1; /* at least so long, not longer */
        return walk_run(&w, &calls, 10);
}

int query_run_reason(struct catalogue *c, const struct query *q,
                     int (*on_row)(void *userdata, const char *json), void *userdata)
{
        for (int i = 0; i < _GAP_REASON_MAX && (q->limit < 0 || i < q->limit); i++) {
                _statement_ sqlite3_stmt *s = NULL;
                int r = statement_get(c, "SELECT json_object('reason', ?1, 'term', ?2)", &s);

                if (r == 0)
                        r = statement_bind(c, s,
                                           VALUES(RAW_TEXT(gap_reason_text((enum gap_reason)i)),
                                                  RAW_TEXT(gap_reason_term((enum gap_reason)i))));
                if (r == 0)
                        r = statement_step(c, s);
                if (r > 0)
                        r = on_row(userdata, (const char *)sqlite3_column_text(s, 0));
                if (r != 0)
                        return r;
        }
        return 0;
}
