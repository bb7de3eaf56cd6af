// SPDX-License-Identifier: LGPL-2.1-or-later
/* Running a hook; see hook_run.h. */
#include "daemon/alert/hook_run.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

enum { GRACE_MS = 2000 }; /* between being asked to end and being killed */

static int attributes_set(posix_spawnattr_t *attributes)
{
        sigset_t none, all;
        int r;

        (void)sigemptyset(&none);
        (void)sigfillset(&all);
        r = posix_spawnattr_setflags(attributes,
                                     POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawnattr_setpgroup(attributes, 0);
        if (r == 0)
                r = posix_spawnattr_setsigmask(attributes, &none);
        return r == 0 ? posix_spawnattr_setsigdefault(attributes, &all) : r;
}

/* Like posix_spawn(3) it returns an error number, not a negative one. */
static int spawn(const char *path, char *const *environment, pid_t *ret)
{
        char *const arguments[] = {(char *)path, NULL};
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r = posix_spawn_file_actions_init(&actions);

        if (r != 0)
                return r;
        r = posix_spawnattr_init(&attributes);
        if (r == 0) {
                r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
                if (r == 0)
                        r = attributes_set(&attributes);
                if (r == 0)
                        r = posix_spawn(ret, path, &actions, &attributes, arguments, environment);
                (void)posix_spawnattr_destroy(&attributes);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
        return r;
}

/* True when it has ended in time. */
static bool wait_end(int pidfd, int timeout_ms)
{
        const int64_t end = clock_monotonic() + timeout_ms * USEC_PER_MSEC;
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        int64_t left = timeout_ms;
        int r;

        while ((r = poll(&p, 1, (int)MAX(left, INT64_C(0)))) < 0 && errno == EINTR)
                left = (end - clock_monotonic()) / USEC_PER_MSEC;
        return r > 0;
}

/* False when its time was over, and it has been asked to end. */
static bool wait_or_ask(pid_t pid, int pidfd, int timeout_ms)
{
        if (wait_end(pidfd, timeout_ms))
                return true;
        (void)kill(-pid, SIGTERM);
        (void)wait_end(pidfd, GRACE_MS);
        return false;
}

int hook_run(const char *path, char *const *environment, int timeout_ms, int *ret_status)
{
        _cleanup_close_ int pidfd = -EBADF;
        bool in_time = false;
        int status = 0;
        pid_t pid;
        int r = spawn(path, environment, &pid);

        if (r != 0)
                return -r;
        pidfd = pidfd_open(pid, 0);
        if (pidfd < 0)
                r = -errno;
        else
                in_time = wait_or_ask(pid, pidfd, timeout_ms);
        (void)kill(-pid, SIGKILL); /* it is not waited for yet, so the group is still its own */
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (r < 0)
                return r;
        if (!in_time)
                return HOOK_TIMEOUT;
        *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
        if (WIFSIGNALED(status))
                return HOOK_KILLED;
        return *ret_status == 0 ? HOOK_GOOD : HOOK_FAILED;
}
