// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading a unit: every byte that comes is the one that was asked for, every one that does not come is told,
 * to the sector; and a medium that dies costs a bounded time.
 */
#include "test_disk_stream.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(one_extent)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.good, 10 * MIB);
        ck_assert_uint_eq(sim.reads, 10);
}
END_TEST

START_TEST(extents_side_by_side_are_one_read)
{
        struct block_extent extents[96] = {0};
        struct check c = stream_of(extents, ELEMENTSOF(extents));

        /* Three runs of 32 clusters of 32 KiB. */
        for (size_t i = 0; i < ELEMENTSOF(extents); i++)
                extents[i] = (struct block_extent){.offset = (i / 32 * 40 + i % 32) * 32768, .size = 32768};
        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(sim.reads, 3);
        for (size_t i = 0; i < 3; i++)
                ck_assert_uint_eq(sim.read_sizes[i], MIB);
}
END_TEST

START_TEST(extents_in_any_order)
{
        static const struct block_extent extents[] = {
                        {20 * MIB, 512}, {10 * MIB, 3 * MIB}, {10 * MIB, 512}, {0, 512}, {512, MIB},
        };
        struct check c = stream_of(extents, ELEMENTSOF(extents));

        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.good, 4 * MIB + 3 * 512);
}
END_TEST

START_TEST(nothing_at_all)
{
        struct check c = stream_of(NULL, 0);

        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(sim.cbws, 0);
}
END_TEST

START_TEST(beyond_the_end)
{
        static const struct block_extent extents[] = {
                        {64 * MIB, 512},
                        {64 * MIB - 512, 1024},
                        {UINT64_MAX - 511, 512},
                        {0, UINT64_MAX - 511},
                        {1, 512},
                        {0, 511},
        };
        struct check c = stream_of(&extents[_i], 1);
        uint8_t sector[1024];

        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_PROTOCOL);
        if (extents[_i].size <= sizeof(sector))
                ck_assert_int_eq(block_read(unit, extents[_i].offset, sector, (size_t)extents[_i].size),
                                 RECORDER_PROTOCOL);
        ck_assert_uint_eq(sim.cbws, 0);
}
END_TEST

/* A table on the same disk is read for the next extent, and for whatever the sink does: the stream goes on.
 */
START_TEST(reading_within_a_stream)
{
        struct block_extent extents[12] = {0};
        struct check c = stream_of(extents, ELEMENTSOF(extents));

        for (size_t i = 0; i < ELEMENTSOF(extents); i++)
                extents[i] = (struct block_extent){.offset = i * 3 * MIB, .size = MIB + 512};
        c.read_in_next = _i & 1;
        c.read_in_write = _i & 2;
        if (_i & 4) {
                sim.bad[0] = 3 * MIB / 512 + 5;
                sim.n_bad = 1;
        }
        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad, _i & 4 ? 512 : 0);
}
END_TEST

START_TEST(a_sink_that_is_full)
{
        struct check c = stream_of(ten_mib, 1);

        c.end_after = 3 * MIB;
        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_NO_SPACE);
        ck_assert_uint_eq(sim.class_resets, 1); /* the read under way was awaited */
        c = stream_of(ten_mib, 1);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
}
END_TEST

START_TEST(extents_that_end_badly)
{
        struct check c = stream_of(ten_mib, 1);

        c.next_result = RECORDER_PROTOCOL;
        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_PROTOCOL);
        c = stream_of(ten_mib, 1);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
}
END_TEST

/* --- bad sectors --- */

START_TEST(one_bad_sector)
{
        static const uint64_t places[] = {3, 4, 1000, 3 + 2047, 3 + 2048, 3 + 10 * 2048 - 1};
        struct check c = stream_of(ten_mib, 1);

        sim.bad[0] = places[_i];
        sim.n_bad = 1;
        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad, 512);
        ck_assert_uint_eq(c.bad_first, places[_i] * 512);
        ck_assert_uint_eq(c.good, 10 * MIB - 512);
        ck_assert_uint_le(sim.reads, 10 + 2 + 2 * 11 + 4);
        ck_assert_uint_eq(sim.class_resets, 1);
}
END_TEST

