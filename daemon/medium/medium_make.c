// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See medium_make.h. The whole disk is the file system, without a partition table: Linux, Windows and macOS
 * all read that, and there is nothing else on it that could contradict it.
 */
#include "daemon/medium/medium_make.h"
#include "base/cleanup.h"
#include "daemon/medium/medium_content.h"
#include "daemon/medium/medium_tool.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define ARGUMENTS_MAX 16

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
        int status = 0, r = node_wipe(node);

        if (r < 0)
                return r;
        (void)snprintf(options, sizeof(options), "root_owner=%u:%u,lazy_itable_init=0,lazy_journal_init=0",
                       owner->user, owner->group);
        arguments_fill(argv, format, node, label, options);
        r = medium_tool_run(argv, peer, timeout_ms, &status);
        if (r == 0 && status != 0)
                r = -EIO;
        /* What is half made is no file system that anybody would take for a medium. */
        return r < 0 ? r : node_sync(node);
}
