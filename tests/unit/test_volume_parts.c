// SPDX-License-Identifier: LGPL-2.1-or-later
/* The small parts of the volume reader: times, names, code pages, the cache, partition tables. */
#include "block_image.h"

#include "recorder/little_endian.h"
#include "recorder/ums/fat_name.h"
#include "recorder/ums/partition.h"
#include "recorder/ums/volume_cache.h"
#include "recorder/ums/volume_time.h"

#include "base/clock.h"

#include <check.h>
#include <string.h>

#define DATE (46 << 9 | 11 << 5 | 1) /* 2026-11-01 */
#define TIME (8 << 11 | 30 << 5 | 5) /* 08:30:10 */

static const struct {
        uint16_t date, time;
        int hundredths;
        uint8_t offset;
        const char *text;
} times[] = {
                {DATE, TIME, VOLUME_TIME_WHOLE, 0, "20261101T083010"},
                {DATE, TIME, 0, 0, "20261101T083010.00"},
                {DATE, TIME, 147, 0, "20261101T083011.47"},
                {DATE, TIME, 199, 0, "20261101T083011.99"},
                {DATE, TIME, 200, 0, "20261101T083010"}, /* is none */
                {DATE, TIME, 5, 0x80 | 32, "20261101T083010.05+0800"},
                {DATE, TIME, 5, 32, "20261101T083010.05"}, /* not marked valid */
                {DATE, TIME, 5, 0x80 | (0x7f & -20), "20261101T083010.05-0500"},
                {DATE, TIME, 5, 0x80 | 23, "20261101T083010.05+0545"},
                {DATE, TIME, 5, 0x80, "20261101T083010.05+0000"},
                {DATE, TIME, 5, 0x80 | 0x40, "20261101T083010.05"}, /* sixteen hours */
                {0, TIME, 5, 0x80, ""},
                {0x21, 0, VOLUME_TIME_WHOLE, 0, "19800101T000000"},
                {0xffff, 0xffff, 199, 0, "21071531T316363.99"},
};

START_TEST(test_time)
{
        char text[RECORDER_TIME_MAX];
        instant_t instant;
        bool zoned;

        volume_time_text(times[_i].date, times[_i].time, times[_i].hundredths, times[_i].offset, text);
        ck_assert_str_eq(text, times[_i].text);
        if (times[_i].date == DATE) {
                ck_assert_int_eq(instant_parse_ptp(text, &instant, &zoned), 0);
                ck_assert_int_eq(zoned, strlen(text) > 18);
        }
}
END_TEST

