/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is due: the duty ledger's rows held against the rules of rules/deadline.h and rules/missing.h.
 * Nothing of it is stored, so that a deadline is never older than the facts and the configuration it follows
 * from.
 */

#include "catalogue/duty.h"
#include "rules/deadline.h"
#include "rules/missing.h"

/* The facts of a duty as the rules take them, of a recorder (nothing is recorded that is known of); NULL: no
 * duty covers it. */
struct deadline_facts due_facts(const struct duty *d);

/* The same for where the recorder is. 'retired' is when it went out of service, or INSTANT_NONE. */
struct missing_facts due_missing_facts(const struct duty *d, instant_t retired);

struct due_rules {
        const struct deadline_rules *deadlines;
        const struct missing_rules *missing;
};

/* What is due of one duty that waits. */
struct due {
        struct deadline deadline;
        enum deadline_state state; /* at 'now' */
        instant_t missing;         /* from when on its recorder is missing, as long as it is in service;
                                      INSTANT_NONE:         it is back, or will never be */
};

/* One duty that waits. Runs inside the walk: it may not write. A non-zero return ends the walk and is
 * returned. */
typedef int due_fn(void *userdata, const struct duty *d, const struct due *due);

/* Calls 'on_due' (may be NULL) for every duty that waits, and gives the first instant after 'now' at which
 * something changes, INSTANT_NONE when nothing will. */
int due_each(struct catalogue *c, const struct due_rules *rules, instant_t now, due_fn *on_due,
             void *userdata, instant_t *ret_next);
