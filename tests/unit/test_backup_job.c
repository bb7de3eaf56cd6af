// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The station's backups by a fake clock: real catalogue, store, target, thread and loop; no bus. The
 * deadline clock is what looks, as in recdockd.
 */
#include "daemon/backup_job.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/alert.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/station_internal.h"
#include "scratch.h"

#include <check.h>
#include <string.h>
#include <sys/stat.h>

static struct station *station;
static instant_t now;
static int64_t since_boot;
static int answers;
static char answered[256];

static instant_t at(const char *text)
{
        instant_t t;

        ck_assert_int_eq(instant_parse(text, 0, &t), 0);
        return t;
}

static instant_t fake_now(void *userdata)
{
        return now;
}

static void station_make(void)
{
        _cleanup_free_ char *path = scratch_path("catalogue.sqlite"), *root = scratch_path("root");
        struct config *config = NULL;
        sd_event *event;

        ck_assert_int_eq(config_load(&config, false, NULL, NULL), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(station_new(&station, config, event), 0);
        sd_event_unref(event);
        station->catalogue_path = strdup(path);
        ck_assert_int_eq(store_open(&station->store, root, "1", true), STORE_OK);
        ck_assert_int_eq(catalogue_open(&station->catalogue, path, false), CATALOGUE_OK);
        ck_assert_int_eq(backup_job_new(&station->backup, station), 0);
        ck_assert_int_eq(deadline_clock_start(&station->deadline_clock, station), 0);
}

static void configure(const char *backup)
{
        _cleanup_free_ char *root = scratch_path("root"), *disk = scratch_path("disk"), *text = NULL;

        ck_assert_int_ge(asprintf(&text,
                                  "[Station]\nNumber=1\nCustodian=Wang\n[Store]\nPath=%s\n[Backup]\n"
                                  "%s%s\nAllowSameDisk=yes\n%s",
                                  root, backup ? "Target=" : "#", disk, backup ? backup : ""),
                         0);
        scratch_write("recdock.conf", text);
}

static void setup(void)
{
        _cleanup_free_ char *disk = NULL;

        log_set_max_priority(LOG_EMERG);
        ck_assert_int_eq(setenv("CONFIGURATION_DIRECTORY", scratch_make(), 1), 0);
        disk = scratch_path("disk");
        ck_assert_int_eq(mkdir(disk, 0750), 0);
        configure("");
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        now = at("2026-11-02 08:00");
        since_boot = USEC_PER_HOUR;
        answers = 0;
        clock_set_source(fake_now, NULL);
        station_make();
}

static void teardown(void)
{
        station_free(station);
        clock_set_source(NULL, NULL);
        scratch_remove();
}

static void restart(void)
{
        station_free(station);
        station_make();
}

/* Time goes on to 'when', and the deadline clock looks. */
static void go(const char *when)
{
        since_boot += at(when) - now;
        now = at(when);
        deadline_clock_look(station->deadline_clock, since_boot);
        ck_assert(!station->failed);
}

static bool running(void)
{
        struct backup_state state;

        ck_assert_int_eq(backup_job_state(station->backup, now, &state), 0);
        return state.running;
}

/* Until the thread says that it waits. */
static void wait_held(void)
{
        struct backup_state state = {.held = false};

        while (!state.held) {
                ck_assert_int_ge(sd_event_run(station->event, UINT64_MAX), 0);
                ck_assert_int_eq(backup_job_state(station->backup, now, &state), 0);
        }
}

/* Until the thread's end is on record. A target that is made has its first backup begun at once, by
 * whichever look comes first. */
static void wait_end(void)
{
        while (running())
                ck_assert_int_ge(sd_event_run(station->event, UINT64_MAX), 0);
        ck_assert(!station->failed);
}

static int64_t backups(void)
{
        struct backup_row row;
        int r = backup_last(station->catalogue, &row);

        ck_assert_int_ge(r, 0);
        return r == CATALOGUE_ABSENT ? 0 : row.id;
}

static bool is_open(const char *kind, const char *subject)
{
        int r = alert_is_open(station->catalogue, kind, subject);

        ck_assert_int_ge(r, 0);
        return r == CATALOGUE_OK;
}

static void on_done(void *userdata, const struct backup_answer *a)
{
        answers++;
        (void)snprintf(answered, sizeof(answered), "%s", a->error ? a->error : a->uuid ? a->uuid : "");
}

static void init(void)
{
        int before = answers;

        ck_assert_int_eq(backup_job_init(station->backup, "test", on_done, NULL), 0);
        while (answers == before)
                ck_assert_int_ge(sd_event_run(station->event, UINT64_MAX), 0);
}

static void disk_move(const char *from, const char *to)
{
        _cleanup_free_ char *a = scratch_path(from), *b = scratch_path(to);

        ck_assert_int_eq(rename(a, b), 0);
}

START_TEST(test_without_a_target_nothing_is_due_and_nobody_is_told)
{
        configure(NULL);
        restart();
        go("2026-11-12 08:00");
        ck_assert(!running());
        ck_assert(!is_open("backup-overdue", "backup"));
        ck_assert_int_eq(backup_job_begin(station->backup, false, "test", NULL, NULL), -ENODEV);
}
END_TEST

START_TEST(test_a_target_that_was_never_made_is_told_until_it_is)
{
        go("2026-11-02 08:01");
        ck_assert(!running());
        ck_assert(is_open("backup-overdue", "backup"));
        init();
        ck_assert_uint_eq(strlen(answered), 36);
        go("2026-11-02 08:02");
        ck_assert(!is_open("backup-overdue", "backup"));
        wait_end();
}
END_TEST

START_TEST(test_the_first_is_made_at_once_and_then_every_day)
{
        init();
        go("2026-11-02 08:01");
        wait_end();
        ck_assert_int_eq(backups(), 1);
        go("2026-11-03 07:59");
        ck_assert(!running());
        go("2026-11-03 08:01");
        ck_assert(running());
        wait_end();
        ck_assert_int_eq(backups(), 2);
        ck_assert(!is_open("backup-overdue", "backup"));
}
END_TEST

START_TEST(test_a_restart_knows_what_was_made)
{
        init();
        go("2026-11-02 08:01");
        wait_end();
        restart();
        go("2026-11-02 12:00");
        ck_assert(!running());
        ck_assert_int_eq(backups(), 1);
}
END_TEST

START_TEST(test_at_its_time_of_day)
{
        configure("At=03:00\n");
        restart();
        init();
        go("2026-11-02 08:01");
        wait_end();
        go("2026-11-03 02:59");
        ck_assert(!running());
        go("2026-11-03 03:00");
        ck_assert(running());
        wait_end();
}
END_TEST

START_TEST(test_a_failure_is_told_tried_again_and_told_off)
{
        init();
        go("2026-11-02 08:01");
        wait_end();
        disk_move("disk", "away");
        go("2026-11-03 08:01");
        wait_end();
        ck_assert_int_eq(backups(), 2);
        ck_assert(is_open("backup-failed", "backup"));
        ck_assert(!is_open("backup-overdue", "backup"));
        go("2026-11-03 09:00");
        ck_assert(!running());
        go("2026-11-03 09:01");
        ck_assert(running());
        wait_end();
        disk_move("away", "disk");
        go("2026-11-03 10:01");
        wait_end();
        ck_assert(!is_open("backup-failed", "backup"));
}
END_TEST

START_TEST(test_overdue_is_told_once_and_cleared_by_a_good_one)
{
        struct alert a;

        init();
        go("2026-11-02 08:01");
        wait_end();
        disk_move("disk", "away");
        go("2026-11-05 07:59");
        wait_end();
        ck_assert(!is_open("backup-overdue", "backup"));
        go("2026-11-05 08:02");
        wait_end();
        ck_assert(is_open("backup-overdue", "backup"));
        go("2026-11-06 08:02");
        wait_end();
        ck_assert_int_eq(alert_find_open(station->catalogue, "backup-overdue", "backup", &a), CATALOGUE_OK);
        ck_assert_int_eq(a.count, 1);
        disk_move("away", "disk");
        go("2026-11-06 10:00");
        wait_end();
        go("2026-11-06 10:01");
        ck_assert(!is_open("backup-overdue", "backup"));
}
END_TEST

START_TEST(test_one_at_a_time_and_held_while_recorders_are_offloaded)
{
        backup_job_hold(station->backup, true);
        init();
        go("2026-11-02 08:01");
        wait_held();
        ck_assert(running());
        ck_assert_int_eq(backup_job_begin(station->backup, false, "test", on_done, NULL), -EBUSY);
        ck_assert_int_eq(backup_job_init(station->backup, "test", on_done, NULL), -EBUSY);
        ck_assert_int_eq(backups(), 0);
        backup_job_hold(station->backup, false);
        wait_end();
        ck_assert_int_eq(backups(), 1);
        ck_assert_int_eq(answers, 1);
}
END_TEST

/* A stop waits for no backup, and who asked for it is told. */
START_TEST(test_a_stop_cuts_it_off)
{
        init();
        go("2026-11-02 08:01");
        wait_end();
        backup_job_hold(station->backup, true);
        ck_assert_int_eq(backup_job_begin(station->backup, false, "test", on_done, NULL), 0);
        wait_held();
        restart();
        ck_assert_int_eq(answers, 2);
        ck_assert_ptr_nonnull(strstr(answered, "stopping"));
        ck_assert_int_eq(backups(), 1);
}
END_TEST

START_TEST(test_the_same_disk_is_no_target)
{
        _cleanup_free_ char *root = scratch_path("root"), *disk = scratch_path("disk"), *text = NULL;

        ck_assert_int_ge(asprintf(&text,
                                  "[Station]\nNumber=1\nCustodian=Wang\n[Store]\nPath=%s\n[Backup]\n"
                                  "Target=%s\n",
                                  root, disk),
                         0);
        scratch_write("recdock.conf", text);
        restart();
        init();
        ck_assert_msg(strstr(answered, "AllowSameDisk=yes"), "%s", answered);
        ck_assert_int_eq(rmdir(disk), 0); /* nothing was made in it */
}
END_TEST

START_TEST(test_making_a_target_again_changes_nothing)
{
        char first[256];
        instant_t when;
        struct backup_target_row t;

        init();
        (void)snprintf(first, sizeof(first), "%s", answered);
        go("2026-11-02 08:01");
        wait_end();
        init();
        ck_assert_str_eq(answered, first);
        ck_assert_int_eq(backup_target_last(station->catalogue, &t, &when), CATALOGUE_OK);
        ck_assert_int_eq(t.id, 1);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("backup_job");
        TCase *t = tcase_create("backup_job");
        SRunner *r = srunner_create(s);
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_without_a_target_nothing_is_due_and_nobody_is_told);
        tcase_add_test(t, test_a_target_that_was_never_made_is_told_until_it_is);
        tcase_add_test(t, test_the_first_is_made_at_once_and_then_every_day);
        tcase_add_test(t, test_a_restart_knows_what_was_made);
        tcase_add_test(t, test_at_its_time_of_day);
        tcase_add_test(t, test_a_failure_is_told_tried_again_and_told_off);
        tcase_add_test(t, test_overdue_is_told_once_and_cleared_by_a_good_one);
        tcase_add_test(t, test_one_at_a_time_and_held_while_recorders_are_offloaded);
        tcase_add_test(t, test_a_stop_cuts_it_off);
        tcase_add_test(t, test_the_same_disk_is_no_target);
        tcase_add_test(t, test_making_a_target_again_changes_nothing);
        suite_add_tcase(s, t);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
