// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cases in the catalogue: opened, changed, closed, and footage put into them and taken out; what is
 * annotated by that; history and ledger of each act; and what nobody may do to any of it. */
#include "base/cleanup.h"
#include "catalogue/annotation.h"
#include "catalogue/case_file.h"
#include "catalogue/case_word.h"
#include "catalogue/query.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

#define N_FOOTAGE 6

static struct catalogue *c;
static int64_t unit, other_unit, recorder, footage[N_FOOTAGE];
static const struct case_act act = {.actor = FIXTURE_ACTOR, .approver = "", .reason = ""};

static void setup(void)
{
        c = fixture_open();
        fixture_begin(c);
        unit = fixture_unit(c, "U1");
        other_unit = fixture_unit(c, "U2");
        recorder = fixture_recorder(c, "R1", unit);
        for (int i = 0; i < N_FOOTAGE; i++) {
                struct footage f;
                char name[16];

                (void)snprintf(name, sizeof(name), "%d.mp4", i);
                fixture_footage(&f, 0, name);
                f.recorder = recorder;
                f.unit = i < 4 ? unit : 0;
                f.started_at += i * USEC_PER_HOUR;
                f.ended_at += i * USEC_PER_HOUR;
                f.offloaded_at += i * USEC_PER_SEC;
                footage[i] = fixture_file(c, &f);
        }
}

static void teardown(void)
{
        catalogue_rollback(c);
        fixture_close(c);
}

static struct case_file make(const char *number, int64_t of)
{
        struct case_file f = {.unit = of,
                              .secrecy = SECRECY_NONE,
                              .from = INSTANT_NONE,
                              .to = INSTANT_NONE,
                              .opened_at = FIXTURE_NOW,
                              .closed_at = INSTANT_NONE,
                              .file_until = INSTANT_NONE};

        (void)snprintf(f.number, sizeof(f.number), "%s", number);
        return f;
}

static struct case_file whole(const char *number)
{
        struct case_file f = make(number, unit);

        (void)snprintf(f.party, sizeof(f.party), "某商场");
        (void)snprintf(f.handler, sizeof(f.handler), "王芳");
        return f;
}

static int64_t open_case(const struct case_file *f)
{
        int64_t id = 0;

        ck_assert_msg(case_open(c, &act, f, false, &id) == CATALOGUE_OK, "%s", catalogue_error(c));
        return id;
}

static int on_row(void *userdata, const char *json)
{
        (void)json;
        ++*(int64_t *)userdata;
        return 0;
}

/* The number of rows, on the test's own connection: its transaction is not committed. */
static int64_t count(const char *noun, const char *key, const char *value)
{
        const struct query_filter filter = {key, value};
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;
        int64_t n = 0;

        ck_assert_msg(query_new(noun, &filter, key ? 1 : 0, FIXTURE_NOW, &q, &error) == 0, "%s", error);
        ck_assert_msg(query_run(c, q, on_row, &n) == 0, "%s", catalogue_error(c));
        query_free(q);
        return n;
}

static int64_t acts(const char *act_word)
{
        return count("ledger", "act", act_word);
}

static int64_t annotated(void)
{
        return count("footage", "annotated", "yes");
}

static int64_t history(int64_t id)
{
        char text[24];

        (void)snprintf(text, sizeof(text), "%lld", (long long)id);
        return count("change", "case_id", text);
}

START_TEST(test_a_case_is_kept_as_told)
{
        struct case_file f = whole("2026-001"), got;
        int64_t id;

        (void)snprintf(f.supervision_number, sizeof(f.supervision_number), "JD1");
        (void)snprintf(f.file_number, sizeof(f.file_number), "卷1");
        (void)snprintf(f.activity, sizeof(f.activity), "penalty");
        (void)snprintf(f.premises, sizeof(f.premises), "一号楼");
        (void)snprintf(f.premises_class, sizeof(f.premises_class), "public-assembly");
        (void)snprintf(f.long_term, sizeof(f.long_term), "L1");
        (void)snprintf(f.secrecy, sizeof(f.secrecy), "privacy");
        f.evidence = true;
        f.from = FIXTURE_NOW - USEC_PER_HOUR;
        f.to = FIXTURE_NOW;
        f.closed_at = FIXTURE_NOW;
        f.file_until = FIXTURE_NOW + USEC_PER_DAY;
        f.id = id = open_case(&f);
        ck_assert_int_eq(case_by_id(c, id, &got), CATALOGUE_OK);
        ck_assert_int_eq(memcmp(&f, &got, sizeof(f)), 0);
        ck_assert_int_eq(case_by_number(c, "2026-001", 0, &got), CATALOGUE_OK);
        ck_assert_int_eq(got.id, id);
        ck_assert_int_eq(case_by_number(c, "2026-001", unit, &got), CATALOGUE_OK);
        ck_assert_int_eq(case_by_number(c, "2026-001", other_unit, &got), CATALOGUE_ABSENT);
        ck_assert_int_eq(case_by_number(c, "2026-00", 0, &got), CATALOGUE_ABSENT);
        ck_assert_int_eq(acts("case.opened"), 1);
        ck_assert_int_eq(history(id), 1);
}
END_TEST

