// SPDX-License-Identifier: LGPL-2.1-or-later
/* Plans and labels on the bus: jobs, each a thread with a connection of its own, which asks nobody that it
 * would have to wait for. */
#include "archive/volume.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/volume.h"
#include "daemon/archive/archive_contents.h"
#include "daemon/archive_folder.h"
#include "daemon/archive_plan.h"
#include "daemon/bus_case.h"
#include "daemon/config.h"
#include "daemon/medium_presence.h"

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
                r = archive_plan_make(c, m->id, &folder.room, p->copies, clock_now(), 0, p->taken,
                                      p->n_taken, &plan);
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
        int r = archive_plan_make(c, 0, &none, p->copies, clock_now(), 0, p->taken, p->n_taken, &plan);

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
        r = bus_volume_require(s->catalogue, filters[0].value, &l->volume, error);
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
