/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The elements of a Matroska file (RFC 8794 section 6; RFC 9559 section 5): sizes, order of the possible,
 * encryption. */

#include "media/findings.h"
#include "media/media_reader.h"

#define MATROSKA_ELEMENTS_MAX 50000000

struct matroska_walk {
        struct media_reader *reader;
        struct findings *findings;
        int64_t position;
        int64_t segment_end; /* -1: unknown size, or not there yet */
        uint64_t n_elements;
        bool done;
        bool seen_segment, segment_open_ended, seen_cues, seen_duration, seen_cluster;
};

void matroska_walk_init(struct matroska_walk *w, struct media_reader *reader, struct findings *findings);

/* A media_sink_fn; 'userdata' is the struct matroska_walk. */
int matroska_walk_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size);

void matroska_walk_finish(struct matroska_walk *w);
