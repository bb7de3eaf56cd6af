// SPDX-License-Identifier: LGPL-2.1-or-later
/* Units, officers, recorders and assignments: adding, changing, finding, and who had what when. */
#include "base/cleanup.h"
#include "catalogue/registry.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <string.h>

#define HOUR USEC_PER_HOUR

static struct catalogue *c;
static int64_t unit_a, unit_b, officer_a, officer_b, recorder_a, recorder_b;

static void setup(void)
{
        c = fixture_open();
        fixture_begin(c);
        unit_a = fixture_unit(c, "A");
        unit_b = fixture_unit(c, "B");
        officer_a = fixture_officer(c, "000001", unit_a);
        officer_b = fixture_officer(c, "000002", unit_b);
        recorder_a = fixture_recorder(c, "1000001", unit_a);
        recorder_b = fixture_recorder(c, "1000002", 0);
        fixture_commit(c);
        fixture_begin(c);
}

static void teardown(void)
{
        int64_t bad, count;

        catalogue_rollback(c);
        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &count), CATALOGUE_OK);
        fixture_close(c);
}

static int64_t ledger_count(const char *act)
{
        char *sql;
        int64_t n;

        fixture_commit(c);
        ck_assert_int_ge(asprintf(&sql, "SELECT count(*) FROM ledger WHERE act = '%s'", act), 0);
        n = fixture_ask(sql);
        free(sql);
        fixture_begin(c);
        return n;
}

START_TEST(test_found_as_added)
{
        struct unit u;
        struct officer o;
        struct recorder_row r;

        ck_assert_int_eq(unit_by_number(c, "A", &u), CATALOGUE_OK);
        ck_assert_int_eq(u.id, unit_a);
        ck_assert_str_eq(u.name, "unit A");
        ck_assert_int_eq(u.parent, 0);
        ck_assert_int_eq(officer_by_id(c, officer_b, &o), CATALOGUE_OK);
        ck_assert_str_eq(o.number, "000002");
        ck_assert_int_eq(o.unit, unit_b);
        ck_assert_int_eq(recorder_by_number(c, "1000001", &r), CATALOGUE_OK);
        ck_assert_int_eq(r.id, recorder_a);
        ck_assert_str_eq(r.usb_serial, "usb-1000001");
        ck_assert_int_eq(r.vendor_id, 0x18d1);
        ck_assert_int_eq(r.retired_at, INSTANT_NONE);
        ck_assert_int_eq(r.registered_at, FIXTURE_NOW);
        ck_assert_int_eq(recorder_by_id(c, recorder_b, &r), CATALOGUE_OK);
        ck_assert_int_eq(r.unit, 0);
}
END_TEST

START_TEST(test_absent)
{
        struct unit u = {.id = 77};
        struct officer o;
        struct recorder_row r;

        ck_assert_int_eq(unit_by_number(c, "C", &u), CATALOGUE_ABSENT);
        ck_assert_int_eq(u.id, 77); /* outputs on success only */
        ck_assert_int_eq(unit_by_id(c, 99, &u), CATALOGUE_ABSENT);
        ck_assert_int_eq(officer_by_number(c, "", &o), CATALOGUE_ABSENT);
        ck_assert_int_eq(recorder_by_id(c, 99, &r), CATALOGUE_ABSENT);
        ck_assert_int_eq(recorder_retire(c, FIXTURE_ACTOR, 99, "lost"), CATALOGUE_ABSENT);
        ck_assert_int_eq(officer_move(c, FIXTURE_ACTOR, 99, unit_a, FIXTURE_NOW), CATALOGUE_ABSENT);
}
END_TEST

START_TEST(test_number_is_taken)
{
        int64_t id = -1;

        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &(struct unit){.number = "A"}, &id), CATALOGUE_EXISTS);
        ck_assert_int_eq(officer_add(c, FIXTURE_ACTOR, &(struct officer){.number = "000001"}, &id),
                         CATALOGUE_EXISTS);
        ck_assert_int_eq(recorder_register(c, FIXTURE_ACTOR, &(struct recorder_row){.number = "1000001"},
                                           &id),
                         CATALOGUE_EXISTS);
        ck_assert_int_eq(id, -1);
        ck_assert_int_eq(ledger_count("unit.added"), 2);
        ck_assert_int_eq(ledger_count("officer.added"), 2);
        ck_assert_int_eq(ledger_count("recorder.registered"), 2);
}
END_TEST

