/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Block devices by udev: the node that is opened is the device that sysfs has, and nobody else's. */

#include "base/cleanup.h"
#include "daemon/disk/peer.h"

#include <libudev.h>
#include <stdint.h>

DEFINE_CLEANUP(struct udev *, udev_unref);
DEFINE_CLEANUP(struct udev_device *, udev_device_unref);
DEFINE_CLEANUP(struct udev_enumerate *, udev_enumerate_unref);

/* The text of a device, which may be NULL, is this one? */
bool disk_text_is(const char *text, const char *wanted);

/* Opens the node with the access 'flags' of open(2). Returns a descriptor, -ENODEV when the node is not the
 * device, or what open(2) says. */
int disk_node_open(struct udev_device *block, int flags);

/* Opens the node for reading when nothing has it mounted or otherwise for itself, and tries that for 'usec'.
 * The descriptor keeps it so as long as it is open. -EBUSY, or what open(2) says. */
int disk_node_open_unused(const char *node, int64_t usec);

/* USB device that the disk hangs from; borrowed. NULL: none, it is no removable disk. */
struct udev_device *disk_usb_of(struct udev_device *block);
/* Its iSerial, printable; "" none. */
#define DISK_SERIAL_MAX 128
void disk_usb_serial(struct udev_device *usb, char ret[DISK_SERIAL_MAX]);

/* Milliseconds until 'until' (clock_monotonic()), 0 when it has passed. */
int disk_time_left(int64_t until);
