/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How recdock-archive locks itself in: after it has opened the volume's folder, before it reads a byte of
 * the medium or of the contents. A disc's drive is opened afterwards, but it is all that can be.
 */

#include "base/sandbox.h"

struct archive_cage {
        int folder;    /* what is below it can be opened; -EBADF: no path at all */
        bool writable; /* and written, not read alone */
        bool disc;     /* 'folder' is the node of a drive; threads and commands to devices are allowed, since
                          libburn and libisofs need them */
        bool coder;    /* a process that was made before can be signalled by its pidfd, and waited for */
};

int archive_lockdown(const struct archive_cage *cage, struct sandbox_state *state);
