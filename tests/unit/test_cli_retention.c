// SPDX-License-Identifier: LGPL-2.1-or-later
/* "recdockctl retention" against the real bus server with the shipped profile: what it says in words and in
 * JSON, and what it refuses. */
#include "bus_station.h"
#include "cli_program.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "catalogue/case_file.h"
#include "catalogue/registry.h"

#include <check.h>
#include <json-c/json.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);
DEFINE_CLEANUP(struct catalogue *, catalogue_close);

/* Footage 1 is in case 2026-17 of other premises. */
static void case_make(void)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        const struct case_act act = {"test", "", ""};
        struct case_file f = {.number = "2026-17",
                              .premises_class = "other",
                              .secrecy = "none",
                              .from = INSTANT_NONE,
                              .to = INSTANT_NONE,
                              .opened_at = clock_now(),
                              .closed_at = INSTANT_NONE,
                              .file_until = INSTANT_NONE};
        const int64_t footage = 1;
        struct case_tagging t;
        struct unit unit;
        int64_t id;

        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_begin(c), 0);
        ck_assert_int_eq(unit_by_number(c, BUS_STATION_UNIT, &unit), CATALOGUE_OK);
        f.unit = unit.id;
        ck_assert_int_eq(case_open(c, &act, &f, false, &id), CATALOGUE_OK);
        ck_assert_int_eq(case_tag(c, &act, id, &footage, 1, false, &t), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_commit(c), 0);
}

static void set_up(void)
{
        program_set_up();
        case_make();
        server = bus_station_start(NULL);
}

static const struct {
        const char *words[WORDS_MAX];
        int code;
        const char *piece;
} failures[] = {
                {{"retention", "list", "--due=someday"}, 6, "someday"},
                {{"retention", "list", "--basis=whim"}, 6, "whim"},
                {{"retention", "show"}, 2, "either the number of a footage or --case=NUMBER"},
                {{"retention", "show", "1", "--case=2026-17"}, 2, "either the number of a footage"},
                {{"retention", "show", "99"}, 5, "'99'"},
                {{"retention", "show", "x"}, 2, "'x'"},
                {{"retention", "hold", "--reason=transfer"}, 2, "either the number of a footage"},
                {{"retention", "hold", "1"}, 2, "--reason=litigation|complaint|transfer|other"},
                {{"retention", "hold", "1", "--reason=whim"}, 6, "'whim'"},
                {{"retention", "hold", "99", "--reason=transfer"}, 5, "'99'"},
                {{"retention", "hold", "--case=none", "--reason=transfer"}, 5, "'none'"},
                {{"retention", "release", "1", "--reason=done"}, 2, "--approver=NAME"},
                {{"retention", "release", "1", "--approver=a"}, 2, "--reason=TEXT"},
                {{"retention", "release", "x", "--reason=done", "--approver=a"}, 2, "'x'"},
                {{"retention", "release", "7", "--reason=done", "--approver=a"}, 5, "'7'"},
};

START_TEST(test_failure)
{
        ck_assert_int_eq(run(failures[_i].words), failures[_i].code);
        ck_assert_str_eq(out, "");
        assert_says(err, "recdockctl: ");
        assert_says(err, failures[_i].piece);
}
END_TEST

START_TEST(test_show_in_words)
{
        ck_assert_int_eq(RUN("retention", "show", "1"), 0);
        assert_says(out, "2026-17\n");
        assert_says(out, "Kept: its destruction may not be asked for before 20");
        assert_says(out, "By the class of its premises: other, 其他单位 (other unit).");
        assert_says(out, "Nothing is ever destroyed by itself.");
        ck_assert_int_eq(RUN("retention", "show", "2"), 0);
        assert_says(out, "Kept for ever.");
        assert_says(out, "Nobody has said of what class its premises are");
        ck_assert_int_eq(RUN("retention", "show", "--case=2026-17"), 0);
        assert_says(out, "Of what is kept longest, footage 1:");
        ck_assert_int_eq(RUN("retention", "show", "--case=none"), 0);
        assert_says(out, "The case has no footage.");
}
END_TEST

