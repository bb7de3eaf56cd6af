/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The boxes of an MP4 or QuickTime file (ISO/IEC 14496-12 section 4.2): whether each lies inside the file,
 * whether the index (moov) is there and points into the media data (mdat), and whether samples are
 * protected. It runs as a sink, so that the movie fragments of a large file are looked at while their blocks
 * are in the window.
 */

#include "media/findings.h"
#include "media/media_reader.h"
#include "media/sample_tables.h"

#define BOX_DEPTH_MAX 12
#define BOXES_MAX     4000000 /* a fragment a second for a month is 5 % of this */

struct box_walk {
        struct media_reader *reader;
        struct findings *findings;
        int64_t position; /* of the next top-level box */
        uint64_t n_boxes;
        bool done;
        bool seen_moov, seen_mdat;
        bool fragment_open; /* a moof whose mdat has not come yet */
        struct sample_extent samples;
        int64_t mdat_low, mdat_high;
};

void box_walk_init(struct box_walk *w, struct media_reader *reader, struct findings *findings);

/* A media_sink_fn; 'userdata' is the struct box_walk. */
int box_walk_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size);

/* After the last byte: what should have come and did not. */
void box_walk_finish(struct box_walk *w);
