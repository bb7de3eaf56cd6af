/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How recdock-offload locks itself in, in two steps around the making of its threads:
 *
 *   open the node ─▶ lockdown_paths() ─▶ make threads ─▶ lockdown_calls() ─▶ first byte from the recorder
 */

#include "base/sandbox.h"

/* No new privileges, no path, no TCP. Loads what libraries would open later (libcrypto's configuration, the
 * zone). */
int lockdown_paths(struct sandbox_state *state);

/* The allow-list, for all threads. */
int lockdown_calls(struct sandbox_state *state);
