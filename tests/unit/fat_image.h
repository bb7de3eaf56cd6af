/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A FAT12 volume in memory, put together slot by slot: 512-byte sectors and clusters, two FATs of 3 sectors,
 * 64 root entries. Larger and other volumes are made by tests/volumes. */

#include <stddef.h>
#include <stdint.h>

#define FAT_IMAGE_CLUSTERS 1000U
#define FAT_IMAGE_FAT      512U
#define FAT_IMAGE_ROOT     (7U * 512)
#define FAT_IMAGE_HEAP     (11U * 512)
#define FAT_IMAGE_SIZE     (FAT_IMAGE_HEAP + FAT_IMAGE_CLUSTERS * 512)

struct fat_image {
        uint8_t bytes[FAT_IMAGE_SIZE];
};

void fat_image_init(struct fat_image *f);

/* In both FATs. */
void fat_image_link(struct fat_image *f, uint32_t cluster, uint32_t value);

/* Links clusters first … first+n-1 to each other and ends the chain. */
void fat_image_chain(struct fat_image *f, uint32_t first, uint32_t n);
uint8_t *fat_image_cluster(struct fat_image *f, uint32_t cluster);

/* An entry of 'name' (11 characters) at 'slot'; a time of 2026-11-01 08:00:02. */
void fat_image_entry(uint8_t *slot, const char *name, uint8_t attributes, uint32_t cluster, uint32_t size);

/* "." and ".." at the beginning of a folder's cluster. */
void fat_image_folder(struct fat_image *f, uint32_t cluster, uint32_t parent);
