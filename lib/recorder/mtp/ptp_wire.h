/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A reader that cannot pass the end of its data: after the first failed take every further one fails, so a
 * parser checks once at its end.
 */

#include "recorder/little_endian.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
