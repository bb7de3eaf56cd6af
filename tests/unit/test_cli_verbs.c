// SPDX-License-Identifier: LGPL-2.1-or-later
/* The command line: what is understood, and for what is not, one sentence naming the word and what was
 * expected. */
#include "cli/bays.h"
#include "cli/table.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <check.h>
#include <locale.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

enum { WORDS_MAX = 12 };

static struct invocation inv;

/* Parses "recdockctl" and up to ten words. */
static int parse(const char *const *words, char **ret_error)
{
        static char *argv[WORDS_MAX + 2];
        int argc = 1;

        argv[0] = (char *)"recdockctl";
        for (; words[argc - 1]; argc++)
                argv[argc] = (char *)words[argc - 1];
        argv[argc] = NULL;
        memset(&inv, 0, sizeof(inv));
        return verbs_parse(&recdockctl_verbs, argc, argv, &inv, ret_error);
}

static const struct {
        const char *words[WORDS_MAX];
        const char *family, *verb;
        int n_args;
        bool json;
} good[] = {
                {{NULL}, NULL, "status", 0, false},
                {{"--json"}, NULL, "status", 0, true},
                {{"list", "--json"}, NULL, "list", 0, true},
                {{"--json", "list", "--officer", "120345"}, NULL, "list", 0, true},
                {{"show", "17"}, NULL, "show", 1, false},
                {{"show", "--json", "17"}, NULL, "show", 1, true},
                {{"recorder"}, "recorder", "list", 0, false},
                {{"recorder", "--json"}, "recorder", "list", 0, true},
                {{"recorder", "--unit", "3701"}, "recorder", "list", 0, false},
                {{"recorder", "assign", "3700123", "120345", "--from=-7d"}, "recorder", "assign", 2, false},
                {{"officer", "add", "120345", "李雷"}, "officer", "add", 2, false},
                {{"import", "/media/card", "a.mp4", "--recorder=1", "--officer", "2", "--reason=x"},
                 NULL,
                 "import",
                 2,
                 false},
                {{"verify", "1", "2", "3"}, NULL, "verify", 3, false},
                {{"recover", "7"}, NULL, "recover", 1, false},
                {{"recover", "7", "17", "18", "--json"}, NULL, "recover", 3, true},
                {{"finding", "--docking=7"}, "finding", "list", 0, false},
                {{"show", "--", "-1"}, NULL, "show", 1, false},
};

START_TEST(test_understands)
{
        _cleanup_free_ char *error = NULL;
        int r = parse(good[_i].words, &error);

        ck_assert_msg(r == 0, "%s", error);
        ck_assert_str_eq(inv.verb->name, good[_i].verb);
        if (good[_i].family)
                ck_assert_str_eq(inv.verb->family, good[_i].family);
        else
                ck_assert_ptr_null(inv.verb->family);
        ck_assert_int_eq(inv.n_args, good[_i].n_args);
        ck_assert(inv.json == good[_i].json);
}
END_TEST

static const struct {
        const char *words[WORDS_MAX];
        const char *piece;
} bad[] = {
                {{"lst"}, "did you mean 'list'"},
                {{"recorde"}, "did you mean 'recorder'"},
                {{"frobnicate"}, "'frobnicate', expected one of"},
                {{"recorder", "regster", "1"}, "did you mean 'recorder register'"},
                {{"recorder", "frobnicate"},
                 "'recorder frobnicate', expected one of 'recdockctl recorder --help'"},
                {{"list", "--offcer=1"}, "'--offcer=1', did you mean '--officer'"},
                {{"list", "--colour"}, "'--colour', expected one of 'recdockctl list --help'"},
                {{"list", "-x"}, "'-x'"},
                {{"--limit", "5", "list"}, "before the verb"},
                {{"list", "--officer"}, "'--officer' needs a value"},
                {{"list", "--json=yes"}, "'--json' takes no value"},
                {{"list", "surplus"}, "unexpected argument 'surplus', expected 'list'"},
                {{"import", "--recorder=1"}, "too few arguments, expected 'import DIR|FILE…'"},
                {{"show"}, "too few arguments, expected 'show ID'"},
                {{"alert", "ack"}, "too few arguments, expected 'alert ack ID…'"},
                {{"alert", "list", "--open", "yes"}, "unexpected argument 'yes', expected 'alert list'"},
                {{"alert", "list", "--all=yes"}, "option '--all' takes no value"},
                {{"recover"}, "too few arguments, expected 'recover DOCKING [FINDING…]'"},
                {{"recorder", "register"}, "too few arguments, expected 'recorder register NUMBER'"},
                {{"officer", "add", "1"}, "'officer add NUMBER NAME'"},
                {{""}, "''"},
};

