// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A disk as a recorder: what it says of itself, which of its files are items under which paths, and how one
 * is read. Units are those of the scripted device, volumes those of a reader in memory.
 */
#include "fake_volume.h"
#include "test_bot_device.h"

#include "base/cleanup.h"
#include "recorder/ums/ums_state.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct sim sim;
static struct recorder *recorder;

static char paths[16][RECORDER_PATH_MAX], kinds[64][RECORDER_WORD_MAX], places[64][RECORDER_TEXT_MAX];
static struct recorder_item items[16];
static struct recorder_deleted deleted[16];
static struct recorder_volume volumes[8];
static unsigned int n_items, n_deleted, n_findings, n_volumes;
static int stop_with;
static bool complete;

static void setup(void)
{
        const struct ums_open how = {.notice = sim_notice, .userdata = &sim};
        const struct quirks quirks = QUIRKS_NONE;

        sim_init(&sim);
        memset(fake_volumes, 0, sizeof(fake_volumes));
        fake_partitions = 1;
        stop_with = 0;
        ck_assert_int_eq(ums_recorder_new(&recorder, &sim.transport, &how, &quirks), 0);
}

static void teardown(void)
{
        recorder_free(recorder);
        sim_done(&sim);
}

static int on_item(void *userdata, const struct recorder_item *item)
{
        (void)userdata;
        ck_assert_uint_lt(n_items, ELEMENTSOF(items));
        items[n_items] = *item;
        memcpy(paths[n_items++], item->path, RECORDER_PATH_MAX);
        return stop_with;
}

static int on_deleted(void *userdata, const struct recorder_deleted *d)
{
        (void)userdata;
        ck_assert_uint_lt(n_deleted, ELEMENTSOF(deleted));
        deleted[n_deleted++] = *d;
        return 0;
}

static int on_finding(void *userdata, const struct recorder_finding *f)
{
        (void)userdata;
        ck_assert_uint_lt(n_findings, ELEMENTSOF(kinds));
        memcpy(kinds[n_findings], f->kind, sizeof(f->kind));
        memcpy(places[n_findings++], f->place, sizeof(f->place));
        return 0;
}

/* Before the first of its items. */
static int on_volume(void *userdata, const struct recorder_volume *v)
{
        (void)userdata;
        if (n_volumes == ELEMENTSOF(volumes))
                return 0;
        ck_assert(n_items == 0 || strncmp(paths[n_items - 1], v->name, strlen(v->name) + 1) != 0);
        volumes[n_volumes++] = *v;
        return 0;
}

static int listed(void)
{
        const struct recorder_listener to = {.on_item = on_item,
                                             .on_deleted = on_deleted,
                                             .on_finding = on_finding,
                                             .on_volume = on_volume};

        n_items = n_deleted = n_findings = n_volumes = 0;
        complete = false;
        return recorder_list(recorder, &to, &complete);
}

/* --- identity --- */

START_TEST(what_it_says_of_itself)
{
        struct recorder_identity i;

        fake_partitions = 2;
        fake_volumes[0].free_bytes = 1000;
        fake_volumes[1].free_bytes = 234;
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_OK);
        ck_assert_str_eq(i.driver, "ums");
        ck_assert_str_eq(i.manufacturer, "Recorder");
        ck_assert_str_eq(i.model, "DSJ-A7");
        ck_assert_str_eq(i.firmware, "1.00");
        ck_assert_int_eq(i.free_bytes, 1234);
        ck_assert_int_eq(i.total_bytes, 2000000);
        ck_assert_int_eq(i.battery_percent, -1);
        ck_assert_int_eq(i.clock_station, INSTANT_NONE);
        ck_assert_str_eq(i.clock_text, "");
        ck_assert_uint_eq(i.capabilities, RECORDER_CAN_LIST | RECORDER_CAN_READ | RECORDER_CAN_RESUME);
}
END_TEST

