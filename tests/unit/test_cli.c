// SPDX-License-Identifier: LGPL-2.1-or-later
/* recdockctl itself, against the real bus server: exit codes, that standard output stays empty on errors,
 * JSON that parses, tables, colours, Chinese. $RECDOCKCTL is the program, $RECDOCK_LOCALEDIR where its
 * messages were built. */
#include "bus_station.h"
#include "cli_program.h"
#include "scratch.h"
#include "base/cleanup.h"

#include <check.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { TERMINAL_ROOM = 1 << 20 };

DEFINE_CLEANUP(json_object *, json_object_put);

/* The output as a JSON array. */
static json_object *json_out(void)
{
        json_object *rows = json_tokener_parse(out);

        ck_assert_msg(json_object_is_type(rows, json_type_array), "no JSON array: %s", out);
        return rows;
}

static const struct {
        const char *words[WORDS_MAX];
        int code;
        const char *piece;
} failures[] = {
                {{"lst"}, 2, "did you mean 'list'"},
                {{"list", "--colour"}, 2, "--colour"},
                {{"list", "--from=soonish"}, 6, "soonish"},
                {{"list", "--verdict=splendid"}, 6, "splendid"},
                {{"list", "--limit=many"}, 6, "many"},
                {{"list", "--sha256=zz", "--json"}, 6, "zz"},
                {{"show", "99"}, 5, "99"},
                {{"show", "99", "--json"}, 5, "99"},
                {{"show", "first"}, 6, "first"},
                {{"docking", "show", "99"}, 5, "99"},
                {{"recorder", "show", "none"}, 5, "none"},
                {{"verify", "one"}, 2, "'one'"},
                {{"verify", "99"}, 5, "do not exist"},
                {{"recover"}, 2, "recover DOCKING"},
                {{"recover", "first"}, 2, "'first'"},
                {{"recover", "1", "-5"}, 2, "'-5'"},
                {{"recover", "1", "5", "x"}, 2, "'x'"},
                {{"recover", "99"}, 5, "docking 99 is over"},
                {{"recover", "1", "6"}, 6, "finding 6 cannot be recovered"},
                {{"recover", "1", "7", "--json"}, 5, "finding 7"},
                {{"finding", "list", "--kind=lost"}, 6, "lost"},
                {{"recorder", "register", "3700999"}, 2, "--usb-serial"},
                {{"recorder", "register", "a/b", "--serial=X"}, 6, "a/b"},
                {{"recorder", "register", BUS_STATION_RECORDER, "--serial=X"}, 6, "already"},
                {{"recorder", "register", "3700999", "--docking=99"}, 5, "99"},
                {{"recorder", "retire", BUS_STATION_RECORDER}, 2, "--reason"},
                {{"recorder", "retire", "none", "--reason=lost"}, 5, "none"},
                {{"recorder", "assign", BUS_STATION_RECORDER}, 2, "--end"},
                {{"recorder", "assign", BUS_STATION_RECORDER, "none"}, 5, "none"},
                {{"recorder", "assign", BUS_STATION_RECORDER, BUS_STATION_OFFICER, "--from=soonish"},
                 6,
                 "soonish"},
                {{"checkout", BUS_STATION_RECORDER}, 2, "--officer=NUMBER"},
                {{"checkout", BUS_STATION_RECORDER, "--officer="}, 2, "--officer=NUMBER"},
                {{"checkout", BUS_STATION_RECORDER, "--officer=none"}, 5, "none"},
                {{"checkout", BUS_STATION_RECORDER, "--officer=" BUS_STATION_OFFICER, "--until=-1h"},
                 6,
                 "-1h"},
                {{"checkout", BUS_STATION_RECORDER, "--officer=" BUS_STATION_OFFICER, "--override="},
                 2,
                 "--override=TEXT"},
                {{"return", "none"}, 5, "none"},
                {{"return", BUS_STATION_RECORDER, "--at=tomorrow"}, 6, "tomorrow"},
                {{"extend", "docking/1", "--reason=remote-area", "--approver=x"}, 2, "--until=TIME"},
                {{"extend", "docking/1", "--until=+2d", "--approver=x"}, 2, "--reason=continuous-duty|"},
                {{"extend", "docking/1", "--until=+2d", "--reason=remote-area"}, 2, "--approver=NAME"},
                {{"extend", "docking/1", "--until=+2d", "--reason=tired", "--approver=x"}, 6, "tired"},
                {{"extend", BUS_STATION_RECORDER, "--until=+2d", "--reason=remote-area", "--approver=x"},
                 5,
                 BUS_STATION_RECORDER},
                {{"officer", "add", BUS_STATION_OFFICER, "李雷"}, 6, BUS_STATION_OFFICER},
                {{"recording", "list", "--from=soonish"}, 6, "soonish"},
                {{"recording", "list", "--to=soonish"}, 6, "soonish"},
                {{"recording", "list", "--limit=0"}, 6, "limit '0'"},
                {{"recording", "list", "--officer="}, 6, "officer ''"},
                {{"recording", "list", "--recorder="}, 6, "recorder ''"},
                {{"recording", "list", "--unit="}, 6, "unit ''"},
                {{"recording", "list", "--unexplained"}, 2, "--unexplained"},
                {{"gap", "list", "--min=long", "--json"}, 6, "min 'long'"},
                {{"gap", "list", "--unexplained=no"}, 2, "takes no value"},
                {{"gap", "list", "--from=soonish"}, 6, "soonish"},
                {{"gap", "list", "--limit=many"}, 6, "many"},
                {{"gap", "explain"}, 2, "gap explain RECORDER"},
                {{"gap", "explain", "1", "2"}, 2, "'2'"},
                {{"gap", "reasons", "why"}, 2, "'why'"},
                {{"gap", "frobnicate"}, 2, "gap frobnicate"},
                {{"gap", "explain", "1", "--to=now", "--reason=other", "--reporter=a", "--approver=b"},
                 2,
                 "--from=TIME"},
                {{"gap", "explain", "1", "--from=-2h", "--reason=other", "--reporter=a", "--approver=b"},
                 2,
                 "--to=TIME"},
                {{"gap", "explain", "1", "--from=-2h", "--to=now", "--reporter=a", "--approver=b"},
                 2,
                 "--reason=WORD"},
                {{"gap", "explain", "1", "--from=-2h", "--to=now", "--reason=other", "--approver=b"},
                 2,
                 "--reporter=NAME"},
                {{"gap", "explain", "1", "--from=-2h", "--to=now", "--reason=other", "--reporter=a"},
                 2,
                 "--approver=NAME"},
                {{"gap", "explain", "none", "--from=-2h", "--to=-1h", "--reason=bad-weather", "--reporter=a",
                  "--approver=b"},
                 5,
                 "none"},
                {{"gap", "explain", BUS_STATION_RECORDER, "--from=-2h", "--to=-1h", "--reason=lunch",
                  "--reporter=a", "--approver=b", "--json"},
                 6,
                 "lunch"},
                {{"explanation", "list", "--reason="}, 6, "reason ''"},
                {{"explanation", "list", "--from=soonish"}, 6, "soonish"},
                {{"coverage"}, 2, "--from=TIME"},
                {{"coverage", "--from=-2h"}, 2, "--to=TIME"},
                {{"coverage", "--from=-2h", "--to=now"}, 6, "a unit or at least two officers"},
                {{"coverage", "--from=-2h", "--to=now", "--officer=" BUS_STATION_OFFICER},
                 6,
                 "two officers"},
                {{"coverage", "--from=-2h", "--to=now", "--unit=none"}, 5, "there is no unit 'none'"},
                {{"coverage", "--from=-2h", "--to=now", "--officer=" BUS_STATION_OFFICER, "--officer=none"},
                 5,
                 "there is no officer 'none'"},
                {{"coverage", "--from=soonish", "--to=now", "--unit=" BUS_STATION_UNIT}, 6, "soonish"},
                {{"coverage", "--from=now", "--to=-2h", "--unit=" BUS_STATION_UNIT, "--all"},
                 6,
                 "not before"},
                {{"unit", "add", "3702", "三大队", "--parent=none"}, 5, "none"},
                {{"alert", "clear", "1"}, 2, "the reason is missing, expected --reason=TEXT"},
                {{"alert", "clear", "1", "--reason="}, 2, "the reason is missing"},
                {{"alert", "ack", "1", "one"}, 2, "alert 'one' is not a number"},
                {{"alert", "clear", "-1", "--reason=x"}, 2, "-1"},
                {{"alert", "list", "--all", "--open"}, 2, "--all and --open contradict each other"},
                {{"alert", "list", "--open=perhaps"}, 6, "perhaps"},
                {{"alert", "list", "--severity=bad"}, 6, "expected notice, warning, error or critical"},
                {{"alert", "list", "--since=soon"}, 6, "soon"},
                {{"alert", "show", "one"}, 6, "one"},
};

