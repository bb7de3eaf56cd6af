// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A ring between two threads. Two cursors, both counted in bytes from the start: done <= fed <= done + ring.
 * The bytes between them are the thread's, the others the feeder's, so they are touched without the lock;
 * the cursors are moved under it.
 */
#include "base/digest_lane.h"
#include "base/cleanup.h"
#include "base/thread.h"

#include <string.h>

/* A step is small enough to be digested out of the processor's cache, soon after it was copied. */
enum { RING_SIZE = 4 * 1024 * 1024, STEP_MAX = 256 * 1024 };

struct digest_lane {
        struct digest *digest;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t changed; /* any field below */
        bool running, quit;
        int error; /* negative errno of the digest: it is of no use any more, and nothing is taken */
        uint64_t fed, done;
        uint8_t ring[RING_SIZE];
};

/* The bytes from 'from' on that lie in one piece in the ring, at most 'n' and a step. */
static size_t piece(uint64_t from, uint64_t n)
{
        uint64_t to_end = RING_SIZE - from % RING_SIZE;

        return (size_t)MIN(MIN(n, to_end), (uint64_t)STEP_MAX);
}

/* The lock is held, and let go of while the digest is at work. */
static void lane_step(struct digest_lane *l)
{
        size_t n = piece(l->done, l->fed - l->done);
        int r;

        (void)pthread_mutex_unlock(&l->lock);
        r = digest_update(l->digest, l->ring + l->done % RING_SIZE, n);
        (void)pthread_mutex_lock(&l->lock);
        l->error = MIN(r, 0);
        l->done += n;
        (void)pthread_cond_broadcast(&l->changed);
}

static void *lane_main(void *userdata)
{
        struct digest_lane *l = userdata;

        (void)pthread_mutex_lock(&l->lock);
        l->running = true;
        (void)pthread_cond_broadcast(&l->changed);
        while (!l->quit) {
                if (l->error == 0 && l->fed > l->done)
                        lane_step(l);
                else
                        (void)pthread_cond_wait(&l->changed, &l->lock);
        }
        (void)pthread_mutex_unlock(&l->lock);
        return NULL;
}

/* Returns when the thread has begun. */
static int lane_start(struct digest_lane *l)
{
        int r = thread_start(&l->thread, lane_main, l);

        if (r < 0)
                return r;
        (void)pthread_mutex_lock(&l->lock);
        while (!l->running)
                (void)pthread_cond_wait(&l->changed, &l->lock);
        (void)pthread_mutex_unlock(&l->lock);
        return 0;
}

int digest_lane_new(struct digest_lane **ret, struct digest *digest)
{
        struct digest_lane *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->digest = digest;
        (void)pthread_mutex_init(&l->lock, NULL);
        (void)pthread_cond_init(&l->changed, NULL);
        r = lane_start(l);
        if (r < 0) {
                digest_lane_free(l);
                return r;
        }
        *ret = l;
        return 0;
}

void digest_lane_free(struct digest_lane *l)
{
        if (!l)
                return;
        if (l->running) {
                (void)pthread_mutex_lock(&l->lock);
                l->quit = true;
                (void)pthread_cond_broadcast(&l->changed);
                (void)pthread_mutex_unlock(&l->lock);
                (void)pthread_join(l->thread, NULL);
        }
        (void)pthread_cond_destroy(&l->changed);
        (void)pthread_mutex_destroy(&l->lock);
        free(l);
}

int digest_lane_feed(struct digest_lane *l, const void *data, size_t size)
{
        const uint8_t *bytes = data;
        int r;

        (void)pthread_mutex_lock(&l->lock);
        while (size > 0 && l->error == 0) {
                size_t n = piece(l->fed, MIN((uint64_t)size, RING_SIZE - (l->fed - l->done)));

                if (n == 0) {
                        (void)pthread_cond_wait(&l->changed, &l->lock);
                        continue;
                }
                (void)pthread_mutex_unlock(&l->lock);
                memcpy(l->ring + l->fed % RING_SIZE, bytes, n);
                (void)pthread_mutex_lock(&l->lock);
                l->fed += n;
                bytes += n;
                size -= n;
                (void)pthread_cond_broadcast(&l->changed);
        }
        r = l->error;
        (void)pthread_mutex_unlock(&l->lock);
        return r;
}

int digest_lane_finish(struct digest_lane *l)
{
        int r;

        (void)pthread_mutex_lock(&l->lock);
        while (l->error == 0 && l->done < l->fed)
                (void)pthread_cond_wait(&l->changed, &l->lock);
        r = l->error;
        (void)pthread_mutex_unlock(&l->lock);
        return r;
}
