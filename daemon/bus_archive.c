// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Media and volumes on the bus. What a volume or a medium takes time for is the archivist's: the call is
 * kept and answered when that has ended. Plans and labels are jobs: a thread with a connection of its own.
 */
#include "archive/volume.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/volume.h"
#include "daemon/archive/archive_contents.h"
#include "daemon/archive_folder.h"
#include "daemon/archive_plan.h"
#include "daemon/archivist.h"
#include "daemon/bus_case.h"
#include "daemon/config.h"
#include "daemon/medium/medium_request.h"
#include "daemon/medium_presence.h"
#include "rules/usb_kind.h"

#include <json-c/json.h>
#include <string.h>

DEFINE_CLEANUP(struct bus_job *, bus_job_free);
DEFINE_CLEANUP(json_object *, json_object_put);
DEFINE_CLEANUP(struct archive_volume *, archive_volume_free);

#define JSON_FORM (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static void add_text(json_object *o, const char *key, const char *value)
{
        (void)json_object_object_add(o, key, value && value[0] ? json_object_new_string(value) : NULL);
}

static void add_number(json_object *o, const char *key, int64_t value)
{
        (void)json_object_object_add(o, key, json_object_new_int64(value));
}

static void reply_sent(sd_bus_message *m, int r)
{
        if (r < 0)
                log_debug("reply to '%s' cannot be sent: %s", sd_bus_message_get_member(m),
                          log_errno_text(r));
        sd_bus_message_unref(m);
}

static int refuse_begin(int r, sd_bus_error *error)
{
        switch (r) {
        case -EBUSY:
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "a volume is under way: expected none, see 'recdockctl archive "
                                        "status'");
        case -ENODATA:
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "nothing is due: expected footage of closed cases of a long-term "
                                        "category that lacks copies, or --case=");
        case -ENODEV:
                return sd_bus_error_set(
                                error, RECDOCK_ERROR_CONFLICT,
                                "no medium is at hand: expected an active one that is plugged in, or in a "
                                "folder of [Archive] Folder=, or a drive of Drive=, see 'recdockctl archive "
                                "media' and 'recdockctl archive init'");
        default:
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED, "it cannot be begun: %s",
                                         log_errno_text(r));
        }
}

/* --- StartArchive() --- */

static void on_written(void *userdata, const struct archivist_answer *a)
{
        _cleanup_(json_object_putp) json_object *o = json_object_new_object();
        sd_bus_message *m = userdata;

        if (a->error) {
                reply_sent(m, sd_bus_reply_method_errorf(m, RECDOCK_ERROR_FAILED, "%s", a->error));
                return;
        }
        add_text(o, "number", a->volume->number);
        add_text(o, "medium", a->medium->number);
        add_text(o, "state", word_of(&volume_state_words, (int)a->volume->state));
        add_number(o, "files", a->volume->files);
        add_number(o, "bytes", a->volume->bytes);
        add_text(o, "reason", a->volume->reason);
        reply_sent(m, sd_bus_reply_method_return(m, "s", json_object_to_json_string_ext(o, JSON_FORM)));
}

struct asking {
        const char *number, *unit;
};

static int ask_apply(struct registry_call *call, void *arguments)
{
        const struct asking *a = arguments;
        const struct case_act act = {call->actor, "", ""};
        struct case_file f;
        bool changed;
        int r = case_require(call->catalogue, a->number, a->unit, &f, call->error);

        if (r < 0)
                return r;
        r = volume_case_ask(call->catalogue, &act, f.id, &changed);
        if (r == CATALOGUE_CONFLICT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "case '%s' is of no long-term category: expected one of L1 to L4, "
                                         "see 'recdockctl case set --long-term'",
                                         a->number);
        return r;
}

static int drive_accept(const struct config *c, const char *drive, sd_bus_error *error)
{
        const struct config_folders *drives = &c->archive_drives;

        if (!*drive)
                return 0;
        for (size_t i = 0; i < drives->n; i++)
                if (strcmp(drives->paths[i], drive) == 0)
                        return 0;
        if (drives->n == 0)
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "no drive is configured: expected [Archive] Drive= in recdock.conf, "
                                        "then a reload");
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "'%s' is no drive for discs: expected one of [Archive] Drive= in "
                                 "recdock.conf, such as '%s'",
                                 drive, drives->paths[0]);
}

