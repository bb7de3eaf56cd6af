// SPDX-License-Identifier: LGPL-2.1-or-later
/* Recordings, gaps and explanations out of the catalogue: which footage counts as what, and every filter. */
#include "catalogue/docking.h"
#include "catalogue/duty.h"
#include "catalogue/explanation.h"
#include "catalogue/recording.h"
#include "recording_fixture.h"
#include "rules/recording_time.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

static int64_t add_docking(int recorder, instant_t released)
{
        struct docking_row d;
        int64_t id = fixture_docking(c, recorders[recorder]);

        ck_assert_int_eq(docking_by_id(c, id, &d), CATALOGUE_OK);
        d.released_at = released;
        ck_assert_int_eq(docking_update(c, &d), CATALOGUE_OK);
        return id;
}

START_TEST(test_rows)
{
        _cleanup_(json_object_putp) json_object *recordings = ASK("recording", {"recorder", "R1"});
        _cleanup_(json_object_putp) json_object *gaps = ASK("gap", {"recorder", "R1"});
        _cleanup_(json_object_putp) json_object *open = ASK("recording", {"recorder", "R4"});
        _cleanup_(json_object_putp) json_object *unknown = ASK("gap", {"recorder", "R4"});

        ck_assert_uint_eq(json_object_array_length(recordings), 4);
        assert_row(row_of(recordings, 0),
                   "{\"recorder\":\"R1\",\"officer\":\"O1\",\"unit\":\"U1\",\"kind\":\"video\","
                   "\"started_at\":\"2026-10-30T08:00:00+08:00\",\"ended_at\":\"2026-10-30T08:10:00+08:00\","
                   "\"duration_s\":600.0,\"segments\":2,\"footage\":1,\"certain\":true}");
        assert_row(row_of(gaps, 0),
                   "{\"recorder\":\"R1\",\"officer\":\"O1\",\"name\":\"officer O1\",\"unit\":\"U1\","
                   "\"unit_name\":\"unit U1\","
                   "\"from\":\"2026-10-30T08:10:00+08:00\",\"to\":\"2026-10-30T08:20:00+08:00\","
                   "\"length_s\":600.0,\"certain\":true,\"before\":2,\"after\":3,\"explained\":false,"
                   "\"reason\":null,\"text\":null,\"reporter\":null,\"approver\":null,\"entered_at\":null,"
                   "\"entered_by\":null}");
        assert_row(row_of(open, 0),
                   "{\"recorder\":\"R4\",\"officer\":null,\"unit\":null,\"kind\":\"video\","
                   "\"started_at\":\"2026-10-30T11:00:00+08:00\",\"ended_at\":null,\"duration_s\":null,"
                   "\"segments\":1,\"footage\":11,\"certain\":false}");
        ck_assert_str_eq(text_of(row_of(unknown, 0), "certain"), "false");
        ck_assert_str_eq(text_of(row_of(unknown, 0), "from"), "2026-10-30T11:00:00+08:00");
}
END_TEST