START_TEST(test_failure)
{
        server = bus_station_start(NULL);
        ck_assert_int_eq(run(failures[_i].words), failures[_i].code);
        if (strcmp(failures[_i].words[0], "verify") != 0)
                ck_assert_str_eq(out, "");
        assert_says(err, "recdockctl: ");
        assert_says(err, failures[_i].piece);
}
END_TEST

START_TEST(test_station_not_there)
{
        server = 0;
        ck_assert_int_eq(RUN("status"), 3);
        assert_says(err, "recdockd is not there");
        ck_assert_int_eq(RUN("list", "--json"), 3);
        ck_assert_str_eq(out, "");
        ck_assert_int_eq(RUN("watch"), 3);
        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1), 0);
        ck_assert_int_eq(RUN("status"), 3);
        assert_says(err, "bus cannot be reached");
        ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(test_not_permitted)
{
        const struct bus_station_settings settings = {.group = "daemon"};
        _cleanup_free_ char *folder = scratch_path("");
        int status;
        pid_t pid;

        server = bus_station_start(&settings);
        if (geteuid() != 0)
                return;
        ck_assert_int_eq(chmod(folder, 0755), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                redirect(STDOUT_FILENO, "out");
                redirect(STDERR_FILENO, "err");
                if (setgid(65534) < 0 || setuid(65534) < 0)
                        _exit(126);
                program_exec((const char *const[]){"list", NULL});
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(WEXITSTATUS(status), 4);
        err = scratch_read("err");
        assert_says(err, "group 'daemon'");
}
END_TEST

static const struct {
        const char *words[WORDS_MAX];
        size_t rows;
} answers[] = {
                {{"status", "--json"}, 1},
                {{"list", "--json"}, 2},
                {{"list", "--json", "--name=视频*"}, 1},
                {{"list", "--json", "--unit=none"}, 0},
                {{"show", "1", "--json"}, 1},
                {{"docking", "list", "--json"}, 1},
                {{"docking", "show", "1", "--json"}, 1},
                {{"recorder", "list", "--json"}, 1},
                {{"recorder", "show", BUS_STATION_RECORDER, "--json"}, 1},
                {{"officer", "list", "--json"}, 1},
                {{"unit", "list", "--json"}, 1},
                {{"alert", "list", "--json"}, 1},
                {{"alert", "list", "--json", "--open"}, 1},
                {{"alert", "list", "--json", "--open=no"}, 0},
                {{"alert", "list", "--json", "--all", "--since=-1h"}, 1},
                {{"alert", "list", "--json", "--severity=critical"}, 0},
                {{"alert", "list", "--json", "--subject=serial/SN-NEW"}, 1},
                {{"alert", "show", "1", "--json"}, 1},
                {{"alert", "ack", "1", "--json"}, 1},
                {{"alert", "clear", "1", "--reason=x", "--json"}, 1},
                {{"ledger", "list", "--json", "--act=footage.filed"}, 2},
                {{"verify", "--json"}, 3},
                {{"reload", "--json"}, 0},
                {{"unit", "add", "3702", "三大队", "--json"}, 1},
};

START_TEST(test_json)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;

        server = bus_station_start(NULL);
        ck_assert_msg(run(answers[_i].words) == 0, "%s", err);
        rows = json_out();
        ck_assert_uint_eq(json_object_array_length(rows), answers[_i].rows);
        ck_assert_str_eq(err, "");
}
END_TEST

