// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The life of a docking: started by a plug, its worker supervised, ended by release, failure or unplug. What
 * the worker says is handled in docking_messages.c, what is asked of it in docking_offload.c.
 */
#include "daemon/docking.h"
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/alert.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"
#include "daemon/undocking.h"
#include "daemon/watch.h"
#include "daemon/worker.h"
#include "recorder/offload_messages.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

enum {
        WORKER_STARTS_MAX = 4, /* in a row, without an item that came whole */
        WORKER_STARTS_TOTAL_MAX = 64,
};

/* After an unplug, and after CLOSE, the worker gets this long for its last words. */
static const int64_t leave_timeout = 10 * USEC_PER_SEC;
/* A worker that died is started anew after this, times the number of starts. */
static const int64_t restart_delay = 1 * USEC_PER_SEC;
static const int64_t gone_delay = 3 * USEC_PER_SEC;
static const int64_t locked_delay = 5 * USEC_PER_SEC;

DEFINE_CLEANUP(struct docking *, docking_free);

struct event_subject docking_subject(const struct docking *d)
{
        return (struct event_subject){
                        .bay = d->row.bay[0] ? d->row.bay : NULL,
                        .recorder = d->recorder_number[0] ? d->recorder_number : NULL,
                        .docking = d->row.id,
        };
}

char *docking_alert_subject(const struct docking *d, char buf[DOCKING_SUBJECT_MAX])
{
        bool known = d->recorder_number[0] != '\0';

        (void)snprintf(buf, DOCKING_SUBJECT_MAX, "%s/%s", known ? "recorder" : "bay",
                       known ? d->recorder_number : d->row.bay);
        return buf;
}

struct docking *docking_find(struct station *s, int64_t id)
{
        for (struct docking *d = s->dockings; d; d = d->next)
                if (d->row.id == id)
                        return d;
        return NULL;
}

bool docking_is_present(const struct docking *d)
{
        return d->bay || d->giver >= 0;
}

static void docking_unlink(struct docking *d)
{
        struct docking **p = &d->station->dockings;

        while (*p && *p != d)
                p = &(*p)->next;
        if (*p)
                *p = d->next;
        if (d->bay)
                d->bay->docking = NULL;
}

void docking_free(struct docking *d)
{
        if (!d)
                return;
        docking_unlink(d);
        if (d->worker)
                d->station->workers--;
        worker_free(d->worker);
        sd_event_source_disable_unref(d->warn_timer);
        sd_event_source_disable_unref(d->kill_timer);
        sd_event_source_disable_unref(d->retry_timer);
        sd_event_source_disable_unref(d->giver_watch);
        (void)fd_close(d->giver);
        plan_clear(&d->plan);
        docking_clear_free(d);
        findings_clear(&d->found);
        free(d->node);
        free(d);
}

void docking_save(struct docking *d, bool final)
{
        station_begin(d->station);
        station_check(d->station, docking_update(d->station->catalogue, &d->row), "write a docking");
        station_commit(d->station);
        bus_docking_changed(d->station, d->row.id, final);
        d->station->dockings_changed += final;
        station_status_changed(d->station);
}

/* --- supervision
 * ------------------------------------------------------------------------------------------------ */

static int docking_on_warn(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct docking *d = userdata;
        struct event_subject subject = docking_subject(d);

        d->stall_warned = true;
        event_log(EVENT_WORKER_STALLED, &subject,
                  "%s: no progress for %" PRId64 " s, waiting until %" PRId64 " s", d->place,
                  d->station->config->warn_timeout / USEC_PER_SEC,
                  d->station->config->kill_timeout / USEC_PER_SEC);
        bus_docking_changed(d->station, d->row.id, false);
        return 0;
}

static int docking_on_kill(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct docking *d = userdata;
        struct event_subject subject = docking_subject(d);

        event_log(EVENT_WORKER_KILLED, &subject, "%s: worker %d gave no sign of life, killing it", d->place,
                  d->worker ? (int)worker_pid(d->worker) : 0);
        if (d->worker)
                worker_signal(d->worker, SIGKILL);
        return 0;
}

