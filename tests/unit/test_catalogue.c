// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opening a catalogue: new, ours, older, newer, damaged, somebody else's; transactions; migrations that work
 * and one that fails. */
#include "base/cleanup.h"
#include "catalogue/annotation.h"
#include "catalogue/alert.h"
#include "catalogue/recording.h"
#include "catalogue/registry.h"
#include "catalogue/schema.h"
#include "scratch.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *path;

static void setup(void)
{
        (void)scratch_make();
        path = fixture_path();
}

static void teardown(void)
{
        free(path);
        scratch_remove();
}

static struct catalogue *open_good(bool read_only)
{
        struct catalogue *c = NULL;

        ck_assert_int_eq(catalogue_open(&c, path, read_only), CATALOGUE_OK);
        return c;
}

static void ck_open(int expected)
{
        struct catalogue *c = NULL;

        ck_assert_int_eq(catalogue_open(&c, path, false), expected);
        ck_assert_ptr_null(c);
}

/* A catalogue with so many units. */
static void make_filled(int n)
{
        struct catalogue *c = open_good(false);

        fixture_begin(c);
        for (int i = 0; i < n; i++) {
                char number[16];

                (void)snprintf(number, sizeof(number), "%012d", i);
                (void)fixture_unit(c, number);
        }
        fixture_commit(c);
        catalogue_close(c);
}

static char *read_whole(const char *name, size_t *ret_size)
{
        _cleanup_free_ char *whole = scratch_path(name);
        _cleanup_close_ int fd = open(whole, O_RDONLY | O_CLOEXEC);
        struct stat st;
        char *data;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        data = malloc((size_t)st.st_size + 1);
        ck_assert_int_eq(read(fd, data, (size_t)st.st_size), st.st_size);
        *ret_size = (size_t)st.st_size;
        return data;
}

static void overwrite(off_t offset, const void *data, size_t size)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pwrite(fd, data, size, offset), (ssize_t)size);
}

START_TEST(test_new_is_made_and_opens_again)
{
        make_filled(3);
        make_filled(0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM unit"), 3);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), (int64_t)catalogue_schema_versions);
        ck_assert_int_eq(fixture_ask("PRAGMA application_id"), SCHEMA_APPLICATION_ID);
        ck_assert_int_eq(fixture_ask("SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type "
                                     "= 'table'"
                                     " AND NOT strict AND name NOT LIKE 'sqlite_%'"),
                         0);
}
END_TEST

START_TEST(test_read_only_makes_nothing)
{
        struct catalogue *c = NULL;

        ck_assert_int_eq(catalogue_open(&c, path, true), -ENOENT);
        ck_assert_int_ne(access(path, F_OK), 0);
        scratch_write("catalogue.db", "");
        ck_assert_int_eq(catalogue_open(&c, path, true), -EROFS);
        ck_assert_ptr_null(c);
}
END_TEST

START_TEST(test_read_only_does_not_write)
{
        struct catalogue *c;
        int64_t id;

        make_filled(1);
        c = open_good(true);
        ck_assert_int_lt(catalogue_begin(c), 0);
        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &(struct unit){.number = "x"}, &id), -EPERM);
        catalogue_close(c);
}
END_TEST

START_TEST(test_no_folder)
{
        struct catalogue *c = NULL;
        _cleanup_free_ char *nowhere = scratch_path("none/catalogue.db");

        ck_assert_int_eq(catalogue_open(&c, nowhere, false), -ENOENT);
}
END_TEST

START_TEST(test_garbage_is_damaged)
{
        _cleanup_free_ char *after = NULL;
        char garbage[8192];

        memset(garbage, 'g', sizeof(garbage) - 1);
        garbage[sizeof(garbage) - 1] = '\0';
        scratch_write("catalogue.db", garbage);
        ck_open(CATALOGUE_DAMAGED);
        after = scratch_read("catalogue.db");
        ck_assert_str_eq(after, garbage);
}
END_TEST

