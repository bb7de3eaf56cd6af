// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Formats by their magic numbers. Own and short instead of libavformat's probing, since that gives a name to
 * any noise: here "nothing known" is an answer, and the difference between encrypted, zeroed and simply
 * another kind of file is drawn from entropy and name.
 */
#include "media/media_format.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define HEAD_SIZE           65536
#define ENTROPY_SIZE_MIN    4096
#define ENTROPY_NOISE_LIMIT 7.9 /* bits a byte: cipher text has 7.95 at 4 KiB and 7.997 at 64 KiB */

static const struct {
        const char *container;
        const char *demuxer;
        enum media_kind kind;
} formats[_FORMAT_MAX] = {
                [FORMAT_UNKNOWN] = {"", NULL, MEDIA_OTHER},
                [FORMAT_MP4] = {"mp4", "mov", MEDIA_VIDEO},
                [FORMAT_AVI] = {"avi", "avi", MEDIA_VIDEO},
                [FORMAT_WAV] = {"wav", "wav", MEDIA_AUDIO},
                [FORMAT_MATROSKA] = {"matroska", "matroska", MEDIA_VIDEO},
                [FORMAT_MPEG_TS] = {"mpegts", "mpegts", MEDIA_VIDEO},
                [FORMAT_MPEG_PS] = {"mpegps", "mpeg", MEDIA_VIDEO},
                [FORMAT_MP3] = {"mp3", "mp3", MEDIA_AUDIO},
                [FORMAT_AAC] = {"aac", "aac", MEDIA_AUDIO},
                [FORMAT_FLV] = {"flv", "flv", MEDIA_VIDEO},
                [FORMAT_ASF] = {"asf", "asf", MEDIA_VIDEO},
                [FORMAT_OGG] = {"ogg", "ogg", MEDIA_AUDIO},
                [FORMAT_FLAC] = {"flac", "flac", MEDIA_AUDIO},
                [FORMAT_AMR] = {"amr", "amr", MEDIA_AUDIO},
                [FORMAT_H264] = {"h264", "h264", MEDIA_VIDEO},
                [FORMAT_H265] = {"h265", "hevc", MEDIA_VIDEO},
                [FORMAT_JPEG] = {"jpeg", NULL, MEDIA_PHOTO},
                [FORMAT_PNG] = {"png", NULL, MEDIA_PHOTO},
};

struct magic {
        size_t offset;
        size_t size;
        const char *bytes;
        enum media_format format;
};

