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

enum lockdown_kind {
        LOCKDOWN_USB,   /* an open usbfs node */
        LOCKDOWN_FILES, /* descriptors of files that come over a socket */
};

/* The allow-list, for all threads. */
int lockdown_calls(enum lockdown_kind kind, struct sandbox_state *state);
