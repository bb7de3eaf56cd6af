// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Policy clear, for recorders that are disks. The offload worker cannot write, so recdock-clear does it
 * (clear/clear_messages.h), one volume after the other, in this order:
 *
 *   all is filed ─▶ worker closed ─▶ intents in the ledger ─▶ removed, synced, unmounted ─▶ results in the
 *   ledger ─▶ another worker lists: exactly what was removed is gone ─▶ released
 *
 * Invariants: only what is committed, proved and complete is ever asked for, one failed file keeps no other
 * one; nothing is asked for before it is on record, and what was asked for is never left without its result;
 * while recdock-clear has the disk no worker has it. Whatever goes wrong, files stay on the recorder and the
 * docking is released with a word about it. Once in a docking.
 *
 * A stop of the station ends it in good order: recdock-clear is told that this was all, and waited for.
 */
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "catalogue/item.h"
#include "catalogue/removal.h"
#include "daemon/clear/clear_messages.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>

enum {
        BATCH = 32, /* files that are asked for at once: they fit the socket's buffer */
        OUTCOME_UNKNOWN = -1,
};

/* Longer than recdock-clear gives itself. */
static const int64_t helper_timeout = 150 * USEC_PER_SEC;
/* What it still has to do at a stop; less than TimeoutStopSec= of recdockd's unit. */
static const int64_t stop_timeout = 60 * USEC_PER_SEC;

enum stage {
        STAGE_CLOSING,  /* the worker ends */
        STAGE_REMOVING, /* recdock-clear has the disk */
        STAGE_LISTING,  /* another worker lists */
};

struct removal {
        int64_t item;
        unsigned int volume; /* of docking.volumes, as they were */
        bool asked;
        int outcome; /* enum clear_outcome, OUTCOME_UNKNOWN */
        int error;
};

struct clearing {
        enum stage stage;
        int socket;
        sd_event_source *io, *timer;
        struct recorder_volume volumes[DOCKING_VOLUMES_MAX];
        unsigned int n_volumes, volume;
        struct removal *removals;     /* by volume */
        size_t n, first, asked, done; /* of this volume: where it begins; up to where asked for, answered */
        int64_t *kept;                /* items that were listed and are not asked for */
        size_t n_kept;
        int64_t seen, already_held; /* of the receipt */
};

void docking_take_volume(struct docking *d, const struct recorder_volume *m)
{
        struct recorder_volume *v;

        if (d->task != TASK_LIST || d->n_volumes == DOCKING_VOLUMES_MAX)
                return;
        docking_alive(d);
        v = &d->volumes[d->n_volumes++];
        *v = *m;
        TEXT_FIELD(v->name, m->name);
}

bool docking_is_clearing(const struct docking *d)
{
        return d->clearing && d->clearing->stage == STAGE_REMOVING;
}

static void helper_leave(struct clearing *c)
{
        c->io = sd_event_source_disable_unref(c->io);
        c->timer = sd_event_source_disable_unref(c->timer);
        c->socket = fd_close(c->socket);
}

void docking_clear_free(struct docking *d)
{
        struct clearing *c = TAKE_PTR(d->clearing);

        if (!c)
                return;
        helper_leave(c);
        free(c->removals);
        free(c->kept);
        free(c);
}

__attribute__((format(printf, 2, 3))) static void say(struct docking *d, const char *format, ...)
{
        struct event_subject subject = docking_subject(d);
        char text[400];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        subject.priority = LOG_WARNING;
        event_log(EVENT_WORKER_NOTICE, &subject, "%s: %s", d->place, text);
}

/* --- what goes --- */

/* The volume that the item's path begins with; n_volumes: none. */
static unsigned int volume_of(const struct clearing *c, const char *path)
{
        for (unsigned int i = 0; i < c->n_volumes; i++) {
                size_t n = strlen(c->volumes[i].name);

                if (strncmp(path, c->volumes[i].name, n) == 0 && path[n] == '/')
                        return i;
        }
        return c->n_volumes;
}

/* recdock-clear knows a file by path, size and time: what lacks one of them stays, and so does what another
 * file could be taken for. */