START_TEST(bad_sectors_here_and_there)
{
        struct check c = stream_of(ten_mib, 1);

        for (sim.n_bad = 0; sim.n_bad < 40; sim.n_bad++)
                sim.bad[sim.n_bad] = 3 + sim.n_bad * sim.n_bad * 12;
        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad, 40 * 512);
        ck_assert_uint_eq(c.bad_ranges, 40);
}
END_TEST

START_TEST(large_sectors)
{
        struct check c;
        static const struct block_extent extent = {.offset = 4096, .size = 4 * MIB};

        sim.sector_size = 4096;
        sim.sectors = 4096;
        sim.bad[0] = 700;
        sim.n_bad = 1;
        c = stream_of(&extent, 1);
        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad, 4096);
        ck_assert_uint_eq(c.bad_first, 700 * 4096);
}
END_TEST

static unsigned int fail_reads;

static void flaky(struct sim *s, const struct sim_cbw *c)
{
        if ((c->cdb[0] == 0x28 || c->cdb[0] == 0x88) && fail_reads > 0) {
                fail_reads--;
                sim_check(s, c, 0xb, 0, 0);
        } else {
                sim_disk(s, c);
        }
}

START_TEST(a_failure_that_passes)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.on_cbw = flaky;
        fail_reads = 1;
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad, 0);
        ck_assert_uint_eq(sim.reads, 10);
}
END_TEST

/* The device calls a read passed of which it sent only a part: the rest of it is not taken from anywhere. */
static void ends_early(struct sim *s, const struct sim_cbw *c)
{
        if (c->cdb[0] == 0x28 && c->size > fail_reads) {
                sim_send_joined(s, fail_reads);
                sim_csw(s, c->tag, c->size - fail_reads, 0);
        } else {
                sim_disk(s, c);
        }
}

START_TEST(a_passed_read_that_is_short)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.on_cbw = ends_early;
        fail_reads = 256 * 1024;
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad, 0);
        ck_assert_uint_eq(c.good, 10 * MIB);
}
END_TEST

START_TEST(a_read_of_tables)
{
        uint8_t data[4096];

        sim.bad[0] = 9;
        sim.n_bad = 1;
        opened();
        ck_assert_int_eq(block_read(unit, 0, data, sizeof(data)), RECORDER_OK);
        ck_assert_int_eq(block_read(unit, 4096, data, sizeof(data)), RECORDER_UNREADABLE);
        ck_assert_int_eq(block_read(unit, 9 * 512, data, 512), RECORDER_UNREADABLE);
        ck_assert_int_eq(block_read(unit, 10 * 512, data, 512), RECORDER_OK);
        ck_assert_uint_eq(data[3], sim_byte(10 * 512 + 3));
}
END_TEST

/* A sector that makes the device fall silent: it is reset each time, and the rest is read. */
START_TEST(a_sector_that_hangs)
{
        const struct disk_limits limits = {.narrow_ms = 1000000, .coarse_ms = 2000000};
        struct check c = stream_of(ten_mib, 1);

        sim.hanging = 3 + 2048; /* the first of a read: each half fails before one passes */
        opened_with(&limits);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad, 512);
        ck_assert_uint_eq(c.bad_first, sim.hanging * 512);
        ck_assert(!bot.dead);
}
END_TEST

/* --- reads that are too large --- */

START_TEST(a_size_is_learnt)
{
        struct check c = stream_of(ten_mib, 1);
        struct disk_figures f;
        unsigned int reads;

        sim.most = 128 * 1024;
        opened();
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad, 0);
        ck_assert_uint_eq(c.good, 10 * MIB);
        disk_figures(unit, &f);
        ck_assert_uint_eq(f.read_size, 128 * 1024);
        ck_assert_int_lt(sim.now, INT64_C(300) * 1000000);
        reads = sim.reads;
        c = stream_of(ten_mib, 1);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(sim.reads, reads + 80); /* nothing is tried that is known to fail */
}
END_TEST

