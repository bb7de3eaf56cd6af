// SPDX-License-Identifier: LGPL-2.1-or-later
/* A sweep over the ends of all spans, in order of time; see coverage.h. */
#include "rules/coverage.h"
#include "base/cleanup.h"

#include <string.h>

struct edge {
        instant_t at;
        int64_t key;
        int step; /* +1 a span begins, -1 it ends */
        bool certain;
};

struct coverage {
        instant_t from, to;
        struct edge *edges;
        size_t n, allocated;
};

/* How deep in spans each recorder is, in order of keys. */
struct depth {
        int64_t key;
        int certain, possible;
};

struct sweep {
        struct depth *depths;
        int64_t *keys, *last_keys;
        size_t n;
        struct coverage_window window; /* not told yet: what comes may say the same */
        bool waiting;
};

int coverage_new(instant_t from, instant_t to, struct coverage **ret)
{
        struct coverage *c;

        if (from >= to)
                return -EINVAL;
        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->from = from;
        c->to = to;
        *ret = c;
        return 0;
}

void coverage_free(struct coverage *c)
{
        if (!c)
                return;
        free(c->edges);
        free(c);
}

static int edges_grow(struct coverage *c)
{
        size_t n = c->allocated ? 2 * c->allocated : 64;
        struct edge *grown = realloc(c->edges, n * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        c->edges = grown;
        c->allocated = n;
        return 0;
}

int coverage_add(struct coverage *c, int64_t key, instant_t from, instant_t to, bool certain)
{
        from = MAX(from, c->from);
        to = MIN(to, c->to);
        if (from >= to)
                return 0;
        if (c->n + 2 > c->allocated && edges_grow(c) < 0)
                return -ENOMEM;
        c->edges[c->n++] = (struct edge){.at = from, .key = key, .step = 1, .certain = certain};
        c->edges[c->n++] = (struct edge){.at = to, .key = key, .step = -1, .certain = certain};
        return 0;
}

static int edge_compare(const void *x, const void *y)
{
        const struct edge *a = x, *b = y;

        return a->at < b->at ? -1 : a->at > b->at;
}

static int edge_compare_key(const void *x, const void *y)
{
        const struct edge *a = x, *b = y;

        return a->key < b->key ? -1 : a->key > b->key;
}

static int depth_compare(const void *x, const void *y)
{
        const struct depth *a = x, *b = y;

        return a->key < b->key ? -1 : a->key > b->key;
}

/* One depth for each key. */
static int sweep_begin(struct sweep *s, struct coverage *c)
{
        if (c->n > 0)
                qsort(c->edges, c->n, sizeof(*c->edges), edge_compare_key);
        s->depths = calloc(c->n + 1, sizeof(*s->depths));
        s->keys = calloc(c->n + 1, sizeof(*s->keys));
        s->last_keys = calloc(c->n + 1, sizeof(*s->last_keys));
        if (!s->depths || !s->keys || !s->last_keys)
                return -ENOMEM;
        for (size_t i = 0; i < c->n; i++)
                if (i == 0 || c->edges[i].key != c->edges[i - 1].key)
                        s->depths[s->n++].key = c->edges[i].key;
        if (c->n > 0)
                qsort(c->edges, c->n, sizeof(*c->edges), edge_compare);
        return 0;
}

static void sweep_done(struct sweep *s)
{
        free(s->depths);
        free(s->keys);
        free(s->last_keys);
}

static void sweep_step(struct sweep *s, const struct edge *e)
{
        const struct depth wanted = {.key = e->key};
        struct depth *d = bsearch(&wanted, s->depths, s->n, sizeof(*s->depths), depth_compare);

        if (e->certain)
                d->certain += e->step;
        else
                d->possible += e->step;
}

static bool window_same(const struct coverage_window *a, const struct coverage_window *b)
{
        return a->recorders == b->recorders && a->unknown == b->unknown &&
               memcmp(a->keys, b->keys, a->recorders * sizeof(*a->keys)) == 0;
}

/* What stands between two edges: joined to the window before when it says the same, else that one is told. */
static int sweep_window(struct sweep *s, instant_t from, instant_t to,
                        int (*on_window)(void *userdata, const struct coverage_window *w), void *userdata)
{
        struct coverage_window w = {.from = from, .to = to, .keys = s->keys};
        int64_t *keys = s->keys;
        int r = 0;

        for (size_t i = 0; i < s->n; i++) {
                if (s->depths[i].certain > 0)
                        s->keys[w.recorders++] = s->depths[i].key;
                else if (s->depths[i].possible > 0)
                        w.unknown++;
        }
        if (s->waiting && window_same(&s->window, &w)) {
                s->window.to = to;
                return 0;
        }
        if (s->waiting)
                r = on_window(userdata, &s->window);
        s->window = w;
        s->waiting = true;
        s->keys = s->last_keys;
        s->last_keys = keys;
        return r;
}

int coverage_each(struct coverage *c, int (*on_window)(void *userdata, const struct coverage_window *w),
                  void *userdata)
{
        _cleanup_(sweep_done) struct sweep s = {.n = 0};
        instant_t from = c->from;
        int r = sweep_begin(&s, c);

        for (size_t i = 0; r == 0 && i < c->n; i++) {
                if (c->edges[i].at > from) {
                        r = sweep_window(&s, from, c->edges[i].at, on_window, userdata);
                        from = c->edges[i].at;
                }
                sweep_step(&s, &c->edges[i]);
        }
        if (r == 0 && from < c->to)
                r = sweep_window(&s, from, c->to, on_window, userdata);
        return r == 0 && s.waiting ? on_window(userdata, &s.window) : r;
}
