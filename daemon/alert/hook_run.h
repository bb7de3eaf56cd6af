/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One hook, run to its end or to the end of its time. It gets nothing but its environment: no argument, an
 * empty standard input, the journal for what it prints. It is the leader of a process group, and whatever is
 * left of that is killed with it: a hook leaves nothing behind.
 */

enum hook_outcome {
        HOOK_GOOD = 0,
        HOOK_FAILED = 1,  /* exit status in *ret_status */
        HOOK_KILLED = 2,  /* by the signal in *ret_status, not by us */
        HOOK_TIMEOUT = 3, /* and killed */
};

/* A negative errno when it could not be started, or not be watched: then it was killed. */
int hook_run(const char *path, char *const *environment, int timeout_ms, int *ret_status);
