// SPDX-License-Identifier: LGPL-2.1-or-later
/* The bus server: who may call, what is refused and by which name, that nothing is half done, that a slow or
 * vanished client harms nobody, and that verify finds every kind of damage. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "catalogue/catalogue.h"
#include "catalogue/registry.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

enum { SKIPPED = 77 };

DEFINE_CLEANUP(struct catalogue *, catalogue_close);
DEFINE_CLEANUP(json_object *, json_object_put);

static pid_t server;
static sd_bus *bus;

static void open_bus(void)
{
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
}

static void set_up(void)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
}

static void start(const struct bus_station_settings *settings)
{
        server = bus_station_start(settings);
        open_bus();
}

/* A server that leaks or crashes at its end fails the test that used it. */
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

struct pair {
        const char *key, *value;
};

static sd_bus_message *call_with(const char *method, const char *container, const struct pair *pairs)
{
        sd_bus_message *m;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                        RECDOCK_BUS_INTERFACE, method),
                         0);
        if (!container)
                return m;
        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', container), 0);
        for (; pairs && pairs->key; pairs++)
                ck_assert_int_ge(sd_bus_message_append(m, container, pairs->key, pairs->value), 0);
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        return m;
}

/* Calls and expects success (error NULL) or the error's name and a piece of its text. */
static void expect(sd_bus_message *m, const char *error_name, const char *piece)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call(bus, m, 0, &error, NULL);

        sd_bus_message_unref(m);
        if (!error_name) {
                ck_assert_msg(r >= 0, "%s: %s", error.name, error.message);
                return;
        }
        ck_assert_int_lt(r, 0);
        ck_assert_str_eq(error.name, error_name);
        ck_assert_msg(strstr(error.message, piece), "'%s' does not say '%s'", error.message, piece);
}

/* ---- registry ---- */

START_TEST(test_registers_recorder_by_serial)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct recorder_row row;
        const struct pair fields[] = {{"number", "3700999"},      {"usb_serial", "SN-9"},
                                      {"vendor_id", "0x04b4"},    {"product_id", "00f1"},
                                      {"unit", BUS_STATION_UNIT}, {NULL}};

        start(NULL);
        expect(call_with("RegisterRecorder", "{ss}", fields), NULL, NULL);
        c = reader();
        ck_assert_int_eq(recorder_by_number(c, "3700999", &row), CATALOGUE_OK);
        ck_assert_str_eq(row.usb_serial, "SN-9");
        ck_assert_int_eq(row.vendor_id, 0x04b4);
        ck_assert_int_eq(row.unit, 1);
        stop();
}
END_TEST

START_TEST(test_registers_recorder_of_docking)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct recorder_row row;
        const struct pair fields[] = {{"number", "3700999"}, {"docking", "1"}, {NULL}};

        start(NULL);
        expect(call_with("RegisterRecorder", "{ss}", fields), NULL, NULL);
        c = reader();
        ck_assert_int_eq(recorder_by_number(c, "3700999", &row), CATALOGUE_OK);
        ck_assert_str_eq(row.usb_serial, "SN-NEW");
        ck_assert_str_eq(row.model, "DSJ-Y");
        ck_assert_int_eq(row.vendor_id, 0x2207);
        stop();
}
END_TEST

static const struct {
        struct pair fields[4];
        const char *error, *piece;
} bad_recorders[] = {
                {{{"usb_serial", "X"}}, RECDOCK_ERROR_INVALID, "'number'"},
                {{{"number", "1"}}, RECDOCK_ERROR_INVALID, "usb_serial"},
                {{{"number", "1"}, {"colour", "red"}}, RECDOCK_ERROR_INVALID, "'colour'"},
                {{{"number", "a/b"}, {"usb_serial", "X"}}, RECDOCK_ERROR_INVALID, "'a/b'"},
                {{{"number", ".."}, {"usb_serial", "X"}}, RECDOCK_ERROR_INVALID, "'..'"},
                {{{"number", "1\n2"}, {"usb_serial", "X"}}, RECDOCK_ERROR_INVALID, "control"},
                {{{"number", "1"}, {"usb_serial", "X"}, {"vendor_id", "0x12345"}},
                 RECDOCK_ERROR_INVALID,
                 "0x12345"},
                {{{"number", "1"}, {"docking", "x"}}, RECDOCK_ERROR_INVALID, "'x'"},
                {{{"number", "1"}, {"docking", "99"}}, RECDOCK_ERROR_NOT_FOUND, "'99'"},
                {{{"number", "1"}, {"usb_serial", "X"}, {"unit", "nowhere"}},
                 RECDOCK_ERROR_NOT_FOUND,
                 "'nowhere'"},
                {{{"number", BUS_STATION_RECORDER}, {"usb_serial", "X"}},
                 RECDOCK_ERROR_EXISTS,
                 BUS_STATION_RECORDER},
                {{{"number", "1"}, {"usb_serial", "SN-1"}, {"vendor_id", "1d6b"}, {"product_id", "0104"}},
                 RECDOCK_ERROR_EXISTS,
                 BUS_STATION_RECORDER},
};

