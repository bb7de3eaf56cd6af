// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opening a volume and what it says of itself; see volume.h. */
#include "recorder/ums/volume_boot.h"
#include "recorder/ums/volume_claim.h"
#include "recorder/ums/volume_table.h"
#include "recorder/ums/volume_walk.h"

#include "base/text.h"
#include "recorder/little_endian.h"
#include "recorder/ums/exfat_upcase.h"

#include <stdlib.h>
#include <string.h>

#define FSINFO_LEAD   0x41615252U
#define FSINFO_STRUCT 0x61417272U
#define OPEN_BYTES    (64U * 1024 * 1024) /* read of a root folder to open a volume */

const char *volume_type_text(enum volume_type type)
{
        static const char *const texts[_VOLUME_TYPE_MAX] = {
                        [VOLUME_FAT12] = "fat12",
                        [VOLUME_FAT16] = "fat16",
                        [VOLUME_FAT32] = "fat32",
                        [VOLUME_EXFAT] = "exfat",
        };

        return (unsigned int)type < _VOLUME_TYPE_MAX ? texts[type] : "unknown";
}

void volume_tell(struct volume *v, enum volume_finding finding, const char *format, ...)
{
        va_list arguments;

        if (v->quiet || v->told > v->limits.findings)
                return;
        if (v->told++ == v->limits.findings) {
                finding = VOLUME_LIMIT;
                format = "there are more findings than are told";
        }
        va_start(arguments, format);
        volume_finding_tell(&v->on, finding, format, arguments);
        va_end(arguments);
}

#define OR_DEFAULT(field, value) (field) = (field) != 0 ? (field) : (value)

static void limits_settle(struct volume_limits *l)
{
        OR_DEFAULT(l->depth, 64);
        OR_DEFAULT(l->files, 100000);
        OR_DEFAULT(l->deleted, 20000);
        OR_DEFAULT(l->folders, 20000);
        OR_DEFAULT(l->folder_bytes, 32U * 1024 * 1024);
        OR_DEFAULT(l->metadata_bytes, UINT64_C(512) * 1024 * 1024);
        OR_DEFAULT(l->cache_bytes, 4U * 1024 * 1024);
        OR_DEFAULT(l->chain_check_bytes, 4U * 1024 * 1024);
        OR_DEFAULT(l->count_bytes, 16U * 1024 * 1024);
        OR_DEFAULT(l->chain_steps, UINT64_C(1) << 28);
        OR_DEFAULT(l->findings, 200);
}

void volume_layout_cut(struct volume *v, struct volume_layout *at, uint64_t size)
{
        uint64_t place = v->cache.size, fits = place > at->heap ? (place - at->heap) / at->cluster_size : 0;
        uint64_t entries = at->type == VOLUME_FAT12   ? at->fat_size * 2 / 3
                           : at->type == VOLUME_FAT16 ? at->fat_size / 2
                                                      : at->fat_size / 4;

        if (size > place)
                volume_tell(v, VOLUME_TRUNCATED, "the volume has %llu bytes, the place it lies in %llu",
                            (unsigned long long)size, (unsigned long long)place);
        if (entries < (uint64_t)at->clusters + CLUSTER_FIRST) {
                volume_tell(v, VOLUME_BOOT_DAMAGED, "the FAT has %llu entries, %u clusters need more",
                            (unsigned long long)entries, at->clusters);
                fits = MIN(fits, entries > CLUSTER_FIRST ? entries - CLUSTER_FIRST : 0);
        }
        at->present = (uint32_t)MIN((uint64_t)at->clusters, fits);
}

static int boot_read(struct volume *v)
{
        int r = exfat_boot_read(v, false);

        if (r == RECORDER_UNSUPPORTED)
                r = fat_boot_read(v);
        if (r == RECORDER_UNSUPPORTED)
                r = exfat_boot_read(v, true);
        if (r == RECORDER_OK && v->at.present == 0) {
                volume_tell(v, VOLUME_BOOT_DAMAGED, "the place ends before the first cluster");
                return RECORDER_PROTOCOL;
        }
        return r;
}

