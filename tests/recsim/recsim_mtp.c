// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The recorder as a USB device: what arrives on bulk OUT becomes commands, and what it is to say goes to the
 * pipe of bulk IN or to the queue of events. One transaction at a time, as PTP has it.
 */

#include "recsim.h"

#include "recsim_operation.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t recsim_now(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

size_t recsim_packet_size(const struct recsim *r)
{
        if (r->profile.packet)
                return r->profile.packet;
        return r->profile.speed == RECSIM_SUPER ? 1024 : r->profile.speed == RECSIM_HIGH ? 512 : 64;
}

static void grow_objects(struct recsim *r, enum recsim_fault_kind kind)
{
        if (kind == FAULT_HOSTILE_NAMES)
                recsim_tree_add_hostile(&r->tree);
        else if (kind == FAULT_CYCLIC)
                recsim_tree_add_cyclic(&r->tree);
        else if (kind == FAULT_ENDLESS_LISTING)
                recsim_tree_add_abyss(&r->tree);
}

int recsim_fault(struct recsim *r, const struct recsim_fault *fault)
{
        int e = recsim_faults_add(&r->faults, fault);

        if (e == 0)
                grow_objects(r, fault->kind);
        return e;
}

int recsim_new(struct recsim **ret, const struct recsim_profile *profile, const struct recsim_faults *faults)
{
        struct recsim *r = recsim_alloc(sizeof(*r));
        int e;

        r->profile = *profile;
        e = recsim_tree_open(&r->tree, profile->dir, (unsigned int)MAX(profile->storages, 1));
        if (e < 0) {
                free(r);
                return e;
        }
        recsim_tree_add_pattern(&r->tree, (unsigned int)profile->synth_count, profile->synth_size);
        recsim_pipe_init(&r->pipe, recsim_packet_size(r), profile->zlp, profile->rate);
        for (size_t i = 0; faults && i < faults->n; i++)
                (void)recsim_fault(r, &faults->entry[i]);
        *ret = r;
        return 0;
}

void recsim_free(struct recsim *r)
{
        if (!r)
                return;
        recsim_pipe_flush(&r->pipe);
        recsim_tree_close(&r->tree);
        free(r->request);
        free(r);
}

static void count_operation(struct recsim_stats *s, uint16_t op)
{
        size_t i = 0;

        s->commands++;
        while (i < s->n_ops && s->ops[i].op != op)
                i++;
        if (i == RECSIM_OPS_MAX)
                return;
        if (i == s->n_ops)
                s->ops[s->n_ops++].op = op;
        s->ops[i].n++;
}

static void count_read(struct recsim_stats *s, size_t want)
{
        size_t i = 0;

        s->bulk_in++;
        while (i < s->n_sizes && s->sizes[i].size != want)
                i++;
        if (i == RECSIM_SIZES_MAX)
                return;
        if (i == s->n_sizes)
                s->sizes[s->n_sizes++].size = want;
        s->sizes[i].n++;
}

static void forget_transaction(struct recsim *r)
{
        recsim_pipe_flush(&r->pipe);
        r->has_pending = false;
        r->request_size = 0;
        r->muted = false;
}

static void take_command(struct recsim *r, const uint8_t *data, size_t size)
{
        struct recsim_command c = {
                        .op = recsim_get_u16(data + 6),
                        .transaction = recsim_get_u32(data + 8),
                        .n_params = (unsigned int)MIN((size - RECSIM_HEADER) / 4, 5),
        };

        for (unsigned int i = 0; i < c.n_params; i++)
                c.param[i] = recsim_get_u32(data + RECSIM_HEADER + 4 * i);
        count_operation(&r->stats, c.op);
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

int recsim_bulk_out(struct recsim *r, const uint8_t *data, size_t size)
{
        if (r->gone)
                return -ENODEV;
        if (r->out_halted)
                return -EPIPE;
        r->stats.bulk_out++;
        r->stats.bytes_out += size;
        if (size >= RECSIM_HEADER && recsim_get_u16(data + 4) == RECSIM_COMMAND &&
            recsim_get_u32(data) == size)
                take_command(r, data, size);
        else
                take_data(r, data, size);
        return 0;
}

bool recsim_bulk_in_plan(struct recsim *r, size_t want, struct recsim_reading *ret)
{
        if (r->gone) {
                *ret = (struct recsim_reading){.status = -ENODEV};
                return true;
        }
        if (r->muted)
                return false;
        return recsim_pipe_plan(&r->pipe, want, recsim_now(), ret);
}

void recsim_bulk_in_fill(struct recsim *r, size_t want, const struct recsim_reading *plan, uint8_t *buf)
{
        count_read(&r->stats, want);
        r->stats.bytes_in += plan->size;
        recsim_pipe_fill(&r->pipe, plan, buf, recsim_now());
        if (plan->status == -EPIPE)
                r->out_halted = true;
        if (plan->status == -ENODEV)
                r->gone = true;
}

int64_t recsim_wakeup(const struct recsim *r)
{
        return r->gone || r->muted ? -1 : recsim_pipe_wakeup(&r->pipe, recsim_now());
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

void recsim_clear_halt(struct recsim *r, uint8_t endpoint)
{
        r->stats.clear_halts++;
        if (endpoint == RECSIM_ENDPOINT_IN)
                r->pipe.halted = false;
        else if (endpoint == RECSIM_ENDPOINT_OUT)
                r->out_halted = false;
}

void recsim_reset(struct recsim *r)
{
        r->stats.resets++;
        forget_transaction(r);
        r->pipe.halted = r->out_halted = false;
        r->session = 0;
        r->n_events = 0;
}

int recsim_set(struct recsim *r, const char *key, const char *value, char *why)
{
        bool locked = r->profile.locked;
        int e = recsim_profile_set(&r->profile, key, value, why);

        if (e < 0)
                return e;
        r->pipe.rate = r->profile.rate;
        r->pipe.zlp = r->profile.zlp;
        for (unsigned int i = 0; locked != r->profile.locked && i < r->tree.storages; i++)
                recsim_event(r, locked ? EVENT_STORE_ADDED : EVENT_STORE_REMOVED, recsim_storage_id(i));
        return 0;
}

int recsim_rescan(struct recsim *r)
{
        size_t first = 0;
        int e = recsim_tree_rescan(&r->tree, &first);

        if (e < 0)
                return e;
        for (size_t i = first; i < r->tree.n; i++)
                recsim_event(r, EVENT_OBJECT_ADDED, r->tree.objects[i]->handle);
        return (int)(r->tree.n - first);
}
