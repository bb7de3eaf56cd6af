// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Telling of alerts: the station log, the bus, and the hooks of the site. All three get the same few facts
 * under the same names. What is told is on record before (alert.h); the one exception is a catalogue without
 * room, of which somebody must hear all the same: that alert has no number.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/alert_hook.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <string.h>

/* So that the entry is found by what it is about, like every other of the log. */
static void subject_fields(const char *subject, struct event_subject *about)
{
        const char *slash = strchr(subject, '/');
        size_t n = slash ? (size_t)(slash - subject) : 0;

        if (n == strlen("recorder") && strncmp(subject, "recorder", n) == 0)
                about->recorder = slash + 1;
        else if (n == strlen("bay") && strncmp(subject, "bay", n) == 0)
                about->bay = slash + 1;
        else if (n == strlen("docking") && strncmp(subject, "docking", n) == 0)
                (void)text_to_int64(slash + 1, &about->docking);
        else if (n == strlen("footage") && strncmp(subject, "footage", n) == 0)
                (void)text_to_int64(slash + 1, &about->footage);
        else if (n == strlen("item") && strncmp(subject, "item", n) == 0)
                (void)text_to_int64(slash + 1, &about->item);
}

static void log_state(const struct alert *a, enum alert_state state, const struct event_subject *about)
{
        char since[INSTANT_TEXT_MAX];

        switch (state) {
        case ALERT_RAISED:
                event_log(EVENT_ALERT_RAISED, about, "alert %s on %s: %s", a->kind, a->subject, a->text);
                break;
        case ALERT_ESCALATED:
                event_log(EVENT_ALERT_ESCALATED, about, "alert %s on %s, open since %s and not answered: %s",
                          a->kind, a->subject, instant_format(a->since, since), a->text);
                break;
        case ALERT_ACKNOWLEDGED:
                event_log(EVENT_ALERT_ACKNOWLEDGED, about, "alert %s on %s acknowledged by %s%s%s", a->kind,
                          a->subject, a->acknowledged_by, *a->acknowledged_note ? ": " : "",
                          a->acknowledged_note);
                break;
        default:
                event_log(EVENT_ALERT_CLEARED, about, "alert %s on %s cleared by %s: %s", a->kind,
                          a->subject, a->cleared_by, a->cleared_reason);
        }
}

static void alert_log(const struct alert *a, enum alert_state state)
{
        const struct alert_kind *kind = alert_kind_by_word(a->kind);
        char id[24], count[24], since[INSTANT_TEXT_MAX];
        const struct log_field more[] = {
                        {"RECDOCK_ALERT_ID", a->id > 0 ? id : NULL},
                        {"RECDOCK_ALERT_STATE", alert_state_text(state)},
                        {"RECDOCK_ALERT_SEVERITY", word_of(&alert_severity_words, (int)a->severity)},
                        {"RECDOCK_ALERT_SUBJECT", a->subject},
                        {"RECDOCK_ALERT_SINCE", instant_format(a->since, since)},
                        {"RECDOCK_ALERT_COUNT", count},
        };
        struct event_subject about = {.alert = a->kind, .more = more, .n_more = ELEMENTSOF(more)};

        _Static_assert(ELEMENTSOF(more) <= EVENT_MORE_MAX, "fields that event_log() would leave out");
        (void)snprintf(id, sizeof(id), "%" PRId64, a->id);
        (void)snprintf(count, sizeof(count), "%" PRId64, a->count);
        subject_fields(a->subject, &about);
        if (state == ALERT_RAISED) {
                about.priority = a->priority;
                about.message_id = kind ? kind->message_id : NULL;
        } else if (state == ALERT_ESCALATED) {
                about.priority = MAX(a->priority - 1, LOG_ALERT);
        }
        log_state(a, state, &about);
}

void station_alert_tell(struct station *s, const struct alert *a, enum alert_state state)
{
        alert_log(a, state);
        bus_alert_changed(s, a, state);
        alert_hook_send(s, a, state);
        station_status_changed(s);
}