START_TEST(test_bad_rows_are_refused)
{
        int64_t id = -1;

        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &(struct unit){.number = ""}, &id), -EINVAL);
        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &(struct unit){.number = "C", .parent = 99}, &id),
                         -EINVAL);
        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &(struct unit){.number = "\xc3"}, &id), -EILSEQ);
        ck_assert_int_eq(id, -1);
        catalogue_rollback(c);
        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &(struct unit){.number = "C"}, &id), -EPERM);
        fixture_begin(c);
}
END_TEST

START_TEST(test_ledger_detail_is_escaped)
{
        int64_t id;

        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &(struct unit){.number = "Q", .name = "a\"b\\c\n"}, &id),
                         0);
        fixture_commit(c);
        ck_assert_int_eq(fixture_ask("SELECT detail ->> 'name' = 'a\"b\\c' || char(10) FROM ledger"
                                     " WHERE subject = 'unit/Q'"),
                         1);
        fixture_begin(c);
}
END_TEST

static struct recorder_row found;

static int by_serial(uint16_t product_id, const char *usb, const char *own)
{
        return recorder_by_serial(c, 0x18d1, product_id, usb, own, &found);
}

START_TEST(test_by_serial)
{
        ck_assert_int_eq(by_serial(0x4ee1, "usb-1000002", "own-1000002"), CATALOGUE_OK);
        ck_assert_int_eq(found.id, recorder_b);
        ck_assert_int_eq(by_serial(0x4ee2, "usb-1000002", "own-1000002"), CATALOGUE_OK);
        ck_assert_int_eq(found.id, recorder_b); /* the same device in another mode: its own serial tells */
        ck_assert_int_eq(by_serial(0x4ee2, "usb-1000002", ""), CATALOGUE_ABSENT); /* another product */
        ck_assert_int_eq(by_serial(0x4ee1, "", "own-1000002"), CATALOGUE_OK);
        ck_assert_int_eq(found.id, recorder_b);
}
END_TEST

START_TEST(test_contradicting_serials_match_nobody)
{
        ck_assert_int_eq(by_serial(0x4ee1, "usb-1000002", "own-1000001"), CATALOGUE_ABSENT);
        ck_assert_int_eq(by_serial(0x4ee1, "usb-1000001", "own-9999999"), CATALOGUE_ABSENT);
        ck_assert_int_eq(by_serial(0x4ee1, "usb-9999999", "own-1000001"), CATALOGUE_ABSENT);
}
END_TEST

START_TEST(test_registered_by_usb_serial_alone)
{
        struct recorder_row bare = {.number = "1000003", .usb_serial = "usb-1000003"};
        int64_t id;

        ck_assert_int_eq(recorder_register(c, FIXTURE_ACTOR, &bare, &id), CATALOGUE_OK);
        ck_assert_int_eq(by_serial(0x4ee1, "usb-1000003", "own-1000003"), CATALOGUE_OK);
        ck_assert_int_eq(found.id, id);
}
END_TEST

START_TEST(test_empty_serials_match_nothing)
{
        struct recorder_row bare = {.number = "1000003", .vendor_id = 0x18d1, .product_id = 0x4ee1};
        int64_t id;

        ck_assert_int_eq(recorder_register(c, FIXTURE_ACTOR, &bare, &id), CATALOGUE_OK);
        ck_assert_int_eq(by_serial(0x4ee1, "", ""), CATALOGUE_ABSENT);
}
END_TEST

START_TEST(test_shared_usb_serial_is_told_apart)
{
        struct recorder_row twin = {.number = "1000003",
                                    .usb_serial = "usb-1000001",
                                    .serial = "own-1000003",
                                    .vendor_id = 0x18d1,
                                    .product_id = 0x4ee1};
        int64_t id;

        ck_assert_int_eq(recorder_register(c, FIXTURE_ACTOR, &twin, &id), CATALOGUE_OK);
        ck_assert_int_eq(by_serial(0x4ee1, "usb-1000001", "own-1000001"), CATALOGUE_OK);
        ck_assert_int_eq(found.id, recorder_a);
        ck_assert_int_eq(by_serial(0x4ee1, "usb-1000001", "own-1000003"), CATALOGUE_OK);
        ck_assert_int_eq(found.id, id);
        ck_assert_int_eq(recorder_retire(c, FIXTURE_ACTOR, id, "broken"), CATALOGUE_OK);
        ck_assert_int_eq(by_serial(0x4ee1, "usb-1000001", ""), CATALOGUE_OK);
        ck_assert_int_eq(found.id, recorder_a); /* the one in service */
}
END_TEST