static void timer_arm(struct docking *d, sd_event_source **timer, int64_t delay,
                      sd_event_time_handler_t handler)
{
        int r = 0;

        if (!*timer) {
                r = sd_event_add_time_relative(d->station->event, timer, CLOCK_MONOTONIC, (uint64_t)delay, 0,
                                               handler, d);
                if (r >= 0)
                        r = sd_event_source_set_priority(*timer, PRIORITY_TIMER);
        } else {
                r = sd_event_source_set_time_relative(*timer, (uint64_t)delay);
                if (r >= 0)
                        r = sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
        }
        if (r < 0)
                log_error("%s: could not arm a timer: %s, going on without", d->place, log_errno_text(r));
}

static void timer_disarm(sd_event_source *timer)
{
        if (timer)
                (void)sd_event_source_set_enabled(timer, SD_EVENT_OFF);
}

void docking_alive(struct docking *d)
{
        const struct config *c = d->station->config;

        d->stall_warned = false;
        if (d->task == TASK_NOTHING || !d->worker) {
                timer_disarm(d->warn_timer);
                timer_disarm(d->kill_timer);
                return;
        }
        timer_arm(d, &d->warn_timer, c->warn_timeout, docking_on_warn);
        timer_arm(d, &d->kill_timer, d->task == TASK_CLOSE ? leave_timeout : c->kill_timeout,
                  docking_on_kill);
}

void docking_task_set(struct docking *d, enum docking_task task)
{
        d->task = task;
        docking_alive(d);
}

void docking_close_worker(struct docking *d)
{
        if (!d->worker || d->closing)
                return;
        d->closing = true;
        if (worker_send(d->worker, OFFLOAD_CLOSE, NULL, 0, -EBADF) < 0)
                worker_signal(d->worker, SIGTERM);
        docking_task_set(d, TASK_CLOSE);
}

void docking_fail(struct docking *d, const char *format, ...)
{
        struct event_subject subject = docking_subject(d);
        bool import = d->row.source == FOOTAGE_IMPORT;
        char who[DOCKING_SUBJECT_MAX];
        va_list ap;

        if (d->finished)
                return;
        va_start(ap, format);
        (void)vsnprintf(d->row.reason, sizeof(d->row.reason), format, ap);
        va_end(ap);
        text_make_printable(d->row.reason);
        d->finished = true;
        d->row.state = DOCKING_FAILED;
        event_log(import ? EVENT_IMPORT_FAILED : EVENT_DOCKING_FAILED, &subject, "%s: %s failed: %s",
                  d->place, import ? "import" : "docking", d->row.reason);
        station_alert(d->station, import ? "import-failed" : "docking-failed", LOG_ERR,
                      docking_alert_subject(d, who), "%s", d->row.reason);
        docking_save(d, true);
        docking_close_worker(d);
}

/* --- start and end of the worker
 * -------------------------------------------------------------------------------- */

static int docking_on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        docking_worker_start(userdata);
        return 0;
}

void docking_worker_start(struct docking *d)
{
        struct station *s = d->station;
        char program[PATH_MAX];
        char *argv[] = {worker_program("recdock-offload", program, sizeof(program)),
                        (char *)"--driver",
                        (char *)"folder",
                        NULL,
                        NULL,
                        NULL};
        struct worker_events events = docking_worker_events;
        int r;

        if (d->worker || d->finished || !docking_is_present(d) || s->stopping || docking_is_clearing(d))
                return;
        if (d->row.source != FOOTAGE_IMPORT) {
                argv[1] = (char *)"--node";
                argv[2] = d->node;
                if (strcmp(d->row.driver, "mtp") != 0) { /* what a worker speaks when nothing is said */
                        argv[3] = (char *)"--driver";
                        argv[4] = d->row.driver;
                }
        }
        d->waits_for_slot = s->workers >= s->config->workers_max;
        if (d->waits_for_slot) {
                log_info("%s: %u workers are at work, waiting for one to end", d->place, s->workers);
                return;
        }
        events.userdata = d;
        d->worker_starts++;
        d->starts_in_vain++;
        d->closing = false;
        d->failed_outcome = RECORDER_OK;
        r = worker_start(&d->worker, s->event, argv, d->giver, &events);
        if (r < 0) {
                docking_fail(d, "could not start '%s': %s", argv[0], log_errno_text(r));
                return;
        }
        s->workers++;
        docking_task_set(d, TASK_IDENTIFY);
        inject_point("worker-started");
}

