// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * NAL units without decoding; see nal_walk.h. Two grades: 'broken' is what no encoder writes, 'unlawful' is
 * against the letter of the standard, but some recorder's chip does it in every file, so it is weighed over
 * the whole stream.
 */
#include "media/nal_walk.h"
#include "base/cleanup.h"

#include <string.h>

#define NAL_ZERO_RUN_MAX 32 /* zeros followed by something else inside one unit */

enum nal_grade {
        NAL_LAWFUL,
        NAL_UNLAWFUL,
        NAL_BROKEN,
};

struct nal_framing nal_framing_from_extradata(enum nal_codec codec, const uint8_t *data, size_t size)
{
        struct nal_framing framing = {.codec = codec};

        if (codec == NAL_H264 && size >= 7 && data[0] == 1)
                framing.length_size = (data[4] & 3U) + 1;
        if (codec == NAL_H265 && size >= 23 && data[0] <= 1 && !(data[0] == 0 && data[1] == 0))
                framing.length_size = (data[21] & 3U) + 1;
        return framing;
}

/* nal_unit_type 5 and the parameter sets are references, those of 6 and 9 to 12 never are (H.264
 * section 7.4.1). */
static enum nal_grade h264_header(const uint8_t *nal)
{
        unsigned int reference = nal[0] >> 5 & 3, type = nal[0] & 31;

        if (nal[0] & 0x80)
                return NAL_BROKEN;
        if (type == 0 || type > 23 || (type >= 16 && type <= 18) || type == 22 || type == 23)
                return NAL_UNLAWFUL;
        if (reference == 0 && (type == 5 || type == 7 || type == 8))
                return NAL_UNLAWFUL;
        if (reference != 0 && (type == 6 || (type >= 9 && type <= 12)))
                return NAL_UNLAWFUL;
        return NAL_LAWFUL;
}

/* Types 22-31 and 41-47 are reserved; 48-63 belong to nobody in particular, and Dolby Vision uses two of
 * them. */
static enum nal_grade h265_header(const uint8_t *nal, size_t size)
{
        unsigned int type = nal[0] >> 1 & 63;

        if (size < 2 || nal[0] & 0x80 || (nal[1] & 7) == 0)
                return NAL_BROKEN;
        if ((type >= 22 && type <= 31) || (type >= 41 && type <= 47))
                return NAL_UNLAWFUL;
        return NAL_LAWFUL;
}

static enum nal_grade nal_header(enum nal_codec codec, const uint8_t *nal, size_t size)
{
        if (size == 0)
                return NAL_BROKEN;
        return codec == NAL_H264 ? h264_header(nal) : h265_header(nal, size);
}

static size_t zeros_at(const uint8_t *data, size_t size)
{
        size_t n = 0;

        while (n < size && data[n] == 0)
                n++;
        return n;
}

/* A long run of zeros with something behind it. Zeros at the end are padding that some muxers leave inside
 * the unit. */
static bool nal_has_zero_run(const uint8_t *data, size_t size)
{
        size_t i = 0;

        while (i < size) {
                const uint8_t *zero = memchr(data + i, 0, size - i);
                size_t n;

                if (!zero)
                        return false;
                i = (size_t)(zero - data);
                n = zeros_at(zero, size - i);
                i += n;
                if (n >= NAL_ZERO_RUN_MAX && i < size)
                        return true;
        }
        return false;
}

static enum nal_grade walk_lengths(const struct nal_framing *framing, const uint8_t *data, size_t size)
{
        enum nal_grade worst = NAL_LAWFUL;

        while (size > 0) {
                size_t length = 0;
                enum nal_grade grade;

                if (size < framing->length_size)
                        return zeros_at(data, size) == size ? worst : NAL_BROKEN;
                for (unsigned int i = 0; i < framing->length_size; i++)
                        length = length << 8 | data[i];
                data += framing->length_size;
                size -= framing->length_size;
                if (length == 0) /* only padding may follow */
                        return zeros_at(data, size) == size ? worst : NAL_BROKEN;
                if (length > size)
                        return NAL_BROKEN;
                grade = nal_header(framing->codec, data, length);
                if (grade == NAL_BROKEN || nal_has_zero_run(data, length))
                        return NAL_BROKEN;
                worst = MAX(worst, grade);
                data += length;
                size -= length;
        }
        return worst;
}

/* Everything before the first start code belongs to a unit that began in an earlier packet. */
static enum nal_grade walk_start_codes(const struct nal_framing *framing, const uint8_t *data, size_t size)
{
        enum nal_grade worst = NAL_LAWFUL;
        size_t i = 0;

        while (i < size) {
                const uint8_t *zero = memchr(data + i, 0, size - i);
                size_t n;

                if (!zero)
                        break;
                i = (size_t)(zero - data);
                n = zeros_at(zero, size - i);
                i += n;
                if (i >= size)
                        break;
                if (n >= 2 && data[i] == 1) {
                        enum nal_grade grade = ++i < size ? nal_header(framing->codec, data + i, size - i)
                                                          : NAL_LAWFUL;

                        worst = MAX(worst, grade);
                } else if (n >= NAL_ZERO_RUN_MAX) {
                        worst = NAL_BROKEN;
                }
                if (worst == NAL_BROKEN)
                        break;
        }
        return worst;
}

void nal_walk_packet(const struct nal_framing *framing, const uint8_t *data, size_t size,
                     struct nal_stats *stats)
{
        enum nal_grade grade = framing->length_size > 0 ? walk_lengths(framing, data, size)
                                                        : walk_start_codes(framing, data, size);

        stats->packets++;
        if (grade == NAL_BROKEN)
                stats->broken++;
        if (grade == NAL_UNLAWFUL)
                stats->unlawful++;
}

bool nal_stats_damaged(const struct nal_stats *stats)
{
        return stats->broken > 0 || (stats->unlawful > 0 && stats->unlawful < stats->packets / 2);
}
