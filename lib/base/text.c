// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checking and converting text; see text.h. The UTF-8 table is that of Unicode 15, table 3-7. */
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool continuation(unsigned char c)
{
        return (c & 0xc0) == 0x80;
}

/* At most 'n', the first byte of src that is left out: where a character begins, if src is UTF-8. */
static size_t cut_between_characters(const char *src, size_t n)
{
        size_t begin = n;

        while (begin > 0 && n - begin < 3 && continuation((unsigned char)src[begin]))
                begin--;
        return continuation((unsigned char)src[begin]) ? n : begin;
}

bool text_copy(char *dst, size_t size, const char *src)
{
        size_t n = strnlen(src, size);

        if (size == 0)
                return false;
        if (n == size) {
                n = cut_between_characters(src, size - 1);
                memcpy(dst, src, n);
                dst[n] = '\0';
                return false;
        }
        memcpy(dst, src, n + 1);
        return true;
}

/* Bytes of the well-formed sequence at p, 0 when there is none. */
static size_t sequence_length(const unsigned char *p)
{
        if (p[0] < 0x80)
                return 1;
        if (p[0] >= 0xc2 && p[0] <= 0xdf)
                return continuation(p[1]) ? 2 : 0;
        if (p[0] >= 0xe0 && p[0] <= 0xef) {
                if (!continuation(p[1]) || (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
                        return 0;
                return continuation(p[2]) ? 3 : 0;
        }
        if (p[0] >= 0xf0 && p[0] <= 0xf4) {
                if (!continuation(p[1]) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
                        return 0;
                return continuation(p[2]) && continuation(p[3]) ? 4 : 0;
        }
        return 0;
}

size_t text_utf8_sequence(const char *s)
{
        return sequence_length((const unsigned char *)s);
}

bool text_utf8_valid(const char *s)
{
        const unsigned char *p = (const unsigned char *)s;

        while (*p) {
                size_t n = sequence_length(p);

                if (n == 0)
                        return false;
                p += n;
        }
        return true;
}

void text_make_printable(char *s)
{
        unsigned char *p = (unsigned char *)s;

        while (*p) {
                size_t n = sequence_length(p);
                bool c1 = n == 2 && p[0] == 0xc2 && p[1] < 0xa0;

                if (n == 0 || *p < 0x20 || *p == 0x7f) {
                        *p++ = '?';
                        continue;
                }
                if (c1)
                        p[0] = p[1] = '?';
                p += n;
        }
}

char *text_hex(const void *bytes, size_t n, char *buf)
{
        static const char digits[] = "0123456789abcdef";
        const unsigned char *p = bytes;

        for (size_t i = 0; i < n; i++) {
                buf[2 * i] = digits[p[i] >> 4];
                buf[2 * i + 1] = digits[p[i] & 15];
        }
        buf[2 * n] = '\0';
        return buf;
}

static int nibble(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

int text_unhex(const char *hex, void *bytes, size_t n)
{
        unsigned char *out = bytes;

        if (strlen(hex) != 2 * n)
                return -EINVAL;
        for (size_t i = 0; i < 2 * n; i++)
                if (nibble(hex[i]) < 0)
                        return -EINVAL;
        for (size_t i = 0; i < n; i++)
                out[i] = (unsigned char)(nibble(hex[2 * i]) * 16 + nibble(hex[2 * i + 1]));
        return 0;
}

int text_to_int64(const char *s, int64_t *ret)
{
        char *end;
        long long v;

        if ((*s < '0' || *s > '9') && *s != '-')
                return -EINVAL;
        errno = 0;
        v = strtoll(s, &end, 10);
        if (errno == ERANGE)
                return -ERANGE;
        if (end == s || *end != '\0')
                return -EINVAL;
        *ret = v;
        return 0;
}
