// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_table.h. The width of an entry is all in which the four kinds differ: 12, 16, 28 of 32, 32
 * bits.
 */
#include "recorder/ums/volume_table.h"

#include "recorder/little_endian.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_PIECE (256U * 1024) /* a multiple of 3 sectors is not needed: FAT12 fits into one piece */

/* How an entry reads; the values are those of the type, widened. */
#define MASK_FAT12 0xfffU
#define MASK_FAT16 0xffffU
#define MASK_FAT32 0xfffffffU

static uint32_t table_mask(enum volume_type type)
{
        static const uint32_t masks[_VOLUME_TYPE_MAX] = {
                        [VOLUME_FAT12] = MASK_FAT12,
                        [VOLUME_FAT16] = MASK_FAT16,
                        [VOLUME_FAT32] = MASK_FAT32,
                        [VOLUME_EXFAT] = UINT32_MAX,
        };

        return masks[type];
}

static uint64_t entry_offset(enum volume_type type, uint32_t cluster)
{
        if (type == VOLUME_FAT12)
                return cluster + (uint64_t)cluster / 2;
        return (uint64_t)cluster * (type == VOLUME_FAT16 ? 2 : 4);
}

/* The entry of a cluster out of its bytes, which begin at entry_offset(). */
static uint32_t entry_decode(enum volume_type type, uint32_t cluster, const uint8_t *p)
{
        switch (type) {
        case VOLUME_FAT12:
                return cluster % 2 == 0 ? wire_get16(p) & MASK_FAT12 : (uint32_t)wire_get16(p) >> 4;
        case VOLUME_FAT16:
                return wire_get16(p);
        case VOLUME_FAT32:
                return wire_get32(p) & MASK_FAT32;
        default:
                return wire_get32(p);
        }
}

static int entry_read(struct volume *v, unsigned int copy, uint32_t cluster, uint32_t *ret)
{
        uint8_t bytes[4] = {0};
        size_t size = v->at.type == VOLUME_FAT12 || v->at.type == VOLUME_FAT16 ? 2 : 4;
        uint64_t offset = entry_offset(v->at.type, cluster);
        int r;

        if (offset + size > v->at.fat_size)
                return RECORDER_PROTOCOL;
        r = volume_cache_read(&v->cache, v->at.fat[copy] + offset, bytes, size, 0);
        if (r == RECORDER_OK)
                *ret = entry_decode(v->at.type, cluster, bytes);
        return r;
}

static void copies_differ(struct volume *v, uint32_t cluster, uint32_t first, uint32_t second)
{
        if (v->copies_differ_told)
                return;
        v->copies_differ_told = true;
        volume_tell(v, VOLUME_FAT_COPIES,
                    "the FATs differ first at cluster %u: %#x and %#x, expected the same; the first one is "
                    "followed",
                    cluster, first, second);
}

static int entry_get(struct volume *v, uint32_t cluster, uint32_t *ret)
{
        uint32_t second;
        int r = entry_read(v, 0, cluster, ret);

        if (r == RECORDER_UNREADABLE && v->at.fats > 1) {
                volume_tell(v, VOLUME_UNREADABLE,
                            "the first FAT cannot be read at cluster %u, using the second one", cluster);
                return entry_read(v, 1, cluster, ret);
        }
        if (r == RECORDER_OK && v->copies_followed && entry_read(v, 1, cluster, &second) == RECORDER_OK &&
            second != *ret)
                copies_differ(v, cluster, *ret, second);
        return r;
}

int table_look(struct volume *v, uint32_t cluster, enum table_state *ret, uint32_t *ret_next)
{
        uint32_t mask = table_mask(v->at.type), value;
        int r = entry_get(v, cluster, &value);

        if (r != RECORDER_OK)
                return r;
        if (value == 0)
                *ret = TABLE_FREE;
        else if (value >= mask - 7)
                *ret = TABLE_END;
        else if (value == mask - 8)
                *ret = TABLE_BAD;
        else if (volume_has_cluster(v, value))
                *ret = TABLE_NEXT;
        else
                *ret = TABLE_OUTSIDE;
        *ret_next = value;
        return RECORDER_OK;
}

/* A byte of the bitmap, which may lie in several runs. */
static int bitmap_byte(struct volume *v, uint64_t at, uint8_t *ret)
{
        if (at >= v->bitmap_size)
                return RECORDER_PROTOCOL;
        for (unsigned int i = 0; i < v->bitmap_runs; i++) {
                uint64_t size = (uint64_t)v->bitmap[i].n * v->at.cluster_size;

                if (at < size)
                        return volume_cache_read(&v->cache,
                                                 volume_cluster_offset(v, v->bitmap[i].cluster) + at, ret, 1,
                                                 0);
                at -= size;
        }
        return RECORDER_PROTOCOL;
}

int table_is_free(struct volume *v, uint32_t cluster, bool *ret)
{
        enum table_state state;
        uint32_t next;
        uint8_t byte;
        int r;

        if (v->at.type != VOLUME_EXFAT) {
                r = table_look(v, cluster, &state, &next);
                if (r == RECORDER_OK)
                        *ret = state == TABLE_FREE;
                return r;
        }
        if (v->bitmap_runs == 0)
                return RECORDER_UNSUPPORTED;
        r = bitmap_byte(v, (cluster - CLUSTER_FIRST) / 8, &byte);
        if (r == RECORDER_OK)
                *ret = !(byte & 1U << (cluster - CLUSTER_FIRST) % 8);
        return r;
}

uint64_t table_count_cost(const struct volume *v)
{
        return v->at.type == VOLUME_EXFAT ? ((uint64_t)v->at.present + 7) / 8
                                          : entry_offset(v->at.type, v->at.present + CLUSTER_FIRST - 1) + 4;
}

