/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A backup back onto an empty machine. The generation is checked, all files that it has a row for are looked
 * for, and only then is anything written: a mark, the store's files (each proved as when it was pulled), and
 * the catalogue last. While the mark is there recdockd does not start; a restore that was cut off is run
 * again, and goes on.
 */

#include "backup/generation.h"
#include "catalogue/footage.h"

#define RESTORE_MARK ".recdock-restore"

struct restore_order {
        const char *path;       /* of the backup */
        const char *generation; /* its name, NULL: the newest that lacks nothing */
        const char *station;
        const char *store_root; /* made when it is missing, but nothing above it */
        const char *catalogue;  /* path of the database */
        const char *actor;      /* for the ledger */
        bool incomplete;        /* what the backup lacks is no reason to refuse */
        bool verity;            /* switch fs-verity on where the file system has it */
        struct pace pace;
        /* userdata is that of the pace */
        void (*on_plan)(void *userdata, const struct generation *g, int64_t files, int64_t bytes);
        void (*on_file)(void *userdata, const struct footage_file *f, const char *lacking);
};

enum restore_outcome {
        RESTORE_DONE = 0,
        RESTORE_INCOMPLETE = 1, /* what on_file told of is not there */
        RESTORE_REFUSED = 2,    /* nothing was changed */
        RESTORE_FAILED = 3,     /* cut off: to be run again */
};

#define RESTORE_ERROR_MAX 1024

/* 'error' is one sentence for RESTORE_REFUSED and RESTORE_FAILED. */
int restore_run(const struct restore_order *order, char error[RESTORE_ERROR_MAX]);

/* A restore into this store was begun and has not ended. */
bool restore_is_pending(const char *store_root);
