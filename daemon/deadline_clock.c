// SPDX-License-Identifier: LGPL-2.1-or-later
/* The deadline clock; see deadline_clock.h. */
#include "daemon/deadline_clock.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/alert.h"
#include "catalogue/registry.h"
#include "daemon/annotation_alert.h"
#include "daemon/archivist.h"
#include "daemon/backup_job.h"
#include "daemon/config.h"
#include "daemon/due.h"
#include "daemon/station_internal.h"
#include "daemon/undocking.h"

#include <inttypes.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

#define JUMP_MIN            (5 * USEC_PER_SEC)    /* less is the work of a time service, step by step */
#define FOREVER             INT64_C(253402300799) /* seconds; the timer still goes off when the clock is set */
#define SUBJECT_MAX         (REGISTRY_TEXT_MAX + 16)
#define ESCALATIONS_AT_ONCE 16 /* each is a transaction; the rest at the next look, which is at once */

/* What it raises of duties; same-day and overdue are of what is on a recorder, missing is of itself. */
enum told { TOLD_SAME_DAY, TOLD_OVERDUE, TOLD_MISSING, _TOLD_MAX };

static const char *const alert_kinds[_TOLD_MAX] = {
                [TOLD_SAME_DAY] = "same-day",
                [TOLD_OVERDUE] = "offload-overdue",
                [TOLD_MISSING] = "recorder-missing",
};

/* One duty that waits, as the walk found it. */
struct waiting {
        int64_t recorder, officer;
        instant_t out_at, back_by; /* of the roster, or more time; INSTANT_NONE */
        struct due due;
};

struct deadline_clock {
        struct station *station;
        sd_event_source *source;
        int fd;
        instant_t armed; /* for when */
        bool looked;
        instant_t looked_at; /* by the wall clock */
        int64_t looked_since_boot;
        struct waiting *waiting;
        size_t n, allocated;
};

static int64_t clock_since_boot(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_BOOTTIME, &ts);
        return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

static int set_timer(int fd, instant_t at)
{
        struct itimerspec when = {.it_value.tv_sec = FOREVER};

        if (at != INSTANT_NONE && at < FOREVER * USEC_PER_SEC) {
                at = MAX(at, 1); /* zero would disarm it */
                when.it_value.tv_sec = (time_t)(at / USEC_PER_SEC);
                when.it_value.tv_nsec = (long)(at % USEC_PER_SEC * 1000);
        }
        return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) < 0 ? -errno
                                                                                                 : 0;
}

/* Wakes at 'at', at once when that has passed, and whenever the clock is set. When it was set just now, this
 * is where the kernel says so, and only once. */
static int arm(struct deadline_clock *c, instant_t at)
{
        int r = set_timer(c->fd, at);

        c->armed = at;
        if (r == -ECANCELED) {
                c->armed = 1;
                r = set_timer(c->fd, 1);
        }
        return r == -ECANCELED ? 0 : r;
}

void deadline_clock_by(struct deadline_clock *c, instant_t at)
{
        if (c && (c->armed == INSTANT_NONE || at < c->armed))
                station_check(c->station, arm(c, at), "arm the deadline clock");
}

void deadline_clock_kick(struct deadline_clock *c)
{
        if (c)
                station_check(c->station, arm(c, 1), "arm the deadline clock");
}

static int on_due(void *userdata, const struct duty *d, const struct due *due)
{
        struct deadline_clock *c = userdata;

        if (c->n == c->allocated) {
                size_t n = c->allocated ? 2 * c->allocated : 64;
                struct waiting *waiting = reallocarray(c->waiting, n, sizeof(*waiting));

                if (!waiting)
                        return -ENOMEM;
                c->waiting = waiting;
                c->allocated = n;
        }
        c->waiting[c->n++] = (struct waiting){.recorder = d->recorder,
                                              .officer = d->officer,
                                              .out_at = d->out_at,
                                              .back_by = MAX(d->roster_end, d->extended_until),
                                              .due = *due};
        return 0;
}

static instant_t due_at(const struct waiting *w, enum told kind)
{
        switch (kind) {
        case TOLD_SAME_DAY:
                return w->due.deadline.notice;
        case TOLD_OVERDUE:
                return w->due.deadline.violation;
        default:
                return w->due.missing;
        }
}

