// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The talk with one recdock-archive; see archivist.h and archive/archive_messages.h. What it says is checked
 * here: it may tell only of footage that is on the volume, and is given only such footage.
 */
#include "daemon/archive/archive_messages.h"
#include "daemon/archivist_internal.h"
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/footage.h"
#include "daemon/config.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

/* Of KillTimeout=: a medium syncs megabytes at once, and may be slow. */
#define STALL_TIMES 5

_Static_assert((int)VOLUME_COPY_CACHED == (int)PROOF_CACHED &&
                               (int)VOLUME_COPY_DIFFERS == (int)PROOF_DIFFERS &&
                               (int)VOLUME_COPY_BAD_LIST == (int)PROOF_BAD_LIST &&
                               (int)_PROOF_MAX == (int)VOLUME_COPY_SOURCE,
               "results of copies are those of the proof");

/* --- a worker that says nothing any more --- */

static int on_stall(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct archivist *a = userdata;

        event_log(EVENT_WORKER_KILLED, NULL,
                  "recdock-archive %d has made no progress with %s %s, killing it",
                  a->worker ? (int)worker_pid(a->worker) : 0, a->volume.id > 0 ? "volume" : "drive",
                  a->volume.id > 0 ? a->volume.number : a->drive);
        if (a->worker)
                worker_signal(a->worker, SIGKILL);
        return 0;
}

/* Begins the wait anew. While it is held it owes nothing. */
void archivist_run_supervise(struct archivist *a)
{
        uint64_t wait = (uint64_t)a->station->config->kill_timeout * STALL_TIMES;
        int r;

        if (!a->stall)
                r = sd_event_add_time_relative(a->station->event, &a->stall, CLOCK_MONOTONIC, wait, 0,
                                               on_stall, a);
        else
                r = sd_event_source_set_time_relative(a->stall, wait);
        if (r >= 0)
                r = sd_event_source_set_priority(a->stall, PRIORITY_TIMER);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->stall, a->held ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
        if (r < 0)
                log_error("could not arm a timer for recdock-archive: %s, going on without",
                          log_errno_text(r));
}

void archivist_run_hold(struct archivist *a)
{
        const struct archive_hold hold = {.hold = a->held};
        int r;

        if (!a->worker || a->stage != ARCHIVIST_WORKING)
                return;
        r = worker_send(a->worker, ARCHIVE_MESSAGE_HOLD, &hold, sizeof(hold), -EBADF);
        if (r < 0) /* it is gone, or its queue is full of what it does not read: the stall ends it */
                log_debug("recdock-archive cannot be told to %s: %s", a->held ? "wait" : "go on",
                          log_errno_text(r));
        archivist_run_supervise(a);
}

/* --- what it says --- */

static void malformed(struct archivist *a, const char *what)
{
        log_warning("recdock-archive sent %s, killing it", what);
        worker_refuse(a->worker);
}

static int copy_add(struct archivist *a, int64_t footage, enum copy_result result, const char *path)
{
        char *own = strdup(path);

        if (!own)
                return -ENOMEM;
        if (a->n_copies == a->room_copies) {
                struct copy *grown = reallocarray(a->copies, a->room_copies * 2 + 64, sizeof(*grown));

                if (!grown) {
                        free(own);
                        return -ENOMEM;
                }
                a->copies = grown;
                a->room_copies = a->room_copies * 2 + 64;
        }
        a->copies[a->n_copies++] = (struct copy){footage, result, own};
        return 0;
}

static void other_add(struct archivist *a, const char *path, enum proof_result result)
{
        json_object *o;

        if (!a->others)
                a->others = json_object_new_array();
        if (json_object_array_length(a->others) >= ARCHIVIST_OTHERS_MAX)
                return;
        o = json_object_new_object();
        (void)json_object_object_add(o, "path", json_object_new_string(path));
        (void)json_object_object_add(o, "result", json_object_new_string(proof_result_text(result)));
        (void)json_object_array_add(a->others, o);
}

/* Is it on the volume? */
static bool is_of_volume(struct archivist *a, int64_t footage)
{
        int r = volume_has(a->station->catalogue, a->volume.id, footage);

        return station_check(a->station, r, "look up a copy") == CATALOGUE_OK;
}

