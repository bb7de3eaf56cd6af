// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Import(): what cannot dock is brought in by hand. Here it is only asked who, whose and why; the station
 * does the rest. Nothing is written before all of it is known to be good.
 */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/docking.h"

#include <string.h>
#include <sys/socket.h>

#define REASON_MAX (sizeof(((struct docking_row *)NULL)->import_reason))

/* The worker speaks packets on it, and somebody must be at its other end. */
static int giver_accept(int fd, sd_bus_error *error)
{
        struct sockaddr_storage peer;
        socklen_t peer_size = sizeof(peer), size = sizeof(int);
        int domain = 0, type = 0;

        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || domain != AF_UNIX ||
            getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET ||
            getpeername(fd, (struct sockaddr *)&peer, &peer_size) < 0)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_INVALID,
                                "giver is no connected AF_UNIX socket of type SOCK_SEQPACKET, expected "
                                "one end of such a pair");
        return 0;
}

static int reason_accept(const char *text, char ret[REASON_MAX], sd_bus_error *error)
{
        int r = bus_text_accept("reason", text, ret, REASON_MAX, error);

        if (r >= 0 && ret[strspn(ret, " ")] == '\0')
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_INVALID,
                                "the reason is empty, expected why the files are brought in by hand");
        return r;
}

static int import_begin(struct bus_server *server, const struct import_request *request, sd_bus_error *error,
                        int64_t *ret)
{
        int r = station_import(server->station, request, ret);

        if (r == -EBUSY)
                return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "%d imports are under way, expected one of them to end first",
                                         STATION_IMPORTS_MAX);
        if (r < 0) {
                log_error("an import of '%s' could not begin: %s, nothing was changed", request->actor,
                          log_errno_text(r));
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED,
                                         "the import could not begin: %s, nothing was changed",
                                         log_errno_text(r));
        }
        return 0;
}

int bus_import(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        struct catalogue *c = server->station->catalogue;
        const char *recorder_number, *officer_number, *reason;
        char accepted[REASON_MAX], actor[BUS_ACTOR_MAX];
        struct import_request request = {.reason = accepted, .actor = actor};
        struct recorder_row recorder;
        struct officer officer;
        int64_t docking = 0;
        int r;

        r = sd_bus_message_read(m, "sssh", &recorder_number, &officer_number, &reason, &request.socket);
        if (r >= 0)
                r = reason_accept(reason, accepted, error);
        if (r >= 0)
                r = bus_recorder_require(c, recorder_number, &recorder, error);
        if (r >= 0)
                r = bus_officer_require(c, officer_number, &officer, error);
        if (r >= 0)
                r = giver_accept(request.socket, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        request.recorder = recorder.id;
        request.recorder_number = recorder.number;
        request.officer = officer.id;
        request.officer_number = officer.number;
        r = import_begin(server, &request, error, &docking);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(m, "t", (uint64_t)docking);
}
