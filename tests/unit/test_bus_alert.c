// SPDX-License-Identifier: LGPL-2.1-or-later
/* The bus methods by which people answer alerts: what they do, what they tell, and that nothing is written
 * when they refuse. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "catalogue/alert.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

/* As the fixture makes them. */
enum { UNKNOWN_RECORDER = 1, OVERDUE, BAD, CLEARED, NONE };

static pid_t server;
static sd_bus *bus;

static struct catalogue *catalogue(bool read_only)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        struct catalogue *c;

        ck_assert_int_eq(catalogue_open(&c, path, read_only), CATALOGUE_OK);
        return c;
}

static void more_alerts(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue(false);
        bool raised;

        ck_assert_int_eq(catalogue_begin(c), 0);
        ck_assert_int_eq(alert_raise(c, "offload-overdue", LOG_ERR, "recorder/1", "late", &raised), 0);
        ck_assert_int_eq(alert_raise(c, "verdict-bad", LOG_WARNING, "footage/1", "cut", &raised), 0);
        ck_assert_int_eq(alert_raise(c, "verdict-bad", LOG_WARNING, "footage/2", "cut", &raised), 0);
        ck_assert_int_eq(alert_clear(c, "verdict-bad", "footage/2", "recdockd"), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_commit(c), 0);
}

static void set_up(void)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
        more_alerts();
        server = bus_station_start(NULL);
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
}

static void tear_down(void)
{
        bus = sd_bus_flush_close_unref(bus);
        ck_assert_int_eq(bus_station_stop(server), 0);
        bus_daemon_stop();
        scratch_remove();
}

static int64_t ledger_entries(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue(true);
        int64_t bad, n;

        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &n), CATALOGUE_OK);
        return n;
}

static struct alert get(int64_t id)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue(true);
        struct alert a;

        ck_assert_int_eq(alert_by_id(c, id, &a), CATALOGUE_OK);
        return a;
}

/* Expects success (error_name NULL), or the error's name and a piece of its text. */
static void call(const char *method, const uint64_t *ids, size_t n, const char *text, const char *error_name,
                 const char *piece)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                        RECDOCK_BUS_INTERFACE, method),
                         0);
        ck_assert_int_ge(sd_bus_message_append_array(m, 't', ids, n * sizeof(*ids)), 0);
        ck_assert_int_ge(sd_bus_message_append(m, "s", text), 0);
        r = sd_bus_call(bus, m, 0, &error, NULL);
        if (!error_name) {
                ck_assert_msg(r >= 0, "%s: %s", method, error.message);
                return;
        }
        ck_assert_int_lt(r, 0);
        ck_assert_str_eq(error.name, error_name);
        ck_assert_msg(strstr(error.message, piece) != NULL, "'%s' is not in '%s'", piece, error.message);
}

#define CALL(method, text, error_name, piece, ...)                                                         \
        call(method, (const uint64_t[]){__VA_ARGS__}, ELEMENTSOF(((const uint64_t[]){__VA_ARGS__})), text, \
             error_name, piece)

/* The changes told on the bus: "state id by note". */
static char changes[4096];

static int on_change(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const char *state, *kind, *severity, *subject, *text, *since, *by, *note;
        uint64_t id, count;
        size_t used = strlen(changes);

        ck_assert_int_gt(sd_bus_message_read(m, "tssssstsss", &id, &state, &kind, &severity, &subject, &text,
                                             &count, &since, &by, &note),
                         0);
        ck_assert_ptr_nonnull(strstr(by, "uid="));
        (void)snprintf(changes + used, sizeof(changes) - used, "%s %llu %s %s %llu %s;", state,
                       (unsigned long long)id, kind, subject, (unsigned long long)count, note);
        return 0;
}

static void listen_to_changes(void)
{
        changes[0] = '\0';
        ck_assert_int_ge(sd_bus_match_signal(bus, NULL, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                             RECDOCK_BUS_INTERFACE, "AlertChanged", on_change, NULL),
                         0);
}

/* Signals come before the reply of a call that is made after them. */
static void expect_changes(const char *expected)
{
        while (sd_bus_process(bus, NULL) > 0)
                ;
        ck_assert_str_eq(changes, expected);
}

