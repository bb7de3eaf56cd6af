// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Spawning and supervising a worker; see worker.h. The socket has a priority above SIGCHLD, and what is left
 * in it is drained before an exit is reported, so that a worker's last words are never lost.
 */
#include "daemon/worker.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/station.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { WORKER_FD = 3, WORKER_PEER_FD = 4, BURST_MAX = 256 };

struct worker {
        pid_t pid;
        int socket;
        bool exited, refused;
        sd_event_source *io, *child;
        struct worker_events events;
};

DEFINE_CLEANUP(struct worker *, worker_free);

/* Between fork and exec: only async-signal-safe calls. */
static void descriptor_place(int fd, int place)
{
        if (dup2(fd, place) < 0)
                _exit(126);
}

static _Noreturn void worker_exec(int socket, int peer, char *const argv[], pid_t parent)
{
        bool has_peer = peer >= 0;
        sigset_t none;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(126);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        /* Out of the way first: one may be in the other's place. */
        socket = fcntl(socket, F_DUPFD, WORKER_PEER_FD + 1);
        if (has_peer)
                peer = fcntl(peer, F_DUPFD, WORKER_PEER_FD + 1);
        descriptor_place(socket, WORKER_FD);
        if (has_peer)
                descriptor_place(peer, WORKER_PEER_FD);
        (void)close_range(has_peer ? WORKER_PEER_FD + 1 : WORKER_PEER_FD, ~0U, 0);
        (void)execv(argv[0], argv);
        _exit(127);
}

static int worker_fork(char *const argv[], int peer, pid_t *ret_pid, int *ret_socket)
{
        int fds[2], r = message_socketpair(fds);
        pid_t parent = getpid(), pid;

        if (r < 0)
                return r;
        pid = fork();
        if (pid < 0)
                r = -errno;
        else if (pid == 0)
                worker_exec(fds[1], peer, argv, parent);
        (void)fd_close(fds[1]);
        if (r < 0) {
                (void)fd_close(fds[0]);
                return r;
        }
        *ret_pid = pid;
        *ret_socket = fds[0];
        return 0;
}

/* Delivers what is there, up to a burst. Returns true when the peer has closed. */
static bool worker_drain(struct worker *w)
{
        bool closed = false;

        w->events.on_burst(w->events.userdata, true);
        for (int i = 0; i < BURST_MAX; i++) {
                struct message m = {.fd = -EBADF};
                int r = message_receive(w->socket, &m, 0);

                if (r == MESSAGE_NONE)
                        break;
                if (r == MESSAGE_CLOSED) {
                        closed = true;
                        break;
                }
                if (r < 0) {
                        log_warning("worker %d sent something malformed: %s, killing it", (int)w->pid,
                                    log_errno_text(r));
                        worker_refuse(w);
                        closed = true;
                        break;
                }
                if (!w->refused)
                        w->events.on_message(w->events.userdata, &m);
                message_done(&m);
        }
        w->events.on_burst(w->events.userdata, false);
        return closed;
}

static int worker_on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct worker *w = userdata;

        if (worker_drain(w))
                (void)sd_event_source_set_enabled(w->io, SD_EVENT_OFF);
        return 0;
}

static int worker_on_child(sd_event_source *source, const siginfo_t *si, void *userdata)
{
        struct worker *w = userdata;
        bool clean = si->si_code == CLD_EXITED && si->si_status == 0;
        char status[64];

        w->exited = true;
        while (!worker_drain(w)) {
                char peek;

                /* A burst was full; is there more? A closed socket ends the loop in the next drain. */
                if (recv(w->socket, &peek, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
                        break;
        }
        (void)sd_event_source_set_enabled(w->io, SD_EVENT_OFF);
        if (si->si_code == CLD_EXITED)
                (void)snprintf(status, sizeof(status), "exit status %d", si->si_status);
        else
                (void)snprintf(status, sizeof(status), "signal %s", strsignal(si->si_status));
        w->events.on_exit(w->events.userdata, clean, status);
        return 0;
}

static int worker_attach(struct worker *w, sd_event *event)
{
        int r = sd_event_add_io(event, &w->io, w->socket, EPOLLIN, worker_on_io, w);

        if (r >= 0)
                r = sd_event_source_set_priority(w->io, PRIORITY_WORKER);
        if (r >= 0)
                r = sd_event_add_child(event, &w->child, w->pid, WEXITED, worker_on_child, w);
        if (r >= 0)
                r = sd_event_source_set_priority(w->child, PRIORITY_CHILD);
        return r;
}

int worker_start(struct worker **ret, sd_event *event, char *const argv[], int peer,
                 const struct worker_events *events)
{
        _cleanup_(worker_freep) struct worker *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->socket = -EBADF;
        w->events = *events;
        if (access(argv[0], X_OK) < 0)
                return -errno;
        r = worker_fork(argv, peer, &w->pid, &w->socket);
        if (r < 0)
                return r;
        r = worker_attach(w, event);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

void worker_free(struct worker *w)
{
        if (!w)
                return;
        sd_event_source_disable_unref(w->io);
        sd_event_source_disable_unref(w->child);
        if (w->pid > 0 && !w->exited) {
                (void)kill(w->pid, SIGKILL);
                (void)waitpid(w->pid, NULL, 0); /* SIGKILL: does not block for long */
        }
        (void)fd_close(w->socket);
        free(w);
}

pid_t worker_pid(const struct worker *w)
{
        return w->pid;
}

int worker_send(struct worker *w, uint32_t type, const void *payload, size_t size, int fd)
{
        return message_send(w->socket, type, payload, size, fd, 0);
}

void worker_signal(struct worker *w, int signal)
{
        if (w->pid > 0 && !w->exited)
                (void)kill(w->pid, signal);
}

void worker_refuse(struct worker *w)
{
        w->refused = true;
        worker_signal(w, SIGKILL);
}

char *worker_program(const char *name, char *buf, size_t size)
{
        const char *dir = getenv("RECDOCK_LIBEXECDIR");

        (void)snprintf(buf, size, "%s/%s", dir ? dir : RECDOCK_LIBEXECDIR, name);
        return buf;
}
