/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One file of footage in the target of a backup: is it there as it has to be, and if not, copied from the
 * store. */

#include "backup/target.h"
#include "base/proved_copy.h"
#include "catalogue/footage.h"
#include "store/store.h"

enum backup_file_outcome {
        BACKUP_FILE_THERE = 0,
        BACKUP_FILE_COPIED = 1,
        BACKUP_FILE_LACKING = 2, /* the store does not have it as it has to be: 'reason' */
};

struct backup_file {
        const struct target *target;
        struct store *store;
        const struct pace *pace;
        const char *displaced;    /* what was not it goes below displaced/<this>/ */
        char last_name[PATH_MAX]; /* of target_folders() */
        const char *reason;       /* "missing", "mismatch", "unreadable" */
        int64_t n_displaced;
        bool cached; /* one was read back from memory and not from the disk: the file system has no other way
                      */
};

/* Returns a backup_file_outcome, or a negative errno of the target. A file there is read whole. */
int backup_file_bring(struct backup_file *b, const struct footage_file *f);

enum backup_file_state {
        BACKUP_FILE_GOOD = 0,
        BACKUP_FILE_MISSING = 1,
        BACKUP_FILE_DIFFERS = 2,
        BACKUP_FILE_UNREADABLE = 3,
};

/* Reads the file in the target and compares. Returns a backup_file_state, or a negative errno of the target
 * or the pace. *ret_found and *ret_size are set when it could be read. */
int backup_file_compare(const struct target *t, const struct footage_file *f, const struct pace *pace,
                        struct digest_values *ret_found, int64_t *ret_size, bool *ret_cached);
/* By its size alone. */
bool backup_file_exists(const struct target *t, const struct footage_file *f);