static int may_go(struct docking *d, const struct plan_entry *e, const struct item *item, bool *ret)
{
        bool held = e->state == PLAN_FILED || e->state == PLAN_HELD;
        int r;

        *ret = held && e->removable && !e->renamed && e->size >= 0 && e->device_time != INSTANT_NONE &&
               !(e->flags & (RECORDER_ITEM_PROTECTED | RECORDER_ITEM_DELETED));
        if (!*ret)
                return 0;
        r = station_check(d->station, item_has_namesake(d->station->catalogue, item), "look up an item");
        *ret = r == CATALOGUE_ABSENT;
        return MIN(r, 0);
}

static int entry_collect(struct docking *d, struct clearing *c, const struct plan_entry *e)
{
        struct removal removal = {.item = e->item, .outcome = OUTCOME_UNKNOWN};
        struct item item;
        bool goes;
        int r;

        if (e->flags & RECORDER_ITEM_DELETED)
                return 0;
        r = station_check(d->station, item_by_id(d->station->catalogue, e->item, &item), "read an item");
        if (r != CATALOGUE_OK)
                return r < 0 ? r : -ENOENT;
        removal.volume = volume_of(c, item.path);
        r = may_go(d, e, &item, &goes);
        if (r < 0)
                return r;
        if (goes && removal.volume < c->n_volumes)
                c->removals[c->n++] = removal;
        else
                c->kept[c->n_kept++] = e->item;
        return 0;
}

static int removal_compare(const void *a, const void *b)
{
        const struct removal *x = a, *y = b;

        return x->volume != y->volume ? (x->volume > y->volume) - (x->volume < y->volume)
                                      : (x->item > y->item) - (x->item < y->item);
}

static int clearing_collect(struct docking *d)
{
        struct clearing *c = calloc(1, sizeof(*c));
        int r = 0;

        if (!c)
                return -ENOMEM;
        d->clearing = c;
        c->socket = -EBADF;
        c->seen = d->row.seen;
        c->already_held = d->row.already_held;
        c->n_volumes = d->n_volumes;
        memcpy(c->volumes, d->volumes, sizeof(c->volumes));
        c->removals = calloc(MAX(d->plan.n, (size_t)1), sizeof(*c->removals));
        c->kept = calloc(MAX(d->plan.n, (size_t)1), sizeof(*c->kept));
        if (!c->removals || !c->kept)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < d->plan.n; i++)
                r = entry_collect(d, c, d->plan.order[i]);
        qsort(c->removals, c->n, sizeof(*c->removals), removal_compare);
        return r;
}

/* --- recdock-clear --- */

static int helper_connect(void)
{
        const char *path = getenv("RECDOCK_CLEAR_SOCKET"); /* for tests */

        return message_connect(path ? path : CLEAR_SOCKET);
}

/* What a driver that writes could make worse. NULL: nothing. */
static const char *volume_fault(const struct docking *d)
{
        if (d->found.n_unsafe > 0)
                return "its file system contradicts itself";
        if (d->found.dirty)
                return "its file system was not closed by who wrote to it last (dirty flag)";
        return NULL;
}

bool docking_clear(struct docking *d)
{
        struct station *s = d->station;
        const char *why;
        int r;

        if (s->config->release != RELEASE_CLEAR || d->cleared || strcmp(d->row.driver, "ums") != 0 ||
            !d->bay || !d->row.listing_complete)
                return false; /* what was not listed cannot be looked for afterwards */
        if (s->transaction_depth > 0) {
                d->waits_for_commit = true; /* station_on_post() comes back here */
                return true;
        }
        d->cleared = true;
        r = clearing_collect(d);
        if (r < 0 || d->clearing->n == 0) {
                docking_clear_free(d);
                return s->failed;
        }
        why = volume_fault(d);
        r = why ? -EUCLEAN : helper_connect();
        if (r < 0) {
                say(d, "nothing is removed from the recorder: %s",
                    why ? why : "recdock-clear.socket cannot be reached");
                docking_clear_free(d);
                return false;
        }
        d->clearing->socket = r;
        docking_close_worker(d);
        return true;
}

static size_t volume_end(const struct clearing *c)
{
        size_t end = c->first;

        while (end < c->n && c->removals[end].volume == c->volume)
                end++;
        return end;
}

