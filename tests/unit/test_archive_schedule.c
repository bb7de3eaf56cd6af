// SPDX-License-Identifier: LGPL-2.1-or-later
/* When copies are read again, and when media are asked again, by tables. */
#include "rules/archive_schedule.h"
#include "base/cleanup.h"

#include <check.h>

static instant_t at(const char *text)
{
        instant_t t = INSTANT_NONE;

        if (text)
                ck_assert_int_eq(instant_parse(text, 0, &t), 0);
        return t;
}

static void setup(void)
{
        ck_assert_int_eq(zone_set("Europe/Berlin"), 0);
}

static const struct {
        int64_t days;
        const char *read_at, *due;
} checks[] = {
                {1, "2026-11-01 08:00", "2026-11-02"},
                {730, "2026-11-01 23:59", "2028-10-31"},
                /* across a day of 25 and one of 23 hours */
                {1, "2026-10-25 00:30", "2026-10-26"},
                {1, "2026-03-28 23:30", "2026-03-29"},
                {2, "2026-03-28 23:30", "2026-03-30"},
};

START_TEST(test_check)
{
        const struct archive_rules rules = {.copies = 1, .check_after = checks[_i].days * USEC_PER_DAY};

        ck_assert_int_eq(archive_check_due(&rules, at(checks[_i].read_at)), at(checks[_i].due));
}
END_TEST

static const struct {
        const char *looked, *now;
        bool same, again;
} looks[] = {
                {NULL, "2026-11-01 08:00", true, true},
                {"2026-11-01 08:00", "2026-11-01 08:00", true, false},
                {"2026-11-01 08:00", "2026-11-01 08:59", true, false},
                {"2026-11-01 08:00", "2026-11-01 09:00", true, true},
                {"2026-11-01 08:00", "2026-11-01 08:01", false, true},
                /* the clock was set back */
                {"2026-11-01 08:00", "2026-10-01 08:00", true, true},
};

START_TEST(test_look)
{
        ck_assert_int_eq(archive_look_again(at(looks[_i].looked), looks[_i].same, at(looks[_i].now)),
                         looks[_i].again);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("archive schedule");
        TCase *t = tcase_create("rules");
        SRunner *r;
        int failed;

        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_loop_test(t, test_check, 0, ELEMENTSOF(checks));
        tcase_add_loop_test(t, test_look, 0, ELEMENTSOF(looks));
        suite_add_tcase(s, t);
        r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