START_TEST(test_truncated_is_damaged)
{
        struct stat st;

        make_filled(2000);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(truncate(path, st.st_size / 2), 0);
        ck_open(CATALOGUE_DAMAGED);
}
END_TEST

/* A page in the middle that is no b-tree page any more: only the check finds it. */
START_TEST(test_overwritten_page_is_damaged)
{
        char page[4096];
        int64_t root;

        make_filled(2000);
        memset(page, 0xa5, sizeof(page));
        root = fixture_ask("SELECT rootpage FROM sqlite_schema WHERE name = 'officer'");
        overwrite((root - 1) * 4096, page, sizeof(page));
        ck_open(CATALOGUE_DAMAGED);
}
END_TEST

START_TEST(test_another_programs_database_is_refused)
{
        ck_assert_int_eq(fixture_tamper("CREATE TABLE t (x); INSERT INTO t VALUES (1)"), SQLITE_OK);
        ck_open(CATALOGUE_DAMAGED);
        ck_assert_int_eq(fixture_tamper("PRAGMA application_id = 7; PRAGMA user_version = 1"), SQLITE_OK);
        ck_open(CATALOGUE_DAMAGED);
        ck_assert_int_eq(fixture_ask("SELECT x FROM t"), 1);
        ck_assert_int_eq(fixture_ask("SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
}
END_TEST

START_TEST(test_newer_is_told_and_left_alone)
{
        make_filled(1);
        ck_assert_int_eq(fixture_tamper("PRAGMA user_version = 999"), SQLITE_OK);
        ck_open(CATALOGUE_NEWER);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), 999);
}
END_TEST

START_TEST(test_rollback_undoes_and_commit_lasts)
{
        struct catalogue *c = open_good(false);
        struct unit u;

        fixture_begin(c);
        (void)fixture_unit(c, "A");
        catalogue_rollback(c);
        catalogue_rollback(c); /* nothing to roll back: no harm */
        ck_assert_int_eq(unit_by_number(c, "A", &u), CATALOGUE_ABSENT);
        fixture_begin(c);
        ck_assert_int_lt(catalogue_begin(c), 0); /* they do not nest */
        (void)fixture_unit(c, "A");
        fixture_commit(c);
        ck_assert_int_eq(unit_by_number(c, "A", &u), CATALOGUE_OK);
        catalogue_close(c);
}
END_TEST

#define SEATS                                                                                              \
        "CREATE TABLE seat (id INTEGER PRIMARY KEY, name TEXT) STRICT; INSERT INTO seat VALUES (1, 'a'), " \
        "(2, 'b');"

static const char *const old_version[] = {
                SEATS,
};

static const char *const new_version[] = {
                SEATS,
                "ALTER TABLE seat ADD COLUMN row INTEGER NOT NULL DEFAULT 1;",
                "UPDATE seat SET row = id * 10; CREATE INDEX seat_by_row ON seat (row);",
};

static const char *const failing_version[] = {
                SEATS,
                "ALTER TABLE seat ADD COLUMN row INTEGER NOT NULL DEFAULT 1; UPDATE seat SET name = 'lost';",
                "UPDATE nowhere SET row = 1;",
};

static const char *const dangling_version[] = {
                SEATS,
                ("CREATE TABLE guest (seat INTEGER REFERENCES seat (id)) STRICT; INSERT INTO guest VALUES "
                 "(3);"),
};

static int open_versions(const char *const *versions, size_t n)
{
        struct catalogue *c = NULL;
        int r = catalogue_open_versions(&c, path, false, versions, n);

        catalogue_close(c);
        return r;
}

START_TEST(test_migration_from_every_older_version)
{
        _cleanup_free_ char *copy = NULL;

        ck_assert_int_eq(open_versions(new_version, (size_t)_i), CATALOGUE_OK);
        ck_assert_int_eq(open_versions(new_version, ELEMENTSOF(new_version)), CATALOGUE_OK);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), 3);
        ck_assert_int_eq(fixture_ask("SELECT sum(row) FROM seat INDEXED BY seat_by_row WHERE row > 0"), 30);
        /* The copy is of the version before; nothing is copied when there was nothing. */
        ck_assert_int_ge(asprintf(&copy, "%s.v%d.bak", path, _i), 0);
        ck_assert_int_eq(access(copy, F_OK) == 0, _i > 0 && _i < 3);
        if (_i == 0 || _i == 3)
                return;
        ck_assert_int_eq(rename(copy, path), 0);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), _i);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM seat"), 2);
}
END_TEST

