// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Nothing that alters a disk can leave: every opcode at every length is tried at the one place that sends,
 * and the scripted device refuses each wrapper that says data go to it.
 */
#include "test_bot_device.h"

#include "base/cleanup.h"

#include <check.h>
#include <stdlib.h>

static struct sim sim;
static struct bot bot;

static void setup(void)
{
        const struct bot_limits limits = {0};

        sim_init(&sim);
        bot_init(&bot, &sim.transport, &limits);
}

static void teardown(void)
{
        sim_done(&sim);
}

static void pass_all(struct sim *s, const struct sim_cbw *c)
{
        sim_csw(s, c->tag, c->size, 0);
}

/* Cases 9 to 13 need a host that sends data. The scripted device refuses every wrapper that says so; here it
 * is all commands at once that never do. */
START_TEST(cases_9_to_13_do_not_exist)
{
        for (unsigned int opcode = 0; opcode < 256; opcode++) {
                for (uint8_t size = 1; size <= 16; size++) {
                        struct bot_command c = {.cdb_size = size, .cdb = {(uint8_t)opcode, 0x10}};
                        int r = bot_start(&bot, &c);

                        if (r == RECORDER_OK)
                                (void)bot_abandon(&bot);
                        else
                                ck_assert_int_eq(r, -EPERM);
                        sim.on_cbw = pass_all;
                }
        }
        ck_assert_uint_gt(sim.cbws, 0);
}
END_TEST

static bool may_leave(unsigned int opcode, unsigned int size, unsigned int action)
{
        switch (opcode) {
        case 0x00:
        case 0x03:
        case 0x12:
                return size == 6;
        case 0x25:
        case 0x28:
                return size == 10;
        case 0x88:
                return size == 16;
        case 0x9e:
                return size == 16 && action == 0x10;
        default:
                return false;
        }
}

/* Each opcode, at each length, with each service action: only those that read leave, and the others do
 * nothing. */
START_TEST(only_reading_commands_leave)
{
        for (unsigned int size = 0; size <= 16; size++) {
                /* Service actions are told apart by the opcodes that have them; others get a few. */
                for (unsigned int action = 0; action < 256; action += _i == 0x9e ? 1 : 16) {
                        struct bot_command c = {.cdb_size = (uint8_t)size,
                                                .cdb = {(uint8_t)_i, (uint8_t)action}};
                        unsigned int before = sim.cbws;
                        int r;

                        sim.on_cbw = pass_all;
                        r = bot_start(&bot, &c);
                        if (may_leave((unsigned int)_i, size, action)) {
                                ck_assert_int_eq(r, RECORDER_OK);
                                ck_assert_uint_eq(sim.cbws, before + 1);
                                ck_assert_int_eq(bot_abandon(&bot), RECORDER_OK);
                        } else {
                                ck_assert_int_eq(r, -EPERM);
                                ck_assert_uint_eq(sim.cbws, before);
                                ck_assert_uint_eq(sim.standing, 0);
                        }
                }
        }
        for (int opcode = 0; opcode < 256; opcode++)
                ck_assert(sim.opcodes[opcode] == 0 || opcode == _i);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("write_blocker");
        TCase *c = tcase_create("commands");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, cases_9_to_13_do_not_exist);
        tcase_add_loop_test(c, only_reading_commands_leave, 0, 256);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
