// SPDX-License-Identifier: LGPL-2.1-or-later
/* Judging gaps at the end of a docking and after an explanation; see gap_alert.h. */
#include "daemon/gap_alert.h"
#include "base/cleanup.h"
#include "catalogue/alert.h"
#include "catalogue/explanation.h"
#include "catalogue/recording.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <string.h>

static const char alert_kind[] = "recording-gap";

struct judgement {
        struct catalogue *catalogue;
        int64_t recorder;
        int64_t first_docking; /* what dockings from this one on have brought matters */
        int64_t docking;       /* the one that is complete; INT64_MAX none */
        size_t open, fresh;    /* not explained; of them, touching what this docking brought */
        struct recording_gap first;
};

static int on_gap(void *userdata, const struct recording_gap *g)
{
        struct judgement *j = userdata;
        int64_t explanation;
        bool whole;
        int r = recording_gap_touches(j->catalogue, g, j->first_docking);

        if (r != CATALOGUE_OK)
                return r < 0 ? r : 0;
        r = explanation_of(j->catalogue, j->recorder, g->from, g->to, &whole, &explanation);
        if (r < 0 || whole)
                return r;
        j->open++;
        r = recording_gap_touches(j->catalogue, g, j->docking);
        if (r != CATALOGUE_OK)
                return r < 0 ? r : 0;
        if (j->fresh++ == 0)
                j->first = *g;
        return 0;
}

static int judge(struct station *s, struct judgement *j)
{
        const struct continuity_calls calls = {.on_gap = on_gap, .userdata = j};
        struct recording_scan scan = {
                        .recorder = j->recorder, .until = INT64_MAX, .rules = &s->config->continuity};
        int r = recording_since_docking(s->catalogue, j->recorder, j->first_docking, &scan.from);

        if (r != CATALOGUE_OK)
                return r < 0 ? r : 0;
        return recording_scan(s->catalogue, &scan, &calls);
}

struct open_alert {
        const char *subject;
        instant_t since; /* INSTANT_NONE: it is not open */
};

static int on_alert(void *userdata, const char *subject, instant_t since)
{
        struct open_alert *a = userdata;

        if (strcmp(subject, a->subject) == 0)
                a->since = since;
        return 0;
}

/* The docking at whose end the alert was raised, 0 when it is not open: what was brought since waits for its
 * explanation. */
static int alert_docking(struct station *s, const char *subject, int64_t recorder, int64_t *ret)
{
        struct open_alert a = {.subject = subject, .since = INSTANT_NONE};
        int r = alert_each_open(s->catalogue, alert_kind, on_alert, &a);

        *ret = 0;
        if (r < 0 || a.since == INSTANT_NONE)
                return r;
        r = recording_docking_at(s->catalogue, recorder, a.since, ret);
        if (r == CATALOGUE_ABSENT) /* the clock was set back in between */
                *ret = 1;
        return r < 0 ? r : 0;
}

static void alert_raise_gap(struct station *s, const char *subject, const char *number,
                            const struct judgement *j)
{
        char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

        station_alert(s, alert_kind, LOG_WARNING, subject,
                      "what recorder %s recorded has %zu gaps that nobody has explained, the first%s from "
                      "%s "
                      "to %s; 'recdockctl gap list --recorder %s --unexplained' shows them",
                      number, j->open, j->first.certain ? "" : " (it may be shorter, or none)",
                      instant_format(j->first.from, from), instant_format(j->first.to, to), number);
}

void gap_alert_judge(struct docking *d)
{
        struct station *s = d->station;
        struct judgement j = {.catalogue = s->catalogue, .recorder = d->row.recorder, .docking = d->row.id};
        char subject[DOCKING_SUBJECT_MAX];
        int64_t since;

        if (s->failed)
                return;
        (void)snprintf(subject, sizeof(subject), "recorder/%s", d->recorder_number);
        if (station_check(s, alert_docking(s, subject, j.recorder, &since), "read alerts") < 0)
                return;
        j.first_docking = since > 0 ? MIN(since, d->row.id) : d->row.id;
        if (station_check(s, judge(s, &j), "look for gaps") < 0)
                return;
        /* Who imports chooses what to give: that what was left out is missing says nothing. */
        if (j.fresh > 0 && d->row.source != FOOTAGE_IMPORT)
                alert_raise_gap(s, subject, d->recorder_number, &j);
        else if (j.open == 0 && since > 0)
                station_alert_clear(s, alert_kind, subject);
}

static void explained_log(const struct explanation *e, const char *number)
{
        const struct event_subject subject = {.recorder = number};
        char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

        event_log(EVENT_GAP_EXPLAINED, &subject,
                  "recorder %s did not record from %s to %s: %s, reported by %s, approved by %s", number,
                  instant_format(e->from, from), instant_format(e->to, to), e->reason, e->reporter,
                  e->approver);
}

void station_gap_explained(struct station *s, const struct explanation *e, const char *recorder_number)
{
        struct judgement j = {.catalogue = s->catalogue, .recorder = e->recorder, .docking = INT64_MAX};
        char subject[DOCKING_SUBJECT_MAX];

        explained_log(e, recorder_number);
        (void)snprintf(subject, sizeof(subject), "recorder/%s", recorder_number);
        if (station_check(s, alert_docking(s, subject, e->recorder, &j.first_docking), "read alerts") < 0 ||
            j.first_docking == 0)
                return;
        if (station_check(s, judge(s, &j), "look for gaps") == 0 && j.open == 0)
                station_alert_clear(s, alert_kind, subject);
}
