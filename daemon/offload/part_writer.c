// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ring and its threads; see part_writer.h. Cursors, all of them offsets in the part, order everything:
 * digested <= written <= fed for each digest, and fed never runs further than the ring's size ahead of the
 * slowest. The bytes between two cursors belong to the thread that pushes the hinder one, so they are
 * touched without the lock; the cursors are moved under it. Digests follow the writer and not the feeder:
 * when the disk is full they have seen exactly what was written.
 *
 * Whole steps of a MiB go from the ring to the disk directly where the file system lets them: the bytes are
 * wanted once, and copying them into the page cache costs more processor time than everything else but the
 * digest. A direct write waits for the disk, though, so the rest is written the ordinary way: the first
 * step, which is all that many files have, a step that is begun in the middle or ends there, and what a slow
 * recorder does not fill in time.
 */
#include "daemon/offload/part_writer.h"

#include "base/clock.h"
#include "base/inject.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A step is small enough to be digested out of the processor's cache, soon after it was copied to the
 * kernel. */
enum {
        STEP_MAX = 256 * 1024,
        DIRECT_STEP = 1024 * 1024,
        BLOCK = 4096,
        WRITE_BACK = 8 * 1024 * 1024,
        POLL_MSEC = 50
};

_Static_assert(PART_RING_SIZE % DIRECT_STEP == 0, "a step lies in one piece in the ring");

enum { SHA256, SM3, DIGESTERS };

/* One digest and the thread that computes it. */
struct digester {
        struct part_writer *writer;
        pthread_t thread;
        bool started;
        struct digest *digest; /* NULL: not asked for; constant while a part is active */
        int64_t done;
};

struct part_writer {
        struct part_events events;
        pthread_t thread;
        bool started;
        struct digester digesters[DIGESTERS];

        pthread_mutex_t lock;
        pthread_cond_t changed; /* any field below */
        pthread_cond_t begun;   /* a part is, or 'quit': for a digest's thread that was not asked for */
        unsigned int running;   /* threads that have begun to wait for work */
        bool quit;
        bool active;       /* a part is open */
        unsigned int busy; /* threads at work outside the lock */
        int error;         /* negative errno of writing; the ring is not emptied any more */
        bool digests_lost; /* libcrypto failed: no digest of this part is right any more */
        bool sync_lost; /* a sync failed: the kernel forgets that it did, and the next one proves nothing */
        uint64_t part;  /* counts parts, so that a thread sees that its own is over */
        int64_t fed, written;
        bool draining; /* no more is fed: less than a step is written, too */

        /* Set before a part becomes active, constant while it is. */
        int fd;
        int64_t prefix; /* below it bytes are digested only: they came from the part */

        /* The writer's own while a part is active, the feeder's otherwise. */
        bool direct, no_direct;  /* O_DIRECT is set; this file system does not take it */
        int64_t write_back;      /* write-back was started up to here */
        struct part_result safe; /* the last checkpoint */
        int64_t safe_at;         /* monotonic time of it */
        int64_t progress_at;

        alignas(BLOCK) uint8_t ring[PART_RING_SIZE];
};

/* --- cursors
 * ------------------------------------------------------------------------------------------------------ */

static int64_t hindmost(const struct part_writer *w)
{
        int64_t least = w->written;

        for (size_t i = 0; i < DIGESTERS; i++)
                if (w->digesters[i].digest)
                        least = MIN(least, w->digesters[i].done);
        return least;
}

