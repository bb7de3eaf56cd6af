// SPDX-License-Identifier: LGPL-2.1-or-later
/* The dockings of a recorder as readings of its clock; see clock_history.h. */
#include "daemon/clock_history.h"
#include "base/cleanup.h"

/* Dockings that are looked through for CLOCK_READINGS_MAX readings: one may give two, or none. */
#define HISTORY_DOCKINGS_MAX 256

static void history_add(struct clock_history *h, struct clock_reading reading)
{
        if (h->n < CLOCK_READINGS_MAX)
                h->readings[h->n++] = reading;
}

struct history_walk {
        struct clock_history *history; /* newest first while it is walked */
        int64_t before;
};

static int history_on_docking(void *userdata, const struct docking_row *d)
{
        struct history_walk *w = userdata;
        struct clock_history *h = w->history;

        if (w->before > 0 && d->id >= w->before)
                return 0;
        if (d->has_clock_set_offset && d->clock_set_at != INSTANT_NONE)
                history_add(h, (struct clock_reading){.at = d->clock_set_at,
                                                      .offset = d->clock_set_offset,
                                                      .uncertainty = d->clock_set_uncertainty,
                                                      .set_before = true});
        else if (d->clock_asked[0] && h->n > 0)
                h->readings[h->n - 1].set_before = true;
        else if (d->clock_asked[0])
                h->open = true;
        if (d->has_clock_offset && d->identified_at != INSTANT_NONE)
                history_add(h, (struct clock_reading){.at = d->identified_at,
                                                      .offset = d->clock_offset,
                                                      .uncertainty = d->clock_uncertainty});
        return h->n == CLOCK_READINGS_MAX;
}

static int history_read(struct catalogue *c, int64_t recorder, int64_t before, instant_t until,
                        struct clock_history *ret)
{
        struct history_walk walk = {.history = ret, .before = before};
        int r;

        ret->n = 0;
        ret->open = false;
        r = docking_each_clock_of(c, recorder, until, HISTORY_DOCKINGS_MAX, history_on_docking, &walk);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ret->n / 2; i++) {
                struct clock_reading other = ret->readings[i];

                ret->readings[i] = ret->readings[ret->n - 1 - i];
                ret->readings[ret->n - 1 - i] = other;
        }
        return 0;
}

int clock_history_read(struct catalogue *c, int64_t recorder, int64_t before, struct clock_history *ret)
{
        return history_read(c, recorder, before, INT64_MAX, ret);
}

int clock_history_drift(struct catalogue *c, int64_t recorder, instant_t until, struct clock_drift *ret)
{
        struct clock_history history;
        int r = history_read(c, recorder, 0, until, &history);

        if (r == 0)
                clock_drift_estimate(history.readings, history.n, ret);
        return r;
}
