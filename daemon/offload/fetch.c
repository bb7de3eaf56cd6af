// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One object into its part. The part is evidence in the making: whatever the device, the disk or recdockd
 * do, what FETCHED reports as kept is in the part, is synced, and has the digest reported. A part is only
 * gone on with when its beginning is proved to be what it was.
 */
#include "base/inject.h"
#include "base/log.h"
#include "base/message.h"
#include "daemon/offload/report.h"
#include "daemon/offload/session_state.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

/* --- hooks of the part writer
 * -------------------------------------------------------------------------------------- */

static void fetch_on_progress(void *userdata, int64_t bytes)
{
        struct fetch *f = userdata;
        struct offload_progress progress = {.item = f->order.item, .bytes = bytes, .size = f->order.size};

        /* Another one follows: a full socket is no reason to wait. */
        (void)message_send(f->session->socket, OFFLOAD_PROGRESS, &progress, sizeof(progress), -EBADF, 0);
}

static void fetch_on_checkpoint(void *userdata, int64_t bytes, const uint8_t sha256[DIGEST_SIZE])
{
        struct fetch *f = userdata;
        struct offload_checkpoint checkpoint = {.item = f->order.item, .bytes = bytes};

        memcpy(checkpoint.sha256, sha256, DIGEST_SIZE);
        /* Lost, it costs a resume some bytes; a socket that is closed is seen by the feeder. */
        (void)report_send(f->session->socket, OFFLOAD_CHECKPOINT, &checkpoint, sizeof(checkpoint));
}

static int fetch_poll(void *userdata)
{
        struct session *s = ((struct fetch *)userdata)->session;

        orders_glance(&s->orders);
        fetch_settle_finished(s);
        if (s->orders.abandoned)
                return PART_ABANDONED;
        return orders_interrupt(&s->orders) ? PART_INTERRUPTED : PART_OK;
}

const struct part_events fetch_part_events = {
                .on_progress = fetch_on_progress,
                .on_checkpoint = fetch_on_checkpoint,
                .poll = fetch_poll,
};

/* --- reading
 * ------------------------------------------------------------------------------------------------------- */

/* A part's outcome or errno as one of the recorder seam's. */
static int outcome_of_part(int result)
{
        if (result == PART_INTERRUPTED || result == PART_ABANDONED)
                return RECORDER_CANCELLED;
        return result;
}

static int sink_outcome(const struct fetch *f)
{
        if (report_outcome(f->feed_result) == RECORDER_NO_SPACE && f->feed_result < 0)
                return RECORDER_NO_SPACE;
        return outcome_of_part(f->feed_result);
}

static int fetch_sink(void *userdata, const void *data, size_t size)
{
        struct fetch *f = userdata;

        f->feed_result = unreadable_flush(&f->unreadable);
        if (f->feed_result == PART_OK)
                f->feed_result = part_feed(f->writer, data, size);
        if (f->feed_result == PART_OK)
                f->from_device += (int64_t)size;
        return sink_outcome(f);
}

static int fetch_sink_unreadable(void *userdata, int64_t size)
{
        struct fetch *f = userdata;

        f->feed_result = unreadable_add(&f->unreadable, size);
        return sink_outcome(f);
}

/* Readies the part. PART_OK with *ret_start, where reading goes on; or what ends the FETCH. */
static int fetch_prepare(struct fetch *f, int64_t *ret_start)
{
        const struct session *s = f->session;
        const struct offload_fetch *order = &f->order;
        const char *obstacle = NULL;
        int r;

        *ret_start = 0;
        if (order->offset == 0)
                return part_restart(f->writer);
        if (s->identity.capabilities & RECORDER_CAN_RESUME) {
                r = part_prefix(f->writer, order->offset, order->has_prefix ? order->prefix_sha256 : NULL);
                if (r == PART_DIFFERS)
                        obstacle = "the part is not what it was";
                else if (r == PART_OK)
                        *ret_start = order->offset;
        } else {
                r = part_restart(f->writer);
                obstacle = "the recorder cannot read from the middle of an item";
        }
        if (r != PART_DIFFERS && !(r == PART_OK && obstacle))
                return r;
        (void)report_notice(s->socket, LOG_NOTICE,
                            "item %" PRIu64 ": %s, starting from 0 and not from %" PRId64, order->item,
                            obstacle, order->offset);
        return PART_OK;
}

/* A read that the driver calls whole: is it, by what was listed and by what came? */
static int whole_check(const struct fetch *f, int64_t size)
{
        int64_t came = part_fed(f->writer);

        if (came < size)
                return RECORDER_SHORT;
        if (came > size || (f->order.size >= 0 && f->order.size != size))
                return RECORDER_MISMATCH;
        return RECORDER_OK;
}

