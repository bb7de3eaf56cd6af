// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Backups; see backup_job.h. What thread and loop share is guarded by one lock: the orders to wait and to
 * end, what has been done since the loop looked last, and the end itself. All that goes on record is written
 * by the loop: first what has been copied, and the end of the run after it.
 */
#include "daemon/backup_job.h"
#include "backup/backup_run.h"
#include "backup/target.h"
#include "base/cleanup.h"
#include "base/disk_yield.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "catalogue/alert.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define TELL_INTERVAL USEC_PER_SEC /* each is a transaction */

static const char subject_run[] = "backup", subject_copies[] = "backup/copies";

/* What has become of one footage, for backup_lacking. */
struct lack {
        int64_t footage;
        char reason[16]; /* "": it is there */
};

/* Since the loop looked last, and the end. */
struct news {
        int64_t target, copied;
        struct lack *lacks;
        size_t n_lacks;
        char (*pruned)[BACKUP_GENERATION_SIZE];
        size_t n_pruned;
        bool no_memory;
};

struct backup_job {
        struct station *station;
        int wake_fd;
        sd_event_source *source;
        pthread_t thread;
        bool running; /* loop: there is a thread to be joined */
        /* The order; nobody changes it while there is a thread. */
        bool init;
        struct backup_order order;
        char *path, *number, *catalogue, *store_root, *actor;
        backup_done_fn *on_done;
        void *userdata;

        pthread_mutex_t lock; /* guards what follows */
        pthread_cond_t changed;
        bool cancelled, held, waiting; /* 'waiting': the thread does */
        struct news news;
        int64_t files, files_total, bytes, bytes_total;
        int64_t told; /* the thread's alone */
        bool ended;
        int result;
        struct backup_row row;
        char uuid[MARKER_UUID_SIZE], error[BACKUP_ERROR_MAX];
};

static void news_done(struct news *n)
{
        free(n->lacks);
        free(n->pruned);
        *n = (struct news){0};
}

/* --- in the thread --- */

static void wake(struct backup_job *j)
{
        const uint64_t one = 1;

        (void)!write(j->wake_fd, &one, sizeof(one)); /* the counter cannot be full: the loop empties it */
}

static int on_piece(void *userdata, uint64_t bytes)
{
        struct backup_job *j = userdata;
        int r;

        (void)pthread_mutex_lock(&j->lock);
        while (j->held && !j->cancelled) {
                if (!j->waiting)
                        wake(j);
                j->waiting = true;
                (void)pthread_cond_wait(&j->changed, &j->lock);
        }
        j->waiting = false;
        r = j->cancelled ? -ECANCELED : 0;
        (void)pthread_mutex_unlock(&j->lock);
        return r;
}

static void on_begin(void *userdata, const struct backup_target_row *target, int64_t files, int64_t bytes)
{
        struct backup_job *j = userdata;

        (void)pthread_mutex_lock(&j->lock);
        j->news.target = target->id;
        j->files_total = files;
        j->bytes_total = bytes;
        (void)pthread_mutex_unlock(&j->lock);
}

static void lack_add(struct news *n, int64_t footage, const char *reason)
{
        struct lack *grown = reallocarray(n->lacks, n->n_lacks + 1, sizeof(*grown));

        if (!grown) {
                n->no_memory = true;
                return;
        }
        n->lacks = grown;
        grown[n->n_lacks].footage = footage;
        (void)text_copy(grown[n->n_lacks++].reason, sizeof(grown->reason), reason ? reason : "");
}

static void on_footage(void *userdata, int64_t footage, int64_t bytes, const char *lacking, bool before)
{
        struct backup_job *j = userdata;
        int64_t now = clock_monotonic();

        (void)pthread_mutex_lock(&j->lock);
        if (lacking || before)
                lack_add(&j->news, footage, lacking);
        j->news.copied = MAX(j->news.copied, footage);
        j->files++;
        j->bytes += bytes;
        (void)pthread_mutex_unlock(&j->lock);
        if (now - j->told >= TELL_INTERVAL) {
                j->told = now;
                wake(j);
        }
}

static void on_pruned(void *userdata, const char *generation)
{
        struct backup_job *j = userdata;
        struct news *n = &j->news;
        char(*grown)[BACKUP_GENERATION_SIZE];

        (void)pthread_mutex_lock(&j->lock);
        grown = reallocarray(n->pruned, n->n_pruned + 1, sizeof(*grown));
        if (grown) {
                n->pruned = grown;
                (void)text_copy(grown[n->n_pruned++], sizeof(*grown), generation);
        }
        n->no_memory |= !grown;
        (void)pthread_mutex_unlock(&j->lock);
}

