// SPDX-License-Identifier: LGPL-2.1-or-later
/* Coverage by two out of the catalogue; and that a query of recordings or gaps which looks at a part of the
 * footage says the same as one that looks at all of it. */
#include "recording_fixture.h"

#include <check.h>
#include <string.h>

/* --- coverage --- */

/* Of 08:00 to 08:40 unless said otherwise, as "HH:MM recorders+unknown numbers;". */
static const struct {
        struct query_filter filters[FILTERS_MAX];
        const char *expected;
} covered[] = {
                {{{"unit", "U1"}}, "08:00 1+0 [R1];08:10 0+0 [];08:20 1+0 [R1];08:25 0+0 [];"},
                {{{"unit", "U1"}, {"unit", "U2"}},
                 "08:00 1+0 [R1];08:05 2+0 [R1,R2];08:10 1+0 [R2];08:15 0+0 [];08:20 1+0 [R1];08:25 0+0 "
                 "[];08:30 "
                 "1+0 [R2];08:35 0+0 [];"},
                {{{"officer", "O1"}, {"officer", "O2"}, {"fewer", "2"}},
                 "08:00 1+0 [R1];08:10 1+0 [R2];08:15 0+0 [];08:20 1+0 [R1];08:25 0+0 [];08:30 1+0 "
                 "[R2];08:35 "
                 "0+0 [];"},
                {{{"officer", "O1"}, {"officer", "O2"}, {"fewer", "1"}},
                 "08:15 0+0 [];08:25 0+0 [];08:35 0+0 [];"},
                {{{"officer", "O1"}, {"officer", "O2"}, {"unit", "U2"}},
                 "08:00 0+0 [];08:05 1+0 [R2];08:15 0+0 [];08:30 1+0 [R2];08:35 0+0 [];"},
                {{{"officer", "O1"}, {"officer", "O3"}},
                 "08:00 1+0 [R1];08:10 0+0 [];08:20 1+0 [R1];08:25 0+0 [];"},
                {{{"officer", "O3"}, {"officer", "O4"}}, "08:00 0+0 [];"},
                {{{"unit", "U1"}, {"limit", "2"}}, "08:00 1+0 [R1];08:10 0+0 [];"},
};

static void assert_covered(json_object *rows, const char *expected)
{
        char got[512] = "";
        size_t used = 0;

        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = row_of(rows, i), *numbers = NULL;
                const char *separator = "";

                used += (size_t)snprintf(got + used, sizeof(got) - used, "%.5s %s+%s [",
                                         text_of(row, "from") + 11, text_of(row, "recorders"),
                                         text_of(row, "unknown"));
                ck_assert(json_object_object_get_ex(row, "recording", &numbers));
                for (size_t j = 0; j < json_object_array_length(numbers); j++) {
                        used += (size_t)snprintf(
                                        got + used, sizeof(got) - used, "%s%s", separator,
                                        json_object_get_string(json_object_array_get_idx(numbers, j)));
                        separator = ",";
                }
                used += (size_t)snprintf(got + used, sizeof(got) - used, "];");
        }
        ck_assert_str_eq(got, expected);
}

START_TEST(test_coverage)
{
        struct query_filter filters[FILTERS_MAX] = {{"from", "2026-10-30 08:00"},
                                                    {"to", "2026-10-30 08:40"}};
        _cleanup_(json_object_putp) json_object *rows = NULL;

        for (size_t i = 0; i + 2 < FILTERS_MAX; i++)
                filters[i + 2] = covered[_i].filters[i];
        rows = ask_by("coverage", filters, NULL);
        assert_covered(rows, covered[_i].expected);
}
END_TEST

