/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What takes time before a volume is written or read again: finding the medium, and asking the catalogue
 * what goes there and what is on it. A thread of its own with a connection of its own; the loop waits for
 * nothing and hears of the end once.
 */

#include "daemon/archive_folder.h"
#include "daemon/archive_plan.h"
#include "rules/retention.h"

#include <systemd/sd-event.h>

struct archive_survey_order {
        const char *catalogue, *station, *store;
        struct retention_rules *retention;
        const char *path, *uuid; /* the medium's folder; path NULL: 'root' is open already */
        int root;                /* not consumed; its room is asked for */
        int64_t disc_capacity;   /* instead of both: bytes of a blank disc, or of the one of 'volume' */
        bool is_disc;
        bool hash_list;        /* volumes have one */
        bool init, same_disk;  /* make a medium of the folder */
        int64_t plan_for;      /* > 0: what of what is due goes to this medium */
        bool plan_new;         /* the same for one that is not registered yet */
        int64_t copies, given; /* as volume_due_each() has them */
        instant_t now;
        int64_t volume; /* > 0: the contents of this one */
};

struct archive_survey_result {
        int outcome;                  /* enum archive_folder_outcome, or a negative errno */
        struct archive_folder folder; /* 'fd' is the survey's until it is taken */
        struct archive_plan plan;
        int contents;   /* likewise; -EBADF: none were asked for */
        char left[256]; /* volumes that failed and whose folders are on it still: numbers, as far as they go
                         */
        size_t n_left;
        char error[512];
};

struct archive_survey;
typedef void archive_survey_fn(void *userdata, struct archive_survey_result *result);

/* on_done is called from the loop, once, unless the survey is freed before. */
int archive_survey_start(struct archive_survey **ret, sd_event *event,
                         const struct archive_survey_order *order, archive_survey_fn *on_done,
                         void *userdata);
/* Waits for the thread. */
void archive_survey_free(struct archive_survey *s);
