/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a file is, by its first bytes; its name only decides what to make of bytes that say nothing. */

#include "media/media_reader.h"
#include "media/verdict.h"

#include <stdbool.h>

enum media_format {
        FORMAT_UNKNOWN,
        FORMAT_MP4, /* ISO base media and QuickTime */
        FORMAT_AVI,
        FORMAT_WAV,
        FORMAT_MATROSKA,
        FORMAT_MPEG_TS,
        FORMAT_MPEG_PS,
        FORMAT_MP3,
        FORMAT_AAC,
        FORMAT_FLV,
        FORMAT_ASF,
        FORMAT_OGG,
        FORMAT_FLAC,
        FORMAT_AMR,
        FORMAT_H264,
        FORMAT_H265,
        FORMAT_JPEG,
        FORMAT_PNG,
        _FORMAT_MAX,
};

struct media_head {
        enum media_format format;
        unsigned int ts_stride; /* 188, or 192 with a time stamp before each packet */
        unsigned int ts_start;  /* of the first sync byte */
        char container[32];
        bool named_media;  /* the name ends like a medium's */
        bool high_entropy; /* the bytes look at first sight like noise */
        bool all_zero;
};

/* Looks at the head of the file. Returns 0 or the reader's error; an unknown format is no error. */
int media_head_read(struct media_reader *reader, const char *name, struct media_head *ret);

/* The libavformat demuxer that reads it, or NULL for pictures and unknown ones. */
const char *media_format_demuxer(enum media_format format);

/* What kind the format holds when nothing more is known. */
enum media_kind media_format_kind(enum media_format format);
