// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the full text index tells of a query. How rare a group of characters is, is judged by a
 * sample from either end of the rows: names carry dates, and what stands close together at one end would
 * pass for common. The rarest groups are then read together, as rows that have all of them, as long as one
 * more leaves out more work than it makes; each is to be so rare that reading all of it takes a millisecond
 * or two, for nothing can interrupt that. What they find is listed where it is less than a walk to as many
 * rows as are wanted would pass.
 */
#include "catalogue/query_plan.h"
#include "base/cleanup.h"

#include <float.h>
#include <string.h>

#define SAMPLE      64     /* rows by which it is judged how rare a group is */
#define ENTRIES_MAX 150000 /* of one group that are read together with others' */
#define ROWS_MAX    4000   /* that are listed at most */
#define SPOTS       16     /* of all rows, one at either end is looked into */
#define GROUPS_MAX  5      /* that are read together */
#define ENTRY       0.05   /* what one of the full text index costs, in those of others (query_plan.c) */

DEFINE_CLEANUP(char *, sqlite3_free);

/* An expression of the index and the share of rows that it finds. */
struct group {
        const char *expression;
        const char *before, *after; /* those of a name that overlap with it, NULL: none */
        double share;
        double sampled; /* what it was by the ends alone */
};

/* What is looked through. */
struct window {
        int64_t first, last;
        double rows;
};

static struct window plan_window(const struct plan *p, double total)
{
        double rows = p->windowed ? (double)(p->last_id - p->first_id) + 1 : total;

        return (struct window){p->first_id, p->windowed ? p->last_id : INT64_MAX, MAX(rows, 1)};
}

/* How many of the first SAMPLE rows there are, and the id of the last of them. */
static int sample(struct catalogue *c, const char *sql, const char *expression, const struct window *w,
                  double *ret_n, double *ret_id)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, sql, &s);

        if (r < 0)
                return r;
        r = statement_bind(
                        c, s,
                        VALUES(RAW_TEXT(expression), INTEGER(w->first), INTEGER(w->last), INTEGER(SAMPLE)));
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        *ret_n = sqlite3_column_double(s, 0);
        *ret_id = sqlite3_column_double(s, 1);
        return 0;
}

/* Ids come in order: how far the few at one end lie apart says how many there are. */
static int share_at(struct catalogue *c, const char *expression, const struct window *w, bool last,
                    double *ret)
{
        static const char *const sql[] = {
                        "SELECT count(*), max(rowid) FROM (SELECT rowid FROM footage_name WHERE footage_name"
                        " MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid LIMIT ?4)",
                        "SELECT count(*), min(rowid) FROM (SELECT rowid FROM footage_name WHERE footage_name"
                        " MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC LIMIT ?4)",
        };
        double n, id, reach;
        int r = sample(c, sql[last], expression, w, &n, &id);

        if (r < 0)
                return r;
        reach = last ? (w->last == INT64_MAX ? w->rows : (double)w->last) - id : id - (double)w->first;
        *ret = n / (n < SAMPLE ? w->rows : MAX(reach + 1, 1));
        return 0;
}

/* The lesser of both ends; the second is asked where the first would leave the group out. */
static int find_share(struct catalogue *c, const struct window *w, struct group *g)
{
        double other;
        int r = share_at(c, g->expression, w, false, &g->share);

        if (r < 0 || g->share * w->rows <= ENTRIES_MAX)
                return r;
        r = share_at(c, g->expression, w, true, &other);
        if (r < 0)
                return r;
        g->share = MIN(g->share, other);
        return 0;
}

/* Rarest first. */
static int sort_group(struct catalogue *c, const struct window *w, struct group g, struct group *groups,
                      size_t n)
{
        int r = find_share(c, w, &g);

        if (r < 0)
                return r;
        g.sampled = g.share;
        for (; n > 0 && groups[n - 1].share > g.share; n--)
                groups[n] = groups[n - 1];
        groups[n] = g;
        return 0;
}

static int sort_names(struct catalogue *c, const struct window *w, const struct part *parts, size_t n,
                      struct group *ret)
{
        int r = 0;

        for (size_t i = 0; i < n && r == 0; i++) {
                bool ends = i + 1 == n || !parts[i + 1].joined;
                const struct group g = {.expression = parts[i].expression,
                                        .before = parts[i].joined ? parts[i - 1].expression : NULL,
                                        .after = ends ? NULL : parts[i + 1].expression};

                r = sort_group(c, w, g, ret, i);
        }
        return r;
}

static int sort_facts(struct catalogue *c, const struct window *w, const struct facts *facts,
                      struct group *ret)
{
        int r = 0;

        for (size_t i = 0; i < facts->n && r == 0; i++)
                r = sort_group(c, w, (struct group){.expression = facts->expressions[i]}, ret, i);
        return r;
}

