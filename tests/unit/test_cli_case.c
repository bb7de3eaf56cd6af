// SPDX-License-Identifier: LGPL-2.1-or-later
/* "recdockctl case", against the real bus server: what is entered can be read again, in tables and as JSON;
 * every mistake names itself and changes nothing; what a file and the footage say of the same cases. */
#include "bus_station.h"
#include "cli_program.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "catalogue/case_file.h"
#include "catalogue/footage.h"
#include "catalogue/registry.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <json-c/json.h>
#include <string.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(json_object *, json_object_put);
DEFINE_CLEANUP(struct catalogue *, catalogue_close);

#define U       BUS_STATION_UNIT
#define R       BUS_STATION_RECORDER
#define O       BUS_STATION_OFFICER
#define OTHER   "370100000002"
#define IN_U    "--unit=" U
#define OPEN(n) ck_assert_int_eq(RUN("case", "open", n, IN_U, "--party=某商场", "--handler=王芳"), 0)

static struct catalogue *catalogue(bool read_only)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        struct catalogue *c;

        ck_assert_int_eq(catalogue_open(&c, path, read_only), CATALOGUE_OK);
        return c;
}

static void set_up(void)
{
        struct unit unit = {.number = OTHER, .name = "市中区消防救援大队"};
        struct catalogue *c;
        int64_t id;

        program_set_up();
        c = catalogue(false);
        ck_assert_int_eq(catalogue_begin(c), 0);
        ck_assert_int_eq(unit_add(c, "test", &unit, &id), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_commit(c), 0);
        catalogue_close(c);
        server = bus_station_start(NULL);
}

static int64_t ledger_entries(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue(true);
        int64_t bad, n;

        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &n), CATALOGUE_OK);
        return n;
}

static int64_t case_of(int64_t footage)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue(true);
        struct footage f;

        ck_assert_int_eq(footage_by_id(c, footage, &f), CATALOGUE_OK);
        return f.case_id;
}

/* The first row of the output. */
static json_object *row_out(void)
{
        _cleanup_(json_object_putp) json_object *rows = json_tokener_parse(out);

        ck_assert_msg(json_object_is_type(rows, json_type_array), "no JSON array: %s", out);
        ck_assert_uint_ge(json_object_array_length(rows), 1);
        return json_object_get(json_object_array_get_idx(rows, 0));
}

static void expect_member(json_object *row, const char *key, const char *value)
{
        json_object *member;

        ck_assert_msg(json_object_object_get_ex(row, key, &member), "no '%s' in %s", key,
                      json_object_to_json_string(row));
        if (value)
                ck_assert_str_eq(json_object_get_string(member), value);
        else
                ck_assert_ptr_null(member);
}

/* The line of 'heading' in what "show" has printed. */
static void expect_field(const char *heading, const char *value)
{
        const char *line = strncmp(out, heading, strlen(heading)) == 0 ? out : NULL;
        char start[64];

        (void)snprintf(start, sizeof(start), "\n%s ", heading);
        line = line ? line : strstr(out, start);
        ck_assert_msg(line != NULL, "no '%s' in %s", heading, out);
        line += 1 + strlen(heading);
        ck_assert_msg(memmem(line, strcspn(line + 1, "\n") + 1, value, strlen(value)) != NULL,
                      "'%s' is not '%s' in %s", heading, value, out);
}

