// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The simulated recorder that is a disk, driven as a bus would drive it: each command, each fault, and above
 * all what the device does not forgive.
 */

#include "recsim_plug.h"
#include "recsim_ums.h"

#include "base/cleanup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS   1024u
#define READ_SIZE 262144u
#define THREE_TIB (3LL << 40)

static char image[] = "/tmp/test_recsim_ums.XXXXXX";
static char huge[] = "/tmp/test_recsim_ums.XXXXXX";
static struct recsim *sim;
static uint32_t tag;
static uint8_t reply[READ_SIZE];
static size_t reply_size;
static uint32_t information;
static struct {
        uint32_t residue;
        uint8_t status;
} csw;

static uint8_t content(uint64_t at)
{
        return (uint8_t)(at * 7 + (at >> 9) * 13);
}

static void setup(void)
{
        uint8_t sector[512];
        int fd = mkostemp(image, O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        for (size_t i = 0; i < SECTORS; i++) {
                for (size_t k = 0; k < sizeof(sector); k++)
                        sector[k] = content(i * sizeof(sector) + k);
                ck_assert_int_eq(write(fd, sector, sizeof(sector)), sizeof(sector));
        }
        (void)close(fd);
        fd = mkostemp(huge, O_CLOEXEC);
        ck_assert_int_eq(ftruncate(fd, THREE_TIB), 0);
        ck_assert_int_eq(pwrite(fd, "end", 3, THREE_TIB - 512), 3);
        (void)close(fd);
}

static void teardown(void)
{
        (void)unlink(image);
        (void)unlink(huge);
}

static void sim_teardown(void)
{
        recsim_free(sim);
        sim = NULL;
}

/* A recorder with these settings beside its first image; the reason when it is refused, "" when not. */
static const char *plug_why(const char *settings)
{
        static char why[RECSIM_WHY_MAX];
        char line[1024];
        char *words[RECSIM_WORDS_MAX];
        struct recsim_profile p;
        struct recsim_faults f;
        int n;

        (void)snprintf(line, sizeof(line), "disk=%s %s", image, settings);
        n = recsim_words_split(line, words);
        recsim_free(sim);
        sim = NULL;
        why[0] = '\0';
        if (recsim_plug_parse(words, n, &p, &f, why) == 0)
                (void)recsim_new(&sim, &p, &f, why);
        return why;
}

static void plug(const char *settings)
{
        ck_assert_str_eq(plug_why(settings), "");
}

/* One read; its status, or -EAGAIN when it would wait. The bytes are in reply. */
static int read_in(size_t want)
{
        struct recsim_reading plan;

        reply_size = 0;
        if (!recsim_bulk_in_plan(sim, want, &plan))
                return -EAGAIN;
        recsim_bulk_in_fill(sim, want, &plan, reply);
        reply_size = plan.size;
        return plan.status;
}

static int send_wrapper(uint8_t lun, const uint8_t *cdb, size_t n, uint32_t size, bool in)
{
        uint8_t cbw[UMS_CBW_SIZE] = "USBC";
        uint32_t t = ++tag;

        memcpy(cbw + 4, &t, 4);
        memcpy(cbw + 8, &size, 4);
        cbw[12] = in ? 0x80 : 0;
        cbw[13] = lun;
        cbw[14] = (uint8_t)n;
        memcpy(cbw + 15, cdb, n);
        return recsim_bulk_out(sim, cbw, sizeof(cbw));
}

#define SEND(lun, size, in, ...) \
        send_wrapper(lun, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), size, in)

static int status(void)
{
        uint32_t t = tag;
        int r = read_in(UMS_CSW_SIZE);

        if (r < 0)
                return r;
        ck_assert_uint_eq(reply_size, UMS_CSW_SIZE);
        ck_assert_mem_eq(reply, "USBS", 4);
        ck_assert_mem_eq(reply + 4, &t, 4);
        csw.residue = recsim_get_u32(reply + 8);
        csw.status = reply[12];
        return csw.status;
}

static int send_read(uint32_t lba, uint16_t n)
{
        return SEND(0, n * 512u, true, SCSI_READ_10, 0, (uint8_t)(lba >> 24), (uint8_t)(lba >> 16),
                    (uint8_t)(lba >> 8), (uint8_t)lba, 0, (uint8_t)(n >> 8), (uint8_t)n, 0);
}

/* Sense key, code and qualifier; a sector goes to 'information'. */
static uint32_t sense(uint8_t lun)
{
        uint32_t v;

        ck_assert_int_eq(SEND(lun, 18, true, SCSI_REQUEST_SENSE, 0, 0, 0, 18, 0), 0);
        ck_assert_int_eq(read_in(18), 0);
        ck_assert_uint_eq(reply_size, 18);
        v = (uint32_t)(reply[2] & 0x0F) << 16 | (uint32_t)reply[12] << 8 | reply[13];
        information = reply[0] == 0xF0 ? recsim_get_be32(reply + 3) : 0;
        ck_assert_int_eq(status(), 0);
        return v;
}

/* A command without data; its status. */
static int bare(uint8_t lun, uint8_t op)
{
        ck_assert_int_eq(SEND(lun, 0, false, op, 0, 0, 0, 0, 0), 0);
        return status();
}

static void recover(void)
{
        const uint8_t reset[8] = {0x21, UMS_RESET, 0, 0, 0, 0, 0, 0};

        ck_assert_int_eq(recsim_control(sim, reset, NULL), 0);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_OUT);
}

/* Reads sectors and looks at each byte. */
static void check_read(uint32_t lba, uint16_t n)
{
        ck_assert_int_eq(send_read(lba, n), 0);
        ck_assert_int_eq(read_in(n * 512u), 0);
        ck_assert_uint_eq(reply_size, n * 512u);
        for (size_t i = 0; i < reply_size; i++)
                ck_assert_uint_eq(reply[i], content(lba * 512ull + i));
        ck_assert_int_eq(status(), 0);
        ck_assert_uint_eq(csw.residue, 0);
}

static int64_t figure(const char *key, const char *inner)
{
        _cleanup_free_ char *text = recsim_stats_json(sim);
        struct json_object *o = json_tokener_parse(text);
        struct json_object *v = json_object_object_get(o, key);
        int64_t n;

        if (inner)
                v = json_object_object_get(v, inner);
        n = v ? json_object_get_int64(v) : -1;
        json_object_put(o);
        return n;
}

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
                {"capacity,value=15", -EPIPE, 0, -EPIPE, 0},
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

static Suite *ums_suite(void)
{
        Suite *suite = suite_create("recsim_ums");
        TCase *c = tcase_create("ums");

        tcase_add_unchecked_fixture(c, setup, teardown);
        tcase_add_checked_fixture(c, NULL, sim_teardown);
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
        tcase_add_loop_test(c, test_shape, 0, ELEMENTSOF(shapes));
        tcase_add_test(c, test_alternate);
        tcase_add_test(c, test_vendor_mode);
        tcase_add_test(c, test_figures);
        tcase_add_loop_test(c, test_refusal, 0, ELEMENTSOF(refusals));
        suite_add_tcase(suite, c);
        return suite;
}

int main(void)
{
        SRunner *runner = srunner_create(ums_suite());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
