// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Footage queries against a judge: the same filters over all rows without any index or plan. Whatever way
 * query_plan.c takes, ids and order must be the judge's; pages put together must be the whole.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/case_file.h"
#include "catalogue/docking.h"
#include "catalogue/query.h"
#include "catalogue/query_plan.h"
#include "catalogue/registry.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

#define ROWS       6000 /* so many that no list of a common part of a name is made, in order of ids */
#define MIXES      150
#define UNITS      6
#define OFFICERS   30
#define RECORDERS  40
#define RESULT_MAX (ROWS + 1)

static struct catalogue *c;
static uint32_t state;

/* xorshift32: the same rows on every machine. */
static uint32_t next_random(uint32_t below)
{
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state % below;
}

static int64_t units[UNITS], officers[OFFICERS], recorders[RECORDERS];

static void fill_registry(void)
{
        char number[16];

        for (int i = 0; i < UNITS; i++) {
                (void)snprintf(number, sizeof(number), "U%d", i);
                units[i] = fixture_unit(c, number);
        }
        for (int i = 0; i < OFFICERS; i++) {
                (void)snprintf(number, sizeof(number), "%06d", i);
                officers[i] = fixture_officer(c, number, units[i % UNITS]);
        }
        for (int i = 0; i < RECORDERS; i++) {
                (void)snprintf(number, sizeof(number), "%07d", i);
                recorders[i] = fixture_recorder(c, number, units[i % UNITS]);
        }
}

static void fill_row(int i, const int64_t dockings[4])
{
        static const char *const suffixes[] = {"MP4", "JPG", "a[1].WAV", "\"x\".MP4"};
        uint32_t officer = next_random(OFFICERS);
        struct footage f;
        char name[64];

        (void)snprintf(name, sizeof(name), "%s%07u_%04u_%05d.%s", next_random(20) == 0 ? "IMP_" : "",
                       next_random(RECORDERS), next_random(10000), i,
                       suffixes[next_random(ELEMENTSOF(suffixes))]);
        fixture_footage(&f, 0, name);
        f.docking = dockings[next_random(4)];
        f.officer = next_random(10) == 0 ? 0 : officers[officer];
        f.unit = next_random(10) == 0 ? 0 : units[officer % UNITS];
        f.recorder = recorders[next_random(RECORDERS)];
        (void)snprintf(f.bay, sizeof(f.bay), "%u", next_random(5));
        f.kind = (enum media_kind)next_random(_MEDIA_KIND_MAX);
        f.verdict = next_random(4) == 0 ? (enum media_verdict)next_random(_VERDICT_MAX) : VERDICT_COMPLETE;
        f.source = next_random(30) == 0 ? FOOTAGE_IMPORT : FOOTAGE_DOCK;
        f.started_at = FIXTURE_NOW -
                       (int64_t)next_random(100000) * 1000 * USEC_PER_SEC; /* three years, with ties */
        f.size = next_random(500);
        (void)fixture_file(c, &f);
}

/* C1 is in two units, and nobody knows the party of C2. The rest is in no case. */
static void fill_cases(void)
{
        const struct case_act act = {FIXTURE_ACTOR, "", ""};
        struct case_tagging tagging;

        for (int i = 0; i < 3; i++) {
                struct case_file f = {.unit = units[i],
                                      .secrecy = "none",
                                      .handler = "Wang",
                                      .from = INSTANT_NONE,
                                      .to = INSTANT_NONE,
                                      .opened_at = FIXTURE_NOW,
                                      .closed_at = INSTANT_NONE,
                                      .file_until = INSTANT_NONE};
                int64_t tagged[100];

                (void)snprintf(f.number, sizeof(f.number), "C%d", i < 2 ? 1 : 2);
                (void)snprintf(f.party, sizeof(f.party), "%s", i < 2 ? "Li" : "");
                for (size_t j = 0; j < ELEMENTSOF(tagged); j++)
                        tagged[j] = 1 + next_random(ROWS);
                ck_assert_int_eq(case_open(c, &act, &f, true, &f.id), CATALOGUE_OK);
                ck_assert_int_eq(case_tag(c, &act, f.id, tagged, ELEMENTSOF(tagged), true, &tagging),
                                 CATALOGUE_OK);
        }
}

