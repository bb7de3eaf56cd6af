// SPDX-License-Identifier: LGPL-2.1-or-later
/* Dockings, items, intents and footage: every column there and back, the way from intent to footage, and
 * what triggers refuse. */
#include "base/cleanup.h"
#include "catalogue/docking.h"
#include "catalogue/item.h"
#include "catalogue/registry.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

static struct catalogue *c;
static int64_t unit, officer, recorder, docking;

static void setup(void)
{
        c = fixture_open();
        fixture_begin(c);
        unit = fixture_unit(c, "A");
        officer = fixture_officer(c, "000001", unit);
        recorder = fixture_recorder(c, "1000001", unit);
        docking = fixture_docking(c, recorder);
}

static void teardown(void)
{
        catalogue_rollback(c);
        fixture_close(c);
}

START_TEST(test_docking_there_and_back)
{
        struct docking_row d, back;

        memset(&d, 0, sizeof(d));
        d = (struct docking_row){
                        .bay = "7",
                        .port = "1-2.3",
                        .vendor_id = 0xffff,
                        .product_id = 1,
                        .usb_serial = "0123",
                        .recorder = recorder,
                        .state = DOCKING_FAILED,
                        .reason = "gone",
                        .plugged_at = 1,
                        .identified_at = 2,
                        .listed_at = 3,
                        .released_at = INSTANT_NONE,
                        .unplugged_at = 0,
                        .manufacturer = "m",
                        .model = "n",
                        .firmware = "f",
                        .serial = "s",
                        .officer = "o",
                        .unit = "u",
                        .battery_percent = 0,
                        .free_bytes = INT64_C(1) << 40,
                        .total_bytes = -1,
                        .clock_text = "20261101T080000",
                        .has_clock_offset = true,
                        .clock_offset = -5,
                        .clock_uncertainty = 6,
                        .clock_set_to = "x",
                        .seen = 11,
                        .pulled = 12,
                        .already_held = 13,
                        .failed = 14,
                        .late = 15,
                        .removed = 16,
                        .bytes = 17,
                        .bad_verdicts = 18,
                        .listing_complete = true,
                        .driver = "ums",
                        .source = FOOTAGE_IMPORT,
                        .actor = "uid 1000",
                        .import_reason = "its USB socket is broken",
                        .import_officer = officer,
                        .unreadable = 19,
                        .findings = 20,
        };
        ck_assert_int_eq(docking_insert(c, FIXTURE_ACTOR, &d), CATALOGUE_OK);
        ck_assert_int_gt(d.id, docking);
        ck_assert_int_eq(docking_by_id(c, d.id, &back), CATALOGUE_OK);
        ck_assert_mem_eq(&back, &d, sizeof(d));
        d.has_clock_offset = false;
        d.clock_offset = d.clock_uncertainty = 0;
        d.battery_percent = -1;
        d.bay[0] = '\0';
        d.recorder = 0;
        d.listing_complete = false;
        ck_assert_int_eq(docking_update(c, &d), CATALOGUE_OK);
        ck_assert_int_eq(docking_by_id(c, d.id, &back), CATALOGUE_OK);
        ck_assert_mem_eq(&back.clock_offset, &d.clock_offset, sizeof(d.clock_offset));
        ck_assert(!back.has_clock_offset);
        ck_assert_int_eq(back.battery_percent, -1);
        ck_assert_str_eq(back.bay, "");
        ck_assert_int_eq(back.recorder, 0);
        d.id = 99;
        ck_assert_int_eq(docking_update(c, &d), CATALOGUE_ABSENT);
        ck_assert_int_eq(docking_by_id(c, 99, &back), CATALOGUE_ABSENT);
}
END_TEST

