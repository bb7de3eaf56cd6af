/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The file that says what a folder is, and of which station: an INI file with a random UUID. A store has
 * ROOT/.recdock-store; a backup has one of its own (lib/backup). */

#include <stdbool.h>

#define MARKER_UUID_SIZE 37

struct marker_kind {
        const char *name;    /* of the file */
        const char *section; /* "Store" */
        const char *comment; /* its first line, for people */
};

extern const struct marker_kind marker_of_store;
#define MARKER_LEFTOVER ".recdock-store.tmp" /* of an interrupted marker_write() */

enum marker_outcome {
        MARKER_OURS = 0,
        MARKER_ABSENT = 1,
        MARKER_OTHER = 2, /* of another station */
};

/* Writes a new marker with a random UUID into the folder 'root' and syncs it. 'station' is one line of text,
 * else -EINVAL. ret_uuid may be NULL. */
int marker_write(int root, const struct marker_kind *kind, const char *station,
                 char ret_uuid[MARKER_UUID_SIZE]);

/* Reads the marker below the path 'root'. Returns a marker_outcome (ret_uuid, which may be NULL, is set
 * when it is ours), -EBADMSG when it is damaged, -EPROTONOSUPPORT when a later recdock wrote it. */
int marker_check(const char *root, const struct marker_kind *kind, const char *station,
                 char ret_uuid[MARKER_UUID_SIZE]);
