/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What session.c and fetch.c share: the docking under way. */

#include "daemon/offload/orders.h"
#include "daemon/offload/part_writer.h"
#include "daemon/offload/session.h"
#include "daemon/offload/unreadable.h"

#include <stdint.h>

struct session {
        int socket;
        struct orders orders;
        struct part_writer *writer;
        struct recorder *recorder; /* not owned */
        struct recorder_identity identity;
        uint32_t listed; /* indices below it exist */
        uint32_t items;  /* of the last listing */
        bool leaving;    /* the conversation is over; the recorder's session may still be closed in order */

        /* The FETCH under way; the writer's thread reads 'item' and 'size' while it is. */
        struct offload_fetch fetch;
        int64_t from_device;
        struct unreadable unreadable;
        int feed_result; /* what ended the sink: enum part_outcome or a negative errno */
};

/* Does a FETCH and answers it. Returns the outcome that was answered. */
int fetch_run(struct session *s, const struct order *order);

/* Answers a FETCH that is not begun: what the part is known to hold stays as it is. */
void fetch_decline(struct session *s, const struct offload_fetch *fetch, int outcome);

/* Hooks of the part writer; 'userdata' is the session. */
extern const struct part_events fetch_part_events;
