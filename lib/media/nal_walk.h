/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The NAL units inside one coded picture of H.264 (ITU-T H.264 section 7.3.1, 7.4.1) or H.265 (ITU-T H.265
 * section 7.3.1, 7.4.2). Nothing is decoded: lengths must add up, header bits must be lawful, and no unit
 * holds a long run of zeros, which emulation prevention makes impossible.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nal_codec {
        NAL_H264,
        NAL_H265,
};

struct nal_framing {
        enum nal_codec codec;
        unsigned int length_size; /* 1, 2 or 4 bytes before each unit (avcC, hvcC); 0: start codes (Annex B)
                                   */
};

struct nal_stats {
        uint64_t packets;
        uint64_t broken;   /* packets with lengths that do not add up, forbidden bits or zeros */
        uint64_t unlawful; /* packets whose only fault is a reserved type or a nal_ref_idc against its type
                            */
};

/* Framing out of a stream's extradata: an avcC or hvcC record (ISO/IEC 14496-15 section 5.3.3.1, 8.3.3.1) or
 * anything else, which means Annex B. */
struct nal_framing nal_framing_from_extradata(enum nal_codec codec, const uint8_t *data, size_t size);

/* Walks one packet and counts it. */
void nal_walk_packet(const struct nal_framing *framing, const uint8_t *data, size_t size,
                     struct nal_stats *stats);

/* The judgement over a whole stream. An encoder that breaks a lesser rule in most packets has that habit;
 * one that breaks it in a few was damaged. */
bool nal_stats_damaged(const struct nal_stats *stats);
