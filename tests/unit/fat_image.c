// SPDX-License-Identifier: LGPL-2.1-or-later
/* See fat_image.h. */
#include "fat_image.h"

#include "recorder/little_endian.h"

#include <string.h>

#define FATS        2U
#define FAT_SECTORS 3U

void fat_image_init(struct fat_image *f)
{
        static const uint8_t boot[] = {0xeb, 0x3c, 0x90, 'R', 'E', 'C', 'D', 'O', 'C', 'K', ' '};

        memset(f, 0, sizeof(*f));
        memcpy(f->bytes, boot, sizeof(boot));
        wire_put16(f->bytes + 11, 512);
        f->bytes[13] = 1;
        wire_put16(f->bytes + 14, 1);
        f->bytes[16] = FATS;
        wire_put16(f->bytes + 17, 64);
        wire_put16(f->bytes + 19, FAT_IMAGE_SIZE / 512);
        f->bytes[21] = 0xf8;
        wire_put16(f->bytes + 22, FAT_SECTORS);
        f->bytes[38] = 0x29;
        wire_put32(f->bytes + 39, 0x1234abcd);
        memcpy(f->bytes + 43, "CARD       FAT12   ", 19);
        wire_put16(f->bytes + 510, 0xaa55);
        fat_image_link(f, 0, 0xff8);
        fat_image_link(f, 1, 0xfff);
}

void fat_image_link(struct fat_image *f, uint32_t cluster, uint32_t value)
{
        for (uint32_t copy = 0; copy < FATS; copy++) {
                uint8_t *p = f->bytes + FAT_IMAGE_FAT + (size_t)copy * FAT_SECTORS * 512 + cluster +
                             cluster / 2;
                uint32_t both = wire_get16(p);

                both = cluster % 2 == 0 ? (both & 0xf000) | value : (both & 0xf) | value << 4;
                wire_put16(p, (uint16_t)both);
        }
}

void fat_image_chain(struct fat_image *f, uint32_t first, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                fat_image_link(f, first + i, i + 1 < n ? first + i + 1 : 0xfff);
}

uint8_t *fat_image_cluster(struct fat_image *f, uint32_t cluster)
{
        return f->bytes + FAT_IMAGE_HEAP + (size_t)(cluster - 2) * 512;
}

void fat_image_entry(uint8_t *slot, const char *name, uint8_t attributes, uint32_t cluster, uint32_t size)
{
        memset(slot, 0, 32);
        memcpy(slot, name, 11);
        slot[11] = attributes;
        wire_put16(slot + 22, 8 << 11 | 1);
        wire_put16(slot + 24, 46 << 9 | 11 << 5 | 1);
        wire_put16(slot + 26, (uint16_t)cluster);
        wire_put32(slot + 28, size);
}

void fat_image_folder(struct fat_image *f, uint32_t cluster, uint32_t parent)
{
        fat_image_entry(fat_image_cluster(f, cluster), ".          ", 0x10, cluster, 0);
        fat_image_entry(fat_image_cluster(f, cluster) + 32, "..         ", 0x10, parent, 0);
}
