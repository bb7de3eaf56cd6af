// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recsim-station: a test bed with simulated recorders around a command.
 *
 * Three processes. The outer one makes the run folder, starts the second under the preload libraries and
 * does nothing but pass signals on and remove the folder at the end, whatever happened. The second holds the
 * test bed, the message bus and the control socket; it collects every orphan below it, so that no client of
 * a device outlives it. The third is the command.
 */

#include "recsim_control.h"
#include "recsim_environment.h"

#include "base/cleanup.h"

#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define CLIENTS_MAX   16
#define LINE_MAX_SIZE 8192
#define GRACE_TICKS   30 /* of 100 ms, for what is left of the command's processes */

struct options {
        const char *control;
        bool bus;
        bool send;
        char **plugs;
        int n_plugs;
        char **command;
};

struct connection {
        int fd;
        char line[LINE_MAX_SIZE];
        size_t used;
};

struct station {
        struct recsim_testbed *testbed;
        char control[PATH_MAX];
        int listener;
        int signals;
        struct connection connections[CLIENTS_MAX];
        pid_t command;
        pid_t bus;
        int status; /* of the command, as an exit status; -1 while it runs */
        bool quit;
};

static void usage(FILE *f)
{
        (void)fputs("recsim-station [--control PATH] [--bus] [--plug \"NAME key=value …\"]… [-- COMMAND …]\n"
                    "recsim-station --send PATH LINE…\n\n"
                    "Runs COMMAND in a test bed with simulated recorders; without a command it serves its\n"
                    "control socket until \"quit\". RECSIM_CONTROL in the command's environment is the "
                    "socket.\n",
                    f);
}

static int options_parse(struct options *o, int argc, char **argv)
{
        static const struct option longs[] = {
                        {"control", required_argument, NULL, 'c'}, {"bus", no_argument, NULL, 'b'},
                        {"plug", required_argument, NULL, 'p'},    {"send", required_argument, NULL, 's'},
                        {"help", no_argument, NULL, 'h'},          {0},
        };
        int c;

        o->plugs = calloc((size_t)argc, sizeof(char *));
        if (!o->plugs)
                return -ENOMEM;
        while ((c = getopt_long(argc, argv, "+", longs, NULL)) >= 0) {
                if (c == 'h') {
                        usage(stdout);
                        exit(EXIT_SUCCESS);
                }
                if (c == 'b')
                        o->bus = true;
                else if (c == 'p')
                        o->plugs[o->n_plugs++] = optarg;
                else if (c == 'c' || c == 's')
                        o->control = optarg;
                else
                        return -EINVAL;
                o->send |= c == 's';
        }
        o->command = argv[optind] ? argv + optind : NULL;
        return 0;
}

/* Orphans come to us (PR_SET_CHILD_SUBREAPER), so our children are all that is left of the command. */
static bool children_signal(int number, pid_t spared)
{
        _cleanup_fclose_ FILE *f = fopen("/proc/thread-self/children", "re");
        bool any = false;
        int pid;

        while (f && fscanf(f, "%d", &pid) == 1) {
                if (pid == spared)
                        continue;
                any = true;
                if (number != 0)
                        (void)kill(pid, number);
        }
        return any;
}

/* --- the outer process ------------------------------------------------------------------------------------
 */

static pid_t inner_pid;

static void outer_on_signal(int number)
{
        if (inner_pid > 0)
                (void)kill(inner_pid, number);
}

static int exit_status(int status)
{
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void inner_exec(const char *run_dir, char **argv)
{
        const char *tmp = getenv("TMPDIR");

        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        /* umockdev makes its root in TMPDIR; the command gets its own back. */
        if ((tmp && setenv("RECSIM_TMPDIR", tmp, 1) < 0) || setenv("TMPDIR", run_dir, 1) < 0 ||
            setenv("RECSIM_RUN_DIR", run_dir, 1) < 0 || recsim_environment_set() < 0) {
                (void)fputs("recsim-station: preload library not found, expected " RECSIM_PRELOAD_PATH
                            " or RECSIM_PRELOAD\n",
                            stderr);
                _exit(EXIT_FAILURE);
        }
        (void)execv("/proc/self/exe", argv);
        (void)fprintf(stderr, "recsim-station: %s\n", strerror(errno));
        _exit(EXIT_FAILURE);
}

static int outer_run(char **argv)
{
        static const int passed[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
        char run_dir[] = "/tmp/recsim.XXXXXX";
        struct sigaction action = {.sa_handler = outer_on_signal};
        int status = 0;

        if (!mkdtemp(run_dir) || chmod(run_dir, 0755) < 0) {
                (void)fprintf(stderr, "recsim-station: %s: %s\n", run_dir, strerror(errno));
                return EXIT_FAILURE;
        }
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
        inner_pid = fork();
        if (inner_pid == 0)
                inner_exec(run_dir, argv);
        for (size_t i = 0; i < ELEMENTSOF(passed); i++)
                (void)sigaction(passed[i], &action, NULL);
        while (inner_pid > 0 && waitpid(inner_pid, &status, 0) < 0 && errno == EINTR)
                ;
        /* There are some only if the test bed was killed: their devices no longer answer. */
        while (children_signal(SIGKILL, 0))
                (void)waitpid(-1, NULL, 0);
        recsim_remove_tree(run_dir);
        return inner_pid < 0 ? EXIT_FAILURE : exit_status(status);
}

/* --- the test bed -----------------------------------------------------------------------------------------
 */

static int listener_open(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path));
        (void)unlink(path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0) {
                int r = -errno;

                (void)close(fd);
                return r;
        }
        return fd;
}