START_TEST(test_open_dockings_are_closed)
{
        struct docking_row d;
        int64_t n = -1;

        ck_assert_int_eq(docking_by_id(c, docking, &d), CATALOGUE_OK);
        d.state = DOCKING_RELEASED;
        ck_assert_int_eq(docking_update(c, &d), CATALOGUE_OK);
        d.state = DOCKING_OFFLOADING;
        ck_assert_int_eq(docking_insert(c, FIXTURE_ACTOR, &d), CATALOGUE_OK);
        ck_assert_int_eq(docking_close_open(c, FIXTURE_NOW, "recdockd was started", &n), CATALOGUE_OK);
        ck_assert_int_eq(n, 1);
        ck_assert_int_eq(docking_by_id(c, d.id, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.state, DOCKING_UNPLUGGED);
        ck_assert_int_eq(d.unplugged_at, FIXTURE_NOW);
        ck_assert_str_eq(d.reason, "recdockd was started");
        ck_assert_int_eq(docking_close_open(c, FIXTURE_NOW, "again", &n), CATALOGUE_OK);
        ck_assert_int_eq(n, 0);
}
END_TEST

START_TEST(test_item_is_known_by_its_identity)
{
        struct item first = {
                        .recorder = recorder, .docking = docking, .path = "a/b", .size = -1, .flags = 1};
        struct item again = {.recorder = recorder, .path = "a/b", .size = -1, .flags = 2};
        struct item other[] = {first, first, first};
        int64_t second = fixture_docking(c, recorder);
        bool is_new = false;

        ck_assert_int_eq(item_note(c, &first, &is_new), CATALOGUE_OK);
        ck_assert(is_new);
        first.state = ITEM_PARTIAL;
        first.durable = 500;
        first.part_docking = docking;
        ck_assert_int_eq(item_update(c, &first), CATALOGUE_OK);
        again.docking = second;
        ck_assert_int_eq(item_note(c, &again, &is_new), CATALOGUE_OK);
        ck_assert(!is_new);
        ck_assert_int_eq(again.id, first.id);
        ck_assert_int_eq(again.durable, 500);
        ck_assert_int_eq(again.part_docking, docking);
        ck_assert_int_eq(again.docking, second);
        ck_assert_uint_eq(again.flags, 2);
        (void)snprintf(other[0].path, sizeof(other[0].path), "a/c");
        other[1].size = 0;
        (void)snprintf(other[2].time_text, sizeof(other[2].time_text), "20261101T080000");
        for (size_t i = 0; i < ELEMENTSOF(other); i++) {
                ck_assert_int_eq(item_note(c, &other[i], &is_new), CATALOGUE_OK);
                ck_assert(is_new);
        }
}
END_TEST

/* It is listed again before it was proved, say after a crash: it is not the second docking's for that. */
START_TEST(test_item_stays_with_the_docking_that_pulled_it)
{
        static const struct {
                enum item_state state;
                bool stays;
        } states[] = {{ITEM_LISTED, false}, {ITEM_PARTIAL, false}, {ITEM_PULLED, true},
                      {ITEM_FILING, true},  {ITEM_FOOTAGE, false}, {ITEM_FAILED, false}};
        int64_t second = fixture_docking(c, recorder);
        bool is_new;

        for (size_t i = 0; i < ELEMENTSOF(states); i++) {
                struct item item = {.recorder = recorder, .docking = docking, .size = 7}, again = item;
                int64_t expected = states[i].stays ? docking : second;

                (void)snprintf(item.path, sizeof(item.path), "Internal/%zu.MP4", i);
                memcpy(again.path, item.path, sizeof(again.path));
                again.docking = second;
                ck_assert_int_eq(item_note(c, &item, &is_new), CATALOGUE_OK);
                item.state = states[i].state;
                ck_assert_int_eq(item_update(c, &item), CATALOGUE_OK);
                ck_assert_int_eq(item_note(c, &again, &is_new), CATALOGUE_OK);
                ck_assert(!is_new);
                ck_assert_int_eq(again.docking, expected);
                ck_assert_int_eq(item_by_id(c, item.id, &item), CATALOGUE_OK);
                ck_assert_int_eq(item.docking, expected);
        }
}
END_TEST

/* Numbers that a listing gives to files of one name shift when one of them is gone. */
START_TEST(test_item_has_a_namesake)
{
        static const struct {
                const char *path, *other;
                int64_t size;
                int expected;
        } pairs[] = {
                        {"A/x.mp4", "A/x~2.mp4", 7, CATALOGUE_OK},
                        {"A/x~3.mp4", "A/x.mp4", 7, CATALOGUE_OK},
                        {"A/x~3.mp4", "A/x~2.mp4", 7, CATALOGUE_OK},
                        {"A/x", "A/x~2", 7, CATALOGUE_OK},
                        {"A/x.mp4", "A/x~2.mp4", 8, CATALOGUE_ABSENT},
                        {"A/x.mp4", "B/x~2.mp4", 7, CATALOGUE_ABSENT},
                        {"A/x.mp4", "A/y.mp4", 7, CATALOGUE_ABSENT},
                        {"A/x.mp4", "A/xy~2.mp4", 7, CATALOGUE_ABSENT},
                        {"A/~2.mp4", "A/.mp4", 7, CATALOGUE_ABSENT},
                        {"A~2/x", "A/x", 7, CATALOGUE_ABSENT},
        };
        const int64_t size = 7;
        bool is_new;

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                struct item item = {.recorder = recorder, .docking = docking, .size = size}, other = item;

                (void)snprintf(item.path, sizeof(item.path), "%zu/%s", i, pairs[i].path);
                (void)snprintf(other.path, sizeof(other.path), "%zu/%s", i, pairs[i].other);
                other.size = pairs[i].size;
                ck_assert_int_eq(item_note(c, &item, &is_new), CATALOGUE_OK);
                ck_assert_int_eq(item_has_namesake(c, &item), CATALOGUE_ABSENT);
                ck_assert_int_eq(item_note(c, &other, &is_new), CATALOGUE_OK);
                ck_assert_msg(item_has_namesake(c, &item) == pairs[i].expected, "'%s', '%s'", item.path,
                              other.path);
        }
}
END_TEST

