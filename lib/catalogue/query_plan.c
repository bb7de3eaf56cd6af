// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Choosing the way into footage; see query_plan.h. Costs are counted in entries of an index that carries all
 * columns of the filters; to look up a row of the table is worth LOOKUP of them.
 */
#include "catalogue/query_plan.h"

#include <float.h>
#include <string.h>

#define NEXT_ROW  4.0 /* of the table, in order of ids */
#define SORTED    3.0 /* to put a row into its place in the page, when each comes before all that are there */
#define NAMES_MAX 4000 /* entries of a name range that are counted at most */
/* Entries of an index that are read as soon as the full text index is asked. */
#define CHEAP       40000
#define CHEAP_NAMES 4000 /* when each name is held against a pattern */

/* What the tallies say of the filters: how many rows each leaves, alone. */
struct estimate {
        double total;
        double number[_NUMBER_MAX];
        double class;
        double time;
        double prefix, names;  /* DBL_MAX when not counted to their end */
        double found, entries; /* by the groups of the full text index; DBL_MAX when it was not asked */
        double annotated;      /* rows that are as is asked */
        double name;           /* share of all rows, 0..1 */
        double wanted;
};

struct way {
        enum plan_access access;
        double cost, bound;
};

static const struct filter id_filters[_NUMBER_MAX] = {
                [NUMBER_UNIT] = {"unit", "f.unit = ?", NULL, FILTER_ID, false},
                [NUMBER_OFFICER] = {"officer", "f.officer = ?", NULL, FILTER_ID, false},
                [NUMBER_RECORDER] = {"recorder", "f.recorder = ?", NULL, FILTER_ID, false},
};

static const struct filter case_id_filter = {"case", "f.case_id = ?", NULL, FILTER_ID, false};

void plan_done(struct plan *p)
{
        free(p->cases.values);
        for (size_t i = 0; i < _NUMBER_MAX; i++)
                free(p->numbers[i].values);
        free(p->prefix);
        free(p->prefix_end);
        free(p->names);
        sqlite3_free(p->match);
}

/* Numbers nobody has are left out; when nothing is left, nothing can match. */
static int resolve_number(struct catalogue *c, const struct query *q, struct plan *p, enum plan_number which)
{
        static const char *const sql[_NUMBER_MAX] = {
                        [NUMBER_UNIT] = "SELECT id FROM unit WHERE number = ?1",
                        [NUMBER_OFFICER] = "SELECT id FROM officer WHERE number = ?1",
                        [NUMBER_RECORDER] = "SELECT id FROM recorder WHERE number = ?1",
        };
        const struct term *given = &q->terms[FOOTAGE_BY_UNIT + which];
        struct term *t = &p->numbers[which];

        if (given->n == 0)
                return 0;
        t->filter = &id_filters[which];
        t->values = calloc(given->n, sizeof(*t->values));
        if (!t->values)
                return catalogue_refuse(c, ENOMEM, "no memory for a query");
        for (size_t i = 0; i < given->n; i++) {
                int r = statement_integer(c, sql[which], VALUES(RAW_TEXT(given->values[i].text)),
                                          &t->values[t->n].integer);

                if (r < 0)
                        return r;
                if (r == CATALOGUE_OK)
                        t->n++;
        }
        p->empty = p->empty || t->n == 0;
        return 0;
}

static int add_cases(struct catalogue *c, struct plan *p, const char *number)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, "SELECT id FROM case_file WHERE number = ?1", &s);

        if (r == 0)
                r = statement_bind(c, s, VALUES(RAW_TEXT(number)));
        while (r >= 0 && (r = statement_step(c, s)) > 0) {
                struct term_value *values = reallocarray(p->cases.values, p->cases.n + 1, sizeof(*values));

                if (!values)
                        return catalogue_refuse(c, ENOMEM, "no memory for a query");
                p->cases.values = values;
                values[p->cases.n++] = (struct term_value){.integer = sqlite3_column_int64(s, 0)};
        }
        return r;
}

static int resolve_cases(struct catalogue *c, const struct query *q, struct plan *p)
{
        const struct term *given = &q->terms[FOOTAGE_BY_CASE];
        int r = 0;

        p->cases.filter = &case_id_filter;
        for (size_t i = 0; r == 0 && i < given->n; i++)
                r = add_cases(c, p, given->values[i].text);
        p->empty = p->empty || (given->n > 0 && p->cases.n == 0);
        return r;
}

