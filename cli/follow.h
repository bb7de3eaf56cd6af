/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Following the station's signals until recdockd leaves the bus. All return exit codes. */

#include "cli/client.h"

/* Has 'handler' called for a signal of the station. */
int follow_signal(sd_bus *bus, const char *signal, sd_bus_message_handler_t handler, void *userdata);

/* Runs until recdockd leaves the bus, which it tells, or 'on_idle' (may be NULL), which is called whenever
 * everything there was has been handled, returns something else than EXIT_OK. */
int follow_run(sd_bus *bus, int (*on_idle)(void *userdata), void *userdata);
