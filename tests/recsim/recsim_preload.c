// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What umockdev's own preload library leaves open, for every process of the test bed:
 *
 * - A FIFO as a device node cannot be sought, and libusb_wrap_sys_device() seeks before it reads
 * descriptors.
 * - umockdev binds the monitor socket of each process to a path made of its file descriptor's number, so two
 *   processes with the same number steal each other's events. Here every monitor gets a number nobody else
 * has.
 * - umockdev ends the test bed when a monitor's queue is full; a real kernel drops the event. Here the
 * sender waits a moment, and drops it then.
 *
 * Must stand before libumockdev-preload in LD_PRELOAD. Does nothing without UMOCKDEV_DIR.
 */

/* lseek and lseek64 are two symbols here, not two names of one. */
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MONITOR_FIRST 64 /* lowest number of a monitor's descriptor */
#define MONITORS_MAX  800
#define SEND_WAIT_MS  200

typedef int64_t seek_fn(int fd, int64_t offset, int whence);
typedef int socket_fn(int domain, int type, int protocol);
typedef ssize_t sendmsg_fn(int fd, const struct msghdr *message, int flags);

static const char *testbed(void)
{
        return getenv("UMOCKDEV_DIR");
}

/* True for a node of the test bed, false for any other FIFO or pipe: those must go on refusing to seek. */
static bool is_node(int fd)
{
        const char *root = testbed();
        char link[64];
        char target[PATH_MAX];
        size_t length = root ? strlen(root) : 0;
        ssize_t n;

        if (!root)
                return false;
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, target, sizeof(target) - 1);
        if (n <= 0)
                return false;
        target[n] = '\0';
        /* umockdev may show the path without its root. */
        return strncmp(target, "/dev/bus/usb/", 13) == 0 ||
               (strncmp(target, root, length) == 0 && strncmp(target + length, "/dev/bus/usb/", 13) == 0);
}

int64_t lseek64(int fd, int64_t offset, int whence)
{
        static seek_fn *next;
        int64_t r;

        if (!next)
                next = (seek_fn *)dlsym(RTLD_NEXT, "lseek64");
        r = next(fd, offset, whence);
        if (r < 0 && errno == ESPIPE && is_node(fd)) {
                errno = 0;
                return 0;
        }
        return r;
}

off_t lseek(int fd, off_t offset, int whence)
{
        return (off_t)lseek64(fd, offset, whence);
}

/* True when somebody listens on the event socket of this number. A leftover of a dead process refuses. */
static bool monitor_taken(int number, socket_fn *next)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        bool taken = false;
        int fd;

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/event%d", testbed(), number);
        if (access(address.sun_path, F_OK) < 0)
                return false;
        fd = next(AF_UNIX, SOCK_RAW | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
                taken = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
                (void)close(fd);
        }
        return taken;
}

static int monitor_number(socket_fn *next)
{
        static unsigned int counter;
        struct rlimit limit;
        unsigned int range = MONITORS_MAX;
        unsigned int start = (unsigned int)getpid() * 7 + counter++;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < MONITOR_FIRST + MONITORS_MAX)
                range = limit.rlim_cur > MONITOR_FIRST + 1 ? (unsigned int)limit.rlim_cur - MONITOR_FIRST
                                                           : 1;
        for (unsigned int i = 0; i < range; i++) {
                int number = MONITOR_FIRST + (int)((start + i) % range);

                if (!monitor_taken(number, next))
                        return number;
        }
        return MONITOR_FIRST;
}

/* The socket gets the lowest free number, so all below the wanted one are filled first. */
static int monitor_socket(int type, int protocol, socket_fn *next)
{
        static int filler[MONITOR_FIRST + MONITORS_MAX];
        static volatile int busy;
        int number = monitor_number(next);
        int n = 0;
        int fd;

        while (__sync_lock_test_and_set(&busy, 1))
                (void)usleep(100);
        for (fd = dup(STDERR_FILENO); fd >= 0 && fd < number; fd = dup(STDERR_FILENO))
                filler[n++] = fd;
        if (fd >= 0)
                (void)close(fd);
        fd = next(AF_NETLINK, type, protocol);
        while (n > 0)
                (void)close(filler[--n]);
        __sync_lock_release(&busy);
        return fd;
}

int socket(int domain, int type, int protocol)
{
        static socket_fn *next;

        if (!next)
                next = (socket_fn *)dlsym(RTLD_NEXT, "socket");
        if (domain == AF_NETLINK && protocol == NETLINK_KOBJECT_UEVENT && testbed())
                return monitor_socket(type, protocol, next);
        return next(domain, type, protocol);
}

/* Only for sends to a monitor: by an address within the test bed. */
static bool is_monitor_event(const struct msghdr *message)
{
        const struct sockaddr_un *address = message->msg_name;
        const char *root = testbed();

        return root && address && address->sun_family == AF_UNIX &&
               strncmp(address->sun_path, root, strlen(root)) == 0;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
        static sendmsg_fn *next;
        ssize_t r;

        if (!next)
                next = (sendmsg_fn *)dlsym(RTLD_NEXT, "sendmsg");
        r = next(fd, message, flags);
        if (r < 0 && (errno == EAGAIN || errno == ENOBUFS) && is_monitor_event(message)) {
                struct pollfd p = {.fd = fd, .events = POLLOUT};

                (void)poll(&p, 1, SEND_WAIT_MS);
                r = next(fd, message, flags);
                if (r < 0 && errno == EAGAIN)
                        r = 0; /* lost, as on a real machine */
        }
        return r;
}
