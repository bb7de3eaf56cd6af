// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the offload worker says, taken with suspicion: every value was chosen by a device. A message that
 * does not fit the state is logged and ignored, one that is malformed ends the worker. Runs inside the
 * catalogue transaction of its burst.
 */
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/duty.h"
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "catalogue/registry.h"
#include "catalogue/unreadable.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/filing.h"
#include "daemon/known.h"
#include "daemon/station_internal.h"
#include "daemon/worker.h"
#include "recorder/offload_messages.h"
#include "rules/recording_time.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

enum { ITEMS_MAX = 200000, SAME_NAMES_MAX = 99 };

/* A text field of a message: terminated, printable. */
#define TEXT_FIELD(dst, src)                                                         \
        do {                                                                         \
                (void)snprintf((dst), sizeof(dst), "%.*s", (int)sizeof(src), (src)); \
                text_make_printable(dst);                                            \
        } while (0)

static void on_sandbox(struct docking *d, const struct offload_sandbox *m)
{
        struct event_subject subject = docking_subject(d);

        event_log(EVENT_WORKER_SANDBOX, &subject,
                  "bay %s: offload worker %d: no new privileges %s, Landlock %s, seccomp %s, zero-copy %s",
                  d->row.bay, (int)worker_pid(d->worker), m->no_new_privs ? "on" : "off",
                  m->landlock_abi > 0 ? "on" : "not in this kernel", m->seccomp ? "on" : "off",
                  m->zero_copy ? "on" : "off");
}

/* --- identity
 * ---------------------------------------------------------------------------------------------------- */

static void identity_keep(struct docking_row *row, const struct recorder_identity *m)
{
        TEXT_FIELD(row->manufacturer, m->manufacturer);
        TEXT_FIELD(row->model, m->model);
        TEXT_FIELD(row->firmware, m->firmware);
        TEXT_FIELD(row->serial, m->serial);
        TEXT_FIELD(row->officer, m->officer);
        TEXT_FIELD(row->unit, m->unit);
        TEXT_FIELD(row->clock_text, m->clock_text);
        row->battery_percent =
                        m->battery_percent >= 0 && m->battery_percent <= 100 ? m->battery_percent : -1;
        row->free_bytes = MAX(m->free_bytes, INT64_C(-1));
        row->total_bytes = MAX(m->total_bytes, INT64_C(-1));
        row->identified_at = clock_now();
}

static void clock_judge(struct docking *d, const struct recorder_identity *m)
{
        struct event_subject subject = docking_subject(d);
        struct docking_row *row = &d->row;
        int64_t tolerance = d->station->config->clock_tolerance;
        char who[160];
        instant_t device;
        bool zoned;

        if (m->clock_station == INSTANT_NONE || instant_parse_ptp(row->clock_text, &device, &zoned) < 0)
                return;
        row->clock_offset = device - m->clock_station;
        row->clock_uncertainty = MAX(m->clock_uncertainty, INT64_C(0));
        row->has_clock_offset = true;
        event_log(EVENT_CLOCK_MEASURED, &subject, "bay %s: recorder's clock is %+.1f s off", row->bay,
                  (double)row->clock_offset / USEC_PER_SEC);
        (void)snprintf(who, sizeof(who), "recorder/%s", d->recorder_number);
        /* The device's text has whole seconds: half of one is not an error. */
        if (llabs(row->clock_offset) > tolerance + row->clock_uncertainty + USEC_PER_SEC)
                station_alert(d->station, "clock-drift", LOG_WARNING, who,
                              "clock of recorder %s is %+.0f s off, at most %.0f s are allowed",
                              d->recorder_number, (double)row->clock_offset / USEC_PER_SEC,
                              (double)tolerance / USEC_PER_SEC);
        else
                station_alert_clear(d->station, "clock-drift", who);
}

