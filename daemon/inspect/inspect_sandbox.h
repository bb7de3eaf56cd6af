/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/sandbox.h"

/* What recdock-inspect itself is left with: talking over open descriptors, forking, waiting. No path, no new
 * program. */
int inspect_lock_parent(struct sandbox_state *state);

/* What a child is left with: reading its descriptor, memory, the clock, writing its result. 'memory_bytes'
 * of address space and 'cpu_seconds' of computing are all it gets. Call after everything it needs is open
 * and loaded. */
int inspect_lock_child(struct sandbox_state *state, uint64_t memory_bytes, unsigned int cpu_seconds);
