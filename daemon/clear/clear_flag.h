/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The read-only flag of block devices, which our udev rule sets. Whose flag is lifted is noted in a file
 * before, by the kernel's number of the disk: should this process be killed, ExecStopPost= of its unit puts
 * it back (recdock-clear --put-back).
 */

#include <stdbool.h>

/* Lifts it on an open block device of 'node'. 0 with *ret_lifted false: it was not set. */
int clear_flag_lift(int fd, const char *node, bool *ret_lifted);
/* Sets it. */
int clear_flag_set(int fd);
/* All that was lifted is set again. */
void clear_flag_forget(void);
/* Sets it for all that is noted and is still that disk, each when nothing has it mounted any more. 0, also
 * when nothing is noted, or a negative errno after a word about each that failed. */
int clear_flag_put_back(void);
