// SPDX-License-Identifier: LGPL-2.1-or-later
/* A checkout of a recorder that is not ready (R-22-4): what refuses it, what does not, and what an override
 * leaves in the ledger. Whatever is refused has written nothing. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "catalogue/alert.h"
#include "catalogue/docking.h"
#include "catalogue/duty.h"
#include "catalogue/query.h"
#include "catalogue/registry.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <json-c/json.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

static pid_t server;
static sd_bus *bus;
static struct json_object *detail; /* of the entry that was read last */

static void set_up(void)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
        server = 0;
        detail = NULL;
}

static void tear_down(void)
{
        (void)json_object_put(detail);
        bus = sd_bus_flush_close_unref(bus);
        if (server > 0)
                ck_assert_int_eq(bus_station_stop(server), 0);
        bus_daemon_stop();
        scratch_remove();
}

static struct catalogue *catalogue_of_test(bool read_only)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        struct catalogue *c;

        ck_assert_int_eq(catalogue_open(&c, path, read_only), CATALOGUE_OK);
        return c;
}

/* The recorder's last docking, good in everything it tells; it is plugged after the one that is there. */
static struct docking_row docking_good(int64_t recorder)
{
        return (struct docking_row){.recorder = recorder,
                                    .state = DOCKING_RELEASED,
                                    .plugged_at = clock_now() + USEC_PER_SEC,
                                    .identified_at = clock_now(),
                                    .listed_at = INSTANT_NONE,
                                    .released_at = clock_now(),
                                    .unplugged_at = clock_now(),
                                    .clock_set_at = INSTANT_NONE,
                                    .battery_percent = 80,
                                    .free_bytes = INT64_C(8) << 30,
                                    .total_bytes = INT64_C(32) << 30,
                                    .has_clock_offset = true,
                                    .listing_complete = true};
}

/* What is wrong, as it stands when the station starts. */
typedef void fault_fn(struct catalogue *c, int64_t recorder, struct docking_row *d);

static void nothing(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)c;
        (void)recorder;
        (void)d;
}

static void battery(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)c;
        (void)recorder;
        d->battery_percent = 7;
}

static void charged(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        battery(c, recorder, d);
        d->identified_at -= USEC_PER_HOUR;
}

static void tells_nothing(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)c;
        (void)recorder;
        d->has_clock_offset = false;
        d->battery_percent = -1;
        d->free_bytes = d->total_bytes = -1;
}

static void wrong_clock(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)c;
        (void)recorder;
        d->clock_offset = -780 * USEC_PER_SEC;
}

static void full(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)c;
        (void)recorder;
        d->free_bytes = 0;
}

static void failed(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)c;
        (void)recorder;
        d->state = DOCKING_FAILED;
}

static void cut_short(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)c;
        (void)recorder;
        d->state = DOCKING_UNPLUGGED;
}

static void under_way(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)c;
        (void)recorder;
        d->state = DOCKING_OFFLOADING;
}

static void returned_at(struct catalogue *c, int64_t recorder, instant_t at)
{
        int64_t id;

        ck_assert_int_eq(duty_return(c, "test", recorder, at, &id), CATALOGUE_OK);
}

static void not_docked(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)d;
        returned_at(c, recorder, clock_now() - USEC_PER_HOUR);
}

static void overdue(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        (void)d;
        returned_at(c, recorder, clock_now() - 25 * USEC_PER_HOUR);
}

static void alerted(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        bool raised;

        (void)recorder;
        (void)d;
        ck_assert_int_eq(alert_raise(c, "identity-conflict", LOG_CRIT, "recorder/" BUS_STATION_RECORDER, "x",
                                     &raised),
                         0);
}

static void everything(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        battery(c, recorder, d);
        wrong_clock(c, recorder, d);
        full(c, recorder, d);
        failed(c, recorder, d);
        overdue(c, recorder, d);
        alerted(c, recorder, d);
}