static void on_result(struct archivist *a, const struct archive_result *m)
{
        char path[ARCHIVE_MESSAGE_PATH];
        int64_t footage = m->footage;
        int r = 0;

        (void)snprintf(path, sizeof(path), "%.*s", (int)sizeof(m->path) - 1, m->path);
        text_make_printable(path);
        if (m->result >= _PROOF_MAX) {
                malformed(a, "a result that is none");
                return;
        }
        /* Read again, a path says which one it is; being written, the number does. */
        if (a->task == ARCHIVIST_VERIFY &&
            volume_path_find(a->station->catalogue, a->volume.id, path, &footage) != CATALOGUE_OK)
                footage = 0;
        if (a->task == ARCHIVIST_WRITE && footage > 0 && !is_of_volume(a, footage)) {
                malformed(a, "a result of a footage that is not on the volume");
                return;
        }
        if (footage > 0)
                r = copy_add(a, footage, (enum copy_result)m->result, path);
        else if (m->result != PROOF_GOOD && m->result != PROOF_CACHED)
                other_add(a, path, (enum proof_result)m->result);
        station_check(a->station, r, "keep what recdock-archive told");
}

static int source_open(struct archivist *a, int64_t footage, int *ret_fd)
{
        struct station *s = a->station;
        struct footage f;
        int r;

        if (a->task != ARCHIVIST_WRITE || !is_of_volume(a, footage))
                return -EPERM;
        if (footage == a->given.footage) {
                *ret_fd = fcntl(a->given.fd, F_DUPFD_CLOEXEC, 3);
                return *ret_fd < 0 ? -errno : 0;
        }
        r = footage_by_id(s->catalogue, footage, &f);
        if (r == CATALOGUE_OK)
                r = store_footage_open(s->store, f.path, false, ret_fd);
        return r > 0 ? -ENOENT : r;
}

static void on_want(struct archivist *a, const struct archive_want *m)
{
        _cleanup_close_ int fd = -EBADF;
        struct archive_source answer = {.footage = m->footage};
        int r = source_open(a, m->footage, &fd);

        if (a->station->failed)
                return;
        answer.error = MIN(r, 0);
        r = worker_send(a->worker, ARCHIVE_MESSAGE_SOURCE, &answer, sizeof(answer), fd);
        if (r < 0) {
                log_warning("recdock-archive cannot be answered: %s, killing it", log_errno_text(r));
                worker_signal(a->worker, SIGKILL);
        }
}

static void on_ready(struct archivist *a, const struct archive_ready *m)
{
        struct station *s = a->station;

        log_info("recdock-archive is ready: Landlock %s, seccomp %s",
                 m->landlock_abi > 0 ? "on" : "not in this kernel", m->seccomp ? "on" : "off");
        if (a->task != ARCHIVIST_WRITE)
                return;
        station_begin(s);
        station_check(s, volume_begin(s->catalogue, a->volume.id), "begin a volume");
        station_commit(s);
        inject_point("archive-begun");
}

/* Kept until the process is gone: nothing of it can be freed while it speaks. */
static void on_ended(struct archivist *a, const struct archive_ended *m)
{
        struct archivist_told *t = &a->told;

        *t = (struct archivist_told){.outcome = m->outcome,
                                     .error = m->error,
                                     .footage = m->footage,
                                     .cached = m->counts[PROOF_CACHED]};
        memcpy(t->seal, m->seal, DIGEST_SIZE);
        (void)snprintf(t->path, sizeof(t->path), "%.*s", (int)sizeof(m->path) - 1, m->path);
        text_make_printable(t->path);
        if (t->footage > 0 && !is_of_volume(a, t->footage))
                t->footage = 0;
        a->ended = true;
}

static void on_message(void *userdata, struct message *m)
{
        struct archivist *a = userdata;
        const struct archive_ready *ready = message_payload(m, sizeof(*ready));
        const struct archive_want *want = message_payload(m, sizeof(*want));
        const struct archive_progress *progress = message_payload(m, sizeof(*progress));
        const struct archive_result *result = message_payload(m, sizeof(*result));
        const struct archive_ended *ended = message_payload(m, sizeof(*ended));

        if (a->ended || a->station->failed)
                return;
        archivist_run_supervise(a);
        if (m->type == ARCHIVE_MESSAGE_READY && ready) {
                on_ready(a, ready);
        } else if (m->type == ARCHIVE_MESSAGE_WANT && want) {
                on_want(a, want);
        } else if (m->type == ARCHIVE_MESSAGE_PROGRESS && progress) {
                a->phase = progress->phase == ARCHIVE_PROVING || progress->phase == ARCHIVE_STAGING
                                           ? (enum archive_phase)progress->phase
                                           : ARCHIVE_WRITING;
                a->bytes = progress->done;
                a->bytes_total = progress->total;
        } else if (m->type == ARCHIVE_MESSAGE_RESULT && result) {
                on_result(a, result);
        } else if (m->type == ARCHIVE_MESSAGE_ENDED && ended) {
                on_ended(a, ended);
        } else {
                malformed(a, "a message that is none of the protocol");
        }
}

static void on_burst(void *userdata, bool begin)
{
        (void)userdata;
        (void)begin;
}