int bus_start_archive(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX];
        struct asking asking;
        const char *drive;
        int wait, r;

        r = sd_bus_message_read(m, "sssb", &asking.number, &asking.unit, &drive, &wait);
        if (r >= 0)
                r = drive_accept(server->station->config, drive, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r >= 0 && *asking.number)
                r = registry_run(server, m, ask_apply, &asking, error, NULL);
        if (r < 0)
                return r;
        r = station_archive_begin(server->station, actor, drive, wait ? on_written : NULL, m);
        if (r < 0)
                return refuse_begin(r, error);
        if (!wait)
                return sd_bus_reply_method_return(m, "s", "{}");
        (void)sd_bus_message_ref(m); /* on_written()'s */
        return 1;
}

/* --- InitMedium() --- */

static void on_made(void *userdata, const struct archivist_answer *a)
{
        sd_bus_message *m = userdata;

        if (a->error)
                reply_sent(m, sd_bus_reply_method_errorf(m, RECDOCK_ERROR_CONFLICT, "%s", a->error));
        else
                reply_sent(m, sd_bus_reply_method_return(m, "s", a->medium->number));
}

/* Where recdockd may write is the configuration's to say, and not that of whoever is on the bus. */
static const char *path_accept(const struct config *c, const char *path, sd_bus_error *error)
{
        const struct config_folders *f = &c->archive_folders;
        size_t n = strlen(path);

        if (f->n == 0) {
                (void)sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                       "no folder for media is configured: expected [Archive] Folder= in "
                                       "recdock.conf, then a reload");
                return NULL;
        }
        if (n == 0 && f->n == 1)
                return f->paths[0];
        while (n > 1 && path[n - 1] == '/')
                n--;
        for (size_t i = 0; i < f->n; i++)
                if (strlen(f->paths[i]) == n && memcmp(f->paths[i], path, n) == 0)
                        return f->paths[i];
        (void)sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                "path '%s' is no folder for media: expected one of [Archive] Folder= in "
                                "recdock.conf, such as '%s'",
                                path, f->paths[0]);
        return NULL;
}

int bus_init_medium(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX], path[1024], number[MEDIUM_NUMBER_MAX], place[MEDIUM_TEXT_MAX];
        const char *typed[3], *folder;
        int r = sd_bus_message_read(m, "sss", &typed[0], &typed[1], &typed[2]);

        if (r >= 0)
                r = bus_text_accept("path", typed[0], path, sizeof(path), error);
        if (r >= 0)
                r = bus_text_accept("number", typed[1], number, sizeof(number), error);
        if (r >= 0)
                r = bus_text_accept("place", typed[2], place, sizeof(place), error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        folder = path_accept(server->station->config, path, error);
        if (!folder)
                return -EINVAL;
        r = station_archive_init(server->station, folder, number, place, actor, on_made, m);
        if (r < 0)
                return refuse_begin(r, error);
        (void)sd_bus_message_ref(m);
        return 1;
}

/* --- MakeMedium() --- */

static int refuse_make(int r, const char *number, sd_bus_error *error)
{
        switch (r) {
        case -EEXIST:
                return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "there is a medium '%s' already: expected another number", number);
        case -ENOENT:
        case -ECONNREFUSED:
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "recdock-medium is not there: expected 'systemctl enable --now "
                                        "recdock-medium.socket'");
        default:
                return refuse_begin(r, error);
        }
}

static int format_accept(const char *typed, uint32_t *ret, sd_bus_error *error)
{
        if (strcmp(typed, "") == 0 || strcmp(typed, "ext4") == 0)
                *ret = MEDIUM_EXT4;
        else if (strcmp(typed, "exfat") == 0)
                *ret = MEDIUM_EXFAT;
        else
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "format '%s' is unknown: expected ext4 or exfat", typed);
        return 0;
}

