/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who a root helper works for: one connection of its socket. Only recdockd and root may ask, and every wait
 * ends at once when there is nobody to do it for, or when the helper is told to stop.
 */

#include "base/message.h"

#include <stdbool.h>

struct peer {
        int socket;  /* of recdockd */
        int signals; /* readable: stop. -EBADF: none */
};

/* Only recdockd, which is the user 'recdock', and root may ask. 0 or -EPERM. */
int peer_check(int socket);
/* SIGTERM and SIGINT become readable on the descriptor that is returned, and nothing else is cut short by
 * them. For a process of one thread. */
int peer_signals(void);

/* Waits at most 'timeout_ms'. With 'message' also until there is one to be read: 0, or -ETIME. Without: 0
 * when the time has passed. -EPIPE: recdockd is gone (and has left no message); -ECANCELED: stop. */
int peer_wait(const struct peer *p, bool message, int timeout_ms);
/* The next message into *ret, whose fd is in any case right for message_done(). -1 waits for ever. 0, what
 * ended the wait, or -EBADMSG. */
int peer_message(const struct peer *p, struct message *ret, int timeout_ms);
