// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Parts: items on their way in. A part that already has its final name as well (a crash between filing and
 * removal) is footage, and footage is never opened for writing; the link count tells.
 */
#include "store/tree.h"
#include "base/cleanup.h"
#include "base/durable.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

int part_name(int64_t docking, int64_t item, char ret[STORE_PART_NAME_MAX])
{
        if (docking < 1 || item < 1)
                return -EINVAL;
        (void)snprintf(ret, STORE_PART_NAME_MAX, "%" PRId64 "/%" PRId64 ".part", docking, item);
        return 0;
}

static int folder_name(int64_t docking, char ret[STORE_PART_NAME_MAX])
{
        if (docking < 1)
                return -EINVAL;
        (void)snprintf(ret, STORE_PART_NAME_MAX, "%" PRId64, docking);
        return 0;
}

int regular_open(int dirfd, const char *path, int flags, bool direct, int *ret_fd)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        /* O_NONBLOCK: a FIFO somebody put in the way must not stop us. It does nothing to a regular file. */
        flags |= O_NONBLOCK;
        fd = durable_open_beneath(dirfd, path, direct ? flags | O_DIRECT : flags, STORE_PART_MODE);
        if (fd == -EINVAL && direct) /* this file system has no O_DIRECT */
                fd = durable_open_beneath(dirfd, path, flags, STORE_PART_MODE);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EIO;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static bool means_absent(int error)
{
        return error == -ENOENT || error == -ENOTDIR;
}

static int part_open_direct(const struct store *s, int64_t docking, int64_t item, bool direct, int *ret_fd)
{
        char name[STORE_PART_NAME_MAX];
        int r = part_name(docking, item, name);

        if (r >= 0)
                r = regular_open(s->incoming, name, O_RDONLY, direct, ret_fd);
        return means_absent(r) ? STORE_ABSENT : r;
}

int part_open(const struct store *s, int64_t docking, int64_t item, int *ret_fd)
{
        return part_open_direct(s, docking, item, false, ret_fd);
}

int store_part_open_read(struct store *s, int64_t docking, int64_t item, bool direct, int *ret_fd)
{
        return part_open_direct(s, docking, item, direct, ret_fd);
}

/* Filing was interrupted after the mode became read-only and before the link: the part may be written again.
 */
static int part_make_writable(const struct store *s, int64_t docking, int64_t item)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r = part_open(s, docking, item, &fd);

        if (r != STORE_OK)
                return r < 0 ? r : -ENOENT;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_nlink != 1)
                return -EPERM;
        return fchmod(fd, STORE_PART_MODE) < 0 ? -errno : 0;
}

static int part_open_write(const struct store *s, int64_t docking, int64_t item, int *ret_fd)
{
        char name[STORE_PART_NAME_MAX];
        int r = part_name(docking, item, name);

        if (r < 0)
                return r;
        r = regular_open(s->incoming, name, O_RDWR | O_CREAT, false, ret_fd);
        if (r != -EACCES)
                return r;
        r = part_make_writable(s, docking, item);
        return r < 0 ? r : regular_open(s->incoming, name, O_RDWR | O_CREAT, false, ret_fd);
}

int store_part_open(struct store *s, int64_t docking, int64_t item, int64_t keep, int *ret_fd,
                    int64_t *ret_size)
{
        _cleanup_close_ int fd = -EBADF;
        char folder[STORE_PART_NAME_MAX];
        struct stat st;
        int r = keep < -1 || item < 1 ? -EINVAL : folder_name(docking, folder);

        if (r >= 0)
                r = durable_make_folders(s->incoming, folder, STORE_FOLDER_MODE);
        if (r >= 0)
                r = part_open_write(s, docking, item, &fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_nlink != 1)
                return -EPERM;
        if (keep >= 0 && st.st_size > keep) {
                if (ftruncate(fd, keep) < 0)
                        return -errno;
                st.st_size = keep;
        }
        *ret_size = st.st_size;
        *ret_fd = TAKE_FD(fd);
        return STORE_OK;
}

