// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_boot.h. The type is a matter of the number of clusters alone, but for FAT32, whose boot sector
 * has other fields: like the kernel we go by those, since cards that break the rule exist. */
#include "recorder/ums/volume_boot.h"

#include "base/text.h"
#include "recorder/little_endian.h"
#include "recorder/ums/volume_charset.h"

#include <stdio.h>
#include <string.h>

#define FAT12_CLUSTERS_END 4085U
#define FAT16_CLUSTERS_END 65525U
#define FAT32_CLUSTERS_END 0x0ffffff6U /* numbers from 0x0ffffff7 on mean something else */
#define SECTOR_MAX         4096U
#define MIRROR_OFF         0x80
#define ACTIVE_FAT         0x0f
#define BACKUP_SECTOR      6U
#define SHORT_LABEL        11U

/* The fields, as they stand. */
struct bpb {
        uint32_t sector_size, sectors_per_cluster, reserved, fats, root_entries;
        uint32_t sectors, fat_sectors;
        bool wide; /* the fields of FAT32 */
        uint16_t flags;
        uint32_t root_cluster, fsinfo;
        const uint8_t *tail; /* drive number, flags, signature, serial, label, type */
};

static bool is_power_of_two(uint32_t n)
{
        return n != 0 && (n & (n - 1)) == 0;
}

static void bpb_decode(const uint8_t *s, struct bpb *ret)
{
        *ret = (struct bpb){
                        .sector_size = wire_get16(s + 11),
                        .sectors_per_cluster = s[13],
                        .reserved = wire_get16(s + 14),
                        .fats = s[16],
                        .root_entries = wire_get16(s + 17),
                        .sectors = wire_get16(s + 19),
                        .fat_sectors = wire_get16(s + 22),
                        .tail = s + 36,
        };
        if (ret->sectors == 0)
                ret->sectors = wire_get32(s + 32);
        if (ret->fat_sectors != 0)
                return;
        ret->wide = true;
        ret->fat_sectors = wire_get32(s + 36);
        ret->flags = wire_get16(s + 40);
        ret->root_cluster = wire_get32(s + 44);
        ret->fsinfo = wire_get16(s + 48);
        ret->tail = s + 64;
}

/* Sectors before the first cluster; no overflow: 2^16 + 2^8 * 2^32 + 2^16. */
static uint64_t heap_sector(const struct bpb *b)
{
        uint64_t root = ((uint64_t)b->root_entries * SLOT_SIZE + b->sector_size - 1) / b->sector_size;

        return b->reserved + (uint64_t)b->fats * b->fat_sectors + root;
}

/* What is wrong with the fields, NULL when nothing is. */
static const char *bpb_fault(const uint8_t *s, const struct bpb *b)
{
        if (b->sector_size < 512 || b->sector_size > SECTOR_MAX || !is_power_of_two(b->sector_size))
                return "the sector size is not 512, 1024, 2048 or 4096";
        if (!is_power_of_two(b->sectors_per_cluster))
                return "the sectors in a cluster are no power of two";
        if (b->reserved == 0)
                return "there is no reserved sector";
        if (b->fats == 0)
                return "there is no FAT";
        if (s[21] < 0xf8 && s[21] != 0xf0)
                return "the media byte is none";
        if (b->fat_sectors == 0)
                return "the FAT has no size";
        if (b->wide == (b->root_entries != 0))
                return "the size of the root folder does not go with the size of the FAT";
        if (b->wide && b->root_cluster < CLUSTER_FIRST)
                return "the root folder has no cluster";
        if (b->sectors <= heap_sector(b))
                return "there is no room for a cluster";
        return NULL;
}

static bool has_signature(const uint8_t *s)
{
        return s[510] == 0x55 && s[511] == 0xaa;
}

static bool has_jump(const uint8_t *s)
{
        return (s[0] == 0xeb && s[2] == 0x90) || s[0] == 0xe9;
}

