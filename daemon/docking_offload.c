// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a docking asks of its worker: FETCH as long as worker, space and plan allow, then by policy REMOVE
 * and SET_CLOCK (docking_clock.c), then the receipt. docking_advance() is called after everything that could
 * have changed one of these, and does what is next; it keeps no step of its own beside the docking's fields.
 */
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/alert.h"
#include "catalogue/duty.h"
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "catalogue/removal.h"
#include "catalogue/unreadable.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/filing.h"
#include "daemon/gap_alert.h"
#include "daemon/health.h"
#include "daemon/station_internal.h"
#include "daemon/worker.h"
#include "recorder/offload_messages.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* FETCHes with the worker: one running, the rest so that it never waits for us. */
enum { FETCH_AHEAD = 4, PROVING_MAX = 64, FAILURES_IN_ROW_MAX = 50 };

/* Bytes that FETCHes under way may still bring: promised, so not free for others. */
int64_t docking_reserved(const struct station *s)
{
        int64_t sum = 0;

        for (const struct docking *d = s->dockings; d; d = d->next)
                sum += d->fetching_bytes;
        return sum;
}

static int fetch_describe(struct docking *d, const struct plan_entry *e, struct item *item,
                          struct offload_fetch *ret, int *ret_fd)
{
        struct station *s = d->station;
        bool resume = item->state == ITEM_PARTIAL && item->part_docking > 0 && item->has_durable_digest;
        int64_t keep = resume ? item->durable : 0, size;
        int r;

        if (!resume && item->part_docking > 0 && item->part_docking != d->row.id)
                (void)store_part_remove(s->store, item->part_docking, item->id);
        if (!resume)
                item->part_docking = d->row.id;
        r = store_part_open(s->store, item->part_docking, item->id, keep, ret_fd, &size);
        if (r < 0)
                return r;
        *ret = (struct offload_fetch){
                        .item = (uint64_t)item->id,
                        .index = e->index,
                        .with_sm3 = s->config->sm3,
                        .offset = resume ? MIN(keep, size) : 0,
                        .size = e->size,
                        .has_prefix = resume && size >= keep,
        };
        memcpy(ret->prefix_sha256, item->durable_sha256, DIGEST_SIZE);
        if (size < keep)
                ret->offset = 0; /* the part is shorter than it is known to be durable: begin again */
        return 0;
}

/* One FETCH. Returns false when the worker cannot take it now. */
static bool docking_fetch(struct docking *d, struct plan_entry *e)
{
        struct station *s = d->station;
        struct item item;
        struct offload_fetch fetch;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (station_check(s, item_by_id(s->catalogue, e->item, &item), "read an item") != 0)
                return false;
        r = fetch_describe(d, e, &item, &fetch, &fd);
        if (r == -ENOSPC || r == -EDQUOT) {
                station_disk_full(s);
                return false;
        }
        if (r < 0) {
                station_alert(s, "store-failed", LOG_CRIT, "store",
                              "cannot make a part for docking %" PRId64 ": %s", d->row.id,
                              log_errno_text(r));
                docking_fail(d, "the store failed: %s", log_errno_text(r));
                return false;
        }
        item.docking = d->row.id;
        item.state = ITEM_PARTIAL;
        if (fetch.offset == 0) {
                item.durable = 0;
                item.has_durable_digest = false;
        }
        item.attempts++;
        station_begin(s);
        station_check(s, item_update(s->catalogue, &item), "write an item");
        /* What is read anew may be readable now; what the part begins with stays as it is. */
        station_check(s, unreadable_forget(s->catalogue, item.id, fetch.offset), "forget ranges");
        station_commit(s);
        inject_point("part-created");
        r = worker_send(d->worker, OFFLOAD_FETCH, &fetch, sizeof(fetch), fd);
        if (r < 0)
                return false; /* it is gone or stuck: its end is being reported */
        e->attempts++;
        e->too_long = e->no_room = false;
        e->received = e->resumed_at = fetch.offset;
        e->n_unreadable = 0;
        plan_set_state(&d->plan, e, PLAN_FETCHING);
        if (e->size > fetch.offset)
                d->fetching_bytes += e->size - fetch.offset;
        return true;
}

/* A file that somebody imports and that the store has no room for, such as a sparse one, must not pause the
 * recorders. */
static bool import_is_too_large(struct docking *d, const struct plan_entry *e)
{
        if (d->row.source != FOOTAGE_IMPORT || d->station->store_paused || e->size <= 0 ||
            station_fits(d->station, e->size))
                return false;
        docking_fail(d, "the store has no room for a file of %" PRId64 " bytes", e->size);
        return true;
}

