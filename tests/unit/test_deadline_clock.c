// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The deadline clock by a fake clock: a real station and catalogue, no store, no bus. Alerts are asked of
 * the catalogue, open or not; the fake wall clock may jump, the time since boot goes on. At the end the real
 * timer on the real loop.
 */
#include "daemon/deadline_clock.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/alert.h"
#include "catalogue/case_file.h"
#include "catalogue/docking.h"
#include "catalogue/duty.h"
#include "catalogue/footage.h"
#include "catalogue/query.h"
#include "catalogue/registry.h"
#include "daemon/annotation_alert.h"
#include "daemon/config.h"
#include "daemon/station_internal.h"
#include "scratch.h"

#include <check.h>
#include <string.h>

static struct station *station;
static struct deadline_clock *deadline_clock;
static instant_t now;
static int64_t since_boot, recorder, officer;

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

static void begin(void)
{
        ck_assert_int_eq(catalogue_begin(station->catalogue), 0);
}

static void commit(void)
{
        ck_assert_int_eq(catalogue_commit(station->catalogue), 0);
}

static int64_t add_recorder(const char *number)
{
        struct recorder_row r = {.registered_at = now, .retired_at = INSTANT_NONE};
        int64_t id = 0;

        (void)snprintf(r.number, sizeof(r.number), "%s", number);
        ck_assert_int_eq(recorder_register(station->catalogue, "test", &r, &id), CATALOGUE_OK);
        return id;
}