static const struct {
        const char *slot; /* 8.3 name, attributes, case flags */
        const char *name, *without;
} names[] = {
                {"README  TXT\x20\x00", "README.TXT", "README.TXT"},
                {"README  TXT\x20\x18", "readme.txt", "readme.txt"},
                {"README  TXT\x20\x10", "README.txt", "README.txt"},
                {"NOEXT      \x20\x00", "NOEXT", "NOEXT"},
                {"A B     C D\x20\x00", "A B.C D", "A B.C D"},
                {"\xca\xd3\xc6\xb5    MP4\x20\x00", "视频.MP4",
                 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.MP4"},
                {"\x05\xb7"
                 "A     TXT\x20\x00",
                 "宸A.TXT",
                 "\xef\xbf\xbd\xef\xbf\xbd"
                 "A.TXT"},
                {"\xe5"
                 "EADME  TXT\x20\x00",
                 "_EADME.TXT", "_EADME.TXT"},
                /* A second byte of GBK that is a capital letter stays one. */
                {"\x81\x41      TXT\x20\x18", "丄.txt",
                 "\xef\xbf\xbd"
                 "a.txt"},
                /* No GBK: code page 437. */
                {"\x81 \x82     TXT\x20\x00", "ü é.TXT", "\xef\xbf\xbd \xef\xbf\xbd.TXT"},
                {"A\x1f\x7f     TXT\x20\x00", "A??.TXT", "A??.TXT"},
};

START_TEST(test_short_name)
{
        _cleanup_(volume_charset_freep) struct volume_charset *c = NULL;
        char name[ITEM_NAME_MAX];

        ck_assert_int_eq(volume_charset_new(&c), 0);
        short_name_decode(c, (const uint8_t *)names[_i].slot, name);
        ck_assert_str_eq(name, names[_i].name);
        short_name_decode(NULL, (const uint8_t *)names[_i].slot, name);
        ck_assert_str_eq(name, names[_i].without);
}
END_TEST

/* Slots of "a long name.mp4" before "ALONGN~1MP4". */
static void long_slots(uint8_t slots[2][32], uint8_t checksum)
{
        static const char text[] = "a long name.mp4";
        static const uint8_t places[13] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

        memset(slots, 0, 64);
        for (int i = 0; i < 26; i++)
                wire_put16(slots[1 - i / 13] + places[i % 13],
                           i < 15 ? (uint16_t)text[i] : (uint16_t)(i == 15 ? 0 : 0xffff));
        slots[0][0] = 0x42;
        slots[1][0] = 1;
        slots[0][11] = slots[1][11] = 0x0f;
        slots[0][13] = slots[1][13] = checksum;
}

static uint8_t checksum_of(const char *entry)
{
        uint8_t sum = 0;

        for (int i = 0; i < 11; i++)
                sum = (uint8_t)((uint8_t)(sum << 7 | sum >> 1) + (uint8_t)entry[i]);
        return sum;
}

static bool long_settle(uint8_t slots[2][32], const char *entry, char name[ITEM_NAME_MAX])
{
        struct long_name l = {.n = 0};

        long_name_take(&l, slots[0], 7);
        long_name_take(&l, slots[1], 8);
        ck_assert_uint_eq(l.slot, 7);
        return long_name_settle(&l, (const uint8_t *)entry, name);
}

START_TEST(test_long_name)
{
        static const char entry[] = "ALONGN~1MP4\x20", other[] = "BLONGN~1MP4\x20",
                          gone[] = "\xe5LONGN~1MP4\x20";
        uint8_t slots[2][32];
        char name[ITEM_NAME_MAX];

        long_slots(slots, checksum_of(entry));
        ck_assert(long_settle(slots, entry, name));
        ck_assert_str_eq(name, "a long name.mp4");
        ck_assert(!long_settle(slots, other, name));
        ck_assert(!long_settle(slots, gone, name));
        slots[0][0] = slots[1][0] = 0xe5;
        ck_assert(long_settle(slots, gone, name));
        ck_assert_str_eq(name, "a long name.mp4");
        ck_assert(!long_settle(slots, entry, name));
        /* The first letter would be one that no name has: these slots are another's. */
        long_slots(slots, checksum_of("aLONGN~1MP4"));
        slots[0][0] = slots[1][0] = 0xe5;
        ck_assert(!long_settle(slots, gone, name));
}
END_TEST

#define CACHED (8U * 1024 * 1024)

static uint8_t *memory;
static struct block_image unit;
static struct volume_cache cache;

static void setup(void)
{
        memory = malloc(CACHED);
        ck_assert_ptr_nonnull(memory);
        for (size_t i = 0; i < CACHED; i++)
                memory[i] = (uint8_t)(i ^ i >> 9);
        block_image_memory(&unit, memory, CACHED, 512);
        ck_assert_int_eq(volume_cache_init(&cache, &unit.unit, 512, CACHED - 512 - 1024, 0), 0);
        cache.budget = UINT64_MAX;
}

static void teardown(void)
{
        volume_cache_done(&cache);
        free(memory);
}

static void expect(uint64_t at, size_t size, uint64_t ahead)
{
        uint8_t data[40000];

        ck_assert_int_eq(volume_cache_read(&cache, at, data, size, ahead), RECORDER_OK);
        ck_assert_mem_eq(data, memory + 512 + at, size);
}

START_TEST(test_cache_reads)
{
        expect(100, 4, 0);
        expect(16000, 384, 0);
        ck_assert_uint_eq(unit.reads, 1);
        ck_assert_uint_eq(unit.bytes, CACHE_LINE);
        expect(16383, 2, 0); /* two lines, the second one follows */
        ck_assert_uint_eq(unit.reads, 2);
        expect(1000000, 32, 300000); /* known ahead */
        ck_assert_uint_eq(unit.reads, 3);
        expect(1000000 + 200000, 32, 0);
        ck_assert_uint_eq(unit.reads, 3);
        expect(cache.size - 3, 3, 1000000);
        ck_assert_int_eq(volume_cache_read(&cache, cache.size - 3, memory, 4, 0), RECORDER_PROTOCOL);
        ck_assert_int_eq(volume_cache_read(&cache, UINT64_MAX, memory, 2, 0), RECORDER_PROTOCOL);
}
END_TEST

START_TEST(test_cache_grows)
{
        for (uint64_t at = 0; at < 4U * 1024 * 1024; at += 32)
                expect(at, 32, 0);
        ck_assert_uint_le(unit.bytes, 4U * 1024 * 1024 + 256U * 1024);
        ck_assert_uint_le(unit.reads, 21);
        /* There is room for half a MiB only. */
        for (uint64_t at = 0; at < 7U * 1024 * 1024; at += 300007)
                expect(at, 32000, 0);
}
END_TEST

START_TEST(test_cache_unreadable)
{
        uint64_t before;
        uint8_t data[512];

        unit.bad_offset = 512 + 1024;
        unit.bad_size = 512;
        expect(0, 1024, 0);
        before = unit.reads;
        ck_assert_int_eq(volume_cache_read(&cache, 1023, data, 2, 0), RECORDER_UNREADABLE);
        ck_assert_int_eq(volume_cache_read(&cache, 1500, data, 32, 0), RECORDER_UNREADABLE);
        expect(1536, 1000, 0);
        ck_assert_uint_eq(unit.reads, before);
}
END_TEST

START_TEST(test_cache_budget)
{
        uint8_t data[4];

        cache.budget = 2 * CACHE_LINE;
        expect(0, 4, 0);
        expect(1000000, 4, 0);
        ck_assert(!cache.spent);
        ck_assert_int_eq(volume_cache_read(&cache, 2000000, data, 4, 0), RECORDER_PROTOCOL);
        ck_assert(cache.spent);
        expect(0, 4, 0);
}
END_TEST

/* Entry 'i' of a table in a sector. */
static void entry_put(uint64_t sector, int i, uint8_t type, uint32_t start, uint32_t sectors)
{
        uint8_t *p = memory + sector * 512 + 446 + (size_t)i * 16;

        p[4] = type;
        wire_put32(p + 8, start);
        wire_put32(p + 12, sectors);
        wire_put16(memory + sector * 512 + 510, 0xaa55);
}

START_TEST(test_partitions_mbr)
{
        static const uint64_t starts[] = {64, 1000, 2010, 2110};
        static const unsigned int numbers[] = {1, 3, 5, 6};
        const struct volume_findings on = {.fn = NULL};
        struct partitions found;

        memset(memory, 0, CACHED);
        entry_put(0, 0, 0x0c, 64, 100);
        entry_put(0, 1, 0x0f, 2000, 1000);
        entry_put(0, 2, 0x07, 1000, 500);
        entry_put(2000, 0, 0x0b, 10, 50);
        entry_put(2000, 1, 0x05, 100, 60);
        entry_put(2100, 0, 0x07, 10, 40);
        ck_assert_int_eq(partitions_find(&unit.unit, &on, &found), RECORDER_OK);
        ck_assert_uint_eq(found.n, 4);
        for (unsigned int i = 0; i < 4; i++) {
                unsigned int k = 0;

                while (k < 4 && found.at[k].number != numbers[i])
                        k++;
                ck_assert_uint_lt(k, 4);
                ck_assert_uint_eq(found.at[k].offset, starts[i] * 512);
                ck_assert_int_eq(found.at[k].scheme, PARTITION_MBR);
        }
}
END_TEST

START_TEST(test_partitions_none)
{
        const struct volume_findings on = {.fn = NULL};
        struct partitions found;

        memset(memory, 0, CACHED);
        ck_assert_int_eq(partitions_find(&unit.unit, &on, &found), RECORDER_OK);
        ck_assert_uint_eq(found.n, 1);
        ck_assert_int_eq(found.at[0].scheme, PARTITION_NONE);
        ck_assert_uint_eq(found.at[0].size, CACHED);
        block_image_memory(&unit, memory, 0, 512);
        ck_assert_int_eq(partitions_find(&unit.unit, &on, &found), RECORDER_OK);
        ck_assert_uint_eq(found.n, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("volume parts");
        TCase *t = tcase_create("texts"), *c = tcase_create("unit");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(t, test_time, 0, (int)ELEMENTSOF(times));
        tcase_add_loop_test(t, test_short_name, 0, (int)ELEMENTSOF(names));
        tcase_add_test(t, test_long_name);
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, test_cache_reads);
        tcase_add_test(c, test_cache_grows);
        tcase_add_test(c, test_cache_unreadable);
        tcase_add_test(c, test_cache_budget);
        tcase_add_test(c, test_partitions_mbr);
        tcase_add_test(c, test_partitions_none);
        suite_add_tcase(s, t);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
