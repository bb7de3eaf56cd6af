// SPDX-License-Identifier: LGPL-2.1-or-later
/* Configuration files: every parser with good and bad values, every kind of finding with its line, drop-ins
 * and masks. */
#include "base/conf.h"
#include "base/cleanup.h"
#include "scratch.h"

#include <check.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

struct room {
        struct room *next;
        char *name;
        unsigned int seats;
};

struct house {
        bool open;
        char *owner;
        char *path;
        uint64_t size;
        int64_t span;
        unsigned int floors;
        char **guests;
        struct room *rooms;
};

static const struct conf_key keys[] = {
                {"House", "Open", conf_parse_bool, offsetof(struct house, open)},
                {"House", "Owner", conf_parse_string, offsetof(struct house, owner)},
                {"House", "Path", conf_parse_path, offsetof(struct house, path)},
                {"House", "Size", conf_parse_size, offsetof(struct house, size)},
                {"House", "Span", conf_parse_span, offsetof(struct house, span)},
                {"House", "Floors", conf_parse_unsigned, offsetof(struct house, floors)},
                {"House", "Guests", conf_parse_strings, offsetof(struct house, guests)},
                {"Room", "Seats", conf_parse_unsigned, offsetof(struct room, seats)},
};

static struct house house;
static char findings[8192];
static int n_findings;

static void on_report(const char *text, void *userdata)
{
        (void)userdata;
        n_findings++;
        strncat(findings, text, sizeof(findings) - strlen(findings) - 2);
        strcat(findings, "\n");
}

static int on_section(const struct conf_location *at, void *object, void **ret_data)
{
        struct house *h = object;
        struct room *r;

        if (strcmp(at->argument, "refused") == 0)
                return -EINVAL;
        if (strcmp(at->argument, "broken") == 0)
                return -ENOMEM;
        for (r = h->rooms; r; r = r->next)
                if (strcmp(r->name, at->argument) == 0)
                        break;
        if (!r) {
                r = calloc(1, sizeof(*r));
                r->name = strdup(at->argument);
                r->next = h->rooms;
                h->rooms = r;
        }
        *ret_data = r;
        return 0;
}

static int load_as(bool strict, bool required, const char *const *dirs)
{
        static const char *const argument_sections[] = {"Room", NULL};
        const struct conf_loader loader = {
                        .keys = keys,
                        .n_keys = ELEMENTSOF(keys),
                        .argument_sections = argument_sections,
                        .section = on_section,
                        .report = on_report,
                        .strict = strict,
        };
        _cleanup_free_ char *path = scratch_path("house.conf");

        findings[0] = '\0';
        n_findings = 0;
        return conf_load(&loader, path, required, dirs, &house);
}

static int load_text(bool strict, const char *text)
{
        scratch_write("house.conf", text);
        return load_as(strict, true, NULL);
}

static void setup(void)
{
        (void)scratch_make();
        house = (struct house){0};
}

static void teardown(void)
{
        free(house.owner);
        free(house.path);
        for (char **g = house.guests; g && *g; g++)
                free(*g);
        free(house.guests);
        while (house.rooms) {
                struct room *next = house.rooms->next;

                free(house.rooms->name);
                free(house.rooms);
                house.rooms = next;
        }
        scratch_remove();
}

static void assert_finding(const char *text)
{
        ck_assert_msg(strstr(findings, text) != NULL, "expected '%s' in:\n%s", text, findings);
}

START_TEST(test_all_types)
{
        ck_assert_int_eq(load_text(true, "\xef\xbb\xbf# comment\n; comment\n\n[House]\nOpen=yes\n  Owner = "
                                         "王 伟 ; not a comment \n"
                                         "Path=//srv/./evidence/\nSize=1.5G\nSpan=1h 30min\nFloors=3\r\n"
                                         "Guests=a \"b c\"\nGuests=d\n[Room \"1\"]\nSeats=4\n[Room "
                                         "\"2\"]\nSeats=5"),
                         0);
        ck_assert_str_eq(findings, "");
        ck_assert(house.open);
        ck_assert_str_eq(house.owner, "王 伟 ; not a comment");
        ck_assert_str_eq(house.path, "/srv/evidence");
        ck_assert_uint_eq(house.size, 1610612736);
        ck_assert_int_eq(house.span, INT64_C(5400000000));
        ck_assert_uint_eq(house.floors, 3);
        ck_assert_str_eq(house.guests[0], "a");
        ck_assert_str_eq(house.guests[1], "b c");
        ck_assert_str_eq(house.guests[2], "d");
        ck_assert_ptr_null(house.guests[3]);
        ck_assert_str_eq(house.rooms->name, "2");
        ck_assert_uint_eq(house.rooms->seats, 5);
        ck_assert_uint_eq(house.rooms->next->seats, 4);
}
END_TEST

