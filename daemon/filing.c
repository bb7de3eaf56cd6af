// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Proving and filing; see filing.h. A job goes: proving (with the inspector) → ready → filed in a batch. A
 * batch is
 *
 *   1. transaction: an intent for each        after a power cut: links are made (again) and committed
 *   2. links, then fsync of files and folders  the same
 *   3. transaction: footage + ledger entry     after a power cut: only the parts are left to remove
 *   4. fs-verity switched on (sealer.c), then the part removed: the part is what remembers that a file is
 * not sealed yet
 *
 * What is footage already ends between 'ready' and the batch: an item that could not be told from one that
 * was filed, and an import of what its recorder brought before. The item points to that footage, and its
 * part is removed.
 */
#include "daemon/filing.h"
#include "daemon/annotation_alert.h"
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/docking.h"
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/inspector.h"
#include "daemon/sealer.h"
#include "daemon/settle.h"
#include "daemon/station_internal.h"
#include "rules/recording_time.h"

#include <inttypes.h>
#include <string.h>

enum { BATCH_MAX = 64, NAME_ATTEMPTS_MAX = 10000 };

struct job {
        struct job *next;
        struct job *next_of_all;
        struct filing *filing;
        int64_t item, docking, part_docking;
        unsigned int name_attempt;
        bool linked;
        int link_error;
        int64_t known; /* footage that the item was before, and that it may be still; 0 none */
        bool namesake; /* it may have been another item before */
        int64_t footage_id;
        struct inspect_result result;
        bool has_verdict; /* the first answer had no digest: its verdict is kept, the digest asked for alone
                           */
        struct footage footage;
        struct settled_numbers numbers;
};

struct filing {
        struct station *station;
        struct job *ready, **ready_tail;
        struct job *all; /* those with the inspector too */
        size_t pending;
        bool sealing;          /* while stopping: the kernel still seals a file */
        struct sealer *sealer; /* NULL: the file system has no fs-verity */
        bool cache_warned, verity_told;
        sd_event_source *source;
};

/* A filed part that is there until its footage is sealed. */
struct sealing {
        struct filing *filing;
        int64_t docking, item;
        char path[STORE_PATH_MAX];
};

static void ready_push(struct filing *f, struct job *j)
{
        j->next = NULL;
        *f->ready_tail = j;
        f->ready_tail = &j->next;
        (void)sd_event_source_set_enabled(f->source, SD_EVENT_ONESHOT);
}

static struct job *ready_pop(struct filing *f)
{
        struct job *j = f->ready;

        if (!j)
                return NULL;
        f->ready = j->next;
        if (!f->ready)
                f->ready_tail = &f->ready;
        return j;
}

static void job_forget(struct filing *f, const struct job *j)
{
        struct job **at = &f->all;

        while (*at && *at != j)
                at = &(*at)->next_of_all;
        if (!*at)
                return;
        *at = j->next_of_all;
        f->pending--;
}

bool filing_has(const struct filing *f, int64_t item)
{
        for (const struct job *j = f->all; j; j = j->next_of_all)
                if (j->item == item)
                        return true;
        return false;
}

/* A docking that is over still gets its receipt right. */
static void receipt_correct(struct station *s, const struct filing_result *result)
{
        struct docking_row row;

        station_begin(s);
        if (station_check(s, docking_by_id(s->catalogue, result->docking, &row), "read a docking") ==
            CATALOGUE_OK) {
                if (result->outcome == FILING_HELD) {
                        row.already_held++;
                } else {
                        row.pulled++;
                        row.late += result->late_us > 0;
                        row.unreadable += result->unreadable;
                        row.bad_verdicts += result->verdict != VERDICT_COMPLETE &&
                                            result->verdict != VERDICT_NOT_MEDIA;
                }
                station_check(s, docking_update(s->catalogue, &row), "write a docking");
        }
        station_commit(s);
}

/* The end of a job: who waits for it hears of it, the job is gone. */
static void job_end(struct job *j, enum filing_outcome outcome, const char *error)
{
        struct filing *f = j->filing;
        struct station *s = f->station;
        struct filing_result result = {
                        .outcome = outcome,
                        .docking = j->docking,
                        .footage = j->footage_id,
                        .size = j->footage.size,
                        .late_us = j->footage.late_us,
                        .unreadable = j->numbers.unreadable,
                        .verdict = j->footage.verdict,
                        .error = error,
        };
        bool heard = false, done = outcome == FILING_FILED || outcome == FILING_HELD;

        job_forget(f, j);
        for (struct docking *d = s->dockings, *next; d; d = next) {
                next = d->next;
                if (d->row.id == j->docking || plan_find(&d->plan, j->item))
                        docking_on_filed(d, j->item, &result);
                heard = heard || d->row.id == j->docking;
        }
        if (!heard && done && !s->failed)
                receipt_correct(s, &result);
        else if (!heard && !done)
                log_warning("item %" PRId64 ": %s, it is pulled again at its recorder's next docking",
                            j->item, error);
        free(j);
}

