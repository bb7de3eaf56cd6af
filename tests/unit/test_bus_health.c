// SPDX-License-Identifier: LGPL-2.1-or-later
/* GetHealth(): what it gathers of a recorder from a real catalogue, and what it refuses. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "catalogue/alert.h"
#include "catalogue/docking.h"
#include "catalogue/duty.h"
#include "catalogue/registry.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <json-c/json.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-bus.h>

#define R BUS_STATION_RECORDER

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

static pid_t server;
static sd_bus *bus;
static struct json_object *health;

static void set_up(void)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
        server = 0;
        health = NULL;
}

static void tear_down(void)
{
        (void)json_object_put(health);
        bus = sd_bus_flush_close_unref(bus);
        if (server > 0)
                ck_assert_int_eq(bus_station_stop(server), 0);
        bus_daemon_stop();
        scratch_remove();
}

/* What somebody has written before the station starts. */
static void prepare(void (*write)(struct catalogue *c, int64_t recorder))
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct recorder_row recorder;

        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_begin(c), 0);
        ck_assert_int_eq(recorder_by_number(c, R, &recorder), CATALOGUE_OK);
        write(c, recorder.id);
        ck_assert_int_eq(catalogue_commit(c), 0);
}

static int get(const char *number, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text;
        int r;

        if (server == 0) {
                server = bus_station_start(NULL);
                ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        }
        r = sd_bus_call_method(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE, "GetHealth",
                               error, &reply, "s", number);
        if (r < 0)
                return r;
        ck_assert_int_ge(sd_bus_message_read(reply, "s", &text), 0);
        (void)json_object_put(health);
        health = json_tokener_parse(text);
        ck_assert_ptr_nonnull(health);
        return 0;
}

static void look(void)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_msg(get(R, &error) == 0, "%s", error.message);
}

/* A member as text, "null" when it is. */
static const char *member(struct json_object *o, const char *key)
{
        struct json_object *value = NULL;

        ck_assert_msg(json_object_object_get_ex(o, key, &value), "there is no '%s'", key);
        return value ? json_object_get_string(value) : "null";
}

/* "state reason value" of a line. */
static const char *line(const char *check)
{
        static char text[512];
        struct json_object *checks = NULL;

        ck_assert(json_object_object_get_ex(health, "checks", &checks));
        for (size_t i = 0; i < json_object_array_length(checks); i++) {
                struct json_object *o = json_object_array_get_idx(checks, i);

                if (strcmp(member(o, "check"), check) != 0)
                        continue;
                (void)snprintf(text, sizeof(text), "%s %s %s", member(o, "state"), member(o, "reason"),
                               member(o, "value"));
                return text;
        }
        ck_abort_msg("there is no line '%s'", check);
}

static struct docking_row docking_now(int64_t recorder)
{
        return (struct docking_row){.recorder = recorder,
                                    .state = DOCKING_RELEASED,
                                    .plugged_at = clock_now(),
                                    .identified_at = clock_now(),
                                    .listed_at = INSTANT_NONE,
                                    .released_at = clock_now(),
                                    .unplugged_at = clock_now(),
                                    .clock_set_at = INSTANT_NONE,
                                    .battery_percent = 80,
                                    .free_bytes = INT64_C(8) << 30,
                                    .total_bytes = INT64_C(32) << 30,
                                    .has_clock_offset = true,
                                    .clock_offset = USEC_PER_SEC / 2,
                                    .firmware = "V1.2",
                                    .listing_complete = true};
}

static void assign(struct catalogue *c, int64_t recorder)
{
        struct officer officer;

        ck_assert_int_eq(officer_by_number(c, BUS_STATION_OFFICER, &officer), CATALOGUE_OK);
        ck_assert_int_eq(recorder_assign(c, "test", recorder, officer.id, clock_now() - USEC_PER_HOUR,
                                         INSTANT_NONE),
                         CATALOGUE_OK);
}

