// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Taking a recorder out of its bay as its checkout: a real station, catalogue and dockings by a fake clock,
 * no worker, no store, no bus. What the worker would say is written as it is when it has said it.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/duty.h"
#include "catalogue/query.h"
#include "catalogue/registry.h"
#include "catalogue/undocking.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/docking.h"
#include "daemon/station_internal.h"
#include "daemon/undocking.h"
#include "scratch.h"

#include <check.h>
#include <json-c/json.h>
#include <string.h>

#define MINUTE (60 * USEC_PER_SEC)

static struct station *station;
static struct bay bay = {.name = (char *)"1", .port = (char *)"3-1"};
static instant_t now;
static int64_t recorder, zhang, li;

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

static int64_t add_officer(const char *number)
{
        struct officer o = {.id = 0};
        int64_t id = 0;

        (void)snprintf(o.number, sizeof(o.number), "%s", number);
        ck_assert_int_eq(officer_add(station->catalogue, "test", &o, &id), CATALOGUE_OK);
        return id;
}

static void assign(int64_t officer, instant_t until)
{
        begin();
        ck_assert_int_eq(recorder_assign(station->catalogue, "test", recorder, officer, now, until),
                         CATALOGUE_OK);
        commit();
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
        ck_assert_int_eq(deadline_clock_start(&station->deadline_clock, station), 0);
}

static void setup(void)
{
        struct recorder_row r = {.number = "R1", .usb_serial = "SERA", .retired_at = INSTANT_NONE};

        log_set_max_priority(LOG_EMERG);
        ck_assert_int_eq(setenv("CONFIGURATION_DIRECTORY", scratch_make(), 1), 0);
        scratch_write("recdock.conf",
                      "[Station]\nNumber=1\nCustodian=Wang\n[Duty]\nUndockingIsCheckout=yes\n");
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        ck_assert_int_eq(instant_parse("2026-11-02 08:00", 0, &now), 0);
        clock_set_source(fake_now, NULL);
        station_make();
        begin();
        ck_assert_int_eq(recorder_register(station->catalogue, "test", &r, &recorder), CATALOGUE_OK);
        zhang = add_officer("000001");
        li = add_officer("000002");
        commit();
}

static void teardown(void)
{
        station_free(station);
        bay.docking = NULL;
        clock_set_source(NULL, NULL);
        scratch_remove();
}

static void look(void)
{
        deadline_clock_look(station->deadline_clock, now);
        ck_assert(!station->failed);
}

static void go(int64_t span)
{
        now += span;
        look();
}

/* Somebody is in the bay; nobody knows yet who it is. */
static struct docking *plug(const char *serial)
{
        struct docking *d = docking_new(station);

        ck_assert_ptr_nonnull(d);
        (void)snprintf(d->place, sizeof(d->place), "bay 1");
        (void)snprintf(d->row.usb_serial, sizeof(d->row.usb_serial), "%s", serial);
        ck_assert_int_eq(docking_enter(d, "test"), 0);
        d->bay = &bay;
        bay.docking = d;
        return d;
}

/* It has said who it is. */
static void identify(struct docking *d)
{
        d->row.recorder = recorder;
        d->row.state = DOCKING_IDENTIFIED;
        d->row.identified_at = now;
        (void)snprintf(d->recorder_number, sizeof(d->recorder_number), "R1");
        begin();
        ck_assert_int_eq(
                        duty_dock(station->catalogue, STATION_ACTOR, recorder, d->row.id, d->row.plugged_at),
                        CATALOGUE_OK);
        commit();
        docking_save(d, true);
        station_duties_changed(station);
}

/* All of it is footage. */
static void release(struct docking *d)
{
        begin();
        ck_assert_int_eq(duty_offload(station->catalogue, STATION_ACTOR, recorder, d->row.id, now),
                         CATALOGUE_OK);
        commit();
        d->row.state = DOCKING_RELEASED;
        d->row.released_at = now;
        d->finished = true;
        docking_save(d, true);
}

static struct docking *dock(void)
{
        struct docking *d = plug("SERA");

        identify(d);
        release(d);
        now += USEC_PER_HOUR;
        return d;
}

static int on_row(void *userdata, const char *json)
{
        struct json_object *rows = userdata;

        (void)json_object_array_add(rows, json_tokener_parse(json));
        return 0;
}

/* Rows of a noun with a filter, the newest first; the caller's. */
static struct json_object *rows_of(const char *noun, const char *key, const char *value)
{
        const struct query_filter filter = {key, value};
        struct json_object *rows = json_object_new_array();
        _cleanup_free_ char *error = NULL;
        struct query *q;

