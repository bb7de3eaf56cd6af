/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many recorders recorded at each moment of a time window: recording devices are to be carried by two
 * (Art. 26). Each recorder gives the spans that it recorded, certainly or possibly; the answer is the window
 * cut where the count changes. A recorder counts once, however many of its spans overlap.
 *
 * Pure.
 */

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct coverage;

struct coverage_window {
        instant_t from, to;
        size_t recorders;    /* that recorded */
        size_t unknown;      /* that may have recorded */
        const int64_t *keys; /* of those that recorded, in order */
};

/* Of [from, to). -EINVAL when that is empty. Free with coverage_free(). */
int coverage_new(instant_t from, instant_t to, struct coverage **ret);
void coverage_free(struct coverage *c);
/* 'key' names the recorder. What lies outside of the window is cut off. */
int coverage_add(struct coverage *c, int64_t key, instant_t from, instant_t to, bool certain);
/*
 * Calls 'on_window' in order of time, never with two that say the same next to each other. Left out is what
 * lasts no longer than 'least': no more recorders than then for so short a time, since clocks and file names
 * are not exact to the second. With 0 all is told. A non-zero return ends it and is returned.
 */
int coverage_each(struct coverage *c, int64_t least,
                  int (*on_window)(void *userdata, const struct coverage_window *w), void *userdata);