/* text of a file; what a finding must say; floors afterwards (9 before: a finding never costs more than its
 * own line) */
static const struct {
        const char *text, *finding;
} bad_files[] = {
                {"[House]\nFloors=9\nColour=red\n", ":3: [House] Colour='red': unknown key"},
                {"[House]\nFloors=9\n[Garage]\nFloors=1\n", ":3: [Garage]: unknown section"},
                {"[House]\nFloors=9\n[Garage]\n", ":3: [Garage]: unknown section"},
                {"Floors=1\n[House]\nFloors=9\n",
                 ":1: 'Floors=1': expected a [Section] before the first key"},
                {"[House]\nFloors=9\nFloors=many\n",
                 ":3: [House] Floors='many': expected a number from 0 to 4294967295"},
                {"[House]\nFloors=9\nSpan=soon\n", ":3: [House] Span='soon': expected a time span such as"},
                {"[House]\nFloors=9\nFloors 3\n", ":3: 'Floors 3': expected Key=value"},
                {"[House]\nFloors=9\nFloors: 3\n", ":3: 'Floors: 3': expected Key=value"},
                {"[House]\nFloors=9\nOpen: x=3\n", ":3: 'Open: x=3': expected Key=value"},
                {"[House]\nFloors=9\n=3\n", ":3: '=3': expected Key=value"},
                {"[House]\nFloors=9\n[House\nFloors=1\n", ":3: '[House': expected [Section]"},
                {"[House]\nFloors=9\n[House] x\nFloors=1\n", ":3: '[House] x': expected [Section]"},
                {"[House]\nFloors=9\n[]\nFloors=1\n", ":3: '[]': expected [Section]"},
                {"[House]\nFloors=9\n[House \"1\"]\nFloors=1\n", ":3: [House \"1\"]: expected [House]"},
                {"[House]\nFloors=9\n[Room]\nSeats=1\n", ":3: [Room]: expected [Room \"name\"]"},
                {"[House]\nFloors=9\n[Room \"\"]\nSeats=1\n", ":3: '[Room \"\"]': expected [Section]"},
                {"[House]\nFloors=9\n[Room \"a]\nSeats=1\n", ":3: '[Room \"a]': expected [Section]"},
                {"[House]\nFloors=9\n[Room \"a\"\nSeats=1\n", ":3: '[Room \"a\"': expected [Section]"},
                {"[House]\nFloors=9\n[Room \"refused\"]\nSeats=1\n",
                 ":3: [Room \"refused\"]: expected another name"},
                {"[House]\nFloors=9\n[Room \"1\"]\n[Room \"1\"]\n",
                 ":4: [Room \"1\"]: expected once in a file, it stands at line 3"},
                {"[House]\nFloors=9\n[Room \"1\"]\nFloors=1\n", ":4: [Room \"1\"] Floors='1': unknown key"},
                {"[House]\nFloors=9\nOwner=a\xff\n", ":3: expected UTF-8 text"},
                {"[House]\nFloors=9\nOwner=a \\\nb\nSpan=-1\n", ":5: [House] Span='-1'"},
};

START_TEST(test_finding)
{
        ck_assert_int_eq(load_text(false, bad_files[_i].text), 0);
        ck_assert_int_eq(n_findings, 1);
        assert_finding(bad_files[_i].finding);
        assert_finding("/house.conf:");
        ck_assert_uint_eq(house.floors, 9);
}
END_TEST

START_TEST(test_finding_fails_strict)
{
        ck_assert_int_eq(load_text(true, bad_files[_i].text), -EINVAL);
        assert_finding(bad_files[_i].finding);
}
END_TEST

START_TEST(test_parser_error_ends_load)
{
        ck_assert_int_eq(load_text(false, "[Room \"broken\"]\nSeats=1\n"), -ENOMEM);
}
END_TEST

START_TEST(test_every_finding_is_reported)
{
        ck_assert_int_eq(load_text(true, "x\n[House]\nSize=x\nSpan=x\nOpen=x\n[Nope]\na=b\nc=d\n"), -EINVAL);
        ck_assert_int_eq(n_findings, 5);
}
END_TEST

static char *long_text(const char *before, size_t n, const char *after)
{
        size_t b = strlen(before);
        char *text = malloc(b + n + strlen(after) + 1);

        ck_assert_ptr_nonnull(text);
        memcpy(text, before, b);
        memset(text + b, 'x', n);
        strcpy(text + b + n, after);
        return text;
}

