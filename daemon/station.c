// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The station: order of start and stop, the catalogue's transaction, alerts, room in the store. What fails
 * here fails loudly: recdockd without an index or a store would be worse than no recdockd.
 */
#include "daemon/station_internal.h"
#include "backup/restore.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/alert.h"
#include "catalogue/footage.h"
#include "catalogue/retention.h"
#include "daemon/archivist.h"
#include "daemon/backup_job.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/disc_presence.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/filing.h"
#include "daemon/index_merge.h"
#include "daemon/inspector.h"
#include "daemon/known.h"
#include "daemon/medium_presence.h"
#include "daemon/mender.h"
#include "daemon/watch.h"
#include "daemon/worker.h"

#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static const int64_t status_interval = 1 * USEC_PER_SEC;
static const int64_t room_check_interval = 2 * USEC_PER_SEC;
/* After a full disk: this much more must be free before another write is tried. */
static const uint64_t full_margin = 1 << 20;

/* --- the catalogue's transaction
 * ---------------------------------------------------------------------------------- */

int station_check(struct station *s, int r, const char *what)
{
        if (r >= 0 || s->failed)
                return r;
        s->failed = true;
        if ((r == -ENOSPC || r == -EDQUOT) && station_suspend(s) >= 0) {
                log_error("could not %s: %s", what, log_errno_text(r));
                return r;
        }
        event_log(EVENT_STORE_FAILED, NULL,
                  "could not %s: %s (%s), stopping so that nothing is done that is not on record", what,
                  log_errno_text(r), catalogue_error(s->catalogue));
        (void)sd_event_exit(s->event, EXIT_FAILURE);
        return r;
}

void station_begin(struct station *s)
{
        if (s->transaction_depth++ == 0)
                station_check(s, catalogue_begin(s->catalogue), "begin a transaction");
}

void station_commit(struct station *s)
{
        if (--s->transaction_depth > 0)
                return;
        if (s->failed)
                catalogue_rollback(s->catalogue);
        else
                station_check(s, catalogue_commit(s->catalogue), "commit a transaction");
}

void station_ledger(struct station *s, const char *act, const char *subject, const char *name1,
                    const char *value1, const char *name2, const char *value2)
{
        struct json_object *detail = json_object_new_object();

        if (name1)
                json_object_object_add(detail, name1, json_object_new_string(value1));
        if (name2)
                json_object_object_add(detail, name2, json_object_new_string(value2));
        station_check(s,
                      catalogue_ledger(s->catalogue, STATION_ACTOR, act, subject,
                                       json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN)),
                      "write the ledger");
        (void)json_object_put(detail);
}

/* --- alerts
 * --------------------------------------------------------------------------------------------------------
 */

/* It is told again when nobody answers it in time. */
static void escalation_arm(struct station *s, const struct alert *a)
{
        if (s->config->escalate_after > 0)
                deadline_clock_by(s->deadline_clock, a->since + s->config->escalate_after);
}

void station_alert(struct station *s, const char *kind, int priority, const char *subject,
                   const char *format, ...)
{
        bool raised = false;
        char text[ALERT_TEXT_MAX];
        struct alert a;
        va_list ap;
        int r;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        text_make_printable(text);
        station_begin(s);
        r = alert_raise(s->catalogue, kind, priority, subject, text, &raised);
        if (r == CATALOGUE_OK && raised)
                r = alert_find_open(s->catalogue, kind, subject, &a);
        station_check(s, r, "write an alert");
        station_commit(s);
        if (r != CATALOGUE_OK || !raised)
                return;
        station_alert_tell(s, &a, ALERT_RAISED);
        escalation_arm(s, &a);
}

void station_alert_clear(struct station *s, const char *kind, const char *subject)
{
        struct alert a;
        int r;

        station_begin(s);
        r = alert_find_open(s->catalogue, kind, subject, &a);
        if (r == CATALOGUE_OK)
                r = alert_clear(s->catalogue, kind, subject, STATION_ACTOR);
        if (r == CATALOGUE_OK)
                r = alert_by_id(s->catalogue, a.id, &a);
        station_check(s, r, "clear an alert");
        station_commit(s);
        if (r == CATALOGUE_OK)
                station_alert_tell(s, &a, ALERT_CLEARED);
}

/* --- room in the store
 * --------------------------------------------------------------------------------------------- */

static void station_kick_all(struct station *s)
{
        for (struct docking *d = s->dockings, *next; d; d = next) {
                next = d->next;
                docking_kick(d);
        }
}

static void room_timer_arm(struct station *s);