static void bound_time(const struct query *q, struct plan *p)
{
        const struct term *from = &q->terms[FOOTAGE_FROM], *to = &q->terms[FOOTAGE_TO],
                          *on = &q->terms[FOOTAGE_ON];
        instant_t first = on->n > 0 ? INT64_MAX : INT64_MIN, end = on->n > 0 ? INT64_MIN : INT64_MAX;

        for (size_t i = 0; i < on->n; i++) {
                first = MIN(first, on->values[i].integer);
                end = MAX(end, on->values[i].end);
        }
        p->from = from->n > 0 ? MAX(first, from->values[0].integer) : first;
        p->to = to->n > 0 ? MIN(end, to->values[0].integer) : end;
        p->empty = p->empty || p->from >= p->to;
}

/* A sum over no rows is NULL: nothing. */
static int ask_rows(struct catalogue *c, const char *sql, const struct value *values, size_t n, double *ret)
{
        int64_t rows = 0;
        int r = statement_integer(c, sql, values, n, &rows);

        if (r < 0)
                return r;
        *ret = (double)rows;
        return 0;
}

static int estimate_number(struct catalogue *c, const struct plan *p, enum plan_number which,
                           struct estimate *e)
{
        static const char *const dimensions[_NUMBER_MAX] = {[NUMBER_UNIT] = "unit",
                                                            [NUMBER_OFFICER] = "officer",
                                                            [NUMBER_RECORDER] = "recorder"};
        const struct term *t = &p->numbers[which];
        double sum = 0;

        for (size_t i = 0; i < t->n; i++) {
                double rows;
                int r = ask_rows(c, "SELECT rows FROM footage_tally WHERE dimension = ?1 AND value = ?2",
                                 VALUES(RAW_TEXT(dimensions[which]), INTEGER(t->values[i].integer)), &rows);

                if (r < 0)
                        return r;
                sum += rows;
        }
        e->number[which] = t->n > 0 ? sum : e->total;
        return 0;
}

static bool has_class(const struct query *q)
{
        return q->terms[FOOTAGE_BY_KIND].n + q->terms[FOOTAGE_BY_VERDICT].n + q->terms[FOOTAGE_BY_SOURCE].n +
                               q->terms[FOOTAGE_BY_BAY].n >
               0;
}

static int estimate_class(struct catalogue *c, const struct query *q, struct estimate *e)
{
        _cleanup_(composition_done) struct composition p;
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r;

        e->class = e->total;
        composition_begin(&p);
        if (!has_class(q))
                return 0;
        composition_add(&p, "SELECT sum(rows) FROM footage_class_tally AS f WHERE true");
        for (size_t i = FOOTAGE_BY_KIND; i <= FOOTAGE_BY_BAY; i++)
                composition_term(&p, &q->terms[i]);
        r = composition_prepare(&p, c, &s);
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        e->class = sqlite3_column_double(s, 0);
        return 0;
}

static int estimate_time(struct catalogue *c, struct plan *p, struct estimate *e)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r;

        e->time = e->total;
        p->last_id = INT64_MAX;
        if (p->from == INT64_MIN && p->to == INT64_MAX)
                return 0;
        r = statement_get(c,
                          "SELECT sum(rows), min(first_id), max(last_id) FROM footage_day WHERE day BETWEEN "
                          "?1 AND ?2",
                          &s);
        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(p->from / USEC_PER_DAY), INTEGER(p->to / USEC_PER_DAY)));
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        e->time = sqlite3_column_double(s, 0);
        p->windowed = true;
        p->first_id = sqlite3_column_int64(s, 1);
        p->last_id = sqlite3_column_int64(s, 2);
        p->empty = e->time < 1;
        return 0;
}

static int estimate_prefix(struct catalogue *c, const struct plan *p, struct estimate *e)
{
        double rows;
        int r = ask_rows(c,
                         "SELECT count(*) FROM (SELECT 1 FROM footage INDEXED BY footage_by_name"
                         " WHERE name >= ?1 AND name < ?2 LIMIT ?3)",
                         VALUES(RAW_TEXT(p->prefix), RAW_TEXT(p->prefix_end), INTEGER(NAMES_MAX)), &rows);

        if (r < 0)
                return r;
        if (rows < NAMES_MAX) {
                e->prefix = rows;
                e->name = MIN(e->name, rows / e->total);
        }
        return 0;
}

static int estimate_name(struct catalogue *c, const struct query *q, struct plan *p, struct estimate *e)
{
        const struct term *t = &q->terms[FOOTAGE_BY_NAME];
        int r;

        e->prefix = DBL_MAX;
        e->name = t->n > 0 ? 0.1 : 1; /* a guess, until one of the indexes says better */
        if (t->n != 1)
                return 0;
        r = plan_prefix(t->values[0].text, p);
        if (r < 0)
                return catalogue_refuse(c, -r, "no memory for a query");
        return p->prefix ? estimate_prefix(c, p, e) : 0;
}

