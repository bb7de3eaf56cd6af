// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * By when footage has to be exported. The cases are in deadlines.txt, one a line, and what the code makes of
 * each is written in the same words and compared. A fake clock is led over every deadline. At the end the
 * property that no table can show: a later event never makes an earlier deadline.
 */
#include "rules/deadline.h"
#include "rules/recording_time.h"
#include "base/cleanup.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

#define CASES_MIN  150
#define CASES_MAX  400
#define RESULT_MAX 256

struct setting {
        char zone[64];
        struct deadline_rules rules;
};

struct known {
        struct deadline_facts facts;
        instant_t exported;
};

struct case_line {
        unsigned int line;
        struct setting setting;
        char *facts, *expected; /* texts */
};

static struct calendar calendar = CALENDAR_WEEK;
static struct case_line cases[CASES_MAX];
static int n_cases;

static instant_t time_of(const char *text)
{
        instant_t t;

        ck_assert_msg(instant_parse(text, 0, &t) == 0, "'%s' is not a time", text);
        return t;
}

/* "-13min", "24h", "+2s". */
static int64_t span_of(const char *text)
{
        static const struct {
                const char *word;
                int64_t usec;
        } units[] = {{"h", USEC_PER_HOUR}, {"min", 60 * USEC_PER_SEC}, {"s", USEC_PER_SEC}};
        char *word;
        long n = strtol(text, &word, 10);

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strcmp(word, units[i].word) == 0)
                        return n * units[i].usec;
        ck_abort_msg("'%s' is not a span", text);
}

/* The end by the recorder's clock becomes the end by the station's as it does in recdockd. */
static instant_t corrected(instant_t recorded, int64_t offset)
{
        struct time_evidence evidence = {
                        .by_source = {recorded, INSTANT_NONE, INSTANT_NONE},
                        .has_offset = true,
                        .clock_offset = offset,
                        .offloaded_at = INT64_MAX / 2,
                        .order = {TIME_FROM_NAME, TIME_FROM_NOWHERE, TIME_FROM_NOWHERE},
        };
        struct recording_time t;

        recording_time_settle(&evidence, &t);
        ck_assert_int_eq(t.source, TIME_FROM_NAME);
        return t.ended;
}

static struct known nothing_known(void)
{
        return (struct known){{INSTANT_NONE, INSTANT_NONE, INSTANT_NONE, false, INSTANT_NONE, INSTANT_NONE,
                               INSTANT_NONE},
                              INSTANT_NONE};
}

static void fact_read(char *fact, struct known *k, int64_t *offset)
{
        const struct {
                const char *word;
                instant_t *to;
        } words[] = {
                        {"out", &k->facts.checked_out},      {"until", &k->facts.roster_end},
                        {"back", &k->facts.returned},        {"docked", &k->facts.returned},
                        {"recorded", &k->facts.recorded},    {"extended", &k->facts.extended},
                        {"approved", &k->facts.extended_at}, {"exported", &k->exported},
        };
        char *value = strchr(fact, ' ');

        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        if (strcmp(fact, "clock") == 0) {
                *offset = span_of(value);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                if (strcmp(fact, words[i].word) != 0)
                        continue;
                *words[i].to = time_of(value);
                k->facts.returned_by_docking |= strcmp(fact, "docked") == 0;
                return;
        }
        ck_abort_msg("'%s' is no word of the table", fact);
}

static struct known facts_read(const char *text)
{
        struct known k = nothing_known();
        _cleanup_free_ char *copy = strdup(text);
        int64_t offset = 0;
        char *next = copy;

        while (next) {
                char *fact = next;

                next = strstr(next, ", ");
                if (next) {
                        *next = '\0';
                        next += 2;
                }
                fact_read(fact, &k, &offset);
        }
        if (k.facts.recorded != INSTANT_NONE)
                k.facts.recorded = corrected(k.facts.recorded, offset);
        return k;
}

/* "2026-11-02 18:00", with seconds where there are any, and the offset where the time comes twice. */
static void time_write(FILE *f, instant_t t)
{
        char text[INSTANT_TEXT_MAX], offset[8];

        if (t == INSTANT_NONE) {
                (void)fputs("none", f);
                return;
        }
        (void)instant_format(t, text);
        memcpy(offset, text + 19, 7);
        text[10] = ' ';
        text[strcmp(text + 17, "00") > 0 && strncmp(text + 17, "00", 2) == 0 ? 16 : 19] = '\0';
        (void)fprintf(f, "%s%s", text, time_of(text) == t ? "" : offset);
}

