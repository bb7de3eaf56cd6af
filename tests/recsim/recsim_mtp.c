// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A recorder that speaks MTP: what arrives on bulk OUT becomes commands, and what it is to say goes to the
 * pipe of bulk IN or to the queue of events. One transaction at a time, as PTP has it.
 */

#include "recsim.h"

#include "recsim_operation.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void take_command(struct recsim *r, const uint8_t *data, size_t size)
{
        struct recsim_command c = {
                        .op = recsim_get_u16(data + 6),
                        .transaction = recsim_get_u32(data + 8),
                        .n_params = (unsigned int)MIN((size - RECSIM_HEADER) / 4, 5),
        };

        for (unsigned int i = 0; i < c.n_params; i++)
                c.param[i] = recsim_get_u32(data + RECSIM_HEADER + 4 * i);
        recsim_count_command(r, c.op);
        /* A host that sends a command before it has read the last answer has given that answer up. */
        recsim_pipe_flush(&r->pipe);
        r->request_size = 0;
        r->has_pending = c.op == OP_SET_DEVICE_PROP_VALUE;
        r->pending = c;
        if (!r->has_pending)
                recsim_answer(r, &c);
}

/* Data of the host, header first; it may come in pieces. */
static void take_data(struct recsim *r, const uint8_t *data, size_t size)
{
        if (!r->has_pending || r->request_size + size > RECSIM_REQUEST_MAX)
                return;
        if (!r->request)
                r->request = recsim_alloc(RECSIM_REQUEST_MAX);
        if (size)
                memcpy(r->request + r->request_size, data, size);
        r->request_size += size;
        if (r->request_size < RECSIM_HEADER || r->request_size < recsim_get_u32(r->request))
                return;
        r->has_pending = false;
        recsim_answer(r, &r->pending);
}

void recsim_event(struct recsim *r, uint16_t code, uint32_t param)
{
        struct recsim_buffer b = {0};

        if (r->n_events == RECSIM_EVENTS_MAX) {
                memmove(r->events, r->events + 1, sizeof(r->events) - sizeof(r->events[0]));
                memmove(r->event_sizes, r->event_sizes + 1,
                        sizeof(r->event_sizes) - sizeof(r->event_sizes[0]));
                r->n_events--;
        }
        recsim_put_u32(&b, RECSIM_HEADER + 4);
        recsim_put_u16(&b, RECSIM_EVENT);
        recsim_put_u16(&b, code);
        recsim_put_u32(&b, 0);
        recsim_put_u32(&b, param);
        memcpy(r->events[r->n_events], b.data, b.size);
        r->event_sizes[r->n_events++] = b.size;
        recsim_buffer_clear(&b);
}

size_t recsim_interrupt_in(struct recsim *r, uint8_t *buf, size_t size)
{
        size_t n;

        if (r->n_events == 0 || r->gone)
                return 0;
        n = MIN(size, r->event_sizes[0]);
        memcpy(buf, r->events[0], n);
        r->n_events--;
        memmove(r->events, r->events + 1, sizeof(r->events) - sizeof(r->events[0]));
        memmove(r->event_sizes, r->event_sizes + 1, sizeof(r->event_sizes) - sizeof(r->event_sizes[0]));
        return n;
}

void recsim_mtp_out(struct recsim *r, const uint8_t *data, size_t size)
{
        if (size >= RECSIM_HEADER && recsim_get_u16(data + 4) == RECSIM_COMMAND &&
            recsim_get_u32(data) == size)
                take_command(r, data, size);
        else
                take_data(r, data, size);
}

void recsim_mtp_reset(struct recsim *r)
{
        r->has_pending = false;
        r->request_size = 0;
        r->session = 0;
        r->n_events = 0;
}

void recsim_mtp_show_storages(struct recsim *r)
{
        uint16_t code = r->profile.locked ? EVENT_STORE_REMOVED : EVENT_STORE_ADDED;

        for (unsigned int i = 0; i < r->tree.storages; i++)
                recsim_event(r, code, recsim_storage_id(i));
}

void recsim_mtp_grow(struct recsim *r, enum recsim_fault_kind kind)
{
        if (kind == FAULT_HOSTILE_NAMES)
                recsim_tree_add_hostile(&r->tree);
        else if (kind == FAULT_CYCLIC)
                recsim_tree_add_cyclic(&r->tree);
        else if (kind == FAULT_ENDLESS_LISTING)
                recsim_tree_add_abyss(&r->tree);
}

int recsim_rescan(struct recsim *r)
{
        size_t first = 0;
        int e = r->ums ? -EOPNOTSUPP : recsim_tree_rescan(&r->tree, &first);

        if (e < 0)
                return e;
        for (size_t i = first; i < r->tree.n; i++)
                recsim_event(r, EVENT_OBJECT_ADDED, r->tree.objects[i]->handle);
        return (int)(r->tree.n - first);
}
