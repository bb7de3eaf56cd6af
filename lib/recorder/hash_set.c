// SPDX-License-Identifier: LGPL-2.1-or-later
/* See hash_set.h. Values are mixed before use, so a device that chooses its handles does not choose the
 * probe sequence alone. */
#include "recorder/hash_set.h"

#include "base/cleanup.h"

#include <errno.h>

#define ROOM_FIRST 256

static uint64_t mix(uint64_t x)
{
        x ^= x >> 33;
        x *= 0xff51afd7ed558ccdULL;
        x ^= x >> 33;
        x *= 0xc4ceb9fe1a85ec53ULL;
        x ^= x >> 33;
        return x ? x : 1; /* 0 marks an empty slot; the mixing is a bijection with only 0 going to 0 */
}

bool hash_set_has(const struct hash_set *set, uint64_t value)
{
        uint64_t mixed = mix(value);
        size_t i;

        if (set->room == 0)
                return false;
        for (i = mixed & (set->room - 1); set->slots[i] != 0; i = (i + 1) & (set->room - 1))
                if (set->slots[i] == mixed)
                        return true;
        return false;
}

/* Puts a mixed value that is not there yet, or finds it. */
static int put(uint64_t *slots, size_t room, uint64_t mixed)
{
        size_t i = mixed & (room - 1);

        while (slots[i] != 0 && slots[i] != mixed)
                i = (i + 1) & (room - 1);
        if (slots[i] == mixed)
                return 0;
        slots[i] = mixed;
        return 1;
}

static int grow(struct hash_set *set)
{
        size_t room = set->room ? 2 * set->room : ROOM_FIRST;
        uint64_t *slots = calloc(room, sizeof(*slots));

        if (!slots)
                return -ENOMEM;
        for (size_t i = 0; i < set->room; i++)
                if (set->slots[i] != 0)
                        (void)put(slots, room, set->slots[i]);
        free(set->slots);
        set->slots = slots;
        set->room = room;
        return 0;
}

int hash_set_add(struct hash_set *set, uint64_t value)
{
        int r;

        if (3 * (set->used + 1) > 2 * set->room) {
                r = grow(set);
                if (r < 0)
                        return r;
        }
        r = put(set->slots, set->room, mix(value));
        set->used += (size_t)r;
        return r;
}

void hash_set_done(struct hash_set *set)
{
        free(set->slots);
        *set = (struct hash_set){0};
}

uint64_t hash_text(const char *text)
{
        uint64_t h = 0xcbf29ce484222325ULL;

        for (; *text; text++)
                h = (h ^ (unsigned char)*text) * 0x100000001b3ULL;
        return h;
}
