// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What becomes of a volume, on record; see archivist.h. One transaction each: a volume is written with all
 * of its copies, or it has failed and its footage is due again.
 */
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/archivist_internal.h"
#include "daemon/config.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <string.h>

#define SUBJECT_MAX (VOLUME_NUMBER_MAX + 16)

static void volume_read(struct archivist *a)
{
        int r = volume_by_id(a->station->catalogue, a->volume.id, &a->volume);

        station_check(a->station, r == CATALOGUE_ABSENT ? -ENODATA : r, "read a volume");
}

/* --- failed --- */

static void medium_subject(const struct archivist *a, char ret[SUBJECT_MAX])
{
        (void)snprintf(ret, SUBJECT_MAX, "medium/%s", a->medium.number);
}

/* A disc is written once: one that did not become a volume takes nothing any more. */
static bool medium_is_lost(const struct archivist *a, bool medium_failed)
{
        return medium_failed || a->medium.kind == MEDIUM_DISC;
}

static void fail_down(struct archivist *a, bool medium_failed, const char *reason)
{
        struct station *s = a->station;
        int r;

        if (a->medium.kind == MEDIUM_DISC && a->drive_at > 0) /* it may have failed before it was burnt */
                archivist_bar(a, -(int64_t)a->drive_at, clock_now() + ARCHIVE_RETRY);
        station_begin(s);
        r = volume_failed(s->catalogue, STATION_ACTOR, a->volume.id, reason, a->copies, a->n_copies);
        if (r >= 0 && medium_is_lost(a, medium_failed))
                r = medium_set_state(s->catalogue, STATION_ACTOR, a->medium.id, MEDIUM_FAILED, reason);
        station_check(s, r, "write that a volume failed");
        station_commit(s);
}

static void failed_idle(struct archivist *a)
{
        if (a->station->failed)
                return;
        volume_read(a);
        archivist_tell_waited(a);
        archivist_idle(a, &(struct archivist_answer){.volume = &a->volume, .medium = &a->medium});
}

void archivist_volume_fail(struct archivist *a, bool medium_failed, const char *reason)
{
        char subject[SUBJECT_MAX];

        fail_down(a, medium_failed, reason);
        if (a->station->failed)
                return;
        medium_subject(a, subject);
        station_alert(a->station, "archive-failed", LOG_ERR, subject,
                      "volume %s was not written: %s; %" PRId64 " files are due again%s", a->volume.number,
                      reason, a->volume.files,
                      medium_is_lost(a, medium_failed) ? ", and the medium takes no more volumes" : "");
        failed_idle(a);
}

/* What cannot be copied is left out of the next plan; which file it is, an alert of its own tells. */
static void source_fail(struct archivist *a)
{
        const struct archivist_told *t = &a->told;
        const bool given = t->footage > 0 && t->footage == a->given.footage;
        char subject[SUBJECT_MAX], reason[VOLUME_REASON_MAX];
        struct copy *copy = t->footage > 0 ? calloc(1, sizeof(*copy)) : NULL;

        (void)snprintf(reason, sizeof(reason), "the file %s %s: '%.300s'",
                       given ? "that was given" : "in the store",
                       t->outcome == ARCHIVE_SOURCE_DIFFERS ? "is not what the catalogue knows of it"
                                                            : "cannot be read",
                       t->path);
        if (!copy) {
                archivist_volume_fail(a, false, reason);
                return;
        }
        archivist_copies_forget(a);
        *copy = (struct copy){.footage = t->footage, .result = VOLUME_COPY_SOURCE};
        a->copies = copy;
        a->n_copies = a->room_copies = 1;
        fail_down(a, false, reason);
        if (a->station->failed)
                return;
        (void)snprintf(subject, sizeof(subject), "footage/%" PRId64, t->footage);
        station_alert(a->station, "archive-failed", LOG_CRIT, subject,
                      "footage %" PRId64 " cannot be copied to volume %s, %s: 'recdockctl verify %" PRId64
                      "', then give a good copy of it, from a volume or a backup: 'recdockctl archive start "
                      "--footage=%" PRId64 " --source=FILE'",
                      t->footage, a->volume.number, reason, t->footage, t->footage);
        failed_idle(a);
}