/* A row of everything that version 2 touches, as version 1 wrote it. */
#define V1_ROWS                                                                                        \
        "INSERT INTO officer VALUES (1, '000001', NULL);"                                              \
        "INSERT INTO recorder VALUES (1, 'R1', 'S1', NULL, 'M', 6353, 20193, NULL, 5, NULL);"          \
        "INSERT INTO docking VALUES (1, '3', '1-3', 6353, 20193, 'S1', 1, 4, NULL, 5, 6, 7, 8, NULL,"  \
        " 'm', 'n', 'f', 's', 'o', 'u', 50, 1, 2, NULL, NULL, NULL, NULL, 1, 1, 0, 0, 0, 0, 9, 0, 1);" \
        "INSERT INTO item VALUES (1, 1, 1, NULL, 'A/a.mp4', 9, '20261101T080000', 0, 4, 9, NULL, 9,"   \
        " zeroblob(32), NULL, 1, NULL, NULL);"

START_TEST(test_version_1_becomes_version_2)
{
        struct catalogue *c = NULL;

        ck_assert_int_eq(open_versions(catalogue_schema, 1), CATALOGUE_OK);
        ck_assert_int_eq(fixture_tamper(V1_ROWS), SQLITE_OK);
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        catalogue_close(c);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), (int64_t)catalogue_schema_versions);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM docking WHERE id = 1 AND usb_serial = 'S1'"
                                     " AND pulled = 1 AND source = 0 AND driver IS NULL AND actor IS NULL"
                                     " AND import_reason IS NULL AND import_officer IS NULL"
                                     " AND unreadable = 0 AND findings = 0"),
                         1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM item WHERE path = 'A/a.mp4' AND size = 9"), 1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM finding"), 0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM item_unreadable"), 0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
                                     "'ok'"),
                         0);
}
END_TEST