/* Asks for some more, or says that there are none. On record before recdock-clear hears of it. */
static int batch_send(struct docking *d)
{
        struct clearing *c = d->clearing;
        struct station *s = d->station;
        size_t end = MIN(c->asked + BATCH, volume_end(c));
        struct clear_file files[BATCH];
        size_t n = 0;

        if (c->asked == end || s->stopping)
                return message_send(c->socket, CLEAR_END, NULL, 0, -EBADF, 0);
        memset(files, 0, sizeof(files));
        station_begin(s);
        for (; c->asked < end; c->asked++, n++) {
                struct removal *removal = &c->removals[c->asked];
                struct clear_file *f = &files[n];
                struct item item;

                if (station_check(s, item_by_id(s->catalogue, removal->item, &item), "read an item") !=
                    CATALOGUE_OK)
                        break;
                station_check(s,
                              removal_ask(s->catalogue, STATION_ACTOR, d->row.id, removal->item,
                                          item.footage),
                              "write the ledger");
                removal->asked = true;
                f->item = (uint64_t)removal->item;
                f->size = item.size;
                (void)text_copy(f->time_text, sizeof(f->time_text), item.time_text);
                (void)text_copy(f->path, sizeof(f->path),
                                item.path + strlen(c->volumes[c->volume].name) + 1);
        }
        station_commit(s);
        if (s->failed)
                return -EIO;
        if (n == 0)
                return -ENOENT; /* the next one is on record no more: nobody would answer */
        inject_point("removal-asked");
        for (size_t i = 0; i < n; i++) {
                int r = message_send(c->socket, CLEAR_FILE, &files[i], sizeof(files[i]), -EBADF, 0);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* --- results --- */

static const char *outcome_text(const struct removal *removal, int error)
{
        static const char *const words[] = {[CLEAR_REMOVED] = "ok",
                                            [CLEAR_CHANGED] = "changed",
                                            [CLEAR_ABSENT] = "absent",
                                            [CLEAR_FAILED] = "failed"};
        bool unsure = removal->outcome == OUTCOME_UNKNOWN ||
                      (removal->outcome == CLEAR_REMOVED && error < 0);

        return unsure ? REMOVAL_UNKNOWN : words[removal->outcome];
}

static void result_write(struct docking *d, const struct removal *removal, int error)
{
        struct event_subject subject = docking_subject(d);
        const char *text = outcome_text(removal, error);

        subject.item = removal->item;
        subject.priority = strcmp(text, "ok") == 0 ? 0 : LOG_WARNING;
        station_check(d->station,
                      removal_end(d->station->catalogue, STATION_ACTOR, d->row.id, removal->item, text),
                      "write the ledger");
        event_log(EVENT_ITEM_REMOVED, &subject, "%s: item %" PRId64 " %s%s%s%s", d->place, removal->item,
                  subject.priority == 0 ? "removed from the recorder" : "not known to be removed: ",
                  subject.priority == 0 ? "" : text, removal->error < 0 ? ": " : "",
                  removal->error < 0 ? log_errno_text(removal->error) : "");
}

/* What is there now is not what is filed: somebody wrote to the recorder in its bay, or it lies. */
static void changed_alert(struct docking *d, size_t n, int64_t first)
{
        char who[DOCKING_SUBJECT_MAX];

        if (n > 0)
                station_alert(d->station, "changed-on-recorder", LOG_ERR, docking_alert_subject(d, who),
                              "%zu files of docking %" PRId64
                              " have changed since they were listed and stay "
                              "on recorder %s; the first is item %" PRId64,
                              n, d->row.id, d->recorder_number, first);
}

static void results_write(struct docking *d, int error)
{
        struct clearing *c = d->clearing;
        int64_t first = 0;
        size_t n = 0;

        if (d->station->failed)
                return;
        station_begin(d->station);
        for (size_t i = c->first; i < c->asked; i++) {
                if (!c->removals[i].asked)
                        continue;
                result_write(d, &c->removals[i], error);
                if (c->removals[i].outcome != CLEAR_CHANGED)
                        continue;
                if (n++ == 0)
                        first = c->removals[i].item;
        }
        station_commit(d->station);
        inject_point("removed");
        changed_alert(d, n, first);
}

/* --- one volume after the other --- */

static void volume_begin(struct docking *d);

/* 'error' is what makes it unknown whether what was removed is gone, 'ended' what kept others from being
 * removed: negative errno or 0. */
static void volume_finish(struct docking *d, int error, int ended)
{
        struct clearing *c = d->clearing;

        helper_leave(c);
        results_write(d, error);
        if (error < 0 || ended < 0)
                say(d, "volume '%s' of the recorder was not cleared to the end: %s",
                    c->volumes[c->volume].name, log_errno_text(error < 0 ? error : ended));
        c->first = volume_end(c);
        volume_begin(d);
}

static void done_take(struct docking *d, const struct clear_done *m)
{
        struct clearing *c = d->clearing;
        struct removal *removal = c->done < c->asked ? &c->removals[c->done] : NULL;
        int r = 0;

        if (!removal || (uint64_t)removal->item != m->item || m->outcome < 0 || m->outcome > CLEAR_FAILED) {
                volume_finish(d, -EBADMSG, 0);
                return;
        }
        removal->outcome = m->outcome;
        removal->error = MIN(m->error, 0);
        c->done++;
        if (c->done == c->asked)
                r = batch_send(d);
        if (r < 0)
                volume_finish(d, r, 0);
}

/* False when the connection has been left. */
static bool helper_dispatch(struct docking *d, const struct message *m)
{
        const int socket = d->clearing->socket;
        const struct clear_finished *finished;
        const struct clear_done *done;
        int r = -EBADMSG;

        switch (m->type) {
        case CLEAR_READY:
                r = d->clearing->asked == d->clearing->first ? batch_send(d) : -EBADMSG;
                break;
        case CLEAR_DONE:
                done = message_payload(m, sizeof(*done));
                if (done) {
                        done_take(d, done);
                        return docking_is_clearing(d) && d->clearing->socket == socket;
                }
                break;
        case CLEAR_FINISHED:
                finished = message_payload(m, sizeof(*finished));
                volume_finish(d, finished ? MIN(finished->error, 0) : -EBADMSG,
                              finished ? MIN(finished->ended, 0) : 0);
                return false;
        default:
                break;
        }
        if (r < 0)
                volume_finish(d, r, 0);
        return r >= 0;
}

static int helper_on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct docking *d = userdata;

        for (unsigned int i = 0; i < BATCH; i++) {
                struct message m = {.fd = -EBADF};
                int r = message_receive(fd, &m, 0);
                bool on;

                if (r == MESSAGE_NONE)
                        return 0;
                if (r != MESSAGE_RECEIVED) {
                        volume_finish(d, r < 0 ? r : -EPIPE, 0);
                        return 0;
                }
                on = helper_dispatch(d, &m);
                message_done(&m);
                if (!on)
                        return 0;
        }
        return 0;
}

static int helper_on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        volume_finish(userdata, -ETIMEDOUT, 0);
        return 0;
}

