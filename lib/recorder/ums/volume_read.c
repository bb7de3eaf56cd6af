// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A file's contents, from its clusters to the sink. The unit streams whole sectors in the order of the
 * extents; what is before the offset and behind the end is cut off here, and so is what must not be taken
 * for contents: zeros stand for what the medium does not give, and for what was never written (exFAT's valid
 * length).
 */
#include "recorder/ums/volume_chain.h"

#include <stdlib.h>
#include <string.h>

#define EXTENT_BYTES (UINT64_C(64) * 1024 * 1024) /* so that a stream begins before its chain is known */
#define ZEROS        (64U * 1024)

struct reading {
        struct volume *v;
        const struct volume_file *f;
        const struct volume_sink *sink;
        struct volume_chain chain;
        struct volume_run run; /* what is left of it */
        uint64_t run_at;       /* bytes of its first cluster that are passed */
        uint64_t asked;        /* offset in the file that the stream is asked for next */
        uint64_t at;           /* that the sink gets next */
        uint64_t valid;        /* end of what is read from the medium */
        uint64_t skip;         /* bytes of the stream before the offset */
        uint8_t *zeros;
};

/* A run with something left in it; its n is 0 at the end of the clusters. */
static int run_get(struct reading *r)
{
        uint32_t most = (uint32_t)MAX(EXTENT_BYTES / r->v->at.cluster_size, UINT64_C(1));
        int result;

        if (r->run.n > 0)
                return RECORDER_OK;
        result = volume_chain_next(&r->chain, r->v, most, &r->run);
        r->run_at = 0;
        return result;
}

/* Passes 'bytes' of the run. */
static void run_pass(struct reading *r, uint64_t bytes)
{
        uint32_t clusters = (uint32_t)((r->run_at + bytes) / r->v->at.cluster_size);

        r->run.cluster += clusters;
        r->run.n -= clusters;
        r->run_at = (r->run_at + bytes) % r->v->at.cluster_size;
}

static uint64_t run_bytes(const struct reading *r)
{
        return (uint64_t)r->run.n * r->v->at.cluster_size - r->run_at;
}

/* Goes to an offset of the file, or to the end of its clusters. */
static int reading_seek(struct reading *r, uint64_t offset)
{
        while (r->asked < offset) {
                uint64_t n;
                int result = run_get(r);

                if (result != RECORDER_OK)
                        return result;
                if (r->run.n == 0)
                        return RECORDER_OK;
                n = MIN(run_bytes(r), offset - r->asked);
                run_pass(r, n);
                r->asked += n;
        }
        return RECORDER_OK;
}

static int on_next(void *userdata, struct block_extent *ret)
{
        struct reading *r = userdata;
        uint32_t sector = r->v->cache.unit->sector_size;
        uint64_t size;
        int result = RECORDER_OK;

        *ret = (struct block_extent){.size = 0};
        if (r->asked < r->valid)
                result = run_get(r);
        if (result != RECORDER_OK || r->asked >= r->valid || r->run.n == 0)
                return result;
        size = MIN(run_bytes(r), (r->valid - r->asked + sector - 1) / sector * sector);
        ret->offset = r->v->cache.offset + volume_cluster_offset(r->v, r->run.cluster) + r->run_at;
        ret->size = size;
        run_pass(r, size);
        r->asked += size;
        return RECORDER_OK;
}

/* Cuts a piece of the stream down to what the sink gets: 'skip' before it and what is behind the end. */
static uint64_t piece_cut(struct reading *r, uint64_t size, uint64_t *ret_before)
{
        uint64_t before = MIN(size, r->skip);

        r->skip -= before;
        *ret_before = before;
        return MIN(size - before, r->valid - r->at);
}

static int on_write(void *userdata, const void *data, size_t size)
{
        struct reading *r = userdata;
        uint64_t before, n = piece_cut(r, size, &before);

        if (n == 0)
                return 0;
        r->at += n;
        return r->sink->write(r->sink->userdata, (const uint8_t *)data + before, (size_t)n);
}

static int zeros_give(struct reading *r, uint64_t size)
{
        if (!r->zeros)
                r->zeros = calloc(1, ZEROS);
        if (!r->zeros)
                return -ENOMEM;
        while (size > 0) {
                size_t n = (size_t)MIN(size, (uint64_t)ZEROS);
                int result = r->sink->write(r->sink->userdata, r->zeros, n);

                if (result != 0)
                        return result;
                r->at += n;
                size -= n;
        }
        return 0;
}

static int on_unreadable(void *userdata, uint64_t size)
{
        struct reading *r = userdata;
        uint64_t before, n = piece_cut(r, size, &before);
        int result;

        if (n == 0)
                return 0;
        result = r->sink->unreadable(r->sink->userdata, r->at, n);
        return result == 0 ? zeros_give(r, n) : result;
}

/* What was never written, as far as there are clusters for it. */
static int tail_give(struct reading *r)
{
        int result = reading_seek(r, r->at);

        if (result != RECORDER_OK || r->asked < r->at)
                return result;
        /* The last sector may have been asked for beyond the valid length. */
        result = zeros_give(r, MIN(r->asked, r->f->size) - r->at);
        while (result == RECORDER_OK && r->at < r->f->size) {
                uint64_t n;

                result = run_get(r);
                if (result != RECORDER_OK || r->run.n == 0)
                        break;
                n = MIN(run_bytes(r), r->f->size - r->at);
                run_pass(r, n);
                r->asked += n;
                result = zeros_give(r, n);
        }
        return result;
}

static int reading_run(struct reading *r, uint64_t offset)
{
        const struct block_sink sink = {.write = on_write, .unreadable = on_unreadable, .userdata = r};
        uint32_t sector = r->v->cache.unit->sector_size;
        int result;

        r->at = offset;
        r->valid = MAX(offset, r->f->valid_size);
        if (offset < r->f->valid_size) {
                r->skip = offset % sector;
                result = reading_seek(r, offset - r->skip);
                if (result == RECORDER_OK)
                        result = block_stream(r->v->cache.unit, on_next, r, &sink);
                if (result != RECORDER_OK)
                        return result;
        }
        return r->at >= r->f->valid_size && r->at < r->f->size ? tail_give(r) : RECORDER_OK;
}

static void end_tell(struct volume *v, const struct reading *r)
{
        if (r->chain.end == CHAIN_CYCLED)
                volume_tell(v, VOLUME_CYCLE,
                            "clusters lead back to cluster %u; the file ends after %llu of %llu bytes",
                            r->chain.astray, (unsigned long long)r->at, (unsigned long long)r->f->size);
        else
                volume_tell(v, VOLUME_CHAIN_SHORT, "clusters end after %llu of %llu bytes",
                            (unsigned long long)r->at, (unsigned long long)r->f->size);
}

int volume_read(struct volume *v, const struct volume_file *f, uint64_t offset,
                const struct volume_sink *sink, uint64_t *ret_size)
{
        struct reading r = {.v = v, .f = f, .sink = sink};
        int result;

        if (offset > f->size)
                return RECORDER_MISMATCH;
        v->cache.budget = MAX(v->cache.budget, v->limits.metadata_bytes);
        volume_chain_begin(&r.chain, v, f->cluster, volume_clusters_of(v, f->size), f->contiguous);
        result = reading_run(&r, offset);
        free(r.zeros);
        if (result != RECORDER_OK)
                return result;
        if (r.at < f->size) {
                end_tell(v, &r);
                /* Clusters that end before the offset leave what was read earlier as it is. */
                *ret_size = r.at;
                return RECORDER_SHORT;
        }
        *ret_size = f->size;
        return RECORDER_OK;
}
