// SPDX-License-Identifier: LGPL-2.1-or-later
/* See clear_wait.h. */
#include "daemon/clear/clear_wait.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <poll.h>

int clear_wait(const struct clear_wait *w, bool message, int timeout_ms)
{
        int64_t until = clock_monotonic() + timeout_ms * USEC_PER_MSEC;
        struct pollfd fds[2] = {{.fd = w->socket, .events = message ? POLLIN | POLLRDHUP : POLLRDHUP},
                                {.fd = w->signals, .events = POLLIN}};

        for (;;) {
                int64_t left = MAX(until - clock_monotonic(), INT64_C(0));
                int n = poll(fds, ELEMENTSOF(fds), (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC));

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
