// SPDX-License-Identifier: LGPL-2.1-or-later
/* See the header. */

#include "recsim_ums_host.h"

#include "recsim_plug.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREE_TIB (3LL << 40)

static char image[] = "/tmp/test_recsim_ums.XXXXXX";
char huge[] = "/tmp/test_recsim_ums.XXXXXX";
struct recsim *sim;
uint32_t tag;
uint8_t reply[READ_SIZE];
size_t reply_size;
uint32_t information;
struct csw csw;

uint8_t content(uint64_t at)
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

const char *plug_why(const char *settings)
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

void plug(const char *settings)
{
        ck_assert_str_eq(plug_why(settings), "");
}

int read_in(size_t want)
{
        struct recsim_reading plan;

        reply_size = 0;
        if (!recsim_bulk_in_plan(sim, want, &plan))
                return -EAGAIN;
        recsim_bulk_in_fill(sim, want, &plan, reply);
        reply_size = plan.size;
        return plan.status;
}

int send_wrapper(uint8_t lun, const uint8_t *cdb, size_t n, uint32_t size, bool in)
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

int status(void)
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

int send_read(uint32_t lba, uint16_t n)
{
        return SEND(0, n * 512u, true, SCSI_READ_10, 0, (uint8_t)(lba >> 24), (uint8_t)(lba >> 16),
                    (uint8_t)(lba >> 8), (uint8_t)lba, 0, (uint8_t)(n >> 8), (uint8_t)n, 0);
}

uint32_t sense(uint8_t lun)
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

int bare(uint8_t lun, uint8_t op)
{
        ck_assert_int_eq(SEND(lun, 0, false, op, 0, 0, 0, 0, 0), 0);
        return status();
}

void recover(void)
{
        const uint8_t reset[8] = {0x21, UMS_RESET, 0, 0, 0, 0, 0, 0};

        ck_assert_int_eq(recsim_control(sim, reset, NULL), 0);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_OUT);
}

void check_read(uint32_t lba, uint16_t n)
{
        ck_assert_int_eq(send_read(lba, n), 0);
        ck_assert_int_eq(read_in(n * 512u), 0);
        ck_assert_uint_eq(reply_size, n * 512u);
        for (size_t i = 0; i < reply_size; i++)
                ck_assert_uint_eq(reply[i], content(lba * 512ull + i));
        ck_assert_int_eq(status(), 0);
        ck_assert_uint_eq(csw.residue, 0);
}

int64_t figure(const char *key, const char *inner)
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

TCase *ums_case(Suite *suite)
{
        TCase *c = tcase_create("ums");

        tcase_add_unchecked_fixture(c, setup, teardown);
        tcase_add_checked_fixture(c, NULL, sim_teardown);
        suite_add_tcase(suite, c);
        return c;
}
