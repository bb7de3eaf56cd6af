// SPDX-License-Identifier: LGPL-2.1-or-later
/* Quirk files: the shipped one is clean, later keys replace earlier ones, and whatever is wrong is named
 * with file and line. */
#include "recorder/quirks.h"

#include "base/cleanup.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char reports[4096];

static void on_report(const char *text, void *userdata)
{
        (void)userdata;
        strncat(reports, text, sizeof(reports) - strlen(reports) - 2);
        strcat(reports, "\n");
}

static char first[] = "/tmp/recdock-quirks-XXXXXX", second[] = "/tmp/recdock-quirks-XXXXXX";

static void file_write(const char *path, const char *text)
{
        _cleanup_fclose_ FILE *f = fopen(path, "we");

        ck_assert_ptr_nonnull(f);
        ck_assert_int_ge(fputs(text, f), 0);
}

static void setup(void)
{
        reports[0] = '\0';
        strcpy(first + sizeof(first) - 7, "XXXXXX");
        strcpy(second + sizeof(second) - 7, "XXXXXX");
        (void)close(mkstemp(first));
        (void)close(mkstemp(second));
        ck_assert_int_eq(unsetenv("RECDOCK_QUIRKS_PATH"), 0);
}

static void teardown(void)
{
        (void)unlink(first);
        (void)unlink(second);
}

static struct quirk_table *load(const char *a, const char *b, unsigned int expected_reports)
{
        struct quirk_table *t = NULL;
        unsigned int n = 0;
        char path[200];

        file_write(first, a);
        file_write(second, b);
        (void)snprintf(path, sizeof(path), "%s:%s", first, second);
        ck_assert_int_eq(setenv("RECDOCK_QUIRKS_PATH", path, 1), 0);
        ck_assert_int_eq(quirks_load(&t, on_report, NULL, &n), 0);
        ck_assert_uint_eq(n, expected_reports);
        return t;
}

START_TEST(shipped_file_is_clean)
{
        struct quirk_table *t = NULL;
        unsigned int n = 0;
        struct quirks q;

        ck_assert_int_eq(quirks_new(&t), 0);
        ck_assert_int_eq(quirks_load_file(t, SHIPPED_QUIRKS, on_report, NULL, &n), 0);
        ck_assert_msg(n == 0, "%s", reports);
        ck_assert_uint_gt(quirks_count(t), 10);
        ck_assert(quirks_find(t, 0x04e8, 0x6860, &q));
        ck_assert_uint_eq(q.flags, QUIRK_SAMSUNG_OFFSET | QUIRK_BROKEN_PROPLIST | QUIRK_NO_CLOSE_SESSION);
        ck_assert(quirks_find(t, 0x46f4, 0x0004, &q));
        ck_assert(!quirks_find(t, 0xdead, 0xbeef, &q));
        quirks_free(t);
}
END_TEST

START_TEST(keys_are_merged)
{
        struct quirk_table *t = load("[1234:*]\nslow = yes\nchunk = 64K\n[1234:5678]\ndepth = 2\ntimeout = "
                                     "900\nname = A B\n",
                                     "[1234:5678]\nslow = no\ntransfer-size = 32K\ninterface = 3\n", 0);
        struct quirks q;

        ck_assert(quirks_find(t, 0x1234, 0x5678, &q));
        ck_assert_uint_eq(q.flags, 0);
        ck_assert_uint_eq(q.chunk, 65536);
        ck_assert_uint_eq(q.depth, 2);
        ck_assert_uint_eq(q.timeout_ms, 900);
        ck_assert_uint_eq(q.transfer_size, 32768);
        ck_assert_int_eq(q.interface, 3);
        ck_assert_str_eq(q.name, "A B");
        ck_assert(quirks_find(t, 0x1234, 1, &q));
        ck_assert_uint_eq(q.flags, QUIRK_SLOW);
        ck_assert_int_eq(q.interface, -1);
        quirks_free(t);
}
END_TEST

START_TEST(mistakes_are_named)
{
        static const struct {
                const char *text, *line, *expected;
        } cases[] = {
                        {"[1234:5678]\n\ndepth = 17\n", ":3: [1234:5678] depth='17'",
                         "a number from 1 to 16"},
                        {"[1234:5678]\ndepth = x\n", ":2: [1234:5678] depth='x'", "a number from 1 to 16"},
                        {"[1234:5678]\nslow = maybe\n", ":2: [1234:5678] slow='maybe'", "'yes' or 'no'"},
                        {"[1234:5678]\nfast = yes\n", ":2: [1234:5678] fast='yes'", "a known key"},
                        {"[123:5678]\nslow = yes\n", ":2: [123:5678]", "[VVVV:PPPP]"},
                        {"[1234:5678x]\nslow = yes\n", ":2: [1234:5678x]", "[VVVV:PPPP]"},
                        {"[1234:5678]\ntransfer-size = 100\n", ":2:", "a multiple of 1K"},
                        {"[1234:5678]\ntransfer-size = 9999999999999M\n", ":2:", "a multiple of 1K"},
                        {"[1234:5678]\nchunk = -1\n", ":2:", "a size from 4K"},
                        {"[1234:5678]\ntimeout = 0\n", ":2:", "milliseconds from 500 to 600000"},
                        {"[1234:5678]\ninterface = 256\n", ":2:", "an interface number"},
                        {"[1234:5678]\nname = \xff\n", ":2:", "a name of"},
                        {"# comment\nnonsense\n", ":2:", "a [section]"},
                        {"slow = yes\n", ":1: []", "[VVVV:PPPP]"},
        };
        struct quirk_table *t = load(cases[_i].text, "", 1);
        struct quirks q;

        ck_assert_msg(strstr(reports, first) == reports, "%s", reports);
        ck_assert_msg(strstr(reports, cases[_i].line) != NULL, "%s", reports);
        ck_assert_msg(strstr(reports, cases[_i].expected) != NULL, "%s", reports);
        (void)quirks_find(t, 0x1234, 0x5678, &q);
        ck_assert_uint_eq(q.flags | q.depth | q.chunk | q.transfer_size | q.timeout_ms, 0);
        quirks_free(t);
}
END_TEST

START_TEST(a_listed_file_must_be_there)
{
        struct quirk_table *t = NULL;

        ck_assert_int_eq(setenv("RECDOCK_QUIRKS_PATH", "/nonexistent/file", 1), 0);
        ck_assert_int_eq(quirks_load(&t, on_report, NULL, NULL), -ENOENT);
        ck_assert_ptr_null(t);
}
END_TEST

START_TEST(no_table_knows_nothing)
{
        struct quirks q = {.flags = 99};

        ck_assert(!quirks_find(NULL, 1, 2, &q));
        ck_assert_uint_eq(q.flags, 0);
        ck_assert_int_eq(q.interface, -1);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("quirks");
        TCase *c = tcase_create("files");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, shipped_file_is_clean);
        tcase_add_test(c, keys_are_merged);
        tcase_add_loop_test(c, mistakes_are_named, 0, 13);
        tcase_add_test(c, a_listed_file_must_be_there);
        tcase_add_test(c, no_table_knows_nothing);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
