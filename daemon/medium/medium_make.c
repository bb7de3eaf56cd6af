// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See medium_make.h. The whole disk is the file system, without a partition table: Linux, Windows and macOS
 * all read that, and there is nothing else on it that could contradict it.
 */
#include "daemon/medium/medium_make.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/medium/medium_content.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ARGUMENTS_MAX 16

enum { LOOK_AGAIN_MS = 20 };

const char *medium_format_type(enum medium_format format)
{
        return format == MEDIUM_EXT4 ? "ext4" : "exfat";
}

/* Footage is large: an inode for each 128 KiB is more than it takes, and nothing is kept back for root. All
 * tables are written at once: what is taken out is whole. */
static void arguments_fill(const char *argv[ARGUMENTS_MAX], enum medium_format format, const char *node,
                           const char *label, const char *options)
{
        const char *const ext4[] = {"/sbin/mkfs.ext4", "-q", "-F",  "-m", "0", "-i", "131072", "-E",
                                    options,           "-L", label, node, NULL};
        const char *const exfat[] = {"/sbin/mkfs.exfat", "-L", label, node, NULL};

        if (format == MEDIUM_EXT4)
                memcpy(argv, ext4, sizeof(ext4));
        else
                memcpy(argv, exfat, sizeof(exfat));
}

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

/* What is half made is no file system that anybody would take for a medium. */
static int child_kill(pid_t pid, int error)
{
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return error;
}

static int child_wait(pid_t pid, const struct peer *peer, int timeout_ms)
{
        int64_t until = clock_monotonic() + timeout_ms * USEC_PER_MSEC;

        for (;;) {
                int status, r;
                pid_t ended = waitpid(pid, &status, WNOHANG);

                if (ended < 0)
                        return -errno;
                if (ended == pid)
                        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
                if (clock_monotonic() >= until)
                        return child_kill(pid, -ETIME);
                r = peer_wait(peer, false, LOOK_AGAIN_MS);
                if (r < 0)
                        return child_kill(pid, r);
        }
}

/* Also of what the kernel has found in a partition table, which is not there any more. */
static int node_wipe(const char *node)
{
        _cleanup_close_ int fd = open(node, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;
        int r = fd < 0 ? -errno : medium_content_wipe(fd);

        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISBLK(st.st_mode))
                return 0;
        /* EINVAL: it can have no partitions. */
        return ioctl(fd, BLKRRPART) < 0 && errno != EINVAL ? -errno : 0;
}

static int node_sync(const char *node)
{
        _cleanup_close_ int fd = open(node, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        if (fd < 0)
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

int medium_make(const char *node, enum medium_format format, const char *label,
                const struct disk_owner *owner, const struct peer *peer, int timeout_ms)
{
        const char *argv[ARGUMENTS_MAX] = {NULL};
        char options[96];
        pid_t pid = -1;
        int r = node_wipe(node);

        if (r < 0)
                return r;
        (void)snprintf(options, sizeof(options), "root_owner=%u:%u,lazy_itable_init=0,lazy_journal_init=0",
                       owner->user, owner->group);
        arguments_fill(argv, format, node, label, options);
        r = spawn(argv, &pid);
        if (r < 0) {
                log_error("'%s' cannot be started: %s", argv[0], log_errno_text(r));
                return r;
        }
        r = child_wait(pid, peer, timeout_ms);
        return r < 0 ? r : node_sync(node);
}
