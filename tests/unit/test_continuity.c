// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Recordings and gaps. The cases are in continuity.txt; what the code makes of each is written in the same
 * words and compared. Then the properties that no table can show: all times moved by one span move the
 * answer by it, and a segment more never makes a gap longer. At the end coverage by two.
 */
#include "rules/continuity.h"
#include "rules/coverage.h"
#include "base/cleanup.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

#define CASES_MIN    60
#define CASES_MAX    200
#define SEGMENTS_MAX 64
#define RESULT_MAX   1024

DEFINE_CLEANUP(struct coverage *, coverage_free);

struct duty_span {
        instant_t from, to;
};

struct course {
        struct continuity_rules rules;
        struct segment segments[SEGMENTS_MAX];
        size_t n;
        struct duty_span duties[8];
        size_t n_duties;
};

struct answer {
        struct recording recordings[SEGMENTS_MAX];
        size_t n_recordings;
        struct recording_gap gaps[SEGMENTS_MAX];
        size_t n_gaps;
        char text[RESULT_MAX];
        const struct course *course;
};

static struct {
        unsigned int line;
        char zone[64], date[16];
        char *course, *expected;
} cases[CASES_MAX];
static int n_cases;
static int year, month, day; /* of the case that is read */

/* --- reading --- */

/* "08:00:00" of the case's day, "32:00:00" of the day after. */
static instant_t time_of(const char *text)
{
        int hour, minute, second;
        instant_t t;

        ck_assert_msg(sscanf(text, "%d:%d:%d", &hour, &minute, &second) == 3, "'%s' is no time", text);
        ck_assert_int_eq(instant_from_local(year, month, day + hour / 24, hour % 24, minute, second, &t), 0);
        return t;
}

/* KIND TIME [/SECONDS|/?] [@OFFICER] [~OFFSET] [=RESOLUTION], e.g. "v08:00:00/300@2~-13". */
static void segment_read(const char *text, struct course *c)
{
        struct segment *s = &c->segments[c->n++];
        const char *p;

        ck_assert_uint_le(c->n, SEGMENTS_MAX);
        ck_assert_ptr_nonnull(strchr("vae", text[0]));
        *s = (struct segment){.footage = (int64_t)c->n,
                              .started = time_of(text + 1),
                              .duration = -1,
                              .resolution = USEC_PER_SEC,
                              .audio = text[0] == 'a',
                              .ended = text[0] == 'e'};
        p = strchr(text, '/');
        if (p && p[1] != '?')
                s->duration = (int64_t)(strtod(p + 1, NULL) * USEC_PER_SEC);
        p = strchr(text, '@');
        if (p)
                s->officer = strtol(p + 1, NULL, 10);
        p = strchr(text, '~');
        if (p)
                s->clock_offset = strtol(p + 1, NULL, 10) * USEC_PER_SEC;
        p = strchr(text, '=');
        if (p)
                s->resolution = strtol(p + 1, NULL, 10) * USEC_PER_SEC;
}

static void word_read(char *word, struct course *c)
{
        const struct {
                const char *word;
                int64_t *to;
        } rules[] = {{"join=", &c->rules.join},
                     {"gap=", &c->rules.gap},
                     {"activity=", &c->rules.activity_gap}};

        for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
                if (strncmp(word, rules[i].word, strlen(rules[i].word)) != 0)
                        continue;
                *rules[i].to = strtol(word + strlen(rules[i].word), NULL, 10) * USEC_PER_SEC;
                return;
        }
        if (strcmp(word, "voice") == 0) {
                c->rules.audio = true;
        } else if (strncmp(word, "duty=", 5) == 0) {
                char *end = strchr(word, '-');

                c->duties[c->n_duties++] =
                                (struct duty_span){time_of(word + 5), end[1] ? time_of(end + 1) : INT64_MAX};
        } else {
                segment_read(word, c);
        }
}

static int segment_compare(const void *x, const void *y)
{
        const struct segment *a = x, *b = y;

        if (a->started != b->started)
                return a->started < b->started ? -1 : 1;
        return a->footage < b->footage ? -1 : a->footage > b->footage;
}

static void course_read(const char *text, struct course *c)
{
        _cleanup_free_ char *copy = strdup(text);
        char *save = NULL;

        *c = (struct course){.rules = CONTINUITY_DEFAULTS};
        for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
                word_read(word, c);
        qsort(c->segments, c->n, sizeof(*c->segments), segment_compare);
}

