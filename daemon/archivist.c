// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The archivist: which medium is next, what goes there, and who is told; see archivist.h. A round asks one
 * medium after the other until one takes a volume. When none does, somebody is asked for another, and media
 * are looked at again after a while or when what is due has changed.
 */
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/archivist_internal.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* Before a volume is gone on with, doubled with each attempt. */
static const int64_t rest_delay = 2 * USEC_PER_SEC;

static const char stopping_text[] = "the station is stopping, the work was cut off";

/* --- ends --- */

/* An answer is given once, whatever happens. */
static void answer(struct archivist *a, const struct archivist_answer *given)
{
        archivist_done_fn *on_done = TAKE_PTR(a->on_done);

        if (on_done)
                on_done(a->userdata, given);
}

static void work_end(struct archivist *a)
{
        archive_survey_free(TAKE_PTR(a->survey));
        archivist_run_drop(a);
        archivist_medium_drop(a);
        a->rest = sd_event_source_disable_unref(a->rest);
        a->stage = ARCHIVIST_IDLE;
        a->volume = (struct volume_row){.id = 0};
        a->attempts = 0;
        (void)fd_close(a->given.fd);
        a->given = (struct archive_given){.fd = -EBADF};
}

static void idle(struct archivist *a)
{
        work_end(a);
        if (!a->station->failed && !a->station->stopping)
                deadline_clock_kick(a->station->deadline_clock); /* what is due depends on it */
}

void archivist_idle(struct archivist *a, const struct archivist_answer *given)
{
        answer(a, given);
        archivist_medium_release(a, idle);
}

void archivist_drop(struct archivist *a)
{
        if (!a)
                return;
        answer(a, &(struct archivist_answer){.error = stopping_text});
        work_end(a);
}

/* --- which medium --- */

void archivist_bar(struct archivist *a, int64_t medium, instant_t until)
{
        struct barred *grown = reallocarray(a->barred, a->n_barred + 1, sizeof(*grown));

        if (!grown) {
                station_check(a->station, -ENOMEM, "remember a medium");
                return;
        }
        a->barred = grown;
        grown[a->n_barred++] = (struct barred){medium, until};
}

bool archivist_is_barred(const struct archivist *a, int64_t medium, instant_t now)
{
        for (size_t i = 0; i < a->n_barred; i++)
                if (a->barred[i].medium == medium &&
                    (a->barred[i].until == INSTANT_NONE || a->barred[i].until > now))
                        return true;
        return false;
}

/* Those of the round that begins now may be asked again. */
static void round_begin(struct archivist *a, instant_t now)
{
        size_t n = 0;

        for (size_t i = 0; i < a->n_barred; i++)
                if (a->barred[i].until != INSTANT_NONE && a->barred[i].until > now)
                        a->barred[n++] = a->barred[i];
        a->n_barred = n;
        a->why[0] = '\0';
        a->drive[0] = '\0';
        a->drive_at = 0;
}

static bool folder_is_configured(const struct station *s, const char *path)
{
        for (size_t i = 0; i < s->config->archive_folders.n; i++)
                if (strcmp(s->config->archive_folders.paths[i], path) == 0)
                        return true;
        return false;
}

/* Whether the medium can be asked at all: a disc that is registered is burnt, and takes no more. */
static bool medium_is_at_hand(const struct station *s, const struct medium *m)
{
        switch (m->kind) {
        case MEDIUM_FOLDER:
                return folder_is_configured(s, m->path);
        case MEDIUM_REMOVABLE:
                return archivist_medium_is_plugged(s, m);
        default:
                return false;
        }
}

int archivist_survey(struct archivist *a, struct archive_survey_order *order, archive_survey_fn *on_done)
{
        const struct station *s = a->station;
        const bool removable = !order->init && a->medium.kind == MEDIUM_REMOVABLE;

        archive_survey_free(TAKE_PTR(a->survey));
        if (removable && a->mount < 0)
                return archivist_medium_open(a, order, on_done);
        order->catalogue = s->catalogue_path;
        order->station = s->config->number;
        order->store = s->config->store_path;
        order->retention = s->config->retention;
        order->same_disk = s->config->archive_same_disk;
        order->hash_list = s->config->archive_hash_list;
        order->copies = s->config->archive.copies;
        order->given = a->given.footage;
        order->now = clock_now();
        if (!order->init && a->medium.kind == MEDIUM_DISC) {
                order->is_disc = true;
                order->disc_capacity = pack_room_beside_recovery(a->medium.capacity, (int)a->recovery);
        } else if (removable) {
                order->root = a->mount;
        } else if (!order->init) {
                order->path = a->medium.path;
                order->uuid = a->medium.uuid;
        }
        return archive_survey_start(&a->survey, s->event, order, on_done, a);
}