/* Not synced: a part that a power cut brings back is found by store_part_each() and removed again. */
int store_part_remove(struct store *s, int64_t docking, int64_t item)
{
        char name[STORE_PART_NAME_MAX], folder[STORE_PART_NAME_MAX];
        const char *last;
        _cleanup_close_ int parent = -EBADF;
        int r = part_name(docking, item, name);

        if (r < 0)
                return r;
        parent = durable_open_parent(s->incoming, name, &last);
        if (parent < 0)
                return means_absent(parent) ? STORE_ABSENT : parent;
        if (unlinkat(parent, last, 0) < 0)
                return errno == ENOENT ? STORE_ABSENT : -errno;
        (void)folder_name(docking, folder);
        if (unlinkat(s->incoming, folder, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY && errno != EEXIST &&
            errno != ENOENT)
                return -errno;
        return STORE_OK;
}

/* The id that 'name' is, when it is written as we write it and 'suffix' follows; -1 for anything else. */
static int64_t id_of_name(const char *name, const char *suffix)
{
        char digits[STORE_PART_NAME_MAX], again[STORE_PART_NAME_MAX + 8];
        size_t n = strspn(name, "0123456789");
        int64_t id;

        if (n == 0 || n >= sizeof(digits) || strcmp(name + n, suffix) != 0)
                return -1;
        memcpy(digits, name, n);
        digits[n] = '\0';
        if (text_to_int64(digits, &id) < 0 || id < 1)
                return -1;
        (void)snprintf(again, sizeof(again), "%" PRId64 "%s", id, suffix);
        return strcmp(again, name) == 0 ? id : -1;
}

struct each {
        int (*on_part)(void *userdata, int64_t docking, int64_t item, int64_t size, const char *path);
        void *userdata;
};

static int each_entry(const struct each *each, int folder, int64_t docking, const char *folder_path,
                      const char *name)
{
        char path[STORE_PATH_MAX];
        struct stat st;
        int64_t item;

        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        item = docking > 0 && S_ISREG(st.st_mode) ? id_of_name(name, ".part") : -1;
        (void)snprintf(path, sizeof(path), "%s/%s", folder_path, name);
        return each->on_part(each->userdata, docking, item, st.st_size, path);
}

/* Opens a folder for reading; NULL with errno. */
static DIR *folder_open(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        if (!dir)
                (void)fd_close(fd);
        return dir;
}

static bool is_dots(const char *name)
{
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int each_of_docking(const struct store *s, const struct each *each, int64_t docking)
{
        char folder[STORE_PART_NAME_MAX], path[2 * STORE_PART_NAME_MAX];
        _cleanup_(closedirp) DIR *dir = NULL;
        const struct dirent *e;
        int r = folder_name(docking, folder);

        if (r < 0)
                return r;
        dir = folder_open(s->incoming, folder);
        if (!dir)
                return -errno;
        (void)snprintf(path, sizeof(path), "incoming/%s", folder);
        while ((e = readdir(dir))) {
                if (is_dots(e->d_name))
                        continue;
                r = each_entry(each, dirfd(dir), docking, path, e->d_name);
                if (r != 0)
                        return r;
        }
        /* A docking that was cut off before its first part leaves an empty folder; this fails on any other.
         */
        (void)unlinkat(s->incoming, folder, AT_REMOVEDIR);
        return 0;
}

int store_part_each(struct store *s,
                    int (*on_part)(void *userdata, int64_t docking, int64_t item, int64_t size,
                                   const char *path),
                    void *userdata)
{
        const struct each each = {on_part, userdata};
        _cleanup_(closedirp) DIR *dir = folder_open(s->incoming, ".");
        const struct dirent *e;
        int r = 0;

        if (!dir)
                return -errno;
        while (r == 0 && (e = readdir(dir))) {
                struct stat st;
                int64_t docking;

                if (is_dots(e->d_name))
                        continue;
                if (fstatat(s->incoming, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT)
                                continue;
                        return -errno;
                }
                docking = S_ISDIR(st.st_mode) ? id_of_name(e->d_name, "") : -1;
                r = docking > 0 ? each_of_docking(s, &each, docking)
                                : each_entry(&each, s->incoming, -1, "incoming", e->d_name);
        }
        return r;
}
