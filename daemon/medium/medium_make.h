/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A new file system on a whole block device, by the mkfs of the format. */

#include "daemon/disk/disk_mount.h"
#include "daemon/disk/peer.h"
#include "daemon/medium/medium_messages.h"

/* 'node' is a block device, or a file in its place, that nobody has open for himself; what it holds is lost.
 * ext4's root folder is the owner's. It is on the medium when this returns 0. -ETIME when mkfs takes longer
 * than 'timeout_ms'; what ended the wait; -EIO when it says no, which is in the journal; or another negative
 * errno. */
int medium_make(const char *node, enum medium_format format, const char *label,
                const struct disk_owner *owner, const struct peer *peer, int timeout_ms);
/* "ext4", "exfat": as libblkid has it. */
const char *medium_format_type(enum medium_format format);
