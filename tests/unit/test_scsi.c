// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a logical unit says of itself, and of its failures: against a unit that is honest, new, slow, empty,
 * or lies. */
#include "test_bot_device.h"

#include "base/cleanup.h"
#include "recorder/ums/bot_wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct sim sim;
static struct bot bot;
static struct scsi_unit unit;

static void setup(void)
{
        struct bot_limits limits = {0};

        sim_init(&sim);
        bot_init(&bot, &sim.transport, &limits);
        scsi_unit_init(&unit, &bot, 0);
}

static void teardown(void)
{
        ck_assert_int_lt(sim.now, INT64_C(200) * 1000000);
        sim_done(&sim);
}

/* --- INQUIRY --- */

START_TEST(what_it_is)
{
        struct scsi_inquiry i;

        ck_assert_int_eq(scsi_inquire(&unit, &i), RECORDER_OK);
        ck_assert_uint_eq(i.type, SCSI_TYPE_DISK);
        ck_assert(i.removable);
        ck_assert_str_eq(i.vendor, "Recorder");
        ck_assert_str_eq(i.product, "DSJ-A7");
        ck_assert_str_eq(i.revision, "1.00");
}
END_TEST

START_TEST(texts_are_cleaned)
{
        uint8_t raw[36] = {0x60 | 5, 0};
        struct scsi_inquiry i;

        memcpy(raw + 8, "  \x1b[31mX", 8);
        memcpy(raw + 16, "\xb0\xb2\0bcdefghijklm ", 16);
        memcpy(raw + 32, "    ", 4);
        ck_assert(scsi_inquiry_parse(raw, sizeof(raw), &i));
        ck_assert_uint_eq(i.qualifier, 3);
        ck_assert_uint_eq(i.type, 5);
        ck_assert_str_eq(i.vendor, "?[31mX");
        ck_assert_str_eq(i.product, "??");
        ck_assert_str_eq(i.revision, "");
}
END_TEST

START_TEST(an_inquiry_that_is_short)
{
        uint8_t raw[36] = {0};
        struct scsi_inquiry i;

        memset(raw + 8, 'a', sizeof(raw) - 8);
        for (size_t n = 0; n < sizeof(raw); n++) {
                _cleanup_free_ uint8_t *exact = malloc(n + !n);

                ck_assert_ptr_nonnull(exact);
                memcpy(exact, raw, n);
                ck_assert_int_eq(scsi_inquiry_parse(exact, n, &i), n >= 5);
                if (n >= 5)
                        ck_assert_uint_eq(strlen(i.vendor), n < 8 ? 0 : n < 16 ? n - 8 : 8);
        }
}
END_TEST

/* --- sense data --- */

START_TEST(sense_in_both_formats)
{
        static const struct {
                uint8_t data[18];
                size_t size;
                bool good;
                struct scsi_sense sense;
        } cases[] = {
                        {{0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 2}, 18, true, {3, 0x11, 2}},
                        {{0xf1, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x28, 0}, 18, true, {6, 0x28, 0}},
                        {{0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3a, 0}, 14, true, {2, 0x3a, 0}},
                        {{0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3a}, 13, true, {2, 0, 0}},
                        {{0x70, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x21, 1}, 18, true, {5, 0, 0}},
                        {{0x70, 0, 5}, 3, true, {5, 0, 0}},
                        {{0x70, 0}, 2, false, {0}},
                        {{0x72, 3, 0x11, 4}, 4, true, {3, 0x11, 4}},
                        {{0x73, 6, 0x29, 0, 0, 0, 0, 0}, 8, true, {6, 0x29, 0}},
                        {{0x72, 3, 0x11}, 3, false, {0}},
                        {{0x00, 0, 3}, 18, false, {0}},
                        {{0x7f, 0, 3}, 18, false, {0}},
                        {{0}, 0, false, {0}},
        };
        struct scsi_sense sense;

        ck_assert_int_eq(scsi_sense_parse(cases[_i].data, cases[_i].size, &sense), cases[_i].good);
        if (cases[_i].good)
                ck_assert_mem_eq(&sense, &cases[_i].sense, sizeof(sense));
}
END_TEST

static const struct {
        uint8_t key, asc;
        enum scsi_verdict verdict;
} verdicts[] = {
                {0, 0, SCSI_AGAIN},           {1, 0x17, SCSI_DONE},       {2, 4, SCSI_WAIT},
                {2, 0x3a, SCSI_NO_MEDIUM},    {3, 0x11, SCSI_UNREADABLE}, {4, 0x44, SCSI_UNREADABLE},
                {5, 0x20, SCSI_REFUSED},      {5, 0x21, SCSI_BEYOND},     {6, 0x29, SCSI_NEWS},
                {6, 0x28, SCSI_NEWS},         {7, 0x27, SCSI_REFUSED},    {8, 0, SCSI_UNREADABLE},
                {0xb, 0x4b, SCSI_UNREADABLE}, {0xd, 0, SCSI_UNREADABLE},
};

