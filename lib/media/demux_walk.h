/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Every packet of a container through libavformat, nothing decoded: corrupt flags, order of decoding times,
 * number of packets against the index, end against the header's duration, what the demuxer complains of, and
 * the NAL units inside. libavformat logs through a process-wide callback, so one walk at a time in a
 * process.
 */

#include "base/clock.h"
#include "media/findings.h"
#include "media/media_format.h"
#include "media/media_reader.h"
#include "media/zero_scan.h"

#define DEMUX_STREAMS_MAX 32
#define DEMUX_PACKETS_MAX (1 << 26)

struct demux_facts {
        enum media_kind kind;
        char codecs[96];
        int64_t duration; /* microseconds, -1 unknown */
        instant_t created;
        uint64_t packets;
};

/* Makes libavformat and libavcodec ready, so that a sandboxed child has nothing left to load. */
void demux_prepare(void);

/*
 * Walks the file, moving the reader's front along. Runs of zeros inside coded pictures and sound are
 * confirmed in 'zeros'. Returns 0, -ENOMEM or the reader's error; everything wrong with the file goes to
 * 'findings'.
 */
int demux_walk(struct media_reader *reader, const struct media_head *head, struct zero_scan *zeros,
               struct demux_facts *ret, struct findings *findings);