/* --- the answer in words --- */

static char *time_text(instant_t t, char *buf, size_t size)
{
        char text[INSTANT_TEXT_MAX];
        int y, m, d;

        (void)instant_format(t, text);
        ck_assert_int_eq(sscanf(text, "%d-%d-%dT", &y, &m, &d), 3);
        (void)snprintf(buf, size, "%s%.8s", d == day ? "" : "+", text + 11);
        return buf;
}

static void tell(struct answer *a, const char *sort, bool open_from, instant_t from, instant_t to, bool open)
{
        size_t used = strlen(a->text);
        char x[16], y[16];

        (void)snprintf(a->text + used, sizeof(a->text) - used, "%s%s%s%s-%s%s", used ? " " : "", sort,
                       open_from ? "?" : "", time_text(from, x, sizeof(x)), time_text(to, y, sizeof(y)),
                       open ? "?" : "");
}

static int on_recording(void *userdata, const struct recording *r)
{
        struct answer *a = userdata;
        size_t used;

        a->recordings[a->n_recordings++] = *r;
        tell(a, r->audio ? "A" : "R", r->start_unknown, r->started, r->ended, r->end_unknown);
        used = strlen(a->text);
        if (r->segments > 1)
                used += (size_t)snprintf(a->text + used, sizeof(a->text) - used, "x%" PRId64, r->segments);
        if (r->officer > 0)
                (void)snprintf(a->text + used, sizeof(a->text) - used, "@%" PRId64, r->officer);
        return 0;
}

static int on_gap(void *userdata, const struct recording_gap *g)
{
        struct answer *a = userdata;

        a->gaps[a->n_gaps++] = *g;
        tell(a, "G", false, g->from, g->to, !g->certain);
        return 0;
}

static int duty_at(void *userdata, instant_t at, int64_t *ret)
{
        const struct answer *a = userdata;

        for (size_t i = a->course->n_duties; i > 0; i--) {
                const struct duty_span *d = &a->course->duties[i - 1];

                if (d->from <= at && at <= d->to) {
                        *ret = (int64_t)i;
                        return 0;
                }
        }
        *ret = 0;
        return 0;
}

static void course_run(const struct course *c, struct answer *ret)
{
        const struct continuity_calls calls = {duty_at, on_recording, on_gap, ret};
        struct continuity state;

        *ret = (struct answer){.course = c};
        continuity_begin(&state, &c->rules, &calls);
        for (size_t i = 0; i < c->n; i++)
                ck_assert_int_eq(continuity_add(&state, &c->segments[i]), 0);
        ck_assert_int_eq(continuity_end(&state), 0);
}

START_TEST(test_case)
{
        struct course c;
        struct answer a;

        ck_assert_int_eq(zone_set(cases[_i].zone), 0);
        ck_assert_int_eq(sscanf(cases[_i].date, "%d-%d-%d", &year, &month, &day), 3);
        course_read(cases[_i].course, &c);
        course_run(&c, &a);
        ck_assert_msg(strcmp(a.text, cases[_i].expected) == 0, "line %u: %s\nis       %s\nexpected %s",
                      cases[_i].line, cases[_i].course, a.text, cases[_i].expected);
}
END_TEST

/* --- properties --- */

static uint32_t drawn = 2463534242;

static uint32_t next_random(uint32_t below)
{
        drawn ^= drawn << 13;
        drawn ^= drawn >> 17;
        drawn ^= drawn << 5;
        return drawn % below;
}

static void segment_draw(struct segment *s, int64_t footage)
{
        *s = (struct segment){.footage = footage,
                              .started = INT64_C(1793491200000000) + next_random(7200) * USEC_PER_SEC / 2,
                              .duration = next_random(8) == 0 ? -1 : next_random(600) * USEC_PER_SEC / 2,
                              .resolution = next_random(5) == 0 ? 2 * USEC_PER_SEC : USEC_PER_SEC,
                              .officer = next_random(6) == 0,
                              .clock_offset = next_random(4) == 0 ? 13 * USEC_PER_SEC : 0,
                              .audio = next_random(10) == 0};
        s->ended = s->duration < 0 && next_random(3) == 0;
}

