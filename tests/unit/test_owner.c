// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whose footage, against a registry of two officers who change place. Officer 1 is number 000101 and was of
 * unit 10 until JUNE, of unit 11 since. Officer 2 is number 000202 and of no unit. Recorder 5 was assigned
 * to officer 1 until JUNE, to 2 since; recorder 6 to nobody. Recorder 5 is of unit 50, recorder 6 of none.
 */
#include "rules/owner.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

#define JUNE   INT64_C(1780243200000000)
#define BEFORE (JUNE - USEC_PER_SEC)

static int failing; /* 1-4: this question fails */
static int asked;

static int on_number(void *userdata, const char *number, int64_t *ret)
{
        (void)userdata;
        asked++;
        if (failing == 1)
                return -EIO;
        *ret = strcmp(number, "000101") == 0 ? 1 : strcmp(number, "000202") == 0 ? 2 : 999;
        return *ret == 999 ? -ENOENT : 0;
}

static int on_assigned(void *userdata, int64_t recorder, instant_t at, int64_t *ret)
{
        (void)userdata;
        if (failing == 2)
                return -EIO;
        *ret = recorder != 5 ? 999 : at < JUNE ? 1 : 2;
        return *ret == 999 ? -ENOENT : 0;
}

static int on_unit_of_officer(void *userdata, int64_t officer, instant_t at, int64_t *ret)
{
        (void)userdata;
        if (failing == 3)
                return -EIO;
        *ret = officer != 1 ? 999 : at < JUNE ? 10 : 11;
        return *ret == 999 ? -ENOENT : 0;
}

static int on_unit_of_recorder(void *userdata, int64_t recorder, int64_t *ret)
{
        (void)userdata;
        if (failing == 4)
                return -EIO;
        *ret = recorder == 5 ? 50 : 999;
        return *ret == 999 ? -ENOENT : 0;
}

static const struct owner_registry registry = {
                .officer_by_number = on_number,
                .officer_assigned = on_assigned,
                .unit_of_officer = on_unit_of_officer,
                .unit_of_recorder = on_unit_of_recorder,
};

static const struct {
        const char *what;
        int64_t recorder;
        instant_t at;
        const char *name, *device;
        struct owner expected;
        int64_t given;
} cases[] = {
                {"name", 5, BEFORE, "000101", "", {1, 10, OWNER_FROM_NAME, 0, 0}},
                {"unit at the time of recording", 5, JUNE, "000101", "", {1, 11, OWNER_FROM_NAME, 1, 0}},
                {"name before device", 6, BEFORE, "000101", "000202", {1, 10, OWNER_FROM_NAME, 0, 0}},
                {"device", 5, JUNE, "", "000202", {2, 50, OWNER_FROM_DEVICE, 0, 0}},
                {"device, absent name", 5, JUNE, NULL, "000202", {2, 50, OWNER_FROM_DEVICE, 0, 0}},
                {"device disagrees with assignment",
                 5,
                 BEFORE,
                 "",
                 "000202",
                 {2, 50, OWNER_FROM_DEVICE, 1, 0}},
                {"assignment", 5, BEFORE, "", "", {1, 10, OWNER_FROM_ASSIGNMENT, 0, 0}},
                {"assignment at the time of recording",
                 5,
                 JUNE,
                 NULL,
                 NULL,
                 {2, 50, OWNER_FROM_ASSIGNMENT, 0, 0}},
                {"unknown in name, device knows",
                 5,
                 JUNE,
                 "777777",
                 "000202",
                 {2, 50, OWNER_FROM_DEVICE, 0, 1}},
                {"unknown in both", 5, BEFORE, "777777", "888888", {1, 10, OWNER_FROM_ASSIGNMENT, 0, 1}},
                {"unknown, nobody assigned", 6, BEFORE, "777777", "", {0, 0, OWNER_NOBODY, 0, 1}},
                {"factory setting", 5, BEFORE, "000000", "0", {1, 10, OWNER_FROM_ASSIGNMENT, 0, 0}},
                {"nobody at all", 6, BEFORE, "", "", {0, 0, OWNER_NOBODY, 0, 0}},
                {"officer without unit, recorder without unit",
                 6,
                 BEFORE,
                 "000202",
                 "",
                 {2, 0, OWNER_FROM_NAME, 0, 0}},
                {"unregistered recorder", 0, BEFORE, "", "", {0, 0, OWNER_NOBODY, 0, 0}},
                {"given at an import", 6, BEFORE, "", "", {2, 0, OWNER_FROM_IMPORT, 0, 0}, 2},
                {"given, unit at the time of recording",
                 5,
                 JUNE,
                 "",
                 "",
                 {1, 11, OWNER_FROM_IMPORT, 1, 0},
                 1},
                {"given, name agrees", 6, BEFORE, "000101", "", {1, 10, OWNER_FROM_IMPORT, 0, 0}, 1},
                {"given, name disagrees", 6, BEFORE, "000101", "", {2, 0, OWNER_FROM_IMPORT, 1, 0}, 2},
                {"given, name unknown", 6, BEFORE, "777777", "", {1, 10, OWNER_FROM_IMPORT, 0, 1}, 1},
                {"given, assigned to another", 5, BEFORE, "", "", {2, 50, OWNER_FROM_IMPORT, 1, 0}, 2},
                {"no time", 5, INSTANT_NONE, "", "", {0, 50, OWNER_NOBODY, 0, 0}},
};

START_TEST(test_settle)
{
        struct owner o = {.officer = -1};
        const struct owner *e = &cases[_i].expected;

        ck_assert_int_eq(owner_settle(&registry, cases[_i].recorder, cases[_i].at, cases[_i].given,
                                      cases[_i].name, cases[_i].device, &o),
                         0);
        ck_assert_msg(o.officer == e->officer && o.unit == e->unit && o.source == e->source &&
                                      o.disagrees == e->disagrees && o.unknown_number == e->unknown_number,
                      "%s: officer %lld, unit %lld, source %d, disagrees %d, unknown %d", cases[_i].what,
                      (long long)o.officer, (long long)o.unit, (int)o.source, o.disagrees, o.unknown_number);
}
END_TEST

/* A registry that fails gives no owner, rather than a wrong one. */
START_TEST(test_failure)
{
        struct owner o = {.officer = -1};

        failing = _i;
        ck_assert_int_eq(owner_settle(&registry, 5, BEFORE, 0, _i == 4 ? "000202" : "000101", "", &o), -EIO);
        ck_assert_int_eq(o.officer, -1);
}
END_TEST

START_TEST(test_zeros_are_not_asked_for)
{
        struct owner o;

        asked = 0;
        ck_assert_int_eq(owner_settle(&registry, 5, BEFORE, 0, "000000", "", &o), 0);
        ck_assert_int_eq(asked, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("owner");
        TCase *t = tcase_create("owner");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(t, test_settle, 0, (int)ELEMENTSOF(cases));
        tcase_add_loop_test(t, test_failure, 1, 5);
        tcase_add_test(t, test_zeros_are_not_asked_for);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
