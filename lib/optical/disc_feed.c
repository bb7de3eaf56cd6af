// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams out of entries; see disc_feed.h. libisofs has one of them open at a time, and asks for one sector
 * after the other: a block is read ahead of it. */
#include "optical/disc_feed.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum { BLOCK_SIZE = 1 << 20 };

struct disc_feed {
        struct archive_volume *volume; /* changed in the thread of libisofs alone */
        const struct archive_work *work;
        pthread_mutex_t lock;
        pthread_cond_t turn;
        const struct archive_entry *wanted; /* what waits for its source */
        int answer;                         /* a descriptor or an error */
        bool abandoned;
        int outcome, error;
        char path[sizeof(((struct archive_report *)NULL)->path)];
        ino_t n_streams;
        uint8_t block[BLOCK_SIZE];
};

struct stream {
        struct disc_feed *feed;
        const struct archive_entry *entry;
        ino_t number;
        int fd;
        struct digest *digest;
        int64_t read; /* of the source */
        size_t at, n; /* in the block */
};

int disc_feed_new(struct disc_feed **ret, struct archive_volume *v, const struct archive_work *work)
{
        _cleanup_free_ struct disc_feed *f = calloc(1, sizeof(*f));
        pthread_condattr_t monotonic;

        if (!f)
                return -ENOMEM;
        f->volume = v;
        f->work = work;
        f->answer = -EBADF;
        (void)pthread_mutex_init(&f->lock, NULL);
        (void)pthread_condattr_init(&monotonic);
        (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&f->turn, &monotonic);
        (void)pthread_condattr_destroy(&monotonic);
        *ret = TAKE_PTR(f);
        return 0;
}

void disc_feed_free(struct disc_feed *f)
{
        if (!f)
                return;
        (void)pthread_cond_destroy(&f->turn);
        (void)pthread_mutex_destroy(&f->lock);
        (void)fd_close(f->answer);
        free(f);
}

/* The first failure counts. Returns what libisofs ends the image by. */
static int feed_fail(struct disc_feed *f, const struct archive_entry *e, int outcome, int error)
{
        (void)pthread_mutex_lock(&f->lock);
        if (f->outcome == ARCHIVE_DONE && !f->abandoned) {
                f->outcome = outcome;
                f->error = error;
                (void)text_copy(f->path, sizeof(f->path), e->path);
        }
        (void)pthread_cond_broadcast(&f->turn);
        (void)pthread_mutex_unlock(&f->lock);
        return (int)ISO_CANCELED;
}

int disc_feed_outcome(struct disc_feed *f, struct archive_report *ret)
{
        int outcome;

        (void)pthread_mutex_lock(&f->lock);
        outcome = f->outcome;
        if (outcome != ARCHIVE_DONE) {
                ret->error = f->error;
                (void)text_copy(ret->path, sizeof(ret->path), f->path);
        }
        (void)pthread_mutex_unlock(&f->lock);
        return outcome;
}

static struct timespec instant_after(unsigned int milliseconds)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_nsec += (long)(milliseconds % 1000) * 1000000;
        t.tv_sec += milliseconds / 1000 + t.tv_nsec / 1000000000;
        t.tv_nsec %= 1000000000;
        return t;
}

void disc_feed_serve(struct disc_feed *f, unsigned int milliseconds)
{
        const struct timespec until = instant_after(milliseconds);
        const struct archive_entry *wanted;
        int fd = -EBADF, waited = 0;

        (void)pthread_mutex_lock(&f->lock);
        while (!f->wanted && f->outcome == ARCHIVE_DONE && waited == 0)
                waited = pthread_cond_timedwait(&f->turn, &f->lock, &until);
        wanted = f->wanted;
        (void)pthread_mutex_unlock(&f->lock);
        if (!wanted)
                return;
        fd = f->work->open_source ? f->work->open_source(f->work->userdata, wanted) : -EINVAL;
        (void)pthread_mutex_lock(&f->lock);
        f->answer = fd;
        f->wanted = NULL;
        (void)pthread_cond_broadcast(&f->turn);
        (void)pthread_mutex_unlock(&f->lock);
}

void disc_feed_abandon(struct disc_feed *f)
{
        (void)pthread_mutex_lock(&f->lock);
        f->abandoned = true;
        (void)pthread_cond_broadcast(&f->turn);
        (void)pthread_mutex_unlock(&f->lock);
}

/* In the thread of libisofs. */
static int source_ask(struct disc_feed *f, const struct archive_entry *e)
{
        int fd;

        (void)pthread_mutex_lock(&f->lock);
        f->wanted = e;
        (void)pthread_cond_broadcast(&f->turn);
        while (f->wanted && !f->abandoned)
                (void)pthread_cond_wait(&f->turn, &f->lock);
        fd = f->abandoned ? -ECANCELED : f->answer;
        if (!f->abandoned)
                f->answer = -EBADF;
        (void)pthread_mutex_unlock(&f->lock);
        return fd;
}