START_TEST(test_numbers_of_several_units)
{
        const struct case_file f = make("7", unit), again = make("7", other_unit);
        struct case_file got;
        int64_t id = 0;
        char units[32];

        (void)open_case(&f);
        ck_assert_int_eq(case_open(c, &act, &f, true, &id), CATALOGUE_EXISTS);
        ck_assert_int_eq(case_open(c, &act, &again, false, &id), CATALOGUE_CONFLICT);
        ck_assert_int_eq(acts("case.opened"), 1);
        ck_assert_int_eq(case_open(c, &act, &again, true, &id), CATALOGUE_OK);
        ck_assert_int_eq(case_by_number(c, "7", 0, &got), CATALOGUE_CONFLICT);
        ck_assert_int_eq(case_by_number(c, "7", other_unit, &got), CATALOGUE_OK);
        ck_assert_int_eq(got.id, id);
        ck_assert_int_eq(case_units(c, "7", units, sizeof(units)), 0);
        ck_assert_str_eq(units, "U1, U2");
}
END_TEST

/* Each field that differs is a row of the history and all of them one entry of the ledger. */
START_TEST(test_changes_are_history)
{
        struct case_file f = whole("1");
        size_t changes = 99;

        f.id = open_case(&f);
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_uint_eq(changes, 0);
        ck_assert_int_eq(history(f.id), 1);
        (void)snprintf(f.party, sizeof(f.party), "another");
        f.evidence = true;
        f.to = FIXTURE_NOW;
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_uint_eq(changes, 3);
        ck_assert_int_eq(history(f.id), 4);
        ck_assert_int_eq(acts("case.changed"), 1);
        f.closed_at = FIXTURE_NOW;
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_int_eq(acts("case.closed"), 1);
        f.closed_at = INSTANT_NONE;
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_int_eq(acts("case.reopened"), 1);
        f.id = 99;
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_ABSENT);
}
END_TEST

START_TEST(test_every_field_has_its_name)
{
        struct case_file one = make("1", unit), other = one;
        enum case_field field;

        for (enum case_field i = 0; i < _CASE_FIELD_MAX; i++) {
                ck_assert_int_eq(case_field_by_name(case_field_name(i), &field), 0);
                ck_assert_int_eq(field, i);
                ck_assert(case_field_same(&one, &other, i));
        }
        ck_assert_int_eq(case_field_by_name("colour", &field), -EINVAL);
        other.file_until = FIXTURE_NOW;
        ck_assert(!case_field_same(&one, &other, CASE_FILE_UNTIL));
        (void)snprintf(other.handler, sizeof(other.handler), "x");
        ck_assert(!case_field_same(&one, &other, CASE_HANDLER));
        ck_assert(case_field_same(&one, &other, CASE_PARTY));
}
END_TEST