/* What it was counted from, for people. */
static const char *because(const struct deadline *d)
{
        switch (d->basis) {
        case DEADLINE_FROM_RETURN:
                return "counted from its return";
        case DEADLINE_FROM_ROSTER:
                return "nobody recorded its return, so it is counted from the end of its roster";
        case DEADLINE_FROM_CHECKOUT:
                return "nobody recorded its return or a roster, so it is counted from its checkout";
        default:
                return "nobody recorded its return";
        }
}

/* " (officer 000001)" or "". */
static int officer_text(struct station *s, int64_t id, char ret[SUBJECT_MAX])
{
        struct officer officer;
        int r = id > 0 ? officer_by_id(s->catalogue, id, &officer) : CATALOGUE_ABSENT;

        ret[0] = '\0';
        if (r == CATALOGUE_OK)
                (void)snprintf(ret, SUBJECT_MAX, " (officer %.100s)", officer.number);
        return r;
}

static void tell_export(struct station *s, const struct waiting *w, const char *number, const char *officer,
                        const char *subject)
{
        const struct deadline *d = &w->due.deadline;
        bool missed = w->due.state == DEADLINE_MISSED;
        char at[INSTANT_TEXT_MAX];

        (void)instant_format(missed ? d->violation : d->notice, at);
        if (missed)
                station_alert(s, alert_kinds[TOLD_OVERDUE], LOG_ERR, subject,
                              "recorder %s%s had to be exported by %s%s; %s", number, officer, at,
                              d->extended ? ", which was an extension" : "", because(d));
        else
                station_alert(s, alert_kinds[TOLD_SAME_DAY], LOG_WARNING, subject,
                              "recorder %s%s is not exported, and the day's work ended at %s", number,
                              officer, at);
}

static void tell_missing(struct station *s, const struct waiting *w, const char *number, const char *officer,
                         const char *subject)
{
        char out[INSTANT_TEXT_MAX], back[INSTANT_TEXT_MAX];

        (void)instant_format(w->out_at, out);
        if (w->back_by != INSTANT_NONE)
                station_alert(s, alert_kinds[TOLD_MISSING], LOG_ERR, subject,
                              "recorder %s%s is out since %s and was to be back by %s", number, officer, out,
                              instant_format(w->back_by, back));
        else
                station_alert(s, alert_kinds[TOLD_MISSING], LOG_ERR, subject,
                              "recorder %s%s is out since %s, and nobody said until when", number, officer,
                              out);
}

/* CATALOGUE_ABSENT: there is something to tell of what is on the recorder. It is told of once, however many
 * of its duties wait, and no more of the day when it is overdue. */
static int export_is_news(struct station *s, const struct waiting *w, const char *subject)
{
        int r;

        if (w->due.state == DEADLINE_IN_TIME)
                return CATALOGUE_OK;
        r = alert_is_open(s->catalogue, alert_kinds[TOLD_OVERDUE], subject);
        if (r == CATALOGUE_ABSENT && w->due.state == DEADLINE_SAME_DAY)
                r = alert_is_open(s->catalogue, alert_kinds[TOLD_SAME_DAY], subject);
        return r;
}

/* CATALOGUE_ABSENT: there is something to tell of the recorder itself. */
static int missing_is_news(const struct deadline_clock *c, const struct waiting *w,
                           const struct recorder_row *recorder, const char *subject)
{
        if (w->due.missing == INSTANT_NONE || w->due.missing > c->looked_at ||
            recorder->retired_at != INSTANT_NONE)
                return CATALOGUE_OK;
        return alert_is_open(c->station->catalogue, alert_kinds[TOLD_MISSING], subject);
}

