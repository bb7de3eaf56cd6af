// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * InitBackup(), StartBackup(), VerifyBackup(). The first two are done by the station's own thread for
 * backups: the call is kept and answered when that has ended. Reading a backup again is a job of the bus,
 * as reading the store is.
 */
#include "daemon/bus.h"
#include "backup/backup_verify.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/backup_job.h"
#include "daemon/config.h"

#include <json-c/json.h>
#include <string.h>

DEFINE_CLEANUP(struct bus_job *, bus_job_free);
DEFINE_CLEANUP(json_object *, json_object_put);

static int refuse_begin(int r, sd_bus_error *error)
{
        if (r == -ENODEV)
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "no target for backups is configured: expected [Backup] Target= in "
                                        "recdock.conf, then a reload");
        if (r == -EBUSY)
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "a backup is under way: expected none, see 'recdockctl backup "
                                        "status'");
        return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED, "a backup cannot be begun: %s",
                                 log_errno_text(r));
}

static void reply_sent(sd_bus_message *m, int r)
{
        if (r < 0)
                log_debug("reply to '%s' cannot be sent: %s", sd_bus_message_get_member(m),
                          log_errno_text(r));
        sd_bus_message_unref(m);
}

static void add_text(json_object *o, const char *key, const char *value)
{
        (void)json_object_object_add(o, key, value[0] ? json_object_new_string(value) : NULL);
}

static void add_number(json_object *o, const char *key, int64_t value)
{
        (void)json_object_object_add(o, key, json_object_new_int64(value));
}

static json_object *row_object(const struct backup_row *b)
{
        json_object *o = json_object_new_object();

        add_number(o, "id", b->id);
        add_text(o, "outcome", word_of(&backup_outcome_words, (int)b->outcome));
        add_text(o, "generation", b->generation);
        add_number(o, "footage", b->footage);
        add_number(o, "copied", b->copied);
        add_number(o, "bytes", b->bytes);
        add_number(o, "lacking", b->lacking);
        add_number(o, "displaced", b->displaced);
        add_text(o, "error", b->error);
        return o;
}

static void on_ended(void *userdata, const struct backup_answer *a)
{
        _cleanup_(json_object_putp) json_object *o = a->row ? row_object(a->row) : NULL;
        sd_bus_message *m = userdata;

        if (a->error)
                reply_sent(m, sd_bus_reply_method_errorf(m, RECDOCK_ERROR_FAILED, "%s", a->error));
        else
                reply_sent(m,
                           sd_bus_reply_method_return(
                                           m, "s",
                                           json_object_to_json_string_ext(
                                                           o,
                                                           JSON_C_TO_STRING_PLAIN |
                                                                           JSON_C_TO_STRING_NOSLASHESCAPE)));
}

int bus_start_backup(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX];
        int full_check, wait, r;

        r = sd_bus_message_read(m, "bb", &full_check, &wait);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        r = station_backup_begin(server->station, full_check, actor, wait ? on_ended : NULL, m);
        if (r < 0)
                return refuse_begin(r, error);
        if (!wait)
                return sd_bus_reply_method_return(m, "s", "{}");
        (void)sd_bus_message_ref(m); /* on_ended()'s: it comes from the loop, not before this returns */
        return 1;
}

static void on_made(void *userdata, const struct backup_answer *a)
{
        sd_bus_message *m = userdata;

        if (a->error)
                reply_sent(m, sd_bus_reply_method_errorf(m, RECDOCK_ERROR_CONFLICT, "%s", a->error));
        else
                reply_sent(m, sd_bus_reply_method_return(m, "s", a->uuid));
}

/* Where recdockd may write is the configuration's to say, and not that of whoever is on the bus. */
static int path_accept(const struct bus_server *server, const char *path, sd_bus_error *error)
{
        const char *target = server->station->config->backup_target;
        size_t n = strlen(path);

        while (n > 1 && path[n - 1] == '/')
                n--;
        if (n == 0 || !target || (strlen(target) == n && memcmp(path, target, n) == 0))
                return 0;
        return sd_bus_error_setf(
                        error, RECDOCK_ERROR_INVALID,
                        "path '%s' is not the configured target: expected '%s', or another [Backup] "
                        "Target= in recdock.conf",
                        path, target);
}