/* A number for a recorder that registers itself: its own serial, made distinct when another one has it. */
static int recorder_register_itself(struct docking *d, struct recorder_row *recorder)
{
        struct station *s = d->station;
        const char *base = d->row.usb_serial[0] ? d->row.usb_serial
                           : d->row.serial[0]   ? d->row.serial
                                                : d->row.port;
        int r = CATALOGUE_EXISTS;

        *recorder = (struct recorder_row){
                        .vendor_id = d->row.vendor_id,
                        .product_id = d->row.product_id,
                        .registered_at = clock_now(),
                        .retired_at = INSTANT_NONE,
        };
        (void)text_copy(recorder->usb_serial, sizeof(recorder->usb_serial), d->row.usb_serial);
        (void)text_copy(recorder->serial, sizeof(recorder->serial), d->row.serial);
        (void)text_copy(recorder->model, sizeof(recorder->model), d->row.model);
        for (int n = 1; r == CATALOGUE_EXISTS && n <= SAME_NAMES_MAX; n++) {
                (void)snprintf(recorder->number, sizeof(recorder->number), n > 1 ? "%.100s-%d" : "%.100s",
                               base, n);
                r = recorder_register(s->catalogue, STATION_ACTOR, recorder, &recorder->id);
        }
        if (r == CATALOGUE_OK)
                known_sync(s);
        return r;
}

/* Finds the recorder in the registry. Returns CATALOGUE_OK, CATALOGUE_ABSENT (not registered),
 * CATALOGUE_RETIRED. */
static int docking_recognise(struct docking *d)
{
        struct station *s = d->station;
        struct recorder_row recorder;
        int r = recorder_by_serial(s->catalogue, d->row.vendor_id, d->row.product_id, d->row.usb_serial,
                                   d->row.serial, &recorder);

        if (r == CATALOGUE_ABSENT && s->config->registration == REGISTER_AUTO)
                r = recorder_register_itself(d, &recorder);
        if (station_check(s, r, "look up a recorder") != CATALOGUE_OK)
                return r;
        if (recorder.retired_at != INSTANT_NONE)
                return CATALOGUE_RETIRED;
        d->row.recorder = recorder.id;
        (void)text_copy(d->recorder_number, sizeof(d->recorder_number), recorder.number);
        return CATALOGUE_OK;
}

static void docking_refuse(struct docking *d, const char *why)
{
        struct event_subject subject = docking_subject(d);
        const char *serial = d->row.usb_serial[0] ? d->row.usb_serial : d->row.serial;
        char who[192];

        (void)snprintf(d->row.reason, sizeof(d->row.reason), "%s", why);
        (void)snprintf(who, sizeof(who), "serial/%s", serial[0] ? serial : d->row.port);
        event_log(EVENT_DOCKING_REFUSED, &subject,
                  "bay %s: %s (%04x:%04x, serial '%s'), nothing is read; 'recdockctl recorder register "
                  "NUMBER --docking %" PRId64 "' admits it",
                  d->row.bay, why, d->row.vendor_id, d->row.product_id, serial, d->row.id);
        station_alert(d->station, "unknown-recorder", LOG_WARNING, who, "%s in bay %s: %s", serial,
                      d->row.bay, why);
        d->row.state = DOCKING_FAILED;
        d->finished = true;
        docking_save(d, true);
        docking_close_worker(d);
}

/* Another docking of this recorder still has a worker, which may be finishing a part. One that waits itself
 * does not count, or two would wait for each other. */
static bool recorder_is_busy(const struct docking *d)
{
        for (const struct docking *o = d->station->dockings; o; o = o->next)
                if (o != d && o->worker && !o->waits_for_other && o->row.recorder == d->row.recorder)
                        return true;
        return false;
}

void docking_list(struct docking *d)
{
        d->row.seen = d->row.failed = d->row.already_held = 0; /* another worker may have listed before */
        d->row.listed_at = INSTANT_NONE;
        findings_clear(&d->found);
        d->waits_for_other = recorder_is_busy(d);
        if (d->waits_for_other) {
                docking_task_set(d, TASK_NOTHING);
                return;
        }
        if (worker_send(d->worker, OFFLOAD_LIST, NULL, 0, -EBADF) < 0)
                return; /* its end is being reported */
        docking_task_set(d, TASK_LIST);
}

/* One recorder in two bays is two devices with one serial: whose footage is whose cannot be told any more.
 */
static void twin_alert(struct docking *d)
{
        char who[DOCKING_SUBJECT_MAX];

        for (const struct docking *o = d->station->dockings; o; o = o->next)
                if (o != d && o->bay && o->row.recorder == d->row.recorder)
                        station_alert(d->station, "shared-serial", LOG_CRIT, docking_alert_subject(d, who),
                                      "bays %s and %s hold two devices that both say they are recorder %s: "
                                      "their footage cannot be told apart, give each a serial of its own",
                                      o->row.bay, d->row.bay, d->recorder_number);
}

