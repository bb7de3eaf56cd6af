/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Backups on record: which targets there are, what each of them has, and what became of every run. A target
 * has all footage up to 'copied' but for what it lacks; both are written after the fact, so that they never
 * promise a file that is not there.
 */

#include "catalogue/catalogue.h"
#include "catalogue/word.h"

#define BACKUP_UUID_SIZE       37
#define BACKUP_GENERATION_SIZE 24
#define BACKUP_ERROR_MAX       512

enum backup_outcome {
        BACKUP_GOOD = 0,
        BACKUP_INCOMPLETE = 1, /* a generation without files that the store could not give */
        BACKUP_FAILED = 2,     /* no generation */
        _BACKUP_OUTCOME_MAX,
};
extern const struct words backup_outcome_words;

struct backup_target_row {
        int64_t id;
        char uuid[BACKUP_UUID_SIZE];
        char path[1024];
        instant_t registered_at;
        int64_t copied;
};

struct backup_row {
        int64_t id;
        int64_t target; /* 0: it was not there */
        instant_t begun_at, ended_at;
        instant_t taken_at; /* as of when the catalogue was copied, INSTANT_NONE */
        bool full_check;
        enum backup_outcome outcome;
        char generation[BACKUP_GENERATION_SIZE]; /* "" */
        bool kept;
        int64_t footage, copied, bytes; /* rows of the generation; what this run copied of them */
        int64_t lacking;
        int64_t displaced; /* files in the target that were not what they had to be, moved aside */
        char error[BACKUP_ERROR_MAX];
        bool cached; /* not on record: a copy was read back from memory, its file system has no other way */
};

/* Ledger: "backup.target-registered" on "backup-target/<uuid>". CATALOGUE_EXISTS. */
int backup_target_add(struct catalogue *c, const char *actor, const struct backup_target_row *t,
                      int64_t *ret_id);
/* CATALOGUE_ABSENT: nobody has registered it. Needs no transaction. */
int backup_target_find(struct catalogue *c, const char *uuid, struct backup_target_row *ret);
/* The one that was registered last, and when the first was. CATALOGUE_ABSENT: there is none. */
int backup_target_last(struct catalogue *c, struct backup_target_row *ret, instant_t *ret_first);

/* All up to 'footage' is there: never goes back. */
int backup_copied(struct catalogue *c, int64_t target, int64_t footage);
int backup_lack(struct catalogue *c, int64_t target, int64_t footage, const char *reason);
int backup_lack_end(struct catalogue *c, int64_t target, int64_t footage);
int backup_lacking_each(struct catalogue *c, int64_t target,
                        int (*on_footage)(void *userdata, int64_t footage), void *userdata);

/* A run that has ended. Ledger, when the target was there: "backup.done" or "backup.failed" on
 * "backup/<id>". */
int backup_end(struct catalogue *c, const char *actor, const struct backup_row *b, int64_t *ret_id);
/* The generation is not kept any more. */
int backup_pruned(struct catalogue *c, int64_t target, const char *generation);
/* The last run, and the last good one. CATALOGUE_ABSENT: there is none. Need no transaction. */
int backup_last(struct catalogue *c, struct backup_row *ret);
int backup_last_good(struct catalogue *c, struct backup_row *ret);