START_TEST(test_long_values)
{
        _cleanup_free_ char *fits = long_text("[House]\nOwner=", 4000, "\nFloors=2\n");
        _cleanup_free_ char *line = long_text("[House]\nOwner=", 5000, "\nFloors=3\n");
        _cleanup_free_ char *section = long_text("[House]\nFloors=4\n[", 100, "]\nFloors=5\n");

        ck_assert_int_eq(load_text(true, fits), 0);
        ck_assert_uint_eq(strlen(house.owner), 4000);
        ck_assert_uint_eq(house.floors, 2);
        ck_assert_int_eq(load_text(false, line), 0);
        assert_finding(":2: expected a line of at most 4096 bytes");
        ck_assert_uint_eq(strlen(house.owner), 4000);
        ck_assert_uint_eq(house.floors, 3);
        ck_assert_int_eq(load_text(false, section), 0);
        assert_finding(":3: '[xxx");
        ck_assert_uint_eq(house.floors, 4);
}
END_TEST

START_TEST(test_continuation)
{
        ck_assert_int_eq(load_text(true, "[House]\nGuests=a \\\n   b \\\n   c\nFloors=2\nOwner=end\\"), 0);
        ck_assert_str_eq(house.guests[2], "c");
        ck_assert_uint_eq(house.floors, 2);
        ck_assert_str_eq(house.owner, "end");
}
END_TEST

START_TEST(test_comment_does_not_continue)
{
        ck_assert_int_eq(load_text(true, "[House]\n# see C:\\\nFloors=2\n"), 0);
        ck_assert_uint_eq(house.floors, 2);
}
END_TEST

START_TEST(test_empty_value_resets)
{
        ck_assert_int_eq(load_text(true, "[House]\nOwner=a\nOwner=\nGuests=a "
                                         "b\nGuests=\nGuests=c\nPath=/a\nPath=\n"),
                         0);
        ck_assert_ptr_null(house.owner);
        ck_assert_ptr_null(house.path);
        ck_assert_str_eq(house.guests[0], "c");
        ck_assert_ptr_null(house.guests[1]);
}
END_TEST

START_TEST(test_missing_main_file)
{
        ck_assert_int_eq(load_as(false, false, NULL), 0);
        ck_assert_int_eq(n_findings, 0);
        ck_assert_int_eq(load_as(false, true, NULL), -ENOENT);
        assert_finding("expected a file, there is none");
}
END_TEST

START_TEST(test_folder_in_place_of_file)
{
        scratch_write("house.conf/x", "");
        ck_assert_int_eq(load_as(true, true, NULL), -EINVAL);
        assert_finding("expected a regular file");
}
END_TEST

START_TEST(test_drop_ins_in_order_and_masked)
{
        _cleanup_free_ char *etc = scratch_path("etc"), *usr = scratch_path("usr"),
                            *null = scratch_path("etc/30-null.conf");
        const char *dirs[] = {etc, usr, "/nonexistent", NULL};

        scratch_write("house.conf", "[House]\nFloors=1\nOwner=main\nGuests=m\n");
        scratch_write("usr/10-a.conf", "[House]\nFloors=10\nGuests=a\n");
        scratch_write("etc/20-b.conf", "[House]\nFloors=20\nGuests=b\n");
        scratch_write("usr/20-b.conf", "[House]\nFloors=21\nGuests=masked\n");
        scratch_write("usr/30-null.conf", "[House]\nFloors=30\n");
        ck_assert_int_eq(symlink("/dev/null", null), 0);
        scratch_write("etc/90-not.conf.bak", "[House]\nFloors=90\n");
        scratch_write("etc/.hidden.conf", "[House]\nFloors=91\n");
        ck_assert_int_eq(load_as(true, true, dirs), 0);
        ck_assert_uint_eq(house.floors, 20);
        ck_assert_str_eq(house.owner, "main");
        ck_assert_str_eq(house.guests[0], "m");
        ck_assert_str_eq(house.guests[1], "a");
        ck_assert_str_eq(house.guests[2], "b");
        ck_assert_ptr_null(house.guests[3]);
}
END_TEST

START_TEST(test_drop_in_amends_section)
{
        _cleanup_free_ char *etc = scratch_path("etc");
        const char *dirs[] = {etc, NULL};

        scratch_write("house.conf", "[Room \"1\"]\nSeats=1\n");
        scratch_write("etc/a.conf", "[Room \"1\"]\nSeats=2\n");
        ck_assert_int_eq(load_as(true, true, dirs), 0);
        ck_assert_uint_eq(house.rooms->seats, 2);
        ck_assert_ptr_null(house.rooms->next);
}
END_TEST

