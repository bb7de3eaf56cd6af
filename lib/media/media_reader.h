/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One file, read once, for everybody who wants its bytes. The front is a position that only moves forward:
 * each block it passes is handed to the sinks (digest, zero scan, structure walks) in file order. Beside it
 * stands random access for the demuxer and the walks, out of a window of the blocks read last. A demuxer
 * that follows the file order therefore costs no second read; one that jumps far costs the blocks it jumps
 * to, and media_reader_disk_bytes() tells.
 *
 * All reads are whole, aligned blocks into aligned memory, as O_DIRECT asks for. Nothing here seeks: pread
 * only.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MEDIA_BLOCK_SIZE   (1024 * 1024)
#define MEDIA_WINDOW_SLOTS 32 /* blocks kept: 32 MiB, and no more than the file has */
#define MEDIA_SINKS_MAX    8

struct media_reader;

/* Gets the file's bytes in order, without gap. A negative errno ends the reading. */
typedef int media_sink_fn(void *userdata, int64_t offset, const uint8_t *data, size_t size);

/* 'fd' stays the caller's and must outlive the reader; 'size' is the file's. 'deadline' is in
 * clock_monotonic() microseconds, 0 for none. Frees with media_reader_free(). -EINVAL for a negative size,
 * -ENOMEM. */
int media_reader_new(struct media_reader **ret, int fd, int64_t size, int64_t deadline);
void media_reader_free(struct media_reader *r);

/* Only while the front is still at 0. -EBUSY later, -ENOBUFS beyond MEDIA_SINKS_MAX. */
int media_reader_add_sink(struct media_reader *r, media_sink_fn *feed, void *userdata);

/* Moves the front to at least 'until' (rounded up to a block). Returns 0, -ETIMEDOUT past the deadline, -EIO
 * when the file is shorter than its size, or what pread or a sink said; that error is kept and returned from
 * then on. */
int media_reader_advance(struct media_reader *r, int64_t until);

/* Moves the front to the end of the file. */
int media_reader_drain(struct media_reader *r);

/* Copies up to 'n' bytes at 'offset' without moving the front. Returns the count, less than n only at the
 * end of the file (0 beyond it), or a negative errno. */
ssize_t media_reader_peek(struct media_reader *r, int64_t offset, void *buf, size_t n);

/* Copies exactly 'n' bytes: 0, or -ENODATA when the file does not have them, or a negative errno. */
int media_reader_peek_all(struct media_reader *r, int64_t offset, void *buf, size_t n);

int64_t media_reader_size(const struct media_reader *r);
int64_t media_reader_front(const struct media_reader *r);
/* What was really read, repeats included. */
int64_t media_reader_disk_bytes(const struct media_reader *r);
/* 0, or the error that ended the reading. */
int media_reader_error(const struct media_reader *r);