static bool room_now(struct station *s, uint64_t bytes, uint64_t *ret_free)
{
        uint64_t wanted = MAX(bytes + (uint64_t)docking_reserved(s) + s->config->keep_free, s->room_floor);

        if (station_check(s, store_free_bytes(s->store, ret_free), "ask the store for its free space") < 0)
                return false;
        return *ret_free >= wanted;
}

static int station_on_room_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct station *s = userdata;
        bool paused = s->store_paused;
        uint64_t free_bytes;

        if (!room_now(s, 0, &free_bytes)) {
                room_timer_arm(s);
                return 0;
        }
        s->store_paused = s->item_waits = false; /* who has no room says so anew */
        s->room_floor = 0;
        station_kick_all(s);
        if (s->store_paused)
                return 0;
        if (paused)
                event_log(EVENT_STORE_RESUMED, NULL, "there is room in the store again, going on");
        if (!s->item_waits)
                station_alert_clear(s, "store-low", "store");
        return 0;
}

static void room_timer_arm(struct station *s)
{
        int r;

        if (!s->room_timer)
                r = sd_event_add_time_relative(s->event, &s->room_timer, CLOCK_MONOTONIC,
                                               (uint64_t)room_check_interval, 0, station_on_room_timer, s);
        else
                r = sd_event_source_set_time_relative(s->room_timer, (uint64_t)room_check_interval);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->room_timer, SD_EVENT_ONESHOT);
        station_check(s, r, "arm a timer");
}

static void station_pause(struct station *s, uint64_t free_bytes)
{
        if (!s->store_paused)
                event_log(EVENT_STORE_PAUSED, NULL, "no room in the store, pulling is paused");
        s->store_paused = true;
        archivist_give_room(s->archivist);
        room_timer_arm(s);
        station_alert(s, "store-low", LOG_ERR, "store",
                      "the store has %" PRIu64 " MiB left and KeepFree= wants %" PRIu64
                      " MiB: pulling is paused until there is room",
                      free_bytes >> 20, s->config->keep_free >> 20);
}

/* There is room, but not for this one: its size may be a recorder's lie, so it is no reason to stop the
 * others. */
static void station_item_waits(struct station *s, int64_t bytes, uint64_t free_bytes)
{
        s->item_waits = true;
        archivist_give_room(s->archivist);
        room_timer_arm(s);
        station_alert(s, "store-low", LOG_ERR, "store",
                      "an item of %" PRId64 " MiB has no room: the store has %" PRIu64
                      " MiB left and KeepFree= wants %" PRIu64 " MiB; its docking waits",
                      bytes >> 20, free_bytes >> 20, s->config->keep_free >> 20);
}

bool station_has_room(struct station *s, int64_t bytes)
{
        uint64_t free_bytes = 0;

        if (s->store_paused || s->failed)
                return false;
        if (room_now(s, (uint64_t)bytes, &free_bytes))
                return true;
        if (room_now(s, 0, &free_bytes))
                station_item_waits(s, bytes, free_bytes);
        else
                station_pause(s, free_bytes);
        return false;
}

bool station_fits(struct station *s, int64_t bytes)
{
        uint64_t free_bytes = 0;

        if (station_check(s, store_free_bytes(s->store, &free_bytes), "ask the store for its free space") <
            0)
                return false;
        return free_bytes >= s->config->keep_free && free_bytes - s->config->keep_free >= (uint64_t)bytes;
}

void station_disk_full(struct station *s)
{
        uint64_t free_bytes = 0;

        if (station_check(s, store_free_bytes(s->store, &free_bytes), "ask the store for its free space") <
            0)
                return;
        s->room_floor = free_bytes + full_margin;
        station_pause(s, free_bytes);
}

/* --- workers, digests
 * ---------------------------------------------------------------------------------------------- */

void station_worker_ended(struct station *s)
{
        station_status_changed(s);
        if (s->stopping)
                station_end_when_idle(s);
        else
                station_kick_all(s);
}

void station_duties_changed(struct station *s)
{
        deadline_clock_kick(s->deadline_clock);
}

void station_cases_changed(struct station *s)
{
        deadline_clock_kick(s->deadline_clock);
}

void station_registry_changed(struct station *s)
{
        known_sync(s);
        deadline_clock_kick(s->deadline_clock); /* what is retired is not missing */
        for (struct docking *d = s->dockings, *next; d; d = next) {
                next = d->next;
                docking_reconsider(d);
        }
}

int station_backup_init(struct station *s, const char *actor,
                        void (*on_done)(void *userdata, const struct backup_answer *answer), void *userdata)
{
        return s->backup ? backup_job_init(s->backup, actor, on_done, userdata) : -ESHUTDOWN;
}