static void contents_read(struct archivist *a);

/* The medium does not take what is due: another one is asked. */
static void medium_pass(struct archivist *a, const char *why)
{
        if (a->medium.kind == MEDIUM_DISC) {
                archivist_disc_pass(a, why);
                return;
        }
        if (why[0]) {
                log_info("medium %s takes no volume: %s", a->medium.number, why);
                (void)snprintf(a->why, sizeof(a->why), "medium %s: %.400s", a->medium.number, why);
        }
        archivist_bar(a, a->medium.id, INSTANT_NONE);
        archivist_medium_release(a, archivist_round_go_on);
}

/* A blank disc becomes a medium with its volume, and not before. */
static int disc_register(struct archivist *a)
{
        struct station *s = a->station;
        int64_t id = 0;
        int r = medium_add(s->catalogue, a->actor, s->config->number, &a->medium, &id);

        return r == CATALOGUE_OK ? medium_by_id(s->catalogue, id, &a->medium) : r;
}

static int volume_make(struct archivist *a, const struct archive_plan *plan)
{
        struct station *s = a->station;
        int r = CATALOGUE_OK;

        station_begin(s);
        if (a->medium.id == 0)
                r = disc_register(a);
        if (r == CATALOGUE_OK)
                r = volume_plan(s->catalogue, a->actor, s->config->number, a->medium.id, plan->footage,
                                plan->n, s->config->archive_hash_list, &a->volume);
        if (r == CATALOGUE_OK && a->given.footage > 0)
                r = volume_source_given(s->catalogue, a->actor, a->volume.id, a->given.footage,
                                        a->given_path);
        (void)station_check(s, r > 0 ? -ENODATA : r, "plan a volume");
        station_commit(s);
        if (r < 0 || s->failed)
                return -EIO;
        event_log(EVENT_ARCHIVE_BEGUN, NULL,
                  "volume %s is begun on medium %s: %" PRId64 " files, %" PRId64 " MiB", a->volume.number,
                  a->medium.number, a->volume.files, a->volume.bytes >> 20);
        inject_point("archive-planned");
        return 0;
}

/* Nothing of it counts, and nobody but the site removes it: a file of it may be the last one that is good.
 */
static void leftovers_tell(const struct archivist *a, const struct archive_survey_result *result)
{
        if (result->n_left > 0)
                event_log(EVENT_ARCHIVE_LEFT, NULL,
                          "medium %s has folders of %zu volumes that failed: %s; nothing in them counts as "
                          "a copy. They take room until the site removes them, then 'recdockctl archive "
                          "retire' each",
                          a->medium.number, result->n_left, result->left);
}

/* Whoever gave a file wants that one written. */
static bool plan_has_given(const struct archivist *a, const struct archive_plan *plan)
{
        for (size_t i = 0; i < plan->n; i++)
                if (plan->footage[i] == a->given.footage)
                        return true;
        return a->given.footage == 0;
}

static void on_planned(void *userdata, struct archive_survey_result *result)
{
        struct archivist *a = userdata;
        struct station *s = a->station;
        char why[256] = "";

        if (s->failed || s->stopping)
                return;
        if (result->outcome != ARCHIVE_FOLDER_OK) {
                medium_pass(a, result->error);
                return;
        }
        if (result->plan.n == 0) {
                if (result->plan.due > 0)
                        (void)snprintf(why, sizeof(why),
                                       "there is no room for any of %zu files, %" PRId64 " MiB are free",
                                       result->plan.due, result->folder.room.capacity >> 20);
                medium_pass(a, why);
                return;
        }
        if (!plan_has_given(a, &result->plan)) {
                medium_pass(a, "there is no room for the file that was given, or it is there already");
                return;
        }
        if (!archivist_disc_scratch(a, result->plan.cost, why, sizeof(why))) {
                medium_pass(a, why);
                return;
        }
        leftovers_tell(a, result);
        if (volume_make(a, &result->plan) >= 0)
                contents_read(a);
}