static const struct {
        const char *noun;
        struct query_filter filters[FILTERS_MAX];
        size_t rows;
} answers[] = {
                {"recording", {{NULL}}, 10},
                {"gap", {{NULL}}, 5},
                {"recording", {{"recorder", "R1"}}, 4},
                {"recording", {{"recorder", "R1"}, {"recorder", "R3"}}, 6},
                {"recording", {{"recorder", "none"}}, 0},
                {"recording", {{"officer", "O1"}}, 2},
                {"gap", {{"officer", "O1"}}, 1},
                {"recording", {{"officer", "O2"}}, 4},
                {"gap", {{"officer", "O2"}}, 2},
                {"recording", {{"officer", "O1"}, {"officer", "O2"}}, 6},
                {"recording", {{"officer", "O2"}, {"recorder", "R1"}}, 2},
                {"gap", {{"officer", "O2"}, {"recorder", "R1"}}, 1},
                {"recording", {{"officer", "none"}}, 0},
                {"recording", {{"unit", "U1"}}, 4},
                {"gap", {{"unit", "U1"}, {"unit", "U2"}}, 3},
                {"recording", {{"unit", "U2"}, {"officer", "O2"}}, 2},
                {"recording", {{"unit", "U2"}, {"officer", "O1"}}, 0},
                {"recording", {{"from", "2026-10-31"}}, 2},
                {"recording", {{"to", "2026-10-31"}}, 8},
                /* what began before is another one's, wherever its files lie */
                {"recording", {{"from", "2026-10-30 08:05"}, {"to", "2026-10-30 08:20"}}, 1},
                {"recording", {{"from", "2026-10-30 08:05:01"}, {"to", "2026-10-30 08:20"}}, 0},
                {"recording", {{"from", "2026-10-30 08:20"}, {"to", "2026-10-30 08:20:01"}}, 1},
                {"gap", {{"from", "2026-10-30 08:10"}, {"to", "2026-10-30 08:10:01"}}, 1},
                {"gap", {{"from", "2026-10-30 08:10:01"}, {"to", "2026-10-30 08:15"}}, 0},
                {"gap", {{"from", "2026-10-30 08:10:01"}, {"to", "2026-10-30 08:15:01"}, {"unit", "U2"}}, 1},
                {"gap", {{"officer", "O1"}, {"from", "2026-10-30 08:10"}, {"to", "2026-10-30 08:11"}}, 1},
                {"gap", {{"officer", "O1"}, {"from", "2026-10-30 08:11"}}, 0},
                {"gap", {{"from", "2026-10-31"}, {"to", "2026-10-30"}}, 0},
                {"gap", {{"min", "10min"}}, 3},
                {"gap", {{"min", "601s"}}, 1},
                {"gap", {{"min", "0"}}, 5},
                {"gap", {{"unexplained", "yes"}}, 5},
                {"gap", {{"unexplained", "no"}}, 0},
                {"gap", {{"limit", "2"}}, 2},
                {"recording", {{"limit", "3"}, {"officer", "O2"}}, 3},
                {"recording", {{"officer", "' OR 1=1 --"}}, 0},
                {"gap", {{"unit", "x*\" OR \""}}, 0},
                {"reason", {{NULL}}, 7},
                {"reason", {{"limit", "2"}}, 2},
                {"explanation", {{NULL}}, 0},
};

START_TEST(test_answer)
{
        _cleanup_(json_object_putp) json_object *rows = ask_by(answers[_i].noun, answers[_i].filters, NULL);

        ck_assert_msg(json_object_array_length(rows) == answers[_i].rows, "%s %s=%s: %zu rows, not %zu: %s",
                      answers[_i].noun, answers[_i].filters[0].key, answers[_i].filters[0].value,
                      json_object_array_length(rows), answers[_i].rows, json_object_to_json_string(rows));
}
END_TEST

static const struct {
        const char *noun;
        struct query_filter filters[FILTERS_MAX];
        const char *error;
} errors[] = {
                {"gap", {{"min", "soon"}}, "min 'soon': expected a time span such as 90s, 5min or 1h"},
                {"gap", {{"min", ""}}, "min '': expected a time span"},
                {"gap", {{"min", "-5s"}}, "min '-5s': expected a time span"},
                {"gap", {{"min", "1s"}, {"min", "2s"}}, "given twice, expected once"},
                {"gap", {{"unexplained", "perhaps"}}, "unexplained 'perhaps': expected yes or no"},
                {"gap", {{"from", "soon"}}, "from 'soon': expected a time"},
                {"gap", {{"limit", "0"}}, "limit '0': expected a number from 1"},
                {"gap",
                 {{"kind", "video"}},
                 "unknown filter 'kind' for gap, expected one of recorder, officer, "
                 "unit, from, to, unexplained, min or limit"},
                {"recording", {{"min", "1s"}}, "unknown filter 'min' for recording"},
                {"recording", {{"officer", ""}}, "officer '': expected a text that is not empty"},
                {"recording", {{"to", "later"}}, "to 'later': expected a time"},
                {"reason",
                 {{"reason", "other"}},
                 "unknown filter 'reason' for reason, expected one of limit"},
                {"coverage", {{NULL}}, "coverage: a time is missing, expected from and to"},
                {"coverage", {{"from", "08:00"}, {"unit", "U1"}}, "coverage: a time is missing"},
                {"coverage", {{"to", "08:00"}, {"unit", "U1"}}, "coverage: a time is missing"},
                {"coverage", {{"from", "08:00"}, {"to", "08:00"}, {"unit", "U1"}}, "from is not before to"},
                {"coverage", {{"from", "08:00"}, {"to", "07:00"}, {"unit", "U1"}}, "from is not before to"},
                {"coverage",
                 {{"from", "07:00"}, {"to", "08:00"}},
                 "expected a unit or at least two officers"},
                {"coverage",
                 {{"from", "07:00"}, {"to", "08:00"}, {"officer", "O1"}},
                 "at least two officers"},
                {"coverage", {{"fewer", "0"}}, "fewer '0': expected a positive number"},
                {"coverage", {{"from", "soon"}}, "from 'soon': expected a time"},
};

