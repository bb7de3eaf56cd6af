// SPDX-License-Identifier: LGPL-2.1-or-later
/* See disk_mount.h. */
#include "daemon/disk/disk_mount.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>

struct option {
        const char *key, *value; /* NULL: a flag */
};

/* Times that have no zone on the medium are shown as UTC, as recdock-clear reads those of the listing. Short
 * names are GBK here as they are for the reader (volume_charset.c). */
static const struct option vfat_options[] = {{"tz", "UTC"},
                                             {"shortname", "mixed"},
                                             {"utf8", "1"},
                                             {"codepage", "936"},
                                             {"errors", "remount-ro"}};
static const struct option exfat_options[] = {
                {"time_offset", "0"}, {"iocharset", "utf8"}, {"errors", "remount-ro"}};
static const struct option ext4_options[] = {{"errors", "remount-ro"}};

static const struct file_system {
        const char *type;
        const struct option *options;
        size_t n;
        bool owners; /* has them itself */
} file_systems[] = {
                {"vfat", vfat_options, ELEMENTSOF(vfat_options), false},
                {"exfat", exfat_options, ELEMENTSOF(exfat_options), false},
                {"ext4", ext4_options, ELEMENTSOF(ext4_options), true},
};

static const struct file_system *file_system_find(const char *type)
{
        for (size_t i = 0; i < ELEMENTSOF(file_systems); i++)
                if (strcmp(file_systems[i].type, type) == 0)
                        return &file_systems[i];
        return NULL;
}

static int number_set(int fs, const char *key, unsigned int value)
{
        char text[16];

        (void)snprintf(text, sizeof(text), "%u", value);
        return fsconfig(fs, FSCONFIG_SET_STRING, key, text, 0) < 0 ? -errno : 0;
}

static int options_set(int fs, const struct file_system *type, const struct disk_owner *owner)
{
        int r = 0;

        for (size_t i = 0; i < type->n; i++)
                if (fsconfig(fs, FSCONFIG_SET_STRING, type->options[i].key, type->options[i].value, 0) < 0)
                        return -errno;
        if (owner && !type->owners) {
                r = number_set(fs, "uid", owner->user);
                if (r == 0)
                        r = number_set(fs, "gid", owner->group);
        }
        return r;
}

/* The file system is this one's alone where the kernel can tell (6.6): a mount that somebody has made in
 * the meantime is not joined. */
static int superblock_create(int fs)
{
#ifndef FSCONFIG_CMD_CREATE_EXCL
#define FSCONFIG_CMD_CREATE_EXCL 8
#endif
        if (fsconfig(fs, FSCONFIG_CMD_CREATE_EXCL, NULL, NULL, 0) == 0)
                return 0;
        if (errno != EOPNOTSUPP)
                return -errno;
        return fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -errno : 0;
}

int disk_mount(struct disk_mount *ret, const char *node, const char *type, const struct disk_owner *owner)
{
        const struct file_system *kind = file_system_find(type);
        _cleanup_close_ int fs = kind ? fsopen(type, FSOPEN_CLOEXEC) : -EBADF, tree = -EBADF,
                            folder = -EBADF;
        int r;

        if (fs < 0)
                return kind ? -errno : -EOPNOTSUPP;
        if (fsconfig(fs, FSCONFIG_SET_STRING, "source", node, 0) < 0)
                return -errno;
        r = options_set(fs, kind, owner);
        if (r == 0)
                r = superblock_create(fs);
        if (r < 0)
                return r;
        tree = fsmount(fs, FSMOUNT_CLOEXEC,
                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME);
        if (tree < 0)
                return -errno;
        /* The mount's own descriptor is a path: it opens files, and syncs nothing. */
        folder = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return -errno;
        *ret = (struct disk_mount){.tree = TAKE_FD(tree), .folder = TAKE_FD(folder)};
        return 0;
}

int disk_unmount(struct disk_mount *m)
{
        int r = syncfs(m->folder) < 0 ? -errno : 0;

        m->folder = fd_close(m->folder);
        m->tree = fd_close(m->tree);
        return r;
}
