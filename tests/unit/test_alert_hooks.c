// SPDX-License-Identifier: LGPL-2.1-or-later
/* The hooks of alerts: which files are hooks, what they get, and what becomes of those that fail or hang.
 * All of it with real files that are really run. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/alert/hook_environment.h"
#include "daemon/alert/hook_list.h"
#include "daemon/alert/hook_run.h"
#include "daemon/alert/serve.h"
#include "scratch.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static void setup(void)
{
        (void)scratch_make();
        log_set_max_priority(LOG_EMERG);
}

static void teardown(void)
{
        scratch_remove();
}

static void hook(const char *name, const char *script)
{
        _cleanup_free_ char *path = scratch_path(name), *text = NULL;

        ck_assert_int_ge(asprintf(&text, "#!/bin/sh\n%s\n", script), 0);
        scratch_write(name, text);
        ck_assert_int_eq(chmod(path, 0755), 0);
}

static char *folders(void)
{
        _cleanup_free_ char *etc = scratch_path("etc"), *lib = scratch_path("lib");
        char *both;

        ck_assert_int_ge(asprintf(&both, "%s:%s", etc, lib), 0);
        return both;
}

static void expect_list(const char *expected)
{
        _cleanup_(hook_list_done) struct hook_list list;
        _cleanup_free_ char *where = folders(), *root = scratch_path("");
        char got[512] = "";

        ck_assert_int_eq(hook_list_read(where, &list), 0);
        for (size_t i = 0; i < list.n; i++) {
                (void)strcat(got, i > 0 ? " " : "");
                (void)strcat(got, list.paths[i] + strlen(root));
        }
        ck_assert_str_eq(got, expected);
}

START_TEST(none)
{
        expect_list("");
}
END_TEST

START_TEST(in_order_of_names)
{
        hook("lib/50-mail", ":");
        hook("etc/60_sms", ":");
        hook("etc/40buzzer", ":");
        hook("lib/A", ":");
        expect_list("etc/40buzzer lib/50-mail etc/60_sms lib/A");
}
END_TEST

/* What an editor or a package manager leaves beside it is none, nor what nobody may run. */
START_TEST(names_of_run_parts)
{
        _cleanup_free_ char *folder = scratch_path("etc/folder");

        hook("etc/good", ":");
        hook("etc/50-mail.dpkg-old", ":");
        hook("etc/50-mail~", ":");
        hook("etc/.hidden", ":");
        hook("etc/with space", ":");
        scratch_write("etc/README", "not executable");
        ck_assert_int_eq(mkdir(folder, 0755), 0);
        expect_list("etc/good");
}
END_TEST

START_TEST(etc_takes_the_place_of_lib)
{
        _cleanup_free_ char *off = scratch_path("etc/off");

        hook("lib/mail", ":");
        hook("lib/off", ":");
        hook("lib/README", ":");
        hook("etc/mail", ":");
        scratch_write("etc/README", "not executable");
        ck_assert_int_eq(symlink("/dev/null", off), 0);
        expect_list("etc/mail");
}
END_TEST

static void message_fill(struct alert_message *m)
{
        *m = (struct alert_message){.id = "17",
                                    .kind = "offload-overdue",
                                    .severity = "error",
                                    .state = "raised",
                                    .subject = "recorder/R1",
                                    .since = "2026-11-01T08:00:00+08:00",
                                    .count = "1",
                                    .by = "",
                                    .note = "",
                                    .station = "S7"};
}

static const char *value_in(char *const *environment, const char *name)
{
        size_t n = strlen(name);
        const char *found = NULL;

        for (size_t i = 0; environment[i]; i++)
                if (strncmp(environment[i], name, n) == 0 && environment[i][n] == '=') {
                        ck_assert_ptr_null(found); /* once */
                        found = environment[i] + n + 1;
                }
        return found;
}

