// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Transactions. One runs at a time: command, data, response. Whatever the device sends in between, a
 * transaction ends within the limits: every wait has a deadline, and packets that lead nowhere (empty,
 * stale, events) are counted.
 */
#include "recorder/mtp/ptp_session.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "recorder/mtp/ptp_ladder.h"
#include "recorder/mtp/ptp_phase.h"
#include "recorder/mtp/ptp_wire.h"

#define EVENTS_MAX        16
#define BUSY_PAUSE_MS     100
#define BUSY_PAUSE_MAX_MS 1000
#define SLOW_FACTOR       3
#define SESSION_ID        1

static void limit_default(int *value, int otherwise)
{
        if (*value <= 0)
                *value = otherwise;
}

static void limits_settle(struct mtp_limits *l, bool slow)
{
        int factor = slow ? SLOW_FACTOR : 1;

        limit_default(&l->command_ms, 20000 * factor);
        limit_default(&l->stall_ms, 5000 * factor);
        limit_default(&l->busy_ms, 10000 * factor);
        limit_default(&l->locked_ms, 3000);
        limit_default(&l->drain_ms, 2000);
        l->stale = l->stale ? l->stale : 32;
        l->recoveries = l->recoveries ? l->recoveries : 24;
        l->objects = l->objects ? l->objects : 200000;
}

void ptp_session_init(struct ptp_session *s, struct ptp_transport *transport,
                      const struct mtp_limits *limits, uint32_t quirks)
{
        *s = (struct ptp_session){.transport = transport, .limits = *limits, .quirks = quirks};
        limits_settle(&s->limits, quirks & QUIRK_SLOW);
}

int ptp_outcome_of_response(uint16_t code)
{
        switch (code) {
        case PTP_OK:
                return RECORDER_OK;
        case PTP_OPERATION_NOT_SUPPORTED:
        case PTP_PARAMETER_NOT_SUPPORTED:
        case PTP_DEVICE_PROP_NOT_SUPPORTED:
                return RECORDER_UNSUPPORTED;
        case PTP_INVALID_OBJECT_HANDLE:
                return RECORDER_ABSENT;
        case PTP_OBJECT_WRITE_PROTECTED:
        case PTP_STORE_READ_ONLY:
        case PTP_ACCESS_DENIED:
                return RECORDER_DENIED;
        case PTP_STORE_NOT_AVAILABLE:
                return RECORDER_LOCKED;
        case PTP_INCOMPLETE_TRANSFER:
                return RECORDER_SHORT;
        case PTP_DEVICE_BUSY:
                return RECORDER_BUSY;
        case PTP_TRANSACTION_CANCELLED:
                return RECORDER_CANCELLED;
        default:
                return RECORDER_PROTOCOL;
        }
}

static int outcome_of_usb(int r)
{
        switch (r) {
        case USB_OK:
                return RECORDER_OK;
        case USB_GONE:
                return RECORDER_GONE;
        case USB_CANCELLED:
                return RECORDER_CANCELLED;
        case USB_OVERFLOW:
                return RECORDER_PROTOCOL;
        default:
                return r < 0 ? r : RECORDER_STALLED;
        }
}

/* Events only matter for what they say about storages. */
static void events_drain(struct ptp_session *s)
{
        for (unsigned int i = 0; i < EVENTS_MAX; i++) {
                uint8_t packet[64];
                struct ptp_container c;
                size_t n = 0;

                if (s->transport->verbs->event(s->transport, packet, sizeof(packet), &n) != USB_OK)
                        return;
                if (ptp_container_decode(packet, n, &c) && c.header.code == PTP_EVENT_STORE_ADDED)
                        s->storage_added = true;
        }
}

/* One transaction under way. */
struct transaction {
        const struct ptp_request *request;
        struct ptp_reply reply;
        uint32_t id;
        int command_ms;
        int sunk; /* what on_data or the phase ended the stream with */
        struct ptp_phase phase;
};