/* Sends what can be sent. Returns true when something is, or could later be, under way. */
static bool docking_fetch_more(struct docking *d)
{
        while (d->plan.counts[PLAN_FETCHING] < FETCH_AHEAD && d->plan.counts[PLAN_PROVING] < PROVING_MAX) {
                struct plan_entry *e = plan_next(&d->plan);

                if (!e || import_is_too_large(d, e) || !station_has_room(d->station, MAX(e->size, e->least)))
                        break;
                if (!docking_fetch(d, e))
                        break;
                if (d->row.state == DOCKING_LISTED) {
                        d->row.state = DOCKING_OFFLOADING;
                        docking_save(d, true);
                }
        }
        if (d->finished)
                return true;
        docking_task_set(d, d->plan.counts[PLAN_FETCHING] > 0 ? TASK_FETCH : TASK_NOTHING);
        return !plan_is_done(&d->plan);
}

/* On record before the recorder hears of it: what is gone from there must never be gone without a word here,
 * whenever the power is cut. */
static int removal_record(struct docking *d, const struct plan_entry *e)
{
        struct station *s = d->station;
        struct item item;
        int r = station_check(s, item_by_id(s->catalogue, e->item, &item), "read an item");

        if (r != CATALOGUE_OK)
                return r < 0 ? r : -ENOENT;
        station_begin(s);
        station_check(s, removal_ask(s->catalogue, STATION_ACTOR, d->row.id, e->item, item.footage),
                      "write the ledger");
        station_commit(s);
        return s->failed ? -EIO : 0;
}

/* Policy clear: asks to remove the next item that may go. Only what is committed, proved and complete ever
 * gets here. */
static bool docking_remove_next(struct docking *d)
{
        if (d->station->config->release != RELEASE_CLEAR || !(d->capabilities & RECORDER_CAN_REMOVE))
                return false;
        for (size_t i = 0; i < d->plan.n; i++) {
                struct plan_entry *e = d->plan.order[i];
                struct offload_remove remove = {.item = (uint64_t)e->item, .index = e->index};

                if (!e->removable || e->remove_asked ||
                    (e->flags & (RECORDER_ITEM_PROTECTED | RECORDER_ITEM_DELETED)))
                        continue;
                if (d->station->transaction_depth > 0) {
                        d->waits_for_commit = true; /* station_on_post() comes back here */
                        return true;
                }
                e->remove_asked = true;
                if (removal_record(d, e) < 0)
                        return true; /* the station is ending */
                if (worker_send(d->worker, OFFLOAD_REMOVE, &remove, sizeof(remove), -EBADF) < 0)
                        return false;
                inject_point("removal-asked");
                docking_task_set(d, TASK_REMOVE);
                return true;
        }
        return false;
}

static void docking_receipt_log(struct docking *d)
{
        struct event_subject subject = docking_subject(d);
        const struct docking_row *r = &d->row;
        bool import = r->source == FOOTAGE_IMPORT;
        char offset[48] = "unknown";

        if (r->has_clock_offset)
                (void)snprintf(offset, sizeof(offset), "%+.1f s", (double)r->clock_offset / USEC_PER_SEC);
        event_log(import ? EVENT_IMPORT_DONE : EVENT_DOCKING_RELEASED, &subject,
                  "%s: receipt of docking %" PRId64 ": recorder %s: %" PRId64 " seen, %" PRId64
                  " pulled, %" PRId64 " already held, %" PRId64 " failed, %" PRId64 " late, %" PRId64
                  " with a bad verdict, %" PRId64 " bytes, clock offset %s; %s",
                  d->place, r->id, d->recorder_number, r->seen, r->pulled, r->already_held, r->failed,
                  r->late, r->bad_verdicts, r->bytes, offset,
                  import ? "all that was given is held" : "the recorder may be taken");
}

/* What earlier dockings left: of this recorder, and of this bay while nobody knew whose it was. The bay may
 * have been named by its port then. */
static void docking_alerts_clear(struct docking *d)
{
        const char *const names[] = {d->row.bay, d->row.port};
        char who[DOCKING_SUBJECT_MAX];

        if (d->row.source == FOOTAGE_IMPORT) {
                station_alert_clear(d->station, "import-failed", docking_alert_subject(d, who));
                return;
        }
        station_alert_clear(d->station, "docking-failed", docking_alert_subject(d, who));
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void)snprintf(who, sizeof(who), "bay/%s", names[i]);
                station_alert_clear(d->station, "docking-failed", who);
        }
        (void)snprintf(who, sizeof(who), "port/%s", d->row.port);
        station_alert_clear(d->station, "unknown-recorder", who);
}

/* Of a recorder that was docked nothing waits any more. What an import brings may not be all of it. */
static void released_keep(struct docking *d)
{
        struct station *s = d->station;

        station_begin(s);
        if (d->row.source == FOOTAGE_DOCK)
                station_check(s,
                              duty_offload(s->catalogue, STATION_ACTOR, d->row.recorder, d->row.id,
                                           d->row.released_at),
                              "write that a recorder is offloaded");
        docking_save(d, true);
        station_commit(s);
        station_duties_changed(s);
}

