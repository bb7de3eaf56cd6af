/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A copy of the catalogue in one file, for a backup: made while the writer goes on, checked, and read
 * without being changed. Copies lie on file systems that know no locks, so none are asked for: who makes or
 * reads one has it to himself.
 */

#include "base/proved_copy.h"
#include "catalogue/catalogue.h"

/* Copies all that is committed now to 'path', which must not exist, and syncs it. 'c' is a connection of the
 * caller's own, best a read-only one; the writer is not held up. Returns 0 or a negative errno; what was
 * written by then stays. */
int catalogue_copy(struct catalogue *c, const char *path, const struct pace *pace);

/* Opens a copy for reading, of this or an older version. CATALOGUE_DAMAGED, CATALOGUE_NEWER. It has none of
 * the functions of queries. */
int catalogue_copy_open(struct catalogue **ret, const char *path);

/* What a copy says of itself. */
struct catalogue_state {
        int64_t version;
        int64_t footage, last_footage;
        int64_t ledger_sequence;
        uint8_t ledger_hash[DIGEST_SIZE]; /* of its last entry */
};

/* Every page, index and reference, and the ledger's chain. CATALOGUE_OK, or CATALOGUE_DAMAGED with what is
 * wrong in catalogue_error(). */
int catalogue_copy_check(struct catalogue *c, const struct pace *pace, struct catalogue_state *ret);
