/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What one docking has to do: every item the recorder listed, and how far it is. Pure data, no I/O: the
 * order of pulling, the next one to fetch, and the counts of the receipt are computed here.
 */

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plan_state {
        PLAN_WAITING,  /* to be fetched */
        PLAN_FETCHING, /* a FETCH is with the worker */
        PLAN_PROVING,  /* all bytes here, being proved and filed */
        PLAN_HELD,     /* was footage before this docking */
        PLAN_FILED,    /* became footage in this docking */
        PLAN_FAILED,   /* given up until the next docking */
        _PLAN_STATE_MAX,
};

struct plan_entry {
        int64_t item;
        uint32_t index;        /* the driver's key */
        uint32_t flags;        /* enum recorder_item_flags */
        int64_t size;          /* as listed, -1 unknown */
        instant_t device_time; /* INSTANT_NONE unknown */
        enum plan_state state;
        unsigned int attempts;
        uint64_t sent;             /* order of the FETCHes: the worker does them one after the other */
        int64_t received;          /* bytes in the part */
        int64_t resumed_at;        /* where the FETCH under way went on; 0 from the beginning */
        unsigned int n_unreadable; /* ranges told of in it */
        int64_t least;             /* of an unknown size: what has come so far, and had no room; 0 */
        bool too_long, no_room;    /* the same, cut off: by ItemMax=, by KeepFree= */
        bool removable;            /* filed, proved, complete, not protected */
        bool remove_asked;
        bool renamed; /* its item's path is not the one that the recorder told */
};

struct plan {
        struct plan_entry **order; /* of pulling, once sorted; of listing before */
        size_t n, allocated;
        struct plan_entry **slots; /* hash by item */
        size_t n_slots;
        size_t next;   /* everything before it in 'order' has left PLAN_WAITING for good or for now */
        uint64_t sent; /* FETCHes so far */
        size_t counts[_PLAN_STATE_MAX];
        int64_t bytes_total; /* known sizes of what is not held */
};

void plan_clear(struct plan *p);

/* Adds an entry. -EEXIST when the item is there already. *ret stays owned by the plan. */
int plan_add(struct plan *p, const struct plan_entry *e, struct plan_entry **ret);
struct plan_entry *plan_find(const struct plan *p, int64_t item);
void plan_set_state(struct plan *p, struct plan_entry *e, enum plan_state state);

/* Marked important first, then the oldest (its deadline is the nearest), then as listed. */
void plan_sort(struct plan *p);
/* The next to fetch, NULL when none waits. */
struct plan_entry *plan_next(struct plan *p);
/* The one that the worker is at: of those with it the first that was sent. NULL when it has none. */
struct plan_entry *plan_running(const struct plan *p);
/* Nothing waits, is being fetched or proved. */
bool plan_is_done(const struct plan *p);
