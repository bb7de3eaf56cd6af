// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files that a client passes on, by MendFootage() and StartArchiveFrom(): what is refused, by which name and
 * with nothing written. What becomes of one that is taken is for the integration tests. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "catalogue/catalogue.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

#define BYTES "bytes of evidence"

enum given { GOOD, OTHER_SIZE, EMPTY, FIFO, DEVICE, FOLDER, SOCKET, PATH_ALONE, WRITE_ALONE };

static pid_t server;
static sd_bus *bus;
static int64_t footage;

static void start(const struct bus_station_settings *settings)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
        footage = bus_station_file("a.mp4", BYTES);
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

static int64_t ledger_entries(void)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        int64_t bad, n;

        ck_assert_int_eq(catalogue_open(&c, path, true), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &n), CATALOGUE_OK);
        return n;
}

static int given_open(enum given kind)
{
        _cleanup_free_ char *path = scratch_path("given"), *folder = scratch_path(".");

        (void)unlink(path); /* of the one before */
        scratch_write("given", kind == OTHER_SIZE ? BYTES "!" : kind == EMPTY ? "" : BYTES);
        switch (kind) {
        case FIFO:
                ck_assert_int_eq(unlink(path), 0);
                ck_assert_int_eq(mkfifo(path, 0600), 0);
                return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        case DEVICE:
                return open("/dev/zero", O_RDONLY | O_CLOEXEC);
        case FOLDER:
                return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        case SOCKET:
                return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        case PATH_ALONE:
                return open(path, O_PATH | O_CLOEXEC);
        case WRITE_ALONE:
                return open(path, O_WRONLY | O_CLOEXEC);
        default:
                return open(path, O_RDONLY | O_CLOEXEC);
        }
}

static int call(const char *method, uint64_t id, const char *path, int fd, sd_bus_error *error)
{
        if (strcmp(method, "MendFootage") == 0)
                return sd_bus_call_method(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE,
                                          method, error, NULL, "tsh", id, path, fd);
        return sd_bus_call_method(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE, method,
                                  error, NULL, "tshsb", id, path, fd, "", 0);
}

static void expect(const char *method, uint64_t id, const char *path, enum given kind, const char *name,
                   const char *piece)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_close_ int fd = given_open(kind);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_lt(call(method, id, path, fd, &error), 0);
        ck_assert_str_eq(error.name, name);
        ck_assert_msg(strstr(error.message, piece), "'%s' does not say '%s'", error.message, piece);
}

static const char *const methods[] = {"MendFootage", "StartArchiveFrom"};

static const struct {
        enum given kind;
        const char *piece;
} refused[] = {
                {OTHER_SIZE, "'/mnt/a' has 18 bytes, expected the 17 of footage '1'"},
                {EMPTY, "has 0 bytes"},
                {FIFO, "'/mnt/a' cannot be read from, expected a regular file"},
                {DEVICE, "expected a regular file"},
                {FOLDER, "expected a regular file"},
                {SOCKET, "expected a regular file"},
                {PATH_ALONE, "cannot be read from"},
                {WRITE_ALONE, "cannot be read from"},
};

START_TEST(test_refuses_what_is_no_file_of_it)
{
        int64_t before;

        start(NULL);
        ck_assert_int_eq(footage, 1);
        before = ledger_entries();
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                expect(methods[_i], 1, "/mnt/a", refused[i].kind, RECDOCK_ERROR_INVALID, refused[i].piece);
        ck_assert_int_eq(ledger_entries(), before);
        stop();
}
END_TEST

START_TEST(test_refuses_what_is_no_footage)
{
        int64_t before;

        start(NULL);
        before = ledger_entries();
        expect(methods[_i], 0, "/mnt/a", GOOD, RECDOCK_ERROR_NOT_FOUND, "no footage '0'");
        expect(methods[_i], 2, "/mnt/a", GOOD, RECDOCK_ERROR_NOT_FOUND, "no footage '2'");
        expect(methods[_i], UINT64_MAX, "/mnt/a", GOOD, RECDOCK_ERROR_NOT_FOUND, "no footage");
        expect(methods[_i], 1, "two\nlines", GOOD, RECDOCK_ERROR_INVALID, "control characters");
        ck_assert_int_eq(ledger_entries(), before);
        stop();
}
END_TEST

/* What is said last tells that all of the above was passed. */
START_TEST(test_takes_a_file_of_its_size)
{
        start(NULL);
        expect("MendFootage", 1, "/mnt/a", GOOD, RECDOCK_ERROR_CONFLICT, "one after the other");
        expect("StartArchiveFrom", 1, "/mnt/a", GOOD, RECDOCK_ERROR_CONFLICT, "'1' is not due");
        stop();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("bus_file");
        TCase *files = tcase_create("files");
        SRunner *runner;
        int failed;

        tcase_set_timeout(files, 60);
        tcase_add_loop_test(files, test_refuses_what_is_no_file_of_it, 0, ELEMENTSOF(methods));
        tcase_add_loop_test(files, test_refuses_what_is_no_footage, 0, ELEMENTSOF(methods));
        tcase_add_test(files, test_takes_a_file_of_its_size);
        suite_add_tcase(suite, files);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
