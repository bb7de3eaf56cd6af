// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The gaps of a report: counted by hand on the five of the recording fixture, and on random footage, where
 * they are what a query of gaps has for the same time, whatever the rules are.
 */
#include "catalogue/duty.h"
#include "catalogue/explanation.h"
#include "catalogue/registry.h"
#include "daemon/report.h"
#include "recording_fixture.h"
#include "report_rows.h"

#include <check.h>
#include <string.h>

static atomic_bool cancelled;
static const struct continuity_rules defaults = CONTINUITY_DEFAULTS;

static void set_up(void)
{
        setup();
        fixture_commit(c);
}

static void set_up_empty(void)
{
        furnish();
        fixture_commit(c);
}

static void tear_down(void)
{
        fixture_close(c);
}

static json_object *report_between(instant_t from, instant_t to, int64_t unit,
                                   const struct continuity_rules *rules)
{
        struct report_request q = {.scope = {.from = from, .to = to, .unit = unit},
                                   .now = FIXTURE_NOW,
                                   .continuity = *rules,
                                   .rules = {.limit = USEC_PER_DAY, .same_day = MINUTES_PER_DAY - 1},
                                   .calendar = CALENDAR_WEEK,
                                   .cancelled = &cancelled};
        json_object *report = NULL;

        q.rules.calendar = &q.calendar;
        ck_assert_msg(report_make(c, &q, &report) == 0, "%s", catalogue_error(c));
        return report;
}

static json_object *report_of(const char *from, const char *to, int64_t unit)
{
        return report_between(at(from), at(to), unit, &defaults);
}

static void explain(int recorder, const char *from, const char *to)
{
        struct explanation e = {.recorder = recorders[recorder],
                                .from = at(from),
                                .to = at(to),
                                .reason = "site-restriction",
                                .reporter = "王芳",
                                .approver = "赵六"};
        int64_t id;

        fixture_begin(c);
        ck_assert_int_eq(explanation_add(c, FIXTURE_ACTOR, &e, &id), CATALOGUE_OK);
        fixture_commit(c);
}

START_TEST(test_counted_by_whose_they_are)
{
        _cleanup_(json_object_putp) json_object *r = NULL;

        explain(1, "2026-10-30 08:10", "2026-10-30 08:20");
        explain(2, "2026-10-30 08:15", "2026-10-30 08:20"); /* a part of it */
        r = report_of("2026-10-01", "2026-11-01", 0);
        assert_has(member(r, "continuity"),
                   "{'gaps':5,'length_s':2640.0,'explained':1,'unexplained':4,'unexplained_s':2040.0,"
                   "'uncertain':1}");
        ASSERT_ROWS(r, "gap_units",
                    "{'number':'U1','name':'unit "
                    "U1','gaps':2,'length_s':900.0,'explained':1,'unexplained':1,"
                    "'unexplained_s':300.0,'uncertain':0}",
                    "{'number':'U2','gaps':1,'length_s':900.0,'explained':0,'unexplained':1}",
                    "{'number':null,'name':null,'gaps':2,'length_s':840.0,'unexplained':2,'uncertain':1}");
        ASSERT_ROWS(r, "gap_officers",
                    "{'number':'O1','name':'officer O1','gaps':1,'length_s':600.0,'explained':1,"
                    "'unexplained_s':0.0}",
                    "{'number':'O2','gaps':2,'length_s':1200.0,'unexplained':2}",
                    "{'number':null,'gaps':2,'length_s':840.0}");
        ASSERT_ROWS(r, "gap_recorders", "{'number':'R1','gaps':2,'length_s':900.0,'explained':1}",
                    "{'number':'R2','gaps':1,'length_s':900.0}", "{'number':'R3','gaps':1,'length_s':240.0}",
                    "{'number':'R4','gaps':1,'length_s':600.0,'uncertain':1}");
        ASSERT_ROWS(r, "gaps",
                    "{'recorder':'R1','officer':'O1','name':'officer O1','unit':'U1','unit_name':'unit U1',"
                    "'from':'2026-10-30T08:10:00+08:00','to':'2026-10-30T08:20:00+08:00','length_s':600.0,"
                    "'certain':true,'explained':true,'reason':'site-restriction','approver':'赵六'}",
                    "{'recorder':'R1','from':'2026-10-31T09:05:00+08:00','explained':false}",
                    "{'recorder':'R2'}", "{'recorder':'R3','officer':null,'unit':null,'unit_name':null}",
                    "{'recorder':'R4','certain':false}");
        assert_has(member(r, "rules"), "{'gap_s':10.0,'activity_gap_s':1800.0}");
}
END_TEST

