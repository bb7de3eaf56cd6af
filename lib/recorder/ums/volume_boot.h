/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Boot sectors, field by field, into a struct volume_layout. */

#include "recorder/ums/volume_state.h"

#define BOOT_SECTOR_SIZE 512U /* what of it counts, whatever the sector size */

/*
 * FAT (specification 1.03, "Boot Sector and BPB"), or exFAT (section 3.1), of the place that v->cache reads.
 * RECORDER_UNSUPPORTED when it is not that; RECORDER_PROTOCOL, told, when it is and contradicts itself. A
 * boot sector that is damaged is taken from its backup. An exFAT boot sector that is not even labelled so is
 * looked for there only 'by_backup', when nothing else fits: a FAT may have been made over an exFAT volume.
 */
int fat_boot_read(struct volume *v);
int exfat_boot_read(struct volume *v, bool by_backup);

/* Does a sector begin a volume rather than a partition table? */
bool fat_boot_plausible(const uint8_t sector[BOOT_SECTOR_SIZE]);
bool exfat_boot_plausible(const uint8_t sector[BOOT_SECTOR_SIZE]);

/* Cuts at->present to what lies in 'size' bytes, and to what the FAT covers; told when that cuts anything.
 */
void volume_layout_cut(struct volume *v, struct volume_layout *at, uint64_t size);