/* Of all filters together, where no other index is known to answer with a few entries. */
static int estimate_match(struct catalogue *c, const struct query *q, struct plan *p, struct estimate *e)
{
        double least = MIN(MIN(e->class, e->time), e->prefix);
        struct extent all = {.total = e->total, .numbered = e->total};
        struct match m;
        int r;

        e->names = e->found = DBL_MAX;
        for (size_t i = 0; i < _NUMBER_MAX; i++) {
                least = MIN(least, e->number[i]);
                if (p->numbers[i].n == 1)
                        all.numbered = MIN(all.numbered, e->number[i]);
        }
        if (least <= (q->terms[FOOTAGE_BY_NAME].n > 0 ? CHEAP_NAMES : CHEAP))
                return 0;
        r = plan_match(c, q, &all, p, &m);
        if (r < 0)
                return r;
        e->name = MIN(e->name, m.share);
        e->names = m.rows;
        e->found = m.found;
        e->entries = m.entries;
        return 0;
}

static bool annotation_asked(const struct query *q)
{
        return q->terms[FOOTAGE_BY_ANNOTATED].n > 0;
}

static int estimate_annotated(struct catalogue *c, const struct query *q, struct plan *p, struct estimate *e)
{
        double annotated;
        int r;

        e->annotated = e->total;
        if (!annotation_asked(q))
                return 0;
        r = ask_rows(c, "SELECT rows FROM footage_tally WHERE dimension = 'annotated'", NULL, 0, &annotated);
        if (r < 0)
                return r;
        e->annotated = q->terms[FOOTAGE_BY_ANNOTATED].values[0].integer ? annotated : e->total - annotated;
        p->empty = p->empty || e->annotated < 1;
        return 0;
}

static int estimate(struct catalogue *c, const struct query *q, struct plan *p, struct estimate *e)
{
        int r = ask_rows(c, "SELECT rows FROM footage_tally WHERE dimension = 'all'", NULL, 0, &e->total);

        if (r < 0)
                return r;
        p->empty = p->empty || e->total < 1;
        if (p->empty)
                return 0;
        for (size_t i = 0; r == 0 && i < _NUMBER_MAX; i++)
                r = estimate_number(c, p, (enum plan_number)i, e);
        if (r == 0)
                r = estimate_class(c, q, e);
        if (r == 0)
                r = estimate_annotated(c, q, p, e);
        if (r == 0)
                r = estimate_time(c, p, e);
        if (r == 0 && !p->empty)
                r = estimate_name(c, q, p, e);
        if (r == 0 && !p->empty)
                r = estimate_match(c, q, p, e);
        e->wanted = q->limit > 0 ? (double)q->limit : e->total;
        return r;
}

/* Unit, officer and recorder are so much of one that the rarest of them stands for all. */
static double rarest_number(const struct estimate *e)
{
        return MIN(e->number[NUMBER_UNIT], MIN(e->number[NUMBER_OFFICER], e->number[NUMBER_RECORDER])) /
               e->total;
}

/* Entries that pass before as many have matched as are wanted, when a share of 'share' of them match. */
static double until_wanted(const struct estimate *e, double share)
{
        return share > 0 ? e->wanted / share : DBL_MAX;
}

static void consider(struct way *ways, enum plan_access access, double cost, double bound)
{
        ways[access] = (struct way){.access = access, .cost = MIN(cost, bound), .bound = bound};
}

static bool by_time(const struct query *q)
{
        return q->order == ORDER_TIME || q->order == ORDER_TIME_ASC;
}

static void consider_times(const struct query *q, const struct plan *p, const struct estimate *e,
                           struct way *ways)
{
        double class = e->class / e->total, who = rarest_number(e);

        consider(ways, ACCESS_TIME, by_time(q) ? until_wanted(e, class * who * e->name) : DBL_MAX, e->time);
        for (size_t i = 0; i < _NUMBER_MAX; i++) {
                bool ordered = by_time(q) && p->numbers[i].n == 1;
                double rows = e->number[i];
                /* Within the rows of this number, the others count by what they leave of it. */
                double share = class * e->name * MIN(1, who * e->total / MAX(rows, 1));
                /* Rows of later times have higher ids. */
                double entry = q->order == ORDER_ID_DESC ? 1 + SORTED * share : 1;

                if (p->numbers[i].n > 0)
                        consider(ways, (enum plan_access)(ACCESS_UNIT + i),
                                 ordered ? until_wanted(e, share) : entry * rows * e->time / e->total,
                                 entry * MIN(rows, e->time));
        }
}

static void consider_names(const struct query *q, const struct plan *p, const struct estimate *e,
                           struct way *ways)
{
        double rest = e->class / e->total * rarest_number(e) * e->time / e->total;

        if (q->order == ORDER_NAME)
                consider(ways, ACCESS_NAME, until_wanted(e, rest * (p->prefix ? 1 : e->name)),
                         MIN(e->prefix, e->total));
        else if (p->prefix)
                consider(ways, ACCESS_NAME, e->prefix, MIN(e->prefix, e->total));
        if (p->names)
                consider(ways, ACCESS_NAMES, LOOKUP * e->names, LOOKUP * e->names);
}