/* Once: rows are filled in, and the connection closed, for one must not go through a fork. */
static void fill(void)
{
        int64_t dockings[4];

        state = 2463534242;
        c = fixture_open();
        fixture_begin(c);
        fill_registry();
        for (size_t i = 0; i < 4; i++)
                dockings[i] = fixture_docking(c, recorders[i]);
        for (int i = 0; i < ROWS; i++)
                fill_row(i, dockings);
        fill_cases();
        fixture_commit(c);
        catalogue_close(c);
}

static void remove_all(void)
{
        fixture_close(NULL);
}

static void setup(void)
{
        _cleanup_free_ char *path = fixture_path();

        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
}

static void teardown(void)
{
        catalogue_close(c);
}

struct ids {
        size_t n;
        int64_t ids[RESULT_MAX];
};

static int on_row(void *userdata, const char *json)
{
        struct ids *result = userdata;

        ck_assert_uint_lt(result->n, RESULT_MAX);
        ck_assert_int_eq(sscanf(json, "{\"id\":%ld", &result->ids[result->n]), 1);
        result->n++;
        return 0;
}

static void run(const struct query_filter *filters, size_t n, struct ids *result)
{
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;

        ck_assert_msg(query_new("footage", filters, n, FIXTURE_NOW, &q, &error) == 0, "%s", error);
        ck_assert_msg(query_run(c, q, on_row, result) == 0, "%s", catalogue_error(c));
        query_free(q);
}

/* One possible filter with two of its values and the judge's own condition. */
static const struct {
        const char *key, *value;
        const char *condition;
} known[] = {
                {"unit", "U1", "unit = (SELECT id FROM unit WHERE number = 'U1')"},
                {"unit", "U4", "unit = (SELECT id FROM unit WHERE number = 'U4')"},
                {"officer", "000007", "officer = (SELECT id FROM officer WHERE number = '000007')"},
                {"officer", "000010", "officer = (SELECT id FROM officer WHERE number = '000010')"},
                {"recorder", "0000003", "recorder = (SELECT id FROM recorder WHERE number = '0000003')"},
                {"recorder", "0000021", "recorder = (SELECT id FROM recorder WHERE number = '0000021')"},
                {"kind", "photo", "kind = 3"},
                {"kind", "video,audio", "kind IN (1, 2)"},
                {"verdict", "truncated,damaged", "verdict IN (2, 3)"},
                {"verdict", "complete", "verdict = 1"},
                {"source", "import", "source = 1"},
                {"source", "dock", "source = 0"},
                {"bay", "2", "bay = '2'"},
                {"bay", "none such", "bay = 'none such'"},
                {"name", "IMP_*", "name GLOB 'IMP_*'"},
                {"name", "*_0042*", "name GLOB '*_0042*'"},
                {"name", "*.JPG", "name GLOB '*.JPG'"},
                {"name", "*.WAV", "name GLOB '*.WAV'"},
                {"name", "*\".MP4", "name GLOB '*\".MP4'"},
                {"name", "000000?_*", "name GLOB '000000?_*'"},
                {"name", "*a[1]*", "name GLOB '*a[[]1]*'"},
                {"name", "*\"x\"*", "name GLOB '*\"x\"*'"},
                {"from", "-400d", "ordered_at >= 1793491200000000 - 400 * 86400000000"},
                {"to", "-300d", "ordered_at < 1793491200000000 - 300 * 86400000000"},
                {"on", "2026-10-20", "ordered_at >= 1792425600000000 AND ordered_at < 1792512000000000"},
                {"docking", "2", "docking = 2"},
                {"id", "1500", "id = 1500"},
                {"annotated", "yes", "case_id IN (SELECT id FROM case_file WHERE party IS NOT NULL)"},
                {"annotated", "no",
                 "NOT ifnull(case_id IN (SELECT id FROM case_file WHERE party IS NOT NULL), false)"},
                {"case", "C1", "case_id IN (SELECT id FROM case_file WHERE number = 'C1')"},
                {"case", "C2", "case_id IN (SELECT id FROM case_file WHERE number = 'C2')"},
};

