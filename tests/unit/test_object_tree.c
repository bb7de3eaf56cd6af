// SPDX-License-Identifier: LGPL-2.1-or-later
/* The verbs of an MTP recorder against a simulated responder with a table of objects, honest and otherwise.
 */
#include "test_object_model.h"

#include <check.h>
#include <stdio.h>

static struct recorder_item items[700];
static size_t n_items;

static int on_item(void *userdata, const struct recorder_item *item)
{
        (void)userdata;
        ck_assert_uint_eq(item->index, n_items);
        ck_assert_uint_lt(n_items, ELEMENTSOF(items));
        items[n_items++] = *item;
        return 0;
}

static void list_expect(int outcome, bool complete)
{
        bool is_complete = false;

        if (!recorder)
                open_recorder(0);
        n_items = 0;
        const struct recorder_listener listener = {.on_item = on_item};

        ck_assert_int_eq(recorder_list(recorder, &listener, &is_complete), outcome);
        if (outcome == RECORDER_OK)
                ck_assert_int_eq(is_complete, complete);
}

static const struct recorder_item *item_named(const char *path)
{
        for (size_t i = 0; i < n_items; i++)
                if (strcmp(items[i].path, path) == 0)
                        return &items[i];
        ck_abort_msg("no item '%s' (first: '%s')", path, n_items ? items[0].path : "none");
        return NULL;
}

static void plain_tree(void)
{
        object_add(1, 0, FOLDER, "DCIM", 0);
        object_add(2, 1, FOLDER, "100MEDIA", 0);
        object_add(3, 2, FILE_MP4, "a.mp4", 1000);
        object_add(4, 2, FILE_MP4, "b.mp4", 200000)->protection = 1;
        object_add(5, 2, FILE_MP4, "huge.mp4", UINT64_C(6) << 30);
        object_add(6, 0, FILE_MP4, "top.mp4", 10);
        object_add(7, 2, FILE_MP4, "d.mp4", 4000);
        object_add(8, 2, FILE_MP4, "e.mp4", 4000);
        object_add(9, 2, FILE_MP4, "f.mp4", 6000);
}

static void expect_plain(void)
{
        ck_assert_uint_eq(n_items, 7);
        ck_assert_int_eq(item_named("SD_card/DCIM/100MEDIA/a.mp4")->size, 1000);
        ck_assert_str_eq(item_named("SD_card/DCIM/100MEDIA/a.mp4")->time_text, "20261101T080000");
        ck_assert_uint_eq(item_named("SD_card/DCIM/100MEDIA/b.mp4")->flags, RECORDER_ITEM_PROTECTED);
        ck_assert_int_eq(item_named("SD_card/DCIM/100MEDIA/huge.mp4")->size, INT64_C(6) << 30);
        ck_assert_int_eq(item_named("SD_card/top.mp4")->size, 10);
        (void)item_named("SD_card/DCIM/100MEDIA/d.mp4");
        (void)item_named("SD_card/DCIM/100MEDIA/e.mp4");
        (void)item_named("SD_card/DCIM/100MEDIA/f.mp4");
}

START_TEST(lists_by_property_list)
{
        plain_tree();
        list_expect(RECORDER_OK, true);
        expect_plain();
        ck_assert_uint_eq(model.proplists, 1);
}
END_TEST

START_TEST(lists_object_by_object)
{
        plain_tree();
        operation_drop(MTP_GET_OBJECT_PROP_LIST);
        list_expect(RECORDER_OK, true);
        expect_plain();
        ck_assert_uint_eq(model.proplists, 0);
}
END_TEST

START_TEST(property_list_that_omits_is_completed)
{
        plain_tree();
        object_find(4)->list_omits = true;
        list_expect(RECORDER_OK, true);
        expect_plain();
}
END_TEST

START_TEST(property_list_with_strangers_is_not_believed)
{
        plain_tree();
        model.list_strangers = true;
        list_expect(RECORDER_OK, true);
        expect_plain();
}
END_TEST

/* One object shown as another of its folder, as one of another folder, as a folder; two shown as each other.
 */
static const uint32_t lies[][4] = {
                {7, 8, 0, 0}, {7, 6, 0, 0}, {7, 1, 0, 0}, {3, 9, 9, 3}, {3, 5, 5, 3}, {5, 9, 9, 5},
};

