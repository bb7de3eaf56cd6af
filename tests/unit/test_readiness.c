// SPDX-License-Identifier: LGPL-2.1-or-later
/* Thresholds of a recorder's health, and the check before it is issued: each fact alone makes its line bad,
 * and no other. */
#include "rules/readiness.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define S   USEC_PER_SEC
#define GIB (INT64_C(1) << 30)

static const struct health_limits usual = {
                .clock_tolerance = 3 * S, .battery_low = 20, .storage_low_percent = 10};

static const struct {
        bool known;
        int64_t offset, uncertainty;
        enum health expected;
} clocks[] = {
                {false, 0, 0, HEALTH_UNKNOWN},        {true, 0, 0, HEALTH_GOOD},
                {true, 4 * S, 0, HEALTH_GOOD}, /* a second is what whole seconds hide */
                {true, -4 * S, 0, HEALTH_GOOD},       {true, 4 * S + 1, 0, HEALTH_BAD},
                {true, -4 * S - 1, 0, HEALTH_BAD},    {true, 6 * S, 2 * S, HEALTH_GOOD},
                {true, 6 * S + 1, 2 * S, HEALTH_BAD}, {true, 780 * S, 1000, HEALTH_BAD},
                {true, INT64_MIN, 0, HEALTH_BAD},     {true, INT64_MAX, 0, HEALTH_BAD},
};

START_TEST(test_clock)
{
        ck_assert_int_eq(
                        health_of_clock(&usual, clocks[_i].known, clocks[_i].offset, clocks[_i].uncertainty),
                        clocks[_i].expected);
}
END_TEST

static const struct {
        unsigned int low;
        int percent;
        enum health expected;
} batteries[] = {
                {20, -1, HEALTH_UNKNOWN}, {20, 0, HEALTH_BAD},    {20, 19, HEALTH_BAD},
                {20, 20, HEALTH_GOOD},    {20, 100, HEALTH_GOOD}, {0, 0, HEALTH_GOOD},
                {0, -1, HEALTH_UNKNOWN},  {100, 99, HEALTH_BAD},  {100, 100, HEALTH_GOOD},
};

START_TEST(test_battery)
{
        struct health_limits limits = {.battery_low = batteries[_i].low};

        ck_assert_int_eq(health_of_battery(&limits, batteries[_i].percent), batteries[_i].expected);
}
END_TEST

static const struct {
        unsigned int percent;
        uint64_t bytes;
        int64_t free_bytes, total;
        enum health expected;
} storages[] = {
                {10, 0, -1, 100 * GIB, HEALTH_UNKNOWN},       {10, 0, 10 * GIB, -1, HEALTH_UNKNOWN},
                {10, 0, 10 * GIB, 0, HEALTH_UNKNOWN},         {10, 0, 10 * GIB, 100 * GIB, HEALTH_GOOD},
                {10, 0, 10 * GIB - 1, 100 * GIB, HEALTH_BAD}, {10, 0, 0, 100 * GIB, HEALTH_BAD},
                {10, 0, INT64_MAX, INT64_MAX, HEALTH_GOOD},   {10, 0, INT64_MAX / 11, INT64_MAX, HEALTH_BAD},
                {0, 4 * GIB, -1, 32 * GIB, HEALTH_UNKNOWN},   {0, 4 * GIB, 4 * GIB, -1, HEALTH_GOOD},
                {0, 4 * GIB, 4 * GIB - 1, -1, HEALTH_BAD},    {0, 0, 0, 32 * GIB, HEALTH_GOOD},
};

START_TEST(test_storage)
{
        struct health_limits limits = {.storage_low_percent = storages[_i].percent,
                                       .storage_low_bytes = storages[_i].bytes};

        ck_assert_int_eq(health_of_storage(&limits, storages[_i].free_bytes, storages[_i].total),
                         storages[_i].expected);
}
END_TEST

static struct readiness_facts good_facts(void)
{
        return (struct readiness_facts){.assigned = true,
                                        .docking = READINESS_DOCKING_COMPLETE,
                                        .clock = HEALTH_GOOD,
                                        .battery = HEALTH_GOOD,
                                        .storage = HEALTH_GOOD};
}

START_TEST(test_ready)
{
        struct readiness_facts facts = good_facts();
        struct readiness_line lines[_READINESS_CHECK_MAX];

        ck_assert_int_eq(readiness_judge(&facts, lines), HEALTH_GOOD);
        for (unsigned int i = 0; i < _READINESS_CHECK_MAX; i++) {
                ck_assert_int_eq(lines[i].state, HEALTH_GOOD);
                ck_assert_str_eq(lines[i].reason, "");
                ck_assert_str_ne(readiness_check_text((enum readiness_check)i), "");
        }
}
END_TEST

static void retired(struct readiness_facts *f)
{
        f->retired = true;
}

static void unassigned(struct readiness_facts *f)
{
        f->assigned = false;
}

static void out(struct readiness_facts *f)
{
        f->out = true;
}

static void under_way(struct readiness_facts *f)
{
        f->docking = READINESS_DOCKING_UNDER_WAY;
}

static void failed(struct readiness_facts *f)
{
        f->docking = READINESS_DOCKING_FAILED;
}

static void cut_short(struct readiness_facts *f)
{
        f->docking = READINESS_DOCKING_CUT_SHORT;
}