int station_backup_begin(struct station *s, bool full_check, const char *actor,
                         void (*on_done)(void *userdata, const struct backup_answer *answer), void *userdata)
{
        return s->backup ? backup_job_begin(s->backup, full_check, actor, on_done, userdata) : -ESHUTDOWN;
}

int station_archive_begin(struct station *s, const char *actor, const char *drive,
                          const struct archive_given *given, station_archive_fn *on_done, void *userdata)
{
        return s->archivist ? archivist_begin(s->archivist, actor, drive, given, on_done, userdata)
                            : -ESHUTDOWN;
}

int station_archive_verify(struct station *s, const struct volume_row *v, const char *actor,
                           station_archive_fn *on_done, void *userdata)
{
        return s->archivist ? archivist_verify(s->archivist, v, actor, on_done, userdata) : -ESHUTDOWN;
}

int station_archive_init(struct station *s, const char *path, const char *number, const char *place,
                         const char *actor, station_archive_fn *on_done, void *userdata)
{
        return s->archivist ? archivist_init(s->archivist, path, number, place, actor, on_done, userdata)
                            : -ESHUTDOWN;
}

int station_archive_make(struct station *s, const struct medium_init *request, const char *number,
                         const char *place, const char *actor, station_archive_fn *on_done, void *userdata)
{
        return s->archivist ? archivist_make(s->archivist, request, number, place, actor, on_done, userdata)
                            : -ESHUTDOWN;
}

int station_mend(struct station *s, const struct mend_request *request,
                 void (*on_done)(void *userdata, const struct mend_answer *answer), void *userdata)
{
        return s->mender ? mender_begin(s->mender, request, on_done, userdata) : -ESHUTDOWN;
}

/* What was told of it is of no account any more. */
void station_volume_retired(struct station *s, const char *number)
{
        static const char *const kinds[] = {"archive-copy-bad", "archive-check-overdue"};
        char subject[128];

        (void)snprintf(subject, sizeof(subject), "volume/%s", number);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (alert_is_open(s->catalogue, kinds[i], subject) == CATALOGUE_OK)
                        station_alert_clear(s, kinds[i], subject);
        deadline_clock_kick(s->deadline_clock);
}

int station_digest(struct station *s, int fd, int64_t size, station_digest_fn *on_done, void *userdata)
{
        uint32_t flags = INSPECT_DIGEST_ONLY | INSPECT_SYNC | (s->config->sm3 ? INSPECT_WITH_SM3 : 0);
        _cleanup_close_ int copy = -EBADF;
        int r;

        if (!s->inspector)
                return -ECANCELED; /* paused */
        /* Proving what comes in goes first. */
        if (inspector_queued(s->inspector) >= INSPECT_JOBS_MAX)
                return -EAGAIN;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return -errno;
        r = inspector_submit(s->inspector, copy, size, flags, "", on_done, userdata);
        if (r < 0)
                return r;
        (void)TAKE_FD(copy);
        return 0;
}

/* --- start and stop
 * ------------------------------------------------------------------------------------------------ */

/* One line of what the station does, for people. */
static void status_compose(struct station *s, char *text, size_t size)
{
        size_t docked = 0, offloading = 0;
        int64_t rate = 0, alerts = 0;

        for (const struct docking *d = s->dockings; d; d = d->next) {
                docked += d->bay != NULL;
                offloading += d->row.state == DOCKING_OFFLOADING;
                rate += d->rate;
        }
        (void)alert_count_open(s->catalogue, &alerts);
        (void)snprintf(text, size,
                       "%zu recorder%s docked, %zu offloading at %.1f MB/s, %" PRId64 " alert%s open%s",
                       docked, docked == 1 ? "" : "s", offloading, (double)rate / 1e6, alerts,
                       alerts == 1 ? "" : "s",
                       s->store_paused || s->suspended ? ", paused: the store is full" : "");
}

/* After each event, when no transaction is open. */
static void dockings_go_on(struct station *s)
{
        for (struct docking *d = s->dockings, *next; d; d = next) {
                next = d->next;
                if (!d->waits_for_commit)
                        continue;
                d->waits_for_commit = false;
                docking_advance(d);
        }
}

/* A docking that waits for room may do so for days. */
static bool station_is_offloading(const struct station *s)
{
        if (s->store_paused || s->item_waits)
                return false;
        for (const struct docking *d = s->dockings; d; d = d->next)
                if (d->row.state == DOCKING_OFFLOADING)
                        return true;
        return false;
}

/* Says it to the service manager when it is news, and not oftener than once a second while only rates
 * change. */
