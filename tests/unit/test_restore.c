// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Restores by the real code: onto an empty machine everything comes back as it was, onto any other nothing
 * is touched, and one that is cut off is gone on with.
 */
#include "backup_fixture.h"
#include "scratch.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#define IN_TARGET(path) "disk/recdock-backup/" path
#define NEW(path)       "new/root/" path

static char error[RESTORE_ERROR_MAX];

static void assert_text(const char *name, const char *wanted)
{
        _cleanup_free_ char *text = scratch_read(name);

        ck_assert_msg(text && strcmp(text, wanted) == 0, "'%s' is '%s', not '%s'", name, text ? text : "-",
                      wanted);
}

static void furnish(void)
{
        backup_fixture_open();
        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_file("b.mp4", "second");
        (void)backup_fixture_file("c.mp4", "third");
}

static void assert_refused(const char *why)
{
        ck_assert_msg(strstr(error, why), "'%s' does not say '%s'", error, why);
        ck_assert(!backup_fixture_exists(NEW("store")));
        ck_assert(!backup_fixture_exists(NEW(".recdock-restore")));
}

/* Rows of a table in both catalogues, as one text. */
static char *table_text(const char *path, const char *sql)
{
        sqlite3 *db = NULL;
        sqlite3_stmt *s = NULL;
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
        while (sqlite3_step(s) == SQLITE_ROW) {
                for (int i = 0; i < sqlite3_column_count(s); i++)
                        (void)fprintf(f, "%.*s|", sqlite3_column_bytes(s, i),
                                      (const char *)sqlite3_column_text(s, i));
                (void)fputc('\n', f);
        }
        (void)sqlite3_finalize(s);
        ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
        (void)fclose(f);
        return text;
}

static void assert_same_table(const char *sql)
{
        _cleanup_free_ char *before = scratch_path("catalogue.db"),
                            *after = scratch_path("new/catalogue.sqlite"), *a = table_text(before, sql),
                            *b = table_text(after, sql);

        ck_assert_msg(strlen(a) > 0, "no rows: %s", sql);
        ck_assert_str_eq(a, b);
}

START_TEST(test_everything_comes_back_as_it_was)
{
        _cleanup_free_ char *marker = NULL, *again = NULL, *old = NULL, *path = NULL;
        struct store *store = NULL;
        struct stat a, b;

        (void)backup_fixture_good();
        ck_assert_msg(backup_fixture_restore(NULL, false, error) == RESTORE_DONE, "%s", error);
        assert_text(NEW(BACKUP_FOOTAGE("a.mp4")), "first");
        assert_text(NEW(BACKUP_FOOTAGE("b.mp4")), "second");
        assert_text(NEW(BACKUP_FOOTAGE("c.mp4")), "third");
        old = scratch_path("root/" BACKUP_FOOTAGE("a.mp4"));
        path = scratch_path(NEW(BACKUP_FOOTAGE("a.mp4")));
        ck_assert_int_eq(stat(old, &a), 0);
        ck_assert_int_eq(stat(path, &b), 0);
        ck_assert_uint_eq(b.st_mode & 07777, 0440);
        ck_assert_int_eq(a.st_mtim.tv_sec, b.st_mtim.tv_sec);
        assert_same_table("SELECT * FROM footage ORDER BY id");
        assert_same_table("SELECT * FROM item ORDER BY id");
        assert_same_table("SELECT * FROM ledger WHERE act NOT LIKE 'backup.done'"
                          " AND act <> 'catalogue.restored' ORDER BY sequence");
        marker = scratch_read("root/.recdock-store");
        again = scratch_read(NEW(".recdock-store"));
        ck_assert_str_eq(marker, again);
        ck_assert(!backup_fixture_exists(NEW(".recdock-restore")));
        free(path);
        path = scratch_path("new/root");
        ck_assert_int_eq(store_open(&store, path, BACKUP_STATION, false), STORE_OK);
        store_close(store);
}
END_TEST

START_TEST(test_the_act_is_in_the_ledger_and_the_chain_holds)
{
        _cleanup_free_ char *path = scratch_path("new/catalogue.sqlite"), *text = NULL;
        struct catalogue *c = NULL;
        int64_t bad, count;

        (void)backup_fixture_good();
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_DONE);
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &count), CATALOGUE_OK);
        catalogue_close(c);
        text = table_text(path, "SELECT count(*) FROM ledger WHERE act = 'catalogue.restored'");
        ck_assert_str_eq(text, "1|\n");
}
END_TEST

START_TEST(test_an_older_generation_comes_back_by_its_name)
{
        struct backup_row old = backup_fixture_good();

        (void)backup_fixture_file("d.mp4", "fourth");
        (void)backup_fixture_good();
        ck_assert_int_eq(backup_fixture_restore(old.generation, false, error), RESTORE_DONE);
        ck_assert(backup_fixture_exists(NEW(BACKUP_FOOTAGE("c.mp4"))));
        ck_assert(!backup_fixture_exists(NEW(BACKUP_FOOTAGE("d.mp4"))));
}
END_TEST

