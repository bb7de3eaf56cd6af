// SPDX-License-Identifier: LGPL-2.1-or-later
/* See clear_flag.h. A line of the note is the number that no other disk gets until the next boot, and the
 * node. */
#include "daemon/clear/clear_flag.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/disk/disk_node.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define NODE_MAX 64

/* The kernel unmounts what a killed process had mounted, and writes what it has in memory first. */
static const int64_t unmount_timeout = 20 * USEC_PER_SEC;

/* False where the unit gives no folder to note it in. */
static bool note_path(char ret[PATH_MAX])
{
        const char *folder = getenv("RUNTIME_DIRECTORY");

        return folder && (size_t)snprintf(ret, PATH_MAX, "%s/lifted", folder) < PATH_MAX;
}

/* Nothing of it needs to outlive the kernel. */
static int note_add(int fd, const char *node)
{
        char path[PATH_MAX];
        uint64_t number;
        FILE *f;

        if (!note_path(path))
                return 0;
        if (ioctl(fd, BLKGETDISKSEQ, &number) < 0)
                return -errno;
        f = fopen(path, "ae");
        if (!f)
                return -errno;
        (void)fprintf(f, "%" PRIu64 " %s\n", number, node);
        return fclose(f) < 0 ? -errno : 0;
}

int clear_flag_lift(int fd, const char *node, bool *ret_lifted)
{
        int flag = 0, r;

        if (ioctl(fd, BLKROGET, &flag) < 0)
                return -errno;
        if (flag == 0)
                return 0;
        r = note_add(fd, node);
        if (r < 0)
                return r;
        flag = 0;
        if (ioctl(fd, BLKROSET, &flag) < 0)
                return -errno;
        *ret_lifted = true;
        return 0;
}

int clear_flag_set(int fd)
{
        const int flag = 1;

        return ioctl(fd, BLKROSET, &flag) < 0 ? -errno : 0;
}

void clear_flag_forget(void)
{
        char path[PATH_MAX];

        if (note_path(path))
                (void)unlink(path);
}

static int put_back(const char *node, uint64_t number)
{
        _cleanup_close_ int fd = disk_node_open_unused(node, unmount_timeout);
        uint64_t found;
        struct stat st;

        if (fd == -ENOENT || fd == -ENXIO || fd == -ENOMEDIUM)
                return 0; /* it was taken out */
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode))
                return -ENOTBLK;
        if (ioctl(fd, BLKGETDISKSEQ, &found) < 0)
                return -errno;
        return found == number ? clear_flag_set(fd) : 0; /* another one: it was taken out */
}

static int line_put_back(const char *line)
{
        char node[NODE_MAX];
        uint64_t number;
        int r = sscanf(line, "%" SCNu64 " %63s", &number, node) == 2 && strncmp(node, "/dev/", 5) == 0
                                ? put_back(node, number)
                                : -EBADMSG;

        if (r < 0)
                log_error("cannot set the read-only flag again: '%.*s': %s", (int)strcspn(line, "\n"), line,
                          log_errno_text(r));
        return r;
}

int clear_flag_put_back(void)
{
        char path[PATH_MAX], line[NODE_MAX + 32];
        int r = 0;
        FILE *f;

        if (!note_path(path))
                return 0;
        f = fopen(path, "re");
        if (!f)
                return errno == ENOENT ? 0 : -errno;
        while (fgets(line, sizeof(line), f)) {
                int q = line_put_back(line);

                r = r < 0 ? r : q;
        }
        (void)fclose(f);
        return r;
}