static int transaction_send(struct ptp_session *s, const struct transaction *t)
{
        uint8_t buf[PTP_HEADER_SIZE + PTP_OUT_MAX];
        const struct ptp_request *q = t->request;
        size_t n = ptp_command_encode(q->code, t->id, q->params, q->n_params, buf);
        int r = s->transport->verbs->send(s->transport, buf, n, true, t->command_ms);

        if (r != USB_OK || !q->out)
                return outcome_of_usb(r);
        if (q->out_size > PTP_OUT_MAX)
                return -EINVAL;
        ptp_data_header_encode(q->code, t->id, q->out_size, buf);
        memcpy(buf + PTP_HEADER_SIZE, q->out, q->out_size);
        r = s->transport->verbs->send(s->transport, buf, PTP_HEADER_SIZE + q->out_size, true, t->command_ms);
        return outcome_of_usb(r);
}

static int on_stream(struct usb_stream *stream, const uint8_t *data, size_t size, bool ended)
{
        struct transaction *t = stream->userdata;

        t->sunk = ptp_phase_feed(&t->phase, data, size, ended, &stream->owed);
        return t->sunk;
}

static int transaction_take_data(struct ptp_session *s, struct transaction *t)
{
        uint8_t late[PTP_CARRY_MAX / 2];
        struct usb_stream stream = {
                        .owed = ptp_phase_owed(t->request, s->transport->packet_size),
                        .on_data = on_stream,
                        .userdata = t,
                        .first_timeout_ms = t->command_ms,
                        .stall_timeout_ms = s->limits.stall_ms,
                        .late = late,
                        .late_size = sizeof(late),
        };
        int r;

        t->phase = (struct ptp_phase){
                        .session = s, .request = t->request, .reply = &t->reply, .transaction = t->id};
        r = s->transport->verbs->stream(s->transport, &stream);
        if (t->sunk != 0)
                return t->sunk;
        if (r != USB_OK)
                return outcome_of_usb(r);
        if (stream.late_lost || stream.late_used > sizeof(s->carry) - s->carry_used)
                return RECORDER_PROTOCOL;
        memcpy(s->carry + s->carry_used, late, stream.late_used);
        s->carry_used += stream.late_used;
        return RECORDER_OK;
}

/* Takes the first container off the carry; what does not make one is dropped (padding). */
static bool carry_take(struct ptp_session *s, struct ptp_container *ret)
{
        bool ok = ptp_container_decode(s->carry, s->carry_used, ret);
        size_t n = ok ? ret->header.length : s->carry_used;

        memmove(s->carry, s->carry + n, s->carry_used - n);
        s->carry_used -= n;
        return ok;
}

static int carry_fill(struct ptp_session *s, int64_t deadline)
{
        size_t size = sizeof(s->carry) / 2 - sizeof(s->carry) / 2 % s->transport->packet_size, n = 0;
        int64_t left = (deadline - s->transport->verbs->now(s->transport)) / USEC_PER_MSEC;
        int r;

        if (left <= 0)
                return RECORDER_STALLED;
        if (size == 0)
                size = s->transport->packet_size;
        if (size > sizeof(s->carry))
                return RECORDER_PROTOCOL;
        r = s->transport->verbs->receive(s->transport, s->carry, size, &n, (int)left);
        if (r == USB_OK)
                s->carry_used = n;
        return outcome_of_usb(r);
}

static void reply_fill(struct ptp_reply *reply, const struct ptp_container *c)
{
        reply->code = c->header.code;
        reply->n_params = c->n_params;
        memcpy(reply->params, c->params, sizeof(reply->params));
}

