// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Disks and cards that come and go; see archivist.h. A medium of this kind is open from the survey until
 * recdock-archive has ended, through recdock-medium (medium_link.h), and only when it was released in order
 * does what is on it count. What was being written to one that is taken out waits for it a while.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/archivist_internal.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/known.h"
#include "daemon/medium_link.h"
#include "daemon/medium_presence.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* --- what is plugged in --- */

/* The kernel takes the disk's folder away before udev tells that it is gone. */
bool archivist_medium_is_plugged(const struct station *s, const struct medium *m)
{
        for (const struct medium_present *p = s->media; p; p = p->next)
                if (strcmp(p->uuid, m->uuid) == 0)
                        return access(p->syspath, F_OK) == 0;
        return false;
}

bool archivist_medium_is_gone(const struct archivist *a)
{
        return a->medium.kind == MEDIUM_REMOVABLE && !archivist_medium_is_plugged(a->station, &a->medium);
}

static void on_medium(void *userdata, const struct medium_present *m, bool here)
{
        struct archivist *a = userdata;

        if (a->station->failed || a->station->stopping)
                return;
        if (here) {
                archivist_media_changed(a);
                deadline_clock_kick(a->station->deadline_clock);
        } else if (a->stage == ARCHIVIST_WORKING && a->medium.kind == MEDIUM_REMOVABLE &&
                   strcmp(m->uuid, a->medium.uuid) == 0) {
                log_warning("medium %s was taken out while recdock-archive works with it", a->medium.number);
                worker_signal(a->worker, SIGKILL);
        }
}