bool fat_boot_plausible(const uint8_t sector[BOOT_SECTOR_SIZE])
{
        struct bpb b;

        bpb_decode(sector, &b);
        return has_signature(sector) && has_jump(sector) && !bpb_fault(sector, &b);
}

/* Says that it is FAT, whatever else may be wrong. */
static bool is_labelled_fat(const uint8_t *s)
{
        return has_signature(s) && (memcmp(s + 54, "FAT1", 4) == 0 || memcmp(s + 82, "FAT32", 5) == 0);
}

static void tail_fill(struct volume *v, const struct bpb *b, struct volume_layout *at)
{
        size_t n = SHORT_LABEL;

        at->dirty = b->tail[1] & 1; /* Windows NT's mark; the FAT has another one */
        if (b->tail[2] != 0x29 && b->tail[2] != 0x28)
                return;
        at->serial = wire_get32(b->tail + 3);
        if (b->tail[2] == 0x28 || memcmp(b->tail + 7, "NO NAME    ", n) == 0)
                return;
        while (n > 0 && (b->tail[7 + n - 1] == ' ' || b->tail[7 + n - 1] == 0))
                n--;
        volume_charset_decode(v->charset, b->tail + 7, n, at->label, sizeof(at->label));
}

/* The FAT that is in use comes first, and a second one only where it is kept the same. */
static void fats_place(const struct bpb *b, struct volume_layout *at)
{
        uint64_t start = (uint64_t)b->reserved * b->sector_size,
                 size = (uint64_t)b->fat_sectors * b->sector_size;
        unsigned int active = b->wide && b->flags & MIRROR_OFF ? b->flags & ACTIVE_FAT : 0;

        if (active >= b->fats)
                active = 0;
        at->fat_size = size;
        at->fat[0] = start + active * size;
        at->fat[1] = start + size;
        at->fats = b->fats > 1 && !(b->wide && b->flags & MIRROR_OFF) ? 2 : 1;
}

static int type_settle(struct volume *v, const struct bpb *b, uint64_t clusters, struct volume_layout *at)
{
        if (b->wide) {
                at->type = VOLUME_FAT32;
                if (clusters < FAT16_CLUSTERS_END)
                        volume_tell(v, VOLUME_BOOT_DAMAGED,
                                    "a FAT32 of %llu clusters, expected at least %u; read as FAT32 all the "
                                    "same",
                                    (unsigned long long)clusters, FAT16_CLUSTERS_END);
                if (clusters <= FAT32_CLUSTERS_END)
                        return RECORDER_OK;
        } else {
                at->type = clusters < FAT12_CLUSTERS_END ? VOLUME_FAT12 : VOLUME_FAT16;
                if (clusters < FAT16_CLUSTERS_END)
                        return RECORDER_OK;
        }
        volume_tell(v, VOLUME_BOOT_DAMAGED, "%llu clusters are more than %s can have",
                    (unsigned long long)clusters, volume_type_text(at->type));
        return RECORDER_PROTOCOL;
}

static int layout_fill(struct volume *v, const struct bpb *b, struct volume_layout *ret)
{
        struct volume_layout at = {
                        .sector_size = b->sector_size,
                        .cluster_size = b->sector_size * b->sectors_per_cluster,
                        .heap = heap_sector(b) * b->sector_size,
                        .percent = 255,
                        .root_cluster = b->root_cluster,
                        .fsinfo = b->wide && b->fsinfo != 0xffff ? (uint64_t)b->fsinfo * b->sector_size : 0,
        };
        uint64_t clusters = (b->sectors - heap_sector(b)) / b->sectors_per_cluster;
        int r;

        if (clusters == 0)
                return RECORDER_PROTOCOL;
        r = type_settle(v, b, clusters, &at);
        if (r != RECORDER_OK)
                return r;
        at.clusters = at.present = (uint32_t)clusters;
        if (!b->wide) {
                at.root_size = b->root_entries * SLOT_SIZE;
                at.root_offset = (b->reserved + (uint64_t)b->fats * b->fat_sectors) * b->sector_size;
        }
        fats_place(b, &at);
        tail_fill(v, b, &at);
        if (at.root_size > 0 && at.root_offset + at.root_size > v->cache.size)
                return RECORDER_PROTOCOL;
        volume_layout_cut(v, &at, (uint64_t)b->sectors * b->sector_size);
        *ret = at;
        return RECORDER_OK;
}

