/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the methods that change registry and duty ledger share: one act inside one transaction of the
 * catalogue, and the judging of what a caller sends. All set 'error' for what they refuse. */

#include "catalogue/registry.h"
#include "daemon/bus.h"

/* One act: 'apply' runs inside the transaction and sets 'error' for what it refuses. */
struct registry_call {
        struct catalogue *catalogue;
        sd_bus_error *error;
        char actor[BUS_ACTOR_MAX];
        int64_t id;
};
typedef int registry_apply_fn(struct registry_call *call, void *arguments);

/* Runs 'apply' and commits, or rolls all of it back. 'ret_id' (may be NULL) gets what it put into call->id.
 */
int registry_run(struct bus_server *server, sd_bus_message *m, registry_apply_fn *apply, void *arguments,
                 sd_bus_error *error, int64_t *ret_id);

/* Text that goes to tables, logs and folder names: printable, and short enough for the catalogue. 'ret' has
 * REGISTRY_TEXT_MAX bytes. */
int text_accept(const char *key, const char *value, char *ret, sd_bus_error *error);
/* What instant_parse() takes; 'when_empty' for "". */
int time_accept(const char *key, const char *text, instant_t when_empty, instant_t *ret,
                sd_bus_error *error);

/* A recorder in service. */
int recorder_require(struct registry_call *call, const char *number, struct recorder_row *ret);
/* 0 when 'number' is empty. */
int officer_require(struct registry_call *call, const char *number, int64_t *ret);
