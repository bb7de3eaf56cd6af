// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the archivist tells of: checks that are overdue, copies that are bad, media that are wanted. */
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/alert.h"
#include "daemon/archivist_internal.h"
#include "daemon/station_internal.h"

#include <inttypes.h>

#define SUBJECT_MAX (VOLUME_NUMBER_MAX + 16)
#define OVERDUE_MAX 100 /* told of at once; the others follow as these are checked */

static const char wanted[] = "archive-medium-wanted", overdue[] = "archive-check-overdue",
                  bad_copy[] = "archive-copy-bad", wanted_subject[] = "archive";

struct overdue_list {
        struct volume_row volumes[OVERDUE_MAX];
        size_t n;
};

static int on_overdue(void *userdata, const struct volume_row *v)
{
        struct overdue_list *l = userdata;

        if (l->n == OVERDUE_MAX)
                return 0;
        l->volumes[l->n++] = *v;
        return 0;
}

static void overdue_tell(struct archivist *a, const struct volume_row *v)
{
        char subject[SUBJECT_MAX], due[INSTANT_TEXT_MAX];
        int r;

        (void)snprintf(subject, sizeof(subject), "volume/%s", v->number);
        r = alert_is_open(a->station->catalogue, overdue, subject);
        if (station_check(a->station, r, "look up an alert") == CATALOGUE_ABSENT)
                station_alert(a->station, overdue, LOG_WARNING, subject,
                              "volume %s was to be read again by %.10s: 'recdockctl archive verify %s'",
                              v->number, instant_format(v->check_at, due), v->number);
}

void archivist_alerts_look(struct archivist *a, instant_t now, instant_t *next)
{
        struct station *s = a->station;
        _cleanup_free_ struct overdue_list *l = calloc(1, sizeof(*l));
        struct volume_row first;
        int r = l ? volume_check_each(s->catalogue, now, on_overdue, l) : -ENOMEM;

        if (station_check(s, r, "look for checks") < 0 || !l)
                return;
        for (size_t i = 0; i < l->n && !s->failed; i++)
                overdue_tell(a, &l->volumes[i]);
        if (s->failed || l->n > 0)
                return;
        r = volume_check_first(s->catalogue, &first);
        if (station_check(s, r, "look for checks") == CATALOGUE_OK &&
            (*next == INSTANT_NONE || first.check_at < *next))
                *next = first.check_at;
}

void archivist_tell_wanted(struct archivist *a, const struct volume_due *due)
{
        struct station *s = a->station;
        int r;

        if (due->files > 0) {
                station_alert(s, wanted, LOG_WARNING, wanted_subject,
                              "%" PRId64 " files of %" PRId64 " cases, %" PRId64
                              " MiB, are to be copied to a medium and none takes them%s%s",
                              due->files, due->cases, due->bytes >> 20, a->why[0] ? ": " : "", a->why);
                return;
        }
        r = alert_is_open(s->catalogue, wanted, wanted_subject);
        if (station_check(s, r, "look up an alert") == CATALOGUE_OK)
                station_alert_clear(s, wanted, wanted_subject);
}

static void volume_subject(const struct archivist *a, char ret[SUBJECT_MAX])
{
        (void)snprintf(ret, SUBJECT_MAX, "volume/%s", a->volume.number);
}

void archivist_tell_gone(struct archivist *a)
{
        char subject[SUBJECT_MAX];

        volume_subject(a, subject);
        station_alert(a->station, wanted, LOG_WARNING, subject,
                      "medium %s is not plugged in, and volume %s is not whole: plug it in again within an "
                      "hour, or its %" PRId64 " files go to another one",
                      a->medium.number, a->volume.number, a->volume.files);
}

void archivist_tell_waited(struct archivist *a)
{
        char subject[SUBJECT_MAX];

        volume_subject(a, subject);
        if (alert_is_open(a->station->catalogue, wanted, subject) == CATALOGUE_OK)
                station_alert_clear(a->station, wanted, subject);
}

void archivist_tell_checked(struct archivist *a, int64_t bad, const json_object *others)
{
        struct station *s = a->station;
        char subject[SUBJECT_MAX];

        volume_subject(a, subject);
        if (alert_is_open(s->catalogue, overdue, subject) == CATALOGUE_OK)
                station_alert_clear(s, overdue, subject);
        if (bad > 0 || others || a->volume.check_result != VOLUME_CHECK_GOOD)
                station_alert(s, bad_copy, LOG_ERR, subject,
                              "%" PRId64 " of %" PRId64 " files of volume %s (%s) are not what was written: "
                              "these copies do not count any more, and the files are due again",
                              bad, a->volume.files, a->volume.number,
                              word_of(&volume_check_words, (int)a->volume.check_result));
        else
                station_alert_clear(s, bad_copy, subject);
}
