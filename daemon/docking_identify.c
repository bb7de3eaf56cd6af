// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whose recorder it is: what a device says of itself is looked up in the registry. Nothing is listed before
 * it is settled, and nothing is read from a device that is unknown, retired, or not to be told from another.
 */
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/duty.h"
#include "catalogue/registry.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/health.h"
#include "daemon/identity.h"
#include "daemon/known.h"
#include "daemon/station_internal.h"
#include "daemon/worker.h"
#include "recorder/offload_messages.h"

#include <inttypes.h>
#include <string.h>

enum { SAME_NAMES_MAX = 99 };

static void identity_keep(struct docking_row *row, const struct recorder_identity *m)
{
        TEXT_FIELD(row->manufacturer, m->manufacturer);
        TEXT_FIELD(row->model, m->model);
        TEXT_FIELD(row->firmware, m->firmware);
        TEXT_FIELD(row->serial, m->serial);
        TEXT_FIELD(row->officer, m->officer);
        TEXT_FIELD(row->unit, m->unit);
        if (row->identified_at == INSTANT_NONE) /* what health_take() keeps is of then */
                row->identified_at = clock_now();
}

/* Zeros alone are a maker's default, which a whole series shares. */
static bool serial_is_said(const char *serial)
{
        return serial[strspn(serial, "0")] != '\0';
}

/* A device that says no serial would be a new recorder at each docking, or the same as all others of its
 * make: neither is what evidence may be filed under. */
static bool can_be_told_apart(const struct docking_row *row)
{
        return serial_is_said(row->usb_serial) || serial_is_said(row->serial);
}

/* A number for a recorder that registers itself: its own serial, made distinct when another one has it. */
static int recorder_register_itself(struct docking *d, struct recorder_row *recorder)
{
        struct station *s = d->station;
        const char *base = serial_is_said(d->row.usb_serial) ? d->row.usb_serial : d->row.serial;
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

        if (r == CATALOGUE_ABSENT && s->config->registration == REGISTER_AUTO && can_be_told_apart(&d->row))
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
        bool nameless = !can_be_told_apart(&d->row);
        char who[192], advice[128];

        (void)snprintf(d->row.reason, sizeof(d->row.reason), "%s", why);
        (void)snprintf(who, sizeof(who), "%s/%s", nameless ? "port" : "serial",
                       nameless ? d->row.port : serial);
        if (nameless)
                (void)snprintf(advice, sizeof(advice),
                               "nothing tells it from another of its make: give it a serial number of its "
                               "own");
        else
                (void)snprintf(advice, sizeof(advice),
                               "'recdockctl recorder register NUMBER --docking %" PRId64 "' admits it",
                               d->row.id);
        event_log(EVENT_DOCKING_REFUSED, &subject, "%s: %s (%04x:%04x, serial '%s'), nothing is read; %s",
                  d->place, why, d->row.vendor_id, d->row.product_id, serial, advice);
        station_alert(d->station, "unknown-recorder", LOG_WARNING, who, "%s in bay %s: %s; %s",
                      nameless ? d->row.model : serial, d->row.bay, why, advice);
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
        d->n_volumes = 0;
        d->waits_for_other = recorder_is_busy(d);
        if (d->waits_for_other) {
                docking_task_set(d, TASK_NOTHING);
                return;
        }
        if (worker_send(d->worker, OFFLOAD_LIST, NULL, 0, -EBADF) < 0)
                return; /* its end is being reported */
        docking_task_set(d, TASK_LIST);
}

/* The first one wins; this one is as unknown as one that is not registered, until it is plugged in again. */
static void docking_refuse_twin(struct docking *d)
{
        struct event_subject subject = docking_subject(d);

        (void)snprintf(d->row.reason, sizeof(d->row.reason),
                       "identity conflict: recorder %.100s is docked in another bay", d->recorder_number);
        event_log(EVENT_DOCKING_REFUSED, &subject, "%s: %s, nothing is read", d->place, d->row.reason);
        d->recorder_number[0] = '\0';
        d->row.recorder = 0;
        d->row.state = DOCKING_FAILED;
        d->finished = true;
        docking_save(d, true);
        docking_close_worker(d);
}

/* The recorder is known, its device is not here: there is no clock to judge and no serial to look up. */
static void import_identified(struct docking *d)
{
        d->row.state = DOCKING_IDENTIFIED;
        docking_save(d, true);
        docking_list(d);
}

/* Whoever had it has brought it back: known once in a docking, since who is given it while it is still in
 * its bay has not brought anything back when a worker asks it again. What an import brings by hand says
 * nothing of the recorder. */
static void identified_keep(struct docking *d, bool comes_back)
{
        struct station *s = d->station;

        station_begin(s);
        if (comes_back)
                station_check(s,
                              duty_dock(s->catalogue, STATION_ACTOR, d->row.recorder, d->row.id,
                                        d->row.plugged_at),
                              "write that a recorder is back");
        docking_save(d, true);
        station_commit(s);
        station_duties_changed(s);
}

void docking_identify(struct docking *d, const struct recorder_identity *m)
{
        bool comes_back = d->row.recorder == 0;
        struct event_subject subject;
        char who[192];
        int r;

        if (d->task != TASK_IDENTIFY || d->finished)
                return;
        identity_keep(&d->row, m);
        health_take(d, m);
        d->capabilities = m->capabilities;
        if (d->row.source == FOOTAGE_IMPORT) {
                import_identified(d);
                return;
        }
        r = docking_recognise(d);
        if (r != CATALOGUE_OK) {
                if (r > 0)
                        docking_refuse(d, r == CATALOGUE_RETIRED       ? "retired recorder"
                                          : can_be_told_apart(&d->row) ? "unregistered recorder"
                                                                       : "recorder without a serial number");
                return;
        }
        if (identity_is_taken(d)) {
                docking_refuse_twin(d);
                return;
        }
        d->row.state = DOCKING_IDENTIFIED;
        d->row.reason[0] = '\0';
        subject = docking_subject(d);
        event_log(EVENT_DOCKING_IDENTIFIED, &subject, "%s: recorder %s (%s %s)", d->place,
                  d->recorder_number, d->row.manufacturer, d->row.model);
        (void)snprintf(who, sizeof(who), "serial/%s",
                       d->row.usb_serial[0] ? d->row.usb_serial : d->row.serial);
        station_alert_clear(d->station, "unknown-recorder", who);
        health_judge(d);
        identity_compare(d);
        identified_keep(d, comes_back);
        inject_point("identified");
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
        d->worker_starts = d->starts_in_vain = 0;
        d->row.state = DOCKING_PLUGGED;
        docking_worker_start(d);
}