static void course_draw(struct course *c)
{
        *c = (struct course){.rules = CONTINUITY_DEFAULTS};
        c->n = 1 + next_random(20);
        for (size_t i = 0; i < c->n; i++)
                segment_draw(&c->segments[i], (int64_t)i + 1);
        if (next_random(2) == 0)
                c->duties[c->n_duties++] = (struct duty_span){
                                INT64_C(1793491200000000),
                                INT64_C(1793491200000000) + next_random(7200) * USEC_PER_SEC};
        qsort(c->segments, c->n, sizeof(*c->segments), segment_compare);
}

static void course_move(struct course *c, int64_t by)
{
        for (size_t i = 0; i < c->n; i++)
                c->segments[i].started += by;
        for (size_t i = 0; i < c->n_duties; i++) {
                c->duties[i].from += by;
                c->duties[i].to += by;
        }
}

START_TEST(test_moved_times_move_the_answer)
{
        for (int run = 0; run < 600; run++) {
                int64_t by = ((int64_t)next_random(2000000) - 1000000) * 1234567;
                struct course c, moved;
                struct answer a, b;

                course_draw(&c);
                moved = c;
                course_move(&moved, by);
                course_run(&c, &a);
                course_run(&moved, &b);
                ck_assert_uint_eq(a.n_recordings, b.n_recordings);
                ck_assert_uint_eq(a.n_gaps, b.n_gaps);
                for (size_t i = 0; i < a.n_recordings; i++) {
                        ck_assert_int_eq(a.recordings[i].started + by, b.recordings[i].started);
                        ck_assert_int_eq(a.recordings[i].ended + by, b.recordings[i].ended);
                        ck_assert_int_eq(a.recordings[i].segments, b.recordings[i].segments);
                }
                for (size_t i = 0; i < a.n_gaps; i++) {
                        ck_assert_int_eq(a.gaps[i].from + by, b.gaps[i].from);
                        ck_assert_int_eq(a.gaps[i].to + by, b.gaps[i].to);
                        ck_assert_int_eq(a.gaps[i].certain, b.gaps[i].certain);
                }
        }
}
END_TEST

/* A gap of the longer course that has a moment with one of the shorter in common lies within it. */
START_TEST(test_more_footage_never_makes_a_gap_longer)
{
        size_t compared = 0;

        for (int run = 0; run < 1500; run++) {
                struct course c, more;
                struct answer a, b;

                course_draw(&c);
                more = c;
                segment_draw(&more.segments[more.n++], 99);
                qsort(more.segments, more.n, sizeof(*more.segments), segment_compare);
                course_run(&c, &a);
                course_run(&more, &b);
                for (size_t i = 0; i < a.n_gaps; i++) {
                        for (size_t j = 0; j < b.n_gaps; j++) {
                                if (b.gaps[j].from >= a.gaps[i].to || b.gaps[j].to <= a.gaps[i].from)
                                        continue;
                                compared++;
                                ck_assert_int_ge(b.gaps[j].from, a.gaps[i].from);
                                ck_assert_int_le(b.gaps[j].to, a.gaps[i].to);
                        }
                }
        }
        ck_assert_uint_gt(compared, 300);
}
END_TEST

/* Every segment is in exactly one recording, and every moment that was recorded. */
START_TEST(test_nothing_is_lost)
{
        for (int run = 0; run < 600; run++) {
                struct course c;
                struct answer a;
                int64_t segments = 0;

                course_draw(&c);
                course_run(&c, &a);
                for (size_t i = 0; i < a.n_recordings; i++)
                        segments += a.recordings[i].segments;
                ck_assert_int_eq(segments, (int64_t)c.n);
                for (size_t i = 0; i < c.n; i++) {
                        const struct segment *s = &c.segments[i];

                        for (size_t j = 0; j < a.n_gaps && !s->audio; j++)
                                ck_assert(s->started + MAX(s->duration, 0) <= a.gaps[j].from ||
                                          s->started >= a.gaps[j].to);
                }
        }
}
END_TEST

START_TEST(test_refuses_what_is_not_in_order)
{
        const struct continuity_rules rules = CONTINUITY_DEFAULTS;
        const struct continuity_calls calls = {NULL, NULL, NULL, NULL};
        struct segment s = {.started = 100 * USEC_PER_SEC, .duration = 1};
        struct continuity c;

        continuity_begin(&c, &rules, &calls);
        ck_assert_int_eq(continuity_add(&c, &s), 0);
        s.started--;
        ck_assert_int_eq(continuity_add(&c, &s), -EINVAL);
}
END_TEST

