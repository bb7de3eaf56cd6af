// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Jobs for recdock-inspect; see inspector.h. The process is started at the first need and again whenever it
 * dies: a file that kills it is a file with a verdict, never an outage. Whatever it answers is bounded text
 * and numbers checked here.
 */
#include "daemon/inspector.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/config.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"
#include "daemon/worker.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

enum {
        DEATHS_MAX = 3,    /* of one job */
        IN_VAIN_ALERT = 3, /* starts in a row without one answer */
        IN_VAIN_MAX = 6,   /* then what waits is given up: its docking must not wait for ever */
};

/* Between an end and the next start, doubled with each start in vain. */
static const int64_t restart_delay = USEC_PER_SEC / 2;
static const int64_t restart_delay_max = 60 * USEC_PER_SEC;

static const char alert_kind[] = "inspect-failed", alert_subject[] = "inspector";

/* A child gets KillTimeout= and this much more for its size: slower disks do not exist. */
static const int64_t bytes_per_second = INT64_C(4) << 20;
/* The process answers for a child that ran out of time; when it does not, it hangs itself. */
static const int64_t answer_slack = 5 * USEC_PER_SEC;

struct job {
        struct job *next;
        uint64_t number;
        int fd;
        int64_t size;
        uint32_t flags;
        char name[INSPECT_NAME_MAX];
        bool sent;
        unsigned int deaths;
        inspector_done_fn *on_done;
        void *userdata;
};

struct inspector {
        struct station *station;
        struct worker *worker;
        bool ready;
        struct job *jobs; /* oldest first */
        uint64_t last_number;
        size_t n_sent;
        unsigned int in_vain; /* processes that ended without an answer, in a row */
        bool resting;         /* until restart_timer */
        sd_event_source *restart_timer, *stall_timer;
};

static void inspector_pump(struct inspector *i);

/* --- stalls: the process owes READY, and an answer as long as it has jobs --- */

static int inspector_on_stall(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct inspector *i = userdata;

        event_log(EVENT_WORKER_KILLED, NULL,
                  "recdock-inspect %d has not answered in time for %zu files, killing it",
                  i->worker ? (int)worker_pid(i->worker) : 0, i->n_sent);
        if (i->worker)
                worker_signal(i->worker, SIGKILL);
        return 0;
}

static int64_t job_timeout(const struct inspector *i, const struct job *j)
{
        return i->station->config->kill_timeout + j->size / bytes_per_second * USEC_PER_SEC;
}

static int64_t answer_timeout(const struct inspector *i)
{
        int64_t longest = i->station->config->kill_timeout;

        for (const struct job *j = i->jobs; j; j = j->next)
                if (j->sent)
                        longest = MAX(longest, job_timeout(i, j));
        return longest + answer_slack;
}

