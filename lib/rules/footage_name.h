/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Does a file name look like footage? For entries of which nothing but the name is left. */

#include "rules/name_pattern.h"

#include <stdbool.h>
#include <stddef.h>

/* True when the last component of 'path' has the extension of a recording, or one of the patterns fits it.
 */
bool footage_name_likely(struct name_pattern *const *patterns, size_t n, const char *path);