/* Reads past the cache: it is used once. Bounds are rounded out to sectors, which stay inside the place. */
static int piece_read(struct volume *v, uint64_t at, uint8_t *data, size_t size, const uint8_t **ret)
{
        uint32_t sector = v->cache.unit->sector_size, before = (uint32_t)(at % sector);
        size_t whole = (before + size + sector - 1) / sector * sector;
        int r;

        if (at > v->cache.size || size > v->cache.size - at)
                return RECORDER_PROTOCOL;
        v->cache.reads++;
        v->cache.bytes += whole;
        r = block_read(v->cache.unit, v->cache.offset + at - before, data, whole);
        *ret = data + before;
        return r;
}

static uint64_t fat_piece_count(const struct volume *v, const uint8_t *p, uint32_t first, uint32_t n)
{
        uint64_t base = entry_offset(v->at.type, first), free = 0;

        for (uint32_t c = first; c - first < n; c++)
                free += entry_decode(v->at.type, c, p + (entry_offset(v->at.type, c) - base)) == 0;
        return free;
}

static void fat_pieces_compare(struct volume *v, const uint8_t *a, const uint8_t *b, uint32_t first,
                               uint32_t n)
{
        uint64_t base = entry_offset(v->at.type, first);

        for (uint32_t c = first; c - first < n; c++) {
                uint64_t at = entry_offset(v->at.type, c) - base;
                uint32_t x = entry_decode(v->at.type, c, a + at), y = entry_decode(v->at.type, c, b + at);

                if (x != y) {
                        copies_differ(v, c, x, y);
                        return;
                }
        }
}

/* Of 'n' clusters from 'first' on, an even number so that no FAT12 entry lies in two pieces. */
static int fat_piece(struct volume *v, uint8_t *buffers[2], uint32_t first, uint32_t n, uint64_t *free)
{
        uint64_t offset = entry_offset(v->at.type, first);
        size_t size = (size_t)(entry_offset(v->at.type, first + n - 1) - offset) +
                      (v->at.type == VOLUME_FAT12 || v->at.type == VOLUME_FAT16 ? 2 : 4);
        const uint8_t *a = NULL, *b = NULL;
        int r = piece_read(v, v->at.fat[0] + offset, buffers[0], size, &a), second;

        second = v->at.fats > 1 ? piece_read(v, v->at.fat[1] + offset, buffers[1], size, &b)
                                : RECORDER_ABSENT;
        if (r == RECORDER_UNREADABLE && second == RECORDER_OK) {
                *free += fat_piece_count(v, b, first, n);
                return RECORDER_OK;
        }
        if (r != RECORDER_OK)
                return r;
        *free += fat_piece_count(v, a, first, n);
        if (second == RECORDER_OK)
                fat_pieces_compare(v, a, b, first, n);
        return RECORDER_OK;
}

static int fat_count_free(struct volume *v, uint8_t *buffers[2], uint64_t *ret)
{
        uint32_t step = COUNT_PIECE / 4 / 2 * 2, end = CLUSTER_FIRST + v->at.present;
        uint64_t free = 0;

        for (uint32_t first = CLUSTER_FIRST; first < end; first += step) {
                int r = fat_piece(v, buffers, first, MIN(step, end - first), &free);

                if (r != RECORDER_OK)
                        return r;
        }
        *ret = free;
        return RECORDER_OK;
}

static int bitmap_count_free(struct volume *v, uint8_t *buffer, uint64_t *ret)
{
        uint64_t used = 0, left = v->at.present;

        for (unsigned int i = 0; i < v->bitmap_runs && left > 0; i++) {
                uint64_t at = volume_cluster_offset(v, v->bitmap[i].cluster);
                uint64_t size = MIN((uint64_t)v->bitmap[i].n * v->at.cluster_size, (left + 7) / 8);

                while (size > 0) {
                        size_t n = (size_t)MIN(size, (uint64_t)COUNT_PIECE);
                        const uint8_t *p;
                        int r = piece_read(v, at, buffer, n, &p);

                        if (r != RECORDER_OK)
                                return r;
                        for (size_t k = 0; k < n; k++) {
                                unsigned int bits = (unsigned int)MIN(left, UINT64_C(8));

                                used += (unsigned int)__builtin_popcount(p[k] & ((1U << bits) - 1));
                                left -= bits;
                        }
                        at += n;
                        size -= n;
                }
        }
        if (left > 0)
                return RECORDER_PROTOCOL;
        *ret = v->at.present - used;
        return RECORDER_OK;
}

int table_count_free(struct volume *v, uint64_t *ret)
{
        size_t size = COUNT_PIECE + 2 * (size_t)v->cache.unit->sector_size;
        _cleanup_free_ uint8_t *first = malloc(size), *second = malloc(size);
        uint8_t *buffers[2] = {first, second};

        if (!first || !second)
                return -ENOMEM;
        if (v->at.type != VOLUME_EXFAT)
                return fat_count_free(v, buffers, ret);
        return v->bitmap_runs > 0 ? bitmap_count_free(v, first, ret) : RECORDER_UNSUPPORTED;
}

int table_marks(struct volume *v, bool *ret_dirty, bool *ret_media_failure)
{
        uint32_t clean = v->at.type == VOLUME_FAT16 ? 0x8000 : 0x08000000, value;
        int r;

        *ret_dirty = *ret_media_failure = false;
        if (v->at.type != VOLUME_FAT16 && v->at.type != VOLUME_FAT32)
                return RECORDER_OK;
        r = entry_get(v, 1, &value);
        if (r == RECORDER_OK) {
                *ret_dirty = !(value & clean);
                *ret_media_failure = !(value & clean >> 1);
        }
        return r;
}