START_TEST(unknown_is_not_zero)
{
        struct recorder_identity i;

        fake_partitions = 2;
        fake_volumes[1].free_bytes = -1;
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_OK);
        ck_assert_int_eq(i.free_bytes, -1);
        ck_assert_int_eq(i.total_bytes, 2000000);
}
END_TEST

START_TEST(it_cannot_be_changed)
{
        static const struct fake_file file = {.path = "a", .size = 1};
        struct recorder_clock after;

        fake_volumes[0] = (struct fake_volume){.files = &file, .n = 1};
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_int_eq(recorder_remove(recorder, 0), RECORDER_UNSUPPORTED);
        ck_assert_int_eq(recorder_set_clock(recorder, "20261101T080000", &after), RECORDER_UNSUPPORTED);
}
END_TEST

START_TEST(locked_until_there_is_a_medium)
{
        struct recorder_identity i;

        sim.no_medium = true;
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_OK);
        ck_assert_int_eq(i.total_bytes, -1);
        ck_assert_int_eq(listed(), RECORDER_LOCKED);
        sim.no_medium = false;
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert(complete);
}
END_TEST

static void not_even_asked(struct sim *s, const struct sim_cbw *c)
{
        uint8_t data[36] = {5, 0x80};

        if (c->cdb[0] != 0x12) {
                sim_disk(s, c);
                return;
        }
        sim_send(s, data, sizeof(data));
        sim_csw(s, c->tag, 0, 0);
}

/* Only a slot without a medium can be waited for. */
START_TEST(a_failure_is_not_a_lock)
{
        struct recorder_identity i;

        sim.max_lun = 1;
        sim.attentions = UINT32_MAX;
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_BUSY);
        ck_assert_int_eq(listed(), RECORDER_BUSY);
        sim.attentions = 0;
        sim.not_ready = UINT32_MAX;
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_BUSY);
        sim.not_ready = 0;
        sim.on_cbw = not_even_asked;
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_UNSUPPORTED);
        sim.on_cbw = NULL;
        ck_assert_int_eq(listed(), RECORDER_OK);
}
END_TEST

START_TEST(several_units)
{
        sim.max_lun = 2;
        fake_volumes[0].label = "CARD";
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_uint_eq(((struct ums_recorder *)recorder)->n_volumes, 3);
        ck_assert_str_eq(((struct ums_recorder *)recorder)->volumes[0].root, "CARD");
        ck_assert_str_eq(((struct ums_recorder *)recorder)->volumes[1].root, "CARD~2");
        ck_assert_str_eq(((struct ums_recorder *)recorder)->volumes[2].root, "CARD~3");
}
END_TEST

/* So that somebody else finds it. */
START_TEST(where_volumes_are)
{
        static const struct fake_file file = {.path = "a", .size = 1};

        sim.max_lun = 1;
        fake_partitions = 2;
        fake_volumes[0] = (struct fake_volume){.label = "CARD", .files = &file, .n = 1};
        fake_volumes[1] = (struct fake_volume){.label = "MORE", .files = &file, .n = 1};
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_uint_eq(n_volumes, 4);
        for (unsigned int i = 0; i < n_volumes; i++) {
                ck_assert_uint_eq(volumes[i].unit, i / 2);
                ck_assert_int_eq(volumes[i].offset, i % 2 * 4096);
                ck_assert_int_eq(strncmp(paths[i], volumes[i].name, strlen(volumes[i].name)), 0);
        }
}
END_TEST

START_TEST(the_first_part_of_a_path)
{
        static const struct {
                const char *label, *root;
        } cases[] = {{"REC", "REC"},  {NULL, "disk 1"},     {"NO NAME", "disk 1"}, {"..", "disk 1"},
                     {".", "disk 1"}, {"a/../b", "a_.._b"}, {"执法", "执法"},      {"\x01x", "?x"}};
        static const struct fake_file file = {.path = "a", .size = 1};
        char path[RECORDER_PATH_MAX];

        fake_volumes[0] = (struct fake_volume){.label = cases[_i].label, .files = &file, .n = 1};
        ck_assert_int_eq(listed(), RECORDER_OK);
        (void)snprintf(path, sizeof(path), "%s/a", cases[_i].root);
        ck_assert_str_eq(paths[0], path);
}
END_TEST

