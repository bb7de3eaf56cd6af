// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events as log records; see event.h. */
#include "daemon/event.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>

static const struct {
        const char *id;
        int priority;
} events[_EVENT_MAX] = {
#define EVENT_ENTRY(name, id, priority) [EVENT_##name] = {id, priority},
                EVENT_TABLE(EVENT_ENTRY)
#undef EVENT_ENTRY
};

static const char *number_text(int64_t n, char buf[24])
{
        if (n == 0)
                return NULL;
        (void)snprintf(buf, 24, "%" PRId64, n);
        return buf;
}

void event_log(enum event event, const struct event_subject *subject, const char *format, ...)
{
        static const struct event_subject nothing;
        const struct event_subject *s = subject ? subject : &nothing;
        char docking[24], item[24], footage[24], text[2048];
        struct log_field fields[6 + EVENT_MORE_MAX] = {
                        {"RECDOCK_BAY", s->bay},
                        {"RECDOCK_RECORDER", s->recorder},
                        {"RECDOCK_DOCKING", number_text(s->docking, docking)},
                        {"RECDOCK_ITEM", number_text(s->item, item)},
                        {"RECDOCK_FOOTAGE", number_text(s->footage, footage)},
                        {"RECDOCK_ALERT", s->alert},
        };
        const size_t more = MIN(s->n_more, (size_t)EVENT_MORE_MAX);
        va_list ap;

        for (size_t i = 0; i < more; i++)
                fields[ELEMENTSOF(fields) - EVENT_MORE_MAX + i] = s->more[i];
        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        log_record(s->priority > 0 ? s->priority : events[event].priority,
                   s->message_id ? s->message_id : events[event].id, fields,
                   ELEMENTSOF(fields) - EVENT_MORE_MAX + more, "%s", text);
}