START_TEST(test_error)
{
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;
        size_t n = 0;

        while (n < FILTERS_MAX && errors[_i].filters[n].key)
                n++;
        ck_assert_int_eq(query_new(errors[_i].noun, errors[_i].filters, n, FIXTURE_NOW, &q, &error),
                         -EINVAL);
        ck_assert_ptr_null(q);
        ck_assert_msg(strstr(error, errors[_i].error) != NULL, "'%s' does not say '%s'", error,
                      errors[_i].error);
}
END_TEST

/* The site's rules, not the shipped ones. */
START_TEST(test_rules_are_the_sites)
{
        const struct continuity_rules strict = {
                        .join = 0, .gap = USEC_PER_SEC, .activity_gap = 3 * USEC_PER_DAY};
        const struct query_filter officer[FILTERS_MAX] = {{"recorder", "R1"}};
        _cleanup_(json_object_putp) json_object *rows = ask_by("gap", officer, &strict);

        ck_assert_uint_eq(json_object_array_length(rows), 3);
        ck_assert_str_eq(text_of(row_of(rows, 1), "from"), "2026-10-30T08:25:00+08:00");
        ck_assert_str_eq(text_of(row_of(rows, 1), "to"), "2026-10-31T09:00:00+08:00");
}
END_TEST

/* A duty is one activity, from its checkout to its return; a return alone has no beginning. */
START_TEST(test_duty_is_an_activity)
{
        struct duty d = {.recorder = recorders[1],
                         .out_at = at("2026-10-30 07:00"),
                         .roster_end = INSTANT_NONE,
                         .returned_at = at("2026-10-31 18:00"),
                         .offloaded_at = INSTANT_NONE};
        _cleanup_(json_object_putp) json_object *before = ASK("gap", {"recorder", "R1"}), *rows = NULL,
                                                *other = NULL;
        int64_t id;

        ck_assert_uint_eq(json_object_array_length(before), 2);
        ck_assert_int_eq(duty_enter(c, FIXTURE_ACTOR, &d, &id), CATALOGUE_OK);
        rows = ASK("gap", {"recorder", "R1"});
        ck_assert_uint_eq(json_object_array_length(rows), 3);
        ck_assert_str_eq(text_of(row_of(rows, 1), "to"), "2026-10-31T09:00:00+08:00");
        ck_assert_int_eq(duty_return(c, FIXTURE_ACTOR, recorders[2], at("2026-10-30 18:00"), &id),
                         CATALOGUE_OK);
        (void)add(2, 2, "2026-10-30 14:00", 60);
        other = ASK("gap", {"recorder", "R2"});
        ck_assert_uint_eq(json_object_array_length(other), 1);
}
END_TEST

/* Footage of recorder 6 between 12:00 and 12:10, of which the minute from 12:00 and that from 12:10 are
 * whole: what is told of the hole, as "from-to" in minutes. */
static const struct {
        enum media_kind kind;
        enum media_verdict verdict;
        double seconds;
        const char *source, *reasons;
        uint32_t flags;
        int device_minute; /* past 12:00, 0 none */
        const char *expected;
} odd_footage[] = {
                {MEDIA_VIDEO, VERDICT_COMPLETE, 540, "name", "", 0, 0, ""},
                {MEDIA_VIDEO, VERDICT_TRUNCATED, 240, "name", "", 0, 0, "05:00-10:00 true"},
                {MEDIA_VIDEO, VERDICT_DAMAGED, -1, "name", "", 0, 0, "01:00-10:00 false"},
                {MEDIA_VIDEO, VERDICT_DAMAGED, -1, "name", "", 0, 10, "01:00-10:00 false"},
                {MEDIA_VIDEO, VERDICT_DAMAGED, 540, "name", "no-moov,no-content", 0, 0, "01:00-10:00 false"},
                {MEDIA_VIDEO, VERDICT_COMPLETE, 3 * 86400, "name", "", 0, 0, "01:00-10:00 false"},
                {MEDIA_VIDEO, VERDICT_ENCRYPTED, -1, "name", "", 0, 0, "01:00-10:00 false"},
                {MEDIA_VIDEO, VERDICT_ENCRYPTED, -1, "name", "", 0, 10, ""},
                {MEDIA_VIDEO, VERDICT_ENCRYPTED, -1, "name", "", 0, 6, "06:00-10:00 true"},
                {MEDIA_OTHER, VERDICT_ENCRYPTED, -1, "name", "", 0, 10, ""},
                {MEDIA_OTHER, VERDICT_UNREADABLE, -1, "name", "", 0, 0, "01:00-10:00 false"},
                {MEDIA_OTHER, VERDICT_UNKNOWN, -1, "name", "", 0, 0, "01:00-10:00 false"},
                {MEDIA_OTHER, VERDICT_NOT_MEDIA, -1, "name", "", 0, 0, "01:00-10:00 true"},
                {MEDIA_PHOTO, VERDICT_COMPLETE, -1, "name", "", 0, 0, "01:00-10:00 true"},
                {MEDIA_AUDIO, VERDICT_COMPLETE, 540, "name", "", 0, 0, "01:00-10:00 true"},
                /* nobody knows when: it stands at the time of its docking */
                {MEDIA_VIDEO, VERDICT_COMPLETE, 540, "none", "", TIME_UNKNOWN, 0, "01:00-10:00 true"},
                /* by its last change: that is when it ended */
                {MEDIA_VIDEO, VERDICT_DAMAGED, -1, "device", "", 0, 0, "01:00-10:00 true"},
};