START_TEST(test_open_and_show)
{
        _cleanup_(json_object_putp) json_object *row = NULL;

        ck_assert_int_eq(RUN("case", "open", "鲁罚〔2026〕1号", IN_U, "--party=某商场", "--handler=王芳",
                             "--activity=penalty", "--premises-class=public-assembly", "--long-term=L1",
                             "--secrecy=privacy"),
                         0);
        assert_says(out, "case 鲁罚〔2026〕1号 is opened");
        ck_assert_int_eq(RUN("case", "set", "鲁罚〔2026〕1号", "--evidence=yes", "--from=2026-11-01 08:00",
                             "--to=2026-11-01 10:00", "--file-number=卷7", "--clear=secrecy"),
                         0);
        assert_says(out, "5 fields are changed");
        ck_assert_int_eq(RUN("case", "close", "鲁罚〔2026〕1号", "--file-until=2036-12-31"), 0);
        ck_assert_int_eq(RUN("case", "show", "鲁罚〔2026〕1号", "--json"), 0);
        row = row_out();
        expect_member(row, "party", "某商场");
        expect_member(row, "handler", "王芳");
        expect_member(row, "activity", "penalty");
        expect_member(row, "premises_class", "public-assembly");
        expect_member(row, "long_term", "L1");
        expect_member(row, "secrecy", "none");
        expect_member(row, "evidence", "true");
        expect_member(row, "from", "2026-11-01T08:00:00+00:00");
        expect_member(row, "to", "2026-11-01T10:00:00+00:00");
        expect_member(row, "file_until", "2036-12-31");
        expect_member(row, "supervision_number", NULL);
        expect_member(row, "annotates", "true");
        ck_assert_int_eq(RUN("case", "show", "鲁罚〔2026〕1号"), 0);
        expect_field("Party", "某商场");
        expect_field("Covered", "0.0%");
        assert_says(out, "file_number");
        ck_assert_int_eq(RUN("case", "reopen", "鲁罚〔2026〕1号"), 0);
        ck_assert_int_eq(RUN("case", "list", "--open", "--activity=penalty"), 0);
        assert_says(out, "鲁罚〔2026〕1号");
        ck_assert_int_eq(RUN("case", "list", "--open=no"), 0);
        ck_assert_ptr_null(strstr(out, "鲁罚"));
        ck_assert_int_eq(RUN("case", "activities"), 0);
        assert_says(out, "当事人不配合");
}
END_TEST

START_TEST(test_tag)
{
        _cleanup_(json_object_putp) json_object *row = NULL;

        OPEN("1");
        OPEN("2");
        ck_assert_int_eq(RUN("case", "tag", "1", "1"), 0);
        assert_says(out, "1 footage tagged, of them 0 moved; 0 was in it already");
        ck_assert_int_eq(RUN("list", "--annotated=no"), 0);
        ck_assert_ptr_null(strstr(out, "视频一"));
        assert_says(out, "b.mp4");
        ck_assert_int_eq(RUN("list", "--case=1"), 0);
        assert_says(out, "视频一");
        ck_assert_int_eq(RUN("show", "1"), 0);
        expect_field("Case", "1");
        ck_assert_int_eq(RUN("case", "tag", "1", "--recorder=" R, "--from=-2h", "--to=now", "--json"), 0);
        row = row_out();
        expect_member(row, "tagged", "1");
        expect_member(row, "already", "1");
        ck_assert_int_eq(RUN("case", "tag", "2", "1", "2"), 6);
        assert_says(err, "2 footage, footage '1' first, is in case '1'");
        ck_assert_int_eq(case_of(1), 1);
        ck_assert_int_eq(RUN("case", "tag", "2", "1", "--move", "--reason=mistyped", "--approver=赵六"), 0);
        ck_assert_int_eq(case_of(1), 2);
        ck_assert_int_eq(RUN("case", "show", "1"), 0);
        assert_says(out, "mistyped");
        ck_assert_int_eq(RUN("case", "untag", "2", "1", "--reason=not of it", "--approver=赵六"), 0);
        ck_assert_int_eq(case_of(1), 0);
        ck_assert_int_eq(RUN("case", "tag", "2", "--officer=" O, "--from=-2h", "--to=-90m"), 5);
        assert_says(err, "no footage is like that");
        ck_assert_int_eq(RUN("case", "tag", "2", "--footage-unit=" OTHER, "--from=-2h", "--to=now"), 5);
        ck_assert_int_eq(RUN("case", "tag", "1", "--footage-unit=" U, "--from=-2h", "--to=now"), 0);
        ck_assert_int_eq(case_of(1), 1);
        ck_assert_int_eq(RUN("case", "untag", "1", "1", "2", "--reason=x", "--approver=赵六"), 0);
        ck_assert_int_eq(RUN("case", "show", "1", "--json"), 0);
        assert_says(out, "\"files\":2"); /* one act is one line of the history */
}
END_TEST