void archivist_disc_plan(struct archivist *a)
{
        struct archive_survey_order order = {.root = -EBADF, .plan_new = true};

        station_check(a->station, archivist_survey(a, &order, on_planned), "look at a medium");
}

static void round_end(struct archivist *a, instant_t now)
{
        a->looked_at = a->changed ? INSTANT_NONE : now; /* what came meanwhile was perhaps not asked */
        if (!a->why[0] && !a->discs && a->station->config->archive_drives.n > 0)
                (void)text_copy(a->why, sizeof(a->why),
                                "discs are burnt when somebody asks: put a blank one in, then 'recdockctl "
                                "archive start'");
        archivist_tell_wanted(a, &a->looked_due);
        archivist_idle(a, &(struct archivist_answer){.error = a->why[0] ? a->why
                                                                        : "there is no medium for it"});
}

/* The next medium that has not been asked: those that are registered, then drives. Or the end of the round.
 */
void archivist_round_go_on(struct archivist *a)
{
        struct station *s = a->station;
        struct archive_survey_order order = {.root = -EBADF};
        instant_t now = clock_now();
        struct medium m = {.id = 0};
        int r = CATALOGUE_ABSENT;

        while (!a->drive_asked[0] && (r = medium_active_next(s->catalogue, m.id, &m)) == CATALOGUE_OK)
                if (medium_is_at_hand(s, &m) && !archivist_is_barred(a, m.id, now))
                        break;
        if (station_check(s, r, "look for a medium") < 0)
                return;
        if (r == CATALOGUE_ABSENT) {
                if (!archivist_disc_ask(a, now))
                        round_end(a, now);
                return;
        }
        a->medium = m;
        a->stage = ARCHIVIST_SURVEYING;
        order.plan_for = m.id;
        r = archivist_survey(a, &order, on_planned);
        station_check(s, r, "look at a medium");
}

static void round_start(struct archivist *a, const char *actor, const struct volume_due *due, instant_t now)
{
        a->task = ARCHIVIST_WRITE;
        (void)text_copy(a->actor, sizeof(a->actor), actor);
        a->looked_due = *due;
        a->looked_at = INSTANT_NONE;
        a->changed = false;
        round_begin(a, now);
        archivist_round_go_on(a);
}

/* --- a volume --- */

static void on_contents(void *userdata, struct archive_survey_result *result)
{
        struct archivist *a = userdata;
        struct station *s = a->station;
        int r;

        if (s->failed || s->stopping)
                return;
        if (result->outcome != ARCHIVE_FOLDER_OK) {
                if (a->task == ARCHIVIST_VERIFY)
                        archivist_idle(a, &(struct archivist_answer){.error = result->error});
                else
                        archivist_again(a, result->error);
                return;
        }
        a->root = TAKE_FD(result->folder.fd);
        a->contents = TAKE_FD(result->contents);
        archive_survey_free(TAKE_PTR(a->survey));
        r = archivist_run(a);
        if (r < 0)
                archivist_again(a, log_errno_text(r));
}

/* What is to be on it, and its medium once more: it may be another one by now. */
static void contents_read(struct archivist *a)
{
        struct archive_survey_order order = {.root = -EBADF,
                                             .volume = a->task == ARCHIVIST_WRITE ? a->volume.id : 0};

        a->stage = ARCHIVIST_READING;
        station_check(a->station, archivist_survey(a, &order, on_contents), "look at a medium");
}

static int on_rest(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct archivist *a = userdata;

        a->rest = sd_event_source_disable_unref(a->rest);
        if (!a->station->stopping && !a->station->failed)
                contents_read(a);
        return 0;
}

static void rest(struct archivist *a)
{
        int r;

        a->stage = ARCHIVIST_RESTING;
        r = sd_event_add_time_relative(a->station->event, &a->rest, CLOCK_MONOTONIC,
                                       (uint64_t)(rest_delay << (a->attempts - 1)), 0, on_rest, a);
        station_check(a->station, r, "arm a timer");
}