static const struct {
        const char *word, *sql;
} orders[] = {
                {"time", "ordered_at DESC, id DESC"},
                {"-time", "ordered_at, id"},
                {"size", "size, id"},
                {"-size", "size DESC, id DESC"},
                {"name", "name, id"},
                {"id", "id"},
                {"-id", "id DESC"},
};

/* "(a OR b) AND …": values of one key are alternatives. */
static char *judge_sql(const size_t *chosen, size_t n, const char *order)
{
        sqlite3_str *s = sqlite3_str_new(NULL);
        char *copy, *sql;

        sqlite3_str_appendall(s, "SELECT id FROM footage NOT INDEXED WHERE (true");
        for (size_t i = 0; i < n; i++) {
                bool same = i > 0 && strcmp(known[chosen[i]].key, known[chosen[i - 1]].key) == 0;

                sqlite3_str_appendf(s, "%s (%s)", same ? " OR" : ") AND (", known[chosen[i]].condition);
        }
        sqlite3_str_appendf(s, ") ORDER BY %s", order);
        sql = sqlite3_str_finish(s);
        copy = strdup(sql);
        sqlite3_free(sql);
        return copy;
}

static void judge(const char *sql, struct ids *result)
{
        _cleanup_free_ char *path = fixture_path();
        sqlite3_stmt *s = NULL;
        sqlite3 *db = NULL;

        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, "%s: %s", sqlite3_errmsg(db),
                      sql);
        while (sqlite3_step(s) == SQLITE_ROW)
                result->ids[result->n++] = sqlite3_column_int64(s, 0);
        (void)sqlite3_finalize(s);
        (void)sqlite3_close(db);
}

/* A few of the known filters, in their order, so that alternatives stand together. from, to and annotated
 * may be given once. */
static size_t choose(size_t *chosen)
{
        size_t n = 0, wanted = next_random(5);

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (next_random((uint32_t)ELEMENTSOF(known)) < wanted &&
                    !(n > 0 && strcmp(known[i].key, "annotated") == 0 && chosen[n - 1] == i - 1))
                        chosen[n++] = i;
        return n;
}

static void ck_same(const struct ids *got, const struct ids *expected, size_t n, const char *sql)
{
        ck_assert_msg(got->n == n, "%zu rows, expected %zu: %s", got->n, n, sql);
        for (size_t i = 0; i < n; i++)
                ck_assert_msg(got->ids[i] == expected->ids[i], "row %zu is %ld, expected %ld: %s", i,
                              (long)got->ids[i], (long)expected->ids[i], sql);
}

/* One name pattern and up to three of what stands before it: all of that the full text index knows. */
static size_t choose_name(size_t *chosen)
{
        size_t first_name = 0, names, n = 0;

        while (strcmp(known[first_name].key, "name") != 0)
                first_name++;
        for (names = 1; strcmp(known[first_name + names].key, "name") == 0;)
                names++;
        for (size_t i = 0; i < first_name; i++)
                if (n < 3 && next_random((uint32_t)first_name) < 4)
                        chosen[n++] = i;
        chosen[n++] = first_name + next_random((uint32_t)names);
        return n;
}

static void check_mix(size_t (*choose_filters)(size_t *chosen))
{
        static struct ids got, expected;
        struct query_filter filters[ELEMENTSOF(known) + 2];
        size_t chosen[ELEMENTSOF(known)], order = next_random((uint32_t)ELEMENTSOF(orders)),
                                          n = choose_filters(chosen);
        _cleanup_free_ char *sql = judge_sql(chosen, n, orders[order].sql);

        for (size_t i = 0; i < n; i++)
                filters[i] = (struct query_filter){known[chosen[i]].key, known[chosen[i]].value};
        filters[n++] = (struct query_filter){"order", orders[order].word};
        got.n = expected.n = 0;
        judge(sql, &expected);
        run(filters, n, &got);
        ck_same(&got, &expected, expected.n, sql);
        filters[n++] = (struct query_filter){"limit", "7"};
        got.n = 0;
        run(filters, n, &got);
        ck_same(&got, &expected, MIN(expected.n, 7), sql);
}