/* The bitmap's place; one that is too short for the clusters is none. */
static int bitmap_load(struct volume *v, const struct volume_entry *e)
{
        struct volume_chain chain;
        uint64_t wanted = ((uint64_t)v->at.present + 7) / 8;
        unsigned int n = 0;

        v->bitmap_runs = 0;
        if (e->size < wanted) {
                volume_tell(v, VOLUME_BITMAP_DAMAGED,
                            "the allocation bitmap has %llu bytes, the clusters need %llu",
                            (unsigned long long)e->size, (unsigned long long)wanted);
                return RECORDER_OK;
        }
        volume_chain_begin(&chain, v, e->cluster, volume_clusters_of(v, wanted), false);
        for (; n < BITMAP_RUNS; n++) {
                int r = volume_chain_next(&chain, v, UINT32_MAX, &v->bitmap[n]);

                if (r != RECORDER_OK)
                        return r;
                if (v->bitmap[n].n == 0)
                        break;
        }
        if (chain.left > 0) {
                volume_tell(v, VOLUME_BITMAP_DAMAGED, "the clusters of the allocation bitmap end too early");
                return RECORDER_OK;
        }
        v->bitmap_runs = n;
        v->bitmap_size = wanted;
        return RECORDER_OK;
}

static int root_entry_take(struct volume *v, const struct volume_entry *e, unsigned int *found)
{
        switch (e->kind) {
        case ENTRY_LABEL:
                if (!e->deleted && v->label[0] == '\0')
                        (void)text_copy(v->label, sizeof(v->label), e->name);
                return RECORDER_OK;
        case ENTRY_BITMAP:
                if (e->second != (v->at.second == 1))
                        return RECORDER_OK;
                *found |= 1U;
                return bitmap_load(v, e);
        case ENTRY_UPCASE:
                *found |= 2U;
                return exfat_upcase_load(v, e);
        default:
                return RECORDER_OK;
        }
}

/* Label, bitmap and up-case table. What is wrong with the root itself is told when it is listed. */
static int root_read(struct volume *v)
{
        struct volume_folder root;
        _cleanup_free_ struct folder_reader *f = malloc(sizeof(*f));
        unsigned int found = 0;
        bool end = false;
        int r = RECORDER_OK;

        if (!f)
                return -ENOMEM;
        volume_root(v, &root);
        folder_reader_begin(f, v, &root);
        while (r == RECORDER_OK && !end) {
                struct volume_entry e;

                v->quiet = true;
                r = volume_entry_next(f, &e, &end);
                v->quiet = false;
                if (r == RECORDER_OK && !end)
                        r = root_entry_take(v, &e, &found);
        }
        if (v->at.type == VOLUME_EXFAT && r == RECORDER_OK && !(found & 1U))
                volume_tell(v, VOLUME_BITMAP_DAMAGED, "the root folder has no allocation bitmap");
        if (v->at.type == VOLUME_EXFAT && r == RECORDER_OK && !(found & 2U))
                volume_tell(v, VOLUME_UPCASE_DAMAGED,
                            "the root folder has no up-case table, names are not checked");
        return r;
}

static int marks_read(struct volume *v)
{
        bool dirty, failure;
        int r = table_marks(v, &dirty, &failure);

        if (r != RECORDER_OK && r != RECORDER_UNREADABLE)
                return r;
        if (r == RECORDER_OK) {
                v->at.dirty = v->at.dirty || dirty;
                v->at.media_failure = v->at.media_failure || failure;
        }
        if (v->at.dirty)
                volume_tell(v, VOLUME_DIRTY, "the volume is marked as not unmounted");
        if (v->at.media_failure)
                volume_tell(v, VOLUME_MEDIA_FAILURE, "the volume is marked as having unreadable sectors");
        return RECORDER_OK;
}

static int contents_open(struct volume *v)
{
        int r = boot_read(v);

        if (r != RECORDER_OK)
                return r;
        v->copies_followed = v->at.fats > 1 && v->at.fat_size > v->limits.count_bytes;
        r = marks_read(v);
        return r == RECORDER_OK ? root_read(v) : r;
}

int volume_open(struct volume **ret, struct block_unit *u, uint64_t offset, uint64_t size,
                const struct volume_opening *how)
{
        _cleanup_(volume_freep) struct volume *v = calloc(1, sizeof(*v));
        int r;

        if (!v)
                return -ENOMEM;
        if (offset > u->size || offset % u->sector_size != 0)
                return RECORDER_PROTOCOL;
        size = MIN(size, u->size - offset) / u->sector_size * u->sector_size;
        v->limits = how->limits;
        limits_settle(&v->limits);
        v->charset = how->charset;
        v->on = how->on;
        r = volume_cache_init(&v->cache, u, offset, size, v->limits.cache_bytes);
        if (r < 0)
                return r;
        v->cache.budget = OPEN_BYTES;
        r = contents_open(v);
        if (r == RECORDER_OK)
                *ret = TAKE_PTR(v);
        return r;
}

