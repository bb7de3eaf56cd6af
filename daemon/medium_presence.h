/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which registered media of the archive are plugged in. The watch tells what udev has found (watch.h); here
 * it becomes an event of the station log, and a call to whoever works with media.
 */

#include "daemon/medium/medium_messages.h"
#include "daemon/station.h"

#include <stdbool.h>

struct medium_present {
        struct medium_present *next;
        char *syspath;              /* of the block device */
        char uuid[MEDIUM_UUID_MAX]; /* of its file system, which is registered */
        char type[MEDIUM_TYPE_MAX]; /* "ext4", … */
        char port[MEDIUM_PORT_MAX]; /* "3-1.4" */
        uint64_t capacity;          /* bytes of the block device */
};

/* Is one plugged in there? */
bool medium_is_at(const struct station *s, const char *port);
/* Forgets those that 'still' says no to, and tells of it. */
void media_reconcile(struct station *s, bool (*still)(void *userdata, const char *syspath), void *userdata);
void media_free(struct station *s);
