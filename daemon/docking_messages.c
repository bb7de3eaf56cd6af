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
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "catalogue/removal.h"
#include "catalogue/unreadable.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/filing.h"
#include "daemon/identity.h"
#include "daemon/station_internal.h"
#include "daemon/worker.h"
#include "recorder/folder/folder_messages.h"
#include "recorder/offload_messages.h"
#include "rules/recording_time.h"

#include <inttypes.h>
#include <string.h>

enum {
        ITEMS_MAX = 200000,
        SAME_NAMES_MAX = 99,
};

static void on_sandbox(struct docking *d, const struct offload_sandbox *m)
{
        struct event_subject subject = docking_subject(d);

        event_log(EVENT_WORKER_SANDBOX, &subject,
                  "%s: offload worker %d: no new privileges %s, Landlock %s, seccomp %s, zero-copy %s",
                  d->place, (int)worker_pid(d->worker), m->no_new_privs ? "on" : "off",
                  m->landlock_abi > 0 ? "on" : "not in this kernel", m->seccomp ? "on" : "off",
                  m->zero_copy ? "on" : "off");
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
 * filing says whether it is new. So it is with one of several of one name, size and time: which number it
 * has depends on what else is there.
 */
static bool identity_is_weak(struct docking *d, const struct item *item, const struct plan_entry *e)
{
        if (e->state != PLAN_HELD)
                return false;
        return !time_is_of_a_set_clock(e->device_time) ||
               station_check(d->station, item_has_namesake(d->station->catalogue, item),
                             "look up an item") == CATALOGUE_OK;
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
        if (is_new)
                identity_take_item(d, item);
        e.item = item->id;
        e.renamed = strncmp(item->path, m->path, sizeof(m->path)) != 0;
        e.state = docking_plan_state(item);
        if (instant_parse_ptp(item->time_text, &e.device_time, &zoned) < 0)
                e.device_time = INSTANT_NONE;
        if (e.state == PLAN_HELD)
                held_describe(d, item, &e);
        if (identity_is_weak(d, item, &e)) {
                e.state = PLAN_WAITING;
                e.removable = false;
        }
        if (e.state == PLAN_PROVING && !filing_has(d->station->filing, item->id)) {
                r = item_prove_again(d, item, &e);
                if (r < 0)
                        return r;
        }
        if (e.state == PLAN_WAITING) {
                e.attempts = docking_deaths_at(d, item->id);
                if (e.attempts >= d->station->config->attempts) {
                        e.state = PLAN_FAILED;
                        d->row.failed++;
                }
        }
        return plan_add(&d->plan, &e, &entry);
}

/*
 * Who imports chooses names, sizes and times. An item of a docked recorder must never count as held for
 * their sake, and be removed from the recorder: paths of imports begin with what no path of a recorder
 * begins with.
 */
static void path_describe(const struct docking *d, const struct recorder_item *m, char *ret, size_t size)
{
        static const char prefix[] = "import:/";

        if (d->row.source == FOOTAGE_IMPORT)
                (void)snprintf(ret, size, "%s%.*s", prefix, FOLDER_PATH_MAX, m->path);
        else
                (void)snprintf(ret, size, "%.*s", (int)sizeof(m->path), m->path);
        text_make_printable(ret);
        if (d->row.source != FOOTAGE_IMPORT && strncmp(ret, prefix, strlen(prefix)) == 0)
                *strchr(ret, ':') = '_';
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
        path_describe(d, m, path, sizeof(path));
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
                log_error("%s: cannot note item '%s': %s, the listing counts as incomplete", d->place, path,
                          log_errno_text(r));
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
                  "%s: %" PRId64 " items listed, %zu to pull, %" PRId64 " already held%s", d->place,
                  d->row.seen, d->plan.counts[PLAN_WAITING], d->row.already_held,
                  d->row.listing_complete ? "" : "; the recorder did not list everything");
        identity_judge(d);
        findings_judge(d);
        docking_clear_confirm(d);
        docking_save(d, true);
        inject_point("listed");
        docking_task_set(d, TASK_NOTHING);
        /* A part must not be there before its item is on record, or nobody knows it after a power cut. */
        d->waits_for_commit = true;
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
        docking_unsized_limit(d, e);
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
        inject_point("checkpoint");
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
                          "%s: item %" PRId64 ": the medium does not give %" PRId64 " bytes at %" PRId64
                          ", going on behind them",
                          d->place, e->item, m->size, m->offset);
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
        d->starts_in_vain = 1; /* this one's */
        if (item->attempts > 1) {
                char who[64];

                (void)snprintf(who, sizeof(who), "item/%" PRId64, item->id);
                station_alert_clear(s, "item-stuck", who);
        }
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
                          "%s: item '%s' not pulled: %s after %" PRId64 " bytes, %s", d->place, item->path,
                          item->error, m->size,
                          waits   ? "going on when there is room"
                          : again ? "trying again"
                                  : "leaving it until the next docking");
        if (waits || (m->outcome == RECORDER_CANCELLED && m->from_device == 0))
                e->attempts--; /* it had no turn */
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
        e->no_room = e->no_room || m->outcome == RECORDER_NO_SPACE;
        if (m->outcome == RECORDER_OK && m->size >= 0)
                fetched_whole(d, e, &item, m);
        else if (e->size < 0 && (e->too_long || e->no_room) && m->outcome != RECORDER_GONE)
                docking_unsized_fetched(d, e, &item, m);
        else
                fetched_part(d, e, &item, m);
        docking_task_set(d, d->plan.counts[PLAN_FETCHING] > 0 ? TASK_FETCH : TASK_NOTHING);
        if (!docking_is_present(d))
                docking_save(d, false);
        docking_advance(d);
}