static int count_recording(void *userdata, const struct recording *r)
{
        ++*(size_t *)userdata;
        return 0;
}

/* A hostile container's times neither wrap nor end anything. */
START_TEST(test_bears_any_numbers)
{
        static const int64_t odd[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
        const struct continuity_rules rules = CONTINUITY_DEFAULTS;
        size_t n = 0;
        const struct continuity_calls calls = {NULL, count_recording, NULL, &n};

        for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
                for (size_t j = 0; j < ELEMENTSOF(odd); j++) {
                        const struct segment first = {.started = odd[MIN(i, j)],
                                                      .duration = odd[j],
                                                      .clock_offset = odd[i]};
                        const struct segment second = {.started = odd[MAX(i, j)],
                                                       .duration = odd[i],
                                                       .clock_offset = odd[j]};
                        struct continuity c;

                        continuity_begin(&c, &rules, &calls);
                        ck_assert_int_eq(continuity_add(&c, &first), 0);
                        ck_assert_int_eq(continuity_add(&c, &second), 0);
                        ck_assert_int_eq(continuity_end(&c), 0);
                }
        }
        ck_assert_uint_ge(n, ELEMENTSOF(odd) * ELEMENTSOF(odd));
}
END_TEST

static int refuse_recording(void *userdata, const struct recording *r)
{
        return 7;
}

static int refuse_gap(void *userdata, const struct recording_gap *g)
{
        return 8;
}

static int refuse_duty(void *userdata, instant_t at, int64_t *ret)
{
        return -EIO;
}

START_TEST(test_callbacks_end_it)
{
        static const struct continuity_calls calls[] = {{NULL, refuse_recording, NULL, NULL},
                                                        {NULL, NULL, refuse_gap, NULL},
                                                        {refuse_duty, NULL, on_gap, NULL}};
        static const int expected[] = {7, 8, -EIO};
        const struct continuity_rules rules = CONTINUITY_DEFAULTS;
        struct segment s = {.started = 0, .duration = 1};
        struct continuity c;

        continuity_begin(&c, &rules, &calls[_i]);
        ck_assert_int_eq(continuity_add(&c, &s), 0);
        s.started = 60 * USEC_PER_SEC;
        ck_assert_int_eq(continuity_add(&c, &s), expected[_i]);
}
END_TEST

/* Is everything told that began before 12:00? */
static const struct {
        const char *course;
        bool told;
} told_cases[] = {
                {"v11:00:00/300 v12:00:00/300", true},
                {"v11:58:00/300 v12:00:00/300", false}, /* the first recording still goes on */
                {"v11:58:00/300 v12:00:00/300 v13:00:00/300", true},
                {"v11:58:00/300", false},
                {"a11:58:00/300 v12:00:00/300", false}, /* more audio may join */
                {"a11:58:00/30 v12:00:00/300", true},
                {"a11:58:00/30 v12:00:00/300 voice", false}, /* a gap may begin at its end */
};

START_TEST(test_knows_when_all_is_told)
{
        const struct continuity_calls calls = {NULL, NULL, NULL, NULL};
        struct continuity state;
        struct course c;

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        year = 2026, month = 11, day = 1;
        course_read(told_cases[_i].course, &c);
        continuity_begin(&state, &c.rules, &calls);
        for (size_t i = 0; i < c.n; i++)
                ck_assert_int_eq(continuity_add(&state, &c.segments[i]), 0);
        ck_assert_int_eq(continuity_told(&state, time_of("12:00:00"), c.segments[c.n - 1].started),
                         told_cases[_i].told);
}
END_TEST

START_TEST(test_reasons_are_those_of_the_regulation)
{
        enum gap_reason reason;

        for (int i = 0; i < _GAP_REASON_MAX; i++) {
                ck_assert_int_eq(gap_reason_from_text(gap_reason_text((enum gap_reason)i), &reason), 0);
                ck_assert_int_eq((int)reason, i);
                ck_assert_str_ne(gap_reason_term((enum gap_reason)i), "");
        }
        ck_assert_str_eq(gap_reason_term(GAP_BAD_WEATHER), "恶劣天气");
        ck_assert_int_eq(gap_reason_from_text("lunch", &reason), -EINVAL);
        ck_assert_int_eq(gap_reason_from_text("", &reason), -EINVAL);
}
END_TEST

