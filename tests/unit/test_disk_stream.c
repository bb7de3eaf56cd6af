// SPDX-License-Identifier: LGPL-2.1-or-later
/* See test_disk_stream.h. */
#include "test_disk_stream.h"

#include <check.h>
#include <string.h>

struct sim sim;
struct bot bot;
struct block_unit *unit;

void disk_test_setup(void)
{
        struct bot_limits limits = {0};

        sim_init(&sim);
        bot_init(&bot, &sim.transport, &limits);
        bot.notice = sim_notice;
        bot.userdata = &sim;
        unit = NULL;
}

void disk_test_teardown(void)
{
        disk_free(unit);
        sim_done(&sim);
}

void opened_with(const struct disk_limits *limits)
{
        ck_assert_int_eq(disk_open(&unit, &bot, 0, limits, NULL), RECORDER_OK);
        sim.cbws = sim.reads = sim.takes = 0;
        sim.now = 0;
}

void opened(void)
{
        const struct disk_limits limits = {0};

        opened_with(&limits);
}

/* --- a stream, checked byte by byte --- */

static void check_metadata(void)
{
        uint8_t sector[512];

        ck_assert_int_eq(block_read(unit, 512 * 77, sector, sizeof(sector)), RECORDER_OK);
        for (size_t i = 0; i < sizeof(sector); i++)
                ck_assert_uint_eq(sector[i], sim_byte(512 * 77 + i));
}

static int check_next(void *userdata, struct block_extent *ret)
{
        struct check *c = userdata;

        if (c->read_in_next)
                check_metadata();
        if (c->given == c->n) {
                *ret = (struct block_extent){0};
                return c->next_result;
        }
        *ret = c->extents[c->given++];
        return RECORDER_OK;
}

static uint64_t check_advance(struct check *c, uint64_t size)
{
        const struct block_extent *e = &c->extents[c->at];
        uint64_t n = MIN(size, e->size - c->within);

        c->within += n;
        if (c->within == e->size) {
                c->at++;
                c->within = 0;
        }
        return n;
}

static int check_write(void *userdata, const void *data, size_t size)
{
        struct check *c = userdata;
        const uint8_t *p = data;

        while (size > 0) {
                uint64_t offset, n;

                ck_assert_uint_lt(c->at, c->n);
                offset = c->extents[c->at].offset + c->within;
                n = check_advance(c, size);
                for (uint64_t i = 0; i < n; i++)
                        if (p[i] != sim_byte(offset + i))
                                ck_abort_msg("byte %lu of the disk", (unsigned long)(offset + i));
                p += n;
                size -= n;
                c->good += n;
        }
        if (c->read_in_write)
                check_metadata();
        return c->end_after && c->good >= c->end_after ? RECORDER_NO_SPACE : 0;
}

static int check_unreadable(void *userdata, uint64_t size)
{
        struct check *c = userdata;

        if (c->bad_ranges++ == 0)
                c->bad_first = c->extents[c->at].offset + c->within;
        c->bad += size;
        while (size > 0) {
                ck_assert_uint_lt(c->at, c->n);
                size -= check_advance(c, size);
        }
        return 0;
}

int streamed(struct check *c)
{
        const struct block_sink sink = {.write = check_write, .unreadable = check_unreadable, .userdata = c};
        int r = block_stream(unit, check_next, c, &sink);

        ck_assert_uint_eq(sim.standing, 0);
        if (r == RECORDER_OK)
                ck_assert_uint_eq(c->at, c->n);
        return r;
}

struct check stream_of(const struct block_extent *extents, size_t n)
{
        return (struct check){.extents = extents, .n = n};
}