/* A filter that does not know the call is no reason to do without a backup. */
static void yield_disks(void)
{
        int r = disk_yield();

        if (r < 0)
                log_debug("a backup cannot give way on the disks: %s", log_errno_text(r));
}

static void init_refuse(struct backup_job *j, int r)
{
        if (r == TARGET_ABSENT)
                (void)snprintf(j->error, sizeof(j->error), "there is no folder '%s'", j->path);
        else if (r == TARGET_FOREIGN)
                (void)snprintf(j->error, sizeof(j->error),
                               "'%s' has the backup of another station: expected an empty folder", j->path);
        else if (r == TARGET_TAKEN)
                (void)snprintf(j->error, sizeof(j->error),
                               "'%s' has a backup of this station that was not registered here, number %s: "
                               "expected a folder without one",
                               j->path, j->uuid);
        else if (r == -ENOTEMPTY)
                (void)snprintf(j->error, sizeof(j->error),
                               "'%s/" TARGET_FOLDER "' has something in it and no marker: expected an empty "
                               "folder",
                               j->path);
        else
                (void)snprintf(j->error, sizeof(j->error),
                               "'%s' cannot be written to: %s (see BACKUP in recdockd(8))", j->path,
                               log_errno_text(r));
}

/* 0 when the folder is on a disk of its own, or need not be. */
static int init_judge_disk(struct backup_job *j)
{
        int store = target_same_disk(j->path, j->store_root),
            catalogue = target_same_disk(j->path, j->catalogue);

        if (store < 0 || catalogue < 0)
                return store == -ENOENT ? TARGET_ABSENT : MIN(store, catalogue);
        if ((!store && !catalogue) || j->order.allow_same_disk)
                return 0;
        (void)snprintf(j->error, sizeof(j->error),
                       "'%s' is on the disk of the %s (is its own mounted?): expected another disk, or "
                       "AllowSameDisk=yes",
                       j->path, store ? "store" : "catalogue");
        return -EXDEV;
}

/* A backup that is there already is asked for on the loop, which knows whether it was registered. */
static int init_run(struct backup_job *j)
{
        int r = init_judge_disk(j);

        if (r == -EXDEV)
                return r;
        if (r == 0)
                r = target_init(j->path, j->number, j->uuid);
        if (r != TARGET_OK)
                init_refuse(j, r);
        return r;
}

static void *job_thread(void *userdata)
{
        struct backup_job *j = userdata;
        struct backup_row row = {0};
        int r;

        yield_disks();
        r = j->init ? init_run(j) : backup_run(&j->order, &row);
        (void)pthread_mutex_lock(&j->lock);
        j->row = row;
        j->result = r;
        j->ended = true;
        (void)pthread_mutex_unlock(&j->lock);
        wake(j);
        return NULL;
}

/* --- on the loop: what goes on record --- */

static int news_write(struct catalogue *c, const struct news *n)
{
        int r = n->target > 0 && n->copied > 0 ? backup_copied(c, n->target, n->copied) : 0;

        for (size_t i = 0; r >= 0 && i < n->n_lacks; i++)
                r = n->lacks[i].reason[0]
                                    ? backup_lack(c, n->target, n->lacks[i].footage, n->lacks[i].reason)
                                    : backup_lack_end(c, n->target, n->lacks[i].footage);
        for (size_t i = 0; r >= 0 && i < n->n_pruned; i++)
                r = backup_pruned(c, n->target, n->pruned[i]);
        return n->no_memory ? -ENOMEM : r;
}

/* What was copied is on record before the end of the run, and what is lacking with it. */
static void news_take(struct backup_job *j)
{
        struct station *s = j->station;
        struct news n;

        (void)pthread_mutex_lock(&j->lock);
        n = j->news;
        j->news = (struct news){.target = n.target};
        (void)pthread_mutex_unlock(&j->lock);
        if (n.copied > 0 || n.n_lacks > 0 || n.n_pruned > 0) {
                station_begin(s);
                (void)station_check(s, news_write(s->catalogue, &n), "write what is in the backup");
                station_commit(s);
        }
        news_done(&n);
}

static void tell_good(struct station *s, const struct backup_row *b)
{
        event_log(EVENT_BACKUP_DONE, NULL,
                  "backup '%s' is made: %" PRId64 " files in it, %" PRId64 " of them copied now, %" PRId64
                  " MiB",
                  b->generation, b->footage, b->copied, b->bytes >> 20);
        station_alert_clear(s, "backup-failed", subject_run);
}