START_TEST(test_item_there_and_back)
{
        struct item item, back;

        ck_assert_int_eq(item_by_id(c, fixture_item(c, recorder, docking, "x"), &item), CATALOGUE_OK);
        ck_assert(!item.has_digests);
        ck_assert_int_eq(item.actual_size, -1);
        item.has_digests = item.has_durable_digest = true;
        item.digests.has_sm3 = 1;
        memset(item.digests.sha256, 1, DIGEST_SIZE);
        memset(item.digests.sm3, 2, DIGEST_SIZE);
        memset(item.durable_sha256, 3, DIGEST_SIZE);
        item.actual_size = INT64_C(5) << 30;
        item.attempts = 3;
        (void)snprintf(item.error, sizeof(item.error), "stalled");
        ck_assert_int_eq(item_update(c, &item), CATALOGUE_OK);
        ck_assert_int_eq(item_by_id(c, item.id, &back), CATALOGUE_OK);
        ck_assert_mem_eq(&back, &item, sizeof(item));
        item.id = 99;
        ck_assert_int_eq(item_update(c, &item), CATALOGUE_ABSENT);
}
END_TEST

static int stop_at_second(void *userdata, const struct item *item)
{
        int64_t *ids = userdata;

        if (ids[0] == 0) {
                ids[0] = item->id;
                return 0;
        }
        ids[1] = item->id;
        return 42;
}

START_TEST(test_items_in_a_state)
{
        int64_t a = fixture_item(c, recorder, docking, "a"), b = fixture_item(c, recorder, docking, "b");
        int64_t ids[2] = {0};

        (void)fixture_item(c, recorder, docking, "c");
        ck_assert_int_eq(item_each(c, ITEM_PULLED, stop_at_second, ids), 42);
        ck_assert_int_eq(ids[0], a);
        ck_assert_int_eq(ids[1], b);
        ids[1] = 0;
        ck_assert_int_eq(item_each(c, ITEM_FAILED, stop_at_second, ids), 0);
        ck_assert_int_eq(ids[1], 0);
}
END_TEST

static struct footage full_footage(int64_t item)
{
        struct footage f;

        fixture_footage(&f, item, "x.mp4");
        f.docking = docking;
        f.unit = unit;
        f.recorder = recorder;
        f.officer = officer;
        f.has_clock_offset = true;
        f.clock_offset = -17;
        f.container_time = 5;
        f.time_flags = 3;
        (void)snprintf(f.verdict_reasons, sizeof(f.verdict_reasons), "no-moov,zero-sectors@1048576+4096");
        (void)snprintf(f.zone, sizeof(f.zone), "Asia/Shanghai");
        (void)snprintf(f.officer_source, sizeof(f.officer_source), "name");
        f.digests.has_sm3 = 1;
        memset(f.digests.sm3, 9, DIGEST_SIZE);
        f.late_us = -1;
        f.important = true;
        return f;
}