#define FIRST_ROW                                                                                         \
        "[\n{\"id\":1,\"unit\":\"370100000001\",\"officer\":\"120345\",\"recorder\":\"3700123\",\"bay\":" \
        "\"1\",\"name\":\"视频一.mp4\""

/* Keys and order of a row are the station's; recdockctl must not touch them. */
START_TEST(test_list_passes_rows_through)
{
        static const char start[] = FIRST_ROW;

        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("list", "--json", "--order=id", "--limit=1"), 0);
        ck_assert_msg(strncmp(out, start, strlen(start)) == 0, "%s", out);
}
END_TEST

START_TEST(test_tables)
{
        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("list"), 0);
        assert_says(out, "STARTED");
        assert_says(out, "视频一.mp4");
        assert_says(out, "0:01:30");
        ck_assert_int_eq(RUN("list", "--no-legend"), 0);
        ck_assert_ptr_null(strstr(out, "STARTED"));
        ck_assert_int_eq(RUN("status"), 0);
        assert_says(out, "Station 37-01, custodian 王强");
        assert_says(out, "12/40");
        assert_says(out, "30.0M/s");
        assert_says(out, "1 alert is open");
        ck_assert_int_eq(RUN("docking", "show", "1"), 0);
        assert_says(out, "Receipt of docking");
        assert_says(out, "/DCIM/视频一.mp4");
        ck_assert_int_eq(RUN("show", "1"), 0);
        assert_says(out, "SHA-256");
        ck_assert_ptr_null(strchr(out, '\033'));
}
END_TEST

