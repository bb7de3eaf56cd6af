// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whose a recording is and by when it was due, with the duty ledger: a real catalogue, a fake clock, no
 * store. The recording is of 2026-11-02 10:00 to 10:30 and was offloaded on 2026-11-04 09:00. */
#include "daemon/settle.h"
#include "base/cleanup.h"
#include "catalogue/duty.h"
#include "catalogue/registry.h"
#include "daemon/config.h"
#include "daemon/station_internal.h"
#include "rules/recording_time.h"
#include "scratch.h"

#include <check.h>
#include <string.h>

static struct station *station;
static instant_t now;
static int64_t recorder, zhang, li;
static struct docking_row docking;
static struct item item;

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

static int64_t add_officer(const char *number)
{
        struct officer o = {.id = 0};
        int64_t id = 0;

        (void)snprintf(o.number, sizeof(o.number), "%s", number);
        ck_assert_int_eq(officer_add(station->catalogue, "test", &o, &id), CATALOGUE_OK);
        return id;
}

static void furnish(void)
{
        struct recorder_row r = {.number = "R1", .registered_at = now, .retired_at = INSTANT_NONE};

        zhang = add_officer("000001");
        li = add_officer("000002");
        ck_assert_int_eq(recorder_register(station->catalogue, "test", &r, &recorder), CATALOGUE_OK);
        ck_assert_int_eq(recorder_assign(station->catalogue, "test", recorder, li, at("2026-01-01"),
                                         INSTANT_NONE),
                         CATALOGUE_OK);
        docking = (struct docking_row){.recorder = recorder, .plugged_at = now, .battery_percent = -1};
        ck_assert_int_eq(docking_insert(station->catalogue, "test", &docking), CATALOGUE_OK);
        item = (struct item){.id = 1, .recorder = recorder, .docking = docking.id};
        (void)snprintf(item.path, sizeof(item.path), "DCIM/clip.mp4");
        (void)snprintf(item.time_text, sizeof(item.time_text), "20261102T103000");
}

