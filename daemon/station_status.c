// SPDX-License-Identifier: LGPL-2.1-or-later
/* The station as a JSON object, for GetStatus() and the signal of a docking; the keys are described in
 * bus_names.h. */
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/alert.h"
#include "daemon/archivist.h"
#include "daemon/backup_job.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/filing.h"
#include "daemon/station_internal.h"

#include <json-c/json.h>
#include <string.h>

static void add_text(struct json_object *o, const char *key, const char *value)
{
        json_object_object_add(o, key, value && value[0] ? json_object_new_string(value) : NULL);
}

static void add_number(struct json_object *o, const char *key, int64_t value)
{
        json_object_object_add(o, key, json_object_new_int64(value));
}

/* -1 is unknown, and unknown is null. */
static void add_known(struct json_object *o, const char *key, int64_t value)
{
        json_object_object_add(o, key, value < 0 ? NULL : json_object_new_int64(value));
}

static void add_time(struct json_object *o, const char *key, instant_t t)
{
        char buf[INSTANT_TEXT_MAX];

        add_text(o, key, instant_format(t, buf));
}

static struct json_object *items_object(const struct docking *d)
{
        struct json_object *o = json_object_new_object();

        add_number(o, "seen", d->row.seen);
        add_number(o, "pulled", d->row.pulled);
        add_number(o, "held", d->row.already_held);
        add_number(o, "failed", d->row.failed);
        add_number(o, "waiting",
                   (int64_t)(d->plan.counts[PLAN_WAITING] + d->plan.counts[PLAN_FETCHING] +
                             d->plan.counts[PLAN_PROVING]));
        return o;
}

static struct json_object *current_object(const struct docking *d)
{
        struct json_object *o;

        if (d->current == 0)
                return NULL;
        o = json_object_new_object();
        add_text(o, "name", d->current_name);
        add_number(o, "bytes", d->current_bytes);
        add_known(o, "size", d->current_size);
        add_text(o, "phase", "pulling");
        return o;
}

/* What the docking is doing, in a word people know. */
static const char *state_text(const struct docking *d)
{
        if (d->station->store_paused && d->row.state == DOCKING_OFFLOADING)
                return "paused";
        if (d->stall_warned)
                return "stalled";
        if (d->waits_for_slot || d->waits_for_other)
                return "waiting";
        if (d->row.state == DOCKING_OFFLOADING &&
            d->plan.counts[PLAN_WAITING] + d->plan.counts[PLAN_FETCHING] == 0)
                return "proving"; /* all is here; what is left is to prove and file it */
        return docking_state_text(d->row.state);
}

static struct json_object *docking_object(const struct docking *d)
{
        const struct docking_row *r = &d->row;
        struct json_object *o = json_object_new_object();

        add_number(o, "docking", r->id);
        add_text(o, "bay", d->bay ? d->bay->name : r->bay); /* it may have been renamed since */
        add_text(o, "port", r->port);
        add_text(o, "state", state_text(d));
        add_text(o, "recorder", d->recorder_number);
        add_text(o, "model", r->model);
        add_text(o, "serial", r->usb_serial[0] ? r->usb_serial : r->serial);
        add_text(o, "officer", r->officer);
        json_object_object_add(o, "items", items_object(d));
        add_number(o, "bytes", r->bytes);
        add_number(o, "bytes_total", d->plan.bytes_total);
        add_number(o, "rate", d->rate);
        json_object_object_add(o, "current", current_object(d));
        add_known(o, "battery", r->battery_percent);
        add_known(o, "free", r->free_bytes);
        add_known(o, "total", r->total_bytes);
        json_object_object_add(
                        o, "clock_offset_s",
                        r->has_clock_offset ? json_object_new_double((double)r->clock_offset / USEC_PER_SEC)
                                            : NULL);
        add_time(o, "plugged_at", r->plugged_at);
        add_text(o, "reason", r->reason);
        add_text(o, "source", d->row.source == FOOTAGE_IMPORT ? "import" : "dock");
        return o;
}

static struct json_object *bay_object(const struct bay *b)
{
        struct json_object *o = json_object_new_object();

        add_text(o, "bay", b->name);
        add_text(o, "port", b->port);
        json_object_object_add(o, "docking", b->docking ? json_object_new_int64(b->docking->row.id) : NULL);
        return o;
}

static struct json_object *station_object(const struct station *s)
{
        struct json_object *o = json_object_new_object();

        add_text(o, "number", s->config->number);
        add_text(o, "custodian", s->config->custodian);
        add_text(o, "time_zone", s->config->time_zone);
        add_text(o, "version", PACKAGE_VERSION);
        add_time(o, "now", clock_now());
        return o;
}

static struct json_object *store_object(const struct station *s)
{
        struct json_object *o = json_object_new_object();
        uint64_t free_bytes;