START_TEST(test_registry)
{
        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("unit", "add", "3702", "三大队", "--parent", BUS_STATION_UNIT), 0);
        ck_assert_int_eq(RUN("officer", "add", "120999", "韩梅梅", "--unit", "3702"), 0);
        ck_assert_int_eq(RUN("alert", "list", "--open=yes"), 0);
        assert_says(out, "serial/SN-NEW");
        ck_assert_int_eq(RUN("recorder", "register", "3700999", "--docking=1", "--unit=3702"), 0);
        ck_assert_str_eq(out, "recorder 3700999 is registered\n");
        ck_assert_int_eq(RUN("alert", "list", "--open=yes"), 0);
        ck_assert_ptr_null(strstr(out, "serial/SN-NEW"));
        ck_assert_int_eq(RUN("recorder", "assign", "3700999", "120999", "--from=2026-01-01"), 0);
        ck_assert_int_eq(RUN("recorder", "show", "3700999"), 0);
        assert_says(out, "120999");
        assert_says(out, "2026-01-01 00:00:00");
        assert_says(out, "2207");
        ck_assert_int_eq(RUN("recorder", "assign", "3700999", "--end"), 0);
        ck_assert_int_eq(RUN("recorder", "retire", "3700999", "--reason=lost in the river"), 0);
        ck_assert_int_eq(RUN("recorder", "list", "--retired=yes"), 0);
        assert_says(out, "3700999");
        ck_assert_int_eq(RUN("officer", "list"), 0);
        assert_says(out, "韩梅梅");
}
END_TEST

