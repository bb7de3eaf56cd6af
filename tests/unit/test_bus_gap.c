// SPDX-License-Identifier: LGPL-2.1-or-later
/* ExplainGap(): what it refuses, that nothing is written then, and how many gaps it says are explained. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "catalogue/explanation.h"
#include "catalogue/footage.h"
#include "catalogue/registry.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <string.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

static pid_t server;
static sd_bus *bus;
static int64_t before;

#define R      BUS_STATION_RECORDER
#define DAY    "2026-10-30 "
#define CALL_N 7

static struct catalogue *catalogue(bool read_only)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        struct catalogue *c;

        ck_assert_int_eq(catalogue_open(&c, path, read_only), CATALOGUE_OK);
        return c;
}

static int64_t ledger_entries(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue(true);
        int64_t bad, n;

        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &n), CATALOGUE_OK);
        return n;
}

static void file_minute(struct catalogue *c, const char *started)
{
        struct footage f = {.recorder = 1,
                            .docking = 1,
                            .time_source = "name",
                            .name_time = INSTANT_NONE,
                            .container_time = INSTANT_NONE,
                            .device_time = INSTANT_NONE,
                            .duration = 60 * USEC_PER_SEC,
                            .verdict = VERDICT_COMPLETE,
                            .kind = MEDIA_VIDEO,
                            .offloaded_at = clock_now(),
                            .deadline = INSTANT_NONE,
                            .late_us = -1};
        int64_t id;

        ck_assert_int_eq(instant_parse(started, 0, &f.started_at), 0);
        f.ended_at = f.started_at + f.duration;
        (void)snprintf(f.name, sizeof(f.name), "%.8s.mp4", strchr(started, ' ') + 1);
        (void)snprintf(f.path, sizeof(f.path), "x/%s", started);
        (void)snprintf(f.source_path, sizeof(f.source_path), "/%s", started);
        ck_assert_int_eq(footage_intent(c, &f), 0);
        ck_assert_int_eq(footage_commit(c, "test", 0, &id), CATALOGUE_OK);
}

/* Holes from 08:01 to 08:05 and from 08:06 to 08:10, and a retired recorder. */
static void furnish(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue(false);
        struct recorder_row retired = {.number = "old", .serial = "OLD", .retired_at = INSTANT_NONE};
        int64_t id;

        ck_assert_int_eq(catalogue_begin(c), 0);
        file_minute(c, DAY "08:00:00");
        file_minute(c, DAY "08:05:00");
        file_minute(c, DAY "08:10:00");
        ck_assert_int_eq(recorder_register(c, "test", &retired, &id), CATALOGUE_OK);
        ck_assert_int_eq(recorder_retire(c, "test", id, "lost"), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_commit(c), 0);
}

static void set_up(void)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
        furnish();
        server = bus_station_start(NULL);
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        before = ledger_entries();
}

static void tear_down(void)
{
        bus = sd_bus_flush_close_unref(bus);
        ck_assert_int_eq(bus_station_stop(server), 0);
        bus_daemon_stop();
        scratch_remove();
}

/* Number of gaps explained, or -1 with the error. */
static int64_t explain(const char *const texts[CALL_N], sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        uint64_t id, gaps;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                        RECDOCK_BUS_INTERFACE, "ExplainGap"),
                         0);
        for (int i = 0; i < CALL_N; i++)
                ck_assert_int_ge(sd_bus_message_append(m, "s", texts[i]), 0);
        if (sd_bus_call(bus, m, 0, error, &reply) < 0)
                return -1;
        ck_assert_int_gt(sd_bus_message_read(reply, "tt", &id, &gaps), 0);
        ck_assert_uint_ge(id, 1);
        return (int64_t)gaps;
}

static const char long_name[] = "012345678901234567890123456789012345678901234567890123456789012345678901234"
                                "5678901234567890123456789"
                                "0123456789012345678901234567890123456789";