/* The bytes from 'from' on that lie in one piece in the ring, at most up to 'to' and STEP_MAX. */
static size_t piece(int64_t from, int64_t to)
{
        size_t at = (size_t)(from % PART_RING_SIZE), n = (size_t)(to - from);

        n = MIN(n, STEP_MAX);
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

/* Makes the part's descriptor one for direct or for ordinary writing. False when it is not the one asked
 * for. */
static bool direct_set(struct part_writer *w, bool direct)
{
        int flags;

        if (w->direct == direct)
                return true;
        if (direct && w->no_direct)
                return false;
        flags = fcntl(w->fd, F_GETFL);
        if (flags < 0 || fcntl(w->fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) < 0) {
                w->no_direct = true;
                return false;
        }
        w->direct = direct;
        return true;
}

/* Where a step begins that may be written directly. */
static bool step_begins(int64_t position)
{
        return position > 0 && position % DIRECT_STEP == 0;
}

static bool step_is_whole(int64_t position, int64_t to)
{
        return step_begins(position) && to - position >= DIRECT_STEP;
}

static ssize_t bytes_write(struct part_writer *w, int64_t position, size_t size)
{
        ssize_t n;

        do
                n = pwrite(w->fd, ring_at(w, position), size, position);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return n < 0 ? -errno : -ENOSPC;
        return n;
}

/* The ordinary way: at most up to the next step, which may be written directly. */
static ssize_t piece_write_cached(struct part_writer *w, int64_t position, int64_t to)
{
        ssize_t n;

        if (!w->no_direct)
                to = MIN(to, position / DIRECT_STEP * DIRECT_STEP + DIRECT_STEP);
        if (!direct_set(w, false))
                return -EIO;
        n = bytes_write(w, position, piece(position, to));
        if (n > 0 && position + n - w->write_back >= WRITE_BACK)
                write_back_start(w, position + n);
        return n;
}

/* Writes from 'position' on; the prefix is there already. Returns bytes, or a negative errno when nothing
 * was written. */
static ssize_t piece_write(struct part_writer *w, int64_t position, int64_t to)
{
        ssize_t n;

        if (position < w->prefix)
                return (ssize_t)piece(position, MIN(to, w->prefix));
        if (!step_is_whole(position, to) || !direct_set(w, true))
                return piece_write_cached(w, position, to);
        n = bytes_write(w, position, DIRECT_STEP);
        if (n != -EINVAL)
                return n;
        /* Taken as a flag, refused as a write: some file systems do. */
        w->no_direct = true;
        return piece_write_cached(w, position, to);
}

/* One thread at a time syncs a part: the writer, or when the part has been taken from it the feeder. */
static int part_sync(struct part_writer *w)
{
        if (w->sync_lost)
                return w->error < 0 ? w->error : -EIO;
        if (fdatasync(w->fd) == 0)
                return 0;
        w->sync_lost = true;
        return -errno;
}

/* Everything up to 'position' is on the disk, and nothing behind it is digested: says so. */
static int checkpoint(struct part_writer *w, int64_t position)
{
        struct part_result now = {.size = position};
        int r = digest_peek(w->digesters[SHA256].digest, &now.digests);

        if (r < 0)
                return r;
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

/* The lock is held, and let go of while the writer is at work. */
static void work_begin(struct part_writer *w)
{
        w->busy++;
        (void)pthread_mutex_unlock(&w->lock);
}

static void work_end(struct part_writer *w, int result)
{
        (void)pthread_mutex_lock(&w->lock);
        w->busy--;
        if (result < 0)
                w->error = result;
        (void)pthread_cond_broadcast(&w->changed);
}

/* All of the part is written: what is dirty of it has nothing to wait for. */
static bool write_back_due(const struct part_writer *w)
{
        return w->draining && w->error == 0 && w->written == w->fed && w->write_back < w->written;
}

static void writer_write_back(struct part_writer *w)
{
        int64_t to = w->written;

        work_begin(w);
        write_back_start(w, to);
        work_end(w, 0);
}

static void writer_step(struct part_writer *w)
{
        int64_t from = w->written, to = w->fed;
        ssize_t n;

        work_begin(w);
        n = piece_write(w, from, to);
        if (n > 0)
                progress(w, from + n);
        work_end(w, (int)MIN(n, (ssize_t)0));
        w->written += MAX(n, (ssize_t)0);
}

/* Makes durable what is written. Meanwhile the digests catch up, and then stand still: only the writer moves
 * on. */
static void writer_checkpoint(struct part_writer *w)
{
        const struct digester *sha256 = &w->digesters[SHA256];
        const uint64_t part = w->part;
        const int64_t position = w->written;
        int r;

        work_begin(w);
        r = part_sync(w);
        work_end(w, r);
        while (!w->quit && w->active && w->part == part && w->error == 0 && sha256->done < position)
                (void)pthread_cond_wait(&w->changed, &w->lock);
        if (w->quit || !w->active || w->part != part || w->error < 0)
                return;
        work_begin(w);
        r = checkpoint(w, position);
        work_end(w, r);
}

/* What is fed but not written yet has had its time to become a step. */
static bool step_overdue(const struct part_writer *w)
{
        return clock_monotonic() - w->safe_at >= PART_CHECKPOINT_USEC;
}

/* A step that is not whole waits for its rest; what is to be written the ordinary way waits for nothing. */
static bool piece_due(const struct part_writer *w)
{
        if (w->fed <= w->written)
                return false;
        if (w->draining || w->no_direct || w->written < w->prefix || !step_begins(w->written))
                return true;
        return step_is_whole(w->written, w->fed) || step_overdue(w);
}

/* True when there is something to write, or something written that has been volatile for long enough. */
static bool writer_has_work(const struct part_writer *w)
{
        if (!w->active || w->error < 0)
                return false;
        return piece_due(w) || write_back_due(w) || checkpoint_due(w, w->written, clock_monotonic());
}

/* Waits for work; what came but is not on the disk yet becomes work by itself. The lock is held. */
static void writer_wait(struct part_writer *w)
{
        if (w->active && w->error == 0 && w->fed > w->safe.size)
                change_wait(w, w->safe_at + PART_CHECKPOINT_USEC - clock_monotonic());
        else
                (void)pthread_cond_wait(&w->changed, &w->lock);
}

static void thread_begin(struct part_writer *w)
{
        (void)pthread_mutex_lock(&w->lock);
        w->running++;
        (void)pthread_cond_broadcast(&w->changed);
}

static void *writer_main(void *userdata)
{
        struct part_writer *w = userdata;

        thread_begin(w);
        while (!w->quit) {
                if (!writer_has_work(w))
                        writer_wait(w);
                else if (checkpoint_due(w, w->written, clock_monotonic()))
                        writer_checkpoint(w);
                else if (piece_due(w))
                        writer_step(w);
                else
                        writer_write_back(w);
        }
        (void)pthread_mutex_unlock(&w->lock);
        return NULL;
}

/* --- the digests' threads
 * -------------------------------------------------------------------------------------------------- */

static void *digester_main(void *userdata)
{
        struct digester *d = userdata;
        struct part_writer *w = d->writer;

        thread_begin(w);
        while (!w->quit) {
                int64_t from = d->done;
                size_t n;
                int r;

                if (!w->active || !d->digest || from == w->written) {
                        (void)pthread_cond_wait(w->active && !d->digest ? &w->begun : &w->changed, &w->lock);
                        continue;
                }
                n = piece(from, w->written);
                work_begin(w);
                r = digest_update(d->digest, ring_at(w, from), n);
                work_end(w, r);
                w->digests_lost = w->digests_lost || r < 0;
                d->done += (int64_t)n;
        }
        (void)pthread_mutex_unlock(&w->lock);
        return NULL;
}

/* --- life
 * ---------------------------------------------------------------------------------------------------------
 */

static int threads_start(struct part_writer *w)
{
        int r = pthread_create(&w->thread, NULL, writer_main, w);

        if (r != 0)
                return -r;
        w->started = true;
        for (size_t i = 0; i < DIGESTERS; i++) {
                struct digester *d = &w->digesters[i];

                d->writer = w;
                r = pthread_create(&d->thread, NULL, digester_main, d);
                if (r != 0)
                        return -r;
                d->started = true;
        }
        /* A thread makes system calls of its own while it starts: they must be over before a filter is
         * loaded. */
        (void)pthread_mutex_lock(&w->lock);
        while (w->running < 1 + DIGESTERS)
                (void)pthread_cond_wait(&w->changed, &w->lock);
        (void)pthread_mutex_unlock(&w->lock);
        return 0;
}

static int condition_init(pthread_cond_t *cond)
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
        struct part_writer *w = aligned_alloc(alignof(struct part_writer), sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        memset(w, 0, offsetof(struct part_writer, ring));
        w->events = *events;
        w->fd = -EBADF;
        r = condition_init(&w->changed);
        if (r == 0)
                r = condition_init(&w->begun);
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
        for (size_t i = 0; i < DIGESTERS; i++)
                digest_free(TAKE_PTR(w->digesters[i].digest));
}

void part_writer_free(struct part_writer *w)
{
        if (!w)
                return;
        (void)pthread_mutex_lock(&w->lock);
        w->quit = true;
        (void)pthread_cond_broadcast(&w->changed);
        (void)pthread_cond_broadcast(&w->begun);
        (void)pthread_mutex_unlock(&w->lock);
        if (w->started)
                (void)pthread_join(w->thread, NULL);
        for (size_t i = 0; i < DIGESTERS; i++)
                if (w->digesters[i].started)
                        (void)pthread_join(w->digesters[i].thread, NULL);
        digests_free(w);
        (void)pthread_cond_destroy(&w->changed);
        (void)pthread_cond_destroy(&w->begun);
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
}

/* --- the feeder
 * ---------------------------------------------------------------------------------------------------- */

static int digests_renew(struct part_writer *w, bool with_sm3)
{
        int r;

        digests_free(w);
        r = digest_new(&w->digesters[SHA256].digest, false);
        if (r == 0 && with_sm3)
                r = digest_new_sm3(&w->digesters[SM3].digest);
        return r;
}

static int part_start(struct part_writer *w, bool with_sm3)
{
        int r = digests_renew(w, with_sm3);

        if (r < 0)
                return r;
        if (!direct_set(w, false))
                return -EIO;
        (void)pthread_mutex_lock(&w->lock);
        w->part++;
        w->fed = w->written = 0;
        w->draining = false;
        for (size_t i = 0; i < DIGESTERS; i++)
                w->digesters[i].done = 0;
        w->error = 0;
        w->digests_lost = w->sync_lost = false;
        w->prefix = w->write_back = 0;
        w->safe = (struct part_result){0};
        w->safe_at = clock_monotonic();
        w->active = true;
        (void)pthread_cond_broadcast(&w->begun);
        (void)pthread_mutex_unlock(&w->lock);
        return PART_OK;
}

int part_begin(struct part_writer *w, int fd, bool with_sm3)
{
        part_stop(w);
        w->fd = fd;
        w->direct = w->no_direct = false; /* as the store opens a part */
        return part_start(w, with_sm3);
}

int part_restart(struct part_writer *w)
{
        bool with_sm3 = w->digesters[SM3].digest != NULL;

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

static void drain_start(struct part_writer *w)
{
        if (w->draining)
                return;
        w->draining = true;
        (void)pthread_cond_broadcast(&w->changed);
}

/* The threads have done what they can: all of it, or after an error as much as was written. */
static bool drained(const struct part_writer *w)
{
        bool written = w->error < 0 || (w->written == w->fed && !write_back_due(w));

        return written && hindmost(w) == w->written && w->busy == 0;
}

/* Waits for that. Only an abandoned part is not waited for. */
static int drain(struct part_writer *w)
{
        int r = PART_OK;

        (void)pthread_mutex_lock(&w->lock);
        drain_start(w);
        while (r != PART_ABANDONED && !drained(w))
                r = feeder_wait(w);
        if (r != PART_ABANDONED)
                r = w->error;
        w->draining = false;
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
                r = digest_peek(w->digesters[SHA256].digest, &digests);
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
        int r = digest_peek(w->digesters[SHA256].digest, &result.digests);

        if (r == 0 && w->digesters[SM3].digest) {
                r = digest_peek(w->digesters[SM3].digest, &sm3);
                memcpy(result.digests.sm3, sm3.sm3, DIGEST_SIZE);
                result.digests.has_sm3 = 1;
        }
        if (r == 0)
                *ret = result;
        return r;
}

/* Takes the part away from the threads, its descriptor as it came. */
static void part_hand_back(struct part_writer *w)
{
        part_stop(w);
        (void)direct_set(w, false);
}

void part_finish(struct part_writer *w)
{
        (void)pthread_mutex_lock(&w->lock);
        drain_start(w);
        (void)pthread_mutex_unlock(&w->lock);
}

bool part_is_finished(struct part_writer *w)
{
        bool finished;

        (void)pthread_mutex_lock(&w->lock);
        finished = w->draining && drained(w);
        (void)pthread_mutex_unlock(&w->lock);
        return finished;
}

int part_complete(struct part_writer *w, struct part_result *ret)
{
        int r = drain(w);

        if (r != PART_OK)
                return r;
        part_hand_back(w);
        return result_take(w, w->written, ret);
}

int part_keep(struct part_writer *w, struct part_result *ret)
{
        int r = drain(w);

        part_hand_back(w);
        if (r == PART_ABANDONED)
                return r;
        r = w->digests_lost ? -EIO : w->written > 0 ? part_sync(w) : 0;
        if (r == 0 && w->written > 0)
                r = checkpoint(w, w->written);
        if (r == 0)
                r = result_take(w, w->written, ret);
        if (r < 0)
                *ret = w->safe;
        return r;
}