static int label_accept(const char *typed, char ret[MEDIUM_LABEL_MAX], sd_bus_error *error)
{
        int r = bus_text_accept("label", typed[0] ? typed : "RECDOCK", ret, MEDIUM_LABEL_MAX, error);
        const struct medium_init probe = {.place = {.major = 1}, .format = MEDIUM_EXT4};
        struct medium_init labelled = probe;

        if (r < 0)
                return r;
        (void)text_copy(labelled.label, sizeof(labelled.label), ret);
        if (medium_init_check(&labelled) >= 0)
                return 0;
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "label '%s' cannot be one: expected letters, digits, '.', '_' and '-', and "
                                 "the first a letter or digit",
                                 typed);
}

static int disk_accept(sd_bus_message *m, struct medium_init *ret, sd_bus_error *error)
{
        const char *port, *format, *label, *force;
        int r = sd_bus_message_read(m, "suusss", &port, &ret->place.major, &ret->place.minor, &format,
                                    &label, &force);

        if (r < 0)
                return r;
        if (port[0] ? !usb_port_is_valid(port) : !ret->place.major && !ret->place.minor)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "port '%s' is no USB port: expected one such as '3-1.4'", port);
        r = bus_text_accept("port", port, ret->place.port, sizeof(ret->place.port), error);
        if (r >= 0)
                r = format_accept(format, &ret->format, error);
        if (r >= 0)
                r = label_accept(label, ret->label, error);
        return r < 0 ? r : bus_text_accept("force", force, ret->force, sizeof(ret->force), error);
}

int bus_make_medium(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX], number[MEDIUM_NUMBER_MAX], place[MEDIUM_TEXT_MAX];
        struct medium_init request = {0};
        const char *typed[2];
        int r = disk_accept(m, &request, error);

        if (r >= 0)
                r = sd_bus_message_read(m, "ss", &typed[0], &typed[1]);
        if (r >= 0)
                r = bus_text_accept("number", typed[0], number, sizeof(number), error);
        if (r >= 0)
                r = bus_text_accept("place", typed[1], place, sizeof(place), error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        r = station_archive_make(server->station, &request, number, place, actor, on_made, m);
        if (r < 0)
                return refuse_make(r, number, error);
        (void)sd_bus_message_ref(m);
        return 1;
}

/* --- VerifyVolume(), RetireVolume() --- */

/* The one volume that is asked for is on one medium. */
static int refuse_verify(struct catalogue *c, int r, const struct volume_row *v, sd_bus_error *error)
{
        struct medium m;

        if (r != -ENODEV || medium_by_id(c, v->medium, &m) != CATALOGUE_OK || m.kind != MEDIUM_REMOVABLE)
                return refuse_begin(r, error);
        return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                 "volume '%s' is on medium '%s' (%s), which is not plugged in: expected it "
                                 "on a USB port of the station",
                                 v->number, m.number, m.place[0] ? m.place : "its place is not known");
}

static int volume_require(struct catalogue *c, const char *number, struct volume_row *ret,
                          sd_bus_error *error)
{
        int r = volume_by_number(c, number, ret);

        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_NOT_FOUND,
                                "there is no volume '%s', expected one of 'recdockctl archive list'",
                                number);
        return r;
}

static void on_checked(void *userdata, const struct archivist_answer *a)
{
        _cleanup_(json_object_putp) json_object *o = json_object_new_object();
        sd_bus_message *m = userdata;

        if (a->error) {
                reply_sent(m, sd_bus_reply_method_errorf(m, RECDOCK_ERROR_FAILED, "%s", a->error));
                return;
        }
        add_text(o, "volume", a->volume->number);
        add_text(o, "medium", a->medium->number);
        add_text(o, "check_result", word_of(&volume_check_words, (int)a->volume->check_result));
        add_number(o, "files", a->volume->files);
        add_number(o, "bad", a->bad);
        (void)json_object_object_add(o, "others",
                                     a->others ? json_object_get(a->others) : json_object_new_array());
        reply_sent(m, sd_bus_reply_method_return(m, "s", json_object_to_json_string_ext(o, JSON_FORM)));
}

