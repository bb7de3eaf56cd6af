/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every wait of recdock-clear ends at once when there is nobody to do it for, or when it is told to stop. */

#include <stdbool.h>

struct clear_wait {
        int socket;  /* of recdockd */
        int signals; /* readable: stop. -EBADF: none */
};

/* Waits at most 'timeout_ms'. With 'message' also until there is one to be read: 0, or -ETIME. Without: 0
 * when the time has passed. -EPIPE: recdockd is gone (and has left no message); -ECANCELED: stop. */
int clear_wait(const struct clear_wait *w, bool message, int timeout_ms);
