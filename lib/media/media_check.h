/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container check: what a file is, whether all of it is there and lawful, and its digest, in one pass
 * over the bytes. Four looks share that pass: A structure (boxes, chunks, elements, packets), B sectors of
 * zeros, C the demuxer, D the NAL units. None of them decodes, and none proves a single bit: that is the
 * digest's.
 */

#include "base/clock.h"
#include "base/digest.h"
#include "base/digest_lane.h"
#include "media/findings.h"
#include "media/verdict.h"

struct media_source {
        int fd; /* open for reading; O_DIRECT is fine */
        int64_t size;
        const char *name;         /* the item's own name: its extension is a hint, nothing is opened by it */
        struct digest *digest;    /* gets every byte once and in order; NULL for none */
        struct digest_lane *lane; /* the digest's own thread; NULL: it is computed between the other looks */
        int64_t deadline;         /* of clock_monotonic(), 0: none */
};

struct media_report {
        enum media_verdict verdict;
        enum media_kind kind;
        char container[32];
        char codecs[96];
        int64_t duration; /* microseconds, -1 unknown */
        instant_t created;
        struct findings findings;
        bool digested;      /* the digest has seen the whole file */
        int64_t disk_bytes; /* read from the descriptor, repeats included */
};

/*
 * Checks the file. Returns 0 with a verdict, also when time (-> timed-out) or memory (-> out-of-memory) ran
 * out in the check; or a negative errno when the file could not be read (-EIO: the disk) or the digest not
 * be computed.
 */
int media_check(const struct media_source *source, struct media_report *ret);

/* Only the digest: no container code sees the bytes. Verdict and kind stay unknown. */
int media_digest(const struct media_source *source, struct media_report *ret);
