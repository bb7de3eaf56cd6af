// SPDX-License-Identifier: LGPL-2.1-or-later
/* Listing, reading, checking again and the bounds of the volume reader, on a small FAT in memory. What it
 * makes of whole volumes of every kind is in tests/volumes. */
#include "block_image.h"
#include "fat_image.h"

#include "recorder/little_endian.h"
#include "recorder/ums/volume.h"

#include <check.h>
#include <string.h>

#define ITEMS_MAX  80
#define CACHED_MIN 512   /* bytes; less than the cache reads at once */
#define FILE_SIZE  2100U /* of A.TXT: five clusters, the last one not full */

static struct fat_image image;
static struct block_image unit;
static struct volume *volume;
static struct volume_item files[ITEMS_MAX], deleted[ITEMS_MAX];
static unsigned int n_files, n_deleted, n_findings;
static unsigned int told[_VOLUME_FINDING_MAX];
static char last_text[VOLUME_FINDING_TEXT_MAX];
static bool complete;

static void on_finding(void *userdata, enum volume_finding finding, const char *text)
{
        (void)userdata;
        told[finding]++;
        n_findings++;
        (void)snprintf(last_text, sizeof(last_text), "%s", text);
}

static int on_file(void *userdata, const struct volume_item *item)
{
        (void)userdata;
        ck_assert_uint_lt(n_files, ITEMS_MAX);
        files[n_files++] = *item;
        return 0;
}

static int on_deleted(void *userdata, const struct volume_item *item)
{
        (void)userdata;
        ck_assert_uint_lt(n_deleted, ITEMS_MAX);
        deleted[n_deleted++] = *item;
        return 0;
}

/*
 * A.TXT in clusters 10 to 12, 20, 21; GONE.TXT was in 30, 31; SUB in 3 with B.TXT in 40.
 */
static void image_fill(void)
{
        uint8_t *root = image.bytes + FAT_IMAGE_ROOT;

        fat_image_init(&image);
        fat_image_entry(root, "A       TXT", 0x20, 10, FILE_SIZE);
        fat_image_chain(&image, 10, 3);
        fat_image_link(&image, 12, 20);
        fat_image_chain(&image, 20, 2);
        fat_image_entry(root + 32, "\xe5ONE    TXT", 0x20, 30, 700);
        fat_image_entry(root + 64, "SUB        ", 0x10, 3, 0);
        fat_image_chain(&image, 3, 1);
        fat_image_folder(&image, 3, 0);
        fat_image_entry(fat_image_cluster(&image, 3) + 64, "B       TXT", 0x21, 40, 5);
        fat_image_chain(&image, 40, 1);
        for (uint32_t c = 4; c < 50; c++)
                for (int i = 0; i < 512; i++)
                        fat_image_cluster(&image, c)[i] = (uint8_t)(c * 7 + (uint32_t)i);
        for (int i = 0; i < 5; i++)
                fat_image_cluster(&image, 40)[i] = (uint8_t) "hello"[i];
}

static void setup(void)
{
        image_fill();
        block_image_memory(&unit, image.bytes, sizeof(image.bytes), 512);
        n_files = n_deleted = n_findings = 0;
        memset(told, 0, sizeof(told));
        volume = NULL;
}

static void teardown(void)
{
        volume_free(volume);
}

static int try_open(const struct volume_limits *limits)
{
        struct volume_opening how = {.on = {.fn = on_finding}};

        if (limits)
                how.limits = *limits;
        return volume_open(&volume, &unit.unit, 0, unit.unit.size, &how);
}

static int try_list(volume_item_fn *fn)
{
        const struct volume_listing to = {.root = "card", .on_file = fn, .on_deleted = on_deleted};

        return volume_list(volume, &to, &complete);
}

static void list_with(const struct volume_limits *limits)
{
        ck_assert_int_eq(try_open(limits), RECORDER_OK);
        ck_assert_int_eq(try_list(on_file), RECORDER_OK);
}

static const struct volume_file *file_of(const char *path)
{
        for (unsigned int i = 0; i < n_files; i++)
                if (strcmp(files[i].path, path) == 0)
                        return &files[i].file;
        ck_abort_msg("no '%s' in the listing", path);
        return NULL;
}

