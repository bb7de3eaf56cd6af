/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Why a recorder did not record for a time: the reason, who reported it and who approved it (Art. 23). Which
 * gaps that explains is for rules/continuity.h to say.
 */

#include "catalogue/catalogue.h"

struct explanation {
        int64_t id;
        int64_t recorder;
        instant_t from, to;
        char reason[32]; /* a word of gap_reason_text() */
        char text[512];  /* "" none */
        char reporter[128], approver[128];
};

/* Writes one, by 'actor' and now: "gap.explained" of the recorder in the ledger. CATALOGUE_ABSENT: there is
 * no such recorder. -EINVAL when it ends before it begins. */
int explanation_add(struct catalogue *c, const char *actor, const struct explanation *e, int64_t *ret_id);

/* How much of [from, to) of a recorder is explained; needs no transaction. *ret_whole: all of it, as
 * explanation_is_whole() says. *ret_last: the one that was entered last of those that touch it, 0 none. */
int explanation_of(struct catalogue *c, int64_t recorder, instant_t from, instant_t to, bool *ret_whole,
                   int64_t *ret_last);
