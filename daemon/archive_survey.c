// SPDX-License-Identifier: LGPL-2.1-or-later
/* The archivist's thread; see archive_survey.h. It and the loop share nothing: the thread has copies of what
 * it was told, and is joined before its result is looked at. */
#include "daemon/archive_survey.h"
#include "archive/layout.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/thread.h"
#include "catalogue/retention.h"
#include "catalogue/volume.h"
#include "daemon/station.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

struct archive_survey {
        pthread_t thread;
        bool running;
        int wake_fd;
        sd_event_source *source;
        struct archive_survey_order order; /* with texts of its own */
        char *texts[5];
        struct archive_survey_result result;
        archive_survey_fn *on_done;
        void *userdata;
};

DEFINE_CLEANUP(struct archive_survey *, archive_survey_free);
DEFINE_CLEANUP(struct catalogue *, catalogue_close);

/* --- in the thread --- */

static int medium_find(const struct archive_survey_order *o, struct archive_folder *ret)
{
        int r;

        if (o->is_disc) {
                ret->room = (struct pack_medium){.format = PACK_ISO9660, .capacity = o->disc_capacity};
                return ARCHIVE_FOLDER_OK;
        }
        if (o->path && o->init)
                return archive_folder_init(o->path, o->station, o->store, o->same_disk, ret);
        if (o->path)
                return archive_folder_open(o->path, o->station, o->uuid, ret);
        r = archive_folder_room(o->root, ret);
        if (r < 0)
                return r;
        ret->fd = fcntl(o->root, F_DUPFD_CLOEXEC, 3);
        return ret->fd < 0 ? -errno : ARCHIVE_FOLDER_OK;
}

struct leftovers {
        int root;
        struct archive_survey_result *result;
};

/* A disc has no folder to look for: it takes no other volume. */
static int on_failed(void *userdata, const struct volume_row *v)
{
        const struct leftovers *l = userdata;
        char name[3 * LAYOUT_NAME_UNITS + 1];
        size_t n = strlen(l->result->left);
        struct stat st;

        layout_component(v->number, LAYOUT_NAME_UNITS, name);
        if (fstatat(l->root, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
                return 0;
        if (n + strlen(v->number) + 3 < sizeof(l->result->left))
                (void)snprintf(l->result->left + n, sizeof(l->result->left) - n, "%s%s", n > 0 ? ", " : "",
                               v->number);
        l->result->n_left++;
        return 0;
}

static int leftovers_find(const struct archive_survey_order *o, struct catalogue *c,
                          struct archive_survey_result *ret)
{
        struct leftovers l = {ret->folder.fd, ret};

        if (o->is_disc || o->plan_for <= 0)
                return 0;
        return volume_failed_each(c, o->plan_for, on_failed, &l);
}

static int catalogue_ask(const struct archive_survey_order *o, struct archive_survey_result *ret)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        int r = catalogue_open(&c, o->catalogue, true);

        if (r != CATALOGUE_OK)
                return r < 0 ? r : -EIO;
        catalogue_set_retention(c, o->retention);
        ret->folder.room.hash_list = o->hash_list;
        if (o->plan_for > 0 || o->plan_new)
                r = archive_plan_make(c, o->plan_for, &ret->folder.room, o->copies, o->now, o->given, NULL,
                                      0, &ret->plan);
        if (r >= 0)
                r = leftovers_find(o, c, ret);
        if (r >= 0 && o->volume > 0)
                r = archive_contents_make(c, o->volume, &ret->contents);
        if (r < 0)
                (void)snprintf(ret->error, sizeof(ret->error), "the catalogue cannot be read: %s (%s)",
                               log_errno_text(r), catalogue_error(c));
        return r;
}

static void *survey_thread(void *userdata)
{
        struct archive_survey *s = userdata;
        const uint64_t one = 1;
        int r = medium_find(&s->order, &s->result.folder);

        if (r != ARCHIVE_FOLDER_OK)
                (void)archive_folder_text(r, s->order.path ? s->order.path : "", s->result.error,
                                          sizeof(s->result.error));
        else if (s->order.plan_for > 0 || s->order.plan_new || s->order.volume > 0)
                r = catalogue_ask(&s->order, &s->result);
        s->result.outcome = r;
        (void)!write(s->wake_fd, &one, sizeof(one));
        return NULL;
}

/* --- on the loop --- */

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct archive_survey *s = userdata;

        (void)sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
        (void)pthread_join(s->thread, NULL);
        s->running = false;
        s->on_done(s->userdata, &s->result); /* it may free us */
        return 0;
}

static int order_copy(struct archive_survey *s, const struct archive_survey_order *order)
{
        const char **const texts[] = {&s->order.catalogue, &s->order.station, &s->order.store,
                                      &s->order.path, &s->order.uuid};

        s->order = *order;
        s->order.retention = retention_rules_ref(order->retention);
        s->order.root = -EBADF;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                if (!*texts[i])
                        continue;
                s->texts[i] = strdup(*texts[i]);
                if (!s->texts[i])
                        return -ENOMEM;
                *texts[i] = s->texts[i];
        }
        if (order->is_disc)
                return 0;
        if (!order->path)
                s->order.root = fcntl(order->root, F_DUPFD_CLOEXEC, 3);
        return !order->path && s->order.root < 0 ? -errno : 0;
}

int archive_survey_start(struct archive_survey **ret, sd_event *event,
                         const struct archive_survey_order *order, archive_survey_fn *on_done,
                         void *userdata)
{
        _cleanup_(archive_survey_freep) struct archive_survey *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->order.root = s->result.folder.fd = s->result.contents = -EBADF;
        s->on_done = on_done;
        s->userdata = userdata;
        s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->wake_fd < 0)
                return -errno;
        r = order_copy(s, order);
        if (r >= 0)
                r = sd_event_add_io(event, &s->source, s->wake_fd, EPOLLIN, on_wake, s);
        if (r >= 0)
                r = sd_event_source_set_priority(s->source, PRIORITY_FILING);
        if (r >= 0)
                r = thread_start(&s->thread, survey_thread, s);
        if (r < 0)
                return r;
        s->running = true;
        *ret = TAKE_PTR(s);
        return 0;
}

void archive_survey_free(struct archive_survey *s)
{
        if (!s)
                return;
        if (s->running)
                (void)pthread_join(s->thread, NULL);
        sd_event_source_disable_unref(s->source);
        (void)fd_close(s->wake_fd);
        (void)fd_close(s->order.root);
        (void)fd_close(s->result.folder.fd);
        (void)fd_close(s->result.contents);
        archive_plan_done(&s->result.plan);
        retention_rules_unref(s->order.retention);
        for (size_t i = 0; i < ELEMENTSOF(s->texts); i++)
                free(s->texts[i]);
        free(s);
}