static int volume_ask(struct docking *d)
{
        struct clearing *c = d->clearing;
        const struct recorder_volume *v = &c->volumes[c->volume];
        struct clear_volume m = {
                        .devnum = d->devnum,
                        .unit = v->unit,
                        .offset = v->offset,
                        .serial = v->serial,
                        .files = (uint32_t)(volume_end(c) - c->first),
        };
        int r;

        if (c->socket < 0)
                c->socket = helper_connect();
        if (c->socket < 0)
                return c->socket;
        (void)text_copy(m.port, sizeof(m.port), d->row.port);
        (void)text_copy(m.usb_serial, sizeof(m.usb_serial), d->row.usb_serial);
        r = message_send(c->socket, CLEAR_VOLUME, &m, sizeof(m), -EBADF, 0);
        if (r >= 0)
                r = sd_event_add_io(d->station->event, &c->io, c->socket, EPOLLIN, helper_on_io, d);
        if (r >= 0)
                r = sd_event_source_set_priority(c->io, PRIORITY_WORKER);
        if (r >= 0)
                r = sd_event_add_time_relative(d->station->event, &c->timer, CLOCK_MONOTONIC,
                                               (uint64_t)helper_timeout, 0, helper_on_timeout, d);
        return r;
}

/* The next volume that has something to remove; after the last one another worker looks what is left. */
static void volume_begin(struct docking *d)
{
        struct clearing *c = d->clearing;
        int r;

        if (d->station->failed)
                return;
        if (d->station->stopping) {
                docking_clear_free(d);
                station_end_when_idle(d->station);
                return;
        }
        if (c->first == c->n) {
                c->stage = STAGE_LISTING;
                docking_restart(d);
                return;
        }
        c->volume = c->removals[c->first].volume;
        c->asked = c->done = c->first;
        r = volume_ask(d);
        if (r < 0)
                volume_finish(d, r, 0);
}

