/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Numbers missing between the names of one recorder. Names count together when the same pattern fits them
 * and their numbers have as many digits: recorders count in files, not in days, and where one does begin
 * anew, the numbers of the other days fill what would look like a hole. Numbers that were filed earlier are
 * not missing. A hole of more than half of all numbers there are is a counter that ran over or was reset.
 */

#include "rules/name_pattern.h"

#include <stdbool.h>
#include <stdint.h>

struct sequence_set;

struct sequence_gap {
        int64_t before, after; /* keys of the names on both sides */
        uint32_t first, last;  /* the numbers missing */
        unsigned int digits;
};

int sequence_set_new(struct sequence_set **ret);
void sequence_set_free(struct sequence_set *s);

/*
 * Takes what name_pattern_apply() found; 'key' is the caller's. 'listed': in the listing that is judged;
 * else known from before. A name without a pattern or a number of 1 to 9 digits is passed over. 0 or
 * -ENOMEM.
 */
int sequence_set_add(struct sequence_set *s, const struct name_facts *facts, int64_t key, bool listed);

typedef void sequence_gap_fn(void *userdata, const struct sequence_gap *gap);

/* Calls 'on_gap' for every hole between two listed numbers, at most 'max' times. Returns how many holes
 * there are. */
size_t sequence_set_gaps(struct sequence_set *s, size_t max, sequence_gap_fn *on_gap, void *userdata);