int bus_init_backup(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX], printable[256];
        const char *path;
        int r = sd_bus_message_read(m, "s", &path);

        if (r < 0)
                return r;
        (void)text_copy(printable, sizeof(printable), path);
        text_make_printable(printable);
        r = path_accept(server, printable, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        r = station_backup_init(server->station, actor, on_made, m);
        if (r < 0)
                return refuse_begin(r, error);
        (void)sd_bus_message_ref(m);
        return 1;
}

/* --- VerifyBackup() --- */

struct reading {
        char *path, *station;
        bool generation_bad;
};

static int reading_on_piece(void *userdata, uint64_t bytes)
{
        struct bus_job *job = userdata;

        return atomic_load(&job->cancelled) ? -ECANCELED : 0;
}

static int reading_on_file(void *userdata, const struct footage_file *f, const char *result,
                           const struct digest_values *found, int64_t size)
{
        const struct bus_file_line line = {.id = f->id,
                                           .path = f->path,
                                           .size = size,
                                           .result = result,
                                           .sha256 = found ? found->sha256 : NULL,
                                           .expected = f->digests.sha256};
        struct bus_job *job = userdata;
        int r = bus_job_write_file(job, &line);

        return r < 0 ? r : bus_job_flush(job);
}

static int reading_on_generation(void *userdata, const char *name, const char *reason)
{
        _cleanup_(json_object_putp) json_object *line = json_object_new_object();
        struct bus_job *job = userdata;
        struct reading *reading = job->state;

        reading->generation_bad = reason != NULL;
        job->bad += reason != NULL;
        add_text(line, "generation", name);
        add_text(line, "result", reason ? "damaged" : "ok");
        add_text(line, "reason", reason ? reason : "");
        return bus_job_write_line(
                        job, json_object_to_json_string_ext(
                                             line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int reading_accept(struct bus_job *job, const struct query_filter *filters, size_t n,
                          sd_bus_error *error)
{
        struct config *config = job->server->station->config;
        struct reading *reading;

        if (n > 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "unknown filter '%s' for a backup, expected none", filters[0].key);
        if (!config->backup_target)
                return refuse_begin(-ENODEV, error);
        reading = job->state = calloc(1, sizeof(*reading));
        if (!reading)
                return -ENOMEM;
        reading->path = strdup(config->backup_target);
        reading->station = strdup(config->number);
        return reading->path && reading->station ? 0 : -ENOMEM;
}

static int reading_run(struct bus_job *job, struct catalogue *c)
{
        struct reading *reading = job->state;
        const struct backup_verify v = {.path = reading->path,
                                        .station = reading->station,
                                        .catalogue = c,
                                        .pace = {reading_on_piece, job},
                                        .on_file = reading_on_file,
                                        .on_generation = reading_on_generation,
                                        .userdata = job};

        return backup_verify_run(&v, job->error);
}

static int reading_reply(struct bus_job *job)
{
        struct station *s = job->server->station;
        const struct reading *reading = job->state;

        if (job->bad > 0)
                station_alert(s, "backup-failed", LOG_ERR, "backup/copies",
                              "%llu of %llu files in the backup are not what was copied there%s: "
                              "'recdockctl backup start --full-check' copies them anew",
                              (unsigned long long)(job->bad - reading->generation_bad),
                              (unsigned long long)job->rows,
                              reading->generation_bad ? ", and the newest generation of the catalogue is "
                                                        "damaged"
                                                      : "");
        else
                station_alert_clear(s, "backup-failed", "backup/copies");
        return sd_bus_reply_method_return(job->call, "tt", job->rows, job->bad);
}

static void reading_release(struct bus_job *job)
{
        struct reading *reading = job->state;

        if (!reading)
                return;
        free(reading->path);
        free(reading->station);
        free(reading);
}

static const struct bus_job_type reading_job = {
                .accept = reading_accept,
                .run = reading_run,
                .reply = reading_reply,
                .release = reading_release,
};

int bus_verify_backup(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(bus_job_freep) struct bus_job *job = NULL;
        int r = bus_job_new(userdata, m, &reading_job, NULL, error, &job);

        if (r >= 0)
                r = bus_job_start(job);
        if (r < 0)
                return r;
        job = NULL; /* the server's now */
        return 1;
}
