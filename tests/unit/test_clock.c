// SPDX-License-Identifier: LGPL-2.1-or-later
/* Time: local and back in zones with summer time, what people type, what devices send, and whatever is none
 * of it. */
#include "base/clock.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

#define NOW INT64_C(1793505600500000) /* 2026-11-01 04:00:00.5 UTC, a Sunday; noon in Shanghai */

static instant_t fixed(void *userdata)
{
        return *(instant_t *)userdata;
}

START_TEST(test_source)
{
        instant_t t = 42;

        clock_set_source(fixed, &t);
        ck_assert_int_eq(clock_now(), 42);
        t = 43;
        ck_assert_int_eq(clock_now(), 43);
        ck_assert_int_gt(clock_monotonic(), 43);
        clock_set_source(NULL, NULL);
        ck_assert_int_gt(clock_now(), INT64_C(1700000000000000));
}
END_TEST

static const char *const bad_zones[] = {
                "",     "Mars/Olympus", "/etc/localtime", "../etc/passwd", "Asia/../Asia/Shanghai",
                "Asia", "EST5EDT,"};

START_TEST(test_zone)
{
        char text[INSTANT_TEXT_MAX];

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        ck_assert_int_eq(zone_set(bad_zones[_i]), -EINVAL);
        ck_assert(!zone_exists(bad_zones[_i]));
        ck_assert_str_eq(instant_format(NOW, text), "2026-11-01T12:00:00+08:00");
}
END_TEST

static const struct {
        const char *zone;
        instant_t t;
        const char *text, *usec;
} formats[] = {
                {"Asia/Shanghai", NOW, "2026-11-01T12:00:00+08:00", "2026-11-01T12:00:00.500000+08:00"},
                {"UTC", NOW, "2026-11-01T04:00:00+00:00", "2026-11-01T04:00:00.500000+00:00"},
                {"America/St_Johns", NOW, "2026-11-01T01:30:00-02:30", "2026-11-01T01:30:00.500000-02:30"},
                {"Asia/Kathmandu", NOW, "2026-11-01T09:45:00+05:45", "2026-11-01T09:45:00.500000+05:45"},
                {"UTC", 0, "1970-01-01T00:00:00+00:00", "1970-01-01T00:00:00.000000+00:00"},
                {"UTC", -1, "1969-12-31T23:59:59+00:00", "1969-12-31T23:59:59.999999+00:00"},
                {"UTC", INSTANT_NONE, "", ""},
};

START_TEST(test_format)
{
        char text[INSTANT_TEXT_MAX];

        ck_assert_int_eq(zone_set(formats[_i].zone), 0);
        ck_assert_str_eq(instant_format(formats[_i].t, text), formats[_i].text);
        ck_assert_str_eq(instant_format_usec(formats[_i].t, text), formats[_i].usec);
}
END_TEST

START_TEST(test_format_extremes)
{
        char text[INSTANT_TEXT_MAX];

        ck_assert_int_eq(zone_set("UTC"), 0);
        ck_assert_str_eq(instant_format(INT64_MAX, text), "294247-01-10T04:00:54+00:00");
        ck_assert_uint_lt(strlen(instant_format_usec(INT64_MIN + 1, text)), INSTANT_TEXT_MAX);
}
END_TEST

