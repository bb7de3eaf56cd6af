/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of the volume reader share. Offsets are in bytes from the beginning of the volume. */

#include "recorder/hash_set.h"
#include "recorder/item_path.h"
#include "recorder/ums/volume.h"
#include "recorder/ums/volume_cache.h"

#define SLOT_SIZE     32U /* of a directory entry, in FAT and exFAT */
#define CLUSTER_FIRST 2U
#define BITMAP_RUNS   64U

/* Consecutive clusters. */
struct volume_run {
        uint32_t cluster;
        uint32_t n;
};

/* What the boot sector says, once it is checked. */
struct volume_layout {
        enum volume_type type;
        uint32_t sector_size;
        uint32_t cluster_size;
        uint32_t clusters;   /* by the boot sector; they are numbered from 2 */
        uint32_t present;    /* of them, inside the place and covered by the FAT */
        uint64_t heap;       /* where cluster 2 is */
        uint64_t fat[2];     /* the active one first */
        uint64_t fat_size;   /* bytes of one that are used */
        unsigned int fats;   /* that can be compared: 1 or 2 */
        unsigned int second; /* exFAT: the second bitmap is the active one */
        uint32_t root_cluster;
        uint64_t root_offset; /* FAT12 and FAT16: the root folder is no chain */
        uint32_t root_size;
        uint64_t fsinfo; /* FAT32; 0 none */
        uint32_t serial;
        char label[VOLUME_LABEL_MAX]; /* the boot sector's */
        bool dirty;
        bool media_failure;
        uint8_t percent; /* exFAT: in use; 255 unknown */
};

/* A folder of the listing. Folder 0 is the root. */
struct volume_folder {
        uint64_t size; /* exFAT: bytes; else 0 */
        uint32_t parent;
        uint32_t slot;
        uint32_t cluster;
        uint32_t name_hash;
        bool contiguous;
        bool deleted;
};

struct volume {
        struct volume_limits limits;
        struct volume_charset *charset;
        struct volume_findings on;
        unsigned int told;
        bool quiet; /* what is found now is told, or was, by somebody else */
        struct volume_cache cache;
        struct volume_layout at;
        struct volume_folder *folders;
        uint32_t n_folders, folders_room;
        /* exFAT */
        uint16_t *upcase; /* 65536 of them, or NULL: names are not checked */
        struct volume_run bitmap[BITMAP_RUNS];
        unsigned int bitmap_runs; /* 0: none that can be used */
        uint64_t bitmap_size;     /* bytes */
        /* of a listing */
        uint8_t *claims;         /* a bit per cluster: belongs to a file or folder that was met; or NULL */
        uint64_t steps;          /* clusters that may still be looked at */
        bool chains_checked;     /* every file's chain is followed when listing */
        bool copies_followed;    /* both FATs are looked at where chains are followed */
        bool copies_differ_told; /* once is enough */
        char label[VOLUME_LABEL_MAX];
};

/* Tells a finding, at most limits.findings of them. */
void volume_tell(struct volume *v, enum volume_finding finding, const char *format, ...)
                __attribute__((format(printf, 3, 4)));

static inline bool volume_has_cluster(const struct volume *v, uint32_t cluster)
{
        return cluster >= CLUSTER_FIRST && cluster - CLUSTER_FIRST < v->at.present;
}

/* Where a cluster that volume_has_cluster() begins. */
static inline uint64_t volume_cluster_offset(const struct volume *v, uint32_t cluster)
{
        return v->at.heap + (uint64_t)(cluster - CLUSTER_FIRST) * v->at.cluster_size;
}

/* Clusters that 'size' bytes take. */
static inline uint64_t volume_clusters_of(const struct volume *v, uint64_t size)
{
        return size / v->at.cluster_size + (size % v->at.cluster_size != 0);
}
