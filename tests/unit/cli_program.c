// SPDX-License-Identifier: LGPL-2.1-or-later
/* Running recdockctl; see cli_program.h. */
#include "cli_program.h"
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

char *out, *err;
pid_t server;

void program_set_up(void)
{
        (void)scratch_make();
        (void)setenv("TZ", "UTC", 1);
        (void)unsetenv("LANGUAGE");
        (void)setenv("LC_ALL", "C", 1);
        bus_daemon_start();
        bus_station_furnish();
        (void)bus_station_file("视频一.mp4", "first bytes");
        (void)bus_station_file("b.mp4", "other bytes");
}

void program_tear_down(void)
{
        free(out);
        free(err);
        out = err = NULL;
        if (server > 0)
                ck_assert_int_eq(bus_station_stop(server), 0);
        bus_daemon_stop();
        scratch_remove();
}

void redirect(int fd, const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);
        int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        if (to < 0 || dup2(to, fd) < 0)
                _exit(126);
        (void)close(to);
}

void program_exec(const char *const *words)
{
        char *argv[WORDS_MAX + 2];
        const char *program;
        int n = 1;

        argv[0] = (char *)"recdockctl";
        for (; words[n - 1]; n++)
                argv[n] = (char *)words[n - 1];
        argv[n] = NULL;
        program = getenv("RECDOCKCTL");
        if (program)
                (void)execv(program, argv);
        _exit(127);
}

/* Runs it; 'out' and 'err' are what it printed. */
int run(const char *const *words)
{
        int status;
        pid_t pid;

        free(out);
        free(err);
        (void)fflush(NULL);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                redirect(STDOUT_FILENO, "out");
                redirect(STDERR_FILENO, "err");
                program_exec(words);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        out = scratch_read("out");
        err = scratch_read("err");
        ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
        return WEXITSTATUS(status);
}