START_TEST(test_what_footage_counts)
{
        struct footage f = draft(6, 0, "2026-10-30 12:01", odd_footage[_i].seconds);
        _cleanup_(json_object_putp) json_object *rows = NULL;
        char got[64] = "";

        (void)add(6, 0, "2026-10-30 12:00", 60);
        (void)add(6, 0, "2026-10-30 12:10", 60);
        f.kind = odd_footage[_i].kind;
        f.verdict = odd_footage[_i].verdict;
        f.time_flags = odd_footage[_i].flags;
        (void)snprintf(f.time_source, sizeof(f.time_source), "%s", odd_footage[_i].source);
        (void)snprintf(f.verdict_reasons, sizeof(f.verdict_reasons), "%s", odd_footage[_i].reasons);
        f.has_clock_offset = true;
        f.clock_offset = 0;
        if (odd_footage[_i].device_minute > 0)
                f.device_time = at("2026-10-30 12:00") + odd_footage[_i].device_minute * 60 * USEC_PER_SEC;
        (void)fixture_file(c, &f);
        rows = ASK("gap", {"recorder", "R6"});
        ck_assert_uint_le(json_object_array_length(rows), 1);
        if (json_object_array_length(rows) == 1)
                (void)snprintf(got, sizeof(got), "%.5s-%.5s %s", text_of(row_of(rows, 0), "from") + 14,
                               text_of(row_of(rows, 0), "to") + 14, text_of(row_of(rows, 0), "certain"));
        ck_assert_str_eq(got, odd_footage[_i].expected);
}
END_TEST

/* --- explanations --- */

static struct explanation draft_explanation(const char *from, const char *to)
{
        struct explanation e = {.recorder = recorders[1],
                                .from = at(from),
                                .to = at(to),
                                .reason = "site-restriction",
                                .reporter = "王芳",
                                .approver = "赵六"};

        return e;
}

