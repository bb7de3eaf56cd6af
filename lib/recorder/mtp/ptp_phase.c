// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See ptp_phase.h. The rule of the class is that a short packet ends the data; real devices bend it in one
 * way, by sending the header in a short packet of its own. Bytes behind the announced end are the response,
 * and are carried over.
 */
#include "recorder/mtp/ptp_phase.h"

#include "base/cleanup.h"

#include <string.h>

#define FIRST_READ (16 * 1024)

uint64_t ptp_phase_owed(const struct ptp_request *request, size_t packet_size)
{
        uint64_t owed = request->sized ? request->expected + PTP_HEADER_SIZE : FIRST_READ;

        return MAX(owed, (uint64_t)packet_size);
}

static int carry_put(struct ptp_session *s, const uint8_t *data, size_t size)
{
        if (size > sizeof(s->carry) - s->carry_used)
                return RECORDER_PROTOCOL;
        if (size > 0)
                memcpy(s->carry + s->carry_used, data, size);
        s->carry_used += size;
        return 0;
}

/* How much payload the header announces; see the comment on each case for who sends it. */
static int length_settle(struct ptp_phase *p, uint32_t length)
{
        const struct ptp_request *q = p->request;

        if (q->sized && (length == PTP_LENGTH_UNKNOWN || q->expected + PTP_HEADER_SIZE > UINT32_MAX)) {
                /* 4 GiB and more: the field holds all ones, or the length modulo 2^32 */
                p->total = q->expected;
                return 0;
        }
        if (length == PTP_LENGTH_UNKNOWN || (!q->sized && q->over_4g)) {
                p->endless = true;
                return 0;
        }
        if (length < PTP_HEADER_SIZE)
                return RECORDER_PROTOCOL;
        p->total = length - PTP_HEADER_SIZE;
        if (q->sized && p->total > q->expected)
                return RECORDER_MISMATCH;
        if (q->most > 0 && p->total > q->most)
                return RECORDER_PROTOCOL;
        return 0;
}

/* An answer to an older transaction, whole and by itself, is passed over like an empty packet. */
static bool is_stale(const struct ptp_phase *p, size_t rest, bool ended)
{
        struct ptp_header h;

        return ended && ptp_header_decode(p->head, sizeof(p->head), &h) && h.type == PTP_RESPONSE &&
               h.transaction != p->transaction && h.length == sizeof(p->head) + rest;
}

/* The header is complete. *ret_response: it is the response already, the device has no data. */
static int phase_begin(struct ptp_phase *p, bool *ret_response)
{
        struct ptp_header h;

        if (!ptp_header_decode(p->head, sizeof(p->head), &h) || h.transaction != p->transaction)
                return RECORDER_PROTOCOL;
        *ret_response = h.type == PTP_RESPONSE;
        if (*ret_response)
                return 0;
        if (h.type != PTP_DATA || h.code != p->request->code)
                return RECORDER_PROTOCOL;
        p->begun = true;
        return length_settle(p, h.length);
}

/* Behind a header that came alone the device may have changed its mind; and see feed_endless(). */
static bool is_our_response(const struct ptp_phase *p, const uint8_t *data, size_t size)
{
        struct ptp_container c;

        return ptp_container_decode(data, size, &c) && c.header.length == size &&
               c.header.type == PTP_RESPONSE && c.header.transaction == p->transaction;
}

static int payload_give(struct ptp_phase *p, const uint8_t *data, size_t size)
{
        const struct ptp_request *q = p->request;

        p->reply->received += size;
        if (q->most > 0 && p->reply->received > q->most)
                return RECORDER_PROTOCOL;
        return size > 0 ? q->on_data(q->userdata, data, size) : 0;
}

/* Data that fill their last packet need an empty one behind them, and there are devices that send none. Then
 * the short packet that ends the read is not the object's but the response. */
static int feed_endless(struct ptp_phase *p, const uint8_t *data, size_t size, bool ended, uint64_t *owed)
{
        size_t last = ended ? p->read_size % p->session->transport->packet_size : 0;
        bool response = last > 0 && last <= size && is_our_response(p, data + size - last, last);
        int r;

        *owed = ended ? 0 : UINT64_MAX;
        r = payload_give(p, data, response ? size - last : size);
        return r == 0 && response ? carry_put(p->session, data + size - last, last) : r;
}

static int feed_known(struct ptp_phase *p, const uint8_t *data, size_t size, bool ended, uint64_t *owed)
{
        uint64_t left = p->total - p->reply->received;
        size_t take = (size_t)MIN((uint64_t)size, left);
        int r = payload_give(p, data, take);

        if (r != 0)
                return r;
        left -= take;
        p->reply->cut = left > 0 && ended;
        *owed = ended ? 0 : left;
        return carry_put(p->session, data + take, size - take);
}

static int feed_payload(struct ptp_phase *p, const uint8_t *data, size_t size, bool ended, uint64_t *owed)
{
        if (p->alone && is_our_response(p, data, size)) {
                p->reply->cut = p->endless || p->total > 0;
                *owed = 0;
                return carry_put(p->session, data, size);
        }
        p->alone = false;
        if (p->endless)
                return feed_endless(p, data, size, ended, owed);
        return feed_known(p, data, size, ended, owed);
}

/* Gathers the header; *data and *size are moved behind it. */
static int feed_head(struct ptp_phase *p, const uint8_t **data, size_t *size, bool ended, uint64_t *owed)
{
        size_t n = MIN(*size, sizeof(p->head) - p->head_used);
        bool response;
        int r;

        if (*size == 0)
                return ++p->empties > PTP_EMPTY_MAX ? RECORDER_PROTOCOL : 0;
        memcpy(p->head + p->head_used, *data, n);
        p->head_used += n;
        *data += n;
        *size -= n;
        if (p->head_used < sizeof(p->head))
                return ended ? RECORDER_PROTOCOL : 0;
        if (is_stale(p, *size, ended)) {
                p->head_used = 0;
                return ++p->strays > p->session->limits.stale ? RECORDER_PROTOCOL : 0;
        }
        r = phase_begin(p, &response);
        if (r != 0 || !response)
                return r;
        *owed = 0;
        r = carry_put(p->session, p->head, sizeof(p->head));
        return r != 0 ? r : carry_put(p->session, *data, *size);
}

int ptp_phase_feed(struct ptp_phase *p, const uint8_t *data, size_t size, bool ended, uint64_t *owed)
{
        p->read_size = size;
        if (!p->begun) {
                int r = feed_head(p, &data, &size, ended, owed);

                if (r != 0 || !p->begun)
                        return r;
                if (size == 0 && (p->endless || p->total > 0)) {
                        p->alone = ended;
                        *owed = p->endless ? UINT64_MAX : p->total;
                        return 0;
                }
        }
        return feed_payload(p, data, size, ended, owed);
}