int bus_verify_volume(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX];
        struct volume_row v;
        const char *number;
        int r = sd_bus_message_read(m, "s", &number);

        if (r >= 0)
                r = volume_require(server->station->catalogue, number, &v, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        if (v.state != VOLUME_WRITTEN)
                return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "volume '%s' is %s: expected one that is written", number,
                                         word_of(&volume_state_words, (int)v.state));
        r = station_archive_verify(server->station, &v, actor, on_checked, m);
        if (r < 0)
                return refuse_verify(server->station->catalogue, r, &v, error);
        (void)sd_bus_message_ref(m);
        return 1;
}

struct retiring {
        const char *number;
        char reason[VOLUME_REASON_MAX];
};

static int retire_apply(struct registry_call *call, void *arguments)
{
        const struct retiring *a = arguments;
        struct volume_row v;
        int r = volume_require(call->catalogue, a->number, &v, call->error);

        if (r == CATALOGUE_OK)
                r = volume_retire(call->catalogue, call->actor, v.id, a->reason);
        if (r == CATALOGUE_CONFLICT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "volume '%s' is %s: expected one that is written or has failed",
                                         a->number, word_of(&volume_state_words, (int)v.state));
        return r;
}

int bus_retire_volume(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        struct retiring a;
        const char *reason;
        int r = sd_bus_message_read(m, "ss", &a.number, &reason);

        if (r < 0)
                return r;
        if (!*reason)
                return sd_bus_error_set(error, RECDOCK_ERROR_INVALID,
                                        "the reason is empty: a volume is retired for a reason only");
        r = bus_text_accept("reason", reason, a.reason, sizeof(a.reason), error);
        if (r >= 0)
                r = registry_run(server, m, retire_apply, &a, error, NULL);
        if (r < 0)
                return r;
        station_volume_retired(server->station, a.number);
        return sd_bus_reply_method_return(m, NULL);
}

/* --- PlanArchive() --- */

struct planning {
        char **paths;
        size_t n;
        char *station;
        int64_t copies;
        int64_t *taken; /* footage that is in a plan already, by id */
        size_t n_taken;
        json_object *row;
        char **plugged; /* UUIDs of removable media, ends with NULL */
        bool hash_list;
};

/* The job has a thread of its own: what is plugged in is told to it. */
static int plugged_copy(const struct station *s, char ***ret)
{
        size_t n = 0;

        for (const struct medium_present *m = s->media; m; m = m->next)
                n++;
        *ret = calloc(n + 1, sizeof(char *));
        if (!*ret)
                return -ENOMEM;
        n = 0;
        for (const struct medium_present *m = s->media; m; m = m->next)
                if (!((*ret)[n++] = strdup(m->uuid)))
                        return -ENOMEM;
        return 0;
}

static int planning_accept(struct bus_job *job, const struct query_filter *filters, size_t n,
                           sd_bus_error *error)
{
        const struct config *c = job->server->station->config;
        struct planning *p;

        if (n > 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "unknown filter '%s' for a plan, expected none", filters[0].key);
        p = job->state = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        if (plugged_copy(job->server->station, &p->plugged) < 0)
                return -ENOMEM;
        p->copies = c->archive.copies;
        p->hash_list = c->archive_hash_list;
        p->station = strdup(c->number);
        p->paths = calloc(c->archive_folders.n + 1, sizeof(char *));
        if (!p->paths || !p->station)
                return -ENOMEM;
        for (; p->n < c->archive_folders.n; p->n++) {
                p->paths[p->n] = strdup(c->archive_folders.paths[p->n]);
                if (!p->paths[p->n])
                        return -ENOMEM;
        }
        return 0;
}

static void planning_release(struct bus_job *job)
{
        struct planning *p = job->state;

        if (!p)
                return;
        for (size_t i = 0; i < p->n; i++)
                free(p->paths[i]);
        for (char **uuid = p->plugged; uuid && *uuid; uuid++)
                free(*uuid);
        free(p->plugged);
        free(p->paths);
        free(p->station);
        free(p->taken);
        free(p);
}