/* A sink that keeps what it gets. */
static uint8_t got[64 * 1024];
static size_t n_got, got_limit;
static uint64_t bad_at, bad_size;

static int sink_write(void *userdata, const void *data, size_t size)
{
        (void)userdata;
        if (n_got + size > got_limit)
                return RECORDER_NO_SPACE;
        memcpy(got + n_got, data, size);
        n_got += size;
        return 0;
}

static int sink_unreadable(void *userdata, uint64_t offset, uint64_t size)
{
        (void)userdata;
        if (bad_size == 0)
                bad_at = offset;
        ck_assert_uint_eq(offset, bad_at + bad_size);
        bad_size += size;
        return 0;
}

static int file_read(const struct volume_file *f, uint64_t offset, uint64_t *ret_size)
{
        const struct volume_sink sink = {.write = sink_write, .unreadable = sink_unreadable};

        n_got = 0;
        got_limit = sizeof(got);
        bad_at = bad_size = 0;
        return volume_read(volume, f, offset, &sink, ret_size);
}

/* What A.TXT has at an offset. */
static uint8_t byte_at(uint64_t offset)
{
        static const uint32_t clusters[] = {10, 11, 12, 20, 21};

        return fat_image_cluster(&image, clusters[offset / 512])[offset % 512];
}

START_TEST(test_list)
{
        struct volume_facts facts;
        int64_t free_bytes;
        bool counted;

        list_with(NULL);
        ck_assert(complete);
        ck_assert_uint_eq(n_findings, 0);
        ck_assert_uint_eq(n_files, 2);
        ck_assert_str_eq(files[0].path, "card/A.TXT");
        ck_assert_str_eq(files[0].time_text, "20261101T080002");
        ck_assert_str_eq(files[0].created_text, "");
        ck_assert_str_eq(files[1].path, "card/SUB/B.TXT");
        ck_assert_uint_eq(files[1].attributes, VOLUME_READ_ONLY | VOLUME_ARCHIVE);
        ck_assert_uint_eq(n_deleted, 1);
        ck_assert_str_eq(deleted[0].path, "card/(deleted)/_ONE.TXT");
        ck_assert(deleted[0].recoverable);
        volume_facts(volume, &facts);
        ck_assert_int_eq(facts.type, VOLUME_FAT12);
        ck_assert_str_eq(facts.label, "CARD");
        ck_assert_uint_eq(facts.serial, 0x1234abcd);
        ck_assert_int_eq(volume_usage(volume, &free_bytes, &counted), RECORDER_OK);
        ck_assert(counted);
        ck_assert_int_eq(free_bytes, (FAT_IMAGE_CLUSTERS - 7) * 512);
}
END_TEST

static const uint64_t offsets[] = {0, 1, 511, 512, 513, 1535, 1536, 1537, 2047, 2048, 2099, 2100};

START_TEST(test_read_from)
{
        uint64_t size = 0, offset = offsets[_i];

        list_with(NULL);
        ck_assert_int_eq(file_read(file_of("card/A.TXT"), offset, &size), RECORDER_OK);
        ck_assert_uint_eq(size, FILE_SIZE);
        ck_assert_uint_eq(n_got, FILE_SIZE - offset);
        for (size_t i = 0; i < n_got; i++)
                ck_assert_uint_eq(got[i], byte_at(offset + i));
}
END_TEST

START_TEST(test_read_ends)
{
        uint64_t size = 77;

        list_with(NULL);
        ck_assert_int_eq(file_read(file_of("card/A.TXT"), FILE_SIZE + 1, &size), RECORDER_MISMATCH);
        ck_assert_uint_eq(size, 77);
        ck_assert_int_eq(file_read(&deleted[0].file, 0, &size), RECORDER_OK);
        ck_assert_uint_eq(n_got, 700);
        ck_assert_mem_eq(got, fat_image_cluster(&image, 30), 700);
        ck_assert_int_eq(file_read(file_of("card/SUB/B.TXT"), 0, &size), RECORDER_OK);
        ck_assert_mem_eq(got, "hello", 5);
}
END_TEST