START_TEST(test_retire_and_return)
{
        struct recorder_row r;

        ck_assert_int_eq(recorder_retire(c, FIXTURE_ACTOR, recorder_a, "lost"), CATALOGUE_OK);
        ck_assert_int_eq(recorder_retire(c, FIXTURE_ACTOR, recorder_a, "lost"), CATALOGUE_RETIRED);
        ck_assert_int_eq(by_serial(0x4ee1, "usb-1000001", ""), CATALOGUE_OK); /* found all the same */
        ck_assert_int_eq(found.retired_at, FIXTURE_NOW);
        r = found;
        r.retired_at = INSTANT_NONE;
        r.unit = unit_b;
        ck_assert_int_eq(recorder_update(c, FIXTURE_ACTOR, &r), CATALOGUE_OK);
        ck_assert_int_eq(recorder_by_id(c, recorder_a, &r), CATALOGUE_OK);
        ck_assert_int_eq(r.retired_at, INSTANT_NONE);
        ck_assert_int_eq(r.unit, unit_b);
        ck_assert_int_eq(recorder_update(c, FIXTURE_ACTOR, &r), CATALOGUE_OK);
        r.id = 99;
        ck_assert_int_eq(recorder_update(c, FIXTURE_ACTOR, &r), CATALOGUE_ABSENT);
        ck_assert_int_eq(ledger_count("recorder.retired"), 1);
        ck_assert_int_eq(ledger_count("recorder.returned"), 1);
        ck_assert_int_eq(ledger_count("recorder.updated"), 1);
}
END_TEST

static int64_t unit_at(instant_t at)
{
        int64_t unit = -1;

        return officer_unit_at(c, officer_a, at, &unit) == CATALOGUE_OK ? unit : 0;
}

START_TEST(test_move_keeps_history)
{
        struct officer o;

        ck_assert_int_eq(officer_move(c, FIXTURE_ACTOR, officer_a, unit_b, FIXTURE_NOW - HOUR),
                         CATALOGUE_OK);
        ck_assert_int_eq(unit_at(0), unit_a); /* also before the registration */
        ck_assert_int_eq(unit_at(FIXTURE_NOW - HOUR - 1), unit_a);
        ck_assert_int_eq(unit_at(FIXTURE_NOW - HOUR), unit_b);
        ck_assert_int_eq(officer_by_number(c, "000001", &o), CATALOGUE_OK);
        ck_assert_int_eq(o.unit, unit_b);
        /* A move yet to come is not today's unit. */
        ck_assert_int_eq(officer_move(c, FIXTURE_ACTOR, officer_a, 0, FIXTURE_NOW + HOUR), CATALOGUE_OK);
        ck_assert_int_eq(officer_by_number(c, "000001", &o), CATALOGUE_OK);
        ck_assert_int_eq(o.unit, unit_b);
        ck_assert_int_eq(unit_at(FIXTURE_NOW + HOUR), 0);
        /* An earlier one replaces what came after it. */
        ck_assert_int_eq(officer_move(c, FIXTURE_ACTOR, officer_a, unit_a, FIXTURE_NOW - 2 * HOUR),
                         CATALOGUE_OK);
        ck_assert_int_eq(unit_at(FIXTURE_NOW + HOUR), unit_a);
        ck_assert_int_eq(ledger_count("officer.moved"), 3);
}
END_TEST

static int assign(int64_t officer, int from, int until)
{
        return recorder_assign(c, FIXTURE_ACTOR, recorder_a, officer, FIXTURE_NOW + from * HOUR,
                               until == 0 ? INSTANT_NONE : FIXTURE_NOW + until * HOUR);
}

static int64_t holder_at(int hour)
{
        int64_t officer = -1;

        return officer_assigned_at(c, recorder_a, FIXTURE_NOW + hour * HOUR, &officer) == CATALOGUE_OK
                               ? officer
                               : 0;
}