static void tell(struct station *s, const struct backup_row *b)
{
        if (b->outcome == BACKUP_GOOD)
                tell_good(s, b);
        else if (b->outcome == BACKUP_INCOMPLETE)
                station_alert(s, "backup-failed", LOG_ERR, subject_run,
                              "the backup '%s' lacks %" PRId64 " files: %s", b->generation, b->lacking,
                              b->error);
        else
                station_alert(s, "backup-failed", LOG_ERR, subject_run, "no backup was made: %s", b->error);
        if (b->displaced > 0)
                station_alert(s, "backup-failed", LOG_ERR, subject_copies,
                              "%" PRId64
                              " files in the backup were not what had been copied there: they are "
                              "in displaced/%s and were copied anew",
                              b->displaced, b->generation);
        else if (b->full_check && b->outcome == BACKUP_GOOD)
                station_alert_clear(s, "backup-failed", subject_copies);
}

/* An answer is given once, whatever happens. */
static void answer(struct backup_job *j, const struct backup_answer *a)
{
        backup_done_fn *on_done = TAKE_PTR(j->on_done);

        if (on_done)
                on_done(j->userdata, a);
}

static void end_run(struct backup_job *j)
{
        struct station *s = j->station;
        int64_t id = 0;
        int r;

        if (j->result < 0) {
                answer(j,
                       &(struct backup_answer){.error = "the station is stopping, the backup was cut off"});
                return;
        }
        station_begin(s);
        r = station_check(s, backup_end(s->catalogue, j->actor, &j->row, &id),
                          "write what became of a backup");
        station_commit(s);
        if (r < 0 || s->failed)
                return; /* the next start has no record of it, and makes another one */
        j->row.id = id;
        if (j->row.cached)
                log_warning("the file system of '%s' cannot be read past the page cache: what was copied is "
                            "proved in memory alone",
                            j->path);
        tell(s, &j->row);
        answer(j, &(struct backup_answer){.row = &j->row});
}

/* A target that is there already is good when it is one of ours. */
static int target_register(struct backup_job *j)
{
        struct station *s = j->station;
        struct backup_target_row t = {.registered_at = clock_now()};
        int64_t id = 0;
        int r = backup_target_find(s->catalogue, j->uuid, &t);

        if (r != CATALOGUE_ABSENT)
                return r;
        if (j->result == TARGET_TAKEN)
                return CATALOGUE_EXISTS;
        (void)text_copy(t.uuid, sizeof(t.uuid), j->uuid);
        (void)text_copy(t.path, sizeof(t.path), j->path);
        t.registered_at = clock_now();
        station_begin(s);
        r = backup_target_add(s->catalogue, j->actor, &t, &id);
        (void)station_check(s, r, "register a target for backups");
        station_commit(s);
        return r;
}

static void end_init(struct backup_job *j)
{
        struct backup_answer a = {.error = j->error};
        int r = j->result;

        if (r == TARGET_OK || r == TARGET_TAKEN)
                r = target_register(j);
        if (r == CATALOGUE_OK)
                a = (struct backup_answer){.uuid = j->uuid};
        answer(j, &a);
}

static void order_done(struct backup_job *j)
{
        char **const texts[] = {&j->path, &j->number, &j->catalogue, &j->store_root, &j->actor};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                free(*texts[i]);
                *texts[i] = NULL;
        }
}

/* Whatever the thread has for us. While the catalogue has no room it waits. */
static void collect(struct backup_job *j)
{
        struct station *s = j->station;
        bool ended;

        if (!j->running || s->suspended || s->failed)
                return;
        (void)pthread_mutex_lock(&j->lock);
        ended = j->ended;
        (void)pthread_mutex_unlock(&j->lock);
        news_take(j);
        if (!ended || s->failed)
                return;
        (void)pthread_join(j->thread, NULL);
        j->running = false;
        if (j->init)
                end_init(j);
        else
                end_run(j);
        order_done(j);
        if (!s->failed)
                deadline_clock_kick(s->deadline_clock); /* when the next one is due depends on it */
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct backup_job *j = userdata;
        uint64_t count;

        (void)!read(fd, &count, sizeof(count));
        collect(j);
        return 0;
}

/* --- on the loop: orders --- */

static int order_texts(struct backup_job *j, const char *actor)
{
        const struct station *s = j->station;

        j->path = strdup(s->config->backup_target);
        j->number = strdup(s->config->number);
        j->catalogue = strdup(s->catalogue_path);
        j->store_root = strdup(s->config->store_path);
        j->actor = strdup(actor);
        return j->path && j->number && j->catalogue && j->store_root && j->actor ? 0 : -ENOMEM;
}