static void on_identity(struct docking *d, const struct recorder_identity *m)
{
        struct event_subject subject;
        char who[192];
        int r;

        if (d->task != TASK_IDENTIFY || d->finished)
                return;
        identity_keep(&d->row, m);
        d->capabilities = m->capabilities;
        r = docking_recognise(d);
        if (r != CATALOGUE_OK) {
                if (r > 0)
                        docking_refuse(d, r == CATALOGUE_RETIRED ? "retired recorder"
                                                                 : "unregistered recorder");
                return;
        }
        d->row.state = DOCKING_IDENTIFIED;
        d->row.reason[0] = '\0';
        subject = docking_subject(d);
        event_log(EVENT_DOCKING_IDENTIFIED, &subject, "bay %s: recorder %s (%s %s)", d->row.bay,
                  d->recorder_number, d->row.manufacturer, d->row.model);
        (void)snprintf(who, sizeof(who), "serial/%s",
                       d->row.usb_serial[0] ? d->row.usb_serial : d->row.serial);
        station_alert_clear(d->station, "unknown-recorder", who);
        clock_judge(d, m);
        twin_alert(d);
        station_begin(d->station);
        if (d->row.source == FOOTAGE_DOCK) /* what is brought in by hand says nothing of the recorder */
                station_check(d->station,
                              duty_dock(d->station->catalogue, STATION_ACTOR, d->row.recorder, d->row.id,
                                        d->row.plugged_at),
                              "write that a recorder is back");
        docking_save(d, true);
        station_commit(d->station);
        station_duties_changed(d->station);
        docking_list(d);
}

void docking_reconsider(struct docking *d)
{
        if (!d->bay || d->row.state != DOCKING_FAILED || d->row.recorder != 0)
                return;
        d->registry_changed = d->worker != NULL;
        if (d->worker)
                return;
        d->finished = false;
        d->worker_starts = 0;
        d->row.state = DOCKING_PLUGGED;
        docking_worker_start(d);
}

/* --- items
 * ------------------------------------------------------------------------------------------------------- */

enum plan_state docking_plan_state(const struct item *item)
{
        switch (item->state) {
        case ITEM_FOOTAGE:
                return PLAN_HELD;
        case ITEM_PULLED:
        case ITEM_FILING:
                return PLAN_PROVING; /* a docking before this one pulled it; filing will tell */
        default:
                return PLAN_WAITING;
        }
}

/* Already held: since before this docking, or by a worker of it that has died? And may it be removed? Only
 * what was found complete. */
static void held_describe(struct docking *d, const struct item *item, struct plan_entry *e)
{
        struct footage f;

        if (d->worker_starts == 1 && d->station->config->release == RELEASE_KEEP)
                return; /* neither question can come up: spare the look */
        if (item->footage <= 0 || footage_by_id(d->station->catalogue, item->footage, &f) != CATALOGUE_OK)
                return;
        e->removable = f.verdict == VERDICT_COMPLETE;
        if (f.docking == d->row.id)
                e->state = PLAN_FILED;
}

/*
 * Path and size alone do not make a file known: recorders count their names from the beginning again, and
 * some write files of one size only. Without a time that tells two recordings apart it is pulled again, and
 * filing says whether it is new.
 */
static bool identity_is_weak(const struct plan_entry *e)
{
        return e->state == PLAN_HELD && !time_is_of_a_set_clock(e->device_time);
}

/* All its bytes are here, but this host failed to prove or to file them: once more. Without its part it is
 * pulled anew. */
static int item_prove_again(struct docking *d, struct item *item, struct plan_entry *e)
{
        int r = filing_submit(d->station->filing, item->id);

        if (r >= 0)
                return 0;
        if (r != -ENOENT)
                return r;
        item->state = ITEM_LISTED;
        item->part_docking = item->durable = 0;
        item->has_digests = item->has_durable_digest = false;
        e->state = PLAN_WAITING;
        return station_check(d->station, item_update(d->station->catalogue, item), "write an item");
}

