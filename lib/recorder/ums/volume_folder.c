// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_folder.h. The cache is told how much of a run is still to come, so a folder is read in large
 * pieces, and no further than it goes. */
#include "recorder/ums/volume_folder.h"

#define RUN_CLUSTERS 65536U

static uint64_t slots_of(const struct volume *v, const struct volume_folder *folder)
{
        uint64_t most = v->limits.folder_bytes / SLOT_SIZE;

        if (folder->cluster == 0 && v->at.root_size > 0)
                return v->at.root_size / SLOT_SIZE;
        return folder->size > 0 ? MIN(folder->size / SLOT_SIZE, most) : most;
}

static void reader_rewind(struct folder_reader *f)
{
        uint64_t clusters = volume_clusters_of(f->v, f->slots_max * SLOT_SIZE);

        f->run_slot = f->run_size = 0;
        f->slot = 0;
        f->ended = false;
        if (f->folder.cluster == 0 && f->v->at.root_size > 0) {
                f->run_at = f->v->at.root_offset;
                f->run_size = f->v->at.root_size;
                volume_chain_begin(&f->chain, f->v, 0, 1, false);
                return;
        }
        volume_chain_begin(&f->chain, f->v, f->folder.cluster, clusters, f->folder.contiguous);
}

void folder_reader_begin(struct folder_reader *f, struct volume *v, const struct volume_folder *folder)
{
        *f = (struct folder_reader){.v = v, .folder = *folder, .slots_max = slots_of(v, folder)};
        reader_rewind(f);
}

/* Moves on to the run that 'slot' is in. */
static int reader_advance(struct folder_reader *f)
{
        while (!f->ended && f->slot >= f->run_slot + f->run_size / SLOT_SIZE) {
                struct volume_run run;
                int r = volume_chain_next(&f->chain, f->v, RUN_CLUSTERS, &run);

                if (r != RECORDER_OK)
                        return r;
                f->run_slot += f->run_size / SLOT_SIZE;
                f->run_size = (uint64_t)run.n * f->v->at.cluster_size;
                f->ended = run.n == 0;
                if (run.n > 0)
                        f->run_at = volume_cluster_offset(f->v, run.cluster);
        }
        return RECORDER_OK;
}

int folder_reader_next(struct folder_reader *f, uint8_t slot[SLOT_SIZE], bool *ret_end)
{
        uint64_t into;
        int r;

        *ret_end = true;
        if (f->slot >= f->slots_max)
                return RECORDER_OK;
        r = reader_advance(f);
        if (r != RECORDER_OK || f->ended)
                return r;
        into = (f->slot - f->run_slot) * SLOT_SIZE;
        f->slot++;
        *ret_end = false;
        return volume_cache_read(&f->v->cache, f->run_at + into, slot, SLOT_SIZE,
                                 MIN(f->run_size - into, (f->slots_max - f->slot + 1) * SLOT_SIZE));
}

void folder_reader_seek(struct folder_reader *f, uint64_t slot)
{
        if (slot < f->run_slot)
                reader_rewind(f);
        f->slot = slot;
}
