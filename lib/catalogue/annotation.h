/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Footage that nobody has annotated (R-28-7): it is in no case that has number, party and handler. What came
 * before the station first looked for it does not count, so that a station which has footage of years does
 * not drown in it. Nothing here walks more than ANNOTATION_COUNT_MAX footage of a unit.
 */

#include "catalogue/catalogue.h"
#include "catalogue/registry.h"

#define ANNOTATION_COUNT_MAX 1000

/* Since when footage counts by its offload: 'now', at the first call of all. Needs a transaction then, so
 * call annotation_begin() when annotation_since() says CATALOGUE_ABSENT. */
int annotation_since(struct catalogue *c, instant_t *ret);
int annotation_begin(struct catalogue *c, instant_t now);

/* Of one unit, or of footage without one (number ""). */
struct annotation_due {
        char number[REGISTRY_TEXT_MAX];
        int64_t overdue; /* offloaded by 'until' and not annotated; ANNOTATION_COUNT_MAX: that many or more
                          */
        instant_t first, last; /* offload of the first and the last of them, INSTANT_NONE none */
        instant_t next;        /* offload of the next one after 'until', INSTANT_NONE none */
};

/* Every unit, its footage that was offloaded since 'since'. The callback may not write; a non-zero return of
 * it ends the walk and is returned. Needs no transaction. */
int annotation_each(struct catalogue *c, instant_t since, instant_t until,
                    int (*on_unit)(void *userdata, const struct annotation_due *d), void *userdata);
