// SPDX-License-Identifier: LGPL-2.1-or-later
/* The idle class of I/O; see disk_yield.h. The C library has no function for ioprio_set(2). */
#include "base/disk_yield.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int disk_yield(void)
{
        enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13 };

        return syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_IDLE << CLASS_SHIFT) < 0 ? -errno : 0;
}