START_TEST(property_list_that_lies_is_not_believed)
{
        plain_tree();
        for (unsigned int i = 0; i < 4 && lies[_i][i]; i += 2)
                object_find(lies[_i][i])->list_shows = lies[_i][i + 1];
        list_expect(RECORDER_OK, true);
        expect_plain();
        ck_assert_uint_eq(model.proplists, 1);
        for (size_t i = 0; i < n_items; i++)
                ck_assert_int_eq(recorder_remove(recorder, (uint32_t)i),
                                 items[i].flags & RECORDER_ITEM_PROTECTED ? RECORDER_DENIED : RECORDER_OK);
}
END_TEST

/* However long the list is, few of its objects are asked themselves. */
START_TEST(a_sound_list_costs_few_transactions)
{
        static char names[200][8];

        object_add(1, 0, FOLDER, "DCIM", 0);
        for (uint32_t i = 0; i < 200; i++) {
                (void)snprintf(names[i], sizeof(names[i]), "%03u.mp4", i);
                object_add(10 + i, 1, FILE_MP4, names[i], 1000 + i);
        }
        list_expect(RECORDER_OK, true);
        ck_assert_uint_eq(n_items, 200);
        ck_assert_uint_eq(model.proplists, 1);
        ck_assert_uint_le(model.infos, 4);
}
END_TEST

START_TEST(unknown_sizes_are_not_zero)
{
        object_add(1, 0, FILE_MP4, "zero.mp4", 0);
        object_add(2, 0, FILE_MP4, "huge.mp4", UINT64_C(5) << 30);
        object_add(3, 0, FOLDER, "listed", 0);
        object_add(4, 3, FILE_MP4, "zero.mp4", 0);
        object_add(5, 3, FILE_MP4, "one.mp4", 1);
        object_add(6, 3, FILE_MP4, "two.mp4", 2);
        object_add(7, 3, FILE_MP4, "three.mp4", 3);
        object_add(8, 3, FILE_MP4, "four.mp4", 4);
        operation_drop(MTP_GET_OBJECT_PROP_VALUE);
        list_expect(RECORDER_OK, true);
        ck_assert_uint_eq(model.proplists, 1);
        ck_assert_int_eq(item_named("SD_card/listed/zero.mp4")->size, -1);
        ck_assert_int_eq(item_named("SD_card/zero.mp4")->size, -1);
        ck_assert_int_eq(item_named("SD_card/huge.mp4")->size, -1);
}
END_TEST

START_TEST(names_are_made_safe)
{
        static const uint16_t lone[] = {'x', 0xd800, 'y', 0}, control[] = {'a', 7, '\n', 'b', 0},
                              slash[] = {'.', '.', '/', 'e', 0};

        object_add(1, 0, FILE_MP4, "..", 1);
        object_add(2, 0, FILE_MP4, "", 1);
        object_add(3, 0, FILE_MP4, NULL, 1)->units = lone;
        object_add(4, 0, FILE_MP4, NULL, 1)->units = control;
        object_add(5, 0, FILE_MP4, NULL, 1)->units = slash;
        list_expect(RECORDER_OK, true);
        (void)item_named("SD_card/object-00000001");
        (void)item_named("SD_card/object-00000002");
        (void)item_named("SD_card/x\xef\xbf\xbdy");
        (void)item_named("SD_card/a??b");
        (void)item_named("SD_card/.._e");
}
END_TEST

START_TEST(two_of_one_name_have_two_paths)
{
        object_add(1, 0, FILE_MP4, "a.mp4", 1);
        object_add(2, 0, FILE_MP4, "a.mp4", 1);
        object_add(3, 0, FILE_MP4, "a~2.mp4", 1);
        list_expect(RECORDER_OK, true);
        (void)item_named("SD_card/a.mp4");
        (void)item_named("SD_card/a~2.mp4");
        (void)item_named("SD_card/a~2~2.mp4");
}
END_TEST

START_TEST(cycles_and_duplicates_end)
{
        object_add(1, 0, FOLDER, "one", 0);
        object_add(2, 1, FOLDER, "two", 0);
        object_add(1, 2, FOLDER, "one", 0); /* its own grandchild */
        object_add(3, 3, FOLDER, "self", 0);
        object_add(4, 2, FILE_MP4, "f.mp4", 1);
        object_add(4, 1, FILE_MP4, "f.mp4", 1);
        operation_drop(MTP_GET_OBJECT_PROP_LIST);
        list_expect(RECORDER_OK, true);
        ck_assert_uint_eq(n_items, 1);
        ck_assert_uint_lt(sim.commands, 60);
}
END_TEST

