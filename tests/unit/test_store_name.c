// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of footage: each component harmless, at most 200 bytes, valid UTF-8, whatever the device called its
 * file. */
#include "store/store.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <check.h>
#include <string.h>

#define NOON INT64_C(1793505600000000) /* 2026-11-01 04:00 UTC, noon in Shanghai */

static void setup(void)
{
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
}

static const struct {
        const char *name;
        unsigned int attempt;
        const char *expected;
} names[] = {
                {"a.mp4", 0, "a.mp4"},
                {"a.mp4", 1, "a~1.mp4"},
                {"a.mp4", 4294967295, "a~4294967295.mp4"},
                {"a", 2, "a~2"},
                {"a.tar.gz", 1, "a.tar~1.gz"},
                {"现场.录像.MP4", 3, "现场.录像~3.MP4"},
                {"", 0, "unassigned"},
                {NULL, 1, "unassigned~1"},
                {".", 0, "_"},
                {"..", 0, "__"},
                {"...", 0, "___"},
                {".mp4", 0, "_mp4"},
                {".mp4", 1, "_mp4~1"},
                {".hidden.mp4", 0, "_hidden.mp4"},
                {"../../etc/passwd", 0, "_._.._etc_passwd"},
                {"/etc/passwd", 0, "_etc_passwd"},
                {"a/b.mp4", 0, "a_b.mp4"},
                {"a.mp4.", 0, "a.mp4_"},
                {"a.mp4 ", 0, "a.mp4_"},
                {"a. . .", 0, "a_____"},
                {"a.", 1, "a.~1"},
                {" ", 0, "_"},
                {"a b.mp4", 0, "a b.mp4"},
                {"a\nb\x7f.mp4", 0, "a_b_.mp4"},
                {"a\xc2\x85\x62.mp4", 0, "a_b.mp4"},
                {"a\xff\xfe.mp4", 0, "a__.mp4"},
                {"a.\xe7\x8e", 0, "a.__"},
                {"\xc0\xae\xc0\xae", 0, "____"},
                {"\xed\xa0\x80.mp4", 0, "___.mp4"},
                {"a%s%n.mp4", 0, "a%s%n.mp4"},
                {"a.averyveryverylongextension", 1, "a.averyveryverylongextension~1"},
                {"incoming", 0, "incoming"},
                {"~1.mp4", 0, "~1.mp4"},
};

START_TEST(test_name)
{
        char path[STORE_PATH_MAX], expected[STORE_PATH_MAX];

        (void)snprintf(expected, sizeof(expected), "store/u/r/o/2026-11-01/%s", names[_i].expected);
        ck_assert_int_eq(store_compose_path("u", "r", "o", NOON, names[_i].name, names[_i].attempt, path),
                         0);
        ck_assert_str_eq(path, expected);
}
END_TEST

static const struct {
        const char *text, *expected;
} components[] = {
                {"河南省消防救援总队", "河南省消防救援总队"},
                {NULL, "unassigned"},
                {"", "unassigned"},
                {"..", "__"},
                {".", "_"},
                {"a/../b", "a_.._b"},
                {"a/", "a_"},
                {"dcam.mp4.", "dcam.mp4_"},
                {"\t", "_"},
};

START_TEST(test_component)
{
        const char *c = components[_i].text, *e = components[_i].expected;
        char path[STORE_PATH_MAX], expected[STORE_PATH_MAX];

        (void)snprintf(expected, sizeof(expected), "store/%s/%s/%s/2026-11-01/n", e, e, e);
        ck_assert_int_eq(store_compose_path(c, c, c, NOON, "n", 0, path), 0);
        ck_assert_str_eq(path, expected);
}
END_TEST

static const struct {
        const char *zone;
        instant_t started;
        const char *date;
} dates[] = {
                {"Asia/Shanghai", NOON, "2026-11-01"},
                {"Asia/Shanghai", INT64_C(1793548799999999), "2026-11-01"},
                {"Asia/Shanghai", INT64_C(1793548800000000), "2026-11-02"}, /* midnight there, 16:00 UTC */
                {"UTC", INT64_C(1793548800000000), "2026-11-01"},
                {"America/New_York", INT64_C(1793548800000000), "2026-11-01"},
                {"UTC", INT64_C(1709164800000000), "2024-02-29"},
                {"UTC", 0, "1970-01-01"},
                {"UTC", -1, "1969-12-31"},
                {"UTC", INSTANT_NONE, "undated"},
};

START_TEST(test_date)
{
        char path[STORE_PATH_MAX], expected[STORE_PATH_MAX];

        ck_assert_int_eq(zone_set(dates[_i].zone), 0);
        (void)snprintf(expected, sizeof(expected), "store/u/r/o/%s/n", dates[_i].date);
        ck_assert_int_eq(store_compose_path("u", "r", "o", dates[_i].started, "n", 0, path), 0);
        ck_assert_str_eq(path, expected);
}
END_TEST

/* A name of 'n' copies of 'text' with an extension: cut at a character, the extension kept, 200 bytes at
 * most. */
static void assert_cut(const char *text, size_t n, unsigned int attempt, const char *tail)
{
        char name[8192] = "", path[STORE_PATH_MAX];
        const char *last;

        for (size_t i = 0; i < n; i++)
                strcat(name, text);
        strcat(name, ".mp4");
        ck_assert_int_eq(store_compose_path(name, name, name, NOON, name, attempt, path), 0);
        last = strrchr(path, '/') + 1;
        ck_assert_uint_le(strlen(last), 200);
        ck_assert_uint_gt(strlen(last), 200 - strlen(text));
        ck_assert_str_eq(last + strlen(last) - strlen(tail), tail);
        ck_assert(text_utf8_valid(path));
}

START_TEST(test_long_names)
{
        assert_cut("a", 250, 0, "a.mp4");
        assert_cut("a", 5000, 12, "a~12.mp4");
        assert_cut("警", 85, 0, "警.mp4");
        assert_cut("警", 85, 1, "警~1.mp4");
        assert_cut("😀", 100, 0, "😀.mp4");
}
END_TEST

START_TEST(test_cut_leaves_no_dot_at_the_end)
{
        char name[260], path[STORE_PATH_MAX];

        memset(name, '.', sizeof(name));
        name[0] = 'a';
        name[sizeof(name) - 1] = '\0';
        ck_assert_int_eq(store_compose_path("u", "r", "o", NOON, name, 0, path), 0);
        ck_assert_ptr_nonnull(strstr(path, "/a__"));
        ck_assert_ptr_null(strstr(path, ".."));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("store_name");
        TCase *t = tcase_create("compose");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_loop_test(t, test_name, 0, (int)ELEMENTSOF(names));
        tcase_add_loop_test(t, test_component, 0, (int)ELEMENTSOF(components));
        tcase_add_loop_test(t, test_date, 0, (int)ELEMENTSOF(dates));
        tcase_add_test(t, test_long_names);
        tcase_add_test(t, test_cut_leaves_no_dot_at_the_end);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
