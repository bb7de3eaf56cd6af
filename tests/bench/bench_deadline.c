// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How long recdockd takes to find the next deadline, and to look at all of them again after the clock was
 * changed: both are one walk over the duties that wait. Takes a database of bench_catalogue and adds what
 * such a station has besides footage: 5000 recorders with twenty-one duties each, of which the last waits.
 * Usage: bench_deadline DATABASE.
 */
#include "base/cleanup.h"
#include "catalogue/footage.h"
#include "catalogue/registry.h"
#include "daemon/due.h"

#include <inttypes.h>

#define RECORDERS INT64_C(5000)
#define DUTIES    60                        /* of one recorder, done with */
#define NOW       INT64_C(1793491200000000) /* 2026-11-01T08:00+08:00 */
#define RUNS      51
#define MIDDLE    25
#define ACTOR     "bench"

static void must(int r, struct catalogue *c, const char *what)
{
        if (r == 0)
                return;
        (void)fprintf(stderr, "bench_deadline: %s: %d %s\n", what, r, c ? catalogue_error(c) : "");
        exit(EXIT_FAILURE);
}

static void add_recorder(struct catalogue *c, int64_t i)
{
        struct recorder_row row = {.registered_at = NOW - 365 * USEC_PER_DAY}, found;
        int64_t id;

        (void)snprintf(row.number, sizeof(row.number), "%07" PRId64, i);
        if (recorder_by_number(c, row.number, &found) == CATALOGUE_OK)
                return;
        must(recorder_register(c, ACTOR, &row, &id), c, "recorder");
}

/* Every third one has a roster, every seventh is still out, every fifth came back hours ago. */
static void add_duties(struct catalogue *c, int64_t recorder)
{
        int64_t id;

        for (int i = DUTIES; i >= 0; i--) {
                instant_t out = NOW - (i * 6 + 1) * USEC_PER_DAY + recorder % 1440 * 60 * USEC_PER_SEC;
                instant_t back = out + (8 + recorder % 5 * 3) * USEC_PER_HOUR;

                must(duty_check_out(c, ACTOR,
                                    &(struct checkout){
                                                    .recorder = recorder,
                                                    .officer = 1,
                                                    .at = out,
                                                    .roster_end = recorder % 3 ? INSTANT_NONE
                                                                               : out + 10 * USEC_PER_HOUR},
                                    &id),
                     c, "checkout");
                if (i > 0 || recorder % 7)
                        must(duty_return(c, ACTOR, recorder, back, &id), c, "return");
                if (i > 0)
                        must(duty_offload(c, ACTOR, recorder, 1, back + USEC_PER_HOUR), c, "offload");
        }
}

static void fill(struct catalogue *c)
{
        for (int64_t i = 1; i <= RECORDERS; i++) {
                if (i % 100 == 1)
                        must(catalogue_begin(c), c, "begin");
                add_recorder(c, i);
                add_duties(c, i);
                if (i % 100 == 0)
                        must(catalogue_commit(c), c, "commit");
        }
}

static int on_due(void *userdata, const struct duty *d, const struct due *due)
{
        ((int *)userdata)[due->state]++;
        return 0;
}

static int compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static void measure(struct catalogue *c, const struct due_rules *rules, const char *what, instant_t now)
{
        int64_t times[RUNS];
        char next_text[INSTANT_TEXT_MAX];
        instant_t next = INSTANT_NONE;
        int states[3] = {0};

        for (int i = 0; i < RUNS; i++) {
                int64_t began = clock_monotonic();

                states[DEADLINE_SAME_DAY] = states[DEADLINE_MISSED] = 0;
                must(due_each(c, rules, now, on_due, states, &next), c, "walk");
                times[i] = clock_monotonic() - began;
        }
        qsort(times, RUNS, sizeof(times[0]), compare);
        (void)printf("%-24s %6.2f ms median, %6.2f ms slowest; %d notices, %d violations, next %s\n", what,
                     (double)times[MIDDLE] / 1000, (double)times[RUNS - 1] / 1000, states[DEADLINE_SAME_DAY],
                     states[DEADLINE_MISSED], instant_format(next, next_text));
}

int main(int argc, char **argv)
{
        static const struct calendar week = CALENDAR_WEEK;
        struct deadline_rules deadlines = {
                        .calendar = &week, .limit = 24 * USEC_PER_HOUR, .same_day = MINUTES_PER_DAY - 1};
        const struct missing_rules missing = {.grace = 2 * USEC_PER_DAY, .after = 3 * USEC_PER_DAY};
        const struct due_rules rules = {&deadlines, &missing};
        struct catalogue *c;
        int64_t rows = 0;
        instant_t next = INSTANT_NONE;

        if (argc != 2) {
                (void)fprintf(stderr, "Usage: bench_deadline DATABASE, one that bench_catalogue made\n");
                return EXIT_FAILURE;
        }
        must(zone_set("Asia/Shanghai"), NULL, "zone");
        must(catalogue_open(&c, argv[1], false), NULL, argv[1]);
        must(due_each(c, &rules, NOW, NULL, NULL, &next), c, "walk");
        if (next == INSTANT_NONE)
                fill(c);
        must(footage_count(c, &rows), c, "count");
        (void)printf("%" PRId64 " rows of footage, %" PRId64 " recorders\n", rows, RECORDERS);
        measure(c, &rules, "next deadline", NOW);
        measure(c, &rules, "clock a day forward", NOW + USEC_PER_DAY);
        measure(c, &rules, "clock an hour back", NOW - USEC_PER_HOUR);
        deadlines.days_off_wait = true;
        measure(c, &rules, "with days off", NOW);
        catalogue_close(c);
        return EXIT_SUCCESS;
}