/* What the catalogue itself refuses, whatever a program does. */
static const struct {
        const char *sql;
        int expected;
} guarded[] = {
                {"INSERT INTO item_unreadable VALUES (1, 0, 512, 0)", SQLITE_OK},
                {"DELETE FROM item_unreadable", SQLITE_OK},
                {"UPDATE item SET footage = 1; INSERT INTO item_unreadable VALUES (1, 512, 512, 0)",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO item_unreadable VALUES (1, 0, 0, 0)", SQLITE_CONSTRAINT},
                {"INSERT INTO item_unreadable VALUES (1, 0, 512, 0); UPDATE item SET footage = 1;"
                 " DELETE FROM item_unreadable",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO item_unreadable VALUES (1, 0, 512, 0); UPDATE item SET footage = 1;"
                 " UPDATE item_unreadable SET size = 1",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO finding VALUES (1, 1, 1, 0, '', 'a', -1, '', NULL, 1, 0, 0, NULL, 5);"
                 " DELETE FROM finding",
                 SQLITE_CONSTRAINT},
};

START_TEST(test_version_2_guards_evidence)
{
        ck_assert_int_eq(open_versions(catalogue_schema, catalogue_schema_versions), CATALOGUE_OK);
        ck_assert_int_eq(fixture_tamper("INSERT INTO recorder VALUES (1, 'R1', 'S1', NULL, 'M', 6353, 20193,"
                                        " NULL, 5, NULL);"
                                        "INSERT INTO docking (id, vendor_id, product_id, state, plugged_at,"
                                        " seen, pulled, already_held, failed, late, removed, bytes,"
                                        " bad_verdicts, listing_complete)"
                                        " VALUES (1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0);"
                                        "INSERT INTO item (id, recorder, docking, path, size, time_text,"
                                        " flags, state, durable, attempts)"
                                        " VALUES (1, 1, 1, 'A/a.mp4', 9, '', 0, 0, 0, 0)"),
                         SQLITE_OK);
        ck_assert_int_eq(fixture_tamper(guarded[_i].sql), guarded[_i].expected);
}
END_TEST

/* A row of everything that version 3 refers to, as version 2 wrote it. */
#define V2_ROWS                                                                                          \
        "INSERT INTO officer VALUES (1, '000001', NULL);"                                                \
        "INSERT INTO recorder VALUES (1, 'R1', 'S1', NULL, 'M', 6353, 20193, NULL, 5, NULL);"            \
        "INSERT INTO docking (id, recorder, vendor_id, product_id, state, plugged_at, seen, pulled,"     \
        " already_held, failed, late, removed, bytes, bad_verdicts, listing_complete, driver, findings)" \
        " VALUES (1, 1, 0, 0, 4, 5, 1, 1, 0, 0, 0, 0, 9, 0, 1, 'ums', 1);"                               \
        "INSERT INTO finding VALUES (1, 1, 1, 1, '', 'DCIM', -1, '', NULL, 3, 0, 0, NULL, 5);"

/* From each version that ever was, with its rows. */
START_TEST(test_older_versions_become_version_3)
{
        static const char *const rows[] = {V1_ROWS, V2_ROWS};
        _cleanup_free_ char *copy = NULL;
        struct catalogue *c = NULL;

        ck_assert_int_eq(open_versions(catalogue_schema, (size_t)_i), CATALOGUE_OK);
        ck_assert_int_eq(fixture_tamper(rows[_i - 1]), SQLITE_OK);
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        catalogue_close(c);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), (int64_t)catalogue_schema_versions);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM docking WHERE id = 1 AND recorder = 1 AND pulled "
                                     "= 1"),
                         1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM finding"), _i - 1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM duty"), 0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM extension"), 0);
        ck_assert_int_eq(fixture_tamper("INSERT INTO duty VALUES (1, 1, 1, 5, 7, 6, 1, NULL);"
                                        "INSERT INTO extension VALUES (1, NULL, 1, 9, 'x', 'y', 8)"),
                         SQLITE_OK);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
                                     "'ok'"),
                         0);
        ck_assert_int_ge(asprintf(&copy, "%s.v%d.bak", path, _i), 0);
        ck_assert_int_eq(access(copy, F_OK), 0);
}
END_TEST

#define A_DUTY       "INSERT INTO duty VALUES (1, 1, NULL, 5, 9, NULL, NULL, NULL);"
#define AN_EXTENSION "INSERT INTO extension VALUES (1, 1, NULL, 9, 'x', 'y', 8);"