START_TEST(test_refuses_recorder)
{
        struct pair fields[5] = {{NULL}};
        int64_t before;

        memcpy(fields, bad_recorders[_i].fields, sizeof(bad_recorders[_i].fields));
        before = ledger_entries();
        start(NULL);
        expect(call_with("RegisterRecorder", "{ss}", fields), bad_recorders[_i].error,
               bad_recorders[_i].piece);
        ck_assert_int_eq(ledger_entries(), before);
        /* The transaction is over: the next act is not held up by it. */
        expect(call_with("AddUnit", "{ss}",
                         (const struct pair[]){{"number", "2"}, {"name", "二中队"}, {NULL}}),
               NULL, NULL);
        stop();
}
END_TEST

static sd_bus_message *call_texts(const char *method, const char *types, const char *a, const char *b,
                                  const char *c, const char *d)
{
        sd_bus_message *m = call_with(method, NULL, NULL);

        ck_assert_int_ge(sd_bus_message_append(m, types, a, b, c, d), 0);
        return m;
}

START_TEST(test_retires_and_readmits_recorder)
{
        const struct pair again[] = {{"number", BUS_STATION_RECORDER}, {"usb_serial", "SN-2"}, {NULL}};
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct recorder_row row;

        start(NULL);
        expect(call_texts("RetireRecorder", "ss", BUS_STATION_RECORDER, "", NULL, NULL),
               RECDOCK_ERROR_INVALID, "reason");
        expect(call_texts("RetireRecorder", "ss", "none", "lost", NULL, NULL), RECDOCK_ERROR_NOT_FOUND,
               "'none'");
        expect(call_texts("RetireRecorder", "ss", BUS_STATION_RECORDER, "lost", NULL, NULL), NULL, NULL);
        expect(call_texts("RetireRecorder", "ss", BUS_STATION_RECORDER, "lost", NULL, NULL),
               RECDOCK_ERROR_CONFLICT, "retired");
        expect(call_with("RegisterRecorder", "{ss}", again), NULL, NULL);
        c = reader();
        ck_assert_int_eq(recorder_by_number(c, BUS_STATION_RECORDER, &row), CATALOGUE_OK);
        ck_assert(row.retired_at == INSTANT_NONE);
        ck_assert_str_eq(row.usb_serial, "SN-2");
        stop();
}
END_TEST

START_TEST(test_assigns_recorder)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        const char *r = BUS_STATION_RECORDER, *o = BUS_STATION_OFFICER;
        instant_t noon;
        int64_t officer;

        start(NULL);
        expect(call_texts("AssignRecorder", "ssss", "none", o, "", ""), RECDOCK_ERROR_NOT_FOUND, "'none'");
        expect(call_texts("AssignRecorder", "ssss", r, "none", "", ""), RECDOCK_ERROR_NOT_FOUND, "'none'");
        expect(call_texts("AssignRecorder", "ssss", r, o, "soon", ""), RECDOCK_ERROR_INVALID, "'soon'");
        expect(call_texts("AssignRecorder", "ssss", r, o, "2026-02-01", "2026-01-01"), RECDOCK_ERROR_INVALID,
               "2026-01-01");
        expect(call_texts("AssignRecorder", "ssss", r, o, "2026-01-01", "2026-01-03"), NULL, NULL);
        expect(call_texts("AssignRecorder", "ssss", r, o, "2025-12-01", "2026-01-02"),
               RECDOCK_ERROR_CONFLICT, r);
        c = reader();
        ck_assert_int_eq(instant_parse("2026-01-02 12:00", clock_now(), &noon), 0);
        ck_assert_int_eq(officer_assigned_at(c, 1, noon, &officer), CATALOGUE_OK);
        ck_assert_int_eq(officer, 1);
        stop();
}
END_TEST