static void late_write(FILE *f, int64_t late)
{
        static const struct {
                const char *word;
                int64_t usec;
        } units[] = {{"d", USEC_PER_DAY},
                     {"h", USEC_PER_HOUR},
                     {"min", 60 * USEC_PER_SEC},
                     {"s", USEC_PER_SEC}};

        (void)fputs(late < 0 ? ", lateness unknown" : late == 0 ? ", in time" : ", late", f);
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if (late >= units[i].usec)
                        (void)fprintf(f, " %" PRId64 "%s", late / units[i].usec, units[i].word);
                late %= units[i].usec;
        }
}

static void result_write(char result[RESULT_MAX], const struct deadline *d, instant_t exported)
{
        FILE *f = fmemopen(result, RESULT_MAX, "w");

        (void)fputs("notice ", f);
        time_write(f, d->notice);
        (void)fputs(", overdue after ", f);
        time_write(f, d->violation);
        (void)fprintf(f, ", by %s%s%s%s", deadline_basis_text(d->basis), d->strict ? ", strict" : "",
                      d->extended ? ", extended" : "", d->extended_afterwards ? ", approved too late" : "");
        if (exported != INSTANT_NONE)
                late_write(f, deadline_late_by(d->violation, exported));
        (void)fclose(f);
}

static struct known case_enter(const struct case_line *c)
{
        ck_assert_int_eq(zone_set(c->setting.zone), 0);
        return facts_read(c->facts);
}

START_TEST(table)
{
        const struct case_line *c = &cases[_i];
        struct known k = case_enter(c);
        struct deadline d;
        char result[RESULT_MAX];

        deadline_settle(&c->setting.rules, &k.facts, &d);
        result_write(result, &d, k.exported);
        ck_assert_msg(strcmp(result, c->expected) == 0, "deadlines.txt:%u: %s\n  expected %s\n  got      %s",
                      c->line, c->facts, c->expected, result);
}
END_TEST

/* A clock that goes where it is led. */
static instant_t fake_now(void *userdata)
{
        return *(instant_t *)userdata;
}

/* What recdockd's clock does: sleep until the next change, look, sleep again. Each change comes once, and a
 * second to either side of the violation decides. */
START_TEST(clock_led_over)
{
        const struct case_line *c = &cases[_i];
        struct known k = case_enter(c);
        int notices = 0, violations = 0, wakes = 0;
        enum deadline_state state = DEADLINE_IN_TIME;
        struct deadline d;
        instant_t now = 0, next;

        clock_set_source(fake_now, &now);
        deadline_settle(&c->setting.rules, &k.facts, &d);
        while ((next = deadline_next(&d, clock_now())) != INSTANT_NONE) {
                ck_assert_int_gt(next, now);
                ck_assert_int_lt(++wakes, 4);
                ck_assert_int_eq(deadline_state_at(&d, next - 1), state);
                now = next;
                ck_assert_int_ne(deadline_state_at(&d, clock_now()), state);
                state = deadline_state_at(&d, clock_now());
                notices += state == DEADLINE_SAME_DAY;
                violations += state == DEADLINE_MISSED;
        }
        ck_assert_int_eq(violations, d.violation != INSTANT_NONE);
        ck_assert_int_eq(notices, d.violation != INSTANT_NONE);
        now = d.violation - USEC_PER_SEC;
        ck_assert_int_ne(deadline_state_at(&d, clock_now()),
                         d.violation == INSTANT_NONE ? -1 : DEADLINE_MISSED);
        now = d.violation + USEC_PER_SEC;
        ck_assert_int_eq(deadline_state_at(&d, clock_now()),
                         d.violation == INSTANT_NONE ? DEADLINE_IN_TIME : DEADLINE_MISSED);
        clock_set_source(NULL, NULL);
}
END_TEST

static uint64_t seed;

/* xorshift64: the same facts in every run. */
static int64_t random_below(int64_t below)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (int64_t)(seed % (uint64_t)below);
}