static void on_medium_released(struct archivist *a)
{
        archivist_ended(a, a->status);
}

/* What becomes of it is not known before its medium is released. */
static void on_exit_of_worker(void *userdata, bool clean, const char *status)
{
        struct archivist *a = userdata;

        (void)clean;
        if (a->station->failed || a->station->stopping)
                return;
        if (!a->ended)
                event_log(EVENT_WORKER_DIED, NULL, "recdock-archive ended before volume %s did: %s",
                          a->volume.number, status);
        a->stall = sd_event_source_disable_unref(a->stall);
        (void)text_copy(a->status, sizeof(a->status), status);
        archivist_medium_release(a, on_medium_released);
}

/* --- its beginning and its end --- */

static void text_give(char *to, size_t size, const char *from)
{
        (void)text_copy(to, size, from ? from : "");
}

/* What a volume was begun with it is gone on with, whatever the configuration has become. */
static int has_hash_list(const struct archivist *a, bool *ret)
{
        int r = volume_hash_list(a->station->catalogue, a->volume.id, ret);

        if (r == CATALOGUE_ABSENT)
                *ret = a->station->config->archive_hash_list;
        return MIN(r, 0);
}

static int begin_compose(struct archivist *a, struct archive_begin *b)
{
        const struct config *c = a->station->config;
        bool hash_list = false;
        int r = has_hash_list(a, &hash_list);

        if (r < 0)
                return r;
        *b = (struct archive_begin){
                        .task = a->task == ARCHIVIST_VERIFY ? ARCHIVE_TASK_VERIFY : ARCHIVE_TASK_WRITE,
                        .backend = a->medium.kind == MEDIUM_DISC ? ARCHIVE_BACKEND_DISC
                                                                 : ARCHIVE_BACKEND_FOLDER,
                        /* A medium that leaves is proved on the medium, or not at all. */
                        .cached_is_enough = a->medium.kind == MEDIUM_FOLDER,
                        .hash_list = hash_list,
                        .made_at = a->volume.made_at,
        };
        if (b->task == ARCHIVE_TASK_WRITE && b->backend == ARCHIVE_BACKEND_DISC)
                b->recovery = a->recovery;
        text_give(b->number, sizeof(b->number), a->volume.number);
        text_give(b->station, sizeof(b->station), c->number);
        text_give(b->custodian, sizeof(b->custodian), c->custodian);
        text_give(b->medium, sizeof(b->medium), a->medium.type);
        text_give(b->drive, sizeof(b->drive), a->drive);
        return archive_organization(a->station->catalogue, b->organization, sizeof(b->organization));
}

static int orders_send(struct archivist *a)
{
        struct archive_begin begin;
        int r = begin_compose(a, &begin);

        if (r >= 0)
                r = worker_send(a->worker, ARCHIVE_MESSAGE_BEGIN, &begin, sizeof(begin),
                                begin.recovery > 0 ? a->scratch : a->root);
        if (r >= 0 && a->task == ARCHIVIST_WRITE)
                r = worker_send(a->worker, ARCHIVE_MESSAGE_CONTENTS, NULL, 0, a->contents);
        return r;
}

int archivist_run(struct archivist *a)
{
        char program[PATH_MAX];
        char *argv[] = {worker_program("recdock-archive", program, sizeof(program)), NULL};
        const struct worker_events events = {.on_message = on_message,
                                             .on_burst = on_burst,
                                             .on_exit = on_exit_of_worker,
                                             .userdata = a};
        int r = worker_start(&a->worker, a->station->event, argv, -EBADF, &events);

        if (r < 0)
                return r;
        a->stage = ARCHIVIST_WORKING;
        a->ended = false;
        archivist_run_supervise(a);
        r = orders_send(a);
        a->root = fd_close(a->root);
        a->contents = fd_close(a->contents);
        a->scratch = fd_close(a->scratch); /* the room is the worker's to give back */
        if (r >= 0 && a->held)
                archivist_run_hold(a);
        return r;
}

void archivist_copies_forget(struct archivist *a)
{
        for (size_t i = 0; i < a->n_copies; i++)
                free(a->copies[i].path);
        free(a->copies);
        a->copies = NULL;
        a->n_copies = a->room_copies = 0;
}

void archivist_run_drop(struct archivist *a)
{
        worker_free(a->worker);
        a->worker = NULL;
        a->stall = sd_event_source_disable_unref(a->stall);
        a->root = fd_close(a->root);
        a->contents = fd_close(a->contents);
        a->scratch = fd_close(a->scratch);
        archivist_copies_forget(a);
        json_object_put(a->others);
        a->others = NULL;
        a->bytes = a->bytes_total = 0;
        a->phase = ARCHIVE_WRITING;
}
