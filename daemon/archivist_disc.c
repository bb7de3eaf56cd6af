// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Discs of the archivist; see archivist.h. A disc is nobody's until a volume is planned for it: a drive is
 * looked at, and a blank disc in it becomes a medium by the transaction that plans its volume. It is burnt
 * once. Whatever ends that before its proof has spoilt it, and what it was for goes to the next one.
 *
 * libburn is recdock-archive's alone: also to look at a drive one is started.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/archivist_internal.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/docking.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

static const char no_coder[] = "dvdisaster is not installed, and Recovery= is set: expected the package "
                               "'dvdisaster'";

static bool is_asked(const struct archivist *a, size_t place, instant_t now)
{
        const char *drive = a->station->config->archive_drives.paths[place - 1];

        return (!a->drive_asked[0] || strcmp(a->drive_asked, drive) == 0) &&
               !archivist_is_barred(a, -(int64_t)place, now);
}

/* The one behind a->drive_at; false when there is none. */
static bool drive_next(struct archivist *a, instant_t now)
{
        const struct config_folders *drives = &a->station->config->archive_drives;

        for (size_t place = a->drive_at + 1; place <= drives->n; place++) {
                a->drive_at = place;
                if (is_asked(a, place, now))
                        return text_copy(a->drive, sizeof(a->drive), drives->paths[place - 1]);
        }
        return false;
}

/* --- what is put in --- */

/* A drive whose disc failed rests on: it may be the drive that spoils them. */
static void on_disc(void *userdata, const char *drive)
{
        struct archivist *a = userdata;
        const struct config *c = a->station->config;

        if (a->station->failed || a->station->stopping || !c->archive_auto || !c->archive_burn)
                return;
        for (size_t i = 0; i < c->archive_drives.n; i++)
                if (strcmp(c->archive_drives.paths[i], drive) == 0) {
                        log_info("drive %s: a disc was put in", drive);
                        archivist_look_anew(a);
                        deadline_clock_kick(a->station->deadline_clock);
                        return;
                }
}

void archivist_discs_watch(struct archivist *a)
{
        station_on_disc(a->station, on_disc, a);
}

/* --- recovery data --- */

/* Looked for before a disc is registered for the volume: what has no room yet is put off, and not failed. */
bool archivist_disc_scratch(struct archivist *a, int64_t cost, char *why, size_t size)
{
        struct station *s = a->station;
        int64_t needed = pack_size_with_recovery(cost, (int)a->recovery);
        int r = -ENOSPC;

        a->gave_room = false;
        if (a->medium.kind != MEDIUM_DISC || a->recovery == 0)
                return true;
        a->scratch = fd_close(a->scratch);
        if (station_fits(s, needed + docking_reserved(s)))
                r = store_scratch_open(s->store, needed, &a->scratch);
        if (r == -ENOSPC)
                (void)snprintf(why, size,
                               "there is no room for its image with recovery data: %" PRId64
                               " MiB are needed in the store, beside KeepFree= and what recorders bring",
                               (needed >> 20) + 1);
        else if (r < 0)
                (void)snprintf(why, size, "the store has no file for its image with recovery data: %s",
                               log_errno_text(r));
        return r >= 0;
}

/* While nothing is burnt: afterwards it costs a disc, and the room is free within the hour. */
void archivist_give_room(struct archivist *a)
{
        if (!a || !a->worker || a->stage != ARCHIVIST_WORKING || a->ended || a->phase != ARCHIVE_STAGING)
                return;
        log_notice("volume %s is given up: recorders need the room that its image with recovery data takes",
                   a->volume.number);
        a->gave_room = true;
        worker_signal(a->worker, SIGKILL);
}

void archivist_disc_unburnt(const struct archivist *a, char *why, size_t size)
{
        static const char blank[] = "nothing was burnt, and the disc can be taken again";
        bool staging = a->phase == ARCHIVE_STAGING;

        why[0] = '\0';
        if (a->gave_room)
                (void)snprintf(why, size, "recorders needed the room of its image: %s", blank);
        else if (a->ended && a->told.outcome == -ENOPKG)
                (void)snprintf(why, size, "%s: %s", no_coder, blank);
        else if (a->ended && a->told.outcome < 0 && staging)
                (void)snprintf(why, size, "recovery data cannot be made, by dvdisaster: %s: %s",
                               log_errno_text(a->told.outcome), blank);
}

/* --- a look --- */

void archivist_disc_pass(struct archivist *a, const char *why)
{
        if (why[0]) {
                log_info("drive %s takes no volume: %s", a->drive, why);
                (void)snprintf(a->why, sizeof(a->why), "drive %s: %.200s", a->drive, why);
        }
        archivist_round_go_on(a);
}

static const char *disc_text(const struct archive_drive *d, char *buf, size_t size)
{
        switch ((enum archive_disc)d->disc) {
        case ARCHIVE_DISC_NONE:
                return "there is no disc in it";
        case ARCHIVE_DISC_BLANK:
                return "the disc is blank";
        case ARCHIVE_DISC_OURS:
                (void)snprintf(buf, size, "the disc is volume %s already", d->volume);
                return buf;
        default:
                return "something else is on the disc";
        }
}

static void medium_compose(struct archivist *a)
{
        a->medium = (struct medium){.kind = MEDIUM_DISC, .capacity = a->disc.capacity};
        (void)text_copy(a->medium.type, sizeof(a->medium.type), a->disc.kind);
        (void)text_copy(a->medium.serial, sizeof(a->medium.serial), a->disc.media_id);
}