START_TEST(test_footage_is_tagged)
{
        const struct case_file f = whole("1"), g = whole("2");
        const int64_t id = open_case(&f), moved_to = open_case(&g);
        const int64_t twice[] = {footage[0], footage[1], footage[0]};
        struct case_tagging t;
        struct footage row;

        ck_assert_int_eq(case_tag(c, &act, id, twice, 3, false, &t), CATALOGUE_OK);
        ck_assert_uint_eq(t.tagged, 2);
        ck_assert_uint_eq(t.already, 1);
        ck_assert_int_eq(footage_by_id(c, footage[1], &row), CATALOGUE_OK);
        ck_assert_int_eq(row.case_id, id);
        ck_assert_int_eq(acts("footage.tagged"), 2);
        ck_assert_int_eq(history(id), 2); /* opened, and one for both */
        ck_assert_int_eq(count("footage", "case", "1"), 2);

        ck_assert_int_eq(case_tag(c, &act, moved_to, footage, 3, false, &t), CATALOGUE_CONFLICT);
        ck_assert_uint_eq(t.n_refused, 2);
        ck_assert_int_eq(t.footage, footage[0]);
        ck_assert_int_eq(t.other, id);
        ck_assert_int_eq(count("footage", "case", "2"), 0);
        ck_assert_int_eq(acts("footage.tagged"), 2);

        ck_assert_int_eq(case_tag(c, &act, moved_to, footage, 3, true, &t), CATALOGUE_OK);
        ck_assert_uint_eq(t.tagged, 3);
        ck_assert_uint_eq(t.moved, 2);
        ck_assert_int_eq(count("footage", "case", "1"), 0);
        ck_assert_int_eq(count("footage", "case", "2"), 3);
        ck_assert_int_eq(history(id), 3); /* what left is told on either side */
        ck_assert_int_eq(history(moved_to), 3);
        ck_assert_int_eq(acts("footage.tagged"), 5);
}
END_TEST

START_TEST(test_unknown_footage_tags_nothing)
{
        const struct case_file f = whole("1");
        const int64_t id = open_case(&f), ids[] = {footage[0], 4711};
        struct case_tagging t;

        ck_assert_int_eq(case_tag(c, &act, id, ids, 2, false, &t), CATALOGUE_ABSENT);
        ck_assert_int_eq(t.footage, 4711);
        ck_assert_int_eq(count("footage", "case", "1"), 0);
        ck_assert_int_eq(acts("footage.tagged"), 0);
}
END_TEST

START_TEST(test_footage_is_untagged)
{
        const struct case_file f = whole("1"), g = whole("2");
        const int64_t id = open_case(&f), other = open_case(&g);
        struct case_tagging t;

        ck_assert_int_eq(case_tag(c, &act, id, footage, 2, false, &t), CATALOGUE_OK);
        ck_assert_int_eq(case_tag(c, &act, other, footage + 2, 1, false, &t), CATALOGUE_OK);
        ck_assert_int_eq(case_untag(c, &act, id, footage, 3, &t), CATALOGUE_CONFLICT);
        ck_assert_int_eq(t.footage, footage[2]);
        ck_assert_int_eq(case_untag(c, &act, id, footage + 3, 1, &t), CATALOGUE_CONFLICT);
        ck_assert_int_eq(count("footage", "case", "1"), 2);
        ck_assert_int_eq(case_untag(c, &act, id, footage, 2, &t), CATALOGUE_OK);
        ck_assert_uint_eq(t.tagged, 2);
        ck_assert_int_eq(count("footage", "case", "1"), 0);
        ck_assert_int_eq(acts("footage.untagged"), 2);
        ck_assert_int_eq(annotated(), 1);
}
END_TEST

/* R-28-7: one of the three is missing, and it is not annotated, whichever came last. */
START_TEST(test_annotated_needs_all_three)
{
        struct case_file f = make("1", unit), without = whole("2"), handled = whole("3");
        struct case_tagging t;
        size_t changes;

        ck_assert_int_eq(annotated(), 0);
        f.id = open_case(&f);
        ck_assert_int_eq(case_tag(c, &act, f.id, footage, 2, false, &t), CATALOGUE_OK);
        ck_assert_int_eq(annotated(), 0);
        (void)snprintf(f.party, sizeof(f.party), "某商场");
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_int_eq(annotated(), 0);
        (void)snprintf(f.handler, sizeof(f.handler), "王芳");
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_int_eq(annotated(), 2);
        ck_assert_int_eq(count("footage", "annotated", "no"), N_FOOTAGE - 2);
        ck_assert_int_eq(case_tag(c, &act, f.id, footage + 2, 1, false, &t), CATALOGUE_OK);
        ck_assert_int_eq(annotated(), 3);
        (void)snprintf(f.handler, sizeof(f.handler), "李雷"); /* another one is one, too */
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_int_eq(annotated(), 3);
        f.party[0] = '\0';
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_int_eq(annotated(), 0);
        without.party[0] = '\0';
        ck_assert_int_eq(case_tag(c, &act, open_case(&without), footage + 3, 1, false, &t), CATALOGUE_OK);
        handled.handler[0] = '\0';
        ck_assert_int_eq(case_tag(c, &act, open_case(&handled), footage + 4, 1, false, &t), CATALOGUE_OK);
        ck_assert_int_eq(annotated(), 0);
}
END_TEST