static void retired(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        battery(c, recorder, d);
        ck_assert_int_eq(recorder_retire(c, "test", recorder, "broken"), CATALOGUE_OK);
}

static void out(struct catalogue *c, int64_t recorder, struct docking_row *d)
{
        const struct checkout k = {.recorder = recorder,
                                   .officer = 1,
                                   .at = clock_now() - USEC_PER_HOUR,
                                   .roster_end = INSTANT_NONE};
        int64_t id;

        battery(c, recorder, d);
        ck_assert_int_eq(duty_check_out(c, "test", &k, &id), CATALOGUE_OK);
}

/* Closed before the station starts: that is a child, and must not have this connection. */
static void catalogue_with(fault_fn *fault)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue_of_test(false);
        struct recorder_row recorder;
        struct docking_row d;

        ck_assert_int_eq(catalogue_begin(c), 0);
        ck_assert_int_eq(recorder_by_number(c, BUS_STATION_RECORDER, &recorder), CATALOGUE_OK);
        d = docking_good(recorder.id);
        fault(c, recorder.id, &d);
        ck_assert_int_eq(docking_insert(c, "test", &d), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_commit(c), 0);
}

static void station_with(fault_fn *fault)
{
        catalogue_with(fault);
        server = bus_station_start(NULL);
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
}

static int64_t ledger_entries(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue_of_test(true);
        int64_t bad, n;

        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &n), CATALOGUE_OK);
        return n;
}

static bool is_out(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue_of_test(true);
        struct duty d;
        int r = duty_open(c, 1, &d);

        ck_assert_int_ge(r, 0);
        return r == CATALOGUE_OK && d.returned_at == INSTANT_NONE;
}

static int check_out(const char *override, sd_bus_error *error)
{
        return sd_bus_call_method(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE,
                                  "CheckOutRecorder", error, NULL, "ssss", BUS_STATION_RECORDER,
                                  BUS_STATION_OFFICER, "", override);
}

static int on_entry(void *userdata, const char *json)
{
        struct json_object *row = json_tokener_parse(json), *member = NULL;

        (void)userdata;
        ck_assert(json_object_object_get_ex(row, "detail", &member));
        (void)json_object_put(detail);
        detail = json_object_get(member);
        (void)json_object_put(row);
        return 1; /* the newest comes first */
}

/* A member of the newest checkout in the ledger, "null" when it is. */
static const char *entry_member(const char *key)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue_of_test(true);
        const struct query_filter filter = {"act", "duty.checked-out"};
        _cleanup_free_ char *error = NULL;
        struct json_object *value = NULL;
        struct query *q;

        ck_assert_int_eq(query_new("ledger", &filter, 1, clock_now(), &q, &error), 0);
        ck_assert_int_eq(query_run(c, q, on_entry, NULL), 1);
        query_free(q);
        ck_assert_msg(json_object_object_get_ex(detail, key, &value), "the entry has no '%s'", key);
        return value ? json_object_get_string(value) : "null";
}

static const struct {
        fault_fn *fault;
        const char *says[7];
} refusals[] = {
                {battery, {"battery low (7 %)"}},
                {wrong_clock, {"clock off (-780.0 s)"}},
                {full, {"storage low (0.0 / 32.0 GiB)"}},
                {failed, {"exported docking-failed (docking/2)"}},
                {cut_short, {"exported docking-cut-short (docking/2)"}},
                {under_way, {"exported docking-under-way (docking/2)"}},
                {not_docked, {"exported not-docked-since-return (docking/2)"}},
                {overdue, {"exported not-docked-since-return (docking/2), deadline overdue (20"}},
                {alerted, {"alerts open (identity-conflict)"}},
                {everything,
                 {"exported docking-failed (docking/2), ", "deadline overdue (20", "clock off (-780.0 s)",
                  "battery low (7 %)", "storage low (0.0 / 32.0 GiB)", "alerts open (identity-conflict)"}},
};