static int order_begin(struct backup_job *j, bool init, bool full_check, const char *actor,
                       backup_done_fn *on_done, void *userdata)
{
        struct station *s = j->station;
        int r;

        if (!s->config->backup_target)
                return -ENODEV;
        if (j->running)
                return -EBUSY;
        if (s->stopping || s->suspended || s->failed)
                return -ESHUTDOWN;
        r = order_texts(j, actor);
        j->init = init;
        j->order = (struct backup_order){.path = j->path,
                                         .station = j->number,
                                         .catalogue = j->catalogue,
                                         .store_root = j->store_root,
                                         .store = s->store,
                                         .allow_same_disk = s->config->backup_same_disk,
                                         .full_check = full_check,
                                         .keep = s->config->backup_generations,
                                         .pace = {on_piece, j},
                                         .on_begin = on_begin,
                                         .on_footage = on_footage,
                                         .on_pruned = on_pruned};
        j->ended = false;
        j->files = j->files_total = j->bytes = j->bytes_total = j->told = 0;
        j->news = (struct news){0};
        j->waiting = false;
        if (r >= 0)
                r = thread_start(&j->thread, job_thread, j);
        j->running = r >= 0;
        if (r < 0) {
                order_done(j);
                return r;
        }
        j->on_done = on_done;
        j->userdata = userdata;
        return 0;
}

int backup_job_begin(struct backup_job *j, bool full_check, const char *actor, backup_done_fn *on_done,
                     void *userdata)
{
        int r = order_begin(j, false, full_check, actor, on_done, userdata);

        if (r >= 0)
                event_log(EVENT_BACKUP_BEGUN, NULL, "a backup to '%s' has begun%s", j->path,
                          full_check ? ", all that is there is read again" : "");
        return r;
}

int backup_job_init(struct backup_job *j, const char *actor, backup_done_fn *on_done, void *userdata)
{
        return order_begin(j, true, false, actor, on_done, userdata);
}

/* --- on the loop: when --- */

/* CATALOGUE_ABSENT: there is no target. */
static int past_read(struct station *s, struct backup_past *ret, struct backup_target_row *target,
                     struct backup_row *last)
{
        struct backup_row good;
        int r = backup_target_last(s->catalogue, target, &ret->registered_at);

        if (r != CATALOGUE_OK)
                return r;
        r = backup_last_good(s->catalogue, &good);
        if (r < 0)
                return r;
        ret->good_at = ret->begun_at = ret->failed_at = INSTANT_NONE;
        if (r == CATALOGUE_OK) {
                ret->good_at = good.taken_at;
                ret->begun_at = good.begun_at;
        }
        r = backup_last(s->catalogue, last);
        if (r == CATALOGUE_ABSENT)
                *last = (struct backup_row){0};
        else if (r == CATALOGUE_OK && last->outcome == BACKUP_FAILED)
                ret->failed_at = last->ended_at;
        else if (r == CATALOGUE_OK)
                ret->begun_at = last->begun_at; /* one that lacks a file is not tried again every hour */
        return MIN(r, 0);
}

static void overdue_tell(struct station *s, const struct backup_past *past)
{
        char since[INSTANT_TEXT_MAX];

        if (past->good_at != INSTANT_NONE)
                station_alert(s, "backup-overdue", LOG_ERR, subject_run,
                              "the last good backup is of %s, and AlertAfter= has passed",
                              instant_format(past->good_at, since));
        else
                station_alert(s, "backup-overdue", LOG_ERR, subject_run,
                              "a target for backups is registered since %s, and there is no good backup yet",
                              instant_format(past->registered_at, since));
}

/* A target that is configured and was never made is told of, until it is made or is not configured. */
static void uninitialised_judge(struct station *s)
{
        int r = alert_is_open(s->catalogue, "backup-overdue", subject_run);

        if (station_check(s, r, "look up an alert") < 0)
                return;
        if (s->config->backup_target && r == CATALOGUE_ABSENT)
                station_alert(s, "backup-overdue", LOG_ERR, subject_run,
                              "Target='%s' is configured and was never registered: 'recdockctl backup init'",
                              s->config->backup_target);
        else if (!s->config->backup_target && r == CATALOGUE_OK)
                station_alert_clear(s, "backup-overdue", subject_run);
}

static void overdue_judge(struct station *s, const struct backup_past *past, instant_t now, instant_t *next)
{
        instant_t overdue = backup_overdue(&s->config->backup, past);
        int r = alert_is_open(s->catalogue, "backup-overdue", subject_run);

        if (station_check(s, r, "look up an alert") < 0)
                return;
        if (overdue > now) {
                if (r == CATALOGUE_OK)
                        station_alert_clear(s, "backup-overdue", subject_run);
                if (*next == INSTANT_NONE || overdue < *next)
                        *next = overdue;
        } else if (r == CATALOGUE_ABSENT) {
                overdue_tell(s, past);
        }
}