static int fetch_read(struct fetch *f, int64_t start)
{
        const struct recorder_sink sink = {
                        .write = fetch_sink, .unreadable = fetch_sink_unreadable, .userdata = f};
        int64_t size = -1;
        int r;

        unreadable_init(&f->unreadable, f->writer, f->session->socket, &f->order);
        r = recorder_read(f->session->recorder, f->order.index, start, &sink, &size);
        if (r == RECORDER_OK) {
                f->feed_result = unreadable_flush(&f->unreadable);
                r = sink_outcome(f);
        }
        /* The disk's own errno says more than the outcome it was made into. */
        if (r != RECORDER_OK && f->feed_result < 0)
                return f->feed_result;
        return r == RECORDER_OK ? whole_check(f, size) : r;
}

/* --- answering
 * ----------------------------------------------------------------------------------------------------- */

/* What the recorder has counted since then is this FETCH's. */
static void figures_settle(struct fetch *f)
{
        struct recorder_figures now;

        recorder_figures(f->session->recorder, &now);
        now.transfers -= f->figures.transfers;
        now.recoveries -= f->figures.recoveries;
        f->figures = now;
}

void fetch_decline(struct session *s, const struct offload_fetch *fetch, int outcome)
{
        struct offload_fetched fetched = {.item = fetch->item, .outcome = outcome};

        fetch_settle(s);
        if (fetch->has_prefix) {
                fetched.size = fetch->offset;
                memcpy(fetched.digests.sha256, fetch->prefix_sha256, DIGEST_SIZE);
        }
        (void)report_send(s->socket, OFFLOAD_FETCHED, &fetched, sizeof(fetched));
}

/* Ends the part as the read has ended: whole, or kept as far as it came. Returns the outcome or errno to
 * answer. */
static int part_end(struct fetch *f, int result, struct part_result *part)
{
        int r;

        if (result == RECORDER_OK) {
                r = part_complete(f->writer, part);
                if (r == PART_OK || r == PART_ABANDONED)
                        return outcome_of_part(r);
                result = r;
        }
        r = part_keep(f->writer, part);
        /* A disk that fails now is worse news than whatever ended the read. */
        return r < 0 ? r : result;
}

static int fetch_answer(const struct fetch *f, const struct part_result *part, int result)
{
        struct offload_fetched fetched = {
                        .item = f->order.item,
                        .outcome = report_outcome(result),
                        .error = MIN(result, 0),
                        .size = part->size,
                        .digests = part->digests,
                        .from_device = f->from_device,
                        .unreadable = f->unreadable.total,
                        .transfers = (uint32_t)f->figures.transfers,
                        .transfer_size = f->figures.transfer_size,
                        .depth = f->figures.depth,
                        .recoveries = f->figures.recoveries,
        };

        inject_point("offload-pulled");
        (void)report_send(f->session->socket, OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        return fetched.outcome;
}

/* The part could not be readied: it is as it was. */
static int fetch_give_up(struct fetch *f, int result)
{
        int outcome = report_outcome(outcome_of_part(result));

        (void)fd_close(TAKE_FD(f->fd));
        if (result < 0)
                (void)report_notice(f->session->socket, LOG_ERR,
                                    "item %" PRIu64 ": cannot ready its part: %s", f->order.item,
                                    log_errno_text(result));
        fetch_decline(f->session, &f->order, outcome);
        return outcome;
}

static int fetch_end(struct fetch *f, int result)
{
        struct part_result part = {0};
        int r = part_end(f, result, &part);

        if (f->session->orders.abandoned)
                return RECORDER_CANCELLED; /* its threads may still be at work on the part */
        (void)fd_close(TAKE_FD(f->fd));
        return fetch_answer(f, &part, r);
}

void fetch_settle(struct session *s)
{
        struct fetch *f = TAKE_PTR(s->ending);

        if (f)
                (void)fetch_end(f, RECORDER_OK);
}

void fetch_settle_finished(struct session *s)
{
        if (s->ending && part_is_finished(s->ending->writer))
                fetch_settle(s);
}

/* --- one FETCH
 * ----------------------------------------------------------------------------------------------------- */

static struct fetch *fetch_start(struct session *s, struct order *order)
{
        struct fetch *f = s->ending == &s->fetches[0] ? &s->fetches[1] : &s->fetches[0];

        f->order = order->fetch;
        f->fd = TAKE_FD(order->fd);
        f->from_device = 0;
        f->feed_result = PART_OK;
        f->unreadable.total = 0;
        s->orders.reading = true;
        recorder_figures(s->recorder, &f->figures);
        return f;
}

int fetch_run(struct session *s, struct order *order)
{
        struct fetch *f = fetch_start(s, order);
        int64_t start = 0;
        int r = part_begin(f->writer, f->fd, f->order.with_sm3 != 0);

        if (r == PART_OK)
                r = fetch_prepare(f, &start);
        inject_point("offload-begun");
        if (r == PART_OK)
                r = fetch_read(f, start);
        else
                start = -1;
        s->orders.reading = s->orders.cancel = false;
        fetch_settle(s);
        if (start < 0)
                return fetch_give_up(f, r);
        figures_settle(f);
        orders_receive(&s->orders, 0); /* the last look may have been before the next order */
        if (r != RECORDER_OK || !orders_next_is_fetch(&s->orders))
                return fetch_end(f, r);
        part_finish(f->writer);
        s->ending = f;
        return RECORDER_OK;
}
