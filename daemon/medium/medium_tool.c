// SPDX-License-Identifier: LGPL-2.1-or-later
/* See medium_tool.h. */
#include "daemon/medium/medium_tool.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_AGAIN_MS = 20 };

static int spawn(const char *const argv[], pid_t *ret)
{
        static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C.UTF-8";
        char *const environment[] = {path, locale, NULL};
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        sigset_t none;
        int r;

        (void)sigemptyset(&none);
        r = posix_spawn_file_actions_init(&files);
        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r != 0) {
                (void)posix_spawn_file_actions_destroy(&files);
                return -r;
        }
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        if (r == 0)
                r = posix_spawn(ret, argv[0], &files, &attributes, (char *const *)argv, environment);
        (void)posix_spawnattr_destroy(&attributes);
        (void)posix_spawn_file_actions_destroy(&files);
        return -r;
}

static int child_kill(pid_t pid, int error)
{
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return error;
}

static int child_wait(pid_t pid, const struct peer *peer, int timeout_ms, int *ret_status)
{
        int64_t until = clock_monotonic() + timeout_ms * USEC_PER_MSEC;

        for (;;) {
                int status, r;
                pid_t ended = waitpid(pid, &status, WNOHANG);

                if (ended < 0)
                        return -errno;
                if (ended == pid) {
                        if (!WIFEXITED(status))
                                return -EIO;
                        *ret_status = WEXITSTATUS(status);
                        return 0;
                }
                if (clock_monotonic() >= until)
                        return child_kill(pid, -ETIME);
                r = peer_wait(peer, false, LOOK_AGAIN_MS);
                if (r < 0)
                        return child_kill(pid, r);
        }
}

int medium_tool_run(const char *const argv[], const struct peer *peer, int timeout_ms, int *ret_status)
{
        pid_t pid = -1;
        int r = spawn(argv, &pid);

        if (r < 0) {
                log_error("'%s' cannot be started: %s", argv[0], log_errno_text(r));
                return r;
        }
        return child_wait(pid, peer, timeout_ms, ret_status);
}
