/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/sandbox.h"

/* What recdock-inspect itself is left with: talking over open descriptors, forking, waiting. No path, no new
 * program. */
int inspect_lock_parent(struct sandbox_state *state);

/* Limits a child, 'memory_bytes' of address space and 'cpu_seconds' of computing, and takes every path from
 * it. Call after everything it needs is open and loaded, and before it makes a thread: one made earlier
 * would keep its paths. */
int inspect_limit_child(struct sandbox_state *state, uint64_t memory_bytes, unsigned int cpu_seconds);

/* What all threads of a child are left with: reading its descriptor, memory, the clock, writing its result.
 * No thread can be made any more. */
int inspect_lock_child(struct sandbox_state *state);