/* The catalogue does not give what it should: a station that ends for it goes on where it was. */
static void job_no_record(struct job *j)
{
        job_end(j, j->filing->station->failed ? FILING_INTERRUPTED : FILING_FAILED,
                "the catalogue does not know it");
}

/* --- proving
 * ----------------------------------------------------------------------------------------------------- */

static int prove(struct job *j, const struct item *item, uint32_t flags);

/* The bytes on the disk are not those the recorder sent: the part goes, the item is as if never pulled. */
static void job_mismatch(struct job *j, struct item *item, const char *error)
{
        struct station *s = j->filing->station;

        item->state = ITEM_LISTED;
        item->durable = 0;
        item->has_durable_digest = item->has_digests = false;
        item->part_docking = 0;
        (void)snprintf(item->error, sizeof(item->error), "%s", error);
        (void)store_part_remove(s->store, j->part_docking, j->item);
        station_check(s, item_update(s->catalogue, item), "write an item");
        job_end(j, FILING_MISMATCH, error);
}

static void job_unreadable(struct job *j, int error)
{
        struct station *s = j->filing->station;
        char text[160];

        if (error == -ECANCELED) { /* stopping: the next start proves it */
                job_end(j, FILING_INTERRUPTED, NULL);
                return;
        }
        if (error == -ECHILD) { /* the inspector has raised its alert */
                job_end(j, FILING_FAILED, "recdock-inspect does not run");
                return;
        }
        (void)snprintf(text, sizeof(text), "cannot be read back from the disk: %s", log_errno_text(error));
        station_alert(s, "store-failed", LOG_CRIT, "store", "item %" PRId64 " %s", j->item, text);
        job_end(j, FILING_FAILED, text);
}

static void job_proved(struct job *j, const struct item *item)
{
        struct station *s = j->filing->station;
        struct docking_row row;

        j->known = item->footage;
        j->namesake = j->known != 0 && item_has_namesake(s->catalogue, item) == CATALOGUE_OK;
        if (station_check(s, docking_by_id(s->catalogue, j->docking, &row), "read a docking") != 0 ||
            station_check(s, footage_settle(s, item, &row, &j->result, &j->footage, &j->numbers),
                          "settle an item") < 0) {
                job_no_record(j);
                return;
        }
        if (!j->result.uncached && !j->filing->cache_warned) {
                j->filing->cache_warned = true;
                log_warning("the store's file system cannot be read past the page cache: files are proved "
                            "from memory");
        }
        inject_point("proved");
        ready_push(j->filing, j);
}

static void job_on_inspected(void *userdata, int error, const struct inspect_result *result)
{
        struct job *j = userdata;
        struct station *s = j->filing->station;
        struct item item;
        uint32_t verdict;

        if (error < 0 || result->error < 0) {
                job_unreadable(j, error < 0 ? error : result->error);
                return;
        }
        if (station_check(s, item_by_id(s->catalogue, j->item, &item), "read an item") != 0) {
                job_no_record(j);
                return;
        }
        verdict = j->has_verdict ? j->result.verdict : result->verdict;
        if (!j->has_verdict) {
                j->result = *result;
        } else {
                j->result.digests = result->digests;
                j->result.size = result->size;
                j->result.digested = result->digested;
                j->result.uncached = result->uncached;
                j->result.verdict = verdict;
        }
        if (!result->digested && !j->has_verdict) {
                j->has_verdict = true;
                if (prove(j, &item, INSPECT_DIGEST_ONLY) < 0)
                        job_unreadable(j, -ENOMEM);
        } else if (!result->digested) {
                job_unreadable(j, -EIO);
        } else if (result->size != item.actual_size || !digest_equal(&result->digests, &item.digests)) {
                job_mismatch(j, &item, "what is on the disk is not what the recorder sent");
        } else {
                job_proved(j, &item);
        }
}