        add_text(o, "path", s->config->store_path);
        json_object_object_add(o, "free",
                               store_free_bytes(s->store, &free_bytes) < 0
                                               ? NULL
                                               : json_object_new_int64((int64_t)free_bytes));
        add_number(o, "keep_free", (int64_t)s->config->keep_free);
        json_object_object_add(o, "paused", json_object_new_boolean(s->store_paused || s->suspended));
        add_number(o, "proving", s->filing ? (int64_t)filing_pending(s->filing) : 0);
        return o;
}

static struct json_object *backup_last_object(const struct backup_row *b)
{
        struct json_object *o;

        if (b->id == 0)
                return NULL;
        o = json_object_new_object();
        add_time(o, "begun_at", b->begun_at);
        add_text(o, "outcome", word_of(&backup_outcome_words, (int)b->outcome));
        add_text(o, "generation", b->generation);
        add_text(o, "error", b->error);
        return o;
}

static struct json_object *backup_running_object(const struct backup_state *b)
{
        struct json_object *o;

        if (!b->running)
                return NULL;
        o = json_object_new_object();
        add_number(o, "files", b->files);
        add_number(o, "files_total", b->files_total);
        add_number(o, "bytes", b->bytes);
        add_number(o, "bytes_total", b->bytes_total);
        json_object_object_add(o, "held", json_object_new_boolean(b->held));
        return o;
}

static struct json_object *backup_object(const struct station *s)
{
        struct json_object *o;
        struct backup_state b;
        instant_t now = clock_now();

        if (!s->backup || backup_job_state(s->backup, now, &b) < 0)
                return NULL;
        o = json_object_new_object();
        add_text(o, "path", s->config->backup_target);
        json_object_object_add(o, "registered", json_object_new_boolean(b.registered));
        add_text(o, "target", b.target.uuid);
        add_time(o, "good_at", b.good_at);
        add_time(o, "due_at", b.due_at);
        add_time(o, "overdue_at", b.overdue_at);
        json_object_object_add(o, "overdue",
                               json_object_new_boolean(b.overdue_at != INSTANT_NONE && b.overdue_at <= now));
        json_object_object_add(o, "last", backup_last_object(&b.last));
        json_object_object_add(o, "running", backup_running_object(&b));
        return o;
}

static struct json_object *archive_running_object(const struct archivist_state *a)
{
        struct json_object *o;

        if (!a->running)
                return NULL;
        o = json_object_new_object();
        add_text(o, "volume", a->volume.number);
        add_text(o, "medium", a->medium.number);
        add_text(o, "phase", a->verifying ? "verifying" : a->proving ? "proving" : "writing");
        add_number(o, "bytes", a->bytes);
        add_number(o, "bytes_total", a->bytes_total);
        json_object_object_add(o, "held", json_object_new_boolean(a->held));
        return o;
}

static struct json_object *archive_object(const struct station *s)
{
        struct json_object *o;
        struct archivist_state a;

        if (!s->archivist || archivist_state(s->archivist, clock_now(), &a) < 0)
                return NULL;
        o = json_object_new_object();
        add_number(o, "due_files", a.due.files);
        add_number(o, "due_bytes", a.due.bytes);
        add_number(o, "due_cases", a.due.cases);
        add_number(o, "copies", s->config->archive.copies);
        json_object_object_add(o, "auto", json_object_new_boolean(s->config->archive_auto));
        json_object_object_add(o, "running", archive_running_object(&a));
        return o;
}

/* Hands out the object's text and drops the object. */
static int object_text(struct json_object *o, char **ret)
{
        char *text = strdup(json_object_to_json_string_ext(
                        o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

        (void)json_object_put(o);
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}

int station_status_json(const struct station *s, char **ret)
{
        struct json_object *o = json_object_new_object(), *bays = json_object_new_array(),
                           *dockings = json_object_new_array();
        int64_t alerts = 0;

        for (const struct bay *b = s->bays; b; b = b->next)
                (void)json_object_array_add(bays, bay_object(b));
        for (const struct docking *d = s->dockings; d; d = d->next)
                if (d->bay || d->row.source == FOOTAGE_IMPORT)
                        (void)json_object_array_add(dockings, docking_object(d));
        (void)alert_count_open(s->catalogue, &alerts);
        json_object_object_add(o, "station", station_object(s));
        json_object_object_add(o, "bays", bays);
        json_object_object_add(o, "dockings", dockings);
        add_number(o, "alerts_open", alerts);
        json_object_object_add(o, "store", store_object(s));
        json_object_object_add(o, "backup", backup_object(s));
        json_object_object_add(o, "archive", archive_object(s));
        return object_text(o, ret);
}

int docking_status_json(const struct docking *d, char **ret)
{
        return object_text(docking_object(d), ret);
}
