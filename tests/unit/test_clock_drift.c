// SPDX-License-Identifier: LGPL-2.1-or-later
/* How fast a clock runs, from readings at its dockings. The clock of a test is a line; readings are what a
 * recorder that tells whole seconds shows of it. */
#include "rules/clock_drift.h"
#include "base/cleanup.h"

#include <check.h>
#include <stdlib.h>

#define BEGIN INT64_C(1793000000000000)
#define S     USEC_PER_SEC
#define DAY   USEC_PER_DAY

static struct clock_reading readings[400];
static size_t n;

static void setup(void)
{
        n = 0;
}

static void add(int64_t at, int64_t offset, bool set_before)
{
        readings[n++] = (struct clock_reading){
                        .at = BEGIN + at, .offset = offset, .uncertainty = 5000, .set_before = set_before};
}

static struct clock_drift estimate(void)
{
        struct clock_drift d;

        clock_drift_estimate(readings, n, &d);
        return d;
}

static void assert_drift(double seconds_per_day, double within)
{
        struct clock_drift d = estimate();

        ck_assert(d.known);
        ck_assert_double_eq_tol((double)d.per_day / S, seconds_per_day, within);
}

START_TEST(test_one_or_none_say_nothing)
{
        ck_assert(!estimate().known);
        add(0, 5 * S, false);
        ck_assert(!estimate().known);
        ck_assert_uint_eq(estimate().readings, 0);
}
END_TEST

START_TEST(test_two_are_a_line)
{
        add(0, 0, false);
        add(2 * DAY, 7 * S, false);
        assert_drift(3.5, 0.001);
        ck_assert_uint_eq(estimate().readings, 2);
}
END_TEST

START_TEST(test_slow_is_negative)
{
        add(0, 100 * S, false);
        add(DAY, 98 * S, false);
        add(2 * DAY, 96 * S, false);
        assert_drift(-2, 0.001);
}
END_TEST

/* Twice in a quarter of an hour: a second of rounding would be a minute and a half a day. */
START_TEST(test_close_readings_say_nothing)
{
        add(0, 0, false);
        add(15 * 60 * S, 1 * S, false);
        ck_assert(!estimate().known);
        add(DAY, 2 * S, false);
        assert_drift(1.5, 0.6);
}
END_TEST

START_TEST(test_at_the_shortest_span)
{
        add(0, 0, false);
        add(CLOCK_DRIFT_SPAN_MIN - 1, 0, false);
        ck_assert(!estimate().known);
        n = 1;
        add(CLOCK_DRIFT_SPAN_MIN, 0, false);
        ck_assert(estimate().known);
}
END_TEST

/* A clock that is set every evening: two readings for each day, one behind the setting and one before the
 * next. */
START_TEST(test_set_every_day)
{
        for (int day = 0; day < 10; day++) {
                add(day * DAY, 4 * S, false);
                add(day * DAY + 60 * S, 0, true);
        }
        assert_drift(4, 0.1);
        ck_assert_uint_eq(estimate().readings, 18);
}
END_TEST

/* Without its mark the setting would be a clock that runs back. */
START_TEST(test_nothing_stands_across_a_setting)
{
        add(0, 8 * S, false);
        add(DAY, 0, true);
        ck_assert(!estimate().known);
        readings[1].set_before = false;
        ck_assert(estimate().known);
}
END_TEST

START_TEST(test_somebody_set_it)
{
        for (int day = 0; day < 4; day++)
                add(day * DAY, 780 * S + day * S, false);
        for (int day = 4; day < 8; day++)
                add(day * DAY, day * S, false);
        assert_drift(1, 0.001);
        ck_assert_uint_eq(estimate().readings, 8);
}
END_TEST

START_TEST(test_one_wrong_reading_moves_nothing)
{
        for (int day = 0; day < 9; day++)
                add(day * DAY, 2 * day * S, false);
        readings[4].offset += 9 * S; /* less than a clock could have been set by */
        assert_drift(2, 0.3);
}
END_TEST

/* Whole seconds and answers that take their time: the error of many is far below that of one. */
START_TEST(test_rounded_readings)
{
        srand(4711);
        for (int day = 0; day < 30; day++) {
                int64_t exact = day * 26 * S / 10, noise = (int64_t)(rand() % 1000) * 1000;

                add(day * DAY, exact - noise, false);
        }
        assert_drift(2.6, 0.06);
}
END_TEST

/* The station's clock was set back: what comes later is earlier. */
START_TEST(test_readings_out_of_order_are_no_pairs)
{
        add(2 * DAY, 2 * S, false);
        add(0, 0, false);
        ck_assert(!estimate().known);
}
END_TEST

START_TEST(test_only_the_newest_count)
{
        for (int i = 0; i < 100; i++)
                add(i * DAY, 0, false);
        for (int i = 100; i < 100 + CLOCK_READINGS_MAX; i++)
                add(i * DAY, 5 * (i - 100) * S, i == 100);
        assert_drift(5, 0.001);
        ck_assert_uint_eq(estimate().readings, CLOCK_READINGS_MAX);
}
END_TEST

