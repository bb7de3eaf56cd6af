// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Items whose size the recorder does not tell. No room was reserved for one, and it may have no end: it is
 * cut off where it would take what KeepFree= keeps for all, and at ItemMax=. Its part goes then, since it
 * takes the room of everybody else. One that had no room is tried again with more than it had; one that is
 * too long is left to a person.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/item.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"
#include "daemon/worker.h"
#include "recorder/offload_messages.h"

#include <inttypes.h>
#include <syslog.h>

/* What had no room is tried again with so much more. */
enum { UNSIZED_STEP = 1 << 20 };

void docking_unsized_limit(struct docking *d, struct plan_entry *e)
{
        const struct config *c = d->station->config;
        uint64_t free_bytes;

        if (e->size >= 0 || e->too_long || e->no_room)
                return;
        e->too_long = (uint64_t)e->received > c->item_max;
        e->no_room = !e->too_long && store_free_bytes(d->station->store, &free_bytes) >= 0 &&
                     free_bytes < c->keep_free;
        if (e->too_long || e->no_room)
                (void)worker_send(d->worker, OFFLOAD_CANCEL, NULL, 0, -EBADF); /* lost: the next one */
}

void docking_unsized_fetched(struct docking *d, struct plan_entry *e, struct item *item,
                             const struct offload_fetched *m)
{
        struct station *s = d->station;
        struct event_subject subject = docking_subject(d);
        char who[64];

        (void)store_part_remove(s->store, item->part_docking, item->id);
        item->state = ITEM_LISTED;
        item->part_docking = item->durable = 0;
        item->has_durable_digest = false;
        (void)snprintf(item->error, sizeof(item->error), "%s",
                       e->too_long ? "longer than ItemMax=, or without an end"
                                   : "of unknown size, and no room");
        station_check(s, item_update(s->catalogue, item), "write an item");
        subject.item = e->item;
        event_log(EVENT_ITEM_FAILED, &subject, "%s: item '%s' not pulled: %s after %" PRId64 " bytes, %s",
                  d->place, item->path, item->error, MAX(m->size, e->received),
                  e->too_long ? "leaving it until the next docking" : "going on when there is room");
        if (!e->too_long) {
                e->least = MAX(m->size, e->received) + UNSIZED_STEP;
                plan_set_state(&d->plan, e, PLAN_WAITING);
                return;
        }
        (void)snprintf(who, sizeof(who), "item/%" PRId64, e->item);
        station_alert(s, "item-endless", LOG_ERR, who,
                      "recorder %s does not say how large '%s' is, and it is larger than ItemMax=, %" PRIu64
                      " MiB, or has no end; it stays on the recorder",
                      d->recorder_number, item->path, s->config->item_max >> 20);
        d->row.failed++;
        plan_set_state(&d->plan, e, PLAN_FAILED);
}