static int signals_open(sigset_t *ret_old)
{
        sigset_t set;
        int fd;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGCHLD);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigaddset(&set, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &set, ret_old) < 0)
                return -errno;
        fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? -errno : fd;
}

static void command_exec(const struct station *s, char **command, const sigset_t *mask)
{
        const char *tmp = getenv("RECSIM_TMPDIR");

        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)sigprocmask(SIG_SETMASK, mask, NULL);
        if (tmp)
                (void)setenv("TMPDIR", tmp, 1);
        else
                (void)unsetenv("TMPDIR");
        (void)setenv("RECSIM_CONTROL", s->control, 1);
        /* A station inside the command is one of its own. */
        (void)unsetenv("RECSIM_UNDER_PRELOAD");
        (void)execvp(command[0], command);
        (void)fprintf(stderr, "recsim-station: %s: %s\n", command[0], strerror(errno));
        _exit(127);
}

static int station_bus(struct station *s, const char *run_dir)
{
        char address[256];
        int r = recsim_bus_start(run_dir, &s->bus, address, sizeof(address));

        if (r < 0)
                return r;
        return setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1) < 0 ? -errno : 0;
}

static int station_plug(struct station *s, const struct options *o)
{
        for (int i = 0; i < o->n_plugs; i++) {
                _cleanup_free_ char *line = NULL;
                _cleanup_free_ char *reply = NULL;
                bool quit = false;

                if (asprintf(&line, "plug %s", o->plugs[i]) < 0)
                        return -ENOMEM;
                reply = recsim_control_answer(s->testbed, line, &quit);
                if (strncmp(reply, "ok", 2) != 0) {
                        (void)fprintf(stderr, "recsim-station: --plug: %s\n", reply);
                        return -EINVAL;
                }
        }
        return 0;
}

static int station_open(struct station *s, const struct options *o, const char *run_dir, sigset_t *ret_mask)
{
        int r;

        for (size_t i = 0; i < CLIENTS_MAX; i++)
                s->connections[i].fd = -EBADF;
        if (o->control)
                (void)snprintf(s->control, sizeof(s->control), "%s", o->control);
        else
                (void)snprintf(s->control, sizeof(s->control), "%s/control", run_dir);
        s->signals = signals_open(ret_mask);
        if (s->signals < 0)
                return s->signals;
        r = recsim_testbed_new(&s->testbed);
        if (r < 0)
                return r;
        if (o->bus) {
                r = station_bus(s, run_dir);
                if (r < 0) {
                        (void)fputs("recsim-station: dbus-daemon did not start\n", stderr);
                        return r;
                }
        }
        r = station_plug(s, o);
        if (r < 0)
                return r;
        s->listener = listener_open(s->control);
        if (s->listener < 0)
                (void)fprintf(stderr, "recsim-station: %s: %s\n", s->control, strerror(-s->listener));
        return MIN(s->listener, 0);
}

static void connection_accept(struct station *s)
{
        int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);

        for (size_t i = 0; fd >= 0 && i < CLIENTS_MAX; i++) {
                if (s->connections[i].fd < 0) {
                        s->connections[i].fd = fd;
                        s->connections[i].used = 0;
                        return;
                }
        }
        (void)fd_close(fd);
}

static void connection_answer(struct station *s, struct connection *c, const char *line)
{
        _cleanup_free_ char *reply = recsim_control_answer(s->testbed, line, &s->quit);

        if (dprintf(c->fd, "%s\n", reply) < 0)
                c->fd = fd_close(c->fd);
}

