/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a peer asks for, checked before anything is done with it. */

#include "base/clock.h"
#include "daemon/clear/clear_messages.h"

#include <stdbool.h>

/* A port path of the kernel ("3-1.4"), texts that end, and numbers in their bounds. 0 or -EINVAL. */
int clear_volume_check(const struct clear_volume *v);

/* A relative path without empty components, "." and "..", a size, and a time, which *ret_time has as the
 * mount shows it: without a zone it counts as UTC, which must be the zone of the process. 0 or -EINVAL. */
int clear_file_check(const struct clear_file *f, instant_t *ret_time);
