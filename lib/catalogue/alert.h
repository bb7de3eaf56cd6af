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
/* Is one open? CATALOGUE_OK or CATALOGUE_ABSENT. */
int alert_is_open(struct catalogue *c, const char *kind, const char *subject);
/* Every open one of this kind; the callback may not write. A non-zero return of it ends the walk and is
 * returned. */
int alert_each_open(struct catalogue *c, const char *kind,
                    int (*on_alert)(void *userdata, const char *subject, instant_t since), void *userdata);
int alert_count_open(struct catalogue *c, int64_t *ret);
/* The kind of every open one on 'subject', as alert_each_open(). */
int alert_each_open_on(struct catalogue *c, const char *subject,
                       int (*on_alert)(void *userdata, const char *kind), void *userdata);
