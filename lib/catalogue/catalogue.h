/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The index: one SQLite database, WAL, synchronous=FULL, STRICT tables, foreign keys, migrations by PRAGMA
 * user_version. One writer (recdockd's main thread); readers have connections of their own. Times are UTC
 * microseconds, NULL when unknown (INSTANT_NONE, -1 and "" in the structures here stand for NULL). Row ids
 * are positive; 0 stands for NULL.
 *
 * Every act on footage or registry appends to the ledger in the same transaction: the functions here do it
 * themselves, taking the 'actor'. They must be called inside catalogue_begin()/catalogue_commit(), unless
 * said otherwise; begin/commit nest not.
 */

#include "base/clock.h"
#include "base/digest.h"

#include <stdbool.h>
#include <stdint.h>

struct catalogue;

enum catalogue_outcome {
        CATALOGUE_OK = 0,
        CATALOGUE_ABSENT = 1,   /* no such row */
        CATALOGUE_EXISTS = 2,   /* a row with this number is there already */
        CATALOGUE_RETIRED = 3,  /* it is there, but retired */
        CATALOGUE_DAMAGED = 4,  /* catalogue_open(): not a database, or its integrity check fails */
        CATALOGUE_NEWER = 5,    /* catalogue_open(): written by a newer recdock */
        CATALOGUE_CONFLICT = 6, /* an assignment overlaps another one */
};

/* Opens or creates the database, migrates it (a copy "<path>.v<N>.bak" is made first when it holds rows),
 * and runs a quick check. Read-only: refuses to create or migrate. */
int catalogue_open(struct catalogue **ret, const char *path, bool read_only);
void catalogue_close(struct catalogue *c);
/* The text of the last SQLite error, for the one log line of the caller. */
const char *catalogue_error(const struct catalogue *c);

int catalogue_begin(struct catalogue *c);  /* IMMEDIATE */
int catalogue_commit(struct catalogue *c); /* durable when it returns 0 */
void catalogue_rollback(struct catalogue *c);

/* Appends to the ledger. 'detail' is a JSON object text. */
int catalogue_ledger(struct catalogue *c, const char *actor, const char *act, const char *subject,
                     const char *detail);
/* When the last entry was written. CATALOGUE_ABSENT: there is none. Needs no transaction. */
int catalogue_ledger_last(struct catalogue *c, instant_t *ret);
/* Walks the whole chain. CATALOGUE_OK, or CATALOGUE_DAMAGED with the first bad sequence. Needs no
 * transaction. */
int catalogue_ledger_verify(struct catalogue *c, int64_t *ret_bad_sequence, int64_t *ret_count);
