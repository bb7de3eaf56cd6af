/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Holds: what somebody has said must be kept, whatever its term, until somebody releases it. Of a case, with
 * all that is or will be in it, or of one footage. Any number of them may stand at once. What is held can
 * not enter the screening before a destruction (R-28-24).
 */

#include "catalogue/catalogue.h"

/* Why. The catalogue keeps the words. */
enum hold_reason { HOLD_LITIGATION, HOLD_COMPLAINT, HOLD_TRANSFER, HOLD_OTHER, _HOLD_REASON_MAX };

/* "litigation", "complaint", "transfer", "other" and back (-EINVAL). */
const char *hold_reason_text(enum hold_reason reason);
int hold_reason_from_text(const char *text, enum hold_reason *ret);

struct hold {
        int64_t id;
        int64_t case_file, footage; /* one of them, the other 0 */
        char reason[32];            /* a word of hold_reason_text() */
        char text[512];             /* "" none */
        instant_t held_at;
        char held_by[256];     /* actor */
        instant_t released_at; /* INSTANT_NONE: it stands; nothing of the rest then */
        char released_by[256]; /* actor */
        char release_reason[512], release_approver[128];
};

/* Holds from now on, by 'actor': "retention.held" of the case or the footage in the ledger. Of 'h' counts
 * what it is of, why and the text. CATALOGUE_ABSENT: there is no such case or footage. */
int hold_add(struct catalogue *c, const char *actor, const struct hold *h, int64_t *ret_id);

/* Releases it: "retention.released" in the ledger. Neither reason nor approver may be empty (-EINVAL).
 * CATALOGUE_ABSENT: there is none with this number; CATALOGUE_CONFLICT: it was released before. */
int hold_release(struct catalogue *c, const char *actor, int64_t id, const char *reason,
                 const char *approver);

/* CATALOGUE_ABSENT when there is none. Needs no transaction. */
int hold_by_id(struct catalogue *c, int64_t id, struct hold *ret);
