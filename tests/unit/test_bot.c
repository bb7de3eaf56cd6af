// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Bulk-Only Transport against a device that keeps, bends and breaks it: the thirteen cases of section 6.7,
 * and what real devices make of them. Every case ends within a bound on the device's clock.
 */
#include "test_bot_device.h"

#include "base/cleanup.h"
#include "recorder/ums/bot_wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define BOUND_SECONDS 300
#define DATA_SIZE     (300 * 1024)

static struct sim sim;
static struct bot bot;
static uint8_t data[1024 * 1024];

static const struct bot_command no_data = {.cdb_size = 6};
static const struct bot_command ask_sense = {.cdb_size = 6, .cdb = {3, 0, 0, 0, 18}, .size = 18};
static const struct bot_command read_data = {
                .cdb_size = 10,
                .cdb = {0x28, 0, 0, 0, 0, 0, 0, DATA_SIZE / 512 >> 8, DATA_SIZE / 512 & 0xff},
                .size = DATA_SIZE};

static void setup(void)
{
        struct bot_limits limits = {0};

        sim_init(&sim);
        bot_init(&bot, &sim.transport, &limits);
        bot.notice = sim_notice;
        bot.userdata = &sim;
        memset(data, 0xee, sizeof(data));
}

static void teardown(void)
{
        ck_assert_int_lt(sim.now, BOUND_SECONDS * INT64_C(1000000));
        sim_done(&sim);
}

/* Runs a command of which the answer must be a failure, and one that shows the device to be in step again.
 */
static void broken(const struct bot_command *c, int outcome)
{
        struct bot_answer answer;

        ck_assert_int_eq(bot_run(&bot, c, data, &answer), outcome);
        ck_assert_uint_ge(sim.class_resets, 2);
        ck_assert_uint_eq(sim.standing, 0);
        ck_assert(!bot.dead);
        sim.on_cbw = NULL;
        ck_assert_int_eq(bot_run(&bot, &no_data, NULL, &answer), RECORDER_OK);
        ck_assert(answer.passed);
}

static struct bot_answer answered(const struct bot_command *c)
{
        struct bot_answer answer;

        ck_assert_int_eq(bot_run(&bot, c, data, &answer), RECORDER_OK);
        ck_assert_uint_eq(sim.class_resets, 1);
        ck_assert_uint_eq(sim.standing, 0);
        return answer;
}

/* --- the thirteen cases --- */

static struct {
        bool halt;
        bool joined; /* the status follows the data in the same read */
        bool empty;  /* an empty packet ends the data */
        size_t size; /* of data */
        uint32_t residue;
        uint8_t status;
} shape;

static void shaped(struct sim *s, const struct sim_cbw *c)
{
        if (shape.size > 0 && shape.joined)
                sim_send_joined(s, shape.size);
        else if (shape.size > 0 || shape.empty)
                sim_send_zeros(s, shape.size);
        if (shape.halt)
                sim_send_fail(s, USB_STALL);
        sim_csw(s, c->tag, shape.residue, shape.status);
}

START_TEST(case_1_nothing_and_nothing)
{
        ck_assert(answered(&no_data).passed);
        ck_assert_uint_eq(sim.cbws, 1);
}
END_TEST

START_TEST(case_2_nothing_but_data)
{
        sim.on_cbw = shaped;
        shape.size = 512;
        shape.status = 2;
        broken(&no_data, RECORDER_PROTOCOL);
}
END_TEST

START_TEST(case_2_halted)
{
        sim.on_cbw = shaped;
        shape.halt = true;
        shape.status = 2;
        broken(&no_data, RECORDER_PROTOCOL);
}
END_TEST

START_TEST(case_3_nothing_but_room)
{
        sim.on_cbw = shaped;
        shape.status = 2;
        broken(&no_data, RECORDER_PROTOCOL);
}
END_TEST

/* The device has no data: it halts, sends an empty packet, or goes on to the status at once. */
START_TEST(case_4_no_data)
{
        struct bot_answer answer;

        sim.on_cbw = shaped;
        shape.halt = _i == 0;
        shape.empty = _i == 1;
        shape.status = 1;
        shape.residue = DATA_SIZE;
        answer = answered(&read_data);
        ck_assert(!answer.passed);
        ck_assert_uint_eq(answer.size, 0);
        ck_assert_uint_eq(sim.clears_in, _i == 0);
}
END_TEST