static void waits(struct readiness_facts *f)
{
        f->waits = true;
}

static void overdue(struct readiness_facts *f)
{
        f->overdue = true;
}

static void clock_off(struct readiness_facts *f)
{
        f->clock = HEALTH_BAD;
}

static void clock_untold(struct readiness_facts *f)
{
        f->clock = HEALTH_UNKNOWN;
}

static void battery_low(struct readiness_facts *f)
{
        f->battery = HEALTH_BAD;
}

static void battery_charged(struct readiness_facts *f)
{
        f->battery = HEALTH_BAD;
        f->charged_since = true;
}

static void battery_untold(struct readiness_facts *f)
{
        f->battery = HEALTH_UNKNOWN;
        f->charged_since = true;
}

static void storage_low(struct readiness_facts *f)
{
        f->storage = HEALTH_BAD;
}

static void storage_untold(struct readiness_facts *f)
{
        f->storage = HEALTH_UNKNOWN;
}

static void alerted(struct readiness_facts *f)
{
        f->alerts = 2;
}

static const struct {
        void (*change)(struct readiness_facts *f);
        enum readiness_check check;
        enum health state;
        const char *reason;
} cases[] = {
                {retired, READINESS_REGISTERED, HEALTH_BAD, "retired"},
                {unassigned, READINESS_ASSIGNED, HEALTH_BAD, "not-assigned"},
                {out, READINESS_RETURNED, HEALTH_BAD, "out"},
                {under_way, READINESS_EXPORTED, HEALTH_BAD, "docking-under-way"},
                {failed, READINESS_EXPORTED, HEALTH_BAD, "docking-failed"},
                {cut_short, READINESS_EXPORTED, HEALTH_BAD, "docking-cut-short"},
                {waits, READINESS_EXPORTED, HEALTH_BAD, "not-docked-since-return"},
                {overdue, READINESS_DEADLINE, HEALTH_BAD, "overdue"},
                {clock_off, READINESS_CLOCK, HEALTH_BAD, "off"},
                {clock_untold, READINESS_CLOCK, HEALTH_UNKNOWN, "not-told"},
                {battery_low, READINESS_BATTERY, HEALTH_BAD, "low"},
                {battery_charged, READINESS_BATTERY, HEALTH_UNKNOWN, "charged-since"},
                {battery_untold, READINESS_BATTERY, HEALTH_UNKNOWN, "not-told"},
                {storage_low, READINESS_STORAGE, HEALTH_BAD, "low"},
                {storage_untold, READINESS_STORAGE, HEALTH_UNKNOWN, "not-told"},
                {alerted, READINESS_ALERTS, HEALTH_BAD, "open"},
};

START_TEST(test_one_thing_wrong)
{
        struct readiness_facts facts = good_facts();
        struct readiness_line lines[_READINESS_CHECK_MAX];

        cases[_i].change(&facts);
        ck_assert_int_eq(readiness_judge(&facts, lines), cases[_i].state);
        for (unsigned int i = 0; i < _READINESS_CHECK_MAX; i++) {
                bool it = i == cases[_i].check;

                ck_assert_int_eq(lines[i].state, it ? cases[_i].state : HEALTH_GOOD);
                ck_assert_str_eq(lines[i].reason, it ? cases[_i].reason : "");
        }
}
END_TEST

/* Nothing is known, and nothing of it is bad. */
START_TEST(test_never_docked)
{
        struct readiness_facts facts = {.assigned = true};
        struct readiness_line lines[_READINESS_CHECK_MAX];

        ck_assert_int_eq(readiness_judge(&facts, lines), HEALTH_UNKNOWN);
        for (unsigned int i = READINESS_CLOCK; i <= READINESS_STORAGE; i++)
                ck_assert_str_eq(lines[i].reason, "never-docked");
        ck_assert_str_eq(lines[READINESS_EXPORTED].reason, "never-docked");
        facts.waits = true; /* it came back with something that nobody has seen */
        ck_assert_int_eq(readiness_judge(&facts, lines), HEALTH_BAD);
        ck_assert_str_eq(lines[READINESS_EXPORTED].reason, "not-docked-since-return");
}
END_TEST

START_TEST(test_bad_goes_before_unknown)
{
        struct readiness_line lines[_READINESS_CHECK_MAX];
        struct readiness_facts facts = good_facts();

        facts.clock = HEALTH_UNKNOWN;
        facts.alerts = 1;
        ck_assert_int_eq(readiness_judge(&facts, lines), HEALTH_BAD);
        facts = good_facts();
        facts.retired = true;
        facts.storage = HEALTH_UNKNOWN;
        ck_assert_int_eq(readiness_judge(&facts, lines), HEALTH_BAD);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("readiness");
        TCase *t = tcase_create("readiness");
        SRunner *runner;
        int failures;

        tcase_add_loop_test(t, test_clock, 0, (int)ELEMENTSOF(clocks));
        tcase_add_loop_test(t, test_battery, 0, (int)ELEMENTSOF(batteries));
        tcase_add_loop_test(t, test_storage, 0, (int)ELEMENTSOF(storages));
        tcase_add_test(t, test_ready);
        tcase_add_loop_test(t, test_one_thing_wrong, 0, (int)ELEMENTSOF(cases));
        tcase_add_test(t, test_never_docked);
        tcase_add_test(t, test_bad_goes_before_unknown);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failures = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