START_TEST(test_the_newest_is_told_by_the_ledger_and_not_by_its_name)
{
        _cleanup_free_ char *database = NULL, *earlier = NULL, *manifest = NULL, *moved = NULL;
        struct backup_row row;
        char name[128];

        (void)backup_fixture_good();
        (void)backup_fixture_file("d.mp4", "fourth");
        row = backup_fixture_good();
        (void)snprintf(name, sizeof(name), IN_TARGET("catalogue-%s.sqlite"), row.generation);
        database = scratch_path(name);
        (void)snprintf(name, sizeof(name), IN_TARGET("catalogue-%s.manifest"), row.generation);
        manifest = scratch_path(name);
        /* As if the station's clock had been set back. */
        earlier = scratch_path(IN_TARGET("catalogue-19700101T000000Z.sqlite"));
        moved = scratch_path(IN_TARGET("catalogue-19700101T000000Z.manifest"));
        ck_assert_int_eq(rename(database, earlier), 0);
        ck_assert_int_eq(rename(manifest, moved), 0);
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_DONE);
        ck_assert(backup_fixture_exists(NEW(BACKUP_FOOTAGE("d.mp4"))));
}
END_TEST

/* --- refusals --- */

START_TEST(test_a_machine_with_a_catalogue_is_left_alone)
{
        (void)backup_fixture_good();
        scratch_write("new/catalogue.sqlite", "not to be touched");
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_REFUSED);
        assert_refused("there is a catalogue");
        assert_text("new/catalogue.sqlite", "not to be touched");
}
END_TEST

START_TEST(test_a_store_with_footage_is_left_alone)
{
        (void)backup_fixture_good();
        scratch_write(NEW("store/u/r/o/d/x.mp4"), "not to be touched");
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_REFUSED);
        ck_assert_ptr_nonnull(strstr(error, "there is footage"));
        ck_assert(!backup_fixture_exists(NEW(".recdock-restore")));
        ck_assert(!backup_fixture_exists("new/catalogue.sqlite"));
}
END_TEST

START_TEST(test_parts_are_footage_to_be)
{
        (void)backup_fixture_good();
        scratch_write(NEW("incoming/1/1.part"), "half a recording");
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_REFUSED);
        assert_refused("there is footage");
}
END_TEST

START_TEST(test_no_backup_no_generation_no_restore)
{
        _cleanup_free_ char *disk = scratch_path("disk"), *away = scratch_path("away");

        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_REFUSED);
        assert_refused("no generation");
        (void)backup_fixture_good();
        ck_assert_int_eq(backup_fixture_restore("20010101T000000Z", false, error), RESTORE_REFUSED);
        assert_refused("20010101T000000Z");
        ck_assert_int_eq(backup_fixture_restore("../../etc", false, error), RESTORE_REFUSED);
        assert_refused("../../etc");
        ck_assert_int_eq(rename(disk, away), 0);
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_REFUSED);
        assert_refused("is its disk mounted?");
}
END_TEST

START_TEST(test_a_damaged_generation_is_refused)
{
        struct backup_row row = backup_fixture_good();
        char name[128];

        (void)snprintf(name, sizeof(name), IN_TARGET("catalogue-%s.sqlite"), row.generation);
        backup_fixture_flip(name);
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_REFUSED);
        assert_refused("is damaged");
}
END_TEST

/* The database is another whole one, but not that of the manifest. */
START_TEST(test_another_database_under_the_name_is_refused)
{
        _cleanup_free_ char *from = NULL, *to = NULL;
        struct backup_row old = backup_fixture_good(), row;
        char name[128];

        (void)backup_fixture_file("d.mp4", "fourth");
        row = backup_fixture_good();
        (void)snprintf(name, sizeof(name), IN_TARGET("catalogue-%s.sqlite"), old.generation);
        from = scratch_path(name);
        (void)snprintf(name, sizeof(name), IN_TARGET("catalogue-%s.sqlite"), row.generation);
        to = scratch_path(name);
        ck_assert_int_eq(rename(from, to), 0);
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_REFUSED);
        assert_refused("digest");
}
END_TEST

START_TEST(test_a_missing_file_is_refused_unless_it_is_to_be_without)
{
        (void)backup_fixture_good();
        backup_fixture_remove(IN_TARGET(BACKUP_FOOTAGE("b.mp4")));
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_REFUSED);
        assert_refused("footage 2 the first");
        ck_assert_int_eq(backup_fixture_restore(NULL, true, error), RESTORE_INCOMPLETE);
        assert_text(NEW(BACKUP_FOOTAGE("a.mp4")), "first");
        assert_text(NEW(BACKUP_FOOTAGE("c.mp4")), "third");
        ck_assert(!backup_fixture_exists(NEW(BACKUP_FOOTAGE("b.mp4"))));
        assert_same_table("SELECT * FROM footage ORDER BY id");
}
END_TEST

