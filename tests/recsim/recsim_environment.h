/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The surroundings of a test bed: preload libraries, a run folder, a message bus of its own. */

#include <stdbool.h>
#include <sys/types.h>

/* True when this process runs under the preload libraries already. */
bool recsim_environment_is_set(void);
/* Sets LD_PRELOAD and what sanitizers need with it, for this process' own re-execution and its children. */
int recsim_environment_set(void);

/* A dbus-daemon that allows everything. Address in ret_address (room bytes); the caller ends the process. */
int recsim_bus_start(const char *run_dir, pid_t *ret_pid, char *ret_address, size_t room);

/* Removes a folder and what is in it; errors are left alone. */
void recsim_remove_tree(const char *path);