/* The medium's own failures say nothing of the size, even when the second try finds nothing wrong. */
START_TEST(a_medium_error_teaches_no_size)
{
        struct check c = stream_of(ten_mib, 1);
        struct disk_figures f;

        opened();
        sim.on_cbw = flaky;
        fail_reads = 2;
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        disk_figures(unit, &f);
        ck_assert_uint_eq(f.read_size, MIB);
        ck_assert_uint_eq(c.good, 10 * MIB);
}
END_TEST

START_TEST(a_size_that_is_given)
{
        const struct disk_limits limits = {.read_size = 4 * 1024 * 1024};
        struct check c = stream_of(ten_mib, 1);

        opened_with(&limits);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(sim.reads, 3);
}
END_TEST

/* --- patience --- */

static const struct block_extent whole[] = {{.offset = 0, .size = 64 * MIB}};

START_TEST(a_medium_that_dies)
{
        const struct disk_limits limits = {.narrow_ms = 60000, .coarse_ms = 120000};
        struct check c = stream_of(whole, 1);

        /* One bad sector in each 64 KiB, and each failure takes three seconds. */
        for (sim.n_bad = 0; sim.n_bad < 1024; sim.n_bad++)
                sim.bad[sim.n_bad] = sim.n_bad * 128 + 7;
        sim.bad_usec = 3000000;
        opened_with(&limits);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.good + c.bad, 64 * MIB);
        ck_assert_uint_gt(c.good, 0);
        ck_assert_uint_eq(sim.notices, 2);
        ck_assert_int_lt(sim.now, INT64_C(250) * 1000000);
}
END_TEST

/* It comes to itself behind the bad part: reading goes on where the skip ends. */
START_TEST(behind_the_bad_part)
{
        const struct disk_limits limits = {.narrow_ms = 10, .coarse_ms = 20};
        struct check c = stream_of(whole, 1);

        for (sim.n_bad = 0; sim.n_bad < 4096; sim.n_bad++)
                sim.bad[sim.n_bad] = sim.n_bad;
        sim.bad_usec = 1000000;
        opened_with(&limits);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_ge(c.bad, 2 * MIB);
        ck_assert_uint_ge(c.good, 56 * MIB);
}
END_TEST

START_TEST(many_bad_places)
{
        const struct disk_limits limits = {.narrow_ranges = 10};
        struct check c = stream_of(whole, 1);

        for (sim.n_bad = 0; sim.n_bad < 50; sim.n_bad++)
                sim.bad[sim.n_bad] = sim.n_bad * 2000;
        opened_with(&limits);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.bad_ranges, 50);
        ck_assert_uint_eq(c.bad, 10 * 512 + 40 * 65536);
}
END_TEST

static void tests_add(TCase *c)
{
        tcase_add_test(c, one_extent);
        tcase_add_test(c, extents_side_by_side_are_one_read);
        tcase_add_test(c, extents_in_any_order);
        tcase_add_test(c, nothing_at_all);
        tcase_add_loop_test(c, beyond_the_end, 0, 6);
        tcase_add_loop_test(c, reading_within_a_stream, 0, 8);
        tcase_add_test(c, a_sink_that_is_full);
        tcase_add_test(c, extents_that_end_badly);
        tcase_add_loop_test(c, one_bad_sector, 0, 6);
        tcase_add_test(c, bad_sectors_here_and_there);
        tcase_add_test(c, large_sectors);
        tcase_add_test(c, a_failure_that_passes);
        tcase_add_test(c, a_passed_read_that_is_short);
        tcase_add_test(c, a_read_of_tables);
        tcase_add_test(c, a_sector_that_hangs);
        tcase_add_test(c, a_size_is_learnt);
        tcase_add_test(c, a_medium_error_teaches_no_size);
        tcase_add_test(c, a_size_that_is_given);
        tcase_add_test(c, a_medium_that_dies);
        tcase_add_test(c, behind_the_bad_part);
        tcase_add_test(c, many_bad_places);
}

int main(void)
{
        Suite *s = suite_create("disk");
        TCase *c = tcase_create("disk");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(c, disk_test_setup, disk_test_teardown);
        tcase_set_timeout(c, 60);
        tests_add(c);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