START_TEST(test_adds_officer_and_unit)
{
        const struct pair unit[] = {
                        {"number", "3701"}, {"name", "二大队"}, {"parent", BUS_STATION_UNIT}, {NULL}};
        const struct pair officer[] = {{"number", "120999"}, {"name", "韩梅梅"}, {"unit", "3701"}, {NULL}};
        const struct pair nameless[] = {{"number", "120998"}, {NULL}};
        const struct pair lost[] = {{"number", "120998"}, {"name", "x"}, {"unit", "9"}, {NULL}};

        start(NULL);
        expect(call_with("AddUnit", "{ss}", unit), NULL, NULL);
        expect(call_with("AddOfficer", "{ss}", officer), NULL, NULL);
        expect(call_with("AddUnit", "{ss}", unit), RECDOCK_ERROR_EXISTS, "'3701'");
        expect(call_with("AddOfficer", "{ss}", officer), RECDOCK_ERROR_EXISTS, "'120999'");
        expect(call_with("AddOfficer", "{ss}", nameless), RECDOCK_ERROR_INVALID, "'name'");
        expect(call_with("AddOfficer", "{ss}", lost), RECDOCK_ERROR_NOT_FOUND, "'9'");
        stop();
}
END_TEST

/* ---- rows ---- */

/* Query or Verify; returns our end of the socket. */
static int ask(const char *method, const char *noun, const struct pair *filters,
               sd_bus_message_handler_t on_reply, void *userdata)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int pair[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                        RECDOCK_BUS_INTERFACE, method),
                         0);
        if (noun)
                ck_assert_int_ge(sd_bus_message_append(m, "s", noun), 0);
        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "(ss)"), 0);
        for (; filters && filters->key; filters++)
                ck_assert_int_ge(sd_bus_message_append(m, "(ss)", filters->key, filters->value), 0);
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        ck_assert_int_ge(sd_bus_message_append(m, "h", pair[1]), 0);
        (void)close(pair[1]);
        ck_assert_int_ge(sd_bus_call_async(bus, NULL, m, on_reply, userdata, UINT64_MAX), 0);
        ck_assert_int_ge(sd_bus_flush(bus), 0);
        return pair[0];
}

struct reply {
        bool arrived;
        char error[64], text[256];
        uint64_t a, b;
};

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        struct reply *reply = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        reply->arrived = true;
        if (error) {
                (void)snprintf(reply->error, sizeof(reply->error), "%s", error->name);
                (void)snprintf(reply->text, sizeof(reply->text), "%s", error->message);
        } else if (sd_bus_message_read(m, "t", &reply->a) > 0 && sd_bus_message_at_end(m, true) == 0) {
                (void)sd_bus_message_read(m, "t", &reply->b);
        }
        return 0;
}

static void wait_reply(const struct reply *reply)
{
        while (!reply->arrived) {
                int r = sd_bus_process(bus, NULL);

                ck_assert_int_ge(r, 0);
                if (r == 0)
                        ck_assert_int_ge(sd_bus_wait(bus, UINT64_MAX), 0);
        }
}

/* All lines as one JSON array. */
static json_object *read_lines(int fd)
{
        _cleanup_fclose_ FILE *f = fdopen(fd, "r");
        json_object *rows = json_object_new_array();
        _cleanup_free_ char *line = NULL;
        size_t room = 0;

        while (getline(&line, &room, f) > 0) {
                json_object *row = json_tokener_parse(line);

                ck_assert_msg(row != NULL, "not JSON: %s", line);
                (void)json_object_array_add(rows, row);
        }
        return rows;
}

static const char *member(json_object *row, const char *key)
{
        json_object *value;

        return json_object_object_get_ex(row, key, &value) ? json_object_get_string(value) : NULL;
}