static const struct {
        const char *zone;
        int f[6];
        const char *text; /* NULL refused */
} locals[] = {
                {"Asia/Shanghai", {2026, 11, 1, 12, 0, 0}, "2026-11-01T12:00:00+08:00"},
                {"Asia/Shanghai", {2024, 2, 29, 0, 0, 0}, "2024-02-29T00:00:00+08:00"},
                {"Asia/Shanghai",
                 {1990, 7, 1, 12, 0, 0},
                 "1990-07-01T12:00:00+09:00"}, /* China had summer time then */
                {"UTC", {1980, 1, 1, 0, 0, 0}, "1980-01-01T00:00:00+00:00"},
                {"UTC", {2026, 12, 31, 23, 59, 60}, "2027-01-01T00:00:00+00:00"},
                {"Europe/Berlin", {2026, 3, 29, 1, 59, 59}, "2026-03-29T01:59:59+01:00"},
                {"Europe/Berlin",
                 {2026, 3, 29, 2, 30, 0},
                 "2026-03-29T03:30:00+02:00"}, /* does not exist: forward */
                {"Europe/Berlin", {2026, 3, 29, 3, 0, 0}, "2026-03-29T03:00:00+02:00"},
                {"Europe/Berlin",
                 {2026, 10, 25, 2, 30, 0},
                 "2026-10-25T02:30:00+02:00"}, /* comes twice: the first */
                {"Europe/Berlin", {2026, 10, 25, 3, 0, 0}, "2026-10-25T03:00:00+01:00"},
                {"America/New_York", {2026, 3, 8, 2, 30, 0}, "2026-03-08T03:30:00-04:00"},
                {"America/New_York", {2026, 11, 1, 1, 30, 0}, "2026-11-01T01:30:00-04:00"},
                {"Australia/Lord_Howe",
                 {2026, 10, 4, 2, 15, 0},
                 "2026-10-04T02:45:00+11:00"}, /* a gap of half an hour */
                {"Pacific/Apia",
                 {2011, 12, 30, 12, 0, 0},
                 "2011-12-31T12:00:00+14:00"}, /* a day that was left out */
                {"UTC", {2023, 2, 29, 0, 0, 0}, NULL},
                {"UTC", {2100, 2, 29, 0, 0, 0}, NULL},
                {"UTC", {2026, 0, 1, 0, 0, 0}, NULL},
                {"UTC", {2026, 13, 1, 0, 0, 0}, NULL},
                {"UTC", {2026, 4, 31, 0, 0, 0}, NULL},
                {"UTC", {2026, 4, 0, 0, 0, 0}, NULL},
                {"UTC", {2026, 4, 1, 24, 0, 0}, NULL},
                {"UTC", {2026, 4, 1, 0, 60, 0}, NULL},
                {"UTC", {2026, 4, 1, 0, 0, 61}, NULL},
                {"UTC", {-1, 4, 1, 0, 0, 0}, NULL},
                {"UTC", {10000, 4, 1, 0, 0, 0}, NULL},
};

START_TEST(test_local)
{
        const int *f = locals[_i].f;
        char text[INSTANT_TEXT_MAX];
        instant_t t = 42;
        int r;

        ck_assert_int_eq(zone_set(locals[_i].zone), 0);
        r = instant_from_local(f[0], f[1], f[2], f[3], f[4], f[5], &t);
        ck_assert_int_eq(r, locals[_i].text ? 0 : -EINVAL);
        if (r < 0)
                ck_assert_int_eq(t, 42);
        else
                ck_assert_str_eq(instant_format(t, text), locals[_i].text);
}
END_TEST

/* The same answer whatever was asked before. */
START_TEST(test_local_has_no_memory)
{
        instant_t summer, first, second;

        ck_assert_int_eq(zone_set("Europe/Berlin"), 0);
        ck_assert_int_eq(instant_from_local(2026, 1, 1, 0, 0, 0, &summer), 0);
        ck_assert_int_eq(instant_from_local(2026, 10, 25, 2, 30, 0, &first), 0);
        ck_assert_int_eq(instant_from_local(2026, 7, 1, 0, 0, 0, &summer), 0);
        ck_assert_int_eq(instant_from_local(2026, 10, 25, 2, 30, 0, &second), 0);
        ck_assert_int_eq(first, second);
}
END_TEST