/* What the duty ledger itself refuses, whatever a program does. */
static const struct {
        const char *sql;
        int expected;
} guarded_duties[] = {
                {A_DUTY
                 "UPDATE duty SET returned_at = 6, return_docking = 1; UPDATE duty SET returned_at = 5,"
                 " return_docking = NULL; UPDATE duty SET offloaded_at = 7",
                 SQLITE_OK},
                {A_DUTY "DELETE FROM duty", SQLITE_CONSTRAINT},
                {A_DUTY "UPDATE duty SET out_at = 6", SQLITE_CONSTRAINT},
                {A_DUTY "UPDATE duty SET roster_end = 10", SQLITE_CONSTRAINT},
                {A_DUTY "UPDATE duty SET officer = 1", SQLITE_CONSTRAINT},
                {A_DUTY "UPDATE duty SET returned_at = 4", SQLITE_CONSTRAINT},
                {A_DUTY "UPDATE duty SET returned_at = 6; UPDATE duty SET returned_at = 7",
                 SQLITE_CONSTRAINT},
                {A_DUTY "UPDATE duty SET offloaded_at = 6", SQLITE_CONSTRAINT},
                {A_DUTY
                 "UPDATE duty SET returned_at = 6, offloaded_at = 7; UPDATE duty SET offloaded_at = 8",
                 SQLITE_CONSTRAINT},
                {A_DUTY "INSERT INTO duty VALUES (2, 1, NULL, 6, NULL, NULL, NULL, NULL)",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO duty VALUES (1, 1, NULL, NULL, NULL, NULL, NULL, NULL)", SQLITE_CONSTRAINT},
                {"INSERT INTO duty VALUES (1, 1, NULL, 5, 5, NULL, NULL, NULL)", SQLITE_CONSTRAINT},
                {"INSERT INTO duty VALUES (1, 1, NULL, 5, NULL, NULL, 1, NULL)", SQLITE_CONSTRAINT},
                {A_DUTY AN_EXTENSION, SQLITE_OK},
                {A_DUTY AN_EXTENSION "DELETE FROM extension", SQLITE_CONSTRAINT},
                {A_DUTY AN_EXTENSION "UPDATE extension SET until = 10", SQLITE_CONSTRAINT},
                {A_DUTY "INSERT INTO extension VALUES (1, 1, 1, 9, 'x', 'y', 8)", SQLITE_CONSTRAINT},
                {A_DUTY "INSERT INTO extension VALUES (1, NULL, NULL, 9, 'x', 'y', 8)", SQLITE_CONSTRAINT},
                {A_DUTY "INSERT INTO extension VALUES (1, 1, NULL, 9, 'x', '', 8)", SQLITE_CONSTRAINT},
                {A_DUTY "INSERT INTO extension VALUES (1, 1, NULL, 9, '', 'y', 8)", SQLITE_CONSTRAINT},
};

START_TEST(test_version_3_guards_duties)
{
        ck_assert_int_eq(open_versions(catalogue_schema, catalogue_schema_versions), CATALOGUE_OK);
        ck_assert_int_eq(fixture_tamper(V2_ROWS), SQLITE_OK);
        ck_assert_int_eq(fixture_tamper(guarded_duties[_i].sql), guarded_duties[_i].expected);
}
END_TEST

#define AN_OFFICER   "INSERT OR IGNORE INTO officer VALUES (1, '000001', NULL);"
#define AN_UNDOCKING A_DUTY AN_OFFICER "INSERT INTO undocking VALUES (1, 1, 1, 5, 9, NULL);"

/* What waits may go; what has become a checkout stays. */
static const struct {
        const char *sql;
        int expected;
} guarded_undockings[] = {
                {AN_UNDOCKING "DELETE FROM undocking", SQLITE_OK},
                {AN_UNDOCKING "UPDATE undocking SET duty = 1", SQLITE_OK},
                {AN_UNDOCKING "UPDATE undocking SET duty = 1; DELETE FROM undocking", SQLITE_CONSTRAINT},
                {AN_UNDOCKING "UPDATE undocking SET duty = 1; UPDATE undocking SET officer = 1",
                 SQLITE_CONSTRAINT},
                {AN_UNDOCKING "UPDATE undocking SET duty = 1; UPDATE undocking SET duty = NULL",
                 SQLITE_CONSTRAINT},
                {AN_UNDOCKING "INSERT INTO undocking VALUES (2, 1, 1, 6, NULL, NULL)", SQLITE_CONSTRAINT},
                {AN_UNDOCKING "INSERT INTO undocking VALUES (1, 1, 1, 6, NULL, NULL)", SQLITE_CONSTRAINT},
                {AN_OFFICER "INSERT INTO undocking VALUES (1, 1, 1, 9, 9, NULL)", SQLITE_CONSTRAINT},
                {AN_OFFICER "INSERT INTO undocking VALUES (1, 1, NULL, 5, 9, NULL)", SQLITE_CONSTRAINT},
};

START_TEST(test_version_8_guards_checkouts)
{
        ck_assert_int_eq(open_versions(catalogue_schema, catalogue_schema_versions), CATALOGUE_OK);
        ck_assert_int_eq(fixture_tamper(V2_ROWS), SQLITE_OK);
        ck_assert_int_eq(fixture_tamper(guarded_undockings[_i].sql), guarded_undockings[_i].expected);
}
END_TEST

/* From each version that ever was: what was set was asked for, and nothing else is known of before. */
START_TEST(test_older_versions_know_nothing_of_clocks)
{
        static const char *const rows[] = {V1_ROWS, V2_ROWS, V2_ROWS, V2_ROWS};
        struct catalogue *c = NULL;

        ck_assert_int_eq(open_versions(catalogue_schema, (size_t)_i), CATALOGUE_OK);
        ck_assert_int_eq(fixture_tamper(rows[_i - 1]), SQLITE_OK);
        ck_assert_int_eq(
                        fixture_tamper("INSERT INTO docking (id, recorder, vendor_id, product_id, state, "
                                       "plugged_at,"
                                       " clock_set_to, seen, pulled, already_held, failed, late, removed, "
                                       "bytes,"
                                       " bad_verdicts, listing_complete)"
                                       " VALUES (2, 1, 0, 0, 4, 6, '20261101T080000', 0, 0, 0, 0, 0, 0, 0, "
                                       "0, 1);"
                                       "INSERT INTO item (id, recorder, docking, path, size, time_text, "
                                       "flags, state,"
                                       " durable, attempts) VALUES (9, 1, 2, 'A/b.mp4', 9, '', 0, 0, 0, 0)"),
                        SQLITE_OK);
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        catalogue_close(c);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), (int64_t)catalogue_schema_versions);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM docking WHERE clock_answer IS NULL AND "
                                     "clock_set_at IS NULL"
                                     " AND clock_set_offset IS NULL AND clock_set_uncertainty IS NULL"
                                     " AND clock_moved = 0 AND freed = 0 AND clock_asked IS clock_set_to"),
                         2);
        ck_assert_int_eq(fixture_ask("SELECT clock_asked = '20261101T080000' FROM docking WHERE id = 2"), 1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM item WHERE id = 9 AND first_docking IS NULL"), 1);
}
END_TEST