/* FAT32 keeps a copy in sector 6, wherever that is when the sector size is lost. */
static bool backup_find(struct volume *v, uint8_t *sector)
{
        for (uint32_t size = 512; size <= SECTOR_MAX; size *= 2) {
                struct bpb b;

                if (volume_cache_read(&v->cache, (uint64_t)BACKUP_SECTOR * size, sector, BOOT_SECTOR_SIZE,
                                      0) != RECORDER_OK)
                        continue;
                bpb_decode(sector, &b);
                if (fat_boot_plausible(sector) && b.wide && b.sector_size == size)
                        return true;
        }
        return false;
}

/* Whether the sector and its backup, if there is one, say the same of where things are. */
static void backup_compare(struct volume *v, const struct bpb *b)
{
        uint8_t sector[BOOT_SECTOR_SIZE];
        struct bpb other;

        if (!b->wide || volume_cache_read(&v->cache, (uint64_t)BACKUP_SECTOR * b->sector_size, sector,
                                          sizeof(sector), 0) != RECORDER_OK)
                return;
        bpb_decode(sector, &other);
        if (!fat_boot_plausible(sector) || !other.wide)
                return;
        if (other.sector_size != b->sector_size || other.sectors_per_cluster != b->sectors_per_cluster ||
            other.root_cluster != b->root_cluster || other.sectors != b->sectors ||
            heap_sector(&other) != heap_sector(b))
                volume_tell(v, VOLUME_BOOT_DAMAGED,
                            "the boot sector and its backup place the clusters differently, "
                            "the first one is followed");
}

static int boot_refuse(struct volume *v, const uint8_t *sector, const char *fault)
{
        if (!is_labelled_fat(sector))
                return RECORDER_UNSUPPORTED;
        volume_tell(v, VOLUME_BOOT_DAMAGED, "the boot sector says FAT, but %s, and it has no backup", fault);
        return RECORDER_PROTOCOL;
}

int fat_boot_read(struct volume *v)
{
        uint8_t sector[BOOT_SECTOR_SIZE], backup[BOOT_SECTOR_SIZE];
        const char *fault = "it cannot be read";
        struct bpb b;
        int r = volume_cache_read(&v->cache, 0, sector, sizeof(sector), 0);

        if (r == RECORDER_OK) {
                bpb_decode(sector, &b);
                fault = bpb_fault(sector, &b);
                if (!fault && !has_signature(sector) && !has_jump(sector))
                        return RECORDER_UNSUPPORTED;
        } else if (r == RECORDER_UNREADABLE) {
                memset(sector, 0, sizeof(sector));
        } else {
                return r;
        }
        if (fault) {
                if (!backup_find(v, backup))
                        return boot_refuse(v, sector, fault);
                volume_tell(v, VOLUME_BOOT_DAMAGED, "the boot sector is damaged, %s; its backup is used",
                            fault);
                bpb_decode(backup, &b);
        } else {
                backup_compare(v, &b);
        }
        if (b.sector_size < v->cache.unit->sector_size) {
                volume_tell(v, VOLUME_BOOT_DAMAGED, "its sectors have %u bytes, the unit's have %u",
                            b.sector_size, v->cache.unit->sector_size);
                return RECORDER_PROTOCOL;
        }
        r = layout_fill(v, &b, &v->at);
        if (r == RECORDER_PROTOCOL)
                volume_tell(v, VOLUME_BOOT_DAMAGED,
                            "the boot sector places the volume's parts outside of it");
        return r;
}
