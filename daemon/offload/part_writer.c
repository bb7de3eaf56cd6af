// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ring and its two threads; see part_writer.h. Three cursors, all of them offsets in the part, order
 * everything: sm3_done <= written <= fed, and fed never runs further than the ring's size ahead of the
 * slowest. The bytes between two cursors belong to the thread that pushes the hinder one, so they are
 * touched without the lock; the cursors are moved under it. SM3 follows the writer and not the feeder: when
 * the disk is full it has seen exactly what was written.
 */
#include "daemon/offload/part_writer.h"

#include "base/clock.h"
#include "base/inject.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A step is small enough to be digested out of the processor's cache, right after it was copied to the
 * kernel. */
enum { STEP_MAX = 256 * 1024, WRITE_BACK = 8 * 1024 * 1024, POLL_MSEC = 50, THREADS = 2 };

struct part_writer {
        struct part_events events;
        pthread_t writer_thread, sm3_thread;
        bool writer_started, sm3_started;

        pthread_mutex_t lock;
        pthread_cond_t changed; /* any field below */
        unsigned int running;   /* threads that have begun to wait for work */
        bool quit;
        bool active;       /* a part is open */
        unsigned int busy; /* threads at work outside the lock */
        int error;         /* negative errno of writing; the ring is not emptied any more */
        bool digests_lost; /* libcrypto failed: no digest of this part is right any more */
        bool sync_lost; /* a sync failed: the kernel forgets that it did, and the next one proves nothing */
        int64_t fed, written, sm3_done;

        /* Set before a part becomes active, constant while it is. */
        int fd;
        int64_t prefix; /* below it bytes are digested only: they came from the part */
        struct digest *sha256, *sm3;

        /* The writer's own while a part is active, the feeder's otherwise. */
        int64_t write_back;      /* write-back was started up to here */
        struct part_result safe; /* the last checkpoint */
        int64_t safe_at;         /* monotonic time of it */
        int64_t progress_at;

        uint8_t ring[PART_RING_SIZE];
};

/* --- cursors
 * ------------------------------------------------------------------------------------------------------ */

static int64_t hindmost(const struct part_writer *w)
{
        return w->sm3 ? w->sm3_done : w->written;
}

/* The bytes from 'from' on that lie in one piece in the ring, at most up to 'to' and a step. */
static size_t piece(int64_t from, int64_t to)
{
        size_t at = (size_t)(from % PART_RING_SIZE), n = (size_t)(to - from);

        n = MIN(n, (size_t)STEP_MAX);
        return MIN(n, PART_RING_SIZE - at);
}

static uint8_t *ring_at(struct part_writer *w, int64_t position)
{
        return w->ring + position % PART_RING_SIZE;
}

/* Waits for a change for at most 'usec'. The lock is held. */
static void change_wait(struct part_writer *w, int64_t usec)
{
        int64_t end = clock_monotonic() + usec;
        struct timespec ts = {.tv_sec = end / USEC_PER_SEC, .tv_nsec = (end % USEC_PER_SEC) * 1000};

        (void)pthread_cond_timedwait(&w->changed, &w->lock, &ts);
}

/* --- the writer's thread
 * ------------------------------------------------------------------------------------------- */

/* Starts write-back of what is dirty, so that a later sync finds little left to do. Only a hint: not every
 * file system can do it, and an error of the disk shows up in fdatasync(). */
static void write_back_start(struct part_writer *w, int64_t to)
{
        if (to > w->write_back)
                (void)sync_file_range(w->fd, w->write_back, to - w->write_back, SYNC_FILE_RANGE_WRITE);
        w->write_back = to;
}

static int digests_lose(struct part_writer *w, int error)
{
        (void)pthread_mutex_lock(&w->lock);
        w->digests_lost = true;
        (void)pthread_mutex_unlock(&w->lock);
        return error;
}

/* Writes a piece and digests what was written of it. Returns bytes, or a negative errno when nothing was. */
static ssize_t piece_write(struct part_writer *w, int64_t position, const uint8_t *data, size_t size)
{
        ssize_t n = (ssize_t)size;
        int r;

        if (position < w->prefix) {
                n = (ssize_t)MIN((int64_t)size, w->prefix - position);
        } else {
                do
                        n = pwrite(w->fd, data, size, position);
                while (n < 0 && errno == EINTR);
                if (n <= 0)
                        return n < 0 ? -errno : -ENOSPC;
        }
        r = digest_update(w->sha256, data, (size_t)n);
        if (r < 0)
                return digests_lose(w, r);
        if (position + n - w->write_back >= WRITE_BACK)
                write_back_start(w, position + n);
        return n;
}

