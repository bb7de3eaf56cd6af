// SPDX-License-Identifier: LGPL-2.1-or-later
/* The sealer's end: every file that was taken is answered once, and nobody waits for the kernel but the
 * loop. */
#include "base/cleanup.h"
#include "daemon/sealer.h"
#include "scratch.h"

#include <check.h>
#include <string.h>

enum { FILES = 20 };

static sd_event *event;
static struct store *store;
static struct sealer *sealer;
static int answers, cancelled;

static void setup(void)
{
        const char *root = scratch_make();

        answers = cancelled = 0;
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(store_open(&store, root, "S1", true), STORE_OK);
        ck_assert_int_eq(sealer_new(&sealer, event, store), 0);
}

static void teardown(void)
{
        sealer_free(sealer);
        store_close(store);
        sd_event_unref(event);
        scratch_remove();
}

static void on_done(void *userdata, int result)
{
        answers++;
        cancelled += result == -ECANCELED;
}

static void on_idle(void *userdata)
{
        ck_assert_int_eq(answers, FILES);
        ck_assert_int_ge(sd_event_exit(event, 0), 0);
}

/* None of them exists: what they come to does not matter here. */
static void submit_all(void)
{
        for (int i = 0; i < FILES; i++)
                ck_assert_int_eq(sealer_submit(sealer, "store/u/r/o/d/none", on_done, NULL), 0);
}

START_TEST(stopping_answers_all_and_then_tells)
{
        submit_all();
        if (sealer_stop(sealer, on_idle, NULL))
                on_idle(NULL);
        ck_assert_int_eq(sd_event_loop(event), 0);
        ck_assert_int_eq(answers, FILES);
        ck_assert(sealer_stop(sealer, on_idle, NULL));
}
END_TEST

START_TEST(freed_without_a_loop_it_answers_all)
{
        submit_all();
        sealer_free(sealer);
        sealer = NULL;
        ck_assert_int_eq(answers, FILES);
        ck_assert_int_eq(cancelled, FILES); /* none was answered as sealed that nobody had looked at */
}
END_TEST

int main(void)
{
        Suite *s = suite_create("sealer");
        TCase *t = tcase_create("sealer");
        SRunner *r = srunner_create(s);
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, stopping_answers_all_and_then_tells);
        tcase_add_test(t, freed_without_a_loop_it_answers_all);
        suite_add_tcase(s, t);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
