// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Verify(): is every filed byte what it was when it was filed, is there nothing in the store that was not
 * filed, and is the ledger's chain whole?
 *
 * The job's thread reads the catalogue and writes the lines; opening footage and asking the inspector for
 * digests is the loop's. Between them goes a window of checks: TODO (thread → loop), ASKED (with the
 * inspector), DONE (loop → thread). The numbers of all footage are noted first and each row is read when its
 * turn comes, so that no read transaction stays open for the hours that terabytes take; it would keep the
 * write-ahead log from being emptied.
 *
 * The lock guards the list and the 'state' of its checks. A check that is ASKED belongs to the inspector
 * until its answer: when the job ends before, the check is cut loose (job NULL) and freed by the answer.
 */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/footage.h"
#include "media/inspect_messages.h"

#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>

enum { VERIFY_WINDOW = 4, VERIFY_RETRY_US = 200000 };

enum check_state { CHECK_TODO, CHECK_ASKED, CHECK_DONE };

struct check {
        struct check *next;
        struct bus_job *job; /* NULL: cut loose */
        enum check_state state;
        int64_t id, size;
        char path[STORE_PATH_MAX];
        struct digest_values expected;
        const char *result; /* a word of the answer */
        int64_t found_size; /* -1 unknown */
        struct digest_values found;
        bool has_found;
};

struct verify {
        pthread_mutex_t lock;
        pthread_cond_t answered;
        struct check *checks; /* in order of their lines */
        int64_t *ids;
        size_t n_ids, ids_room;
        uint64_t foreign; /* read by the loop after the thread has ended, like what follows */
        char first_foreign[256];
        bool ledger_broken; /* read by the loop after the thread has ended */
        int64_t ledger_sequence;
};

DEFINE_CLEANUP(struct bus_job *, bus_job_free);
DEFINE_CLEANUP(json_object *, json_object_put);

/* ---- on the loop ---- */

static void check_alert(struct station *s, const struct check *check)
{
        char subject[64];

        (void)snprintf(subject, sizeof(subject), "footage/%lld", (long long)check->id);
        if (strcmp(check->result, "missing") == 0)
                station_alert(s, "digest-mismatch", LOG_CRIT, subject,
                              "filed footage '%s' is missing from the store", check->path);
        else if (strcmp(check->result, "mismatch") == 0)
                station_alert(s, "digest-mismatch", LOG_CRIT, subject,
                              "filed footage '%s' is not what it was when it was filed", check->path);
        else if (strcmp(check->result, "unreadable") == 0)
                station_alert(s, "digest-mismatch", LOG_CRIT, subject, "filed footage '%s' cannot be read",
                              check->path);
}

static void check_set_state(struct verify *v, struct check *check, enum check_state state)
{
        (void)pthread_mutex_lock(&v->lock);
        check->state = state;
        if (state == CHECK_DONE)
                (void)pthread_cond_signal(&v->answered);
        (void)pthread_mutex_unlock(&v->lock);
}

/* The answer is known: hands the check back to the thread, which may free it before this returns. */
static void check_answer(struct check *check, const char *result)
{
        struct verify *v = check->job->state;

        check->result = result;
        check_alert(check->job->server->station, check);
        check_set_state(v, check, CHECK_DONE);
}

static const char *digest_judge(struct check *check, int error, const struct inspect_result *result)
{
        if (error < 0)
                return error == -ECANCELED || error == -ECHILD ? "cancelled" : "unreadable";
        if (result->error < 0 || result->digested == 0)
                return "unreadable";
        check->found = result->digests;
        check->found_size = result->size;
        check->has_found = true;
        return result->size == check->size && digest_equal(&check->expected, &result->digests) ? "ok"
                                                                                               : "mismatch";
}

static void check_on_digest(void *userdata, int error, const struct inspect_result *result)
{
        struct check *check = userdata;
        struct bus_job *job = check->job;

        if (!job) {
                free(check);
                return;
        }
        check_answer(check, digest_judge(check, error, result));
        /* There is room with the inspector again. */
        bus_job_wake(job);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        uint64_t one = 1;
        const struct bus_server *server = userdata;

        (void)!write(server->wake_fd, &one, sizeof(one));
        return 0;
}