/* What the dead worker had under way is as the catalogue says: the next one begins from there. */
static void docking_forget_worker(struct docking *d)
{
        worker_free(d->worker);
        d->worker = NULL;
        d->station->workers--;
        d->fetching_bytes = 0;
        d->rate = 0;
        d->current = 0;
        d->waits_for_other = false;
        d->clock_again |= d->task == TASK_SET_CLOCK; /* nobody can say whether it was set */
        docking_task_set(d, TASK_NOTHING);
}

/* A locked recorder looks empty: it is asked again until an operator has unlocked it, and never taken for
 * done. */
static void docking_wait_for_unlock(struct docking *d)
{
        struct event_subject subject = docking_subject(d);

        if (d->row.reason[0] == '\0') {
                (void)snprintf(d->row.reason, sizeof(d->row.reason), "locked: unlock the recorder");
                event_log(EVENT_WORKER_NOTICE, &subject,
                          "%s: the recorder is locked, asking again every %" PRId64
                          " s until it is unlocked",
                          d->place, locked_delay / USEC_PER_SEC);
                docking_save(d, true);
        }
        d->worker_starts = d->starts_in_vain = 0;
        timer_arm(d, &d->retry_timer, locked_delay, docking_on_retry);
}

unsigned int docking_deaths_at(const struct docking *d, int64_t item)
{
        for (unsigned int i = 0; i < d->n_suspects; i++)
                if (d->suspects[i].item == item)
                        return d->suspects[i].deaths;
        return 0;
}

static struct docking_suspect *suspect_of(struct docking *d, int64_t item)
{
        for (unsigned int i = 0; i < d->n_suspects; i++)
                if (d->suspects[i].item == item)
                        return &d->suspects[i];
        if (d->n_suspects == DOCKING_SUSPECTS_MAX)
                return NULL; /* the starts of workers are bounded as well */
        d->suspects[d->n_suspects] = (struct docking_suspect){.item = item};
        return &d->suspects[d->n_suspects++];
}

/* A worker that died without a word died of the item it was at, as far as anybody can tell: the next one
 * takes that item last, and none takes it after so many. */
static void docking_blame(struct docking *d)
{
        const struct plan_entry *e = plan_running(&d->plan);
        struct event_subject subject = docking_subject(d);
        struct docking_suspect *suspect = e ? suspect_of(d, e->item) : NULL;
        char who[64];

        if (!suspect || ++suspect->deaths < d->station->config->attempts)
                return;
        subject.item = e->item;
        (void)snprintf(who, sizeof(who), "item/%" PRId64, e->item);
        event_log(EVENT_ITEM_FAILED, &subject,
                  "%s: %u workers ended at item %" PRId64 ", leaving it until the next docking", d->place,
                  suspect->deaths, e->item);
        station_alert(d->station, "item-stuck", LOG_ERR, who,
                      "item %" PRId64 " of recorder %s ended its worker %u times; it stays on the recorder "
                      "and is tried again at the next docking",
                      e->item, d->recorder_number, suspect->deaths);
}

static bool too_many_starts(const struct docking *d)
{
        return d->starts_in_vain >= WORKER_STARTS_MAX || d->worker_starts >= WORKER_STARTS_TOTAL_MAX;
}

static void docking_retry_or_fail(struct docking *d, const char *status)
{
        struct event_subject subject = docking_subject(d);
        const char *text = d->failed_text[0] ? d->failed_text : status;

        if (d->failed_outcome == RECORDER_OK)
                docking_blame(d);
        plan_clear(&d->plan);
        findings_clear(&d->found);
        if (d->failed_outcome == RECORDER_GONE && !too_many_starts(d)) {
                /* udev will say so too; when it does not, the device has only reset itself */
                timer_arm(d, &d->retry_timer, gone_delay, docking_on_retry);
                return;
        }
        if (d->failed_outcome == RECORDER_LOCKED) {
                docking_wait_for_unlock(d);
                return;
        }
        if (too_many_starts(d)) {
                docking_fail(d, "%s; %u attempts, giving up until it is plugged in again", text,
                             d->worker_starts);
                return;
        }
        event_log(EVENT_WORKER_DIED, &subject, "%s: worker ended: %s, starting another in %u s", d->place,
                  text, d->starts_in_vain);
        timer_arm(d, &d->retry_timer, restart_delay * d->starts_in_vain, docking_on_retry);
}

