// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Setting a recorder's clock by policy. It is the last thing that is asked of a recorder: what is pulled is
 * dated by the offset that was measured before. That it is asked is on record before the recorder hears of
 * it, so that after a crash nobody takes an unexplained step of its clock for its own.
 */
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/text.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"
#include "daemon/worker.h"
#include "recorder/offload_messages.h"

#include <json-c/json.h>
#include <string.h>

/* Only when nothing is left behind: what is pulled later is dated by the offset measured then, which would
 * be wrong for what was recorded before the clock was set. */
static bool clock_may_be_set(const struct docking *d)
{
        return d->station->config->set_clock && (d->capabilities & RECORDER_CAN_SET_CLOCK) &&
               (!d->row.clock_asked[0] || d->clock_again) && d->row.failed == 0 && d->row.listing_complete;
}

bool docking_clock_ask(struct docking *d)
{
        struct offload_set_clock set = {0};
        struct station *s = d->station;

        if (!clock_may_be_set(d))
                return false;
        if (s->transaction_depth > 0) {
                d->waits_for_commit = true; /* station_on_post() comes back here */
                return true;
        }
        /* A recorder that does not tell the time is taken to keep the station's zone. */
        if (instant_format_ptp(clock_now(), d->row.clock_text, set.text, sizeof(set.text)) < 0 &&
            instant_format_ptp(clock_now(), "20000101T000000", set.text, sizeof(set.text)) < 0)
                return false;
        (void)text_copy(d->row.clock_asked, sizeof(d->row.clock_asked), set.text);
        docking_save(d, false);
        if (s->failed)
                return true; /* the station is ending */
        if (worker_send(d->worker, OFFLOAD_SET_CLOCK, &set, sizeof(set), -EBADF) < 0)
                return false;
        d->clock_again = false;
        inject_point("clock-asked");
        docking_task_set(d, TASK_SET_CLOCK);
        return true;
}

/* Whether the clock shows what it was told to: there are recorders that say OK and keep their own. */
static bool clock_took(const struct docking *d, const char *after)
{
        int64_t slack = d->station->config->health.clock_tolerance + USEC_PER_SEC;
        instant_t asked, shown;
        bool zoned;

        if (instant_parse_ptp(d->row.clock_asked, &asked, &zoned) < 0 ||
            instant_parse_ptp(after, &shown, &zoned) < 0)
                return false;
        return shown >= asked - slack && shown <= clock_now() + slack;
}

static void keep_after(struct docking_row *row, const struct recorder_clock *after, const char *text)
{
        instant_t shown;
        bool zoned;

        if (after->station == INSTANT_NONE || instant_parse_ptp(text, &shown, &zoned) < 0 ||
            __builtin_sub_overflow(shown, after->station, &row->clock_set_offset))
                return;
        row->clock_set_at = after->station;
        row->clock_set_uncertainty = MAX(after->uncertainty, INT64_C(0));
        row->has_clock_set_offset = true;
}

static void add_offset(struct json_object *o, const char *key, bool known, int64_t offset)
{
        json_object_object_add(o, key, known ? json_object_new_double((double)offset / USEC_PER_SEC) : NULL);
}

/* On record either way: an order that failed may have moved the clock all the same. */
static void clock_ledger(struct docking *d, bool took, const char *before, const char *after)
{
        const struct docking_row *row = &d->row;
        struct json_object *detail = json_object_new_object();
        char who[DOCKING_SUBJECT_MAX];

        json_object_object_add(detail, "docking", json_object_new_int64(row->id));
        json_object_object_add(detail, "before", json_object_new_string(before));
        json_object_object_add(detail, "asked", json_object_new_string(row->clock_asked));
        json_object_object_add(detail, "after", json_object_new_string(after));
        json_object_object_add(detail, "answer", json_object_new_string(row->clock_answer));
        add_offset(detail, "offset_s", row->has_clock_offset, row->clock_offset);
        add_offset(detail, "offset_after_s", row->has_clock_set_offset, row->clock_set_offset);
        station_check(d->station,
                      catalogue_ledger(d->station->catalogue, STATION_ACTOR,
                                       took ? "recorder.clock-set" : "recorder.clock-not-set",
                                       docking_alert_subject(d, who),
                                       json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN)),
                      "write the ledger");
        (void)json_object_put(detail);
}

/* No failure of the docking, and told once: it will not do it the next time either. */
static void tell_refusal(struct docking *d, const char *after)
{
        struct event_subject subject = docking_subject(d);
        bool before = false;

        if (station_check(d->station, docking_clock_refused_before(d->station->catalogue, &d->row, &before),
                          "look up a docking") < 0 ||
            before)
                return;
        event_log(EVENT_CLOCK_NOT_SET, &subject,
                  "%s: the clock of recorder %s could not be set: %s, it was told %s and shows '%s'",
                  d->place, d->recorder_number, d->row.clock_answer, d->row.clock_asked, after);
}

void docking_clock_set(struct docking *d, const struct offload_clock_set *m)
{
        struct event_subject subject = docking_subject(d);
        struct docking_row *row = &d->row;
        char before[RECORDER_TIME_MAX], after[RECORDER_TIME_MAX];
        bool took;

        if (d->task != TASK_SET_CLOCK)
                return;
        TEXT_FIELD(before, m->before);
        TEXT_FIELD(after, m->after.text);
        took = m->outcome == RECORDER_OK && clock_took(d, after);
        keep_after(row, &m->after, after);
        (void)snprintf(row->clock_answer, sizeof(row->clock_answer), "%s",
                       took                        ? "set"
                       : m->outcome == RECORDER_OK ? "not-kept"
                                                   : recorder_outcome_text(m->outcome));
        if (took)
                (void)text_copy(row->clock_set_to, sizeof(row->clock_set_to), row->clock_asked);
        clock_ledger(d, took, before, after);
        docking_save(d, false);
        inject_point("clock-set");
        if (took)
                event_log(EVENT_CLOCK_SET, &subject, "%s: recorder's clock set from %s to %s", d->place,
                          before, after);
        else
                tell_refusal(d, after);
        docking_task_set(d, TASK_NOTHING);
        docking_advance(d);
}