START_TEST(test_queries_footage)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;
        struct reply reply = {false};

        (void)bus_station_file("视频一.mp4", "one");
        (void)bus_station_file("b.mp4", "two");
        start(NULL);
        rows = read_lines(ask("Query", "footage", (const struct pair[]){{"name", "视频*"}, {NULL}}, on_reply,
                              &reply));
        wait_reply(&reply);
        ck_assert_str_eq(reply.error, "");
        ck_assert_uint_eq(reply.a, 1);
        ck_assert_uint_eq(json_object_array_length(rows), 1);
        ck_assert_str_eq(member(json_object_array_get_idx(rows, 0), "name"), "视频一.mp4");
        ck_assert_str_eq(member(json_object_array_get_idx(rows, 0), "officer"), BUS_STATION_OFFICER);
        stop();
}
END_TEST

START_TEST(test_refuses_query)
{
        _cleanup_(json_object_putp) json_object *none = NULL;
        struct reply noun = {false}, filter = {false};
        sd_bus_message *m;
        int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

        start(NULL);
        none = read_lines(ask("Query", "weather", NULL, on_reply, &noun));
        wait_reply(&noun);
        ck_assert_str_eq(noun.error, RECDOCK_ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(noun.text, "weather"));
        ck_assert_uint_eq(json_object_array_length(none), 0);
        (void)close(ask("Query", "footage", (const struct pair[]){{"colour", "red"}, {NULL}}, on_reply,
                        &filter));
        wait_reply(&filter);
        ck_assert_str_eq(filter.error, RECDOCK_ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(filter.text, "colour"));
        /* Only a socket can be written to without waiting. */
        m = call_with("Query", NULL, NULL);
        ck_assert_int_ge(sd_bus_message_append(m, "sa(ss)h", "footage", 0, fd), 0);
        expect(m, RECDOCK_ERROR_INVALID, "socket");
        (void)close(fd);
        stop();
}
END_TEST

START_TEST(test_slow_client_is_cut_off_alone)
{
        const struct bus_station_settings settings = {.client_timeout_ms = 100};
        struct reply slow = {false}, gone = {false}, quick = {false};
        _cleanup_(json_object_putp) json_object *rows = NULL;
        _cleanup_close_ int unread = -EBADF;

        bus_station_add_units(6000); /* more than a socket holds */
        start(&settings);
        unread = ask("Query", "unit", NULL, on_reply, &slow);
        (void)close(ask("Query", "unit", NULL, on_reply, &gone));
        /* The loop answers others while one client does not read. */
        rows = read_lines(ask("Query", "recorder", NULL, on_reply, &quick));
        wait_reply(&quick);
        ck_assert_uint_eq(quick.a, 1);
        wait_reply(&gone);
        ck_assert_str_eq(gone.error, RECDOCK_ERROR_FAILED);
        wait_reply(&slow);
        ck_assert_str_eq(slow.error, RECDOCK_ERROR_FAILED);
        ck_assert_ptr_nonnull(strstr(slow.text, "read nothing"));
        stop();
}
END_TEST

START_TEST(test_ninth_query_is_refused_and_stop_ends_all)
{
        struct reply replies[9] = {{false}};
        int fds[9];

        bus_station_add_units(6000); /* more than a socket holds */
        start(NULL);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = ask("Query", "unit", NULL, on_reply, &replies[i]);
        wait_reply(&replies[8]);
        ck_assert_str_eq(replies[8].error, RECDOCK_ERROR_FAILED);
        ck_assert_ptr_nonnull(strstr(replies[8].text, "8 queries"));
        /* Eight threads wait for clients that do not read; the server ends all the same. */
        ck_assert_int_eq(kill(server, SIGTERM), 0);
        wait_reply(&replies[0]);
        ck_assert_msg(strstr(replies[0].text, "stopping") != NULL, "'%s'", replies[0].text);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                (void)close(fds[i]);
        bus = sd_bus_flush_close_unref(bus);
        int status;
        ck_assert_int_eq(waitpid(server, &status, 0), server);
        ck_assert_int_eq(status, 0);
        bus_daemon_stop();
        scratch_remove();
}
END_TEST

/* ---- verify ---- */

static json_object *result_of(json_object *rows, int64_t id)
{
        json_object *value;

        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = json_object_array_get_idx(rows, i);

                if (json_object_object_get_ex(row, "id", &value) && json_object_get_int64(value) == id)
                        return row;
        }
        ck_abort_msg("no line of footage %d", (int)id);
        return NULL;
}

