/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Generations of the catalogue in a backup: a database and its manifest, which says what the database has to
 * be and whether every file that it has a row for was in the target. Which one is newer the ledger says,
 * that only grows, and not a clock.
 */

#include "backup/target.h"
#include "base/proved_copy.h"
#include "catalogue/backup.h"
#include "catalogue/catalogue_copy.h"

#define GENERATION_PART "catalogue.part" /* a database that is no generation yet */

struct generation {
        char name[BACKUP_GENERATION_SIZE]; /* "20261129T143000Z": when it was taken, UTC */
        char target[BACKUP_UUID_SIZE];
        struct catalogue_state state;
        int64_t size; /* of the database, as its digest */
        struct digest_values digests;
        int64_t lacking; /* files that it has a row for and that were not in the target */
};

enum generation_outcome {
        GENERATION_OK = 0,
        GENERATION_ABSENT = 1,
        GENERATION_DAMAGED = 2, /* generation_check(): 'error' says how */
        GENERATION_NEWER = 3,   /* of a later recdock */
};

/* A name for one that is taken at 't', or as soon after as nobody else has it. */
int generation_name(const struct target *t, instant_t at, char ret[BACKUP_GENERATION_SIZE]);
/* "<folder>/catalogue-<name><suffix>" */
int generation_path(const struct target *t, const char *name, const char *suffix, char ret[PATH_MAX]);

/* Makes GENERATION_PART the generation g->name; its size and digest are read from the disk and filled in. */
int generation_publish(const struct target *t, struct generation *g, const char *station,
                       const struct pace *pace);

/* By its manifest. GENERATION_ABSENT, GENERATION_NEWER; -EBADMSG when the manifest is damaged. */
int generation_read(const struct target *t, const char *name, struct generation *ret);
/* All whose manifest can be read, newest first. The caller frees *ret. */
int generation_list(const struct target *t, struct generation **ret, size_t *ret_n);
/* Takes away all but the newest 'keep' and the newest that lacks nothing; tells of each. */
int generation_prune(const struct target *t, unsigned int keep,
                     void (*on_pruned)(void *userdata, const char *name), void *userdata);

/* Is the database what its manifest says, and whole in itself? */
#define GENERATION_ERROR_MAX 256
int generation_check(const struct target *t, const struct generation *g, const struct pace *pace,
                     char error[GENERATION_ERROR_MAX]);