START_TEST(test_numbers_of_several_units)
{
        OPEN("1");
        ck_assert_int_eq(RUN("case", "open", "1", "--unit=" OTHER), 6);
        assert_says(err, "is one of unit " U);
        ck_assert_int_eq(RUN("case", "open", "1", "--unit=" OTHER, "--also-elsewhere"), 0);
        ck_assert_int_eq(RUN("case", "tag", "1", "1"), 6);
        assert_says(err, U);
        assert_says(err, OTHER);
        ck_assert_int_eq(RUN("case", "show", "1"), 6);
        assert_says(err, U);
        assert_says(err, OTHER);
        ck_assert_int_eq(RUN("case", "tag", "1", "1", "--unit=" OTHER), 0);
        ck_assert_int_eq(RUN("case", "show", "1", "--unit=" OTHER), 0);
        expect_field("Unit", OTHER);
        ck_assert_int_eq(case_of(1), 2);
}
END_TEST

/* R-28-21, R-30-6: out of long-term keeping by approval only. */
START_TEST(test_giving_up_needs_approval)
{
        OPEN("1");
        ck_assert_int_eq(RUN("case", "set", "1", "--long-term=L2", "--evidence=yes",
                             "--file-until=2030-01-01"),
                         0);
        ck_assert_int_eq(RUN("case", "set", "1", "--clear=long-term"), 6);
        assert_says(err, "long_term of case '1'");
        ck_assert_int_eq(RUN("case", "set", "1", "--evidence=no", "--reason=x"), 6);
        ck_assert_int_eq(RUN("case", "set", "1", "--file-until=2029-01-01", "--approver=x"), 6);
        ck_assert_int_eq(RUN("case", "set", "1", "--file-until=2031-01-01", "--long-term=L3"), 0);
        ck_assert_int_eq(
                        RUN("case", "set", "1", "--clear=long-term", "--reason=mistaken", "--approver=赵六"),
                        0);
        ck_assert_int_eq(RUN("case", "set", "1", "--clear=long-term"), 0);
        assert_says(out, "so already");
}
END_TEST

