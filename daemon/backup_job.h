/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Backups: when one begins, the thread that makes it (lib/backup does the work), and what becomes of it on
 * record. One at a time. All disks are touched by the thread alone: a target may be a network away, and the
 * loop waits for nothing. The thread has the lowest claim on the disks that there is, and waits while
 * recorders are offloaded.
 *
 * The deadline clock drives it: it looks here whenever it looks.
 */

#include "catalogue/backup.h"
#include "daemon/station.h"

struct backup_job;

int backup_job_new(struct backup_job **ret, struct station *s);
/* A run that is under way ends between two blocks; the next one finds what it has copied. */
void backup_job_free(struct backup_job *j);
/* The same, before the station's end: the thread is told and not waited for. */
void backup_job_stop(struct backup_job *j);

/* Begins what is due, raises and clears backup-overdue, and lowers *next to when there is something to do
 * next. j may be NULL. */
void backup_job_look(struct backup_job *j, instant_t now, instant_t *next);

/* Holds the thread while recorders are offloaded; j may be NULL. */
void backup_job_hold(struct backup_job *j, bool hold);

/* On the loop, once. 'error' NULL: it went well, and 'row' (of a run) or 'uuid' (of an init) says what came
 * of it. */
struct backup_answer {
        const char *error;
        const struct backup_row *row;
        const char *uuid;
};
typedef void backup_done_fn(void *userdata, const struct backup_answer *answer);

/* Begin a run, or the making of a target at the configured path; on_done may be NULL. -EBUSY: one is under
 * way; -ENODEV: no Target= is configured; -ESHUTDOWN: the station stops. 'actor' is for the ledger. */
int backup_job_begin(struct backup_job *j, bool full_check, const char *actor, backup_done_fn *on_done,
                     void *userdata);
int backup_job_init(struct backup_job *j, const char *actor, backup_done_fn *on_done, void *userdata);

/* What is told of backups. */
struct backup_state {
        bool registered, running;
        bool held; /* it waits for recorders */
        struct backup_target_row target;
        instant_t good_at, due_at, overdue_at; /* INSTANT_NONE: unknown, or never */
        struct backup_row last;                /* id 0: there was none */
        int64_t files, files_total, bytes, bytes_total;
};
int backup_job_state(struct backup_job *j, instant_t now, struct backup_state *ret);
