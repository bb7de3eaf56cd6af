// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How long recordings, gaps and coverage take that are put together out of footage each time: of a day, of
 * an officer, of a recorder, and all of it, on a database that bench_catalogue made. Usage: bench_continuity
 * DATABASE.
 */
#include "base/cleanup.h"
#include "catalogue/catalogue.h"
#include "catalogue/query.h"

#include <inttypes.h>
#include <string.h>

#define NOW    INT64_C(1793491200000000) /* of bench_catalogue */
#define RUNS   11
#define MIDDLE 5

static void must(int r, struct catalogue *c, const char *what)
{
        if (r == 0)
                return;
        (void)fprintf(stderr, "bench_continuity: %s: %d %s\n", what, r, c ? catalogue_error(c) : "");
        exit(EXIT_FAILURE);
}

static const struct {
        const char *noun;
        const char *mix[10];
        int runs; /* fewer for what takes long */
} questions[] = {
                {"gap", {"from", "2025-06-15", "to", "2025-06-16"}, RUNS},
                {"gap", {"from", "2025-06-15", "to", "2025-06-16", "unexplained", "yes"}, RUNS},
                {"gap", {"from", "-1d"}, RUNS},
                {"gap", {"officer", "000123"}, RUNS},
                {"gap", {"officer", "000123", "unexplained", "yes", "min", "1min"}, RUNS},
                {"gap", {"officer", "000123", "from", "2025-06-01", "to", "2025-07-01"}, RUNS},
                {"gap", {"recorder", "0000321"}, RUNS},
                {"gap", {"unit", "310100000007", "from", "2025-06-01", "to", "2025-07-01"}, RUNS},
                {"gap", {"unit", "310100000007"}, RUNS},
                {"gap", {"from", "2025-06-01", "to", "2025-07-01"}, RUNS},
                {"gap", {"limit", "100"}, RUNS},
                {"gap", {NULL}, 1},
                {"recording", {"from", "2025-06-15", "to", "2025-06-16"}, RUNS},
                {"recording", {"officer", "000123"}, RUNS},
                {"recording", {"recorder", "0000321"}, RUNS},
                {"recording", {"limit", "100"}, RUNS},
                {"recording", {NULL}, 1},
                {"coverage", {"unit", "310100000007", "from", "2025-06-15", "to", "2025-06-16"}, RUNS},
                {"coverage",
                 {"officer", "000123", "officer", "000124", "from", "2025-06-15", "to", "2025-06-16"},
                 RUNS},
                {"coverage", {"unit", "310100000007", "from", "2025-06-01", "to", "2025-07-01"}, RUNS},
};

static int on_row(void *userdata, const char *json)
{
        (void)json;
        ++*(int *)userdata;
        return 0;
}

static int compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static struct query *make_query(size_t i)
{
        struct query_filter filters[5];
        struct query *q = NULL;
        char *error = NULL;
        size_t n = 0;

        for (size_t j = 0; j + 1 < ELEMENTSOF(questions[i].mix) && questions[i].mix[j]; j += 2)
                filters[n++] = (struct query_filter){questions[i].mix[j], questions[i].mix[j + 1]};
        if (query_new(questions[i].noun, filters, n, NOW, &q, &error) < 0) {
                (void)fprintf(stderr, "bench_continuity: %s\n", error);
                exit(EXIT_FAILURE);
        }
        return q;
}

static void measure(struct catalogue *c, size_t i)
{
        struct query *q = make_query(i);
        int64_t times[RUNS];
        int rows = 0;

        for (int run = 0; run < questions[i].runs; run++) {
                int64_t began = clock_monotonic();

                rows = 0;
                must(query_run(c, q, on_row, &rows), c, "query");
                times[run] = clock_monotonic() - began;
        }
        query_free(q);
        qsort(times, (size_t)questions[i].runs, sizeof(times[0]), compare);
        (void)printf("%9.2f %9.2f %7d  %s", (double)times[MIN(MIDDLE, questions[i].runs - 1)] / 1000,
                     (double)times[questions[i].runs - 1] / 1000, rows, questions[i].noun);
        for (size_t j = 0; j + 1 < ELEMENTSOF(questions[i].mix) && questions[i].mix[j]; j += 2)
                (void)printf(" %s=%s", questions[i].mix[j], questions[i].mix[j + 1]);
        (void)putchar('\n');
}

int main(int argc, char **argv)
{
        struct catalogue *c = NULL;

        if (argc != 2) {
                (void)fprintf(stderr, "Usage: bench_continuity DATABASE\n");
                return EXIT_FAILURE;
        }
        must(zone_set("Asia/Shanghai"), NULL, "zone");
        must(catalogue_open(&c, argv[1], true), NULL, "the database cannot be opened");
        (void)printf("%9s %9s %7s  whole answer\n", "median ms", "worst ms", "rows");
        for (size_t i = 0; i < ELEMENTSOF(questions); i++)
                measure(c, i);
        catalogue_close(c);
        return EXIT_SUCCESS;
}
