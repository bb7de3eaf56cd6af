// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_cache.h. Lines are replaced by the clock algorithm: one turn of grace for what was used. */
#include "recorder/ums/volume_cache.h"

#include "base/cleanup.h"

#include <string.h>

#define LINES_MIN 32U
#define RUN_MAX   16U /* lines in one read */
#define NO_LINE   UINT32_MAX
#define SALVAGE   1024U /* each costs seconds on a failing medium */

/* Neighbours may share a bucket's fate; lines of one run must not. */
static uint32_t *bucket_of(const struct volume_cache *c, uint64_t number)
{
        return &c->buckets[number % c->n];
}

int volume_cache_init(struct volume_cache *c, struct block_unit *u, uint64_t offset, uint64_t size,
                      uint32_t bytes)
{
        *c = (struct volume_cache){.unit = u, .offset = offset, .size = size, .salvage = SALVAGE};
        c->n = MAX(bytes / CACHE_LINE, LINES_MIN);
        c->memory = malloc((size_t)c->n * CACHE_LINE);
        c->bounce = malloc((size_t)RUN_MAX * CACHE_LINE);
        c->lines = calloc(c->n, sizeof(*c->lines));
        c->buckets = calloc(c->n, sizeof(*c->buckets));
        if (!c->memory || !c->bounce || !c->lines || !c->buckets) {
                volume_cache_done(c);
                return -ENOMEM;
        }
        volume_cache_forget(c);
        return 0;
}

void volume_cache_done(struct volume_cache *c)
{
        free(c->memory);
        free(c->bounce);
        free(c->lines);
        free(c->buckets);
        *c = (struct volume_cache){.unit = NULL};
}

void volume_cache_forget(struct volume_cache *c)
{
        for (uint32_t i = 0; i < c->n; i++) {
                c->lines[i] = (struct cache_line){.next = NO_LINE};
                c->buckets[i] = NO_LINE;
        }
        c->last = 0;
        c->hand = 0;
        c->run_end = UINT64_MAX;
        c->run = 0;
}

static uint32_t line_find(struct volume_cache *c, uint64_t number)
{
        uint32_t i = *bucket_of(c, number);

        while (i != NO_LINE && c->lines[i].number != number)
                i = c->lines[i].next;
        return i;
}

static void line_unlink(struct volume_cache *c, uint32_t i)
{
        uint32_t *at = bucket_of(c, c->lines[i].number);

        while (*at != i)
                at = &c->lines[*at].next;
        *at = c->lines[i].next;
}

/* A line to be filled with 'number', linked already. */
static uint32_t line_take(struct volume_cache *c, uint64_t number)
{
        uint32_t *bucket = bucket_of(c, number), i;

        while (c->lines[c->hand].filled && c->lines[c->hand].used) {
                c->lines[c->hand].used = false;
                c->hand = (c->hand + 1) % c->n;
        }
        i = c->hand;
        c->hand = (c->hand + 1) % c->n;
        if (c->lines[i].filled)
                line_unlink(c, i);
        c->lines[i] = (struct cache_line){.number = number, .next = *bucket, .filled = true, .used = true};
        *bucket = i;
        return i;
}

/* Reads into the bounce buffer and counts. */
static int unit_read(struct volume_cache *c, uint64_t at, size_t size)
{
        if (size > c->budget) {
                c->spent = true;
                return RECORDER_PROTOCOL;
        }
        c->budget -= size;
        c->reads++;
        c->bytes += size;
        return block_read(c->unit, c->offset + at, c->bounce, size);
}

/* Sector by sector, once: the sectors that cannot be read stay zero and are marked. */
static int line_salvage(struct volume_cache *c, uint64_t number, size_t size)
{
        uint32_t i = line_take(c, number), step = c->unit->sector_size;
        uint8_t *memory = c->memory + (size_t)i * CACHE_LINE;

        memset(memory, 0, CACHE_LINE);
        for (uint32_t at = 0; at < size; at += step) {
                int r = c->salvage > 0 ? unit_read(c, number * CACHE_LINE + at, step) : RECORDER_UNREADABLE;

                if (r == RECORDER_OK) {
                        memcpy(memory + at, c->bounce, step);
                } else if (r == RECORDER_UNREADABLE) {
                        c->salvage -= c->salvage > 0;
                        for (uint32_t s = at / 512; s < (at + step) / 512; s++)
                                c->lines[i].bad |= UINT32_C(1) << s;
                } else {
                        line_unlink(c, i);
                        c->lines[i] = (struct cache_line){.next = NO_LINE};
                        return r;
                }
        }
        return RECORDER_OK;
}

