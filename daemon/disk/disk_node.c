// SPDX-License-Identifier: LGPL-2.1-or-later
/* See disk_node.h. */
#include "daemon/disk/disk_node.h"
#include "base/clock.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_AGAIN (50 * USEC_PER_MSEC)

bool disk_text_is(const char *text, const char *wanted)
{
        return text && strcmp(text, wanted) == 0;
}

/* By node and number: the node must be the device that sysfs has. */
int disk_node_open(struct udev_device *block, int flags)
{
        const char *node = udev_device_get_devnode(block);
        _cleanup_close_ int fd = node ? open(node, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -EBADF;
        struct stat st;

        if (fd < 0)
                return node ? -errno : -ENODEV;
        if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != udev_device_get_devnum(block))
                return -ENODEV;
        return TAKE_FD(fd);
}

/* What is mounted cannot be opened for oneself alone. */
int disk_node_open_unused(const char *node, int64_t usec)
{
        const struct timespec pause = {.tv_nsec = LOOK_AGAIN * 1000};
        int64_t until = clock_monotonic() + usec;

        for (;;) {
                int fd = open(node, O_RDONLY | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

                if (fd >= 0)
                        return fd;
                if (errno != EBUSY || clock_monotonic() >= until)
                        return -errno;
                (void)nanosleep(&pause, NULL);
        }
}

struct udev_device *disk_usb_of(struct udev_device *block)
{
        return udev_device_get_parent_with_subsystem_devtype(block, "usb", "usb_device");
}

void disk_usb_serial(struct udev_device *usb, char ret[DISK_SERIAL_MAX])
{
        const char *said = udev_device_get_sysattr_value(usb, "serial");

        (void)text_copy(ret, DISK_SERIAL_MAX, said ? said : "");
        text_make_printable(ret);
}

int disk_time_left(int64_t until)
{
        return (int)(MAX(until - clock_monotonic(), INT64_C(0)) / USEC_PER_MSEC);
}