/* Waits for our response, past stale ones, events and empty packets, all of which are counted. */
static int transaction_take_response(struct ptp_session *s, struct transaction *t)
{
        int64_t deadline = s->transport->verbs->now(s->transport) + t->command_ms * USEC_PER_MSEC;

        for (unsigned int strays = 0; strays <= s->limits.stale; strays++) {
                struct ptp_container c;
                bool surplus = s->carry_used > 0;

                if (!surplus) {
                        int r = carry_fill(s, deadline);

                        if (r != RECORDER_OK)
                                return r;
                        if (s->carry_used == 0)
                                continue; /* the empty packet that ends data of whole packets */
                }
                if (!carry_take(s, &c)) {
                        /* Behind data without a length it may be the rest of them. */
                        if (surplus && !t->phase.endless)
                                continue;
                        return RECORDER_PROTOCOL;
                }
                if (c.header.type == PTP_RESPONSE && c.header.transaction == t->id) {
                        reply_fill(&t->reply, &c);
                        return RECORDER_OK;
                }
                if (c.header.type != PTP_RESPONSE && c.header.type != PTP_EVENT)
                        return RECORDER_PROTOCOL;
        }
        return RECORDER_PROTOCOL;
}

static uint32_t transaction_next(struct ptp_session *s)
{
        if (!s->open)
                return 0; /* GetDeviceInfo and OpenSession: section 9.3.1 */
        if (++s->transaction == UINT32_MAX)
                s->transaction = 1;
        return s->transaction;
}

int ptp_transaction_once(struct ptp_session *s, const struct ptp_request *request, int command_ms,
                         struct ptp_reply *ret_reply)
{
        struct transaction t = {.request = request, .command_ms = command_ms};
        int r = request->on_begin ? request->on_begin(request->userdata) : 0;

        if (r != 0)
                return r;
        events_drain(s);
        t.id = transaction_next(s);
        s->carry_used = 0;
        r = transaction_send(s, &t);
        if (r == RECORDER_OK && request->on_data)
                r = transaction_take_data(s, &t);
        if (r == RECORDER_OK)
                r = transaction_take_response(s, &t);
        *ret_reply = t.reply;
        if (r == RECORDER_OK) {
                s->rung = 0;
                return r;
        }
        if (r != RECORDER_GONE)
                ptp_ladder_abandon(s, t.id);
        return r;
}

/* The same until the device is no longer busy, or too long. */
static int transaction_unbusy(struct ptp_session *s, const struct ptp_request *request, int command_ms,
                              struct ptp_reply *reply)
{
        int64_t deadline = s->transport->verbs->now(s->transport) + s->limits.busy_ms * USEC_PER_MSEC;
        int pause = BUSY_PAUSE_MS;

        for (;;) {
                int r = ptp_transaction_once(s, request, command_ms, reply);

                if (r != RECORDER_OK || reply->code != PTP_DEVICE_BUSY || reply->received > 0)
                        return r;
                if (s->transport->verbs->now(s->transport) + pause * USEC_PER_MSEC > deadline)
                        return RECORDER_BUSY;
                r = outcome_of_usb(s->transport->verbs->pause(s->transport, pause));
                if (r != RECORDER_OK)
                        return r;
                pause = MIN(2 * pause, BUSY_PAUSE_MAX_MS);
        }
}

/* A device that was silent once gets less time to be silent again. */
static int retry_ms(const struct ptp_session *s)
{
        return MIN(s->limits.command_ms, s->limits.stall_ms);
}

static bool may_recover(int r)
{
        return r == RECORDER_STALLED || r == RECORDER_PROTOCOL;
}

/* What it would do to another object that has the handle now cannot be taken back, or not be seen. */
static bool trusts_handle(const struct ptp_request *request)
{
        return request->code == PTP_GET_OBJECT || request->code == PTP_GET_PARTIAL_OBJECT ||
               request->code == ANDROID_GET_PARTIAL_OBJECT_64 || request->code == PTP_DELETE_OBJECT;
}

/* Was the session of 'generation' lost on the way, so that the handles of the request mean nothing? */
static bool handle_is_void(const struct ptp_session *s, const struct ptp_request *request,
                           unsigned int generation)
{
        return s->generation != generation && trusts_handle(request);
}

