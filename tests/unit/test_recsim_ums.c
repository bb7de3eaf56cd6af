// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The simulated recorder that is a disk, driven as a bus would drive it: what it is, each command, and what
 * the transport does not forgive.
 */

#include "recsim_ums_host.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- commands ---------------------------------------------------------------------------------------------
 */

START_TEST(test_identity)
{
        plug("inquiry-vendor=Acme inquiry-product=\"Body Camera\" inquiry-revision=2.3");
        ck_assert_int_eq(SEND(0, 36, true, SCSI_INQUIRY, 0, 0, 0, 36, 0), 0);
        ck_assert_int_eq(read_in(512), 0);
        ck_assert_uint_eq(reply_size, 36);
        ck_assert_uint_eq(reply[1], 0x80);
        ck_assert_mem_eq(reply + 8, "Acme    Body Camera     2.3 ", 28);
        ck_assert_int_eq(status(), 0);
        /* Less than the host has room for: a short packet, and the residue. */
        ck_assert_int_eq(SEND(0, 255, true, SCSI_INQUIRY, 0, 0, 0, 255, 0), 0);
        ck_assert_int_eq(read_in(255), 0);
        ck_assert_uint_eq(reply_size, 36);
        ck_assert_int_eq(status(), 0);
        ck_assert_uint_eq(csw.residue, 255 - 36);
        ck_assert_int_eq(SEND(0, 255, true, SCSI_INQUIRY, 1, 0x80, 0, 255, 0), 0);
        ck_assert_int_eq(read_in(255), 0);
        ck_assert_mem_eq(reply + 4, "RD00000001", 10);
        ck_assert_int_eq(status(), 0);
        ck_assert_int_eq(SEND(0, 255, true, SCSI_INQUIRY, 1, 0xB0, 0, 255, 0), 0);
        ck_assert_int_eq(read_in(255), -EPIPE);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
        ck_assert_int_eq(status(), 1);
        ck_assert_uint_eq(sense(0), SENSE_BAD_FIELD);
}
END_TEST