static void due_judge(struct backup_job *j, const struct backup_past *past, instant_t now, instant_t *next)
{
        struct station *s = j->station;
        instant_t due;
        int r;

        if (!s->config->backup_target || j->running || s->stopping)
                return;
        due = backup_due(&s->config->backup, past, now);
        if (due > now) {
                if (*next == INSTANT_NONE || due < *next)
                        *next = due;
                return;
        }
        r = backup_job_begin(j, false, STATION_ACTOR, NULL, NULL);
        if (r < 0)
                log_error("cannot begin a backup: %s, trying again later", log_errno_text(r));
}

void backup_job_look(struct backup_job *j, instant_t now, instant_t *next)
{
        struct backup_target_row target;
        struct backup_past past;
        struct backup_row last;
        struct station *s;
        int r;

        if (!j || j->station->suspended || j->station->failed)
                return;
        s = j->station;
        collect(j); /* what could not be written while the catalogue had no room */
        if (s->failed)
                return;
        r = past_read(s, &past, &target, &last);
        if (station_check(s, r, "look for backups") < 0)
                return;
        if (r == CATALOGUE_ABSENT) {
                uninitialised_judge(s);
                return;
        }
        overdue_judge(s, &past, now, next);
        if (!s->failed)
                due_judge(j, &past, now, next);
}

void backup_job_hold(struct backup_job *j, bool hold)
{
        if (!j)
                return;
        (void)pthread_mutex_lock(&j->lock);
        if (j->held != hold) {
                j->held = hold;
                (void)pthread_cond_signal(&j->changed);
        }
        (void)pthread_mutex_unlock(&j->lock);
}

int backup_job_state(struct backup_job *j, instant_t now, struct backup_state *ret)
{
        struct backup_state state = {.target.uuid = "",
                                     .good_at = INSTANT_NONE,
                                     .due_at = INSTANT_NONE,
                                     .overdue_at = INSTANT_NONE};
        struct station *s = j->station;
        struct backup_past past;
        int r = past_read(s, &past, &state.target, &state.last);

        if (r < 0)
                return r;
        state.registered = r == CATALOGUE_OK;
        if (state.registered) {
                state.good_at = past.good_at;
                state.overdue_at = backup_overdue(&s->config->backup, &past);
                if (s->config->backup_target && !j->running)
                        state.due_at = backup_due(&s->config->backup, &past, now);
        }
        state.running = j->running && !j->init;
        (void)pthread_mutex_lock(&j->lock);
        state.held = j->waiting;
        state.files = j->files;
        state.files_total = j->files_total;
        state.bytes = j->bytes;
        state.bytes_total = j->bytes_total;
        (void)pthread_mutex_unlock(&j->lock);
        *ret = state;
        return 0;
}

/* --- start and end --- */

DEFINE_CLEANUP(struct backup_job *, backup_job_free);

int backup_job_new(struct backup_job **ret, struct station *s)
{
        _cleanup_(backup_job_freep) struct backup_job *j = calloc(1, sizeof(*j));
        int r;

        if (!j)
                return -ENOMEM;
        j->station = s;
        (void)pthread_mutex_init(&j->lock, NULL);
        (void)pthread_cond_init(&j->changed, NULL);
        j->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (j->wake_fd < 0)
                return -errno;
        r = sd_event_add_io(s->event, &j->source, j->wake_fd, EPOLLIN, on_wake, j);
        if (r >= 0)
                r = sd_event_source_set_priority(j->source, PRIORITY_FILING);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(j);
        return 0;
}

void backup_job_stop(struct backup_job *j)
{
        if (!j)
                return;
        (void)pthread_mutex_lock(&j->lock);
        j->cancelled = true;
        (void)pthread_cond_signal(&j->changed);
        (void)pthread_mutex_unlock(&j->lock);
}

void backup_job_free(struct backup_job *j)
{
        if (!j)
                return;
        backup_job_stop(j);
        if (j->running)
                (void)pthread_join(j->thread, NULL);
        answer(j, &(struct backup_answer){.error = "the station is stopping, the backup was cut off"});
        sd_event_source_disable_unref(j->source);
        (void)fd_close(j->wake_fd);
        news_done(&j->news);
        order_done(j);
        (void)pthread_cond_destroy(&j->changed);
        (void)pthread_mutex_destroy(&j->lock);
        free(j);
}
