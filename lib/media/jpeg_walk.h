/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The marker segments of a JPEG picture (ITU-T T.81 annex B). */

#include "base/clock.h"
#include "media/findings.h"
#include "media/media_reader.h"

#include <stdbool.h>

struct jpeg_picture {
        int64_t coded_start,
                        coded_end; /* from the first scan to the end of image; equal when there is none */
        bool zeros_lawful;         /* its Huffman tables give plain areas codes of zero bits only */
        instant_t created;         /* Exif DateTimeOriginal, INSTANT_NONE */
};

/* One picture in memory, a frame of Motion JPEG: whether it is whole and its coded data lawful. */
bool jpeg_frame_check(const uint8_t *data, size_t size, bool *ret_zeros_lawful);

/* To be called when the front is at the end. Returns 0 or the reader's error; what is wrong goes to
 * 'findings'. */
int jpeg_walk(struct media_reader *reader, struct jpeg_picture *ret, struct findings *findings);