START_TEST(test_intent_becomes_footage)
{
        int64_t item = fixture_item(c, recorder, docking, "x.mp4"), id = 0, found = -1;
        struct footage f = full_footage(item), back;
        struct item row;

        ck_assert_int_eq(footage_intent(c, &f), 0);
        ck_assert_int_eq(item_by_id(c, item, &row), CATALOGUE_OK);
        ck_assert_int_eq(row.state, ITEM_FILING);
        ck_assert_int_eq(footage_by_path(c, f.path, &found), CATALOGUE_OK);
        ck_assert_int_eq(found, 0);
        ck_assert_int_eq(footage_commit(c, FIXTURE_ACTOR, item, &id), CATALOGUE_OK);
        ck_assert_int_eq(footage_by_id(c, id, &back), CATALOGUE_OK);
        f.id = id;
        ck_assert_mem_eq(&back, &f, sizeof(f));
        ck_assert_int_eq(footage_by_path(c, f.path, &found), CATALOGUE_OK);
        ck_assert_int_eq(found, id);
        ck_assert_int_eq(item_by_id(c, item, &row), CATALOGUE_OK);
        ck_assert_int_eq(row.state, ITEM_FOOTAGE);
        ck_assert_int_eq(row.footage, id);
        ck_assert_int_eq(footage_commit(c, FIXTURE_ACTOR, item, &id), CATALOGUE_ABSENT);
        ck_assert_int_eq(footage_by_path(c, "none", &found), CATALOGUE_ABSENT);
        ck_assert_int_eq(footage_count(c, &found), 0);
        ck_assert_int_eq(found, 1);
        fixture_commit(c);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger WHERE act = 'footage.filed' AND subject = "
                                     "'footage/1'"
                                     " AND detail ->> 'recorder' = '1000001' AND detail ->> 'size' = 1000"),
                         1);
}
END_TEST

static int count_intent(void *userdata, const struct footage *f)
{
        struct footage *seen = userdata;

        ck_assert_int_eq(seen->item, 0);
        *seen = *f;
        return 0;
}

START_TEST(test_intents_are_found_and_dropped)
{
        int64_t item = fixture_item(c, recorder, docking, "x.mp4");
        struct footage f = full_footage(item), seen = {0};
        enum catalogue_outcome outcome = CATALOGUE_EXISTS;
        struct item row;

        ck_assert_int_eq(footage_intent(c, &f), 0);
        ck_assert_int_eq(footage_intent(c, &f), -EEXIST); /* one per item */
        f.item = fixture_item(c, recorder, docking, "y.mp4");
        ck_assert_int_eq(footage_intent(c, &f), -EEXIST); /* one per path */
        f.item = item;
        ck_assert_int_eq(footage_intent_each(c, count_intent, &seen), 0);
        ck_assert_mem_eq(&seen, &f, sizeof(f));
        ck_assert_int_eq(footage_intent_drop(c, item, &outcome), 0);
        ck_assert_int_eq(outcome, CATALOGUE_OK);
        ck_assert_int_eq(item_by_id(c, item, &row), CATALOGUE_OK);
        ck_assert_int_eq(row.state, ITEM_PULLED);
        ck_assert_int_eq(footage_intent_drop(c, item, &outcome), 0);
        ck_assert_int_eq(outcome, CATALOGUE_ABSENT);
}
END_TEST

START_TEST(test_path_is_never_used_twice)
{
        struct footage f = full_footage(0);

        (void)fixture_file(c, &f);
        ck_assert_int_eq(footage_intent(c, &f), -EEXIST);
        ck_assert_str_eq(catalogue_error(c), "footage or an intent has this path");
}
END_TEST

START_TEST(test_by_digest)
{
        struct footage f = full_footage(0);
        int64_t id = fixture_file(c, &f), found = 0;

        ck_assert_int_eq(footage_by_digest(c, recorder, f.digests.sha256, &found), CATALOGUE_OK);
        ck_assert_int_eq(found, id);
        ck_assert_int_eq(footage_by_digest(c, recorder + 1, f.digests.sha256, &found), CATALOGUE_ABSENT);
        f.digests.sha256[31] ^= 1;
        ck_assert_int_eq(footage_by_digest(c, recorder, f.digests.sha256, &found), CATALOGUE_ABSENT);
}
END_TEST

