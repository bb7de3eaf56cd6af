// SPDX-License-Identifier: LGPL-2.1-or-later
/* Asking the giver and waiting for it; see folder_peer.h. */
#include "recorder/folder/folder_peer.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

#include <poll.h>
#include <stdarg.h>
#include <syslog.h>

/* While it waits, the worker looks this often whether it shall go on waiting. */
enum { GLANCE_MS = 100, NOTE_MAX = 256 };

__attribute__((format(printf, 3, 0))) static void note_say(struct folder_peer *p, int priority,
                                                           const char *format, va_list ap)
{
        char text[NOTE_MAX];

        if (!p->notice)
                return;
        (void)vsnprintf(text, sizeof(text), format, ap);
        text_make_printable(text);
        p->notice(p->userdata, priority, text);
}

void folder_peer_note(struct folder_peer *p, int priority, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        note_say(p, priority, format, ap);
        va_end(ap);
}

int folder_peer_refuse(struct folder_peer *p, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        if (!p->gone)
                note_say(p, LOG_ERR, format, ap);
        va_end(ap);
        p->gone = true;
        return RECORDER_GONE;
}

bool folder_peer_gone(struct folder_peer *p)
{
        struct pollfd state = {.fd = p->socket};

        if (!p->gone && poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR | POLLNVAL)))
                p->gone = true;
        return p->gone;
}

int folder_peer_ask(struct folder_peer *p, uint32_t type, const void *payload, size_t size)
{
        if (folder_peer_gone(p))
                return RECORDER_GONE;
        /* One question is under way at most: a full socket is one that is not read. */
        if (message_send(p->socket, type, payload, size, -EBADF, p->timeout_ms) < 0)
                p->gone = true;
        return p->gone ? RECORDER_GONE : RECORDER_OK;
}

int folder_peer_wait(struct folder_peer *p, int64_t until, struct message *ret)
{
        int64_t end = MIN(until, clock_monotonic() + p->timeout_ms * USEC_PER_MSEC);

        ret->fd = -EBADF;
        while (!p->gone) {
                int r;

                if (p->cancelled && p->cancelled(p->userdata))
                        return RECORDER_CANCELLED;
                r = message_receive(p->socket, ret, MIN(GLANCE_MS, p->timeout_ms));
                if (r == MESSAGE_RECEIVED)
                        return RECORDER_OK;
                if (r == MESSAGE_CLOSED)
                        p->gone = true;
                else if (r < 0)
                        return folder_peer_refuse(p, "who imports sent something malformed, leaving it");
                else if (clock_monotonic() >= end)
                        return folder_peer_refuse(p, "who imports has not answered in time, leaving it");
        }
        return RECORDER_GONE;
}
