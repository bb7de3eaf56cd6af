/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One backup: everything that the catalogue has now is in the target when there is a generation of it.
 *
 * The order is what a restore relies on. The catalogue is copied first, and is a generation last: what the
 * copy has a row for was in the store before its row was written, so all of it can be copied afterwards, and
 * what is filed meanwhile has no row in the copy. A run that is cut off leaves no generation, and files that
 * the next run finds there.
 *
 * What has been copied before goes by the number of its row: only rows above the target's own mark are
 * looked at, those it lacks, and a few that are spread over all the others, by their size; if one of them is
 * gone, all are read again.
 */

#include "base/proved_copy.h"
#include "catalogue/backup.h"
#include "store/store.h"

struct backup_order {
        const char *path;      /* Target= */
        const char *station;   /* its number */
        const char *catalogue; /* path of the database */
        const char *store_root;
        struct store *store;
        bool allow_same_disk;
        bool full_check;   /* reads again what has been copied before */
        unsigned int keep; /* generations */
        struct pace pace;
        /* All in the thread of the run; userdata is that of the pace. */
        void (*on_begin)(void *userdata, const struct backup_target_row *target, int64_t files,
                         int64_t bytes);
        /* 'lacking': why it is not there, NULL when it is; 'before': it was lacking until now. */
        void (*on_footage)(void *userdata, int64_t footage, int64_t bytes, const char *lacking, bool before);
        void (*on_pruned)(void *userdata, const char *generation);
};

/* Returns 0 when it has ended: *ret says how, all of it but for its number and who did it; or -ECANCELED, as
 * the pace said. Reads the catalogue on a connection of its own. */
int backup_run(const struct backup_order *order, struct backup_row *ret);