static void write_good(struct catalogue *c, int64_t recorder)
{
        struct docking_row before = docking_now(recorder), d = docking_now(recorder);

        before.plugged_at = before.identified_at = clock_now() - 2 * USEC_PER_DAY;
        before.clock_offset = -USEC_PER_SEC / 2;
        ck_assert_int_eq(docking_insert(c, "test", &before), CATALOGUE_OK);
        d.plugged_at += USEC_PER_SEC;
        ck_assert_int_eq(docking_insert(c, "test", &d), CATALOGUE_OK);
        assign(c, recorder);
}

START_TEST(test_ready)
{
        prepare(write_good);
        look();
        ck_assert_str_eq(member(health, "recorder"), R);
        ck_assert_str_eq(member(health, "ready"), "true");
        ck_assert_str_eq(member(health, "firmware"), "V1.2");
        ck_assert_str_eq(member(health, "battery"), "80");
        ck_assert_str_eq(member(health, "free"), "8589934592");
        ck_assert_str_eq(member(health, "clock_offset_s"), "0.5");
        ck_assert_str_eq(member(health, "clock_set_at"), "null");
        ck_assert_double_eq_tol(strtod(member(health, "drift_s_per_day"), NULL), 0.5, 0.01);
        ck_assert_str_eq(member(health, "drift_readings"), "2");
        ck_assert_str_eq(line("assigned"), "ok null " BUS_STATION_OFFICER);
        ck_assert_str_eq(line("exported"), "ok null docking/3");
        ck_assert_str_eq(line("clock"), "ok null +0.5 s");
        ck_assert_str_eq(line("battery"), "ok null 80 %");
        ck_assert_str_eq(line("storage"), "ok null 8.0 / 32.0 GiB");
        ck_assert_str_eq(line("alerts"), "ok null null");
}
END_TEST

/* As it is left, not as it came: set, and cleared. */
static void write_mended(struct catalogue *c, int64_t recorder)
{
        struct docking_row d = docking_now(recorder);

        d.clock_offset = 780 * USEC_PER_SEC;
        (void)snprintf(d.clock_set_to, sizeof(d.clock_set_to), "20261101T080000");
        (void)snprintf(d.clock_asked, sizeof(d.clock_asked), "20261101T080000");
        d.has_clock_set_offset = true;
        d.clock_set_at = clock_now();
        d.free_bytes = 0;
        d.freed = INT64_C(31) << 30;
        d.plugged_at += USEC_PER_SEC;
        ck_assert_int_eq(docking_insert(c, "test", &d), CATALOGUE_OK);
        assign(c, recorder);
}

START_TEST(test_mended)
{
        prepare(write_mended);
        look();
        ck_assert_str_eq(member(health, "ready"), "true");
        ck_assert_str_eq(line("clock"), "ok null +0.0 s");
        ck_assert_str_eq(line("storage"), "ok null 31.0 / 32.0 GiB");
        ck_assert_str_eq(member(health, "clock_offset_s"), "780.0");
        ck_assert_str_ne(member(health, "clock_set_at"), "null");
        ck_assert_str_eq(member(health, "drift_s_per_day"), "null");
}
END_TEST

static void write_bad(struct catalogue *c, int64_t recorder)
{
        struct docking_row d = docking_now(recorder);
        bool raised;
        int64_t id;

        d.clock_offset = -780 * USEC_PER_SEC;
        d.battery_percent = 7;
        d.free_bytes = 0;
        d.plugged_at += USEC_PER_SEC;
        d.state = DOCKING_UNPLUGGED;
        ck_assert_int_eq(docking_insert(c, "test", &d), CATALOGUE_OK);
        ck_assert_int_eq(alert_raise(c, "identity-conflict", LOG_CRIT, "recorder/" R, "x", &raised), 0);
        ck_assert_int_eq(alert_raise(c, "clock-drift", LOG_CRIT, "recorder/" R, "x", &raised), 0);
        ck_assert_int_eq(alert_raise(c, "docking-failed", LOG_CRIT, "recorder/other", "x", &raised), 0);
        ck_assert_int_eq(duty_return(c, "test", recorder, clock_now() - 30 * USEC_PER_HOUR, &id),
                         CATALOGUE_OK);
        ck_assert_int_eq(duty_check_out(c, "test",
                                        &(struct checkout){.recorder = recorder,
                                                           .officer = 1,
                                                           .at = clock_now() - USEC_PER_HOUR,
                                                           .roster_end = INSTANT_NONE},
                                        &id),
                         CATALOGUE_OK);
}