static void overwrite(const char *name, const char *text, bool same_size)
{
        _cleanup_free_ char *path = bus_station_footage_path(name);
        int fd;

        ck_assert_int_eq(chmod(path, 0640), 0);
        fd = open(path, O_WRONLY | O_CLOEXEC | (same_size ? 0 : O_TRUNC));
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        (void)close(fd);
}

static int count_alerts(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        ++*(int *)userdata;
        return 0;
}

START_TEST(test_verify_finds_damage)
{
        const struct bus_station_settings settings = {.busy_inspector = _i == 1};
        _cleanup_(json_object_putp) json_object *rows = NULL;
        _cleanup_free_ char *gone = NULL;
        struct reply reply = {false};
        int alerts = 0;
        int64_t good, missing, changed, shorter;

        good = bus_station_file("good.mp4", "good bytes");
        missing = bus_station_file("missing.mp4", "missing bytes");
        changed = bus_station_file("changed.mp4", "changed bytes");
        shorter = bus_station_file("shorter.mp4", "shorter bytes");
        for (int i = 0; i < 8; i++)
                (void)bus_station_file((const char[]){(char)('a' + i), 0}, "more than the window holds");
        gone = bus_station_footage_path("missing.mp4");
        ck_assert_int_eq(unlink(gone), 0);
        overwrite("changed.mp4", "CHANGED bytes", true);
        overwrite("shorter.mp4", "short", false);
        start(&settings);
        ck_assert_int_ge(sd_bus_match_signal(bus, NULL, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                             RECDOCK_BUS_INTERFACE, "AlertChanged", count_alerts, &alerts),
                         0);
        rows = read_lines(ask("Verify", NULL, NULL, on_reply, &reply));
        wait_reply(&reply);
        ck_assert_str_eq(reply.error, "");
        ck_assert_uint_eq(reply.a, 12);
        ck_assert_uint_eq(reply.b, 3);
        ck_assert_str_eq(member(result_of(rows, good), "result"), "ok");
        ck_assert_str_eq(member(result_of(rows, missing), "result"), "missing");
        ck_assert_str_eq(member(result_of(rows, changed), "result"), "mismatch");
        ck_assert_str_ne(member(result_of(rows, changed), "sha256"),
                         member(result_of(rows, changed), "expected"));
        ck_assert_str_eq(member(result_of(rows, shorter), "result"), "mismatch");
        ck_assert_str_eq(member(json_object_array_get_idx(rows, 12), "ledger"), "ok");
        ck_assert_int_eq(alerts, 3);
        stop();
}
END_TEST

static void put_file(const char *name, bool folder)
{
        _cleanup_free_ char *path = scratch_path(name);
        int fd;

        if (folder) {
                ck_assert_int_eq(mkdir(path, 0750), 0);
                return;
        }
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
        ck_assert_int_ge(fd, 0);
        (void)close(fd);
}

/* What lies in the store and was filed by nobody: also where no footage would lie, and under names of no
 * text. */
START_TEST(test_verify_finds_what_was_not_filed)
{
        static const char *const filters[] = {NULL, "1"};
        _cleanup_free_ char *link = scratch_path("root/store/link");

        (void)bus_station_file("good.mp4", "good bytes");
        put_file("root/store/foreign", true);
        put_file("root/store/foreign/a.mp4", false);
        put_file("root/store/\xff.mp4", false);
        ck_assert_int_eq(symlink("/etc", link), 0);
        start(NULL);
        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                const struct pair one[] = {{"id", filters[i]}, {NULL}};
                _cleanup_(json_object_putp) json_object *rows = NULL;
                struct reply reply = {false};
                bool whole = !filters[i];
                unsigned int foreign = 0;

                rows = read_lines(ask("Verify", NULL, whole ? NULL : one, on_reply, &reply));
                wait_reply(&reply);
                ck_assert_uint_eq(reply.a, whole ? 4 : 1);
                ck_assert_uint_eq(reply.b, whole ? 3 : 0);
                for (size_t row = 1; whole && row <= 3; row++)
                        foreign += strcmp(member(json_object_array_get_idx(rows, row), "result"),
                                          "foreign") == 0;
                ck_assert_uint_eq(foreign, whole ? 3 : 0);
        }
        stop();
}
END_TEST