/* Less data than asked for, ended in each way there is; also within the very last read. */
START_TEST(case_5_less_data)
{
        static const size_t sizes[] = {512, 100, 128 * 1024, 256 * 1024, 128 * 1024 + 512, DATA_SIZE - 512,
                                       200};
        struct bot_answer answer;
        size_t size = sizes[_i / 3];

        sim.on_cbw = shaped;
        shape.size = size;
        shape.halt = _i % 3 == 0;
        shape.joined = _i % 3 == 1 && size % 512 == 0;
        shape.residue = (uint32_t)(DATA_SIZE - size);
        answer = answered(&read_data);
        ck_assert(answer.passed);
        ck_assert_uint_eq(answer.size, size);
        sim.on_cbw = NULL;
        ck_assert(answered(&no_data).passed);
}
END_TEST

/* All data come, but some of them only fill up. */
START_TEST(case_5_padded)
{
        sim.on_cbw = shaped;
        shape.size = DATA_SIZE;
        shape.joined = true;
        shape.residue = 1024;
        ck_assert_uint_eq(answered(&read_data).size, DATA_SIZE - 1024);
}
END_TEST

START_TEST(case_6_all_data)
{
        struct bot_answer answer = answered(&read_data);

        ck_assert(answer.passed);
        ck_assert_uint_eq(answer.size, DATA_SIZE);
        for (size_t i = 0; i < DATA_SIZE; i++)
                ck_assert_uint_eq(data[i], sim_byte(i));
        ck_assert_uint_eq(data[DATA_SIZE], 0xee);
}
END_TEST

/* More data than asked for, in the packet that has the rest, or halted behind all that was asked for. */
START_TEST(case_7_more_data)
{
        sim.on_cbw = shaped;
        shape.size = 19;
        shape.status = _i ? 2 : 0;
        broken(&ask_sense, RECORDER_PROTOCOL);
        ck_assert_uint_eq(data[18], 0xee);
}
END_TEST

START_TEST(case_7_halted)
{
        sim.on_cbw = shaped;
        shape.size = 18;
        shape.halt = true;
        shape.status = 2;
        broken(&ask_sense, RECORDER_PROTOCOL);
}
END_TEST

static void babble(struct sim *s, const struct sim_cbw *c)
{
        (void)c;
        sim_send_fail(s, USB_OVERFLOW);
}

START_TEST(case_7_babble)
{
        sim.on_cbw = babble;
        broken(&read_data, RECORDER_PROTOCOL);
}
END_TEST

/* The device wants data: it halts bulk IN and says that the phases do not fit. */
START_TEST(case_8_other_direction)
{
        sim.on_cbw = shaped;
        shape.halt = true;
        shape.status = 2;
        broken(&read_data, RECORDER_PROTOCOL);
}
END_TEST

/* --- misuse --- */

START_TEST(arguments_out_of_range)
{
        struct bot_command long_one = {.cdb_size = 17}, far_unit = {.cdb_size = 6, .lun = 16};
        struct bot_answer answer;

        ck_assert_int_eq(bot_start(&bot, &long_one), -EINVAL);
        ck_assert_int_eq(bot_start(&bot, &far_unit), -EINVAL);
        ck_assert_int_eq(bot_finish(&bot, data, &answer), -EINVAL);
        ck_assert_int_eq(bot_start(&bot, &no_data), RECORDER_OK);
        ck_assert_int_eq(bot_start(&bot, &no_data), -EINVAL);
        ck_assert_int_eq(bot_abandon(&bot), RECORDER_OK);
}
END_TEST

/* --- statuses that are none --- */