/* --- written --- */

static void tell_written(struct archivist *a)
{
        char subject[SUBJECT_MAX];

        event_log(EVENT_ARCHIVE_WRITTEN, NULL,
                  "volume %s is written to medium %s: %" PRId64 " files, %" PRId64 " MiB, each read back",
                  a->volume.number, a->medium.number, a->volume.files, a->volume.bytes >> 20);
        if (a->told.cached > 0)
                log_warning("the file system of medium %s cannot be read past the page cache: %" PRIu64
                            " files of volume %s are proved in memory alone",
                            a->medium.number, a->told.cached, a->volume.number);
        medium_subject(a, subject);
        station_alert_clear(a->station, "archive-failed", subject);
        for (size_t i = 0; i < a->n_copies && !a->station->failed; i++) {
                (void)snprintf(subject, sizeof(subject), "footage/%" PRId64, a->copies[i].footage);
                if (alert_is_open(a->station->catalogue, "archive-failed", subject) == CATALOGUE_OK)
                        station_alert_clear(a->station, "archive-failed", subject);
        }
}

/* Its word is not enough: every footage of the volume must have been told of, as good. */
static bool all_are_proved(const struct archivist *a)
{
        static const uint8_t none[DIGEST_SIZE];

        for (size_t i = 0; i < a->n_copies; i++)
                if (a->copies[i].result != VOLUME_COPY_GOOD &&
                    (a->copies[i].result != VOLUME_COPY_CACHED || a->medium.kind != MEDIUM_FOLDER))
                        return false;
        return (int64_t)a->n_copies == a->volume.files && !a->others &&
               memcmp(a->told.seal, none, DIGEST_SIZE) != 0;
}

static void write_down(struct archivist *a)
{
        struct station *s = a->station;
        instant_t check_at = archive_check_due(&s->config->archive, clock_now());
        int r;

        inject_point("archive-proved");
        station_begin(s);
        r = volume_written(s->catalogue, STATION_ACTOR, a->volume.id, a->told.seal, a->copies, a->n_copies,
                           check_at);
        station_check(s, r, "write that a volume is written");
        station_commit(s);
        inject_point("archive-recorded");
        if (s->failed)
                return;
        volume_read(a);
        tell_written(a);
        archivist_tell_waited(a);
        archivist_idle(a, &(struct archivist_answer){.volume = &a->volume, .medium = &a->medium});
}

static void not_proved(struct archivist *a)
{
        char reason[VOLUME_REASON_MAX];
        size_t bad = 0;

        for (size_t i = 0; i < a->n_copies; i++)
                bad += a->copies[i].result != VOLUME_COPY_GOOD && a->copies[i].result != VOLUME_COPY_CACHED;
        (void)snprintf(reason, sizeof(reason),
                       "reading it back did not prove it: %zu of %" PRId64
                       " files are not what was written%s",
                       bad, a->volume.files, a->others ? ", nor are files of the volume's own" : "");
        archivist_volume_fail(a, true, reason);
}

/* Proved, and then not written out: nobody knows what is there now. */
static void not_released(struct archivist *a)
{
        char why[VOLUME_REASON_MAX];

        (void)snprintf(why, sizeof(why), "medium %s was not released in order: %s", a->medium.number,
                       log_errno_text(a->released));
        archivist_again(a, why);
}

