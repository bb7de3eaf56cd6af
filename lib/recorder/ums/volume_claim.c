// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_claim.h. A chain is followed no further than to the first cluster that another one has already,
 * so that many files with one chain cost no more than one. */
#include "recorder/ums/volume_claim.h"

#include "recorder/ums/volume_table.h"

#include <stdlib.h>
#include <string.h>

#define CLAIM_BYTES_MAX (2U * 1024 * 1024) /* 16 million clusters */
#define STEP_CLUSTERS   4096U

void volume_claims_begin(struct volume *v)
{
        size_t bytes = ((size_t)v->at.present + 7) / 8;

        volume_claims_done(v);
        v->steps = v->limits.chain_steps;
        v->chains_checked = v->at.fat_size <= v->limits.chain_check_bytes;
        if (v->chains_checked && bytes <= CLAIM_BYTES_MAX)
                v->claims = calloc(1, bytes);
}

void volume_claims_done(struct volume *v)
{
        free(v->claims);
        v->claims = NULL;
}

static bool steps_take(struct volume *v, uint64_t n)
{
        if (v->steps >= n) {
                v->steps -= n;
                return true;
        }
        if (v->steps > 0) {
                v->steps = 0;
                volume_tell(v, VOLUME_LIMIT, "more than %llu clusters to look at, the rest is not judged",
                            (unsigned long long)v->limits.chain_steps);
        }
        return false;
}

/* Marks a run; false, and which one, at the first cluster that was marked already. */
static bool run_claim(struct volume *v, const struct volume_run *run, uint32_t *ret_taken)
{
        if (!v->claims)
                return true;
        for (uint32_t c = run->cluster; c - run->cluster < run->n; c++) {
                uint8_t *byte = &v->claims[(c - CLUSTER_FIRST) / 8],
                        bit = (uint8_t)(1U << (c - CLUSTER_FIRST) % 8);

                if (*byte & bit) {
                        *ret_taken = c;
                        return false;
                }
                *byte |= bit;
        }
        return true;
}

/* exFAT: the bitmap must have what a file has. Only the ends of a run are asked: the cost is of reading. */
static int run_check_bitmap(struct volume *v, const struct volume_run *run, const char *path)
{
        uint32_t ends[2] = {run->cluster, run->cluster + run->n - 1};

        if (v->at.type != VOLUME_EXFAT || v->bitmap_runs == 0)
                return RECORDER_OK;
        for (int i = 0; i < 2; i++) {
                bool free = false;
                int r = table_is_free(v, ends[i], &free);

                if (r == RECORDER_UNREADABLE)
                        return RECORDER_OK;
                if (r != RECORDER_OK)
                        return r;
                if (free) {
                        volume_tell(v, VOLUME_UNALLOCATED,
                                    "'%s' has cluster %u, which the bitmap says is free", path, ends[i]);
                        return RECORDER_OK;
                }
        }
        return RECORDER_OK;
}

static void end_tell(struct volume *v, const struct volume_chain *chain, const struct volume_entry *e,
                     uint64_t given, const char *path)
{
        uint64_t wanted = e->kind == ENTRY_FILE ? volume_clusters_of(v, e->size) : 0;

        if (chain->end == CHAIN_CYCLED)
                volume_tell(v, VOLUME_CYCLE, "the clusters of '%s' lead back to cluster %u", path,
                            chain->astray);
        else if (chain->end == CHAIN_LED_ASTRAY)
                volume_tell(v, VOLUME_CHAIN_BAD,
                            "the clusters of '%s' lead to cluster %u, which is free, bad or none", path,
                            chain->astray);
        if (given < wanted)
                volume_tell(v, VOLUME_CHAIN_SHORT, "'%s' has %llu bytes, its clusters end after %llu", path,
                            (unsigned long long)e->size, (unsigned long long)given * v->at.cluster_size);
        else if (e->kind == ENTRY_FILE && given > wanted)
                volume_tell(v, VOLUME_CHAIN_LONG, "'%s' has %llu bytes, its clusters go on behind them",
                            path, (unsigned long long)e->size);
}

/* A cluster that is taken: by the same one, among the first 'given' of its clusters, or by another. */
static int shared_tell(struct volume *v, const struct volume_entry *e, uint64_t given, uint32_t taken,
                       const char *path)
{
        struct volume_chain chain;
        struct volume_run run;
        bool own = false;

        volume_chain_begin(&chain, v, e->cluster, given, e->contiguous);
        while (!own) {
                int r = volume_chain_next(&chain, v, STEP_CLUSTERS, &run);

                if (r != RECORDER_OK)
                        return r;
                if (run.n == 0 || !steps_take(v, run.n))
                        break;
                own = taken - run.cluster < run.n;
        }
        if (own)
                volume_tell(v, VOLUME_CYCLE, "the clusters of '%s' lead back to cluster %u", path, taken);
        else
                volume_tell(v, VOLUME_CROSS_LINK, "'%s' has cluster %u, which is another one's too", path,
                            taken);
        return RECORDER_OK;
}

/* How many clusters an entry should have, and one more to see whether the chain goes on. */
static uint64_t chain_bound(const struct volume *v, const struct volume_entry *e)
{
        uint64_t clusters = volume_clusters_of(v, e->size);

        if (e->contiguous)
                return clusters;
        if (e->kind == ENTRY_FOLDER && e->size == 0)
                return volume_clusters_of(v, v->limits.folder_bytes);
        return MIN(clusters, (uint64_t)v->at.present) + 1;
}

int volume_claim(struct volume *v, const struct volume_entry *e, const char *path)
{
        struct volume_chain chain;
        struct volume_run run;
        uint64_t given = 0;
        uint32_t taken;

        if (!v->chains_checked && !e->contiguous)
                return RECORDER_OK;
        volume_chain_begin(&chain, v, e->cluster, chain_bound(v, e), e->contiguous);
        for (;;) {
                int r;

                if (!steps_take(v, 1))
                        return RECORDER_OK;
                r = volume_chain_next(&chain, v, STEP_CLUSTERS, &run);
                if (r != RECORDER_OK)
                        return r;
                if (run.n == 0)
                        break;
                if (!steps_take(v, run.n - 1))
                        return RECORDER_OK;
                if (!run_claim(v, &run, &taken))
                        return shared_tell(v, e, given, taken, path);
                given += run.n;
                r = run_check_bitmap(v, &run, path);
                if (r != RECORDER_OK)
                        return r;
        }
        end_tell(v, &chain, e, given, path);
        return RECORDER_OK;
}

int volume_recoverable(struct volume *v, uint32_t cluster, uint64_t size, bool *ret)
{
        uint64_t n = volume_clusters_of(v, size);

        *ret = false;
        if (n == 0 || !volume_has_cluster(v, cluster) || n > v->at.present - (cluster - CLUSTER_FIRST))
                return RECORDER_OK;
        if (v->at.type == VOLUME_EXFAT && v->bitmap_runs == 0)
                return RECORDER_OK;
        for (uint32_t i = 0; i < n; i++) {
                bool free = false;
                int r = steps_take(v, 1) ? table_is_free(v, cluster + i, &free) : RECORDER_UNREADABLE;

                if (r == RECORDER_UNREADABLE)
                        return RECORDER_OK;
                if (r != RECORDER_OK || !free)
                        return r;
        }
        *ret = true;
        return RECORDER_OK;
}
