// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The box walk. At the top level it holds nothing but the position of the next box; moov is walked by
 * recursion of bounded depth as soon as the front has passed its end. Every size is checked against the
 * parent's end before it is used.
 */
#include "media/box_walk.h"
#include "base/cleanup.h"

#include <string.h>

#define BOX_TYPE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

enum {
        BOX_MOOV = BOX_TYPE('m', 'o', 'o', 'v'),
        BOX_MDAT = BOX_TYPE('m', 'd', 'a', 't'),
        BOX_MOOF = BOX_TYPE('m', 'o', 'o', 'f'),
        BOX_TRAK = BOX_TYPE('t', 'r', 'a', 'k'),
        BOX_MDIA = BOX_TYPE('m', 'd', 'i', 'a'),
        BOX_MINF = BOX_TYPE('m', 'i', 'n', 'f'),
        BOX_STBL = BOX_TYPE('s', 't', 'b', 'l'),
        BOX_STSD = BOX_TYPE('s', 't', 's', 'd'),
        BOX_STSZ = BOX_TYPE('s', 't', 's', 'z'),
        BOX_STZ2 = BOX_TYPE('s', 't', 'z', '2'),
        BOX_STSC = BOX_TYPE('s', 't', 's', 'c'),
        BOX_STCO = BOX_TYPE('s', 't', 'c', 'o'),
        BOX_CO64 = BOX_TYPE('c', 'o', '6', '4'),
        BOX_PSSH = BOX_TYPE('p', 's', 's', 'h'),
        BOX_ENCV = BOX_TYPE('e', 'n', 'c', 'v'),
        BOX_ENCA = BOX_TYPE('e', 'n', 'c', 'a'),
        BOX_DRMI = BOX_TYPE('d', 'r', 'm', 'i'),
        BOX_DRMS = BOX_TYPE('d', 'r', 'm', 's'),
};

struct box {
        uint32_t type;
        int64_t body; /* offset of the first byte behind the header */
        int64_t end;
};

enum box_outcome {
        BOX_FOUND = 0,
        BOX_PADDING = 1, /* zeros, or too few bytes for a header */
        BOX_MALFORMED = 2,
};

void box_walk_init(struct box_walk *w, struct media_reader *reader, struct findings *findings)
{
        *w = (struct box_walk){
                        .reader = reader,
                        .findings = findings,
                        .samples = {.low = INT64_MAX, .high = INT64_MIN},
                        .mdat_low = INT64_MAX,
                        .mdat_high = INT64_MIN,
        };
}

static uint32_t be32(const uint8_t *p)
{
        return BOX_TYPE(p[0], p[1], p[2], p[3]);
}

/* Four printable characters; QuickTime's own tags begin with a copyright sign. */
static bool type_is_lawful(const uint8_t *type)
{
        for (size_t i = 0; i < 4; i++)
                if ((type[i] < 0x20 || type[i] > 0x7e) && type[i] != 0xa9)
                        return false;
        return true;
}

/* Reads the header at 'offset'; a size of 0 reaches to 'limit'. The end is not checked against anything yet.
 */
static int box_read(struct box_walk *w, int64_t offset, int64_t limit, struct box *ret)
{
        uint8_t head[16] = {0};
        ssize_t n = media_reader_peek(w->reader, offset, head,
                                      (size_t)MIN(limit - offset, (int64_t)sizeof(head)));
        uint64_t size;

        if (n < 0)
                return (int)n;
        if (n < 8)
                return BOX_PADDING;
        size = be32(head);
        if (size == 0 && be32(head + 4) == 0)
                return BOX_PADDING;
        if (!type_is_lawful(head + 4))
                return BOX_MALFORMED;
        ret->type = be32(head + 4);
        ret->body = offset + 8;
        if (size == 1) {
                size = (uint64_t)be32(head + 8) << 32 | be32(head + 12);
                ret->body += 8;
        } else if (size == 0) {
                size = (uint64_t)(limit - offset);
        }
        if (size < (uint64_t)(ret->body - offset) || size > INT64_MAX / 2)
                return BOX_MALFORMED;
        ret->end = offset + (int64_t)size;
        return BOX_FOUND;
}

/* A full box whose first field is the count of its entries, 'width' bytes each. */
static int table_read(struct box_walk *w, const struct box *b, unsigned int width, struct sample_table *ret)
{
        uint8_t head[8];
        int r = media_reader_peek_all(w->reader, b->body, head, sizeof(head));

        if (r < 0)
                return r;
        ret->count = be32(head + 4);
        ret->offset = b->body + 8;
        if ((int64_t)ret->count * width > b->end - ret->offset) {
                findings_add(w->findings, FINDING_BAD_STRUCTURE);
                ret->count = (uint32_t)(MAX(b->end - ret->offset, 0) / width);
        }
        return 0;
}

static int sizes_read(struct box_walk *w, const struct box *b, struct sample_tables *t)
{
        uint8_t head[12];
        int r = media_reader_peek_all(w->reader, b->body, head, sizeof(head));

        if (r < 0)
                return r;
        t->uniform_size = be32(head + 4);
        t->sizes.count = be32(head + 8);
        t->sizes.offset = b->body + 12;
        if (t->uniform_size == 0 && (int64_t)t->sizes.count * 4 > b->end - t->sizes.offset) {
                findings_add(w->findings, FINDING_BAD_STRUCTURE);
                t->sizes.count = (uint32_t)(MAX(b->end - t->sizes.offset, 0) / 4);
        }
        return 0;
}

