// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Opening a store. The two trees are held open by descriptor for as long as the store is in use, so that a
 * disk that goes away makes calls fail instead of sending them to whatever lies below its mount point.
 */
#include "store/tree.h"
#include "store/marker.h"
#include "base/cleanup.h"
#include "base/durable.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>

DEFINE_CLEANUP(struct store *, store_close);

void store_close(struct store *s)
{
        if (!s)
                return;
        (void)fd_close(s->incoming);
        (void)fd_close(s->footage);
        (void)fd_close(s->root);
        free(s);
}

/* Opens the root folder; makes it, but nothing above it, when it is missing and 'create' says so. */
static int root_open(const char *root, bool create)
{
        int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int above = -EBADF;
        int r;

        if (fd >= 0 || errno != ENOENT || !create)
                return fd >= 0 ? fd : -errno;
        if (mkdir(root, STORE_FOLDER_MODE) < 0)
                return -errno;
        fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = above < 0 ? -errno : durable_sync_file(above);
        if (r < 0) {
                (void)fd_close(fd);
                return r;
        }
        return fd;
}

/* Nothing in it but what mkfs or an interrupted creation left. */
static int root_is_empty(int root)
{
        static const char *const harmless[] = {".", "..", "lost+found", MARKER_LEFTOVER};
        int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *e;

        if (!dir) {
                int saved = errno;

                (void)fd_close(fd);
                return -saved;
        }
        while ((e = readdir(dir))) {
                size_t i = 0;

                while (i < ELEMENTSOF(harmless) && strcmp(e->d_name, harmless[i]) != 0)
                        i++;
                if (i == ELEMENTSOF(harmless))
                        return 0;
        }
        return 1;
}

static int tree_open(int root, const char *name, int *ret_fd)
{
        int fd, r = durable_make_folders(root, name, STORE_FOLDER_MODE);

        if (r < 0)
                return r;
        fd = durable_open_beneath(root, name, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 0;
}

/* link() joins the two trees, so they must lie on one file system. */
static int trees_open(struct store *s)
{
        struct stat incoming, footage;
        int r = tree_open(s->root, "incoming", &s->incoming);

        if (r >= 0)
                r = tree_open(s->root, "store", &s->footage);
        if (r < 0)
                return r;
        if (fstat(s->incoming, &incoming) < 0 || fstat(s->footage, &footage) < 0)
                return -errno;
        return incoming.st_dev == footage.st_dev ? 0 : -EXDEV;
}

/* Finds the marker, or writes it when an empty root is to become a store. Returns STORE_OK, STORE_FOREIGN or
 * an error. */
static int root_claim(int fd, const char *root, const char *station, bool create)
{
        int r = marker_check(root, &marker_of_store, station, NULL);

        if (r <= 0)
                return r;
        if (!create || faccessat(fd, marker_of_store.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return STORE_FOREIGN;
        r = root_is_empty(fd);
        if (r <= 0)
                return r < 0 ? r : STORE_FOREIGN;
        return marker_write(fd, &marker_of_store, station, NULL);
}

int store_open(struct store **ret, const char *root, const char *station, bool create)
{
        _cleanup_(store_closep) struct store *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->root = s->incoming = s->footage = -EBADF;
        r = root_open(root, create);
        if (r < 0)
                return r == -ENOENT && !create ? STORE_FOREIGN : r;
        s->root = r;
        r = root_claim(s->root, root, station, create);
        if (r != STORE_OK)
                return r;
        r = trees_open(s);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return STORE_OK;
}

int folders_make_synced(const struct store *s, const char *path)
{
        char folder[STORE_PATH_MAX];
        int r;

        if (strlen(path) >= sizeof(folder) || !strrchr(path, '/'))
                return -EINVAL;
        (void)snprintf(folder, sizeof(folder), "%s", path);
        *strrchr(folder, '/') = '\0';
        r = durable_make_folders(s->root, folder, STORE_FOLDER_MODE);
        while (r >= 0 && strchr(folder, '/')) {
                r = durable_sync_parent(s->root, folder);
                *strrchr(folder, '/') = '\0';
        }
        return r;
}

int store_scratch_open(const struct store *s, int64_t size, int *ret_fd)
{
        _cleanup_close_ int fd = openat(s->incoming, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        if (fd < 0)
                return -errno;
        if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) < 0 && errno != EOPNOTSUPP)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int store_free_bytes(const struct store *s, uint64_t *ret)
{
        struct statvfs v;

        if (fstatvfs(s->root, &v) < 0)
                return -errno;
        *ret = (uint64_t)v.f_bavail * v.f_frsize;
        return 0;
}
