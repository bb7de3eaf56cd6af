// SPDX-License-Identifier: LGPL-2.1-or-later
/* See clear_mount.h. */
#include "daemon/clear/clear_mount.h"
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

static int options_set(int fs, const struct option *options, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (fsconfig(fs, FSCONFIG_SET_STRING, options[i].key, options[i].value, 0) < 0)
                        return -errno;
        return 0;
}

int clear_mount(struct clear_mount *ret, const char *node, const char *type)
{
        _cleanup_close_ int fs = fsopen(type, FSOPEN_CLOEXEC), tree = -EBADF, folder = -EBADF;
        bool exfat = strcmp(type, "exfat") == 0;
        int r;

        if (fs < 0)
                return -errno;
        if (fsconfig(fs, FSCONFIG_SET_STRING, "source", node, 0) < 0)
                return -errno;
        r = exfat ? options_set(fs, exfat_options, ELEMENTSOF(exfat_options))
                  : options_set(fs, vfat_options, ELEMENTSOF(vfat_options));
        if (r < 0)
                return r;
        if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        tree = fsmount(fs, FSMOUNT_CLOEXEC,
                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME);
        if (tree < 0)
                return -errno;
        /* The mount's own descriptor is a path: it opens files, and syncs nothing. */
        folder = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return -errno;
        *ret = (struct clear_mount){.tree = TAKE_FD(tree), .folder = TAKE_FD(folder)};
        return 0;
}

int clear_unmount(struct clear_mount *m)
{
        int r = syncfs(m->folder) < 0 ? -errno : 0;

        m->folder = fd_close(m->folder);
        m->tree = fd_close(m->tree);
        return r;
}
