/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The file that says "this is a store, of this station": ROOT/.recdock-store, an INI file. */

#include <stdbool.h>

#define MARKER_NAME     ".recdock-store"
#define MARKER_LEFTOVER ".recdock-store.tmp" /* of an interrupted marker_write() */

/* Writes a new marker with a random UUID into the folder 'root' and syncs it. 'station' is one line of text,
 * else -EINVAL. */
int marker_write(int root, const char *station);

/* Reads the marker below the path 'root'. Returns 0 when it is of 'station', 1 when there is none or it is
 * of another station, -EBADMSG when it is damaged, -EPROTONOSUPPORT when a later recdock wrote it. */
int marker_check(const char *root, const char *station);
