// SPDX-License-Identifier: LGPL-2.1-or-later
/* UTF-16LE to UTF-8 for text from devices: never fails, never writes past the room it was given; see
 * utf16.h. */
#include "usb/utf16.h"

#include <stdbool.h>
#include <string.h>

static uint32_t unit_at(const uint8_t *src, size_t i)
{
        return (uint32_t)src[2 * i] | (uint32_t)src[2 * i + 1] << 8;
}

/* The code point that starts at unit *i, which is moved behind it. */
static uint32_t code_point(const uint8_t *src, size_t units, size_t *i)
{
        uint32_t high = unit_at(src, (*i)++), low;

        if (high < 0xd800 || high > 0xdfff)
                return high;
        if (high > 0xdbff || *i >= units)
                return UTF16_REPLACEMENT;
        low = unit_at(src, *i);
        if (low < 0xdc00 || low > 0xdfff)
                return UTF16_REPLACEMENT;
        (*i)++;
        return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static size_t encode(uint32_t c, char out[4])
{
        if (c < 0x80) {
                out[0] = (char)c;
                return 1;
        }
        if (c < 0x800) {
                out[0] = (char)(0xc0 | c >> 6);
                out[1] = (char)(0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                out[0] = (char)(0xe0 | c >> 12);
                out[1] = (char)(0x80 | (c >> 6 & 0x3f));
                out[2] = (char)(0x80 | (c & 0x3f));
                return 3;
        }
        out[0] = (char)(0xf0 | c >> 18);
        out[1] = (char)(0x80 | (c >> 12 & 0x3f));
        out[2] = (char)(0x80 | (c >> 6 & 0x3f));
        out[3] = (char)(0x80 | (c & 0x3f));
        return 4;
}

size_t utf16_to_utf8(const uint8_t *src, size_t units, char *dst, size_t size, _Bool *ret_cut)
{
        size_t used = 0, i = 0;
        bool cut = false;

        while (i < units) {
                uint32_t c = code_point(src, units, &i);
                char bytes[4];
                size_t n;

                if (c == 0)
                        break;
                n = encode(c, bytes);
                if (used + n >= size) {
                        cut = true;
                        break;
                }
                memcpy(dst + used, bytes, n);
                used += n;
        }
        dst[used] = '\0';
        if (ret_cut)
                *ret_cut = cut;
        return used;
}