/* One that is lost again and again is the device's word on this object, like any other refusal. */
static bool session_is_lost(const struct ptp_session *s, const struct ptp_reply *reply)
{
        return reply->code == PTP_SESSION_NOT_OPEN && s->open && s->recoveries < s->limits.recoveries;
}

int ptp_session_run(struct ptp_session *s, const struct ptp_request *request, struct ptp_reply *ret)
{
        const unsigned int generation = s->generation;
        bool reopened = false;
        struct ptp_reply reply = {0};
        int command_ms = s->limits.command_ms, r;

        if (s->dead)
                return RECORDER_STALLED;
        if (s->dirty) {
                r = ptp_session_recover(s, RECORDER_STALLED);
                if (r != RECORDER_OK)
                        return r;
                command_ms = retry_ms(s);
        }
        for (;;) {
                r = transaction_unbusy(s, request, command_ms, &reply);
                if (r == RECORDER_OK && !reopened && session_is_lost(s, &reply)) {
                        reopened = true;
                        r = ptp_ladder_reopen(s);
                        if (r != RECORDER_OK)
                                return r;
                        if (handle_is_void(s, request, generation))
                                return RECORDER_STALLED;
                        continue;
                }
                if (!may_recover(r))
                        break;
                if (reply.received > 0 && !request->on_begin)
                        return r;
                command_ms = retry_ms(s);
                if (ptp_session_recover(s, r) != RECORDER_OK || handle_is_void(s, request, generation))
                        return r;
        }
        if (r == RECORDER_OK)
                *ret = reply;
        return r;
}

int ptp_session_open(struct ptp_session *s)
{
        struct ptp_request q = {.code = PTP_OPEN_SESSION, .params = {SESSION_ID}, .n_params = 1};
        struct ptp_reply reply;
        int r;

        if (s->open)
                return RECORDER_OK;
        r = ptp_session_run(s, &q, &reply);
        if (r != RECORDER_OK)
                return r;
        if (reply.code != PTP_OK && reply.code != PTP_SESSION_ALREADY_OPEN)
                return ptp_outcome_of_response(reply.code);
        s->open = true;
        s->transaction = 0;
        return RECORDER_OK;
}

void ptp_session_close(struct ptp_session *s)
{
        struct ptp_request q = {.code = PTP_CLOSE_SESSION};
        struct ptp_reply reply;

        if (!s->open || s->dead || s->dirty || (s->quirks & QUIRK_NO_CLOSE_SESSION))
                return;
        s->transport->verbs->mask_cancel(s->transport, true);
        (void)ptp_transaction_once(s, &q, MIN(s->limits.command_ms, s->limits.drain_ms), &reply);
        s->transport->verbs->mask_cancel(s->transport, false);
        s->open = false;
}

void ptp_bytes_done(struct ptp_bytes *b)
{
        free(b->data);
        *b = (struct ptp_bytes){0};
}

static int bytes_begin(void *userdata)
{
        struct ptp_bytes *b = userdata;

        b->size = 0;
        return 0;
}

static int bytes_append(void *userdata, const uint8_t *data, size_t size)
{
        struct ptp_bytes *b = userdata;

        if (size > b->room - b->size) {
                size_t room = MAX(2 * b->room, b->size + size);
                uint8_t *bigger = realloc(b->data, room);

                if (!bigger)
                        return -ENOMEM;
                b->data = bigger;
                b->room = room;
        }
        memcpy(b->data + b->size, data, size);
        b->size += size;
        return 0;
}

int ptp_session_fetch(struct ptp_session *s, const struct ptp_request *request, struct ptp_bytes *ret,
                      struct ptp_reply *ret_reply)
{
        struct ptp_request q = *request;

        q.on_data = bytes_append;
        q.on_begin = bytes_begin;
        q.userdata = ret;
        if (q.most == 0)
                q.most = PTP_DATASET_MAX;
        return ptp_session_run(s, &q, ret_reply);
}