START_TEST(reserved_handles_are_never_touched)
{
        object_add(UINT32_MAX, 0, FILE_MP4, "all.mp4", 1);
        object_add(7, 0, FILE_MP4, "a.mp4", 1);
        list_expect(RECORDER_OK, false);
        ck_assert_uint_eq(n_items, 1);
}
END_TEST

START_TEST(depth_is_bounded)
{
        for (uint32_t i = 1; i <= 100; i++)
                object_add(i, i - 1, FOLDER, "d", 0);
        object_add(500, 100, FILE_MP4, "deep.mp4", 1);
        quirks.flags = QUIRK_NO_FLAT_LIST;
        list_expect(RECORDER_OK, false);
        ck_assert_uint_eq(n_items, 0);
}
END_TEST

START_TEST(paths_are_bounded)
{
        static char name[201];

        memset(name, 'n', 200);
        for (uint32_t i = 1; i <= 10; i++)
                object_add(i, i - 1, FOLDER, name, 0);
        object_add(500, 10, FILE_MP4, "deep.mp4", 1);
        object_add(501, 10, FILE_MP4, "deep.mp4", 2);
        list_expect(RECORDER_OK, true);
        ck_assert_uint_eq(n_items, 2);
        ck_assert_str_ne(items[0].path, items[1].path);
}
END_TEST

START_TEST(number_of_objects_is_bounded)
{
        for (uint32_t i = 1; i <= 500; i++)
                object_add(i, 0, FILE_MP4, "f.mp4", 1);
        open_recorder(500);
        list_expect(RECORDER_OK, true);
        recorder_free(recorder);
        open_recorder(499); /* one handle too many: not even the array is taken */
        list_expect(RECORDER_PROTOCOL, false);
}
END_TEST

START_TEST(unlinked_files_are_found)
{
        object_add(1, 0, FILE_MP4, "a.mp4", 1);
        object_add(2, 77, FILE_MP4, "lost.mp4", 1)->unlinked = true;
        list_expect(RECORDER_OK, true);
        ck_assert_uint_eq(n_items, 2);
        (void)item_named("SD_card/(unlinked)/lost.mp4");
}
END_TEST

START_TEST(no_storage_is_locked)
{
        model.n_storages = 0;
        list_expect(RECORDER_LOCKED, false);
        ck_assert_int_ge(sim.now, 3 * INT64_C(1000000));
        ck_assert_int_lt(sim.now, 4 * INT64_C(1000000));
}
END_TEST

START_TEST(identity)
{
        struct recorder_identity i;

        model.battery_most = _i == 0 ? 100 : 200;
        open_recorder(0);
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_OK);
        ck_assert_str_eq(i.manufacturer, "Maker");
        ck_assert_str_eq(i.model, "DSJ-9");
        ck_assert_str_eq(i.firmware, "V1.2");
        ck_assert_str_eq(i.serial, "SN0001");
        ck_assert_int_eq(i.battery_percent, _i == 0 ? 50 : 25);
        ck_assert_int_eq(i.total_bytes, 64000000000);
        ck_assert_int_eq(i.free_bytes, 1000);
        ck_assert_str_eq(i.clock_text, "20261101T080000");
        ck_assert_int_ne(i.clock_station, INSTANT_NONE);
        ck_assert_uint_eq(i.capabilities, RECORDER_CAN_LIST | RECORDER_CAN_READ | RECORDER_CAN_RESUME |
                                                          RECORDER_CAN_REMOVE | RECORDER_CAN_READ_CLOCK |
                                                          RECORDER_CAN_SET_CLOCK);
}
END_TEST

