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
#include "daemon/watch.h"
#include "daemon/worker.h"
#include "recorder/offload_messages.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

enum { WORKER_STARTS_MAX = 4 };

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
                        .bay = d->row.bay,
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
        plan_clear(&d->plan);
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
                  "bay %s: no progress for %" PRId64 " s, waiting until %" PRId64 " s", d->row.bay,
                  d->station->config->warn_timeout / USEC_PER_SEC,
                  d->station->config->kill_timeout / USEC_PER_SEC);
        bus_docking_changed(d->station, d->row.id, false);
        return 0;
}

static int docking_on_kill(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct docking *d = userdata;
        struct event_subject subject = docking_subject(d);

        event_log(EVENT_WORKER_KILLED, &subject, "bay %s: worker %d gave no sign of life, killing it",
                  d->row.bay, d->worker ? (int)worker_pid(d->worker) : 0);
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
                log_error("bay %s: could not arm a timer: %s, going on without", d->row.bay,
                          log_errno_text(r));
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
        event_log(EVENT_DOCKING_FAILED, &subject, "bay %s: docking failed: %s", d->row.bay, d->row.reason);
        station_alert(d->station, "docking-failed", LOG_ERR, docking_alert_subject(d, who), "%s",
                      d->row.reason);
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
        char *argv[] = {worker_program("recdock-offload", program, sizeof(program)), (char *)"--node",
                        d->node, NULL};
        struct worker_events events = docking_worker_events;
        int r;

        if (d->worker || d->finished || !d->bay || s->stopping)
                return;
        d->waits_for_slot = s->workers >= s->config->workers_max;
        if (d->waits_for_slot) {
                log_info("bay %s: %u workers are at work, waiting for one to end", d->row.bay, s->workers);
                return;
        }
        events.userdata = d;
        d->worker_starts++;
        d->closing = false;
        d->failed_outcome = RECORDER_OK;
        r = worker_start(&d->worker, s->event, argv, &events);
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
        if (d->task == TASK_SET_CLOCK)
                d->clock_asked[0] = '\0'; /* nobody can say whether it was set */
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
                          "bay %s: the recorder is locked, asking again every %" PRId64
                          " s until it is unlocked",
                          d->row.bay, locked_delay / USEC_PER_SEC);
                docking_save(d, true);
        }
        d->worker_starts = 0;
        timer_arm(d, &d->retry_timer, locked_delay, docking_on_retry);
}

static void docking_retry_or_fail(struct docking *d, const char *status)
{
        struct event_subject subject = docking_subject(d);
        const char *text = d->failed_text[0] ? d->failed_text : status;

        plan_clear(&d->plan);
        if (d->failed_outcome == RECORDER_GONE && d->worker_starts < WORKER_STARTS_MAX) {
                /* udev will say so too; when it does not, the device has only reset itself */
                timer_arm(d, &d->retry_timer, gone_delay, docking_on_retry);
                return;
        }
        if (d->failed_outcome == RECORDER_LOCKED) {
                docking_wait_for_unlock(d);
                return;
        }
        if (d->worker_starts >= WORKER_STARTS_MAX) {
                docking_fail(d, "%s; %u attempts, giving up until it is plugged in again", text,
                             d->worker_starts);
                return;
        }
        event_log(EVENT_WORKER_DIED, &subject, "bay %s: worker ended: %s, starting another in %u s",
                  d->row.bay, text, d->worker_starts);
        timer_arm(d, &d->retry_timer, restart_delay * d->worker_starts, docking_on_retry);
}

static void docking_on_worker_exit(void *userdata, bool clean, const char *status)
{
        struct docking *d = userdata;
        struct station *s = d->station;
        bool expected = d->closing;

        docking_forget_worker(d);
        if (!d->bay)
                docking_free(d);
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

static void row_describe(struct docking_row *row, const struct bay *bay, const struct watch_device *device)
{
        *row = (struct docking_row){
                        .vendor_id = device->vendor_id,
                        .product_id = device->product_id,
                        .state = DOCKING_PLUGGED,
                        .plugged_at = clock_now(),
                        .identified_at = INSTANT_NONE,
                        .listed_at = INSTANT_NONE,
                        .released_at = INSTANT_NONE,
                        .unplugged_at = INSTANT_NONE,
                        .battery_percent = -1,
                        .free_bytes = -1,
                        .total_bytes = -1,
        };
        (void)text_copy(row->bay, sizeof(row->bay), bay->name);
        (void)text_copy(row->port, sizeof(row->port), bay->port);
        (void)text_copy(row->usb_serial, sizeof(row->usb_serial), device->serial);
        text_make_printable(row->usb_serial);
}

int docking_start(struct station *s, struct bay *bay, const struct watch_device *device)
{
        _cleanup_(docking_freep) struct docking *d = calloc(1, sizeof(*d));
        struct event_subject subject;

        if (!d)
                return -ENOMEM;
        d->station = s;
        d->devnum = device->devnum;
        d->node = strdup(device->node);
        if (!d->node)
                return -ENOMEM;
        row_describe(&d->row, bay, device);
        station_begin(s);
        station_check(s, docking_insert(s->catalogue, STATION_ACTOR, &d->row), "write a docking");
        station_commit(s);
        inject_point("plugged");
        d->next = s->dockings;
        s->dockings = d;
        d->bay = bay;
        bay->docking = d;
        subject = docking_subject(d);
        event_log(EVENT_DOCKING_PLUGGED, &subject, "bay %s: recorder %04x:%04x plugged in", d->row.bay,
                  d->row.vendor_id, d->row.product_id);
        docking_worker_start(d);
        bus_docking_changed(s, d->row.id, true);
        station_status_changed(s);
        (void)TAKE_PTR(d);
        return 0;
}

static void docking_unplug_log(struct docking *d)
{
        struct event_subject subject = docking_subject(d);
        size_t open = d->plan.counts[PLAN_WAITING] + d->plan.counts[PLAN_FETCHING];

        if (d->row.state == DOCKING_RELEASED || d->row.state == DOCKING_FAILED)
                event_log(EVENT_DOCKING_UNPLUGGED, &subject, "bay %s: recorder taken out", d->row.bay);
        else
                event_log(EVENT_DOCKING_INTERRUPTED, &subject,
                          "bay %s: recorder taken out before it was released, %zu of %zu items still to "
                          "pull, going on"
                          " at its next docking",
                          d->row.bay, open, d->plan.n);
}

void docking_unplug(struct docking *d)
{
        d->row.unplugged_at = clock_now();
        docking_unplug_log(d);
        if (d->row.state != DOCKING_RELEASED && d->row.state != DOCKING_FAILED)
                d->row.state = DOCKING_UNPLUGGED;
        d->finished = true;
        d->bay->docking = NULL;
        d->bay = NULL;
        docking_save(d, true);
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
