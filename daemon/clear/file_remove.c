// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Matching a file with what was listed, and removing it. The folder is opened once, and the file is looked
 * at and removed through it: nothing can be put in between but by who writes to the same mount, and nobody
 * else sees that.
 */
#include "daemon/clear/file_remove.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* 1980-01-01, UTC. */
static const instant_t fat_first_day = 315532800 * USEC_PER_SEC;

static int open_below(int folder, const char *path, uint64_t flags)
{
        struct open_how how = {
                        .flags = flags | O_CLOEXEC,
                        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
                                   RESOLVE_NO_XDEV,
        };
        int fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));

        return fd < 0 ? -errno : fd;
}

/* The folder that the last component of 'path' is in. */
static int open_parent(int folder, const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/');
        char parent[CLEAR_PATH_MAX];

        *ret_name = slash ? slash + 1 : path;
        if (slash && (size_t)(slash - path) >= sizeof(parent))
                return -ENAMETOOLONG;
        (void)snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
        return open_below(folder, parent, O_PATH | O_DIRECTORY);
}

static enum clear_outcome outcome_of(int error, int *ret_error)
{
        if (error == -ENOENT || error == -ENOTDIR)
                return CLEAR_ABSENT;
        *ret_error = error;
        return CLEAR_FAILED;
}

static instant_t instant_of(const struct statx_timestamp *t)
{
        return (instant_t)t->tv_sec * USEC_PER_SEC + t->tv_nsec / 1000;
}

/* Where a FAT entry has no time of modification the reader takes that of creation, and the kernel's driver
 * shows the first day there is. */
static bool is_as_listed(const struct statx *st, int64_t size, instant_t time)
{
        bool dateless = instant_of(&st->stx_mtime) == fat_first_day;

        if ((int64_t)st->stx_size != size)
                return false;
        return instant_of(&st->stx_mtime) == time ||
               (dateless && st->stx_mask & STATX_BTIME && instant_of(&st->stx_btime) == time);
}

enum clear_outcome file_remove(int folder, const char *path, int64_t size, instant_t time, int *ret_error)
{
        _cleanup_close_ int parent = -EBADF, file = -EBADF;
        const char *name;
        struct statx st;

        *ret_error = 0;
        parent = open_parent(folder, path, &name);
        if (parent < 0)
                return outcome_of(parent, ret_error);
        file = open_below(parent, name, O_PATH | O_NOFOLLOW);
        if (file < 0)
                return outcome_of(file, ret_error);
        if (statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
                return outcome_of(-errno, ret_error);
        if (!S_ISREG(st.stx_mode))
                return CLEAR_ABSENT;
        if (!is_as_listed(&st, size, time))
                return CLEAR_CHANGED;
        if (unlinkat(parent, name, 0) < 0)
                return outcome_of(-errno, ret_error);
        return CLEAR_REMOVED;
}
