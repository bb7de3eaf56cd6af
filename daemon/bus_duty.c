// SPDX-License-Identifier: LGPL-2.1-or-later
/* The methods of the duty ledger: checkout, return, and more time. What they refuse they say with the time,
 * or the checks, that stand against it. */
#include "daemon/bus_registry.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/duty.h"
#include "daemon/health.h"
#include "rules/deadline.h"

#include <string.h>

struct issue {
        struct station *station;
        const char *recorder, *officer;
        instant_t at, until;
        char override[512]; /* "": none */
};

static int already_out(struct registry_call *call, const char *number, const struct duty *d)
{
        char since[INSTANT_TEXT_MAX];
        struct officer officer = {.number = ""};
        int r = d->officer > 0 ? officer_by_id(call->catalogue, d->officer, &officer) : CATALOGUE_OK;

        if (r != CATALOGUE_OK)
                return r < 0 ? r : -EIO;
        return sd_bus_error_setf(
                        call->error, RECDOCK_ERROR_CONFLICT,
                        "recorder '%s' is out with officer '%s' since %s, expected its return first", number,
                        officer.number, instant_format(d->out_at, since));
}

/* Art. 22: what is not fit is not issued, unless somebody answers for it. */
static int unready_refuse(struct registry_call *call, const struct issue *a,
                          const struct recorder_row *recorder, char not_ready[HEALTH_REFUSAL_MAX])
{
        int r = health_refusal(a->station, recorder, not_ready);

        if (r < 0 || !*not_ready || *a->override)
                return r;
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                 "recorder '%s' is not ready: %s; expected one that 'recdockctl recorder "
                                 "ready' finds nothing wrong with, or the reason to override it",
                                 a->recorder, not_ready);
}

static int check_out_apply(struct registry_call *call, void *arguments)
{
        const struct issue *a = arguments;
        char not_ready[HEALTH_REFUSAL_MAX];
        struct recorder_row recorder;
        struct officer officer;
        struct duty d;
        int r = bus_recorder_require(call->catalogue, a->recorder, &recorder, call->error);

        if (r >= 0)
                r = bus_officer_require(call->catalogue, a->officer, &officer, call->error);
        if (r >= 0)
                r = duty_open(call->catalogue, recorder.id, &d);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK && d.returned_at == INSTANT_NONE)
                return already_out(call, a->recorder, &d);
        r = unready_refuse(call, a, &recorder, not_ready);
        if (r < 0)
                return r;
        r = duty_check_out(call->catalogue, call->actor,
                           &(struct checkout){.recorder = recorder.id,
                                              .officer = officer.id,
                                              .at = a->at,
                                              .roster_end = a->until,
                                              .override = a->override,
                                              .not_ready = not_ready},
                           &call->id);
        return r == CATALOGUE_CONFLICT ? -EIO : r; /* it was not out a moment ago */
}

int bus_check_out_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct issue a = {.station = ((struct bus_server *)userdata)->station, .at = clock_now()};
        const char *until, *override;
        int64_t id = 0;
        int r = sd_bus_message_read(m, "ssss", &a.recorder, &a.officer, &until, &override);

        if (r >= 0)
                r = bus_time_accept("until", until, INSTANT_NONE, &a.until, error);
        if (r >= 0)
                r = bus_text_accept("override", override, a.override, sizeof(a.override), error);
        if (r < 0)
                return r;
        if (!*a.officer)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "the officer is empty, expected who takes recorder '%s'",
                                         a.recorder);
        if (a.until != INSTANT_NONE && a.until <= a.at)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "until '%s' has passed, expected a later time than now", until);
        r = registry_run(userdata, m, check_out_apply, &a, error, &id);
        if (r < 0)
                return r;
        station_duties_changed(a.station);
        return sd_bus_reply_method_return(m, "t", (uint64_t)id);
}

struct homecoming {
        const char *recorder;
        instant_t now, at; /* INSTANT_NONE: now */
};

/* What is known that a return at this time contradicts. */
static int not_returned(struct registry_call *call, const struct homecoming *a, const struct duty *d,
                        bool open)
{
        char text[INSTANT_TEXT_MAX];

        if (open && d->returned_at == INSTANT_NONE)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "recorder '%s' was checked out at %s, expected a return after that",
                                         a->recorder, instant_format(d->out_at, text));
        if (open)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "recorder '%s' is back since %s already and waits to be offloaded",
                                         a->recorder, instant_format(d->returned_at, text));
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                 "recorder '%s' has a return after that time already, expected a later one",
                                 a->recorder);
}

