// SPDX-License-Identifier: LGPL-2.1-or-later
/* Hold() and ReleaseHold(): what is kept whatever its term, and who says that it no longer need be. Anybody
 * may hold; a release takes a reason and an approver, since it can be what stands before a destruction. */
#include "daemon/bus_case.h"
#include "catalogue/hold.h"

#include <inttypes.h>
#include <string.h>

struct holding {
        const char *number, *unit; /* of the case */
        struct hold hold;
};

static int hold_apply(struct registry_call *call, void *arguments)
{
        struct holding *h = arguments;
        struct case_file f;
        int r = 0;

        if (*h->number) {
                r = case_require(call->catalogue, h->number, h->unit, &f, call->error);
                if (r < 0)
                        return r;
                h->hold.case_file = f.id;
        }
        r = hold_add(call->catalogue, call->actor, &h->hold, &call->id);
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND,
                                         "there is no footage '%" PRId64 "'", h->hold.footage);
        return r;
}

static int reason_accept(const char *reason, const char *text, struct hold *h, sd_bus_error *error)
{
        enum hold_reason value;

        if (hold_reason_from_text(reason, &value) < 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "reason '%s' is none to hold for, expected litigation, complaint, "
                                         "transfer or other",
                                         reason);
        if (value == HOLD_OTHER && !*text)
                return sd_bus_error_set(error, RECDOCK_ERROR_INVALID,
                                        "the text is empty, expected what the other reason is");
        (void)snprintf(h->reason, sizeof(h->reason), "%s", hold_reason_text(value));
        return bus_text_accept("text", text, h->text, sizeof(h->text), error);
}

int bus_hold(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct holding h = {.number = NULL};
        const char *reason, *text;
        uint64_t footage;
        int r = sd_bus_message_read(m, "sstss", &h.number, &h.unit, &footage, &reason, &text);

        if (r < 0)
                return r;
        if ((footage > 0) == (*h.number != '\0') || footage > INT64_MAX)
                return sd_bus_error_set(error, RECDOCK_ERROR_INVALID,
                                        "expected either a case or a footage to hold");
        h.hold.footage = (int64_t)footage;
        r = reason_accept(reason, text, &h.hold, error);
        if (r >= 0)
                r = registry_run(userdata, m, hold_apply, &h, error, &h.hold.id);
        return r < 0 ? r : sd_bus_reply_method_return(m, "t", (uint64_t)h.hold.id);
}

struct releasing {
        int64_t hold;
        char reason[512], approver[128];
};

static int release_apply(struct registry_call *call, void *arguments)
{
        const struct releasing *a = arguments;
        int r = hold_release(call->catalogue, call->actor, a->hold, a->reason, a->approver);

        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND,
                                         "there is no hold '%" PRId64
                                         "', expected one of 'recdockctl retention holds'",
                                         a->hold);
        if (r == CATALOGUE_CONFLICT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "hold '%" PRId64 "' was released before", a->hold);
        return r;
}

static int text_require(const char *key, const char *value, char *ret, size_t size, sd_bus_error *error)
{
        if (!*value)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "the %s is empty: a hold is released for a reason and with an "
                                         "approver only",
                                         key);
        return bus_text_accept(key, value, ret, size, error);
}

int bus_release_hold(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *reason, *approver;
        struct releasing a;
        uint64_t hold;
        int r = sd_bus_message_read(m, "tss", &hold, &reason, &approver);

        if (r < 0)
                return r;
        a.hold = (int64_t)hold;
        r = text_require("reason", reason, a.reason, sizeof(a.reason), error);
        if (r >= 0)
                r = text_require("approver", approver, a.approver, sizeof(a.approver), error);
        if (r >= 0)
                r = registry_run(userdata, m, release_apply, &a, error, NULL);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}