static int prove(struct job *j, const struct item *item, uint32_t flags)
{
        struct station *s = j->filing->station;
        const char *slash = strrchr(item->path, '/');
        _cleanup_close_ int fd = -EBADF;
        int r = store_part_open_read(s->store, j->part_docking, j->item, true, &fd);

        if (r != STORE_OK)
                return r < 0 ? r : -ENOENT;
        flags |= INSPECT_SYNC | (s->config->sm3 ? INSPECT_WITH_SM3 : 0);
        r = inspector_submit(s->inspector, fd, item->actual_size, flags, slash ? slash + 1 : item->path,
                             job_on_inspected, j);
        if (r < 0)
                return r;
        (void)TAKE_FD(fd);
        return 0;
}

int filing_submit(struct filing *f, int64_t number)
{
        struct item item;
        struct job *j;
        int r = item_by_id(f->station->catalogue, number, &item);

        if (r != CATALOGUE_OK)
                return r < 0 ? r : -ENOENT;
        j = calloc(1, sizeof(*j));
        if (!j)
                return -ENOMEM;
        j->filing = f;
        j->item = number;
        j->docking = item.docking;
        j->part_docking = item.part_docking;
        r = prove(j, &item, 0);
        if (r < 0) {
                free(j);
                return r;
        }
        j->next_of_all = f->all;
        f->all = j;
        f->pending++;
        return 0;
}

/* --- filing
 * ------------------------------------------------------------------------------------------------------- */

/* A free final name: not in the catalogue, and not tried before by this job. */
static int job_name(struct job *j)
{
        struct station *s = j->filing->station;
        const struct settled_numbers *n = &j->numbers;
        /* Not the name of the row: that may be cut, and its extension with it. */
        const char *slash = strrchr(j->footage.source_path, '/');
        const char *name = slash ? slash + 1 : j->footage.source_path;

        for (; j->name_attempt < NAME_ATTEMPTS_MAX; j->name_attempt++) {
                int64_t taken;
                int r = store_compose_path(n->unit, n->recorder, n->officer, j->footage.started_at, name,
                                           j->name_attempt, j->footage.path);

                if (r < 0)
                        return r;
                r = footage_by_path(s->catalogue, j->footage.path, &taken);
                if (r < 0)
                        return r;
                if (r == CATALOGUE_ABSENT)
                        return 0;
        }
        return -EEXIST;
}

static void batch_intents(struct station *s, struct job *batch)
{
        station_begin(s);
        for (struct job *j = batch; j; j = j->next)
                if (station_check(s, job_name(j), "name a file") == 0)
                        station_check(s, footage_intent(s->catalogue, &j->footage), "write an intent");
        station_commit(s);
        inject_point("intent");
}

/* Returns 0 when every job that says 'linked' is on the disk under its final name. */
static int batch_link(struct station *s, struct job *batch)
{
        struct store_batch *b = NULL;
        int r = store_batch_new(s->store, &b);

        if (r < 0)
                return r;
        for (struct job *j = batch; j; j = j->next) {
                int outcome = store_batch_link(b, j->part_docking, j->item, j->footage.path,
                                               j->footage.started_at);

                j->linked = outcome == STORE_OK;
                j->link_error = outcome;
                if (outcome == -ENOSPC ||
                    outcome == -EDQUOT) /* the intents are finished when there is room */
                        r = outcome;
        }
        inject_point("linked");
        if (r >= 0)
                r = store_batch_sync(b);
        store_batch_free(b);
        inject_point("synced");
        return r;
}

static void batch_commit(struct station *s, struct job *batch)
{
        station_begin(s);
        for (struct job *j = batch; j; j = j->next) {
                enum catalogue_outcome outcome;

                if (j->linked)
                        station_check(s,
                                      footage_commit(s->catalogue, STATION_ACTOR, j->item, &j->footage_id),
                                      "write footage");
                else
                        station_check(s, footage_intent_drop(s->catalogue, j->item, &outcome),
                                      "drop an intent");
        }
        station_commit(s);
        annotation_footage_filed(s);
        inject_point("committed");
}

/* What is to be said of the officer, NULL nothing. */
static const char *officer_remark(const struct job *j)
{
        if (j->numbers.officer_unknown)
                return j->footage.officer == 0
                                       ? "the registry has no officer "
                                       : "filed by its recorder's assignment, the registry has no officer ";
        if (j->footage.officer == 0)
                return j->footage.time_flags & TIME_UNKNOWN ? "nobody can say when it was recorded"
                                                            : "nobody is assigned to its recorder";
        if (!j->numbers.officer_disagrees)
                return NULL;
        return j->footage.source == FOOTAGE_IMPORT
                               ? "filed by the officer given at its import, but its name or its recorder's "
                                 "assignment says another"
                               : "filed by the officer it names, but its recorder is assigned to another";
}

