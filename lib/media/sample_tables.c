// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The walk over an MP4 track's chunks. The tables are read through small windows, never loaded: their counts
 * come from the file. Work is bounded by the entries that the boxes really hold.
 */
#include "media/sample_tables.h"
#include "base/cleanup.h"

#define CURSOR_SIZE 4096

/* Sequential reading of fixed-size big-endian numbers. */
struct cursor {
        struct media_reader *reader;
        int64_t offset;
        size_t have, used;
        uint8_t buf[CURSOR_SIZE];
};

static int cursor_number(struct cursor *c, unsigned int width, uint64_t *ret)
{
        uint64_t v = 0;

        if (c->have - c->used < width) {
                ssize_t n;

                c->offset += (int64_t)c->used;
                n = media_reader_peek(c->reader, c->offset, c->buf, sizeof(c->buf));
                if (n < 0)
                        return (int)n;
                c->have = (size_t)n;
                c->used = 0;
                if (c->have < width)
                        return -ENODATA;
        }
        for (unsigned int i = 0; i < width; i++)
                v = v << 8 | c->buf[c->used++];
        *ret = v;
        return 0;
}

struct chunk_walk {
        const struct sample_tables *tables;
        struct cursor offsets, sizes, runs;
        uint64_t samples_left;
        uint32_t runs_left;
        uint64_t samples_per_chunk, next_samples_per_chunk, next_first_chunk;
};

/* Loads the stsc entry that begins at a later chunk. */
static int run_load_next(struct chunk_walk *w)
{
        uint64_t description;
        int r;

        if (w->runs_left == 0) {
                w->next_first_chunk = UINT64_MAX;
                return 0;
        }
        w->runs_left--;
        r = cursor_number(&w->runs, 4, &w->next_first_chunk);
        if (r >= 0)
                r = cursor_number(&w->runs, 4, &w->next_samples_per_chunk);
        if (r >= 0)
                r = cursor_number(&w->runs, 4, &description);
        return r;
}

static int chunk_samples(struct chunk_walk *w, uint64_t chunk)
{
        while (chunk >= w->next_first_chunk) {
                int r;

                w->samples_per_chunk = w->next_samples_per_chunk;
                r = run_load_next(w);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Bytes of the next chunk. Returns 1 when stsz has not as many samples. */
static int chunk_size(struct chunk_walk *w, uint64_t *ret)
{
        uint64_t n = w->samples_per_chunk, sum = 0;

        if (n > w->samples_left)
                return 1;
        w->samples_left -= n;
        if (w->tables->uniform_size > 0) {
                *ret = n * w->tables->uniform_size;
                return 0;
        }
        for (uint64_t i = 0; i < n; i++) {
                uint64_t size = 0;
                int r = cursor_number(&w->sizes, 4, &size);

                if (r < 0)
                        return r;
                sum += size;
        }
        *ret = sum;
        return 0;
}

static bool chunk_place_ok(uint64_t offset, uint64_t size, uint64_t file_size, uint64_t *previous_end,
                           struct findings *findings)
{
        if (offset > file_size || size > file_size - offset) {
                findings_add(findings, FINDING_PAST_END);
                return false;
        }
        if (size > 0 && offset < *previous_end)
                findings_add(findings, FINDING_BAD_INDEX);
        *previous_end = offset + size;
        return true;
}

static int chunk_walk_run(struct chunk_walk *w, struct sample_extent *extent, struct findings *findings)
{
        uint64_t file_size = (uint64_t)media_reader_size(w->offsets.reader), previous_end = 0;

        for (uint64_t chunk = 1; chunk <= w->tables->chunks.count; chunk++) {
                uint64_t offset = 0, size = 0;
                int r = cursor_number(&w->offsets, w->tables->chunk_width, &offset);

                if (r >= 0)
                        r = chunk_samples(w, chunk);
                if (r >= 0)
                        r = chunk_size(w, &size);
                if (r < 0)
                        return r;
                if (r > 0) {
                        findings_add(findings, FINDING_BAD_INDEX);
                        return 0;
                }
                if (!chunk_place_ok(offset, size, file_size, &previous_end, findings))
                        return 0;
                extent->low = MIN(extent->low, (int64_t)offset);
                extent->high = MAX(extent->high, (int64_t)(offset + size));
        }
        if (w->samples_left > 0)
                findings_add(findings, FINDING_BAD_INDEX);
        return 0;
}

int sample_tables_check(const struct sample_tables *t, struct media_reader *reader,
                        struct sample_extent *extent, struct findings *findings)
{
        _cleanup_free_ struct chunk_walk *w = NULL;
        int r;

        if (t->compact || t->chunks.count == 0)
                return 0; /* a fragmented file has empty tables; stz2 is left to the demuxer */
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->tables = t;
        w->offsets = (struct cursor){.reader = reader, .offset = t->chunks.offset};
        w->sizes = (struct cursor){.reader = reader, .offset = t->sizes.offset};
        w->runs = (struct cursor){.reader = reader, .offset = t->runs.offset};
        w->samples_left = t->sizes.count;
        w->runs_left = t->runs.count;
        r = run_load_next(w);
        if (r >= 0)
                r = chunk_walk_run(w, extent, findings);
        if (r == -ENODATA) {
                findings_add(findings, FINDING_PAST_END);
                return 0;
        }
        return r;
}
