// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_boot.h. A boot region is twelve sectors, the last one full of the checksum of the others; its
 * backup follows it. */
#include "recorder/ums/volume_boot.h"

#include "recorder/little_endian.h"

#include <string.h>

#define REGION_SECTORS  12U
#define SHIFT_MIN       9U
#define SHIFT_MAX       12U
#define CLUSTER_SHIFT   25U /* 32 MiB, and no more */
#define CLUSTERS_END    0xfffffff5U
#define VOLUME_SHIFT    62U /* an offset beyond is none */
#define FLAG_SECOND_FAT 0x01
#define FLAG_DIRTY      0x02
#define FLAG_FAILURE    0x04

struct boot {
        uint64_t length; /* sectors */
        uint32_t fat_offset, fat_length, heap_offset, clusters, root, serial;
        uint16_t revision, flags;
        uint8_t sector_shift, cluster_shift, fats, percent;
};

static void boot_decode(const uint8_t *s, struct boot *ret)
{
        *ret = (struct boot){
                        .length = wire_get64(s + 72),
                        .fat_offset = wire_get32(s + 80),
                        .fat_length = wire_get32(s + 84),
                        .heap_offset = wire_get32(s + 88),
                        .clusters = wire_get32(s + 92),
                        .root = wire_get32(s + 96),
                        .serial = wire_get32(s + 100),
                        .revision = wire_get16(s + 104),
                        .flags = wire_get16(s + 106),
                        .sector_shift = s[108],
                        .cluster_shift = s[109],
                        .fats = s[110],
                        .percent = s[112],
        };
}

static bool is_labelled_exfat(const uint8_t *s)
{
        return memcmp(s + 3, "EXFAT   ", 8) == 0;
}

/* What is wrong with the fields, NULL when nothing is. */
static const char *boot_fault(const uint8_t *s, const struct boot *b)
{
        if (s[510] != 0x55 || s[511] != 0xaa)
                return "the signature is missing";
        for (int i = 11; i < 64; i++)
                if (s[i] != 0)
                        return "the field that must be zero is not";
        if (b->sector_shift < SHIFT_MIN || b->sector_shift > SHIFT_MAX)
                return "the sector size is not 512, 1024, 2048 or 4096";
        if (b->cluster_shift > CLUSTER_SHIFT - b->sector_shift)
                return "the clusters are larger than 32 MiB";
        if (b->fats != 1 && b->fats != 2)
                return "there are neither one nor two FATs";
        if (b->revision >> 8 != 1)
                return "the revision is not 1";
        if (b->fat_offset < 2 * REGION_SECTORS || b->fat_length == 0)
                return "the FAT lies in the boot region";
        if (b->heap_offset < b->fat_offset + (uint64_t)b->fat_length * b->fats)
                return "the clusters overlap the FAT";
        if (b->clusters == 0 || b->clusters >= CLUSTERS_END)
                return "the number of clusters is impossible";
        if (b->root < CLUSTER_FIRST || b->root - CLUSTER_FIRST >= b->clusters)
                return "the root folder has no cluster";
        if (b->length >> (VOLUME_SHIFT - b->sector_shift) != 0 ||
            b->heap_offset + ((uint64_t)b->clusters << b->cluster_shift) > b->length)
                return "the clusters go past the end of the volume";
        return NULL;
}

bool exfat_boot_plausible(const uint8_t sector[BOOT_SECTOR_SIZE])
{
        return is_labelled_exfat(sector) && sector[510] == 0x55 && sector[511] == 0xaa;
}

static uint32_t checksum_add(uint32_t sum, const uint8_t *p, size_t n, bool first)
{
        for (size_t i = 0; i < n; i++)
                if (!first || (i != 106 && i != 107 && i != 112)) /* flags and percentage change */
                        sum = (sum << 31 | sum >> 1) + p[i];
        return sum;
}

/* Whether a region of sectors of 'size' bytes has its checksum. */
static int region_check(struct volume *v, uint64_t at, uint32_t size, bool *ret_sound)
{
        uint64_t total = (uint64_t)(REGION_SECTORS - 1) * size;
        uint8_t piece[BOOT_SECTOR_SIZE];
        uint32_t sum = 0;
        int r;

        for (uint64_t done = 0; done < total; done += sizeof(piece)) {
                r = volume_cache_read(&v->cache, at + done, piece, sizeof(piece), total - done);
                if (r != RECORDER_OK)
                        return r;
                sum = checksum_add(sum, piece, sizeof(piece), done == 0);
        }
        r = volume_cache_read(&v->cache, at + total, piece, sizeof(piece), 0);
        *ret_sound = r == RECORDER_OK && wire_get32(piece) == sum;
        return r;
}