/* --- listing --- */

static const struct fake_file tree[] = {
                {.path = "DCIM/1.mp4", .size = 5000},
                {.path = ".hidden", .size = 0, .attributes = VOLUME_HIDDEN},
                {.path = "System Volume Information/IndexerVolumeGuid", .size = 76},
                {.path = "DCIM/System Volume Information/x", .size = 1, .attributes = VOLUME_READ_ONLY},
                {.path = ".Trash-1000/files/2.mp4", .size = 9},
                {.path = "_3.mp4", .size = 700, .deleted = true, .recoverable = true},
                {.path = "_4.mp4", .size = 800, .deleted = true},
                {.path = "last", .size = 1},
};

START_TEST(which_files_are_items)
{
        fake_volumes[0] = (struct fake_volume){.label = "R", .files = tree, .n = ELEMENTSOF(tree)};
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert(complete);
        ck_assert_uint_eq(n_items, 4);
        ck_assert_str_eq(paths[0], "R/DCIM/1.mp4");
        ck_assert_str_eq(items[0].time_text, "20261101T080000");
        ck_assert_str_eq(paths[1], "R/.hidden");
        ck_assert_int_eq(items[1].size, 0);
        ck_assert_str_eq(paths[2], "R/DCIM/System Volume Information/x");
        ck_assert_uint_eq(items[2].flags, RECORDER_ITEM_PROTECTED);
        ck_assert_str_eq(paths[3], "R/last");
        ck_assert_uint_eq(n_deleted, 2);
        ck_assert_uint_eq(deleted[0].flags, RECORDER_DELETED_RECOVERABLE);
        ck_assert_uint_eq(deleted[1].flags, 0);
        /* What was left out is told. */
        ck_assert_uint_eq(n_findings, 1);
        ck_assert_str_eq(kinds[0], "left-out");
        /* Each number is one entry's. */
        ck_assert_uint_eq(items[3].index, 5);
        ck_assert_uint_eq(deleted[0].index, 3);
}
END_TEST

START_TEST(a_volume_that_cannot_be_used)
{
        static const struct fake_file file = {.path = "a", .size = 1};

        fake_partitions = 3;
        fake_volumes[0].open_result = RECORDER_UNSUPPORTED;
        fake_volumes[1] = (struct fake_volume){.list_result = RECORDER_UNREADABLE};
        fake_volumes[2] = (struct fake_volume){.files = &file, .n = 1};
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert(!complete);
        ck_assert_uint_eq(n_items, 1);
        ck_assert_uint_eq(n_findings, 2);
        ck_assert_str_eq(kinds[0], "volume-unusable");
        ck_assert_str_eq(kinds[1], "volume-unusable");
}
END_TEST

START_TEST(no_volume_that_can_be_used)
{
        fake_volumes[0].open_result = RECORDER_UNSUPPORTED;
        ck_assert_int_eq(listed(), RECORDER_UNSUPPORTED);
        ck_assert(!complete);
}
END_TEST

START_TEST(findings_of_every_time)
{
        struct recorder_identity i;

        fake_partitions = 32;
        for (unsigned int n = 0; n < fake_partitions; n++) {
                fake_volumes[n].open_finding = "it was not unmounted";
                fake_volumes[n].list_finding = n < 2 ? "and more" : NULL;
        }
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_OK);
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_uint_eq(n_findings, 34);
        ck_assert_str_eq(kinds[0], "dirty");
        ck_assert_str_eq(places[32], "disk 1");
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_uint_eq(n_findings, 34); /* the next listing tells them again */
}
END_TEST

START_TEST(more_volumes_than_are_looked_at)
{
        fake_partitions = 32;
        sim.max_lun = 1;
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert(!complete);
        ck_assert_uint_eq(n_findings, 32 + 0);
        ck_assert_str_eq(kinds[0], "limit");
}
END_TEST