/* The planner goes by the tally: it is exact whatever was done. */
START_TEST(test_tally_is_exact)
{
        struct case_file f = whole("1"), g = make("2", unit);
        struct case_tagging t;
        size_t changes;

        f.id = open_case(&f);
        g.id = open_case(&g);
        ck_assert_int_eq(case_tag(c, &act, f.id, footage, 4, false, &t), CATALOGUE_OK);
        ck_assert_int_eq(case_tag(c, &act, g.id, footage, 1, true, &t), CATALOGUE_OK);
        ck_assert_int_eq(case_untag(c, &act, f.id, footage + 1, 1, &t), CATALOGUE_OK);
        (void)snprintf(g.party, sizeof(g.party), "p");
        (void)snprintf(g.handler, sizeof(g.handler), "h");
        ck_assert_int_eq(case_set(c, &act, &g, &changes), CATALOGUE_OK);
        f.handler[0] = '\0';
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        fixture_commit(c);
        ck_assert_int_eq(fixture_ask("SELECT sum(annotated) FROM footage"), 1);
        ck_assert_int_eq(fixture_ask("SELECT rows FROM footage_tally WHERE dimension = 'annotated'"), 1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
                                     "'ok'"),
                         0);
        fixture_begin(c);
}
END_TEST

struct due {
        struct annotation_due of[3];
        size_t n;
};

static int on_due(void *userdata, const struct annotation_due *d)
{
        struct due *due = userdata;

        ck_assert_uint_lt(due->n, ELEMENTSOF(due->of));
        due->of[due->n++] = *d;
        return 0;
}

/* Footage i of unit 1 is offloaded i seconds after FIXTURE_NOW, 4 and 5 are of no unit. */
START_TEST(test_overdue_by_unit)
{
        const struct case_file f = whole("1");
        const int64_t id = open_case(&f);
        struct case_tagging t;
        struct due due = {.n = 0};

        ck_assert_int_eq(annotation_each(c, FIXTURE_NOW + USEC_PER_SEC, FIXTURE_NOW + 2 * USEC_PER_SEC,
                                         on_due, &due),
                         0);
        ck_assert_uint_eq(due.n, 3);
        ck_assert_str_eq(due.of[0].number, "");
        ck_assert_int_eq(due.of[0].overdue, 0);
        ck_assert_int_eq(due.of[0].first, INSTANT_NONE);
        ck_assert_int_eq(due.of[0].next, FIXTURE_NOW + 4 * USEC_PER_SEC);
        ck_assert_str_eq(due.of[1].number, "U1");
        ck_assert_int_eq(due.of[1].overdue, 2);
        ck_assert_int_eq(due.of[1].first, FIXTURE_NOW + USEC_PER_SEC);
        ck_assert_int_eq(due.of[1].last, FIXTURE_NOW + 2 * USEC_PER_SEC);
        ck_assert_int_eq(due.of[1].next, FIXTURE_NOW + 3 * USEC_PER_SEC);
        ck_assert_int_eq(due.of[2].next, INSTANT_NONE);

        ck_assert_int_eq(case_tag(c, &act, id, footage + 2, 4, false, &t), CATALOGUE_OK);
        due.n = 0;
        ck_assert_int_eq(annotation_each(c, FIXTURE_NOW, FIXTURE_NOW + USEC_PER_HOUR, on_due, &due), 0);
        ck_assert_int_eq(due.of[0].overdue, 0);
        ck_assert_int_eq(due.of[1].overdue, 2);
        ck_assert_int_eq(due.of[1].next, INSTANT_NONE);
}
END_TEST

START_TEST(test_annotation_begins_once)
{
        instant_t since = 0;

        ck_assert_int_eq(annotation_since(c, &since), CATALOGUE_ABSENT);
        ck_assert_int_eq(annotation_begin(c, 5), 0);
        ck_assert_int_eq(annotation_begin(c, 7), 0);
        ck_assert_int_eq(annotation_since(c, &since), CATALOGUE_OK);
        ck_assert_int_eq(since, 5);
}
END_TEST