START_TEST(test_drop_in_dangling_link)
{
        _cleanup_free_ char *etc = scratch_path("etc"), *link = scratch_path("etc/a.conf");
        const char *dirs[] = {etc, NULL};

        scratch_write("etc/x", "");
        ck_assert_int_eq(symlink("/nonexistent", link), 0);
        ck_assert_int_eq(load_as(true, false, dirs), -EINVAL);
        assert_finding("a.conf: expected a file, the link leads nowhere");
}
END_TEST

START_TEST(test_nul_byte)
{
        _cleanup_free_ char *path = scratch_path("house.conf");
        FILE *f = fopen(path, "we");

        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite("[House]\nOwner=a\0b\nFloors=1\n", 1, 26, f), 26);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_int_eq(load_as(false, true, NULL), 0);
        assert_finding(":2: expected UTF-8 text");
        ck_assert_ptr_null(house.owner);
        ck_assert_uint_eq(house.floors, 1);
}
END_TEST

/* Value parsers: what each takes and refuses. */

static const struct {
        const char *text;
        int64_t value; /* -1 refused */
} bools[] =
                {
                                {"yes", 1}, {"YES", 1},   {"true", 1},  {"on", 1}, {"1", 1},
                                {"no", 0},  {"false", 0}, {"off", 0},   {"0", 0},  {"", -1},
                                {"2", -1},  {"ja", -1},   {"yes ", -1},
},
  unsigneds[] =
                  {
                                  {"0", 0},
                                  {"7", 7},
                                  {"4294967295", 4294967295},
                                  {"4294967296", -1},
                                  {"99999999999999999999999", -1},
                                  {"-1", -1},
                                  {"+1", -1},
                                  {"1.5", -1},
                                  {"", -1},
                                  {"0x10", -1},
                                  {"1 ", -1},
},
  sizes[] =
                  {
                                  {"0", 0},
                                  {"512", 512},
                                  {"4K", 4096},
                                  {"20M", 20971520},
                                  {"1.5G", 1610612736},
                                  {"0.125K", 128},
                                  {"2T", INT64_C(2199023255552)},
                                  {"1P", INT64_C(1125899906842624)},
                                  {"8191P", INT64_C(9222246136947933184)},
                                  {"16384P", -1},
                                  {"18446744073709551616", -1},
                                  {"99999999999999999999T", -1},
                                  {"1.5", -1},
                                  {"1.5555G", -1},
                                  {"1.G", -1},
                                  {".5G", -1},
                                  {"-1", -1},
                                  {"1KB", -1},
                                  {"1k", -1},
                                  {"1 K", -1},
                                  {"K", -1},
                                  {"", -1},
},
  spans[] = {
                  {"90", 90000000},
                  {"90s", 90000000},
                  {"5min", 300000000},
                  {"5m", 300000000},
                  {"24h", INT64_C(86400000000)},
                  {"7d", INT64_C(604800000000)},
                  {"2w", INT64_C(1209600000000)},
                  {"1h 30min", INT64_C(5400000000)},
                  {"1h30min", INT64_C(5400000000)},
                  {"500ms", 500000},
                  {"7us", 7},
                  {"0", 0},
                  {"1.5s", 1500000},
                  {"2 min", 120000000},
                  {"-5s", -1},
                  {"soon", -1},
                  {"", -1},
                  {"5 parsecs", -1},
                  {"s", -1},
                  {"5min -1s", -1},
                  {"1e3", -1},
                  {"106751992d", -1},
                  {"9223372036854775807w", -1},
                  {"18446744073709551615us", -1},
                  {"1h,30min", -1},
};

START_TEST(test_bool)
{
        const char *expected = NULL;
        bool v = bools[_i].value == 0; /* the other one */
        bool before = v;
        int r = conf_parse_bool(NULL, bools[_i].text, &v, &expected);

        ck_assert_int_eq(r, bools[_i].value < 0 ? -EINVAL : 0);
        ck_assert_int_eq(v, bools[_i].value < 0 ? before : bools[_i].value == 1);
        ck_assert_int_eq(expected != NULL, r < 0);
}
END_TEST

START_TEST(test_unsigned)
{
        const char *expected = NULL;
        unsigned int v = 77;
        int r = conf_parse_unsigned(NULL, unsigneds[_i].text, &v, &expected);

        ck_assert_int_eq(r, unsigneds[_i].value < 0 ? -EINVAL : 0);
        ck_assert_uint_eq(v, unsigneds[_i].value < 0 ? 77 : unsigneds[_i].value);
        ck_assert_int_eq(expected != NULL, r < 0);
}
END_TEST