START_TEST(test_alert)
{
        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("alert", "list"), 0);
        assert_says(out, "warning");
        assert_says(out, "serial/SN-NEW");
        ck_assert_int_eq(RUN("alert", "ack", "1", "--note=王强 asks around"), 0);
        ck_assert_str_eq(out, "alert 1 is acknowledged\n");
        ck_assert_int_eq(RUN("alert", "show", "1"), 0);
        assert_says(out, "王强 asks around");
        assert_says(out, "uid=");
        ck_assert_int_eq(RUN("alert", "ack", "1"), 6);
        assert_says(err, "was acknowledged at");
        ck_assert_int_eq(RUN("alert", "clear", "1", "--reason=a visitor's telephone"), 0);
        ck_assert_str_eq(out, "alert 1 is cleared\n");
        ck_assert_int_eq(RUN("alert", "list", "--no-legend"), 0);
        ck_assert_str_eq(out, "");
        ck_assert_int_eq(RUN("alert", "list", "--all"), 0);
        assert_says(out, "serial/SN-NEW");
        ck_assert_int_eq(RUN("alert", "clear", "1", "--reason=x"), 6);
        assert_says(err, "was cleared at");
        ck_assert_int_eq(RUN("alert", "clear", "7", "--reason=x"), 5);
        ck_assert_int_eq(RUN("alert", "show", "7"), 5);
        ck_assert_str_eq(err, "recdockctl: there is no alert '7'\n");
        ck_assert_int_eq(RUN("alert", "list", "--kind=none"), 6);
        assert_says(err, "expected same-day, offload-overdue");
        ck_assert_int_eq(RUN("ledger", "list", "--subject=alert/1"), 0);
        assert_says(out, "alert.acknowledged");
        assert_says(out, "alert.cleared");
}
END_TEST

START_TEST(test_duty)
{
        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("checkout", BUS_STATION_RECORDER, "--officer", BUS_STATION_OFFICER,
                             "--until=+10h"),
                         0);
        ck_assert_str_eq(out,
                         "recorder " BUS_STATION_RECORDER " is out with officer " BUS_STATION_OFFICER "\n");
        ck_assert_int_eq(RUN("duty", "list", "--out=yes"), 0);
        assert_says(out, BUS_STATION_RECORDER);
        assert_says(out, BUS_STATION_OFFICER);
        ck_assert_int_eq(RUN("extend", BUS_STATION_RECORDER, "--until=2099-01-01",
                             "--reason=continuous-duty", "--approver=张"),
                         0);
        assert_says(out, BUS_STATION_RECORDER " is extended until 2099-01-01");
        ck_assert_int_eq(RUN("return", BUS_STATION_RECORDER), 0);
        ck_assert_str_eq(out, "recorder " BUS_STATION_RECORDER " is back\n");
        ck_assert_int_eq(RUN("duty", "list", "--out=yes", "--no-legend"), 0);
        ck_assert_str_eq(out, "");
        ck_assert_int_eq(RUN("duty", "list", "--waiting=yes"), 0);
        assert_says(out, "2099-01-01 00:00:00");
        ck_assert_int_eq(RUN("--json", "extend", "docking/1", "--until=+2d", "--reason=remote-area",
                             "--approver=张"),
                         0);
        assert_says(out, "docking/1");
        ck_assert_int_eq(RUN("ledger", "list", "--act=deadline.extended"), 0);
        assert_says(out, "recorder/" BUS_STATION_RECORDER);
        assert_says(out, "docking/1");
}
END_TEST

/* The two files were recorded an hour ago, at the same time. */
START_TEST(test_continuity)
{
        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("recording", "list"), 0);
        assert_says(out, "RECORDER");
        assert_says(out, "0:01:30");
        ck_assert_int_eq(RUN("recording", "--json", "--officer=" BUS_STATION_OFFICER, "--from=-2h"), 0);
        assert_says(out, "\"segments\":2");
        ck_assert_int_eq(RUN("gap", "list", "--unexplained", "--no-legend"), 0);
        ck_assert_str_eq(out, "");
        ck_assert_int_eq(RUN("gap", "--json", "--min=5min"), 0);
        ck_assert_str_eq(out, "[]\n");
        ck_assert_int_eq(RUN("gap", "reasons", "--json"), 0);
        assert_says(out, "{\"reason\":\"bad-weather\",\"term\":\"恶劣天气\"}");
        ck_assert_int_eq(RUN("gap", "explain", BUS_STATION_RECORDER, "--from=-3h", "--to=-2h",
                             "--reason=equipment-failure", "--reporter=张", "--approver=赵"),
                         0);
        ck_assert_str_eq(out, "explanation 1 is recorded; no gap of recorder " BUS_STATION_RECORDER
                              " is wholly explained by it\n");
        ck_assert_int_eq(RUN("gap", "explain", BUS_STATION_RECORDER, "--from=-3h", "--to=-2h",
                             "--reason=other", "--reporter=张", "--approver=赵", "--text=x", "--json"),
                         0);
        assert_says(out, "{\"id\":2,\"explained\":\"" BUS_STATION_RECORDER "\",\"gaps\":0}");
        ck_assert_int_eq(RUN("explanation", "list", "--reason=equipment-failure"), 0);
        assert_says(out, "equipment-failure");
}
END_TEST