/* Around the changes of the clock and the holidays; often on the very minute. */
static instant_t random_time(instant_t around)
{
        instant_t t = around + (random_below(192 * 60) - 96 * 60) * 60 * USEC_PER_SEC;

        return random_below(3) > 0 ? t : t + random_below(USEC_PER_SEC * 60);
}

static void random_facts(instant_t around, struct deadline_facts *f, instant_t *events[6])
{
        *f = (struct deadline_facts){.returned_by_docking = random_below(2) == 0};
        events[0] = &f->checked_out;
        events[1] = &f->roster_end;
        events[2] = &f->returned;
        events[3] = &f->recorded;
        events[4] = &f->extended;
        events[5] = &f->extended_at;
        for (int i = 0; i < 6; i++)
                *events[i] = random_below(3) == 0 ? INSTANT_NONE : random_time(around);
}

static const struct {
        const char *zone, *around;
} places[] = {
                {"Asia/Shanghai", "2026-10-01"},     {"Asia/Shanghai", "2026-02-15"},
                {"Asia/Shanghai", "2028-02-29"},     {"Europe/Berlin", "2026-03-29"},
                {"Europe/Berlin", "2026-10-25"},     {"America/Sao_Paulo", "2018-11-04"},
                {"America/Sao_Paulo", "2019-02-17"}, {"Australia/Lord_Howe", "2026-10-04"},
                {"America/Havana", "2026-11-01"},    {"Pacific/Apia", "2011-12-30"},
                {"Africa/Cairo", "2026-04-24"},      {"UTC", "2026-12-31"},
};

START_TEST(later_is_never_earlier)
{
        static const int64_t steps[] = {1, USEC_PER_SEC, 60 * USEC_PER_SEC, USEC_PER_HOUR, USEC_PER_DAY};
        instant_t around;

        ck_assert_int_eq(zone_set(places[_i].zone), 0);
        around = time_of(places[_i].around);
        seed = UINT64_C(88172645463325252) + (uint64_t)_i;
        for (int i = 0; i < 5000; i++) {
                struct deadline_rules rules = {.calendar = &calendar,
                                               .limit = (1 + random_below(48)) * USEC_PER_HOUR,
                                               .same_day = (unsigned int)random_below(MINUTES_PER_DAY + 1),
                                               .days_off_wait = random_below(2) == 0};
                struct deadline_facts f;
                struct deadline before, after;
                instant_t *events[6];
                int moved = (int)random_below(5);

                random_facts(around, &f, events);
                deadline_settle(&rules, &f, &before);
                ck_assert_int_le(before.notice, before.violation);
                ck_assert_int_eq(before.violation == INSTANT_NONE, before.basis == DEADLINE_UNKNOWN);
                ck_assert_int_eq(before.notice == INSTANT_NONE, before.basis == DEADLINE_UNKNOWN);
                if (*events[moved] == INSTANT_NONE)
                        continue;
                *events[moved] += steps[random_below(ELEMENTSOF(steps))] * (1 + random_below(30));
                deadline_settle(&rules, &f, &after);
                ck_assert_msg(after.violation >= before.violation && after.notice >= before.notice,
                              "%s, run %d: event %d moved to %" PRId64 ": notice %" PRId64 " to %" PRId64
                              ", violation %" PRId64 " to %" PRId64,
                              places[_i].zone, i, moved, *events[moved], before.notice, after.notice,
                              before.violation, after.violation);
        }
}
END_TEST

START_TEST(ends_of_the_range)
{
        const struct deadline_rules rules = {
                        .calendar = &calendar, .limit = 24 * USEC_PER_HOUR, .same_day = 1439};
        struct known k = nothing_known();
        struct deadline d;

        k.facts.recorded = INT64_MAX - 1;
        deadline_settle(&rules, &k.facts, &d);
        ck_assert_int_eq(d.violation, INT64_MAX);
        ck_assert_int_eq(deadline_next(&d, d.notice), INSTANT_NONE);
        k.facts.recorded = INSTANT_NONE + 1;
        deadline_settle(&rules, &k.facts, &d);
        ck_assert_int_eq(d.violation, INSTANT_NONE + 1 + 24 * USEC_PER_HOUR);
        ck_assert_int_le(d.notice, d.violation);
        ck_assert_int_eq(deadline_late_by(-INT64_MAX, INT64_MAX), INT64_MAX);
        ck_assert_int_eq(deadline_late_by(INSTANT_NONE, 0), -1);
        ck_assert_int_eq(deadline_late_by(0, INSTANT_NONE), -1);
}
END_TEST