static void raise_due(struct deadline_clock *c, const struct waiting *w)
{
        bool missing = w->due.missing != INSTANT_NONE && w->due.missing <= c->looked_at;
        char subject[SUBJECT_MAX], officer[SUBJECT_MAX];
        struct station *s = c->station;
        struct recorder_row recorder;
        int r, export, lost;

        if (w->due.state == DEADLINE_IN_TIME && !missing)
                return;
        r = recorder_by_id(s->catalogue, w->recorder, &recorder);
        if (station_check(s, r, "look up a recorder") != CATALOGUE_OK)
                return;
        (void)snprintf(subject, sizeof(subject), "recorder/%s", recorder.number);
        export = export_is_news(s, w, subject);
        lost = missing_is_news(c, w, &recorder, subject);
        if (station_check(s, MIN(export, lost), "look up an alert") < 0 ||
            (export != CATALOGUE_ABSENT && lost != CATALOGUE_ABSENT) ||
            station_check(s, officer_text(s, w->officer, officer), "look up an officer") < 0)
                return;
        if (export == CATALOGUE_ABSENT)
                tell_export(s, w, recorder.number, officer, subject);
        if (lost == CATALOGUE_ABSENT && !s->failed)
                tell_missing(s, w, recorder.number, officer, subject);
}

/* Subjects of alerts whose cause is gone, found in the walk over them, cleared after it. */
struct clearing {
        struct deadline_clock *clock;
        enum told kind;
        char (*subjects)[SUBJECT_MAX];
        size_t n, allocated;
};

static int compare_recorders(const void *key, const void *element)
{
        const struct waiting *w = element;
        int64_t recorder = *(const int64_t *)key;

        return recorder < w->recorder ? -1 : recorder > w->recorder;
}

/* Does any duty of the recorder still give a reason for an alert of 'since'? One that was moved after it
 * does not; one that lies ahead only because the clock was set back does. */
static bool cause_stands(const struct deadline_clock *c, int64_t recorder, enum told kind, instant_t since)
{
        const struct waiting *w =
                        c->n > 0 ? bsearch(&recorder, c->waiting, c->n, sizeof(*w), compare_recorders)
                                 : NULL;

        if (!w)
                return false;
        while (w > c->waiting && w[-1].recorder == recorder)
                w--;
        for (; w < c->waiting + c->n && w->recorder == recorder; w++)
                if (due_at(w, kind) != INSTANT_NONE && due_at(w, kind) <= MAX(since, c->looked_at))
                        return true;
        return false;
}

static int on_alert(void *userdata, const char *subject, instant_t since)
{
        struct clearing *k = userdata;
        struct recorder_row recorder;
        int r;

        if (strncmp(subject, "recorder/", 9) != 0)
                return 0;
        r = recorder_by_number(k->clock->station->catalogue, subject + 9, &recorder);
        if (r < 0 ||
            (r == CATALOGUE_OK && !(k->kind == TOLD_MISSING && recorder.retired_at != INSTANT_NONE) &&
             cause_stands(k->clock, recorder.id, k->kind, since)))
                return MIN(r, 0);
        if (k->n == k->allocated) {
                size_t n = k->allocated ? 2 * k->allocated : 16;
                char(*subjects)[SUBJECT_MAX] = reallocarray(k->subjects, n, sizeof(*subjects));

                if (!subjects)
                        return -ENOMEM;
                k->subjects = subjects;
                k->allocated = n;
        }
        (void)text_copy(k->subjects[k->n++], SUBJECT_MAX, subject);
        return 0;
}

static void clear_gone(struct deadline_clock *c, enum told kind)
{
        struct clearing k = {.clock = c, .kind = kind};
        struct station *s = c->station;
        int r = alert_each_open(s->catalogue, alert_kinds[kind], on_alert, &k);

        (void)station_check(s, r, "look through the alerts");
        for (size_t i = 0; i < k.n && !s->failed; i++)
                station_alert_clear(s, alert_kinds[kind], k.subjects[i]);
        free(k.subjects);
}

static void span_text(int64_t span, char ret[48])
{
        int64_t seconds = span / USEC_PER_SEC;

        (void)snprintf(ret, 48, "%" PRId64 " h %02" PRId64 " min %02" PRId64 " s", seconds / 3600,
                       seconds / 60 % 60, seconds % 60);
}

/* The last thing the ledger tells of was written later than now: the clock went back while the station was
 * off. */
static int64_t jump_while_off(struct deadline_clock *c, instant_t now)
{
        instant_t last = INSTANT_NONE;
        int r = catalogue_ledger_last(c->station->catalogue, &last);

        return station_check(c->station, r, "read the ledger") == CATALOGUE_OK && last > now ? now - last
                                                                                             : 0;
}

