/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who has a recorder. recdock-offload takes its disk from the kernel's driver, which must not happen while
 * that driver is writing: whoever works with a recorder holds flock(2) on its USB device node
 * (usb/usb_device.h), and so does recdock-clear.
 *
 * A lock that ended with this process would end too early: when it is killed, the kernel unmounts a moment
 * later. So the service manager keeps a copy of the descriptor, until all of the unit has ended.
 */

#include "daemon/disk/peer.h"

/* Opens and locks the node, within 'timeout_ms'. Returns a descriptor; closing it is not enough to unlock
 * under systemd, see above. -EBUSY: somebody has it; or what ended the wait. */
int disk_lock(const char *node, const struct peer *wait, int timeout_ms);
/* flock() of a descriptor, tried again until it succeeds. 0, or as above. */
int disk_lock_fd(int fd, const struct peer *wait, int timeout_ms);
