/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages between recdockd and its workers: one packet of a SOCK_SEQPACKET socket is one message, a type
 * and a structure of fixed size, with at most one descriptor beside it. The receiver takes nothing on trust:
 * a packet whose size is not that of its type is refused, and text fields are terminated before anybody
 * reads them.
 */

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_PAYLOAD_MAX 4096

struct message {
        uint32_t type;
        uint32_t size; /* of payload */
        int fd;        /* -EBADF when none; the receiver owns it */
        union {
                uint8_t payload[MESSAGE_PAYLOAD_MAX];
                uint64_t align;
        };
};

enum message_outcome {
        MESSAGE_RECEIVED = 0,
        MESSAGE_CLOSED = 1, /* the peer is gone */
        MESSAGE_NONE = 2,   /* nothing there now (non-blocking socket) */
};

/* A connected, close-on-exec pair. */
int message_socketpair(int ret_fds[2]);

/*
 * Of a worker's first descriptor: recdockd's end must be alive, and recdockd our parent. SIGKILL at the
 * parent's death is lost when the parent dies before it is asked for, and a worker that nobody watches would
 * hold its recorder or medium for ever. -EINVAL: it is no such socket; -ESRCH: recdockd is gone; each after
 * a word about it, in which 'program' stands.
 */
int message_parent_check(int fd, const char *program);

/* Connects to who listens at 'path', without waiting: a non-blocking, close-on-exec socket. -ENOENT or
 * -ECONNREFUSED when nobody does, -EAGAIN when too many wait for it already, or another negative errno. */
int message_connect(const char *path);

/*
 * Sends one message; 'fd' (not consumed) goes with it when it is not negative. Waits up to timeout_ms for
 * room on a full socket, -1 for ever, 0 not at all. Returns 0, -EAGAIN when there was no room in time,
 * -EPIPE when the peer is gone, -EMSGSIZE.
 */
int message_send(int socket, uint32_t type, const void *payload, size_t size, int fd, int timeout_ms);

/*
 * Receives one message into *ret, whose fd is set to -EBADF or a new close-on-exec descriptor. Waits like
 * message_send(). Returns a message_outcome, or -EBADMSG for a malformed packet, or another negative errno.
 */
int message_receive(int socket, struct message *ret, int timeout_ms);

/* Closes the descriptor a message still holds. */
void message_done(struct message *m);

/* The payload as a structure of 'size' bytes, or NULL when the message is of another size. */
const void *message_payload(const struct message *m, size_t size);