static int item_enter(struct docking *d, const struct recorder_item *m, struct item *item)
{
        struct plan_entry e = {.index = m->index, .flags = m->flags, .size = m->size}, *entry;
        bool is_new, zoned;
        int r = item_note(d->station->catalogue, item, &is_new);

        if (station_check(d->station, r, "note an item") < 0)
                return r;
        e.item = item->id;
        e.state = docking_plan_state(item);
        if (instant_parse_ptp(item->time_text, &e.device_time, &zoned) < 0)
                e.device_time = INSTANT_NONE;
        if (e.state == PLAN_HELD)
                held_describe(d, item, &e);
        if (identity_is_weak(&e)) {
                e.state = PLAN_WAITING;
                e.removable = false;
        }
        if (e.state == PLAN_PROVING && !filing_has(d->station->filing, item->id)) {
                r = item_prove_again(d, item, &e);
                if (r < 0)
                        return r;
        }
        return plan_add(&d->plan, &e, &entry);
}

static void on_item(struct docking *d, const struct recorder_item *m)
{
        struct item item = {
                        .recorder = d->row.recorder,
                        .docking = d->row.id,
                        .size = MAX(m->size, INT64_C(-1)),
                        .flags = m->flags,
        };
        char path[sizeof(item.path)];
        int r = -EEXIST;

        if (d->task != TASK_LIST)
                return;
        docking_alive(d);
        if (d->plan.n >= ITEMS_MAX)
                return;
        TEXT_FIELD(path, m->path);
        TEXT_FIELD(item.time_text, m->time_text);
        /* Two objects of one name, size and time in one listing are two items: nothing may be lost behind
         * the other. */
        for (int n = 1; r == -EEXIST && n <= SAME_NAMES_MAX; n++) {
                (void)snprintf(item.path, sizeof(item.path), n > 1 ? "%.1000s (%d)" : "%.1020s", path, n);
                item.id = 0;
                r = item_enter(d, m, &item);
        }
        if (r == 0)
                findings_take_item(d, &item);
        if (r < 0) {
                log_error("bay %s: cannot note item '%s': %s, the listing counts as incomplete", d->row.bay,
                          path, log_errno_text(r));
                d->row.failed++;
        }
        d->row.seen++;
}

static void on_listed(struct docking *d, const struct offload_listed *m)
{
        struct event_subject subject = docking_subject(d);

        if (d->task != TASK_LIST || d->finished)
                return;
        d->row.listing_complete = m->complete && m->outcome == RECORDER_OK && m->items == d->row.seen;
        d->row.already_held = (int64_t)d->plan.counts[PLAN_HELD];
        d->row.listed_at = clock_now();
        d->row.state = DOCKING_LISTED;
        plan_sort(&d->plan);
        event_log(EVENT_DOCKING_LISTED, &subject,
                  "bay %s: %" PRId64 " items listed, %zu to pull, %" PRId64 " already held%s", d->row.bay,
                  d->row.seen, d->plan.counts[PLAN_WAITING], d->row.already_held,
                  d->row.listing_complete ? "" : "; the recorder did not list everything");
        findings_judge(d);
        docking_save(d, true);
        inject_point("listed");
        docking_task_set(d, TASK_NOTHING);
        docking_advance(d);
}

/* --- pulling
 * ----------------------------------------------------------------------------------------------------- */

static void rate_update(struct docking *d, int64_t bytes)
{
        int64_t now = clock_monotonic(), span = now - d->rate_since;

        d->rate_bytes += bytes;
        if (d->rate_since == 0 || span > 5 * USEC_PER_SEC) {
                d->rate_since = now;
                d->rate_bytes = 0;
        } else if (span >= USEC_PER_SEC) {
                d->rate = d->rate_bytes * USEC_PER_SEC / span;
                d->rate_since = now;
                d->rate_bytes = 0;
        }
}

/* Bytes came: the reserved space shrinks by them, and they count in the receipt. */
static void entry_received(struct docking *d, struct plan_entry *e, int64_t bytes)
{
        int64_t gain = bytes - e->received;

        if (gain <= 0)
                return;
        e->received = bytes;
        rate_update(d, gain);
        if (e->size > 0)
                d->fetching_bytes -= MIN(gain, d->fetching_bytes);
}

