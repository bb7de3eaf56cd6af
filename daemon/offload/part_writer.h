/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From the USB thread to the disk. The bytes of one object go into a bounded ring; one thread writes them to
 * the part and makes them durable now and then, one follows with SHA-256, and another with SM3 when it is
 * asked for. So the device is never kept waiting for a disk that takes its time, until the ring is full.
 *
 *   part_writer_new() ─▶ [ part_begin() ─▶ part_prefix() ─▶ part_feed()… ─▶ part_complete() | part_keep() ]…
 * ─▶ part_writer_free()
 *
 * All functions belong to one thread, the feeder. All threads are made by part_writer_new(): no thread is
 * made later.
 */

#include "base/cleanup.h"
#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PART_RING_SIZE        (3 * 1024 * 1024) /* whole steps of direct writing, see part_writer.c */
#define PART_CHECKPOINT_BYTES (INT64_C(64) * 1024 * 1024)
#define PART_CHECKPOINT_USEC  (INT64_C(2) * 1000 * 1000)
#define PART_PROGRESS_USEC    (INT64_C(200) * 1000)

enum part_outcome {
        PART_OK = 0,
        PART_DIFFERS = 1,     /* the part does not hold the prefix it should */
        PART_INTERRUPTED = 2, /* the feeder is asked to stop */
        PART_ABANDONED = 3,   /* nobody waits for the part any more: leave it as it is */
};

struct part_events {
        /* From the writer's thread, at most one each PART_PROGRESS_USEC. */
        void (*on_progress)(void *userdata, int64_t bytes);
        /* [0, bytes) is on the disk. From the writer's thread while a part is fed, else from the feeder's.
         */
        void (*on_checkpoint)(void *userdata, int64_t bytes, const uint8_t sha256[DIGEST_SIZE]);
        /* From the feeder's thread, at least every 100 ms while it waits: PART_OK to go on,
         * PART_INTERRUPTED, PART_ABANDONED. */
        int (*poll)(void *userdata);
        void *userdata;
};

struct part_writer;

int part_writer_new(struct part_writer **ret, const struct part_events *events);
/* Ends the threads; what the ring still holds is dropped. */
void part_writer_free(struct part_writer *w);

DEFINE_CLEANUP(struct part_writer *, part_writer_free);

/* Starts a part on 'fd' (read-write, not consumed, in use until the part ends), at its byte 0. */
int part_begin(struct part_writer *w, int fd, bool with_sm3);

/*
 * Digests what the part already holds, [0, bytes), and compares it with 'sha256' when that is not NULL.
 * PART_OK: feeding goes on behind it, and anything the part had there is cut off. PART_DIFFERS, also for a
 * part that is shorter: the part is empty now, and feeding starts at 0. Otherwise PART_INTERRUPTED,
 * PART_ABANDONED, negative errno: the part is as it was.
 */
int part_prefix(struct part_writer *w, int64_t bytes, const uint8_t *sha256);

/* Empties the part and starts again at byte 0. */
int part_restart(struct part_writer *w);

/* Takes the next bytes; waits while the ring is full. PART_OK, PART_INTERRUPTED, PART_ABANDONED, or the
 * negative errno that writing has failed with: -ENOSPC, -EDQUOT and -EFBIG all mean that there is no room.
 */
int part_feed(struct part_writer *w, const void *data, size_t size);

/* Bytes taken so far, the prefix among them. */
int64_t part_fed(const struct part_writer *w);

struct part_result {
        int64_t size;
        struct digest_values digests; /* of [0, size) */
};

/* Nothing more is fed. What is left is written and digested without anybody waiting for it; then
 * part_is_finished(), and part_complete() or part_keep() have nothing to wait for. */
void part_finish(struct part_writer *w);
bool part_is_finished(struct part_writer *w);

/* The object is whole: waits until everything is written, with write-back started; nothing is synced.
 * PART_OK, PART_ABANDONED or a negative errno, after which part_keep() tells what is left. The part is over
 * with PART_OK. */
int part_complete(struct part_writer *w, struct part_result *ret);

/* The object is not whole: makes durable what came, reports it as a checkpoint, and says how much it is.
 * When even that fails, *ret is the last checkpoint and the errno is returned. PART_ABANDONED leaves *ret
 * alone. The part is over. */
int part_keep(struct part_writer *w, struct part_result *ret);