START_TEST(test_read_merges)
{
        uint64_t size = 0, before;

        list_with(NULL);
        before = unit.reads;
        ck_assert_int_eq(file_read(file_of("card/A.TXT"), 0, &size), RECORDER_OK);
        ck_assert_uint_eq(unit.reads - before, 2);
}
END_TEST

START_TEST(test_read_sink_refuses)
{
        const struct volume_sink sink = {.write = sink_write, .unreadable = sink_unreadable};
        uint64_t size = 77;

        list_with(NULL);
        n_got = 0;
        got_limit = 1000;
        ck_assert_int_eq(volume_read(volume, file_of("card/A.TXT"), 0, &sink, &size), RECORDER_NO_SPACE);
        ck_assert_uint_eq(size, 77);
}
END_TEST

/* Cluster 20 is the file's 1536 to 2047. */
START_TEST(test_read_unreadable)
{
        static const uint64_t from[] = {0, 1536, 1600, 2047};
        uint64_t size = 0, offset = from[_i], bad = MAX(offset, UINT64_C(1536));

        list_with(NULL);
        unit.bad_offset = FAT_IMAGE_HEAP + 18 * 512;
        unit.bad_size = 512;
        ck_assert_int_eq(file_read(file_of("card/A.TXT"), offset, &size), RECORDER_OK);
        ck_assert_uint_eq(n_got, FILE_SIZE - offset);
        ck_assert_uint_eq(bad_at, bad);
        ck_assert_uint_eq(bad_size, 2048 - bad);
        for (size_t i = 0; i < n_got; i++)
                ck_assert_uint_eq(got[i], offset + i < 1536 || offset + i >= 2048 ? byte_at(offset + i) : 0);
}
END_TEST

START_TEST(test_read_unreadable_end)
{
        uint64_t size = 0;

        list_with(NULL);
        unit.bad_offset = FAT_IMAGE_HEAP + 19 * 512;
        unit.bad_size = 512;
        ck_assert_int_eq(file_read(file_of("card/A.TXT"), 0, &size), RECORDER_OK);
        ck_assert_uint_eq(n_got, FILE_SIZE);
        ck_assert_uint_eq(bad_at, 2048);
        ck_assert_uint_eq(bad_size, FILE_SIZE - 2048);
}
END_TEST

START_TEST(test_read_short)
{
        uint64_t size = 0;

        fat_image_link(&image, 12, 0xfff);
        list_with(NULL);
        ck_assert_uint_eq(told[VOLUME_CHAIN_SHORT], 1);
        ck_assert_int_eq(file_read(file_of("card/A.TXT"), 100, &size), RECORDER_SHORT);
        ck_assert_uint_eq(size, 1536);
        ck_assert_uint_eq(n_got, 1436);
}
END_TEST

START_TEST(test_folder_unreadable)
{
        uint8_t *root = image.bytes + FAT_IMAGE_ROOT;

        /* SUB goes to the second sector of the root, the first one is lost. */
        for (int i = 3; i < 16; i++)
                fat_image_entry(root + (size_t)i * 32, "\xe5OLLER  TXT", 0x20, 0, 0);
        memcpy(root + 512, root + 64, 32);
        memcpy(root + 64, root + 96, 32);
        unit.bad_offset = FAT_IMAGE_ROOT;
        unit.bad_size = 512;
        list_with(NULL);
        ck_assert(!complete);
        ck_assert_uint_eq(told[VOLUME_UNREADABLE], 1);
        ck_assert_uint_eq(n_files, 1);
        ck_assert_str_eq(files[0].path, "card/SUB/B.TXT");
}
END_TEST

START_TEST(test_fat_unreadable)
{
        uint64_t size = 0;

        unit.bad_offset = FAT_IMAGE_FAT;
        unit.bad_size = 512;
        list_with(NULL);
        ck_assert(complete);
        ck_assert_uint_gt(told[VOLUME_UNREADABLE], 0);
        ck_assert_int_eq(file_read(file_of("card/A.TXT"), 0, &size), RECORDER_OK);
        ck_assert_uint_eq(n_got, FILE_SIZE);
}
END_TEST

/* Changes of the medium that a check must see. */
static void change_nothing(void)
{
}

static void change_name(void)
{
        fat_image_cluster(&image, 3)[64] = 'X';
}