/* One alert for a recorder, not for each file: a hundred files that say the same are one thing to look at.
 */
static void named_recorder_alert(struct job *j)
{
        const struct settled_numbers *n = &j->numbers;
        char who[160];

        (void)snprintf(who, sizeof(who), "recorder/%s", n->recorder);
        station_alert(j->filing->station, "name-contradicts", n->said_is_registered ? LOG_ERR : LOG_WARNING,
                      who,
                      "%s: its name says recorder %s%s, it came from recorder %s and is filed as that one's",
                      j->footage.path, n->said_recorder,
                      n->said_is_registered ? ", which is another registered one" : "", n->recorder);
}

/* One for a docking, counted: a card that comes late brings hundreds of files. */
static void late_alert(struct station *s, const struct footage *f)
{
        char who[40], due[INSTANT_TEXT_MAX];
        int64_t minutes = (f->late_us + 60 * USEC_PER_SEC - 1) / (60 * USEC_PER_SEC);

        (void)snprintf(who, sizeof(who), "docking/%" PRId64, f->docking);
        station_alert(s, "arrived-late", LOG_WARNING, who,
                      "%s had to be exported by %s and came %" PRId64 " h %02" PRId64 " min late", f->path,
                      instant_format(f->deadline, due), minutes / 60, minutes % 60);
}

static void filed_alerts(struct job *j)
{
        struct station *s = j->filing->station;
        const struct footage *f = &j->footage;
        const char *remark = officer_remark(j);
        char who[64];

        (void)snprintf(who, sizeof(who), "footage/%" PRId64, j->footage_id);
        if (f->verdict != VERDICT_COMPLETE && f->verdict != VERDICT_NOT_MEDIA)
                station_alert(s, "verdict-bad", LOG_WARNING, who,
                              "%s is %s (%s); it is kept, and stays on the recorder", f->path,
                              media_verdict_text(f->verdict), f->verdict_reasons);
        if (j->numbers.recorder_disagrees)
                named_recorder_alert(j);
        if (f->late_us > 0)
                late_alert(s, f);
        if (remark)
                station_alert(s, "unassigned",
                              f->officer == 0 || j->numbers.officer_unknown ? LOG_WARNING : LOG_NOTICE, who,
                              "%s: %s%s", f->path, remark,
                              j->numbers.officer_unknown ? j->numbers.said_officer : "");
}

static void filing_on_sealed(void *userdata, int result)
{
        _cleanup_free_ struct sealing *sealing = userdata;
        struct filing *f = sealing->filing;

        if (result == -ECANCELED)
                return; /* the next start seals it */
        if (result < 0 && !f->verity_told) {
                f->verity_told = true;
                log_warning("cannot switch fs-verity on for '%s': %s, ignoring", sealing->path,
                            log_errno_text(result));
        }
        (void)store_part_remove(f->station->store, sealing->docking, sealing->item);
}

static int filing_seal(struct filing *f, int64_t docking, int64_t item, const char *path)
{
        struct sealing *sealing = calloc(1, sizeof(*sealing));
        int r;

        if (!sealing)
                return -ENOMEM;
        *sealing = (struct sealing){.filing = f, .docking = docking, .item = item};
        (void)text_copy(sealing->path, sizeof(sealing->path), path);
        r = sealer_submit(f->sealer, path, filing_on_sealed, sealing);
        if (r < 0)
                free(sealing);
        return r;
}

void filing_part_done(struct filing *f, int64_t docking, int64_t item, const char *path)
{
        if (!path || !f->sealer || !f->station->config->verity || filing_seal(f, docking, item, path) < 0)
                (void)store_part_remove(f->station->store, docking, item);
}

