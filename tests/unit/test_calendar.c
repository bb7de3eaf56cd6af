// SPDX-License-Identifier: LGPL-2.1-or-later
/* Working days: the week, China's holidays of 2026 with the weekends worked in their place, and every
 * mistake a file can have. */
#include "rules/calendar.h"
#include "base/cleanup.h"
#include "scratch.h"

#include <check.h>
#include <string.h>

static struct calendar calendar;
static char findings[2048];
static int n_findings;

static void on_report(const char *text, void *userdata)
{
        n_findings++;
        (void)snprintf(findings + strlen(findings), sizeof(findings) - strlen(findings), "%s\n", text);
}

static void load(const char *path)
{
        const struct conf_loader loader = {
                        .keys = calendar_keys, .n_keys = calendar_keys_n, .report = on_report};

        ck_assert_int_eq(conf_load(&loader, path, true, NULL, &calendar), 0);
}

static void load_text(const char *text)
{
        _cleanup_free_ char *path = NULL;

        (void)scratch_make();
        scratch_write("holidays.conf", text);
        path = scratch_path("holidays.conf");
        load(path);
        scratch_remove();
}

static day_t day(const char *text)
{
        day_t d;

        ck_assert_int_eq(day_parse(text, &d), 0);
        return d;
}

static void setup(void)
{
        calendar = CALENDAR_WEEK;
        findings[0] = '\0';
        n_findings = 0;
}

static void teardown(void)
{
        calendar_done(&calendar);
}

START_TEST(week)
{
        ck_assert(!calendar_works(&calendar, day("2026-11-01"))); /* a Sunday */
        for (int i = 1; i <= 5; i++)
                ck_assert(calendar_works(&calendar, day("2026-11-01") + i));
        ck_assert(!calendar_works(&calendar, day("2026-11-07")));
        ck_assert(!calendar_works(&calendar, day("1969-12-28"))); /* before the epoch, a Sunday */
        ck_assert(calendar_works(&calendar, day("1969-12-29")));
}
END_TEST

START_TEST(holidays)
{
        static const struct {
                const char *day;
                bool works;
                const char *next;
        } days[] = {
                        {"2025-12-31", true, "2025-12-31"},  {"2026-01-01", false, "2026-01-04"},
                        {"2026-01-03", false, "2026-01-04"}, {"2026-01-04", true, "2026-01-04"},
                        {"2026-02-14", true, "2026-02-14"},  {"2026-02-15", false, "2026-02-24"},
                        {"2026-02-23", false, "2026-02-24"}, {"2026-02-28", true, "2026-02-28"},
                        {"2026-06-19", false, "2026-06-22"}, {"2026-09-20", true, "2026-09-20"},
                        {"2026-10-07", false, "2026-10-08"}, {"2026-10-10", true, "2026-10-10"},
                        {"2026-10-11", false, "2026-10-12"}, {"2027-01-01", true, "2027-01-01"},
        };

        load(getenv("RECDOCK_HOLIDAYS"));
        ck_assert_int_eq(n_findings, 0);
        for (size_t i = 0; i < ELEMENTSOF(days); i++) {
                ck_assert_msg(calendar_works(&calendar, day(days[i].day)) == days[i].works, "%s",
                              days[i].day);
                ck_assert_msg(calendar_next_working(&calendar, day(days[i].day)) == day(days[i].next), "%s",
                              days[i].day);
        }
}
END_TEST

START_TEST(another_week)
{
        load_text("[Week]\nDaysOff=fri Saturday\n");
        ck_assert(!calendar_works(&calendar, day("2026-11-06")));
        ck_assert(!calendar_works(&calendar, day("2026-11-07")));
        ck_assert(calendar_works(&calendar, day("2026-11-08")));
        load_text("[Week]\nDaysOff=\n");
        ck_assert(calendar_works(&calendar, day("2026-11-07")));
        ck_assert_int_eq(n_findings, 0);
}
END_TEST

START_TEST(taken_back)
{
        load_text("[Holidays]\nOff=2026-11-03\nWork=2026-11-07\nOff=\nOff=2026-11-04\n");
        ck_assert(calendar_works(&calendar, day("2026-11-03")));
        ck_assert(!calendar_works(&calendar, day("2026-11-04")));
        ck_assert(calendar_works(&calendar, day("2026-11-07")));
        ck_assert_int_eq(n_findings, 0);
}
END_TEST