START_TEST(capabilities_are_honest)
{
        struct recorder_identity i;

        operation_drop(ANDROID_GET_PARTIAL_OBJECT_64);
        operation_drop(PTP_GET_PARTIAL_OBJECT);
        operation_drop(PTP_DELETE_OBJECT);
        operation_drop(PTP_SET_DEVICE_PROP_VALUE);
        quirks.flags = QUIRK_BROKEN_BATTERY;
        model.n_storages = 0;
        open_recorder(0);
        ck_assert_int_eq(recorder_identify(recorder, &i), RECORDER_OK);
        ck_assert_uint_eq(i.capabilities, RECORDER_CAN_LIST | RECORDER_CAN_READ | RECORDER_CAN_READ_CLOCK);
        ck_assert_int_eq(i.battery_percent, -1);
        ck_assert_int_eq(i.free_bytes, -1);
}
END_TEST

START_TEST(clock_is_set_and_read_back)
{
        struct recorder_clock after;

        open_recorder(0);
        ck_assert_int_eq(recorder_set_clock(recorder, "20270102T030405", &after), RECORDER_OK);
        ck_assert_str_eq(after.text, "20270102T030405");
        ck_assert_int_eq(recorder_set_clock(recorder, "\xe4\xb8\xad", &after), -EINVAL);
}
END_TEST

static struct bytes received;

static int sink_write(void *userdata, const void *data, size_t size)
{
        (void)userdata;
        ck_assert_uint_le(received.n + size, sizeof(received.p));
        memcpy(received.p + received.n, data, size);
        received.n += size;
        return 0;
}

static const struct recorder_sink sink = {.write = sink_write};

static void read_expect(int64_t offset, int outcome)
{
        int64_t size = -7;

        if (!recorder)
                list_expect(RECORDER_OK, true);
        received.n = 0;
        ck_assert_int_eq(recorder_read(recorder, 0, offset, &sink, &size), outcome);
        if (outcome != RECORDER_OK) {
                ck_assert_int_eq(size, -7);
                return;
        }
        ck_assert_int_eq(size, (int64_t)model.objects[0].size);
        ck_assert_uint_eq(received.n, (size_t)(size - offset));
        for (size_t i = 0; i < received.n; i++)
                if (received.p[i] != (uint8_t)(((uint64_t)offset + i) * 7 + model.objects[0].handle))
                        ck_abort_msg("wrong byte at %zu", i);
}

START_TEST(reads_whole)
{
        static const uint64_t sizes[] = {1, 499, 500, 501, 1012, 65524, 65536, 200000};

        object_add(9, 0, FILE_MP4, "a.mp4", sizes[_i]);
        read_expect(0, RECORDER_OK);
}
END_TEST

START_TEST(reads_from_an_offset)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 200000);
        quirks.chunk = 4096;
        if (_i == 1)
                quirks.flags = QUIRK_SAMSUNG_OFFSET;
        if (_i >= 2)
                operation_drop(ANDROID_GET_PARTIAL_OBJECT_64);
        if (_i == 3)
                operation_drop(PTP_GET_PARTIAL_OBJECT); /* from the start, and thrown away */
        read_expect(12345, RECORDER_OK);
}
END_TEST

START_TEST(reads_a_size_nobody_knows)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 0)->size = 0;
        list_expect(RECORDER_OK, true);
        ck_assert_int_eq(items[0].size, -1);
        model.objects[0].size = 5000;
        read_expect(0, RECORDER_OK);
        quirks.chunk = 1024;
        read_expect(2000, RECORDER_OK);
}
END_TEST

START_TEST(fewer_bytes_are_short)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 200000);
        model.transfer_size_bias = 1 + (uint64_t)_i * 150000;
        read_expect(0, RECORDER_SHORT);
}
END_TEST

START_TEST(a_file_that_grew_is_mismatch)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 2000);
        list_expect(RECORDER_OK, true);
        model.objects[0].size = 3000;
        read_expect(0, RECORDER_MISMATCH);
        read_expect(2001, RECORDER_MISMATCH);
}
END_TEST

START_TEST(a_file_that_went_is_absent)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 2000);
        list_expect(RECORDER_OK, true);
        model.objects[0].removed = true;
        read_expect(0, RECORDER_ABSENT);
}
END_TEST

START_TEST(a_stall_in_the_middle_is_resumed)
{
        struct recorder_figures f;

        object_add(9, 0, FILE_MP4, "a.mp4", 200000);
        if (_i == 1) {
                operation_drop(ANDROID_GET_PARTIAL_OBJECT_64);
                operation_drop(PTP_GET_PARTIAL_OBJECT);
        }
        list_expect(RECORDER_OK, true);
        model.stall_after = 150000;
        read_expect(0, RECORDER_OK);
        recorder_figures(recorder, &f);
        ck_assert_uint_eq(f.recoveries, 1);
}
END_TEST

