// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * When a recording began. Texts are local times of the case's zone ("-" silent); the container's text is
 * UTC, as its format asks for. Expected texts are local again.
 */
#include "rules/recording_time.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

#define MIN_ (60 * USEC_PER_SEC)
#define D    TIME_DISAGREES
#define I    TIME_IMPOSSIBLE
#define U    TIME_UNKNOWN
#define C    TIME_UNCORRECTED
#define NONE INT64_MIN /* no offset measured */

static const struct {
        const char *what, *zone;
        const char *name, *container_utc, *device; /* device: the end */
        int64_t duration;                          /* microseconds, -1 unknown */
        int64_t offset;
        const char *offloaded;
        const char *started; /* NULL: the offload */
        enum time_source source;
        unsigned int flags;
} cases[] = {
                /* one source */
                {"name", "Asia/Shanghai", "2026-08-04 10:00:00", "-", "-", -1, 0, "2026-08-04 18:00:00",
                 "2026-08-04 10:00:00", TIME_FROM_NAME, 0},
                {"container", "Asia/Shanghai", "-", "2026-08-04 02:00:00", "-", -1, 0, "2026-08-04 18:00:00",
                 "2026-08-04 10:00:00", TIME_FROM_CONTAINER, 0},
                {"device", "Asia/Shanghai", "-", "-", "2026-08-04 10:30:00", 30 * MIN_, 0,
                 "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_DEVICE, 0},
                {"device without duration", "Asia/Shanghai", "-", "-", "2026-08-04 10:30:00", -1, 0,
                 "2026-08-04 18:00:00", "2026-08-04 10:30:00", TIME_FROM_DEVICE, 0},
                {"device, duration 0", "Asia/Shanghai", "-", "-", "2026-08-04 10:30:00", 0, 0,
                 "2026-08-04 18:00:00", "2026-08-04 10:30:00", TIME_FROM_DEVICE, 0},
                {"device, absurd duration", "Asia/Shanghai", "-", "-", "2026-08-04 10:30:00", INT64_MAX, 0,
                 "2026-08-04 18:00:00", "2026-08-04 10:30:00", TIME_FROM_DEVICE, 0},
                {"nothing", "Asia/Shanghai", "-", "-", "-", -1, 0, "2026-08-04 18:00:00", NULL,
                 TIME_FROM_NOWHERE, U},
                {"nothing, no offset", "Asia/Shanghai", "-", "-", "-", -1, NONE, "2026-08-04 18:00:00", NULL,
                 TIME_FROM_NOWHERE, U | C},
                {"name, no offset", "Asia/Shanghai", "2026-08-04 10:00:00", "-", "-", -1, NONE,
                 "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, C},
                /* agreement and disagreement */
                {"all agree", "Asia/Shanghai", "2026-08-04 10:00:00", "2026-08-04 02:00:01",
                 "2026-08-04 10:30:02", 30 * MIN_, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00",
                 TIME_FROM_NAME, 0},
                {"just inside tolerance", "Asia/Shanghai", "2026-08-04 10:00:00", "2026-08-04 02:02:00", "-",
                 -1, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, 0},
                {"just outside tolerance", "Asia/Shanghai", "2026-08-04 10:00:00", "2026-08-04 02:02:01",
                 "-", -1, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, D},
                {"just outside, earlier", "Asia/Shanghai", "2026-08-04 10:02:01", "2026-08-04 02:00:00", "-",
                 -1, 0, "2026-08-04 18:00:00", "2026-08-04 10:02:01", TIME_FROM_NAME, D},
                {"device disagrees", "Asia/Shanghai", "2026-08-04 10:00:00", "-", "2026-08-04 12:30:00",
                 30 * MIN_, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, D},
                {"container and device disagree", "Asia/Shanghai", "-", "2026-08-04 02:00:00",
                 "2026-08-04 12:30:00", 30 * MIN_, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00",
                 TIME_FROM_CONTAINER, D},
                {"end without duration is later", "Asia/Shanghai", "2026-08-04 10:00:00", "-",
                 "2026-08-04 10:30:00", -1, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME,
                 0},
                {"end without duration is earlier", "Asia/Shanghai", "2026-08-04 10:00:00", "-",
                 "2026-08-04 09:30:00", -1, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME,
                 D},
                {"end two days later", "Asia/Shanghai", "2026-08-02 10:00:00", "-", "2026-08-04 10:30:00",
                 -1, 0, "2026-08-04 18:00:00", "2026-08-02 10:00:00", TIME_FROM_NAME, D},
                {"file times of 2 s", "Asia/Shanghai", "2026-08-04 10:00:00", "-", "2026-08-04 10:00:12",
                 11 * USEC_PER_SEC, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, 0},
                /* impossible */
                {"1980", "Asia/Shanghai", "1980-01-01 00:00:00", "-", "-", -1, 0, "2026-08-04 18:00:00",
                 NULL, TIME_FROM_NOWHERE, U | I},
                {"1980, device knows", "Asia/Shanghai", "1980-01-01 00:00:00", "-", "2026-08-04 10:30:00",
                 30 * MIN_, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_DEVICE, I},
                {"1980 of FAT", "Asia/Shanghai", "2026-08-04 10:00:00", "-", "1980-01-01 00:00:00",
                 30 * MIN_, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, I},
                {"30 Nov 1979, which is 312768000", "UTC", "-", "1979-11-30 00:00:00", "2026-08-04 10:00:00",
                 0, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_DEVICE, I},
                {"1970", "UTC", "-", "1970-01-01 00:00:00", "-", -1, 0, "2026-08-04 18:00:00", NULL,
                 TIME_FROM_NOWHERE, U | I},
                {"1904 of MP4", "UTC", "2026-08-04 10:00:00", "1904-01-01 00:00:00", "-", -1, 0,
                 "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, I},
                {"last second of 1999", "UTC", "1999-12-31 23:59:59", "-", "-", -1, 0, "2026-08-04 18:00:00",
                 NULL, TIME_FROM_NOWHERE, U | I},
                {"first second of 2000", "UTC", "2000-01-01 00:00:00", "-", "-", -1, 0,
                 "2026-08-04 18:00:00", "2000-01-01 00:00:00", TIME_FROM_NAME, 0},
                {"future", "Asia/Shanghai", "2027-01-01 00:00:00", "-", "-", -1, 0, "2026-08-04 18:00:00",
                 NULL, TIME_FROM_NOWHERE, U | I},
                {"future, container knows", "Asia/Shanghai", "2027-01-01 00:00:00", "2026-08-04 02:00:00",
                 "-", -1, 0, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_CONTAINER, I},
                {"future within tolerance", "UTC", "2026-08-04 18:02:00", "-", "-", -1, 0,
                 "2026-08-04 18:00:00", "2026-08-04 18:02:00", TIME_FROM_NAME, 0},
                {"future just beyond", "UTC", "2026-08-04 18:02:01", "-", "-", -1, 0, "2026-08-04 18:00:00",
                 NULL, TIME_FROM_NOWHERE, U | I},
                {"year 9999", "UTC", "9999-12-31 23:59:59", "-", "-", -1, 0, "2026-08-04 18:00:00", NULL,
                 TIME_FROM_NOWHERE, U | I},
                {"duration before 2000", "UTC", "-", "-", "2000-01-01 10:00:00", 11 * USEC_PER_HOUR, 0,
                 "2026-08-04 18:00:00", NULL, TIME_FROM_NOWHERE, U | I},
                /* the recorder's clock */
                {"13 minutes fast", "Asia/Shanghai", "2026-08-04 10:13:00", "-", "2026-08-04 10:43:00",
                 30 * MIN_, 13 * MIN_, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, 0},
                {"13 minutes fast, container too", "Asia/Shanghai", "-", "2026-08-04 02:13:00", "-", -1,
                 13 * MIN_, "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_CONTAINER, 0},
                {"13 minutes fast, just recorded", "Asia/Shanghai", "2026-08-04 18:12:00", "-", "-", -1,
                 13 * MIN_, "2026-08-04 18:00:00", "2026-08-04 17:59:00", TIME_FROM_NAME, 0},
                {"13 minutes fast, not measured", "Asia/Shanghai", "2026-08-04 18:12:00", "-", "-", -1, NONE,
                 "2026-08-04 18:00:00", NULL, TIME_FROM_NOWHERE, U | I | C},
                {"slow by an hour", "Asia/Shanghai", "2026-08-04 09:00:00", "-", "-", -1, -USEC_PER_HOUR,
                 "2026-08-04 18:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, 0},
                {"clock in 1980, corrected", "UTC", "1980-01-01 00:10:00", "-", "-", -1,
                 -46 * 365 * USEC_PER_DAY, "2026-08-04 18:00:00", "2025-12-20 00:10:00", TIME_FROM_NAME, 0},
                {"offset of nonsense", "UTC", "2026-08-04 10:00:00", "-", "-", -1, INT64_MAX,
                 "2026-08-04 18:00:00", NULL, TIME_FROM_NOWHERE, U | I},
                {"offset of nonsense, negative", "UTC", "2026-08-04 10:00:00", "-", "-", -1, -INT64_MAX,
                 "2026-08-04 18:00:00", NULL, TIME_FROM_NOWHERE, U | I},
                /* local time in the container */
                {"container local", "Asia/Shanghai", "2026-08-04 10:00:00", "2026-08-04 10:00:00", "-", -1,
                 0, "2026-08-04 22:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, 0},
                {"container local, else in the future", "Asia/Shanghai", "2026-08-04 10:00:00",
                 "2026-08-04 10:00:00", "-", -1, 0, "2026-08-04 12:00:00", "2026-08-04 10:00:00",
                 TIME_FROM_NAME, 0},
                {"container local, device says so", "Asia/Shanghai", "-", "2026-08-04 10:00:00",
                 "2026-08-04 10:30:00", 30 * MIN_, 0, "2026-08-04 22:00:00", "2026-08-04 10:00:00",
                 TIME_FROM_CONTAINER, 0},
                {"container local within tolerance", "Asia/Shanghai", "2026-08-04 10:00:00",
                 "2026-08-04 10:01:59", "-", -1, 0, "2026-08-04 22:00:00", "2026-08-04 10:00:00",
                 TIME_FROM_NAME, 0},
                {"neither UTC nor local", "Asia/Shanghai", "2026-08-04 10:00:00", "2026-08-04 09:00:00", "-",
                 -1, 0, "2026-08-04 22:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, D},
                {"container local, nobody says so", "Asia/Shanghai", "-", "2026-08-04 10:00:00", "-", -1, 0,
                 "2026-08-04 22:00:00", "2026-08-04 18:00:00", TIME_FROM_CONTAINER, 0},
                {"an end without duration is no witness", "Asia/Shanghai", "-", "2026-08-04 10:00:00",
                 "2026-08-04 10:00:00", -1, 0, "2026-08-04 22:00:00", "2026-08-04 18:00:00",
                 TIME_FROM_CONTAINER, D},
                {"an impossible name is no witness", "Asia/Shanghai", "2026-08-05 10:00:00",
                 "2026-08-05 10:00:00", "-", -1, 0, "2026-08-04 22:00:00", NULL, TIME_FROM_NOWHERE, U | I},
                {"container local, 13 minutes fast", "Asia/Shanghai", "2026-08-04 10:13:00",
                 "2026-08-04 10:13:00", "-", -1, 13 * MIN_, "2026-08-04 22:00:00", "2026-08-04 10:00:00",
                 TIME_FROM_NAME, 0},
                {"container local west of Greenwich", "America/New_York", "2026-08-04 10:00:00",
                 "2026-08-04 10:00:00", "-", -1, 0, "2026-08-04 22:00:00", "2026-08-04 10:00:00",
                 TIME_FROM_NAME, 0},
                {"container local in winter", "America/New_York", "2026-01-04 10:00:00",
                 "2026-01-04 10:00:00", "-", -1, 0, "2026-01-04 22:00:00", "2026-01-04 10:00:00",
                 TIME_FROM_NAME, 0},
                {"container of summer's offset in winter", "America/New_York", "2026-01-04 10:00:00",
                 "2026-01-04 11:00:00", "-", -1, 0, "2026-01-04 22:00:00", "2026-01-04 10:00:00",
                 TIME_FROM_NAME, D},
                {"half-hour zone", "Asia/Kolkata", "2026-08-04 10:00:00", "2026-08-04 10:00:00", "-", -1, 0,
                 "2026-08-04 22:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, 0},
                {"Greenwich", "UTC", "2026-08-04 10:00:00", "2026-08-04 10:00:00", "-", -1, 0,
                 "2026-08-04 22:00:00", "2026-08-04 10:00:00", TIME_FROM_NAME, 0},
                /* calendar */
                {"leap day", "Asia/Shanghai", "2024-02-29 10:00:00", "2024-02-29 02:00:00", "-", -1, 0,
                 "2026-08-04 22:00:00", "2024-02-29 10:00:00", TIME_FROM_NAME, 0},
                {"over midnight", "Asia/Shanghai", "2026-08-03 23:50:00", "2026-08-03 15:50:00",
                 "2026-08-04 00:20:00", 30 * MIN_, 0, "2026-08-04 18:00:00", "2026-08-03 23:50:00",
                 TIME_FROM_NAME, 0},
                {"over midnight, device only", "Asia/Shanghai", "-", "-", "2026-08-04 00:00:00", 30 * MIN_,
                 0, "2026-08-04 18:00:00", "2026-08-03 23:30:00", TIME_FROM_DEVICE, 0},
                {"over new year", "Asia/Shanghai", "-", "-", "2026-01-01 00:10:00", 30 * MIN_, 0,
                 "2026-08-04 18:00:00", "2025-12-31 23:40:00", TIME_FROM_DEVICE, 0},
                {"through the end of summer time", "Europe/Berlin", "-", "-", "2026-10-25 03:30:00",
                 2 * USEC_PER_HOUR, 0, "2026-10-26 18:00:00", "2026-10-25 02:30:00", TIME_FROM_DEVICE, 0},
                {"through the start of summer time", "Europe/Berlin", "-", "-", "2026-03-29 03:30:00",
                 USEC_PER_HOUR, 0, "2026-10-26 18:00:00", "2026-03-29 01:30:00", TIME_FROM_DEVICE, 0},
                {"in a gap, which moves forward", "Europe/Berlin", "2026-03-29 02:30:00",
                 "2026-03-29 01:30:00", "-", -1, 0, "2026-10-26 18:00:00", "2026-03-29 03:30:00",
                 TIME_FROM_NAME, 0},
};

static instant_t local(const char *text)
{
        instant_t t = INSTANT_NONE;

        if (strcmp(text, "-") != 0)
                ck_assert_int_eq(instant_parse(text, 0, &t), 0);
        return t;
}

static instant_t utc(const char *text)
{
        char zoned[64];

        (void)snprintf(zoned, sizeof(zoned), "%s%s", text, strcmp(text, "-") == 0 ? "" : "Z");
        return local(zoned);
}

static struct time_evidence evidence(int i)
{
        ck_assert_int_eq(zone_set(cases[i].zone), 0);
        return (struct time_evidence){
                        .by_source = {local(cases[i].name), utc(cases[i].container_utc),
                                      local(cases[i].device)},
                        .duration = cases[i].duration,
                        .has_offset = cases[i].offset != NONE,
                        .clock_offset = cases[i].offset == NONE ? 0 : cases[i].offset,
                        .offloaded_at = local(cases[i].offloaded),
                        .order = {TIME_FROM_NAME, TIME_FROM_CONTAINER, TIME_FROM_DEVICE},
                        .tolerance = 120 * USEC_PER_SEC,
        };
}

START_TEST(test_settle)
{
        struct time_evidence e = evidence(_i);
        instant_t expected = cases[_i].started ? local(cases[_i].started) : e.offloaded_at;
        struct recording_time t;
        char text[INSTANT_TEXT_MAX];

        recording_time_settle(&e, &t);
        ck_assert_msg(t.started == expected && t.source == cases[_i].source && t.flags == cases[_i].flags,
                      "%s: %s from %s, flags %u", cases[_i].what, instant_format(t.started, text),
                      time_source_text(t.source), t.flags);
        if (t.source != TIME_FROM_NOWHERE && e.duration > 0 && e.duration < USEC_PER_DAY)
                ck_assert_int_eq(t.ended, t.started + e.duration);
        else
                ck_assert_int_eq(t.ended, t.started);
}
END_TEST

static const struct time_evidence three = {
                .by_source = {INT64_C(1785808800000000), INT64_C(1785812400000000),
                              INT64_C(1785816000000000)},
                .duration = 0,
                .has_offset = true,
                .offloaded_at = INT64_C(1785900000000000),
                .tolerance = 120 * USEC_PER_SEC,
};

START_TEST(test_order)
{
        static const struct {
                enum time_source order[_TIME_SOURCE_MAX], source;
                unsigned int flags;
        } orders[] = {
                        {{TIME_FROM_NAME, TIME_FROM_CONTAINER, TIME_FROM_DEVICE}, TIME_FROM_NAME, D},
                        {{TIME_FROM_DEVICE, TIME_FROM_NAME, TIME_FROM_CONTAINER}, TIME_FROM_DEVICE, D},
                        {{TIME_FROM_CONTAINER, TIME_FROM_DEVICE, TIME_FROM_NAME}, TIME_FROM_CONTAINER, D},
                        /* what is not listed is not asked, and cannot disagree */
                        {{TIME_FROM_DEVICE, TIME_FROM_NOWHERE, TIME_FROM_NOWHERE}, TIME_FROM_DEVICE, 0},
                        {{TIME_FROM_NOWHERE, TIME_FROM_NOWHERE, TIME_FROM_NOWHERE}, TIME_FROM_NOWHERE, U},
        };

        ck_assert_int_eq(zone_set("UTC"), 0);
        for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
                struct time_evidence e = three;
                struct recording_time t;

                memcpy(e.order, orders[i].order, sizeof(e.order));
                recording_time_settle(&e, &t);
                ck_assert_int_eq(t.source, orders[i].source);
                ck_assert_uint_eq(t.flags, orders[i].flags);
        }
}
END_TEST

START_TEST(test_impossible_name_is_flagged)
{
        struct time_evidence e = three;
        struct recording_time t;

        e.order[0] = TIME_FROM_DEVICE;
        e.order[1] = e.order[2] = TIME_FROM_NOWHERE;
        e.impossible_name = true;
        recording_time_settle(&e, &t);
        ck_assert_uint_eq(t.flags, I);
}
END_TEST

START_TEST(test_source_words)
{
        enum time_source s = TIME_FROM_DEVICE;

        for (int i = 0; i <= TIME_FROM_NOWHERE; i++) {
                ck_assert_int_eq(time_source_from_text(time_source_text((enum time_source)i), &s), 0);
                ck_assert_int_eq(s, i);
        }
        ck_assert_int_eq(time_source_from_text("moon", &s), -EINVAL);
        ck_assert_int_eq(time_source_from_text("", &s), -EINVAL);
        ck_assert_int_eq(s, TIME_FROM_NOWHERE);
        ck_assert_str_eq(time_source_text((enum time_source)77), "none");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("recording_time");
        TCase *t = tcase_create("recording_time");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(t, test_settle, 0, (int)ELEMENTSOF(cases));
        tcase_add_test(t, test_order);
        tcase_add_test(t, test_impossible_name_is_flagged);
        tcase_add_test(t, test_source_words);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
