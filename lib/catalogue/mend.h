/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A good copy takes the place of footage's lost or damaged file, as the ledger has it: what is about to be
 * done is on record before any name is changed ("footage.mend-asked"), and what came of it after
 * ("footage.mended", "footage.mend-failed"). What is open at a start was cut off between the two.
 */

#include "catalogue/catalogue.h"

#define MEND_ASIDE_MAX 40

struct mend {
        char found[16];             /* what the store had: "missing", "mismatch" or "unreadable" */
        char aside[MEND_ASIDE_MAX]; /* "displaced/<TIME>", below which that goes */
};

/* 'source' is what the actor calls the file that the copy was made of. */
int mend_ask(struct catalogue *c, const char *actor, int64_t footage, const struct mend *m,
             const char *source);
/* 'error' NULL: it is done. */
int mend_end(struct catalogue *c, const char *actor, int64_t footage, const struct mend *m,
             const char *error);
/* The one that was asked for and has not ended. CATALOGUE_ABSENT: there is none. Needs no transaction. */
int mend_find_open(struct catalogue *c, int64_t footage, struct mend *ret);