static void setup(void)
{
        _cleanup_free_ char *path = NULL;
        struct config *config = NULL;
        sd_event *event;

        ck_assert_int_eq(setenv("CONFIGURATION_DIRECTORY", scratch_make(), 1), 0);
        scratch_write("recdock.conf", "[Station]\nNumber=1\nCustodian=Wang\n");
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        now = at("2026-11-04 09:00");
        clock_set_source(fake_now, NULL);
        ck_assert_int_eq(config_load(&config, false, NULL, NULL), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(station_new(&station, config, event), 0);
        sd_event_unref(event);
        path = scratch_path("catalogue.sqlite");
        ck_assert_int_eq(catalogue_open(&station->catalogue, path, false), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_begin(station->catalogue), 0);
        furnish();
}

static void teardown(void)
{
        catalogue_rollback(station->catalogue);
        station_free(station);
        clock_set_source(NULL, NULL);
        scratch_remove();
}

/* The row of the recording as filing would have it. */
static struct footage settled(void)
{
        const struct inspect_result result = {
                        .duration = 30 * 60 * USEC_PER_SEC, .created = INSTANT_NONE, .size = 9};
        struct settled_numbers numbers;
        struct footage f;

        ck_assert_int_eq(footage_settle(station, &item, &docking, &result, &f, &numbers), 0);
        return f;
}

static void check_out(const char *out, const char *until)
{
        int64_t id;

        ck_assert_int_eq(duty_check_out(station->catalogue, "test",
                                        &(struct checkout){.recorder = recorder,
                                                           .officer = zhang,
                                                           .at = at(out),
                                                           .roster_end = until ? at(until) : INSTANT_NONE},
                                        &id),
                         CATALOGUE_OK);
}

static void come_back(const char *when)
{
        int64_t id;

        ck_assert_int_eq(duty_return(station->catalogue, "test", recorder, at(when), &id), CATALOGUE_OK);
}

static void dock(void)
{
        ck_assert_int_eq(duty_dock(station->catalogue, "test", recorder, docking.id, docking.plugged_at),
                         CATALOGUE_OK);
}

START_TEST(nobody_recorded_anything)
{
        struct footage f;

        dock();
        f = settled();
        ck_assert_int_eq(f.officer, li);
        ck_assert_int_eq(f.deadline, at("2026-11-03 10:30"));
        ck_assert_int_eq(f.late_us, 22 * USEC_PER_HOUR + 30 * 60 * USEC_PER_SEC);
}
END_TEST

START_TEST(out_and_back)
{
        struct footage f;

        check_out("2026-11-02 08:00", NULL);
        come_back("2026-11-03 18:00");
        dock();
        f = settled();
        ck_assert_int_eq(f.officer, zhang);
        ck_assert_int_eq(f.deadline, at("2026-11-04 18:00"));
        ck_assert_int_eq(f.late_us, 0);
}
END_TEST

/* Who has it now had not got it then. */
START_TEST(checked_out_after_the_recording)
{
        struct footage f;

        check_out("2026-11-02 11:00", NULL);
        dock();
        f = settled();
        ck_assert_int_eq(f.officer, li);
        ck_assert_int_eq(f.deadline, at("2026-11-03 10:30"));
}
END_TEST

START_TEST(docked_within_the_roster_and_after_it)
{
        check_out("2026-11-02 08:00", _i ? "2026-11-03 08:00" : "2026-11-04 20:00");
        dock();
        ck_assert_int_eq(settled().officer, zhang);
        ck_assert_int_eq(settled().deadline, at(_i ? "2026-11-04 08:00" : "2026-11-05 09:00"));
        ck_assert_int_eq(settled().late_us, _i ? USEC_PER_HOUR : 0);
}
END_TEST

START_TEST(extended)
{
        struct extension e = {.until = at("2026-11-04 08:30"), .reason = "remote-area", .approver = "Zhao"};
        struct duty d;

        check_out("2026-11-02 08:00", NULL);
        dock();
        ck_assert_int_eq(duty_open(station->catalogue, recorder, &d), CATALOGUE_OK);
        e.duty = d.id;
        ck_assert_int_eq(extension_grant(station->catalogue, "test", &e), CATALOGUE_OK);
        ck_assert_int_eq(settled().deadline, at("2026-11-04 08:30"));
        ck_assert_int_eq(settled().late_us, USEC_PER_HOUR / 2);
        e = (struct extension){.docking = docking.id,
                               .until = at("2026-11-04 12:00"),
                               .reason = "remote-area",
                               .approver = "Zhao"};
        ck_assert_int_eq(extension_grant(station->catalogue, "test", &e), CATALOGUE_OK);
        ck_assert_int_eq(settled().deadline, at("2026-11-04 12:00"));
        ck_assert_int_eq(settled().late_us, 0);
}
END_TEST

/* The docking's extension holds where no duty covers the recording. */
START_TEST(extended_for_the_docking_alone)
{
        const struct extension e = {.docking = docking.id,
                                    .until = at("2026-11-04 12:00"),
                                    .reason = "remote-area",
                                    .approver = "Zhao"};

        ck_assert_int_eq(extension_grant(station->catalogue, "test", &e), CATALOGUE_OK);
        ck_assert_int_eq(settled().deadline, at("2026-11-04 12:00"));
}
END_TEST

/* By the recorder's clock it ended at 10:30, which is 13 minutes fast. */
START_TEST(corrected_by_the_clock)
{
        docking.has_clock_offset = true;
        docking.clock_offset = 13 * 60 * USEC_PER_SEC;
        ck_assert_int_eq(settled().deadline, at("2026-11-03 10:17"));
}
END_TEST

static struct docking_row docked_before(void)
{
        struct docking_row d = {
                        .recorder = recorder, .plugged_at = now - USEC_PER_DAY, .battery_percent = -1};

        d.has_clock_offset = true;
        d.clock_offset = 13 * 60 * USEC_PER_SEC;
        ck_assert_int_eq(docking_insert(station->catalogue, "test", &d), CATALOGUE_OK);
        return d;
}

/* It was listed by an earlier docking and pulled by this one; in between the clock was set. */
START_TEST(dated_by_the_docking_that_listed_it)
{
        struct docking_row first = docked_before();
        struct footage f;

        docking.has_clock_offset = true;
        docking.clock_offset = USEC_PER_SEC;
        docking.clock_moved = true;
        f = settled();
        ck_assert_int_eq(f.ended_at, at("2026-11-02 10:29:59"));
        ck_assert_uint_eq(f.time_flags & TIME_CLOCK_MOVED, TIME_CLOCK_MOVED);
        item.first_docking = first.id;
        f = settled();
        ck_assert_int_eq(f.ended_at, at("2026-11-02 10:17"));
        ck_assert_int_eq(f.clock_offset, 13 * 60 * USEC_PER_SEC);
        ck_assert_uint_eq(f.time_flags & TIME_CLOCK_MOVED, 0);
        first.has_clock_offset = false; /* nobody measured it then: today's is the best there is */
        ck_assert_int_eq(docking_update(station->catalogue, &first), CATALOGUE_OK);
        ck_assert_int_eq(settled().ended_at, at("2026-11-02 10:29:59"));
        item.first_docking = docking.id;
        ck_assert_int_eq(settled().ended_at, at("2026-11-02 10:29:59"));
}
END_TEST

/* Nobody knows when: not late, not in time, and nobody's by the checkout. */
START_TEST(of_unknown_time)
{
        item.time_text[0] = '\0';
        ck_assert_int_eq(settled().deadline, INSTANT_NONE);
        dock();
        ck_assert_int_eq(settled().deadline, INSTANT_NONE);
        ck_assert_int_eq(settled().late_us, -1);
        ck_assert_int_eq(settled().officer, 0);
        come_back("2026-11-03 07:00"); /* somebody does know the return */
        ck_assert_int_eq(settled().deadline, at("2026-11-04 07:00"));
        ck_assert_int_eq(settled().late_us, 2 * USEC_PER_HOUR);
        ck_assert_int_eq(settled().officer, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("settle");
        TCase *t = tcase_create("settle");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nobody_recorded_anything);
        tcase_add_test(t, out_and_back);
        tcase_add_test(t, checked_out_after_the_recording);
        tcase_add_loop_test(t, docked_within_the_roster_and_after_it, 0, 2);
        tcase_add_test(t, extended);
        tcase_add_test(t, extended_for_the_docking_alone);
        tcase_add_test(t, corrected_by_the_clock);
        tcase_add_test(t, dated_by_the_docking_that_listed_it);
        tcase_add_test(t, of_unknown_time);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
