// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Each fault of the simulated recorder that is a disk does what its name says, as often as it should, and
 * nothing else.
 */

#include "recsim_ums_host.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- faults -----------------------------------------------------------------------------------------------
 */

START_TEST(test_medium)
{
        plug("fault=medium,lba=700-701 fault=medium,lba=70-77,times=2");
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(send_read(64, 16), 0);
                ck_assert_int_eq(read_in(16 * 512), -EPIPE);
                ck_assert_uint_eq(reply_size, 6 * 512);
                recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
                ck_assert_int_eq(status(), 1);
                ck_assert_uint_eq(csw.residue, 10 * 512);
                ck_assert_uint_eq(sense(0), SENSE_UNREADABLE);
                ck_assert_uint_eq(information, 70);
        }
        check_read(64, 16); /* healed */
        check_read(690, 10);
        check_read(702, 10);
        for (int i = 0; i < 5; i++) {
                ck_assert_int_eq(send_read(701, 1), 0);
                ck_assert_int_eq(read_in(512), -EPIPE);
                ck_assert_uint_eq(reply_size, 0);
                recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
                ck_assert_int_eq(status(), 1);
        }
        ck_assert_int_eq(figure("faults", "medium"), 7);
        ck_assert_int_eq(figure("failed_commands", NULL), 7);
}
END_TEST

/* Two bad places in one read: the first one counts, in whatever order they were set. */
START_TEST(test_medium_first)
{
        plug("fault=medium,lba=20 fault=medium,lba=10 fault=medium,lba=15");
        ck_assert_int_eq(send_read(8, 16), 0);
        ck_assert_int_eq(read_in(16 * 512), -EPIPE);
        ck_assert_uint_eq(reply_size, 2 * 512);
}
END_TEST

/* What the first answers to READ (10) of sectors 8 to 15 are under a fault: a read of the data, then of the
 * status. */
static const struct {
        const char *fault;
        int data;
        size_t data_size;
        int status;
        size_t status_size;
} strikes[] = {
                {"stall", -EPIPE, 0, -EPIPE, 0},
                {"stall,at=5000", -EPIPE, 904, -EPIPE, 0},
                {"stall,op=0x12", 0, 4096, 0, 13},
                {"stall,lba=16", 0, 4096, 0, 13},
                {"stall,lba=15", -EPIPE, 0, -EPIPE, 0},
                {"stall,lun=1", 0, 4096, 0, 13},
                {"stall,nth=2", 0, 4096, 0, 13},
                {"silence", -EAGAIN, 0, -EAGAIN, 0},
                {"silence,at=6000", -EAGAIN, 0, -EAGAIN, 0},
                {"vanish", -ENODEV, 0, -ENODEV, 0},
                {"vanish,at=5000", -ENODEV, 904, -ENODEV, 0},
                {"vanish,nth=2", 0, 4096, 0, 13},
                {"short,at=5000", 0, 904, 0, 13},
                {"short,at=5120", 0, 1024, 0, 13},
                {"short", 0, 0, 0, 13},
                {"babble,value=512", 0, 4096, -EOVERFLOW, 13},
                {"garbage", 0, 4096, 0, 13},
                {"stall-status", 0, 4096, -EPIPE, 0},
                {"status-size", 0, 4096, 0, 12},
                {"status-size,value=0", 0, 4096, 0, 0},
                {"status-size,value=14", 0, 4096, -EOVERFLOW, 13},
                {"delay,value=100000", -EAGAIN, 0, -EAGAIN, 0},
                {"read-limit,value=8", 0, 4096, 0, 13},
                {"read-limit,value=7", -EPIPE, 0, -EPIPE, 0},
                {"read-limit-stall,value=7", -EPIPE, 0, -EPIPE, 0},
                {"empty", -EPIPE, 0, -EPIPE, 0},
                {"capacity,value=15", 0, 4096, 0, 13},
                {"capacity,value=5000", 0, 4096, 0, 13},
};

