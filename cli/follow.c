// SPDX-License-Identifier: LGPL-2.1-or-later
/* Following signals; see follow.h. */
#include "cli/follow.h"
#include "cli/translate.h"
#include "base/cleanup.h"
#include "daemon/bus_names.h"

#include <stdbool.h>
#include <string.h>

int follow_signal(sd_bus *bus, const char *signal, sd_bus_message_handler_t handler, void *userdata)
{
        int r = sd_bus_match_signal(bus, NULL, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE,
                                    signal, handler, userdata);

        return r < 0 ? client_report(r, NULL) : EXIT_OK;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const char *name, *before, *after;

        if (sd_bus_message_read(m, "sss", &name, &before, &after) >= 0 &&
            strcmp(name, RECDOCK_BUS_NAME) == 0 && !*after)
                *(bool *)userdata = true;
        return 0;
}

static int follow_loop(sd_bus *bus, const bool *gone, int (*on_idle)(void *userdata), void *userdata)
{
        for (;;) {
                int r = sd_bus_process(bus, NULL);

                if (r < 0)
                        return client_report(r, NULL);
                if (r > 0)
                        continue;
                if (*gone) {
                        complain(_("recdockd left the bus"));
                        return EXIT_UNREACHABLE;
                }
                r = on_idle ? on_idle(userdata) : EXIT_OK;
                if (r != EXIT_OK)
                        return r;
                r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return client_report(r, NULL);
        }
}

int follow_run(sd_bus *bus, int (*on_idle)(void *userdata), void *userdata)
{
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        bool gone = false;
        int r = sd_bus_match_signal(bus, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "NameOwnerChanged", on_owner_changed, &gone);

        return r < 0 ? client_report(r, NULL) : follow_loop(bus, &gone, on_idle, userdata);
}
