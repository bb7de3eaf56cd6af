/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A copy of a file that is known beforehand by size and digest, proved by reading it back from the disk
 * before it has its name. What appears at the name is whole, is what was expected, and is durable; whatever
 * goes wrong leaves nothing there.
 */

#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Asked between two pieces of a long work, with the bytes that were done since: it may wait, and ends the
 * work by a negative errno, which is passed on. */
struct pace {
        int (*on_piece)(void *userdata, uint64_t bytes);
        void *userdata;
};

static inline int pace_go(const struct pace *pace, uint64_t bytes)
{
        return pace && pace->on_piece ? pace->on_piece(pace->userdata, bytes) : 0;
}

/* Digests all of 'fd' (a regular file, open for reading, O_DIRECT where it can be had) as the disk has it.
 * *ret_uncached: no byte came from the page cache. */
int proved_read(int fd, const struct pace *pace, struct digest_values *ret, int64_t *ret_size,
                bool *ret_uncached);

enum copy_outcome {
        COPY_DONE = 0,
        COPY_EXISTS = 1,            /* the name is taken */
        COPY_SOURCE_UNREADABLE = 2, /* reading what is to be copied failed */
        COPY_SOURCE_DIFFERS = 3,    /* what is to be copied is not what was expected */
        COPY_DIFFERS = 4,           /* what was read back is not what was written */
};

/* What the source was. One that has more than is expected is read no further: then the digests say nothing.
 */
struct copy_found {
        int64_t size;
        struct digest_values digests;
};

struct proved_copy {
        int from;              /* open for reading; not consumed */
        int dirfd;             /* of both names, whose folders exist and are on one file system */
        const char *temporary; /* removed first when it is there */
        const char *path;
        mode_t mode;
        int64_t size; /* as expected; no more than this is read of a source that has more */
        const struct digest_values *expected; /* SM3 is compared, too, when it is there */
        const struct pace *pace;
        struct copy_found *found; /* with COPY_SOURCE_DIFFERS; NULL: nobody asks */
};

/* The modification time is the source's. Returns a copy_outcome; a negative errno is the target's or the
 * pace's. The name is durable when its folder is (its own entry is synced here). */
int proved_copy(const struct proved_copy *copy, bool *ret_uncached);