static void connection_read(struct station *s, struct connection *c)
{
        ssize_t n = read(c->fd, c->line + c->used, sizeof(c->line) - 1 - c->used);
        char *end;

        if (n <= 0) {
                c->fd = fd_close(c->fd);
                return;
        }
        c->used += (size_t)n;
        c->line[c->used] = '\0';
        while (c->fd >= 0 && (end = memchr(c->line, '\n', c->used))) {
                *end++ = '\0';
                connection_answer(s, c, c->line);
                c->used -= (size_t)(end - c->line);
                memmove(c->line, end, c->used);
        }
        if (c->used == sizeof(c->line) - 1)
                c->fd = fd_close(c->fd);
}

static void station_reap(struct station *s)
{
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                if (pid == s->command) {
                        s->status = exit_status(status);
                        s->quit = true;
                }
                if (pid == s->bus)
                        s->bus = 0;
        }
}

static void station_on_signal(struct station *s)
{
        struct signalfd_siginfo info;

        while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
                if (info.ssi_signo == SIGCHLD) {
                        station_reap(s);
                } else {
                        s->status = 128 + (int)info.ssi_signo;
                        s->quit = true;
                }
        }
}

static void station_run(struct station *s)
{
        while (!s->quit) {
                struct pollfd p[3 + CLIENTS_MAX] = {
                                {.fd = s->signals, .events = POLLIN},
                                {.fd = s->listener, .events = POLLIN},
                                {.fd = recsim_testbed_fd(s->testbed), .events = POLLIN},
                };

                for (size_t i = 0; i < CLIENTS_MAX; i++)
                        p[3 + i] = (struct pollfd){.fd = s->connections[i].fd, .events = POLLIN};
                if (poll(p, ELEMENTSOF(p), -1) < 0 && errno != EINTR)
                        return;
                if (p[2].revents)
                        recsim_testbed_sweep(s->testbed);
                if (p[1].revents)
                        connection_accept(s);
                for (size_t i = 0; i < CLIENTS_MAX; i++) {
                        if (p[3 + i].revents && p[3 + i].fd >= 0)
                                connection_read(s, &s->connections[i]);
                }
                if (p[0].revents)
                        station_on_signal(s);
        }
}

/* --- the end ----------------------------------------------------------------------------------------------
 */

static void children_end(struct station *s)
{
        for (int i = 0; i < 2 * GRACE_TICKS && children_signal(0, s->bus); i++) {
                int number = i == 0 ? SIGTERM : i >= GRACE_TICKS ? SIGKILL : 0;

                (void)children_signal(number, s->bus);
                (void)poll(&(struct pollfd){.fd = s->signals, .events = POLLIN}, 1, 100);
                station_on_signal(s);
        }
        if (s->bus > 0)
                (void)kill(s->bus, SIGTERM);
}

static void station_close(struct station *s)
{
        children_end(s);
        for (size_t i = 0; i < CLIENTS_MAX; i++)
                s->connections[i].fd = fd_close(s->connections[i].fd);
        if (s->listener >= 0) {
                (void)close(s->listener);
                (void)unlink(s->control);
        }
        recsim_testbed_free(s->testbed);
}

static int inner_run(const struct options *o)
{
        const char *run_dir = getenv("RECSIM_RUN_DIR");
        struct station s = {.listener = -EBADF, .signals = -EBADF, .status = -1};
        sigset_t mask;
        int r;

        if (!run_dir)
                return EXIT_FAILURE;
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
        (void)signal(SIGPIPE, SIG_IGN);
        r = station_open(&s, o, run_dir, &mask);
        if (r == 0 && o->command) {
                s.command = fork();
                if (s.command == 0)
                        command_exec(&s, o->command, &mask);
        } else if (r == 0) {
                (void)printf("%s\n", s.control);
                (void)fflush(stdout);
        }
        if (r == 0)
                station_run(&s);
        station_close(&s);
        if (r < 0)
                return EXIT_FAILURE;
        return s.status < 0 ? EXIT_SUCCESS : s.status;
}

int main(int argc, char **argv)
{
        struct options o = {0};
        int r = options_parse(&o, argc, argv);

        if (r < 0) {
                usage(stderr);
                r = 2;
        } else if (o.send)
                r = recsim_control_send(o.control, o.command, argc - optind);
        else
                r = recsim_environment_is_set() ? inner_run(&o) : outer_run(argv);
        free(o.plugs);
        return r;
}