START_TEST(test_assignments_are_half_open)
{
        ck_assert_int_eq(assign(officer_a, 10, 20), CATALOGUE_OK);
        ck_assert_int_eq(assign(officer_b, 20, 30), CATALOGUE_OK); /* they touch and do not overlap */
        ck_assert_int_eq(holder_at(9), 0);
        ck_assert_int_eq(holder_at(10), officer_a);
        ck_assert_int_eq(holder_at(19), officer_a);
        ck_assert_int_eq(holder_at(20), officer_b);
        ck_assert_int_eq(holder_at(30), 0);
        ck_assert_int_eq(ledger_count("recorder.assigned"), 2);
}
END_TEST

START_TEST(test_open_assignment_is_ended_by_the_next)
{
        ck_assert_int_eq(assign(officer_a, 10, 0), CATALOGUE_OK);
        ck_assert_int_eq(holder_at(1000), officer_a);
        ck_assert_int_eq(assign(officer_b, 20, 0), CATALOGUE_OK);
        ck_assert_int_eq(holder_at(19), officer_a);
        ck_assert_int_eq(holder_at(20), officer_b);
        ck_assert_int_eq(assign(0, 30, 0), CATALOGUE_OK);
        ck_assert_int_eq(holder_at(29), officer_b);
        ck_assert_int_eq(holder_at(30), 0);
        ck_assert_int_eq(assign(0, 40, 0), CATALOGUE_ABSENT);
        ck_assert_int_eq(ledger_count("recorder.unassigned"), 2);
}
END_TEST

static const struct {
        int from, until;
        int expected;
} overlaps[] = {
                {5, 11, CATALOGUE_CONFLICT},
                {5, 25, CATALOGUE_CONFLICT},
                {12, 15, CATALOGUE_CONFLICT},
                {19, 25, CATALOGUE_CONFLICT},
                {5, 0, CATALOGUE_CONFLICT},
                {12, 0, CATALOGUE_CONFLICT},
                {5, 10, CATALOGUE_OK},
                {20, 0, CATALOGUE_OK},
                {20, 20, -EINVAL},
                {20, 15, -EINVAL},
};

START_TEST(test_overlap)
{
        ck_assert_int_eq(assign(officer_a, 10, 20), CATALOGUE_OK);
        ck_assert_int_eq(assign(officer_b, overlaps[_i].from, overlaps[_i].until), overlaps[_i].expected);
        for (int hour = 10; hour < 20; hour++)
                ck_assert_int_eq(holder_at(hour), officer_a);
}
END_TEST

/* The open one would be ended, but what comes later is in the way: nothing may change. */
START_TEST(test_conflict_changes_nothing)
{
        ck_assert_int_eq(assign(officer_a, 30, 40), CATALOGUE_OK);
        ck_assert_int_eq(assign(officer_b, 50, 0), CATALOGUE_OK);
        ck_assert_int_eq(assign(officer_a, 45, 0), CATALOGUE_CONFLICT);
        ck_assert_int_eq(assign(officer_a, 35, 60), CATALOGUE_CONFLICT);
        ck_assert_int_eq(holder_at(1000), officer_b);
        ck_assert_int_eq(ledger_count("recorder.unassigned"), 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("registry");
        TCase *rows = tcase_create("rows"), *history = tcase_create("history");

        tcase_add_checked_fixture(rows, setup, teardown);
        tcase_add_test(rows, test_found_as_added);
        tcase_add_test(rows, test_absent);
        tcase_add_test(rows, test_number_is_taken);
        tcase_add_test(rows, test_bad_rows_are_refused);
        tcase_add_test(rows, test_ledger_detail_is_escaped);
        tcase_add_test(rows, test_by_serial);
        tcase_add_test(rows, test_contradicting_serials_match_nobody);
        tcase_add_test(rows, test_registered_by_usb_serial_alone);
        tcase_add_test(rows, test_empty_serials_match_nothing);
        tcase_add_test(rows, test_shared_usb_serial_is_told_apart);
        tcase_add_test(rows, test_retire_and_return);
        tcase_add_checked_fixture(history, setup, teardown);
        tcase_add_test(history, test_move_keeps_history);
        tcase_add_test(history, test_assignments_are_half_open);
        tcase_add_test(history, test_open_assignment_is_ended_by_the_next);
        tcase_add_loop_test(history, test_overlap, 0, (int)ELEMENTSOF(overlaps));
        tcase_add_test(history, test_conflict_changes_nothing);
        suite_add_tcase(s, rows);
        suite_add_tcase(s, history);
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