static int stream_open(IsoStream *stream)
{
        struct stream *s = stream->data;
        int r;

        s->read = 0;
        s->at = s->n = 0;
        if (!archive_volume_is_final(s->feed->volume, s->entry))
                return feed_fail(s->feed, s->entry, -EPROTO, -EPROTO);
        if (s->entry->data)
                return ISO_SUCCESS;
        s->fd = source_ask(s->feed, s->entry);
        if (s->fd < 0)
                return feed_fail(s->feed, s->entry, ARCHIVE_SOURCE_UNREADABLE, s->fd);
        (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        r = digest_new(&s->digest, false);
        if (r >= 0 && archive_volume_wants_sha512(s->feed->volume, s->entry))
                r = digest_add_sha512(s->digest);
        return r < 0 ? feed_fail(s->feed, s->entry, r, r) : ISO_SUCCESS;
}

static int stream_close(IsoStream *stream)
{
        struct stream *s = stream->data;

        digest_free(s->digest);
        s->digest = NULL;
        s->fd = fd_close(s->fd);
        return ISO_SUCCESS;
}

static int sha512_tell(const struct stream *s)
{
        uint8_t sha512[SHA512_SIZE];
        int r;

        if (!archive_volume_wants_sha512(s->feed->volume, s->entry))
                return 0;
        r = digest_peek_sha512(s->digest, sha512);
        return r < 0 ? r : archive_volume_tell_sha512(s->feed->volume, s->entry, sha512);
}

/* The whole source was read: is it what it must be? */
static int source_check(struct stream *s)
{
        struct digest_values found;
        int r = digest_peek(s->digest, &found);

        if (r < 0)
                return feed_fail(s->feed, s->entry, r, r);
        if (memcmp(found.sha256, s->entry->sha256, DIGEST_SIZE) != 0)
                return feed_fail(s->feed, s->entry, ARCHIVE_SOURCE_DIFFERS, 0);
        r = sha512_tell(s);
        return r < 0 ? feed_fail(s->feed, s->entry, r, r) : ISO_SUCCESS;
}

/* Fills the block. The size is part of what must be: it is on the disc already, in its directories. */
static int block_fill(struct stream *s)
{
        size_t wanted = (size_t)MIN(s->entry->size - s->read, (int64_t)BLOCK_SIZE), got = 0;
        int r;

        while (got < wanted) {
                ssize_t n = pread(s->fd, s->feed->block + got, wanted - got, s->read + (int64_t)got);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return feed_fail(s->feed, s->entry, ARCHIVE_SOURCE_UNREADABLE, -errno);
                if (n == 0)
                        return feed_fail(s->feed, s->entry, ARCHIVE_SOURCE_DIFFERS, 0);
                got += (size_t)n;
        }
        r = digest_update(s->digest, s->feed->block, got);
        if (r < 0)
                return feed_fail(s->feed, s->entry, r, r);
        s->read += (int64_t)got;
        s->at = 0;
        s->n = got;
        return s->read == s->entry->size ? source_check(s) : ISO_SUCCESS;
}

static int memory_read(struct stream *s, void *buf, size_t count)
{
        size_t n = MIN(count, (size_t)(s->entry->size - s->read));

        memcpy(buf, (const uint8_t *)s->entry->data + s->read, n);
        s->read += (int64_t)n;
        return (int)n;
}

static int stream_read(IsoStream *stream, void *buf, size_t count)
{
        struct stream *s = stream->data;
        size_t got = 0;

        if (s->entry->data)
                return memory_read(s, buf, count);
        while (got < count) {
                size_t n = MIN(s->n - s->at, count - got);

                memcpy((uint8_t *)buf + got, s->feed->block + s->at, n);
                s->at += n;
                got += n;
                if (got == count || (s->at == s->n && s->read == s->entry->size))
                        break;
                if (s->at == s->n) {
                        int r = block_fill(s);

                        if (r < 0)
                                return r;
                }
        }
        return (int)got;
}

static off_t stream_size(IsoStream *stream)
{
        const struct stream *s = stream->data;

        return s->entry->size;
}

static int stream_is_repeatable(IsoStream *stream)
{
        (void)stream;
        return 1;
}

/* No two are one, whatever is in them: libisofs would write them once. */
static void stream_id(IsoStream *stream, unsigned int *fs_id, dev_t *dev_id, ino_t *ino_id)
{
        const struct stream *s = stream->data;

        *fs_id = 0;
        *dev_id = 0;
        *ino_id = s->number;
}

static void stream_free(IsoStream *stream)
{
        (void)stream_close(stream);
        free(stream->data);
}

static int stream_update_size(IsoStream *stream)
{
        (void)stream;
        return ISO_SUCCESS;
}

static IsoStreamIface stream_class = {
                .version = 1,
                .type = {'u', 's', 'e', 'r'},
                .open = stream_open,
                .close = stream_close,
                .get_size = stream_size,
                .read = stream_read,
                .is_repeatable = stream_is_repeatable,
                .get_id = stream_id,
                .free = stream_free,
                .update_size = stream_update_size,
};

int disc_feed_stream(struct disc_feed *f, const struct archive_entry *e, IsoStream **ret)
{
        _cleanup_free_ struct stream *s = calloc(1, sizeof(*s));
        IsoStream *stream = calloc(1, sizeof(*stream));

        if (!s || !stream) {
                free(stream);
                return -ENOMEM;
        }
        *s = (struct stream){.feed = f, .entry = e, .number = ++f->n_streams, .fd = -EBADF};
        *stream = (IsoStream){.class = &stream_class, .refcount = 1, .data = TAKE_PTR(s)};
        *ret = stream;
        return 0;
}