START_TEST(test_capacity)
{
        plug("");
        ck_assert_int_eq(SEND(0, 8, true, SCSI_READ_CAPACITY_10, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
        ck_assert_int_eq(read_in(8), 0);
        ck_assert_uint_eq(recsim_get_be32(reply), SECTORS - 1);
        ck_assert_uint_eq(recsim_get_be32(reply + 4), 512);
        ck_assert_int_eq(status(), 0);
        ck_assert_int_eq(SEND(0, 32, true, SCSI_SERVICE_ACTION_IN, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32,
                              0, 0),
                         0);
        ck_assert_int_eq(read_in(32), 0);
        ck_assert_uint_eq(recsim_get_be64(reply), SECTORS - 1);
        ck_assert_int_eq(status(), 0);
        ck_assert_int_eq(SEND(0, 12, true, SCSI_READ_FORMAT_CAPACITIES, 0, 0, 0, 0, 0, 0, 0, 12, 0), 0);
        ck_assert_int_eq(read_in(12), 0);
        ck_assert_uint_eq(recsim_get_be32(reply + 4), SECTORS);
        ck_assert_int_eq(status(), 0);
}
END_TEST

START_TEST(test_mode_sense)
{
        plug("");
        ck_assert_int_eq(SEND(0, 192, true, SCSI_MODE_SENSE_6, 0, 0x3F, 0, 192, 0), 0);
        ck_assert_int_eq(read_in(192), 0);
        ck_assert_uint_eq(reply_size, 24);
        ck_assert_uint_eq(reply[0], 23);
        ck_assert_uint_eq(reply[2], 0x80); /* write-protected */
        ck_assert_int_eq(status(), 0);
        plug("writable=yes");
        ck_assert_int_eq(SEND(0, 8, true, SCSI_MODE_SENSE_10, 0, 0x08, 0, 0, 0, 0, 0, 8, 0), 0);
        ck_assert_int_eq(read_in(8), 0);
        ck_assert_uint_eq(reply[1], 26);
        ck_assert_uint_eq(reply[3], 0);
        ck_assert_int_eq(status(), 0);
}
END_TEST

START_TEST(test_units)
{
        const uint8_t get[8] = {0xA1, UMS_GET_MAX_LUN, 0, 0, 0, 0, 1, 0};
        char settings[128];
        uint8_t max = 0xFF;

        (void)snprintf(settings, sizeof(settings), "disk=%s disk=none", huge);
        plug(settings);
        ck_assert_int_eq(recsim_control(sim, get, &max), 1);
        ck_assert_uint_eq(max, 2);
        ck_assert_int_eq(bare(0, SCSI_TEST_UNIT_READY), 0);
        ck_assert_int_eq(bare(2, SCSI_TEST_UNIT_READY), 1);
        ck_assert_uint_eq(sense(0), SENSE_NONE); /* each unit has its own */
        ck_assert_int_eq(bare(2, SCSI_TEST_UNIT_READY), 1);
        ck_assert_uint_eq(sense(2), SENSE_NO_MEDIUM);
        ck_assert_uint_eq(sense(2), SENSE_NONE); /* told once */
        ck_assert_int_eq(SEND(0, 64, true, SCSI_REPORT_LUNS, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 0);
        ck_assert_int_eq(read_in(64), 0);
        ck_assert_uint_eq(reply_size, 8 + 3 * 8);
        ck_assert_uint_eq(reply[8 + 16 + 1], 2);
        ck_assert_int_eq(status(), 0);
        /* Beyond 2 TiB. */
        ck_assert_int_eq(SEND(1, 8, true, SCSI_READ_CAPACITY_10, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
        ck_assert_int_eq(read_in(8), 0);
        ck_assert_uint_eq(recsim_get_be32(reply), UINT32_MAX);
        ck_assert_int_eq(status(), 0);
        ck_assert_int_eq(SEND(1, 512, true, SCSI_READ_16, 0, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1,
                              0, 0),
                         0);
        ck_assert_int_eq(read_in(512), 0);
        ck_assert_mem_eq(reply, "end", 3);
        ck_assert_int_eq(status(), 0);
        ck_assert_int_eq(SEND(3, 0, false, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 0); /* no such unit */
        ck_assert_int_eq(status(), -EPIPE);
}
END_TEST

START_TEST(test_read)
{
        plug("");
        check_read(0, 1);
        check_read(SECTORS - 256, 256);
        ck_assert_int_eq(send_read(100, 8), 0);
        for (size_t i = 0; i < 8; i++) { /* in pieces */
                ck_assert_int_eq(read_in(512), 0);
                ck_assert_uint_eq(reply[0], content((100 + i) * 512));
        }
        ck_assert_int_eq(status(), 0);
        ck_assert_int_eq(send_read(SECTORS - 1, 2), 0);
        ck_assert_int_eq(read_in(1024), -EPIPE);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
        ck_assert_int_eq(status(), 1);
        ck_assert_uint_eq(csw.residue, 1024);
        ck_assert_uint_eq(sense(0), SENSE_OUT_OF_RANGE);
        ck_assert_int_eq(bare(0, 0xEE), 1);
        ck_assert_uint_eq(sense(0), SENSE_UNKNOWN_COMMAND);
}
END_TEST

START_TEST(test_sector_size)
{
        plug("sector=4096");
        ck_assert_int_eq(SEND(0, 8, true, SCSI_READ_CAPACITY_10, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
        ck_assert_int_eq(read_in(8), 0);
        ck_assert_uint_eq(recsim_get_be32(reply), SECTORS / 8 - 1);
        ck_assert_uint_eq(recsim_get_be32(reply + 4), 4096);
        ck_assert_int_eq(status(), 0);
        ck_assert_int_eq(SEND(0, 4096, true, SCSI_READ_10, 0, 0, 0, 0, 3, 0, 0, 1, 0), 0);
        ck_assert_int_eq(read_in(4096), 0);
        ck_assert_uint_eq(reply[0], content(3ull * 4096));
        ck_assert_int_eq(status(), 0);
}
END_TEST

/* A write is counted whatever becomes of it. */
START_TEST(test_write)
{
        uint8_t sector[512];
        uint8_t old = content(5ull * 512);

        memset(sector, 0xEE, sizeof(sector));
        for (int writable = 0; writable < 2; writable++) {
                plug(writable ? "writable=yes" : "");
                ck_assert_int_eq(SEND(0, 512, false, SCSI_WRITE_10, 0, 0, 0, 0, 5, 0, 0, 1, 0), 0);
                ck_assert_int_eq(recsim_bulk_out(sim, sector, 256), 0);
                ck_assert_int_eq(status(), -EAGAIN);
                ck_assert_int_eq(recsim_bulk_out(sim, sector + 256, 256), 0);
                ck_assert_int_eq(status(), writable ? 0 : 1);
                if (!writable)
                        ck_assert_uint_eq(sense(0), SENSE_WRITE_PROTECTED);
                ck_assert_int_eq(send_read(5, 1), 0);
                ck_assert_int_eq(read_in(512), 0);
                ck_assert_uint_eq(reply[0], writable ? 0xEE : old);
                ck_assert_int_eq(status(), 0);
                ck_assert_int_eq(figure("violations", "0x2a"), 1);
                ck_assert_int_eq(figure("sector_bytes_written", NULL), writable ? 512 : 0);
        }
        /* As it was. */
        for (size_t i = 0; i < sizeof(sector); i++)
                sector[i] = content(5ull * 512 + i);
        ck_assert_int_eq(SEND(0, 512, false, SCSI_WRITE_10, 0, 0, 0, 0, 5, 0, 0, 1, 0), 0);
        ck_assert_int_eq(recsim_bulk_out(sim, sector, 512), 0);
        ck_assert_int_eq(status(), 0);
        ck_assert_int_eq(bare(0, 0x04), 1); /* FORMAT UNIT */
        ck_assert_int_eq(bare(0, SCSI_START_STOP), 0);
        ck_assert_int_eq(bare(0, SCSI_PREVENT_ALLOW), 0);
        ck_assert_int_eq(figure("violations", "0x04"), 1);
        ck_assert_int_eq(figure("violations", "0x1b"), 1);
        ck_assert_int_eq(figure("violations", "0x1e"), -1);
}
END_TEST

/* --- the transport ----------------------------------------------------------------------------------------
 */

/* A wrapper that comes early waits; it is no error, and it is seen in the figures. */
START_TEST(test_order)
{
        plug("");
        ck_assert_int_eq(send_read(0, 2), 0);
        tag--;
        ck_assert_int_eq(send_read(2, 2), -EAGAIN);
        recsim_note_waiting(sim, 1);
        ck_assert_int_eq(read_in(1024), 0);
        tag--;
        ck_assert_int_eq(send_read(2, 2), -EAGAIN);
        ck_assert_int_eq(status(), 0);
        check_read(2, 2);
        ck_assert_int_eq(figure("queued_max", NULL), 2);
}
END_TEST

/* Data that fill their last packet have no empty one behind them: a careless read runs on into the status.
 */
START_TEST(test_data_end)
{
        plug("");
        ck_assert_int_eq(send_read(0, 1), 0);
        ck_assert_int_eq(read_in(1024), 0);
        ck_assert_uint_eq(reply_size, 512 + UMS_CSW_SIZE);
        ck_assert_mem_eq(reply + 512, "USBS", 4);
}
END_TEST

static const uint8_t bad_wrappers[][UMS_CBW_SIZE + 1] = {
                {'U', 'S', 'B', 'X', 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 6, 0}, /* signature */
                {'U', 'S', 'B', 'C', 1, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 6, 0}, /* flags */
                {'U', 'S', 'B', 'C', 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 6, 0}, /* unit */
                {'U', 'S', 'B', 'C', 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0}, /* no command */
                {'U', 'S', 'B', 'C', 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 17, 0},
                {'U', 'S', 'B', 'C', 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 6, 0}, /* 32 bytes, below */
};

START_TEST(test_bad_wrapper)
{
        size_t size = UMS_CBW_SIZE + (_i == ELEMENTSOF(bad_wrappers) - 1);

        plug("");
        ck_assert_int_eq(recsim_bulk_out(sim, bad_wrappers[_i], size), 0);
        ck_assert_int_eq(read_in(13), -EPIPE);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_IN); /* not enough */
        recsim_clear_halt(sim, RECSIM_ENDPOINT_OUT);
        ck_assert_int_eq(read_in(13), -EPIPE);
        ck_assert_int_eq(send_read(0, 1), -EPIPE);
        recover();
        check_read(0, 1);
        ck_assert_int_eq(figure("class_resets", NULL), 1);
}
END_TEST

/* The thirteen cases of 6.7, as far as a host that reads can come to them: more or less than expected. */
START_TEST(test_disagreement)
{
        plug("");
        ck_assert_int_eq(SEND(0, 0, false, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0); /* Hn < Di */
        ck_assert_int_eq(status(), 2);
        ck_assert_int_eq(send_read(0, 1), -EPIPE);
        recover();
        ck_assert_int_eq(SEND(0, 512, true, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 2, 0), 0); /* Hi < Di */
        ck_assert_int_eq(read_in(512), 0);
        ck_assert_int_eq(status(), 2);
        recover();
        ck_assert_int_eq(SEND(0, 2048, true, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 2, 0), 0); /* Hi > Di */
        ck_assert_int_eq(read_in(2048), 0);
        ck_assert_uint_eq(reply_size, 1024); /* an empty packet ended it */
        ck_assert_int_eq(status(), 0);
        ck_assert_uint_eq(csw.residue, 1024);
        ck_assert_int_eq(SEND(0, 512, true, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 0); /* Hi > Dn */
        ck_assert_int_eq(read_in(512), 0);
        ck_assert_uint_eq(reply_size, 0);
        ck_assert_int_eq(status(), 0);
        ck_assert_uint_eq(csw.residue, 512);
}
END_TEST

/* A failure without a halt, as many sticks have it. */
START_TEST(test_no_halt)
{
        plug("halts=no fault=medium,lba=2");
        ck_assert_int_eq(send_read(0, 4), 0);
        ck_assert_int_eq(read_in(2048), 0);
        ck_assert_uint_eq(reply_size, 1024);
        ck_assert_int_eq(status(), 1);
        ck_assert_uint_eq(csw.residue, 1024);
}
END_TEST

/* --- descriptors, figures, settings -----------------------------------------------------------------------
 */

/* The interfaces of the configuration, as "class/subclass/protocol" with '+' for a further setting. */
static void interfaces_text(char *ret, size_t room)
{
        uint8_t d[RECSIM_DESCRIPTORS_MAX];
        size_t n = recsim_descriptors(sim, d);
        size_t used = 0;

        ck_assert_uint_eq(recsim_get_u16(d + 18 + 2), n - 18);
        for (size_t i = 18; i < n; i += d[i]) {
                ck_assert_uint_gt(d[i], 0);
                if (d[i + 1] == 4)
                        used += (size_t)snprintf(ret + used, room - used, "%s%x/%x/%x:%u ",
                                                 d[i + 3] ? "+" : "", d[i + 5], d[i + 6], d[i + 7],
                                                 d[i + 4]);
        }
}

static const struct {
        const char *settings;
        const char *interfaces; /* with their endpoints */
} shapes[] = {
                {"", "8/6/50:2 "},
                {"speed=super", "8/6/50:2 "},
                {"uas=yes", "8/6/50:2 +8/6/62:4 "},
                {"uas=yes speed=super beside=network", "8/6/50:2 +8/6/62:4 2/6/0:1 a/0/0:0 +a/0/0:2 "},
                {"beside=keyboard", "8/6/50:2 3/1/1:1 "},
                {"beside=network", "8/6/50:2 2/6/0:1 a/0/0:0 +a/0/0:2 "},
                {"vendor-mode=yes", "ff/0/0:3 "},
};

START_TEST(test_shape)
{
        char text[128] = "";

        plug(shapes[_i].settings);
        interfaces_text(text, sizeof(text));
        ck_assert_str_eq(text, shapes[_i].interfaces);
}
END_TEST

START_TEST(test_alternate)
{
        plug("uas=yes");
        ck_assert(!recsim_set_alternate(sim, 0, 2));
        ck_assert(recsim_set_alternate(sim, 0, 1));
        ck_assert_int_eq(send_read(0, 1), -EPIPE); /* it only pretends to speak UAS */
        ck_assert(recsim_set_alternate(sim, 0, 0));
        check_read(0, 1);
        plug("");
        ck_assert(!recsim_set_alternate(sim, 0, 1));
}
END_TEST

START_TEST(test_vendor_mode)
{
        plug("vendor-mode=yes pid=0x1234");
        ck_assert_uint_ne(recsim_product(sim), 0x1234);
        ck_assert_int_eq(recsim_bulk_out(sim, (const uint8_t *)"@ATH;8;87654321;#", 17), 0);
        ck_assert(!sim->gone);
        ck_assert_int_eq(recsim_bulk_out(sim, (const uint8_t *)"@ATH;8;12345678;#", 17), 0);
        ck_assert(sim->gone && sim->returns);
}
END_TEST

START_TEST(test_figures)
{
        plug("fault=vanish,at=102600");
        check_read(0, 100);
        check_read(50, 100);
        check_read(40, 20);
        check_read(0, 10);
        ck_assert_int_eq(figure("sector_bytes", NULL), 230 * 512);
        ck_assert_int_eq(figure("sector_bytes_again", NULL), (50 + 20 + 10) * 512);
        ck_assert_int_eq(figure("read_commands", "51200"), 2);
        ck_assert_int_eq(figure("read_commands", "5120"), 1);
        ck_assert_int_eq(figure("ops", "0x28"), 4);
        ck_assert_int_eq(figure("violations", "0x28"), -1);
        /* What was asked for and did not come is not counted. */
        ck_assert_int_eq(send_read(200, 10), 0);
        ck_assert_int_eq(read_in(5120), -ENODEV);
        ck_assert_int_eq(figure("sector_bytes", NULL), 230 * 512 + 200);
        ck_assert_int_eq(figure("sector_bytes_again", NULL), 80 * 512 + 200);
}
END_TEST

static const struct {
        const char *settings;
        const char *why;
} refusals[] = {
                {"disk=/nonexistent", "disk='/nonexistent': No such file"},
                {"disk=/tmp", "disk='/tmp'"},
                {"disk=", "disk=''"},
                {"sector=100", "sector='100'"},
                {"sector=8192", "sector='8192'"},
                {"beside=mouse", "beside='mouse'"},
                {"writable=maybe", "writable='maybe'"},
                {"inquiry-vendor=TooLongForIt", "inquiry-vendor='TooLongForIt'"},
                {"fault=busy", "fault 'busy': not for a recorder that is a disk"},
                {"fault=medium,lba=-5", "lba='-5'"},
                {"fault=medium,lba=9-5", "lba='9-5'"},
                {"fault=medium,lba=x", "lba='x'"},
                {"fault=medium,lun=16", "lun='16'"},
                {"fault=medium,object=A.mp4", "object='A.mp4'"},
                {"dir=/tmp", "dir='/tmp'"},
};

START_TEST(test_refusal)
{
        const char *why = plug_why(refusals[_i].settings);

        ck_assert_msg(strstr(why, refusals[_i].why) != NULL, "'%s' for %s", why, refusals[_i].settings);
        ck_assert_ptr_null(sim);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("recsim_ums");
        TCase *c = ums_case(suite);
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(c, test_identity);
        tcase_add_test(c, test_capacity);
        tcase_add_test(c, test_mode_sense);
        tcase_add_test(c, test_units);
        tcase_add_test(c, test_read);
        tcase_add_test(c, test_sector_size);
        tcase_add_test(c, test_write);
        tcase_add_test(c, test_order);
        tcase_add_test(c, test_data_end);
        tcase_add_loop_test(c, test_bad_wrapper, 0, ELEMENTSOF(bad_wrappers));
        tcase_add_test(c, test_disagreement);
        tcase_add_test(c, test_no_halt);
        tcase_add_loop_test(c, test_shape, 0, ELEMENTSOF(shapes));
        tcase_add_test(c, test_alternate);
        tcase_add_test(c, test_vendor_mode);
        tcase_add_test(c, test_figures);
        tcase_add_loop_test(c, test_refusal, 0, ELEMENTSOF(refusals));
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