START_TEST(test_not_ready_is_refused)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int64_t before;

        station_with(refusals[_i].fault);
        before = ledger_entries();
        ck_assert_int_lt(check_out("", &error), 0);
        ck_assert_str_eq(error.name, RECDOCK_ERROR_CONFLICT);
        ck_assert_ptr_nonnull(strstr(error.message, "recorder '" BUS_STATION_RECORDER "' is not ready: "));
        for (const char *const *piece = refusals[_i].says; *piece; piece++)
                ck_assert_msg(strstr(error.message, *piece), "'%s' does not say '%s'", error.message,
                              *piece);
        ck_assert_int_eq(ledger_entries(), before);
        ck_assert(!is_out());
}
END_TEST

/* Nobody is assigned in any of these: the checkout itself says who takes it. */
static fault_fn *const no_faults[] = {nothing, charged, tells_nothing};

START_TEST(test_ready_or_unknown_passes)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        station_with(no_faults[_i]);
        ck_assert_msg(check_out("", &error) >= 0, "%s", error.message);
        ck_assert(is_out());
        ck_assert_str_eq(entry_member("override"), "null");
        ck_assert_str_eq(entry_member("not_ready"), "null");
}
END_TEST

START_TEST(test_overridden)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int64_t before;

        station_with(everything);
        before = ledger_entries();
        ck_assert_msg(check_out("火警，无其他设备", &error) >= 0, "%s", error.message);
        ck_assert(is_out());
        ck_assert_int_eq(ledger_entries(), before + 1);
        ck_assert_str_eq(entry_member("override"), "火警，无其他设备");
        ck_assert_ptr_nonnull(strstr(entry_member("not_ready"), "battery low (7 %), storage low"));
        ck_assert_str_eq(entry_member("officer"), BUS_STATION_OFFICER);
}
END_TEST

START_TEST(test_overridden_though_ready)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        station_with(nothing);
        ck_assert_msg(check_out("looked at it", &error) >= 0, "%s", error.message);
        ck_assert_str_eq(entry_member("override"), "looked at it");
        ck_assert_str_eq(entry_member("not_ready"), "null");
}
END_TEST

/* What no reason lets pass, and that the first thing in the way is told. */
static const struct {
        fault_fn *fault;
        const char *override, *error, *says;
} stays_refused[] = {
                {out, "", RECDOCK_ERROR_CONFLICT, "is out with officer '" BUS_STATION_OFFICER "' since 20"},
                {out, "needed", RECDOCK_ERROR_CONFLICT, "is out with officer"},
                {retired, "needed", RECDOCK_ERROR_CONFLICT, "is retired"},
                {battery, "a\nb", RECDOCK_ERROR_INVALID, "control characters"},
                {battery, NULL, RECDOCK_ERROR_INVALID, "override is too long"},
};

START_TEST(test_no_override_for_it)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *override = stays_refused[_i].override;
        char long_one[600];
        int64_t before;

        memset(long_one, 'x', sizeof(long_one));
        long_one[512] = '\0';
        station_with(stays_refused[_i].fault);
        before = ledger_entries();
        ck_assert_int_lt(check_out(override ? override : long_one, &error), 0);
        ck_assert_str_eq(error.name, stays_refused[_i].error);
        ck_assert_msg(strstr(error.message, stays_refused[_i].says), "'%s'", error.message);
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus checkout");
        TCase *t = tcase_create("bus checkout");
        SRunner *runner;
        int bad;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, test_not_ready_is_refused, 0, (int)ELEMENTSOF(refusals));
        tcase_add_loop_test(t, test_ready_or_unknown_passes, 0, (int)ELEMENTSOF(no_faults));
        tcase_add_test(t, test_overridden);
        tcase_add_test(t, test_overridden_though_ready);
        tcase_add_loop_test(t, test_no_override_for_it, 0, (int)ELEMENTSOF(stays_refused));
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        bad = srunner_ntests_failed(runner);
        srunner_free(runner);
        return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
