// SPDX-License-Identifier: LGPL-2.1-or-later
/* A unit that lies about its size or itself, has moods, is exchanged, or is lost: what is none of the
 * medium's is not taken for it. */
#include "test_disk_stream.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Behind the first megabytes there is nothing: the device lied about its size. */
START_TEST(a_capacity_that_lies)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.sectors = 5 * MIB / 512;
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.good, 5 * MIB - 3 * 512);
        ck_assert_uint_eq(c.bad, 5 * MIB + 3 * 512);
        /* Halvings down to the end, and nothing behind it. */
        ck_assert_uint_le(sim.reads, 6 + 2 * 11 + 2);
        sim.reads = 0;
        c = stream_of(ten_mib, 1);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.good, 5 * MIB - 3 * 512);
        ck_assert_uint_eq(sim.reads, 5);
        ck_assert(!bot.dead);
}
END_TEST

/* From the far end to the near one, as tables and files may lie: each place costs two commands, and a sector
 * of the medium is never taken for one behind it. */
START_TEST(a_capacity_that_lies_from_behind)
{
        uint8_t sector[512];

        opened();
        sim.sectors = 5 * MIB / 512;
        for (uint64_t at = 60; at >= 6; at--)
                ck_assert_int_eq(block_read(unit, at * MIB, sector, sizeof(sector)), RECORDER_UNREADABLE);
        ck_assert_uint_le(sim.reads, 2 * 55);
        ck_assert_int_eq(block_read(unit, 5 * MIB - 512, sector, sizeof(sector)), RECORDER_OK);
        ck_assert_uint_eq(sector[7], sim_byte(5 * MIB - 512 + 7));
}
END_TEST

/* Says of every read but those of one sector that it is beyond the end: what they give is taken, and no end
 * is believed in. */
static void moody(struct sim *s, const struct sim_cbw *c)
{
        if (c->cdb[0] == 0x28 && c->size > 512)
                sim_check(s, c, SCSI_ILLEGAL_REQUEST, SCSI_ASC_LBA_OUT_OF_RANGE, 0);
        else
                sim_disk(s, c);
}

START_TEST(an_end_that_is_none)
{
        static const struct block_extent extent = {.offset = 512, .size = MIB / 8};
        struct check c = stream_of(&extent, 1);

        opened();
        sim.on_cbw = moody;
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.good, MIB / 8);
}
END_TEST

/* --- what is none of the medium's --- */

static unsigned int attentions, pauses;

/* News, or a pause, in the middle of a stream. */
static void interrupting(struct sim *s, const struct sim_cbw *c)
{
        if (c->cdb[0] == 0x28 && s->reads >= 4) {
                s->attentions = attentions;
                s->not_ready = pauses;
                attentions = pauses = 0;
                s->on_cbw = NULL;
        }
        sim_disk(s, c);
}

/* A unit that was reset, or takes its time, has not lost a byte. */
START_TEST(interrupted_in_a_stream)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.on_cbw = interrupting;
        attentions = _i == 0 ? 1 : _i == 1 ? 6 : 0;
        pauses = _i == 2 ? 40 : 0;
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(c.good, 10 * MIB);
        ck_assert_uint_eq(c.bad, 0);
        ck_assert_uint_le(sim.reads, 12);
        ck_assert_int_lt(sim.now, 20 * 1000000);
}
END_TEST

/* For ever: it is busy, soon, and nothing is called unreadable that is only not given. */
START_TEST(interrupted_for_ever)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.on_cbw = interrupting;
        attentions = _i == 0 ? UINT32_MAX : 0;
        pauses = _i == 1 ? UINT32_MAX : 0;
        ck_assert_int_eq(streamed(&c), RECORDER_BUSY);
        ck_assert_uint_eq(c.bad, 0);
        ck_assert_uint_le(sim.cbws, 150);
        ck_assert_int_lt(sim.now, 30 * 1000000);
}
END_TEST

/* --- the end --- */

static unsigned int vanish_after;

static void vanishing(struct sim *s, const struct sim_cbw *c)
{
        if (vanish_after-- == 0)
                sim_send_fail(s, USB_GONE);
        else
                sim_disk(s, c);
}

START_TEST(unplugged_in_a_stream)
{
        struct check c = stream_of(ten_mib, 1);
        uint8_t sector[512];

        opened();
        sim.on_cbw = vanishing;
        vanish_after = (unsigned int)_i;
        ck_assert_int_eq(streamed(&c), RECORDER_GONE);
        ck_assert_int_lt(sim.now, 1000000);
        ck_assert_uint_eq(c.bad, 0);
        ck_assert_int_eq(block_read(unit, 0, sector, sizeof(sector)), RECORDER_GONE);
}
END_TEST

START_TEST(cancelled_in_a_stream)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.cancel_at_take = sim.takes + 20;
        ck_assert_int_eq(streamed(&c), RECORDER_CANCELLED);
        ck_assert_uint_eq(sim.class_resets, 1);
        sim.cancel_at_take = 0;
        c = stream_of(ten_mib, 1);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
}
END_TEST

START_TEST(a_card_that_is_pulled)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.no_medium = true;
        ck_assert_int_eq(streamed(&c), RECORDER_ABSENT);
        sim.no_medium = false;
        c = stream_of(ten_mib, 1);
        ck_assert_int_eq(streamed(&c), RECORDER_MISMATCH);
        ck_assert_uint_eq(c.good + c.bad, 0);
}
END_TEST