/* Everything up to 'position' has been written and digested: makes it durable and says so. */
static int checkpoint(struct part_writer *w, int64_t position)
{
        struct part_result now = {.size = position};
        int r = digest_peek(w->sha256, &now.digests);

        if (r < 0)
                return r;
        if (fdatasync(w->fd) < 0) {
                w->sync_lost = true;
                return -errno;
        }
        w->safe = now;
        w->safe_at = clock_monotonic();
        w->write_back = MAX(w->write_back, position);
        inject_point("offload-checkpoint");
        w->events.on_checkpoint(w->events.userdata, position, now.digests.sha256);
        return 0;
}

static void progress(struct part_writer *w, int64_t position)
{
        int64_t now = clock_monotonic();

        if (now - w->progress_at < PART_PROGRESS_USEC)
                return;
        w->progress_at = now;
        w->events.on_progress(w->events.userdata, position);
}

static bool checkpoint_due(const struct part_writer *w, int64_t position, int64_t now)
{
        if (position <= w->safe.size)
                return false;
        return position - w->safe.size >= PART_CHECKPOINT_BYTES || now - w->safe_at >= PART_CHECKPOINT_USEC;
}

/* One step of the writer, outside the lock: [from, to) is in the ring. Returns bytes written, or a negative
 * errno. */
static ssize_t writer_step(struct part_writer *w, int64_t from, int64_t to)
{
        ssize_t n = 0;
        int r;

        if (to > from) {
                n = piece_write(w, from, ring_at(w, from), piece(from, to));
                if (n < 0)
                        return n;
                progress(w, from + n);
        }
        if (!checkpoint_due(w, from + n, clock_monotonic()))
                return n;
        r = checkpoint(w, from + n);
        return r < 0 ? r : n;
}

/* True when there is something to write, or something written that has been volatile for long enough. */
static bool writer_has_work(const struct part_writer *w)
{
        if (!w->active || w->error < 0)
                return false;
        return w->fed > w->written || checkpoint_due(w, w->written, clock_monotonic());
}

/* Waits for work; what is written but not on the disk yet becomes work by itself. The lock is held. */
static void writer_wait(struct part_writer *w)
{
        if (w->active && w->error == 0 && w->written > w->safe.size)
                change_wait(w, w->safe_at + PART_CHECKPOINT_USEC - clock_monotonic());
        else
                (void)pthread_cond_wait(&w->changed, &w->lock);
}

static void *writer_main(void *userdata)
{
        struct part_writer *w = userdata;

        (void)pthread_mutex_lock(&w->lock);
        w->running++;
        (void)pthread_cond_broadcast(&w->changed);
        while (!w->quit) {
                int64_t from = w->written, to = w->fed;
                ssize_t n;

                if (!writer_has_work(w)) {
                        writer_wait(w);
                        continue;
                }
                w->busy++;
                (void)pthread_mutex_unlock(&w->lock);
                n = writer_step(w, from, to);
                (void)pthread_mutex_lock(&w->lock);
                w->busy--;
                if (n < 0)
                        w->error = (int)n;
                else
                        w->written += n;
                (void)pthread_cond_broadcast(&w->changed);
        }
        (void)pthread_mutex_unlock(&w->lock);
        return NULL;
}

/* --- SM3's thread
 * -------------------------------------------------------------------------------------------------- */

static void *sm3_main(void *userdata)
{
        struct part_writer *w = userdata;

        (void)pthread_mutex_lock(&w->lock);
        w->running++;
        (void)pthread_cond_broadcast(&w->changed);
        while (!w->quit) {
                int64_t from = w->sm3_done;
                size_t n;
                int r;

                if (!w->active || !w->sm3 || from == w->written) {
                        (void)pthread_cond_wait(&w->changed, &w->lock);
                        continue;
                }
                n = piece(from, w->written);
                w->busy++;
                (void)pthread_mutex_unlock(&w->lock);
                r = digest_update(w->sm3, ring_at(w, from), n);
                (void)pthread_mutex_lock(&w->lock);
                w->busy--;
                if (r < 0) {
                        w->digests_lost = true;
                        w->error = r;
                }
                w->sm3_done += (int64_t)n;
                (void)pthread_cond_broadcast(&w->changed);
        }
        (void)pthread_mutex_unlock(&w->lock);
        return NULL;
}

/* --- life
 * ---------------------------------------------------------------------------------------------------------
 */

static int threads_start(struct part_writer *w)
{
        int r = pthread_create(&w->writer_thread, NULL, writer_main, w);

        if (r != 0)
                return -r;
        w->writer_started = true;
        r = pthread_create(&w->sm3_thread, NULL, sm3_main, w);
        if (r != 0)
                return -r;
        w->sm3_started = true;
        /* A thread makes system calls of its own while it starts: they must be over before a filter is
         * loaded. */
        (void)pthread_mutex_lock(&w->lock);
        while (w->running < THREADS)
                (void)pthread_cond_wait(&w->changed, &w->lock);
        (void)pthread_mutex_unlock(&w->lock);
        return 0;
}