START_TEST(test_extremes_do_not_overflow)
{
        add(-BEGIN + INT64_MIN / 2, INT64_MIN, false);
        add(-BEGIN + INT64_MAX / 2, INT64_MAX, false);
        (void)estimate();
        readings[0].uncertainty = readings[1].uncertainty = INT64_MAX;
        (void)estimate();
        readings[0].at = BEGIN;
        readings[1].at = BEGIN + CLOCK_DRIFT_SPAN_MIN;
        ck_assert(estimate().known);
        ck_assert_int_ge(estimate().per_day, INT64_C(9000000000000000000));
}
END_TEST

static const struct {
        int64_t offset, passed;
        bool moved;
} moves[] = {
                {0, DAY, false},
                {10 * S, 0, false},
                {11 * S, 0, true},
                {-11 * S, 0, true},
                {29 * S, DAY, false},
                {31 * S, DAY, true},
                {-31 * S, DAY, true},
                {780 * S, DAY, true},
                {-780 * S, 30 * DAY, true},
                {600 * S, 30 * DAY, false},
                {9 * S, -DAY, false},
                {11 * S, -DAY, true},
};

START_TEST(test_moved)
{
        struct clock_reading before = {.at = BEGIN, .offset = 7 * S},
                             after = {.at = BEGIN + moves[_i].passed, .offset = 7 * S + moves[_i].offset};

        ck_assert_int_eq(clock_was_moved(&before, &after), moves[_i].moved);
}
END_TEST

START_TEST(test_uncertain_is_not_moved)
{
        struct clock_reading before = {.at = BEGIN, .uncertainty = 20 * S},
                             after = {.at = BEGIN, .offset = 49 * S, .uncertainty = 20 * S};

        ck_assert(!clock_was_moved(&before, &after));
        after.offset = 51 * S;
        ck_assert(clock_was_moved(&before, &after));
}
END_TEST

struct pair {
        double per_day, weight;
};

static int compare_pairs(const void *a, const void *b)
{
        const struct pair *x = a, *y = b;

        return x->per_day < y->per_day ? -1 : x->per_day > y->per_day;
}

/* By its definition: in order of slopes, where half of the weight is. */
static double median_by_sorting(void)
{
        static struct pair pairs[CLOCK_READINGS_MAX * CLOCK_READINGS_MAX];
        double half = 0, sum = 0;
        size_t k = 0;

        for (size_t i = 0; i < n; i++) {
                for (size_t j = i + 1; j < n; j++) {
                        double days = (double)(readings[j].at - readings[i].at) / DAY;

                        pairs[k++] = (struct pair){(double)(readings[j].offset - readings[i].offset) / days,
                                                   days};
                        half += days / 2;
                }
        }
        qsort(pairs, k, sizeof(pairs[0]), compare_pairs);
        for (size_t i = 0; i < k; i++) {
                sum += pairs[i].weight;
                if (sum == half && i + 1 < k)
                        return (pairs[i].per_day + pairs[i + 1].per_day) / 2;
                if (sum > half)
                        return pairs[i].per_day;
        }
        return 0;
}

/* Whole days and seconds, so that slopes are often equal and halves often exact. */
START_TEST(test_is_the_weighted_median)
{
        srand((unsigned int)_i);
        for (int set = 0; set < 50; set++) {
                size_t wanted = 2 + (size_t)rand() % (set % 10 == 0 ? CLOCK_READINGS_MAX - 2 : 8);
                int64_t day = 0;

                n = 0;
                while (n < wanted) {
                        add(day * DAY, (rand() % 9 - 4) * S, false);
                        day += 1 + rand() % 2;
                }
                ck_assert_double_eq_tol((double)estimate().per_day, median_by_sorting(), 1);
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("clock drift");
        TCase *t = tcase_create("drift");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_test(t, test_one_or_none_say_nothing);
        tcase_add_test(t, test_two_are_a_line);
        tcase_add_test(t, test_slow_is_negative);
        tcase_add_test(t, test_close_readings_say_nothing);
        tcase_add_test(t, test_at_the_shortest_span);
        tcase_add_test(t, test_set_every_day);
        tcase_add_test(t, test_nothing_stands_across_a_setting);
        tcase_add_test(t, test_somebody_set_it);
        tcase_add_test(t, test_one_wrong_reading_moves_nothing);
        tcase_add_test(t, test_rounded_readings);
        tcase_add_test(t, test_readings_out_of_order_are_no_pairs);
        tcase_add_test(t, test_only_the_newest_count);
        tcase_add_test(t, test_extremes_do_not_overflow);
        tcase_add_loop_test(t, test_is_the_weighted_median, 0, 8);
        tcase_add_loop_test(t, test_moved, 0, (int)ELEMENTSOF(moves));
        tcase_add_test(t, test_uncertain_is_not_moved);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