struct choice {
        const struct group *groups[GROUPS_MAX];
        size_t n, n_names;
        double rows; /* expected of all of them, if they are independent */
};

/* Not what leaves out less than it costs. */
static bool is_worth_it(const struct group *g, const struct choice *chosen, const struct window *w)
{
        double entries = g->share * w->rows;

        return chosen->n < GROUPS_MAX && entries <= ENTRIES_MAX &&
               (chosen->n == 0 || ENTRY * entries < LOOKUP * chosen->rows * (1 - g->share));
}

/* The samples end with the same row: "WAV" is where ".WA" is, and where the kind is audio. */
static bool is_alike(const struct group *g, const struct choice *chosen)
{
        for (size_t i = 0; i < chosen->n; i++)
                if (chosen->groups[i]->sampled <= g->sampled && chosen->groups[i]->sampled >= g->sampled)
                        return true;
        return false;
}

static bool is_chosen(const char *expression, const struct choice *chosen)
{
        for (size_t i = 0; i < chosen->n && expression; i++)
                if (chosen->groups[i]->expression == expression)
                        return true;
        return false;
}

/* Where its neighbours in a name both are it nearly always is: "615" and "506" are not independent of
 * "061". */
static bool is_implied(const struct group *g, const struct choice *chosen)
{
        return is_chosen(g->before, chosen) && is_chosen(g->after, chosen);
}

/* What is rare at one end may be most of what lies between: a month of one year. So it is looked at in each
 * quarter, where few enough are at the end that the group is to be read. */
static int refine_share(struct catalogue *c, const struct window *w, struct group *g)
{
        double quarter = w->rows / 4, sum = g->share;

        if (g->share * w->rows < SAMPLE || quarter < SAMPLE)
                return 0;
        for (int i = 1; i < 4; i++) {
                int64_t first = w->first + (int64_t)(quarter * i);
                struct window part = {first, first + (int64_t)quarter, quarter};
                double share;
                int r = share_at(c, g->expression, &part, i == 3, &share);

                if (r < 0)
                        return r;
                sum += share;
        }
        g->share = sum / 4;
        return 0;
}

/* Rarest first, as far as one end tells: both are in that order. */
static int choose_groups(struct catalogue *c, struct group *names, size_t n_names, struct group *facts,
                         size_t n_facts, const struct window *w, struct choice *ret)
{
        size_t i = 0, j = 0;

        *ret = (struct choice){.rows = w->rows};
        while (i < n_names || j < n_facts) {
                bool name = j == n_facts || (i < n_names && names[i].share <= facts[j].share);
                struct group *g = name ? &names[i++] : &facts[j++];
                int r;

                if (is_alike(g, ret) || is_implied(g, ret))
                        continue;
                if (!is_worth_it(g, ret, w))
                        return 0;
                r = refine_share(c, w, g);
                if (r < 0)
                        return r;
                if (!is_worth_it(g, ret, w))
                        continue;
                ret->groups[ret->n++] = g;
                ret->n_names += name;
                ret->rows *= g->share;
        }
        return 0;
}

static char *choice_expression(const struct choice *chosen)
{
        sqlite3_str *s = sqlite3_str_new(NULL);

        for (size_t i = 0; i < chosen->n; i++)
                sqlite3_str_appendf(s, "%s%s", i > 0 ? " AND " : "", chosen->groups[i]->expression);
        return sqlite3_str_finish(s);
}

/* In order of ids, and *ret_share: of all rows, of those that there are at least. */
static int list_rows(struct catalogue *c, const char *expression, const struct window *w, struct plan *p,
                     struct match *m, double *ret_share)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c,
                              "SELECT count(*), max(id), json_group_array(id) FROM (SELECT rowid AS id FROM"
                              " footage_name WHERE footage_name MATCH ?1 AND rowid BETWEEN ?2 AND ?3"
                              " ORDER BY rowid LIMIT ?4)",
                              &s);
        double n;

        if (r < 0)
                return r;
        r = statement_bind(c, s,
                           VALUES(RAW_TEXT(expression), INTEGER(w->first), INTEGER(w->last),
                                  INTEGER(ROWS_MAX)));
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        n = sqlite3_column_double(s, 0);
        if (n >= ROWS_MAX) {
                *ret_share = n / MAX(sqlite3_column_double(s, 1) - (double)w->first + 1, 1);
                return 0;
        }
        *ret_share = n / w->rows;
        m->rows = n;
        p->empty = p->empty || n < 1;
        p->names = strdup((const char *)sqlite3_column_text(s, 2));
        return p->names ? 0 : catalogue_refuse(c, ENOMEM, "no memory for a query");
}

/* Entries that a walk in the order asked for passes until it has as many rows as are wanted: in order of
 * time among those of the rarest number, in another one among all. */