START_TEST(test_any_mix_is_the_judges)
{
        for (int i = 0; i < MIXES; i++)
                check_mix(choose);
}
END_TEST

START_TEST(test_names_and_facts_are_the_judges)
{
        for (int i = 0; i < MIXES; i++)
                check_mix(choose_name);
}
END_TEST

START_TEST(test_pages_make_the_whole)
{
        static const struct query_filter asked[] = {{"unit", "U2"}, {"name", "*a[1]*"}};
        static struct ids whole, pages;
        const char *order = orders[(size_t)_i % ELEMENTSOF(orders)].word;
        struct query_filter filters[] = {asked[(size_t)_i / ELEMENTSOF(orders)],
                                         {"order", order},
                                         {"limit", "37"},
                                         {"after", NULL}};
        char after[24];
        size_t before;

        whole.n = pages.n = 0;
        run(filters, 2, &whole);
        ck_assert_uint_gt(whole.n, 37);
        do {
                before = pages.n;
                if (before > 0)
                        (void)snprintf(after, sizeof(after), "%ld", (long)pages.ids[before - 1]);
                filters[3].value = after;
                run(filters, before > 0 ? 4 : 3, &pages);
        } while (pages.n > before);
        ck_same(&pages, &whole, whole.n, order);
}
END_TEST

START_TEST(test_sha256_prefix)
{
        static struct ids got;
        struct footage f;
        char hex[DIGEST_HEX_SIZE];
        struct query_filter filter = {"sha256", hex};

        ck_assert_int_eq(footage_by_id(c, 1234, &f), CATALOGUE_OK);
        (void)text_hex(f.digests.sha256, DIGEST_SIZE, hex);
        got.n = 0;
        run(&filter, 1, &got);
        hex[17] = '\0'; /* an odd number of digits */
        run(&filter, 1, &got);
        ck_assert_uint_eq(got.n, 2);
        ck_assert_int_eq(got.ids[0], 1234);
        ck_assert_int_eq(got.ids[1], 1234);
}
END_TEST

START_TEST(test_unknown_after_is_absent)
{
        const struct query_filter filter = {"after", "999999"};
        _cleanup_free_ char *error = NULL;
        struct ids got = {0};
        struct query *q = NULL;

        ck_assert_int_eq(query_new("footage", &filter, 1, FIXTURE_NOW, &q, &error), 0);
        ck_assert_int_eq(query_run(c, q, on_row, &got), CATALOGUE_ABSENT);
        ck_assert_uint_eq(got.n, 0);
        query_free(q);
}
END_TEST

static int stop_at_third(void *userdata, const char *json)
{
        int *n = userdata;

        (void)json;
        return ++*n == 3 ? 77 : 0;
}

START_TEST(test_callback_ends_the_run)
{
        const struct query_filter filter = {"limit", "100"};
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;

        for (size_t given = 0; given < 2; given++) { /* streaming and a page */
                int n = 0;

                ck_assert_int_eq(query_new("footage", &filter, given, FIXTURE_NOW, &q, &error), 0);
                ck_assert_int_eq(query_run(c, q, stop_at_third, &n), 77);
                ck_assert_int_eq(n, 3);
                query_free(q);
        }
        /* The snapshot is over: the connection can write. */
        fixture_begin(c);
        fixture_commit(c);
}
END_TEST

START_TEST(test_runs_on_a_read_only_connection)
{
        _cleanup_free_ char *path = fixture_path(), *error = NULL;
        const struct query_filter filters[] = {{"unit", "U1"}, {"limit", "5"}};
        struct catalogue *reader = NULL;
        struct ids got = {0};
        struct query *q = NULL;

        ck_assert_int_eq(catalogue_open(&reader, path, true), CATALOGUE_OK);
        ck_assert_int_eq(query_new("footage", filters, 2, FIXTURE_NOW, &q, &error), 0);
        ck_assert_int_eq(query_run(reader, q, on_row, &got), 0);
        ck_assert_uint_eq(got.n, 5);
        query_free(q);
        catalogue_close(reader);
}
END_TEST

