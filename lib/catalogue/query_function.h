/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * SQL functions of the catalogue's own, for the rows that people read: rfc3339(microseconds) in the
 * station's zone. They touch no shared state, so that connections of other threads may use them.
 */

struct catalogue;

int query_functions_add(struct catalogue *c);
