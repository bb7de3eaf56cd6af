// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The station's pause while the catalogue has no room. What was under way when a write met a full disk is
 * not on record, so nothing of it may be gone on with: all work is dropped, as it is when recdockd dies, and
 * the bus alone stays, to say why. When there is room again the station begins as at its start: recovery
 * goes by what was committed, udev tells what is docked, and parts are resumed.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/alert.h"
#include "daemon/archivist.h"
#include "daemon/deadline_clock.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/filing.h"
#include "daemon/inspector.h"
#include "daemon/mender.h"
#include "daemon/station_internal.h"
#include "daemon/watch.h"

#include <inttypes.h>
#include <sys/statvfs.h>

static const int64_t room_check_interval = 2 * USEC_PER_SEC;
/* Some bursts, and the log that SQLite writes before it empties it. */
static const uint64_t catalogue_room = 16 << 20;

static const char alert_kind[] = "store-low", alert_subject[] = "catalogue",
                  alert_text[] = "the disk of the catalogue is full: nothing is pulled, filed or registered "
                                 "until there is room";

/* Past station_alert(), which would have the station suspended for failing. Returns whether it is on record:
 * often there is room for so little. */
static bool alert_write(struct station *s)
{
        bool raised;
        int r = catalogue_begin(s->catalogue);

        if (r >= 0)
                r = alert_raise(s->catalogue, alert_kind, LOG_CRIT, alert_subject, alert_text, &raised);
        if (r >= 0)
                r = catalogue_commit(s->catalogue);
        if (r < 0)
                catalogue_rollback(s->catalogue);
        return r >= 0;
}

static void alert_tell(struct station *s)
{
        struct alert a = {.severity = alert_kind_by_word(alert_kind)->severity,
                          .priority = LOG_CRIT,
                          .since = clock_now(),
                          .count = 1};

        (void)text_copy(a.kind, sizeof(a.kind), alert_kind);
        (void)text_copy(a.subject, sizeof(a.subject), alert_subject);
        (void)text_copy(a.text, sizeof(a.text), alert_text);
        event_log(EVENT_STORE_PAUSED, NULL,
                  "no room for the catalogue, everything is paused until there is: %s",
                  catalogue_error(s->catalogue));
        station_alert_tell(s, &a, ALERT_RAISED);
}

/* Only what is in memory: parts, links and rows are as they were committed. Dockings go first, so that they
 * do not hear of files as if these had failed. */
static void work_drop(struct station *s)
{
        watch_stop(TAKE_PTR(s->watch));
        while (s->dockings) {
                int64_t id = s->dockings->row.id;

                docking_free(s->dockings);
                bus_docking_changed(s, id, true);
        }
        inspector_free(TAKE_PTR(s->inspector));
        archivist_drop(s->archivist);
        mender_drop(s->mender);
        filing_drop(s->filing);
        s->store_paused = s->item_waits = false;
}

static bool has_room(const struct station *s)
{
        struct statvfs v;

        return statvfs(s->catalogue_path, &v) == 0 && (uint64_t)v.f_bavail * v.f_frsize >= catalogue_room;
}

static int on_room_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void timer_arm(struct station *s)
{
        int r;

        if (!s->suspend_timer)
                r = sd_event_add_time_relative(s->event, &s->suspend_timer, CLOCK_MONOTONIC,
                                               (uint64_t)room_check_interval, 0, on_room_timer, s);
        else
                r = sd_event_source_set_time_relative(s->suspend_timer, (uint64_t)room_check_interval);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->suspend_timer, SD_EVENT_ONESHOT);
        if (r < 0)
                station_check(s, r, "arm a timer");
}

static void resume(struct station *s)
{
        int r = station_work_start(s);

        if (s->failed)
                return; /* it is suspended again, or ends */
        if (r >= 0)
                r = watch_start(&s->watch, s);
        if (station_check(s, r, "go on after a pause") < 0)
                return;
        s->suspended = false;
        event_log(EVENT_STORE_RESUMED, NULL, "there is room for the catalogue again, going on");
        station_alert_clear(s, alert_kind, alert_subject);
        deadline_clock_kick(s->deadline_clock); /* what came due meanwhile could not be written */
        station_status_changed(s);
}

static int on_room_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct station *s = userdata;

        if (has_room(s) && alert_write(s)) /* a full disk is on record, also when there was no room for it */
                resume(s);
        else
                timer_arm(s);
        return 0;
}

/* Before anything else: what failed is on nobody's stack any more, and nothing has been begun since. */
static int on_suspend(sd_event_source *source, void *userdata)
{
        struct station *s = userdata;

        if (s->stopping)
                return 0;
        work_drop(s);
        s->failed = false;
        if (!s->suspended)
                alert_tell(s);
        s->suspended = true;
        (void)alert_write(s);
        timer_arm(s);
        return 0;
}

int station_suspend(struct station *s)
{
        int r = 0;

        if (!s->suspend) {
                r = sd_event_add_defer(s->event, &s->suspend, on_suspend, s);
                if (r >= 0)
                        r = sd_event_source_set_priority(s->suspend, PRIORITY_SUSPEND);
        }
        return r < 0 ? r : sd_event_source_set_enabled(s->suspend, SD_EVENT_ONESHOT);
}