static void change_size(void)
{
        fat_image_cluster(&image, 3)[64 + 28] = 6;
}

static void change_time(void)
{
        fat_image_cluster(&image, 3)[64 + 22] = 2;
}

static void change_cluster(void)
{
        fat_image_cluster(&image, 3)[64 + 26] = 41;
}

static void change_deleted(void)
{
        fat_image_cluster(&image, 3)[64] = 0xe5;
}

static void change_folder_name(void)
{
        image.bytes[FAT_IMAGE_ROOT + 64] = 'Z';
}

static void change_folder_deleted(void)
{
        image.bytes[FAT_IMAGE_ROOT + 64] = 0xe5;
}

static void change_ended(void)
{
        fat_image_cluster(&image, 3)[64] = 0;
}

static const struct {
        void (*change)(void);
        int outcome;
} changes[] = {
                {change_nothing, RECORDER_OK},           {change_name, RECORDER_MISMATCH},
                {change_size, RECORDER_MISMATCH},        {change_time, RECORDER_MISMATCH},
                {change_cluster, RECORDER_MISMATCH},     {change_deleted, RECORDER_ABSENT},
                {change_folder_name, RECORDER_MISMATCH}, {change_folder_deleted, RECORDER_ABSENT},
                {change_ended, RECORDER_ABSENT},
};

START_TEST(test_check)
{
        struct volume_file f;

        list_with(NULL);
        f = *file_of("card/SUB/B.TXT");
        ck_assert_int_eq(volume_check(volume, &f), RECORDER_OK);
        changes[_i].change();
        ck_assert_int_eq(volume_check(volume, &f), RECORDER_OK); /* from memory */
        ck_assert_int_eq(volume_forget(volume), RECORDER_OK);
        ck_assert_int_eq(volume_check(volume, &f), changes[_i].outcome);
        ck_assert_int_eq(volume_check(volume, file_of("card/A.TXT")), RECORDER_OK);
}
END_TEST

START_TEST(test_check_deleted)
{
        list_with(NULL);
        ck_assert_int_eq(volume_check(volume, &deleted[0].file), RECORDER_OK);
        fat_image_link(&image, 31, 0xfff);
        ck_assert_int_eq(volume_forget(volume), RECORDER_OK);
        ck_assert_int_eq(volume_check(volume, &deleted[0].file), RECORDER_MISMATCH);
}
END_TEST

START_TEST(test_forget_other)
{
        list_with(NULL);
        image.bytes[39] ^= 1;
        ck_assert_int_eq(volume_forget(volume), RECORDER_MISMATCH);
        image.bytes[39] ^= 1;
        ck_assert_int_eq(volume_forget(volume), RECORDER_OK);
}
END_TEST

static int on_file_stop(void *userdata, const struct volume_item *item)
{
        (void)on_file(userdata, item);
        return RECORDER_CANCELLED;
}

START_TEST(test_list_stops)
{
        complete = true;
        ck_assert_int_eq(try_open(NULL), RECORDER_OK);
        ck_assert_int_eq(try_list(on_file_stop), RECORDER_CANCELLED);
        ck_assert_uint_eq(n_files, 1);
}
END_TEST

static const struct {
        struct volume_limits limits;
        unsigned int files, deleted;
} bounds[] = {
                {{.files = 1}, 1, 1},
                {{.depth = 1}, 2, 1}, /* just enough */
                {{.folders = 1}, 1, 1},
                {{.deleted = 1}, 2, 1},
};

START_TEST(test_bounds)
{
        bool enough = bounds[_i].files == 2;

        list_with(&bounds[_i].limits);
        ck_assert_uint_eq(n_files, bounds[_i].files);
        ck_assert_uint_eq(n_deleted, bounds[_i].deleted);
        ck_assert_int_eq(complete, enough);
        ck_assert_int_eq(told[VOLUME_LIMIT] > 0, !enough);
}
END_TEST