void volume_free(struct volume *v)
{
        if (!v)
                return;
        volume_claims_done(v);
        volume_cache_done(&v->cache);
        free(v->folders);
        free(v->upcase);
        free(v);
}

int volume_forget(struct volume *v)
{
        struct volume_layout before = v->at;
        int r;

        volume_cache_forget(&v->cache);
        v->cache.budget = MAX(v->cache.budget, (uint64_t)OPEN_BYTES);
        v->quiet = true;
        r = boot_read(v);
        v->quiet = false;
        if (r == RECORDER_UNSUPPORTED || r == RECORDER_PROTOCOL ||
            (r == RECORDER_OK && (v->at.type != before.type || v->at.serial != before.serial ||
                                  v->at.heap != before.heap || v->at.cluster_size != before.cluster_size)))
                r = RECORDER_MISMATCH;
        if (r != RECORDER_OK)
                v->at = before;
        return r;
}

void volume_facts(const struct volume *v, struct volume_facts *ret)
{
        *ret = (struct volume_facts){
                        .type = v->at.type,
                        .serial = v->at.serial,
                        .sector_size = v->at.sector_size,
                        .cluster_size = v->at.cluster_size,
                        .clusters = v->at.clusters,
                        .total_bytes = (uint64_t)v->at.clusters * v->at.cluster_size,
                        .dirty = v->at.dirty,
                        .media_failure = v->at.media_failure,
        };
        (void)text_copy(ret->label, sizeof(ret->label), v->label[0] ? v->label : v->at.label);
}

/* FAT32's own count, from its information sector; UINT64_MAX when it has none. */
static uint64_t fsinfo_free(struct volume *v)
{
        uint8_t s[BOOT_SECTOR_SIZE];

        if (v->at.fsinfo == 0 ||
            volume_cache_read(&v->cache, v->at.fsinfo, s, sizeof(s), 0) != RECORDER_OK ||
            wire_get32(s) != FSINFO_LEAD || wire_get32(s + 484) != FSINFO_STRUCT ||
            wire_get32(s + 488) > v->at.clusters)
                return UINT64_MAX;
        return wire_get32(s + 488);
}

/* exFAT only tells percent, rounded down. */
static uint64_t percent_free(const struct volume *v)
{
        if (v->at.percent > 100)
                return UINT64_MAX;
        return v->at.clusters - (uint64_t)v->at.clusters * v->at.percent / 100;
}

static void counts_compare(struct volume *v, uint64_t counted, uint64_t said)
{
        uint64_t used = v->at.clusters - MIN(counted, (uint64_t)v->at.clusters);

        if (said == UINT64_MAX || v->at.present != v->at.clusters)
                return;
        if (v->at.type != VOLUME_EXFAT && counted != said)
                volume_tell(v, VOLUME_FREE_COUNT, "the volume says that %llu clusters are free, %llu are",
                            (unsigned long long)said, (unsigned long long)counted);
        if (v->at.type == VOLUME_EXFAT && used * 100 / v->at.clusters != v->at.percent)
                volume_tell(v, VOLUME_FREE_COUNT, "the volume says that %u %% are in use, %llu %% are",
                            v->at.percent, (unsigned long long)(used * 100 / v->at.clusters));
}

int volume_usage(struct volume *v, int64_t *ret_free, bool *ret_counted)
{
        uint64_t said, counted = UINT64_MAX;
        int r = RECORDER_OK;

        v->cache.budget = MAX(v->cache.budget, (uint64_t)OPEN_BYTES);
        said = v->at.type == VOLUME_EXFAT ? percent_free(v) : fsinfo_free(v);
        if (table_count_cost(v) <= v->limits.count_bytes)
                r = table_count_free(v, &counted);
        if (r == RECORDER_UNREADABLE || r == RECORDER_UNSUPPORTED || r == RECORDER_PROTOCOL)
                counted = UINT64_MAX; /* not to be counted, which was told */
        else if (r != RECORDER_OK)
                return r;
        *ret_counted = counted != UINT64_MAX;
        if (*ret_counted)
                counts_compare(v, counted, said);
        else
                counted = said;
        *ret_free = counted == UINT64_MAX ? -1 : (int64_t)(counted * v->at.cluster_size);
        return RECORDER_OK;
}

void volume_figures(const struct volume *v, struct volume_figures *ret)
{
        *ret = (struct volume_figures){.reads = v->cache.reads, .bytes = v->cache.bytes};
}
