/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The packets of an MPEG transport stream (ISO/IEC 13818-1 section 2.4.3): sync bytes, continuity counters,
 * scrambling. */

#include "media/findings.h"

#include <stdint.h>

#define TS_PACKET_SIZE 188
#define TS_PIDS        8192

struct ts_pid {
        uint32_t breaks; /* of the rule of section 2.4.3.3 */
        uint8_t counter;
        uint8_t seen : 1;
        uint8_t repeated : 1;
        uint8_t moves : 1; /* the counter has not been the same all the time */
};

struct ts_walk {
        unsigned int stride; /* 188 or 192 */
        int64_t next;        /* offset of the next sync byte */
        size_t n_held;       /* bytes of a packet that began in the block before */
        uint8_t held[TS_PACKET_SIZE];
        uint64_t packets, unsynced, scrambled, errors;
        struct ts_pid pids[TS_PIDS];
};

void ts_walk_init(struct ts_walk *w, unsigned int start, unsigned int stride);

/* A media_sink_fn; 'userdata' is the struct ts_walk. */
int ts_walk_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size);

/* After the last byte. */
void ts_walk_report(const struct ts_walk *w, struct findings *findings);