/* SUB is moved to where opening the volume has not read. */
START_TEST(test_bytes_bounded)
{
        const struct volume_limits limits = {.metadata_bytes = CACHED_MIN};

        memcpy(fat_image_cluster(&image, 900), fat_image_cluster(&image, 3), 512);
        fat_image_entry(image.bytes + FAT_IMAGE_ROOT + 64, "SUB        ", 0x10, 900, 0);
        fat_image_chain(&image, 900, 1);
        list_with(&limits);
        ck_assert_uint_eq(n_files, 1);
        ck_assert(!complete);
        ck_assert_uint_eq(told[VOLUME_LIMIT], 1);
}
END_TEST

START_TEST(test_findings_bounded)
{
        const struct volume_limits limits = {.findings = 3};
        uint8_t *root = image.bytes + FAT_IMAGE_ROOT;

        for (int i = 0; i < 20; i++)
                fat_image_entry(root + (size_t)i * 32, "BROKEN  TXT", 0xff & ~0x0f, 0, 0);
        list_with(&limits);
        ck_assert_uint_eq(n_findings, 4);
        ck_assert_uint_eq(told[VOLUME_ENTRY_DAMAGED], 3);
        ck_assert_uint_eq(told[VOLUME_LIMIT], 1);
        ck_assert_str_eq(last_text, "there are more findings than are told");
}
END_TEST

START_TEST(test_same_names)
{
        uint8_t *root = image.bytes + FAT_IMAGE_ROOT;

        fat_image_entry(root + 96, "A       TXT", 0x20, 0, 0);
        fat_image_entry(root + 128, "A/B     TXT", 0x20, 0, 0);
        fat_image_entry(root + 160, "A\x7f\x80\xff    TXT", 0x20, 0, 0);
        list_with(NULL);
        ck_assert_uint_eq(n_files, 5);
        ck_assert_str_eq(files[1].path, "card/A~2.TXT");
        ck_assert_str_eq(files[2].path, "card/A_B.TXT");
        ck_assert_str_eq(files[3].path, "card/A?\xef\xbf\xbd\xef\xbf\xbd.TXT");
}
END_TEST

START_TEST(test_label_of_root)
{
        struct volume_facts facts;

        fat_image_entry(image.bytes + FAT_IMAGE_ROOT + 96, "IN THE ROOT", 0x08, 0, 0);
        ck_assert_int_eq(try_open(NULL), RECORDER_OK);
        volume_facts(volume, &facts);
        ck_assert_str_eq(facts.label, "IN THE ROOT");
}
END_TEST

START_TEST(test_open_nothing)
{
        memset(image.bytes, 0, sizeof(image.bytes));
        ck_assert_int_eq(try_open(NULL), RECORDER_UNSUPPORTED);
        ck_assert_uint_eq(n_findings, 0);
        for (size_t i = 0; i < sizeof(image.bytes); i++)
                image.bytes[i] = (uint8_t)(i * 31 + i / 512);
        ck_assert_int_eq(try_open(NULL), RECORDER_UNSUPPORTED);
        unit.bad_size = sizeof(image.bytes);
        ck_assert_int_eq(try_open(NULL), RECORDER_UNSUPPORTED);
        ck_assert_ptr_null(volume);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("volume");
        TCase *t = tcase_create("volume");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_list);
        tcase_add_loop_test(t, test_read_from, 0, (int)ELEMENTSOF(offsets));
        tcase_add_test(t, test_read_ends);
        tcase_add_test(t, test_read_merges);
        tcase_add_test(t, test_read_sink_refuses);
        tcase_add_loop_test(t, test_read_unreadable, 0, 4);
        tcase_add_test(t, test_read_unreadable_end);
        tcase_add_test(t, test_read_short);
        tcase_add_test(t, test_folder_unreadable);
        tcase_add_test(t, test_fat_unreadable);
        tcase_add_loop_test(t, test_check, 0, (int)ELEMENTSOF(changes));
        tcase_add_test(t, test_check_deleted);
        tcase_add_test(t, test_forget_other);
        tcase_add_test(t, test_list_stops);
        tcase_add_loop_test(t, test_bounds, 0, (int)ELEMENTSOF(bounds));
        tcase_add_test(t, test_bytes_bounded);
        tcase_add_test(t, test_findings_bounded);
        tcase_add_test(t, test_same_names);
        tcase_add_test(t, test_label_of_root);
        tcase_add_test(t, test_open_nothing);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