START_TEST(test_coverage_row)
{
        _cleanup_(json_object_putp) json_object *rows =
                        ASK("coverage", {"from", "2026-10-30 08:06"}, {"to", "2026-10-30 08:08"},
                            {"unit", "U1"}, {"unit", "U2"});

        ck_assert_uint_eq(json_object_array_length(rows), 1);
        assert_row(row_of(rows, 0),
                   "{\"from\":\"2026-10-30T08:06:00+08:00\",\"to\":\"2026-10-30T08:08:00+08:00\","
                   "\"length_s\":120.0,\"recorders\":2,\"unknown\":0,\"recording\":[\"R1\",\"R2\"]}");
}
END_TEST

/* What a damaged file may have recorded counts as unknown, up to the next file and at most a day. */
START_TEST(test_coverage_of_unknown)
{
        _cleanup_(json_object_putp) json_object *rows = NULL, *late = NULL;
        struct footage f = draft(4, 3, "2026-10-30 12:00", -1);

        (void)fixture_file(c, &f);
        f = draft(4, 3, "2026-10-30 12:10", 300);
        (void)fixture_file(c, &f);
        f = draft(5, 4, "2026-10-30 12:12", -1); /* known is only when it ended */
        (void)snprintf(f.time_source, sizeof(f.time_source), "device");
        (void)fixture_file(c, &f);
        rows = ASK("coverage", {"from", "2026-10-30 12:00"}, {"to", "2026-10-30 12:20"}, {"officer", "O3"},
                   {"officer", "O4"});
        assert_covered(rows, "12:00 0+2 [];12:10 1+1 [R4];12:12 1+0 [R4];12:15 0+0 [];");
        f = draft(6, 3, "2026-10-20 12:00", -1);
        (void)fixture_file(c, &f);
        late = ASK("coverage", {"from", "2026-10-21 11:00"}, {"to", "2026-10-21 13:00"}, {"officer", "O3"},
                   {"officer", "O4"});
        assert_covered(late, "11:00 0+1 [];12:00 0+0 [];");
}
END_TEST

/* A recorder that changes hands goes on; holes that are no gaps are none. */
START_TEST(test_coverage_joins)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;

        (void)add(5, 3, "2026-10-30 13:00", 300);
        (void)add(5, 4, "2026-10-30 13:05:05", 300);
        (void)add(5, 4, "2026-10-30 13:10:09", 300);
        (void)add(5, 4, "2026-10-30 13:16", 60);
        rows = ASK("coverage", {"from", "2026-10-30 13:00"}, {"to", "2026-10-30 13:17"}, {"officer", "O3"},
                   {"officer", "O4"});
        assert_covered(rows, "13:00 1+0 [R5];13:15 0+0 [];13:16 1+0 [R5];");
}
END_TEST

/* --- a part is as the whole --- */

static uint32_t drawn;

static uint32_t next_random(uint32_t below)
{
        drawn ^= drawn << 13;
        drawn ^= drawn >> 17;
        drawn ^= drawn << 5;
        return drawn % below;
}

/* Bouts of a few files each, some by another officer, some damaged, over twenty days. */
static void fill(void)
{
        for (int bout = 0; bout < 100; bout++) {
                instant_t t = at("2026-10-01") + (instant_t)next_random(20 * 86400) * USEC_PER_SEC;
                int recorder = 1 + (int)next_random(6), officer = (int)next_random(5);

                for (uint32_t i = next_random(5); i < 5; i++) {
                        struct footage f = draft(recorder, officer, "2026-10-01",
                                                 next_random(12) == 0 ? -1 : 300);

                        f.unit = units[next_random(3)];
                        f.started_at = t;
                        f.kind = next_random(9) == 0 ? MEDIA_AUDIO : MEDIA_VIDEO;
                        (void)fixture_file(c, &f);
                        t += (300 + (next_random(3) == 0 ? (instant_t)next_random(3000) : 0)) * USEC_PER_SEC;
                        if (next_random(6) == 0)
                                officer = (int)next_random(5);
                }
        }
}

static const char *const officer_words[] = {"O1", "O2", "O3", "O4"}, *const unit_words[] = {"U1", "U2"},
                         *const recorder_words[] = {"R1", "R2", "R3", "R4", "R5", "R6"};