START_TEST(what_a_failure_means)
{
        enum scsi_verdict verdict;

        sim.descriptor_sense = _i % 2;
        sim.key = verdicts[_i / 2].key;
        sim.asc = verdicts[_i / 2].asc;
        ck_assert_int_eq(scsi_explain(&unit, &verdict), RECORDER_OK);
        ck_assert_int_eq(verdict, verdicts[_i / 2].verdict);
}
END_TEST

static void fail_all(struct sim *s, const struct sim_cbw *c)
{
        sim_check(s, c, 3, 0x11, 0);
}

START_TEST(a_unit_that_cannot_say_why)
{
        enum scsi_verdict verdict;

        sim.on_cbw = fail_all;
        ck_assert_int_eq(scsi_explain(&unit, &verdict), RECORDER_OK);
        ck_assert_int_eq(verdict, SCSI_AGAIN);
}
END_TEST

/* --- ready --- */

START_TEST(ready_at_once)
{
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_OK);
        ck_assert_uint_eq(sim.cbws, 1);
}
END_TEST

START_TEST(attention_several_times)
{
        sim.attentions = 5;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_OK);
}
END_TEST

START_TEST(a_storm_of_attention)
{
        sim.attentions = UINT32_MAX;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_BUSY);
        ck_assert_uint_le(sim.cbws, 20);
}
END_TEST

START_TEST(it_becomes_ready)
{
        sim.not_ready = 10;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_OK);
        ck_assert_int_ge(sim.now, 2000000);
}
END_TEST

START_TEST(it_never_becomes_ready)
{
        sim.not_ready = UINT32_MAX;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_BUSY);
        ck_assert_int_lt(sim.now, INT64_C(11) * 1000000);
}
END_TEST

START_TEST(there_is_no_medium)
{
        sim.no_medium = true;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_ABSENT);
}
END_TEST

START_TEST(cancelled_while_it_is_not_ready)
{
        sim.not_ready = UINT32_MAX;
        sim.cancel_at_take = 20;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_CANCELLED);
        ck_assert_int_lt(sim.now, 5000000);
}
END_TEST

static void garble(struct sim *s, const struct sim_cbw *c)
{
        sim_csw(s, c->tag + 1, 0, 0);
        if (s->cbws >= 3)
                s->on_cbw = NULL;
}

START_TEST(a_broken_answer_is_asked_for_again)
{
        sim.on_cbw = garble;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_OK);
        ck_assert_uint_eq(sim.cbws, 4);
}
END_TEST

/* --- capacity --- */

START_TEST(capacities)
{
        static const struct {
                uint64_t sectors;
                uint32_t size;
        } cases[] = {{1, 512},
                     {UINT32_MAX, 512},
                     {UINT64_C(1) << 32, 512},
                     {UINT64_C(1) << 33, 4096},
                     {1000, 1024},
                     {1000, 2048},
                     {1000, 4096}};
        struct scsi_capacity c;

        sim.sectors = cases[_i].sectors;
        sim.sector_size = cases[_i].size;
        ck_assert_int_eq(scsi_read_capacity(&unit, &c), RECORDER_OK);
        ck_assert_uint_eq(c.sectors, cases[_i].sectors);
        ck_assert_uint_eq(c.sector_size, cases[_i].size);
        ck_assert_uint_eq(sim.opcodes[0x9e], cases[_i].sectors > UINT32_MAX);
}
END_TEST

START_TEST(capacities_that_cannot_be)
{
        static const struct {
                uint64_t sectors;
                uint32_t size;
        } cases[] = {{1000, 0},    {1000, 511},        {1000, 256}, {1000, 8192},
                     {1000, 1536}, {1000, UINT32_MAX}, {0, 512},    {UINT64_C(1) << 60, 512}};
        struct scsi_capacity c;

        sim.sectors = cases[_i].sectors;
        sim.sector_size = cases[_i].size;
        ck_assert_int_eq(scsi_read_capacity(&unit, &c), RECORDER_UNSUPPORTED);
}
END_TEST

static unsigned int slips;

/* So many answers to one command are no answers. */
static void slip(struct sim *s, const struct sim_cbw *c)
{
        if (c->cdb[0] != 0x25 || slips == 0) {
                sim_disk(s, c);
                return;
        }
        slips--;
        sim_send_zeros(s, c->size);
        sim_csw(s, c->tag, 0, 0);
}

START_TEST(a_capacity_that_slips)
{
        struct scsi_capacity c;

        sim.on_cbw = slip;
        slips = 2;
        ck_assert_int_eq(scsi_read_capacity(&unit, &c), RECORDER_OK);
        ck_assert_uint_eq(c.sector_size, 512);
        slips = UINT32_MAX;
        ck_assert_int_eq(scsi_read_capacity(&unit, &c), RECORDER_UNSUPPORTED);
        ck_assert_uint_le(sim.cbws, 8);
}
END_TEST