START_TEST(environment_of_a_hook)
{
        struct alert_message m;
        char **environment;

        ck_assert_int_eq(setenv("SMTP_SERVER", "mail.example", 1), 0);
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", "/run/x", 1), 0);
        ck_assert_int_eq(setenv("LISTEN_FDS", "1", 1), 0);
        ck_assert_int_eq(setenv("RECDOCK_ALERT_TEXT", "of somebody else", 1), 0);
        message_fill(&m);
        (void)text_copy(m.text, sizeof(m.text), "王强's; $(reboot) `x` \x1b[2J\n");
        memset(m.note, 'n', sizeof(m.note)); /* without an end */
        environment = hook_environment_new(&m);
        ck_assert_ptr_nonnull(environment);
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_ID"), "17");
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_KIND"), "offload-overdue");
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_SEVERITY"), "error");
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_STATE"), "raised");
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_SUBJECT"), "recorder/R1");
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_SINCE"), "2026-11-01T08:00:00+08:00");
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_COUNT"), "1");
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_TEXT"), "王强's; $(reboot) `x` ?[2J?");
        ck_assert_str_eq(value_in(environment, "RECDOCK_ALERT_BY"), "");
        ck_assert_uint_eq(strlen(value_in(environment, "RECDOCK_ALERT_NOTE")), sizeof(m.note) - 1);
        ck_assert_str_eq(value_in(environment, "RECDOCK_STATION"), "S7");
        ck_assert_str_eq(value_in(environment, "SMTP_SERVER"), "mail.example");
        ck_assert_ptr_null(value_in(environment, "NOTIFY_SOCKET"));
        ck_assert_ptr_null(value_in(environment, "LISTEN_FDS"));
        hook_environment_free(environment);
}
END_TEST

static int run(const char *script, int timeout_ms, int *ret_status)
{
        _cleanup_free_ char *path = scratch_path("etc/hook");
        struct alert_message m;
        char **environment;
        int r;

        hook("etc/hook", script);
        message_fill(&m);
        environment = hook_environment_new(&m);
        r = hook_run(path, environment, timeout_ms, ret_status);
        hook_environment_free(environment);
        return r;
}

START_TEST(outcomes)
{
        _cleanup_free_ char *path = scratch_path("etc/no-program");
        int status = -1;

        ck_assert_int_eq(run("exit 0", 60000, &status), HOOK_GOOD);
        ck_assert_int_eq(run("exit 7", 60000, &status), HOOK_FAILED);
        ck_assert_int_eq(status, 7);
        ck_assert_int_eq(run("kill -SEGV $$", 60000, &status), HOOK_KILLED);
        ck_assert_int_eq(status, SIGSEGV);
        ck_assert_int_eq(run("[ $# = 0 ] && ! read line", 60000, &status), HOOK_GOOD);
        scratch_write("etc/no-program", "neither script nor program");
        ck_assert_int_eq(chmod(path, 0755), 0);
        ck_assert_int_eq(hook_run(path, environ, 60000, &status), -ENOEXEC);
        ck_assert_int_eq(hook_run("/nowhere", environ, 60000, &status), -ENOENT);
}
END_TEST

/* Our own mask and handling of signals are none of its. */
START_TEST(signals_are_as_usual)
{
        sigset_t mask;
        int status;

        (void)sigfillset(&mask);
        (void)sigprocmask(SIG_BLOCK, &mask, NULL);
        (void)signal(SIGTERM, SIG_IGN);
        ck_assert_int_eq(run("kill $$; exit 0", 60000, &status), HOOK_KILLED);
        ck_assert_int_eq(status, SIGTERM);
}
END_TEST

static bool process_is_there(const char *name)
{
        _cleanup_free_ char *text = scratch_read(name);

        ck_assert_ptr_nonnull(text);
        return kill((pid_t)atoi(text), 0) == 0;
}

/* It is asked to end before it is killed, and what it has started goes with it, though that does not listen.
 * The parent of that is then this process, which alone can tell when it is gone. */