static int uuids_read(struct catalogue *c, char ***ret, size_t *ret_n)
{
        struct medium m = {.id = 0};
        int r;

        while ((r = medium_removable_next(c, m.id, &m)) == CATALOGUE_OK) {
                char **grown = reallocarray(*ret, *ret_n + 1, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                *ret = grown;
                grown[*ret_n] = strdup(m.uuid);
                if (!grown[(*ret_n)++])
                        return -ENOMEM;
        }
        return MIN(r, 0);
}

static void media_tell_udev(struct archivist *a)
{
        char **uuids = NULL;
        size_t n = 0;
        int r;

        if (a->station->suspended || a->station->failed)
                return;
        r = uuids_read(a->station->catalogue, &uuids, &n);

        if (station_check(a->station, r, "read the register of media") >= 0) {
                r = known_media_sync((const char *const *)uuids, n);
                if (r < 0)
                        log_error("cannot tell udev which media are registered: %s, new ones are not "
                                  "recognised",
                                  log_errno_text(r));
        }
        for (size_t i = 0; i < n; i++)
                free(uuids[i]);
        free(uuids);
}

void archivist_media_watch(struct archivist *a)
{
        media_tell_udev(a);
        station_on_medium(a->station, on_medium, a);
}

/* --- opened --- */

static void why_compose(const struct medium_link *l, int error, char ret[MEDIUM_WHY_MAX])
{
        const char *told = l ? medium_link_why(l) : "";

        if (told[0])
                (void)snprintf(ret, MEDIUM_WHY_MAX, "%s", told);
        else if (error == -ENODEV)
                (void)snprintf(ret, MEDIUM_WHY_MAX, "it is not plugged in");
        else if (error == -ENOENT || error == -ECONNREFUSED)
                (void)snprintf(ret, MEDIUM_WHY_MAX,
                               "recdock-medium is not there: expected 'systemctl enable --now "
                               "recdock-medium.socket'");
        else
                (void)snprintf(ret, MEDIUM_WHY_MAX, "recdock-medium cannot open it: %s",
                               log_errno_text(error));
}

/* It is as if the survey had found that. */
static void open_failed(struct archivist *a, int error, const char *why)
{
        struct archive_survey_result result = {
                        .outcome = error, .folder = {.fd = -EBADF}, .contents = -EBADF};

        if (a->station->failed || a->station->stopping)
                return;
        (void)snprintf(result.error, sizeof(result.error), "%s", why);
        a->on_asked(a, &result);
}

static void on_opened(void *userdata, int error, int root_fd)
{
        struct archivist *a = userdata;
        struct archive_survey_order order = {
                        .root = -EBADF, .plan_for = a->asked_plan_for, .volume = a->asked_volume};
        char why[MEDIUM_WHY_MAX];

        if (error < 0) {
                why_compose(a->link, error, why);
                a->link = NULL;
                open_failed(a, error, why);
                return;
        }
        a->mount = root_fd;
        if (a->station->failed || a->station->stopping)
                return;
        station_check(a->station, archivist_survey(a, &order, a->on_asked), "look at a medium");
}

/* Nobody asked for it: recdock-medium has died, or the disk is gone. Nothing of it may stay open; a survey
 * ends by itself, and finds it gone. */
static void released_unasked(struct archivist *a)
{
        log_warning("medium %s is not open any more: %s", a->medium.number, log_errno_text(a->released));
        if (a->stage == ARCHIVIST_WORKING)
                worker_signal(a->worker, SIGKILL);
}

static void on_released(void *userdata, int error)
{
        struct archivist *a = userdata;
        archivist_then_fn *then = TAKE_PTR(a->then);

        a->link = NULL;
        a->mount = fd_close(a->mount);
        a->released = error;
        if (a->station->failed || a->station->stopping)
                return;
        if (then)
                then(a);
        else
                released_unasked(a);
}

static int on_unopened(sd_event_source *source, void *userdata)
{
        struct archivist *a = userdata;
        char why[MEDIUM_WHY_MAX];

        a->later = sd_event_source_disable_unref(a->later);
        why_compose(NULL, a->unopened, why);
        open_failed(a, a->unopened, why);
        return 0;
}

int archivist_medium_open(struct archivist *a, const struct archive_survey_order *order,
                          archive_survey_fn *on_done)
{
        struct station *s = a->station;
        int r;

        a->asked_plan_for = order->plan_for;
        a->asked_volume = order->volume;
        a->on_asked = on_done;
        a->released = -ENOTCONN; /* it counts when that has become 0 */
        r = medium_link_open(&a->link, s->event, a->medium.uuid, on_opened, a);
        if (r >= 0) {
                medium_link_on_released(a->link, on_released);
                return 0;
        }
        /* Whoever asks is not told before this has returned. */
        a->unopened = r;
        return sd_event_add_defer(s->event, &a->later, on_unopened, a);
}

void archivist_medium_release(struct archivist *a, archivist_then_fn *then)
{
        /* Nothing of it may be open. */
        archive_survey_free(TAKE_PTR(a->survey));
        a->root = fd_close(a->root);
        if (a->link && a->mount < 0) {
                medium_link_free(a->link);
                a->link = NULL;
        }
        if (!a->link) {
                then(a);
                return;
        }
        a->stage = ARCHIVIST_RELEASING;
        a->then = then;
        a->mount = fd_close(a->mount);
        medium_link_close(a->link);
}

void archivist_medium_drop(struct archivist *a)
{
        a->then = NULL;
        a->later = sd_event_source_disable_unref(a->later);
        a->mount = fd_close(a->mount);
        medium_link_free(a->link);
        a->link = NULL;
}

bool archivist_medium_waits(struct archivist *a, instant_t now, instant_t *next)
{
        if (a->waits_since == INSTANT_NONE || a->waits_since > now) {
                a->waits_since = now;
                archivist_tell_gone(a);
        }
        if (now - a->waits_since >= ARCHIVE_RETRY) {
                a->waits_since = INSTANT_NONE;
                return false;
        }
        if (*next == INSTANT_NONE || a->waits_since + ARCHIVE_RETRY < *next)
                *next = a->waits_since + ARCHIVE_RETRY;
        return true;
}

/* --- made --- */

static int disk_register(struct archivist *a, const struct medium_facts *f)
{
        struct station *s = a->station;
        struct medium m = {.kind = MEDIUM_REMOVABLE, .capacity = (int64_t)f->size};
        int64_t id = 0;
        int r;

        (void)text_copy(m.number, sizeof(m.number), a->number);
        (void)text_copy(m.uuid, sizeof(m.uuid), f->uuid);
        (void)text_copy(m.type, sizeof(m.type), f->type);
        (void)text_copy(m.serial, sizeof(m.serial), f->serial);
        (void)text_copy(m.place, sizeof(m.place), a->place);
        station_begin(s);
        r = medium_add(s->catalogue, a->actor, s->config->number, &m, &id);
        (void)station_check(s, MIN(r, 0), "register a medium");
        station_commit(s);
        if (r == CATALOGUE_OK && !s->failed)
                r = medium_by_id(s->catalogue, id, &a->medium);
        return s->failed ? -EIO : r;
}

/* udev looks at the disk again when this returns, and must know it by then. */
static void on_disk_made(void *userdata, int error, const struct medium_facts *facts)
{
        struct archivist *a = userdata;
        char why[MEDIUM_WHY_MAX];
        int r;

        if (error < 0)
                why_compose(a->link, error, why);
        a->link = NULL;
        if (a->station->failed || a->station->stopping)
                return;
        if (error < 0) {
                archivist_idle(a, &(struct archivist_answer){.error = why});
                return;
        }
        r = disk_register(a, facts);
        if (r < 0)
                return;
        media_tell_udev(a);
        archivist_media_changed(a);
        if (r == CATALOGUE_OK)
                archivist_idle(a, &(struct archivist_answer){.medium = &a->medium});
        else
                archivist_idle(a, &(struct archivist_answer){
                                                  .error = "there is a medium of this number already: "
                                                           "expected another one"});
}

static int on_put_back(sd_event_source *source, void *userdata)
{
        struct archivist *a = userdata;

        a->later = sd_event_source_disable_unref(a->later);
        if (a->station->failed || a->station->stopping)
                return 0;
        archivist_media_changed(a);
        archivist_idle(a, &(struct archivist_answer){.medium = &a->medium});
        return 0;
}

/* One that is registered is never made anew; one that failed takes volumes again. 1: so it is. */
static int put_back(struct archivist *a, const char *port)
{
        struct station *s = a->station;
        const struct medium_present *p = s->media;
        struct medium m;
        int r;

        while (p && strcmp(p->port, port) != 0)
                p = p->next;
        if (!p)
                return 0;
        r = medium_by_uuid(s->catalogue, p->uuid, &m);
        if (station_check(s, r, "look up a medium") != CATALOGUE_OK || m.state != MEDIUM_FAILED)
                return MIN(r, 0);
        r = sd_event_add_defer(s->event, &a->later, on_put_back, a);
        if (r < 0)
                return r;
        station_begin(s);
        station_check(s, medium_set_state(s->catalogue, a->actor, m.id, MEDIUM_ACTIVE, NULL),
                      "put a medium back into use");
        station_commit(s);
        m.state = MEDIUM_ACTIVE;
        a->medium = m;
        return 1;
}

int archivist_make(struct archivist *a, const struct medium_init *request, const char *number,
                   const char *place, const char *actor, archivist_done_fn *on_done, void *userdata)
{
        struct station *s = a->station;
        struct medium m;
        int r = archivist_refuse(a);

        if (r < 0)
                return r;
        r = number[0] ? medium_by_number(s->catalogue, number, &m) : CATALOGUE_ABSENT;
        if (station_check(s, r, "look up a medium") != CATALOGUE_ABSENT)
                return r < 0 ? r : -EEXIST;
        (void)text_copy(a->number, sizeof(a->number), number);
        (void)text_copy(a->place, sizeof(a->place), place);
        (void)text_copy(a->actor, sizeof(a->actor), actor);
        r = request->place.port[0] ? put_back(a, request->place.port) : 0;
        if (r == 0)
                r = medium_link_init(&a->link, s->event, request, on_disk_made, a);
        if (r < 0)
                return r;
        a->task = ARCHIVIST_INIT;
        a->stage = ARCHIVIST_SURVEYING;
        a->on_done = on_done;
        a->userdata = userdata;
        return 0;
}
