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

/* The keys of window i begin at places[i]. */
struct sweep {
        struct depth *depths;
        size_t n_depths;
        struct coverage_window *windows;
        size_t *places;
        size_t n_windows;
        int64_t *keys;
        size_t n_keys, allocated_keys;
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
        s->windows = calloc(c->n + 1, sizeof(*s->windows));
        s->places = calloc(c->n + 1, sizeof(*s->places));
        if (!s->depths || !s->windows || !s->places)
                return -ENOMEM;
        for (size_t i = 0; i < c->n; i++)
                if (i == 0 || c->edges[i].key != c->edges[i - 1].key)
                        s->depths[s->n_depths++].key = c->edges[i].key;
        if (c->n > 0)
                qsort(c->edges, c->n, sizeof(*c->edges), edge_compare);
        return 0;
}

static void sweep_done(struct sweep *s)
{
        free(s->depths);
        free(s->windows);
        free(s->places);
        free(s->keys);
}

static void sweep_step(struct sweep *s, const struct edge *e)
{
        const struct depth wanted = {.key = e->key};
        struct depth *d = bsearch(&wanted, s->depths, s->n_depths, sizeof(*s->depths), depth_compare);

        if (e->certain)
                d->certain += e->step;
        else
                d->possible += e->step;
}

static int keys_grow(struct sweep *s, size_t more)
{
        size_t n = MAX(2 * s->allocated_keys, s->n_keys + more + 64);
        int64_t *grown;

        if (s->n_keys + more <= s->allocated_keys)
                return 0;
        grown = realloc(s->keys, n * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        s->keys = grown;
        s->allocated_keys = n;
        return 0;
}

static bool window_same(const struct sweep *s, const struct coverage_window *w)
{
        const struct coverage_window *last = s->n_windows > 0 ? &s->windows[s->n_windows - 1] : NULL;

        return last && last->recorders == w->recorders && last->unknown == w->unknown &&
               memcmp(s->keys + s->places[s->n_windows - 1], s->keys + s->n_keys,
                      w->recorders * sizeof(*s->keys)) == 0;
}

/* What stands between two edges: joined to the window before when it says the same. */
static int sweep_window(struct sweep *s, instant_t from, instant_t to)
{
        struct coverage_window w = {.from = from, .to = to};

        if (keys_grow(s, s->n_depths + 1) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < s->n_depths; i++) {
                if (s->depths[i].certain > 0)
                        s->keys[s->n_keys + w.recorders++] = s->depths[i].key;
                else if (s->depths[i].possible > 0)
                        w.unknown++;
        }
        if (window_same(s, &w)) {
                s->windows[s->n_windows - 1].to = to;
                return 0;
        }
        s->windows[s->n_windows] = w;
        s->places[s->n_windows++] = s->n_keys;
        s->n_keys += w.recorders;
        return 0;
}

/* For longer than 'least' no more recorders than in window 'at', with the windows around it? */
static bool window_lasts(const struct sweep *s, size_t at, int64_t least)
{
        size_t most = s->windows[at].recorders, first = at, last = at;

        while (s->windows[last].to - s->windows[first].from <= least) {
                if (first > 0 && s->windows[first - 1].recorders <= most)
                        first--;
                else if (last + 1 < s->n_windows && s->windows[last + 1].recorders <= most)
                        last++;
                else
                        return false;
        }
        return true;
}

static int sweep_tell(struct sweep *s, int64_t least,
                      int (*on_window)(void *userdata, const struct coverage_window *w), void *userdata)
{
        for (size_t i = 0; i < s->n_windows; i++) {
                int r;

                s->windows[i].keys = s->keys + s->places[i];
                if (!window_lasts(s, i, least))
                        continue;
                r = on_window(userdata, &s->windows[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}

int coverage_each(struct coverage *c, int64_t least,
                  int (*on_window)(void *userdata, const struct coverage_window *w), void *userdata)
{
        _cleanup_(sweep_done) struct sweep s = {.n_windows = 0};
        instant_t from = c->from;
        int r = sweep_begin(&s, c);

        for (size_t i = 0; r == 0 && i < c->n; i++) {
                if (c->edges[i].at > from) {
                        r = sweep_window(&s, from, c->edges[i].at);
                        from = c->edges[i].at;
                }
                sweep_step(&s, &c->edges[i]);
        }
        if (r == 0 && from < c->to)
                r = sweep_window(&s, from, c->to);
        return r == 0 ? sweep_tell(&s, least, on_window, userdata) : r;
}
