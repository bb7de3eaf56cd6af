// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * DockingChanged and AlertChanged. A recorder that is pulled reports progress hundreds of times a second;
 * clients get at most five of them. A change that comes too early is remembered, and one timer sends
 * whatever is due, so that the last state always goes out. The object is looked up when it is sent, out of
 * GetStatus(): what a client sees in both is one text.
 */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <json-c/json.h>

struct bus_change {
        struct bus_change *next;
        int64_t docking;
        int64_t sent_at; /* monotonic, 0 never */
        bool pending;
};

DEFINE_CLEANUP(json_object *, json_object_put);

static int status_parse(const struct station *s, json_object **ret)
{
        _cleanup_free_ char *text = NULL;
        json_object *status;
        int r;

        r = station_status_json(s, &text);
        if (r < 0)
                return r;
        status = json_tokener_parse(text);
        if (!status)
                return -EBADMSG;
        *ret = status;
        return 0;
}

unsigned int bus_status_count(const struct station *s, const char *key)
{
        _cleanup_(json_object_putp) json_object *status = NULL;
        json_object *array;

        if (status_parse(s, &status) < 0 || !json_object_object_get_ex(status, key, &array) ||
            !json_object_is_type(array, json_type_array))
                return 0;
        return (unsigned int)json_object_array_length(array);
}

static json_object *docking_in_status(json_object *status, int64_t docking)
{
        json_object *dockings, *id;

        if (!json_object_object_get_ex(status, "dockings", &dockings) ||
            !json_object_is_type(dockings, json_type_array))
                return NULL;
        for (size_t i = 0; i < json_object_array_length(dockings); i++) {
                json_object *d = json_object_array_get_idx(dockings, i);

                if (json_object_object_get_ex(d, "docking", &id) && json_object_get_int64(id) == docking)
                        return d;
        }
        return NULL;
}

/* One that the station has forgotten already was unplugged: it says that much. */
static int change_emit(struct bus_server *server, json_object *status, int64_t docking)
{
        char gone[96];
        json_object *d = docking_in_status(status, docking);
        const char *text = d ? json_object_to_json_string_ext(
                                               d, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
                             : gone;

        (void)snprintf(gone, sizeof(gone), "{\"docking\":%lld,\"state\":\"unplugged\"}", (long long)docking);
        return sd_bus_emit_signal(server->bus, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE, "DockingChanged",
                                  "ts", (uint64_t)docking, text);
}

static struct bus_change *change_of(struct bus_server *server, int64_t docking)
{
        struct bus_change *c;

        for (c = server->changes; c; c = c->next)
                if (c->docking == docking)
                        return c;
        c = calloc(1, sizeof(*c));
        if (!c)
                return NULL;
        c->docking = docking;
        c->next = server->changes;
        server->changes = c;
        return c;
}

static void change_forget(struct bus_server *server, int64_t docking)
{
        for (struct bus_change **link = &server->changes; *link; link = &(*link)->next)
                if ((*link)->docking == docking) {
                        struct bus_change *c = *link;

                        *link = c->next;
                        free(c);
                        return;
                }
}

static void changes_emit_due(struct bus_server *server)
{
        _cleanup_(json_object_putp) json_object *status = NULL;
        int64_t now = clock_monotonic();
        int r = status_parse(server->station, &status);

        for (struct bus_change *c = server->changes; r >= 0 && c; c = c->next) {
                if (!c->pending || (c->sent_at != 0 && now - c->sent_at < BUS_CHANGE_INTERVAL_US))
                        continue;
                c->pending = false;
                c->sent_at = now;
                r = change_emit(server, status, c->docking);
        }
        if (r < 0)
                log_debug("a change of a docking cannot be told on the bus: %s", log_errno_text(r));
}

static int on_change_timer(sd_event_source *source, uint64_t usec, void *userdata);

/* Arms the timer for the earliest change that waits. */
static void changes_arm(struct bus_server *server)
{
        int64_t due = INT64_MAX;
        int r;

        for (const struct bus_change *c = server->changes; c; c = c->next)
                if (c->pending)
                        due = MIN(due, c->sent_at + BUS_CHANGE_INTERVAL_US);
        if (due == INT64_MAX)
                return;
        if (server->change_timer) {
                r = sd_event_source_set_time(server->change_timer, (uint64_t)due);
                if (r >= 0)
                        r = sd_event_source_set_enabled(server->change_timer, SD_EVENT_ONESHOT);
        } else {
                r = sd_event_add_time(server->station->event, &server->change_timer, CLOCK_MONOTONIC,
                                      (uint64_t)due, 1000, on_change_timer, server);
                if (r >= 0)
                        r = sd_event_source_set_priority(server->change_timer, PRIORITY_BUS);
        }
        if (r < 0)
                log_warning("timer of bus signals: %s, progress is told late", log_errno_text(r));
}

static int on_change_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct bus_server *server = userdata;

        changes_emit_due(server);
        changes_arm(server);
        return 0;
}

void bus_docking_changed(struct station *s, int64_t docking, bool final)
{
        struct bus_server *server = s->bus;
        struct bus_change *c;

        if (!server || !server->bus)
                return;
        c = change_of(server, docking);
        if (!c)
                return;
        c->pending = true;
        if (final)
                c->sent_at = 0;
        if (c->sent_at == 0 || clock_monotonic() - c->sent_at >= BUS_CHANGE_INTERVAL_US)
                changes_emit_due(server);
        if (final)
                change_forget(server, docking);
        else
                changes_arm(server);
        if (final)
                (void)sd_bus_emit_properties_changed(server->bus, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE,
                                                     "Dockings", NULL);
}

void bus_alert_changed(struct station *s, const struct alert *a, enum alert_state state)
{
        const char *by = state == ALERT_ACKNOWLEDGED ? a->acknowledged_by : a->cleared_by;
        const char *note = state == ALERT_ACKNOWLEDGED ? a->acknowledged_note : a->cleared_reason;
        char since[INSTANT_TEXT_MAX];
        int r;

        if (!s->bus || !s->bus->bus)
                return;
        r = sd_bus_emit_signal(s->bus->bus, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE, "AlertChanged",
                               "tssssstsss", (uint64_t)a->id, alert_state_text(state), a->kind,
                               word_of(&alert_severity_words, (int)a->severity), a->subject, a->text,
                               (uint64_t)a->count, instant_format(a->since, since), by, note);
        if (r >= 0 && (state == ALERT_RAISED || state == ALERT_CLEARED))
                r = sd_bus_emit_properties_changed(s->bus->bus, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE,
                                                   "AlertsOpen", NULL);
        if (r < 0)
                log_debug("alert '%s' cannot be told on the bus: %s", a->kind, log_errno_text(r));
}

void bus_signals_stop(struct bus_server *server)
{
        server->change_timer = sd_event_source_disable_unref(server->change_timer);
        while (server->changes)
                change_forget(server, server->changes->docking);
}
