/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the station knows of a recorder's health. */

#include "cli/listing.h"

/* GetHealth(), parsed; owned by the caller. Returns an exit code. */
int health_fetch(sd_bus *bus, const char *recorder, json_object **ret);