static void false_status(struct sim *s, const struct sim_cbw *c)
{
        uint8_t csw[32] = {0};
        size_t size = 13;
        int which = (int)shape.size;

        bot_put32(csw, which == 0 ? 0x53425354 : 0x53425355);
        bot_put32(csw + 4, which == 1 ? c->tag - 1 : c->tag);
        bot_put32(csw + 8, which == 2 ? c->size + 1 : 0);
        csw[12] = which == 3 ? 3 : 0;
        size = which == 4 ? 12 : which == 5 ? 14 : which == 6 ? 1 : size;
        if (c->size > 0)
                sim_send_joined(s, c->size);
        sim_send(s, csw, size);
}

START_TEST(a_status_that_is_none)
{
        sim.on_cbw = false_status;
        shape.size = (size_t)_i;
        broken(_i % 2 ? &read_data : &no_data, RECORDER_PROTOCOL);
        ck_assert_uint_eq(sim.class_resets, 2);
}
END_TEST

static void status_halts(struct sim *s, const struct sim_cbw *c)
{
        if (c->size > 0)
                sim_send_joined(s, c->size);
        for (size_t i = 0; i < shape.size; i++)
                sim_send_fail(s, USB_STALL);
        sim_csw(s, c->tag, 0, 0);
}

START_TEST(a_status_behind_a_halt)
{
        sim.on_cbw = status_halts;
        shape.size = 1;
        ck_assert(answered(_i ? &read_data : &no_data).passed);
        ck_assert_uint_eq(sim.clears_in, 1);
}
END_TEST

START_TEST(a_status_behind_two_halts)
{
        sim.on_cbw = status_halts;
        shape.size = 2;
        broken(_i ? &read_data : &no_data, RECORDER_STALLED);
}
END_TEST

/* Data that fill their last packet, an empty packet, and only then the status. */
static void empty_before_status(struct sim *s, const struct sim_cbw *c)
{
        if (c->size > 0)
                sim_send_joined(s, c->size);
        for (size_t i = 0; i < shape.size; i++)
                sim_send_zeros(s, 0);
        sim_csw(s, c->tag, 0, 0);
}

START_TEST(an_empty_packet_before_the_status)
{
        struct bot_answer answer;

        sim.on_cbw = empty_before_status;
        shape.size = 1;
        ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_OK);
        ck_assert_uint_eq(answer.size, DATA_SIZE);
        sim.on_cbw = NULL;
        ck_assert_uint_eq(answered(&read_data).size, DATA_SIZE);
        ck_assert_uint_eq(data[9999], sim_byte(9999));
}
END_TEST

START_TEST(empty_packets_without_end)
{
        sim.on_cbw = empty_before_status;
        shape.size = 20;
        broken(&read_data, RECORDER_STALLED);
}
END_TEST

/* --- counts that are none --- */

START_TEST(a_device_that_miscounts)
{
        struct bot_command capacity = {.cdb_size = 10, .cdb = {0x25}, .size = 8};

        sim.residue = 8;
        ck_assert_uint_eq(answered(&capacity).size, 8);
        ck_assert_uint_eq(sim.notices, 1);
        sim.residue = UINT32_MAX;
        ck_assert_uint_eq(answered(&read_data).size, DATA_SIZE);
        ck_assert_uint_eq(sim.notices, 1);
}
END_TEST

START_TEST(a_count_is_believed_without_cause_to_doubt)
{
        sim.residue = 512;
        ck_assert_uint_eq(answered(&read_data).size, DATA_SIZE - 512);
        sim.residue = DATA_SIZE;
        ck_assert_uint_eq(answered(&read_data).size, 0);
}
END_TEST

/* --- silence, halts, and the end --- */

START_TEST(a_halted_command_pipe)
{
        sim.send_result = USB_STALL;
        broken(&no_data, RECORDER_STALLED);
}
END_TEST

START_TEST(a_command_that_times_out)
{
        sim.send_result = USB_TIMEOUT;
        broken(&no_data, RECORDER_STALLED);
}
END_TEST

static void silence(struct sim *s, const struct sim_cbw *c)
{
        (void)c;
        if (shape.size > 0)
                sim_send_joined(s, shape.size);
}

START_TEST(silence_after_some_data)
{
        static const size_t sizes[] = {0, 512, 128 * 1024, 256 * 1024, DATA_SIZE};

        sim.on_cbw = silence;
        shape.size = sizes[_i];
        broken(&read_data, RECORDER_STALLED);
}
END_TEST

