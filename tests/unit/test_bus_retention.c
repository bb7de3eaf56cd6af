// SPDX-License-Identifier: LGPL-2.1-or-later
/* Hold() and ReleaseHold(): what they refuse, that nothing is written then, and what the rows say. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "catalogue/case_file.h"
#include "catalogue/hold.h"
#include "catalogue/registry.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <string.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

static pid_t server;
static sd_bus *bus;
static int64_t before, footage;

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

static void case_make(struct catalogue *c, const char *number, int64_t unit)
{
        const struct case_act act = {"test", "", ""};
        struct case_file f = {.unit = unit,
                              .secrecy = "none",
                              .from = INSTANT_NONE,
                              .to = INSTANT_NONE,
                              .opened_at = clock_now(),
                              .closed_at = INSTANT_NONE,
                              .file_until = INSTANT_NONE};
        int64_t id;

        (void)snprintf(f.number, sizeof(f.number), "%s", number);
        ck_assert_int_eq(case_open(c, &act, &f, true, &id), CATALOGUE_OK);
}

/* Case "1" of the station's unit, "2" of that and of another. */
static void furnish(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue(false);
        struct unit unit, other = {.number = "B", .name = "other"};
        int64_t id;

        ck_assert_int_eq(catalogue_begin(c), 0);
        ck_assert_int_eq(unit_by_number(c, BUS_STATION_UNIT, &unit), CATALOGUE_OK);
        ck_assert_int_eq(unit_add(c, "test", &other, &id), CATALOGUE_OK);
        case_make(c, "1", unit.id);
        case_make(c, "2", unit.id);
        case_make(c, "2", id);
        ck_assert_int_eq(catalogue_commit(c), 0);
}

static void set_up(void)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
        footage = bus_station_file("a.mp4", "bytes");
        ck_assert_int_eq(footage, 1);
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

/* The number of the hold, or -1 with the error. */
static int64_t hold(const char *number, const char *unit, uint64_t of, const char *reason, const char *text,
                    sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t id;

        if (sd_bus_call_method(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE, "Hold", error,
                               &reply, "sstss", number, unit, of, reason, text) < 0)
                return -1;
        ck_assert_int_gt(sd_bus_message_read(reply, "t", &id), 0);
        return (int64_t)id;
}

static int release(uint64_t id, const char *reason, const char *approver, sd_bus_error *error)
{
        return sd_bus_call_method(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE,
                                  "ReleaseHold", error, NULL, "tss", id, reason, approver);
}

static const struct {
        const char *number, *unit;
        uint64_t footage;
        const char *reason, *text, *error, *piece;
} refused[] = {
                {"", "", 0, "litigation", "", RECDOCK_ERROR_INVALID, "either a case or a footage"},
                {"1", "", 1, "litigation", "", RECDOCK_ERROR_INVALID, "either a case or a footage"},
                {"", "", UINT64_MAX, "litigation", "", RECDOCK_ERROR_INVALID, "either a case or a footage"},
                {"", "", 99, "litigation", "", RECDOCK_ERROR_NOT_FOUND, "no footage '99'"},
                {"none", "", 0, "litigation", "", RECDOCK_ERROR_NOT_FOUND, "no case 'none'"},
                {"1", "B", 0, "litigation", "", RECDOCK_ERROR_NOT_FOUND, "unit 'B' has no case '1'"},
                {"1", "C", 0, "litigation", "", RECDOCK_ERROR_NOT_FOUND, "no unit 'C'"},
                {"2", "", 0, "litigation", "", RECDOCK_ERROR_CONFLICT,
                 "several units have a case '2': 370100000001, B; expected the unit"},
                {"1", "", 0, "", "", RECDOCK_ERROR_INVALID, "reason ''"},
                {"1", "", 0, "whim", "", RECDOCK_ERROR_INVALID,
                 "reason 'whim' is none to hold for, expected litigation, complaint, transfer or other"},
                {"1", "", 0, "other", "", RECDOCK_ERROR_INVALID, "text is empty"},
                {"1", "", 0, "complaint", "\033[2J", RECDOCK_ERROR_INVALID, "text '?[2J'"},
};

START_TEST(test_hold_refuses)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_int_eq(hold(refused[_i].number, refused[_i].unit, refused[_i].footage, refused[_i].reason,
                              refused[_i].text, &error),
                         -1);
        ck_assert_msg(strstr(error.message, refused[_i].piece), "'%s' does not say '%s'", error.message,
                      refused[_i].piece);
        ck_assert_str_eq(error.name, refused[_i].error);
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

static const struct {
        uint64_t id;
        const char *reason, *approver, *error, *piece;
} not_released[] = {
                {99, "done", "赵六", RECDOCK_ERROR_NOT_FOUND, "no hold '99'"},
                {0, "done", "赵六", RECDOCK_ERROR_NOT_FOUND, "no hold '0'"},
                {1, "", "赵六", RECDOCK_ERROR_INVALID, "reason is empty"},
                {1, "done", "", RECDOCK_ERROR_INVALID, "approver is empty"},
                {1, "done", "a\nb", RECDOCK_ERROR_INVALID, "approver 'a?b'"},
                {2, "done", "赵六", RECDOCK_ERROR_CONFLICT, "hold '2' was released before"},
};

START_TEST(test_release_refuses)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_int_eq(hold("1", "", 0, "litigation", "", &error), 1);
        ck_assert_int_eq(hold("", "", 1, "transfer", "", &error), 2);
        ck_assert_int_ge(release(2, "arrived", "赵六", &error), 0);
        ck_assert_int_lt(release(not_released[_i].id, not_released[_i].reason, not_released[_i].approver,
                                 &error),
                         0);
        ck_assert_msg(strstr(error.message, not_released[_i].piece), "'%s' does not say '%s'", error.message,
                      not_released[_i].piece);
        ck_assert_str_eq(error.name, not_released[_i].error);
        ck_assert_int_eq(ledger_entries(), before + 3);
}
END_TEST

START_TEST(test_holds_and_releases)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct hold h;

        ck_assert_int_eq(hold("2", "B", 0, "other", "asked for by the prosecutor", &error), 1);
        ck_assert_int_ge(release(1, "judgement is final", "赵六", &error), 0);
        ck_assert_int_eq(ledger_entries(), before + 2);
        c = catalogue(true);
        ck_assert_int_eq(hold_by_id(c, 1, &h), CATALOGUE_OK);
        ck_assert_int_eq(h.case_file, 3);
        ck_assert_int_eq(h.footage, 0);
        ck_assert_str_eq(h.reason, "other");
        ck_assert_str_eq(h.text, "asked for by the prosecutor");
        ck_assert_ptr_nonnull(strstr(h.held_by, "uid="));
        ck_assert_ptr_nonnull(strstr(h.released_by, "uid="));
        ck_assert_str_eq(h.release_reason, "judgement is final");
        ck_assert_str_eq(h.release_approver, "赵六");
        ck_assert_int_ge(h.released_at, h.held_at);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus retention");
        TCase *t = tcase_create("bus retention");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, test_hold_refuses, 0, (int)ELEMENTSOF(refused));
        tcase_add_loop_test(t, test_release_refuses, 0, (int)ELEMENTSOF(not_released));
        tcase_add_test(t, test_holds_and_releases);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