START_TEST(words)
{
        enum extension_reason reason;

        for (int i = 0; i < _EXTENSION_REASON_MAX; i++) {
                ck_assert_int_eq(extension_reason_from_text(extension_reason_text((enum extension_reason)i),
                                                            &reason),
                                 0);
                ck_assert_int_eq(reason, i);
        }
        ck_assert_int_eq(extension_reason_from_text("tired", &reason), -EINVAL);
        ck_assert_int_eq(extension_reason_from_text("", &reason), -EINVAL);
        ck_assert_str_eq(extension_reason_text((enum extension_reason)99), "unknown");
        ck_assert_str_eq(deadline_basis_text((enum deadline_basis)99), "unknown");
}
END_TEST

static void give_up(const char *file, unsigned int line, const char *what)
{
        (void)fprintf(stderr, "%s:%u: expected %s\n", file, line, what);
        exit(EXIT_FAILURE);
}

/* "[Asia/Shanghai, day ends 23:59, days off count, limit 24h]" */
static bool setting_read(const char *text, struct setting *s)
{
        char days_off[8];
        unsigned int hour, minute, limit;

        if (sscanf(text, "[%63[^,], day ends %u:%u, days off %7[a-z], limit %uh]", s->zone, &hour, &minute,
                   days_off, &limit) != 5)
                return false;
        s->rules = (struct deadline_rules){.calendar = &calendar,
                                           .limit = limit * USEC_PER_HOUR,
                                           .same_day = hour * 60 + minute,
                                           .days_off_wait = strcmp(days_off, "wait") == 0};
        return true;
}

static void case_read(const char *file, unsigned int line, const char *text, const struct setting *s)
{
        const char *facts = strstr(text, ": "), *arrow = facts ? strstr(facts, " -> ") : NULL;

        if (!arrow || n_cases == CASES_MAX)
                give_up(file, line, "title: facts -> results");
        cases[n_cases++] = (struct case_line){.line = line,
                                              .setting = *s,
                                              .facts = strndup(facts + 2, (size_t)(arrow - facts - 2)),
                                              .expected = strdup(arrow + 4)};
}

static void cases_load(const char *file)
{
        FILE *f = file ? fopen(file, "re") : NULL;
        struct setting s = {.zone = ""};
        char text[1024];

        if (!f)
                give_up(file ? file : "RECDOCK_DEADLINES", 0, "a file");
        for (unsigned int line = 1; fgets(text, sizeof(text), f); line++) {
                text[strcspn(text, "\n")] = '\0';
                if (text[0] == '[' && !setting_read(text, &s))
                        give_up(file, line, "[zone, day ends hh:mm, days off count|wait, limit Nh]");
                if (text[0] != '\0' && text[0] != '#' && text[0] != '[')
                        case_read(file, line, text, &s);
        }
        (void)fclose(f);
        if (n_cases < CASES_MIN)
                give_up(file, 0, "at least 150 cases");
}

static void on_report(const char *text, void *userdata)
{
        give_up(text, 0, "a file of holidays without a mistake");
}

static void holidays_load(const char *file)
{
        const struct conf_loader loader = {.keys = calendar_keys,
                                           .n_keys = calendar_keys_n,
                                           .report = on_report,
                                           .strict = true};

        if (conf_load(&loader, file, true, NULL, &calendar) < 0)
                give_up(file, 0, "a file of holidays");
}

int main(void)
{
        Suite *s = suite_create("deadline");
        TCase *t = tcase_create("deadline");
        SRunner *runner;
        int failed;

        holidays_load(getenv("RECDOCK_HOLIDAYS"));
        cases_load(getenv("RECDOCK_DEADLINES"));
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, table, 0, n_cases);
        tcase_add_loop_test(t, clock_led_over, 0, n_cases);
        tcase_add_loop_test(t, later_is_never_earlier, 0, (int)ELEMENTSOF(places));
        tcase_add_test(t, ends_of_the_range);
        tcase_add_test(t, words);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        for (int i = 0; i < n_cases; i++) {
                free(cases[i].facts);
                free(cases[i].expected);
        }
        calendar_done(&calendar);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