START_TEST(test_explanation)
{
        struct explanation e = draft_explanation("2026-10-30 08:10", "2026-10-30 08:20");
        _cleanup_(json_object_putp) json_object *none = NULL, *rows = NULL, *told = NULL, *ledger = NULL;
        int64_t id = 0, last = -1;
        bool whole = true;

        ck_assert_int_eq(explanation_of(c, recorders[1], e.from, e.to, &whole, &last), 0);
        ck_assert(!whole);
        ck_assert_int_eq(last, 0);
        (void)snprintf(e.text, sizeof(e.text), "地下室");
        ck_assert_int_eq(explanation_add(c, "somebody", &e, &id), CATALOGUE_OK);
        ck_assert_int_eq(explanation_of(c, recorders[1], e.from, e.to, &whole, &last), 0);
        ck_assert(whole);
        ck_assert_int_eq(last, id);
        ck_assert_int_eq(explanation_of(c, recorders[2], e.from, e.to, &whole, &last), 0);
        ck_assert(!whole);
        none = ASK("gap", {"unexplained", "yes"}, {"recorder", "R1"}, {"officer", "O1"});
        ck_assert_uint_eq(json_object_array_length(none), 0);
        rows = ASK("gap", {"unexplained", "no"});
        ck_assert_uint_eq(json_object_array_length(rows), 1);
        ck_assert_str_eq(text_of(row_of(rows, 0), "reason"), "site-restriction");
        ck_assert_str_eq(text_of(row_of(rows, 0), "text"), "地下室");
        ck_assert_str_eq(text_of(row_of(rows, 0), "approver"), "赵六");
        ck_assert_str_eq(text_of(row_of(rows, 0), "entered_by"), "somebody");
        told = ASK("explanation", {"recorder", "R1"}, {"reason", "site-restriction"}, {"from", "2026-10-30"},
                   {"to", "2026-10-31"});
        assert_row(row_of(told, 0),
                   "{\"explanation\":1,\"recorder\":\"R1\",\"from\":\"2026-10-30T08:10:00+08:00\","
                   "\"to\":\"2026-10-30T08:20:00+08:00\",\"reason\":\"site-restriction\","
                   "\"text\":\"地下室\",\"reporter\":\"王芳\",\"approver\":\"赵六\","
                   "\"entered_at\":\"2026-11-01T08:00:00+08:00\",\"entered_by\":\"somebody\"}");
        ledger = ASK("ledger", {"act", "gap.explained"});
        ck_assert_uint_eq(json_object_array_length(ledger), 1);
        ck_assert_str_eq(text_of(row_of(ledger, 0), "subject"), "recorder/R1");
        ck_assert_str_eq(text_of(row_of(ledger, 0), "actor"), "somebody");
        ck_assert_ptr_nonnull(strstr(text_of(row_of(ledger, 0), "detail"), "王芳"));
}
END_TEST

/* Two that meet explain what neither does alone, and the later one is shown. */
START_TEST(test_explanations_meet)
{
        struct explanation first = draft_explanation("2026-10-30 08:00", "2026-10-30 08:15");
        struct explanation second = draft_explanation("2026-10-30 08:15", "2026-10-30 09:00");
        _cleanup_(json_object_putp) json_object *half = NULL, *rows = NULL;
        int64_t id;

        (void)snprintf(second.reason, sizeof(second.reason), "bad-weather");
        ck_assert_int_eq(explanation_add(c, FIXTURE_ACTOR, &first, &id), CATALOGUE_OK);
        half = ASK("gap", {"recorder", "R1"}, {"unexplained", "yes"}, {"officer", "O1"});
        ck_assert_uint_eq(json_object_array_length(half), 1);
        ck_assert_str_eq(text_of(row_of(half, 0), "reason"), "site-restriction");
        ck_assert_int_eq(explanation_add(c, FIXTURE_ACTOR, &second, &id), CATALOGUE_OK);
        rows = ASK("gap", {"recorder", "R1"}, {"unexplained", "no"});
        ck_assert_uint_eq(json_object_array_length(rows), 1);
        ck_assert_str_eq(text_of(row_of(rows, 0), "reason"), "bad-weather");
}
END_TEST

START_TEST(test_explanation_is_refused)
{
        struct explanation e = draft_explanation("2026-10-30 08:10", "2026-10-30 08:10");
        _cleanup_(json_object_putp) json_object *rows = NULL, *ledger = NULL;
        int64_t id = -1;

        ck_assert_int_eq(explanation_add(c, FIXTURE_ACTOR, &e, &id), -EINVAL);
        e.to = e.from - 1;
        ck_assert_int_eq(explanation_add(c, FIXTURE_ACTOR, &e, &id), -EINVAL);
        e.to = e.from + 1;
        e.recorder = 99;
        ck_assert_int_eq(explanation_add(c, FIXTURE_ACTOR, &e, &id), CATALOGUE_ABSENT);
        fixture_commit(c);
        e.recorder = recorders[1];
        ck_assert_int_eq(explanation_add(c, FIXTURE_ACTOR, &e, &id), -EPERM);
        fixture_begin(c);
        ck_assert_int_eq(id, -1);
        rows = ASK("explanation", {NULL});
        ledger = ASK("ledger", {"act", "gap.explained"});
        ck_assert_uint_eq(json_object_array_length(rows) + json_object_array_length(ledger), 0);
}
END_TEST

