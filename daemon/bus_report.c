// SPDX-License-Identifier: LGPL-2.1-or-later
/* Report(): which period and unit is judged on the loop, so that a bad one is refused before a thread is
 * made. The thread has the rules as they stood then. */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/config.h"
#include "daemon/report.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);
DEFINE_CLEANUP(struct bus_job *, bus_job_free);

#define PERIOD_MAX (10 * 366 * USEC_PER_DAY)

/* The words of a call, "" when not given. */
struct report_words {
        const char *month, *from, *to, *unit;
};

static int words_take(const struct query_filter *filters, size_t n, struct report_words *w,
                      sd_bus_error *error)
{
        *w = (struct report_words){"", "", "", ""};
        for (size_t i = 0; i < n; i++) {
                const char *key = filters[i].key;
                const char **word = strcmp(key, "month") == 0  ? &w->month
                                    : strcmp(key, "from") == 0 ? &w->from
                                    : strcmp(key, "to") == 0   ? &w->to
                                    : strcmp(key, "unit") == 0 ? &w->unit
                                                               : NULL;

                if (!word)
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                 "unknown filter '%s' for a report, expected one of month, "
                                                 "from, to or unit",
                                                 key);
                if (**word)
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                 "%s '%s': given twice, expected once", key,
                                                 filters[i].value);
                if (!*filters[i].value)
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                 "%s is empty, expected a value or no %s", key, key);
                *word = filters[i].value;
        }
        if (*w->month && (*w->from || *w->to))
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_INVALID,
                                "month '%s' is given together with from or to, expected one or the other",
                                w->month);
        if (*w->to && !*w->from)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "to '%s' is given without from, expected both, or a month", w->to);
        return 0;
}

static int month_accept(const char *month, struct report_request *q, sd_bus_error *error)
{
        day_t first, next;

        if (month_parse(month, &first, &next) < 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "month '%s' is not valid, expected one such as 2026-11", month);
        (void)text_copy(q->month, sizeof(q->month), month);
        q->scope.from = instant_from_day(first, 0);
        q->scope.to = instant_from_day(next, 0);
        return 0;
}

static int period_accept(const struct report_words *w, struct report_request *q, sd_bus_error *error)
{
        char text[INSTANT_TEXT_MAX], month[sizeof(q->month)];
        int r;

        if (!*w->from) {
                (void)text_copy(month, sizeof(month), instant_format(q->now, text)); /* this month */
                return month_accept(*w->month ? w->month : month, q, error);
        }
        r = bus_time_accept("from", w->from, INSTANT_NONE, &q->scope.from, error);
        if (r >= 0)
                r = bus_time_accept("to", w->to, q->now, &q->scope.to, error);
        if (r < 0)
                return r;
        if (q->scope.from >= q->scope.to)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "from '%s' is not before to '%s', expected an earlier time",
                                         w->from, *w->to ? w->to : "now");
        return 0;
}

static int period_judge(const struct report_request *q, sd_bus_error *error)
{
        char text[INSTANT_TEXT_MAX];

        if (q->scope.from > q->now)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "the period begins at %s, expected one that has begun",
                                         instant_format(q->scope.from, text));
        if (q->scope.to - PERIOD_MAX > q->scope.from)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "the period is longer than ten years, expected a shorter one");
        return 0;
}

static int unit_accept(struct catalogue *c, const char *number, struct report_request *q,
                       sd_bus_error *error)
{
        struct unit unit;
        int r = bus_unit_require(c, number, &q->scope.unit, error);

        if (r < 0 || q->scope.unit == 0)
                return r;
        r = unit_by_id(c, q->scope.unit, &unit);
        if (r != CATALOGUE_OK)
                return r < 0 ? r : -EIO;
        (void)text_copy(q->unit, sizeof(q->unit), unit.number);
        (void)text_copy(q->unit_name, sizeof(q->unit_name), unit.name);
        return 0;
}

static int report_accept(struct bus_job *job, const struct query_filter *filters, size_t n,
                         sd_bus_error *error)
{
        const struct config *config = job->server->station->config;
        struct report_request *q = job->state = calloc(1, sizeof(*q));
        struct report_words words;
        int r;

        if (!q)
                return -ENOMEM;
        q->now = clock_now();
        q->cancelled = &job->cancelled;
        q->clock_tolerance = config->health.clock_tolerance;
        q->continuity = config->continuity;
        q->rules = config->deadlines;
        q->rules.calendar = &q->calendar;
        q->missing = config->missing;
        (void)text_copy(q->number, sizeof(q->number), config->number ? config->number : "");
        (void)text_copy(q->custodian, sizeof(q->custodian), config->custodian ? config->custodian : "");
        r = calendar_copy(&config->calendar, &q->calendar);
        if (r >= 0)
                r = words_take(filters, n, &words, error);
        if (r >= 0)
                r = period_accept(&words, q, error);
        if (r >= 0)
                r = period_judge(q, error);
        return r < 0 ? r : unit_accept(job->server->station->catalogue, words.unit, q, error);
}

static int report_job_run(struct bus_job *job, struct catalogue *c)
{
        _cleanup_(json_object_putp) json_object *report = NULL;
        int r = report_make(c, job->state, &report);

        if (r < 0 && r != -ECANCELED) {
                (void)snprintf(job->error, sizeof(job->error), "the catalogue cannot be read: %s",
                               catalogue_error(c));
                return r;
        }
        if (r < 0)
                return r;
        return bus_job_write_line(job, json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN));
}

static int report_job_reply(struct bus_job *job)
{
        return sd_bus_reply_method_return(job->call, NULL);
}

static void report_job_release(struct bus_job *job)
{
        struct report_request *q = job->state;

        if (q)
                calendar_done(&q->calendar);
        free(q);
}

static const struct bus_job_type report_job = {
                .accept = report_accept,
                .run = report_job_run,
                .reply = report_job_reply,
                .release = report_job_release,
};

int bus_report(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(bus_job_freep) struct bus_job *job = NULL;
        int r = bus_job_new(userdata, m, &report_job, NULL, error, &job);

        if (r < 0)
                return r;
        r = bus_job_start(job);
        if (r < 0)
                return r;
        job = NULL; /* the server's now */
        return 1;
}
