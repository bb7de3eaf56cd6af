// SPDX-License-Identifier: LGPL-2.1-or-later
/* File names against expressions with named groups: translation, what is refused, fields, dates, hostile
 * names. */
#include "rules/name_pattern.h"
#include "rules/name_pattern_translate.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

DEFINE_CLEANUP(struct name_pattern *, name_pattern_free);

static void setup(void)
{
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
}

static const struct {
        const char *match, *plain;
        size_t n;
        size_t date, officer; /* the groups of these fields, 0 none */
} translations[] = {
                {"a", "a", 0, 0, 0},
                {"(a)", "(a)", 1, 0, 0},
                {"(?<date>a)", "(a)", 1, 1, 0},
                {"(x)(?<date>a)", "(x)(a)", 2, 2, 0},
                {"((x)|(y))(?<date>a)(?<officer>b)", "((x)|(y))(a)(b)", 5, 4, 5},
                {"((?<officer>b)(?<date>a))", "((b)(a))", 3, 3, 2},
                {"\\((?<date>a)\\)", "\\((a)\\)", 1, 1, 0},
                {"\\\\(?<date>a)", "\\\\(a)", 1, 1, 0},
                {"[(](?<date>a)[)]", "[(](a)[)]", 1, 1, 0},
                {"[](](?<date>a)", "[](](a)", 1, 1, 0},
                {"[^](](?<date>a)", "[^](](a)", 1, 1, 0},
                {"[[:alpha:](](?<date>a)", "[[:alpha:](](a)", 1, 1, 0},
                {"[[.(.]](?<date>a)", "[[.(.]](a)", 1, 1, 0},
                {"[[=(=]](?<date>a)", "[[=(=]](a)", 1, 1, 0},
                {"[[(](?<date>a)", "[[(](a)", 1, 1, 0},
                {"[\\](?<date>a)", "[\\](a)", 1, 1, 0},
                {"(?<date>a{2,3})?", "(a{2,3})?", 1, 1, 0},
};

START_TEST(test_translate)
{
        char plain[PATTERN_TEXT_MAX + 1];
        struct pattern_groups groups;
        const char *error;

        ck_assert_int_eq(name_pattern_translate(translations[_i].match, plain, &groups, &error), 0);
        ck_assert_str_eq(plain, translations[_i].plain);
        ck_assert_uint_eq(groups.n, translations[_i].n);
        for (size_t g = 1; g <= groups.n; g++) {
                ck_assert_int_eq(groups.field[g] == PATTERN_DATE, g == translations[_i].date);
                ck_assert_int_eq(groups.field[g] == PATTERN_OFFICER, g == translations[_i].officer);
        }
}
END_TEST

static const struct {
        const char *match, *error;
} refused[] = {
                {"", "1 to 512 bytes"},
                {"(?<colour>a)", "one of the fields recorder"},
                {"(?<>a)", "(?<field>"},
                {"(?<date", "(?<field>"},
                {"(?:a)", "(?<field>"},
                {"(?=a)", "(?<field>"},
                {"(?", "(?<field>"},
                {"(a)\\1", "no back-reference"},
                {"(?<date>a)\\1", "no back-reference"},
                {"a\\", "a character behind"},
                {"(a", "a ')' for each '('"},
                {"a)", "a '(' for each ')'"},
                {"[a", "a ']' for each '['"},
                {"[]", "a ']' for each '['"},
                {"[[:alpha]", "a ']' for each '['"},
                {"a{9999}", "smaller expression"},
                {"a{4097}", "smaller expression"},
                {"((a{255}){255}){255}", "smaller expression"},
                {"(a{16}){256}", "smaller expression"},
                {"a{2,99999999999999999999}", "smaller expression"},
                {"*", "POSIX extended"},
                {"a{3,2}", "POSIX extended"},
                {"[z-a]", "POSIX extended"},
                {"[[:nope:]]", "POSIX extended"},
                {"(()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()())",
                 "at most 32 groups"},
};

START_TEST(test_refused)
{
        struct name_pattern *p = NULL;
        const char *error = "";

        ck_assert_int_eq(name_pattern_new("x", refused[_i].match, &p, &error), -EINVAL);
        ck_assert_ptr_null(p);
        ck_assert_msg(strstr(error, refused[_i].error) != NULL, "'%s': %s", refused[_i].match, error);
}
END_TEST

