/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ranges of an item that its medium does not give. The part has zeros there, and recdockd knows of each
 * range before a byte of them is written: no checkpoint can have zeros in it of which nobody knows whose
 * they are.
 */

#include "daemon/offload/part_writer.h"
#include "recorder/offload_messages.h"

#include <stdint.h>

struct unreadable {
        struct part_writer *writer; /* not owned */
        int socket;
        uint64_t item;
        int64_t item_size; /* -1 unknown */
        int64_t pending;   /* bytes behind what the part was fed: not told, not written yet */
        int64_t total;     /* bytes told of */
        uint32_t told;     /* messages */
};

void unreadable_init(struct unreadable *u, struct part_writer *w, int socket,
                     const struct offload_fetch *fetch);

/* The next 'size' bytes of the item are unreadable. As part_feed(), as they may have to be written. */
int unreadable_add(struct unreadable *u, int64_t size);

/* Tells of what was added and writes it; before data that follow it, and at the end of an item that was read
 * whole. As part_feed(). */
int unreadable_flush(struct unreadable *u);
