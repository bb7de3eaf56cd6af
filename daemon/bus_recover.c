// SPDX-License-Identifier: LGPL-2.1-or-later
/* The method that has deleted files recovered: reading what is asked for, and answering. */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/log.h"

enum { FINDINGS_ASKED_MAX = 10000 };

/* "at": every number above 0. */
static int findings_read(sd_bus_message *m, const int64_t **ret, size_t *ret_n, sd_bus_error *error)
{
        const void *numbers = NULL;
        size_t size = 0, n;
        int r = sd_bus_message_read_array(m, 't', &numbers, &size);

        if (r < 0)
                return r;
        n = size / sizeof(uint64_t);
        if (n > FINDINGS_ASKED_MAX)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "%zu findings are too many, expected at most %d", n,
                                         FINDINGS_ASKED_MAX);
        *ret = numbers;
        *ret_n = n;
        return 0;
}

int bus_recover(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX], text[STATION_ERROR_MAX];
        const int64_t *findings = NULL;
        uint64_t docking, started = 0;
        size_t n = 0;
        int r = sd_bus_message_read(m, "t", &docking);

        if (r >= 0)
                r = findings_read(m, &findings, &n, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        r = station_recover_findings(server->station, (int64_t)docking, findings, n, actor, &started, text);
        if (r < 0 && text[0])
                return sd_bus_error_set(error,
                                        r == -ENOENT ? RECDOCK_ERROR_NOT_FOUND : RECDOCK_ERROR_CONFLICT,
                                        text);
        if (r < 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED, "the files cannot be recovered: %s",
                                         log_errno_text(r));
        return sd_bus_reply_method_return(m, "t", started);
}
