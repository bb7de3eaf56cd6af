// SPDX-License-Identifier: LGPL-2.1-or-later
/* Undocking as checkout; see undocking.h. */
#include "daemon/undocking.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/duty.h"
#include "catalogue/registry.h"
#include "catalogue/undocking.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/health.h"
#include "daemon/station_internal.h"

#include <string.h>

#define MINUTE      (60 * USEC_PER_SEC)
#define AWAY_AFTER  (2 * MINUTE)
#define LOOK_AGAIN  (10 * USEC_PER_SEC) /* somebody is docked, and it is not known yet who */
#define ROSTER_MAX  (7 * USEC_PER_DAY)
#define AT_ONCE_MAX 256 /* the rest at the next look, which is at once */

/* Whoever may still come back as the same docking was not away. */
static instant_t away_at(const struct station *s, instant_t taken_out)
{
        return taken_out + MAX(AWAY_AFTER, s->config->switch_timeout + MINUTE);
}

/* An assignment of some days is a line of a roster, and ends with it. One of months says whose the recorder
 * is and not when it is to be back: to wait for its end would put off every alert until then. */
static instant_t roster_end(instant_t at, instant_t until)
{
        return until == INSTANT_NONE || until - at > ROSTER_MAX ? INSTANT_NONE : until;
}

/* CATALOGUE_OK: somebody is to have it. */
static int find_officer(struct docking *d, struct undocking *u)
{
        struct catalogue *c = d->station->catalogue;
        struct recorder_row recorder;
        instant_t until = INSTANT_NONE;
        struct duty duty;
        int r = recorder_by_id(c, d->row.recorder, &recorder);

        if (r != CATALOGUE_OK || recorder.retired_at != INSTANT_NONE)
                return r < 0 ? r : CATALOGUE_ABSENT;
        r = duty_open(c, d->row.recorder, &duty);
        if (r < 0 || (r == CATALOGUE_OK && duty.returned_at == INSTANT_NONE))
                return r < 0 ? r : CATALOGUE_ABSENT;
        r = assignment_at(c, d->row.recorder, d->row.unplugged_at, &u->officer, &until);
        if (r == CATALOGUE_ABSENT)
                log_notice("%s: recorder %s was taken out, and nobody is assigned to it: it is not checked "
                           "out",
                           d->place, d->recorder_number);
        u->roster_end = roster_end(d->row.unplugged_at, until);
        return r;
}

void undocking_begin(struct docking *d)
{
        struct station *s = d->station;
        struct undocking u = {.docking = d->row.id, .recorder = d->row.recorder, .at = d->row.unplugged_at};
        int r;

        if (!s->config->undocking_is_checkout || d->row.state != DOCKING_RELEASED || d->row.recorder == 0)
                return;
        r = find_officer(d, &u);
        if (station_check(s, r, "look up who takes a recorder") != CATALOGUE_OK)
                return;
        r = undocking_forget(s->catalogue, u.recorder);
        if (r == CATALOGUE_OK)
                r = undocking_note(s->catalogue, &u);
        if (station_check(s, r, "write that a recorder was taken out") == CATALOGUE_OK)
                deadline_clock_by(s->deadline_clock, away_at(s, u.at));
}

/* A device in a bay that has not said yet which one it is, and may be this one. */
static bool may_be_docked(const struct station *s, const struct recorder_row *recorder)
{
        for (const struct docking *d = s->dockings; d; d = d->next)
                if (d->bay && d->row.recorder == 0 && !d->finished &&
                    (!*recorder->usb_serial || strcmp(d->row.usb_serial, recorder->usb_serial) == 0))
                        return true;
        return false;
}

static void tell(struct station *s, const struct undocking *u, const char *number, const char *not_ready)
{
        struct event_subject subject = {.recorder = number, .docking = u->docking};
        char at[INSTANT_TEXT_MAX];
        struct officer officer = {.number = ""};

        if (station_check(s, officer_by_id(s->catalogue, u->officer, &officer), "look up an officer") < 0)
                return;
        event_log(EVENT_DUTY_IMPLIED, &subject,
                  "recorder %s was taken out of its bay at %s: it is out with officer %s, to whom it is "
                  "assigned",
                  number, instant_format(u->at, at), officer.number);
        if (*not_ready)
                event_log(EVENT_DUTY_NOT_READY, &subject,
                          "recorder %s went out with officer %s and was not ready: %s", number,
                          officer.number, not_ready);
}

static void check_out(struct station *s, const struct undocking *u, const struct recorder_row *recorder)
{
        char not_ready[HEALTH_REFUSAL_MAX] = "";
        int64_t duty = 0;
        int r;

        station_begin(s);
        r = health_refusal(s, recorder, not_ready);
        if (r >= 0)
                r = undocking_check_out(s->catalogue, STATION_ACTOR, u, not_ready, &duty);
        if (r == CATALOGUE_CONFLICT) /* somebody told more of it meanwhile */
                r = undocking_forget(s->catalogue, u->recorder);
        station_check(s, r, "write that a recorder is out");
        station_commit(s);
        if (duty > 0 && !s->failed)
                tell(s, u, recorder->number, not_ready);
}

static void forget(struct station *s, int64_t recorder)
{
        station_begin(s);
        station_check(s, undocking_forget(s->catalogue, recorder), "forget that a recorder was taken out");
        station_commit(s);
}

struct waiting {
        struct undocking list[AT_ONCE_MAX];
        size_t n;
};

static int on_undocking(void *userdata, const struct undocking *u)
{
        struct waiting *w = userdata;

        w->list[w->n++] = *u;
        return w->n == AT_ONCE_MAX;
}

/* When it is to be looked at again; INSTANT_NONE: it is settled. */
static instant_t settle(struct station *s, const struct undocking *u, instant_t now)
{
        struct recorder_row recorder;
        int r;

        if (now >= u->at && now < away_at(s, u->at)) /* a clock that was set back is no reason to wait */
                return away_at(s, u->at);
        r = recorder_by_id(s->catalogue, u->recorder, &recorder);
        if (station_check(s, r, "look up a recorder") != CATALOGUE_OK)
                return INSTANT_NONE;
        if (may_be_docked(s, &recorder))
                return now + LOOK_AGAIN;
        if (recorder.retired_at != INSTANT_NONE)
                forget(s, u->recorder);
        else
                check_out(s, u, &recorder);
        return INSTANT_NONE;
}

void undocking_look(struct station *s, instant_t now, instant_t *next)
{
        struct waiting w = {.n = 0};
        int r;

        if (s->suspended) /* the end of the pause is followed by a look */
                return;
        r = undocking_each_waiting(s->catalogue, on_undocking, &w);
        if (station_check(s, r, "look for recorders that were taken out") < 0)
                return;
        for (size_t i = 0; i < w.n && !s->failed; i++) {
                instant_t again = settle(s, &w.list[i], now);

                if (again != INSTANT_NONE && (*next == INSTANT_NONE || again < *next))
                        *next = again;
        }
        if (w.n == AT_ONCE_MAX && (*next == INSTANT_NONE || now + LOOK_AGAIN < *next))
                *next = now + LOOK_AGAIN;
}