static void station_make(void)
{
        _cleanup_free_ char *path = scratch_path("catalogue.sqlite");
        struct config *config = NULL;
        sd_event *event;

        ck_assert_int_eq(config_load(&config, false, NULL, NULL), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(station_new(&station, config, event), 0);
        sd_event_unref(event);
        ck_assert_int_eq(catalogue_open(&station->catalogue, path, false), CATALOGUE_OK);
        ck_assert_int_eq(deadline_clock_start(&deadline_clock, station), 0);
        station->deadline_clock = deadline_clock;
}

static void setup(void)
{
        struct officer o = {.number = "000001"};

        log_set_max_priority(LOG_EMERG);
        ck_assert_int_eq(setenv("CONFIGURATION_DIRECTORY", scratch_make(), 1), 0);
        scratch_write("recdock.conf", "[Station]\nNumber=1\nCustodian=Wang\n");
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        now = at("2026-11-02 08:00");
        since_boot = USEC_PER_HOUR;
        clock_set_source(fake_now, NULL);
        station_make();
        begin();
        recorder = add_recorder("R1");
        ck_assert_int_eq(officer_add(station->catalogue, "test", &o, &officer), CATALOGUE_OK);
        commit();
}

static void teardown(void)
{
        station_free(station);
        clock_set_source(NULL, NULL);
        scratch_remove();
}

static void look(void)
{
        deadline_clock_look(deadline_clock, since_boot);
        ck_assert(!station->failed);
}

/* Time goes on to 'when', and there is a look. */
static void go(const char *when)
{
        since_boot += at(when) - now;
        now = at(when);
        look();
}

/* The station was off, and is on again at 'when'. */
static void restart(const char *when)
{
        now = at(when);
        since_boot = USEC_PER_SEC;
        station_free(station);
        station_make();
        look();
}

struct count {
        int open;
        instant_t since;
};

static int on_alert(void *userdata, const char *subject, instant_t since)
{
        struct count *n = userdata;

        n->open++;
        n->since = since;
        return 0;
}

static int open_alerts(const char *kind)
{
        struct count n = {0};

        ck_assert_int_eq(alert_each_open(station->catalogue, kind, on_alert, &n), 0);
        return n.open;
}

static int on_row(void *userdata, const char *json)
{
        const char *at = strstr(json, "\"count\":");

        ck_assert_ptr_nonnull(at);
        *(int *)userdata += atoi(at + strlen("\"count\":"));
        return 0;
}

/* How often alerts of this kind were raised, those that are cleared included. */
static int raised(const char *kind)
{
        const struct query_filter filter = {"kind", kind};
        _cleanup_free_ char *error = NULL;
        struct query *q;
        int n = 0;

        ck_assert_int_eq(query_new("alert", &filter, 1, now, &q, &error), 0);
        ck_assert_int_eq(query_run(station->catalogue, q, on_row, &n), 0);
        query_free(q);
        return n;
}

static void expect_missing(int missing)
{
        ck_assert_int_eq(open_alerts("recorder-missing"), missing);
}

static void expect(int same_day, int overdue, int jump)
{
        ck_assert_int_eq(open_alerts("same-day"), same_day);
        ck_assert_int_eq(open_alerts("offload-overdue"), overdue);
        ck_assert_int_eq(open_alerts("clock-jump"), jump);
}

static void check_out(const char *until)
{
        int64_t id;

        begin();
        ck_assert_int_eq(duty_check_out(station->catalogue, "test",
                                        &(struct checkout){.recorder = recorder,
                                                           .officer = officer,
                                                           .at = now,
                                                           .roster_end = until ? at(until) : INSTANT_NONE},
                                        &id),
                         CATALOGUE_OK);
        commit();
}

static void come_back(void)
{
        int64_t id;

        begin();
        ck_assert_int_eq(duty_return(station->catalogue, "test", recorder, now, &id), CATALOGUE_OK);
        commit();
}

static void offload(void)
{
        begin();
        ck_assert_int_eq(duty_offload(station->catalogue, "test", recorder, 0, now), CATALOGUE_OK);
        commit();
}

static void extend(const char *until)
{
        struct extension e = {.until = at(until), .reason = "remote-area", .approver = "Zhao"};
        struct duty d;

        begin();
        ck_assert_int_eq(duty_open(station->catalogue, recorder, &d), CATALOGUE_OK);
        e.duty = d.id;
        ck_assert_int_eq(extension_grant(station->catalogue, "test", &e), CATALOGUE_OK);
        commit();
}

/* Footage that is offloaded now, of a unit or of none. */
static int64_t file_footage(int64_t unit)
{
        static int n;
        struct footage f = {.unit = unit,
                            .started_at = now,
                            .ended_at = INSTANT_NONE,
                            .name_time = INSTANT_NONE,
                            .container_time = INSTANT_NONE,
                            .device_time = INSTANT_NONE,
                            .duration = -1,
                            .offloaded_at = now,
                            .deadline = INSTANT_NONE,
                            .late_us = -1};
        int64_t id = 0;

        (void)snprintf(f.path, sizeof(f.path), "x/%d", ++n);
        begin();
        ck_assert_int_eq(footage_intent(station->catalogue, &f), 0);
        ck_assert_int_eq(footage_commit(station->catalogue, "test", 0, &id), CATALOGUE_OK);
        commit();
        return id;
}

static int64_t add_unit(const char *number)
{
        struct unit u = {.id = 0};
        int64_t id = 0;

        (void)snprintf(u.number, sizeof(u.number), "%s", number);
        begin();
        ck_assert_int_eq(unit_add(station->catalogue, "test", &u, &id), CATALOGUE_OK);
        commit();
        return id;
}

/* Into a case of the unit that has number, party and handler, or has not. */
static void annotate(int64_t unit, const char *number, bool whole, int64_t footage)
{
        const struct case_act act = {"test", "", ""};
        struct case_file f = {.unit = unit,
                              .secrecy = "none",
                              .from = INSTANT_NONE,
                              .to = INSTANT_NONE,
                              .opened_at = now,
                              .closed_at = INSTANT_NONE,
                              .file_until = INSTANT_NONE};
        struct case_tagging t;

        (void)snprintf(f.number, sizeof(f.number), "%s", number);
        (void)snprintf(f.handler, sizeof(f.handler), "Wang");
        (void)snprintf(f.party, sizeof(f.party), "%s", whole ? "Li" : "");
        begin();
        ck_assert_int_eq(case_open(station->catalogue, &act, &f, false, &f.id), CATALOGUE_OK);
        ck_assert_int_eq(case_tag(station->catalogue, &act, f.id, &footage, 1, false, &t), CATALOGUE_OK);
        commit();
}

static void expect_unannotated(int open, int times)
{
        ck_assert_int_eq(open_alerts("unannotated"), open);
        ck_assert_int_eq(raised("unannotated"), times);
}

START_TEST(to_the_second)
{
        check_out(NULL);
        go("2026-11-02 18:00");
        come_back();
        look();
        expect(0, 0, 0);
        go("2026-11-02 23:58:59");
        expect(0, 0, 0);
        go("2026-11-02 23:59");
        expect(1, 0, 0);
        go("2026-11-03 17:59:59");
        expect(1, 0, 0);
        go("2026-11-03 18:00");
        expect(1, 0, 0);
        go("2026-11-03 18:00:01");
        expect(1, 1, 0);
        go("2026-11-03 18:00:02");
        expect(1, 1, 0);
        offload();
        look();
        expect(0, 0, 0);
}
END_TEST

START_TEST(once_across_restarts)
{
        int64_t open;

        check_out(NULL);
        come_back();
        for (int i = 0; i < 1000; i++)
                restart("2026-11-03 08:00:01");
        expect(0, 1, 0);
        ck_assert_int_eq(alert_count_open(station->catalogue, &open), 0);
        ck_assert_int_eq(open, 1);
        ck_assert_int_eq(raised("offload-overdue"), 1);
        ck_assert_int_eq(raised("same-day"), 0);
}
END_TEST

START_TEST(station_was_off)
{
        check_out("2026-11-02 18:00");
        go("2026-11-02 17:00");
        come_back();
        restart("2026-11-09 08:00");
        expect(0, 1, 0);
}
END_TEST

START_TEST(never_docked_never_returned)
{
        check_out("2026-11-02 18:00");
        go("2026-11-02 18:00");
        expect(1, 0, 0);
        go("2026-11-03 18:00:01");
        expect(1, 1, 0);
        come_back(); /* now it is known, and there are 24 hours from then */
        look();
        expect(1, 0, 0);
        go("2026-11-04 18:00:02");
        expect(1, 1, 0);
}
END_TEST

START_TEST(one_for_a_recorder)
{
        check_out(NULL);
        come_back();
        go("2026-11-02 12:00");
        check_out(NULL);
        go("2026-11-05 12:00");
        expect(0, 1, 0);
        begin();
        recorder = add_recorder("R2");
        commit();
        check_out(NULL);
        go("2026-11-06 12:00:01");
        expect(0, 2, 0);
}
END_TEST

START_TEST(extended)
{
        check_out(NULL);
        come_back();
        go("2026-11-03 08:00:01");
        expect(0, 1, 0);
        extend("2026-11-04 12:00");
        look();
        expect(0, 0, 0);
        go("2026-11-04 11:59:59");
        expect(0, 0, 0);
        go("2026-11-04 12:00:01");
        expect(0, 1, 0);
}
END_TEST

/* With a roster: two days after its end. Counted once, whatever else the clock looks for. */
START_TEST(missing_after_the_roster)
{
        check_out("2026-11-02 18:00");
        go("2026-11-04 17:59:59");
        expect_missing(0);
        go("2026-11-04 18:00");
        expect_missing(1);
        expect(0, 1, 0);
        for (int i = 0; i < 10; i++)
                restart("2026-11-05 08:00");
        expect_missing(1);
        ck_assert_int_eq(raised("recorder-missing"), 1);
        come_back();
        look();
        expect_missing(0);
        ck_assert_int_eq(raised("recorder-missing"), 1);
}
END_TEST

/* Without one: three days after the checkout. A docking is as good as a word. */
START_TEST(missing_after_the_checkout)
{
        struct docking_row d = {.recorder = recorder, .plugged_at = now};

        check_out(NULL);
        go("2026-11-05 07:59:59");
        expect_missing(0);
        go("2026-11-05 08:00");
        expect_missing(1);
        begin();
        ck_assert_int_eq(docking_insert(station->catalogue, "test", &d), CATALOGUE_OK);
        ck_assert_int_eq(duty_dock(station->catalogue, "test", recorder, d.id, now), CATALOGUE_OK);
        commit();
        look();
        expect_missing(0);
        expect(0, 0, 0); /* it is back, by then, and there are 24 hours from then */
}
END_TEST

/* In a drawer: late for the export, and everybody knows where it is. */
START_TEST(back_is_not_missing)
{
        check_out("2026-11-02 18:00");
        go("2026-11-02 17:00");
        come_back();
        go("2026-11-30 08:00");
        expect_missing(0);
        expect(0, 1, 0);
}
END_TEST

START_TEST(missing_and_given_time)
{
        check_out("2026-11-02 18:00");
        go("2026-11-04 18:00");
        expect_missing(1);
        extend("2026-11-06 12:00");
        look();
        expect_missing(0);
        go("2026-11-08 11:59:59");
        expect_missing(0);
        go("2026-11-08 12:00");
        expect_missing(1);
        ck_assert_int_eq(raised("recorder-missing"), 2);
}
END_TEST

/* Nobody looks for what was struck off; it is missing again when it is put back and was never returned. */
START_TEST(missing_and_retired)
{
        struct recorder_row r;

        check_out(NULL);
        go("2026-11-06 08:00");
        expect_missing(1);
        begin();
        ck_assert_int_eq(recorder_retire(station->catalogue, "test", recorder, "lost"), CATALOGUE_OK);
        commit();
        look();
        expect_missing(0);
        look();
        expect_missing(0);
        begin();
        ck_assert_int_eq(recorder_by_id(station->catalogue, recorder, &r), CATALOGUE_OK);
        r.retired_at = INSTANT_NONE;
        ck_assert_int_eq(recorder_update(station->catalogue, "test", &r), CATALOGUE_OK);
        commit();
        look();
        expect_missing(1);
}
END_TEST

/* R-28-7: a day after the offload, by unit; cleared when each has its case. */
START_TEST(unannotated_to_the_second)
{
        int64_t unit = add_unit("U1"), first, second, nobodys;

        look();
        first = file_footage(unit);
        second = file_footage(unit);
        go("2026-11-03 07:59:59");
        expect_unannotated(0, 0);
        nobodys = file_footage(0);
        go("2026-11-03 08:00:00");
        expect_unannotated(1, 1);
        ck_assert_int_eq(alert_is_open(station->catalogue, "unannotated", "unit/U1"), CATALOGUE_OK);
        go("2026-11-04 08:00");
        expect_unannotated(2, 2);
        ck_assert_int_eq(alert_is_open(station->catalogue, "unannotated", "station"), CATALOGUE_OK);
        annotate(unit, "1", true, first);
        annotate(unit, "2", true, nobodys);
        look();
        expect_unannotated(1, 2);
        annotate(unit, "3", false, second); /* that says too little */
        look();
        expect_unannotated(1, 2);
        go("2026-11-30 08:00");
        expect_unannotated(1, 2);
}
END_TEST

/* More that comes due is told of once a day. */
START_TEST(unannotated_is_counted_by_days)
{
        int64_t unit = add_unit("U1");

        look();
        (void)file_footage(unit);
        go("2026-11-02 10:00");
        (void)file_footage(unit);
        go("2026-11-03 08:00");
        expect_unannotated(1, 1);
        go("2026-11-03 10:00:01"); /* the second one is due */
        expect_unannotated(1, 1);
        go("2026-11-04 07:59:59");
        expect_unannotated(1, 1);
        go("2026-11-04 08:00");
        expect_unannotated(1, 2);
        for (int i = 0; i < 10; i++)
                restart("2026-11-09 08:00");
        expect_unannotated(1, 2);
}
END_TEST

/* What was there before anybody looked for it does not count, then or ever. */
START_TEST(unannotated_of_years_ago)
{
        int64_t unit = add_unit("U1");

        for (int i = 0; i < 100; i++)
                (void)file_footage(unit);
        go("2026-11-02 09:00");
        go("2026-11-30 08:00");
        expect_unannotated(0, 0);
        restart("2026-11-30 09:00");
        (void)file_footage(unit);
        go("2026-12-01 09:00");
        expect_unannotated(1, 1);
}
END_TEST

START_TEST(unannotated_by_configuration)
{
        int64_t unit = add_unit("U1");

        look();
        (void)file_footage(unit);
        station->config->annotation_grace = USEC_PER_HOUR;
        go("2026-11-02 09:00");
        expect_unannotated(1, 1);
        station->config->annotation = false;
        look();
        expect_unannotated(0, 1);
        go("2026-11-30 08:00");
        expect_unannotated(0, 1);
        station->config->annotation = true;
        look();
        expect_unannotated(1, 2);
}
END_TEST

/* As the site says, also while the alert stands. */
START_TEST(missing_by_configuration)
{
        check_out("2026-11-02 18:00");
        station->config->missing.grace = USEC_PER_HOUR;
        go("2026-11-02 19:00");
        expect_missing(1);
        expect(1, 0, 0);
        station->config->missing.grace = 0;
        look();
        expect_missing(0);
        go("2027-11-02 19:00");
        expect_missing(0);
}
END_TEST

START_TEST(missing_and_the_clock_set_back)
{
        check_out("2026-11-02 18:00");
        go("2026-11-04 18:00");
        expect_missing(1);
        now -= USEC_PER_DAY;
        look();
        expect_missing(1);
        now += USEC_PER_DAY;
        look();
        expect_missing(1);
        ck_assert_int_eq(raised("recorder-missing"), 1);
}
END_TEST

/* No duplicate, no loss, and the jump is told of. */
START_TEST(set_back_an_hour)
{
        check_out(NULL);
        come_back();
        go("2026-11-03 08:00:01");
        expect(0, 1, 0);
        now -= USEC_PER_HOUR;
        look();
        expect(0, 1, 1);
        since_boot += 2 * USEC_PER_HOUR;
        now += 2 * USEC_PER_HOUR;
        look();
        expect(0, 1, 1);
        ck_assert_int_eq(raised("offload-overdue"), 1);
}
END_TEST

START_TEST(set_forward_a_day)
{
        check_out(NULL);
        come_back();
        look();
        expect(0, 0, 0);
        now += USEC_PER_DAY + USEC_PER_SEC;
        look();
        expect(0, 1, 1);
        now -= USEC_PER_DAY;
        look();
        expect(0, 1, 1);
}
END_TEST

/* A time service that steps by less than five seconds is at its work. */
START_TEST(small_steps)
{
        look();
        now += 4 * USEC_PER_SEC;
        look();
        now -= 4 * USEC_PER_SEC;
        look();
        expect(0, 0, 0);
        now -= 6 * USEC_PER_SEC;
        look();
        expect(0, 0, 1);
}
END_TEST

START_TEST(set_back_while_off)
{
        check_out(NULL); /* the ledger has its time */
        restart("2026-11-01 08:00");
        expect(0, 0, 1);
}
END_TEST

START_TEST(suspended)
{
        check_out(NULL);
        come_back();
        look();
        since_boot += 30 * USEC_PER_HOUR; /* which counts while the machine sleeps */
        now += 30 * USEC_PER_HOUR;
        look();
        expect(0, 1, 0);
}
END_TEST

/* The real timer on the real loop: armed for a deadline that is near, it goes off by itself. */
START_TEST(timer)
{
        int64_t began = clock_monotonic();

        clock_set_source(NULL, NULL);
        ck_assert_int_ge(sd_event_run(station->event, 0), 0); /* the first look */
        now = clock_now() - 24 * USEC_PER_HOUR + USEC_PER_SEC / 5;
        begin();
        ck_assert_int_eq(duty_return(station->catalogue, "test", recorder, now, &officer), CATALOGUE_OK);
        commit();
        deadline_clock_kick(deadline_clock);
        while (open_alerts("offload-overdue") == 0 && clock_monotonic() - began < 20 * USEC_PER_SEC)
                ck_assert_int_ge(sd_event_run(station->event, 20 * USEC_PER_SEC), 0);
        ck_assert_int_eq(open_alerts("offload-overdue"), 1);
        ck_assert_int_gt(clock_now(), now + 24 * USEC_PER_HOUR);
}
END_TEST

/* The same for a recorder that is missing from then on, and nothing else is due: it is the next wake. */
START_TEST(timer_for_a_missing_one)
{
        int64_t began = clock_monotonic();

        clock_set_source(NULL, NULL);
        station->config->missing.grace = 60 * USEC_PER_SEC;
        now = clock_now() - 60 * USEC_PER_SEC + USEC_PER_SEC / 5;
        begin();
        ck_assert_int_eq(duty_check_out(station->catalogue, "test",
                                        &(struct checkout){.recorder = recorder,
                                                           .officer = officer,
                                                           .at = now - USEC_PER_HOUR,
                                                           .roster_end = now},
                                        &officer),
                         CATALOGUE_OK);
        commit();
        ck_assert_int_ge(sd_event_run(station->event, 0), 0); /* the first look */
        expect_missing(0);
        while (open_alerts("recorder-missing") == 0 && clock_monotonic() - began < 20 * USEC_PER_SEC)
                ck_assert_int_ge(sd_event_run(station->event, 20 * USEC_PER_SEC), 0);
        expect_missing(1);
        ck_assert_int_ge(clock_now(), now + 60 * USEC_PER_SEC);
}
END_TEST

/* What is filed while nothing else is due wakes it when it ought to be annotated. */
START_TEST(timer_for_what_is_filed)
{
        int64_t began = clock_monotonic();

        clock_set_source(NULL, NULL);
        station->config->annotation_grace = USEC_PER_SEC / 5;
        ck_assert_int_ge(sd_event_run(station->event, 0), 0); /* the first look */
        now = clock_now();
        (void)file_footage(0);
        annotation_footage_filed(station);
        while (open_alerts("unannotated") == 0 && clock_monotonic() - began < 20 * USEC_PER_SEC)
                ck_assert_int_ge(sd_event_run(station->event, 20 * USEC_PER_SEC), 0);
        expect_unannotated(1, 1);
        ck_assert_int_ge(clock_now(), now + USEC_PER_SEC / 5);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("deadline clock");
        TCase *t = tcase_create("deadline clock");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, to_the_second);
        tcase_add_test(t, once_across_restarts);
        tcase_add_test(t, station_was_off);
        tcase_add_test(t, never_docked_never_returned);
        tcase_add_test(t, one_for_a_recorder);
        tcase_add_test(t, extended);
        tcase_add_test(t, missing_after_the_roster);
        tcase_add_test(t, missing_after_the_checkout);
        tcase_add_test(t, back_is_not_missing);
        tcase_add_test(t, missing_and_given_time);
        tcase_add_test(t, missing_and_retired);
        tcase_add_test(t, unannotated_to_the_second);
        tcase_add_test(t, unannotated_is_counted_by_days);
        tcase_add_test(t, unannotated_of_years_ago);
        tcase_add_test(t, unannotated_by_configuration);
        tcase_add_test(t, missing_by_configuration);
        tcase_add_test(t, missing_and_the_clock_set_back);
        tcase_add_test(t, set_back_an_hour);
        tcase_add_test(t, set_forward_a_day);
        tcase_add_test(t, small_steps);
        tcase_add_test(t, set_back_while_off);
        tcase_add_test(t, suspended);
        tcase_add_test(t, timer);
        tcase_add_test(t, timer_for_a_missing_one);
        tcase_add_test(t, timer_for_what_is_filed);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
