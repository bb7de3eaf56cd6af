// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How long recdockd takes for the report of a month, of a month of one unit, and of a year, on a database
 * that bench_catalogue made; after bench_deadline it has duties too. What is reported is printed beside it,
 * so that nobody measures an empty month. Usage: bench_report DATABASE.
 */
#include "base/cleanup.h"
#include "daemon/report.h"

#include <inttypes.h>

#define NOW  INT64_C(1793491200000000) /* of bench_catalogue */
#define RUNS 7                         /* at most */

static void must(int r, struct catalogue *c, const char *what)
{
        if (r == 0)
                return;
        (void)fprintf(stderr, "bench_report: %s: %d %s\n", what, r, c ? catalogue_error(c) : "");
        exit(EXIT_FAILURE);
}

static int compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

/* A figure of the report, 0 when there is none. */
static int64_t figure(json_object *report, const char *key, const char *name)
{
        json_object *value = NULL;

        (void)json_object_object_get_ex(report, key, &value);
        if (json_object_is_type(value, json_type_array))
                return (int64_t)json_object_array_length(value);
        (void)json_object_object_get_ex(value, name, &value);
        return json_object_get_int64(value);
}

static json_object *make(struct catalogue *c, const struct report_request *q, int64_t *ret_took)
{
        int64_t began = clock_monotonic();
        json_object *report = NULL;

        must(report_make(c, q, &report), c, "report");
        (void)json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN);
        *ret_took = clock_monotonic() - began;
        return report;
}

/* The report as recdockd makes it. */
static void measure(struct catalogue *c, const char *what, int days, int64_t unit, int runs)
{
        static atomic_bool cancelled;
        struct report_request q = {.scope = {.from = NOW - days * USEC_PER_DAY, .to = NOW, .unit = unit},
                                   .now = NOW,
                                   .continuity = CONTINUITY_DEFAULTS,
                                   .rules = {.limit = USEC_PER_DAY, .same_day = MINUTES_PER_DAY - 1},
                                   .calendar = CALENDAR_WEEK,
                                   .cancelled = &cancelled};
        int64_t times[RUNS];

        q.rules.calendar = &q.calendar;
        for (int i = 0; i < runs; i++) {
                json_object *report = make(c, &q, &times[i]);

                if (i + 1 == runs) {
                        qsort(times, (size_t)runs, sizeof(times[0]), compare);
                        (void)printf("%9.2f %9.2f %7" PRId64 " %5" PRId64 " %6" PRId64 " %6" PRId64 "  %s\n",
                                     (double)times[runs / 2] / 1000, (double)times[runs - 1] / 1000,
                                     figure(report, "footage", "files"),
                                     figure(report, "continuity", "gaps"), figure(report, "clocks", NULL),
                                     figure(report, "duties", "total"), what);
                        (void)fflush(stdout);
                }
                json_object_put(report);
        }
}

int main(int argc, char **argv)
{
        struct catalogue *c = NULL;

        if (argc != 2) {
                (void)fprintf(stderr, "Usage: bench_report DATABASE, one that bench_catalogue made\n");
                return EXIT_FAILURE;
        }
        must(zone_set("Asia/Shanghai"), NULL, "zone");
        must(catalogue_open(&c, argv[1], true), NULL, "the database cannot be opened");
        (void)printf("%9s %9s %7s %5s %6s %6s  report\n", "median ms", "worst ms", "files", "gaps", "clocks",
                     "duties");
        measure(c, "a month", 31, 0, RUNS);
        measure(c, "a month of one unit", 31, 7, RUNS);
        measure(c, "a year", 365, 0, 1);
        catalogue_close(c);
        return EXIT_SUCCESS;
}
