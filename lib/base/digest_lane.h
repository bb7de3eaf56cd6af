/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A digest on a thread of its own, for a reader that has other work to do with the same bytes: reading from
 * the disk and walking the container go on while the bytes before are digested. The reader is never further
 * ahead than the lane's buffer.
 */

#include "base/digest.h"

struct digest_lane;

/* Starts the thread; it has made its last new system call when this returns, so that a filter can be loaded
 * (afterwards it needs futex alone, and to end rt_sigprocmask, madvise and exit). 'digest' stays the
 * caller's, who must not touch it between the first byte and digest_lane_finish(). Frees with
 * digest_lane_free(). -ENOMEM, -EAGAIN when there can be no thread. */
int digest_lane_new(struct digest_lane **ret, struct digest *digest);

/* Ends the thread. What it has not digested yet is dropped. */
void digest_lane_free(struct digest_lane *l);

/* Takes a copy of 'size' bytes, and waits while there is no room for them. Returns 0, or what the digest
 * said to bytes fed earlier. */
int digest_lane_feed(struct digest_lane *l, const void *data, size_t size);

/* Waits until the digest has seen every byte that was fed. Returns 0, or what the digest said. The lane may
 * be fed further. */
int digest_lane_finish(struct digest_lane *l);