static void on_progress(struct docking *d, const struct offload_progress *m)
{
        struct plan_entry *e = plan_find(&d->plan, (int64_t)m->item);

        if (!e || e->state != PLAN_FETCHING || m->bytes < 0)
                return;
        if (d->current != e->item) {
                struct item item;
                const char *slash;

                d->current = e->item;
                d->current_name[0] = '\0';
                if (item_by_id(d->station->catalogue, e->item, &item) == CATALOGUE_OK) {
                        slash = strrchr(item.path, '/');
                        (void)text_copy(d->current_name, sizeof(d->current_name),
                                        slash ? slash + 1 : item.path);
                }
        }
        d->current_bytes = m->bytes;
        d->current_size = e->size;
        entry_received(d, e, m->bytes);
        docking_alive(d);
        bus_docking_changed(d->station, d->row.id, false);
        station_status_changed(d->station);
}

static void on_checkpoint(struct docking *d, const struct offload_checkpoint *m)
{
        struct station *s = d->station;
        struct plan_entry *e = plan_find(&d->plan, (int64_t)m->item);
        struct item item;

        if (!e || e->state != PLAN_FETCHING || m->bytes < 0)
                return;
        docking_alive(d);
        if (station_check(s, item_by_id(s->catalogue, e->item, &item), "read an item") != 0)
                return;
        item.state = ITEM_PARTIAL;
        item.durable = m->bytes;
        item.has_durable_digest = true;
        memcpy(item.durable_sha256, m->sha256, DIGEST_SIZE);
        station_check(s, item_update(s->catalogue, &item), "write an item");
}

/* Zeros are in the part where the medium gave nothing: known before any of them can be durable. */
static void on_unreadable(struct docking *d, const struct offload_unreadable *m)
{
        struct station *s = d->station;
        struct plan_entry *e = plan_find(&d->plan, (int64_t)m->item);
        struct event_subject subject = docking_subject(d);
        const struct unreadable_range range = {.start = m->offset, .size = m->size, .rest = m->rest != 0};

        if (!e || e->state != PLAN_FETCHING || m->offset < 0 || m->size <= 0 ||
            m->size > INT64_MAX - m->offset || e->n_unreadable >= OFFLOAD_UNREADABLE_MAX)
                return;
        docking_alive(d);
        if (m->offset < e->resumed_at) { /* the worker began again: nothing is left of what was before */
                station_check(s, unreadable_forget(s->catalogue, e->item, 0), "forget ranges");
                e->resumed_at = 0;
        }
        station_check(s, unreadable_note(s->catalogue, e->item, &range), "write a range");
        subject.item = e->item;
        if (e->n_unreadable++ == 0)
                event_log(EVENT_ITEM_UNREADABLE, &subject,
                          "bay %s: item %" PRId64 ": the medium does not give %" PRId64 " bytes at %" PRId64
                          ", going on behind them",
                          d->row.bay, e->item, m->size, m->offset);
}

/* Was more read than there was to read? Then the worker began again from 0, and what an earlier docking
 * could not read before 'resumed_at' has been read. */
static void ranges_settle(struct docking *d, const struct plan_entry *e, const struct offload_fetched *m)
{
        struct station *s = d->station;

        if (e->resumed_at > 0 && m->from_device + m->unreadable > m->size - e->resumed_at)
                station_check(s, unreadable_forget_before(s->catalogue, e->item, e->resumed_at),
                              "forget ranges");
}

static void fetched_whole(struct docking *d, struct plan_entry *e, struct item *item,
                          const struct offload_fetched *m)
{
        struct station *s = d->station;
        int r;

        ranges_settle(d, e, m);
        item->state = ITEM_PULLED;
        item->actual_size = m->size;
        item->digests = m->digests;
        item->has_digests = true;
        item->error[0] = '\0';
        station_check(s, item_update(s->catalogue, item), "write an item");
        plan_set_state(&d->plan, e, PLAN_PROVING);
        inject_point("pulled");
        r = filing_submit(s->filing, e->item);
        if (r < 0) {
                log_error("item %" PRId64 " cannot be proved now: %s, it is kept until the next start",
                          e->item, log_errno_text(r));
                plan_set_state(&d->plan, e, PLAN_FAILED);
                d->row.failed++;
        }
}