/* What the catalogue itself refuses, whatever a program does. */
static const struct {
        const char *sql;
        int expected;
} guarded[] = {
                {"UPDATE case_file SET party = 'x'", SQLITE_OK},
                {"DELETE FROM case_file", SQLITE_CONSTRAINT},
                {"UPDATE case_file SET number = 'x'", SQLITE_CONSTRAINT},
                {"UPDATE case_file SET unit = 2", SQLITE_CONSTRAINT},
                {"UPDATE case_file SET opened_at = 1", SQLITE_CONSTRAINT},
                {"UPDATE case_file SET from_at = 5, to_at = 5", SQLITE_CONSTRAINT},
                {"UPDATE case_file SET closed_at = opened_at - 1", SQLITE_CONSTRAINT},
                {"UPDATE case_file SET evidence = 2", SQLITE_CONSTRAINT},
                {"INSERT OR REPLACE INTO case_file (id, number, unit, secrecy, evidence, opened_at)"
                 " VALUES (1, 'x', 1, 'none', 0, 1)",
                 SQLITE_CONSTRAINT},
                {"INSERT OR REPLACE INTO case_file (number, unit, secrecy, evidence, opened_at)"
                 " VALUES ('1', 1, 'none', 0, 1)",
                 SQLITE_CONSTRAINT},
                {"DELETE FROM case_change", SQLITE_CONSTRAINT},
                {"UPDATE case_change SET new = 'x'", SQLITE_CONSTRAINT},
                {"INSERT OR REPLACE INTO case_change (id, case_file, field, at, actor)"
                 " VALUES (1, 1, 'party', 1, 'x')",
                 SQLITE_CONSTRAINT},
                {"UPDATE footage SET case_id = 99", SQLITE_CONSTRAINT},
                {"UPDATE footage SET case_id = 1", SQLITE_OK},
                {"UPDATE footage SET case_id = NULL", SQLITE_OK},
};

START_TEST(test_guards)
{
        const struct case_file f = whole("1");
        struct case_tagging t;

        ck_assert_int_eq(case_tag(c, &act, open_case(&f), footage, 1, false, &t), CATALOGUE_OK);
        fixture_commit(c);
        ck_assert_int_eq(fixture_tamper(guarded[_i].sql), guarded[_i].expected);
        fixture_begin(c);
}
END_TEST

START_TEST(test_nothing_outside_of_a_transaction)
{
        const struct case_file f = whole("1");
        struct case_tagging t;
        size_t changes;
        int64_t id;

        fixture_commit(c);
        ck_assert_int_eq(case_open(c, &act, &f, false, &id), -EPERM);
        ck_assert_int_eq(case_set(c, &act, &f, &changes), -EPERM);
        ck_assert_int_eq(case_tag(c, &act, 1, footage, 1, false, &t), -EPERM);
        ck_assert_int_eq(case_untag(c, &act, 1, footage, 1, &t), -EPERM);
        ck_assert_int_eq(annotation_begin(c, 1), -EPERM);
        fixture_begin(c);
}
END_TEST

/* ---- rows ---- */

static int keep_row(void *userdata, const char *json)
{
        char **row = userdata;

        free(*row);
        *row = strdup(json);
        return 0;
}

static char *last_row(const char *noun, const char *key, const char *value)
{
        const struct query_filter filter = {key, value};
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;
        char *row = NULL;

        ck_assert_msg(query_new(noun, &filter, 1, FIXTURE_NOW, &q, &error) == 0, "%s", error);
        ck_assert_msg(query_run(c, q, keep_row, &row) == 0, "%s", catalogue_error(c));
        query_free(q);
        ck_assert_ptr_nonnull(row);
        return row;
}

static void expect_piece(const char *row, const char *piece)
{
        ck_assert_msg(strstr(row, piece) != NULL, "%s does not have %s", row, piece);
}

