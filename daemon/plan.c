// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The plan of a docking; see plan.h. Entries never move in memory, so a pointer stays good until
 * plan_clear(). A recorder may list hundreds of thousands of files: finding by item is a hash, the next one
 * a cursor.
 */
#include "daemon/plan.h"
#include "base/cleanup.h"
#include "recorder/recorder.h"

#include <string.h>

void plan_clear(struct plan *p)
{
        for (size_t i = 0; i < p->n; i++)
                free(p->order[i]);
        free(p->order);
        free(p->slots);
        *p = (struct plan){0};
}

/* Multiplicative hashing (Knuth, TAOCP 6.4); n_slots is a power of two and never more than half full. */
static size_t slot_of(const struct plan *p, int64_t item)
{
        size_t i = (size_t)((uint64_t)item * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (p->n_slots - 1);

        while (p->slots[i] && p->slots[i]->item != item)
                i = (i + 1) & (p->n_slots - 1);
        return i;
}

static int slots_grow(struct plan *p)
{
        size_t n = p->n_slots ? 2 * p->n_slots : 64;
        struct plan_entry **slots = calloc(n, sizeof(struct plan_entry *));

        if (!slots)
                return -ENOMEM;
        free(p->slots);
        p->slots = slots;
        p->n_slots = n;
        for (size_t i = 0; i < p->n; i++)
                p->slots[slot_of(p, p->order[i]->item)] = p->order[i];
        return 0;
}

static int order_grow(struct plan *p)
{
        size_t n = p->allocated ? 2 * p->allocated : 64;
        struct plan_entry **order = realloc(p->order, n * sizeof(struct plan_entry *));

        if (!order)
                return -ENOMEM;
        p->order = order;
        p->allocated = n;
        return 0;
}

struct plan_entry *plan_find(const struct plan *p, int64_t item)
{
        return p->n_slots ? p->slots[slot_of(p, item)] : NULL;
}

int plan_add(struct plan *p, const struct plan_entry *e, struct plan_entry **ret)
{
        struct plan_entry *copy;

        if (plan_find(p, e->item))
                return -EEXIST;
        if (p->n == p->allocated && order_grow(p) < 0)
                return -ENOMEM;
        if (2 * (p->n + 1) > p->n_slots && slots_grow(p) < 0)
                return -ENOMEM;
        copy = malloc(sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = *e;
        p->order[p->n++] = copy;
        p->slots[slot_of(p, e->item)] = copy;
        p->counts[e->state]++;
        if (e->state != PLAN_HELD && e->size > 0)
                p->bytes_total += e->size;
        *ret = copy;
        return 0;
}

void plan_set_state(struct plan *p, struct plan_entry *e, enum plan_state state)
{
        p->counts[e->state]--;
        p->counts[state]++;
        e->state = state;
        if (state == PLAN_FETCHING)
                e->sent = ++p->sent;
        if (state == PLAN_WAITING)
                p->next = 0; /* a retry: look from the start again */
}

static int entry_compare(const void *x, const void *y)
{
        const struct plan_entry *a = *(struct plan_entry *const *)x, *b = *(struct plan_entry *const *)y;
        bool marked_a = a->flags & RECORDER_ITEM_MARKED, marked_b = b->flags & RECORDER_ITEM_MARKED;

        if (marked_a != marked_b)
                return marked_a ? -1 : 1;
        if (a->attempts != b->attempts) /* what failed before comes after what has not been tried */
                return a->attempts < b->attempts ? -1 : 1;
        if (a->device_time != b->device_time)
                return a->device_time < b->device_time ? -1 : 1;
        return a->index < b->index ? -1 : a->index > b->index;
}

void plan_sort(struct plan *p)
{
        if (p->n > 0)
                qsort(p->order, p->n, sizeof(struct plan_entry *), entry_compare);
        p->next = 0;
}

struct plan_entry *plan_next(struct plan *p)
{
        struct plan_entry *best = NULL;

        if (p->counts[PLAN_WAITING] == 0)
                return NULL;
        while (p->next < p->n && p->order[p->next]->state != PLAN_WAITING)
                p->next++;
        /* Retries come when everything else has had its turn. */
        for (size_t i = p->next; i < p->n; i++) {
                struct plan_entry *e = p->order[i];

                if (e->state != PLAN_WAITING)
                        continue;
                if (e->attempts == 0)
                        return e;
                if (!best || e->attempts < best->attempts)
                        best = e;
        }
        return best;
}

struct plan_entry *plan_running(const struct plan *p)
{
        struct plan_entry *first = NULL;

        if (p->counts[PLAN_FETCHING] == 0)
                return NULL;
        for (size_t i = 0; i < p->n; i++) {
                struct plan_entry *e = p->order[i];

                if (e->state == PLAN_FETCHING && (!first || e->sent < first->sent))
                        first = e;
        }
        return first;
}

bool plan_is_done(const struct plan *p)
{
        return p->counts[PLAN_WAITING] + p->counts[PLAN_FETCHING] + p->counts[PLAN_PROVING] == 0;
}
