// SPDX-License-Identifier: LGPL-2.1-or-later
/* See test_ptp_device.h. The stream mimics the pump of lib/usb: it has several reads under way and can catch
 * too much. */
#include "test_ptp_device.h"

#include "base/cleanup.h"
#include "recorder/mtp/ptp_wire.h"

#include <string.h>

const uint8_t sim_pattern[1024 * 1024];

static struct sim *sim_of(struct ptp_transport *t)
{
        return (struct sim *)t;
}

static struct sim_burst *burst_new(struct sim *sim)
{
        if (sim->first > 0 && sim->first == sim->n)
                sim->first = sim->n = 0;
        if (sim->n == SIM_BURSTS_MAX)
                abort();
        sim->bursts[sim->n] = (struct sim_burst){0};
        return &sim->bursts[sim->n++];
}

void sim_send(struct sim *sim, const void *data, size_t size, bool empty_packet)
{
        struct sim_burst *b = burst_new(sim);

        b->data = malloc(size + 1);
        if (!b->data)
                abort();
        memcpy(b->data, data, size);
        b->size = size;
        b->empty_packet = empty_packet;
}

void sim_send_generated(struct sim *sim, uint64_t size)
{
        burst_new(sim)->size = size;
}

void sim_send_fail(struct sim *sim, int outcome)
{
        struct sim_burst *b = burst_new(sim);

        b->kind = SIM_FAIL;
        b->fail = outcome;
}

static void burst_drop(struct sim *sim)
{
        free(sim->bursts[sim->first].data);
        sim->bursts[sim->first++].data = NULL;
}

void sim_forget(struct sim *sim)
{
        while (sim->first < sim->n)
                burst_drop(sim);
        sim->first = sim->n = 0;
}

static void header_put(uint8_t *p, uint32_t length, uint16_t type, uint16_t code, uint32_t transaction)
{
        wire_put32(p, length);
        wire_put16(p + 4, type);
        wire_put16(p + 6, code);
        wire_put32(p + 8, transaction);
}

void sim_header(struct sim *sim, uint32_t length, uint16_t type, uint16_t code, uint32_t transaction)
{
        uint8_t p[PTP_HEADER_SIZE];

        header_put(p, length ? length : PTP_HEADER_SIZE, type, code, transaction);
        sim_send(sim, p, sizeof(p), false);
}

void sim_data(struct sim *sim, const struct ptp_container *c, const void *payload, size_t size)
{
        _cleanup_free_ uint8_t *p = malloc(PTP_HEADER_SIZE + size);

        if (!p)
                abort();
        header_put(p, (uint32_t)(PTP_HEADER_SIZE + size), PTP_DATA, c->header.code, c->header.transaction);
        memcpy(p + PTP_HEADER_SIZE, payload, size);
        sim_send(sim, p, PTP_HEADER_SIZE + size, true);
}

void sim_respond_as(struct sim *sim, uint32_t transaction, uint16_t code)
{
        sim_header(sim, 0, PTP_RESPONSE, code, transaction);
}

void sim_respond(struct sim *sim, const struct ptp_container *c, uint16_t code)
{
        sim_respond_as(sim, c->header.transaction, code);
}

static bool is_cancelled(const struct sim *sim)
{
        return !sim->masked &&
               (sim->cancelled || (sim->cancel_at_read && sim->reads >= sim->cancel_at_read));
}

static bool has_out_data(uint16_t code)
{
        return code == PTP_SET_DEVICE_PROP_VALUE;
}

static void command_run(struct sim *sim, const uint8_t *data, size_t size)
{
        const struct ptp_container c = sim->command;

        sim->commands++;
        sim->opens += c.header.code == PTP_OPEN_SESSION;
        sim->closes += c.header.code == PTP_CLOSE_SESSION;
        sim->deletes += c.header.code == PTP_DELETE_OBJECT;
        if (sim->on_command)
                sim->on_command(sim, &c, data, size);
        else
                sim_respond(sim, &c, PTP_OK);
}

static int verb_send(struct ptp_transport *t, const void *data, size_t size, bool end, int timeout_ms)
{
        struct sim *sim = sim_of(t);

        (void)end;
        (void)timeout_ms;
        if (is_cancelled(sim))
                return USB_CANCELLED;
        sim->now += 10;
        if (sim->pending_command) {
                sim->pending_command = 0;
                command_run(sim, (const uint8_t *)data + PTP_HEADER_SIZE, size - PTP_HEADER_SIZE);
                return USB_OK;
        }
        if (!ptp_container_decode(data, size, &sim->command))
                abort();
        if (has_out_data(sim->command.header.code))
                sim->pending_command = 1;
        else
                command_run(sim, NULL, 0);
        return USB_OK;
}

/* Moves bytes of the queue into one read of at most 'size'; 'data' may be NULL for generated ones. */
static int queue_read(struct sim *sim, uint8_t *data, size_t size, size_t *ret)
{
        size_t got = 0;

        while (got < size && sim->first < sim->n) {
                struct sim_burst *b = &sim->bursts[sim->first];
                size_t take;

                if (b->kind == SIM_FAIL) {
                        int fail = b->fail;

                        if (got > 0)
                                break;
                        if (fail != USB_STALL)
                                burst_drop(sim);
                        return fail;
                }
                take = (size_t)MIN((uint64_t)(size - got), b->size - b->at);
                if (data && b->data)
                        memcpy(data + got, b->data + b->at, take);
                got += take;
                b->at += take;
                if (b->at == b->size) {
                        bool full = b->size % SIM_PACKET == 0 && b->size > 0;
                        bool ends = !full || (b->empty_packet && got < size);

                        if (full && b->empty_packet && got == size) {
                                b->size = b->at = 0; /* the empty packet is left for the next read */
                                b->empty_packet = false;
                                *ret = got;
                                return USB_OK;
                        }
                        burst_drop(sim);
                        if (ends) {
                                *ret = got;
                                return USB_OK;
                        }
                }
        }
        *ret = got;
        return got == size ? USB_OK : USB_TIMEOUT;
}