START_TEST(test_rows)
{
        _cleanup_free_ char *row = NULL, *file = NULL, *change = NULL, *left = NULL;
        struct case_file f = whole("2026-001");
        struct case_tagging t;

        f.file_until = FIXTURE_NOW + 16 * USEC_PER_HOUR; /* midnight after 2026-11-01 */
        ck_assert_int_eq(case_tag(c, &act, open_case(&f), footage, 2, false, &t), CATALOGUE_OK);
        row = last_row("case", "number", "2026-001");
        expect_piece(row, "\"party\":\"某商场\"");
        expect_piece(row, "\"long_term\":null");
        expect_piece(row, "\"evidence\":false");
        expect_piece(row, "\"file_until\":\"2026-11-01\"");
        expect_piece(row, "\"annotates\":true");
        expect_piece(row, "\"footage\":{\"files\":2,\"from\":\"2026-10-31T10:00:00+08:00\",\"to\":"
                          "\"2026-10-31T11:01:30+08:00\",\"duration_s\":180.0,\"size\":2000}");
        file = last_row("footage", "case", "2026-001");
        expect_piece(file, "\"case\":\"2026-001\"");
        expect_piece(file, "\"case_unit\":\"U1\",\"annotated\":true,");
        change = last_row("change", "footage", "1");
        expect_piece(change,
                     "\"field\":\"case\",\"from\":null,\"to\":\"U1/2026-001\",\"files\":1,\"footage\":1");
        left = last_row("unannotated", "unit", "U1");
        expect_piece(left, "{\"unit\":\"U1\",\"files\":2,");
}
END_TEST

static const struct {
        const char *key, *value;
        int64_t rows;
} filtered[] = {
                {"number", "1", 1},       {"unit", "U1", 1},          {"unit", "U2", 0},
                {"party", "某*", 1},      {"party", "x*", 0},         {"handler", "王?", 1},
                {"activity", "other", 0}, {"secrecy", "none", 1},     {"secrecy", "state", 0},
                {"evidence", "no", 1},    {"open", "yes", 1},         {"open", "no", 0},
                {"from", "-1h", 1},       {"to", "-1h", 0},           {"long_term", "L1", 0},
                {"file_number", "1", 0},  {"premises_class", "a", 0}, {"supervision_number", "1", 0},
};

START_TEST(test_case_filters)
{
        const struct case_file f = whole("1");

        (void)open_case(&f);
        ck_assert_int_eq(count("case", filtered[_i].key, filtered[_i].value), filtered[_i].rows);
}
END_TEST

START_TEST(test_words)
{
        ck_assert_uint_eq(activity_words.n, 9); /* the eight of Art. 21, and other */
        ck_assert_str_eq(activity_term(0), "监督抽查");
        ck_assert_str_eq(activity_term(8), "其他");
        ck_assert_str_eq(activity_term(9), "");
        ck_assert_int_eq(count("activity", NULL, NULL), 9);
        ck_assert_int_eq(count("activity", "limit", "2"), 2);
        ck_assert(premises_class_accept("public-assembly2"));
        ck_assert(!premises_class_accept(""));
        ck_assert(!premises_class_accept("Public"));
        ck_assert(!premises_class_accept("公众"));
        ck_assert(premises_class_accept("0123456789012345678901234567890"));
        ck_assert(!premises_class_accept("01234567890123456789012345678901"));
        ck_assert(long_term_accept("L4"));
        ck_assert(!long_term_accept("L 4"));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("case");
        TCase *t = tcase_create("case");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, test_a_case_is_kept_as_told);
        tcase_add_test(t, test_numbers_of_several_units);
        tcase_add_test(t, test_changes_are_history);
        tcase_add_test(t, test_every_field_has_its_name);
        tcase_add_test(t, test_footage_is_tagged);
        tcase_add_test(t, test_unknown_footage_tags_nothing);
        tcase_add_test(t, test_footage_is_untagged);
        tcase_add_test(t, test_annotated_needs_all_three);
        tcase_add_test(t, test_tally_is_exact);
        tcase_add_test(t, test_overdue_by_unit);
        tcase_add_test(t, test_annotation_begins_once);
        tcase_add_loop_test(t, test_guards, 0, (int)ELEMENTSOF(guarded));
        tcase_add_test(t, test_nothing_outside_of_a_transaction);
        tcase_add_test(t, test_rows);
        tcase_add_loop_test(t, test_case_filters, 0, (int)ELEMENTSOF(filtered));
        tcase_add_test(t, test_words);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