START_TEST(test_strike)
{
        char settings[128];

        (void)snprintf(settings, sizeof(settings), "fault=%s", strikes[_i].fault);
        plug(settings);
        ck_assert_int_eq(send_read(8, 8), 0);
        ck_assert_int_eq(read_in(4096), strikes[_i].data);
        ck_assert_uint_eq(reply_size, strikes[_i].data_size);
        if (strncmp(strikes[_i].fault, "garbage", 7) != 0) {
                for (size_t i = 0; i < reply_size; i++)
                        ck_assert_uint_eq(reply[i], content(4096 + i));
        }
        if (strikes[_i].data == -EAGAIN) /* that read still stands */
                return;
        ck_assert_int_eq(read_in(13), strikes[_i].status);
        ck_assert_uint_eq(reply_size, strikes[_i].status_size);
        if (strikes[_i].status_size == 13 && strikes[_i].status == 0)
                ck_assert_uint_eq(recsim_get_u32(reply + 8), 4096 - strikes[_i].data_size);
}
END_TEST

/* After the halt was cleared comes the status; the device stands by what it sent. */
START_TEST(test_stall_and_status)
{
        plug("fault=stall,at=5120 fault=stall-status,op=0x12");
        ck_assert_int_eq(send_read(8, 8), 0);
        ck_assert_int_eq(read_in(4096), -EPIPE);
        ck_assert_uint_eq(reply_size, 1024);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
        ck_assert_int_eq(status(), 1);
        ck_assert_uint_eq(csw.residue, 3072);
        ck_assert_uint_eq(sense(0), SENSE_ABORTED);
        ck_assert_int_eq(SEND(0, 36, true, SCSI_INQUIRY, 0, 0, 0, 36, 0), 0);
        ck_assert_int_eq(read_in(36), 0);
        ck_assert_int_eq(status(), -EPIPE);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
        ck_assert_int_eq(status(), 0);
        check_read(8, 8);
}
END_TEST

START_TEST(test_stall_command)
{
        plug("fault=stall-command,op=0x28");
        ck_assert_int_eq(send_read(8, 8), -EPIPE);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_OUT);
        ck_assert_int_eq(send_read(8, 8), -EPIPE);
        recover();
        check_read(8, 8);
}
END_TEST

static const struct {
        const char *fault;
        size_t at; /* of the bytes that are wrong */
        size_t n;
        uint32_t wrong;
} statuses[] = {
                {"tag", 4, 4, 0},
                {"signature", 0, 4, ~UMS_CSW_SIGNATURE},
                {"residue,value=512", 8, 4, 512},
                {"residue,value=0xffffffff", 8, 4, UINT32_MAX},
                {"phase", 12, 1, 2},
                {"stale", 4, 4, 0},
};

START_TEST(test_wrong_status)
{
        char settings[64];
        uint8_t right[UMS_CSW_SIZE] = "USBS";
        uint32_t t;

        (void)snprintf(settings, sizeof(settings), "fault=%s", statuses[_i].fault);
        plug(settings);
        ck_assert_int_eq(send_read(8, 8), 0);
        t = tag;
        memcpy(right + 4, &t, 4);
        ck_assert_int_eq(read_in(4096), 0);
        ck_assert_int_eq(read_in(13), 0);
        ck_assert_uint_eq(reply_size, 13);
        ck_assert_mem_ne(reply + statuses[_i].at, right + statuses[_i].at, statuses[_i].n);
        if (statuses[_i].wrong)
                ck_assert_mem_eq(reply + statuses[_i].at, &statuses[_i].wrong, statuses[_i].n);
        memcpy(reply + statuses[_i].at, right + statuses[_i].at, statuses[_i].n);
        ck_assert_mem_eq(reply, right, 13); /* all else is as it should be */
        recover();
        check_read(8, 8);
}
END_TEST

static const struct {
        const char *fault;
        uint32_t sense;
        int times; /* TEST UNIT READY fails so often */
} conditions[] = {
                {"attention", SENSE_CHANGED, 1},
                {"attention,times=3", SENSE_CHANGED, 3},
                {"attention,times=always", SENSE_CHANGED, 50},
                {"not-ready,times=5", SENSE_BECOMING_READY, 5},
                {"not-ready,times=always", SENSE_BECOMING_READY, 50},
                {"empty", SENSE_NO_MEDIUM, 50},
                {"sense,value=0x044400", 0x044400, 1},
};

START_TEST(test_condition)
{
        char settings[64];

        (void)snprintf(settings, sizeof(settings), "fault=%s,op=0", conditions[_i].fault);
        plug(settings);
        for (int i = 0; i < conditions[_i].times; i++) {
                ck_assert_int_eq(bare(0, SCSI_TEST_UNIT_READY), 1);
                ck_assert_uint_eq(sense(0), conditions[_i].sense);
        }
        if (conditions[_i].times < 50)
                ck_assert_int_eq(bare(0, SCSI_TEST_UNIT_READY), 0);
        /* INQUIRY is answered under any of them. */
        ck_assert_int_eq(SEND(0, 36, true, SCSI_INQUIRY, 0, 0, 0, 36, 0), 0);
        ck_assert_int_eq(read_in(36), 0);
        ck_assert_int_eq(status(), 0);
}
END_TEST