static void look_ended(struct archivist *a, const char *status)
{
        char buf[ARCHIVE_MESSAGE_TEXT + 64];

        if (!a->looked || a->disc.error < 0) {
                (void)snprintf(buf, sizeof(buf), "it cannot be looked at: %.200s",
                               a->looked ? log_errno_text(a->disc.error) : status);
                archivist_disc_pass(a, buf);
        } else if (a->disc.disc != ARCHIVE_DISC_BLANK) {
                archivist_disc_pass(a, disc_text(&a->disc, buf, sizeof(buf)));
        } else if (a->recovery > 0 && a->disc.coder < 0) {
                archivist_disc_pass(a, no_coder);
        } else {
                medium_compose(a);
                archivist_disc_plan(a);
        }
}

static void drive_take(struct archivist *a, const struct archive_drive *d)
{
        a->disc = *d;
        a->disc.kind[sizeof(a->disc.kind) - 1] = '\0';
        a->disc.media_id[sizeof(a->disc.media_id) - 1] = '\0';
        a->disc.volume[sizeof(a->disc.volume) - 1] = '\0';
        text_make_printable(a->disc.kind);
        text_make_printable(a->disc.media_id);
        text_make_printable(a->disc.volume);
        a->looked = true;
}

static void on_message(void *userdata, struct message *m)
{
        struct archivist *a = userdata;
        const struct archive_drive *d = message_payload(m, sizeof(*d));

        archivist_run_supervise(a);
        if (m->type == ARCHIVE_MESSAGE_DRIVE && d)
                drive_take(a, d);
        else if (m->type != ARCHIVE_MESSAGE_READY)
                worker_refuse(a->worker);
}

static void on_burst(void *userdata, bool begin)
{
        (void)userdata;
        (void)begin;
}

static void on_exit_of_worker(void *userdata, bool clean, const char *status)
{
        struct archivist *a = userdata;
        char why[128];

        (void)clean;
        if (a->station->failed || a->station->stopping)
                return;
        (void)text_copy(why, sizeof(why), status);
        archivist_run_drop(a); /* and the text with it */
        look_ended(a, why);
}

static int look(struct archivist *a)
{
        char program[PATH_MAX];
        char *argv[] = {worker_program("recdock-archive", program, sizeof(program)), NULL};
        const struct worker_events events = {.on_message = on_message,
                                             .on_burst = on_burst,
                                             .on_exit = on_exit_of_worker,
                                             .userdata = a};
        struct archive_begin begin = {.task = ARCHIVE_TASK_LOOK, .backend = ARCHIVE_BACKEND_DISC};
        int r = worker_start(&a->worker, a->station->event, argv, -EBADF, &events);

        if (r < 0)
                return r;
        a->looked = false;
        a->recovery = begin.recovery = a->station->config->archive_recovery;
        archivist_run_supervise(a);
        (void)text_copy(begin.drive, sizeof(begin.drive), a->drive);
        return worker_send(a->worker, ARCHIVE_MESSAGE_BEGIN, &begin, sizeof(begin), -EBADF);
}

bool archivist_disc_ask(struct archivist *a, instant_t now)
{
        int r = -ENODEV;

        while (a->discs && r < 0 && drive_next(a, now)) {
                a->stage = ARCHIVIST_SURVEYING;
                a->medium = (struct medium){.id = 0};
                r = look(a);
                if (r >= 0)
                        break;
                archivist_run_drop(a);
                (void)snprintf(a->why, sizeof(a->why), "drive %s cannot be looked at: %s", a->drive,
                               log_errno_text(r));
        }
        return r >= 0;
}

/* --- reading one again --- */

bool archivist_disc_is_other(const struct archivist *a)
{
        return a->medium.kind == MEDIUM_DISC &&
               (!a->ended || a->told.outcome < 0 || a->told.outcome == ARCHIVE_FOREIGN ||
                a->told.outcome == ARCHIVE_MEDIUM_FAILED);
}

static void other_text(const struct archivist *a, const char *status, char *buf, size_t size)
{
        const struct archivist_told *t = &a->told;

        if (!a->ended)
                (void)snprintf(buf, size, "drive %s: %.200s", a->drive, status);
        else if (t->outcome == ARCHIVE_FOREIGN && t->path[0])
                (void)snprintf(buf, size, "in drive %s is volume %.200s", a->drive, t->path);
        else
                (void)snprintf(buf, size, "drive %s: %s", a->drive,
                               t->error == -EMEDIUMTYPE
                                               ? "the disc is no volume"
                                               : log_errno_text(t->outcome < 0 ? t->outcome : t->error));
}

void archivist_disc_verify(struct archivist *a, const char *status)
{
        char why[sizeof(a->why)] = "no drive is configured";
        int r = -ENODEV;

        if (status)
                other_text(a, status, why, sizeof(why));
        while (r < 0 && drive_next(a, INSTANT_NONE)) {
                archivist_run_drop(a);
                r = archivist_run(a);
                if (r < 0)
                        (void)snprintf(why, sizeof(why), "drive %s: %s", a->drive, log_errno_text(r));
        }
        if (r >= 0)
                return;
        (void)snprintf(a->why, sizeof(a->why), "volume %s is in no drive: %.300s", a->volume.number, why);
        archivist_idle(a, &(struct archivist_answer){.error = a->why});
}
