// SPDX-License-Identifier: LGPL-2.1-or-later
/* The methods by which people answer alerts: they are told to the log, the bus and the hooks when all of
 * them are on record. */
#include "daemon/bus_registry.h"
#include "base/cleanup.h"
#include "catalogue/alert.h"

#include <inttypes.h>

enum { ALERTS_AT_ONCE_MAX = 1000 };

/* Several alerts, and what is said of them. */
struct answer {
        const uint64_t *ids;
        size_t n;
        char text[ALERT_TEXT_MAX];
};

static int answer_absent(struct registry_call *call, uint64_t id)
{
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND,
                                 "there is no alert '%" PRIu64 "', expected one of 'recdockctl alert list'",
                                 id);
}

static int answer_find(struct registry_call *call, uint64_t id, struct alert *ret)
{
        char at[INSTANT_TEXT_MAX];
        int r = id > INT64_MAX ? CATALOGUE_ABSENT : alert_by_id(call->catalogue, (int64_t)id, ret);

        if (r == CATALOGUE_ABSENT)
                return answer_absent(call, id);
        if (r == CATALOGUE_OK && ret->cleared_at != INSTANT_NONE)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "alert '%" PRIu64 "' was cleared at %s by %s, expected an open one",
                                         id, instant_format(ret->cleared_at, at), ret->cleared_by);
        return r;
}

static int acknowledge_apply(struct registry_call *call, void *arguments)
{
        const struct answer *answer = arguments;
        char at[INSTANT_TEXT_MAX];
        struct alert a = {.kind = ""};
        int r = 0;

        for (size_t i = 0; r == CATALOGUE_OK && i < answer->n; i++) {
                r = answer_find(call, answer->ids[i], &a);
                if (r == CATALOGUE_OK && a.acknowledged_at != INSTANT_NONE)
                        return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                                 "alert '%" PRId64 "' was acknowledged at %s by %s already",
                                                 a.id, instant_format(a.acknowledged_at, at),
                                                 a.acknowledged_by);
                if (r == CATALOGUE_OK)
                        r = alert_acknowledge(call->catalogue, call->actor, a.id, answer->text);
        }
        return registry_refuse(call, r, "alert", a.kind);
}

static int clear_apply(struct registry_call *call, void *arguments)
{
        const struct answer *answer = arguments;
        const struct alert_kind *kind;
        struct alert a = {.kind = ""};
        int r = 0;

        for (size_t i = 0; r == CATALOGUE_OK && i < answer->n; i++) {
                r = answer_find(call, answer->ids[i], &a);
                if (r != CATALOGUE_OK)
                        return r;
                kind = alert_kind_by_word(a.kind);
                if (kind && kind->cleared_when)
                        return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                                 "alert '%" PRId64
                                                 "' is '%s': the station clears it itself when %s; "
                                                 "until then 'recdockctl alert ack %" PRId64
                                                 "' says that somebody knows",
                                                 a.id, a.kind, kind->cleared_when, a.id);
                r = alert_close(call->catalogue, call->actor, a.id, answer->text);
        }
        return registry_refuse(call, r, "alert", a.kind);
}

static int answer_read(sd_bus_message *m, const char *key, struct answer *ret, sd_bus_error *error)
{
        const void *ids = NULL;
        const char *text;
        size_t size = 0;
        int r = sd_bus_message_read_array(m, 't', &ids, &size);

        if (r >= 0)
                r = sd_bus_message_read(m, "s", &text);
        if (r < 0)
                return r;
        ret->ids = ids;
        ret->n = size / sizeof(*ret->ids);
        if (ret->n == 0 || ret->n > ALERTS_AT_ONCE_MAX)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "%zu alerts are named, expected 1 to %d", ret->n,
                                         ALERTS_AT_ONCE_MAX);
        return bus_text_accept(key, text, ret->text, sizeof(ret->text), error);
}

static void answer_tell(struct station *s, const struct answer *answer, enum alert_state state)
{
        struct alert a;

        for (size_t i = 0; i < answer->n; i++)
                if (alert_by_id(s->catalogue, (int64_t)answer->ids[i], &a) == CATALOGUE_OK)
                        station_alert_tell(s, &a, state);
}

int bus_acknowledge_alert(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        struct answer answer = {0};
        int r = answer_read(m, "note", &answer, error);

        if (r >= 0)
                r = registry_run(server, m, acknowledge_apply, &answer, error, NULL);
        if (r < 0)
                return r;
        answer_tell(server->station, &answer, ALERT_ACKNOWLEDGED);
        return sd_bus_reply_method_return(m, NULL);
}

int bus_clear_alert(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        struct answer answer = {0};
        int r = answer_read(m, "reason", &answer, error);

        if (r >= 0 && answer.text[0] == '\0')
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "the reason is empty, expected why the alert is done with");
        if (r >= 0)
                r = registry_run(server, m, clear_apply, &answer, error, NULL);
        if (r < 0)
                return r;
        answer_tell(server->station, &answer, ALERT_CLEARED);
        return sd_bus_reply_method_return(m, NULL);
}
