// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handing alerts over to recdock-alert; see alert_hook.h. */
#include "daemon/alert_hook.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/alert/alert_message.h"
#include "daemon/config.h"
#include "daemon/station.h"

#include <inttypes.h>

static void message_compose(const struct station *s, const struct alert *a, enum alert_state state,
                            struct alert_message *m)
{
        const char *by = state == ALERT_ACKNOWLEDGED ? a->acknowledged_by : a->cleared_by;
        const char *note = state == ALERT_ACKNOWLEDGED ? a->acknowledged_note : a->cleared_reason;

        *m = (struct alert_message){0};
        (void)snprintf(m->id, sizeof(m->id), "%" PRId64, a->id);
        (void)snprintf(m->count, sizeof(m->count), "%" PRId64, a->count);
        (void)text_copy(m->kind, sizeof(m->kind), a->kind);
        (void)text_copy(m->severity, sizeof(m->severity), word_of(&alert_severity_words, (int)a->severity));
        (void)text_copy(m->state, sizeof(m->state), alert_state_text(state));
        (void)text_copy(m->subject, sizeof(m->subject), a->subject);
        (void)instant_format(a->since, m->since);
        (void)text_copy(m->text, sizeof(m->text), a->text);
        (void)text_copy(m->by, sizeof(m->by), by);
        (void)text_copy(m->note, sizeof(m->note), note);
        (void)text_copy(m->station, sizeof(m->station), s->config->number ? s->config->number : "");
}

static int message_pass(const struct alert_message *m)
{
        const char *path = getenv("RECDOCK_ALERT_SOCKET"); /* for tests */
        _cleanup_close_ int fd = message_connect(path ? path : ALERT_SOCKET);

        if (fd < 0)
                return fd;
        return message_send(fd, ALERT_TOLD, m, sizeof(*m), -EBADF, 0);
}

void alert_hook_send(struct station *s, const struct alert *a, enum alert_state state)
{
        struct alert_message m;
        int r;

        message_compose(s, a, state, &m);
        r = message_pass(&m);
        if (r == -ENOENT || r == -ECONNREFUSED) /* a station without hooks */
                log_debug("recdock-alert.socket is not there: no hook is told of alert %s", m.id);
        else if (r < 0)
                log_warning("hooks are not told that alert %s (%s on %s) is %s: %s", m.id, m.kind, m.subject,
                            m.state, r == -EAGAIN ? "too many wait for them already" : log_errno_text(r));
}