/* --- after the offload
 * -------------------------------------------------------------------------------------------- */

static void on_removed(struct docking *d, const struct offload_removed *m)
{
        struct event_subject subject = docking_subject(d);
        struct plan_entry *e = plan_find(&d->plan, (int64_t)m->item);

        if (d->task != TASK_REMOVE || !e)
                return;
        subject.item = e->item;
        station_check(d->station,
                      removal_end(d->station->catalogue, STATION_ACTOR, d->row.id, e->item,
                                  recorder_outcome_text(m->outcome)),
                      "write the ledger");
        inject_point("removed");
        event_log(EVENT_ITEM_REMOVED, &subject, "%s: item %" PRId64 " %s the recorder%s%s", d->place,
                  e->item, m->outcome == RECORDER_OK ? "removed from" : "stays on",
                  m->outcome == RECORDER_OK ? "" : ": ",
                  m->outcome == RECORDER_OK ? "" : recorder_outcome_text(m->outcome));
        d->row.removed += m->outcome == RECORDER_OK;
        if (m->outcome == RECORDER_OK && e->size > 0 &&
            __builtin_add_overflow(d->row.freed, e->size, &d->row.freed))
                d->row.freed = INT64_MAX;
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
        event_log(EVENT_WORKER_NOTICE, &subject, "%s: %s", d->place, text);
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
                HANDLE(OFFLOAD_IDENTITY, docking_identify, struct recorder_identity)
                HANDLE(OFFLOAD_ITEM, on_item, struct recorder_item)
                HANDLE(OFFLOAD_LISTED, on_listed, struct offload_listed)
                HANDLE(OFFLOAD_PROGRESS, on_progress, struct offload_progress)
                HANDLE(OFFLOAD_CHECKPOINT, on_checkpoint, struct offload_checkpoint)
                HANDLE(OFFLOAD_FETCHED, on_fetched, struct offload_fetched)
                HANDLE(OFFLOAD_UNREADABLE, on_unreadable, struct offload_unreadable)
                HANDLE(OFFLOAD_DELETED, findings_take_deleted, struct recorder_deleted)
                HANDLE(OFFLOAD_FINDING, findings_take_medium, struct recorder_finding)
                HANDLE(OFFLOAD_VOLUME, docking_take_volume, struct recorder_volume)
                HANDLE(OFFLOAD_REMOVED, on_removed, struct offload_removed)
                HANDLE(OFFLOAD_CLOCK_SET, docking_clock_set, struct offload_clock_set)
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
        log_warning("%s: worker sent a message of type %u and %u bytes, which is none of the protocol, "
                    "killing it",
                    d->place, m->type, m->size);
        worker_refuse(d->worker);
}
