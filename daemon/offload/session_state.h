/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What session.c and fetch.c share: the docking under way. */

#include "daemon/offload/orders.h"
#include "daemon/offload/part_writer.h"
#include "daemon/offload/session.h"
#include "daemon/offload/unreadable.h"

#include <stdint.h>

/* One FETCH: read from the recorder, then ended, which only the threads of its writer work on. */
struct fetch {
        struct session *session;
        struct part_writer *writer;
        struct offload_fetch order; /* the writer's thread reads 'item' and 'size' while it goes on */
        int fd;                     /* the part, owned; -EBADF: no FETCH goes on */
        int64_t from_device;
        struct unreadable unreadable;
        int feed_result;                 /* what ended the sink: enum part_outcome or a negative errno */
        struct recorder_figures figures; /* of its beginning, then of it alone */
};

struct session {
        int socket;
        struct orders orders;
        struct recorder *recorder; /* not owned */
        struct recorder_identity identity;
        uint32_t listed; /* indices below it exist */
        uint32_t items;  /* of the last listing */
        bool leaving;    /* the conversation is over; the recorder's session may still be closed in order */

        /* While one is written and digested to its end the next one is read: many small files would
         * otherwise be waited for twice. */
        struct fetch fetches[2];
        struct fetch *ending; /* read whole; it is answered before the FETCH that is next, which waits */
};

/* Does a FETCH and answers it, or leaves the answer to whoever comes next. Takes the order's descriptor.
 * Returns the outcome, RECORDER_OK when it is not known yet. */
int fetch_run(struct session *s, struct order *order);

/* Waits for the FETCH that is ending and answers it, if there is one: answers have the order of orders. */
void fetch_settle(struct session *s);

/* The same when there is nothing to wait for. */
void fetch_settle_finished(struct session *s);

/* Answers a FETCH that is not begun: what the part is known to hold stays as it is. */
void fetch_decline(struct session *s, const struct offload_fetch *fetch, int outcome);

/* Hooks of the part writer; 'userdata' is the struct fetch. */
extern const struct part_events fetch_part_events;