START_TEST(test_refused_by_length)
{
        char text[PATTERN_TEXT_MAX + 2], name[PATTERN_FIELD_MAX + 1];
        _cleanup_(name_pattern_freep) struct name_pattern *p = NULL;
        struct name_pattern *none = NULL;
        const char *error = "";

        memset(text, 'a', sizeof(text));
        text[PATTERN_TEXT_MAX + 1] = '\0';
        ck_assert_int_eq(name_pattern_new("x", text, &none, &error), -EINVAL);
        text[PATTERN_TEXT_MAX] = '\0';
        ck_assert_int_eq(name_pattern_new("x", text, &p, &error), 0);
        memset(name, 'a', sizeof(name));
        name[PATTERN_FIELD_MAX] = '\0';
        ck_assert_int_eq(name_pattern_new(name, "a", &none, &error), -EINVAL);
        ck_assert_int_eq(name_pattern_new("", "a", &none, &error), -EINVAL);
        ck_assert_ptr_null(none);
}
END_TEST

#define YMD "(?<date>[0-9-]*)_(?<time>[0-9-]*)"

static const struct {
        const char *match, *name;
        const char *recorder, *officer, *sequence;
        const char *started; /* local time; NULL none */
        bool impossible, important;
} cases[] = {
                {"^(?<recorder>[A-Z]+)_(?<officer>[0-9]+)_(?<sequence>[0-9]+)", "CAM_12_3.mp4", "CAM", "12",
                 "3", NULL, false, false},
                {YMD, "20260804_100000.mp4", "", "", "", "2026-08-04 10:00:00", false, false},
                {YMD, "2026-08-04_10-00-00.mp4", "", "", "", "2026-08-04 10:00:00", false, false},
                {YMD, "20240229_235959.mp4", "", "", "", "2024-02-29 23:59:59", false, false},
                {YMD, "20230229_235959.mp4", "", "", "", NULL, true, false},
                {YMD, "20261301_000000.mp4", "", "", "", NULL, true, false},
                {YMD, "20260832_000000.mp4", "", "", "", NULL, true, false},
                {YMD, "20260804_240000.mp4", "", "", "", NULL, true, false},
                {YMD, "20260804_006000.mp4", "", "", "", NULL, true, false},
                {YMD, "00000000_000000.mp4", "", "", "", NULL, true, false},
                {YMD, "2026080_100000.mp4", "", "", "", NULL, true, false},
                {YMD, "202608041_100000.mp4", "", "", "", NULL, true, false},
                {YMD, "19800101_000000.mp4", "", "", "", "1980-01-01 00:00:00", false,
                 false}, /* of the calendar; the time rule judges it */
                {YMD, "_100000.mp4", "", "", "", NULL, false, false},
                {YMD, "20260804_.mp4", "", "", "", NULL, false, false},
                {"(?<datetime>[0-9]{14})", "x20260804100000y", "", "", "", "2026-08-04 10:00:00", false,
                 false},
                {"(?<mdydatetime>[0-9]{14})", "08042026100000", "", "", "", "2026-08-04 10:00:00", false,
                 false},
                {"(?<mdydatetime>[0-9]{14})", "20260804100000", "", "", "", NULL, true,
                 false}, /* month 20 */
                {"(?<year>..)(?<month>..)(?<day>..)(?<hour>..)(?<minute>..)", "2608041030", "", "", "",
                 "2026-08-04 10:30:00", false, false},
                {"(?<year>[0-9]{4})(?<month>..)(?<day>..)(?<hour>..)(?<minute>..)(?<second>..)",
                 "20260804103015", "", "", "", "2026-08-04 10:30:15", false, false},
                {"(?<year>[0-9]+)-(?<month>[0-9]+)-(?<day>[0-9]+)-(?<hour>[0-9]+)-(?<minute>[0-9]+)",
                 "2026-8-4-9-5", "", "", "", "2026-08-04 09:05:00", false, false},
                {"(?<year>[0-9]+)-(?<month>[0-9]+)-(?<day>[0-9]+)-(?<hour>[0-9]+)-(?<minute>[0-9]+)",
                 "20260-8-4-9-5", "", "", "", NULL, true, false},
                {"a(?<important>_IMP)?", "a_IMP.mp4", "", "", "", NULL, false, true},
                {"a(?<important>_IMP)?", "a.mp4", "", "", "", NULL, false, false},
                {"a(?<important>_?)x", "ax.mp4", "", "", "", NULL, false, false},
                {"^((?<officer>[0-9]+)|x(?<officer>[a-z]+))\\.", "xabc.mp4", "", "abc", "", NULL, false,
                 false},
                {"^(?<recorder>警[^_]+)_", "警察一号_1.mp4", "警察一号", "", "", NULL, false, false},
                {"^(?<recorder>.+)_", "\xff\xfe_1.mp4", "", "", "", NULL, false, false},
                {"^(?<device>[A-Z]+)(?<officer>[0-9]+)", "CAM12", "", "12", "", NULL, false, false},
};

