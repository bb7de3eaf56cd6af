// SPDX-License-Identifier: LGPL-2.1-or-later
/* The plan of a docking: order of pulling, retries last, every state counted once. */
#include "daemon/plan.h"
#include "recorder/recorder.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static struct plan plan;

static void setup(void)
{
        plan = (struct plan){0};
}

static void teardown(void)
{
        plan_clear(&plan);
}

static struct plan_entry *add(int64_t item, uint32_t flags, instant_t time, enum plan_state state)
{
        struct plan_entry e = {.item = item,
                               .index = (uint32_t)item,
                               .flags = flags,
                               .size = 10,
                               .device_time = time,
                               .state = state};
        struct plan_entry *entry = NULL;

        ck_assert_int_eq(plan_add(&plan, &e, &entry), 0);
        return entry;
}

START_TEST(marked_come_first_then_the_oldest)
{
        add(1, 0, 300, PLAN_WAITING);
        add(2, 0, 100, PLAN_WAITING);
        add(3, RECORDER_ITEM_MARKED, 900, PLAN_WAITING);
        plan_sort(&plan);
        static const int64_t wanted[] = {3, 2, 1};
        for (size_t i = 0; i < 3; i++) {
                struct plan_entry *e = plan_next(&plan);

                ck_assert_int_eq(e->item, wanted[i]);
                plan_set_state(&plan, e, PLAN_FETCHING);
        }
        ck_assert_ptr_null(plan_next(&plan));
}
END_TEST

START_TEST(a_retry_comes_after_what_was_not_tried)
{
        struct plan_entry *failed = add(1, 0, 1, PLAN_WAITING);

        add(2, 0, 2, PLAN_WAITING);
        plan_sort(&plan);
        plan_set_state(&plan, failed, PLAN_FETCHING);
        failed->attempts = 1;
        plan_set_state(&plan, failed, PLAN_WAITING);
        ck_assert_int_eq(plan_next(&plan)->item, 2);
        plan_set_state(&plan, plan_find(&plan, 2), PLAN_FILED);
        ck_assert_int_eq(plan_next(&plan)->item, 1);
}
END_TEST

START_TEST(the_worker_is_at_the_one_that_was_sent_first)
{
        struct plan_entry *a = add(1, 0, 1, PLAN_WAITING), *b = add(2, 0, 2, PLAN_WAITING);

        ck_assert_ptr_null(plan_running(&plan));
        plan_set_state(&plan, b, PLAN_FETCHING);
        plan_set_state(&plan, a, PLAN_FETCHING);
        ck_assert_ptr_eq(plan_running(&plan), b);
        plan_set_state(&plan, b, PLAN_PROVING);
        ck_assert_ptr_eq(plan_running(&plan), a);
}
END_TEST

START_TEST(an_item_is_in_it_once)
{
        struct plan_entry e = {.item = 7}, *entry;

        add(7, 0, 1, PLAN_WAITING);
        ck_assert_int_eq(plan_add(&plan, &e, &entry), -EEXIST);
        ck_assert_uint_eq(plan.n, 1);
}
END_TEST

START_TEST(it_is_done_when_nothing_waits_runs_or_is_proved)
{
        struct plan_entry *e = add(1, 0, 1, PLAN_WAITING);

        add(2, 0, 1, PLAN_HELD);
        ck_assert(!plan_is_done(&plan));
        plan_set_state(&plan, e, PLAN_FETCHING);
        ck_assert(!plan_is_done(&plan));
        plan_set_state(&plan, e, PLAN_PROVING);
        ck_assert(!plan_is_done(&plan));
        plan_set_state(&plan, e, PLAN_FILED);
        ck_assert(plan_is_done(&plan));
        ck_assert_int_eq(plan.bytes_total, 10);
}
END_TEST

START_TEST(ten_thousand_are_found_again)
{
        for (int64_t i = 1; i <= 10000; i++)
                add(i * 7919, 0, i, PLAN_WAITING);
        for (int64_t i = 1; i <= 10000; i++)
                ck_assert_int_eq(plan_find(&plan, i * 7919)->device_time, i);
        ck_assert_ptr_null(plan_find(&plan, 5));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("plan");
        TCase *t = tcase_create("plan");
        SRunner *r = srunner_create(s);
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, marked_come_first_then_the_oldest);
        tcase_add_test(t, a_retry_comes_after_what_was_not_tried);
        tcase_add_test(t, the_worker_is_at_the_one_that_was_sent_first);
        tcase_add_test(t, an_item_is_in_it_once);
        tcase_add_test(t, it_is_done_when_nothing_waits_runs_or_is_proved);
        tcase_add_test(t, ten_thousand_are_found_again);
        suite_add_tcase(s, t);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
