/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * dvdisaster(1), which makes the codes of RS02, as a process of its own. Whoever burns has locked itself in
 * before it reads a disc, and can start nothing then: so the process is made before that, waits for the one
 * file that it is to work on, locks itself in, and only then becomes dvdisaster. It can read the system's
 * programs and libraries and write that file, and has no network, no other process and no device.
 *
 * Always: it is gone when its maker is, or when disc_coder_free() returns.
 */

#include <stdint.h>

struct disc_coder;

/* Whether there is a dvdisaster in $PATH: 0, or -ENOPKG. */
int disc_coder_look(void);

/* Forks the process that waits: before there are threads. -ENOPKG as above; -EAGAIN, -ENOMEM and others of
 * the system. Frees with disc_coder_free(), which ends it. */
int disc_coder_new(struct disc_coder **ret);
void disc_coder_free(struct disc_coder *c);

/*
 * Fills the image in 'file', open for reading and writing, up to so many sectors with codes. Once for each
 * coder. on_turn is called about ten times a second, while the process stands still: as long as it waits
 * nothing is read or written; when it does not return 0 the work ends with -ECANCELED.
 *
 * 0 when dvdisaster says that it has done it; -ENOPKG when it cannot be started any more; -ETIME when it
 * does not end; -EPIPE when the process is gone; -EIO when it has failed.
 */
int disc_coder_run(struct disc_coder *c, int file, int64_t sectors, int (*on_turn)(void *userdata),
                   void *userdata);
