/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Taking alerts from the socket, one after the other in the order they came, and running the hooks for
 * each. */

struct alert_service {
        const char *folders; /* see hook_list.h */
        int hook_ms;         /* time that a hook has */
        int idle_ms;         /* it ends when nothing has come for so long */
};

/* The socket is a listening one. Returns 0 when it was idle, or a negative errno: it cannot be listened to.
 * Nothing that comes over it, and nothing that a hook does, ends it. */
int alert_serve(const struct alert_service *service, int socket);
