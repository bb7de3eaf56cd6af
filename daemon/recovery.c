// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an earlier run left half done is finished or undone before anything new is begun:
 *
 * - Open removals are ended as unknown, then open dockings closed as unplugged.
 * - Intents: their bytes were proved and durable before the intent was written. Linked again (the same inode
 *   is no error), synced, committed; undone when another file has the name.
 * - Pulled items are proved again, from the disk.
 * - Parts of footage are sealed and removed, those of items never begun removed, those of nobody left and
 *   reported.
 * - Good copies of footage are put in place when that was asked for, else removed (mender.h).
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/docking.h"
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "catalogue/removal.h"
#include "daemon/event.h"
#include "daemon/filing.h"
#include "daemon/mender.h"
#include "daemon/station_internal.h"

#include <inttypes.h>

struct recovery {
        struct station *station;
        struct footage *intents;
        int64_t *pulled;
        size_t n_intents, n_pulled, n_finished, n_removed, n_foreign;
        int64_t foreign_docking; /* the highest number of a docking that this catalogue does not have */
};

static void recovery_done(struct recovery *r)
{
        free(r->intents);
        free(r->pulled);
}

static int collect_intent(void *userdata, const struct footage *f)
{
        struct recovery *r = userdata;
        struct footage *grown = realloc(r->intents, (r->n_intents + 1) * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        r->intents = grown;
        r->intents[r->n_intents++] = *f;
        return 0;
}

static int collect_pulled(void *userdata, const struct item *item)
{
        struct recovery *r = userdata;
        int64_t *grown = realloc(r->pulled, (r->n_pulled + 1) * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        r->pulled = grown;
        r->pulled[r->n_pulled++] = item->id;
        return 0;
}

/* The item of an intent that cannot be finished is proved anew, or pulled anew when its part is gone. */
static int intent_undo(struct recovery *r, struct item *item, bool has_part)
{
        struct station *s = r->station;
        enum catalogue_outcome outcome;

        station_begin(s);
        station_check(s, footage_intent_drop(s->catalogue, item->id, &outcome), "drop an intent");
        item->state = has_part ? ITEM_PULLED : ITEM_LISTED;
        if (!has_part) {
                item->part_docking = item->durable = 0;
                item->has_digests = item->has_durable_digest = false;
        }
        station_check(s, item_update(s->catalogue, item), "write an item");
        station_commit(s);
        return s->failed ? -EIO : 0;
}

static int intent_recover(struct recovery *r, const struct footage *f)
{
        struct station *s = r->station;
        struct store_batch *batch;
        struct item item;
        int64_t id;
        int outcome;
        int q = item_by_id(s->catalogue, f->item, &item);

        if (q != CATALOGUE_OK)
                return q < 0 ? q : -EUCLEAN;
        q = store_batch_new(s->store, &batch);
        if (q < 0)
                return q;
        outcome = store_batch_link(batch, item.part_docking, item.id, f->path, f->started_at);
        q = store_batch_sync(batch);
        store_batch_free(batch);
        if (q < 0 || outcome < 0)
                return q < 0 ? q : outcome;
        if (outcome != STORE_OK) {
                log_warning("intent to file '%s' cannot be finished: %s, undoing it", f->path,
                            outcome == STORE_EXISTS ? "another file has its name" : "its part is missing");
                return intent_undo(r, &item, outcome == STORE_EXISTS);
        }
        station_begin(s);
        station_check(s, footage_commit(s->catalogue, STATION_ACTOR, item.id, &id), "write footage");
        station_commit(s);
        r->n_finished++;
        return s->failed ? -EIO : 0;
}

/* A part that is its footage under another name may not have been sealed; any other one is what is left of
 * an attempt. */
static int footage_part_recover(struct station *s, int64_t docking, const struct item *item)
{
        struct footage f;
        int q = footage_by_id(s->catalogue, item->footage, &f);

        if (q < 0)
                return q;
        if (q == CATALOGUE_OK && store_is_same_file(s->store, docking, item->id, f.path)) {
                q = store_protect(s->store, f.path); /* the run before may have died while sealing it */
                if (q < 0)
                        return q;
                filing_part_done(s->filing, docking, item->id, f.path);
                return 0;
        }
        q = store_part_remove(s->store, docking, item->id);
        return q < 0 ? q : 0;
}

static int part_recover(void *userdata, int64_t docking, int64_t number, int64_t size, const char *path)
{
        struct recovery *r = userdata;
        struct item item;
        int q = number > 0 ? item_by_id(r->station->catalogue, number, &item) : CATALOGUE_ABSENT;

        if (q < 0)
                return q;
        if (q == CATALOGUE_ABSENT) {
                log_warning("'%s' is no part of any item, leaving it for somebody to look at", path);
                r->n_foreign++;
                r->foreign_docking = MAX(r->foreign_docking, docking);
                return 0;
        }
        if (item.part_docking == docking && item.state != ITEM_FOOTAGE && item.state != ITEM_LISTED)
                return 0;
        r->n_removed++;
        if (item.state == ITEM_FOOTAGE)
                return footage_part_recover(r->station, docking, &item);
        q = store_part_remove(r->station->store, docking, number);
        return q < 0 ? q : 0;
}

/* A catalogue that was lost, or restored from a backup, begins to count where it has been before: the part
 * of a new docking must not be one that is there already, which may be all that is left of a recording. */
static int numbers_skip(struct recovery *r)
{
        struct station *s = r->station;

        if (r->foreign_docking <= 0)
                return 0;
        station_begin(s);
        station_check(s, docking_skip_numbers(s->catalogue, r->foreign_docking), "skip numbers of dockings");
        station_commit(s);
        return s->failed ? -EIO : 0;
}

static int recovery_run(struct recovery *r)
{
        struct station *s = r->station;
        int q = footage_intent_each(s->catalogue, collect_intent, r);

        for (size_t i = 0; q >= 0 && i < r->n_intents; i++)
                q = intent_recover(r, &r->intents[i]);
        if (q >= 0)
                q = store_part_each(s->store, part_recover, r);
        if (q >= 0)
                q = numbers_skip(r);
        if (q >= 0)
                q = item_each(s->catalogue, ITEM_PULLED, collect_pulled, r);
        for (size_t i = 0; q >= 0 && i < r->n_pulled; i++) {
                q = filing_submit(s->filing, r->pulled[i]);
                if (q == -ENOENT) {
                        struct item item;

                        q = item_by_id(s->catalogue, r->pulled[i], &item);
                        if (q == CATALOGUE_OK) {
                                log_warning("item %" PRId64
                                            " was pulled, but its part is gone, pulling it again",
                                            item.id);
                                q = intent_undo(r, &item, false);
                        }
                }
        }
        return q;
}

int station_recover(struct station *s)
{
        _cleanup_(recovery_done) struct recovery r = {.station = s};
        int64_t closed = 0, removals = 0;
        int q;

        station_begin(s);
        station_check(s, removal_end_open(s->catalogue, STATION_ACTOR, &removals), "end removals");
        station_check(s,
                      docking_close_open(s->catalogue, clock_now(),
                                         "interrupted: recdockd was started again", &closed),
                      "close open dockings");
        station_commit(s);
        if (s->failed)
                return -EIO;
        q = recovery_run(&r);
        if (q >= 0)
                q = mender_recover(s);
        if (q < 0)
                return q;
        if (removals > 0)
                log_warning("whether %" PRId64 " files were removed from their recorder is not known",
                            removals);
        if (closed > 0 || r.n_intents > 0 || r.n_pulled > 0 || r.n_removed > 0 || r.n_foreign > 0)
                event_log(EVENT_STATION_RECOVERED, NULL,
                          "recovered: %" PRId64
                          " dockings closed, %zu of %zu intents finished, %zu pulled files to prove, %zu"
                          " parts removed, %zu foreign files left",
                          closed, r.n_finished, r.n_intents, r.n_pulled, r.n_removed, r.n_foreign);
        return 0;
}
