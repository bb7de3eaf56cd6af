// SPDX-License-Identifier: LGPL-2.1-or-later
/* GetHealth(): a recorder before it is issued. A retired one is told of too: that is what keeps it from it.
 */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/health.h"

int bus_get_health(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct station *s = ((struct bus_server *)userdata)->station;
        _cleanup_free_ char *text = NULL;
        struct recorder_row recorder;
        const char *number;
        int r = sd_bus_message_read(m, "s", &number);

        if (r < 0)
                return r;
        r = recorder_by_number(s->catalogue, number, &recorder);
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_NOT_FOUND,
                                "there is no recorder '%s', expected one of 'recdockctl recorder list'",
                                number);
        if (r == CATALOGUE_OK)
                r = health_report_json(s, &recorder, &text);
        if (r < 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED, "the catalogue cannot be read: %s",
                                         log_errno_text(r));
        return sd_bus_reply_method_return(m, "s", text);
}
