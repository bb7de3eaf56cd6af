// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opening and making targets of backups; see target.h. */
#include "backup/target.h"
#include "base/durable.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct marker_kind marker_of_backup = {
                ".recdock-backup",
                "Backup",
                "This folder is the backup of a recdock station. Without this file nothing is written here.",
};

void target_close(struct target *t)
{
        t->folder = fd_close(t->folder);
}

static int path_join(char ret[PATH_MAX], const char *path, const char *name)
{
        return (size_t)snprintf(ret, PATH_MAX, "%s/%s", path, name) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int marker_find(const char *path, const char *station, char ret_path[PATH_MAX],
                       char ret_uuid[MARKER_UUID_SIZE])
{
        int r = path_join(ret_path, path, TARGET_FOLDER);

        if (r >= 0)
                r = marker_check(ret_path, &marker_of_backup, station, ret_uuid);
        if (r != MARKER_ABSENT)
                return r;
        (void)snprintf(ret_path, PATH_MAX, "%s", path);
        return marker_check(ret_path, &marker_of_backup, station, ret_uuid);
}

int target_open(struct target *ret, const char *path, const char *station)
{
        _cleanup_target_ struct target t = TARGET_CLOSED;
        int r = marker_find(path, station, t.path, t.uuid);

        if (r != MARKER_OURS)
                return r < 0 ? r : r == MARKER_ABSENT ? TARGET_ABSENT : TARGET_FOREIGN;
        t.folder = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (t.folder < 0)
                return errno == ENOENT ? TARGET_ABSENT : -errno;
        *ret = t;
        t.folder = -EBADF;
        return TARGET_OK;
}

/* Anything in it besides the marker? */
static int folder_is_used(int folder)
{
        int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *e;
        const size_t n = strlen(marker_of_backup.name);

        if (!dir) {
                int saved = errno;

                (void)fd_close(fd);
                return -saved;
        }
        while ((e = readdir(dir)))
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
                    strncmp(e->d_name, marker_of_backup.name, n) != 0)
                        return 1;
        return 0;
}

int target_init(const char *path, const char *station, char ret_uuid[MARKER_UUID_SIZE])
{
        _cleanup_close_ int above = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), folder = -EBADF;
        char own[PATH_MAX];
        int marker, used, r;

        if (above < 0)
                return errno == ENOENT || errno == ENOTDIR ? TARGET_ABSENT : -errno;
        r = path_join(own, path, TARGET_FOLDER);
        if (r < 0)
                return r;
        marker = marker_check(own, &marker_of_backup, station, ret_uuid);
        if (marker < 0 || marker == MARKER_OTHER)
                return marker < 0 ? marker : TARGET_FOREIGN;
        r = durable_make_folders(above, TARGET_FOLDER, TARGET_MODE);
        if (r < 0)
                return r;
        folder = durable_open_beneath(above, TARGET_FOLDER, O_RDONLY | O_DIRECTORY, 0);
        if (folder < 0)
                return folder;
        used = folder_is_used(folder);
        if (used != 0)
                return used < 0 ? used : marker == MARKER_OURS ? TARGET_TAKEN : -ENOTEMPTY;
        return marker == MARKER_OURS ? TARGET_OK
                                     : marker_write(folder, &marker_of_backup, station, ret_uuid);
}

int target_same_disk(const char *path, const char *other)
{
        struct stat a, b;

        if (stat(path, &a) < 0 || stat(other, &b) < 0)
                return -errno;
        return a.st_dev == b.st_dev;
}

static int folder_sync(const struct target *t, const char *folder)
{
        _cleanup_close_ int fd = durable_open_beneath(t->folder, folder, O_RDONLY | O_DIRECTORY, 0);

        return fd < 0 ? fd : durable_sync_file(fd);
}

int target_folders(const struct target *t, const char *path, char last[PATH_MAX])
{
        const char *end = strrchr(path, '/');
        char folder[PATH_MAX];
        int r;

        if (!end)
                return -EINVAL;
        if ((size_t)(end - path) >= sizeof(folder))
                return -ENAMETOOLONG;
        memcpy(folder, path, (size_t)(end - path));
        folder[end - path] = '\0';
        if (strcmp(folder, last) == 0)
                return 0;
        r = durable_make_folders(t->folder, folder, TARGET_MODE);
        (void)snprintf(last, PATH_MAX, "%s", folder);
        for (char *slash; r >= 0 && (slash = strrchr(folder, '/'));) {
                *slash = '\0';
                r = folder_sync(t, folder);
        }
        if (r >= 0)
                r = durable_sync_file(t->folder);
        if (r < 0)
                last[0] = '\0';
        return r;
}