static void job_filed(struct job *j)
{
        const struct footage *f = &j->footage;
        bool bad = f->verdict != VERDICT_COMPLETE && f->verdict != VERDICT_NOT_MEDIA;
        struct event_subject subject = {
                        .bay = f->bay,
                        .recorder = j->numbers.recorder,
                        .docking = f->docking,
                        .item = f->item,
                        .footage = j->footage_id,
        };
        char hex[DIGEST_HEX_SIZE];

        filing_part_done(j->filing, j->part_docking, j->item, f->path);
        event_log(bad ? EVENT_FOOTAGE_BAD_VERDICT : EVENT_FOOTAGE_FILED, &subject,
                  "filed '%s', %" PRId64 " bytes, %s%s%s, sha256 %s", f->path, f->size,
                  media_verdict_text(f->verdict), f->verdict_reasons[0] ? ": " : "", f->verdict_reasons,
                  text_hex(f->digests.sha256, DIGEST_SIZE, hex));
        filed_alerts(j);
        job_end(j, FILING_FILED, NULL);
}

/* The name was taken by a file the catalogue does not know: another name, in the next batch. */
static void job_unlinked(struct job *j)
{
        struct station *s = j->filing->station;
        char text[160];

        if (j->link_error == STORE_EXISTS) {
                log_warning("'%s' is there already and is not in the catalogue, filing under another name",
                            j->footage.path);
                j->name_attempt++;
                ready_push(j->filing, j);
                return;
        }
        (void)snprintf(text, sizeof(text), "cannot be filed: %s",
                       j->link_error < 0 ? log_errno_text(j->link_error) : "its part is missing");
        station_alert(s, "store-failed", LOG_CRIT, "store", "item %" PRId64 " %s", j->item, text);
        job_end(j, FILING_FAILED, text);
}

/* Each job of the batch has ended afterwards, or is ready again under another name. */
static void batch_file(struct station *s, struct job *batch)
{
        batch_intents(s, batch);
        /* No name in the store without its intent. */
        if (!s->failed && station_check(s, batch_link(s, batch), "file into the store") == 0)
                batch_commit(s, batch);
        while (batch) {
                struct job *j = batch;

                batch = j->next;
                if (s->failed)
                        job_end(j, FILING_INTERRUPTED, NULL); /* as far as was committed */
                else if (j->linked)
                        job_filed(j);
                else
                        job_unlinked(j);
        }
}

/* --- what is held already
 * ------------------------------------------------------------------------------------------ */

enum held_state { HELD_NOT, HELD_ALREADY, HELD_TWIN };

/* Pulled once more because its identity was too weak, and found to be what was filed? If not it is another
 * recording. */
static bool job_is_known(struct job *j)
{
        struct catalogue *c = j->filing->station->catalogue;
        int64_t id = j->known;
        struct footage f;

        if (id == 0 ||
            station_check(j->filing->station, footage_by_id(c, id, &f), "read footage") != CATALOGUE_OK)
                return false;
        if (f.size != j->footage.size || !digest_equal(&f.digests, &j->footage.digests)) {
                /* As the item that it was when it had another number? */
                if (!j->namesake ||
                    footage_by_digest(c, j->footage.recorder, j->footage.digests.sha256, &id) !=
                                    CATALOGUE_OK ||
                    footage_by_id(c, id, &f) != CATALOGUE_OK ||
                    strcmp(f.device_time_text, j->footage.device_time_text) != 0)
                        return false;
        }
        j->footage_id = f.id;
        j->footage.verdict = f.verdict; /* what may be removed is judged by what was filed */
        return true;
}

/* A card may have been docked before, under other paths; or the same file lies on it twice. 'batch' is what
 * is about to be filed: a twin of one in it waits until that one is footage. */
static enum held_state held_look(struct job *j, const struct job *batch)
{
        struct station *s = j->filing->station;
        const struct footage *f = &j->footage;
        int r;

        if (job_is_known(j))
                return HELD_ALREADY;
        if (f->source != FOOTAGE_IMPORT)
                return HELD_NOT;
        r = station_check(s, footage_by_digest(s->catalogue, f->recorder, f->digests.sha256, &j->footage_id),
                          "look for footage");
        if (r == CATALOGUE_OK)
                return HELD_ALREADY;
        for (; batch; batch = batch->next)
                if (batch->footage.recorder == f->recorder &&
                    digest_equal(&batch->footage.digests, &f->digests))
                        return HELD_TWIN;
        return HELD_NOT;
}

static void held_write(struct station *s, const struct job *j)
{
        char who[64], detail[128];
        struct item item;

        if (station_check(s, item_by_id(s->catalogue, j->item, &item), "read an item") != CATALOGUE_OK)
                return;
        item.state = ITEM_FOOTAGE;
        item.footage = j->footage_id;
        item.part_docking = item.durable = 0;
        item.has_durable_digest = false;
        station_check(s, item_update(s->catalogue, &item), "write an item");
        if (j->footage.source != FOOTAGE_IMPORT)
                return; /* nobody's act: a recorder without a clock has it at every docking */
        (void)snprintf(who, sizeof(who), "item/%" PRId64, j->item);
        (void)snprintf(detail, sizeof(detail), "{\"docking\":%" PRId64 ",\"footage\":%" PRId64 "}",
                       j->docking, j->footage_id);
        station_check(s, catalogue_ledger(s->catalogue, STATION_ACTOR, "item.already-held", who, detail),
                      "write the ledger");
}