START_TEST(test_hold_and_release)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;

        ck_assert_int_eq(RUN("retention", "hold", "--case=2026-17", "--reason=litigation", "--text=court"),
                         0);
        ck_assert_str_eq(out, "hold 1: case 2026-17 is kept until somebody releases it\n");
        ck_assert_int_eq(RUN("retention", "hold", "1", "--reason=complaint", "--json"), 0);
        assert_says(out, "\"id\":2");
        assert_says(out, "\"footage\":\"1\"");
        ck_assert_int_eq(RUN("retention", "show", "1"), 0);
        assert_says(out, "litigation court (hold 1, of the case)");
        assert_says(out, "complaint  (hold 2, of the footage)");
        assert_says(out, "Kept until all of this is released. Without it:");
        ck_assert_int_eq(RUN("retention", "show", "1", "--json"), 0);
        rows = json_tokener_parse(out);
        ck_assert_uint_eq(json_object_array_length(json_object_object_get(json_object_array_get_idx(rows, 0),
                                                                          "holds")),
                          2);
        ck_assert_int_eq(RUN("retention", "release", "1", "--reason=final", "--approver=赵六"), 0);
        ck_assert_str_eq(out, "hold 1 is released\n");
        ck_assert_int_eq(RUN("retention", "release", "1", "--reason=final", "--approver=赵六"), 6);
        assert_says(err, "released before");
        ck_assert_int_eq(RUN("retention", "holds", "--no-legend"), 0);
        assert_says(out, "complaint");
        ck_assert_ptr_null(strstr(out, "litigation"));
        ck_assert_int_eq(RUN("retention", "holds", "--all"), 0);
        assert_says(out, "litigation");
        assert_says(out, "赵六");
}
END_TEST

START_TEST(test_list)
{
        ck_assert_int_eq(RUN("retention", "list"), 0);
        assert_says(out, "NOT BEFORE");
        assert_says(out, "premises");
        assert_says(out, "unknown");
        ck_assert_int_eq(RUN("retention", "list", "--due", "--json"), 0);
        ck_assert_str_eq(out, "[]\n");
        ck_assert_int_eq(RUN("retention", "list", "--due=2099-01-01", "--no-legend"), 0);
        assert_says(out, "2026-17");
        ck_assert_ptr_null(strstr(out, "unknown"));
        ck_assert_int_eq(RUN("retention", "--basis=unknown", "--json"), 0);
        assert_says(out, "\"retain_until\":null");
        assert_says(out, "\"state\":\"kept\"");
}
END_TEST

#define WHY "--reason=entered wrong", "--approver=赵六"

/* R-28-21: to a longer class freely, to a shorter one by approval. */
START_TEST(test_shorter_class_is_approved)
{
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--premises-class=公众聚集场所"), 0);
        ck_assert_int_eq(RUN("case", "show", "2026-17", "--json"), 0);
        assert_says(out, "\"premises_class\":\"public-assembly\"");
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--premises-class=other"), 6);
        assert_says(err, "1 footage would be kept shorter (footage '1' until 20");
        assert_says(err, "expected a reason and an approver");
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--premises-class=other", "--reason=x"), 6);
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--premises-class=other", "--approver=x"), 6);
        ck_assert_int_eq(RUN("case", "show", "2026-17", "--json"), 0);
        assert_says(out, "\"premises_class\":\"public-assembly\"");
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--premises-class=other", WHY), 0);
        ck_assert_int_eq(RUN("ledger", "list", "--act=case.changed", "--json"), 0);
        assert_says(out, "赵六");
}
END_TEST

/* Not by way of no class, nor by a hold that stands in between. */
START_TEST(test_shorter_class_by_steps)
{
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--premises-class=public-assembly"), 0);
        ck_assert_int_eq(RUN("retention", "hold", "--case=2026-17", "--reason=complaint"), 0);
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--clear=premises-class"), 0);
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--premises-class=other"), 6);
        assert_says(err, "instead of for ever");
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--premises-class=museum"), 6);
        assert_says(err, "expected public-assembly, high-fire-risk, major-hazard or other");
        ck_assert_int_eq(RUN("case", "set", "2026-17", "--long-term=L9"), 6);
        assert_says(err, "expected L1, L2, L3 or L4");
}
END_TEST

static void case_open_as(const char *number, const char *premises_class)
{
        ck_assert_int_eq(RUN("case", "open", number, "--unit=" BUS_STATION_UNIT, premises_class), 0);
}

/* What was in no case before is annotated freely; what was is not, after it was taken out. */
START_TEST(test_tag_that_shortens)
{
        case_open_as("five", "--premises-class=high-fire-risk");
        case_open_as("two", "--premises-class=other");
        ck_assert_int_eq(RUN("case", "tag", "five", "2"), 0);
        ck_assert_int_eq(RUN("case", "untag", "five", "2", WHY), 0);
        ck_assert_int_eq(RUN("case", "tag", "two", "2"), 6);
        assert_says(err, "would be kept shorter (footage '2' until 20");
        ck_assert_int_eq(RUN("case", "tag", "two", "2", WHY), 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("cli retention");
        TCase *t = tcase_create("cli retention");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, program_tear_down);
        tcase_set_timeout(t, 120);
        tcase_add_loop_test(t, test_failure, 0, (int)ELEMENTSOF(failures));
        tcase_add_test(t, test_show_in_words);
        tcase_add_test(t, test_hold_and_release);
        tcase_add_test(t, test_list);
        tcase_add_test(t, test_shorter_class_is_approved);
        tcase_add_test(t, test_shorter_class_by_steps);
        tcase_add_test(t, test_tag_that_shortens);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
