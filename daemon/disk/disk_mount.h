/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A volume, mounted by the kernel's driver where nobody can see it: the mount is a descriptor and is in no
 * namespace, and it ends with the descriptor, whatever becomes of this process. Nothing on it is a program,
 * a device or another user.
 */

#include <sys/types.h>

struct disk_mount {
        int tree;   /* the mount itself */
        int folder; /* its root, open for what is synced through it */
};

/* Whose the files of a file system without owners are. NULL where it is asked for: root's. */
struct disk_owner {
        uid_t user;
        gid_t group;
};

/* Mounts 'node' as 'type' ("vfat", "exfat", "ext4"), writable, with times as they are on the medium. 0,
 * -EOPNOTSUPP for another type, -EROFS when nothing can be written to it, or another negative errno. */
int disk_mount(struct disk_mount *ret, const char *node, const char *type, const struct disk_owner *owner);
/* Writes all there is to the device, and unmounts. 0 or a negative errno; it is unmounted in any case, as
 * far as nobody else holds a descriptor of it. */
int disk_unmount(struct disk_mount *m);
