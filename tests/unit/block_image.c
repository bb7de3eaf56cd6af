// SPDX-License-Identifier: LGPL-2.1-or-later
/* See block_image.h. */
#include "block_image.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE (1024U * 1024)

static bool is_bad(const struct block_image *b, uint64_t offset, uint64_t size)
{
        return b->bad_size > 0 && offset < b->bad_offset + b->bad_size && b->bad_offset < offset + size;
}

static int image_read(struct block_unit *u, uint64_t offset, void *data, size_t size)
{
        struct block_image *b = (struct block_image *)u;
        uint8_t *to = data;

        if (size == 0 || offset % u->sector_size != 0 || size % u->sector_size != 0 || offset > u->size ||
            size > u->size - offset)
                abort();
        b->reads++;
        b->bytes += size;
        if (is_bad(b, offset, size))
                return RECORDER_UNREADABLE;
        if (b->memory) {
                memcpy(to, b->memory + offset, size);
                return RECORDER_OK;
        }
        while (size > 0) {
                ssize_t n = pread(b->fd, to, size, (off_t)offset);

                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                to += n;
                offset += (size_t)n;
                size -= (size_t)n;
        }
        return RECORDER_OK;
}

static int extent_stream(struct block_unit *u, const struct block_extent *e, uint8_t *buffer,
                         const struct block_sink *sink)
{
        uint64_t done = 0;

        while (done < e->size) {
                size_t n = (size_t)MIN(e->size - done, (uint64_t)PIECE);
                int r;

                if (is_bad((struct block_image *)u, e->offset + done, n))
                        n = u->sector_size;
                r = image_read(u, e->offset + done, buffer, n);
                if (r == RECORDER_UNREADABLE)
                        r = sink->unreadable(sink->userdata, n);
                else if (r == RECORDER_OK)
                        r = sink->write(sink->userdata, buffer, n);
                if (r != 0)
                        return r;
                done += n;
        }
        return RECORDER_OK;
}

static int image_stream(struct block_unit *u, block_next_fn *next, void *next_userdata,
                        const struct block_sink *sink)
{
        _cleanup_free_ uint8_t *buffer = malloc(PIECE);
        struct block_extent e;
        int r;

        if (!buffer)
                return -ENOMEM;
        for (;;) {
                r = next(next_userdata, &e);
                if (r != RECORDER_OK || e.size == 0)
                        return r;
                r = extent_stream(u, &e, buffer, sink);
                if (r != RECORDER_OK)
                        return r;
        }
}

static const struct block_verbs verbs = {.read = image_read, .stream = image_stream};

void block_image_memory(struct block_image *b, const uint8_t *data, uint64_t size, uint32_t sector_size)
{
        *b = (struct block_image){
                        .unit = {.verbs = &verbs,
                                 .sector_size = sector_size,
                                 .size = size / sector_size * sector_size},
                        .fd = -EBADF,
                        .memory = data,
        };
}

int block_image_open(struct block_image *b, const char *path, uint32_t sector_size)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        block_image_memory(b, NULL, (uint64_t)st.st_size, sector_size);
        b->fd = TAKE_FD(fd);
        return 0;
}

void block_image_close(struct block_image *b)
{
        b->fd = fd_close(b->fd);
}