static int remove_first(void)
{
        if (!recorder)
                list_expect(RECORDER_OK, true);
        return recorder_remove(recorder, 0);
}

START_TEST(removes_and_looks_again)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 2000);
        ck_assert_int_eq(remove_first(), RECORDER_OK);
        ck_assert(model.objects[0].removed);
        ck_assert_int_eq(remove_first(), RECORDER_ABSENT);
        ck_assert_int_eq(recorder_remove(recorder, 1), -EINVAL);
}
END_TEST

START_TEST(a_removal_that_did_not_happen_is_denied)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 2000)->sticky = true;
        ck_assert_int_eq(remove_first(), RECORDER_DENIED);
}
END_TEST

START_TEST(protected_is_never_removed)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 2000);
        list_expect(RECORDER_OK, true);
        model.objects[0].protection = 1;
        ck_assert_int_eq(remove_first(), RECORDER_DENIED);
        ck_assert_uint_eq(sim.deletes, 0);
}
END_TEST

/* The handle names another file, another size, or a folder by now. */
START_TEST(another_object_is_never_removed)
{
        object_add(9, 0, FILE_MP4, "a.mp4", 2000);
        list_expect(RECORDER_OK, true);
        if (_i == 0)
                model.objects[0].name = "b.mp4";
        else if (_i == 1)
                model.objects[0].size = 2001;
        else
                model.objects[0].format = FOLDER;
        ck_assert_int_eq(remove_first(), RECORDER_MISMATCH);
        ck_assert_uint_eq(sim.deletes, 0);
}
END_TEST

static void listing_cases(Suite *s)
{
        TCase *c = tcase_create("listing");

        tcase_add_checked_fixture(c, object_model_setup, object_model_teardown);
        tcase_add_test(c, lists_by_property_list);
        tcase_add_test(c, lists_object_by_object);
        tcase_add_test(c, property_list_that_omits_is_completed);
        tcase_add_test(c, property_list_with_strangers_is_not_believed);
        tcase_add_loop_test(c, property_list_that_lies_is_not_believed, 0, ELEMENTSOF(lies));
        tcase_add_test(c, a_sound_list_costs_few_transactions);
        tcase_add_test(c, unknown_sizes_are_not_zero);
        tcase_add_test(c, names_are_made_safe);
        tcase_add_test(c, two_of_one_name_have_two_paths);
        tcase_add_test(c, cycles_and_duplicates_end);
        tcase_add_test(c, reserved_handles_are_never_touched);
        tcase_add_test(c, depth_is_bounded);
        tcase_add_test(c, paths_are_bounded);
        tcase_add_test(c, number_of_objects_is_bounded);
        tcase_add_test(c, unlinked_files_are_found);
        tcase_add_test(c, no_storage_is_locked);
        suite_add_tcase(s, c);
}

static void verb_cases(Suite *s)
{
        TCase *c = tcase_create("verbs");

        tcase_add_checked_fixture(c, object_model_setup, object_model_teardown);
        tcase_add_loop_test(c, identity, 0, 2);
        tcase_add_test(c, capabilities_are_honest);
        tcase_add_test(c, clock_is_set_and_read_back);
        tcase_add_loop_test(c, reads_whole, 0, 8);
        tcase_add_loop_test(c, reads_from_an_offset, 0, 4);
        tcase_add_test(c, reads_a_size_nobody_knows);
        tcase_add_loop_test(c, fewer_bytes_are_short, 0, 2);
        tcase_add_test(c, a_file_that_grew_is_mismatch);
        tcase_add_test(c, a_file_that_went_is_absent);
        tcase_add_loop_test(c, a_stall_in_the_middle_is_resumed, 0, 2);
        tcase_add_test(c, removes_and_looks_again);
        tcase_add_test(c, a_removal_that_did_not_happen_is_denied);
        tcase_add_test(c, protected_is_never_removed);
        tcase_add_loop_test(c, another_object_is_never_removed, 0, 3);
        suite_add_tcase(s, c);
}

int main(void)
{
        Suite *s = suite_create("object_tree");
        SRunner *runner;
        int failed;

        listing_cases(s);
        verb_cases(s);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
