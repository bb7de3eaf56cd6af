/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The receipt (采集回执) of a docking or an import: every number that proves what was taken over, and each
 * file. */

#include "cli/client.h"
#include "cli/verbs.h"

/* Asks for docking 'id', its items (member "items") and its findings ("found"). The caller puts *ret. */
int receipt_ask(sd_bus *bus, const char *id, json_object **ret);
/* Prints it, as JSON or for people. */
int receipt_print(const struct invocation *invocation, json_object *docking);
