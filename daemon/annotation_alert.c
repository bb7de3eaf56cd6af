// SPDX-License-Identifier: LGPL-2.1-or-later
/* Footage that nobody has annotated; see annotation_alert.h. Units are judged in one walk of the index, then
 * alerts are written: a walk may not write. */
#include "daemon/annotation_alert.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/alert.h"
#include "catalogue/annotation.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#define AGAIN_AFTER USEC_PER_DAY
#define SUBJECT_MAX (REGISTRY_TEXT_MAX + 8)

static const char alert_kind[] = "unannotated";

struct judgement {
        struct annotation_due *units;
        size_t n, allocated;
};

static void judgement_done(struct judgement *j)
{
        free(j->units);
}

static int on_unit(void *userdata, const struct annotation_due *d)
{
        struct judgement *j = userdata;

        if (j->n == j->allocated) {
                size_t n = j->allocated ? 2 * j->allocated : 32;
                struct annotation_due *units = reallocarray(j->units, n, sizeof(*units));

                if (!units)
                        return -ENOMEM;
                j->units = units;
                j->allocated = n;
        }
        j->units[j->n++] = *d;
        return 0;
}

static void subject_of(const struct annotation_due *d, char ret[SUBJECT_MAX])
{
        (void)snprintf(ret, SUBJECT_MAX, "%s%s", *d->number ? "unit/" : "station", d->number);
}

/* When footage of this offload has to be annotated; INSTANT_NONE for none. */
static instant_t due_after(const struct station *s, instant_t offloaded)
{
        return offloaded == INSTANT_NONE ? INSTANT_NONE : offloaded + s->config->annotation_grace;
}

/* Since when footage counts; that begins now when nobody has looked yet. */
static int since_when(struct station *s, instant_t now, instant_t *ret)
{
        int r = station_check(s, annotation_since(s->catalogue, ret), "look for annotations");

        if (r != CATALOGUE_ABSENT)
                return r;
        if (s->suspended)
                return -ENOSPC;
        station_begin(s);
        r = station_check(s, annotation_begin(s->catalogue, now), "begin to look for annotations");
        station_commit(s);
        *ret = now;
        return s->failed ? -EIO : r;
}

static void tell(struct station *s, const struct annotation_due *d, const char *subject)
{
        char since[INSTANT_TEXT_MAX];

        station_alert(s, alert_kind, LOG_NOTICE, subject,
                      "%s%" PRId64 " footage of %s%s is in no case that has number, party and handler, the "
                      "first exported at %s; 'recdockctl list --annotated=no%s%s' shows it",
                      d->overdue >= ANNOTATION_COUNT_MAX ? "at least " : "", d->overdue,
                      *d->number ? "unit " : "no unit", d->number, instant_format(d->first, since),
                      *d->number ? " --unit=" : "", d->number);
}

/* Raises, counts or clears. *ret_told is when its alert was raised the last time, INSTANT_NONE: none is
 * open.
 */
static int judge_alert(struct station *s, const struct annotation_due *d, instant_t now, instant_t *ret_told)
{
        char subject[SUBJECT_MAX];
        struct alert a;
        int r;

        subject_of(d, subject);
        *ret_told = INSTANT_NONE;
        r = station_check(s, alert_find_open(s->catalogue, alert_kind, subject, &a), "look up an alert");
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK && d->overdue == 0) {
                station_alert_clear(s, alert_kind, subject);
        } else if (d->overdue > 0 && (r == CATALOGUE_ABSENT || (due_after(s, d->last) > a.last_raised &&
                                                                a.last_raised + AGAIN_AFTER <= now))) {
                tell(s, d, subject);
                *ret_told = now;
        } else if (r == CATALOGUE_OK) {
                *ret_told = a.last_raised;
        }
        return 0;
}

static void judge_unit(struct station *s, const struct annotation_due *d, instant_t now, instant_t *next)
{
        instant_t told, due = due_after(s, d->next);

        if (judge_alert(s, d, now, &told) < 0)
                return;
        if (told != INSTANT_NONE && due_after(s, d->last) > told) /* some came due after it was told */
                due = told + AGAIN_AFTER;
        else if (told != INSTANT_NONE && due != INSTANT_NONE)
                due = MAX(due, told + AGAIN_AFTER);
        if (due != INSTANT_NONE && (*next == INSTANT_NONE || due < *next))
                *next = due;
}

void annotation_look(struct station *s, instant_t now, instant_t *next)
{
        _cleanup_(judgement_done) struct judgement j = {.n = 0};
        instant_t since;
        int r;

        if (s->failed)
                return;
        if (s->config->annotation && since_when(s, now, &since) < 0)
                return;
        /* Switched off, nothing is in the time looked at: what stands is cleared. */
        r = s->config->annotation ? annotation_each(s->catalogue, since, now - s->config->annotation_grace,
                                                    on_unit, &j)
                                  : annotation_each(s->catalogue, INT64_MAX, INT64_MIN, on_unit, &j);
        if (station_check(s, r, "look for annotations") < 0)
                return;
        for (size_t i = 0; i < j.n && !s->failed; i++)
                judge_unit(s, &j.units[i], now, next);
}

void annotation_footage_filed(struct station *s)
{
        if (s->config->annotation)
                deadline_clock_by(s->deadline_clock, clock_now() + s->config->annotation_grace);
}