START_TEST(a_listing_that_is_stopped)
{
        fake_volumes[0] = (struct fake_volume){.files = tree, .n = ELEMENTSOF(tree)};
        stop_with = RECORDER_CANCELLED;
        ck_assert_int_eq(listed(), RECORDER_CANCELLED);
        ck_assert_uint_eq(n_items, 1);
}
END_TEST

START_TEST(more_items_than_can_be_kept)
{
        ((struct ums_recorder *)recorder)->limits.items = 2;
        fake_volumes[0] = (struct fake_volume){.files = tree, .n = ELEMENTSOF(tree)};
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_uint_eq(n_items, 2);
        ck_assert(!complete);
}
END_TEST

START_TEST(unplugged_while_it_is_looked_at)
{
        struct recorder_identity i;

        sim.gone = true;
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_GONE);
        ck_assert_int_eq(listed(), RECORDER_GONE);
}
END_TEST

/* --- reading --- */

static struct {
        uint64_t position, bytes, gaps, gap_at;
} got;

static int sink_write(void *userdata, const void *data, size_t size)
{
        const uint8_t *p = data;

        (void)userdata;
        for (size_t i = 0; i < size; i++)
                ck_assert_uint_eq(p[i], fake_volume_byte(got.position + i));
        got.position += size;
        got.bytes += size;
        return 0;
}

static int sink_unreadable(void *userdata, int64_t size)
{
        (void)userdata;
        if (got.gaps == 0)
                got.gap_at = got.position;
        got.gaps += (uint64_t)size;
        got.position += (uint64_t)size;
        return 0;
}

static const struct fake_file files[] = {
                {.path = "whole", .size = 5000},
                {.path = "gap", .size = 5000, .gap_at = 1024, .gap_size = 2048},
                {.path = "short", .size = 5000, .clusters_end = 3000},
                {.path = "monster", .size = UINT64_C(1) << 50, .clusters_end = 4096},
                {.path = "gone", .size = 10, .check = RECORDER_ABSENT},
                {.path = "_deleted", .size = 600, .deleted = true, .recoverable = true},
                {.path = "empty", .size = 0},
};

static int read_of(uint32_t index, int64_t offset, bool gaps, int64_t *ret_size)
{
        const struct recorder_sink sink = {.write = sink_write, .unreadable = gaps ? sink_unreadable : NULL};

        memset(&got, 0, sizeof(got));
        got.position = (uint64_t)offset;
        return recorder_read(recorder, index, offset, &sink, ret_size);
}

START_TEST(reading_items)
{
        int64_t size = -1;

        fake_volumes[0] = (struct fake_volume){.files = files, .n = ELEMENTSOF(files)};
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_int_eq(read_of(0, 0, true, &size), RECORDER_OK);
        ck_assert_int_eq(size, 5000);
        ck_assert_uint_eq(got.bytes, 5000);
        ck_assert_int_eq(read_of(0, 4321, true, &size), RECORDER_OK);
        ck_assert_uint_eq(got.bytes, 5000 - 4321);
        ck_assert_int_eq(read_of(6, 0, true, &size), RECORDER_OK);
        ck_assert_int_eq(size, 0);
        ck_assert_int_eq(read_of(5, 0, true, &size), RECORDER_OK);
        ck_assert_uint_eq(got.bytes, 600);
        ck_assert_int_eq(read_of(4, 0, true, &size), RECORDER_ABSENT);
        ck_assert_int_eq(read_of(7, 0, true, &size), -EINVAL);
        ck_assert_int_eq(read_of(0, -1, true, &size), -EINVAL);
}
END_TEST