static const struct {
        const char *words[WORDS_MAX];
        int code;
        const char *piece;
} failures[] = {
                {{"case", "open"}, 2, "case open NUMBER"},
                {{"case", "open", "2"}, 2, "--unit=NUMBER"},
                {{"case", "open", "2", "--unit="}, 2, "--unit=NUMBER"},
                {{"case", "open", "2", "--unit=none"}, 5, "'none'"},
                {{"case", "open", "1", IN_U}, 6, "has a case '1' already"},
                {{"case", "open", "a/b", IN_U}, 6, "case number 'a/b'"},
                {{"case", "open", "", IN_U}, 6, "case number is empty"},
                {{"case", "open", "2", IN_U, "--party="}, 6, "party is empty"},
                {{"case", "open", "2", IN_U, "--party=\033[2J"}, 6, "control characters"},
                {{"case", "open", "2", IN_U, "--activity=lunch"}, 6, "expected spot-check, "},
                {{"case", "open", "2", IN_U, "--secrecy=top"}, 6, "none, state, commercial or privacy"},
                {{"case", "open", "2", IN_U, "--premises-class=A B"}, 6, "premises_class 'A B'"},
                {{"case", "open", "2", IN_U, "--long-term=L 1"}, 6, "long_term 'L 1'"},
                {{"case", "open", "2", IN_U, "--evidence=perhaps"}, 6, "expected yes or no"},
                {{"case", "open", "2", IN_U, "--from=soonish"}, 6, "from 'soonish'"},
                {{"case", "open", "2", IN_U, "--from=now", "--to=-1h"}, 6, "is not after from"},
                {{"case", "open", "2", IN_U, "--opened=+1h"}, 6, "opened"},
                {{"case", "open", "2", IN_U, "--file-until=never"}, 6, "file_until 'never'"},
                {{"case", "open", "2", IN_U,
                  "--handler=0123456789012345678901234567890123456789012345678901"
                  "2345678901234567890123456789012345678901234567890123456789012"
                  "345678901234567890123456789"},
                 6,
                 "handler is too long"},
                {{"case", "set", "1"}, 6, "nothing is to be changed"},
                {{"case", "set", "9", "--party=x"}, 5, "no case '9'"},
                {{"case", "set", "1", "--party="}, 6, "--clear=party"},
                {{"case", "set", "1", "--clear=number"}, 6, "unknown field 'number'"},
                {{"case", "set", "1", "--clear=closed"}, 6, "case reopen"},
                {{"case", "set", "1", "--unit=none", "--party=x"}, 5, "'none'"},
                {{"case", "set", "1", "--unit=" OTHER, "--party=x"}, 5, "has no case '1'"},
                {{"case", "close", "9"}, 5, "no case '9'"},
                {{"case", "close", "1", "--at=+1h"}, 6, "still to come"},
                {{"case", "close", "1", "--at=2020-01-01"}, 6, "before the case was opened"},
                {{"case", "close", "1", "--file-until=2020-01-01"}, 6, "file_until"},
                {{"case", "reopen", "1"}, 6, "case '1' is open"},
                {{"case", "show", "9"}, 5, "no case '9'"},
                {{"case", "list", "--activity=lunch"}, 6, "lunch"},
                {{"case", "list", "--open=perhaps"}, 6, "perhaps"},
                {{"case", "tag", "1"}, 2, "numbers of footage"},
                {{"case", "tag", "1", "--recorder=" R}, 2, "--from and --to"},
                {{"case", "tag", "1", "--from=-1h", "--to=now"}, 2, "--recorder"},
                {{"case", "tag", "1", "1", "--recorder=" R}, 2, "numbers of footage"},
                {{"case", "tag", "1", "one"}, 2, "'one'"},
                {{"case", "tag", "1", "99"}, 5, "no footage '99'"},
                {{"case", "tag", "1", "1", "99"}, 5, "no footage '99'"},
                {{"case", "tag", "9", "1"}, 5, "no case '9'"},
                {{"case", "tag", "1", "1", "--move"}, 2, "--reason=TEXT"},
                {{"case", "tag", "1", "1", "--move", "--reason=x"}, 2, "--approver=NAME"},
                {{"case", "tag", "1", "--recorder=" R, "--from=soonish", "--to=now"}, 6, "soonish"},
                {{"case", "untag", "1"}, 2, "case untag NUMBER FOOTAGE…"},
                {{"case", "untag", "1", "1"}, 2, "--reason=TEXT"},
                {{"case", "untag", "1", "1", "--reason=x"}, 2, "--approver=NAME"},
                {{"case", "untag", "1", "1", "--reason=x", "--approver=y"}, 6, "is not in case '1'"},
                {{"case", "untag", "1", "99", "--reason=x", "--approver=y"}, 5, "no footage '99'"},
                {{"case", "import", "/none.csv"}, 2, "'/none.csv' cannot be read"},
                {{"case", "reconcile", "/none.csv"}, 2, "'/none.csv' cannot be read"},
                {{"case", "reconcile", "/none.csv", "--tolerance=long"}, 2, "--tolerance 'long'"},
                {{"case", "reconcile", "/none.csv", "--from=soonish"}, 2, "--from 'soonish'"},
                {{"list", "--annotated=perhaps"}, 6, "annotated 'perhaps'"},
                {{"list", "--case="}, 6, "case ''"},
};

/* One station for all of them: none may change anything. */
START_TEST(test_failures)
{
        int64_t before;

        OPEN("1");
        before = ledger_entries();
        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                int code = run(failures[i].words);

                ck_assert_msg(code == failures[i].code, "%zu: %d: %s", i, code, err);
                assert_says(err, failures[i].piece);
                ck_assert_str_eq(out, "");
        }
        ck_assert_int_eq(ledger_entries(), before);
        ck_assert_int_eq(case_of(1), 0);
}
END_TEST