struct region {
        struct boot boot;
        bool labelled;
        bool usable;       /* its fields are sound, whatever the checksum says */
        const char *fault; /* NULL: none */
};

/* Reads a region whose sectors are 'size' bytes, 0: as it says itself. */
static int region_read(struct volume *v, uint64_t at, uint32_t size, struct region *ret)
{
        struct region g = {.labelled = false};
        uint8_t s[BOOT_SECTOR_SIZE];
        bool sound = false;
        int r = volume_cache_read(&v->cache, at, s, sizeof(s), 0);

        if (r != RECORDER_OK)
                return r;
        boot_decode(s, &g.boot);
        g.labelled = is_labelled_exfat(s);
        g.fault = boot_fault(s, &g.boot);
        if (!g.fault && size != 0 && size != 1U << g.boot.sector_shift)
                g.fault = "its sector size is another one";
        if (g.labelled && !g.fault) {
                r = region_check(v, at, 1U << g.boot.sector_shift, &sound);
                g.usable = true;
                if (!sound)
                        g.fault = "the checksum of the boot region is wrong";
        }
        *ret = g;
        return r;
}

static bool backup_find(struct volume *v, struct boot *ret)
{
        for (uint32_t size = 512; size <= 1U << SHIFT_MAX; size *= 2) {
                struct region g;

                if (region_read(v, (uint64_t)REGION_SECTORS * size, size, &g) == RECORDER_OK && g.labelled &&
                    !g.fault) {
                        *ret = g.boot;
                        return true;
                }
        }
        return false;
}

static void layout_fill(struct volume *v, const struct boot *b)
{
        unsigned int second = b->fats == 2 && b->flags & FLAG_SECOND_FAT ? 1 : 0;
        uint64_t fat = (uint64_t)b->fat_offset << b->sector_shift,
                 size = (uint64_t)b->fat_length << b->sector_shift;

        v->at = (struct volume_layout){
                        .type = VOLUME_EXFAT,
                        .sector_size = 1U << b->sector_shift,
                        .cluster_size = 1U << (b->sector_shift + b->cluster_shift),
                        .clusters = b->clusters,
                        .present = b->clusters,
                        .heap = (uint64_t)b->heap_offset << b->sector_shift,
                        .fat = {fat + second * size},
                        .fat_size = size,
                        .fats = 1, /* TexFAT's second one belongs to another state of the volume */
                        .second = second,
                        .root_cluster = b->root,
                        .serial = b->serial,
                        .dirty = b->flags & FLAG_DIRTY,
                        .media_failure = b->flags & FLAG_FAILURE,
                        .percent = b->percent,
        };
        volume_layout_cut(v, &v->at, b->length << b->sector_shift);
}

/* What to go by when the main region is damaged. */
static int region_replace(struct volume *v, struct region *g)
{
        if (backup_find(v, &g->boot)) {
                volume_tell(v, VOLUME_BOOT_DAMAGED, "the boot region is damaged, %s; its backup is used",
                            g->fault);
                return RECORDER_OK;
        }
        if (!g->labelled)
                return RECORDER_UNSUPPORTED;
        volume_tell(v, VOLUME_BOOT_DAMAGED, "the boot sector says exFAT, but %s, and it has no backup%s",
                    g->fault, g->usable ? "; its fields are sound and are used" : "");
        return g->usable ? RECORDER_OK : RECORDER_PROTOCOL;
}

int exfat_boot_read(struct volume *v, bool by_backup)
{
        struct region g = {.labelled = false};
        int r = region_read(v, 0, 0, &g);

        if (r == RECORDER_UNREADABLE)
                g.fault = "it cannot be read";
        else if (r == RECORDER_PROTOCOL) /* the place ends within it */
                return RECORDER_UNSUPPORTED;
        else if (r != RECORDER_OK)
                return r;
        if (!g.labelled && !by_backup)
                return RECORDER_UNSUPPORTED;
        if (!g.labelled || g.fault) {
                g.fault = g.fault ? g.fault : "it is not labelled";
                r = region_replace(v, &g);
                if (r != RECORDER_OK)
                        return r;
        }
        if (1U << g.boot.sector_shift < v->cache.unit->sector_size) {
                volume_tell(v, VOLUME_BOOT_DAMAGED, "its sectors have %u bytes, the unit's have %u",
                            1U << g.boot.sector_shift, v->cache.unit->sector_size);
                return RECORDER_PROTOCOL;
        }
        layout_fill(v, &g.boot);
        return RECORDER_OK;
}
