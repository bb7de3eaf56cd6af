// SPDX-License-Identifier: LGPL-2.1-or-later
/* Report() on the bus: which periods and units it takes, what it says to others, and that one object comes.
 */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static pid_t server;
static sd_bus *bus;

static void set_up(void)
{
        (void)scratch_make();
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        bus_daemon_start();
        bus_station_furnish();
        (void)bus_station_file("a.mp4", "first bytes");
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

/* Calls with up to three filters and 'out'. */
static int call(const char *const filters[6], int out, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                        RECDOCK_BUS_INTERFACE, "Report"),
                         0);
        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "(ss)"), 0);
        for (int i = 0; i < 6 && filters[i]; i += 2)
                ck_assert_int_ge(sd_bus_message_append(m, "(ss)", filters[i], filters[i + 1]), 0);
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        ck_assert_int_ge(sd_bus_message_append(m, "h", out), 0);
        return sd_bus_call(bus, m, 0, error, NULL);
}

/* All that came, up to its end. */
static char *read_all(int fd)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        char buffer[4096];
        ssize_t n;

        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                (void)fwrite(buffer, 1, (size_t)n, out);
        (void)fclose(out);
        return text;
}

static json_object *report(const char *const filters[6])
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        json_object *o;
        int pair[2], r;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        r = call(filters, pair[1], &error);
        ck_assert_msg(r >= 0, "%s: %s", error.name, error.message);
        (void)close(pair[1]);
        text = read_all(pair[0]);
        (void)close(pair[0]);
        ck_assert_uint_eq(strcspn(text, "\n") + 1, strlen(text)); /* one line */
        o = json_tokener_parse(text);
        ck_assert_ptr_nonnull(o);
        return o;
}

#define FILTERS(...) ((const char *const[6]){__VA_ARGS__})

static json_object *member(json_object *o, const char *key)
{
        json_object *value = NULL;

        ck_assert_msg(json_object_object_get_ex(o, key, &value), "no '%s'", key);
        return value;
}

static const struct {
        const char *filters[6];
        const char *error, *piece;
} bad[] = {
                {{"month", "2026-13"}, RECDOCK_ERROR_INVALID, "month '2026-13'"},
                {{"month", "2026-1"}, RECDOCK_ERROR_INVALID, "month '2026-1'"},
                {{"month", "2026-11-01"}, RECDOCK_ERROR_INVALID, "one such as 2026-11"},
                {{"month", "November"}, RECDOCK_ERROR_INVALID, "'November'"},
                {{"month", "%s%n"}, RECDOCK_ERROR_INVALID, "'%s%n'"},
                {{"month", ""}, RECDOCK_ERROR_INVALID, "month is empty"},
                {{"month", "9999-12"}, RECDOCK_ERROR_INVALID, "expected one that has begun"},
                {{"month", "2026-01", "month", "2026-02"}, RECDOCK_ERROR_INVALID, "'2026-02': given twice"},
                {{"month", "2026-01", "from", "2026-01-01"}, RECDOCK_ERROR_INVALID, "one or the other"},
                {{"to", "2026-01-01"}, RECDOCK_ERROR_INVALID, "without from"},
                {{"from", "soon"}, RECDOCK_ERROR_INVALID, "'soon'"},
                {{"from", "2026-01-01", "to", "later"}, RECDOCK_ERROR_INVALID, "'later'"},
                {{"from", "2026-02-01", "to", "2026-01-01"},
                 RECDOCK_ERROR_INVALID,
                 "from '2026-02-01' is not before to '2026-01-01'"},
                {{"from", "2026-02-01", "to", "2026-02-01"}, RECDOCK_ERROR_INVALID, "is not before"},
                {{"from", "+1h", "to", "+2h"}, RECDOCK_ERROR_INVALID, "expected one that has begun"},
                {{"from", "+1h"}, RECDOCK_ERROR_INVALID, "is not before to 'now'"},
                {{"from", "1990-01-01", "to", "2026-01-01"}, RECDOCK_ERROR_INVALID, "ten years"},
                {{"month", "2026-01", "unit", "none"}, RECDOCK_ERROR_NOT_FOUND, "'none'"},
                {{"colour", "red"}, RECDOCK_ERROR_INVALID, "unknown filter 'colour' for a report"},
};

START_TEST(test_refuses)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        int pair[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        ck_assert_int_lt(call(bad[_i].filters, pair[1], &error), 0);
        ck_assert_str_eq(error.name, bad[_i].error);
        ck_assert_msg(strstr(error.message, bad[_i].piece), "'%s' does not say '%s'", error.message,
                      bad[_i].piece);
        (void)close(pair[1]);
        text = read_all(pair[0]);
        ck_assert_str_eq(text, "");
        (void)close(pair[0]);
}
END_TEST

START_TEST(test_needs_a_socket)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_int_lt(call(FILTERS("month", "2026-01"), STDERR_FILENO, &error), 0);
        ck_assert_msg(strstr(error.message, "stream socket"), "%s", error.message);
}
END_TEST

START_TEST(test_reports)
{
        _cleanup_(json_object_putp) json_object *now = report(FILTERS(NULL));
        _cleanup_(json_object_putp) json_object *february =
                        report(FILTERS("month", "2024-02", "unit", BUS_STATION_UNIT));
        _cleanup_(json_object_putp) json_object *week = report(FILTERS("from", "-7d"));
        char month[INSTANT_TEXT_MAX];

        instant_format(clock_now(), month)[sizeof("2026-11") - 1] = '\0';
        ck_assert_str_eq(json_object_get_string(member(member(now, "period"), "month")), month);
        ck_assert(!json_object_get_boolean(member(member(now, "period"), "complete")));
        ck_assert_str_eq(json_object_get_string(member(member(now, "station"), "custodian")), "王强");
        ck_assert_ptr_null(member(now, "unit"));
        ck_assert_int_eq(json_object_get_int(member(member(now, "rules"), "limit_minutes")), 1440);
        ck_assert_str_eq(json_object_get_string(member(member(february, "period"), "from")),
                         "2024-02-01T00:00:00+08:00");
        ck_assert_str_eq(json_object_get_string(member(member(february, "period"), "to")),
                         "2024-03-01T00:00:00+08:00");
        ck_assert_str_eq(json_object_get_string(member(member(february, "unit"), "name")),
                         "历下区消防救援大队");
        ck_assert_uint_eq(json_object_array_length(member(february, "days")), 29);
        ck_assert_int_eq(json_object_get_int(member(member(february, "footage"), "files")), 0);
        ck_assert_ptr_null(member(member(week, "period"), "month"));
        ck_assert_int_eq(json_object_get_int(member(member(week, "footage"), "files")), 1);
        ck_assert_int_eq(json_object_get_int(member(member(week, "footage"), "on_time")), 1);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus report");
        TCase *t = tcase_create("bus report");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, test_refuses, 0, (int)ELEMENTSOF(bad));
        tcase_add_test(t, test_needs_a_socket);
        tcase_add_test(t, test_reports);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
