/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The programs that make and check file systems. They are found by their path, have an environment of their
 * own and nothing to say: what came of it is their exit status. */

#include "daemon/disk/peer.h"

/* Runs argv[0], which ends with NULL. 0 with *ret_status when it has exited; -ENOENT: it is not installed;
 * -ETIME after 'timeout_ms', -EIO for a death by signal, or what ended the wait: then it was killed. */
int medium_tool_run(const char *const argv[], const struct peer *peer, int timeout_ms, int *ret_status);
