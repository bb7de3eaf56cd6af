/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What lies behind one logical unit: an image file, or nothing. It remembers which sectors a host has been
 * given, so that a test can ask how much was read twice.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recsim_run {
        uint64_t first;
        uint64_t end; /* behind the last */
};

struct recsim_medium {
        int fd; /* -EBADF: no medium */
        uint32_t sector;
        uint64_t sectors;
        uint64_t bytes;          /* given to the host */
        uint64_t written;        /* taken from it */
        struct recsim_run *runs; /* sectors given at least once, in order, apart from each other */
        size_t n_runs;
        size_t room;
};

/* Opens an image, for writing too if asked for; "none" is an empty slot. Negative errno; -EINVAL for an
 * image without a whole sector. */
int recsim_medium_open(struct recsim_medium *m, const char *path, uint32_t sector, bool writable);
void recsim_medium_close(struct recsim_medium *m);

/* Notes that the host was given these sectors. */
void recsim_medium_note(struct recsim_medium *m, uint64_t first, uint64_t sectors);
/* Sectors given at least once. */
uint64_t recsim_medium_covered(const struct recsim_medium *m);