static const struct {
        const char *text, *expected; /* Shanghai; NULL refused */
} typed[] = {
                {"2026-11-01", "2026-11-01T00:00:00+08:00"},
                {"2026-11-01 08:00", "2026-11-01T08:00:00+08:00"},
                {"2026-11-01 08:00:30", "2026-11-01T08:00:30+08:00"},
                {"2026-11-01T08:00:30", "2026-11-01T08:00:30+08:00"},
                {"2026-11-01T08:00:30Z", "2026-11-01T16:00:30+08:00"},
                {"2026-11-01T08:00:30.25Z", "2026-11-01T16:00:30+08:00"},
                {"2026-11-01T08:00:30+01:00", "2026-11-01T15:00:30+08:00"},
                {"2026-11-01T08:00:30-0130", "2026-11-01T17:30:30+08:00"},
                {"now", "2026-11-01T12:00:00+08:00"},
                {"today", "2026-11-01T00:00:00+08:00"},
                {"yesterday", "2026-10-31T00:00:00+08:00"},
                {"tomorrow", "2026-11-02T00:00:00+08:00"},
                {"08:00", "2026-11-01T08:00:00+08:00"},
                {"23:59:59", "2026-11-01T23:59:59+08:00"},
                {"-7d", "2026-10-25T12:00:00+08:00"},
                {"-36h", "2026-10-31T00:00:00+08:00"},
                {"-90m", "2026-11-01T10:30:00+08:00"},
                {"+1w", "2026-11-08T12:00:00+08:00"},
                {"@1761955200", "2025-11-01T08:00:00+08:00"},
                {"@0", "1970-01-01T08:00:00+08:00"},
                {"", NULL},
                {"soon", NULL},
                {"2026", NULL},
                {"2026-11", NULL},
                {"2026-11-31", NULL},
                {"2026-02-30 08:00", NULL},
                {"2026-11-01 ", NULL},
                {"2026-11-01 8:00", NULL},
                {"2026-11-01 08", NULL},
                {"2026-11-01 08:00 x", NULL},
                {"2026-11-01T08:00:30.", NULL},
                {"2026-11-01T08:00:30+1", NULL},
                {"2026-11-01T08:00:30+16:00", NULL},
                {"24:00", NULL},
                {"08:60", NULL},
                {"08:00:", NULL},
                {"-", NULL},
                {"-7", NULL},
                {"-7y", NULL},
                {"-7dd", NULL},
                {"--7d", NULL},
                {"-9999999999999d", NULL},
                {"@", NULL},
                {"@x", NULL},
                {"@99999999999999999999", NULL},
                {"@253402300800", NULL},
                {"01/11/2026", NULL},
                {"todayx", NULL},
};

START_TEST(test_parse)
{
        char text[INSTANT_TEXT_MAX];
        instant_t t = 42;
        int r;

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        r = instant_parse(typed[_i].text, NOW, &t);
        ck_assert_int_eq(r, typed[_i].expected ? 0 : -EINVAL);
        if (r < 0)
                ck_assert_int_eq(t, 42);
        else
                ck_assert_str_eq(instant_format(t, text), typed[_i].expected);
}
END_TEST

/* Days are of the calendar, also those of 23 and 25 hours. */
START_TEST(test_parse_days_around_summer_time)
{
        char text[INSTANT_TEXT_MAX];
        instant_t now, t;

        ck_assert_int_eq(zone_set("Europe/Berlin"), 0);
        ck_assert_int_eq(instant_parse("2026-10-26 00:30", 0, &now), 0);
        ck_assert_int_eq(instant_parse("yesterday", now, &t), 0);
        ck_assert_str_eq(instant_format(t, text), "2026-10-25T00:00:00+02:00");
        ck_assert_int_eq(instant_parse("2026-03-28 23:30", 0, &now), 0);
        ck_assert_int_eq(instant_parse("tomorrow", now, &t), 0);
        ck_assert_str_eq(instant_format(t, text), "2026-03-29T00:00:00+01:00");
}
END_TEST

static const struct {
        const char *text, *expected; /* Shanghai; NULL refused */
        bool zoned;
} devices[] = {
                {"20261101T120000", "2026-11-01T12:00:00+08:00", false},
                {"20261101T120000.5", "2026-11-01T12:00:00+08:00", false},
                {"20261101T120000Z", "2026-11-01T20:00:00+08:00", true},
                {"20261101T120000.0Z", "2026-11-01T20:00:00+08:00", true},
                {"20261101T120000+0100", "2026-11-01T19:00:00+08:00", true},
                {"20261101T120000-0800", "2026-11-02T04:00:00+08:00", true},
                {"19800101T000000", "1980-01-01T00:00:00+08:00", false},
                {"99991231T235959Z", "10000-01-01T07:59:59+08:00", true},
                {"", NULL, false},
                {"20261101", NULL, false},
                {"20261101T", NULL, false},
                {"20261101T1200", NULL, false},
                {"20261101 120000", NULL, false},
                {"20261301T120000", NULL, false},
                {"20260230T120000", NULL, false},
                {"20261101T250000", NULL, false},
                {"20261101T120000X", NULL, false},
                {"20261101T120000.", NULL, false},
                {"20261101T120000+01", NULL, false},
                {"20261101T120000ZZ", NULL, false},
                {"00000000T000000", NULL, false},
                {"２0261101T120000", NULL, false},
                {"-2026101T120000", NULL, false},
};

