// SPDX-License-Identifier: LGPL-2.1-or-later
/* See peer.h. */
#include "daemon/disk/peer.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

int peer_check(int socket)
{
        struct ucred peer;
        socklen_t size = sizeof(peer);
        const struct passwd *user;

        if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        if (peer.uid == 0)
                return 0;
        user = getpwnam("recdock");
        return user && user->pw_uid == peer.uid ? 0 : -EPERM;
}

int peer_signals(void)
{
        sigset_t term;
        int fd;

        (void)sigemptyset(&term);
        (void)sigaddset(&term, SIGTERM);
        (void)sigaddset(&term, SIGINT);
        if (sigprocmask(SIG_BLOCK, &term, NULL) < 0)
                return -errno;
        fd = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? -errno : fd;
}

/* Rounded up; -1: for ever. */
static int time_left_ms(int64_t until)
{
        int64_t left = MAX(until - clock_monotonic(), INT64_C(0));

        return until < 0 ? -1 : (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

int peer_wait(const struct peer *p, bool message, int timeout_ms)
{
        int64_t until = timeout_ms < 0 ? -1 : clock_monotonic() + timeout_ms * USEC_PER_MSEC;
        struct pollfd fds[2] = {{.fd = p->socket, .events = message ? POLLIN | POLLRDHUP : POLLRDHUP},
                                {.fd = p->signals, .events = POLLIN}};

        for (;;) {
                int n = poll(fds, ELEMENTSOF(fds), time_left_ms(until));

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n < 0)
                        continue;
                if (fds[1].revents)
                        return -ECANCELED;
                if (message && fds[0].revents & POLLIN)
                        return 0; /* also the end of all messages, which the receiver sees */
                if (fds[0].revents)
                        return -EPIPE;
                return message ? -ETIME : 0;
        }
}

int peer_message(const struct peer *p, struct message *ret, int timeout_ms)
{
        int r = peer_wait(p, true, timeout_ms);

        ret->fd = -EBADF;
        if (r < 0)
                return r;
        r = message_receive(p->socket, ret, 0);
        if (r == MESSAGE_CLOSED)
                return -EPIPE;
        return r == MESSAGE_NONE ? -ETIME : r;
}