        ck_assert_int_eq(query_new(noun, &filter, 1, now, &q, &error), 0);
        ck_assert_int_eq(query_run(station->catalogue, q, on_row, rows), 0);
        query_free(q);
        return rows;
}

static const char *text(struct json_object *row, const char *key)
{
        struct json_object *value = NULL;

        ck_assert_msg(json_object_object_get_ex(row, key, &value), "no '%s'", key);
        return value ? json_object_get_string(value) : "null";
}

static int64_t checkouts(void)
{
        struct json_object *rows = rows_of("ledger", "act", "duty.checked-out");
        int64_t n = (int64_t)json_object_array_length(rows);

        (void)json_object_put(rows);
        return n;
}

static int on_waiting(void *userdata, const struct undocking *u)
{
        ck_assert_int_eq(u->recorder, recorder);
        ++*(int *)userdata;
        return 0;
}

static int waiting(void)
{
        int n = 0;

        ck_assert_int_eq(undocking_each_waiting(station->catalogue, on_waiting, &n), 0);
        return n;
}

static void expect_in(void)
{
        struct duty d;
        int r = duty_open(station->catalogue, recorder, &d);

        ck_assert_int_ge(r, 0);
        ck_assert(r == CATALOGUE_ABSENT || d.returned_at != INSTANT_NONE);
}

static struct duty expect_out(int64_t officer, instant_t since, instant_t until)
{
        struct duty d;

