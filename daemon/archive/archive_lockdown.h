/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How recdock-archive locks itself in: after it has opened the volume's folder, before it reads a byte of
 * the medium or of the contents. A disc's drive is opened before, too.
 */

#include "base/sandbox.h"

/* Of 'folder' what is below it, -EBADF: no path at all; only reading unless 'writable'. */
int archive_lockdown(int folder, bool writable, struct sandbox_state *state);