/* What a report counts, joins to recordings and takes of clocks is looked up in no table. */
static const char *const of_reports[] = {
                SEGMENT_SELECT SEGMENT_ORDER,
                "SELECT unit, officer, recorder, source, verdict, sum(size), total(duration), max(late_us)"
                " FROM footage INDEXED BY footage_by_time WHERE ordered_at >= ?1 AND ordered_at < ?2"
                " GROUP BY unit",
                "SELECT id, identified_at, clock_offset, clock_uncertainty, clock_asked, clock_set_at,"
                " clock_set_offset, clock_set_uncertainty FROM docking WHERE recorder = ?1 AND source = ?2"
                " AND plugged_at < ?3 ORDER BY plugged_at DESC, id DESC LIMIT ?4",
                "SELECT count(*), min(started_at), max(ended_at), total(duration), sum(size) FROM footage"
                " INDEXED BY footage_by_case WHERE case_id = ?1",
                "SELECT max(offloaded_at) FROM footage INDEXED BY footage_unannotated WHERE annotated = 0"
                " AND unit IS ?1 AND offloaded_at BETWEEN ?2 AND ?3",
};

static void assert_covered(const char *sql)
{
        _cleanup_free_ char *explain = NULL;
        sqlite3_stmt *s = NULL;
        sqlite3 *db = NULL;

        ck_assert_int_ge(asprintf(&explain, "EXPLAIN QUERY PLAN %s", sql), 0);
        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_msg(sqlite3_prepare_v2(db, explain, -1, &s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
        ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
        ck_assert_msg(strstr((const char *)sqlite3_column_text(s, 3), "USING COVERING INDEX") != NULL,
                      "%s: %s", sqlite3_column_text(s, 3), sql);
        (void)sqlite3_finalize(s);
        (void)sqlite3_close(db);
}

/* From each version that ever was. */
START_TEST(test_reports_are_answered_by_indexes)
{
        struct catalogue *c = NULL;

        ck_assert_int_eq(open_versions(catalogue_schema, (size_t)_i), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        catalogue_close(c);
        for (size_t i = 0; i < ELEMENTSOF(of_reports); i++)
                assert_covered(of_reports[i]);
}
END_TEST

/* From version 2 on, whatever else came in between; a duty of version 3 stays. */
START_TEST(test_older_versions_take_explanations)
{
        struct catalogue *c = NULL;

        ck_assert_int_eq(open_versions(catalogue_schema, (size_t)_i), CATALOGUE_OK);
        ck_assert_int_eq(fixture_tamper(V2_ROWS), SQLITE_OK);
        if (_i >= 3)
                ck_assert_int_eq(fixture_tamper("INSERT INTO duty VALUES (1, 1, 1, 5, 7, 6, 1, NULL)"),
                                 SQLITE_OK);
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        catalogue_close(c);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), (int64_t)catalogue_schema_versions);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM finding"), 1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM duty"), _i >= 3);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM explanation"), 0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM undocking"), 0);
        ck_assert_int_eq(fixture_tamper("INSERT INTO explanation VALUES (1, 1, 5, 9, 'x', NULL, 'a', 'b', "
                                        "9, 'c')"),
                         SQLITE_OK);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
                                     "'ok'"),
                         0);
}
END_TEST