START_TEST(reading_over_a_gap)
{
        int64_t size = -1;

        fake_volumes[0] = (struct fake_volume){.files = files, .n = ELEMENTSOF(files)};
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_int_eq(read_of(1, 0, true, &size), RECORDER_OK);
        ck_assert_int_eq(size, 5000);
        ck_assert_uint_eq(got.bytes, 5000 - 2048);
        ck_assert_uint_eq(got.gaps, 2048);
        ck_assert_uint_eq(got.gap_at, 1024);
        ck_assert_int_eq(read_of(1, 0, false, &size), RECORDER_UNREADABLE);
        ck_assert_int_eq(read_of(1, 2000, true, &size), RECORDER_OK);
        ck_assert_uint_eq(got.gaps, 1024 + 2048 - 2000);
}
END_TEST

/* Fewer clusters than the size needs: what is missing is told, as far as a disk could have held it. */
START_TEST(reading_past_the_clusters)
{
        int64_t size = -1;

        fake_volumes[0] = (struct fake_volume){.files = files, .n = ELEMENTSOF(files)};
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_int_eq(read_of(2, 0, true, &size), RECORDER_OK);
        ck_assert_int_eq(size, 5000);
        ck_assert_uint_eq(got.bytes, 3000);
        ck_assert_uint_eq(got.gaps, 2000);
        ck_assert_int_eq(read_of(2, 4000, true, &size), RECORDER_OK);
        ck_assert_uint_eq(got.gaps, 1000);
        ck_assert_int_eq(read_of(2, 0, false, &size), RECORDER_SHORT);
        ck_assert_int_eq(read_of(3, 0, true, &size), RECORDER_SHORT);
        ck_assert_uint_eq(got.gaps, 0);
}
END_TEST

/* What was read of it so far is of no use, and nothing more can be had of what was listed. */
START_TEST(the_medium_is_exchanged)
{
        int64_t size = -1;

        fake_volumes[0] = (struct fake_volume){.files = files, .n = ELEMENTSOF(files)};
        ck_assert_int_eq(listed(), RECORDER_OK);
        sim.attentions = 1;
        sim.attention_asc = SCSI_ASC_MEDIUM_MAY_HAVE_CHANGED;
        ck_assert_int_eq(block_read(((struct ums_recorder *)recorder)->units[0].disk, 0, &(uint8_t[512]){0},
                                    512),
                         RECORDER_MISMATCH);
        ck_assert_int_eq(read_of(0, 0, true, &size), RECORDER_GONE);
        ck_assert_int_eq(listed(), RECORDER_GONE);
        ck_assert_int_eq(listed(), RECORDER_OK);
        ck_assert_int_eq(read_of(0, 0, true, &size), RECORDER_OK);
}
END_TEST

START_TEST(nothing_to_read_before_a_listing)
{
        int64_t size = -1;

        ck_assert_int_eq(read_of(0, 0, true, &size), -EINVAL);
}
END_TEST

static void tests_add(TCase *c)
{
        tcase_add_test(c, what_it_says_of_itself);
        tcase_add_test(c, unknown_is_not_zero);
        tcase_add_test(c, it_cannot_be_changed);
        tcase_add_test(c, locked_until_there_is_a_medium);
        tcase_add_test(c, a_failure_is_not_a_lock);
        tcase_add_test(c, several_units);
        tcase_add_test(c, where_volumes_are);
        tcase_add_loop_test(c, the_first_part_of_a_path, 0, 8);
        tcase_add_test(c, which_files_are_items);
        tcase_add_test(c, a_volume_that_cannot_be_used);
        tcase_add_test(c, no_volume_that_can_be_used);
        tcase_add_test(c, findings_of_every_time);
        tcase_add_test(c, more_volumes_than_are_looked_at);
        tcase_add_test(c, a_listing_that_is_stopped);
        tcase_add_test(c, more_items_than_can_be_kept);
        tcase_add_test(c, unplugged_while_it_is_looked_at);
        tcase_add_test(c, reading_items);
        tcase_add_test(c, reading_over_a_gap);
        tcase_add_test(c, reading_past_the_clusters);
        tcase_add_test(c, the_medium_is_exchanged);
        tcase_add_test(c, nothing_to_read_before_a_listing);
}

int main(void)
{
        Suite *s = suite_create("ums_recorder");
        TCase *c = tcase_create("disk");
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