/* Another worker for a docking that had ended: it lists anew, and what was pulled counts as of this docking.
 */
void docking_restart(struct docking *d)
{
        if (docking_is_clearing(d))
                return; /* which has another worker list when it is done */
        docking_clear_cancel(d);
        d->restart = d->worker != NULL;
        if (d->worker) {
                docking_close_worker(d);
                return;
        }
        plan_clear(&d->plan);
        findings_clear(&d->found);
        d->finished = false;
        d->failures_in_row = 0;
        d->worker_starts = 1;
        d->row.state = DOCKING_PLUGGED;
        d->row.released_at = d->row.unplugged_at = INSTANT_NONE;
        d->row.reason[0] = '\0';
        timer_disarm(d->retry_timer);
        docking_worker_start(d);
        docking_save(d, true);
}

static void docking_on_worker_exit(void *userdata, bool clean, const char *status)
{
        struct docking *d = userdata;
        struct station *s = d->station;
        bool expected = d->closing;

        docking_forget_worker(d);
        if (d->row.source == FOOTAGE_IMPORT)
                docking_import_ended(d, status);
        else if (!d->bay)
                docking_free(d);
        else if (d->restart)
                docking_restart(d);
        else if (d->clearing && expected && !d->finished)
                docking_clear_begin(d);
        else if (d->registry_changed)
                docking_reconsider(d);
        else if (!d->finished && !s->stopping && !expected)
                docking_retry_or_fail(d, status);
        station_worker_ended(s);
}

static void docking_on_burst(void *userdata, bool begin)
{
        struct docking *d = userdata;

        if (begin)
                station_begin(d->station);
        else
                station_commit(d->station);
}

const struct worker_events docking_worker_events = {
                .on_message = docking_on_message,
                .on_burst = docking_on_burst,
                .on_exit = docking_on_worker_exit,
};

/* --- plug and unplug
 * -------------------------------------------------------------------------------------------- */

void docking_serial(const struct watch_device *device, char ret[128])
{
        (void)text_copy(ret, 128, device->serial);
        text_make_printable(ret);
}

struct docking *docking_new(struct station *s)
{
        struct docking *d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        d->station = s;
        d->giver = -EBADF;
        d->doubt.whole_until = INSTANT_NONE;
        d->row = (struct docking_row){
                        .state = DOCKING_PLUGGED,
                        .plugged_at = clock_now(),
                        .identified_at = INSTANT_NONE,
                        .listed_at = INSTANT_NONE,
                        .released_at = INSTANT_NONE,
                        .unplugged_at = INSTANT_NONE,
                        .clock_set_at = INSTANT_NONE,
                        .battery_percent = -1,
                        .free_bytes = -1,
                        .total_bytes = -1,
        };
        return d;
}

int docking_enter(struct docking *d, const char *actor)
{
        struct station *s = d->station;

        station_begin(s);
        station_check(s, docking_insert(s->catalogue, actor, &d->row), "write a docking");
        station_commit(s);
        if (s->failed)
                return -ESHUTDOWN;
        inject_point("plugged");
        d->next = s->dockings;
        s->dockings = d;
        return 0;
}

static void row_describe(struct docking_row *row, const struct bay *bay, const struct watch_device *device)
{
        row->vendor_id = device->vendor_id;
        row->product_id = device->product_id;
        (void)text_copy(row->bay, sizeof(row->bay), bay->name);
        (void)text_copy(row->port, sizeof(row->port), bay->port);
        (void)text_copy(row->driver, sizeof(row->driver), device->driver);
        docking_serial(device, row->usb_serial);
}

int docking_start(struct station *s, struct bay *bay, const struct watch_device *device)
{
        _cleanup_(docking_freep) struct docking *d = docking_new(s);
        struct event_subject subject;

        if (!d)
                return -ENOMEM;
        d->devnum = device->devnum;
        d->node = strdup(device->node);
        if (!d->node)
                return -ENOMEM;
        row_describe(&d->row, bay, device);
        (void)snprintf(d->place, sizeof(d->place), "bay %s", d->row.bay);
        if (docking_enter(d, STATION_ACTOR) < 0)
                return 0; /* udev tells of it again when the station goes on */
        d->bay = bay;
        bay->docking = d;
        subject = docking_subject(d);
        event_log(EVENT_DOCKING_PLUGGED, &subject, "%s: recorder %04x:%04x plugged in", d->place,
                  d->row.vendor_id, d->row.product_id);
        docking_worker_start(d);
        bus_docking_changed(s, d->row.id, true);
        station_status_changed(s);
        (void)TAKE_PTR(d);
        return 0;
}

