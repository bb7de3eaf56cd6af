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
        struct session *s = userdata;
        struct offload_progress progress = {.item = s->fetch.item, .bytes = bytes, .size = s->fetch.size};

        /* Another one follows: a full socket is no reason to wait. */
        (void)message_send(s->socket, OFFLOAD_PROGRESS, &progress, sizeof(progress), -EBADF, 0);
}

static void fetch_on_checkpoint(void *userdata, int64_t bytes, const uint8_t sha256[DIGEST_SIZE])
{
        struct session *s = userdata;
        struct offload_checkpoint checkpoint = {.item = s->fetch.item, .bytes = bytes};

        memcpy(checkpoint.sha256, sha256, DIGEST_SIZE);
        /* Lost, it costs a resume some bytes; a socket that is closed is seen by the feeder. */
        (void)report_send(s->socket, OFFLOAD_CHECKPOINT, &checkpoint, sizeof(checkpoint));
}

static int fetch_poll(void *userdata)
{
        struct session *s = userdata;

        orders_glance(&s->orders);
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

static int sink_outcome(const struct session *s)
{
        if (report_outcome(s->feed_result) == RECORDER_NO_SPACE && s->feed_result < 0)
                return RECORDER_NO_SPACE;
        return outcome_of_part(s->feed_result);
}

static int fetch_sink(void *userdata, const void *data, size_t size)
{
        struct session *s = userdata;

        s->feed_result = unreadable_flush(&s->unreadable);
        if (s->feed_result == PART_OK)
                s->feed_result = part_feed(s->writer, data, size);
        if (s->feed_result == PART_OK)
                s->from_device += (int64_t)size;
        return sink_outcome(s);
}

static int fetch_sink_unreadable(void *userdata, int64_t size)
{
        struct session *s = userdata;

        s->feed_result = unreadable_add(&s->unreadable, size);
        return sink_outcome(s);
}

/* Readies the part. PART_OK with *ret_start, where reading goes on; or what ends the FETCH. */
static int fetch_prepare(struct session *s, int64_t *ret_start)
{
        const struct offload_fetch *f = &s->fetch;
        const char *obstacle = NULL;
        int r;

        *ret_start = 0;
        if (f->offset == 0)
                return part_restart(s->writer);
        if (s->identity.capabilities & RECORDER_CAN_RESUME) {
                r = part_prefix(s->writer, f->offset, f->has_prefix ? f->prefix_sha256 : NULL);
                if (r == PART_DIFFERS)
                        obstacle = "the part is not what it was";
                else if (r == PART_OK)
                        *ret_start = f->offset;
        } else {
                r = part_restart(s->writer);
                obstacle = "the recorder cannot read from the middle of an item";
        }
        if (r != PART_DIFFERS && !(r == PART_OK && obstacle))
                return r;
        (void)report_notice(s->socket, LOG_NOTICE,
                            "item %" PRIu64 ": %s, starting from 0 and not from %" PRId64, f->item, obstacle,
                            f->offset);
        return PART_OK;
}

/* A read that the driver calls whole: is it, by what was listed and by what came? */
static int whole_check(const struct session *s, int64_t size)
{
        int64_t came = part_fed(s->writer);

        if (came < size)
                return RECORDER_SHORT;
        if (came > size || (s->fetch.size >= 0 && s->fetch.size != size))
                return RECORDER_MISMATCH;
        return RECORDER_OK;
}

static int fetch_read(struct session *s, int64_t start)
{
        const struct recorder_sink sink = {
                        .write = fetch_sink, .unreadable = fetch_sink_unreadable, .userdata = s};
        int64_t size = -1;
        int r;

        unreadable_init(&s->unreadable, s->writer, s->socket, &s->fetch);
        r = recorder_read(s->recorder, s->fetch.index, start, &sink, &size);
        if (r == RECORDER_OK) {
                s->feed_result = unreadable_flush(&s->unreadable);
                r = sink_outcome(s);
        }
        /* The disk's own errno says more than the outcome it was made into. */
        if (r != RECORDER_OK && s->feed_result < 0)
                return s->feed_result;
        return r == RECORDER_OK ? whole_check(s, size) : r;
}

/* --- answering
 * ----------------------------------------------------------------------------------------------------- */

static void fetched_figures(const struct session *s, const struct recorder_figures *before,
                            struct offload_fetched *ret)
{
        struct recorder_figures now;

        recorder_figures(s->recorder, &now);
        ret->transfers = (uint32_t)(now.transfers - before->transfers);
        ret->transfer_size = now.transfer_size;
        ret->depth = now.depth;
        ret->recoveries = now.recoveries - before->recoveries;
}

void fetch_decline(struct session *s, const struct offload_fetch *fetch, int outcome)
{
        struct offload_fetched fetched = {.item = fetch->item, .outcome = outcome};

        if (fetch->has_prefix) {
                fetched.size = fetch->offset;
                memcpy(fetched.digests.sha256, fetch->prefix_sha256, DIGEST_SIZE);
        }
        (void)report_send(s->socket, OFFLOAD_FETCHED, &fetched, sizeof(fetched));
}

/* Ends the part as the read has ended: whole, or kept as far as it came. Returns the outcome or errno to
 * answer. */
static int part_end(struct session *s, int result, struct part_result *part)
{
        int r;

        if (result == RECORDER_OK) {
                r = part_complete(s->writer, part);
                if (r == PART_OK || r == PART_ABANDONED)
                        return outcome_of_part(r);
                result = r;
        }
        r = part_keep(s->writer, part);
        /* A disk that fails now is worse news than whatever ended the read. */
        return r < 0 ? r : result;
}

static int fetch_answer(struct session *s, const struct part_result *part, int result,
                        struct offload_fetched *fetched)
{
        fetched->outcome = report_outcome(result);
        fetched->error = MIN(result, 0);
        fetched->size = part->size;
        fetched->digests = part->digests;
        fetched->from_device = s->from_device;
        fetched->unreadable = s->unreadable.total;
        inject_point("offload-pulled");
        (void)report_send(s->socket, OFFLOAD_FETCHED, fetched, sizeof(*fetched));
        return fetched->outcome;
}

/* The part could not be readied: it is as it was. */
static int fetch_give_up(struct session *s, int result)
{
        int outcome = report_outcome(outcome_of_part(result));

        if (result < 0)
                (void)report_notice(s->socket, LOG_ERR, "item %" PRIu64 ": cannot ready its part: %s",
                                    s->fetch.item, log_errno_text(result));
        fetch_decline(s, &s->fetch, outcome);
        return outcome;
}

static void fetch_start(struct session *s, const struct order *order, struct recorder_figures *ret_before)
{
        s->fetch = order->fetch;
        s->from_device = 0;
        s->feed_result = PART_OK;
        s->unreadable.total = 0;
        s->orders.reading = true;
        recorder_figures(s->recorder, ret_before);
}

int fetch_run(struct session *s, const struct order *order)
{
        struct offload_fetched fetched = {.item = order->fetch.item};
        struct part_result part = {0};
        struct recorder_figures before;
        int64_t start = 0;
        int r;

        fetch_start(s, order, &before);
        r = part_begin(s->writer, order->fd, order->fetch.with_sm3 != 0);
        if (r == PART_OK)
                r = fetch_prepare(s, &start);
        inject_point("offload-begun");
        if (r == PART_OK)
                r = fetch_read(s, start);
        else
                start = -1;
        s->orders.reading = s->orders.cancel = false;
        if (start < 0)
                return fetch_give_up(s, r);
        r = part_end(s, r, &part);
        if (s->orders.abandoned)
                return RECORDER_CANCELLED;
        fetched_figures(s, &before, &fetched);
        return fetch_answer(s, &part, r, &fetched);
}