void archivist_again(struct archivist *a, const char *reason)
{
        char why[VOLUME_REASON_MAX];

        (void)text_copy(why, sizeof(why), reason); /* it may be the survey's */
        if (a->task == ARCHIVIST_WRITE && a->medium.kind == MEDIUM_DISC) {
                archivist_volume_fail(a, true, why);
                return;
        }
        if (a->task == ARCHIVIST_VERIFY || archivist_medium_is_gone(a)) { /* resume() has it wait */
                archivist_idle(a, &(struct archivist_answer){.error = why});
                return;
        }
        archive_survey_free(TAKE_PTR(a->survey));
        if (++a->attempts >= ARCHIVE_ATTEMPTS) {
                archivist_volume_fail(a, true, why);
                return;
        }
        log_warning("volume %s is gone on with soon: %s", a->volume.number, why);
        archivist_run_drop(a);
        archivist_medium_release(a, rest);
}

static bool any_medium(const struct archivist *a)
{
        struct medium m = {.id = 0};

        while (medium_active_next(a->station->catalogue, m.id, &m) == CATALOGUE_OK)
                if (medium_is_at_hand(a->station, &m))
                        return true;
        return false;
}

/* One that an earlier run has left, or whose medium was taken out: nothing of it counts yet. */
static bool resume(struct archivist *a, instant_t now, instant_t *next)
{
        struct station *s = a->station;
        int r = volume_unfinished_first(s->catalogue, &a->volume);

        if (station_check(s, r, "look for volumes") != CATALOGUE_OK) {
                a->volume.id = 0;
                return s->failed;
        }
        r = medium_by_id(s->catalogue, a->volume.medium, &a->medium);
        if (station_check(s, r == CATALOGUE_ABSENT ? -ENODATA : r, "look up a medium") < 0)
                return true;
        a->task = ARCHIVIST_WRITE;
        (void)text_copy(a->actor, sizeof(a->actor), STATION_ACTOR);
        if (a->medium.kind == MEDIUM_DISC) {
                a->drive_at = 0;
                archivist_volume_fail(
                                a, true,
                                "recdockd ended before the disc was proved, and a disc cannot be gone on "
                                "with");
                return true;
        }
        if (medium_is_at_hand(s, &a->medium)) {
                log_notice("volume %s is gone on with", a->volume.number);
                a->waits_since = INSTANT_NONE;
                contents_read(a);
        } else if (a->medium.kind == MEDIUM_REMOVABLE && !any_medium(a) &&
                   archivist_medium_waits(a, now, next))
                a->volume.id = 0; /* nothing is under way */
        else
                archivist_volume_fail(a, false, "its medium is not at hand any more");
        return true;
}

/* --- orders --- */

int archivist_refuse(const struct archivist *a)
{
        const struct station *s = a->station;

        if (s->stopping || s->suspended || s->failed)
                return -ESHUTDOWN;
        return a->stage != ARCHIVIST_IDLE ? -EBUSY : 0;
}

/* Who asked is answered later or not at all, never on the way in. */
static int wait_for(struct archivist *a, archivist_done_fn *on_done, void *userdata)
{
        if (a->stage == ARCHIVIST_IDLE) /* no worker could be started: it is told in a->why */
                return -EIO;
        a->on_done = on_done;
        a->userdata = userdata;
        return 0;
}