START_TEST(test_closed_twice)
{
        OPEN("1");
        ck_assert_int_eq(RUN("case", "close", "1"), 0);
        ck_assert_int_eq(RUN("case", "close", "1"), 6);
        assert_says(err, "is closed since");
}
END_TEST

/* ---- what only another client would send ---- */

static int call_tag(const char *filter, const char *value, uint64_t footage, sd_bus_error *error)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                        RECDOCK_BUS_INTERFACE, "TagFootage"),
                         0);
        ck_assert_int_ge(sd_bus_message_append(m, "ss", "1", ""), 0);
        ck_assert_int_ge(sd_bus_message_append(m, "at", footage > 0 ? 1 : 0, footage), 0);
        ck_assert_int_ge(filter ? sd_bus_message_append(m, "a(ss)", 1, filter, value)
                                : sd_bus_message_append(m, "a(ss)", 0),
                         0);
        ck_assert_int_ge(sd_bus_message_append(m, "bss", filter == NULL, "", ""), 0);
        return sd_bus_call(bus, m, 0, error, NULL);
}

static const struct {
        const char *filter, *value;
        uint64_t footage;
        const char *piece;
} calls[] = {
                {"name", "*", 0, "is not tagged by 'name'"},
                {"recorder", R, 0, "from and to with a recorder"},
                {"from", "-1h", 0, "from and to with a recorder"},
                {"recorder", R, 1, "footage is named and 'recorder' is given"},
                {NULL, NULL, 1, "the reason is empty"}, /* it moves */
};

START_TEST(test_bus_refuses)
{
        OPEN("1");
        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                ck_assert_int_lt(call_tag(calls[i].filter, calls[i].value, calls[i].footage, &error), 0);
                ck_assert_str_eq(error.name, RECDOCK_ERROR_INVALID);
                assert_says(error.message, calls[i].piece);
        }
        ck_assert_int_eq(case_of(1), 0);
}
END_TEST

/* ---- files ---- */

static char *sheet(const char *text)
{
        scratch_write("cases.csv", text);
        return scratch_path("cases.csv");
}

#define SHEET_HEAD "number,unit,party,handler,activity,evidence,from,to,closed,file_until\r\n"
#define SHEET                                                                                     \
        SHEET_HEAD "1," U ",某商场,王芳,penalty,yes,2026-11-01 08:00,2026-11-01 10:00,,\r\n" \
                   "2," OTHER ",,,,,,,,2031-12-31\r\n"

