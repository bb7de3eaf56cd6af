// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Markers from start of image to end of image. Inside a scan only stuffed bytes and restart markers in their
 * order may follow 0xFF, so overwritten data soon shows. What stands behind the end of image (previews,
 * vendors' trailers) is lawful.
 */
#include "media/jpeg_walk.h"
#include "base/cleanup.h"
#include "media/exif.h"

#include <string.h>

#define SEGMENTS_MAX 65536
#define SCAN_PIECE   65536

enum {
        MARKER_TEM = 0x01,
        MARKER_DHT = 0xc4,
        MARKER_RST0 = 0xd0,
        MARKER_RST7 = 0xd7,
        MARKER_SOI = 0xd8,
        MARKER_EOI = 0xd9,
        MARKER_SOS = 0xda,
        MARKER_DQT = 0xdb,
        MARKER_DNL = 0xdc,
        MARKER_DRI = 0xdd,
        MARKER_APP0 = 0xe0,
        MARKER_APP1 = 0xe1,
        MARKER_APP15 = 0xef,
        MARKER_COM = 0xfe,
};

/*
 * Tables whose code of zero bits means "as before" (DC) and "end of block" (AC). When all of them are such,
 * a plain area is coded as zeros; the usual tables (annex K) are such for colour, but not for brightness.
 */
struct plain_codes {
        bool seen, spoiled;
};

struct jpeg_walk {
        struct media_reader *reader;
        struct findings *findings;
        struct jpeg_picture picture;
        struct plain_codes plain;
        bool scanning; /* the first scan has begun */
        int restart;   /* number of the next restart marker, -1: none seen yet */
        uint8_t buf[SCAN_PIECE];
};

/* The first value of a Huffman table has the code of zero bits only (annex C). */
static void huffman_look(struct plain_codes *plain, const uint8_t *data, size_t size)
{
        while (size >= 17) {
                size_t n = 0;

                for (size_t i = 1; i <= 16; i++)
                        n += data[i];
                if (n > size - 17)
                        return;
                plain->seen = true;
                plain->spoiled |= n == 0 || data[17] != 0;
                data += 17 + n;
                size -= 17 + n;
        }
}

/* The segments before the first scan. Returns the offset of its coded data, or 0 when they are malformed. */
static size_t frame_header_pass(const uint8_t *data, size_t size, struct plain_codes *plain)
{
        size_t offset = 2;

        if (size < 4 || data[0] != 0xff || data[1] != MARKER_SOI)
                return 0;
        while (offset <= size - 4 && data[offset] == 0xff) {
                size_t length = (size_t)data[offset + 2] << 8 | data[offset + 3];
                uint8_t marker = data[offset + 1];

                if (length < 2 || length > size - offset - 2)
                        return 0;
                if (marker == MARKER_DHT)
                        huffman_look(plain, data + offset + 4, length - 2);
                offset += 2 + length;
                if (marker == MARKER_SOS)
                        return offset;
        }
        return 0;
}

static bool marker_may_follow_scan(uint8_t marker)
{
        return marker == MARKER_EOI || marker == MARKER_DHT || marker == MARKER_SOS ||
               marker == MARKER_DQT || marker == MARKER_DNL || marker == MARKER_DRI ||
               marker == MARKER_COM || (marker >= MARKER_APP0 && marker <= MARKER_APP15);
}

/* Whether the coded data holds only lawful markers and goes on to an end of image. */
static bool frame_scan_ok(const uint8_t *data, size_t size)
{
        while (size >= 2) {
                const uint8_t *mark = memchr(data, 0xff, size - 1);
                uint8_t marker;

                if (!mark)
                        return false;
                marker = mark[1];
                if (marker == MARKER_EOI)
                        return true;
                if (marker != 0 && marker != 0xff && (marker < MARKER_RST0 || marker > MARKER_RST7) &&
                    !marker_may_follow_scan(marker))
                        return false;
                size -= (size_t)(mark - data) + 1;
                data = mark + 1;
        }
        return false;
}

bool jpeg_frame_check(const uint8_t *data, size_t size, bool *ret_zeros_lawful)
{
        struct plain_codes plain = {0};
        size_t coded = frame_header_pass(data, size, &plain);

        *ret_zeros_lawful = plain.seen && !plain.spoiled;
        return coded > 0 && frame_scan_ok(data + coded, size - coded);
}

static int segment_look(struct jpeg_walk *w, uint8_t marker, int64_t body, size_t size)
{
        int r;

        if (marker != MARKER_DHT && marker != MARKER_APP1)
                return 0;
        r = media_reader_peek_all(w->reader, body, w->buf, size);
        if (r < 0)
                return r;
        if (marker == MARKER_DHT)
                huffman_look(&w->plain, w->buf, size);
        else if (size > 6 && memcmp(w->buf, "Exif\0", 6) == 0)
                (void)exif_time_original(w->buf + 6, size - 6, &w->picture.created);
        return 0;
}

static bool restart_follows(struct jpeg_walk *w, uint8_t marker)
{
        int number = marker - MARKER_RST0;
        bool follows = w->restart < 0 ? number == 0 : number == w->restart;

        w->restart = (number + 1) & 7;
        return follows;
}

/*
 * Passes the coded data of a scan. Sets *offset to the marker that ends it, or to the file's end. Bytes are
 * looked at in pieces; a 0xFF at a piece's end is looked at again with the next one.
 */
static int scan_pass(struct jpeg_walk *w, int64_t *offset)
{
        w->restart = -1;
        for (;;) {
                ssize_t n = media_reader_peek(w->reader, *offset, w->buf, sizeof(w->buf));
                size_t i = 0, size = (size_t)n;

                if (n < 0)
                        return (int)n;
                while (i + 1 < size) {
                        const uint8_t *mark = memchr(w->buf + i, 0xff, size - i - 1);

                        if (!mark) {
                                i = size - 1;
                                break;
                        }
                        i = (size_t)(mark - w->buf);
                        if (mark[1] >= MARKER_RST0 && mark[1] <= MARKER_RST7) {
                                if (!restart_follows(w, mark[1]))
                                        findings_add(w->findings, FINDING_BAD_STRUCTURE);
                        } else if (mark[1] != 0 && mark[1] != 0xff) {
                                *offset += (int64_t)i;
                                return 0;
                        }
                        i += mark[1] == 0xff ? 1 : 2;
                }
                if (size < 2 || i == 0) {
                        *offset = media_reader_size(w->reader);
                        return 0;
                }
                *offset += (int64_t)i;
        }
}

/* One marker and its segment. Returns 1 at the end, 0 to go on. */
static int marker_step(struct jpeg_walk *w, int64_t *offset)
{
        int64_t size = media_reader_size(w->reader);
        uint8_t head[4] = {0};
        ssize_t n = media_reader_peek(w->reader, *offset, head, sizeof(head));
        int64_t end;
        int r;

        if (n < 0)
                return (int)n;
        if (n < 2) {
                findings_add(w->findings, FINDING_CUT);
                return 1;
        }
        if (head[0] != 0xff || (w->scanning && !marker_may_follow_scan(head[1]))) {
                findings_add(w->findings, FINDING_BAD_STRUCTURE);
                return 1;
        }
        if (head[1] == MARKER_EOI)
                return 1;
        if (head[1] == 0xff || head[1] == MARKER_TEM || head[1] == MARKER_SOI) {
                *offset += head[1] == 0xff ? 1 : 2;
                return 0;
        }
        end = *offset + 2 + (head[2] << 8 | head[3]);
        if (n < 4 || end > size) {
                findings_add(w->findings, FINDING_CUT);
                return 1;
        }
        if (end < *offset + 4) {
                findings_add(w->findings, FINDING_BAD_STRUCTURE);
                return 1;
        }
        r = segment_look(w, head[1], *offset + 4, (size_t)(end - *offset - 4));
        if (r < 0)
                return r;
        *offset = end;
        if (head[1] != MARKER_SOS)
                return 0;
        if (!w->scanning)
                w->picture.coded_start = end;
        w->scanning = true;
        return scan_pass(w, offset);
}

int jpeg_walk(struct media_reader *reader, struct jpeg_picture *ret, struct findings *findings)
{
        _cleanup_free_ struct jpeg_walk *w = calloc(1, sizeof(*w));
        int64_t offset = 0;
        int r = 0;

        if (!w)
                return -ENOMEM;
        w->reader = reader;
        w->findings = findings;
        w->picture.created = INSTANT_NONE;
        for (unsigned int i = 0; i < SEGMENTS_MAX && r == 0; i++)
                r = marker_step(w, &offset);
        if (r < 0)
                return r;
        if (r == 0)
                findings_add(findings, FINDING_BAD_STRUCTURE);
        if (!w->scanning)
                findings_add(findings, FINDING_NO_CONTENT);
        else
                w->picture.coded_end = offset;
        w->picture.zeros_lawful = w->plain.seen && !w->plain.spoiled;
        *ret = w->picture;
        return 0;
}
