/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Little-endian numbers, and a reader that cannot pass the end of its data: after the first failed take
 * every further one fails, so a parser checks once at its end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t wire_get16(const uint8_t *p)
{
        return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t wire_get32(const uint8_t *p)
{
        return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t wire_get64(const uint8_t *p)
{
        return (uint64_t)wire_get32(p) | (uint64_t)wire_get32(p + 4) << 32;
}

static inline void wire_put16(uint8_t *p, uint16_t v)
{
        p[0] = (uint8_t)v;
        p[1] = (uint8_t)(v >> 8);
}

static inline void wire_put32(uint8_t *p, uint32_t v)
{
        wire_put16(p, (uint16_t)v);
        wire_put16(p + 2, (uint16_t)(v >> 16));
}

struct wire {
        const uint8_t *p;
        size_t left;
        bool failed;
};

/* The next n bytes, or NULL. */
static inline const uint8_t *wire_take(struct wire *w, size_t n)
{
        const uint8_t *p = w->p;

        if (w->failed || n > w->left) {
                w->failed = true;
                return NULL;
        }
        w->p += n;
        w->left -= n;
        return p;
}

static inline uint8_t wire_u8(struct wire *w)
{
        const uint8_t *p = wire_take(w, 1);

        return p ? *p : 0;
}

static inline uint16_t wire_u16(struct wire *w)
{
        const uint8_t *p = wire_take(w, 2);

        return p ? wire_get16(p) : 0;
}

static inline uint32_t wire_u32(struct wire *w)
{
        const uint8_t *p = wire_take(w, 4);

        return p ? wire_get32(p) : 0;
}

static inline uint64_t wire_u64(struct wire *w)
{
        const uint8_t *p = wire_take(w, 8);

        return p ? wire_get64(p) : 0;
}
