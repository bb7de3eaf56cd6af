// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who holds a device node, found by looking through /proc/PID/fd. An unprivileged station sees only its own
 * user's processes; then the answer is "not known", which is no error.
 */
#include "usb/usb_device.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PROCESSES_MAX   65536
#define DESCRIPTORS_MAX 4096

static bool all_digits(const char *s)
{
        if (*s == '\0')
                return false;
        for (; *s; s++)
                if (!isdigit((unsigned char)*s))
                        return false;
        return true;
}

static bool same_node(const struct stat *a, const struct stat *b)
{
        if (S_ISCHR(a->st_mode) && S_ISCHR(b->st_mode))
                return a->st_rdev == b->st_rdev;
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Does the process (a folder of /proc) have the node open? */
static bool process_holds(int proc_fd, const char *pid, const struct stat *node)
{
        _cleanup_(closedirp) DIR *dir = NULL;
        char path[64];
        struct dirent *e;
        int fd;

        (void)snprintf(path, sizeof(path), "%s/fd", pid);
        fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return false;
        dir = fdopendir(fd);
        if (!dir) {
                (void)fd_close(fd);
                return false;
        }
        for (unsigned int n = 0; n < DESCRIPTORS_MAX && (e = readdir(dir)); n++) {
                struct stat st;

                if (all_digits(e->d_name) && fstatat(dirfd(dir), e->d_name, &st, 0) == 0 &&
                    same_node(&st, node))
                        return true;
        }
        return false;
}

static void process_name(int proc_fd, const char *pid, char *name, size_t size)
{
        _cleanup_close_ int fd = -EBADF;
        char path[64];
        ssize_t n;

        name[0] = '\0';
        (void)snprintf(path, sizeof(path), "%s/comm", pid);
        fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return;
        n = read(fd, name, size - 1);
        name[MAX(n, 0)] = '\0';
        name[strcspn(name, "\n")] = '\0';
        text_make_printable(name);
}

int usb_node_holder(const char *node, struct usb_holder *ret)
{
        _cleanup_(closedirp) DIR *proc = opendir("/proc");
        struct usb_holder found = {0};
        struct stat st;
        struct dirent *e;

        if (!proc || stat(node, &st) < 0)
                return -errno;
        for (unsigned int n = 0; n < PROCESSES_MAX && (e = readdir(proc)); n++) {
                int64_t pid;

                if (!all_digits(e->d_name) || text_to_int64(e->d_name, &pid) < 0 || pid == getpid())
                        continue;
                if (strlen(e->d_name) > 16 || !process_holds(dirfd(proc), e->d_name, &st))
                        continue;
                found.pid = (pid_t)pid;
                process_name(dirfd(proc), e->d_name, found.name, sizeof(found.name));
                break;
        }
        *ret = found;
        return 0;
}