static const struct {
        const char *texts[CALL_N];
        const char *error, *piece;
} refused[] = {
                {{"none", DAY "08:01", DAY "08:05", "other", "a", "b", "x"},
                 RECDOCK_ERROR_NOT_FOUND,
                 "'none'"},
                {{"", DAY "08:01", DAY "08:05", "other", "a", "b", "x"}, RECDOCK_ERROR_NOT_FOUND, "''"},
                {{R, "", DAY "08:05", "other", "a", "b", "x"}, RECDOCK_ERROR_INVALID, "from is empty"},
                {{R, "soon", DAY "08:05", "other", "a", "b", "x"}, RECDOCK_ERROR_INVALID, "from 'soon'"},
                {{R, DAY "08:01", "", "other", "a", "b", "x"}, RECDOCK_ERROR_INVALID, "to is empty"},
                {{R, DAY "08:01", "25:00", "other", "a", "b", "x"}, RECDOCK_ERROR_INVALID, "to '25:00'"},
                {{R, DAY "08:05", DAY "08:05", "other", "a", "b", "x"},
                 RECDOCK_ERROR_INVALID,
                 "is not after from"},
                {{R, DAY "08:05", DAY "08:01", "other", "a", "b", "x"},
                 RECDOCK_ERROR_INVALID,
                 "is not after from"},
                {{R, DAY "08:05", "+1h", "other", "a", "b", "x"},
                 RECDOCK_ERROR_INVALID,
                 "'+1h' is still to come"},
                {{R, DAY "08:01", DAY "08:05", "", "a", "b", "x"}, RECDOCK_ERROR_INVALID, "reason ''"},
                {{R, DAY "08:01", DAY "08:05", "lunch", "a", "b", "x"},
                 RECDOCK_ERROR_INVALID,
                 "expected bad-weather, equipment-failure, site-restriction, state-secret, trade-secret, "
                 "personal-privacy or other"},
                {{R, DAY "08:01", DAY "08:05", "other", "a", "b", ""},
                 RECDOCK_ERROR_INVALID,
                 "text is empty"},
                {{R, DAY "08:01", DAY "08:05", "other", "", "b", "x"},
                 RECDOCK_ERROR_INVALID,
                 "reporter is empty"},
                {{R, DAY "08:01", DAY "08:05", "other", "a", "", "x"},
                 RECDOCK_ERROR_INVALID,
                 "approver is empty"},
                {{R, DAY "08:01", DAY "08:05", "other", "a", "a", "x"},
                 RECDOCK_ERROR_INVALID,
                 "expected somebody else"},
                {{R, DAY "08:01", DAY "08:05", "other", "a\nb", "b", "x"},
                 RECDOCK_ERROR_INVALID,
                 "reporter 'a?b' has control characters"},
                {{R, DAY "08:01", DAY "08:05", "other", "a", long_name, "x"},
                 RECDOCK_ERROR_INVALID,
                 "approver is too long"},
                {{R, DAY "08:01", DAY "08:05", "other", "a", "b", "\033[2J"},
                 RECDOCK_ERROR_INVALID,
                 "text '?[2J' has control characters"},
};

START_TEST(test_refuses)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_int_eq(explain(refused[_i].texts, &error), -1);
        ck_assert_str_eq(error.name, refused[_i].error);
        ck_assert_msg(strstr(error.message, refused[_i].piece), "'%s' does not say '%s'", error.message,
                      refused[_i].piece);
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

static const struct {
        const char *from, *to;
        int64_t gaps;
} taken[] = {
                {DAY "08:01", DAY "08:05", 1}, {DAY "08:06", DAY "08:10", 1},
                {DAY "07:00", DAY "09:00", 2}, {DAY "08:01", DAY "08:04", 0},
                {DAY "08:02", DAY "08:10", 1}, {DAY "06:00", DAY "07:00", 0}, /* it was not used at all */
                {DAY "08:10", DAY "08:11", 0},
};

START_TEST(test_explains)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *const texts[CALL_N] = {R, taken[_i].from, taken[_i].to, "bad-weather", "王芳", "赵六",
                                           ""};
        int64_t gaps = explain(texts, &error);

        ck_assert_msg(gaps == taken[_i].gaps, "%lld: %s", (long long)gaps, error.message);
        ck_assert_int_eq(ledger_entries(), before + 1);
}
END_TEST

/* The second of two halves explains the gap; footage of a retired recorder can be explained, too. */
START_TEST(test_explains_the_rest)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *const first[CALL_N] = {R, DAY "08:01", DAY "08:03", "state-secret", "a", "b", "x"};
        const char *const second[CALL_N] = {R, DAY "08:03", DAY "08:05", "state-secret", "a", "b", "x"};
        const char *const other[CALL_N] = {R, DAY "08:06", DAY "08:10", "state-secret", "a", "b", "x"};
        const char *const retired[CALL_N] = {"old", DAY "08:03", DAY "08:05", "equipment-failure",
                                             "a",   "b",         ""};

        ck_assert_int_eq(explain(first, &error), 0);
        ck_assert_int_eq(explain(second, &error), 1);
        ck_assert_int_eq(explain(other, &error), 1); /* and not the one before it again */
        ck_assert_int_eq(explain(retired, &error), 0);
        ck_assert_int_eq(ledger_entries(), before + 4);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus gap");
        TCase *t = tcase_create("bus gap");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, test_refuses, 0, (int)ELEMENTSOF(refused));
        tcase_add_loop_test(t, test_explains, 0, (int)ELEMENTSOF(taken));
        tcase_add_test(t, test_explains_the_rest);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
