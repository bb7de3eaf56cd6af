/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What would go to a medium, and what is on a volume, out of the catalogue: for the archivist's thread, and
 * for whoever asks on the bus. Any connection, also a read-only one.
 */

#include "archive/pack.h"
#include "catalogue/catalogue.h"

struct archive_plan {
        int64_t *footage; /* of the volume, in order; NULL when nothing goes there */
        size_t n;
        int64_t bytes, cost;
        size_t n_cases;
        size_t due, too_large; /* what there is that the medium has no copy of; of it larger than it takes */
        int64_t due_bytes;
};

/* Plans one volume for a medium with this room; 'medium' is its id, 0: one that nothing is on yet.
 * 'given' as in volume.h. 'without': footage of other plans, NULL none, by id. Frees with
 * archive_plan_done(). */
int archive_plan_make(struct catalogue *c, int64_t medium, const struct pack_medium *room, int64_t copies,
                      instant_t now, int64_t given, const int64_t *without, size_t n_without,
                      struct archive_plan *ret);
void archive_plan_done(struct archive_plan *p);

/* The contents of a volume as the lines of daemon/archive/archive_messages.h, in a file without a name.
 * *ret_fd is the caller's. -ENODATA: there is no such volume. */
int archive_contents_make(struct catalogue *c, int64_t volume, int *ret_fd);

/* Organization of an imprint: the one unit that is below no other, "" when there are several. */
int archive_organization(struct catalogue *c, char *ret, size_t size);
