// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * EBML without a tree: the walk enters the Segment and clusters of unknown size, and steps over everything
 * else. A file whose Segment has no size, no Duration and no Cues was being written when it ended.
 */
#include "media/matroska_walk.h"
#include "base/cleanup.h"

#define SIZE_UNKNOWN    INT64_MAX
#define HEADER_SIZE_MAX 12

enum {
        ID_EBML = 0x1A45DFA3,
        ID_SEGMENT = 0x18538067,
        ID_CLUSTER = 0x1F43B675,
        ID_INFO = 0x1549A966,
        ID_TRACKS = 0x1654AE6B,
        ID_CUES = 0x1C53BB6B,
        ID_DURATION = 0x4489,
        ID_TRACK_ENTRY = 0xAE,
        ID_CONTENT_ENCODINGS = 0x6D80,
        ID_CONTENT_ENCODING = 0x6240,
        ID_CONTENT_ENCRYPTION = 0x5035,
};

/* What may stand in a Segment or, since a cluster of unknown size is entered, in a Cluster. */
static const uint32_t lawful_ids[] = {
                ID_EBML,
                ID_SEGMENT,
                ID_CLUSTER,
                ID_INFO,
                ID_TRACKS,
                ID_CUES,
                0x114D9B74 /* SeekHead */,
                0x1941A469 /* Attachments */,
                0x1043A770 /* Chapters */,
                0x1254C367 /* Tags */,
                0xEC /* Void */,
                0xBF /* CRC-32 */,
                0xE7 /* Timestamp */,
                0xA3 /* SimpleBlock */,
                0xA0 /* BlockGroup */,
                0xA7 /* Position */,
                0xAB /* PrevSize */,
                0x5854 /* SilentTracks */,
                0xAF /* EncryptedBlock */,
};

struct element {
        uint32_t id;
        int64_t body;
        int64_t size; /* SIZE_UNKNOWN */
};

void matroska_walk_init(struct matroska_walk *w, struct media_reader *reader, struct findings *findings)
{
        *w = (struct matroska_walk){.reader = reader, .findings = findings, .segment_end = -1};
}

/* Leading zeros of the first byte give the length (RFC 8794 section 4). 0 when there is none within 'max'.
 */
static unsigned int vint_length(uint8_t first, unsigned int max)
{
        for (unsigned int n = 1; n <= max; n++)
                if (first & 0x80 >> (n - 1))
                        return n;
        return 0;
}

/* Returns 0, -ENODATA at the file's end, -EBADMSG when no element can begin so. */
static int element_read(struct media_reader *reader, int64_t offset, struct element *ret)
{
        uint8_t head[HEADER_SIZE_MAX] = {0};
        ssize_t n = media_reader_peek(reader, offset, head, sizeof(head));
        unsigned int id_length, size_length;
        uint64_t size;

        if (n < 0)
                return (int)n;
        if (n < 2)
                return -ENODATA;
        id_length = vint_length(head[0], 4);
        if (id_length == 0)
                return -EBADMSG;
        size_length = vint_length(head[id_length], 8);
        if (size_length == 0)
                return -EBADMSG;
        if ((size_t)n < id_length + size_length)
                return -ENODATA;
        ret->id = 0;
        for (unsigned int i = 0; i < id_length; i++)
                ret->id = ret->id << 8 | head[i];
        size = head[id_length] & (0xffU >> size_length);
        for (unsigned int i = 1; i < size_length; i++)
                size = size << 8 | head[id_length + i];
        ret->body = offset + id_length + size_length;
        ret->size = size == (UINT64_C(1) << 7 * size_length) - 1 ? SIZE_UNKNOWN : (int64_t)size;
        return 0;
}

/* Whether an element of the path ids[0]/ids[1]/… lies in [offset, end). */
/* NOLINTNEXTLINE(misc-no-recursion): depth is the length of the path */
static bool element_has(struct matroska_walk *w, int64_t offset, int64_t end, const uint32_t *ids, size_t n)
{
        while (offset < end && ++w->n_elements < MATROSKA_ELEMENTS_MAX) {
                struct element e;

                if (element_read(w->reader, offset, &e) < 0 || e.size == SIZE_UNKNOWN ||
                    e.size > end - e.body)
                        return false;
                if (e.id == ids[0] && (n == 1 || element_has(w, e.body, e.body + e.size, ids + 1, n - 1)))
                        return true;
                offset = e.body + e.size;
        }
        return false;
}