START_TEST(test_coverage)
{
        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("coverage", "--from=-50m", "--to=-30m", "--unit", BUS_STATION_UNIT), 1);
        assert_says(out, "0:20:00");
        ck_assert_int_eq(RUN("coverage", "--from=-50m", "--to=-30m", "--unit", BUS_STATION_UNIT, "--json"),
                         1);
        assert_says(out, "\"recorders\":0,\"unknown\":0,\"recording\":[]}");
        ck_assert_int_eq(RUN("coverage", "--from=-61m", "--to=-30m", "--unit", BUS_STATION_UNIT, "--all"),
                         1);
        assert_says(out, BUS_STATION_RECORDER);
}
END_TEST

START_TEST(test_verify_ends_bad)
{
        _cleanup_free_ char *path = bus_station_footage_path("b.mp4");

        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("verify"), 0);
        assert_says(out, "2 checked, 0 bad\nledger whole");
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(RUN("verify"), 1);
        assert_says(out, "2  missing  ");
        assert_says(out, "2 checked, 1 bad");
        ck_assert_int_eq(RUN("verify", "1"), 0);
        ck_assert_int_eq(RUN("verify", "2", "--json"), 1);
        ck_assert_int_eq(RUN("alert", "list"), 0);
        assert_says(out, "footage/2");
}
END_TEST

/* All that came out of a pseudo terminal. */
static char *run_on_terminal(const char *const *words)
{
        char *text = calloc(1, TERMINAL_ROOM);
        size_t used = 0;
        int master, status;
        ssize_t n;
        pid_t pid;

        (void)fflush(NULL);
        pid = forkpty(&master, NULL, NULL, NULL);
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                program_exec(words);
        while ((n = read(master, text + used, TERMINAL_ROOM - 1 - used)) > 0)
                used += (size_t)n;
        (void)close(master);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return text;
}

START_TEST(test_colours_only_on_terminal)
{
        static const char *const words[] = {"list", NULL};
        _cleanup_free_ char *coloured = NULL, *plain = NULL;

        server = bus_station_start(NULL);
        (void)setenv("TERM", "xterm", 1);
        (void)unsetenv("NO_COLOR");
        coloured = run_on_terminal(words);
        (void)setenv("NO_COLOR", "1", 1);
        plain = run_on_terminal(words);
        assert_says(coloured, "\033[");
        assert_says(plain, "complete");
        ck_assert_ptr_null(strstr(plain, "\033[3"));
}
END_TEST

/* At a terminal the first thousand, and a note; a program gets all. */
START_TEST(test_limits_on_terminal)
{
        static const char *const words[] = {"unit", "list", NULL};
        _cleanup_(json_object_putp) json_object *rows = NULL;
        _cleanup_free_ char *text = NULL;

        bus_station_add_units(1000);
        server = bus_station_start(NULL);
        text = run_on_terminal(words);
        assert_says(text, "more than 1000");
        assert_says(text, "900998");
        ck_assert_ptr_null(strstr(text, "900999"));
        ck_assert_int_eq(RUN("unit", "list", "--json"), 0);
        rows = json_out();
        ck_assert_uint_eq(json_object_array_length(rows), 1001);
}
END_TEST