/* Sample entries keep their real name in sinf when they are protected (section 8.12). */
static int descriptions_read(struct box_walk *w, const struct box *b)
{
        int64_t offset = b->body + 8;

        for (unsigned int i = 0; i < 16 && offset < b->end; i++) {
                struct box entry;
                int r = box_read(w, offset, b->end, &entry);

                if (r != BOX_FOUND)
                        return MIN(r, 0);
                if (entry.type == BOX_ENCV || entry.type == BOX_ENCA || entry.type == BOX_DRMI ||
                    entry.type == BOX_DRMS)
                        findings_add(w->findings, FINDING_PROTECTED);
                offset = entry.end;
        }
        return 0;
}

static int leaf_visit(struct box_walk *w, const struct box *b, struct sample_tables *t)
{
        switch (b->type) {
        case BOX_STSD:
                return descriptions_read(w, b);
        case BOX_STSZ:
                return sizes_read(w, b, t);
        case BOX_STZ2:
                t->compact = true;
                return 0;
        case BOX_STSC:
                return table_read(w, b, 12, &t->runs);
        case BOX_STCO:
                t->chunk_width = 4;
                return table_read(w, b, 4, &t->chunks);
        case BOX_CO64:
                t->chunk_width = 8;
                return table_read(w, b, 8, &t->chunks);
        case BOX_PSSH:
                findings_add(w->findings, FINDING_PROTECTED);
                return 0;
        default:
                return 0;
        }
}

static bool box_is_container(uint32_t type)
{
        return type == BOX_MDIA || type == BOX_MINF || type == BOX_STBL;
}

static int track_walk(struct box_walk *w, const struct box *trak, unsigned int depth);

/* NOLINTNEXTLINE(misc-no-recursion): depth is bounded by BOX_DEPTH_MAX */
static int children_walk(struct box_walk *w, const struct box *parent, unsigned int depth,
                         struct sample_tables *t)
{
        int64_t offset = parent->body;

        while (offset < parent->end) {
                struct box b = {0};
                int r = box_read(w, offset, parent->end, &b);

                if (r < 0 || r == BOX_PADDING)
                        return MIN(r, 0);
                if (r == BOX_MALFORMED || b.end > parent->end || depth == BOX_DEPTH_MAX ||
                    ++w->n_boxes > BOXES_MAX) {
                        findings_add(w->findings, FINDING_BAD_STRUCTURE);
                        return 0;
                }
                if (b.type == BOX_TRAK)
                        r = track_walk(w, &b, depth + 1);
                else if (box_is_container(b.type))
                        r = children_walk(w, &b, depth + 1, t);
                else
                        r = leaf_visit(w, &b, t);
                if (r < 0)
                        return r;
                offset = b.end;
        }
        return 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is bounded by BOX_DEPTH_MAX */
static int track_walk(struct box_walk *w, const struct box *trak, unsigned int depth)
{
        struct sample_tables tables = {0};
        int r = children_walk(w, trak, depth, &tables);

        if (r < 0)
                return r;
        return sample_tables_check(&tables, w->reader, &w->samples, w->findings);
}

static int moov_walk(struct box_walk *w, const struct box *moov)
{
        struct sample_tables stray = {0}; /* tables outside of a track */
        int r;

        w->seen_moov = true;
        r = children_walk(w, moov, 0, &stray);
        if (r == -ENODATA) {
                findings_add(w->findings, FINDING_BAD_STRUCTURE);
                return 0;
        }
        return r;
}

static int top_level_visit(struct box_walk *w, const struct box *b)
{
        switch (b->type) {
        case BOX_MOOV:
                return moov_walk(w, b);
        case BOX_MDAT:
                w->seen_mdat = true;
                w->fragment_open = false;
                w->mdat_low = MIN(w->mdat_low, b->body);
                w->mdat_high = MAX(w->mdat_high, b->end);
                return 0;
        case BOX_MOOF:
                w->fragment_open = true;
                return 0;
        default:
                return 0;
        }
}

/* One box further. Returns 1 when it has to wait for more of the file. */
static int top_level_step(struct box_walk *w, int64_t limit)
{
        int64_t size = media_reader_size(w->reader);
        struct box b;
        int r;

        if (w->position >= size || ++w->n_boxes > BOXES_MAX) {
                w->done = true;
                return 0;
        }
        if (w->position + 16 > limit && limit < size)
                return 1;
        r = box_read(w, w->position, size, &b);
        if (r < 0)
                return r;
        if (r == BOX_FOUND && b.type == BOX_MOOV && b.end > limit && limit < size)
                return 1;
        if (r == BOX_MALFORMED)
                findings_add(w->findings, w->seen_moov && w->seen_mdat ? FINDING_TRAILING_GARBAGE
                                                                       : FINDING_BAD_STRUCTURE);
        if (r == BOX_FOUND && b.end > size) {
                findings_add(w->findings, FINDING_PAST_END);
                w->seen_mdat |= b.type == BOX_MDAT;
        }
        if (r != BOX_FOUND || b.end > size) {
                w->done = true;
                return 0;
        }
        w->position = b.end;
        return top_level_visit(w, &b);
}

int box_walk_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size)
{
        struct box_walk *w = userdata;

        (void)data;
        while (!w->done) {
                int r = top_level_step(w, offset + (int64_t)size);

                if (r != 0)
                        return MIN(r, 0);
        }
        return 0;
}

void box_walk_finish(struct box_walk *w)
{
        bool has_samples = w->samples.low <= w->samples.high;

        if (!w->seen_moov)
                findings_add(w->findings, FINDING_NO_MOOV);
        if (w->fragment_open)
                findings_add(w->findings, FINDING_CUT);
        /* What reaches past the end is a cut, and reported as such already. */
        if (has_samples && !findings_have(w->findings, FINDING_PAST_END) &&
            (w->samples.low < w->mdat_low || w->samples.high > w->mdat_high))
                findings_add(w->findings, FINDING_BAD_INDEX);
}