/* The object of a docking whose worker has gone since, made anew from its row. */
static int docking_revive(struct station *s, int64_t docking, struct docking **ret)
{
        struct docking *d = docking_new(s);
        int r;

        if (!d)
                return -ENOMEM;
        r = station_check(s, docking_by_id(s->catalogue, docking, &d->row), "read a docking");
        if (r != CATALOGUE_OK) {
                free(d);
                return r < 0 ? r : -ENOENT;
        }
        (void)snprintf(d->place, sizeof(d->place), "bay %s", d->row.bay);
        d->next = s->dockings;
        s->dockings = d;
        *ret = d;
        return 0;
}

static void docking_ledger_continued(struct docking *d, const struct watch_device *device)
{
        char who[64], from[16], to[16];

        (void)snprintf(who, sizeof(who), "docking/%" PRId64, d->row.id);
        (void)snprintf(from, sizeof(from), "%04x:%04x", d->row.vendor_id, d->row.product_id);
        (void)snprintf(to, sizeof(to), "%04x:%04x", device->vendor_id, device->product_id);
        station_begin(d->station);
        station_ledger(d->station, "docking.continued", who, "from", from, "to", to);
        station_commit(d->station);
}

int docking_continue(struct station *s, struct bay *bay, int64_t docking, const struct watch_device *device)
{
        struct docking *d = docking_find(s, docking);
        char *node = strdup(device->node);
        struct event_subject subject;
        int r = 0;

        if (!node)
                return -ENOMEM;
        if (!d)
                r = docking_revive(s, docking, &d);
        if (r < 0) {
                free(node);
                return r;
        }
        free(d->node);
        d->node = node;
        d->cleared = false;
        d->devnum = device->devnum;
        docking_ledger_continued(d, device);
        d->row.vendor_id = device->vendor_id;
        d->row.product_id = device->product_id;
        (void)text_copy(d->row.driver, sizeof(d->row.driver), device->driver);
        docking_serial(device, d->row.usb_serial);
        d->bay = bay;
        bay->docking = d;
        subject = docking_subject(d);
        event_log(EVENT_DOCKING_CONTINUED, &subject,
                  "%s: the recorder of docking %" PRId64 " is back as %04x:%04x, the docking goes on",
                  d->place, d->row.id, d->row.vendor_id, d->row.product_id);
        docking_restart(d);
        return 0;
}

static void docking_unplug_log(struct docking *d)
{
        struct event_subject subject = docking_subject(d);
        size_t open = d->plan.counts[PLAN_WAITING] + d->plan.counts[PLAN_FETCHING];

        if (d->row.state == DOCKING_RELEASED || d->row.state == DOCKING_FAILED)
                event_log(EVENT_DOCKING_UNPLUGGED, &subject, "%s: recorder taken out", d->place);
        else
                event_log(EVENT_DOCKING_INTERRUPTED, &subject,
                          "%s: recorder taken out before it was released, %zu of %zu items still to "
                          "pull, going on"
                          " at its next docking",
                          d->place, open, d->plan.n);
}

void docking_unplug(struct docking *d)
{
        d->row.unplugged_at = clock_now();
        docking_clear_end(d);
        docking_unplug_log(d);
        if (d->row.state != DOCKING_RELEASED && d->row.state != DOCKING_FAILED)
                d->row.state = DOCKING_UNPLUGGED;
        d->finished = true;
        d->bay->docking = NULL;
        d->bay = NULL;
        station_begin(d->station);
        undocking_begin(d);
        docking_save(d, true);
        station_commit(d->station);
        timer_disarm(d->retry_timer);
        if (!d->worker) {
                docking_free(d);
                return;
        }
        /* It sees that the device is gone, makes the part durable and says how far it is; but not for ever.
         */
        timer_disarm(d->warn_timer);
        timer_arm(d, &d->kill_timer, leave_timeout, docking_on_kill);
        d->closing = true;
}