/* Footage as every version had it. */
#define FOOTAGE_ROWS                                                                                  \
        "INSERT INTO unit VALUES (1, 'U1', NULL, NULL);"                                              \
        "INSERT INTO footage (unit, name, source, source_path, ordered_at, time_flags, size, sha256," \
        " verdict, kind, path, offloaded_at, important) VALUES"                                       \
        " (1, 'a', 0, 'a', 5, 0, 9, zeroblob(32), 1, 1, 'a', 6, 0),"                                  \
        " (NULL, 'b', 0, 'b', 7, 0, 9, zeroblob(32), 1, 1, 'b', 8, 0);"
#define A_CASE                                                                                   \
        "INSERT INTO case_file (id, number, unit, party, handler, secrecy, evidence, opened_at)" \
        " VALUES (1, '1', 1, 'p', 'h', 'none', 0, 5);"

/* From each version that ever was: its footage is in no case, and can be put into one. */
START_TEST(test_older_versions_take_cases)
{
        struct catalogue *c = NULL;
        instant_t since;

        ck_assert_int_eq(open_versions(catalogue_schema, (size_t)_i), CATALOGUE_OK);
        ck_assert_int_eq(fixture_tamper(FOOTAGE_ROWS), SQLITE_OK);
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        ck_assert_int_eq(annotation_since(c, &since), CATALOGUE_ABSENT);
        catalogue_close(c);
        ck_assert_int_eq(fixture_ask("PRAGMA user_version"), (int64_t)catalogue_schema_versions);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM footage WHERE case_id IS NULL AND annotated = 0"),
                         2);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM footage INDEXED BY footage_unannotated"
                                     " WHERE annotated = 0"),
                         2);
        ck_assert_int_eq(fixture_tamper(A_CASE "UPDATE footage SET case_id = 1 WHERE id = 1"), SQLITE_OK);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM footage WHERE case_id = 1 AND annotated = 1"), 1);
        ck_assert_int_eq(fixture_ask("SELECT rows FROM footage_tally WHERE dimension = 'annotated'"), 1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
                                     "'ok'"),
                         0);
}
END_TEST

static const struct {
        const char *const *versions;
        size_t n;
        int error;
} failures[] = {
                {failing_version, ELEMENTSOF(failing_version), -EINVAL},
                {dangling_version, ELEMENTSOF(dangling_version), -EINVAL},
};