static const struct {
        const char *sql;
        int expected;
} guarded[] = {
                {"INSERT INTO explanation VALUES (1, 1, 5, 9, 'x', NULL, 'a', 'b', 9, 'c')", SQLITE_OK},
                {"INSERT INTO explanation VALUES (1, 1, 5, 9, 'x', NULL, 'a', 'b', 9, 'c');"
                 " DELETE FROM explanation",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO explanation VALUES (1, 1, 5, 9, 'x', NULL, 'a', 'b', 9, 'c');"
                 " UPDATE explanation SET text = 'y'",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO explanation VALUES (1, 1, 9, 9, 'x', NULL, 'a', 'b', 9, 'c')",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO explanation VALUES (1, 1, 5, 9, '', NULL, 'a', 'b', 9, 'c')",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO explanation VALUES (1, 1, 5, 9, 'x', NULL, '', 'b', 9, 'c')",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO explanation VALUES (1, 1, 5, 9, 'x', NULL, 'a', '', 9, 'c')",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO explanation VALUES (1, 1, 5, 9, 'x', NULL, 'a', 'b', 9, '')",
                 SQLITE_CONSTRAINT},
};

START_TEST(test_explanations_are_guarded)
{
        fixture_commit(c);
        ck_assert_int_eq(fixture_tamper(guarded[_i].sql), guarded[_i].expected);
        fixture_begin(c);
}
END_TEST

/* --- what the alert asks --- */

START_TEST(test_dockings_of_gaps)
{
        int64_t first = add_docking(5, at("2026-10-30 12:00")),
                second = add_docking(5, at("2026-10-30 18:00"));
        int64_t third = add_docking(5, INSTANT_NONE), found = 0;
        struct recording_gap g = {0};
        struct footage f;
        instant_t began;

        ck_assert_int_eq(recording_since_docking(c, recorders[5], first, &began), CATALOGUE_ABSENT);
        f = draft(5, 0, "2026-10-30 10:00", 60);
        f.docking = first;
        g.before = fixture_file(c, &f);
        f = draft(5, 0, "2026-10-30 09:00", 60);
        f.docking = second;
        g.after = fixture_file(c, &f);
        f = draft(5, 0, "2026-10-29 09:00", 60); /* nobody knows that: the docking stands for it */
        f.docking = second;
        f.time_flags = TIME_UNKNOWN;
        (void)fixture_file(c, &f);
        ck_assert_int_eq(recording_since_docking(c, recorders[5], first, &began), CATALOGUE_OK);
        ck_assert_int_eq(began, at("2026-10-30 09:00"));
        ck_assert_int_eq(recording_since_docking(c, recorders[5], third, &began), CATALOGUE_ABSENT);
        ck_assert_int_eq(recording_since_docking(c, recorders[1], first, &began), CATALOGUE_ABSENT);
        ck_assert_int_eq(recording_docking_at(c, recorders[5], at("2026-10-30 13:00"), &found),
                         CATALOGUE_OK);
        ck_assert_int_eq(found, first);
        ck_assert_int_eq(recording_docking_at(c, recorders[5], at("2026-10-31"), &found), CATALOGUE_OK);
        ck_assert_int_eq(found, second);
        ck_assert_int_eq(recording_docking_at(c, recorders[5], at("2026-10-30"), &found), CATALOGUE_ABSENT);
        ck_assert_int_eq(recording_gap_touches(c, &g, first), CATALOGUE_OK);
        ck_assert_int_eq(recording_gap_touches(c, &g, second), CATALOGUE_OK);
        ck_assert_int_eq(recording_gap_touches(c, &g, third), CATALOGUE_ABSENT);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("recording");
        TCase *rows = tcase_create("rows");

        tcase_add_checked_fixture(rows, setup, teardown);
        tcase_set_timeout(rows, 60);
        tcase_add_test(rows, test_rows);
        tcase_add_loop_test(rows, test_answer, 0, (int)ELEMENTSOF(answers));
        tcase_add_loop_test(rows, test_error, 0, (int)ELEMENTSOF(errors));
        tcase_add_test(rows, test_rules_are_the_sites);
        tcase_add_test(rows, test_duty_is_an_activity);
        tcase_add_loop_test(rows, test_what_footage_counts, 0, (int)ELEMENTSOF(odd_footage));
        tcase_add_test(rows, test_explanation);
        tcase_add_test(rows, test_explanations_meet);
        tcase_add_test(rows, test_explanation_is_refused);
        tcase_add_loop_test(rows, test_explanations_are_guarded, 0, (int)ELEMENTSOF(guarded));
        tcase_add_test(rows, test_dockings_of_gaps);
        suite_add_tcase(s, rows);
        return s;
}

int main(void)
{
        SRunner *runner = srunner_create(suite());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