static int station_on_post(sd_event_source *source, void *userdata)
{
        struct station *s = userdata;
        int64_t now = clock_monotonic();
        char text[sizeof(s->status)];

        dockings_go_on(s);
        backup_job_hold(s->backup, station_is_offloading(s));
        archivist_hold(s->archivist, station_is_offloading(s));
        if (!s->status_changed ||
            (now - s->status_told < status_interval && s->dockings_told == s->dockings_changed))
                return 0;
        status_compose(s, text, sizeof(text));
        s->status_changed = false;
        s->status_told = now;
        s->dockings_told = s->dockings_changed;
        if (strcmp(text, s->status) != 0)
                (void)sd_notifyf(false, "STATUS=%s", text);
        memcpy(s->status, text, sizeof(text));
        return 0;
}

void station_status_changed(struct station *s)
{
        s->status_changed = true;
}

int station_new(struct station **ret, struct config *config, sd_event *event)
{
        struct station *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->config = config;
        s->event = sd_event_ref(event);
        s->status_changed = true;
        r = sd_event_add_post(event, &s->post, station_on_post, s);
        if (r < 0) {
                station_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

/*
 * A store is made only where none can be missed: as long as nothing was ever filed. Afterwards a folder that
 * is not the store is a disk that is not mounted, and is not written to.
 */
static int station_open_store(struct station *s, bool create)
{
        int r = store_open(&s->store, s->config->store_path, s->config->number, create);

        if (r == STORE_FOREIGN) {
                log_error("'%s' is not the store of station %s%s", s->config->store_path, s->config->number,
                          create ? ": a new one needs an empty folder"
                                 : ", where footage was filed: is its disk mounted?");
                return -ENODEV;
        }
        if (r < 0)
                log_error("cannot open the store '%s': %s", s->config->store_path, log_errno_text(r));
        return r;
}

static int station_open_catalogue(struct station *s)
{
        int r = catalogue_open(&s->catalogue, s->catalogue_path, false);

        if (r == CATALOGUE_OK) {
                catalogue_set_retention(s->catalogue, s->config->retention);
                return 0;
        }
        if (r == CATALOGUE_DAMAGED)
                log_error("catalogue '%s' is damaged: restore it from a backup, or move it away; nothing "
                          "was changed",
                          s->catalogue_path);
        else if (r == CATALOGUE_NEWER)
                log_error("catalogue '%s' was written by a newer recdock than %s; nothing was changed",
                          s->catalogue_path, PACKAGE_VERSION);
        else
                log_error("cannot open the catalogue '%s': %s", s->catalogue_path, log_errno_text(r));
        return r > 0 ? -EUCLEAN : r;
}

/* The store first when there is no catalogue yet: by default both are in one folder, which a new store wants
 * to be empty. */
static int station_open(struct station *s)
{
        const char *dir = getenv("STATE_DIRECTORY");
        int64_t footage = 0;
        bool fresh;
        int r = 0;

        if (restore_is_pending(s->config->store_path)) {
                log_error("a restore into '%s' was begun and has not ended: run it again to go on, recdockd "
                          "--restore=PATH",
                          s->config->store_path);
                return -EBUSY;
        }
        if (asprintf(&s->catalogue_path, "%s/catalogue.sqlite", dir ? dir : RECDOCK_STATEDIR) < 0)
                return -ENOMEM;
        fresh = access(s->catalogue_path, F_OK) < 0;
        if (fresh)
                r = station_open_store(s, true);
        if (r >= 0)
                r = station_open_catalogue(s);
        if (r < 0 || fresh)
                return r;
        r = footage_count(s->catalogue, &footage);
        return r < 0 ? r : station_open_store(s, footage == 0);
}

int station_work_start(struct station *s)
{
        int r = s->inspector ? 0 : inspector_new(&s->inspector, s);

        if (r >= 0 && !s->filing)
                r = filing_new(&s->filing, s);
        if (r >= 0)
                r = station_check(s, station_recover(s), "finish what was left half done");
        return r;
}

int station_start(struct station *s, bool bus)
{
        bool full;
        int r = station_open(s);

        if (r < 0)
                return r;
        r = bays_configure(s);
        if (r >= 0)
                r = station_work_start(s);
        full = r < 0 && s->suspend; /* what is suspended tells why on the bus */
        if ((r >= 0 || full) && bus)
                r = bus_start(s);
        if (r >= 0 && !full) {
                known_sync(s);
                r = watch_start(&s->watch, s);
        }
        if (r >= 0)
                r = backup_job_new(&s->backup, s);
        if (r >= 0)
                r = archivist_new(&s->archivist, s);
        if (r >= 0)
                r = index_merge_new(&s->index_merge, s);
        if (r >= 0)
                r = mender_new(&s->mender, s);
        if (r >= 0)
                r = deadline_clock_start(&s->deadline_clock, s);
        if (r >= 0)
                bays_settle_alerts(s);
        if (r < 0) {
                log_error("cannot start the station: %s", log_errno_text(r));
                return r;
        }
        event_log(EVENT_STATION_READY, NULL, "station %s is ready, custodian %s", s->config->number,
                  s->config->custodian);
        return 0;
}

static const char *or_none(const char *text)
{
        return text ? text : "";
}

/* A value that holds until the next start: the new configuration has it as the old one had. */
static void text_pin(char **fresh, char **current, const char *section, const char *key)
{
        char *keep = *current;

        if (strcmp(or_none(*fresh), or_none(keep)) == 0)
                return;
        log_warning("[%s] %s='%s' holds from the next start on, keeping '%s' until then", section, key,
                    or_none(*fresh), or_none(keep));
        *current = *fresh;
        *fresh = keep;
}

/* Open files, the marker of the store and a process that runs stand on these. What is told of the station
 * must be what it does, so the rest is never half applied. */
static void config_pin(struct config *fresh, struct config *current)
{
        text_pin(&fresh->number, &current->number, "Station", "Number");
        text_pin(&fresh->store_path, &current->store_path, "Store", "Path");
        if (!fresh->time_zone ||
            zone_set(fresh->time_zone) < 0) /* the system's own cannot be gone back to */
                text_pin(&fresh->time_zone, &current->time_zone, "Station", "TimeZone");
        if (fresh->inspectors != current->inspectors) {
                log_warning("[Inspect] Parallel='%u' holds from the next start on, keeping '%u' until then",
                            fresh->inspectors, current->inspectors);
                fresh->inspectors = current->inspectors;
        }
}

int station_reload(struct station *s)
{
        struct config *fresh;
        int r = config_load(&fresh, false, NULL, NULL);

        if (r < 0) {
                log_error("cannot reload the configuration: %s, keeping the old one", log_errno_text(r));
                return r;
        }
        config_pin(fresh, s->config);
        config_free(s->config);
        s->config = fresh;
        if (s->catalogue)
                catalogue_set_retention(s->catalogue, fresh->retention);
        archivist_configured(s->archivist);
        r = bays_configure(s);
        if (r >= 0 && s->watch)
                r = watch_reconcile(s->watch);
        deadline_clock_kick(s->deadline_clock); /* limits, zone and holidays may be others */
        event_log(EVENT_STATION_RELOADED, NULL, "configuration reloaded");
        station_status_changed(s);
        return r;
}

/* recdock-clear is no worker, but has as much to say. */
static bool station_is_clearing(const struct station *s)
{
        for (const struct docking *d = s->dockings; d; d = d->next)
                if (docking_is_clearing(d))
                        return true;
        return false;
}

void station_end_when_idle(struct station *s)
{
        bool sealed = filing_stop(s->filing);

        if (s->stopping && s->workers == 0 && sealed && !station_is_clearing(s))
                (void)sd_event_exit(s->event, EXIT_SUCCESS);
}

void station_stop(struct station *s)
{
        if (s->stopping)
                return;
        event_log(EVENT_STATION_STOPPING, NULL, "stopping, %u worker%s to end", s->workers,
                  s->workers == 1 ? "" : "s");
        s->stopping = true;
        backup_job_stop(s->backup);
        archivist_drop(s->archivist);
        mender_drop(s->mender);
        for (struct docking *d = s->dockings; d; d = d->next) {
                if (d->worker)
                        worker_signal(d->worker, SIGTERM);
                docking_clear_stop(d);
        }
        station_end_when_idle(s);
}

void station_free(struct station *s)
{
        if (!s)
                return;
        s->stopping = true;
        watch_stop(s->watch);
        deadline_clock_stop(s->deadline_clock);
        index_merge_free(s->index_merge);
        backup_job_free(s->backup); /* somebody on the bus may wait for it */
        archivist_free(s->archivist);
        mender_free(s->mender);
        bus_stop(s);
        inspector_free(s->inspector);
        while (s->dockings)
                docking_free(s->dockings);
        filing_free(s->filing);
        bays_free(s);
        media_free(s);
        discs_free(s);
        sd_event_source_disable_unref(s->post);
        sd_event_source_disable_unref(s->room_timer);
        sd_event_source_disable_unref(s->suspend);
        sd_event_source_disable_unref(s->suspend_timer);
        store_close(s->store);
        catalogue_close(s->catalogue);
        free(s->catalogue_path);
        config_free(s->config);
        sd_event_unref(s->event);
        free(s);
}
