/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables that say where an MP4 track's samples are: stsz, stsc, stco (ISO/IEC 14496-12 sections 8.7.3
 * to 8.7.5). */

#include "media/findings.h"
#include "media/media_reader.h"

#include <stdint.h>

struct sample_table {
        int64_t offset; /* of the first entry in the file */
        uint32_t count; /* of entries, never more than the box has room for */
};

struct sample_tables {
        struct sample_table sizes;  /* stsz: 4-byte sizes; count is of samples even when all are the same */
        uint32_t uniform_size;      /* stsz sample_size, 0: each has its own */
        struct sample_table chunks; /* stco or co64 */
        unsigned int chunk_width;   /* 4 or 8 */
        struct sample_table runs;   /* stsc: first chunk, samples per chunk, description */
        bool compact;               /* stz2, whose sizes are not followed */
};

/* Where the samples of all tracks lie. */
struct sample_extent {
        int64_t low, high; /* low > high: none */
};

/*
 * Follows every chunk: inside the file, not over the one before it, and together with as many samples as
 * stsz has. Widens 'extent'. Returns 0 or the reader's error; what is wrong goes to 'findings'.
 */
int sample_tables_check(const struct sample_tables *t, struct media_reader *reader,
                        struct sample_extent *extent, struct findings *findings);
