/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An alert as the environment of a hook: RECDOCK_ALERT_ID, _KIND, _SEVERITY, _STATE, _SUBJECT, _SINCE,
 * _COUNT, _TEXT, _BY, _NOTE, and RECDOCK_STATION. Nothing of it ever comes near a command line or a shell.
 */

#include "daemon/alert/alert_message.h"

/* What this process has, without what the service manager says to it, and the alert. malloc'd, as is each
 * entry: free with hook_environment_free(). NULL: no memory. A message is taken as it came: text that is
 * not terminated or not printable is made so. */
char **hook_environment_new(const struct alert_message *m);
void hook_environment_free(char **environment);