static const struct {
        const char *key, *value, *expected;
} mistakes[] = {
                {"Off", "2026-02-29", "dates such as"},
                {"Off", "2026-13-01", "dates such as"},
                {"Off", "2026-1-1", "dates such as"},
                {"Off", "tomorrow", "dates such as"},
                {"Off", "2026-11-05 2026-11-06x", "dates such as"},
                {"Off", "2026-11-09..2026-11-05", "dates such as"},
                {"Off", "2026-11-05..", "dates such as"},
                {"Off", "..2026-11-05", "dates such as"},
                {"Off", "2026-11-05..2027-11-06", "dates such as"},
                {"Off", "2026-11-05 \"", "each \"quote\" closed"},
                {"Off", "2026-11-05 2026-11-14", "both off and worked"},
                {"Off", "2026-11-05..2026-11-20", "both off and worked"},
                {"Work", "2026-11-03..2026-11-08", "both off and worked"},
};

/* Nothing of a line with a mistake is taken, and the message names file, line and value. */
START_TEST(mistake)
{
        _cleanup_free_ char *text = NULL;

        ck_assert_int_gt(asprintf(&text, "[Holidays]\nOff=2026-11-03\nWork=2026-11-14\n%s=%s\n",
                                  mistakes[_i].key, mistakes[_i].value),
                         0);
        load_text(text);
        ck_assert_int_eq(n_findings, 1);
        ck_assert_ptr_nonnull(strstr(findings, "holidays.conf:4: [Holidays] "));
        ck_assert_ptr_nonnull(strstr(findings, mistakes[_i].value));
        ck_assert_msg(strstr(findings, mistakes[_i].expected), "%s", findings);
        ck_assert_uint_eq(calendar.n_spans, 2);
        ck_assert(calendar_works(&calendar, day("2026-11-05")));
        ck_assert(!calendar_works(&calendar, day("2026-11-08")));
}
END_TEST

START_TEST(week_mistake)
{
        load_text("[Week]\nDaysOff=Sunday Someday\nDaysOff=Sun Mon Tue Wed Thu Fri Sat\nDaysOff=Su\n");
        ck_assert_int_eq(n_findings, 3);
        ck_assert_ptr_nonnull(strstr(findings, "not all seven"));
        ck_assert_uint_eq(calendar.week_off, CALENDAR_WEEK.week_off);
}
END_TEST

/* A file that takes every day off does not take the notices away. */
START_TEST(no_working_day)
{
        load_text("[Holidays]\nOff=2026-01-01..2026-12-31\nOff=2027-01-01..2027-12-31\nOff=2028-01-01..2028-"
                  "12-31\n");
        ck_assert_int_eq(n_findings, 0);
        ck_assert_int_eq(calendar_next_working(&calendar, day("2026-11-01")), day("2026-11-01"));
        ck_assert_int_eq(calendar_next_working(&calendar, day("2028-12-01")), day("2029-01-01"));
}
END_TEST

START_TEST(too_many)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        (void)fputs("[Holidays]\n", f);
        for (int i = 0; i < 4097; i++)
                (void)fprintf(f, "Off=%d-01-01\n", 1900 + i % 1000);
        (void)fclose(f);
        load_text(text);
        free(text);
        ck_assert_int_eq(n_findings, 1);
        ck_assert_uint_eq(calendar.n_spans, 4096);
}
END_TEST

START_TEST(copied)
{
        struct calendar copy, plain;

        load_text("[Holidays]\nOff=2026-10-01..2026-10-07\n");
        ck_assert_int_eq(calendar_copy(&calendar, &copy), 0);
        calendar_done(&calendar); /* the copy has days of its own */
        ck_assert(!calendar_works(&copy, day("2026-10-07")));
        ck_assert(calendar_works(&copy, day("2026-10-08")));
        calendar_done(&copy);
        ck_assert_int_eq(calendar_copy(&calendar, &plain), 0);
        ck_assert(!calendar_works(&plain, day("2026-10-10"))); /* a Saturday */
        calendar_done(&plain);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("calendar");
        TCase *t = tcase_create("calendar");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, week);
        tcase_add_test(t, holidays);
        tcase_add_test(t, another_week);
        tcase_add_test(t, taken_back);
        tcase_add_loop_test(t, mistake, 0, (int)ELEMENTSOF(mistakes));
        tcase_add_test(t, week_mistake);
        tcase_add_test(t, no_working_day);
        tcase_add_test(t, too_many);
        tcase_add_test(t, copied);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
