// SPDX-License-Identifier: LGPL-2.1-or-later
/* The 24-hour rule to the second, and at the ends of the number range. */
#include "rules/deadline.h"
#include "base/cleanup.h"

#include <check.h>

#define END   INT64_C(1793505600000000)
#define LIMIT (24 * USEC_PER_HOUR)

START_TEST(test_deadline)
{
        ck_assert_int_eq(deadline_from_recording(END, LIMIT), END + LIMIT);
        ck_assert_int_eq(deadline_from_recording(END, 0), END);
        ck_assert_int_eq(deadline_from_recording(INSTANT_NONE, LIMIT), INSTANT_NONE);
        ck_assert_int_eq(deadline_from_recording(INT64_MAX - 1, LIMIT), INT64_MAX);
}
END_TEST

START_TEST(test_late_by)
{
        instant_t deadline = deadline_from_recording(END, LIMIT);

        ck_assert_int_eq(deadline_late_by(deadline, END), 0);
        ck_assert_int_eq(deadline_late_by(deadline, END + LIMIT - USEC_PER_SEC), 0);
        ck_assert_int_eq(deadline_late_by(deadline, END + LIMIT), 0);
        ck_assert_int_eq(deadline_late_by(deadline, END + LIMIT + USEC_PER_SEC), USEC_PER_SEC);
        ck_assert_int_eq(deadline_late_by(INSTANT_NONE, END), 0);
        ck_assert_int_eq(deadline_late_by(deadline, INSTANT_NONE), 0);
        ck_assert_int_eq(deadline_late_by(-INT64_MAX, INT64_MAX), INT64_MAX);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("deadline");
        TCase *t = tcase_create("deadline");
        SRunner *runner;
        int failed;

        tcase_add_test(t, test_deadline);
        tcase_add_test(t, test_late_by);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