/* A gap is of the period in which it begins: R1's second begins at 09:05:00. */
START_TEST(test_of_the_period)
{
        static const struct {
                int64_t from, to; /* microseconds after 09:05 */
                const char *expected;
        } periods[] = {
                        {0, 1, "{'gaps':1,'length_s':300.0}"},
                        {-1, 0, "{'gaps':0,'length_s':0.0}"},
                        {1, USEC_PER_HOUR, "{'gaps':0}"},
                        {-4 * USEC_PER_SEC, 60 * USEC_PER_SEC, "{'gaps':1}"},
        };
        instant_t begins = at("2026-10-31 09:05");

        for (size_t i = 0; i < ELEMENTSOF(periods); i++) {
                _cleanup_(json_object_putp) json_object *r = report_between(
                                begins + periods[i].from, begins + periods[i].to, 0, &defaults);

                assert_has(member(r, "continuity"), periods[i].expected);
        }
}
END_TEST

START_TEST(test_of_a_unit_and_those_below)
{
        struct unit below = {.parent = units[1], .number = "U11"};
        _cleanup_(json_object_putp) json_object *one = NULL, *other = NULL;
        struct footage f;
        int64_t id;

        fixture_begin(c);
        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &below, &id), CATALOGUE_OK);
        for (int i = 0; i < 2; i++) {
                f = draft(5, 3, i == 0 ? "2026-10-29 10:00" : "2026-10-29 10:02", 60);
                f.unit = id;
                (void)fixture_file(c, &f);
        }
        fixture_commit(c);
        one = report_of("2026-10-01", "2026-11-01", units[1]);
        ASSERT_ROWS(one, "gap_units", "{'number':'U1','gaps':2}",
                    "{'number':'U11','name':'U11','gaps':1,'length_s':60.0}");
        assert_has(member(one, "continuity"), "{'gaps':3,'length_s':960.0}");
        other = report_of("2026-10-01", "2026-11-01", units[2]);
        ASSERT_ROWS(other, "gap_recorders", "{'number':'R2'}");
        ASSERT_ROWS(other, "gaps", "{'recorder':'R2'}");
}
END_TEST

START_TEST(test_by_the_sites_rules)
{
        struct continuity_rules lenient = defaults;
        _cleanup_(json_object_putp) json_object *r = NULL;

        lenient.gap = 600 * USEC_PER_SEC;
        r = report_between(at("2026-10-01"), at("2026-11-01"), 0, &lenient);
        ASSERT_ROWS(r, "gaps", "{'recorder':'R2','length_s':900.0}");
        assert_has(member(r, "rules"), "{'gap_s':600.0}");
}
END_TEST

/* --- against the query --- */

static uint64_t state;

static int64_t random_below(int64_t n)
{
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (int64_t)((state >> 33) % (uint64_t)n);
}

static void add_random(void)
{
        for (int i = 0; i < 250; i++) {
                struct footage f = draft(1 + (int)random_below(6), (int)random_below(5), "2026-10-20", 0);

                f.unit = units[random_below(3)];
                f.started_at += random_below(10 * 86400) * USEC_PER_SEC + random_below(USEC_PER_SEC);
                f.duration = random_below(8) == 0 ? -1 : random_below(3600) * USEC_PER_SEC;
                f.ended_at = f.started_at + MAX(f.duration, 0);
                (void)fixture_file(c, &f);
        }
        for (int i = 0; i < 6; i++) {
                struct duty d = {.recorder = recorders[1 + i],
                                 .out_at = at("2026-10-22") + random_below(86400) * USEC_PER_SEC,
                                 .roster_end = INSTANT_NONE,
                                 .offloaded_at = INSTANT_NONE};
                struct explanation e = {.recorder = recorders[1 + i],
                                        .from = d.out_at,
                                        .reason = "other",
                                        .reporter = "a",
                                        .approver = "b"};
                int64_t id;

                d.returned_at = d.out_at + random_below(86400) * USEC_PER_SEC;
                e.to = e.from + 3 * USEC_PER_DAY;
                ck_assert_int_eq(duty_enter(c, FIXTURE_ACTOR, &d, &id), CATALOGUE_OK);
                ck_assert_int_eq(explanation_add(c, FIXTURE_ACTOR, &e, &id), CATALOGUE_OK);
        }
}