START_TEST(test_verify_takes_filters)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;
        struct reply reply = {false};

        (void)bus_station_file("one.mp4", "one");
        (void)bus_station_file("two.mp4", "two");
        start(NULL);
        rows = read_lines(ask("Verify", NULL, (const struct pair[]){{"id", "2"}, {NULL}}, on_reply, &reply));
        wait_reply(&reply);
        ck_assert_uint_eq(reply.a, 1);
        ck_assert_str_eq(member(json_object_array_get_idx(rows, 0), "id"), "2");
        stop();
}
END_TEST

/* The thread waits for the inspector, not for its client: the server must be able to end it. */
START_TEST(test_verify_ends_with_the_server)
{
        const struct bus_station_settings settings = {.no_answers = true};
        struct reply reply = {false}, other = {false};
        _cleanup_close_ int fd = -EBADF;
        _cleanup_(json_object_putp) json_object *rows = NULL;

        (void)bus_station_file("one.mp4", "one");
        start(&settings);
        fd = ask("Verify", NULL, NULL, on_reply, &reply);
        rows = read_lines(ask("Query", "recorder", NULL, on_reply, &other));
        wait_reply(&other);
        ck_assert(!reply.arrived);
        stop();
}
END_TEST

/* ---- station, signals, access ---- */

START_TEST(test_tells_status_and_properties)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *custodian = NULL, *version = NULL;
        unsigned int bays = 0;

        start(NULL);
        expect(call_with("GetStatus", NULL, NULL), NULL, NULL);
        ck_assert_int_ge(sd_bus_get_property_string(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                    RECDOCK_BUS_INTERFACE, "Custodian", &error, &custodian),
                         0);
        ck_assert_str_eq(custodian, "王强");
        ck_assert_int_ge(sd_bus_get_property_string(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                    RECDOCK_BUS_INTERFACE, "Version", &error, &version),
                         0);
        ck_assert_str_eq(version, PACKAGE_VERSION);
        ck_assert_int_ge(sd_bus_get_property_trivial(bus, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                     RECDOCK_BUS_INTERFACE, "Bays", &error, 'u', &bays),
                         0);
        ck_assert_uint_eq(bays, 2);
        stop();
}
END_TEST

START_TEST(test_reload)
{
        const struct bus_station_settings settings = {.bad_reload = _i == 1};

        start(&settings);
        expect(call_with("Reload", NULL, NULL), _i == 1 ? RECDOCK_ERROR_FAILED : NULL, "stays");
        stop();
}
END_TEST

struct changes {
        int n;
        int64_t last_bytes;
};

static int on_change(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        _cleanup_(json_object_putp) json_object *docking = NULL;
        struct changes *changes = userdata;
        json_object *bytes;
        const char *text;
        uint64_t id;

        ck_assert_int_ge(sd_bus_message_read(m, "ts", &id, &text), 0);
        ck_assert_uint_eq(id, BUS_STATION_DOCKING);
        docking = json_tokener_parse(text);
        ck_assert(json_object_object_get_ex(docking, "bytes", &bytes));
        changes->n++;
        changes->last_bytes = json_object_get_int64(bytes);
        return 0;
}

/* Fifty changes at once: the first goes out, the others are one, and that is the last. */
START_TEST(test_limits_changes)
{
        struct changes changes = {0};

        start(NULL);
        ck_assert_int_ge(sd_bus_match_signal(bus, NULL, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                             RECDOCK_BUS_INTERFACE, "DockingChanged", on_change, &changes),
                         0);
        ck_assert_int_eq(kill(server, _i == 0 ? SIGUSR1 : SIGUSR2), 0);
        while (changes.last_bytes != BUS_STATION_CHANGES) {
                int r = sd_bus_process(bus, NULL);

                ck_assert_int_ge(r, 0);
                if (r == 0)
                        ck_assert_int_ge(sd_bus_wait(bus, UINT64_MAX), 0);
        }
        ck_assert_int_eq(changes.n, 2);
        stop();
}
END_TEST

