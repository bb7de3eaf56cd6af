/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the methods that change registry and duty ledger share: one act inside one transaction of the
 * catalogue. */

#include "catalogue/registry.h"
#include "daemon/bus.h"

/* One act: 'apply' runs inside the transaction and sets 'error' for what it refuses. */
struct registry_call {
        struct catalogue *catalogue;
        sd_bus_error *error;
        char actor[BUS_ACTOR_MAX];
        int64_t id;
        unsigned int table_options; /* of the table that a line is of: enum table_option */
};
typedef int registry_apply_fn(struct registry_call *call, void *arguments);

/* Runs 'apply' and commits, or rolls all of it back. 'ret_id' (may be NULL) gets what it put into call->id.
 */
int registry_run(struct bus_server *server, sd_bus_message *m, registry_apply_fn *apply, void *arguments,
                 sd_bus_error *error, int64_t *ret_id);

/* An outcome of the catalogue that the lookups before it cannot have left: an error all the same, never an
 * answer. 0 for CATALOGUE_OK. */
int registry_refuse(struct registry_call *call, int r, const char *noun, const char *number);

/* One device is one recorder: its footage would go to whichever was found first. */
int registry_serial_refuse_taken(struct registry_call *call, const struct recorder_row *recorder);