static void noise(struct sim *s, const struct sim_cbw *c)
{
        (void)c;
        sim_send_fail(s, USB_IO);
}

START_TEST(a_failure_on_the_bus)
{
        sim.on_cbw = noise;
        broken(&read_data, RECORDER_STALLED);
}
END_TEST

/* A device that does not know the class request is reset by its port. */
START_TEST(the_port_is_the_next_step)
{
        sim.on_cbw = silence;
        sim.reset_class_result = USB_STALL;
        broken(&read_data, RECORDER_STALLED);
        ck_assert_uint_eq(sim.port_resets, 1);
}
END_TEST

/* The reset before the first command is a courtesy: a device that does not know it is taken as it is. */
START_TEST(no_class_reset_at_the_beginning)
{
        sim.reset_class_result = USB_STALL;
        ck_assert(answered(&no_data).passed);
        ck_assert_uint_eq(sim.clears, 1);
        ck_assert_uint_eq(sim.port_resets, 0);
}
END_TEST

/* What an earlier user left in the pipe is gone before the first command. */
START_TEST(leftovers_of_somebody_else)
{
        sim_send_zeros(&sim, 64 * 1024);
        sim.halted = true;
        ck_assert(answered(&no_data).passed);
}
END_TEST

START_TEST(a_device_that_never_comes_back)
{
        struct bot_answer answer;
        unsigned int before;

        sim.lost = true;
        for (unsigned int i = 0; i < 20; i++)
                ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_STALLED);
        ck_assert(bot.dead);
        ck_assert_uint_eq(bot.recoveries, bot.limits.recoveries + 1);
        ck_assert_uint_gt(sim.port_resets, 0);
        before = sim.cbws;
        ck_assert_int_eq(bot_run(&bot, &no_data, NULL, &answer), RECORDER_STALLED);
        ck_assert_uint_eq(sim.cbws, before);
}
END_TEST

/* One that comes back each time is reset so many times in all. */
START_TEST(a_device_that_fails_for_ever)
{
        struct bot_answer answer;
        unsigned int n = 0;

        bot.limits.all_recoveries = 10;
        while (!bot.dead && n++ < 100) {
                sim.on_cbw = babble;
                (void)bot_run(&bot, &read_data, data, &answer);
                sim.on_cbw = NULL;
                (void)bot_run(&bot, &no_data, NULL, &answer);
        }
        ck_assert(bot.dead);
        ck_assert_uint_eq(n, 11);
}
END_TEST

/* Data that come a packet at a time, each just before patience ends. */
static void drip(struct sim *s, const struct sim_cbw *c)
{
        (void)c;
        for (unsigned int i = 0; i < 60; i++)
                sim_send_zeros(s, 0);
}

START_TEST(nothing_but_empty_packets)
{
        sim.on_cbw = drip;
        broken(&read_data, RECORDER_STALLED);
}
END_TEST

static void vanish(struct sim *s, const struct sim_cbw *c)
{
        if (shape.size > 0)
                sim_send_joined(s, MIN(shape.size, (size_t)c->size));
        if (shape.halt)
                sim_send_fail(s, USB_STALL);
        sim_send_fail(s, USB_GONE);
}

/* Unplugged: before the command, in the data, behind them, behind a halt. Nobody tries to mend that. */
START_TEST(unplugged)
{
        static const size_t sizes[] = {0, 0, 512, 128 * 1024, DATA_SIZE, 0};
        struct bot_answer answer;

        sim.on_cbw = vanish;
        sim.gone = _i == 0;
        shape.size = sizes[_i];
        shape.halt = _i == 5;
        ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_GONE);
        ck_assert_uint_le(sim.class_resets, 1);
        ck_assert_uint_eq(sim.port_resets, 0);
        ck_assert_int_lt(sim.now, 1000000);
        ck_assert_int_eq(bot_run(&bot, &no_data, NULL, &answer), RECORDER_GONE);
}
END_TEST

/* --- cancelling --- */