START_TEST(test_refuses)
{
        _cleanup_free_ char *error = NULL;

        ck_assert_int_eq(parse(bad[_i].words, &error), -EINVAL);
        ck_assert_ptr_nonnull(error);
        ck_assert_msg(strstr(error, bad[_i].piece) != NULL, "'%s' does not say '%s'", error, bad[_i].piece);
        ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(test_too_many_options)
{
        char *argv[INVOCATION_OPTIONS_MAX + 4] = {(char *)"recdockctl", (char *)"list"};
        _cleanup_free_ char *error = NULL;

        for (int i = 0; i <= INVOCATION_OPTIONS_MAX; i++)
                argv[2 + i] = (char *)"--unit=1";
        ck_assert_int_eq(verbs_parse(&recdockctl_verbs, INVOCATION_OPTIONS_MAX + 3, argv, &inv, &error),
                         -EINVAL);
        ck_assert_ptr_nonnull(strstr(error, "too many options"));
}
END_TEST

START_TEST(test_options_become_filters)
{
        const char *const words[] = {"list", "--unit=1", "--unit", "2", "--no-legend", "--limit=3", NULL};
        struct query_filter filters[INVOCATION_OPTIONS_MAX];
        _cleanup_free_ char *error = NULL;

        ck_assert_int_eq(parse(words, &error), 0);
        ck_assert_uint_eq(invocation_filters(&inv, filters), 3);
        ck_assert_str_eq(filters[0].key, "unit");
        ck_assert_str_eq(filters[0].value, "1");
        ck_assert_str_eq(filters[1].value, "2");
        ck_assert_str_eq(filters[2].key, "limit");
        ck_assert_str_eq(invocation_option(&inv, "unit"), "2");
        ck_assert_ptr_null(invocation_option(&inv, "officer"));
        ck_assert(inv.no_legend);
}
END_TEST

/* --help wins over what is missing. */
START_TEST(test_help_of_everything)
{
        static const char *const words[][4] = {
                        {"--help"}, {"-h"}, {"recorder", "--help"}, {"recorder", "assign", "--help"}};
        _cleanup_free_ char *error = NULL, *text = NULL;
        size_t size;
        FILE *out;

        ck_assert_int_eq(parse(words[_i], &error), 0);
        ck_assert(inv.help);
        out = open_memstream(&text, &size);
        verbs_print_help(out, &inv);
        (void)fclose(out);
        ck_assert_ptr_nonnull(strstr(text, "Usage: recdockctl"));
        ck_assert_ptr_nonnull(strstr(text, "--json"));
        ck_assert((strstr(text, "Exit codes") != NULL) == (_i < 2));
        ck_assert((strstr(text, "ledger list") != NULL) == (_i < 2));
        ck_assert((strstr(text, "--until") != NULL) == (_i == 3));
}
END_TEST

START_TEST(test_every_verb_is_whole)
{
        for (size_t i = 0; i < recdockctl_verbs.n_verbs; i++) {
                const struct verb *v = &recdockctl_verbs.verbs[i];
                size_t n = 0;

                ck_assert_ptr_nonnull(v->run);
                ck_assert_ptr_nonnull(v->help);
                ck_assert((v->arguments != NULL) == (v->max_args != 0));
                while (v->options && v->options[n].name)
                        n++;
                ck_assert_uint_le(n + 4, VERB_OPTIONS_MAX);
        }
}
END_TEST

static void assert_completed(const char *text, const struct verb *v)
{
        char word[64];

        ck_assert_msg(strstr(text, v->name) != NULL, "verb '%s' is not completed", v->name);
        for (const struct verb_option *o = v->options; o && o->name; o++) {
                (void)snprintf(word, sizeof(word), "--%s", o->name);
                ck_assert_msg(strstr(text, word) != NULL, "'%s' of '%s' is not completed", word, v->name);
        }
}

START_TEST(test_completions_and_manual_know_every_word)
{
        static const char *const variables[] = {"RECDOCK_BASH_COMPLETION", "RECDOCK_ZSH_COMPLETION",
                                                "RECDOCK_MANUAL"};
        const char *path = getenv(variables[_i]);
        _cleanup_fclose_ FILE *f = path ? fopen(path, "re") : NULL;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        ck_assert_msg(f != NULL, "%s is not set to a file", variables[_i]);
        ck_assert_int_gt(getdelim(&text, &size, '\0', f), 0);
        for (size_t i = 0; i < recdockctl_verbs.n_verbs; i++)
                assert_completed(text, &recdockctl_verbs.verbs[i]);
}
END_TEST

/* ---- values and tables ---- */

static const struct {
        const char *json;
        enum column_kind kind;
        const char *text;
} values[] = {
                {"null", COLUMN_TEXT, "-"},
                {"1023", COLUMN_BYTES, "1023B"},
                {"1536", COLUMN_BYTES, "1.5K"},
                {"1099511627776", COLUMN_BYTES, "1.0T"},
                {"31457280", COLUMN_RATE, "30.0M/s"},
                {"\"2026-11-01T08:00:00+08:00\"", COLUMN_TIME, "2026-11-01 08:00:00"},
                {"\"soon\"", COLUMN_TIME, "soon"},
                {"3723", COLUMN_SECONDS, "1:02:03"},
                {"-2.5", COLUMN_OFFSET, "-2.5 s"},
                {"80", COLUMN_PERCENT, "80%"},
                {"0", COLUMN_LATE, "in time"},
                {"125", COLUMN_LATE, "2 h 05 min late"},
                {"true", COLUMN_YES_NO, "yes"},
                {"1234", COLUMN_USB_ID, "04d2"},
                {"[\"no-moov\",\"short\"]", COLUMN_LIST, "no-moov, short"},
                {"[]", COLUMN_LIST, ""},
                {"\"truncated\"", COLUMN_VERDICT, "truncated"},
                {"\"released\"", COLUMN_STATE, "released, may be taken"},
                {"\"something new\"", COLUMN_STATE, "something new"},
};

START_TEST(test_values)
{
        _cleanup_(json_object_putp) json_object *value = json_tokener_parse(values[_i].json);
        _cleanup_free_ char *text = value_text(value, values[_i].kind);

        ck_assert_str_eq(text, values[_i].text);
}
END_TEST

/* Columns stay under each other when a name is Chinese, and nothing a recorder says reaches the terminal as
 * a command. */
START_TEST(test_table_of_chinese)
{
        static const struct column columns[] = {{"name", "NAME", COLUMN_TEXT},
                                                {"n.size", "SIZE", COLUMN_NUMBER}};
        _cleanup_(json_object_putp) json_object *rows = json_tokener_parse(
                        "[{\"name\":\"视频\",\"n\":{\"size\":5}},{\"name\":\"abcd\",\"n\":{\"size\":12}},"
                        "{\"name\":\"\\u001b[2Jx\",\"n\":{}}]");
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
        ck_assert_int_eq(table_print(out, rows, columns, ELEMENTSOF(columns), true), 0);
        (void)fclose(out);
        ck_assert_ptr_nonnull(strstr(text, "NAME  SIZE\n"));
        ck_assert_ptr_nonnull(strstr(text, "视频     5\n"));
        ck_assert_ptr_nonnull(strstr(text, "abcd    12\n"));
        ck_assert_ptr_null(strchr(text, '\033'));
}
END_TEST

START_TEST(test_progress_bar)
{
        char buf[64];

        ck_assert_str_eq(progress_bar(buf, sizeof(buf), 10, 0, 0), "[----------]   0%");
        ck_assert_str_eq(progress_bar(buf, sizeof(buf), 10, 50, 100), "[#####-----]  50%");
        ck_assert_str_eq(progress_bar(buf, sizeof(buf), 10, 999, 1000), "[#########-]  99%");
        ck_assert_str_eq(progress_bar(buf, sizeof(buf), 10, 2000, 1000), "[##########] 100%");
        ck_assert_str_eq(progress_bar(buf, sizeof(buf), 10, -5, 1000), "[----------]   0%");
}
END_TEST

START_TEST(test_bays_without_status)
{
        static const char *const statuses[] = {
                        "{}", "{\"bays\":7,\"dockings\":{}}", "{\"bays\":[]}",
                        "{\"bays\":[{\"bay\":\"1\"}]}",
                        "{\"dockings\":[{\"docking\":3,\"bay\":\"9\",\"state\":\"failed\"}]}"};
        static const size_t rows_expected[] = {0, 0, 0, 1, 1};
        _cleanup_(json_object_putp) json_object *status = json_tokener_parse(statuses[_i]),
                                                *rows = bays_rows(status);

        ck_assert_uint_eq(json_object_array_length(rows), rows_expected[_i]);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("cli_verbs");
        TCase *line = tcase_create("command line"), *tables = tcase_create("tables");

        tcase_add_loop_test(line, test_understands, 0, (int)ELEMENTSOF(good));
        tcase_add_loop_test(line, test_refuses, 0, (int)ELEMENTSOF(bad));
        tcase_add_test(line, test_too_many_options);
        tcase_add_test(line, test_options_become_filters);
        tcase_add_loop_test(line, test_help_of_everything, 0, 4);
        tcase_add_test(line, test_every_verb_is_whole);
        tcase_add_loop_test(line, test_completions_and_manual_know_every_word, 0, 3);
        tcase_add_loop_test(tables, test_values, 0, (int)ELEMENTSOF(values));
        tcase_add_test(tables, test_table_of_chinese);
        tcase_add_test(tables, test_progress_bar);
        tcase_add_loop_test(tables, test_bays_without_status, 0, 5);
        suite_add_tcase(s, line);
        suite_add_tcase(s, tables);
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