static void docking_release(struct docking *d)
{
        if (d->row.failed > 0 || !d->row.listing_complete) {
                docking_fail(d, "%" PRId64 " of %" PRId64 " items could not be pulled%s", d->row.failed,
                             d->row.seen,
                             d->row.listing_complete ? "" : ", and the recorder did not list everything");
                return;
        }
        d->finished = true;
        d->row.state = DOCKING_RELEASED;
        d->row.released_at = clock_now();
        d->row.reason[0] = '\0';
        docking_receipt_log(d);
        docking_alerts_clear(d);
        health_judge_released(d);
        released_keep(d);
        gap_alert_judge(d);
        inject_point("released");
        docking_close_worker(d);
}

void docking_advance(struct docking *d)
{
        bool asked = d->task == TASK_IDENTIFY || d->task == TASK_LIST || d->task == TASK_REMOVE ||
                     d->task == TASK_SET_CLOCK;

        if (!d->worker || d->finished || d->closing || asked || d->row.listed_at == INSTANT_NONE ||
            d->station->stopping)
                return;
        if (d->waits_for_other || d->failed_outcome != RECORDER_OK)
                return; /* not its turn yet, or on its way out */
        if (d->failures_in_row >= FAILURES_IN_ROW_MAX) {
                docking_fail(d, "%u items in a row could not be pulled", d->failures_in_row);
                return;
        }
        if (docking_fetch_more(d))
                return;
        if (!docking_remove_next(d) && !docking_clock_ask(d) && !docking_clear(d))
                docking_release(d);
}

void docking_kick(struct docking *d)
{
        if (d->waits_for_slot && !d->worker)
                docking_worker_start(d);
        else if (d->waits_for_other && d->worker && !d->closing)
                docking_list(d);
        else
                docking_advance(d);
}

/* What an earlier docking pulled, and what was footage before, counts as held here; 'e' is NULL when the
 * worker that listed it has died. */
static void docking_note_filed(struct docking *d, struct plan_entry *e, const struct filing_result *result,
                               bool ours)
{
        d->failures_in_row = 0;
        if (ours) {
                d->row.pulled++;
                d->row.late += result->late_us > 0;
                d->row.unreadable += result->unreadable;
                d->row.bad_verdicts +=
                                result->verdict != VERDICT_COMPLETE && result->verdict != VERDICT_NOT_MEDIA;
        } else {
                d->row.already_held++;
        }
        if (!e || e->state != PLAN_PROVING)
                return;
        e->removable = result->verdict == VERDICT_COMPLETE;
        plan_set_state(&d->plan, e, ours ? PLAN_FILED : PLAN_HELD);
}

static void docking_note_unproved(struct docking *d, struct plan_entry *e,
                                  const struct filing_result *result)
{
        struct event_subject subject = docking_subject(d);
        char who[DOCKING_SUBJECT_MAX];
        bool again = result->outcome == FILING_MISMATCH && e->attempts < d->station->config->attempts;
        bool deleted = e->flags & RECORDER_ITEM_DELETED;

        subject.item = e->item;
        event_log(result->outcome == FILING_MISMATCH ? EVENT_ITEM_MISMATCH : EVENT_ITEM_FAILED, &subject,
                  "%s: item %" PRId64 ": %s, %s", d->place, e->item, result->error,
                  again ? "pulling it again" : "leaving it until the next docking");
        d->failures_in_row += !deleted;
        d->row.failed += !again && !deleted;
        if (!again && result->outcome == FILING_MISMATCH)
                station_alert(d->station, "digest-mismatch", LOG_CRIT, docking_alert_subject(d, who),
                              "item %" PRId64 ": %s, %u times in a row", e->item, result->error,
                              e->attempts);
        if (!again && deleted && !d->station->failed) {
                station_begin(d->station);
                findings_recovery_failed(d, e);
                station_commit(d->station);
        }
        plan_set_state(&d->plan, e, again ? PLAN_WAITING : PLAN_FAILED);
}

void docking_on_filed(struct docking *d, int64_t item, const struct filing_result *result)
{
        struct plan_entry *e = plan_find(&d->plan, item);
        bool ours = result->docking == d->row.id && result->outcome == FILING_FILED;

        if (result->outcome == FILING_FILED || result->outcome == FILING_HELD)
                docking_note_filed(d, e, result, ours);
        else if (result->outcome == FILING_INTERRUPTED)
                return; /* still to be proved, by recovery at the latest: nothing has failed */
        else if (e && e->state == PLAN_PROVING)
                docking_note_unproved(d, e, result);
        if (d->row.state == DOCKING_UNPLUGGED || d->finished)
                docking_save(d, false);
        else
                bus_docking_changed(d->station, d->row.id, false);
        docking_advance(d);
}
