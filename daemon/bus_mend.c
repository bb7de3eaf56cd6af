// SPDX-License-Identifier: LGPL-2.1-or-later
/* MendFootage(): the mender does it, and the call is kept and answered when it has ended. */
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/bus.h"
#include "daemon/mender.h"

#include <json-c/json.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

/* A call that waits, and what the answer says besides. */
struct mend_call {
        sd_bus_message *message;
        int64_t footage;
};

static int answer_send(const struct mend_call *call, const struct mend_answer *a)
{
        _cleanup_(json_object_putp) json_object *o = json_object_new_object();
        const bool sound = a->found && strcmp(a->found, "ok") == 0;

        if (a->error)
                return sd_bus_reply_method_errorf(call->message, RECDOCK_ERROR_CONFLICT, "%s", a->error);
        (void)json_object_object_add(o, "footage", json_object_new_int64(call->footage));
        (void)json_object_object_add(o, "outcome", json_object_new_string(sound ? "sound" : "mended"));
        (void)json_object_object_add(o, "found", json_object_new_string(a->found));
        (void)json_object_object_add(o, "kept", a->kept ? json_object_new_string(a->kept) : NULL);
        return sd_bus_reply_method_return(
                        call->message, "s",
                        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                                          JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void on_mended(void *userdata, const struct mend_answer *a)
{
        struct mend_call *call = userdata;
        int r = answer_send(call, a);

        if (r < 0)
                log_debug("reply to 'MendFootage' cannot be sent: %s", log_errno_text(r));
        sd_bus_message_unref(call->message);
        free(call);
}

static int refuse_begin(int r, sd_bus_error *error)
{
        switch (r) {
        case -EBUSY:
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "other footage is being mended: expected one after the other");
        case -ENOSPC:
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "the store has no room for the copy: expected its size besides "
                                        "KeepFree= of recdock.conf");
        default:
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED, "it cannot be begun: %s",
                                         log_errno_text(r));
        }
}

static int mend_begin(struct bus_server *server, sd_bus_message *m, const struct mend_request *request,
                      sd_bus_error *error)
{
        _cleanup_free_ struct mend_call *call = calloc(1, sizeof(*call));
        int r;

        if (!call)
                return -ENOMEM;
        *call = (struct mend_call){m, request->footage};
        r = station_mend(server->station, request, on_mended, call);
        if (r < 0)
                return refuse_begin(r, error);
        (void)sd_bus_message_ref(m);
        call = NULL; /* on_mended()'s */
        return 1;
}

int bus_mend_footage(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX], path[1024];
        struct mend_request request = {.source = path, .actor = actor};
        const char *typed;
        uint64_t footage;
        int r = sd_bus_message_read(m, "tsh", &footage, &typed, &request.fd);

        if (r < 0)
                return r;
        request.footage = (int64_t)MIN(footage, (uint64_t)INT64_MAX);
        r = bus_text_accept("source", typed, path, sizeof(path), error);
        if (r >= 0)
                r = bus_file_accept(server->station->catalogue, request.fd, path, request.footage, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        return r < 0 ? r : mend_begin(server, m, &request, error);
}