static void mix_draw(struct query_filter *f, char from[32], char to[32])
{
        size_t n = 0;

        memset(f, 0, FILTERS_MAX * sizeof(*f));
        if (next_random(2))
                f[n++] = (struct query_filter){"officer", officer_words[next_random(4)]};
        if (next_random(3) == 0)
                f[n++] = (struct query_filter){"unit", unit_words[next_random(2)]};
        if (next_random(3) == 0)
                f[n++] = (struct query_filter){"recorder", recorder_words[next_random(6)]};
        (void)snprintf(from, 32, "2026-10-%02u %02u:%02u", 1 + next_random(20), next_random(24),
                       next_random(60));
        (void)snprintf(to, 32, "2026-10-%02u %02u:%02u", 1 + next_random(20), next_random(24),
                       next_random(60));
        if (next_random(2))
                f[n++] = (struct query_filter){"from", from};
        if (next_random(2))
                f[n++] = (struct query_filter){"to", to};
}

/* By the texts of the row alone. */
static bool passes(json_object *row, const struct query_filter *f, const char *begin)
{
        for (; f->key; f++) {
                const char *key = strcmp(f->key, "from") == 0 || strcmp(f->key, "to") == 0 ? begin : f->key;
                instant_t t;

                if (strcmp(key, begin) != 0) {
                        if (strcmp(text_of(row, key), f->value) != 0)
                                return false;
                        continue;
                }
                t = at(text_of(row, begin));
                if (strcmp(f->key, "from") == 0 ? t < at(f->value) : t >= at(f->value))
                        return false;
        }
        return true;
}

START_TEST(test_a_part_is_as_the_whole)
{
        static const char *const nouns[] = {"recording", "gap"}, *const begins[] = {"started_at", "from"};
        const char *noun = nouns[_i], *begin = begins[_i];
        _cleanup_(json_object_putp) json_object *all = NULL;
        size_t matched = 0;

        drawn = 2463534242;
        fill();
        all = ask_by(noun, (const struct query_filter[FILTERS_MAX]){{NULL}}, NULL);
        ck_assert_uint_gt(json_object_array_length(all), 30);
        for (int mix = 0; mix < 60; mix++) {
                struct query_filter filters[FILTERS_MAX];
                _cleanup_(json_object_putp) json_object *rows = NULL;
                char from[32], to[32];
                size_t n = 0;

                mix_draw(filters, from, to);
                rows = ask_by(noun, filters, NULL);
                for (size_t i = 0; i < json_object_array_length(all); i++) {
                        if (!passes(row_of(all, i), filters, begin))
                                continue;
                        ck_assert_msg(n < json_object_array_length(rows), "%s: missing %s", noun,
                                      json_object_to_json_string(row_of(all, i)));
                        ck_assert_str_eq(json_object_to_json_string(row_of(rows, n)),
                                         json_object_to_json_string(row_of(all, i)));
                        n++;
                }
                ck_assert_uint_eq(json_object_array_length(rows), n);
                matched += n;
        }
        ck_assert_uint_gt(matched, 100);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("coverage");
        TCase *rows = tcase_create("rows"), *whole = tcase_create("whole");

        tcase_add_checked_fixture(rows, setup, teardown);
        tcase_set_timeout(rows, 60);
        tcase_add_loop_test(rows, test_coverage, 0, (int)ELEMENTSOF(covered));
        tcase_add_test(rows, test_coverage_row);
        tcase_add_test(rows, test_coverage_of_unknown);
        tcase_add_test(rows, test_coverage_joins);
        tcase_add_checked_fixture(whole, furnish, teardown);
        tcase_set_timeout(whole, 120);
        tcase_add_loop_test(whole, test_a_part_is_as_the_whole, 0, 2);
        suite_add_tcase(s, rows);
        suite_add_tcase(s, whole);
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
