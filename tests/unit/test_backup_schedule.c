// SPDX-License-Identifier: LGPL-2.1-or-later
/* When a backup is due and when overdue, by tables. */
#include "rules/backup_schedule.h"
#include "base/cleanup.h"

#include <check.h>

#define HOURS(n) ((n)*USEC_PER_HOUR)

static instant_t at(const char *text)
{
        instant_t t = INSTANT_NONE;

        if (text)
                ck_assert_int_eq(instant_parse(text, 0, &t), 0);
        return t;
}

static void setup(void)
{
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
}

static const struct {
        int64_t every;
        int minute;
        const char *registered, *begun, *failed, *now, *due;
} dues[] = {
                /* none yet: at once */
                {HOURS(24), -1, "2026-11-01 08:00", NULL, NULL, "2026-11-01 08:00", "2026-11-01 08:00"},
                {HOURS(24), 180, "2026-11-01 08:00", NULL, NULL, "2026-11-05 08:00", "2026-11-01 08:00"},
                /* by spans */
                {HOURS(24), -1, "2026-11-01 08:00", "2026-11-02 09:30", NULL, "2026-11-02 10:00",
                 "2026-11-03 09:30"},
                {HOURS(6), -1, "2026-11-01 08:00", "2026-11-02 09:30", NULL, "2026-11-09 10:00",
                 "2026-11-02 15:30"},
                /* by a time of day: one that began some seconds late is not waited for a day longer */
                {HOURS(24), 180, "2026-11-01 08:00", "2026-11-02 03:00:05", NULL, "2026-11-02 04:00",
                 "2026-11-03 03:00"},
                {HOURS(24), 180, "2026-11-01 08:00", "2026-11-02 22:00", NULL, "2026-11-02 23:00",
                 "2026-11-03 03:00"},
                {HOURS(24), 0, "2026-11-01 08:00", "2026-11-02 00:00", NULL, "2026-11-02 23:00",
                 "2026-11-03 00:00"},
                {HOURS(7 * 24), 180, "2026-11-01 08:00", "2026-11-02 03:10", NULL, "2026-11-02 23:00",
                 "2026-11-09 03:00"},
                /* after a failure an hour later, or when it is due anyway, if that is later */
                {HOURS(24), -1, "2026-11-01 08:00", NULL, "2026-11-01 08:05", "2026-11-01 08:06",
                 "2026-11-01 09:05"},
                {HOURS(24), 180, "2026-11-01 08:00", "2026-11-01 03:00", "2026-11-02 03:01",
                 "2026-11-02 03:02", "2026-11-02 04:01"},
                {HOURS(24), -1, "2026-11-01 08:00", "2026-11-02 09:30", "2026-11-02 10:00",
                 "2026-11-02 10:05", "2026-11-03 09:30"},
                /* the clock was set back: what lies in the future is taken for now */
                {HOURS(24), -1, "2026-11-01 08:00", "2027-11-02 09:30", NULL, "2026-11-02 10:00",
                 "2026-11-03 10:00"},
                {HOURS(24), -1, "2026-11-01 08:00", NULL, "2027-11-01 08:05", "2026-11-01 08:06",
                 "2026-11-01 09:06"},
};

START_TEST(test_due)
{
        const struct backup_rules rules = {.every = dues[_i].every, .at = dues[_i].minute};
        const struct backup_past past = {.registered_at = at(dues[_i].registered),
                                         .good_at = INSTANT_NONE,
                                         .begun_at = at(dues[_i].begun),
                                         .failed_at = at(dues[_i].failed)};
        char due[INSTANT_TEXT_MAX], wanted[INSTANT_TEXT_MAX];

        ck_assert_str_eq(instant_format(backup_due(&rules, &past, at(dues[_i].now)), due),
                         instant_format(at(dues[_i].due), wanted));
}
END_TEST

START_TEST(test_overdue)
{
        const struct backup_rules rules = BACKUP_DEFAULTS;
        struct backup_past past = {.registered_at = at("2026-11-01 08:00"), .good_at = INSTANT_NONE};

        ck_assert_int_eq(backup_overdue(&rules, &past), at("2026-11-04 08:00"));
        past.good_at = at("2026-11-03 12:00");
        ck_assert_int_eq(backup_overdue(&rules, &past), at("2026-11-06 12:00"));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("backup_schedule");
        TCase *t = tcase_create("backup_schedule");
        SRunner *r = srunner_create(s);
        int failed;

        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_loop_test(t, test_due, 0, (int)ELEMENTSOF(dues));
        tcase_add_test(t, test_overdue);
        suite_add_tcase(s, t);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
