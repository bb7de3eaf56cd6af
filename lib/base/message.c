// SPDX-License-Identifier: LGPL-2.1-or-later
/* Packets with at most one descriptor over SOCK_SEQPACKET; see message.h. */
#include "base/message.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct packet_header {
        uint32_t type;
        uint32_t size;
};

int message_socketpair(int ret_fds[2])
{
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        ret_fds[0] = fds[0];
        ret_fds[1] = fds[1];
        return 0;
}

int message_parent_check(int fd, const char *program)
{
        struct ucred peer;
        int type;
        socklen_t size = sizeof(peer), type_size = sizeof(type);

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) < 0 || type != SOCK_SEQPACKET ||
            getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
                log_error("descriptor %d is not recdockd's socket: %s is started by recdockd(8), not by "
                          "hand",
                          fd, program);
                return -EINVAL;
        }
        if (peer.pid != getppid()) {
                log_error("recdockd (pid %d) is gone, leaving", (int)peer.pid);
                return -ESRCH;
        }
        return 0;
}

int message_connect(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        if (!text_copy(address.sun_path, sizeof(address.sun_path), path))
                return -ENAMETOOLONG;
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* The instant of CLOCK_MONOTONIC at which a wait ends; -1 never. */
static int64_t wait_until(int timeout_ms)
{
        return timeout_ms < 0 ? -1 : clock_monotonic() + timeout_ms * USEC_PER_MSEC;
}

/* Waits for 'events'. Returns 1 when they came or a signal did (ask again), 0 on timeout. Signals do not
 * lengthen it. */
static int socket_wait(int socket, short events, int64_t until)
{
        struct pollfd p = {.fd = socket, .events = events};
        int64_t left = until < 0 ? -1 : until - clock_monotonic();
        int r = poll(&p, 1,
                     until < 0   ? -1
                     : left <= 0 ? 0
                                 : (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC));

        if (r < 0)
                return errno != EINTR ? -errno : until < 0 || clock_monotonic() < until;
        return r;
}

int message_send(int socket, uint32_t type, const void *payload, size_t size, int fd, int timeout_ms)
{
        struct packet_header header = {type, (uint32_t)size};
        struct iovec iov[2] = {{&header, sizeof(header)}, {(void *)payload, size}};
        union {
                struct cmsghdr align;
                char buf[CMSG_SPACE(sizeof(int))];
        } control = {0};
        struct msghdr mh = {.msg_iov = iov, .msg_iovlen = 2};
        int64_t until = wait_until(timeout_ms);

        if (size > MESSAGE_PAYLOAD_MAX)
                return -EMSGSIZE;
        if (fd >= 0) {
                struct cmsghdr *c;

                mh.msg_control = control.buf;
                mh.msg_controllen = sizeof(control.buf);
                c = CMSG_FIRSTHDR(&mh);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(c), &fd, sizeof(int));
        }
        for (;;) {
                int r;

                if (sendmsg(socket, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
                        return 0;
                if (errno == EINTR)
                        continue;
                if (errno == ECONNRESET)
                        return -EPIPE;
                if (errno != EAGAIN)
                        return -errno;
                r = socket_wait(socket, POLLOUT, until);
                if (r <= 0)
                        return r < 0 ? r : -EAGAIN;
        }
}

/* Takes the descriptor out of the control data; closes any beyond the first. */
static int take_descriptor(struct msghdr *mh)
{
        int fd = -EBADF;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
                size_t n;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < n; i++) {
                        int received;

                        memcpy(&received, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                        if (fd < 0)
                                fd = received;
                        else
                                (void)close(received);
                }
        }
        return fd;
}

/* One recvmsg(). Returns its byte count, or a negative errno. */
static ssize_t packet_receive(int socket, struct packet_header *header, struct message *m, int *ret_fd,
                              int *ret_flags)
{
        struct iovec iov[2] = {{header, sizeof(*header)}, {m->payload, sizeof(m->payload)}};
        union {
                struct cmsghdr align;
                char buf[CMSG_SPACE(4 * sizeof(int))];
        } control = {0};
        struct msghdr mh = {
                        .msg_iov = iov,
                        .msg_iovlen = 2,
                        .msg_control = control.buf,
                        .msg_controllen = sizeof(control.buf),
        };
        ssize_t n = recvmsg(socket, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

        if (n < 0)
                return -errno;
        *ret_fd = take_descriptor(&mh);
        *ret_flags = mh.msg_flags;
        return n;
}

int message_receive(int socket, struct message *ret, int timeout_ms)
{
        struct packet_header header = {0};
        _cleanup_close_ int fd = -EBADF;
        int64_t until = wait_until(timeout_ms);
        int flags = 0;
        ssize_t n;

        ret->fd = -EBADF; /* so that message_done() is right whatever comes */
        for (;;) {
                int r;

                n = packet_receive(socket, &header, ret, &fd, &flags);
                if (n >= 0)
                        break;
                if (n == -EINTR)
                        continue;
                if (n == -ECONNRESET)
                        return MESSAGE_CLOSED;
                if (n != -EAGAIN)
                        return (int)n;
                r = socket_wait(socket, POLLIN, until);
                if (r < 0)
                        return r;
                if (r == 0)
                        return MESSAGE_NONE;
        }
        if (n == 0)
                return MESSAGE_CLOSED;
        if ((size_t)n < sizeof(header) || (flags & (MSG_TRUNC | MSG_CTRUNC)) ||
            header.size != (size_t)n - sizeof(header))
                return -EBADMSG;
        ret->type = header.type;
        ret->size = header.size;
        ret->fd = TAKE_FD(fd);
        return MESSAGE_RECEIVED;
}

void message_done(struct message *m)
{
        m->fd = fd_close(m->fd);
}

const void *message_payload(const struct message *m, size_t size)
{
        return m->size == size ? m->payload : NULL;
}