static void written_ended(struct archivist *a, const char *status)
{
        const struct archivist_told *t = &a->told;
        char why[VOLUME_REASON_MAX];

        if (!a->ended || t->outcome < 0 || t->outcome == ARCHIVE_CANCELLED) {
                archivist_disc_unburnt(a, why, sizeof(why));
                if (!why[0])
                        (void)snprintf(why, sizeof(why), "recdock-archive ended before its word: %s",
                                       a->ended ? log_errno_text(t->outcome) : status);
                archivist_again(a, why);
                return;
        }
        switch (t->outcome) {
        case ARCHIVE_DONE:
                if (a->medium.kind == MEDIUM_REMOVABLE && a->released < 0)
                        not_released(a);
                else if (all_are_proved(a))
                        write_down(a);
                else
                        not_proved(a);
                break;
        case ARCHIVE_FULL:
                archivist_bar(a, a->medium.id, clock_now() + ARCHIVE_RETRY);
                (void)snprintf(why, sizeof(why), "the medium is full: %s at '%.200s'",
                               log_errno_text(t->error), t->path);
                archivist_volume_fail(a, false, why);
                break;
        case ARCHIVE_MEDIUM_FAILED:
                (void)snprintf(why, sizeof(why), "the medium failed: %s at '%.200s'",
                               log_errno_text(t->error), t->path);
                archivist_again(a, why);
                break;
        case ARCHIVE_SOURCE_UNREADABLE:
        case ARCHIVE_SOURCE_DIFFERS:
                source_fail(a);
                break;
        case ARCHIVE_FOREIGN:
                archivist_bar(a, a->medium.id, clock_now() + ARCHIVE_RETRY);
                archivist_volume_fail(a, false,
                                      a->medium.kind == MEDIUM_DISC
                                                      ? "the disc is not blank"
                                                      : "its folder on the medium has something else in it");
                break;
        default:
                not_proved(a);
        }
}

/* --- read again --- */

static enum volume_check check_of(const struct archivist *a)
{
        if (a->told.outcome == ARCHIVE_NO_VOLUME)
                return VOLUME_CHECK_NONE;
        if (memcmp(a->told.seal, a->volume.seal, DIGEST_SIZE) != 0)
                return VOLUME_CHECK_OTHER;
        return a->told.outcome == ARCHIVE_DONE ? VOLUME_CHECK_GOOD : VOLUME_CHECK_BAD;
}

static void checked_ended(struct archivist *a, const char *status)
{
        struct station *s = a->station;
        struct archivist_answer answer = {.volume = &a->volume, .medium = &a->medium, .others = a->others};
        char why[VOLUME_REASON_MAX];
        int r;

        if (archivist_medium_is_gone(a)) { /* its copies are no worse for it */
                (void)snprintf(why, sizeof(why),
                               "volume %s was not read again: medium %s was taken out meanwhile",
                               a->volume.number, a->medium.number);
                archivist_idle(a, &(struct archivist_answer){.error = why});
                return;
        }
        if (archivist_disc_is_other(a)) {
                (void)text_copy(why, sizeof(why), status);
                archivist_disc_verify(a, why);
                return;
        }
        if (!a->ended || (a->told.outcome != ARCHIVE_DONE && a->told.outcome != ARCHIVE_NOT_PROVED &&
                          a->told.outcome != ARCHIVE_NO_VOLUME)) {
                (void)snprintf(why, sizeof(why), "volume %s could not be read again: %s", a->volume.number,
                               !a->ended             ? status
                               : a->told.outcome < 0 ? log_errno_text(a->told.outcome)
                                                     : log_errno_text(a->told.error));
                archivist_idle(a, &(struct archivist_answer){.error = why});
                return;
        }
        station_begin(s);
        r = volume_checked(s->catalogue, a->actor, a->volume.id, check_of(a), a->copies, a->n_copies,
                           archive_check_due(&s->config->archive, clock_now()), &answer.bad);
        station_check(s, r, "write what a check found");
        station_commit(s);
        if (s->failed)
                return;
        volume_read(a);
        archivist_tell_checked(a, answer.bad, a->others);
        archivist_idle(a, &answer);
}

void archivist_ended(struct archivist *a, const char *status)
{
        if (a->task == ARCHIVIST_VERIFY)
                checked_ended(a, status);
        else
                written_ended(a, status);
}
