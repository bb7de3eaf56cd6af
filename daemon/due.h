/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is due: the duty ledger's rows held against the rules of rules/deadline.h. Nothing of it is stored,
 * so that a deadline is never older than the facts and the configuration it follows from.
 */

#include "catalogue/duty.h"
#include "rules/deadline.h"

/* The facts of a duty as the rules take them, of a recorder (nothing is recorded that is known of); NULL: no
 * duty covers it. */
struct deadline_facts due_facts(const struct duty *d);

/* One duty that waits and whose notice or violation stands at 'now'. Runs inside the walk: it may not write.
 * A non-zero return ends the walk and is returned. */
typedef int due_fn(void *userdata, const struct duty *d, const struct deadline *deadline,
                   enum deadline_state state);

/* Calls 'on_due' (may be NULL) for every duty that waits, and gives the first instant after 'now' at which
 * something changes, INSTANT_NONE when nothing will. */
int due_each(struct catalogue *c, const struct deadline_rules *rules, instant_t now, due_fn *on_due,
             void *userdata, instant_t *ret_next);