static void job_held(struct job *j)
{
        const struct event_subject subject = {
                        .recorder = j->numbers.recorder,
                        .docking = j->docking,
                        .item = j->item,
                        .footage = j->footage_id,
        };

        filing_part_done(j->filing, j->part_docking, j->item, NULL);
        if (j->footage.source == FOOTAGE_IMPORT)
                event_log(EVENT_ITEM_HELD, &subject,
                          "import %" PRId64 ": '%s' is footage %" PRId64
                          " of recorder %s already, not filed again",
                          j->docking, j->footage.source_path, j->footage_id, j->numbers.recorder);
        job_end(j, FILING_HELD, NULL);
}

static void batch_hold(struct station *s, struct job *held)
{
        if (!held)
                return;
        station_begin(s);
        for (const struct job *j = held; j; j = j->next)
                held_write(s, j);
        station_commit(s);
        inject_point("held");
        while (held) {
                struct job *j = held;

                held = j->next;
                if (s->failed)
                        job_end(j, FILING_INTERRUPTED, NULL); /* as far as was committed */
                else
                        job_held(j);
        }
}

/* Takes what is ready: a batch to file, and what is held. Twins stay ready. */
static void batch_take(struct filing *f, struct job **ret_batch, struct job **ret_held)
{
        struct job *twins = NULL, **tail = ret_batch;

        *ret_batch = *ret_held = NULL;
        for (int n = 0; n < BATCH_MAX && f->ready; n++) {
                struct job *j = ready_pop(f), **list = tail;
                enum held_state state = held_look(j, *ret_batch);

                if (state != HELD_NOT)
                        list = state == HELD_ALREADY ? ret_held : &twins;
                j->next = *list;
                *list = j;
                if (state == HELD_NOT)
                        tail = &j->next;
        }
        while (twins) {
                struct job *j = twins;

                twins = j->next;
                ready_push(f, j);
        }
}

static int filing_on_idle(sd_event_source *source, void *userdata)
{
        struct filing *f = userdata;
        struct job *batch, *held;

        batch_take(f, &batch, &held);
        batch_hold(f->station, held);
        if (batch)
                batch_file(f->station, batch);
        if (f->ready)
                (void)sd_event_source_set_enabled(f->source, SD_EVENT_ONESHOT);
        return 0;
}

size_t filing_pending(const struct filing *f)
{
        return f->pending;
}

int filing_new(struct filing **ret, struct station *s)
{
        struct filing *f = calloc(1, sizeof(*f));
        int r;

        if (!f)
                return -ENOMEM;
        f->station = s;
        f->ready_tail = &f->ready;
        r = sd_event_add_defer(s->event, &f->source, filing_on_idle, f);
        if (r >= 0)
                r = sd_event_source_set_priority(f->source, PRIORITY_FILING);
        if (r >= 0)
                r = sd_event_source_set_enabled(f->source, SD_EVENT_OFF);
        if (r >= 0 && store_can_seal(s->store))
                r = sealer_new(&f->sealer, s->event, s->store);
        if (r < 0) {
                filing_free(f);
                return r;
        }
        *ret = f;
        return 0;
}

static void filing_on_sealer_idle(void *userdata)
{
        struct filing *f = userdata;

        f->sealing = false;
        station_end_when_idle(f->station);
}

bool filing_stop(struct filing *f)
{
        if (f && f->sealer && !f->sealing)
                f->sealing = !sealer_stop(f->sealer, filing_on_sealer_idle, f);
        return !f || !f->sealing;
}

void filing_drop(struct filing *f)
{
        struct job *j;

        if (!f)
                return;
        (void)sd_event_source_set_enabled(f->source, SD_EVENT_OFF);
        while ((j = ready_pop(f))) {
                job_forget(f, j);
                free(j);
        }
}

void filing_free(struct filing *f)
{
        if (!f)
                return;
        filing_drop(f);
        sd_event_source_disable_unref(f->source);
        sealer_free(f->sealer);
        free(f);
}
