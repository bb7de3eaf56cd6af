// SPDX-License-Identifier: LGPL-2.1-or-later
/* ExplainGap(): why a recorder did not record. What is explained need not be a gap: a recorder that was not
 * used at all has no footage to find one by. */
#include "daemon/bus_registry.h"
#include "base/cleanup.h"
#include "catalogue/explanation.h"
#include "catalogue/recording.h"
#include "daemon/config.h"

#include <string.h>

struct explaining {
        const char *recorder;
        const struct continuity_rules *rules;
        struct explanation explanation;
        uint64_t gaps;
        struct catalogue *catalogue;
};

/* Explained now, and this had a part in it. */
static int on_gap(void *userdata, const struct recording_gap *g)
{
        struct explaining *a = userdata;
        const struct explanation *e = &a->explanation;
        int64_t last;
        bool whole;
        int r;

        if (g->from >= e->to || g->to <= e->from)
                return 0;
        r = explanation_of(a->catalogue, e->recorder, g->from, g->to, &whole, &last);
        if (r == 0)
                a->gaps += whole;
        return r;
}

static int explain_apply(struct registry_call *call, void *arguments)
{
        struct explaining *a = arguments;
        const struct continuity_calls calls = {.on_gap = on_gap, .userdata = a};
        struct recording_scan scan = {
                        .from = a->explanation.from, .until = a->explanation.to, .rules = a->rules};
        struct recorder_row recorder;
        int r = recorder_by_number(call->catalogue, a->recorder, &recorder);

        /* Of a retired one too: its footage stays. */
        if (r == CATALOGUE_ABSENT)
                return registry_refuse(call, r, "recorder", a->recorder);
        if (r < 0)
                return r;
        a->catalogue = call->catalogue;
        a->explanation.recorder = scan.recorder = recorder.id;
        r = explanation_add(call->catalogue, call->actor, &a->explanation, &call->id);
        if (r != CATALOGUE_OK)
                return registry_refuse(call, r, "recorder", a->recorder);
        return recording_scan(call->catalogue, &scan, &calls);
}

static int time_accept(const char *key, const char *text, instant_t *ret, sd_bus_error *error)
{
        if (!*text)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID, "%s is empty, expected a time", key);
        return bus_time_accept(key, text, INSTANT_NONE, ret, error);
}

static int times_accept(const char *from, const char *to, struct explanation *e, sd_bus_error *error)
{
        int r = time_accept("from", from, &e->from, error);

        if (r >= 0)
                r = time_accept("to", to, &e->to, error);
        if (r < 0)
                return r;
        if (e->to <= e->from)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "to '%s' is not after from '%s', expected a later time", to, from);
        if (e->to > clock_now())
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "to '%s' is still to come, expected a time that has passed", to);
        return 0;
}

static int reason_accept(const char *reason, const char *text, struct explanation *e, sd_bus_error *error)
{
        char expected[256] = "";
        enum gap_reason value;
        size_t used = 0;

        if (gap_reason_from_text(reason, &value) == 0) {
                if (value == GAP_OTHER && !*text)
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                 "the text is empty, expected what the other reason is");
                (void)snprintf(e->reason, sizeof(e->reason), "%s", gap_reason_text(value));
                return 0;
        }
        for (int i = 0; i < _GAP_REASON_MAX && used < sizeof(expected); i++)
                used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s",
                                         i == 0                     ? ""
                                         : i + 1 == _GAP_REASON_MAX ? " or "
                                                                    : ", ",
                                         gap_reason_text((enum gap_reason)i));
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "reason '%s' is none the regulation knows, expected %s", reason, expected);
}

static int person_accept(const char *key, const char *name, char *ret, size_t size, sd_bus_error *error)
{
        if (!*name)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID, "the %s is empty, expected a name",
                                         key);
        return bus_text_accept(key, name, ret, size, error);
}

/* What somebody approves for himself is not approved. */
static int persons_accept(const char *reporter, const char *approver, struct explanation *e,
                          sd_bus_error *error)
{
        int r = person_accept("reporter", reporter, e->reporter, sizeof(e->reporter), error);

        if (r >= 0)
                r = person_accept("approver", approver, e->approver, sizeof(e->approver), error);
        if (r < 0)
                return r;
        if (strcmp(reporter, approver) == 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "the approver '%s' is who reported it, expected somebody else",
                                         approver);
        return 0;
}

int bus_explain_gap(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        struct explaining a = {.rules = &server->station->config->continuity};
        const char *from, *to, *reason, *reporter, *approver, *text;
        struct explanation *e = &a.explanation;
        int r = sd_bus_message_read(m, "sssssss", &a.recorder, &from, &to, &reason, &reporter, &approver,
                                    &text);

        if (r >= 0)
                r = times_accept(from, to, e, error);
        if (r >= 0)
                r = reason_accept(reason, text, e, error);
        if (r >= 0)
                r = persons_accept(reporter, approver, e, error);
        if (r >= 0)
                r = bus_text_accept("text", text, e->text, sizeof(e->text), error);
        if (r >= 0)
                r = registry_run(server, m, explain_apply, &a, error, &e->id);
        if (r < 0)
                return r;
        station_gap_explained(server->station, e, a.recorder);
        return sd_bus_reply_method_return(m, "tt", (uint64_t)e->id, a.gaps);
}