void docking_clear_begin(struct docking *d)
{
        if (d->clearing->stage != STAGE_CLOSING)
                return;
        d->clearing->stage = STAGE_REMOVING;
        volume_begin(d);
}

void docking_clear_cancel(struct docking *d)
{
        if (!d->clearing || d->clearing->stage != STAGE_CLOSING)
                return;
        docking_clear_free(d);
        d->cleared = false;
}

void docking_clear_stop(struct docking *d)
{
        struct clearing *c = d->clearing;

        if (!c)
                return;
        if (!docking_is_clearing(d) || c->asked == c->first) {
                docking_clear_free(d); /* nothing is asked for that an answer is due to */
                return;
        }
        if (sd_event_source_set_time_relative(c->timer, (uint64_t)stop_timeout) < 0)
                docking_clear_end(d);
}

void docking_clear_end(struct docking *d)
{
        if (docking_is_clearing(d)) {
                helper_leave(d->clearing);
                results_write(d, -ENODEV);
        }
        docking_clear_free(d);
        if (d->station->stopping)
                station_end_when_idle(d->station);
}

/* --- confirmation --- */

/* Removed and still listed, or not removed and listed no more. */
static size_t contradictions(const struct docking *d, int64_t *ret_gone)
{
        const struct clearing *c = d->clearing;
        size_t wrong = 0;

        *ret_gone = 0;
        for (size_t i = 0; i < c->n; i++) {
                bool listed = plan_find(&d->plan, c->removals[i].item);
                int outcome = c->removals[i].outcome;

                /* One that has changed is listed as another item. */
                *ret_gone += c->removals[i].asked && !listed && outcome != CLEAR_CHANGED;
                if (outcome == CLEAR_REMOVED)
                        wrong += listed;
                else
                        wrong += !listed && !c->removals[i].asked;
        }
        for (size_t i = 0; i < c->n_kept; i++)
                wrong += !plan_find(&d->plan, c->kept[i]);
        return wrong;
}

void docking_clear_confirm(struct docking *d)
{
        struct event_subject subject = docking_subject(d);
        char who[DOCKING_SUBJECT_MAX], docking[48], count[24];
        int64_t gone = 0;
        size_t wrong;

        if (!d->clearing || d->clearing->stage != STAGE_LISTING)
                return;
        wrong = d->row.listing_complete ? contradictions(d, &gone) : 0;
        d->row.seen = MAX(d->row.seen, d->clearing->seen);
        d->row.already_held = d->clearing->already_held;
        d->row.removed += gone;
        (void)snprintf(docking, sizeof(docking), "docking/%" PRId64, d->row.id);
        (void)snprintf(count, sizeof(count), "%" PRId64, gone);
        station_ledger(d->station, "docking.cleared", docking, "gone", count, "confirmed",
                       wrong == 0 && d->row.listing_complete ? "yes" : "no");
        event_log(EVENT_WORKER_NOTICE, &subject, "%s: listed again: %" PRId64 " files are gone%s", d->place,
                  gone, wrong == 0 && d->row.listing_complete ? ", all others are there" : "");
        if (wrong > 0)
                station_alert(d->station, "clearing-mismatch", LOG_CRIT, docking_alert_subject(d, who),
                              "%zu files of recorder %s are not there or gone as clearing docking %" PRId64
                              " left them",
                              wrong, d->recorder_number, d->row.id);
        docking_clear_free(d);
}