static int changed_init(pthread_cond_t *cond)
{
        pthread_condattr_t attr;
        int r = pthread_condattr_init(&attr);

        if (r != 0)
                return -r;
        r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        if (r == 0)
                r = pthread_cond_init(cond, &attr);
        (void)pthread_condattr_destroy(&attr);
        return -r;
}

int part_writer_new(struct part_writer **ret, const struct part_events *events)
{
        struct part_writer *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->events = *events;
        w->fd = -EBADF;
        r = changed_init(&w->changed);
        if (r == 0)
                r = -pthread_mutex_init(&w->lock, NULL);
        if (r < 0) {
                free(w);
                return r;
        }
        r = threads_start(w);
        if (r < 0) {
                part_writer_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

/* Takes the part away from the threads. */
static void part_stop(struct part_writer *w)
{
        (void)pthread_mutex_lock(&w->lock);
        w->active = false;
        while (w->busy > 0)
                (void)pthread_cond_wait(&w->changed, &w->lock);
        (void)pthread_mutex_unlock(&w->lock);
}

static void digests_free(struct part_writer *w)
{
        digest_free(TAKE_PTR(w->sha256));
        digest_free(TAKE_PTR(w->sm3));
}

void part_writer_free(struct part_writer *w)
{
        if (!w)
                return;
        (void)pthread_mutex_lock(&w->lock);
        w->quit = true;
        (void)pthread_cond_broadcast(&w->changed);
        (void)pthread_mutex_unlock(&w->lock);
        if (w->writer_started)
                (void)pthread_join(w->writer_thread, NULL);
        if (w->sm3_started)
                (void)pthread_join(w->sm3_thread, NULL);
        digests_free(w);
        (void)pthread_cond_destroy(&w->changed);
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
}

/* --- the feeder
 * ---------------------------------------------------------------------------------------------------- */

static int digests_renew(struct part_writer *w, bool with_sm3)
{
        int r;

        digests_free(w);
        r = digest_new(&w->sha256, false);
        if (r == 0 && with_sm3)
                r = digest_new_sm3(&w->sm3);
        return r;
}

static int part_start(struct part_writer *w, bool with_sm3)
{
        int r = digests_renew(w, with_sm3);

        if (r < 0)
                return r;
        (void)pthread_mutex_lock(&w->lock);
        w->fed = w->written = w->sm3_done = 0;
        w->error = 0;
        w->digests_lost = w->sync_lost = false;
        w->prefix = w->write_back = 0;
        w->safe = (struct part_result){0};
        w->safe_at = clock_monotonic();
        w->active = true;
        (void)pthread_mutex_unlock(&w->lock);
        return PART_OK;
}

int part_begin(struct part_writer *w, int fd, bool with_sm3)
{
        part_stop(w);
        w->fd = fd;
        return part_start(w, with_sm3);
}

int part_restart(struct part_writer *w)
{
        bool with_sm3 = w->sm3 != NULL;

        part_stop(w);
        if (ftruncate(w->fd, 0) < 0)
                return -errno;
        return part_start(w, with_sm3);
}

int64_t part_fed(const struct part_writer *w)
{
        return w->fed;
}

/* The lock is held; it is let go while the feeder looks whether it is still wanted. */
static int feeder_wait(struct part_writer *w)
{
        int r;

        change_wait(w, POLL_MSEC * USEC_PER_MSEC);
        (void)pthread_mutex_unlock(&w->lock);
        r = w->events.poll(w->events.userdata);
        (void)pthread_mutex_lock(&w->lock);
        return r;
}

/* Waits until the ring has room at 'fed'. Returns bytes in one piece, at least one; *ret_stop when it is a
 * poll's outcome or a negative errno instead. */
static size_t room_wait(struct part_writer *w, int *ret_stop)
{
        int64_t end;

        *ret_stop = PART_OK;
        (void)pthread_mutex_lock(&w->lock);
        while (*ret_stop == PART_OK && w->error == 0 && w->fed - hindmost(w) == PART_RING_SIZE)
                *ret_stop = feeder_wait(w);
        if (w->error < 0)
                *ret_stop = w->error;
        end = hindmost(w) + PART_RING_SIZE;
        (void)pthread_mutex_unlock(&w->lock);
        return *ret_stop == PART_OK ? piece(w->fed, end) : 0;
}

static void feed_publish(struct part_writer *w, size_t size)
{
        (void)pthread_mutex_lock(&w->lock);
        w->fed += (int64_t)size;
        (void)pthread_cond_broadcast(&w->changed);
        (void)pthread_mutex_unlock(&w->lock);
}

int part_feed(struct part_writer *w, const void *data, size_t size)
{
        const uint8_t *p = data;
        int r = w->events.poll(w->events.userdata);

        if (r != PART_OK)
                return r;
        while (size > 0) {
                size_t n = room_wait(w, &r);

                if (r != PART_OK)
                        return r;
                n = MIN(n, size);
                memcpy(ring_at(w, w->fed), p, n);
                feed_publish(w, n);
                p += n;
                size -= n;
        }
        return PART_OK;
}

/* Waits until the threads have done what they can: all of it, or after an error as much as was written. Only
 * an abandoned part is not waited for. */
static int drain(struct part_writer *w)
{
        int r = PART_OK;

        (void)pthread_mutex_lock(&w->lock);
        while (r != PART_ABANDONED &&
               ((w->error == 0 && w->written < w->fed) || hindmost(w) < w->written || w->busy > 0))
                r = feeder_wait(w);
        if (r != PART_ABANDONED)
                r = w->error;
        (void)pthread_mutex_unlock(&w->lock);
        return r;
}

/* Puts [0, bytes) of the part into the ring. PART_DIFFERS when it ends before. */
static int prefix_feed(struct part_writer *w, int64_t bytes)
{
        while (w->fed < bytes) {
                int r = w->events.poll(w->events.userdata);
                size_t room;
                ssize_t n;

                if (r != PART_OK)
                        return r;
                room = room_wait(w, &r);
                if (r != PART_OK)
                        return r;
                room = (size_t)MIN((int64_t)room, bytes - w->fed);
                n = pread(w->fd, ring_at(w, w->fed), room, w->fed);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return PART_DIFFERS;
                feed_publish(w, (size_t)n);
        }
        return PART_OK;
}

/* The part's prefix is as it should be: what follows is new. A prefix that nobody vouches for is not known
 * to be on the disk either, so the next checkpoint covers it. */
static int prefix_accept(struct part_writer *w, int64_t bytes, const struct digest_values *digests,
                         bool vouched)
{
        if (ftruncate(w->fd, bytes) < 0)
                return -errno;
        (void)pthread_mutex_lock(&w->lock);
        w->safe = vouched ? (struct part_result){.size = bytes, .digests = *digests}
                          : (struct part_result){0};
        w->safe_at = clock_monotonic();
        (void)pthread_mutex_unlock(&w->lock);
        return PART_OK;
}

int part_prefix(struct part_writer *w, int64_t bytes, const uint8_t *sha256)
{
        struct digest_values digests;
        int r;

        (void)pthread_mutex_lock(&w->lock);
        w->prefix = w->write_back = w->safe.size = bytes;
        (void)pthread_mutex_unlock(&w->lock);
        r = prefix_feed(w, bytes);
        if (r == PART_OK)
                r = drain(w);
        if (r == PART_OK)
                r = digest_peek(w->sha256, &digests);
        if (r == PART_OK && sha256 && memcmp(digests.sha256, sha256, DIGEST_SIZE) != 0)
                r = PART_DIFFERS;
        if (r == PART_OK)
                return prefix_accept(w, bytes, &digests, sha256 != NULL);
        if (r != PART_DIFFERS)
                part_stop(w);
        else
                r = part_restart(w);
        return r == PART_OK ? PART_DIFFERS : r;
}

/* --- the end of a part
 * --------------------------------------------------------------------------------------------- */

static int result_take(const struct part_writer *w, int64_t size, struct part_result *ret)
{
        struct part_result result = {.size = size};
        struct digest_values sm3;
        int r = digest_peek(w->sha256, &result.digests);

        if (r == 0 && w->sm3) {
                r = digest_peek(w->sm3, &sm3);
                memcpy(result.digests.sm3, sm3.sm3, DIGEST_SIZE);
                result.digests.has_sm3 = 1;
        }
        if (r == 0)
                *ret = result;
        return r;
}

int part_complete(struct part_writer *w, struct part_result *ret)
{
        int r = drain(w);

        if (r != PART_OK)
                return r;
        part_stop(w);
        write_back_start(w, w->written);
        return result_take(w, w->written, ret);
}

int part_keep(struct part_writer *w, struct part_result *ret)
{
        int r = drain(w);

        part_stop(w);
        if (r == PART_ABANDONED)
                return r;
        if (w->digests_lost || w->sync_lost)
                r = w->error < 0 ? w->error : -EIO;
        else
                r = w->written > 0 ? checkpoint(w, w->written) : 0;
        if (r == 0)
                r = result_take(w, w->written, ret);
        if (r < 0)
                *ret = w->safe;
        return r;
}