#define GROWING 5000

/* Sizes that grow with time: a walk by size to the last days passes all others first, which no count can
 * foresee. */
static void fill_growing(void)
{
        c = fixture_open();
        fixture_begin(c);
        for (int i = 0; i < GROWING; i++) {
                struct footage f;
                char name[16];

                (void)snprintf(name, sizeof(name), "%05d", i);
                fixture_footage(&f, 0, name);
                f.size = i;
                f.started_at = FIXTURE_NOW - (GROWING - i) * USEC_PER_HOUR;
                (void)fixture_file(c, &f);
        }
        fixture_commit(c);
}

START_TEST(test_a_wrong_guess_is_given_up)
{
        const struct query_filter filters[] = {{"from", "-500h"}, {"order", "size"}, {"limit", "10"}};
        struct ids got = {0};

        run(filters, ELEMENTSOF(filters), &got);
        ck_assert_uint_eq(got.n, 10);
        for (size_t i = 0; i < got.n; i++)
                ck_assert_int_eq(got.ids[i], GROWING - 500 + 1 + (int64_t)i);
}
END_TEST

/* The full text index holds what was judged first. */
START_TEST(test_what_was_judged_anew_is_found)
{
        const struct query_filter filters[] = {
                        {"name", "*4321"}, {"kind", "audio"}, {"verdict", "encrypted"}};
        struct ids got = {0};

        run(filters, ELEMENTSOF(filters), &got);
        ck_assert_uint_eq(got.n, 0);
        ck_assert_int_eq(fixture_tamper("UPDATE footage SET kind = 2, verdict = 4 WHERE name = '04321'"),
                         SQLITE_OK);
        run(filters, ELEMENTSOF(filters), &got);
        ck_assert_uint_eq(got.n, 1);
        ck_assert_int_eq(got.ids[0], 4322);
}
END_TEST

static void remove_growing(void)
{
        fixture_close(c);
}

/* What stands on either side of a wild card is not joined; a bracket is one character. */
START_TEST(test_parts_of_a_name_know_their_neighbours)
{
        static const struct {
                const char *expression;
                bool joined;
        } expected[] = {
                        {"\"abc\"", false}, {"\"bcd\"", true},  {"\"12[\"", false},
                        {"\"2[长\"", true}, {"\"xyz\"", false},
        };
        struct part parts[PARTS_MAX];
        size_t n;

        ck_assert_int_eq(plan_parts("*abcd?12[[]长*xyz", parts, &n), 0);
        ck_assert_uint_eq(n, ELEMENTSOF(expected));
        for (size_t i = 0; i < n; i++) {
                ck_assert_str_eq(parts[i].expression, expected[i].expression);
                ck_assert_int_eq(parts[i].joined, expected[i].joined);
                free(parts[i].expression);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("query footage");
        TCase *plan = tcase_create("plan"), *rows = tcase_create("rows"), *growing = tcase_create("growing");

        tcase_add_unchecked_fixture(rows, fill, remove_all);
        tcase_add_checked_fixture(rows, setup, teardown);
        tcase_set_timeout(rows, 120);
        tcase_add_test(rows, test_any_mix_is_the_judges);
        tcase_add_test(rows, test_names_and_facts_are_the_judges);
        tcase_add_loop_test(rows, test_pages_make_the_whole, 0, 2 * (int)ELEMENTSOF(orders));
        tcase_add_test(rows, test_sha256_prefix);
        tcase_add_test(rows, test_unknown_after_is_absent);
        tcase_add_test(rows, test_callback_ends_the_run);
        tcase_add_test(rows, test_runs_on_a_read_only_connection);
        tcase_add_checked_fixture(growing, fill_growing, remove_growing);
        tcase_set_timeout(growing, 60);
        tcase_add_test(growing, test_a_wrong_guess_is_given_up);
        tcase_add_test(growing, test_what_was_judged_anew_is_found);
        tcase_add_test(plan, test_parts_of_a_name_know_their_neighbours);
        suite_add_tcase(s, plan);
        suite_add_tcase(s, rows);
        suite_add_tcase(s, growing);
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
