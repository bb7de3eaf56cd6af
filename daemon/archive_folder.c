// SPDX-License-Identifier: LGPL-2.1-or-later
/* Folders as media; see archive_folder.h. */
#include "daemon/archive_folder.h"
#include "backup/target.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

/* Of what is free a file system keeps some for itself, whatever pack_cost.c knows of. */
#define RESERVE_SHARE 128
#define CLUSTER_MAX   (1 << 20)

static const struct marker_kind marker_of_medium = {
                ".recdock-medium",
                "Medium",
                "This folder is a medium of a recdock station. Without this file nothing is written here.",
};

/* linux/magic.h has no number for exFAT in older headers. */
static const struct {
        const char *name;
        uint32_t magic;
        enum pack_format format;
} file_systems[] = {
                {"vfat", 0x4d44, PACK_FAT32},     {"exfat", 0x2011BAB0, PACK_EXFAT},
                {"ext4", 0xEF53, PACK_EXT4},      {"xfs", 0x58465342, PACK_EXT4},
                {"btrfs", 0x9123683E, PACK_EXT4}, {"nfs", 0x6969, PACK_EXT4},
                {"tmpfs", 0x01021994, PACK_EXT4},
};

int archive_folder_room(int fd, struct archive_folder *ret)
{
        struct statvfs v;
        struct statfs f;

        if (fstatvfs(fd, &v) < 0 || fstatfs(fd, &f) < 0)
                return -errno;
        ret->type[0] = '\0';
        ret->room = (struct pack_medium){.format = PACK_EXT4, .count = 1};
        for (size_t i = 0; i < ELEMENTSOF(file_systems); i++) {
                if (file_systems[i].magic != (uint32_t)f.f_type)
                        continue;
                ret->room.format = file_systems[i].format;
                (void)snprintf(ret->type, sizeof(ret->type), "%s", file_systems[i].name);
        }
        ret->room.cluster = MIN((int64_t)v.f_frsize, (int64_t)CLUSTER_MAX);
        ret->capacity = (int64_t)(v.f_blocks * v.f_frsize);
        ret->room.capacity = (int64_t)(v.f_bavail * v.f_frsize) / RESERVE_SHARE * (RESERVE_SHARE - 1);
        return 0;
}

static int folder_take(const char *path, struct archive_folder *ret)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = fd < 0 ? -errno : archive_folder_room(fd, ret);

        if (r < 0)
                return r == -ENOENT || r == -ENOTDIR ? ARCHIVE_FOLDER_ABSENT : r;
        ret->fd = TAKE_FD(fd);
        return ARCHIVE_FOLDER_OK;
}

int archive_folder_open(const char *path, const char *station, const char *uuid, struct archive_folder *ret)
{
        struct archive_folder f = {.fd = -EBADF};
        int r = marker_check(path, &marker_of_medium, station, f.uuid);

        if (r != MARKER_OURS)
                return r == MARKER_ABSENT  ? ARCHIVE_FOLDER_ABSENT
                       : r == MARKER_OTHER ? ARCHIVE_FOLDER_FOREIGN
                       : r == -ENOENT      ? ARCHIVE_FOLDER_ABSENT
                                           : r;
        if (uuid && strcmp(uuid, f.uuid) != 0)
                return ARCHIVE_FOLDER_OTHER;
        r = folder_take(path, &f);
        if (r == ARCHIVE_FOLDER_OK)
                *ret = f;
        return r;
}

/* Anything but what mkfs makes? */
static int is_used(int folder)
{
        static const char *const known[] = {".", "..", "lost+found"};
        int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *e;

        if (!dir) {
                int r = -errno;

                (void)fd_close(fd);
                return r;
        }
        while ((e = readdir(dir))) {
                bool is_known = strncmp(e->d_name, marker_of_medium.name, strlen(marker_of_medium.name)) ==
                                0;

                for (size_t i = 0; i < ELEMENTSOF(known); i++)
                        is_known |= strcmp(e->d_name, known[i]) == 0;
                if (!is_known)
                        return 1;
        }
        return 0;
}

int archive_folder_init(const char *path, const char *station, const char *store, bool same_disk,
                        struct archive_folder *ret)
{
        struct archive_folder f = {.fd = -EBADF};
        int r = target_same_disk(path, store);

        if (r < 0)
                return r == -ENOENT || r == -ENOTDIR ? ARCHIVE_FOLDER_ABSENT : r;
        if (r > 0 && !same_disk)
                return ARCHIVE_FOLDER_SAME_DISK;
        r = archive_folder_open(path, station, NULL, &f);
        if (r != ARCHIVE_FOLDER_ABSENT) {
                if (r == ARCHIVE_FOLDER_OK)
                        *ret = f;
                return r;
        }
        r = folder_take(path, &f);
        if (r == ARCHIVE_FOLDER_OK)
                r = is_used(f.fd) == 0 ? 0 : ARCHIVE_FOLDER_USED;
        if (r == ARCHIVE_FOLDER_OK)
                r = marker_write(f.fd, &marker_of_medium, station, f.uuid);
        if (r != ARCHIVE_FOLDER_OK) {
                (void)fd_close(f.fd);
                return r;
        }
        *ret = f;
        return ARCHIVE_FOLDER_OK;
}

const char *archive_folder_text(int outcome, const char *path, char *buf, size_t size)
{
        switch (outcome) {
        case ARCHIVE_FOLDER_ABSENT:
                (void)snprintf(buf, size, "there is no medium in '%s': is its disk mounted?", path);
                break;
        case ARCHIVE_FOLDER_FOREIGN:
                (void)snprintf(buf, size, "'%s' is a medium of another station", path);
                break;
        case ARCHIVE_FOLDER_OTHER:
                (void)snprintf(buf, size, "'%s' has another medium than the one that was registered there",
                               path);
                break;
        case ARCHIVE_FOLDER_USED:
                (void)snprintf(buf, size, "'%s' has something in it: expected an empty folder", path);
                break;
        case ARCHIVE_FOLDER_SAME_DISK:
                (void)snprintf(buf, size,
                               "'%s' is on the disk of the store (is its own mounted?): expected another "
                               "disk, or AllowSameDisk=yes",
                               path);
                break;
        default:
                (void)snprintf(buf, size, "'%s' cannot be used: %s (see LONG-TERM COPIES in recdockd(8))",
                               path, log_errno_text(outcome));
        }
        return buf;
}