/* Begins the wait anew: the process was asked something, or has answered. */
static void inspector_supervise(struct inspector *i)
{
        bool owes = i->worker && (!i->ready || i->n_sent > 0);
        int r;

        if (!owes && !i->stall_timer)
                return;
        if (!i->stall_timer)
                r = sd_event_add_time_relative(i->station->event, &i->stall_timer, CLOCK_MONOTONIC,
                                               (uint64_t)answer_timeout(i), 0, inspector_on_stall, i);
        else
                r = sd_event_source_set_time_relative(i->stall_timer, (uint64_t)answer_timeout(i));
        if (r >= 0)
                r = sd_event_source_set_priority(i->stall_timer, PRIORITY_TIMER);
        if (r >= 0)
                r = sd_event_source_set_enabled(i->stall_timer, owes ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
        if (r < 0)
                log_error("could not arm a timer for recdock-inspect: %s, going on without",
                          log_errno_text(r));
}

static void job_free(struct job *j)
{
        (void)fd_close(j->fd);
        free(j);
}

/* Takes the job out of the list, then tells its owner, who may submit another. */
static void job_finish(struct inspector *i, struct job *job, int error, const struct inspect_result *result)
{
        struct job **p = &i->jobs;

        while (*p && *p != job)
                p = &(*p)->next;
        if (*p)
                *p = job->next;
        i->n_sent -= job->sent;
        job->on_done(job->userdata, error, result);
        job_free(job);
}

static struct job *job_find(struct inspector *i, uint64_t number)
{
        for (struct job *j = i->jobs; j; j = j->next)
                if (j->number == number && j->sent)
                        return j;
        return NULL;
}

static void result_check(struct inspect_result *r)
{
        if (r->verdict >= _VERDICT_MAX)
                r->verdict = VERDICT_UNREADABLE;
        if (r->kind >= _MEDIA_KIND_MAX)
                r->kind = MEDIA_OTHER;
        r->container[sizeof(r->container) - 1] = '\0';
        r->codecs[sizeof(r->codecs) - 1] = '\0';
        r->reasons[sizeof(r->reasons) - 1] = '\0';
        text_make_printable(r->container);
        text_make_printable(r->codecs);
        text_make_printable(r->reasons);
}

static void on_result(struct inspector *i, const struct inspect_result *m)
{
        struct inspect_result result = *m;
        struct job *j = job_find(i, m->job);

        if (!j) {
                log_warning("recdock-inspect answered job %" PRIu64 ", which it does not have, ignoring",
                            m->job);
                return;
        }
        result_check(&result);
        if (i->in_vain >= IN_VAIN_ALERT)
                station_alert_clear(i->station, alert_kind, alert_subject);
        i->in_vain = 0;
        job_finish(i, j, 0, &result);
}

static void inspector_on_message(void *userdata, struct message *m)
{
        struct inspector *i = userdata;
        const struct inspect_ready *ready = message_payload(m, sizeof(*ready));
        const struct inspect_result *result = message_payload(m, sizeof(*result));

        if (m->type == INSPECT_READY && ready) {
                i->ready = true;
                log_info("recdock-inspect is ready: Landlock %s, seccomp %s, %u at once",
                         ready->landlock_abi > 0 ? "on" : "not in this kernel",
                         ready->seccomp ? "on" : "off", ready->children_max);
        } else if (m->type == INSPECT_RESULT && result) {
                on_result(i, result);
        } else {
                log_warning("recdock-inspect sent a message of type %u that is none of the protocol, "
                            "killing it",
                            m->type);
                worker_refuse(i->worker);
        }
}

static void inspector_on_burst(void *userdata, bool begin)
{
        struct inspector *i = userdata;

        if (begin) {
                station_begin(i->station);
                return;
        }
        station_commit(i->station);
        inspector_pump(i);
        inspector_supervise(i);
}

static int inspector_on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct inspector *i = userdata;

        i->resting = false;
        inspector_pump(i);
        return 0;
}

static void inspector_rest(struct inspector *i)
{
        unsigned int doublings = i->in_vain > 1 ? MIN(i->in_vain - 1, 10U) : 0;
        int64_t delay = MIN(restart_delay << doublings, restart_delay_max);
        int r;

        sd_event_source_disable_unref(i->restart_timer);
        i->restart_timer = NULL;
        r = sd_event_add_time_relative(i->station->event, &i->restart_timer, CLOCK_MONOTONIC,
                                       (uint64_t)delay, 0, inspector_on_restart, i);
        i->resting = station_check(i->station, r, "arm a timer") >= 0;
}

/* The jobs it had go back into the queue; one that was there at every death is given up. */
static void jobs_take_back(struct inspector *i)
{
        for (struct job *j = i->jobs, *next; j; j = next) {
                next = j->next;
                if (!j->sent)
                        continue;
                j->sent = false;
                i->n_sent--;
                if (++j->deaths >= DEATHS_MAX)
                        job_finish(i, j, -EIO, NULL);
        }
}

static void inspector_despair(struct inspector *i, const char *status)
{
        if (i->in_vain >= IN_VAIN_ALERT)
                station_alert(i->station, alert_kind, LOG_CRIT, alert_subject,
                              "recdock-inspect ended %u times in a row without an answer (%s): nothing can "
                              "be "
                              "proved or filed; what was pulled is kept",
                              i->in_vain, status);
        if (i->in_vain < IN_VAIN_MAX)
                return;
        for (struct job *j = i->jobs; j; j = i->jobs)
                job_finish(i, j, -ECHILD, NULL);
}