/* Starts the program and gives what it prints, as it comes. */
static FILE *watch_start(const char *const *words, pid_t *ret_pid)
{
        int pipe_fds[2];
        pid_t pid;

        ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
        (void)fflush(NULL);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void)dup2(pipe_fds[1], STDOUT_FILENO);
                redirect(STDERR_FILENO, "err");
                program_exec(words);
        }
        (void)close(pipe_fds[1]);
        *ret_pid = pid;
        return fdopen(pipe_fds[0], "r");
}

/* It ends when the station does. */
static void watch_end(pid_t pid)
{
        int status;

        ck_assert_int_eq(bus_station_stop(server), 0);
        server = 0;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(WEXITSTATUS(status), 3);
        free(err);
        err = scratch_read("err");
        assert_says(err, "left the bus");
}

/* Programs read one object a line. */
START_TEST(test_watch)
{
        static const char *const words[][3] = {{"watch", "--json", NULL}, {"watch", NULL}};
        _cleanup_fclose_ FILE *lines = NULL;
        char line[4096];
        pid_t pid;

        server = bus_station_start(NULL);
        lines = watch_start(words[_i], &pid);
        /* What stands in the bays comes first: a change after it is one that was seen to come. */
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), lines));
        if (_i == 1)
                ck_assert_ptr_nonnull(fgets(line, sizeof(line), lines)); /* the empty bay */
        ck_assert_int_eq(kill(server, SIGUSR1), 0);
        do
                ck_assert_ptr_nonnull(fgets(line, sizeof(line), lines));
        while (strstr(line, _i == 0 ? "\"bytes\":50" : "12/40") == NULL);
        if (_i == 0)
                json_object_put(json_tokener_parse(line));
        watch_end(pid);
}
END_TEST

static const char *next_text(FILE *lines, const char *key)
{
        static json_object *object;
        static char line[4096];

        if (key && !object) {
                ck_assert_ptr_nonnull(fgets(line, sizeof(line), lines));
                object = json_tokener_parse(line);
                ck_assert_ptr_nonnull(object);
        }
        if (key)
                return json_object_get_string(json_object_object_get(object, key));
        (void)json_object_put(object);
        object = NULL;
        return NULL;
}

/* What is open comes first, then each change. */
START_TEST(test_alert_watch)
{
        static const char *const words[] = {"alert", "watch", "--json", NULL};
        _cleanup_fclose_ FILE *lines = NULL;
        pid_t pid;

        server = bus_station_start(NULL);
        lines = watch_start(words, &pid);
        ck_assert_str_eq(next_text(lines, "id"), "1");
        ck_assert_str_eq(next_text(lines, "state"), "raised");
        ck_assert_str_eq(next_text(lines, "kind"), "unknown-recorder");
        ck_assert_str_eq(next_text(lines, "severity"), "warning");
        ck_assert_ptr_null(next_text(lines, "by"));
        (void)next_text(lines, NULL);
        ck_assert_int_eq(RUN("alert", "ack", "1", "--note=王强"), 0);
        ck_assert_str_eq(next_text(lines, "state"), "acknowledged");
        ck_assert_str_eq(next_text(lines, "note"), "王强");
        assert_says(next_text(lines, "by"), "uid=");
        (void)next_text(lines, NULL);
        ck_assert_int_eq(RUN("alert", "clear", "1", "--reason=gone"), 0);
        ck_assert_str_eq(next_text(lines, "state"), "cleared");
        ck_assert_str_eq(next_text(lines, "subject"), "serial/SN-NEW");
        ck_assert_str_eq(next_text(lines, "count"), "1");
        (void)next_text(lines, NULL);
        watch_end(pid);
}
END_TEST

