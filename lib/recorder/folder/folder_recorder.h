/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files that somebody imports, as a recorder: what cannot dock (a card in a reader, a camera, a telephone).
 * Who imports walks and opens; this driver gets the listing and one descriptor at a time over a socket
 * (folder_messages.h), and never sees a path that it could open.
 *
 * A file must be what the listing said, before the first and after the last byte: a regular file of that
 * size and modification time, and not changed in between (its change time, which no program can set back).
 * Else it is RECORDER_MISMATCH. It can list, read and resume, and nothing else. Times of items are UTC, with
 * a Z.
 */

#include "recorder/recorder.h"

#include <stdbool.h>

struct folder_giver {
        int socket; /* SOCK_SEQPACKET, its other end is who imports. Not owned */
        /* As in struct recorder_open of mtp_recorder.h; may be NULL. */
        bool (*cancelled)(void *userdata);
        void (*notice)(void *userdata, int priority, const char *text);
        void *userdata;
        /* Bounds; 0: the default. */
        int answer_ms; /* for one message of the giver; 60000 */
        int list_ms;   /* for the whole listing; 1800000 */
};

/* Returns 0 or -ENOMEM; says nothing to the giver yet. Frees with recorder_free(). */
int folder_recorder_open(struct recorder **ret, const struct folder_giver *giver);
