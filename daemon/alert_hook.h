/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* recdockd's end of the hooks: one message to recdock-alert.socket for what has become of an alert, and no
 * word back. Nothing that happens there is waited for. */

#include "catalogue/alert.h"

struct station;

void alert_hook_send(struct station *s, const struct alert *a, enum alert_state state);