/* The answer is awaited, not used: no reset, and the next command works. */
START_TEST(cancelled_in_the_data)
{
        struct bot_answer answer;

        sim.cancel_at_take = (unsigned int)_i;
        ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_CANCELLED);
        ck_assert_uint_eq(sim.class_resets, 1);
        ck_assert_uint_eq(sim.first, sim.n);
        sim.cancel_at_take = 0;
        ck_assert_uint_eq(answered(&read_data).size, DATA_SIZE);
}
END_TEST

START_TEST(cancelled_before_the_command)
{
        struct bot_answer answer;

        ck_assert(answered(&no_data).passed);
        sim.cancelled = true;
        ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_CANCELLED);
        sim.cancelled = false;
        /* Whether it went out is not known: the device is reset first. */
        ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_OK);
        ck_assert_uint_eq(sim.class_resets, 2);
}
END_TEST

START_TEST(cancelled_while_it_is_silent)
{
        struct bot_answer answer;

        sim.on_cbw = silence;
        shape.size = 512;
        sim.cancel_at_take = 1;
        ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_CANCELLED);
        ck_assert_int_lt(sim.now, 5000000);
        ck_assert_uint_eq(sim.class_resets, 2);
}
END_TEST

/* --- one behind the other --- */

/* No more stands than the data: a status that is asked for early, or a read that is too long, QEMU's disk
 * never answers. */
static void expect_reads_of_the_data(void)
{
        size_t asked = 0;

        for (unsigned int i = 0; i < sim.standing; i++)
                asked += sim.asked[i];
        ck_assert_uint_eq(asked, DATA_SIZE);
}

/* The next one goes out before anybody looks at the data of the last, and its data are its own. */
START_TEST(one_command_behind_the_other)
{
        static uint8_t other[DATA_SIZE];
        uint8_t *at[] = {data, other};
        struct bot_command c = read_data;
        struct bot_answer answer;

        ck_assert_int_eq(bot_start(&bot, &c), RECORDER_OK);
        for (unsigned int i = 0; i < 8; i++) {
                ck_assert_int_eq(bot_finish(&bot, at[i % 2], &answer), RECORDER_OK);
                ck_assert_uint_eq(answer.size, DATA_SIZE);
                c.cdb[5] = (uint8_t)((i + 1) * 3);
                ck_assert_int_eq(bot_start(&bot, &c), RECORDER_OK);
                expect_reads_of_the_data();
                ck_assert_uint_eq(at[i % 2][0], sim_byte(UINT64_C(512) * 3 * i));
                ck_assert_uint_eq(at[i % 2][DATA_SIZE - 1], sim_byte(UINT64_C(512) * 3 * i + DATA_SIZE - 1));
        }
        ck_assert_int_eq(bot_abandon(&bot), RECORDER_OK);
        ck_assert_uint_eq(sim.standing, 0);
        ck_assert_uint_eq(sim.class_resets, 1);
}
END_TEST

/* Another command behind an answer of each shape: what was asked for too much is not in its way. */
START_TEST(another_command_behind_it)
{
        struct bot_answer answer;

        sim.on_cbw = shaped;
        shape.size = _i == 0 ? DATA_SIZE : _i == 1 ? 512 : 0;
        shape.joined = true;
        shape.halt = _i == 2;
        shape.status = _i == 0 ? 0 : 1;
        ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_OK);
        ck_assert_uint_eq(sim.standing, 0);
        sim.on_cbw = NULL;
        ck_assert_uint_eq(answered(&ask_sense).size, 18);
        ck_assert_uint_eq(answered(&read_data).size, DATA_SIZE);
}
END_TEST

START_TEST(a_command_behind_short_data)
{
        struct bot_answer answer;

        for (unsigned int i = 0; i < 3; i++) {
                sim.on_cbw = shaped;
                shape.size = 1024;
                shape.joined = i == 1;
                shape.residue = DATA_SIZE - 1024;
                ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), RECORDER_OK);
                ck_assert_uint_eq(answer.size, 1024);
                sim.on_cbw = NULL;
                ck_assert_uint_eq(answered(&read_data).size, DATA_SIZE);
                ck_assert_uint_eq(data[5000], sim_byte(5000));
        }
}
END_TEST