/* Until the work ends. */
static int given_take(struct archivist *a, const struct archive_given *given)
{
        int fd;

        if (!given)
                return 0;
        fd = fcntl(given->fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        (void)text_copy(a->given_path, sizeof(a->given_path), given->path);
        a->given = (struct archive_given){given->footage, fd, a->given_path};
        return 0;
}

int archivist_begin(struct archivist *a, const char *actor, const char *drive,
                    const struct archive_given *given, archivist_done_fn *on_done, void *userdata)
{
        struct station *s = a->station;
        struct volume_due due;
        instant_t now = clock_now();
        int r = archivist_refuse(a);

        if (r < 0)
                return r;
        r = volume_due_sum(s->catalogue, s->config->archive.copies, now, given ? given->footage : 0, &due);
        if (station_check(s, r, "look for what is due") < 0)
                return r;
        if (due.files == 0)
                return -ENODATA;
        if (s->config->archive_drives.n == 0 && !any_medium(a))
                return -ENODEV;
        r = given_take(a, given);
        if (r < 0)
                return r;
        a->n_barred = 0; /* somebody says so */
        a->discs = true;
        (void)text_copy(a->drive_asked, sizeof(a->drive_asked), drive);
        round_start(a, actor, &due, now);
        return wait_for(a, on_done, userdata);
}

int archivist_verify(struct archivist *a, const struct volume_row *v, const char *actor,
                     archivist_done_fn *on_done, void *userdata)
{
        struct station *s = a->station;
        int r = archivist_refuse(a);

        if (r >= 0)
                r = medium_by_id(s->catalogue, v->medium, &a->medium);
        if (r != CATALOGUE_OK)
                return r < 0 ? r : -ENODEV;
        if (a->medium.kind == MEDIUM_DISC ? s->config->archive_drives.n == 0
                                          : !medium_is_at_hand(s, &a->medium))
                return -ENODEV;
        a->task = ARCHIVIST_VERIFY;
        a->volume = *v;
        (void)text_copy(a->actor, sizeof(a->actor), actor);
        if (a->medium.kind == MEDIUM_DISC) {
                a->drive_at = 0;
                a->drive_asked[0] = '\0';
                archivist_disc_verify(a, NULL);
        } else {
                contents_read(a);
        }
        return wait_for(a, on_done, userdata);
}

/* Registered, put back into use, or as it was. */
static int medium_register(struct archivist *a, const struct archive_folder *f)
{
        struct station *s = a->station;
        struct medium m;
        int64_t id = 0;
        int r = medium_by_uuid(s->catalogue, f->uuid, &m);

        if (r < 0)
                return r;
        station_begin(s);
        if (r == CATALOGUE_OK) {
                id = m.id;
                r = medium_set_state(s->catalogue, a->actor, id, MEDIUM_ACTIVE, NULL);
                if (r == CATALOGUE_OK && strcmp(m.path, a->path) != 0)
                        r = medium_set_path(s->catalogue, a->actor, id, a->path);
        } else {
                m = (struct medium){.kind = MEDIUM_FOLDER, .capacity = f->capacity};
                (void)text_copy(m.number, sizeof(m.number), a->number);
                (void)text_copy(m.uuid, sizeof(m.uuid), f->uuid);
                (void)text_copy(m.path, sizeof(m.path), a->path);
                (void)text_copy(m.type, sizeof(m.type), f->type);
                (void)text_copy(m.place, sizeof(m.place), a->place);
                r = medium_add(s->catalogue, a->actor, s->config->number, &m, &id);
        }
        (void)station_check(s, MIN(r, 0), "register a medium");
        station_commit(s);
        if (r == CATALOGUE_OK && !s->failed)
                r = medium_by_id(s->catalogue, id, &a->medium);
        return s->failed ? -EIO : r;
}

static void on_made(void *userdata, struct archive_survey_result *result)
{
        struct archivist *a = userdata;
        char why[256];
        int r;

        if (a->station->failed || a->station->stopping)
                return;
        if (result->outcome != ARCHIVE_FOLDER_OK) {
                archivist_idle(a, &(struct archivist_answer){.error = result->error});
                return;
        }
        r = medium_register(a, &result->folder);
        if (r < 0)
                return;
        (void)snprintf(why, sizeof(why), "there is a medium '%s' already: expected another number",
                       a->number);
        archivist_media_changed(a);
        if (r == CATALOGUE_OK)
                archivist_idle(a, &(struct archivist_answer){.medium = &a->medium});
        else
                archivist_idle(a, &(struct archivist_answer){.error = why});
}

int archivist_init(struct archivist *a, const char *path, const char *number, const char *place,
                   const char *actor, archivist_done_fn *on_done, void *userdata)
{
        struct archive_survey_order order = {.root = -EBADF, .path = a->path, .init = true};
        int r = archivist_refuse(a);

        if (r < 0)
                return r;
        a->task = ARCHIVIST_INIT;
        (void)text_copy(a->path, sizeof(a->path), path);
        (void)text_copy(a->number, sizeof(a->number), number);
        (void)text_copy(a->place, sizeof(a->place), place);
        (void)text_copy(a->actor, sizeof(a->actor), actor);
        r = archivist_survey(a, &order, on_made);
        if (r < 0)
                return r;
        a->stage = ARCHIVIST_SURVEYING;
        a->on_done = on_done;
        a->userdata = userdata;
        return 0;
}

/* --- when --- */

/* What is due, told and begun. */
static void due_look(struct archivist *a, instant_t now, instant_t *next)
{
        struct station *s = a->station;
        struct volume_due due;
        bool same;
        int r = volume_due_sum(s->catalogue, s->config->archive.copies, now, 0, &due);

        if (station_check(s, r, "look for what is due") < 0)
                return;
        if (due.files == 0) {
                archivist_tell_wanted(a, &due);
                return;
        }
        if (!s->config->archive_auto)
                return;
        same = due.files == a->looked_due.files && due.bytes == a->looked_due.bytes;
        if (archive_look_again(a->looked_at, same, now)) {
                a->discs = s->config->archive_burn;
                a->drive_asked[0] = '\0';
                round_start(a, STATION_ACTOR, &due, now);
                if (a->stage != ARCHIVIST_IDLE || s->failed)
                        return;
        }
        if (*next == INSTANT_NONE || a->looked_at + ARCHIVE_RETRY < *next)
                *next = a->looked_at + ARCHIVE_RETRY;
}

void archivist_look(struct archivist *a, instant_t now, instant_t *next)
{
        struct station *s;

        if (!a || a->station->suspended || a->station->failed)
                return;
        s = a->station;
        archivist_alerts_look(a, now, next);
        if (s->failed || s->stopping || a->stage != ARCHIVIST_IDLE)
                return;
        if (!resume(a, now, next))
                due_look(a, now, next);
}

void archivist_media_changed(struct archivist *a)
{
        if (!a)
                return;
        archivist_look_anew(a);
        a->n_barred = 0;
}

void archivist_look_anew(struct archivist *a)
{
        a->looked_at = INSTANT_NONE;
        a->changed = true;
}

void archivist_configured(struct archivist *a)
{
        struct station *s;

        if (!a || a->station->suspended || a->station->failed)
                return;
        s = a->station;
        station_begin(s);
        station_check(s, volume_copies_remember(s->catalogue, s->config->archive.copies),
                      "remember how many copies are wanted");
        station_commit(s);
        archivist_media_changed(a);
}

void archivist_hold(struct archivist *a, bool hold)
{
        if (!a || a->held == hold)
                return;
        a->held = hold;
        archivist_run_hold(a);
}

int archivist_state(struct archivist *a, instant_t now, struct archivist_state *ret)
{
        struct archivist_state state = {.running = a->stage != ARCHIVIST_IDLE && a->task != ARCHIVIST_INIT,
                                        .verifying = a->task == ARCHIVIST_VERIFY,
                                        .held = a->held,
                                        .volume = a->volume,
                                        .medium = a->medium,
                                        .proving = a->phase == ARCHIVE_PROVING,
                                        .bytes = a->bytes,
                                        .bytes_total = a->bytes_total};
        int r = volume_due_sum(a->station->catalogue, a->station->config->archive.copies, now, 0,
                               &state.due);

        if (r < 0)
                return r;
        *ret = state;
        return 0;
}

/* --- start and end --- */

int archivist_new(struct archivist **ret, struct station *s)
{
        struct archivist *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        *a = (struct archivist){.station = s,
                                .root = -EBADF,
                                .contents = -EBADF,
                                .mount = -EBADF,
                                .scratch = -EBADF,
                                .given = {.fd = -EBADF},
                                .waits_since = INSTANT_NONE,
                                .looked_at = INSTANT_NONE};
        archivist_configured(a);
        archivist_media_watch(a);
        archivist_discs_watch(a);
        *ret = a;
        return 0;
}

void archivist_free(struct archivist *a)
{
        if (!a)
                return;
        station_on_medium(a->station, NULL, NULL);
        station_on_disc(a->station, NULL, NULL);
        archivist_drop(a);
        free(a->barred);
        free(a);
}