/* As another user: 0 allowed, 1 denied, 2 something else. */
static int call_as(uid_t uid, const char *method)
{
        int status;
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                sd_bus *own;

                if (setgid(uid) < 0 || setuid(uid) < 0 || sd_bus_open_system(&own) < 0)
                        _exit(2);
                if (sd_bus_call_method(own, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                       strcmp(method, "Introspect") == 0
                                                       ? "org.freedesktop.DBus.Introspectable"
                                                       : RECDOCK_BUS_INTERFACE,
                                       method, &error, NULL, NULL) >= 0)
                        _exit(0);
                _exit(sd_bus_error_has_name(&error, RECDOCK_ERROR_DENIED) ? 1 : 2);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

START_TEST(test_lets_in_only_the_group)
{
        const struct bus_station_settings nobody_in = {.group = "nogroup"}, nobody_out = {.group = "daemon"};
        const struct bus_station_settings *settings = _i == 0 ? &nobody_out : &nobody_in;
        _cleanup_free_ char *folder = scratch_path("");

        if (geteuid() != 0)
                return;
        ck_assert_int_eq(chmod(folder, 0755), 0);
        start(settings);
        /* 65534 is user nobody, whose group is nogroup. */
        ck_assert_int_eq(call_as(65534, "GetStatus"), _i == 0 ? 1 : 0);
        ck_assert_int_eq(call_as(65534, "Introspect"), _i == 0 ? 1 : 0);
        expect(call_with("GetStatus", NULL, NULL), NULL, NULL);
        stop();
}
END_TEST

START_TEST(test_ledger_names_the_caller)
{
        const struct pair unit[] = {{"number", "3701"}, {"name", "二大队"}, {NULL}};
        _cleanup_(json_object_putp) json_object *rows = NULL;
        struct reply reply = {false};
        char expected[64], name[16]; /* TASK_COMM_LEN */

        start(NULL);
        expect(call_with("AddUnit", "{ss}", unit), NULL, NULL);
        rows = read_lines(ask("Query", "ledger", (const struct pair[]){{"subject", "unit/3701"}, {NULL}},
                              on_reply, &reply));
        wait_reply(&reply);
        ck_assert_uint_eq(json_object_array_length(rows), 1);
        (void)snprintf(expected, sizeof(expected), "uid=%u(", (unsigned int)geteuid());
        ck_assert_ptr_nonnull(strstr(member(json_object_array_get_idx(rows, 0), "actor"), expected));
        ck_assert_int_eq(prctl(PR_GET_NAME, name), 0);
        (void)snprintf(expected, sizeof(expected), " pid=%d %s", (int)getpid(), name);
        ck_assert_ptr_nonnull(strstr(member(json_object_array_get_idx(rows, 0), "actor"), expected));
        stop();
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("bus");
        TCase *registry = tcase_create("registry"), *rows = tcase_create("rows"),
              *station = tcase_create("station");
        TCase *const cases[] = {registry, rows, station};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tcase_add_checked_fixture(cases[i], set_up, NULL);
                tcase_set_timeout(cases[i], 60);
                suite_add_tcase(s, cases[i]);
        }
        tcase_add_test(registry, test_registers_recorder_by_serial);
        tcase_add_test(registry, test_registers_recorder_of_docking);
        tcase_add_loop_test(registry, test_refuses_recorder, 0, (int)ELEMENTSOF(bad_recorders));
        tcase_add_test(registry, test_retires_and_readmits_recorder);
        tcase_add_test(registry, test_assigns_recorder);
        tcase_add_test(registry, test_adds_officer_and_unit);
        tcase_add_test(rows, test_queries_footage);
        tcase_add_test(rows, test_refuses_query);
        tcase_add_test(rows, test_slow_client_is_cut_off_alone);
        tcase_add_test(rows, test_ninth_query_is_refused_and_stop_ends_all);
        tcase_add_loop_test(rows, test_verify_finds_damage, 0, 2);
        tcase_add_test(rows, test_verify_finds_what_was_not_filed);
        tcase_add_test(rows, test_verify_takes_filters);
        tcase_add_test(rows, test_verify_ends_with_the_server);
        tcase_add_test(rows, test_ledger_names_the_caller);
        tcase_add_test(station, test_tells_status_and_properties);
        tcase_add_loop_test(station, test_reload, 0, 2);
        tcase_add_loop_test(station, test_limits_changes, 0, 2);
        tcase_add_loop_test(station, test_lets_in_only_the_group, 0, 2);
        return s;
}

int main(void)
{
        SRunner *runner = srunner_create(suite());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
