// SPDX-License-Identifier: LGPL-2.1-or-later
/* See fuzz_unit.h. */
#include "fuzz_unit.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/little_endian.h"

#include <string.h>

#define GPT_ENTRIES (16U * 1024)

static uint8_t unit[FUZZ_UNIT_SIZE];

static void patches_apply(const uint8_t *data, size_t size)
{
        memset(unit, 0, sizeof(unit));
        while (size > 4) {
                size_t at = (size_t)wire_get16(data) * 512, n = wire_get16(data + 2);

                data += 4;
                size -= 4;
                n = MIN(n, size);
                if (at < sizeof(unit))
                        memcpy(unit + at, data, MIN(n, sizeof(unit) - at));
                data += n;
                size -= n;
        }
}

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < n; i++) {
                crc ^= p[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
        }
        return ~crc;
}

static void gpt_correct(uint8_t *header)
{
        uint64_t at = wire_get64(header + 72) * 512;
        uint32_t n = wire_get32(header + 80), size = wire_get32(header + 84);

        if (n <= 128 && size <= 128 && at < sizeof(unit) - GPT_ENTRIES)
                wire_put32(header + 88, crc32_of(unit + at, (size_t)n * size));
        wire_put32(header + 16, 0);
        wire_put32(header + 16, crc32_of(header, MIN(wire_get32(header + 12), 512U)));
}

bool fuzz_unit_make(struct block_image *ret, const uint8_t *data, size_t size)
{
        if (size < 1)
                return false;
        patches_apply(data + 1, size - 1);
        if (data[0] & 4 && memcmp(unit + 512, "EFI PART", 8) == 0)
                gpt_correct(unit + 512);
        block_image_memory(ret, unit, sizeof(unit), 512U << (data[0] & 3));
        return true;
}

void fuzz_text_expect(const char *s)
{
        for (const unsigned char *p = (const unsigned char *)s; *p; p++)
                if (*p < 0x20 || *p == 0x7f)
                        abort();
        if (!text_utf8_valid(s))
                abort();
}
