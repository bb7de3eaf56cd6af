/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* recdockd --restore=: the mode of recdockd that puts a backup back onto an empty machine, without bus and
 * without watching anything. */

#include <stdbool.h>

struct config;

struct restore_mode {
        const char *path;
        const char *generation; /* NULL: the newest */
        bool incomplete;
};

/* What recdockd ends with. */
enum restore_exit {
        RESTORE_EXIT_DONE = 0,
        RESTORE_EXIT_FAILED = 1, /* refused, or cut off */
        RESTORE_EXIT_INCOMPLETE = 3,
};

/* Prints progress to standard output and what went wrong to standard error. As super user it becomes the
 * owner of the state directory first, whose everything is to be. */
int restore_mode_run(const struct config *config, const struct restore_mode *mode);