START_TEST(test_failed_migration_leaves_the_old_database)
{
        _cleanup_free_ char *before = NULL, *after = NULL;
        size_t size_before, size_after;

        ck_assert_int_eq(open_versions(old_version, 1), CATALOGUE_OK);
        before = read_whole("catalogue.db", &size_before);
        ck_assert_int_eq(open_versions(failures[_i].versions, failures[_i].n), failures[_i].error);
        after = read_whole("catalogue.db", &size_after);
        ck_assert_uint_eq(size_after, size_before);
        ck_assert_mem_eq(after, before, size_before);
        ck_assert_int_eq(open_versions(old_version, 1), CATALOGUE_OK);
}
END_TEST

START_TEST(test_alert_is_raised_once_counted_and_cleared)
{
        struct catalogue *c = open_good(false);
        bool raised = false;
        int64_t n = -1;

        fixture_begin(c);
        ck_assert_int_eq(alert_raise(c, "store-low", 4, "store", "5 % free", &raised), 0);
        ck_assert(raised);
        ck_assert_int_eq(alert_raise(c, "store-low", 3, "store", "4 % free", &raised), 0);
        ck_assert(!raised);
        ck_assert_int_eq(alert_raise(c, "store-low", 3, "store/2", "4 % free", &raised), 0);
        ck_assert(raised);
        ck_assert_int_eq(alert_count_open(c, &n), 0);
        ck_assert_int_eq(n, 2);
        ck_assert_int_eq(alert_clear(c, "store-low", "store", "recdockd"), CATALOGUE_OK);
        ck_assert_int_eq(alert_clear(c, "store-low", "store", "recdockd"), CATALOGUE_ABSENT);
        ck_assert_int_eq(alert_raise(c, "store-low", 4, "store", "5 % free", &raised), 0);
        ck_assert(raised);
        fixture_commit(c);
        ck_assert_int_eq(fixture_ask("SELECT count FROM alert WHERE cleared_by = 'recdockd'"), 2);
        catalogue_close(c);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("catalogue");
        TCase *opening = tcase_create("opening"), *use = tcase_create("use");

        tcase_add_checked_fixture(opening, setup, teardown);
        tcase_add_test(opening, test_new_is_made_and_opens_again);
        tcase_add_test(opening, test_read_only_makes_nothing);
        tcase_add_test(opening, test_read_only_does_not_write);
        tcase_add_test(opening, test_no_folder);
        tcase_add_test(opening, test_garbage_is_damaged);
        tcase_add_test(opening, test_truncated_is_damaged);
        tcase_add_test(opening, test_overwritten_page_is_damaged);
        tcase_add_test(opening, test_another_programs_database_is_refused);
        tcase_add_test(opening, test_newer_is_told_and_left_alone);
        tcase_add_loop_test(opening, test_migration_from_every_older_version, 0,
                            (int)ELEMENTSOF(new_version) + 1);
        tcase_add_test(opening, test_version_1_becomes_version_2);
        tcase_add_loop_test(opening, test_version_2_guards_evidence, 0, (int)ELEMENTSOF(guarded));
        tcase_add_loop_test(opening, test_older_versions_become_version_3, 1, 3);
        tcase_add_loop_test(opening, test_older_versions_take_explanations, 2, 8);
        tcase_add_loop_test(opening, test_older_versions_take_cases, 1, (int)catalogue_schema_versions + 1);
        tcase_add_loop_test(opening, test_reports_are_answered_by_indexes, 1,
                            (int)catalogue_schema_versions + 1);
        tcase_add_loop_test(opening, test_version_3_guards_duties, 0, (int)ELEMENTSOF(guarded_duties));
        tcase_add_loop_test(opening, test_version_8_guards_checkouts, 0,
                            (int)ELEMENTSOF(guarded_undockings));
        tcase_add_loop_test(opening, test_older_versions_know_nothing_of_clocks, 1, 5);
        tcase_add_loop_test(opening, test_failed_migration_leaves_the_old_database, 0,
                            (int)ELEMENTSOF(failures));
        tcase_add_checked_fixture(use, setup, teardown);
        tcase_add_test(use, test_rollback_undoes_and_commit_lasts);
        tcase_add_test(use, test_alert_is_raised_once_counted_and_cleared);
        suite_add_tcase(s, opening);
        suite_add_tcase(s, use);
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