/* The inspector is busy with others, whose end we are not told of. */
static void retry_arm(struct bus_server *server)
{
        int r;

        server->retry = sd_event_source_disable_unref(server->retry);
        r = sd_event_add_time_relative(server->station->event, &server->retry, CLOCK_MONOTONIC,
                                       VERIFY_RETRY_US, 0, on_retry, server);
        if (r >= 0)
                r = sd_event_source_set_priority(server->retry, PRIORITY_BUS);
        if (r < 0)
                log_warning("timer of a verification: %s, it goes on with the next answer",
                            log_errno_text(r));
}

/* False when the inspector has no room and the check stays TODO. */
static bool check_ask(struct check *check)
{
        struct station *s = check->job->server->station;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        r = store_footage_open(s->store, check->path, true, &fd);
        if (r == STORE_ABSENT) {
                check_answer(check, "missing");
                return true;
        }
        if (r != STORE_OK || fstat(fd, &st) < 0) {
                check_answer(check, "unreadable");
                return true;
        }
        check->found_size = st.st_size;
        if (st.st_size != check->size) {
                check_answer(check, "mismatch");
                return true;
        }
        check_set_state(check->job->state, check, CHECK_ASKED);
        r = station_digest(s, fd, check->size, check_on_digest, check);
        if (r == -EAGAIN)
                check_set_state(check->job->state, check, CHECK_TODO);
        else if (r < 0)
                check_answer(check, r == -ECANCELED ? "cancelled" : "unreadable");
        return r != -EAGAIN;
}

static struct check *check_next_todo(struct verify *v)
{
        struct check *found;

        (void)pthread_mutex_lock(&v->lock);
        for (found = v->checks; found && found->state != CHECK_TODO; found = found->next)
                ;
        (void)pthread_mutex_unlock(&v->lock);
        return found;
}

static void verify_on_wake(struct bus_job *job)
{
        struct verify *v = job->state;
        struct check *check;

        while (!atomic_load(&job->finished) && (check = check_next_todo(v)))
                if (!check_ask(check)) {
                        retry_arm(job->server);
                        return;
                }
}

/* What nobody has filed: put there by hand, or by a recdock whose catalogue was lost. */
static void foreign_alert(struct bus_job *job, const struct verify *v)
{
        struct station *s = job->server->station;

        if (v->foreign > 0)
                station_alert(s, "foreign-files", LOG_ERR, "store",
                              "%llu files in the store are not in the catalogue, '%s' the first",
                              (unsigned long long)v->foreign, v->first_foreign);
        else if (job->whole)
                station_alert_clear(s, "foreign-files", "store");
}

static int verify_reply(struct bus_job *job)
{
        const struct verify *v = job->state;

        foreign_alert(job, v);

        if (v->ledger_broken)
                station_alert(job->server->station, "ledger-broken", LOG_CRIT, "ledger",
                              "the ledger's chain is broken at entry %lld", (long long)v->ledger_sequence);
        return sd_bus_reply_method_return(job->call, "tt", job->rows, job->bad);
}

static void verify_release(struct bus_job *job)
{
        struct verify *v = job->state;

        if (!v)
                return;
        while (v->checks) {
                struct check *check = v->checks;

                v->checks = check->next;
                check->job = NULL;
                if (check->state != CHECK_ASKED)
                        free(check);
        }
        (void)pthread_mutex_destroy(&v->lock);
        (void)pthread_cond_destroy(&v->answered);
        free(v->ids);
        free(v);
}

/* ---- in the thread ---- */

static int ids_on_row(void *userdata, const char *json)
{
        struct bus_job *job = userdata;
        struct verify *v = job->state;
        _cleanup_(json_object_putp) json_object *row = json_tokener_parse(json);
        json_object *id;

        if (atomic_load(&job->cancelled))
                return -ECANCELED;
        if (!row || !json_object_object_get_ex(row, "id", &id))
                return -EBADMSG;
        if (v->n_ids == v->ids_room) {
                size_t room = v->ids_room ? 2 * v->ids_room : 1024;
                int64_t *ids = reallocarray(v->ids, room, sizeof(*ids));

                if (!ids)
                        return -ENOMEM;
                v->ids = ids;
                v->ids_room = room;
        }
        v->ids[v->n_ids++] = json_object_get_int64(id);
        return 0;
}

