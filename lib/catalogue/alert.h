/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Conditions somebody must look at: raised once, counted after that, cleared when the cause is gone. */

#include "catalogue/catalogue.h"

/* kind: "unknown-recorder", "identity-conflict", "verdict-bad", "docking-failed", "import-failed",
 * "store-low", "store-failed", "digest-mismatch", "unassigned", "clock-drift"…; subject: "recorder/1234567",
 * "footage/17", "store". *ret_raised is true when it is new, not merely counted. */
int alert_raise(struct catalogue *c, const char *kind, int priority, const char *subject, const char *text,
                bool *ret_raised);
/* CATALOGUE_ABSENT when none is open. */
int alert_clear(struct catalogue *c, const char *kind, const char *subject, const char *by);
int alert_count_open(struct catalogue *c, int64_t *ret);
