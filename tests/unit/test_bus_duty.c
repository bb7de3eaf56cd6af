// SPDX-License-Identifier: LGPL-2.1-or-later
/* The bus methods of the duty ledger: what they refuse, and that nothing is written when they do. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "catalogue/duty.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <string.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

static pid_t server;
static sd_bus *bus;

static void set_up(void)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
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

static struct catalogue *reader(void)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        struct catalogue *c;

        ck_assert_int_eq(catalogue_open(&c, path, true), CATALOGUE_OK);
        return c;
}

static int64_t ledger_entries(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = reader();
        int64_t bad, n;

        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &n), CATALOGUE_OK);
        return n;
}

/* Calls a method of up to four texts and expects success (error_name NULL), or the error's name and a piece
 * of its text. */
static void call(const char *method, const char *const texts[4], const char *error_name, const char *piece)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                        RECDOCK_BUS_INTERFACE, method),
                         0);
        for (int i = 0; i < 4 && texts[i]; i++)
                ck_assert_int_ge(sd_bus_message_append(m, "s", texts[i]), 0);
        r = sd_bus_call(bus, m, 0, &error, NULL);
        if (!error_name) {
                ck_assert_msg(r >= 0, "%s: %s", error.name, error.message);
                return;
        }
        ck_assert_int_lt(r, 0);
        ck_assert_str_eq(error.name, error_name);
        ck_assert_msg(strstr(error.message, piece), "'%s' does not say '%s'", error.message, piece);
}

#define CALL(method, error, piece, ...) call(method, (const char *const[4]){__VA_ARGS__}, error, piece)

#define R BUS_STATION_RECORDER
#define O BUS_STATION_OFFICER

START_TEST(test_checks_out_and_takes_back)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        int64_t before = ledger_entries();
        struct duty d;

        CALL("CheckOutRecorder", RECDOCK_ERROR_NOT_FOUND, "'none'", "none", O, "", "");
        CALL("CheckOutRecorder", RECDOCK_ERROR_NOT_FOUND, "'none'", R, "none", "", "");
        CALL("CheckOutRecorder", RECDOCK_ERROR_INVALID, "officer is empty", R, "", "", "");
        CALL("CheckOutRecorder", RECDOCK_ERROR_INVALID, "'soon'", R, O, "soon", "");
        CALL("CheckOutRecorder", RECDOCK_ERROR_INVALID, "'-1h' has passed", R, O, "-1h", "");
        CALL("ReturnRecorder", RECDOCK_ERROR_NOT_FOUND, "'none'", "none", "");
        CALL("ReturnRecorder", RECDOCK_ERROR_INVALID, "'later'", R, "later");
        CALL("ReturnRecorder", RECDOCK_ERROR_INVALID, "'+1h' is still", R, "+1h");
        ck_assert_int_eq(ledger_entries(), before);
        CALL("CheckOutRecorder", NULL, NULL, R, O, "+10h", "");
        CALL("CheckOutRecorder", RECDOCK_ERROR_CONFLICT, "is out with officer '" O "' since 20", R, O, "",
             "");
        CALL("ReturnRecorder", RECDOCK_ERROR_CONFLICT, "was checked out at 20", R, "-1h");
        CALL("ReturnRecorder", NULL, NULL, R, "");
        CALL("ReturnRecorder", RECDOCK_ERROR_CONFLICT, "already and waits to be offloaded", R, "");
        ck_assert_int_eq(ledger_entries(), before + 2);
        c = reader();
        ck_assert_int_eq(duty_open(c, 1, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.officer, 1);
        ck_assert_int_ge(d.returned_at, d.out_at);
        ck_assert_int_gt(d.roster_end, d.returned_at + 9 * USEC_PER_HOUR);
}
END_TEST

static const struct {
        const char *subject, *until, *reason, *approver, *error, *piece;
} bad_extensions[] = {
                {"none", "+2d", "remote-area", "张", RECDOCK_ERROR_NOT_FOUND, "'none'"},
                {BUS_STATION_RECORDER, "+2d", "remote-area", "张", RECDOCK_ERROR_NOT_FOUND,
                 "waits to be exported"},
                {"docking/99", "+2d", "remote-area", "张", RECDOCK_ERROR_NOT_FOUND, "'99'"},
                {"docking/x", "+2d", "remote-area", "张", RECDOCK_ERROR_INVALID, "'x'"},
                {"docking/", "+2d", "remote-area", "张", RECDOCK_ERROR_INVALID, "''"},
                {"docking/1", "", "remote-area", "张", RECDOCK_ERROR_INVALID, "until ''"},
                {"docking/1", "-1h", "remote-area", "张", RECDOCK_ERROR_INVALID, "until '-1h' has passed"},
                {"docking/1", "soon", "remote-area", "张", RECDOCK_ERROR_INVALID, "'soon'"},
                {"docking/1", "+2d", "tired", "张", RECDOCK_ERROR_INVALID,
                 "expected continuous-duty, remote-area"},
                {"docking/1", "+2d", "", "张", RECDOCK_ERROR_INVALID, "reason ''"},
                {"docking/1", "+2d", "remote-area", "", RECDOCK_ERROR_INVALID, "approver is empty"},
                {"docking/1", "+2d", "remote-area", "a\nb", RECDOCK_ERROR_INVALID, "control characters"},
};

START_TEST(test_refuses_extension)
{
        int64_t before = ledger_entries();

        CALL("ExtendDeadline", bad_extensions[_i].error, bad_extensions[_i].piece,
             bad_extensions[_i].subject, bad_extensions[_i].until, bad_extensions[_i].reason,
             bad_extensions[_i].approver);
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

START_TEST(test_extends)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        instant_t until, at;
        struct duty d;

        CALL("CheckOutRecorder", NULL, NULL, R, O, "", "");
        CALL("ExtendDeadline", NULL, NULL, R, "+2d", "continuous-duty", "张");
        CALL("ExtendDeadline", NULL, NULL, "recorder/" R, "+3d", "no-transport", "张");
        CALL("ExtendDeadline", NULL, NULL, "docking/1", "+4d", "remote-area", "张");
        c = reader();
        ck_assert_int_eq(duty_open(c, 1, &d), CATALOGUE_OK);
        ck_assert_int_gt(d.extended_until, clock_now() + 2 * USEC_PER_DAY);
        ck_assert_int_eq(extension_of_docking(c, 1, &until, &at), CATALOGUE_OK);
        ck_assert_int_gt(until, clock_now() + 3 * USEC_PER_DAY);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus duty");
        TCase *t = tcase_create("bus duty");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, test_checks_out_and_takes_back);
        tcase_add_loop_test(t, test_refuses_extension, 0, (int)ELEMENTSOF(bad_extensions));
        tcase_add_test(t, test_extends);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
