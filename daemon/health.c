// SPDX-License-Identifier: LGPL-2.1-or-later
/* What recorders tell of themselves at a docking; see health.h. */
#include "daemon/health.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/clock_history.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"
#include "recorder/recorder.h"

#include <inttypes.h>

static double seconds(int64_t usec)
{
        return (double)usec / USEC_PER_SEC;
}

/* --- taking --- */

static void take_clock(struct docking *d, const struct recorder_identity *m)
{
        struct docking_row *row = &d->row;
        instant_t device;
        bool zoned;

        if (row->has_clock_offset || row->clock_asked[0])
                return;
        TEXT_FIELD(row->clock_text, m->clock_text);
        if (m->clock_station == INSTANT_NONE || instant_parse_ptp(row->clock_text, &device, &zoned) < 0 ||
            __builtin_sub_overflow(device, m->clock_station, &row->clock_offset))
                return;
        row->clock_uncertainty = MAX(m->clock_uncertainty, INT64_C(0));
        row->has_clock_offset = true;
        d->measured |= HEALTH_VALUE_CLOCK;
}

static void take_storage(struct docking *d, const struct recorder_identity *m)
{
        struct docking_row *row = &d->row;

        if (m->free_bytes < 0)
                return;
        if (row->free_bytes >= 0) {
                row->freed = MAX(m->free_bytes - row->free_bytes, row->freed);
                return;
        }
        row->free_bytes = m->free_bytes;
        row->total_bytes = MAX(m->total_bytes, INT64_C(-1));
        d->measured |= HEALTH_VALUE_STORAGE;
}

void health_take(struct docking *d, const struct recorder_identity *m)
{
        take_clock(d, m);
        take_storage(d, m);
        if (d->row.battery_percent < 0 && m->battery_percent >= 0 && m->battery_percent <= 100) {
                d->row.battery_percent = m->battery_percent;
                d->measured |= HEALTH_VALUE_BATTERY;
        }
}

/* --- judging --- */

/* What was recorded since the docking before is dated by the offset of now. That is wrong for a part of it
 * when somebody has set the clock in between. */
static void judge_moved(struct docking *d)
{
        struct event_subject subject = docking_subject(d);
        struct docking_row *row = &d->row;
        struct clock_history history;
        struct clock_reading last, now = {.at = row->identified_at,
                                          .offset = row->clock_offset,
                                          .uncertainty = row->clock_uncertainty};

        if (station_check(d->station,
                          clock_history_read(d->station->catalogue, row->recorder, row->id, &history),
                          "look up dockings") < 0 ||
            history.n == 0 || history.open)
                return;
        last = history.readings[history.n - 1];
        if (!clock_was_moved(&last, &now))
                return;
        row->clock_moved = true;
        event_log(EVENT_CLOCK_MOVED, &subject,
                  "%s: the clock of recorder %s was %+.0f s off at its last docking and is %+.0f s off now:"
                  " somebody has set it, or the station's, so what it recorded in between may be dated "
                  "wrong",
                  d->place, d->recorder_number, seconds(last.offset), seconds(row->clock_offset));
}

/* Unknown leaves the alert as it is. Returns whether it is to be raised. */
static bool alert_wanted(struct docking *d, const char *kind, enum health h)
{
        char who[DOCKING_SUBJECT_MAX];

        if (h == HEALTH_GOOD)
                station_alert_clear(d->station, kind, docking_alert_subject(d, who));
        return h == HEALTH_BAD;
}

static void judge_clock(struct docking *d)
{
        struct event_subject subject = docking_subject(d);
        const struct health_limits *limits = &d->station->config->health;
        const struct docking_row *row = &d->row;
        char who[DOCKING_SUBJECT_MAX];

        event_log(EVENT_CLOCK_MEASURED, &subject, "%s: recorder's clock is %+.1f s off", d->place,
                  seconds(row->clock_offset));
        judge_moved(d);
        if (alert_wanted(d, "clock-drift",
                         health_of_clock(limits, true, row->clock_offset, row->clock_uncertainty)))
                station_alert(d->station, "clock-drift", LOG_WARNING, docking_alert_subject(d, who),
                              "clock of recorder %s is %+.0f s off, at most %.0f s are allowed",
                              d->recorder_number, seconds(row->clock_offset),
                              seconds(limits->clock_tolerance));
}

static void judge_battery(struct docking *d)
{
        const struct health_limits *limits = &d->station->config->health;
        char who[DOCKING_SUBJECT_MAX];

        if (alert_wanted(d, "battery-low", health_of_battery(limits, d->row.battery_percent)))
                station_alert(d->station, "battery-low", LOG_WARNING, docking_alert_subject(d, who),
                              "battery of recorder %s was at %d %% when it was docked,"
                              " at least %u %% are expected",
                              d->recorder_number, d->row.battery_percent, limits->battery_low);
}

static void judge_storage(struct docking *d)
{
        const struct health_limits *limits = &d->station->config->health;
        int64_t left = docking_free_left(&d->row);
        char who[DOCKING_SUBJECT_MAX], limit[48];

        if (!alert_wanted(d, "recorder-storage-low", health_of_storage(limits, left, d->row.total_bytes)))
                return;
        if (limits->storage_low_percent > 0)
                (void)snprintf(limit, sizeof(limit), "%u %% of %" PRId64, limits->storage_low_percent,
                               d->row.total_bytes);
        else
                (void)snprintf(limit, sizeof(limit), "%" PRIu64, limits->storage_low_bytes);
        station_alert(d->station, "recorder-storage-low", LOG_WARNING, docking_alert_subject(d, who),
                      "recorder %s has %" PRId64 " bytes free for its next duty, at least %s are expected",
                      d->recorder_number, left, limit);
}

void health_judge(struct docking *d)
{
        unsigned int measured = d->measured;

        d->measured = 0;
        if (measured & HEALTH_VALUE_CLOCK)
                judge_clock(d);
        if (measured & HEALTH_VALUE_BATTERY)
                judge_battery(d);
        /* Where files are removed, it is judged when they are. */
        if ((measured & HEALTH_VALUE_STORAGE) && d->station->config->release == RELEASE_KEEP)
                judge_storage(d);
}

void health_judge_released(struct docking *d)
{
        if (d->row.source == FOOTAGE_DOCK && d->station->config->release == RELEASE_CLEAR)
                judge_storage(d);
}