START_TEST(a_card_that_is_exchanged)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.attentions = 1;
        sim.attention_asc = SCSI_ASC_MEDIUM_MAY_HAVE_CHANGED;
        ck_assert(!disk_changed(unit));
        ck_assert_int_eq(streamed(&c), RECORDER_MISMATCH);
        ck_assert_uint_eq(c.good + c.bad, 0);
        ck_assert(disk_changed(unit));
}
END_TEST

START_TEST(a_device_that_is_lost)
{
        struct check c = stream_of(ten_mib, 1);

        opened();
        sim.lost = true;
        ck_assert_int_eq(streamed(&c), RECORDER_STALLED);
        ck_assert_uint_eq(c.good + c.bad, 0);
        ck_assert_int_lt(sim.now, INT64_C(400) * 1000000);
}
END_TEST

/* It answers to all but reads: given up in the time of a few of them. */
START_TEST(a_device_that_never_reads)
{
        struct check c = stream_of(ten_mib, 1);
        uint8_t sector[512];

        opened();
        sim.most = 1;
        for (unsigned int i = 0; i < 20; i++)
                if (block_read(unit, i * 4096, sector, sizeof(sector)) == RECORDER_STALLED)
                        break;
        ck_assert_int_lt(sim.now, INT64_C(300) * 1000000);
        ck_assert_int_eq(streamed(&c), RECORDER_STALLED);
        ck_assert_uint_eq(c.good + c.bad, 0);
        ck_assert_uint_lt(sim.reads, 20);
        ck_assert_int_lt(sim.now, INT64_C(320) * 1000000);
}
END_TEST

/* --- opening --- */

static void optical(struct sim *s, const struct sim_cbw *c)
{
        uint8_t data[36] = {5, 0x80};

        if (c->cdb[0] != 0x12) {
                sim_disk(s, c);
                return;
        }
        sim_send(s, data, sizeof(data));
        sim_csw(s, c->tag, 0, 0);
}

START_TEST(units_that_are_no_disk)
{
        const struct disk_limits limits = {0};
        struct scsi_inquiry inquiry = {0};

        sim.on_cbw = optical;
        ck_assert_int_eq(disk_open(&unit, &bot, 0, &limits, &inquiry), RECORDER_UNSUPPORTED);
        ck_assert_uint_eq(inquiry.type, 5);
        ck_assert_ptr_null(unit);
        sim.on_cbw = NULL;
        sim.no_medium = true;
        ck_assert_int_eq(disk_open(&unit, &bot, 1, &limits, &inquiry), RECORDER_ABSENT);
        ck_assert_str_eq(inquiry.product, "DSJ-A7");
        sim.no_medium = false;
        sim.sector_size = 520;
        ck_assert_int_eq(disk_open(&unit, &bot, 0, &limits, NULL), RECORDER_UNSUPPORTED);
        ck_assert_ptr_null(unit);
}
END_TEST

static unsigned int garbled;

/* So many answers to INQUIRY are noise. */
static void noisy(struct sim *s, const struct sim_cbw *c)
{
        uint8_t data[36];

        if (c->cdb[0] != 0x12 || garbled == 0) {
                sim_disk(s, c);
                return;
        }
        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (uint8_t)(0xe7 * i + 0xa5 + garbled);
        garbled--;
        sim_send(s, data, sizeof(data));
        sim_csw(s, c->tag, 0, 0);
}

START_TEST(an_identity_that_slips)
{
        const struct disk_limits limits = {0};
        struct scsi_inquiry inquiry = {0};

        sim.on_cbw = noisy;
        garbled = 1;
        ck_assert_int_eq(disk_open(&unit, &bot, 0, &limits, &inquiry), RECORDER_OK);
        ck_assert_str_eq(inquiry.product, "DSJ-A7");
}
END_TEST

START_TEST(an_identity_that_is_noise)
{
        const struct disk_limits limits = {0};

        sim.on_cbw = noisy;
        garbled = UINT32_MAX;
        ck_assert_int_eq(disk_open(&unit, &bot, 0, &limits, NULL), RECORDER_UNSUPPORTED);
        ck_assert_uint_le(sim.cbws, 4);
        ck_assert_ptr_null(unit);
}
END_TEST

START_TEST(beyond_two_tebibytes)
{
        static const struct block_extent extent = {.offset = (UINT64_C(1) << 41) - MIB, .size = 2 * MIB};
        struct check c = stream_of(&extent, 1);

        sim.sectors = UINT64_C(1) << 33;
        opened();
        ck_assert_uint_eq(unit->size, UINT64_C(1) << 42);
        ck_assert_int_eq(streamed(&c), RECORDER_OK);
        ck_assert_uint_eq(sim.opcodes[0x88], 2);
}
END_TEST

static void tests_add(TCase *c)
{
        tcase_add_test(c, a_capacity_that_lies);
        tcase_add_test(c, a_capacity_that_lies_from_behind);
        tcase_add_test(c, an_end_that_is_none);
        tcase_add_loop_test(c, interrupted_in_a_stream, 0, 3);
        tcase_add_loop_test(c, interrupted_for_ever, 0, 2);
        tcase_add_loop_test(c, unplugged_in_a_stream, 0, 4);
        tcase_add_test(c, cancelled_in_a_stream);
        tcase_add_test(c, a_card_that_is_pulled);
        tcase_add_test(c, a_card_that_is_exchanged);
        tcase_add_test(c, a_device_that_is_lost);
        tcase_add_test(c, a_device_that_never_reads);
        tcase_add_test(c, units_that_are_no_disk);
        tcase_add_test(c, an_identity_that_slips);
        tcase_add_test(c, an_identity_that_is_noise);
        tcase_add_test(c, beyond_two_tebibytes);
}

int main(void)
{
        Suite *s = suite_create("disk_unit");
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