static void judge_jump(struct deadline_clock *c, instant_t now, int64_t since_boot)
{
        int64_t jump = c->looked ? now - c->looked_at - (since_boot - c->looked_since_boot)
                                 : jump_while_off(c, now);
        char span[48];

        if (jump < -JUMP_MIN || jump > JUMP_MIN) {
                span_text(jump < 0 ? -jump : jump, span);
                station_alert(c->station, "clock-jump", jump < 0 ? LOG_ERR : LOG_WARNING, "station",
                              "the station's clock went %s by %s%s: times and deadlines around now are in "
                              "doubt",
                              jump < 0 ? "back" : "forward", span,
                              c->looked ? "" : " while recdockd was not running");
        }
        c->looked = true;
        c->looked_at = now;
        c->looked_since_boot = since_boot;
}

/* Tells what nobody has answered, and gives the instant at which the next one will be due. While the
 * catalogue has no room nothing is: the end of the pause is followed by a look. */
static void escalate(struct deadline_clock *c, instant_t now, instant_t *next)
{
        struct station *s = c->station;
        const int64_t after = s->config->escalate_after;
        instant_t since;
        struct alert a;
        int r = CATALOGUE_OK;

        if (after == 0 || s->suspended)
                return;
        for (int i = 0; i < ESCALATIONS_AT_ONCE && r == CATALOGUE_OK && !s->failed; i++) {
                station_begin(s);
                r = station_check(s, alert_escalate(s->catalogue, now - after, &a), "escalate an alert");
                station_commit(s);
                if (r == CATALOGUE_OK && !s->failed)
                        station_alert_tell(s, &a, ALERT_ESCALATED);
        }
        if (s->failed)
                return;
        r = alert_unanswered_since(s->catalogue, &since);
        if (station_check(s, r, "look through the alerts") == CATALOGUE_OK &&
            (*next == INSTANT_NONE || since + after < *next))
                *next = since + after;
}

void deadline_clock_look(struct deadline_clock *c, int64_t since_boot)
{
        struct station *s = c->station;
        const struct due_rules rules = {&s->config->deadlines, &s->config->missing};
        instant_t now = clock_now(), next = INSTANT_NONE, undocked = INSTANT_NONE;
        int r;

        judge_jump(c, now, since_boot);
        undocking_look(s, now, &undocked);
        c->n = 0;
        r = due_each(s->catalogue, &rules, now, on_due, c, &next);
        if (station_check(s, r, "look for deadlines") < 0)
                return;
        for (enum told kind = 0; kind < _TOLD_MAX; kind++)
                clear_gone(c, kind);
        for (size_t i = 0; i < c->n && !s->failed; i++)
                raise_due(c, &c->waiting[i]);
        annotation_look(s, now, &next);
        backup_job_look(s->backup, now, &next);
        archivist_look(s->archivist, now, &next);
        escalate(c, now, &next);
        if (undocked != INSTANT_NONE && (next == INSTANT_NONE || undocked < next))
                next = undocked;
        station_check(s, arm(c, next), "arm the deadline clock");
}

/* Gone off, or cancelled because the clock was set (ECANCELED): either way everything is looked at. */
static int on_timer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        uint64_t ignored;

        if (read(fd, &ignored, sizeof(ignored)) < 0 && errno == EAGAIN)
                return 0;
        deadline_clock_look(userdata, clock_since_boot());
        return 0;
}

int deadline_clock_start(struct deadline_clock **ret, struct station *s)
{
        struct deadline_clock *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->station = s;
        c->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        r = c->fd < 0 ? -errno : arm(c, 1);
        if (r >= 0)
                r = sd_event_add_io(s->event, &c->source, c->fd, EPOLLIN, on_timer, c);
        if (r >= 0)
                r = sd_event_source_set_priority(c->source, PRIORITY_TIMER);
        if (r < 0) {
                deadline_clock_stop(c);
                return r;
        }
        *ret = c;
        return 0;
}

void deadline_clock_stop(struct deadline_clock *c)
{
        if (!c)
                return;
        sd_event_source_disable_unref(c->source);
        (void)fd_close(c->fd);
        free(c->waiting);
        free(c);
}