static void no_long_form(struct sim *s, const struct sim_cbw *c)
{
        if (c->cdb[0] == 0x9e)
                sim_check(s, c, SCSI_ILLEGAL_REQUEST, 0x20, 0);
        else
                sim_disk(s, c);
}

START_TEST(no_long_form_of_capacity)
{
        struct scsi_capacity c;

        sim.on_cbw = no_long_form;
        sim.sectors = UINT64_C(1) << 34;
        ck_assert_int_eq(scsi_read_capacity(&unit, &c), RECORDER_OK);
        ck_assert_uint_eq(c.sectors, UINT64_C(1) << 32);
}
END_TEST

START_TEST(a_capacity_that_is_short)
{
        uint8_t raw[32] = {0, 0, 0, 9, 0, 0, 2, 0}, raw_16[32] = {[7] = 9, [10] = 2};
        struct scsi_capacity c;
        bool more;

        for (size_t n = 0; n <= sizeof(raw); n++) {
                ck_assert_int_eq(scsi_capacity_10_parse(raw, n, &c, &more), n >= 8);
                ck_assert_int_eq(scsi_capacity_16_parse(raw_16, n, &c), n >= 12);
        }
}
END_TEST

/* --- reading, and the medium --- */

START_TEST(the_form_of_a_read)
{
        struct bot_command c;

        unit.lun = 3;
        scsi_read_encode(&unit, 0x01020304, 0x0506, 512, &c);
        ck_assert_uint_eq(c.lun, 3);
        ck_assert_uint_eq(c.cdb_size, 10);
        ck_assert_mem_eq(c.cdb, ((uint8_t[]){0x28, 0, 1, 2, 3, 4, 0, 5, 6, 0}), 10);
        ck_assert_uint_eq(c.size, 0x0506 * 512);
        scsi_read_encode(&unit, UINT32_MAX - 1, 1, 512, &c);
        ck_assert_uint_eq(c.cdb[0], 0x28);
        scsi_read_encode(&unit, UINT32_MAX, 1, 4096, &c);
        ck_assert_uint_eq(c.cdb_size, 16);
        ck_assert_mem_eq(c.cdb, ((uint8_t[]){0x88, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0}),
                         16);
        scsi_read_encode(&unit, UINT64_C(0x0102030405060708), 2048, 512, &c);
        ck_assert_mem_eq(c.cdb, ((uint8_t[]){0x88, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 8, 0, 0, 0}), 16);
}
END_TEST

/* News of a medium are news of another one, once its capacity is known; right after a reset they are none.
 */
START_TEST(the_medium_was_exchanged)
{
        struct scsi_capacity c;

        sim.attention_asc = SCSI_ASC_MEDIUM_MAY_HAVE_CHANGED;
        sim.attentions = 1;
        ck_assert_int_eq(scsi_read_capacity(&unit, &c), RECORDER_OK);
        sim.attentions = 1;
        bot.generation++;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_OK);
        sim.attentions = 1;
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_MISMATCH);
        ck_assert_int_eq(scsi_wait_ready(&unit), RECORDER_MISMATCH);
        ck_assert_int_eq(scsi_read_capacity(&unit, &c), RECORDER_MISMATCH);
}
END_TEST

static void tests_add(TCase *c)
{
        tcase_add_test(c, what_it_is);
        tcase_add_test(c, texts_are_cleaned);
        tcase_add_test(c, an_inquiry_that_is_short);
        tcase_add_loop_test(c, sense_in_both_formats, 0, 13);
        tcase_add_loop_test(c, what_a_failure_means, 0, 2 * (int)ELEMENTSOF(verdicts));
        tcase_add_test(c, a_unit_that_cannot_say_why);
        tcase_add_test(c, ready_at_once);
        tcase_add_test(c, attention_several_times);
        tcase_add_test(c, a_storm_of_attention);
        tcase_add_test(c, it_becomes_ready);
        tcase_add_test(c, it_never_becomes_ready);
        tcase_add_test(c, there_is_no_medium);
        tcase_add_test(c, cancelled_while_it_is_not_ready);
        tcase_add_test(c, a_broken_answer_is_asked_for_again);
        tcase_add_loop_test(c, capacities, 0, 7);
        tcase_add_loop_test(c, capacities_that_cannot_be, 0, 8);
        tcase_add_test(c, a_capacity_that_slips);
        tcase_add_test(c, no_long_form_of_capacity);
        tcase_add_test(c, a_capacity_that_is_short);
        tcase_add_test(c, the_form_of_a_read);
        tcase_add_test(c, the_medium_was_exchanged);
}

int main(void)
{
        Suite *s = suite_create("scsi");
        TCase *c = tcase_create("unit");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tests_add(c);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