START_TEST(test_import_and_export)
{
        _cleanup_free_ char *path = sheet("\xef\xbb\xbf" SHEET), *exported = NULL, *again = NULL;
        int64_t before;

        ck_assert_int_eq(RUN("case", "import", path), 0);
        assert_says(out, "2 entered, 0 were there already");
        OPEN("3");
        ck_assert_int_eq(RUN("case", "close", "3"), 0); /* perhaps in the second in which it was opened */
        before = ledger_entries();
        ck_assert_int_eq(RUN("case", "import", path), 0);
        assert_says(out, "0 entered, 2 were there already");
        ck_assert_int_eq(RUN("case", "export"), 0);
        assert_says(out, "number,unit,opened,");
        assert_says(out, "2031-12-31");
        exported = strdup(out);
        again = sheet(exported);
        ck_assert_int_eq(RUN("case", "import", again), 0);
        assert_says(out, "0 entered, 3 were there already");
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

static const struct {
        const char *line, *piece;
} bad_lines[] = {
                {"1," U ",x,,,,,,,", "there is a case '1' already, with another party"},
                {",x,,,,,,,,", "'number' is empty"},
                {"3,,,,,,,,,", "'unit' is empty"},
                {"3,none,,,,,,,,", "there is no unit 'none'"},
                {"1," OTHER ",,,,,,,,", "is one of unit " U},
                {"3," U ",,,lunch,,,,,", "activity 'lunch'"},
                {"3," U ",,,,perhaps,,,,", "evidence 'perhaps'"},
                {"3," U ",,,,,soonish,,,", "from 'soonish'"},
                {"3," U ",,,,,2026-01-02,2026-01-01,,", "is not after from"},
                {"3," U ",,,,,,,+1h,", "still to come"},
                {"3," U ",,,,,,,,never", "file_until 'never'"},
                {"3," U ",,,", "there are 5 fields, expected 10"},
};

START_TEST(test_bad_line_enters_nothing)
{
        _cleanup_free_ char *path = sheet(SHEET);
        int64_t before;

        ck_assert_int_eq(RUN("case", "import", path), 0);
        before = ledger_entries();
        for (size_t i = 0; i < ELEMENTSOF(bad_lines); i++) {
                _cleanup_free_ char *text = NULL, *bad = NULL;

                ck_assert_int_ge(asprintf(&text, SHEET_HEAD "%s\r\n7," U ",,,,,,,,\r\n", bad_lines[i].line),
                                 0);
                bad = sheet(text);
                ck_assert_int_eq(RUN("case", "import", bad), 6);
                assert_says(err, "cases.csv:2: ");
                assert_says(err, bad_lines[i].piece);
        }
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

START_TEST(test_import_updates_when_told)
{
        _cleanup_free_ char *path = sheet(SHEET), *changed = NULL, *weaker = NULL, *shared = NULL;

        ck_assert_int_eq(RUN("case", "import", path), 0);
        changed = sheet("number,unit,party,handler\n1," U ",另一商场,\n");
        ck_assert_int_eq(RUN("case", "import", changed), 6);
        ck_assert_int_eq(RUN("case", "import", changed, "--update"), 0);
        assert_says(out, "1 entered, 0 were there already");
        ck_assert_int_eq(RUN("case", "show", "1"), 0);
        expect_field("Party", "另一商场");
        expect_field("Handler", "王芳"); /* what is empty says nothing */
        weaker = sheet("number,unit,evidence\n1," U ",no\n");
        ck_assert_int_eq(RUN("case", "import", weaker, "--update"), 6);
        assert_says(err, "expected a reason and an approver");
        shared = sheet("number,unit\n1," OTHER "\n");
        ck_assert_int_eq(RUN("case", "import", shared, "--update"), 6);
        ck_assert_int_eq(RUN("case", "import", shared, "--also-elsewhere"), 0);
        ck_assert_int_eq(RUN("unit", "import", shared), 6); /* without a name */
}
END_TEST

/* Footage 1 and 2 began an hour ago and are in cases 1 and 3; case 2 has none. */
static void furnish_reconciliation(void)
{
        OPEN("1");
        OPEN("2");
        OPEN("3");
        ck_assert_int_eq(RUN("case", "tag", "1", "1"), 0);
        ck_assert_int_eq(RUN("case", "tag", "3", "2"), 0);
}

static size_t list_length(json_object *row, const char *key)
{
        json_object *list;

        ck_assert(json_object_object_get_ex(row, key, &list));
        return json_object_array_length(list);
}

static const struct {
        const char *file;
        const char *options[3];
        int code;
        size_t both, only_footage, only_case_system, mismatch;
} reconciled[] = {
                {"number\n1\n3\n", {NULL}, 0, 2, 0, 0, 0},
                {"number,unit\n1," U "\n3," U "\n", {NULL}, 0, 2, 0, 0, 0},
                {"number,unit\n1," OTHER "\n3," U "\n", {NULL}, 1, 1, 1, 1, 0},
                {"number\n1\n", {NULL}, 1, 1, 1, 0, 0},
                {"number\n1\n", {"--to=-2h"}, 0, 1, 0, 0, 0}, /* case 3 is of another time */
                {"number\n1\n", {"--from=-30m"}, 0, 1, 0, 0, 0},
                {"number\n1\n", {"--from=-2h", "--to=now"}, 1, 1, 1, 0, 0},
                {"number\n1\n3\n4\n", {NULL}, 1, 2, 0, 1, 0},
                {"number\n1\n2\n3\n", {NULL}, 1, 2, 0, 1, 0}, /* without footage it was not recorded */
                {"number,from\n1,-1h\n3,-80m\n", {NULL}, 0, 2, 0, 0, 0},
                {"number,from\n1,-1h\n3,-100m\n", {NULL}, 1, 2, 0, 0, 1},
                {"number,from\n1,-1h\n3,-20m\n", {NULL}, 1, 2, 0, 0, 1},
                {"number,from\n1,-1h\n3,-80m\n", {"--tolerance=10min"}, 1, 2, 0, 0, 1},
                {"number,from,party\n1,,x\n3,,\n", {NULL}, 0, 2, 0, 0, 0},
                {"number\n9\n", {"--unit=" OTHER}, 1, 0, 0, 1, 0},
};

static void reconcile(size_t i)
{
        _cleanup_free_ char *path = sheet(reconciled[i].file);
        _cleanup_(json_object_putp) json_object *row = NULL;
        int code = RUN("case", "reconcile", path, "--json", reconciled[i].options[0],
                       reconciled[i].options[1]);

        ck_assert_msg(code == reconciled[i].code, "%zu: %d: %s %s", i, code, err, out);
        row = row_out();
        ck_assert_msg(list_length(row, "both") == reconciled[i].both &&
                                      list_length(row, "only_footage") == reconciled[i].only_footage &&
                                      list_length(row, "only_case_system") ==
                                                      reconciled[i].only_case_system &&
                                      list_length(row, "time_mismatch") == reconciled[i].mismatch,
                      "%zu: %s", i, out);
}

START_TEST(test_reconcile)
{
        int64_t before;

        furnish_reconciliation();
        before = ledger_entries();
        for (size_t i = 0; i < ELEMENTSOF(reconciled); i++)
                reconcile(i);
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

START_TEST(test_reconcile_for_people)
{
        _cleanup_free_ char *path = NULL;

        furnish_reconciliation();
        ck_assert_int_eq(RUN("case", "untag", "3", "2", "--reason=x", "--approver=y"), 0);
        path = sheet("number,from\n1,-3h\n4,\n");
        ck_assert_int_eq(RUN("case", "reconcile", path), 1);
        assert_says(out, "In both: 1");
        assert_says(out, "Only in footage: 0");
        assert_says(out, "Only in the case system: 1");
        assert_says(out, "no-case");
        assert_says(out, "Times that do not agree: 1");
        assert_says(out, "Footage that is not annotated: 1");
}
END_TEST

static const struct {
        const char *file, *piece;
} bad_files[] = {
                {"", "is empty"},
                {"unit\n" U "\n", "column 'number' is missing"},
                {"number,colour\n1,red\n", "column 'colour' is unknown"},
                {"number,number\n1,2\n", "twice"},
                {"number,unit\n1\n", ":2: there are more or fewer fields"},
                {"number,from\n1,soonish\n", ":2: 'soonish' is not a time"},
                {"number\n\"1\n", ":2: "},
                {"number,unit\n," U "\n", "'number' is empty"},
                {"number\n\xd6\xd0\n", "is not UTF-8"},
};

START_TEST(test_reconcile_refuses)
{
        OPEN("1");
        for (size_t i = 0; i < ELEMENTSOF(bad_files); i++) {
                _cleanup_free_ char *path = sheet(bad_files[i].file);

                ck_assert_int_eq(RUN("case", "reconcile", path), 6);
                assert_says(err, bad_files[i].piece);
                ck_assert_str_eq(out, "");
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("cli case");
        TCase *t = tcase_create("cli case");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, program_tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, test_open_and_show);
        tcase_add_test(t, test_tag);
        tcase_add_test(t, test_numbers_of_several_units);
        tcase_add_test(t, test_giving_up_needs_approval);
        tcase_add_test(t, test_failures);
        tcase_add_test(t, test_closed_twice);
        tcase_add_test(t, test_bus_refuses);
        tcase_add_test(t, test_import_and_export);
        tcase_add_test(t, test_bad_line_enters_nothing);
        tcase_add_test(t, test_import_updates_when_told);
        tcase_add_test(t, test_reconcile);
        tcase_add_test(t, test_reconcile_for_people);
        tcase_add_test(t, test_reconcile_refuses);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