        ck_assert_int_eq(duty_open(station->catalogue, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.returned_at, INSTANT_NONE);
        ck_assert_int_eq(d.officer, officer);
        ck_assert_int_eq(d.out_at, since);
        ck_assert_int_eq(d.roster_end, until);
        return d;
}

START_TEST(is_a_checkout)
{
        struct json_object *duties, *entries, *row;
        instant_t pulled;

        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        pulled = now;
        go(2 * MINUTE - 1);
        expect_in();
        ck_assert_int_eq(waiting(), 1);
        go(1);
        (void)expect_out(zhang, pulled, INSTANT_NONE);
        ck_assert_int_eq(waiting(), 0);
        go(MINUTE);
        ck_assert_int_eq(checkouts(), 1);
        entries = rows_of("ledger", "act", "duty.checked-out");
        row = json_object_array_get_idx(entries, 0);
        ck_assert_str_eq(text(row, "actor"), STATION_ACTOR);
        ck_assert_str_eq(text(row, "subject"), "recorder/R1");
        ck_assert(json_object_object_get_ex(row, "detail", &row));
        ck_assert_str_eq(text(row, "undocking"), "1");
        ck_assert_str_eq(text(row, "officer"), "000001");
        ck_assert_str_eq(text(row, "not_ready"), "null");
        duties = rows_of("duty", "recorder", "R1");
        ck_assert_str_eq(text(json_object_array_get_idx(duties, 0), "undocking"), "1");
        ck_assert_str_eq(text(json_object_array_get_idx(duties, 1), "undocking"), "null");
        (void)json_object_put(duties);
        (void)json_object_put(entries);
        identify(plug("SERA")); /* and docking is its return */
        expect_in();
}
END_TEST

START_TEST(not_unless_the_site_says_so)
{
        assign(zhang, INSTANT_NONE);
        station->config->undocking_is_checkout = false;
        docking_unplug(dock());
        ck_assert_int_eq(waiting(), 0);
        go(USEC_PER_HOUR);
        expect_in();
}
END_TEST

/* What is switched on later says nothing of what was taken out before, and what is switched off of nothing
 * that was taken out while it held. */
START_TEST(as_the_site_said_then)
{
        assign(zhang, INSTANT_NONE);
        station->config->undocking_is_checkout = false;
        docking_unplug(dock());
        station->config->undocking_is_checkout = true;
        go(USEC_PER_HOUR);
        expect_in();
        docking_unplug(dock());
        station->config->undocking_is_checkout = false;
        go(2 * MINUTE);
        (void)expect_out(zhang, now - 2 * MINUTE, INSTANT_NONE);
}
END_TEST

/* Pushed in again within a minute, twice: it was never away, until it is. */
START_TEST(replugged)
{
        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        for (int i = 0; i < 2; i++) {
                struct docking *d;

                go(MINUTE / 2);
                d = plug("SERA");
                go(USEC_PER_SEC);
                identify(d);
                ck_assert_int_eq(waiting(), 0);
                release(d);
                go(10 * MINUTE);
                expect_in();
                ck_assert_int_eq(checkouts(), 0);
                docking_unplug(d);
        }
        go(2 * MINUTE);
        (void)expect_out(zhang, now - 2 * MINUTE, INSTANT_NONE);
        ck_assert_int_eq(checkouts(), 1);
}
END_TEST

/* It is in the bay again when it would be away, and has not said yet who it is. */
START_TEST(replugged_at_the_last_moment)
{
        struct docking *d;

        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        go(2 * MINUTE - USEC_PER_SEC);
        d = plug("SERA");
        go(2 * USEC_PER_SEC);
        expect_in();
        go(10 * USEC_PER_SEC);
        expect_in();
        ck_assert_int_eq(waiting(), 1);
        identify(d);
        ck_assert_int_eq(waiting(), 0);
        go(MINUTE);
        ck_assert_int_eq(checkouts(), 0);
}
END_TEST

/* Somebody else in a bay, or one that was refused, is not it. */
START_TEST(another_in_the_bay)
{
        struct docking *d;

        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        (void)plug("SERB");
        d = plug("SERA");
        d->finished = true;
        go(2 * MINUTE);
        (void)expect_out(zhang, now - 2 * MINUTE, INSTANT_NONE);
}
END_TEST

/* A mode switch may take as long as the site says. */
START_TEST(longer_than_the_switch_timeout)
{
        assign(zhang, INSTANT_NONE);
        station->config->switch_timeout = 10 * MINUTE;
        docking_unplug(dock());
        go(11 * MINUTE - 1);
        expect_in();
        go(1);
        (void)expect_out(zhang, now - 11 * MINUTE, INSTANT_NONE);
}
END_TEST

/* What had not ended as released is no checkout: its next docking goes on with it. */
static const enum docking_state not_released[] = {DOCKING_PLUGGED, DOCKING_IDENTIFIED, DOCKING_LISTED,
                                                  DOCKING_OFFLOADING, DOCKING_FAILED};

START_TEST(taken_out_too_early)
{
        struct docking *d = plug("SERA");

        assign(zhang, INSTANT_NONE);
        if (not_released[_i] != DOCKING_PLUGGED)
                identify(d);
        d->row.state = not_released[_i];
        docking_unplug(d);
        ck_assert_int_eq(waiting(), 0);
        go(USEC_PER_HOUR);
        ck_assert_int_eq(checkouts(), 0);
}
END_TEST

START_TEST(assigned_to_nobody)
{
        docking_unplug(dock());
        ck_assert_int_eq(waiting(), 0);
        assign(zhang, INSTANT_NONE); /* afterwards */
        go(USEC_PER_HOUR);
        expect_in();
}
END_TEST

/* Handed on while it was in the bay. */
START_TEST(assigned_in_the_bay)
{
        struct docking *d;

        assign(zhang, INSTANT_NONE);
        d = dock();
        assign(li, INSTANT_NONE);
        go(MINUTE);
        docking_unplug(d);
        go(2 * MINUTE);
        (void)expect_out(li, now - 2 * MINUTE, INSTANT_NONE);
}
END_TEST

/* Who was assigned then has taken it. */
START_TEST(reassigned_while_it_waits)
{
        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        go(MINUTE);
        assign(li, INSTANT_NONE);
        go(MINUTE);
        (void)expect_out(zhang, now - 2 * MINUTE, INSTANT_NONE);
}
END_TEST

static void retire(void)
{
        begin();
        ck_assert_int_eq(recorder_retire(station->catalogue, "test", recorder, "broken"), CATALOGUE_OK);
        commit();
}

START_TEST(retired)
{
        struct docking *d = dock();

        assign(zhang, INSTANT_NONE);
        retire();
        docking_unplug(d);
        ck_assert_int_eq(waiting(), 0);
        go(USEC_PER_HOUR);
        ck_assert_int_eq(checkouts(), 0);
}
END_TEST

START_TEST(retired_while_it_waits)
{
        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        retire();
        go(2 * MINUTE);
        ck_assert_int_eq(checkouts(), 0);
        ck_assert_int_eq(waiting(), 0);
}
END_TEST

static void tell_checkout(int64_t officer)
{
        const struct checkout k = {
                        .recorder = recorder, .officer = officer, .at = now, .roster_end = INSTANT_NONE};
        int64_t id;

        begin();
        ck_assert_int_eq(duty_check_out(station->catalogue, "test", &k, &id), CATALOGUE_OK);
        commit();
}

/* A person's word goes before what is only concluded: said before it was taken out, or while it waits. */
START_TEST(checked_out_already)
{
        struct docking *d = dock();

        assign(zhang, INSTANT_NONE);
        tell_checkout(li);
        go(MINUTE);
        docking_unplug(d);
        ck_assert_int_eq(waiting(), 0);
        go(USEC_PER_HOUR);
        (void)expect_out(li, now - USEC_PER_HOUR - MINUTE, INSTANT_NONE);
        ck_assert_int_eq(checkouts(), 1);
}
END_TEST

START_TEST(checked_out_while_it_waits)
{
        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        go(MINUTE);
        tell_checkout(li);
        ck_assert_int_eq(waiting(), 0);
        go(USEC_PER_HOUR);
        (void)expect_out(li, now - USEC_PER_HOUR, INSTANT_NONE);
        ck_assert_int_eq(checkouts(), 1);
}
END_TEST

START_TEST(returned_while_it_waits)
{
        int64_t id;

        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        go(MINUTE);
        begin();
        ck_assert_int_eq(duty_return(station->catalogue, "test", recorder, now, &id), CATALOGUE_OK);
        commit();
        ck_assert_int_eq(waiting(), 0);
        go(USEC_PER_HOUR);
        expect_in();
}
END_TEST

/* Entered as a table while it waits: nothing is written twice, and nothing waits for ever. */
START_TEST(entered_while_it_waits)
{
        struct duty d = {.recorder = recorder,
                         .officer = li,
                         .roster_end = INSTANT_NONE,
                         .returned_at = INSTANT_NONE,
                         .offloaded_at = INSTANT_NONE};
        int64_t id;

        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        d.out_at = now;
        begin();
        ck_assert_int_eq(duty_enter(station->catalogue, "test", &d, &id), CATALOGUE_OK);
        commit();
        go(2 * MINUTE);
        (void)expect_out(li, d.out_at, INSTANT_NONE);
        ck_assert_int_eq(waiting(), 0);
        ck_assert_int_eq(checkouts(), 0);
}
END_TEST

/* A roster's line ends the duty; what says whose it is for months does not put the alerts off so long. */
static const struct {
        int64_t until; /* after it was taken out; 0 open */
        bool counts;
} rosters[] = {{0, false},
               {10 * USEC_PER_HOUR, true},
               {7 * USEC_PER_DAY, true},
               {7 * USEC_PER_DAY + 1, false},
               {365 * USEC_PER_DAY, false}};

START_TEST(until_the_end_of_the_roster)
{
        struct docking *d;
        instant_t until = now + USEC_PER_HOUR + rosters[_i].until;

        assign(zhang, rosters[_i].until > 0 ? until : INSTANT_NONE);
        d = dock(); /* an hour */
        docking_unplug(d);
        go(2 * MINUTE);
        (void)expect_out(zhang, now - 2 * MINUTE, rosters[_i].counts ? until : INSTANT_NONE);
}
END_TEST

/* One that ends while it waits is a duty of that long. */
START_TEST(roster_that_ends_at_once)
{
        instant_t until = now + USEC_PER_HOUR + MINUTE;

        assign(zhang, until);
        docking_unplug(dock());
        go(2 * MINUTE);
        (void)expect_out(zhang, now - 2 * MINUTE, until);
}
END_TEST

START_TEST(restarted_while_it_waits)
{
        instant_t pulled;

        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        pulled = now;
        station_free(station);
        now += USEC_PER_DAY;
        station_make();
        look();
        (void)expect_out(zhang, pulled, INSTANT_NONE);
        ck_assert_int_eq(checkouts(), 1);
}
END_TEST

/* A clock that was set back keeps nobody waiting for a year. */
START_TEST(clock_set_back)
{
        instant_t pulled;

        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        pulled = now;
        now -= 365 * USEC_PER_DAY;
        look();
        (void)expect_out(zhang, pulled, INSTANT_NONE);
}
END_TEST

/* No room in the catalogue: later. */
START_TEST(suspended)
{
        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        station->suspended = true;
        go(USEC_PER_HOUR);
        expect_in();
        station->suspended = false;
        look();
        (void)expect_out(zhang, now - USEC_PER_HOUR, INSTANT_NONE);
}
END_TEST

/* How often an event is in the log that a child has written. */
static int logged(const char *id)
{
        _cleanup_free_ char *path = scratch_path("log");
        FILE *f = fopen(path, "re");
        char line[4096];
        int n = 0;

        ck_assert_ptr_nonnull(f);
        while (fgets(line, sizeof(line), f))
                n += strstr(line, id) != NULL;
        (void)fclose(f);
        return n;
}

/* It cannot be refused; it is told, once, and the ledger has why. */
START_TEST(not_ready)
{
        _cleanup_free_ char *path = scratch_path("log");
        struct json_object *entries, *detail = NULL;
        struct docking *d;

        ck_assert_ptr_nonnull(freopen(path, "we", stderr));
        ck_assert_int_eq(log_open("recdockd", "json"), 0);
        log_set_max_priority(LOG_INFO);
        assign(zhang, INSTANT_NONE);
        d = dock();
        d->row.has_clock_offset = true;
        d->row.clock_offset = -780 * USEC_PER_SEC;
        docking_unplug(d);
        for (int i = 0; i < 5; i++)
                go(2 * MINUTE);
        (void)fflush(stderr);
        ck_assert_int_eq(logged("5f1c4a0e6d7b4e0f9a3f2c81b4d5e6a1"), 1);
        ck_assert_int_eq(logged("5f1c4a0e6d7b4e0f9a3f2c81b4d5e6a2"), 1);
        ck_assert_int_eq(logged("was not ready: clock off (-780.0 s)"), 1);
        entries = rows_of("ledger", "act", "duty.checked-out");
        ck_assert(json_object_object_get_ex(json_object_array_get_idx(entries, 0), "detail", &detail));
        ck_assert_str_eq(text(detail, "not_ready"), "clock off (-780.0 s)");
        (void)json_object_put(entries);
}
END_TEST

/* From then on it is a duty like any other: nobody has to have said a word for it to be late. */
START_TEST(is_waited_for)
{
        assign(zhang, INSTANT_NONE);
        docking_unplug(dock());
        go(2 * MINUTE);
        go(24 * USEC_PER_HOUR);
        ck_assert_int_eq(alert_is_open(station->catalogue, "offload-overdue", "recorder/R1"), CATALOGUE_OK);
        go(48 * USEC_PER_HOUR);
        ck_assert_int_eq(alert_is_open(station->catalogue, "recorder-missing", "recorder/R1"), CATALOGUE_OK);
        identify(plug("SERA"));
        look();
        ck_assert_int_eq(alert_is_open(station->catalogue, "recorder-missing", "recorder/R1"),
                         CATALOGUE_ABSENT);
}
END_TEST

/* The real timer on the real loop: armed by the unplug, it goes off by itself. */
START_TEST(timer)
{
        int64_t began = clock_monotonic();
        struct docking *docked;
        struct duty d;

        clock_set_source(NULL, NULL);
        now = clock_now() - 2 * MINUTE + USEC_PER_SEC / 5 - USEC_PER_HOUR;
        clock_set_source(fake_now, NULL);
        assign(zhang, INSTANT_NONE);
        docked = dock();
        ck_assert_int_ge(sd_event_run(station->event, 0), 0); /* the look that docking asked for */
        docking_unplug(docked);
        clock_set_source(NULL, NULL);
        while (duty_open(station->catalogue, recorder, &d) == CATALOGUE_ABSENT &&
               clock_monotonic() - began < 20 * USEC_PER_SEC)
                ck_assert_int_ge(sd_event_run(station->event, 20 * USEC_PER_SEC), 0);
        (void)expect_out(zhang, now, INSTANT_NONE);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("undocking");
        TCase *t = tcase_create("undocking");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, is_a_checkout);
        tcase_add_test(t, not_unless_the_site_says_so);
        tcase_add_test(t, as_the_site_said_then);
        tcase_add_test(t, replugged);
        tcase_add_test(t, replugged_at_the_last_moment);
        tcase_add_test(t, another_in_the_bay);
        tcase_add_test(t, longer_than_the_switch_timeout);
        tcase_add_loop_test(t, taken_out_too_early, 0, (int)ELEMENTSOF(not_released));
        tcase_add_test(t, assigned_to_nobody);
        tcase_add_test(t, assigned_in_the_bay);
        tcase_add_test(t, reassigned_while_it_waits);
        tcase_add_test(t, retired);
        tcase_add_test(t, retired_while_it_waits);
        tcase_add_test(t, checked_out_already);
        tcase_add_test(t, checked_out_while_it_waits);
        tcase_add_test(t, returned_while_it_waits);
        tcase_add_test(t, entered_while_it_waits);
        tcase_add_loop_test(t, until_the_end_of_the_roster, 0, (int)ELEMENTSOF(rosters));
        tcase_add_test(t, roster_that_ends_at_once);
        tcase_add_test(t, restarted_while_it_waits);
        tcase_add_test(t, clock_set_back);
        tcase_add_test(t, suspended);
        tcase_add_test(t, not_ready);
        tcase_add_test(t, is_waited_for);
        tcase_add_test(t, timer);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