/* Explanations of 08:00:00 to 09:00:00, as pairs of seconds past eight, and whether they are enough. */
static const struct {
        int pairs[8];
        int n;
        bool whole;
} explained[] = {
                {{0, 3600}, 1, true},
                {{-100, 5000}, 1, true},
                {{1, 3599}, 1, true},  /* typed without fractions */
                {{3, 3600}, 1, false}, /* seconds that nobody answers for */
                {{0, 3597}, 1, false},
                {{0, 1800, 1800, 3600}, 2, true},
                {{0, 1800, 1801, 3600}, 2, true},
                {{0, 1800, 1900, 3600}, 2, false},
                {{0, 3600, 100, 200}, 2, true},
                {{-100, 10, 5, 20, 15, 3600}, 3, true},
                {{4000, 5000}, 1, false},
                {{0}, 0, false},
};

START_TEST(test_explanations_add_up)
{
        instant_t eight = INT64_C(1793491200000000), reached = eight;

        for (int i = 0; i < explained[_i].n; i++)
                explanation_reach(&reached, eight + explained[_i].pairs[(size_t)2 * i] * USEC_PER_SEC,
                                  eight + explained[_i].pairs[(size_t)2 * i + 1] * USEC_PER_SEC);
        ck_assert_int_eq(explanation_is_whole(reached, eight + USEC_PER_HOUR), explained[_i].whole);
}
END_TEST

/* --- coverage --- */

/* Spans "KEY FROM TO", "?" in front for a possible one, of seconds 0 to 100; windows
 * "FROM-TO:KEYS[+UNKNOWN]". */
static const struct {
        const char *spans, *expected;
        int least;
} coverages[] = {
                {"", "0-100:"},
                {"1 0 100", "0-100:1"},
                {"1 -50 150", "0-100:1"},
                {"1 20 60", "0-20: 20-60:1 60-100:"},
                {"1 0 100;2 0 100", "0-100:1,2"},
                {"2 50 100;1 0 60", "0-50:1 50-60:1,2 60-100:2"},
                {"1 0 50;1 50 100", "0-100:1"}, /* without a moment in between */
                {"1 0 60;1 40 100", "0-100:1"}, /* one recorder counts once */
                {"1 0 50;2 50 100", "0-50:1 50-100:2"},
                {"1 0 100;?2 20 40", "0-20:1 20-40:1+1 40-100:1"},
                {"1 0 100;?1 20 40", "0-100:1"}, /* what certainly recorded is not unknown */
                {"?1 0 100;?2 50 100", "0-50:+1 50-100:+2"},
                {"1 200 300;2 -10 0", "0-100:"},
                {"1 30 30", "0-100:"},
                {"3 0 100;1 0 100;2 0 100", "0-100:1,2,3"},
                /* too short to be told, but when as few or fewer are there around it */
                {"1 2 100", "2-100:1", 10},
                {"1 0 50;1 60 100", "0-50:1 60-100:1", 10},
                {"1 0 50;1 61 100", "0-50:1 50-61: 61-100:1", 10},
                {"1 0 100;2 0 50;2 55 100", "0-50:1,2 55-100:1,2", 10},
                {"1 0 100;2 0 50;2 61 100", "0-50:1,2 50-61:1 61-100:1,2", 10},
                {"1 0 55;2 0 50;2 61 100;1 61 100", "0-50:1,2 50-55:1 61-100:1,2", 10},
                {"1 0 100;2 0 8", "0-8:1,2 8-100:1", 10},
                {"1 0 5", "0-5:1 5-100:", 10},
};

static int on_window(void *userdata, const struct coverage_window *w)
{
        char *text = userdata;
        size_t used = strlen(text);

        used += (size_t)snprintf(text + used, RESULT_MAX - used, "%s%" PRId64 "-%" PRId64 ":",
                                 used ? " " : "", w->from, w->to);
        for (size_t i = 0; i < w->recorders; i++)
                used += (size_t)snprintf(text + used, RESULT_MAX - used, "%s%" PRId64, i ? "," : "",
                                         w->keys[i]);
        if (w->unknown > 0)
                (void)snprintf(text + used, RESULT_MAX - used, "+%zu", w->unknown);
        return 0;
}

