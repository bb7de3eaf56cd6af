/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How recdock-archive locks itself in: after it has opened the volume's folder, before it reads a byte of
 * the medium or of the contents. A disc's drive is opened afterwards, but it is all that can be.
 */

#include "base/sandbox.h"

/* Of 'folder' what is below it, -EBADF: no path at all; only reading unless 'writable'. 'disc': it is the
 * node of a drive and nothing else can be opened; threads and commands to devices are allowed, since libburn
 * and libisofs need them. */
int archive_lockdown(int folder, bool writable, bool disc, struct sandbox_state *state);
