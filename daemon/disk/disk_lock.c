// SPDX-License-Identifier: LGPL-2.1-or-later
/* See disk_lock.h. */
#include "daemon/disk/disk_lock.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <systemd/sd-daemon.h>

enum { TRY_AGAIN_MS = 50 };

static const uint64_t manager_timeout = 5 * USEC_PER_SEC;

int disk_lock_fd(int fd, const struct peer *wait, int timeout_ms)
{
        int64_t until = clock_monotonic() + timeout_ms * USEC_PER_MSEC;

        for (;;) {
                int r;

                if (flock(fd, LOCK_EX | LOCK_NB) == 0)
                        return 0;
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return -errno;
                if (clock_monotonic() >= until)
                        return -EBUSY;
                r = peer_wait(wait, false, TRY_AGAIN_MS);
                if (r < 0)
                        return r;
        }
}

/* Returns when the manager has it: 0, also when there is none. */
static int manager_keep(int fd)
{
        int r = sd_pid_notify_with_fds(0, false, "FDSTORE=1\nFDNAME=recorder", &fd, 1);

        return r > 0 ? sd_notify_barrier(false, manager_timeout) : r;
}

int disk_lock(const char *node, const struct peer *wait, int timeout_ms)
{
        _cleanup_close_ int fd = open(node, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        int r = fd < 0 ? -errno : disk_lock_fd(fd, wait, timeout_ms);

        if (r < 0)
                return r;
        r = manager_keep(fd);
        if (r < 0) {
                log_error("the service manager does not keep the lock of '%s': %s", node, log_errno_text(r));
                return r;
        }
        return TAKE_FD(fd);
}