static double walk(const struct query *q, double rows, const struct window *w, const struct extent *all)
{
        double wanted = q->limit > 0 ? (double)q->limit : all->total;
        bool by_time = q->order == ORDER_TIME || q->order == ORDER_TIME_ASC;
        double passed = by_time ? MIN(w->rows, all->numbered) : all->total;

        return rows > wanted ? passed * wanted / rows : passed;
}

/* Whether they are few at either end: those of one day stand together, and to look for the first of them
 * would pass half of all there are. *ret_share is where they are many. */
static int find_together(struct catalogue *c, const char *expression, const struct window *w, bool *ret_few,
                         double *ret_share)
{
        double rows = w->rows / SPOTS, shares[2];
        int64_t last = w->last == INT64_MAX ? (int64_t)w->rows : w->last;
        const struct window ends[] = {{w->first, w->first + (int64_t)rows, MAX(rows, 1)},
                                      {last - (int64_t)rows, last, MAX(rows, 1)}};

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                int r = share_at(c, expression, &ends[i], i == 1, &shares[i]);

                if (r < 0)
                        return r;
                *ret_few = shares[i] * ends[i].rows < SAMPLE;
                if (*ret_few)
                        return 0;
        }
        *ret_share = MIN(shares[0], shares[1]);
        return 0;
}

static double choice_entries(const struct choice *chosen, const struct window *w)
{
        double entries = 0;

        for (size_t i = 0; i < chosen->n; i++)
                entries += chosen->groups[i]->share * w->rows;
        return entries;
}

/* The rows that have all of the groups chosen. */
static int match_together(struct catalogue *c, const struct query *q, const struct window *w,
                          const struct extent *all, const struct choice *chosen, struct plan *p,
                          struct match *m)
{
        _cleanup_(sqlite3_freep) char *expression = choice_expression(chosen);
        double share = 0;
        bool list = false;
        int r;

        if (!expression)
                return chosen->n > 0 ? catalogue_refuse(c, ENOMEM, "no memory for a query") : 0;
        r = find_together(c, expression, w, &list, &share);
        m->found = share * w->rows;
        if (!list)
                list = m->found <= 2 * ROWS_MAX && LOOKUP * m->found <= walk(q, m->found, w, all);
        if (r == 0 && list)
                r = list_rows(c, expression, w, p, m, &share);
        if (r < 0)
                return r;
        if (chosen->n_names == chosen->n)
                m->share = MIN(m->share, share);
        m->found = share * w->rows;
        m->entries = ENTRY * choice_entries(chosen, w);
        if (!p->names)
                p->match = TAKE_PTR(expression);
        return 0;
}

static int match_groups(struct catalogue *c, const struct query *q, const struct extent *all,
                        const struct part *parts, size_t n_parts, const struct facts *facts, struct plan *p,
                        struct match *m)
{
        struct group names[PARTS_MAX] = {0}, others[FACTS_MAX] = {0};
        struct window w = plan_window(p, all->total);
        struct choice chosen;
        int r = sort_names(c, &w, parts, n_parts, names);

        if (r == 0)
                r = sort_facts(c, &w, facts, others);
        if (r < 0)
                return r;
        if (n_parts > 0)
                m->share = names[0].share;
        r = choose_groups(c, names, n_parts, others, facts->n, &w, &chosen);
        return r < 0 ? r : match_together(c, q, &w, all, &chosen, p, m);
}

/* The index holds what was judged when a row was filed. */
static int find_facts(struct catalogue *c, const struct query *q, const struct plan *p, struct facts *ret)
{
        int64_t rejudged = 0;
        int r = statement_integer(c, "SELECT rows FROM footage_tally WHERE dimension = 'rejudged'", NULL, 0,
                                  &rejudged);

        if (r < 0 || rejudged > 0)
                return r;
        return plan_facts(q, p, ret) < 0 ? catalogue_refuse(c, ENOMEM, "no memory for a query") : 0;
}

int plan_match(struct catalogue *c, const struct query *q, const struct extent *all, struct plan *p,
               struct match *ret)
{
        const struct term *name = &q->terms[FOOTAGE_BY_NAME];
        _cleanup_(facts_done) struct facts facts = {0};
        struct part parts[PARTS_MAX];
        size_t n = 0;
        int r = find_facts(c, q, p, &facts);

        *ret = (struct match){.share = 1, .rows = DBL_MAX, .found = DBL_MAX};
        if (r == 0 && name->n == 1 && plan_parts(name->values[0].text, parts, &n) < 0)
                r = catalogue_refuse(c, ENOMEM, "no memory for a query");
        if (r == 0 && n + facts.n > 0)
                r = match_groups(c, q, all, parts, n, &facts, p, ret);
        for (size_t i = 0; i < n; i++)
                free(parts[i].expression);
        return r;
}