/* Rows of one time were filed at about one time: between the ids of the days asked for they stand close. */
static void consider_ids(const struct plan *p, const struct estimate *e, double share, struct way *ways)
{
        double window = p->windowed ? (double)(p->last_id - p->first_id) + 1 : e->total;

        consider(ways, ACCESS_ID, NEXT_ROW * until_wanted(e, MIN(1, share * e->total / window)),
                 NEXT_ROW * window);
}

/* The same out of the full text index: each entry is looked up, but only those that have the groups. */
static void consider_match(const struct plan *p, const struct estimate *e, double share, struct way *ways)
{
        double found = MAX(e->found, 1);

        if (p->match)
                consider(ways, ACCESS_MATCH, LOOKUP * until_wanted(e, MIN(1, share * e->total / found)),
                         LOOKUP * found + e->entries);
}

static void consider_others(const struct query *q, const struct plan *p, const struct estimate *e,
                            struct way *ways)
{
        double all = e->class / e->total * rarest_number(e) * e->time / e->total * e->name;

        if (has_class(q))
                consider(ways, ACCESS_CLASS, e->class, e->class);
        if (q->order == ORDER_SIZE || q->order == ORDER_SIZE_DESC)
                consider(ways, ACCESS_SIZE, until_wanted(e, all), e->total);
        if (q->order == ORDER_ID || q->order == ORDER_ID_DESC) {
                consider_ids(p, e, all, ways);
                consider_match(p, e, all, ways);
        }
        /* Each finds next to nothing, whatever else is asked. */
        if (q->terms[FOOTAGE_BY_DOCKING].n > 0)
                consider(ways, ACCESS_DOCKING, 2, 2);
        if (q->terms[FOOTAGE_BY_CASE].n > 0)
                consider(ways, ACCESS_CASE, 3, 3);
        if (q->terms[FOOTAGE_BY_SHA256].n > 0)
                consider(ways, ACCESS_SHA256, 1, 1);
        if (q->terms[FOOTAGE_BY_ID].n > 0)
                consider(ways, ACCESS_ID, 0, 0);
}

/* No other index knows of it: for each entry the row is looked up, which a walk by ids does anyway. */
static void consider_annotation(const struct query *q, const struct estimate *e, struct way *ways)
{
        double who = rarest_number(e), others = e->class / e->total * e->name;

        if (!annotation_asked(q))
                return;
        for (size_t i = ACCESS_TIME; i <= ACCESS_ID; i++) {
                double look = i == ACCESS_ID ? 1 : LOOKUP;

                ways[i].bound *= look;
                ways[i].cost = MIN(ways[i].cost * look * e->total / e->annotated, ways[i].bound);
        }
        consider(ways, ACCESS_ANNOTATION,
                 by_time(q) ? until_wanted(e, who * others * e->time / e->total) : DBL_MAX, e->annotated);
}

static void choose(const struct way *ways, struct plan *p)
{
        const struct way *best = &ways[ACCESS_TIME], *safest = &ways[ACCESS_TIME];

        for (size_t i = 0; i < _ACCESS_MAX; i++) {
                const struct way *w = &ways[i];

                if (w->cost < best->cost || (w->cost == best->cost && w->bound < best->bound))
                        best = w;
                if (w->bound < safest->bound)
                        safest = w;
        }
        p->best = best->access;
        p->safest = best->bound <= 2 * MAX(best->cost, safest->bound) ? best->access : safest->access;
        p->budget = (int64_t)MIN(MAX(safest->bound, 1000), 1e15);
}

int plan_make(struct catalogue *c, const struct query *q, struct plan *ret)
{
        struct estimate e = {0};
        struct way ways[_ACCESS_MAX];
        int r = 0;

        *ret = (struct plan){.best = ACCESS_NONE, .safest = ACCESS_NONE};
        bound_time(q, ret);
        for (size_t i = 0; r == 0 && i < _NUMBER_MAX; i++)
                r = resolve_number(c, q, ret, (enum plan_number)i);
        if (r == 0)
                r = resolve_cases(c, q, ret);
        if (r == 0)
                r = estimate(c, q, ret, &e);
        if (r < 0 || ret->empty)
                return r;
        for (size_t i = 0; i < _ACCESS_MAX; i++)
                consider(ways, (enum plan_access)i, DBL_MAX, DBL_MAX);
        consider_times(q, ret, &e, ways);
        consider_names(q, ret, &e, ways);
        consider_others(q, ret, &e, ways);
        consider_annotation(q, &e, ways);
        choose(ways, ret);
        return 0;
}