/* The part keeps what came and is durable; the item is tried again now, or at the next docking. */
static void fetched_part(struct docking *d, struct plan_entry *e, struct item *item,
                         const struct offload_fetched *m)
{
        struct event_subject subject = docking_subject(d);
        bool waits = m->outcome == RECORDER_NO_SPACE;
        bool ended = m->outcome == RECORDER_GONE || m->outcome == RECORDER_CANCELLED;
        bool again = waits || (!ended && e->attempts < d->station->config->attempts);
        bool deleted = e->flags & RECORDER_ITEM_DELETED;

        item->durable = MAX(m->size, INT64_C(0));
        item->has_durable_digest = item->durable > 0;
        memcpy(item->durable_sha256, m->digests.sha256, DIGEST_SIZE);
        if (m->outcome == RECORDER_MISMATCH || m->outcome == RECORDER_ABSENT)
                item->has_durable_digest = false; /* what came is not trusted: begin again */
        (void)snprintf(item->error, sizeof(item->error), "%s%s%s", recorder_outcome_text(m->outcome),
                       m->error ? ": " : "", m->error ? log_errno_text(m->error) : "");
        station_check(d->station, item_update(d->station->catalogue, item), "write an item");
        subject.item = e->item;
        if (!ended)
                event_log(EVENT_ITEM_FAILED, &subject,
                          "bay %s: item '%s' not pulled: %s after %" PRId64 " bytes, %s", d->row.bay,
                          item->path, item->error, m->size,
                          waits   ? "going on when there is room"
                          : again ? "trying again"
                                  : "leaving it until the next docking");
        if (waits)
                e->attempts--;
        else if (!ended && !deleted)
                d->failures_in_row++;
        d->row.failed += !again && !ended && !deleted;
        if (!again && !ended && deleted)
                findings_recovery_failed(d, e);
        plan_set_state(&d->plan, e, again || ended ? PLAN_WAITING : PLAN_FAILED);
        if (waits)
                station_disk_full(d->station);
        if (m->outcome == RECORDER_GONE)
                d->failed_outcome = RECORDER_GONE;
}

static void on_fetched(struct docking *d, const struct offload_fetched *m)
{
        struct station *s = d->station;
        struct plan_entry *e = plan_find(&d->plan, (int64_t)m->item);
        struct item item;

        if (!e || e->state != PLAN_FETCHING)
                return;
        if (station_check(s, item_by_id(s->catalogue, e->item, &item), "read an item") != 0)
                return;
        d->row.bytes += MAX(m->from_device, INT64_C(0));
        if (e->size > e->received)
                d->fetching_bytes -= MIN(e->size - e->received, d->fetching_bytes);
        d->current = 0;
        if (m->outcome == RECORDER_OK && m->size >= 0)
                fetched_whole(d, e, &item, m);
        else
                fetched_part(d, e, &item, m);
        docking_task_set(d, d->plan.counts[PLAN_FETCHING] > 0 ? TASK_FETCH : TASK_NOTHING);
        if (!d->bay)
                docking_save(d, false);
        docking_advance(d);
}

/* --- after the offload
 * -------------------------------------------------------------------------------------------- */

static void on_removed(struct docking *d, const struct offload_removed *m)
{
        struct event_subject subject = docking_subject(d);
        struct plan_entry *e = plan_find(&d->plan, (int64_t)m->item);
        char who[64], detail[128];

        if (d->task != TASK_REMOVE || !e)
                return;
        subject.item = e->item;
        (void)snprintf(who, sizeof(who), "item/%" PRId64, e->item);
        (void)snprintf(detail, sizeof(detail), "{\"docking\":%" PRId64 ",\"outcome\":\"%s\"}", d->row.id,
                       recorder_outcome_text(m->outcome));
        station_check(d->station,
                      catalogue_ledger(d->station->catalogue, STATION_ACTOR, "item.removed-from-recorder",
                                       who, detail),
                      "write the ledger");
        event_log(EVENT_ITEM_REMOVED, &subject, "bay %s: item %" PRId64 " %s the recorder%s%s", d->row.bay,
                  e->item, m->outcome == RECORDER_OK ? "removed from" : "stays on",
                  m->outcome == RECORDER_OK ? "" : ": ",
                  m->outcome == RECORDER_OK ? "" : recorder_outcome_text(m->outcome));
        d->row.removed += m->outcome == RECORDER_OK;
        docking_task_set(d, TASK_NOTHING);
        docking_advance(d);
}

