/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How long the footage of the catalogue is kept: SQL functions that give rules/retention.h what the rows say
 * of a footage, its case and its holds. Nothing of it is stored, so that a class, a hold or a profile that
 * changes is seen at once, and in every row.
 */

#include "catalogue/catalogue.h"
#include "rules/retention.h"

/* By which rules, on this connection; takes a reference of its own, NULL takes them away. Until it is
 * called, and by a broken profile, all is kept for ever. Not while a statement runs. */
void catalogue_set_retention(struct catalogue *c, struct retention_rules *rules);
/* Those rules, which stay the connection's. NULL: none. */
const struct retention_rules *catalogue_retention(const struct catalogue *c);

/* What a case says of the retention of its footage. Words of the profile, "" not known. */
struct case_retention {
        char premises_class[RETENTION_WORD_MAX];
        char category[RETENTION_WORD_MAX];
        bool evidence;
        instant_t file_until; /* as of case_file; INSTANT_NONE unknown */
};

/* What a change would take from the time that footage is kept. */
struct shortening {
        int64_t footage;     /* how many; 0: nothing */
        int64_t first;       /* one of them */
        day_t before, after; /* of that one; RETENTION_NEVER for ever */
};

/*
 * Would footage of the case be kept shorter, or leave the long-term categories, if the case were as in
 * 'after': retention_change_is_approved() of each. CATALOGUE_ABSENT: there is no such case. Needs no
 * transaction.
 *
 * Footage whose class was never known is not kept shorter by the first that becomes known: that is the
 * annotation everybody owes (R-28-7), and no change of a class. A class, a category or a case that was taken
 * away before counts as known, so that nobody goes around by way of none.
 */
int retention_case_shortens(struct catalogue *c, int64_t case_file, const struct case_retention *after,
                            struct shortening *ret);

/* The same of footage that would go into another case; 0: out of its own. Footage that is not there does not
 * count. */
int retention_move_shortens(struct catalogue *c, const int64_t *footage, size_t n, int64_t to_case,
                            struct shortening *ret);
