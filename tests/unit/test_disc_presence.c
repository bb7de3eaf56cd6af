// SPDX-License-Identifier: LGPL-2.1-or-later
/* Discs that are put into drives, told once each. */
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/disc_presence.h"
#include "daemon/watch.h"
#include "scratch.h"

#include <check.h>
#include <string.h>

static struct station s;
static char told[256];

static void on_disc(void *userdata, const char *drive)
{
        ck_assert_ptr_eq(userdata, told);
        (void)strcat(told, drive);
}

static void setup(void)
{
        log_set_max_priority(LOG_EMERG);
        memset(&s, 0, sizeof(s));
        told[0] = '\0';
        (void)scratch_make();
        station_on_disc(&s, on_disc, told);
}

static void teardown(void)
{
        discs_free(&s);
        scratch_remove();
}

static void expect_told(const char *expected)
{
        ck_assert_str_eq(told, expected);
        told[0] = '\0';
}

START_TEST(test_told_once)
{
        station_disc_seen(&s, "A", WATCH_DISC_NONE);
        expect_told("");
        station_disc_seen(&s, "A", WATCH_DISC_BLANK);
        expect_told("A");
        station_disc_seen(&s, "A", WATCH_DISC_BLANK); /* it was looked at */
        expect_told("");
        station_disc_seen(&s, "A", WATCH_DISC_SOME); /* it was burnt */
        expect_told("");
        station_disc_seen(&s, "A", WATCH_DISC_NONE);
        expect_told("");
        station_disc_seen(&s, "A", WATCH_DISC_SOME);
        expect_told("A");
}
END_TEST

START_TEST(test_drives_are_told_apart)
{
        station_disc_seen(&s, "A", WATCH_DISC_BLANK);
        station_disc_seen(&s, "B", WATCH_DISC_SOME);
        expect_told("AB");
        station_disc_seen(&s, "B", WATCH_DISC_NONE);
        station_disc_seen(&s, "A", WATCH_DISC_BLANK);
        expect_told("");
        station_disc_seen(&s, "B", WATCH_DISC_BLANK);
        expect_told("B");
}
END_TEST

/* Exchanged for a blank one before anybody has seen the drive empty. */
START_TEST(test_more_than_there_was)
{
        station_disc_seen(&s, "A", WATCH_DISC_SOME);
        expect_told("A");
        station_disc_seen(&s, "A", WATCH_DISC_BLANK);
        expect_told("A");
}
END_TEST

/* Events were lost: a drive that is gone has none any more. */
START_TEST(test_reconcile)
{
        _cleanup_free_ char *here = scratch_path("sr0");

        scratch_write("sr0", "");
        station_disc_seen(&s, here, WATCH_DISC_BLANK);
        station_disc_seen(&s, "/nonexistent/sr1", WATCH_DISC_BLANK);
        told[0] = '\0';
        discs_reconcile(&s);
        station_disc_seen(&s, here, WATCH_DISC_BLANK);
        expect_told("");
        station_disc_seen(&s, "/nonexistent/sr1", WATCH_DISC_BLANK);
        expect_told("/nonexistent/sr1");
}
END_TEST

START_TEST(test_nobody_burns)
{
        station_on_disc(&s, NULL, NULL);
        station_disc_seen(&s, "A", WATCH_DISC_BLANK);
        expect_told("");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("disc_presence");
        TCase *c = tcase_create("disc_presence");
        SRunner *r;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, test_told_once);
        tcase_add_test(c, test_drives_are_told_apart);
        tcase_add_test(c, test_more_than_there_was);
        tcase_add_test(c, test_reconcile);
        tcase_add_test(c, test_nobody_burns);
        suite_add_tcase(suite, c);
        r = srunner_create(suite);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
