// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Datasets of the simulated recorder: a growing array of bytes with one put function per type, and the few
 * readers a device needs for what a host sends it.
 */

#include "recsim_buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_UNITS_MAX 254

void *recsim_alloc(size_t n)
{
        void *p = calloc(1, n ? n : 1);

        if (!p) {
                (void)fputs("recsim: out of memory\n", stderr);
                abort();
        }
        return p;
}

char *recsim_copy(const char *text)
{
        size_t n = strlen(text) + 1;

        return memcpy(recsim_alloc(n), text, n);
}

void recsim_buffer_clear(struct recsim_buffer *b)
{
        free(b->data);
        *b = (struct recsim_buffer){0};
}

static void buffer_reserve(struct recsim_buffer *b, size_t more)
{
        size_t room = b->room ? b->room : 64;
        uint8_t *data;

        if (b->room - b->size >= more)
                return;
        while (room - b->size < more)
                room *= 2;
        data = recsim_alloc(room);
        if (b->size)
                memcpy(data, b->data, b->size);
        free(b->data);
        b->data = data;
        b->room = room;
}

void recsim_put_bytes(struct recsim_buffer *b, const void *bytes, size_t n)
{
        if (n == 0)
                return;
        buffer_reserve(b, n);
        memcpy(b->data + b->size, bytes, n);
        b->size += n;
}

void recsim_put_u8(struct recsim_buffer *b, uint8_t v)
{
        recsim_put_bytes(b, &v, 1);
}

void recsim_put_u16(struct recsim_buffer *b, uint16_t v)
{
        recsim_put_u8(b, (uint8_t)v);
        recsim_put_u8(b, (uint8_t)(v >> 8));
}

void recsim_put_u32(struct recsim_buffer *b, uint32_t v)
{
        recsim_put_u16(b, (uint16_t)v);
        recsim_put_u16(b, (uint16_t)(v >> 16));
}

void recsim_put_u64(struct recsim_buffer *b, uint64_t v)
{
        recsim_put_u32(b, (uint32_t)v);
        recsim_put_u32(b, (uint32_t)(v >> 32));
}

void recsim_put_be16(struct recsim_buffer *b, uint16_t v)
{
        recsim_put_u8(b, (uint8_t)(v >> 8));
        recsim_put_u8(b, (uint8_t)v);
}

void recsim_put_be32(struct recsim_buffer *b, uint32_t v)
{
        recsim_put_be16(b, (uint16_t)(v >> 16));
        recsim_put_be16(b, (uint16_t)v);
}

void recsim_put_be64(struct recsim_buffer *b, uint64_t v)
{
        recsim_put_be32(b, (uint32_t)(v >> 32));
        recsim_put_be32(b, (uint32_t)v);
}

/* Takes one character; a byte that is no UTF-8 becomes U+FFFD, so that any file name can be served. */
static uint32_t utf8_next(const char **s)
{
        const uint8_t *p = (const uint8_t *)*s;
        unsigned int more = p[0] >= 0xF0 ? 3 : p[0] >= 0xE0 ? 2 : p[0] >= 0xC0 ? 1 : 0;
        uint32_t c = p[0];

        if (p[0] >= 0x80) {
                if (more == 0)
                        return (*s)++, 0xFFFDu;
                c = p[0] & (0x3Fu >> more);
                for (unsigned int i = 1; i <= more; i++) {
                        if ((p[i] & 0xC0) != 0x80)
                                return (*s)++, 0xFFFDu;
                        c = c << 6 | (p[i] & 0x3Fu);
                }
        }
        *s += more + 1;
        return c;
}

void recsim_put_units(struct recsim_buffer *b, const uint16_t *units, size_t n)
{
        recsim_put_u8(b, (uint8_t)n);
        for (size_t i = 0; i < n; i++)
                recsim_put_u16(b, units[i]);
}

void recsim_put_text(struct recsim_buffer *b, const char *utf8)
{
        uint16_t units[TEXT_UNITS_MAX + 1];
        size_t n = 0;

        while (*utf8 && n < TEXT_UNITS_MAX) {
                uint32_t c = utf8_next(&utf8);

                if (c < 0x10000) {
                        units[n++] = (uint16_t)c;
                } else if (n + 2 <= TEXT_UNITS_MAX) {
                        units[n++] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
                        units[n++] = (uint16_t)(0xDC00 + (c & 0x3FF));
                } else {
                        break;
                }
        }
        if (n > 0)
                units[n++] = 0;
        recsim_put_units(b, units, n);
}

void recsim_put_u16_array(struct recsim_buffer *b, const uint16_t *values, size_t n)
{
        recsim_put_u32(b, (uint32_t)n);
        for (size_t i = 0; i < n; i++)
                recsim_put_u16(b, values[i]);
}

uint16_t recsim_get_u16(const uint8_t *p)
{
        return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t recsim_get_u32(const uint8_t *p)
{
        return recsim_get_u16(p) | (uint32_t)recsim_get_u16(p + 2) << 16;
}

uint16_t recsim_get_be16(const uint8_t *p)
{
        return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t recsim_get_be32(const uint8_t *p)
{
        return (uint32_t)recsim_get_be16(p) << 16 | recsim_get_be16(p + 2);
}

uint64_t recsim_get_be64(const uint8_t *p)
{
        return (uint64_t)recsim_get_be32(p) << 32 | recsim_get_be32(p + 4);
}

bool recsim_get_ascii(const uint8_t *p, size_t size, char *ret, size_t room)
{
        size_t n;

        if (size == 0 || size < 1 + 2 * (size_t)p[0] || p[0] >= room)
                return false;
        n = p[0];
        for (size_t i = 0; i < n; i++) {
                uint16_t unit = recsim_get_u16(p + 1 + 2 * i);

                if (unit > 0x7E)
                        return false;
                ret[i] = (char)unit;
        }
        ret[n] = '\0';
        return true;
}