START_TEST(test_capacity_lies)
{
        static const uint64_t told[] = {10, 5000, 1ull << 40, 0};

        for (size_t i = 0; i < ELEMENTSOF(told); i++) {
                char settings[64];

                (void)snprintf(settings, sizeof(settings), "fault=capacity,value=%llu",
                               (unsigned long long)told[i]);
                plug(settings);
                ck_assert_int_eq(SEND(0, 32, true, SCSI_SERVICE_ACTION_IN, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                      0, 0, 32, 0, 0),
                                 0);
                ck_assert_int_eq(read_in(32), 0);
                ck_assert_uint_eq(recsim_get_be64(reply), told[i] - 1);
                ck_assert_int_eq(status(), 0);
        }
        plug("fault=capacity,value=5000");
        ck_assert_int_eq(send_read(SECTORS, 1), 0);
        ck_assert_int_eq(read_in(512), -EPIPE);
}
END_TEST

START_TEST(test_silence_ends_with_reset)
{
        const uint8_t reset[8] = {0x21, UMS_RESET, 0, 0, 0, 0, 0, 0};

        plug("fault=silence,op=0x28 fault=reset-ignored,times=1");
        ck_assert_int_eq(send_read(0, 1), 0);
        ck_assert_int_eq(read_in(512), -EAGAIN);
        ck_assert_int_eq(recsim_control(sim, reset, NULL), 0); /* ignored */
        ck_assert_int_eq(send_read(0, 1), -EAGAIN);
        recover();
        check_read(0, 1);
        plug("fault=silence,op=0x28 fault=reset-ignored");
        ck_assert_int_eq(send_read(0, 1), 0);
        recover();
        ck_assert_int_eq(send_read(0, 1), -EAGAIN);
        recsim_reset(sim); /* of the port */
        check_read(0, 1);
}
END_TEST

START_TEST(test_corrupt)
{
        plug("fault=corrupt,at=4100 fault=corrupt,at=4099,times=always");
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(send_read(8, 8), 0);
                ck_assert_int_eq(read_in(4096), 0);
                ck_assert_uint_eq(reply[3], content(4099) ^ 0xFF);
                ck_assert_uint_eq(reply[4], i ? content(4100) : content(4100) ^ 0xFF);
                ck_assert_int_eq(status(), 0);
        }
}
END_TEST

START_TEST(test_no_max_lun)
{
        const uint8_t get[8] = {0xA1, UMS_GET_MAX_LUN, 0, 0, 0, 0, 1, 0};
        uint8_t max;

        plug("fault=no-max-lun");
        ck_assert_int_eq(recsim_control(sim, get, &max), -EPIPE);
        check_read(0, 1);
}
END_TEST

START_TEST(test_garbage_identity)
{
        plug("fault=garbage,op=0x12");
        ck_assert_int_eq(SEND(0, 36, true, SCSI_INQUIRY, 0, 0, 0, 36, 0), 0);
        ck_assert_int_eq(read_in(36), 0);
        ck_assert_uint_eq(reply_size, 36);
        ck_assert_mem_ne(reply + 8, "Recdock ", 8);
        ck_assert_int_eq(status(), 0);
        check_read(0, 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("recsim_ums_faults");
        TCase *c = ums_case(suite);
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(c, test_medium);
        tcase_add_test(c, test_medium_first);
        tcase_add_loop_test(c, test_strike, 0, ELEMENTSOF(strikes));
        tcase_add_test(c, test_stall_and_status);
        tcase_add_test(c, test_stall_command);
        tcase_add_loop_test(c, test_wrong_status, 0, ELEMENTSOF(statuses));
        tcase_add_loop_test(c, test_condition, 0, ELEMENTSOF(conditions));
        tcase_add_test(c, test_capacity_lies);
        tcase_add_test(c, test_silence_ends_with_reset);
        tcase_add_test(c, test_corrupt);
        tcase_add_test(c, test_no_max_lun);
        tcase_add_test(c, test_garbage_identity);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
