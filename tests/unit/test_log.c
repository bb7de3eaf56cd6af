// SPDX-License-Identifier: LGPL-2.1-or-later
/* The station log's console and JSON sinks: one record, one line, whatever is in it. json-c reads back what
 * was written. */
#include "base/log.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <check.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

static int fds[2];
static char text[16384];

static void setup(void)
{
        ck_assert_int_eq(pipe(fds), 0);
        ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
        (void)unsetenv("JOURNAL_STREAM");
        log_set_max_priority(LOG_DEBUG);
}

/* What was written since the last call. */
static const char *written(void)
{
        ssize_t n;

        log_error("end of test"); /* so that read() never waits */
        n = read(fds[0], text, sizeof(text) - 1);
        ck_assert_int_gt(n, 0);
        text[n] = '\0';
        *strstr(text, "end of test") = '\0';
        *(strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text) = '\0';
        return text;
}

START_TEST(test_targets)
{
        ck_assert_int_eq(log_open("p", "syslog"), -EINVAL);
        ck_assert_int_eq(log_open("p", ""), -EINVAL);
        ck_assert_int_eq(log_open("p", "auto"), 0);
        log_warning("a %d", 1);
        ck_assert_str_eq(written(), "p: warning: a 1\n");
}
END_TEST

START_TEST(test_console_under_journal)
{
        ck_assert_int_eq(setenv("JOURNAL_STREAM", "0:0", 1), 0);
        ck_assert_int_eq(log_open("p", "auto"), 0);
        log_warning("a");
        ck_assert_str_eq(written(), "<4>a\n");
}
END_TEST

START_TEST(test_priority)
{
        ck_assert_int_eq(log_open("p", "console"), 0);
        log_set_max_priority(LOG_NOTICE);
        ck_assert_int_eq(log_max_priority(), LOG_NOTICE);
        log_info("not this");
        log_debug("nor this");
        log_notice("this");
        ck_assert_str_eq(written(), "p: notice: this\n");
}
END_TEST

START_TEST(test_one_record_is_one_line)
{
        ck_assert_int_eq(log_open("p", "console"), 0);
        log_warning("file '%s'", "a\np: emerg: forged\x1b[31m\xff");
        ck_assert_str_eq(written(), "p: warning: file 'a?p: emerg: forged?[31m?'\n");
}
END_TEST

START_TEST(test_long_text)
{
        char longest[5000];

        memset(longest, 'x', sizeof(longest));
        longest[sizeof(longest) - 1] = '\0';
        memcpy(longest + 2046, "警", 3); /* falls on the cut */
        ck_assert_int_eq(log_open("p", "console"), 0);
        log_warning("%s", longest);
        (void)written();
        ck_assert_uint_lt(strlen(text), 2100);
        ck_assert(text_utf8_valid(text));
        ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

START_TEST(test_errno_is_kept)
{
        ck_assert_int_eq(log_open("p", "console"), 0);
        errno = ENOSPC;
        log_warning("a: %m");
        ck_assert_int_eq(errno, ENOSPC);
        ck_assert_str_eq(written(), "p: warning: a: No space left on device\n");
}
END_TEST

static const char *member(json_object *o, const char *name)
{
        json_object *v;

        return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

START_TEST(test_json)
{
        const struct log_field fields[] = {
                        {"RECDOCK_BAY", "3"},
                        {"RECDOCK_RECORDER", NULL},
                        {"RECDOCK_FOOTAGE", "a\"b\\c\nd\te警\xff"},
        };
        json_object *o;

        ck_assert_int_eq(log_open("p", "json"), 0);
        log_record(LOG_ERR, "0123456789abcdef0123456789abcdef", fields, ELEMENTSOF(fields), "said \"%s\"",
                   "x\\y");
        o = json_tokener_parse(written());
        ck_assert_ptr_nonnull(o);
        ck_assert_str_eq(member(o, "PRIORITY"), "3");
        ck_assert_str_eq(member(o, "SYSLOG_IDENTIFIER"), "p");
        ck_assert_str_eq(member(o, "MESSAGE_ID"), "0123456789abcdef0123456789abcdef");
        ck_assert_str_eq(member(o, "MESSAGE"), "said \"x\\y\"");
        ck_assert_str_eq(member(o, "RECDOCK_BAY"), "3");
        ck_assert_ptr_null(member(o, "RECDOCK_RECORDER"));
        ck_assert_str_eq(member(o, "RECDOCK_FOOTAGE"), "a\"b\\c\nd\te警?");
        (void)json_object_put(o);
}
END_TEST

/* Fields that do not fit are cut or left out; the line stays JSON and keeps its message. */
START_TEST(test_json_overflow)
{
        static char value[6000];
        struct log_field fields[4];
        json_object *o;

        for (size_t i = 0; i + 3 < sizeof(value); i += 3)
                memcpy(value + i, "警", 3);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                fields[i] = (struct log_field){"RECDOCK_FOOTAGE", value + 3 * i};
        ck_assert_int_eq(log_open("p", "json"), 0);
        log_record(LOG_ERR, NULL, fields, ELEMENTSOF(fields), "message");
        ck_assert(text_utf8_valid(written()));
        o = json_tokener_parse(text);
        ck_assert_ptr_nonnull(o);
        ck_assert_str_eq(member(o, "MESSAGE"), "message");
        (void)json_object_put(o);
}
END_TEST

START_TEST(test_errno_text)
{
        ck_assert_str_eq(log_errno_text(-ENOENT), "No such file or directory");
        ck_assert_str_eq(log_errno_text(ENOENT), "No such file or directory");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("log");
        TCase *t = tcase_create("log");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_test(t, test_targets);
        tcase_add_test(t, test_console_under_journal);
        tcase_add_test(t, test_priority);
        tcase_add_test(t, test_one_record_is_one_line);
        tcase_add_test(t, test_long_text);
        tcase_add_test(t, test_errno_is_kept);
        tcase_add_test(t, test_json);
        tcase_add_test(t, test_json_overflow);
        tcase_add_test(t, test_errno_text);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