static int return_apply(struct registry_call *call, void *arguments)
{
        const struct homecoming *a = arguments;
        struct recorder_row recorder;
        struct duty d = {.out_at = INSTANT_NONE, .returned_at = INSTANT_NONE};
        instant_t at = a->at;
        bool open;
        int r = bus_recorder_require(call->catalogue, a->recorder, &recorder, call->error);

        if (r < 0)
                return r;
        r = duty_open(call->catalogue, recorder.id, &d);
        if (r < 0)
                return r;
        open = r == CATALOGUE_OK;
        if (at == INSTANT_NONE) /* the clock may have been set back since it went out */
                at = open && d.returned_at == INSTANT_NONE ? MAX(a->now, d.out_at) : a->now;
        r = duty_return(call->catalogue, call->actor, recorder.id, at, &call->id);
        return r == CATALOGUE_CONFLICT ? not_returned(call, a, &d, open) : r;
}

int bus_return_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct homecoming a = {.now = clock_now()};
        const char *at;
        int64_t id = 0;
        int r = sd_bus_message_read(m, "ss", &a.recorder, &at);

        if (r >= 0)
                r = bus_time_accept("at", at, INSTANT_NONE, &a.at, error);
        if (r < 0)
                return r;
        if (a.at != INSTANT_NONE && a.at > a.now)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "at '%s' is still to come, expected a time that has passed", at);
        r = registry_run(userdata, m, return_apply, &a, error, &id);
        if (r < 0)
                return r;
        station_duties_changed(((struct bus_server *)userdata)->station);
        return sd_bus_reply_method_return(m, "t", (uint64_t)id);
}

struct more_time {
        const char *subject;
        struct extension extension;
};

static int extended_docking(struct registry_call *call, const char *number, struct extension *e)
{
        if (text_to_int64(number, &e->docking) < 0 || e->docking <= 0)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "docking '%s' is not valid, expected its number", number);
        return 0;
}

static int extended_duty(struct registry_call *call, const char *number, struct extension *e)
{
        struct recorder_row recorder;
        struct duty d;
        int r = bus_recorder_require(call->catalogue, number, &recorder, call->error);

        if (r < 0)
                return r;
        r = duty_open(call->catalogue, recorder.id, &d);
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND,
                                         "nothing of recorder '%s' waits to be exported, expected one of "
                                         "'recdockctl duty list --waiting=yes'",
                                         number);
        if (r == CATALOGUE_OK)
                e->duty = d.id;
        return r;
}

static int extend_apply(struct registry_call *call, void *arguments)
{
        struct more_time *a = arguments;
        bool docking = strncmp(a->subject, "docking/", 8) == 0;
        const char *slash = strchr(a->subject, '/');
        int r;

        if (docking)
                r = extended_docking(call, a->subject + 8, &a->extension);
        else
                r = extended_duty(call, strncmp(a->subject, "recorder/", 9) == 0 ? slash + 1 : a->subject,
                                  &a->extension);
        if (r < 0)
                return r;
        r = extension_grant(call->catalogue, call->actor, &a->extension);
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(
                                call->error, RECDOCK_ERROR_NOT_FOUND,
                                "there is no docking '%s', expected one of 'recdockctl docking list'",
                                slash + 1);
        return r;
}

static int reason_accept(const char *reason, struct extension *e, sd_bus_error *error)
{
        enum extension_reason value;

        if (extension_reason_from_text(reason, &value) < 0)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_INVALID,
                                "reason '%s' is none the regulation knows, expected continuous-duty, "
                                "remote-area or no-transport",
                                reason);
        (void)snprintf(e->reason, sizeof(e->reason), "%s", extension_reason_text(value));
        return 0;
}

int bus_extend_deadline(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct more_time a = {.subject = ""};
        const char *until, *reason, *approver;
        int r = sd_bus_message_read(m, "ssss", &a.subject, &until, &reason, &approver);

        if (r >= 0)
                r = bus_time_accept("until", until, INSTANT_NONE, &a.extension.until, error);
        if (r >= 0)
                r = reason_accept(reason, &a.extension, error);
        if (r >= 0)
                r = bus_text_accept("approver", approver, a.extension.approver, sizeof(a.extension.approver),
                                    error);
        if (r < 0)
                return r;
        if (a.extension.until == INSTANT_NONE || a.extension.until <= clock_now())
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "until '%s' has passed, expected a later time than now", until);
        if (!*approver)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "the approver is empty, expected who approved it");
        r = registry_run(userdata, m, extend_apply, &a, error, NULL);
        if (r < 0)
                return r;
        station_duties_changed(((struct bus_server *)userdata)->station);
        return sd_bus_reply_method_return(m, NULL);
}