START_TEST(test_parse_ptp)
{
        char text[INSTANT_TEXT_MAX];
        instant_t t = 42;
        bool zoned = !devices[_i].zoned;
        int r;

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        r = instant_parse_ptp(devices[_i].text, &t, &zoned);
        ck_assert_int_eq(r, devices[_i].expected ? 0 : -EINVAL);
        if (r < 0) {
                ck_assert_int_eq(t, 42);
                return;
        }
        ck_assert_str_eq(instant_format(t, text), devices[_i].expected);
        ck_assert_int_eq(zoned, devices[_i].zoned);
}
END_TEST

static const struct {
        const char *zone, *at, *day;
        unsigned int minute;
        const char *from_day; /* the day's minute, as instant_parse() takes it */
} days[] = {
                {"Asia/Shanghai", "2026-11-01 00:00", "2026-11-01", 0, "2026-11-01 00:00"},
                {"Asia/Shanghai", "2026-11-01 23:59:59", "2026-11-01", MINUTES_PER_DAY, "2026-11-02 00:00"},
                {"Asia/Shanghai", "1969-12-31 12:00", "1969-12-31", 1439, "1969-12-31 23:59"},
                {"Asia/Shanghai", "2028-02-29 12:00", "2028-02-29", MINUTES_PER_DAY, "2028-03-01 00:00"},
                {"Europe/Berlin", "2026-03-29 12:00", "2026-03-29", 150, "2026-03-29 03:30"},
                {"Europe/Berlin", "2026-10-25 02:30+01:00", "2026-10-25", 150, "2026-10-25 02:30+02:00"},
                {"America/Sao_Paulo", "2018-11-04 01:00", "2018-11-04", 0, "2018-11-04 01:00"},
                {"America/Sao_Paulo", "2019-02-16 23:30-03:00", "2019-02-16", MINUTES_PER_DAY,
                 "2019-02-17 00:00"},
                {"Pacific/Apia", "2011-12-29 12:00", "2011-12-29", MINUTES_PER_DAY, "2011-12-31 00:00"},
};

START_TEST(test_day)
{
        instant_t at, from_day;
        day_t day;

        ck_assert_int_eq(zone_set(days[_i].zone), 0);
        ck_assert_int_eq(instant_parse(days[_i].at, 0, &at), 0);
        ck_assert_int_eq(instant_parse(days[_i].from_day, 0, &from_day), 0);
        ck_assert_int_eq(day_parse(days[_i].day, &day), 0);
        ck_assert_int_eq(instant_to_day(at), day);
        ck_assert_int_eq(instant_from_day(day, days[_i].minute), from_day);
}
END_TEST

static const struct {
        const char *at, *like, *expected; /* expected NULL: -EINVAL */
} told[] = {
                {"2026-11-01 08:00:00", "20261101T081300", "20261101T080000"},
                {"2026-11-01 08:00:00", "20261101T081300.5", "20261101T080000"},
                {"2026-11-01 08:00:00", "20261101T001300Z", "20261101T000000Z"},
                {"2026-11-01 08:00:00", "20261101T001300.0Z", "20261101T000000Z"},
                {"2026-11-01 08:00:00", "20261101T081300+0800", "20261101T080000+0800"},
                {"2026-11-01 08:00:00", "20261101T053000+05:30", "20261101T053000+05:30"},
                {"2026-11-01 08:00:00", "20261031T190000-0500", "20261031T190000-0500"},
                {"2026-11-01 08:00:00", "", NULL},
                {"2026-11-01 08:00:00", "20261101", NULL},
                {"2026-11-01 08:00:00", "20261101T081300 noon", NULL},
};

