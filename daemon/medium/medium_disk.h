/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The block device that a medium is: below a USB port, and nobody else's as long as this structure lives. A
 * recorder, a disk of the system and whatever is mounted or otherwise in use are none.
 */

#include "base/cleanup.h"
#include "daemon/disk/peer.h"
#include "daemon/medium/medium_content.h"

struct medium_disk;

/* The volume with the file system 'uuid', which is registered. Waits up to 'timeout_ms' for udev to be done
 * with it, for whoever has it locked, and for what one that was killed had mounted. A negative errno, with a
 * sentence in 'why'; or what ended the wait. */
int medium_disk_open_volume(struct medium_disk **ret, const char *uuid, const struct medium_place *place,
                            const struct peer *peer, int timeout_ms, struct medium_failed *why);
/* The whole disk at 'place', on which 'force' (medium_messages.h) allows to lose what it holds. */
int medium_disk_open_whole(struct medium_disk **ret, const struct medium_place *place, const char *force,
                           const struct peer *peer, int timeout_ms, struct medium_failed *why);
void medium_disk_close(struct medium_disk *d);
DEFINE_CLEANUP(struct medium_disk *, medium_disk_close);

/* "/dev/sda1"; for reading. Both live as long as the disk. */
const char *medium_disk_node(const struct medium_disk *d);
int medium_disk_fd(const struct medium_disk *d);
/* What was found on it. */
const struct medium_content *medium_disk_content(const struct medium_disk *d);
/* Looks again, and says what the disk is now. */
int medium_disk_facts(struct medium_disk *d, struct medium_facts *ret);

/* Others may look at it as long as it is mounted, which keeps them off as well: udev would lay by what it is
 * told about a disk that is locked for hours. */
void medium_disk_share(struct medium_disk *d);
/* Lets go of what keeps everybody from opening it for himself, the kernel and mkfs included. */
void medium_disk_yield(struct medium_disk *d);

/* When it is unmounted: what was written is on the medium, past the disk's own cache. 0, -EBUSY when
 * something of it is still open, or another negative errno. */
int medium_disk_flush(struct medium_disk *d);
