/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The block device of a volume, found by its USB port, and writable only as long as this structure lives.
 * The kernel's driver has the disk when recdock-offload has given it back, a moment before or after.
 */

#include "base/cleanup.h"
#include "daemon/clear/clear_messages.h"
#include "daemon/disk/peer.h"

struct clear_disk;

/*
 * Waits up to 'timeout_ms' until nobody else has the recorder that is plugged in where 'v' says and is the
 * one it says, and until udev is done with its disk; keeps both off from then on (disk_lock.h, and udev's
 * own way: flock(2) on the disk), and lifts the read-only flag. -ENODEV: there is none; -EPERM: what is
 * there is no recorder, or another one; -EBUSY: somebody has it; -ETIME; or what ended the wait.
 */
int clear_disk_open(struct clear_disk **ret, const struct clear_volume *v, const struct peer *wait,
                    int timeout_ms);
/* "/dev/sda1"; "vfat" or "exfat". Both live as long as the disk. */
const char *clear_disk_node(const struct clear_disk *d);
const char *clear_disk_type(const struct clear_disk *d);
/* When it is unmounted: what was written is on the medium, past the disk's own cache. */
int clear_disk_sync(struct clear_disk *d);
/* Sets the flag again, for all that was lifted. 0, -EBUSY when it is still mounted, or another errno. */
int clear_disk_close(struct clear_disk *d);

static inline void clear_disk_closep(struct clear_disk **d)
{
        if (*d)
                (void)clear_disk_close(*d);
}
