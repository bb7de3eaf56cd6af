// SPDX-License-Identifier: LGPL-2.1-or-later
/* PNG carries a CRC in every chunk, so its walk proves the content too, not only the structure. */
#include "media/png_walk.h"
#include "base/cleanup.h"

#include <libavutil/crc.h>
#include <string.h>

#define SIGNATURE_SIZE 8
#define CHUNKS_MAX     1000000
#define PIECE_SIZE     65536

static uint32_t be32(const uint8_t *p)
{
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* CRC of [offset, offset+size), which lies inside the file. */
static int range_crc(struct media_reader *reader, int64_t offset, int64_t size, uint8_t *buf, uint32_t *ret)
{
        uint32_t crc = UINT32_MAX;

        while (size > 0) {
                ssize_t n = media_reader_peek(reader, offset, buf, (size_t)MIN(size, (int64_t)PIECE_SIZE));

                if (n <= 0)
                        return n < 0 ? (int)n : -ENODATA;
                crc = av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), crc, buf, (size_t)n);
                offset += n;
                size -= n;
        }
        *ret = ~crc;
        return 0;
}

/* One chunk: length, type, data, CRC over type and data. Returns 1 at the end, 0 to go on. */
static int chunk_step(struct media_reader *reader, int64_t *offset, uint8_t *buf, struct findings *findings)
{
        uint8_t head[8], tail[4];
        uint32_t crc = 0;
        int64_t length;
        int r = media_reader_peek_all(reader, *offset, head, sizeof(head));

        if (r < 0)
                return r;
        length = be32(head);
        if (length > INT32_MAX) {
                findings_add(findings, FINDING_BAD_STRUCTURE);
                return 1;
        }
        r = media_reader_peek_all(reader, *offset + 8 + length, tail, sizeof(tail));
        if (r < 0)
                return r;
        r = range_crc(reader, *offset + 4, 4 + length, buf, &crc);
        if (r < 0)
                return r;
        if (crc != be32(tail)) {
                findings_add(findings, FINDING_BAD_CRC);
                return 1;
        }
        *offset += 12 + length;
        return memcmp(head + 4, "IEND", 4) == 0;
}

int png_walk(struct media_reader *reader, struct findings *findings)
{
        _cleanup_free_ uint8_t *buf = malloc(PIECE_SIZE);
        int64_t offset = SIGNATURE_SIZE;
        int r = 0;

        if (!buf)
                return -ENOMEM;
        for (unsigned int i = 0; i < CHUNKS_MAX && r == 0; i++)
                r = chunk_step(reader, &offset, buf, findings);
        if (r == -ENODATA) {
                findings_add(findings, FINDING_CUT);
                return 0;
        }
        return MIN(r, 0);
}