START_TEST(test_coverage)
{
        _cleanup_(coverage_freep) struct coverage *c = NULL;
        _cleanup_free_ char *copy = strdup(coverages[_i].spans);
        char text[RESULT_MAX] = "", *save = NULL;

        ck_assert_int_eq(coverage_new(0, 100, &c), 0);
        for (char *s = strtok_r(copy, ";", &save); s; s = strtok_r(NULL, ";", &save)) {
                long key, from, to;

                ck_assert_int_eq(sscanf(s + (*s == '?'), "%ld %ld %ld", &key, &from, &to), 3);
                ck_assert_int_eq(coverage_add(c, key, from, to, *s != '?'), 0);
        }
        ck_assert_int_eq(coverage_each(c, coverages[_i].least, on_window, text), 0);
        ck_assert_str_eq(text, coverages[_i].expected);
}
END_TEST

static int on_third_window(void *userdata, const struct coverage_window *w)
{
        return ++*(int *)userdata == 3 ? 5 : 0;
}

START_TEST(test_coverage_ends_when_told_to)
{
        _cleanup_(coverage_freep) struct coverage *c = NULL;
        int n = 0;

        ck_assert_int_eq(coverage_new(5, 5, &c), -EINVAL);
        ck_assert_int_eq(coverage_new(6, 5, &c), -EINVAL);
        ck_assert_ptr_null(c);
        ck_assert_int_eq(coverage_new(0, 1000, &c), 0);
        for (int i = 0; i < 100; i++)
                ck_assert_int_eq(coverage_add(c, 1, (instant_t)i * 10, i * 10 + 5, true), 0);
        ck_assert_int_eq(coverage_each(c, 0, on_third_window, &n), 5);
        ck_assert_int_eq(n, 3);
}
END_TEST

/* --- the table --- */

static void table_read(void)
{
        const char *path = getenv("RECDOCK_CONTINUITY");
        _cleanup_fclose_ FILE *f = path ? fopen(path, "re") : NULL;
        char zone[64] = "Asia/Shanghai", date[16] = "2026-11-01";
        _cleanup_free_ char *line = NULL;
        unsigned int number = 0;
        size_t size = 0;

        if (!f) {
                (void)fprintf(stderr, "there is no table at $RECDOCK_CONTINUITY\n");
                exit(EXIT_FAILURE);
        }
        while (getline(&line, &size, f) >= 0) {
                char *arrow = strstr(line, " -> ");

                number++;
                line[strcspn(line, "\n")] = '\0';
                if (sscanf(line, "@ %63s %15s", zone, date) == 2 || !arrow || line[0] == '#')
                        continue;
                if (n_cases == CASES_MAX)
                        abort();
                *arrow = '\0';
                cases[n_cases].line = number;
                (void)snprintf(cases[n_cases].zone, sizeof(zone), "%s", zone);
                (void)snprintf(cases[n_cases].date, sizeof(date), "%s", date);
                cases[n_cases].course = strdup(line);
                cases[n_cases++].expected = strdup(arrow + 4);
        }
}

START_TEST(test_table_is_whole)
{
        ck_assert_int_ge(n_cases, CASES_MIN);
}
END_TEST

static void table_free(void)
{
        for (int i = 0; i < n_cases; i++) {
                free(cases[i].course);
                free(cases[i].expected);
        }
}

int main(void)
{
        Suite *s = suite_create("continuity");
        TCase *t = tcase_create("continuity");
        SRunner *runner;
        int failed;

        table_read();
        tcase_set_timeout(t, 120);
        tcase_add_test(t, test_table_is_whole);
        tcase_add_loop_test(t, test_case, 0, n_cases);
        tcase_add_test(t, test_moved_times_move_the_answer);
        tcase_add_test(t, test_more_footage_never_makes_a_gap_longer);
        tcase_add_test(t, test_nothing_is_lost);
        tcase_add_test(t, test_refuses_what_is_not_in_order);
        tcase_add_test(t, test_bears_any_numbers);
        tcase_add_loop_test(t, test_callbacks_end_it, 0, 3);
        tcase_add_loop_test(t, test_knows_when_all_is_told, 0, (int)ELEMENTSOF(told_cases));
        tcase_add_test(t, test_reasons_are_those_of_the_regulation);
        tcase_add_loop_test(t, test_explanations_add_up, 0, (int)ELEMENTSOF(explained));
        tcase_add_loop_test(t, test_coverage, 0, (int)ELEMENTSOF(coverages));
        tcase_add_test(t, test_coverage_ends_when_told_to);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        table_free();
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