START_TEST(test_apply)
{
        _cleanup_(name_pattern_freep) struct name_pattern *p = NULL;
        struct name_facts f;
        instant_t expected = INSTANT_NONE;
        const char *error = "";

        if (cases[_i].started)
                ck_assert_int_eq(instant_parse(cases[_i].started, 0, &expected), 0);
        ck_assert_msg(name_pattern_new("p", cases[_i].match, &p, &error) == 0, "%s", error);
        name_pattern_apply(&p, 1, cases[_i].name, &f);
        ck_assert_str_eq(f.pattern, "p");
        ck_assert_str_eq(f.recorder, cases[_i].recorder);
        ck_assert_str_eq(f.officer, cases[_i].officer);
        ck_assert_str_eq(f.sequence, cases[_i].sequence);
        ck_assert_int_eq(f.started, expected);
        ck_assert_int_eq(f.impossible_date, cases[_i].impossible);
        ck_assert_int_eq(f.important, cases[_i].important);
}
END_TEST

static void assert_empty(const struct name_facts *f)
{
        ck_assert_str_eq(f->pattern, "");
        ck_assert_str_eq(f->officer, "");
        ck_assert_int_eq(f->started, INSTANT_NONE);
        ck_assert(!f->impossible_date && !f->important);
}

START_TEST(test_order_and_last_component)
{
        struct name_pattern *p[2] = {NULL, NULL};
        struct name_facts f;
        const char *error;

        ck_assert_int_eq(name_pattern_new("one", "^a(?<officer>[0-9])", &p[0], &error), 0);
        ck_assert_int_eq(name_pattern_new("two", "^a(?<officer>[0-9]+)", &p[1], &error), 0);
        name_pattern_apply(p, 2, "DCIM/100/a12.mp4", &f);
        ck_assert_str_eq(f.pattern, "one");
        ck_assert_str_eq(f.officer, "1");
        name_pattern_apply(p + 1, 1, "a12.mp4", &f);
        ck_assert_str_eq(f.officer, "12");
        name_pattern_apply(p, 2, "a12/b.mp4", &f);
        assert_empty(&f);
        name_pattern_apply(p, 2, "", &f);
        assert_empty(&f);
        name_pattern_apply(p, 2, "a1/", &f);
        assert_empty(&f);
        name_pattern_apply(NULL, 0, "a1", &f);
        assert_empty(&f);
        name_pattern_free(p[0]);
        name_pattern_free(p[1]);
}
END_TEST

START_TEST(test_long_names_and_fields)
{
        _cleanup_(name_pattern_freep) struct name_pattern *p = NULL;
        struct name_facts f;
        char name[300];
        const char *error;

        ck_assert_int_eq(name_pattern_new("p", "^(?<officer>a+)", &p, &error), 0);
        memset(name, 'a', sizeof(name));
        name[299] = '\0';
        name_pattern_apply(&p, 1, name, &f);
        assert_empty(&f);
        name[255] = '\0';
        name_pattern_apply(&p, 1, name, &f);
        ck_assert_str_eq(f.pattern, "p");
        ck_assert_str_eq(f.officer, ""); /* cut, it could be somebody else's number */
        name[63] = '\0';
        name_pattern_apply(&p, 1, name, &f);
        ck_assert_str_eq(f.officer, name);
}
END_TEST

/* Expressions that take other engines for ever, on a name made for them. */
static const char *const nasty[] = {"^(a*)*$", "^(a|a)*$",       "^((a*)*)*b$",
                                    "^(a+)+$", "(a?){64}a{64}$", "(.*)(.*)(.*)(.*)(.*)x$",
                                    "(a|aa)+$"};

START_TEST(test_nasty)
{
        _cleanup_(name_pattern_freep) struct name_pattern *p = NULL;
        struct name_facts f;
        char name[256];
        const char *error;
        int64_t begin = clock_monotonic();

        ck_assert_int_eq(name_pattern_new("p", nasty[_i], &p, &error), 0);
        memset(name, 'a', sizeof(name));
        name[254] = '!';
        name[255] = '\0';
        name_pattern_apply(&p, 1, name, &f);
        name[254] = '\0';
        name_pattern_apply(&p, 1, name, &f);
        ck_assert_int_lt(clock_monotonic() - begin, 2 * USEC_PER_SEC);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("name_pattern");
        TCase *t = tcase_create("name_pattern");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_loop_test(t, test_translate, 0, (int)ELEMENTSOF(translations));
        tcase_add_loop_test(t, test_refused, 0, (int)ELEMENTSOF(refused));
        tcase_add_test(t, test_refused_by_length);
        tcase_add_loop_test(t, test_apply, 0, (int)ELEMENTSOF(cases));
        tcase_add_test(t, test_order_and_last_component);
        tcase_add_test(t, test_long_names_and_fields);
        tcase_add_loop_test(t, test_nasty, 0, (int)ELEMENTSOF(nasty));
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
