// SPDX-License-Identifier: LGPL-2.1-or-later
/* Import(): what is refused, by which name and with nothing written; and what is handed on, with who did it.
 * What the station makes of it is for the integration tests. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "catalogue/docking.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

enum giver { GIVER_PAIR, GIVER_STREAM, GIVER_LONELY, GIVER_FILE };

static pid_t server;
static sd_bus *bus;

static void start(const struct bus_station_settings *settings)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
        server = bus_station_start(settings);
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
}

static void stop(void)
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

static void giver_make(enum giver kind, int fds[2])
{
        fds[0] = fds[1] = -EBADF;
        if (kind == GIVER_PAIR || kind == GIVER_STREAM)
                ck_assert_int_eq(socketpair(AF_UNIX,
                                            (kind == GIVER_PAIR ? SOCK_SEQPACKET : SOCK_STREAM) |
                                                            SOCK_CLOEXEC,
                                            0, fds),
                                 0);
        else if (kind == GIVER_LONELY)
                fds[0] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        else
                fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
        ck_assert_int_ge(fds[0], 0);
}

/* Expects success (error NULL) or the error's name and a piece of its text. */
static void import_expect(const char *recorder, const char *officer, const char *reason, enum giver kind,
                          const char *name, const char *piece)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int fds[2], r;

        giver_make(kind, fds);
        r = sd_bus_call_method(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE, "Import",
                               &error, NULL, "sssh", recorder, officer, reason, fds[0]);
        (void)fd_close(fds[0]);
        (void)fd_close(fds[1]);
        if (!name) {
                ck_assert_msg(r >= 0, "%s: %s", error.name, error.message);
                return;
        }
        ck_assert_int_lt(r, 0);
        ck_assert_str_eq(error.name, name);
        ck_assert_msg(strstr(error.message, piece), "'%s' does not say '%s'", error.message, piece);
}

#define R   BUS_STATION_RECORDER
#define O   BUS_STATION_OFFICER
#define WHY "读卡器中的卡"
#define LONG                                                                                                \
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456" \
        "789"

static const struct {
        const char *recorder, *officer, *reason;
        enum giver kind;
        const char *error, *piece;
} refused[] = {
                {"none", O, WHY, GIVER_PAIR, RECDOCK_ERROR_NOT_FOUND, "recorder 'none'"},
                {"", O, WHY, GIVER_PAIR, RECDOCK_ERROR_NOT_FOUND, "recorder ''"},
                {R, "none", WHY, GIVER_PAIR, RECDOCK_ERROR_NOT_FOUND, "officer 'none'"},
                {R, "", WHY, GIVER_PAIR, RECDOCK_ERROR_NOT_FOUND, "officer ''"},
                {R, O, "", GIVER_PAIR, RECDOCK_ERROR_INVALID, "reason is empty"},
                {R, O, "   ", GIVER_PAIR, RECDOCK_ERROR_INVALID, "reason is empty"},
                {R, O, "two\nlines", GIVER_PAIR, RECDOCK_ERROR_INVALID, "control characters"},
                {R, O, LONG LONG LONG LONG LONG LONG, GIVER_PAIR, RECDOCK_ERROR_INVALID,
                 "at most 511 bytes"},
                {R, O, WHY, GIVER_STREAM, RECDOCK_ERROR_INVALID, "SOCK_SEQPACKET"},
                {R, O, WHY, GIVER_LONELY, RECDOCK_ERROR_INVALID, "connected"},
                {R, O, WHY, GIVER_FILE, RECDOCK_ERROR_INVALID, "SOCK_SEQPACKET"},
};

START_TEST(test_refuses_import)
{
        int64_t before;

        start(NULL);
        before = ledger_entries();
        import_expect(refused[_i].recorder, refused[_i].officer, refused[_i].reason, refused[_i].kind,
                      refused[_i].error, refused[_i].piece);
        ck_assert_int_eq(ledger_entries(), before);
        stop();
}
END_TEST

START_TEST(test_refuses_import_of_retired_recorder)
{
        int64_t before;

        start(NULL);
        ck_assert_int_ge(sd_bus_call_method(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE,
                                            "RetireRecorder", NULL, NULL, "ss", R, "lost"),
                         0);
        before = ledger_entries();
        import_expect(R, O, WHY, GIVER_PAIR, RECDOCK_ERROR_CONFLICT, "retired");
        ck_assert_int_eq(ledger_entries(), before);
        stop();
}
END_TEST

static const struct {
        int error;
        const char *name, *piece;
} failing[] = {
                {-EBUSY, RECDOCK_ERROR_CONFLICT, "imports are under way"},
                {-ESHUTDOWN, RECDOCK_ERROR_FAILED, "nothing was changed"},
};

START_TEST(test_says_why_no_import_begins)
{
        const struct bus_station_settings settings = {.import_error = failing[_i].error};

        start(&settings);
        import_expect(R, O, WHY, GIVER_PAIR, failing[_i].name, failing[_i].piece);
        stop();
}
END_TEST

START_TEST(test_begins_import)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct docking_row row;

        start(NULL);
        import_expect(R, O, WHY, GIVER_PAIR, NULL, NULL);
        c = reader();
        ck_assert_int_eq(docking_by_id(c, 2, &row), CATALOGUE_OK);
        ck_assert_int_eq(row.source, FOOTAGE_IMPORT);
        ck_assert_int_eq(row.recorder, 1);
        ck_assert_int_eq(row.import_officer, 1);
        ck_assert_str_eq(row.import_reason, WHY);
        ck_assert_str_eq(row.bay, "");
        stop();
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus_import");
        TCase *t = tcase_create("import");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, test_refuses_import, 0, (int)ELEMENTSOF(refused));
        tcase_add_test(t, test_refuses_import_of_retired_recorder);
        tcase_add_loop_test(t, test_says_why_no_import_begins, 0, (int)ELEMENTSOF(failing));
        tcase_add_test(t, test_begins_import);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
