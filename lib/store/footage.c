// SPDX-License-Identifier: LGPL-2.1-or-later
/* Footage that is filed: read, sealed, compared, and in one case only taken back. It is never opened for
 * writing. */
#include "store/tree.h"
#include "base/cleanup.h"
#include "base/durable.h"
#include "base/inject.h"

#include <fcntl.h>
#include <linux/fsverity.h>
#include <string.h>
#include <sys/ioctl.h>

int footage_name(const char *path, const char **ret)
{
        static const char prefix[] = "store/";

        if (strncmp(path, prefix, strlen(prefix)) != 0)
                return -EINVAL;
        *ret = path + strlen(prefix);
        return 0;
}

int footage_stat(const struct store *s, const char *name, struct stat *ret)
{
        const char *last = "";
        _cleanup_close_ int parent = durable_open_parent(s->footage, name, &last);

        if (parent < 0)
                return parent == -ENOENT || parent == -ENOTDIR ? STORE_ABSENT : parent;
        if (fstatat(parent, last, ret, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? STORE_ABSENT : -errno;
        return STORE_OK;
}

int store_footage_open(struct store *s, const char *path, bool direct, int *ret_fd)
{
        const char *name;
        int r = footage_name(path, &name);

        if (r >= 0)
                r = regular_open(s->footage, name, O_RDONLY, direct, ret_fd);
        return r == -ENOENT || r == -ENOTDIR ? STORE_ABSENT : r;
}

static int verity_ioctl(int fd)
{
        struct fsverity_enable_arg arg = {
                        .version = 1,
                        .hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
                        .block_size = 4096,
        };

        return ioctl(fd, FS_IOC_ENABLE_VERITY, &arg);
}

bool store_can_seal(const struct store *s)
{
        /* Folders have no verity: a file system that knows it says that, one that does not says so first. */
        return verity_ioctl(s->footage) < 0 && errno == EISDIR;
}

/* 1 when verity is on now, 0 when the file system has none. */
static int verity_enable(int fd)
{
        for (;;) {
                if (verity_ioctl(fd) == 0 || errno == EEXIST)
                        return 1;
                if (errno == EINTR)
                        continue;
                return errno == EOPNOTSUPP || errno == ENOTTY ? 0 : -errno;
        }
}

/* The kernel wants the owner to be allowed to write while it builds the tree, though the descriptor is
 * read-only; so the mode is lifted for that moment. */
static int verity_enable_as_owner(int fd)
{
        if (fchmod(fd, STORE_PART_MODE) < 0)
                return -errno;
        inject_point("mode-lifted");
        return verity_enable(fd);
}

/* Returns 1 when the mode was another one, 0 when it was right. */
static int mode_settle(int fd)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if ((st.st_mode & 07777) == STORE_FOOTAGE_MODE)
                return 0;
        return fchmod(fd, STORE_FOOTAGE_MODE) < 0 ? -errno : 1;
}

int store_protect(struct store *s, const char *path)
{
        _cleanup_close_ int fd = -EBADF;
        int r = store_footage_open(s, path, false, &fd);

        if (r != STORE_OK)
                return r < 0 ? r : -ENOENT;
        r = mode_settle(fd);
        return r > 0 ? durable_sync_file(fd) : r;
}

int file_seal(int fd)
{
        int settled, r = verity_enable(fd);

        if (r == -EACCES)
                r = verity_enable_as_owner(fd);
        settled = mode_settle(fd); /* whatever became of it, and of a run that was killed in the middle */
        if (settled > 0 || (settled == 0 && r > 0))
                settled = durable_sync_file(fd);
        return settled < 0 ? settled : r;
}

int store_seal(struct store *s, const char *path)
{
        _cleanup_close_ int fd = -EBADF;
        int r = store_footage_open(s, path, false, &fd);

        if (r != STORE_OK)
                return r < 0 ? r : -ENOENT;
        return file_seal(fd);
}

/* Stats both names. STORE_ABSENT when either is missing. */
static int both_stat(const struct store *s, int64_t docking, int64_t item, const char *path,
                     struct stat *part, struct stat *footage)
{
        _cleanup_close_ int fd = -EBADF;
        const char *name;
        int r = footage_name(path, &name);

        if (r >= 0)
                r = part_open(s, docking, item, &fd);
        if (r != STORE_OK)
                return r;
        if (fstat(fd, part) < 0)
                return -errno;
        return footage_stat(s, name, footage);
}

bool store_is_same_file(struct store *s, int64_t docking, int64_t item, const char *path)
{
        struct stat part = {0}, footage = {0};

        return both_stat(s, docking, item, path, &part, &footage) == STORE_OK && same_inode(&part, &footage);
}

int store_unlink_interrupted(struct store *s, int64_t docking, int64_t item, const char *path)
{
        _cleanup_close_ int parent = -EBADF;
        struct stat part = {0}, footage = {0};
        const char *name = "", *last = "";
        int r = both_stat(s, docking, item, path, &part, &footage);

        if (r < 0)
                return r;
        if (r != STORE_OK || !same_inode(&part, &footage))
                return -EPERM;
        (void)footage_name(path, &name);
        parent = durable_open_parent(s->footage, name, &last);
        if (parent < 0)
                return parent;
        if (unlinkat(parent, last, 0) < 0)
                return -errno;
        return durable_sync_file(parent);
}