START_TEST(test_a_generation_that_lacks_files_is_not_taken_unasked)
{
        struct backup_row whole = backup_fixture_good();
        struct backup_order order = backup_fixture_order();

        (void)backup_fixture_file("d.mp4", "fourth");
        backup_fixture_remove("root/" BACKUP_FOOTAGE("d.mp4"));
        ck_assert_int_eq(backup_fixture_run(&order).outcome, BACKUP_INCOMPLETE);
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_DONE);
        ck_assert_str_ne(whole.generation, "");
        ck_assert_int_eq(fixture_ask("SELECT max(id) FROM footage"), 4);
        assert_same_table("SELECT * FROM footage WHERE id < 4 ORDER BY id");
}
END_TEST

/* Found only when it is copied: nothing that is not as it was filed gets into the store. */
START_TEST(test_a_flipped_bit_is_not_restored)
{
        (void)backup_fixture_good();
        backup_fixture_flip(IN_TARGET(BACKUP_FOOTAGE("b.mp4")));
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_FAILED);
        ck_assert_ptr_nonnull(strstr(error, "mismatch"));
        ck_assert(!backup_fixture_exists(NEW(BACKUP_FOOTAGE("b.mp4"))));
        ck_assert(!backup_fixture_exists("new/catalogue.sqlite"));
        ck_assert(backup_fixture_exists(NEW(".recdock-restore")));
        ck_assert_int_eq(backup_fixture_restore(NULL, true, error), RESTORE_INCOMPLETE);
        ck_assert(!backup_fixture_exists(NEW(BACKUP_FOOTAGE("b.mp4"))));
        ck_assert(backup_fixture_exists("new/catalogue.sqlite"));
}
END_TEST

/* --- cut off --- */

static const char *const points[] = {"copy-written",   "copy-named",        "restore-file",
                                     "restore-file:2", "restore-catalogue", "restore-file:3"};

START_TEST(test_a_restore_that_was_cut_off_is_gone_on_with)
{
        _cleanup_free_ char *root = scratch_path("new/root");

        if (!RECDOCK_INJECTION)
                return;
        (void)backup_fixture_good();
        backup_fixture_restore_crash(points[_i]);
        ck_assert(restore_is_pending(root));
        ck_assert_msg(backup_fixture_restore(NULL, false, error) == RESTORE_DONE, "%s", error);
        ck_assert(!restore_is_pending(root));
        assert_text(NEW(BACKUP_FOOTAGE("a.mp4")), "first");
        assert_text(NEW(BACKUP_FOOTAGE("c.mp4")), "third");
        assert_same_table("SELECT * FROM footage ORDER BY id");
}
END_TEST

START_TEST(test_two_restores_are_not_mixed)
{
        struct backup_row old = backup_fixture_good();

        if (!RECDOCK_INJECTION)
                return;
        (void)backup_fixture_file("d.mp4", "fourth");
        (void)backup_fixture_good();
        backup_fixture_restore_crash("restore-file:2");
        ck_assert_int_eq(backup_fixture_restore(old.generation, false, error), RESTORE_REFUSED);
        ck_assert_ptr_nonnull(strstr(error, "something else"));
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_DONE);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("restore");
        TCase *t = tcase_create("restore");
        SRunner *r = srunner_create(s);
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, furnish, backup_fixture_close);
        tcase_add_test(t, test_everything_comes_back_as_it_was);
        tcase_add_test(t, test_the_act_is_in_the_ledger_and_the_chain_holds);
        tcase_add_test(t, test_an_older_generation_comes_back_by_its_name);
        tcase_add_test(t, test_the_newest_is_told_by_the_ledger_and_not_by_its_name);
        tcase_add_test(t, test_a_machine_with_a_catalogue_is_left_alone);
        tcase_add_test(t, test_a_store_with_footage_is_left_alone);
        tcase_add_test(t, test_parts_are_footage_to_be);
        tcase_add_test(t, test_no_backup_no_generation_no_restore);
        tcase_add_test(t, test_a_damaged_generation_is_refused);
        tcase_add_test(t, test_another_database_under_the_name_is_refused);
        tcase_add_test(t, test_a_missing_file_is_refused_unless_it_is_to_be_without);
        tcase_add_test(t, test_a_generation_that_lacks_files_is_not_taken_unasked);
        tcase_add_test(t, test_a_flipped_bit_is_not_restored);
        tcase_add_loop_test(t, test_a_restore_that_was_cut_off_is_gone_on_with, 0, (int)ELEMENTSOF(points));
        tcase_add_test(t, test_two_restores_are_not_mixed);
        suite_add_tcase(s, t);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
