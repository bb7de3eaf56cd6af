// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The front and the window of media_reader.h. The window is a least-recently-used set of blocks that front
 * and random access share: the block a demuxer looked at first is not read again when the front comes to it,
 * as long as it has not been pushed out. Invariant: the sinks have seen exactly the bytes [0, front).
 */
#include "media/media_reader.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <string.h>

#define BLOCK_ALIGNMENT \
        4096 /* the largest logical block of disks in use; what O_DIRECT asks of memory and offset */

struct media_block {
        int64_t index; /* -1: empty */
        uint64_t used; /* tick of the last use */
        size_t size;
        uint8_t *data;
};

struct media_sink {
        media_sink_fn *feed;
        void *userdata;
};

struct media_reader {
        int fd;
        int64_t size;
        int64_t deadline;
        int64_t front;
        int64_t disk_bytes;
        uint64_t tick;
        int error;
        size_t block_memory; /* of each block: smaller for a file smaller than a block */
        size_t n_sinks;
        struct media_sink sinks[MEDIA_SINKS_MAX];
        struct media_block blocks[MEDIA_WINDOW_SLOTS];
        struct media_block *recent;
};

void media_reader_free(struct media_reader *r)
{
        if (!r)
                return;
        for (size_t i = 0; i < MEDIA_WINDOW_SLOTS; i++)
                free(r->blocks[i].data);
        free(r);
}

int media_reader_new(struct media_reader **ret, int fd, int64_t size, int64_t deadline)
{
        struct media_reader *r;

        if (size < 0)
                return -EINVAL;
        r = calloc(1, sizeof(*r));
        if (!r)
                return -ENOMEM;
        r->fd = fd;
        r->size = size;
        r->deadline = deadline;
        r->block_memory = MEDIA_BLOCK_SIZE;
        if (size < MEDIA_BLOCK_SIZE)
                r->block_memory = ((size_t)size / BLOCK_ALIGNMENT + 1) * BLOCK_ALIGNMENT;
        for (size_t i = 0; i < MEDIA_WINDOW_SLOTS; i++)
                r->blocks[i].index = -1;
        *ret = r;
        return 0;
}

int media_reader_add_sink(struct media_reader *r, media_sink_fn *feed, void *userdata)
{
        if (r->front > 0)
                return -EBUSY;
        if (r->n_sinks == MEDIA_SINKS_MAX)
                return -ENOBUFS;
        r->sinks[r->n_sinks++] = (struct media_sink){feed, userdata};
        return 0;
}

/* Reads a whole block. A direct read must be asked for in aligned lengths, so the last one asks beyond the
 * end. */
static int block_read(struct media_reader *r, struct media_block *b, int64_t index)
{
        int64_t offset = index * MEDIA_BLOCK_SIZE;
        size_t wanted = (size_t)MIN(r->size - offset, (int64_t)MEDIA_BLOCK_SIZE);
        size_t ask = (wanted + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
        size_t got = 0;

        while (got < wanted) {
                ssize_t n = pread(r->fd, b->data + got, ask - got, offset + (int64_t)got);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                r->disk_bytes += n;
                got += (size_t)n;
        }
        b->size = wanted;
        return 0;
}

static struct media_block *window_find(struct media_reader *r, int64_t index)
{
        if (r->recent && r->recent->index == index)
                return r->recent;
        for (size_t i = 0; i < MEDIA_WINDOW_SLOTS; i++)
                if (r->blocks[i].index == index)
                        return &r->blocks[i];
        return NULL;
}

static struct media_block *window_oldest(struct media_reader *r)
{
        struct media_block *oldest = &r->blocks[0];

        for (size_t i = 0; i < MEDIA_WINDOW_SLOTS; i++) {
                if (!r->blocks[i].data)
                        return &r->blocks[i];
                if (r->blocks[i].used < oldest->used)
                        oldest = &r->blocks[i];
        }
        return oldest;
}

static int block_get(struct media_reader *r, int64_t index, const struct media_block **ret)
{
        struct media_block *b = window_find(r, index);
        int error;

        if (r->error < 0)
                return r->error;
        if (!b) {
                if (r->deadline && clock_monotonic() > r->deadline)
                        return r->error = -ETIMEDOUT;
                b = window_oldest(r);
                if (!b->data && posix_memalign((void **)&b->data, BLOCK_ALIGNMENT, r->block_memory) != 0)
                        return r->error = -ENOMEM;
                b->index = -1;
                error = block_read(r, b, index);
                if (error < 0)
                        return r->error = error;
                b->index = index;
        }
        b->used = ++r->tick;
        r->recent = b;
        *ret = b;
        return 0;
}

static int front_step(struct media_reader *r)
{
        const struct media_block *b;
        int64_t offset = r->front;
        int error = block_get(r, offset / MEDIA_BLOCK_SIZE, &b);

        if (error < 0)
                return error;
        /* Moved before the sinks run: a walk called as a sink peeks at bytes up to here. */
        r->front += (int64_t)b->size;
        for (size_t i = 0; i < r->n_sinks; i++) {
                /* A walk that peeked may have pushed the block out of the window. */
                error = block_get(r, offset / MEDIA_BLOCK_SIZE, &b);
                if (error >= 0)
                        error = r->sinks[i].feed(r->sinks[i].userdata, offset, b->data, b->size);
                if (error < 0)
                        return r->error = error;
        }
        return 0;
}

int media_reader_advance(struct media_reader *r, int64_t until)
{
        while (!r->error && r->front < MIN(until, r->size)) {
                int error = front_step(r);

                if (error < 0)
                        return error;
        }
        return r->error;
}

int media_reader_drain(struct media_reader *r)
{
        return media_reader_advance(r, r->size);
}

ssize_t media_reader_peek(struct media_reader *r, int64_t offset, void *buf, size_t n)
{
        size_t done = 0;

        if (offset < 0)
                return -EINVAL;
        while (done < n && offset < r->size) {
                const struct media_block *b;
                size_t start = (size_t)(offset % MEDIA_BLOCK_SIZE), part;
                int error = block_get(r, offset / MEDIA_BLOCK_SIZE, &b);

                if (error < 0)
                        return error;
                part = MIN(n - done, b->size - start);
                memcpy((uint8_t *)buf + done, b->data + start, part);
                done += part;
                offset += (int64_t)part;
        }
        return (ssize_t)done;
}

int media_reader_peek_all(struct media_reader *r, int64_t offset, void *buf, size_t n)
{
        ssize_t got = media_reader_peek(r, offset, buf, n);

        if (got < 0)
                return (int)got;
        return (size_t)got == n ? 0 : -ENODATA;
}

int64_t media_reader_size(const struct media_reader *r)
{
        return r->size;
}

int64_t media_reader_front(const struct media_reader *r)
{
        return r->front;
}

int64_t media_reader_disk_bytes(const struct media_reader *r)
{
        return r->disk_bytes;
}

int media_reader_error(const struct media_reader *r)
{
        return r->error;
}