START_TEST(test_everything_wrong)
{
        prepare(write_bad);
        look();
        ck_assert_str_eq(member(health, "ready"), "false");
        ck_assert_str_eq(line("assigned"), "not-ok not-assigned null");
        ck_assert_str_eq(line("returned"), "not-ok out " BUS_STATION_OFFICER);
        ck_assert_str_eq(line("exported"), "not-ok docking-cut-short docking/2");
        ck_assert_str_eq(line("clock"), "not-ok off -780.0 s");
        ck_assert_str_eq(line("battery"), "not-ok low 7 %");
        ck_assert_str_eq(line("storage"), "not-ok low 0.0 / 32.0 GiB");
        ck_assert_str_eq(line("alerts"), "not-ok open identity-conflict");
        ck_assert_int_eq(strncmp(line("deadline"), "not-ok overdue 20", 17), 0);
}
END_TEST

/* Half an hour in its bay: what was read when it came says nothing any more. */
static void write_charged(struct catalogue *c, int64_t recorder)
{
        struct docking_row d = docking_now(recorder);

        d.battery_percent = 7;
        d.plugged_at += USEC_PER_SEC;
        d.identified_at = d.unplugged_at - 30 * 60 * USEC_PER_SEC;
        d.free_bytes = d.total_bytes = -1;
        d.has_clock_offset = false;
        ck_assert_int_eq(docking_insert(c, "test", &d), CATALOGUE_OK);
        assign(c, recorder);
}

START_TEST(test_unknown_is_not_ready_and_not_wrong)
{
        prepare(write_charged);
        look();
        ck_assert_str_eq(member(health, "ready"), "null");
        ck_assert_str_eq(line("battery"), "unknown charged-since 7 %");
        ck_assert_str_eq(line("clock"), "unknown not-told null");
        ck_assert_str_eq(line("storage"), "unknown not-told null");
        ck_assert_str_eq(member(health, "free"), "null");
        ck_assert_str_eq(member(health, "clock_offset_s"), "null");
}
END_TEST

static void write_new(struct catalogue *c, int64_t recorder)
{
        struct recorder_row r = {.number = "NEW", .retired_at = INSTANT_NONE}, retired = {.number = "OLD"};
        int64_t id;

        (void)recorder;
        ck_assert_int_eq(recorder_register(c, "test", &r, &id), CATALOGUE_OK);
        retired.retired_at = INSTANT_NONE;
        ck_assert_int_eq(recorder_register(c, "test", &retired, &id), CATALOGUE_OK);
        ck_assert_int_eq(recorder_retire(c, "test", id, "broken"), CATALOGUE_OK);
}

START_TEST(test_never_docked_and_retired)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        prepare(write_new);
        ck_assert_int_eq(get("NEW", &error), 0);
        ck_assert_str_eq(member(health, "docking"), "null");
        ck_assert_str_eq(member(health, "measured_at"), "null");
        ck_assert_str_eq(member(health, "battery"), "null");
        ck_assert_str_eq(line("exported"), "unknown never-docked null");
        ck_assert_str_eq(line("battery"), "unknown never-docked null");
        ck_assert_int_eq(get("OLD", &error), 0);
        ck_assert_str_eq(line("registered"), "not-ok retired null");
}
END_TEST

START_TEST(test_nobody_is_refused)
{
        static const char *const numbers[] = {"9999999", "", ("recorder/" R)};

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                ck_assert_int_lt(get(numbers[i], &error), 0);
                ck_assert_str_eq(error.name, RECDOCK_ERROR_NOT_FOUND);
                ck_assert_ptr_nonnull(strstr(error.message, "expected one of 'recdockctl recorder list'"));
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus health");
        TCase *t = tcase_create("bus health");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, test_ready);
        tcase_add_test(t, test_mended);
        tcase_add_test(t, test_everything_wrong);
        tcase_add_test(t, test_unknown_is_not_ready_and_not_wrong);
        tcase_add_test(t, test_never_docked_and_retired);
        tcase_add_test(t, test_nobody_is_refused);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