/* In order: the first that fits is taken. */
static const struct magic magics[] = {
                {4, 4, "ftyp", FORMAT_MP4},
                {4, 4, "moov", FORMAT_MP4},
                {4, 4, "mdat", FORMAT_MP4},
                {4, 4, "moof", FORMAT_MP4},
                {4, 4, "styp", FORMAT_MP4},
                {4, 4, "wide", FORMAT_MP4},
                {4, 4, "free", FORMAT_MP4},
                {4, 4, "skip", FORMAT_MP4},
                {0, 4, "\x1a\x45\xdf\xa3", FORMAT_MATROSKA},
                {0, 4, "\x00\x00\x01\xba", FORMAT_MPEG_PS},
                {0, 3, "\xff\xd8\xff", FORMAT_JPEG},
                {0, 8, "\x89PNG\r\n\x1a\n", FORMAT_PNG},
                {0, 4, "FLV\x01", FORMAT_FLV},
                {0, 8, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", FORMAT_ASF},
                {0, 4, "OggS", FORMAT_OGG},
                {0, 4, "fLaC", FORMAT_FLAC},
                {0, 5, "#!AMR", FORMAT_AMR},
                {0, 3, "ID3", FORMAT_MP3},
                /* Bare video: a start code, then a parameter set, a message of the encoder or a delimiter.
                 */
                {0, 5, "\x00\x00\x00\x01\x67", FORMAT_H264},
                {0, 5, "\x00\x00\x00\x01\x27", FORMAT_H264},
                {0, 5, "\x00\x00\x00\x01\x06", FORMAT_H264},
                {0, 5, "\x00\x00\x00\x01\x09", FORMAT_H264},
                {0, 6, "\x00\x00\x00\x01\x40\x01", FORMAT_H265},
                {0, 6, "\x00\x00\x00\x01\x46\x01", FORMAT_H265},
};

static const char *const media_extensions[] = {
                "mp4",  "m4v", "mov", "3gp", "avi", "mkv", "webm", "ts",   "mts",  "m2ts", "mpg",
                "mpeg", "ps",  "vob", "flv", "wmv", "asf", "264",  "h264", "265",  "h265", "dav",
                "wav",  "mp3", "aac", "m4a", "amr", "ogg", "flac", "jpg",  "jpeg", "png",
};

const char *media_format_demuxer(enum media_format format)
{
        return formats[format].demuxer;
}

enum media_kind media_format_kind(enum media_format format)
{
        return formats[format].kind;
}

static bool name_is_media(const char *name)
{
        const char *dot = strrchr(name, '.');

        for (size_t i = 0; dot && i < ELEMENTSOF(media_extensions); i++)
                if (strcasecmp(dot + 1, media_extensions[i]) == 0)
                        return true;
        return false;
}

/* Shannon entropy of the byte values, in bits a byte. */
static double bytes_entropy(const uint8_t *data, size_t size)
{
        size_t counts[256] = {0};
        double bits = 0;

        for (size_t i = 0; i < size; i++)
                counts[data[i]]++;
        for (size_t i = 0; i < ELEMENTSOF(counts); i++)
                if (counts[i] > 0) {
                        double p = (double)counts[i] / (double)size;

                        bits -= p * log2(p);
                }
        return bits;
}

static bool ts_fits(const uint8_t *data, size_t size, unsigned int start, unsigned int stride)
{
        size_t packets = 0, synced = 0;

        for (size_t i = start; i < size; i += stride, packets++)
                synced += data[i] == 0x47;
        /* Some lost sync bytes are damage to be reported, not another format. */
        return packets >= 3 && synced * 10 >= packets * 9;
}

static bool detect_ts(const uint8_t *data, size_t size, struct media_head *head)
{
        static const unsigned int strides[] = {188, 192};

        for (size_t i = 0; i < ELEMENTSOF(strides); i++)
                for (unsigned int start = 0; start < strides[i]; start++)
                        if (start < size && data[start] == 0x47 && ts_fits(data, size, start, strides[i])) {
                                head->format = FORMAT_MPEG_TS;
                                head->ts_stride = strides[i];
                                head->ts_start = start;
                                return true;
                        }
        return false;
}

/* Frame sync of MPEG audio (ISO/IEC 11172-3 section 2.4.2.3) and of ADTS (ISO/IEC 13818-7 section 6.2). */
static enum media_format detect_audio(const uint8_t *data, size_t size)
{
        if (size < 4 || data[0] != 0xff)
                return FORMAT_UNKNOWN;
        if ((data[1] & 0xf6) == 0xf0)
                return FORMAT_AAC;
        if ((data[1] & 0xe0) == 0xe0 && (data[1] & 0x06) != 0 && (data[2] & 0xf0) != 0xf0)
                return FORMAT_MP3;
        return FORMAT_UNKNOWN;
}

static enum media_format detect_riff(const uint8_t *data, size_t size)
{
        if (size < 12 || (memcmp(data, "RIFF", 4) != 0 && memcmp(data, "RF64", 4) != 0))
                return FORMAT_UNKNOWN;
        if (memcmp(data + 8, "AVI ", 4) == 0)
                return FORMAT_AVI;
        return memcmp(data + 8, "WAVE", 4) == 0 ? FORMAT_WAV : FORMAT_UNKNOWN;
}

static enum media_format detect_magic(const uint8_t *data, size_t size)
{
        for (size_t i = 0; i < ELEMENTSOF(magics); i++) {
                const struct magic *m = &magics[i];

                if (size >= m->offset + m->size && memcmp(data + m->offset, m->bytes, m->size) == 0)
                        return m->format;
        }
        return FORMAT_UNKNOWN;
}

static void detect(const uint8_t *data, size_t size, struct media_head *head)
{
        head->format = detect_magic(data, size);
        if (head->format == FORMAT_UNKNOWN)
                head->format = detect_riff(data, size);
        if (head->format == FORMAT_UNKNOWN && !detect_ts(data, size, head))
                head->format = detect_audio(data, size);
}

/* QuickTime by its brand, or by having none (ISO/IEC 14496-12 section 4.3; QuickTime File Format, "The File
 * Type Atom"). */
static const char *mp4_container(const uint8_t *data, size_t size)
{
        if (size < 12 || memcmp(data + 4, "ftyp", 4) != 0)
                return "mov";
        if (memcmp(data + 8, "qt  ", 4) == 0)
                return "mov";
        return memcmp(data + 8, "3gp", 3) == 0 ? "3gp" : "mp4";
}

int media_head_read(struct media_reader *reader, const char *name, struct media_head *ret)
{
        _cleanup_free_ uint8_t *data = malloc(HEAD_SIZE);
        struct media_head head = {.named_media = name_is_media(name)};
        ssize_t n;

        if (!data)
                return -ENOMEM;
        n = media_reader_peek(reader, 0, data, HEAD_SIZE);
        if (n < 0)
                return (int)n;
        detect(data, (size_t)n, &head);
        (void)text_copy(head.container, sizeof(head.container),
                        head.format == FORMAT_MP4 ? mp4_container(data, (size_t)n)
                                                  : formats[head.format].container);
        head.all_zero = n > 0 && data[0] == 0 && memcmp(data, data + 1, (size_t)n - 1) == 0;
        head.high_entropy = n >= ENTROPY_SIZE_MIN && bytes_entropy(data, (size_t)n) > ENTROPY_NOISE_LIMIT;
        *ret = head;
        return 0;
}