START_TEST(test_alert_watch_for_people)
{
        static const char *const words[] = {"alert", "watch", NULL};
        _cleanup_fclose_ FILE *lines = NULL;
        char line[4096];
        pid_t pid;

        server = bus_station_start(NULL);
        lines = watch_start(words, &pid);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), lines));
        assert_says(line, "  raised  1  warning  unknown-recorder  serial/SN-NEW  not registered\n");
        ck_assert_int_eq(RUN("alert", "clear", "1", "--reason=gone"), 0);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), lines));
        assert_says(line, "  cleared  1  ");
        assert_says(line, "  gone\n");
        watch_end(pid);
}
END_TEST

/* A Chinese locale of the test's own, for hosts that have none. */
static bool chinese_make(void)
{
        _cleanup_free_ char *path = scratch_path("zh_CN.UTF-8"), *folder = scratch_path(""), *command = NULL;

        ck_assert_int_ge(asprintf(&command, "localedef -c -i zh_CN -f UTF-8 '%s' >/dev/null 2>&1", path), 0);
        (void)setenv("LOCPATH", folder, 1);
        /* glibc's setlocale() does not free what it made of $LOCPATH. */
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
        (void)setenv("LC_ALL", "zh_CN.UTF-8", 1);
        return system(command) == 0 && getenv("RECDOCK_LOCALEDIR");
}

START_TEST(test_speaks_chinese)
{
        server = bus_station_start(NULL);
        if (!chinese_make())
                return;
        ck_assert_msg(RUN("list") == 0, "%s", err);
        assert_says(out, "封装检查");
        assert_says(out, "完整");
        ck_assert_int_eq(RUN("show", "99"), 5);
        assert_says(err, "没有音像记录“99”");
        ck_assert_int_eq(RUN("docking", "show", "1"), 0);
        assert_says(out, "采集回执");
        ck_assert_int_eq(RUN("status"), 0);
        assert_says(out, "采集站 37-01,管理员 王强");
        ck_assert_int_eq(RUN("report", "--month=2026-02"), 0);
        assert_says(out, "音像资料采集情况报表,2026年2月");
        ck_assert_int_eq(RUN("report", "--format=html"), 0);
        assert_says(out, "<html lang=\"zh-CN\">");
        ck_assert_int_eq(RUN("--help"), 0);
        assert_says(out, "用法:");
        ck_assert_int_eq(RUN("lst"), 2);
        assert_says(err, "是不是“list”?");
        ck_assert_int_eq(RUN("recorder", "ready", BUS_STATION_RECORDER), 1);
        assert_says(out, "执法记录仪 3700123 不可领用");
        assert_says(out, "未配发给任何人");
        ck_assert_int_eq(RUN("recorder", "show", BUS_STATION_RECORDER), 0);
        assert_says(out, "时钟日漂移");
        /* JSON has one language. */
        ck_assert_int_eq(RUN("list", "--json"), 0);
        assert_says(out, "\"verdict\":\"complete\"");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("cli");
        TCase *program = tcase_create("recdockctl");

        tcase_add_checked_fixture(program, program_set_up, program_tear_down);
        tcase_set_timeout(program, 60);
        tcase_add_loop_test(program, test_failure, 0, (int)ELEMENTSOF(failures));
        tcase_add_test(program, test_station_not_there);
        tcase_add_test(program, test_not_permitted);
        tcase_add_loop_test(program, test_json, 0, (int)ELEMENTSOF(answers));
        tcase_add_test(program, test_list_passes_rows_through);
        tcase_add_test(program, test_tables);
        tcase_add_test(program, test_registry);
        tcase_add_test(program, test_alert);
        tcase_add_test(program, test_duty);
        tcase_add_test(program, test_continuity);
        tcase_add_test(program, test_coverage);
        tcase_add_test(program, test_verify_ends_bad);
        tcase_add_test(program, test_colours_only_on_terminal);
        tcase_add_test(program, test_limits_on_terminal);
        tcase_add_loop_test(program, test_watch, 0, 2);
        tcase_add_test(program, test_alert_watch);
        tcase_add_test(program, test_alert_watch_for_people);
        tcase_add_test(program, test_speaks_chinese);
        suite_add_tcase(s, program);
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
