/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a peer asks for, checked before anything is done with it. */

#include "daemon/medium/medium_messages.h"

#include <stdbool.h>

/* A UUID as libblkid writes it: letters, digits and '-'. It names a file. */
bool medium_uuid_is_valid(const char *uuid);

/* Texts that end, a UUID, a place that may be any. 0 or -EINVAL. */
int medium_open_check(const struct medium_open *m);
/* A place, a known format, a label of letters, digits, '.', '_' and '-' that every file system has room for
 * and that is no option. 0 or -EINVAL. */
int medium_init_check(const struct medium_init *m);