static int id_compare(const void *a, const void *b)
{
        const int64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static int taken_add(struct planning *p, const struct archive_plan *plan)
{
        int64_t *grown = reallocarray(p->taken, p->n_taken + plan->n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        p->taken = grown;
        if (plan->n > 0)
                memcpy(grown + p->n_taken, plan->footage, plan->n * sizeof(*grown));
        p->n_taken += plan->n;
        qsort(p->taken, p->n_taken, sizeof(*p->taken), id_compare);
        return 0;
}

static int row_write(struct bus_job *job, json_object *row)
{
        int r = bus_job_write_line(job, json_object_to_json_string_ext(row, JSON_FORM));

        job->rows++;
        return r;
}

/* Why a medium takes nothing, or less than there is: the row says it. */
static int medium_plan(struct bus_job *job, struct catalogue *c, const struct medium *m)
{
        _cleanup_(json_object_putp) json_object *row = json_object_new_object();
        struct planning *p = job->state;
        struct archive_folder folder = {.fd = -EBADF};
        struct archive_plan plan = {NULL};
        char why[512] = "";
        int r, outcome = archive_folder_open(m->path, p->station, m->uuid, &folder);

        (void)fd_close(folder.fd);
        if (outcome != ARCHIVE_FOLDER_OK)
                (void)archive_folder_text(outcome, m->path, why, sizeof(why));
        else {
                folder.room.hash_list = p->hash_list;
                r = archive_plan_make(c, m->id, &folder.room, p->copies, clock_now(), p->taken, p->n_taken,
                                      &plan);
                if (r < 0)
                        return r;
                if (plan.n < plan.due)
                        (void)snprintf(why, sizeof(why), "%zu files are more than it has room for%s",
                                       plan.due - plan.n, plan.too_large > 0 ? ", or takes of one" : "");
        }
        add_text(row, "medium", m->number);
        add_text(row, "path", m->path);
        add_number(row, "files", (int64_t)plan.n);
        add_number(row, "cases", (int64_t)plan.n_cases);
        add_number(row, "bytes", plan.bytes);
        add_number(row, "cost", plan.cost);
        add_number(row, "free", folder.room.capacity);
        add_text(row, "reason", why);
        r = taken_add(p, &plan);
        archive_plan_done(&plan);
        return r < 0 ? r : row_write(job, row);
}

/* What is left: with several copies wanted it is what has none planned. */
static int rest_plan(struct bus_job *job, struct catalogue *c)
{
        _cleanup_(json_object_putp) json_object *row = NULL;
        const struct pack_medium none = {.format = PACK_EXT4, .count = 1};
        struct planning *p = job->state;
        struct archive_plan plan = {NULL};
        int r = archive_plan_make(c, 0, &none, p->copies, clock_now(), p->taken, p->n_taken, &plan);

        if (r < 0 || plan.due == 0) {
                archive_plan_done(&plan);
                return r;
        }
        row = json_object_new_object();
        add_text(row, "medium", NULL);
        add_number(row, "files", (int64_t)plan.due);
        add_number(row, "bytes", plan.due_bytes);
        add_text(row, "reason", "no folder takes them");
        archive_plan_done(&plan);
        return row_write(job, row);
}

/* Is not opened for it. */
static int disk_plan(struct bus_job *job, const struct medium *m)
{
        _cleanup_(json_object_putp) json_object *row = NULL;
        const struct planning *p = job->state;
        char **uuid = p->plugged;

        while (*uuid && strcmp(*uuid, m->uuid) != 0)
                uuid++;
        if (!*uuid)
                return 0;
        row = json_object_new_object();
        add_text(row, "medium", m->number);
        add_text(row, "reason", "it is plugged in, what goes there is planned when it is opened");
        return row_write(job, row);
}

static int planning_run(struct bus_job *job, struct catalogue *c)
{
        const struct planning *p = job->state;
        struct medium m = {.id = 0};
        int r;

        while ((r = medium_active_next(c, m.id, &m)) == CATALOGUE_OK) {
                bool configured = false;

                for (size_t i = 0; i < p->n; i++)
                        configured |= strcmp(p->paths[i], m.path) == 0;
                r = m.kind == MEDIUM_REMOVABLE ? disk_plan(job, &m)
                    : configured               ? medium_plan(job, c, &m)
                                               : 0;
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : rest_plan(job, c);
}

static int planning_reply(struct bus_job *job)
{
        return sd_bus_reply_method_return(job->call, "t", job->rows);
}

static const struct bus_job_type planning_job = {.accept = planning_accept,
                                                 .run = planning_run,
                                                 .reply = planning_reply,
                                                 .release = planning_release};

static int job_begin(struct bus_server *server, sd_bus_message *m, const struct bus_job_type *type,
                     sd_bus_error *error)
{
        _cleanup_(bus_job_freep) struct bus_job *job = NULL;
        int r = bus_job_new(server, m, type, NULL, error, &job);

        if (r >= 0)
                r = bus_job_start(job);
        if (r < 0)
                return r;
        job = NULL; /* the server's now */
        return 1;
}

int bus_plan_archive(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return job_begin(userdata, m, &planning_job, error);
}

/* --- LabelVolume() --- */

struct labelling {
        struct volume_row volume;
        struct medium medium;
        char *station, *custodian;
};

static int labelling_accept(struct bus_job *job, const struct query_filter *filters, size_t n,
                            sd_bus_error *error)
{
        struct station *s = job->server->station;
        struct labelling *l;
        int r;

        if (n != 1 || strcmp(filters[0].key, "volume") != 0)
                return sd_bus_error_set(error, RECDOCK_ERROR_INVALID,
                                        "a label is of one volume: expected the filter 'volume'");
        l = job->state = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        r = volume_require(s->catalogue, filters[0].value, &l->volume, error);
        if (r < 0)
                return r;
        r = medium_by_id(s->catalogue, l->volume.medium, &l->medium);
        l->station = strdup(s->config->number);
        l->custodian = strdup(s->config->custodian);
        return r != CATALOGUE_OK ? MIN(r, -ENODATA) : l->station && l->custodian ? 0 : -ENOMEM;
}

static void labelling_release(struct bus_job *job)
{
        struct labelling *l = job->state;

        if (!l)
                return;
        free(l->station);
        free(l->custodian);
        free(l);
}

/* The volume is composed again as it was written: its label is one of its files. */
static int label_compose(struct catalogue *c, const struct labelling *l, struct archive_volume **ret)
{
        _cleanup_(archive_contents_done) struct archive_contents contents = {NULL};
        char organization[REGISTRY_TEXT_MAX];
        const struct archive_imprint imprint = {l->volume.number,
                                                l->station,
                                                organization,
                                                l->custodian,
                                                l->medium.type,
                                                l->volume.made_at,
                                                "recdock " PACKAGE_VERSION};
        int fd = -EBADF, r = archive_organization(c, organization, sizeof(organization));

        if (r >= 0)
                r = archive_contents_make(c, l->volume.id, &fd);
        if (r >= 0)
                r = archive_contents_read(fd, &contents);
        return r < 0 ? r
                     : archive_volume_new(ret, &imprint, contents.cases, contents.n_cases, contents.files,
                                          contents.n_files);
}

static int labelling_run(struct bus_job *job, struct catalogue *c)
{
        _cleanup_(archive_volume_freep) struct archive_volume *v = NULL;
        _cleanup_free_ char *text = NULL;
        const struct archive_entry *e;
        int r = label_compose(c, job->state, &v);

        if (r < 0)
                return r;
        e = archive_volume_find(v, "label.svg");
        text = e ? strndup(e->data, (size_t)e->size) : NULL;
        if (!text)
                return -ENOMEM;
        if (e->size > 0 && text[e->size - 1] == '\n')
                text[e->size - 1] = '\0';
        return bus_job_write_line(job, text);
}

static int labelling_reply(struct bus_job *job)
{
        return sd_bus_reply_method_return(job->call, NULL);
}

static const struct bus_job_type labelling_job = {.accept = labelling_accept,
                                                  .run = labelling_run,
                                                  .reply = labelling_reply,
                                                  .release = labelling_release};

int bus_label_volume(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return job_begin(userdata, m, &labelling_job, error);
}