static void on_clock_set(struct docking *d, const struct offload_clock_set *m)
{
        struct event_subject subject = docking_subject(d);
        char before[RECORDER_TIME_MAX], after[RECORDER_TIME_MAX], who[160], detail[256];

        if (d->task != TASK_SET_CLOCK)
                return;
        TEXT_FIELD(before, m->before);
        TEXT_FIELD(after, m->after);
        (void)snprintf(who, sizeof(who), "recorder/%s", d->recorder_number);
        station_ledger(d->station, "recorder.clock-set", who, "before", before, "after", after);
        (void)snprintf(detail, sizeof(detail), "from %s to %s", before, after);
        event_log(EVENT_CLOCK_SET, &subject, "bay %s: recorder's clock %s%s", d->row.bay,
                  m->outcome == RECORDER_OK ? "set " : "could not be set: ",
                  m->outcome == RECORDER_OK ? detail : recorder_outcome_text(m->outcome));
        docking_task_set(d, TASK_NOTHING);
        docking_advance(d);
}

static void on_notice(struct docking *d, const struct offload_notice *m)
{
        struct event_subject subject = docking_subject(d);
        char text[OFFLOAD_NOTICE_MAX + 1];

        TEXT_FIELD(text, m->text);
        if (m->priority >= LOG_ERR && m->priority <= LOG_DEBUG)
                subject.priority = m->priority;
        event_log(EVENT_WORKER_NOTICE, &subject, "bay %s: %s", d->row.bay, text);
        docking_alive(d);
}

static void on_failed(struct docking *d, const struct offload_failed *m)
{
        char text[OFFLOAD_NOTICE_MAX + 1];

        TEXT_FIELD(text, m->text);
        d->failed_outcome = m->outcome;
        (void)snprintf(d->failed_text, sizeof(d->failed_text), "%s%s%.450s",
                       recorder_outcome_text(m->outcome), text[0] ? ": " : "", text);
        text_make_printable(d->failed_text);
}

/* --- dispatch
 * ------------------------------------------------------------------------------------------------------ */

#define HANDLE(type, handler, structure)                                          \
        case type: {                                                              \
                const structure *payload = message_payload(m, sizeof(structure)); \
                if (payload)                                                      \
                        handler(d, payload);                                      \
                return payload != NULL;                                           \
        }

static bool docking_dispatch(struct docking *d, const struct message *m)
{
        switch (m->type) {
                HANDLE(OFFLOAD_SANDBOX, on_sandbox, struct offload_sandbox)
                HANDLE(OFFLOAD_IDENTITY, on_identity, struct recorder_identity)
                HANDLE(OFFLOAD_ITEM, on_item, struct recorder_item)
                HANDLE(OFFLOAD_LISTED, on_listed, struct offload_listed)
                HANDLE(OFFLOAD_PROGRESS, on_progress, struct offload_progress)
                HANDLE(OFFLOAD_CHECKPOINT, on_checkpoint, struct offload_checkpoint)
                HANDLE(OFFLOAD_FETCHED, on_fetched, struct offload_fetched)
                HANDLE(OFFLOAD_UNREADABLE, on_unreadable, struct offload_unreadable)
                HANDLE(OFFLOAD_DELETED, findings_take_deleted, struct recorder_deleted)
                HANDLE(OFFLOAD_FINDING, findings_take_medium, struct recorder_finding)
                HANDLE(OFFLOAD_REMOVED, on_removed, struct offload_removed)
                HANDLE(OFFLOAD_CLOCK_SET, on_clock_set, struct offload_clock_set)
                HANDLE(OFFLOAD_NOTICE, on_notice, struct offload_notice)
                HANDLE(OFFLOAD_FAILED, on_failed, struct offload_failed)
        default:
                return false;
        }
}

void docking_on_message(void *userdata, struct message *m)
{
        struct docking *d = userdata;

        if (docking_dispatch(d, m))
                return;
        log_warning("bay %s: worker sent a message of type %u and %u bytes, which is none of the protocol, "
                    "killing it",
                    d->row.bay, m->type, m->size);
        worker_signal(d->worker, SIGKILL);
}