static int sim_read(struct sim *sim, uint8_t *data, size_t size, size_t *ret, int timeout_ms)
{
        int r;

        sim->reads++;
        if (is_cancelled(sim))
                return USB_CANCELLED;
        if (sim->first == sim->n && sim->on_idle)
                (void)sim->on_idle(sim);
        r = queue_read(sim, data, size, ret);
        sim->now += r == USB_TIMEOUT ? timeout_ms * INT64_C(1000) : 10;
        return r;
}

static int verb_receive(struct ptp_transport *t, void *data, size_t size, size_t *ret_received,
                        int timeout_ms)
{
        if (size % SIM_PACKET != 0)
                abort();
        return sim_read(sim_of(t), data, size, ret_received, timeout_ms);
}

static int verb_stream(struct ptp_transport *t, struct usb_stream *s)
{
        struct sim *sim = sim_of(t);
        _cleanup_free_ uint8_t *buf = calloc(1, SIM_TRANSFER);
        size_t asked[SIM_DEPTH], total = 0, got;
        unsigned int n = 0;
        bool begun = false;
        int r = USB_OK;

        if (!buf)
                abort();
        while (s->owed > 0 && r == USB_OK) {
                size_t head;

                for (; n < SIM_DEPTH && total < s->owed; n++) {
                        uint64_t left = s->owed - total;

                        asked[n] = left >= SIM_TRANSFER ? SIM_TRANSFER
                                                        : (size_t)(left + SIM_PACKET - 1) / SIM_PACKET *
                                                                          SIM_PACKET;
                        total += asked[n];
                }
                head = asked[0];
                n--;
                for (unsigned int i = 0; i < n; i++)
                        asked[i] = asked[i + 1];
                total -= head;
                r = sim_read(sim, buf, head, &got, begun ? s->stall_timeout_ms : s->first_timeout_ms);
                begun = true;
                if (r == USB_OK)
                        r = s->on_data(s, buf, got, got < head);
        }
        for (unsigned int i = 0; i < n && sim->first < sim->n; i++) {
                if (queue_read(sim, buf, asked[i], &got) != USB_OK)
                        break;
                if (got > s->late_size - s->late_used) {
                        s->late_lost = true;
                        break;
                }
                memcpy(s->late + s->late_used, buf, got);
                s->late_used += got;
        }
        return r;
}

static int verb_control(struct ptp_transport *t, uint8_t request_type, uint8_t request, void *data,
                        uint16_t size, size_t *ret_done, int timeout_ms)
{
        struct sim *sim = sim_of(t);

        (void)timeout_ms;
        sim->now += 10;
        if (is_cancelled(sim))
                return USB_CANCELLED;
        if (request == PTP_CLASS_CANCEL)
                sim->cancels++;
        if (request == PTP_CLASS_RESET)
                sim->class_resets++;
        if ((request_type & 0x80) && size >= 4) {
                wire_put16(data, 4);
                wire_put16((uint8_t *)data + 2, PTP_OK);
                *ret_done = 4;
        }
        return USB_OK;
}

static int verb_event(struct ptp_transport *t, void *data, size_t size, size_t *ret_received)
{
        struct sim *sim = sim_of(t);

        if (sim->events_left == 0)
                return USB_TIMEOUT;
        sim->events_left--;
        if (size < PTP_HEADER_SIZE)
                abort();
        header_put(data, PTP_HEADER_SIZE, PTP_EVENT, PTP_EVENT_STORE_ADDED, 0);
        *ret_received = PTP_HEADER_SIZE;
        return USB_OK;
}

static int verb_clear_halt(struct ptp_transport *t)
{
        struct sim *sim = sim_of(t);

        sim->clears++;
        while (sim->first < sim->n && sim->bursts[sim->first].kind == SIM_FAIL)
                burst_drop(sim);
        return sim->clear_result;
}

static int verb_reset(struct ptp_transport *t)
{
        struct sim *sim = sim_of(t);

        sim->usb_resets++;
        return sim->reset_result;
}

static int verb_pause(struct ptp_transport *t, int milliseconds)
{
        sim_of(t)->now += milliseconds * INT64_C(1000);
        return is_cancelled(sim_of(t)) ? USB_CANCELLED : USB_OK;
}

static void verb_mask(struct ptp_transport *t, bool masked)
{
        sim_of(t)->masked = masked;
}

static int64_t verb_now(struct ptp_transport *t)
{
        return sim_of(t)->now;
}

static void verb_free(struct ptp_transport *t)
{
        (void)t; /* the test owns it */
}

static const struct ptp_transport_verbs sim_verbs = {
                .send = verb_send,
                .receive = verb_receive,
                .stream = verb_stream,
                .control = verb_control,
                .event = verb_event,
                .clear_halt = verb_clear_halt,
                .reset = verb_reset,
                .pause = verb_pause,
                .mask_cancel = verb_mask,
                .now = verb_now,
                .free = verb_free,
};

void sim_init(struct sim *sim)
{
        *sim = (struct sim){.transport = {.verbs = &sim_verbs, .packet_size = SIM_PACKET}};
}

void sim_done(struct sim *sim)
{
        sim_forget(sim);
}