static const char *const evidence[] = {
                "DELETE FROM footage",
                "INSERT OR REPLACE INTO footage SELECT * FROM footage",
                ("INSERT OR REPLACE INTO footage (path, name, source, source_path, ordered_at, time_flags, "
                 "size,"
                 " sha256, verdict, kind, important)"
                 " SELECT path, 'x', 0, 'x', 0, 0, 0, zeroblob(32), 0, 0, 0 FROM footage"),
                "UPDATE footage SET sha256 = zeroblob(32)",
                "UPDATE footage SET sm3 = NULL",
                "UPDATE footage SET size = 1",
                "UPDATE footage SET path = 'x'",
                "UPDATE footage SET name = 'x'",
                "UPDATE footage SET source_path = 'x'",
                "UPDATE footage SET source = 1",
                "UPDATE footage SET started_at = 1",
                "UPDATE footage SET ended_at = NULL",
                "UPDATE footage SET ordered_at = 1",
                "UPDATE footage SET device_time_text = 'x'",
                "UPDATE footage SET offloaded_at = 1",
                "UPDATE footage SET recorder = NULL",
                "UPDATE footage SET id = 7",
};

START_TEST(test_evidence_is_kept)
{
        struct footage f = full_footage(0), back;
        int64_t id = f.id = fixture_file(c, &f);

        fixture_commit(c);
        ck_assert_int_eq(fixture_tamper(evidence[_i]), SQLITE_CONSTRAINT);
        ck_assert_int_eq(footage_by_id(c, id, &back), CATALOGUE_OK);
        ck_assert_mem_eq(&back, &f, sizeof(f));
}
END_TEST

static const char *const judgement[] = {
                "UPDATE footage SET officer = NULL",
                "UPDATE footage SET unit = NULL",
                "UPDATE footage SET verdict = 2, verdict_reasons = 'no-moov'",
                "UPDATE footage SET deadline = 1, late_us = 0, case_id = NULL, important = 0",
};

START_TEST(test_judgement_may_change)
{
        struct footage f = full_footage(0);

        (void)fixture_file(c, &f);
        fixture_commit(c);
        ck_assert_int_eq(fixture_tamper(judgement[_i]), SQLITE_OK);
}
END_TEST

START_TEST(test_nothing_outside_a_transaction)
{
        struct footage f = full_footage(0);
        struct item item = {.recorder = recorder, .docking = docking, .path = "z"};
        struct docking_row d;
        enum catalogue_outcome outcome;
        bool flag;
        int64_t n;

        fixture_commit(c);
        ck_assert_int_eq(docking_by_id(c, docking, &d), CATALOGUE_OK); /* looking is free */
        ck_assert_int_eq(footage_intent(c, &f), -EPERM);
        ck_assert_int_eq(footage_commit(c, FIXTURE_ACTOR, 1, &n), -EPERM);
        ck_assert_int_eq(footage_intent_drop(c, 1, &outcome), -EPERM);
        ck_assert_int_eq(item_note(c, &item, &flag), -EPERM);
        ck_assert_int_eq(item_update(c, &item), -EPERM);
        ck_assert_int_eq(docking_insert(c, FIXTURE_ACTOR, &d), -EPERM);
        ck_assert_int_eq(docking_update(c, &d), -EPERM);
        ck_assert_int_eq(docking_close_open(c, 0, "x", &n), -EPERM);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("catalogue footage");
        TCase *rows = tcase_create("rows"), *guards = tcase_create("guards");

        tcase_add_checked_fixture(rows, setup, teardown);
        tcase_add_test(rows, test_docking_there_and_back);
        tcase_add_test(rows, test_open_dockings_are_closed);
        tcase_add_test(rows, test_item_is_known_by_its_identity);
        tcase_add_test(rows, test_item_stays_with_the_docking_that_pulled_it);
        tcase_add_test(rows, test_item_has_a_namesake);
        tcase_add_test(rows, test_item_there_and_back);
        tcase_add_test(rows, test_items_in_a_state);
        tcase_add_test(rows, test_intent_becomes_footage);
        tcase_add_test(rows, test_intents_are_found_and_dropped);
        tcase_add_test(rows, test_path_is_never_used_twice);
        tcase_add_test(rows, test_by_digest);
        tcase_add_checked_fixture(guards, setup, teardown);
        tcase_add_loop_test(guards, test_evidence_is_kept, 0, (int)ELEMENTSOF(evidence));
        tcase_add_loop_test(guards, test_judgement_may_change, 0, (int)ELEMENTSOF(judgement));
        tcase_add_test(guards, test_nothing_outside_a_transaction);
        suite_add_tcase(s, rows);
        suite_add_tcase(s, guards);
        return s;
}

int main(void)
{
        SRunner *runner = srunner_create(suite());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
