// SPDX-License-Identifier: LGPL-2.1-or-later
/* What recdock-inspect lets through of a child's result, and how long a child may take. */
#include "daemon/inspect/inspect_jobs.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct inspect_request request = {.job = 7, .flags = INSPECT_WITH_SM3};

static struct inspect_result honest(void)
{
        struct inspect_result r = {
                        .job = 7,
                        .verdict = VERDICT_DAMAGED,
                        .kind = MEDIA_VIDEO,
                        .digested = 1,
                        .size = 100,
                        .digests.has_sm3 = 1,
                        .duration = -1,
                        .created = INSTANT_NONE,
                        .container = "mp4",
                        .reasons = "bad-nal",
        };

        return r;
}

START_TEST(honest_result_passes)
{
        struct inspect_result r = honest(), expected = honest();

        ck_assert_int_eq(inspect_result_sanitize(&request, &r), 0);
        ck_assert_mem_eq(&r, &expected, sizeof(r));
}
END_TEST

START_TEST(job_number_is_the_parents)
{
        struct inspect_result r = honest();

        r.job = 8;
        memset(r.reserved, 0xff, sizeof(r.reserved));
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), 0);
        ck_assert_uint_eq(r.job, 7);
        ck_assert_uint_eq(r.reserved[0], 0);
}
END_TEST

START_TEST(numbers_out_of_range)
{
        struct inspect_result r = honest();

        r.verdict = _VERDICT_MAX;
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        r.kind = UINT32_MAX;
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        r.error = 1;
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        r.error = INT32_MIN;
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        r.digested = 2;
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        r.size = -1;
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        r.duration = -2;
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        r.digests.has_sm3 = 0; /* asked for and not there */
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
}
END_TEST

START_TEST(texts_end_and_print)
{
        struct inspect_result r = honest();

        memset(r.reasons, 'x', sizeof(r.reasons));
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        memset(r.container, 'x', sizeof(r.container));
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        memset(r.codecs, 'x', sizeof(r.codecs));
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), -EBADMSG);
        r = honest();
        memcpy(r.reasons, "a\033[2J\n", 7);
        ck_assert_int_eq(inspect_result_sanitize(&request, &r), 0);
        ck_assert_str_eq(r.reasons, "a?[2J?");
}
END_TEST

START_TEST(time_by_size)
{
        struct inspect_request q = {.size = 1};

        ck_assert_uint_eq(jobs_timeout_s(&q), 60);
        q.size = INT64_C(4) << 30;
        ck_assert_uint_eq(jobs_timeout_s(&q), 1024);
        q.size = INT64_MAX;
        ck_assert_uint_eq(jobs_timeout_s(&q), 86400);
        q.timeout_s = 5;
        ck_assert_uint_eq(jobs_timeout_s(&q), 5);
        q.timeout_s = UINT32_MAX;
        ck_assert_uint_eq(jobs_timeout_s(&q), 86400);
}
END_TEST

static int on_result(void *userdata, const struct inspect_result *result)
{
        (void)userdata;
        (void)result;
        return 0;
}

START_TEST(jobs_are_bounded)
{
        struct jobs *jobs = NULL;

        ck_assert_int_eq(jobs_new(&jobs, 0, on_result, NULL), -EINVAL);
        ck_assert_int_eq(jobs_new(&jobs, INSPECT_JOBS_MAX + 1, on_result, NULL), -EINVAL);
        ck_assert_int_eq(jobs_new(&jobs, 1, on_result, NULL), 0);
        ck_assert(jobs_empty(jobs));
        for (int i = 0; i < INSPECT_JOBS_MAX; i++)
                ck_assert_int_eq(jobs_add(jobs, &request, -EBADF), 0);
        ck_assert(jobs_full(jobs));
        ck_assert_int_eq(jobs_add(jobs, &request, -EBADF), -ENOBUFS);
        ck_assert_int_eq(jobs_timeout_ms(jobs), -1); /* none has a child yet */
        jobs_free(jobs);
}
END_TEST

static Suite *suite_new(void)
{
        Suite *s = suite_create("inspect_result");
        TCase *t = tcase_create("result");

        tcase_add_test(t, honest_result_passes);
        tcase_add_test(t, job_number_is_the_parents);
        tcase_add_test(t, numbers_out_of_range);
        tcase_add_test(t, texts_end_and_print);
        tcase_add_test(t, time_by_size);
        tcase_add_test(t, jobs_are_bounded);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        SRunner *runner = srunner_create(suite_new());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