/* 1 when the footage is not there any more. */
static int check_new(struct bus_job *job, struct catalogue *c, int64_t id, struct check **ret)
{
        _cleanup_free_ struct footage *f = malloc(sizeof(*f));
        struct check *check;
        int r;

        if (!f)
                return -ENOMEM;
        r = footage_by_id(c, id, f);
        if (r != 0)
                return r < 0 ? r : 1;
        check = calloc(1, sizeof(*check));
        if (!check)
                return -ENOMEM;
        check->job = job;
        check->id = id;
        check->size = f->size;
        check->found_size = -1;
        check->expected = f->digests;
        (void)text_copy(check->path, sizeof(check->path), f->path);
        *ret = check;
        return 0;
}

static void check_append(struct verify *v, struct check *check)
{
        struct check **link;

        (void)pthread_mutex_lock(&v->lock);
        for (link = &v->checks; *link; link = &(*link)->next)
                ;
        *link = check;
        (void)pthread_mutex_unlock(&v->lock);
}

static json_object *digest_to_json(const uint8_t sha256[DIGEST_SIZE])
{
        char hex[DIGEST_HEX_SIZE];

        return sha256 ? json_object_new_string(text_hex(sha256, DIGEST_SIZE, hex)) : NULL;
}

int bus_job_write_file(struct bus_job *job, const struct bus_file_line *file)
{
        _cleanup_(json_object_putp) json_object *line = json_object_new_object();
        int r;

        if (!line)
                return -ENOMEM;
        (void)json_object_object_add(line, "id", file->id > 0 ? json_object_new_int64(file->id) : NULL);
        (void)json_object_object_add(line, "path", json_object_new_string(file->path));
        (void)json_object_object_add(line, "size",
                                     file->size >= 0 ? json_object_new_int64(file->size) : NULL);
        (void)json_object_object_add(line, "result", json_object_new_string(file->result));
        (void)json_object_object_add(line, "sha256", digest_to_json(file->sha256));
        (void)json_object_object_add(line, "expected", digest_to_json(file->expected));
        r = bus_job_write_line(
                        job, json_object_to_json_string_ext(
                                             line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        if (r < 0)
                return r;
        job->rows++;
        if (strcmp(file->result, "ok") != 0)
                job->bad++;
        return 0;
}

static int check_write(struct bus_job *job, const struct check *check)
{
        const struct bus_file_line line = {.id = check->id,
                                           .path = check->path,
                                           .size = check->found_size,
                                           .result = check->result,
                                           .sha256 = check->has_found ? check->found.sha256 : NULL,
                                           .expected = check->expected.sha256};
        int r = bus_job_write_file(job, &line);

        /* Each answer took a whole file's reading: a person waits for it. */
        return r < 0 ? r : bus_job_flush(job);
}

/* Waits until the oldest check is answered, takes it off the list and writes its line. */
static int check_finish_first(struct bus_job *job)
{
        struct verify *v = job->state;
        _cleanup_free_ struct check *check = NULL;

        (void)pthread_mutex_lock(&v->lock);
        while (v->checks->state != CHECK_DONE && !atomic_load(&job->cancelled))
                (void)pthread_cond_wait(&v->answered, &v->lock);
        if (v->checks->state == CHECK_DONE) {
                check = v->checks;
                v->checks = check->next;
        }
        (void)pthread_mutex_unlock(&v->lock);
        if (!check || strcmp(check->result, "cancelled") == 0)
                return -ECANCELED;
        return check_write(job, check);
}

static int footage_check_all(struct bus_job *job, struct catalogue *c)
{
        struct verify *v = job->state;
        size_t open = 0;

        for (size_t i = 0; i < v->n_ids || open > 0;) {
                int r;

                if (i < v->n_ids && open < VERIFY_WINDOW) {
                        struct check *check;

                        r = check_new(job, c, v->ids[i++], &check);
                        if (r < 0)
                                return r;
                        if (r == 1)
                                continue;
                        check_append(v, check);
                        bus_job_wake(job);
                        open++;
                        continue;
                }
                r = check_finish_first(job);
                if (r < 0)
                        return r;
                open--;
        }
        return 0;
}

struct foreign_search {
        struct bus_job *job;
        struct catalogue *catalogue;
};

static int foreign_write(struct bus_job *job, const char *path)
{
        struct verify *v = job->state;
        char shown[STORE_PATH_MAX];

        (void)text_copy(shown, sizeof(shown), path);
        text_make_printable(shown);
        if (v->foreign++ == 0)
                (void)text_copy(v->first_foreign, sizeof(v->first_foreign), shown);
        return bus_job_write_file(job,
                                  &(struct bus_file_line){.path = shown, .size = -1, .result = "foreign"});
}

/* A file that is just being filed has an intent before it has its name, so it is never taken for foreign. */
static int foreign_on_file(void *userdata, const char *path)
{
        struct foreign_search *search = userdata;
        int64_t id;
        int r;

        if (atomic_load(&search->job->cancelled))
                return -ECANCELED;
        r = text_utf8_valid(path) ? footage_by_path(search->catalogue, path, &id) : CATALOGUE_ABSENT;
        return r == CATALOGUE_ABSENT ? foreign_write(search->job, path) : r;
}

static int foreign_check(struct bus_job *job, struct catalogue *c)
{
        struct foreign_search search = {job, c};

        return job->whole ? store_footage_each(job->server->station->store, foreign_on_file, &search) : 0;
}

static int ledger_check(struct bus_job *job, struct catalogue *c)
{
        struct verify *v = job->state;
        char line[96];
        int64_t count = 0;
        int r = catalogue_ledger_verify(c, &v->ledger_sequence, &count);

        if (r < 0)
                return r;
        v->ledger_broken = r != CATALOGUE_OK;
        if (v->ledger_broken)
                (void)snprintf(line, sizeof(line), "{\"ledger\":\"broken\",\"sequence\":%lld}",
                               (long long)v->ledger_sequence);
        else
                (void)snprintf(line, sizeof(line), "{\"ledger\":\"ok\",\"entries\":%lld}", (long long)count);
        return bus_job_write_line(job, line);
}

static int verify_run(struct bus_job *job, struct catalogue *c)
{
        int r = query_run(c, job->query, ids_on_row, job);

        if (r >= 0)
                r = footage_check_all(job, c);
        if (r >= 0)
                r = foreign_check(job, c);
        if (r >= 0)
                r = ledger_check(job, c);
        if (r < 0 && r != -EPIPE && r != -ETIMEDOUT && r != -ECANCELED)
                (void)snprintf(job->error, sizeof(job->error), "the verification was given up: %s (%s)",
                               log_errno_text(r), catalogue_error(c));
        return r;
}

static void verify_cancel(struct bus_job *job)
{
        struct verify *v = job->state;

        (void)pthread_mutex_lock(&v->lock);
        (void)pthread_cond_signal(&v->answered);
        (void)pthread_mutex_unlock(&v->lock);
}

static const struct bus_job_type verify_job = {
                .run = verify_run,
                .on_wake = verify_on_wake,
                .on_cancel = verify_cancel,
                .reply = verify_reply,
                .release = verify_release,
};

static struct verify *verify_new(void)
{
        struct verify *v = calloc(1, sizeof(*v));

        if (v) {
                (void)pthread_mutex_init(&v->lock, NULL);
                (void)pthread_cond_init(&v->answered, NULL);
        }
        return v;
}

int bus_verify(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(bus_job_freep) struct bus_job *job = NULL;
        int r;

        r = bus_job_new(userdata, m, &verify_job, "footage", error, &job);
        if (r < 0)
                return r;
        job->state = verify_new();
        if (!job->state)
                return -ENOMEM;
        r = bus_job_start(job);
        if (r < 0)
                return r;
        job = NULL; /* the server's now */
        return 1;
}