START_TEST(test_size)
{
        const char *expected = NULL;
        uint64_t v = 77;
        int r = conf_parse_size(NULL, sizes[_i].text, &v, &expected);

        ck_assert_int_eq(r, sizes[_i].value < 0 ? -EINVAL : 0);
        ck_assert_uint_eq(v, sizes[_i].value < 0 ? 77 : (uint64_t)sizes[_i].value);
        ck_assert_int_eq(expected != NULL, r < 0);
}
END_TEST

START_TEST(test_span)
{
        const char *expected = NULL;
        int64_t v = 77;
        int r = conf_parse_span(NULL, spans[_i].text, &v, &expected);

        ck_assert_int_eq(r, spans[_i].value < 0 ? -EINVAL : 0);
        ck_assert_int_eq(v, spans[_i].value < 0 ? 77 : spans[_i].value);
        ck_assert_int_eq(expected != NULL, r < 0);
}
END_TEST

static const struct {
        const char *text, *path; /* NULL refused */
} paths[] = {
                {"/a/b", "/a/b"},     {"/", "/"},       {"///", "/"},
                {"//a//b//", "/a/b"}, {"/./a/.", "/a"}, {"/a..b/..c", "/a..b/..c"},
                {"a/b", NULL},        {"..", NULL},     {"/..", NULL},
                {"/a/../b", NULL},    {"/a/..", NULL},  {"~/a", NULL},
};

START_TEST(test_path)
{
        const char *expected = NULL;
        char *v = strdup("/old");
        int r = conf_parse_path(NULL, paths[_i].text, &v, &expected);

        ck_assert_int_eq(r, paths[_i].path ? 0 : -EINVAL);
        ck_assert_str_eq(v, paths[_i].path ? paths[_i].path : "/old");
        ck_assert_int_eq(expected != NULL, r < 0);
        free(v);
}
END_TEST

START_TEST(test_path_too_long)
{
        _cleanup_free_ char *text = long_text("/", PATH_MAX, "");
        const char *expected = NULL;
        char *v = NULL;

        ck_assert_int_eq(conf_parse_path(NULL, text, &v, &expected), -EINVAL);
        ck_assert_ptr_null(v);
}
END_TEST

static const char *const bad_strings[] = {"\"open", "a \"b", "\"a\"b", "a \""};

START_TEST(test_strings_bad)
{
        const char *expected = NULL;
        char **v = NULL;

        ck_assert_int_eq(conf_parse_strings(NULL, "keep", &v, &expected), 0);
        ck_assert_int_eq(conf_parse_strings(NULL, bad_strings[_i], &v, &expected), -EINVAL);
        ck_assert_ptr_nonnull(expected);
        ck_assert_str_eq(v[0], "keep");
        ck_assert_ptr_null(v[1]);
        free(v[0]);
        free(v);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("conf");
        TCase *files = tcase_create("files"), *values = tcase_create("values");

        tcase_add_checked_fixture(files, setup, teardown);
        tcase_add_test(files, test_all_types);
        tcase_add_loop_test(files, test_finding, 0, (int)ELEMENTSOF(bad_files));
        tcase_add_loop_test(files, test_finding_fails_strict, 0, (int)ELEMENTSOF(bad_files));
        tcase_add_test(files, test_parser_error_ends_load);
        tcase_add_test(files, test_every_finding_is_reported);
        tcase_add_test(files, test_long_values);
        tcase_add_test(files, test_continuation);
        tcase_add_test(files, test_comment_does_not_continue);
        tcase_add_test(files, test_empty_value_resets);
        tcase_add_test(files, test_missing_main_file);
        tcase_add_test(files, test_folder_in_place_of_file);
        tcase_add_test(files, test_drop_ins_in_order_and_masked);
        tcase_add_test(files, test_drop_in_amends_section);
        tcase_add_test(files, test_drop_in_dangling_link);
        tcase_add_test(files, test_nul_byte);
        tcase_add_loop_test(values, test_bool, 0, (int)ELEMENTSOF(bools));
        tcase_add_loop_test(values, test_unsigned, 0, (int)ELEMENTSOF(unsigneds));
        tcase_add_loop_test(values, test_size, 0, (int)ELEMENTSOF(sizes));
        tcase_add_loop_test(values, test_span, 0, (int)ELEMENTSOF(spans));
        tcase_add_loop_test(values, test_path, 0, (int)ELEMENTSOF(paths));
        tcase_add_test(values, test_path_too_long);
        tcase_add_loop_test(values, test_strings_bad, 0, (int)ELEMENTSOF(bad_strings));
        suite_add_tcase(s, files);
        suite_add_tcase(s, values);
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