START_TEST(no_memory_for_reads)
{
        struct bot_answer answer;

        sim.no_memory = 5;
        ck_assert_uint_eq(answered(&read_data).size, DATA_SIZE);
        sim.no_memory = UINT32_MAX;
        ck_assert_int_eq(bot_run(&bot, &read_data, data, &answer), -ENOMEM);
}
END_TEST

/* --- units --- */

START_TEST(the_highest_unit)
{
        uint8_t lun = 99;

        sim.max_lun = 1;
        ck_assert_int_eq(bot_max_lun(&bot, &lun), RECORDER_OK);
        ck_assert_uint_eq(lun, 1);
        sim.max_lun = 16;
        ck_assert_int_eq(bot_max_lun(&bot, &lun), RECORDER_OK);
        ck_assert_uint_eq(lun, 0);
        sim.max_lun = 3;
        sim.max_lun_result = USB_STALL;
        ck_assert_int_eq(bot_max_lun(&bot, &lun), RECORDER_OK);
        ck_assert_uint_eq(lun, 0);
        sim.max_lun_result = USB_GONE;
        ck_assert_int_eq(bot_max_lun(&bot, &lun), RECORDER_GONE);
}
END_TEST

static void cases_add(TCase *c)
{
        tcase_add_test(c, case_1_nothing_and_nothing);
        tcase_add_test(c, case_2_nothing_but_data);
        tcase_add_test(c, case_2_halted);
        tcase_add_test(c, case_3_nothing_but_room);
        tcase_add_loop_test(c, case_4_no_data, 0, 3);
        tcase_add_loop_test(c, case_5_less_data, 0, 21);
        tcase_add_test(c, case_5_padded);
        tcase_add_test(c, case_6_all_data);
        tcase_add_loop_test(c, case_7_more_data, 0, 2);
        tcase_add_test(c, case_7_halted);
        tcase_add_test(c, case_7_babble);
        tcase_add_test(c, case_8_other_direction);
}

static void faults_add(TCase *c)
{
        tcase_add_loop_test(c, a_status_that_is_none, 0, 7);
        tcase_add_loop_test(c, a_status_behind_a_halt, 0, 2);
        tcase_add_loop_test(c, a_status_behind_two_halts, 0, 2);
        tcase_add_test(c, an_empty_packet_before_the_status);
        tcase_add_test(c, empty_packets_without_end);
        tcase_add_test(c, a_device_that_miscounts);
        tcase_add_test(c, a_count_is_believed_without_cause_to_doubt);
        tcase_add_test(c, a_halted_command_pipe);
        tcase_add_test(c, a_command_that_times_out);
        tcase_add_loop_test(c, silence_after_some_data, 0, 5);
        tcase_add_test(c, a_failure_on_the_bus);
        tcase_add_test(c, the_port_is_the_next_step);
        tcase_add_test(c, no_class_reset_at_the_beginning);
        tcase_add_test(c, leftovers_of_somebody_else);
        tcase_add_test(c, a_device_that_never_comes_back);
        tcase_add_test(c, a_device_that_fails_for_ever);
        tcase_add_test(c, nothing_but_empty_packets);
        tcase_add_loop_test(c, unplugged, 0, 6);
        tcase_add_loop_test(c, cancelled_in_the_data, 1, 5);
        tcase_add_test(c, cancelled_before_the_command);
        tcase_add_test(c, cancelled_while_it_is_silent);
        tcase_add_test(c, no_memory_for_reads);
        tcase_add_test(c, the_highest_unit);
}

int main(void)
{
        Suite *s = suite_create("bot");
        TCase *cases = tcase_create("thirteen cases"), *misuse = tcase_create("misuse");
        TCase *faults = tcase_create("faults"), *behind = tcase_create("behind");
        TCase *all[] = {cases, misuse, faults, behind};
        SRunner *runner;
        int failed;

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                tcase_add_checked_fixture(all[i], setup, teardown);
                suite_add_tcase(s, all[i]);
        }
        cases_add(cases);
        tcase_add_test(misuse, arguments_out_of_range);
        faults_add(faults);
        tcase_add_test(behind, one_command_behind_the_other);
        tcase_add_loop_test(behind, another_command_behind_it, 0, 3);
        tcase_add_test(behind, a_command_behind_short_data);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
