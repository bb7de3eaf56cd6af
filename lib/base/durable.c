// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Durable file operations. A name is safe from a power cut only after the folder that holds it was synced,
 * so every call here that makes a name also says which folder it synced. Paths are relative to a descriptor
 * and are resolved without symbolic links and without leaving that folder: by openat2(2) where the kernel
 * has it, else by walking one component at a time.
 */
#include "base/durable.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int durable_write_all(int fd, const void *data, size_t size)
{
        const char *p = data;

        while (size > 0) {
                ssize_t n = write(fd, p, MIN(size, (size_t)SSIZE_MAX));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO; /* no progress: going on would never end */
                p += n;
                size -= (size_t)n;
        }
        return 0;
}

int durable_sync_file(int fd)
{
        while (fsync(fd) < 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

/* Copies the next component of *path and moves on. Returns 1, 0 at the end, -EINVAL for "..", "." or an
 * empty one. */
static int component_next(const char **path, char name[NAME_MAX + 1])
{
        size_t n = strcspn(*path, "/");

        if (**path == '\0')
                return 0;
        if (n > NAME_MAX)
                return -ENAMETOOLONG;
        memcpy(name, *path, n);
        name[n] = '\0';
        if (n == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return -EINVAL;
        *path += n;
        if (**path == '/' && *++*path == '\0')
                return -EINVAL;
        return 1;
}

static int path_check(const char *path)
{
        char name[NAME_MAX + 1];
        const char *p = path;
        int r;

        if (*path == '\0')
                return -EINVAL;
        do {
                r = component_next(&p, name);
        } while (r > 0);
        return r;
}

/* openat() of one component. With O_DIRECTORY the kernel calls a symbolic link ENOTDIR; here it is always
 * ELOOP. */
static int component_open(int dirfd, const char *name, int flags, mode_t mode)
{
        struct stat st;
        int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
        int saved = errno;

        if (fd >= 0)
                return fd;
        if (saved == ENOTDIR && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
                return -ELOOP;
        return -saved;
}

/* What openat2() does, for kernels before 5.6 and for sandboxes that hide it. */
static int open_by_components(int dirfd, const char *path, int flags, mode_t mode)
{
        _cleanup_close_ int held = -EBADF;
        int at = dirfd;

        for (;;) {
                char name[NAME_MAX + 1];
                int fd, r = component_next(&path, name);

                if (r < 0)
                        return r;
                if (*path == '\0')
                        return component_open(at, name, flags, mode);
                fd = component_open(at, name, O_PATH | O_DIRECTORY, 0);
                if (fd < 0)
                        return fd;
                (void)fd_close(held);
                at = held = fd;
        }
}

int durable_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
        struct open_how how = {
                        .flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
                        .mode = flags & O_CREAT ? mode : 0,
                        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        int fd, r = path_check(path);

        if (r < 0)
                return r;
        do {
                fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
        } while (fd < 0 && errno == EINTR);
        if (fd >= 0)
                return fd;
        if (errno == ENOSYS)
                return open_by_components(dirfd, path, flags, mode);
        return -errno;
}

int durable_open_parent(int dirfd, const char *path, const char **ret_name)
{
        char folder[PATH_MAX];
        const char *slash = strrchr(path, '/');
        int fd, r = path_check(path);

        if (r < 0)
                return r;
        if (!slash) {
                fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
        } else {
                if ((size_t)(slash - path) >= sizeof(folder))
                        return -ENAMETOOLONG;
                memcpy(folder, path, (size_t)(slash - path));
                folder[slash - path] = '\0';
                fd = durable_open_beneath(dirfd, folder, O_RDONLY | O_DIRECTORY, 0);
                if (fd < 0)
                        return fd;
        }
        if (ret_name)
                *ret_name = slash ? slash + 1 : path;
        return fd;
}

int durable_sync_parent(int dirfd, const char *path)
{
        _cleanup_close_ int parent = durable_open_parent(dirfd, path, NULL);

        return parent < 0 ? parent : durable_sync_file(parent);
}

/* One folder below 'dirfd', made and synced into it when it is missing. Returns its descriptor. */
static int folder_make(int dirfd, const char *name, mode_t mode)
{
        if (mkdirat(dirfd, name, mode) == 0) {
                int r = durable_sync_file(dirfd);

                if (r < 0)
                        return r;
        } else if (errno != EEXIST) {
                return -errno;
        }
        return component_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0);
}

int durable_make_folders(int dirfd, const char *path, mode_t mode)
{
        _cleanup_close_ int held = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = path_check(path);

        if (r < 0)
                return r;
        if (held < 0)
                return -errno;
        for (;;) {
                char name[NAME_MAX + 1];
                int fd;

                r = component_next(&path, name);
                if (r <= 0)
                        return r;
                fd = folder_make(held, name, mode);
                if (fd < 0)
                        return fd;
                (void)fd_close(held);
                held = fd;
        }
}

int durable_link(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
        const char *from_name = "", *to_name = "";
        _cleanup_close_ int from_parent = durable_open_parent(from_dirfd, from, &from_name);
        _cleanup_close_ int to_parent = durable_open_parent(to_dirfd, to, &to_name);

        if (from_parent < 0)
                return from_parent;
        if (to_parent < 0)
                return to_parent;
        if (linkat(from_parent, from_name, to_parent, to_name, 0) == 0)
                return DURABLE_DONE;
        return errno == EEXIST ? DURABLE_EXISTS : -errno;
}

/* Writes the temporary file and syncs it. */
static int temporary_write(int parent, const char *temporary, const void *data, size_t size, mode_t mode)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        /* What an interrupted call left behind. */
        if (unlinkat(parent, temporary, 0) < 0 && errno != ENOENT)
                return -errno;
        fd = openat(parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;
        r = fchmod(fd, mode) < 0 ? -errno : 0; /* whatever the umask is */
        if (r >= 0)
                r = durable_write_all(fd, data, size);
        if (r >= 0)
                r = durable_sync_file(fd);
        return r;
}

int durable_replace(int dirfd, const char *path, const void *data, size_t size, mode_t mode)
{
        char temporary[NAME_MAX + 1];
        const char *name = "";
        _cleanup_close_ int parent = durable_open_parent(dirfd, path, &name);
        int r;

        if (parent < 0)
                return parent;
        if ((size_t)snprintf(temporary, sizeof(temporary), "%s.tmp", name) >= sizeof(temporary))
                return -ENAMETOOLONG;
        r = temporary_write(parent, temporary, data, size, mode);
        if (r >= 0 && renameat(parent, temporary, parent, name) < 0)
                r = -errno;
        if (r < 0) {
                (void)unlinkat(parent, temporary, 0);
                return r;
        }
        return durable_sync_file(parent);
}

/* A name that nobody has; the file is the caller's to remove. */
static int unique_open(int dirfd, char name[NAME_MAX + 1], mode_t mode)
{
        for (unsigned int tries = 0; tries < 100; tries++) {
                uint64_t random;
                int fd;

                if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                        return -errno;
                (void)snprintf(name, NAME_MAX + 1, ".recdock-%016" PRIx64 ".tmp", random);
                fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
                if (fd >= 0 || errno != EEXIST)
                        return fd >= 0 ? fd : -errno;
        }
        return -EEXIST;
}

/* Not every file system knows how to rename without replacing; those that do not can link. */
static int rename_new(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
        if (renameat2(from_dirfd, from, to_dirfd, to, RENAME_NOREPLACE) == 0)
                return 0;
        if (errno != EINVAL && errno != ENOSYS)
                return -errno;
        if (linkat(from_dirfd, from, to_dirfd, to, 0) < 0)
                return -errno;
        (void)unlinkat(from_dirfd, from, 0);
        return 0;
}

int durable_rename_new(int dirfd, const char *from, const char *to)
{
        const char *from_name = "", *to_name = "";
        _cleanup_close_ int from_parent = durable_open_parent(dirfd, from, &from_name);
        _cleanup_close_ int to_parent = durable_open_parent(dirfd, to, &to_name);
        int r;

        if (from_parent < 0)
                return from_parent;
        if (to_parent < 0)
                return to_parent;
        r = rename_new(from_parent, from_name, to_parent, to_name);
        return r == -EEXIST ? DURABLE_EXISTS : r;
}

int durable_publish(int dirfd, const char *name, const void *data, size_t size, mode_t mode, bool replace)
{
        char temporary[NAME_MAX + 1];
        _cleanup_close_ int fd = unique_open(dirfd, temporary, mode);
        int r;

        if (fd < 0)
                return fd;
        r = durable_write_all(fd, data, size);
        if (r >= 0)
                r = durable_sync_file(fd);
        if (r >= 0 && replace)
                r = renameat(dirfd, temporary, dirfd, name) < 0 ? -errno : 0;
        else if (r >= 0)
                r = rename_new(dirfd, temporary, dirfd, name);
        if (r < 0) {
                (void)unlinkat(dirfd, temporary, 0);
                return r == -EEXIST ? DURABLE_EXISTS : r;
        }
        r = durable_sync_file(dirfd);
        return r < 0 ? r : DURABLE_DONE;
}