START_TEST(test_acknowledges_several)
{
        int64_t before = ledger_entries();
        struct alert a;

        listen_to_changes();
        CALL("AcknowledgeAlert", "王强 looks", NULL, NULL, UNKNOWN_RECORDER, OVERDUE);
        expect_changes("acknowledged 1 unknown-recorder serial/SN-NEW 1 王强 looks;"
                       "acknowledged 2 offload-overdue recorder/1 1 王强 looks;");
        a = get(OVERDUE);
        ck_assert_ptr_nonnull(strstr(a.acknowledged_by, "uid="));
        ck_assert_str_eq(a.acknowledged_note, "王强 looks");
        ck_assert_int_eq(a.cleared_at, INSTANT_NONE);
        ck_assert_int_eq(ledger_entries(), before + 2);
        CALL("AcknowledgeAlert", "", NULL, NULL, BAD);
        ck_assert_str_eq(get(BAD).acknowledged_note, "");
}
END_TEST

START_TEST(test_clears)
{
        int64_t before = ledger_entries();

        listen_to_changes();
        CALL("ClearAlert", "watched, is whole", NULL, NULL, BAD);
        expect_changes("cleared 3 verdict-bad footage/1 1 watched, is whole;");
        ck_assert_str_eq(get(BAD).cleared_reason, "watched, is whole");
        ck_assert_ptr_nonnull(strstr(get(BAD).cleared_by, "uid="));
        ck_assert_int_eq(ledger_entries(), before + 1);
}
END_TEST

static const struct {
        const char *method;
        uint64_t ids[3];
        size_t n;
        const char *text, *error, *piece;
} refused[] = {
                {"AcknowledgeAlert", {NONE}, 1, "", RECDOCK_ERROR_NOT_FOUND, "no alert '5'"},
                {"AcknowledgeAlert", {0}, 1, "", RECDOCK_ERROR_NOT_FOUND, "no alert '0'"},
                {"AcknowledgeAlert",
                 {UINT64_MAX},
                 1,
                 "",
                 RECDOCK_ERROR_NOT_FOUND,
                 "no alert '18446744073709551615'"},
                {"AcknowledgeAlert", {BAD, NONE}, 2, "", RECDOCK_ERROR_NOT_FOUND, "no alert '5'"},
                {"AcknowledgeAlert", {BAD, CLEARED}, 2, "", RECDOCK_ERROR_CONFLICT, "was cleared at "},
                {"AcknowledgeAlert", {BAD, BAD}, 2, "", RECDOCK_ERROR_CONFLICT, "'3' was acknowledged at "},
                {"AcknowledgeAlert", {BAD}, 0, "", RECDOCK_ERROR_INVALID, "0 alerts are named"},
                {"AcknowledgeAlert", {BAD}, 1, "a\nb", RECDOCK_ERROR_INVALID, "control characters"},
                {"ClearAlert", {BAD}, 1, "", RECDOCK_ERROR_INVALID, "reason is empty"},
                {"ClearAlert", {NONE}, 1, "x", RECDOCK_ERROR_NOT_FOUND, "no alert '5'"},
                {"ClearAlert",
                 {BAD, CLEARED},
                 2,
                 "x",
                 RECDOCK_ERROR_CONFLICT,
                 "by recdockd, expected an open one"},
                {"ClearAlert", {BAD, BAD}, 2, "x", RECDOCK_ERROR_CONFLICT, "was cleared at "},
                {"ClearAlert",
                 {BAD, OVERDUE},
                 2,
                 "x",
                 RECDOCK_ERROR_CONFLICT,
                 "'offload-overdue': the station clears it itself when the recorder is exported"},
                {"ClearAlert", {BAD}, 1, "a\x1b[2J", RECDOCK_ERROR_INVALID, "control characters"},
};

/* All or none: the good one beside the bad one is as it was, too. */
START_TEST(test_refuses)
{
        int64_t before = ledger_entries();

        listen_to_changes();
        call(refused[_i].method, refused[_i].ids, refused[_i].n, refused[_i].text, refused[_i].error,
             refused[_i].piece);
        expect_changes("");
        ck_assert_int_eq(ledger_entries(), before);
        ck_assert_int_eq(get(BAD).acknowledged_at, INSTANT_NONE);
        ck_assert_int_eq(get(BAD).cleared_at, INSTANT_NONE);
}
END_TEST

START_TEST(test_refuses_what_is_too_long)
{
        char text[ALERT_TEXT_MAX + 1];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        CALL("ClearAlert", text, RECDOCK_ERROR_INVALID, "reason is too long", BAD);
        ck_assert_int_eq(get(BAD).cleared_at, INSTANT_NONE);
        text[sizeof(text) - 2] = '\0';
        CALL("ClearAlert", text, NULL, NULL, BAD);
        ck_assert_str_eq(get(BAD).cleared_reason, text);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus alert");
        TCase *t = tcase_create("bus alert");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, test_acknowledges_several);
        tcase_add_test(t, test_clears);
        tcase_add_loop_test(t, test_refuses, 0, (int)ELEMENTSOF(refused));
        tcase_add_test(t, test_refuses_what_is_too_long);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
