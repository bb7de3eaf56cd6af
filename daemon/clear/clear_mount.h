/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The volume, mounted by the kernel's driver where nobody can see it: the mount is a descriptor and is in no
 * namespace, and it ends with the descriptor, whatever becomes of this process.
 */

struct clear_mount {
        int tree;   /* the mount itself */
        int folder; /* its root, open for what is synced through it */
};

/* Mounts 'node' as 'type' ("vfat", "exfat"), writable, with times as they are on the medium. 0 or a negative
 * errno. */
int clear_mount(struct clear_mount *ret, const char *node, const char *type);
/* Writes all there is to the device, and unmounts. 0 or a negative errno; it is unmounted in any case. */
int clear_unmount(struct clear_mount *m);