START_TEST(hangs)
{
        _cleanup_free_ char *said = NULL, *path = scratch_path("child"), *script = NULL;
        int status;

        ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        ck_assert_int_ge(asprintf(&script,
                                  "trap 'echo bye >%1$s.bye; exit 0' TERM\n"
                                  "(trap '' TERM; exec sleep 1000) & echo $! >%1$s; wait",
                                  path),
                         0);
        ck_assert_int_eq(run(script, 2000, &status), HOOK_TIMEOUT);
        said = scratch_read("child.bye");
        ck_assert_str_eq(said, "bye\n");
        ck_assert_int_gt(waitpid(-1, &status, 0), 0);
        ck_assert(!process_is_there("child"));
}
END_TEST

/* One that is done has nothing left either. */
START_TEST(leaves_nothing_behind)
{
        _cleanup_free_ char *path = scratch_path("child"), *script = NULL;
        int status;

        ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        ck_assert_int_ge(asprintf(&script, "sleep 1000 & echo $! >%s", path), 0);
        ck_assert_int_eq(run(script, 60000, &status), HOOK_GOOD);
        ck_assert_int_gt(waitpid(-1, &status, 0), 0);
        ck_assert(!process_is_there("child"));
}
END_TEST

START_TEST(hangs_and_ignores_it)
{
        int status;

        ck_assert_int_eq(run("trap '' TERM; while :; do sleep 1000; done", 300, &status), HOOK_TIMEOUT);
}
END_TEST

/* ---- the service ---- */

static int listener;

static void passes_socket(void)
{
        _cleanup_free_ char *path = scratch_path("socket");
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        ck_assert(text_copy(address.sun_path, sizeof(address.sun_path), path));
        listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(listener, 100), 0);
}

static void tell(uint32_t type, const void *payload, size_t size)
{
        _cleanup_free_ char *path = scratch_path("socket");
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        ck_assert(text_copy(address.sun_path, sizeof(address.sun_path), path));
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        if (payload)
                ck_assert_int_eq(message_send(fd, type, payload, size, -EBADF, -1), 0);
}

/* All that was told before it was started, in order; a hook that fails or hangs costs the others nothing. */
START_TEST(serves_in_order)
{
        _cleanup_free_ char *where = folders(), *out = scratch_path("out"), *script = NULL, *text = NULL;
        const struct alert_service service = {.folders = where, .hook_ms = 1500, .idle_ms = 50};
        struct alert_message m;

        passes_socket();
        ck_assert_int_ge(asprintf(&script, "echo \"$RECDOCK_ALERT_ID $RECDOCK_ALERT_STATE\" >>%s", out), 0);
        hook("lib/90-write", script);
        hook("etc/10-fails", "exit 1");
        hook("etc/20-hangs", "[ $RECDOCK_ALERT_ID = 2 ] && sleep 1000");
        message_fill(&m);
        for (int i = 1; i <= 3; i++) {
                (void)snprintf(m.id, sizeof(m.id), "%d", i);
                tell(ALERT_TOLD, &m, sizeof(m));
                tell(ALERT_TOLD, &m, sizeof(m) - 1);
                tell(ALERT_TOLD + 1, &m, sizeof(m));
                tell(0, NULL, 0);
        }
        ck_assert_int_eq(alert_serve(&service, listener), 0);
        text = scratch_read("out");
        ck_assert_str_eq(text, "1 raised\n2 raised\n3 raised\n");
        (void)close(listener);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("alert hooks");
        TCase *t = tcase_create("alert hooks");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, none);
        tcase_add_test(t, in_order_of_names);
        tcase_add_test(t, names_of_run_parts);
        tcase_add_test(t, etc_takes_the_place_of_lib);
        tcase_add_test(t, environment_of_a_hook);
        tcase_add_test(t, outcomes);
        tcase_add_test(t, signals_are_as_usual);
        tcase_add_test(t, hangs);
        tcase_add_test(t, leaves_nothing_behind);
        tcase_add_test(t, hangs_and_ignores_it);
        tcase_add_test(t, serves_in_order);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