/* How many lines to read at once from the missing line on. */
static uint32_t run_length(struct volume_cache *c, uint64_t number, uint64_t wanted_end)
{
        uint64_t lines_end = (c->size + CACHE_LINE - 1) / CACHE_LINE;
        uint32_t run = number == c->run_end ? MIN(2 * c->run, RUN_MAX) : 1, n = 1;

        if (wanted_end > number + run)
                run = (uint32_t)MIN(wanted_end - number, (uint64_t)RUN_MAX);
        while (n < run && number + n < lines_end && line_find(c, number + n) == NO_LINE)
                n++;
        return n;
}

/* Bytes of 'n' lines from 'number' on that lie in the place. */
static size_t lines_size(const struct volume_cache *c, uint64_t number, uint32_t n)
{
        return (size_t)MIN((uint64_t)n * CACHE_LINE, c->size - number * CACHE_LINE);
}

static int lines_fill(struct volume_cache *c, uint64_t number, uint64_t wanted_end)
{
        uint32_t n = run_length(c, number, wanted_end);
        int r = unit_read(c, number * CACHE_LINE, lines_size(c, number, n));

        if (r == RECORDER_UNREADABLE)
                return line_salvage(c, number, lines_size(c, number, 1));
        if (r != RECORDER_OK)
                return r;
        for (uint32_t k = 0; k < n; k++) {
                uint32_t i = line_take(c, number + k);

                memcpy(c->memory + (size_t)i * CACHE_LINE, c->bounce + (size_t)k * CACHE_LINE,
                       lines_size(c, number + k, 1));
        }
        c->run = n;
        c->run_end = number + n;
        return RECORDER_OK;
}

/* The line, read if need be. */
static int line_get(struct volume_cache *c, uint64_t number, uint64_t wanted_end, struct cache_line **ret)
{
        uint32_t i = c->last;
        int r;

        if (!c->lines[i].filled || c->lines[i].number != number)
                i = line_find(c, number);
        if (i == NO_LINE) {
                r = lines_fill(c, number, wanted_end);
                if (r != RECORDER_OK)
                        return r;
                i = line_find(c, number);
        }
        c->last = i;
        c->lines[i].used = true;
        *ret = &c->lines[i];
        return RECORDER_OK;
}

static bool sectors_bad(const struct cache_line *line, uint32_t from, size_t size)
{
        if (line->bad == 0)
                return false;
        for (uint32_t s = from / 512; s <= (from + size - 1) / 512; s++)
                if (line->bad & UINT32_C(1) << s)
                        return true;
        return false;
}

int volume_cache_read(struct volume_cache *c, uint64_t at, void *data, size_t size, uint64_t ahead)
{
        uint64_t wanted_end;
        uint8_t *to = data;

        if (at > c->size || size > c->size - at)
                return RECORDER_PROTOCOL;
        wanted_end = (at + MIN(MAX(ahead, (uint64_t)size), c->size - at) + CACHE_LINE - 1) / CACHE_LINE;
        while (size > 0) {
                uint32_t from = (uint32_t)(at % CACHE_LINE);
                size_t n = MIN(size, (size_t)(CACHE_LINE - from));
                struct cache_line *line;
                int r = line_get(c, at / CACHE_LINE, wanted_end, &line);

                if (r == RECORDER_OK && sectors_bad(line, from, n))
                        r = RECORDER_UNREADABLE;
                if (r != RECORDER_OK)
                        return r;
                memcpy(to, c->memory + (size_t)(line - c->lines) * CACHE_LINE + from, n);
                at += n;
                to += n;
                size -= n;
        }
        return RECORDER_OK;
}