static void element_visit(struct matroska_walk *w, const struct element *e)
{
        static const uint32_t duration[] = {ID_DURATION};
        static const uint32_t encryption[] = {ID_TRACK_ENTRY, ID_CONTENT_ENCODINGS, ID_CONTENT_ENCODING,
                                              ID_CONTENT_ENCRYPTION};

        if (e->id == ID_CLUSTER)
                w->seen_cluster = true;
        if (e->id == ID_CUES)
                w->seen_cues = true;
        if (e->size == SIZE_UNKNOWN)
                return;
        if (e->id == ID_INFO)
                w->seen_duration =
                                element_has(w, e->body, e->body + e->size, duration, ELEMENTSOF(duration));
        if (e->id == ID_TRACKS &&
            element_has(w, e->body, e->body + e->size, encryption, ELEMENTSOF(encryption)))
                findings_add(w->findings, FINDING_PROTECTED);
}

static bool id_is_lawful(uint32_t id)
{
        for (size_t i = 0; i < ELEMENTSOF(lawful_ids); i++)
                if (lawful_ids[i] == id)
                        return true;
        return false;
}

static void segment_enter(struct matroska_walk *w, const struct element *e)
{
        w->seen_segment = true;
        w->position = e->body;
        w->segment_open_ended = e->size == SIZE_UNKNOWN;
        w->segment_end = w->segment_open_ended ? -1 : e->body + e->size;
        if (w->segment_end > media_reader_size(w->reader))
                findings_add(w->findings, FINDING_PAST_END);
}

static void walk_end(struct matroska_walk *w, enum finding why)
{
        findings_add(w->findings, why);
        w->done = true;
}

/* One element further. Returns 1 when it has to wait for more of the file. */
static int walk_step(struct matroska_walk *w, int64_t limit)
{
        int64_t size = media_reader_size(w->reader);
        struct element e = {0};
        int r;

        if (w->position >= size || ++w->n_elements > MATROSKA_ELEMENTS_MAX) {
                w->done = true;
                return 0;
        }
        if (w->position + HEADER_SIZE_MAX > limit && limit < size)
                return 1;
        r = element_read(w->reader, w->position, &e);
        if (r < 0 && r != -EBADMSG && r != -ENODATA)
                return r;
        if (r == -ENODATA)
                walk_end(w, FINDING_CUT);
        else if (r == -EBADMSG || !id_is_lawful(e.id))
                walk_end(w, w->segment_end >= 0 && w->position >= w->segment_end ? FINDING_TRAILING_GARBAGE
                                                                                 : FINDING_BAD_STRUCTURE);
        if (w->done)
                return 0;
        if (e.id == ID_SEGMENT) {
                segment_enter(w, &e);
                return 0;
        }
        if ((e.id == ID_INFO || e.id == ID_TRACKS) && e.size < MEDIA_BLOCK_SIZE && e.body + e.size > limit &&
            limit < size)
                return 1;
        element_visit(w, &e);
        if (e.size == SIZE_UNKNOWN) {
                w->position = e.body;
        } else if (e.size > size - e.body) {
                walk_end(w, FINDING_PAST_END);
        } else {
                w->position = e.body + e.size;
        }
        return 0;
}

int matroska_walk_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size)
{
        struct matroska_walk *w = userdata;

        (void)data;
        while (!w->done) {
                int r = walk_step(w, offset + (int64_t)size);

                if (r != 0)
                        return MIN(r, 0);
        }
        return 0;
}

void matroska_walk_finish(struct matroska_walk *w)
{
        if (!w->seen_segment || !w->seen_cluster)
                findings_add(w->findings, FINDING_NO_CONTENT);
        if (w->segment_open_ended && !w->seen_cues && !w->seen_duration)
                findings_add(w->findings, FINDING_NO_INDEX);
}