/* How many of the rows are so and how long they are together. */
static double sum_of(json_object *rows, const char *key, const char *value, int64_t *ret_n)
{
        double sum = 0;

        *ret_n = 0;
        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = row_of(rows, i);

                if (key && strcmp(text_of(row, key), value) != 0)
                        continue;
                ++*ret_n;
                sum += json_object_get_double(member(row, "length_s"));
        }
        return sum;
}

static void assert_total(json_object *o, json_object *rows, const char *key, const char *value)
{
        int64_t n;
        double length = sum_of(rows, key, value, &n);

        ck_assert_int_eq(json_object_get_int64(member(o, "gaps")), n);
        ck_assert_double_eq_tol(json_object_get_double(member(o, "length_s")), length, 1e-6);
        ck_assert_int_eq(json_object_get_int64(member(o, "explained")) +
                                         json_object_get_int64(member(o, "unexplained")),
                         n);
}

static void assert_group(json_object *report, const char *key, json_object *rows, const char *noun)
{
        json_object *group = member(report, key);
        int64_t n = 0;

        for (size_t i = 0; i < json_object_array_length(group); i++) {
                assert_total(row_of(group, i), rows, noun, text_of(row_of(group, i), "number"));
                n += json_object_get_int64(member(row_of(group, i), "gaps"));
        }
        ck_assert_int_eq(n, (int64_t)json_object_array_length(rows));
}

static void assert_as_listed(const char *from, const char *to, const struct continuity_rules *rules)
{
        const struct query_filter all[FILTERS_MAX] = {{"from", from}, {"to", to}};
        const struct query_filter open[FILTERS_MAX] = {{"from", from}, {"to", to}, {"unexplained", "yes"}};
        _cleanup_(json_object_putp) json_object *rows = ask_by("gap", all, rules);
        _cleanup_(json_object_putp) json_object *unexplained = ask_by("gap", open, rules);
        _cleanup_(json_object_putp) json_object *report = report_between(at(from), at(to), 0, rules);
        json_object *total = member(report, "continuity");
        int64_t n;
        double length = sum_of(unexplained, NULL, NULL, &n);

        ck_assert_str_eq(json_object_to_json_string(member(report, "gaps")),
                         json_object_to_json_string(rows));
        assert_total(total, rows, NULL, NULL);
        ck_assert_int_eq(json_object_get_int64(member(total, "unexplained")), n);
        ck_assert_double_eq_tol(json_object_get_double(member(total, "unexplained_s")), length, 1e-6);
        assert_group(report, "gap_units", rows, "unit");
        assert_group(report, "gap_officers", rows, "officer");
        assert_group(report, "gap_recorders", rows, "recorder");
}

START_TEST(test_as_the_query_has_them)
{
        struct continuity_rules strict = {.join = 0, .gap = USEC_PER_SEC, .activity_gap = USEC_PER_DAY};
        _cleanup_(json_object_putp) json_object *all = NULL;

        state = (uint64_t)_i;
        fixture_begin(c);
        add_random();
        fixture_commit(c);
        all = ask_by("gap", (const struct query_filter[FILTERS_MAX]){{NULL}}, &strict);
        ck_assert_uint_gt(json_object_array_length(all), 20); /* there is something to agree about */
        assert_as_listed("2026-10-01", "2026-11-01", &defaults);
        assert_as_listed("2026-10-01", "2026-11-01", &strict);
        assert_as_listed("2026-10-23 07:11:13", "2026-10-26 01:02:03", &strict);
        assert_as_listed("2026-10-24", "2026-10-25", &defaults);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("report gaps");
        TCase *counted = tcase_create("counted"), *listed = tcase_create("listed");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(counted, set_up, tear_down);
        tcase_add_test(counted, test_counted_by_whose_they_are);
        tcase_add_test(counted, test_of_the_period);
        tcase_add_test(counted, test_of_a_unit_and_those_below);
        tcase_add_test(counted, test_by_the_sites_rules);
        suite_add_tcase(s, counted);
        tcase_add_checked_fixture(listed, set_up_empty, tear_down);
        tcase_set_timeout(listed, 60);
        tcase_add_loop_test(listed, test_as_the_query_has_them, 0, 4);
        suite_add_tcase(s, listed);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