static void inspector_on_exit(void *userdata, bool clean, const char *status)
{
        struct inspector *i = userdata;

        worker_free(i->worker);
        i->worker = NULL;
        i->ready = false;
        inspector_supervise(i);
        if (i->station->stopping)
                return;
        i->in_vain++;
        log_warning("recdock-inspect ended: %s, starting it again when it is needed", status);
        jobs_take_back(i);
        inspector_rest(i);
        inspector_despair(i, status);
}

static int inspector_start(struct inspector *i)
{
        char program[PATH_MAX], parallel[16];
        char *argv[] = {worker_program("recdock-inspect", program, sizeof(program)), (char *)"--parallel",
                        parallel, NULL};
        const struct worker_events events = {
                        .on_message = inspector_on_message,
                        .on_burst = inspector_on_burst,
                        .on_exit = inspector_on_exit,
                        .userdata = i,
        };
        int r;

        (void)snprintf(parallel, sizeof(parallel), "%u", i->station->config->inspectors);
        r = worker_start(&i->worker, i->station->event, argv, -EBADF, &events);
        if (r >= 0)
                inspector_supervise(i);
        return r;
}

static int job_send(struct inspector *i, struct job *j)
{
        struct inspect_request request = {
                        .job = j->number,
                        .flags = j->flags,
                        .timeout_s = (uint32_t)(job_timeout(i, j) / USEC_PER_SEC),
                        .size = j->size,
        };
        int r;

        memcpy(request.name, j->name, sizeof(request.name));
        r = worker_send(i->worker, INSPECT_REQUEST, &request, sizeof(request), j->fd);
        if (r < 0)
                return r;
        j->sent = true;
        i->n_sent++;
        return 0;
}

static void inspector_pump(struct inspector *i)
{
        if (i->station->stopping)
                return;
        if (!i->worker) {
                int r = i->jobs && !i->resting ? inspector_start(i) : 0;

                if (r < 0)
                        station_check(i->station, r, "start recdock-inspect");
                return;
        }
        for (struct job *j = i->jobs; j && i->ready && i->n_sent < INSPECT_JOBS_MAX; j = j->next) {
                if (j->sent)
                        continue;
                if (job_send(i, j) < 0)
                        return; /* full or gone: a result or its end pumps again */
                inspector_supervise(i);
        }
}

int inspector_submit(struct inspector *i, int fd, int64_t size, uint32_t flags, const char *name,
                     inspector_done_fn *on_done, void *userdata)
{
        struct job *j = calloc(1, sizeof(*j)), **tail = &i->jobs;

        if (!j)
                return -ENOMEM;
        *j = (struct job){
                        .number = ++i->last_number,
                        .fd = fd,
                        .size = size,
                        .flags = flags,
                        .on_done = on_done,
                        .userdata = userdata,
        };
        (void)text_copy(j->name, sizeof(j->name), name);
        while (*tail)
                tail = &(*tail)->next;
        *tail = j;
        inspector_pump(i);
        return 0;
}

size_t inspector_queued(const struct inspector *i)
{
        size_t n = 0;

        for (const struct job *j = i->jobs; j; j = j->next)
                n++;
        return n;
}

int inspector_new(struct inspector **ret, struct station *s)
{
        struct inspector *i = calloc(1, sizeof(*i));
        int r;

        if (!i)
                return -ENOMEM;
        i->station = s;
        r = inspector_start(i); /* early: its libraries are loaded by the time the first file is here */
        if (r < 0) {
                free(i);
                return r;
        }
        *ret = i;
        return 0;
}

void inspector_free(struct inspector *i)
{
        if (!i)
                return;
        sd_event_source_disable_unref(i->restart_timer);
        sd_event_source_disable_unref(i->stall_timer);
        worker_free(i->worker);
        while (i->jobs)
                job_finish(i, i->jobs, -ECANCELED, NULL);
        free(i);
}
