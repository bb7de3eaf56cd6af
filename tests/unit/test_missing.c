// SPDX-License-Identifier: LGPL-2.1-or-later
/* When a recorder is missing: a table, in which a clock is led over each instant, and that more time never
 * makes it missing earlier. */
#include "rules/missing.h"
#include "base/cleanup.h"

#include <check.h>
#include <stdlib.h>

#define NONE  INSTANT_NONE
#define HOURS USEC_PER_HOUR

static const struct missing_rules usual = {.grace = 48 * HOURS, .after = 72 * HOURS};
static const struct missing_rules at_once = {.grace = 1, .after = 1};
static const struct missing_rules roster_only = {.grace = 48 * HOURS};
static const struct missing_rules never = {0, 0};

/* Hours; 0 is not known, -1 is never. */
static const struct {
        const struct missing_rules *rules;
        int64_t out, until, extended, returned, retired;
        int64_t since;   /* hours */
        int64_t instead; /* found by then, hours; 0: it is not */
} cases[] = {
                {&usual, 8, 0, 0, 0, 0, 80, 0},
                {&usual, 8, 18, 0, 0, 0, 66, 0},
                {&usual, 8, 200, 0, 0, 0, 248, 0}, /* days away, as was said */
                {&usual, 8, 18, 30, 0, 0, 78, 0},  /* more time than the roster */
                {&usual, 8, 18, 10, 0, 0, 66, 0},  /* less is no shorter */
                {&usual, 8, 0, 10, 0, 0, 80, 0},   /* nor than the checkout gave */
                {&usual, 8, 0, 40, 0, 0, 88, 0},
                {&usual, 8, 18, 0, 66, 0, 66, 66}, /* back at the very instant: never missing */
                {&usual, 8, 18, 0, 67, 0, 66, 67},
                {&usual, 8, 18, 0, 20, 0, 66, 20},
                {&usual, 8, 18, 0, 0, 100, 66, 100},
                {&usual, 8, 18, 0, 0, 9, 66, 9},
                {&usual, 0, 0, 0, 20, 0, -1, 0}, /* nobody knew that it was away */
                {&at_once, 8, 18, 0, 0, 0, 18, 0},
                {&at_once, 8, 0, 0, 0, 0, 8, 0},
                {&roster_only, 8, 18, 0, 0, 0, 66, 0},
                {&roster_only, 8, 0, 0, 0, 0, -1, 0},
                {&roster_only, 8, 0, 20, 0, 0, -1, 0},
                {&never, 8, 18, 0, 0, 0, -1, 0},
                {&never, 8, 0, 20, 0, 0, -1, 0},
};

static instant_t hour(int64_t n)
{
        return n == 0 ? NONE : n * HOURS;
}

static struct missing_facts facts_of(int i)
{
        return (struct missing_facts){.checked_out = hour(cases[i].out),
                                      .roster_end = hour(cases[i].until),
                                      .extended = hour(cases[i].extended),
                                      .returned = hour(cases[i].returned),
                                      .retired = hour(cases[i].retired)};
}

START_TEST(table)
{
        const struct missing_facts facts = facts_of(_i);
        instant_t since = missing_since(cases[_i].rules, &facts);
        instant_t found = cases[_i].instead > 0 ? hour(cases[_i].instead) : INT64_MAX;

        if (cases[_i].since < 0) {
                ck_assert_int_eq(since, NONE);
                ck_assert(!missing_at(cases[_i].rules, &facts, INT64_MAX));
                return;
        }
        ck_assert_int_eq(since / HOURS, cases[_i].since);
        for (int64_t h = 0; h < 300; h++) {
                instant_t at = h * HOURS + (since - hour(cases[_i].since));

                ck_assert_int_eq(missing_at(cases[_i].rules, &facts, at), at >= since && at < found);
        }
        ck_assert(!missing_at(cases[_i].rules, &facts, since - 1));
        ck_assert_int_eq(missing_at(cases[_i].rules, &facts, since), since < found);
}
END_TEST

START_TEST(hostile_times)
{
        const struct missing_facts late = {.checked_out = INT64_MAX - 1,
                                           .roster_end = NONE,
                                           .extended = NONE,
                                           .returned = NONE,
                                           .retired = NONE};
        const struct missing_facts early = {.checked_out = INT64_MIN + 1,
                                            .roster_end = INT64_MIN + 2,
                                            .extended = INT64_MAX,
                                            .returned = NONE,
                                            .retired = NONE};

        ck_assert_int_eq(missing_since(&usual, &late), NONE);
        ck_assert(!missing_at(&usual, &late, INT64_MAX));
        ck_assert_int_eq(missing_since(&usual, &early), NONE);
}
END_TEST

START_TEST(more_time_is_never_less)
{
        for (int64_t until = 0; until < 100; until += 3)
                for (int64_t extended = 1; extended < 200; extended += 3) {
                        struct missing_facts f = {.checked_out = hour(8),
                                                  .roster_end = hour(until),
                                                  .extended = NONE,
                                                  .returned = NONE,
                                                  .retired = NONE};
                        instant_t before = missing_since(&usual, &f);

                        f.extended = hour(extended);
                        ck_assert_int_ge(missing_since(&usual, &f), before);
                        ck_assert_int_ge(missing_since(&usual, &f), f.extended + usual.grace);
                }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("missing");
        TCase *t = tcase_create("missing");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(t, table, 0, (int)ELEMENTSOF(cases));
        tcase_add_test(t, hostile_times);
        tcase_add_test(t, more_time_is_never_less);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