START_TEST(test_format_ptp)
{
        char text[32] = "kept";
        instant_t t;

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        ck_assert_int_eq(instant_parse(told[_i].at, 0, &t), 0);
        if (!told[_i].expected) {
                ck_assert_int_eq(instant_format_ptp(t, told[_i].like, text, sizeof(text)), -EINVAL);
                return;
        }
        ck_assert_int_eq(instant_format_ptp(t, told[_i].like, text, sizeof(text)), 0);
        ck_assert_str_eq(text, told[_i].expected);
        ck_assert_int_eq(instant_format_ptp(t + USEC_PER_SEC / 2 - 1, told[_i].like, text, sizeof(text)), 0);
        ck_assert_str_eq(text, told[_i].expected);
        ck_assert_int_eq(instant_format_ptp(t - USEC_PER_SEC / 2, told[_i].like, text, sizeof(text)), 0);
        ck_assert_str_eq(text, told[_i].expected);
        ck_assert_int_eq(instant_format_ptp(t + USEC_PER_SEC / 2, told[_i].like, text, sizeof(text)), 0);
        ck_assert_str_ne(text, told[_i].expected);
        ck_assert_int_eq(instant_format_ptp(t, told[_i].like, text, strlen(told[_i].expected)), -EINVAL);
}
END_TEST

START_TEST(test_day_parse)
{
        static const char *const bad[] = {"",           "2026",       "2026-02-29",  "2026-1-01",
                                          "2026-13-01", "2026-11-1x", "2026-11-01 ", " 2026-11-01"};
        day_t day = 17;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_msg(day_parse(bad[i], &day) == -EINVAL, "'%s'", bad[i]);
        ck_assert_int_eq(day, 17);
        ck_assert_int_eq(day_parse("1970-01-01", &day), 0);
        ck_assert_int_eq(day, 0);
        ck_assert_uint_eq(day_of_week(day), 4);
        ck_assert_uint_eq(day_of_week(day - 5), 6);
        ck_assert_int_eq(day_parse("1969-12-31", &day), 0);
        ck_assert_int_eq(day, -1);
        ck_assert_int_eq(instant_from_day(INT64_MAX / 2, 0), INT64_MAX);
        ck_assert_int_eq(instant_from_day(-INT64_MAX / 2, 0), INSTANT_NONE + 1);
}
END_TEST

static const struct {
        const char *month, *first, *next; /* NULL: refused */
} months[] = {
                {"2026-11", "2026-11-01", "2026-12-01"},
                {"2026-12", "2026-12-01", "2027-01-01"},
                {"2024-02", "2024-02-01", "2024-03-01"},
                {"2026-02", "2026-02-01", "2026-03-01"},
                {"2026-00", NULL, NULL},
                {"2026-13", NULL, NULL},
                {"2026-1", NULL, NULL},
                {"2026-111", NULL, NULL},
                {"2026-11-01", NULL, NULL},
                {" 2026-11", NULL, NULL},
                {"2026-11 ", NULL, NULL},
                {"", NULL, NULL},
                {"2026/11", NULL, NULL},
                {"-026-11", NULL, NULL},
};

START_TEST(test_month_parse)
{
        day_t first = 7, next = 7, day;

        if (!months[_i].first) {
                ck_assert_int_eq(month_parse(months[_i].month, &first, &next), -EINVAL);
                ck_assert_int_eq(first, 7);
                ck_assert_int_eq(next, 7);
                return;
        }
        ck_assert_int_eq(month_parse(months[_i].month, &first, &next), 0);
        ck_assert_int_eq(day_parse(months[_i].first, &day), 0);
        ck_assert_int_eq(first, day);
        ck_assert_int_eq(day_parse(months[_i].next, &day), 0);
        ck_assert_int_eq(next, day);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("clock");
        TCase *t = tcase_create("clock");
        SRunner *runner;
        int failed;

        tcase_add_test(t, test_source);
        tcase_add_loop_test(t, test_zone, 0, (int)ELEMENTSOF(bad_zones));
        tcase_add_loop_test(t, test_format, 0, (int)ELEMENTSOF(formats));
        tcase_add_test(t, test_format_extremes);
        tcase_add_loop_test(t, test_local, 0, (int)ELEMENTSOF(locals));
        tcase_add_test(t, test_local_has_no_memory);
        tcase_add_loop_test(t, test_parse, 0, (int)ELEMENTSOF(typed));
        tcase_add_test(t, test_parse_days_around_summer_time);
        tcase_add_loop_test(t, test_day, 0, (int)ELEMENTSOF(days));
        tcase_add_test(t, test_day_parse);
        tcase_add_loop_test(t, test_format_ptp, 0, (int)ELEMENTSOF(told));
        tcase_add_loop_test(t, test_month_parse, 0, (int)ELEMENTSOF(months));
        tcase_add_loop_test(t, test_parse_ptp, 0, (int)ELEMENTSOF(devices));
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
