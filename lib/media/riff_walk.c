// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * AVI and WAV structure. A recorder that loses power leaves the sizes of the header as they were at the
 * start (0 or all ones) and never writes the index, so both are signs of a cut. The index itself is read
 * entry by entry in small pieces: garbage in it shows in the chunk names.
 */
#include "media/riff_walk.h"
#include "base/cleanup.h"

#include <string.h>

#define AVIF_HASINDEX    0x10
#define INDEX_ENTRY_SIZE 16
#define INDEX_BATCH      256

struct chunk {
        uint8_t id[4];
        uint32_t size;
        int64_t body;
};

struct avi_walk {
        struct media_reader *reader;
        struct findings *findings;
        uint64_t n_chunks;
        bool has_index_flag;
        bool seen_movi, seen_index;
        int64_t movi_start, movi_end; /* of the first RIFF chunk, which idx1 is about */
};

static uint32_t le32(const uint8_t *p)
{
        return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* -ENODATA when there is no room for a header. */
static int chunk_read(struct media_reader *reader, int64_t offset, struct chunk *ret)
{
        uint8_t head[8];
        int r = media_reader_peek_all(reader, offset, head, sizeof(head));

        if (r < 0)
                return r;
        memcpy(ret->id, head, sizeof(ret->id));
        ret->size = le32(head + 4);
        ret->body = offset + 8;
        return 0;
}

static bool chunk_is(const struct chunk *c, const char *id)
{
        return memcmp(c->id, id, sizeof(c->id)) == 0;
}

static int64_t chunk_end(const struct chunk *c)
{
        return c->body + c->size + (c->size & 1); /* chunks are padded to even lengths */
}

/* "00dc", "01wb", "00db", "ix00", "rec ": stream number and kind. */
static bool index_name_ok(const uint8_t *id)
{
        bool numbered = id[0] >= '0' && id[0] <= '9' &&
                        ((id[1] >= '0' && id[1] <= '9') || (id[1] >= 'A' && id[1] <= 'F'));

        return numbered || memcmp(id, "rec ", 4) == 0 || memcmp(id, "ix", 2) == 0;
}

/* Offsets count from the movi list, or from the file's start with some writers. */
static bool index_entry_ok(const struct avi_walk *w, const uint8_t *entry)
{
        int64_t offset = le32(entry + 8), size = le32(entry + 12);
        int64_t end_by_list = w->movi_start + offset + 8 + size, end_by_file = offset + 8 + size;

        return index_name_ok(entry) && (end_by_list <= w->movi_end + 1 ||
                                        (offset >= w->movi_start && end_by_file <= w->movi_end + 1));
}

static int index_check(struct avi_walk *w, const struct chunk *c)
{
        uint8_t batch[INDEX_BATCH * INDEX_ENTRY_SIZE];
        int64_t offset = c->body, end = c->body + c->size / INDEX_ENTRY_SIZE * INDEX_ENTRY_SIZE;

        w->seen_index = true;
        while (offset < end) {
                ssize_t n = media_reader_peek(w->reader, offset, batch,
                                              (size_t)MIN(end - offset, (int64_t)sizeof(batch)));

                if (n < 0)
                        return (int)n;
                if (n < INDEX_ENTRY_SIZE)
                        return 0; /* the chunk reaches past the end: reported by the caller */
                for (ssize_t i = 0; i + INDEX_ENTRY_SIZE <= n; i += INDEX_ENTRY_SIZE)
                        if (!index_entry_ok(w, batch + i)) {
                                findings_add(w->findings, FINDING_BAD_INDEX);
                                return 0;
                        }
                offset += n / INDEX_ENTRY_SIZE * INDEX_ENTRY_SIZE;
        }
        return 0;
}

/* The main header is the first chunk in hdrl: flags are its fourth number. */
static int header_check(struct avi_walk *w, int64_t body)
{
        uint8_t avih[8 + 16];
        ssize_t n = media_reader_peek(w->reader, body, avih, sizeof(avih));

        if (n < 0)
                return (int)n;
        if (n == (ssize_t)sizeof(avih) && memcmp(avih, "avih", 4) == 0)
                w->has_index_flag = le32(avih + 8 + 12) & AVIF_HASINDEX;
        else
                findings_add(w->findings, FINDING_BAD_STRUCTURE);
        return 0;
}

static int list_visit(struct avi_walk *w, const struct chunk *c)
{
        uint8_t type[4];
        int r = media_reader_peek_all(w->reader, c->body, type, sizeof(type));

        if (r < 0)
                return r == -ENODATA ? 0 : r;
        if (memcmp(type, "hdrl", 4) == 0)
                return header_check(w, c->body + 4);
        if (memcmp(type, "movi", 4) == 0 && !w->seen_movi) {
                w->seen_movi = true;
                w->movi_start = c->body;
                w->movi_end = c->body + c->size;
        }
        return 0;
}

static int avi_chunk_visit(struct avi_walk *w, const struct chunk *c)
{
        if (chunk_is(c, "LIST"))
                return list_visit(w, c);
        return chunk_is(c, "idx1") ? index_check(w, c) : 0;
}

static bool chunk_name_ok(const struct chunk *c)
{
        for (size_t i = 0; i < sizeof(c->id); i++)
                if (c->id[i] < 0x20 || c->id[i] > 0x7e)
                        return false;
        return true;
}

/* The chunks of one RIFF chunk: [offset, end). */
static int avi_chunks_walk(struct avi_walk *w, int64_t offset, int64_t end)
{
        while (offset + 8 <= end && ++w->n_chunks < RIFF_CHUNKS_MAX) {
                struct chunk c;
                int r = chunk_read(w->reader, offset, &c);

                if (r == -ENODATA)
                        return 0;
                if (r < 0)
                        return r;
                if (!chunk_name_ok(&c)) {
                        findings_add(w->findings, FINDING_BAD_STRUCTURE);
                        return 0;
                }
                if (c.body + c.size > media_reader_size(w->reader))
                        findings_add(w->findings, FINDING_PAST_END);
                r = avi_chunk_visit(w, &c);
                if (r < 0)
                        return r;
                offset = chunk_end(&c);
        }
        return 0;
}

/* Whether the size in the RIFF header is the file's: too large is a cut, 0 or all ones was never filled in.
 */
static void riff_size_check(struct media_reader *reader, const struct chunk *riff, struct findings *findings)
{
        if (riff->size <= 4 || riff->size == UINT32_MAX ||
            riff->body + riff->size > media_reader_size(reader))
                findings_add(findings, FINDING_RIFF_SIZE);
}

/* Behind the last RIFF chunk: padding of zeros is harmless. */
static int tail_check(struct media_reader *reader, int64_t offset, struct findings *findings)
{
        uint8_t head[16] = {0};
        ssize_t n = media_reader_peek(reader, offset, head, sizeof(head));

        if (n < 0)
                return (int)n;
        for (ssize_t i = 0; i < n; i++)
                if (head[i] != 0) {
                        findings_add(findings, FINDING_TRAILING_GARBAGE);
                        break;
                }
        return 0;
}

int riff_walk_avi(struct media_reader *reader, struct findings *findings)
{
        struct avi_walk w = {.reader = reader, .findings = findings};
        int64_t offset = 0;

        for (unsigned int i = 0; offset + 12 <= media_reader_size(reader) && i < RIFF_CHUNKS_MAX; i++) {
                struct chunk riff;
                int64_t end;
                int r = chunk_read(reader, offset, &riff);

                if (r < 0)
                        return r;
                if (!chunk_is(&riff, "RIFF")) {
                        r = tail_check(reader, offset, findings);
                        if (r < 0)
                                return r;
                        break;
                }
                riff_size_check(reader, &riff, findings);
                end = findings_have(findings, FINDING_RIFF_SIZE) ? media_reader_size(reader)
                                                                 : chunk_end(&riff);
                r = avi_chunks_walk(&w, riff.body + 4, end);
                if (r < 0)
                        return r;
                offset = end;
        }
        if (!w.seen_movi)
                findings_add(findings, FINDING_NO_CONTENT);
        if (!w.seen_index && w.has_index_flag)
                findings_add(findings, FINDING_NO_INDEX);
        return 0;
}

int riff_walk_wav(struct media_reader *reader, struct findings *findings)
{
        int64_t offset = 12, size = media_reader_size(reader);
        struct chunk riff;
        bool seen_data = false, large;
        int r = chunk_read(reader, 0, &riff);

        if (r < 0)
                return r;
        large = chunk_is(&riff, "RF64"); /* sizes of all ones refer to the ds64 chunk */
        if (!large)
                riff_size_check(reader, &riff, findings);
        for (unsigned int i = 0; offset + 8 <= size && !seen_data && i < RIFF_CHUNKS_MAX; i++) {
                struct chunk c;

                r = chunk_read(reader, offset, &c);
                if (r < 0)
                        return r;
                seen_data = chunk_is(&c, "data");
                if (c.body + c.size > size && !(large && seen_data))
                        findings_add(findings, FINDING_PAST_END);
                if (seen_data && (c.size == 0 || c.size == UINT32_MAX) && !large && size > c.body)
                        findings_add(findings, FINDING_RIFF_SIZE);
                offset = chunk_end(&c);
        }
        if (!seen_data)
                findings_add(findings, FINDING_NO_CONTENT);
        return 0;
}
