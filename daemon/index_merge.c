// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One timer, at the lowest priority of the loop: it looks every few minutes, and while there is something to
 * merge takes a step of some milliseconds and rests for several times as long. A step is a transaction of
 * its own; one that fails is rolled back and changes nothing, so that it is no reason to stop or to suspend
 * the station: an index in many pieces is slow, not wrong.
 */
#include "daemon/index_merge.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/footage_index.h"
#include "daemon/station.h"

#define STEP_PAGES 64 /* a quarter of a MiB */

/* Environment of tests: microseconds in place of the intervals. */
static const char interval_variable[] = "RECDOCK_INDEX_INTERVAL_US";
static const uint64_t look_interval = 5 * 60 * USEC_PER_SEC;
static const uint64_t step_interval = 100000;

struct index_merge {
        struct station *station;
        sd_event_source *timer;
        uint64_t look, step;
        bool begun;
};

static bool is_at_rest(const struct station *s)
{
        return !s->stopping && !s->failed && !s->suspended && !s->store_paused && !s->item_waits &&
               !s->dockings;
}

/* 1: there is more to do. */
static int merge_step(struct index_merge *m)
{
        struct catalogue *c = m->station->catalogue;
        int r = m->begun ? 1 : footage_index_due(c);
        int more = 0;

        if (r <= 0)
                return r;
        r = catalogue_begin(c);
        if (r < 0)
                return r;
        more = footage_index_merge(c, !m->begun, STEP_PAGES);
        r = more < 0 ? more : catalogue_commit(c);
        if (r < 0) {
                log_notice("could not merge the index of footage: %s (%s), trying again later",
                           log_errno_text(r), catalogue_error(c));
                catalogue_rollback(c);
                return r;
        }
        if (more == 0)
                log_debug("the index of footage is in one piece");
        return more;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct index_merge *m = userdata;
        bool more = is_at_rest(m->station) && merge_step(m) > 0;

        m->begun = more;
        (void)usec;
        /* Its arguments are sound: nothing in it can fail. */
        (void)sd_event_source_set_time_relative(source, more ? m->step : m->look);
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return 0;
}

void index_merge_free(struct index_merge *m)
{
        if (!m)
                return;
        sd_event_source_disable_unref(m->timer);
        free(m);
}

DEFINE_CLEANUP(struct index_merge *, index_merge_free);

int index_merge_new(struct index_merge **ret, struct station *s)
{
        _cleanup_(index_merge_freep) struct index_merge *m = calloc(1, sizeof(*m));
        const char *interval = getenv(interval_variable);
        int r;

        if (!m)
                return -ENOMEM;
        m->station = s;
        m->look = interval ? strtoull(interval, NULL, 10) : look_interval;
        m->step = interval ? m->look : step_interval;
        r = sd_event_add_time_relative(s->event, &m->timer, CLOCK_MONOTONIC, m->look, 0, on_timer, m);
        if (r >= 0)
                r = sd_event_source_set_priority(m->timer, PRIORITY_REST);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}
