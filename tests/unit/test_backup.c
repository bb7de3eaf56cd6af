// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Backups by the real code on real folders: what is copied, what is not copied again, what a target has to
 * be, and what is left of a run that is cut off at any point.
 */
#include "backup/backup_verify.h"
#include "backup_fixture.h"
#include "catalogue/query.h"
#include "scratch.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define IN_TARGET(path) "disk/recdock-backup/" path

static struct backup_order order;

static void setup(void)
{
        backup_fixture_open();
        order = backup_fixture_order();
}

static void assert_text(const char *name, const char *wanted)
{
        _cleanup_free_ char *text = scratch_read(name);

        ck_assert_msg(text && strcmp(text, wanted) == 0, "'%s' is '%s', not '%s'", name, text ? text : "-",
                      wanted);
}

static void assert_failed(const struct backup_row *row, const char *why)
{
        ck_assert_int_eq(row->outcome, BACKUP_FAILED);
        ck_assert_str_eq(row->generation, "");
        ck_assert_msg(strstr(row->error, why), "'%s' does not say '%s'", row->error, why);
}

/* Names in a folder of the target that end so. */
static int count_files(const char *folder, const char *ending)
{
        _cleanup_free_ char *path = scratch_path(folder);
        _cleanup_(closedirp) DIR *dir = opendir(path);
        const struct dirent *e;
        int n = 0;

        while (dir && (e = readdir(dir))) {
                size_t have = strlen(e->d_name), wanted = strlen(ending);

                n += e->d_name[0] != '.' && have >= wanted && strcmp(e->d_name + have - wanted, ending) == 0;
        }
        return n;
}

static int generations(void)
{
        return count_files(IN_TARGET(""), ".manifest");
}

START_TEST(test_all_is_copied_then_only_what_is_new)
{
        struct backup_row row;
        int64_t inode;

        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_file("b.mp4", "second");
        row = backup_fixture_good();
        ck_assert_int_eq(row.copied, 2);
        ck_assert_int_eq(row.bytes, 11);
        ck_assert_int_eq(row.footage, 2);
        assert_text(IN_TARGET(BACKUP_FOOTAGE("a.mp4")), "first");
        inode = backup_fixture_inode(IN_TARGET(BACKUP_FOOTAGE("a.mp4")));
        (void)backup_fixture_file("c.mp4", "third");
        row = backup_fixture_good();
        ck_assert_int_eq(row.copied, 1);
        ck_assert_int_eq(row.footage, 3);
        assert_text(IN_TARGET(BACKUP_FOOTAGE("c.mp4")), "third");
        ck_assert_int_eq(backup_fixture_inode(IN_TARGET(BACKUP_FOOTAGE("a.mp4"))), inode);
        /* What was copied before is not even looked at: that would be a walk of a million files. */
        backup_fixture_flip(IN_TARGET(BACKUP_FOOTAGE("a.mp4")));
        row = backup_fixture_good();
        ck_assert_int_eq(row.copied, 0);
        ck_assert_int_eq(row.displaced, 0);
        ck_assert_int_eq(generations(), 3);
        ck_assert_int_eq(count_files(IN_TARGET("incoming"), ""), 0);
        ck_assert(!backup_fixture_exists(IN_TARGET("catalogue.part")));
}
END_TEST

START_TEST(test_a_copy_has_mode_and_time_of_the_original)
{
        _cleanup_free_ char *from = scratch_path("root/" BACKUP_FOOTAGE("a.mp4")),
                            *to = scratch_path(IN_TARGET(BACKUP_FOOTAGE("a.mp4")));
        struct stat a, b;

        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_good();
        ck_assert_int_eq(stat(from, &a), 0);
        ck_assert_int_eq(stat(to, &b), 0);
        ck_assert_uint_eq(b.st_mode & 07777, 0440);
        ck_assert_int_eq(a.st_mtim.tv_sec, b.st_mtim.tv_sec);
        ck_assert_int_eq(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
}
END_TEST

/* --- what a target has to be --- */

START_TEST(test_an_unmounted_disk_is_not_filled)
{
        _cleanup_free_ char *away = scratch_path("away"), *disk = scratch_path("disk");
        struct backup_row row;

        (void)backup_fixture_file("a.mp4", "first");
        ck_assert_int_eq(rename(disk, away), 0);
        ck_assert_int_eq(mkdir(disk, 0750), 0);
        row = backup_fixture_run(&order);
        assert_failed(&row, "is its disk mounted?");
        ck_assert_int_eq(row.target, 0);
        ck_assert_int_eq(count_files("disk", ""), 0);
        ck_assert_int_eq(rmdir(disk), 0);
        row = backup_fixture_run(&order);
        assert_failed(&row, "is its disk mounted?");
}
END_TEST

START_TEST(test_another_disk_at_the_same_path_is_refused)
{
        _cleanup_free_ char *away = scratch_path("away"), *disk = scratch_path("disk");
        char uuid[MARKER_UUID_SIZE];
        struct backup_row row;

        (void)backup_fixture_file("a.mp4", "first");
        ck_assert_int_eq(rename(disk, away), 0);
        ck_assert_int_eq(mkdir(disk, 0750), 0);
        ck_assert_int_eq(target_init(disk, BACKUP_STATION, uuid), TARGET_OK);
        row = backup_fixture_run(&order);
        assert_failed(&row, uuid);
        ck_assert_int_eq(count_files(IN_TARGET(""), ""), 0);
}
END_TEST

START_TEST(test_a_target_of_another_station_is_refused)
{
        struct backup_row row;

        (void)backup_fixture_file("a.mp4", "first");
        order.station = "4101-08";
        row = backup_fixture_run(&order);
        assert_failed(&row, "another station");
        ck_assert_int_eq(count_files(IN_TARGET(""), ""), 0);
}
END_TEST

START_TEST(test_the_same_disk_is_refused)
{
        struct backup_row row;

        (void)backup_fixture_file("a.mp4", "first");
        order.allow_same_disk = false;
        row = backup_fixture_run(&order);
        assert_failed(&row, "AllowSameDisk=yes");
        ck_assert_int_eq(count_files(IN_TARGET(""), ""), 0);
}
END_TEST

START_TEST(test_a_target_is_made_in_an_empty_folder_only)
{
        _cleanup_free_ char *disk = scratch_path("disk"), *other = scratch_path("other"),
                            *none = scratch_path("none");
        char uuid[MARKER_UUID_SIZE], again[MARKER_UUID_SIZE];

        ck_assert_int_eq(target_init(none, BACKUP_STATION, uuid), TARGET_ABSENT);
        scratch_write("other/recdock-backup/precious", "x");
        ck_assert_int_eq(target_init(other, BACKUP_STATION, uuid), -ENOTEMPTY);
        ck_assert_int_eq(count_files("other/recdock-backup", ""), 1);
        ck_assert_int_eq(target_init(disk, "4101-08", uuid), TARGET_FOREIGN);
        /* As long as nothing is in it, it is the same one. */
        ck_assert_int_eq(target_init(disk, BACKUP_STATION, uuid), TARGET_OK);
        (void)backup_fixture_good();
        ck_assert_int_eq(target_init(disk, BACKUP_STATION, again), TARGET_TAKEN);
        ck_assert_str_eq(again, uuid);
}
END_TEST

/* Too little for the catalogue, and too little for the footage. */
static const rlim_t rooms[] = {4096, 2 << 20};

START_TEST(test_a_full_target_fails_and_the_last_generation_stays)
{
        enum { BIG = 3 << 20 };
        _cleanup_free_ char *big = malloc(BIG);
        struct rlimit before;
        struct backup_row row;

        memset(big, 'x', BIG - 1);
        big[BIG - 1] = '\0';
        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_good();
        (void)backup_fixture_file("big.mp4", big);
        (void)signal(SIGXFSZ, SIG_IGN);
        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){rooms[_i], before.rlim_max}), 0);
        ck_assert_int_eq(backup_run(&order, &row), 0);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_failed(&row, "is full");
        ck_assert_int_eq(generations(), 1);
        row = backup_fixture_good();
        ck_assert_int_eq(row.copied, 1);
        ck_assert(!backup_fixture_exists(IN_TARGET("catalogue.part")));
}
END_TEST

/* --- what the store or the target does not have --- */

START_TEST(test_what_the_store_lacks_holds_up_nothing_else)
{
        _cleanup_free_ char *path = scratch_path("root/" BACKUP_FOOTAGE("b.mp4")),
                            *away = scratch_path("away");
        struct backup_row row;
        int64_t lost;

        (void)backup_fixture_file("a.mp4", "first");
        lost = backup_fixture_file("b.mp4", "second");
        (void)backup_fixture_file("c.mp4", "third");
        ck_assert_int_eq(rename(path, away), 0);
        row = backup_fixture_run(&order);
        ck_assert_int_eq(row.outcome, BACKUP_INCOMPLETE);
        ck_assert_int_eq(row.lacking, 1);
        ck_assert_int_eq(row.copied, 2);
        ck_assert_ptr_nonnull(strstr(row.error, "missing"));
        ck_assert_int_eq(fixture_ask("SELECT footage FROM backup_lacking"), lost);
        assert_text(IN_TARGET(BACKUP_FOOTAGE("c.mp4")), "third");
        /* It comes back, and with the next run into the backup. */
        ck_assert_int_eq(rename(away, path), 0);
        row = backup_fixture_good();
        ck_assert_int_eq(row.copied, 1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM backup_lacking"), 0);
        assert_text(IN_TARGET(BACKUP_FOOTAGE("b.mp4")), "second");
}
END_TEST

START_TEST(test_what_changed_in_the_store_is_not_copied)
{
        struct backup_row row;

        (void)backup_fixture_file("a.mp4", "first");
        backup_fixture_flip("root/" BACKUP_FOOTAGE("a.mp4"));
        row = backup_fixture_run(&order);
        ck_assert_int_eq(row.outcome, BACKUP_INCOMPLETE);
        ck_assert_ptr_nonnull(strstr(row.error, "mismatch"));
        ck_assert(!backup_fixture_exists(IN_TARGET(BACKUP_FOOTAGE("a.mp4"))));
        ck_assert_int_eq(count_files(IN_TARGET("incoming"), ""), 0);
}
END_TEST

struct verified {
        int good, bad;
        char result[32];
        bool generation_bad;
};

static int on_verified(void *userdata, const struct footage_file *f, const char *result,
                       const struct digest_values *found, int64_t size)
{
        struct verified *v = userdata;

        if (strcmp(result, "ok") == 0)
                v->good++;
        else {
                v->bad++;
                (void)snprintf(v->result, sizeof(v->result), "%s", result);
        }
        return 0;
}

static int on_generation(void *userdata, const char *name, const char *error)
{
        struct verified *v = userdata;

        v->generation_bad = error != NULL;
        return 0;
}

static struct verified verify(void)
{
        struct verified v = {0};
        const struct backup_verify call = {.path = order.path,
                                           .station = order.station,
                                           .catalogue = backup_catalogue,
                                           .on_file = on_verified,
                                           .on_generation = on_generation,
                                           .userdata = &v};
        char error[BACKUP_ERROR_MAX] = "";

        ck_assert_msg(backup_verify_run(&call, error) == 0, "%s", error);
        return v;
}

START_TEST(test_a_flipped_bit_is_found_and_the_file_made_anew)
{
        struct backup_row row;
        struct verified v;
        char aside[256];

        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_file("b.mp4", "second");
        (void)backup_fixture_good();
        v = verify();
        ck_assert_int_eq(v.good, 2);
        ck_assert_int_eq(v.bad, 0);
        ck_assert(!v.generation_bad);
        backup_fixture_flip(IN_TARGET(BACKUP_FOOTAGE("b.mp4")));
        v = verify();
        ck_assert_int_eq(v.good, 1);
        ck_assert_str_eq(v.result, "mismatch");
        order.full_check = true;
        row = backup_fixture_run(&order);
        ck_assert_int_eq(row.outcome, BACKUP_GOOD);
        ck_assert_int_eq(row.displaced, 1);
        ck_assert_int_eq(row.copied, 1);
        assert_text(IN_TARGET(BACKUP_FOOTAGE("b.mp4")), "second");
        (void)snprintf(aside, sizeof(aside), IN_TARGET("displaced/%s/" BACKUP_FOOTAGE("b.mp4")),
                       row.generation);
        ck_assert(backup_fixture_exists(aside));
        ck_assert_int_eq(verify().bad, 0);
}
END_TEST

START_TEST(test_a_damaged_generation_is_found)
{
        struct backup_row row;
        char name[128];

        (void)backup_fixture_file("a.mp4", "first");
        row = backup_fixture_good();
        (void)snprintf(name, sizeof(name), IN_TARGET("catalogue-%s.sqlite"), row.generation);
        backup_fixture_flip(name);
        ck_assert(verify().generation_bad);
}
END_TEST

START_TEST(test_a_target_that_lost_files_is_read_as_a_whole)
{
        struct backup_row row;
        struct verified v;

        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_file("b.mp4", "second");
        (void)backup_fixture_good();
        backup_fixture_remove(IN_TARGET(BACKUP_FOOTAGE("a.mp4")));
        v = verify();
        ck_assert_str_eq(v.result, "missing");
        row = backup_fixture_good();
        ck_assert(row.full_check);
        ck_assert_int_eq(row.copied, 1);
        assert_text(IN_TARGET(BACKUP_FOOTAGE("a.mp4")), "first");
}
END_TEST

START_TEST(test_old_generations_go_but_the_last_whole_one)
{
        struct backup_row whole, row;
        char name[128];

        order.keep = 2;
        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_run(&order);
        whole = backup_fixture_run(&order);
        (void)backup_fixture_file("b.mp4", "second");
        backup_fixture_remove("root/" BACKUP_FOOTAGE("b.mp4"));
        for (int i = 0; i < 3; i++) {
                row = backup_fixture_run(&order);
                ck_assert_int_eq(row.outcome, BACKUP_INCOMPLETE);
        }
        ck_assert_int_eq(generations(), 3);
        ck_assert_int_eq(count_files(IN_TARGET(""), ".sqlite"), 3);
        (void)snprintf(name, sizeof(name), IN_TARGET("catalogue-%s.sqlite"), whole.generation);
        ck_assert(backup_fixture_exists(name));
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM backup WHERE kept"), 3);
}
END_TEST

/* --- while the station works --- */

static int on_row(void *userdata, const char *json)
{
        char *rows = userdata;

        (void)strncat(rows, json, 4000 - strlen(rows));
        return 0;
}

START_TEST(test_backups_are_listed_by_outcome)
{
        const struct query_filter filter = {"outcome", "good"};
        struct query *q = NULL;
        char *error = NULL, rows[4096] = "";

        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_good();
        order.station = "4101-08";
        (void)backup_fixture_run(&order);
        ck_assert_int_eq(query_new("backup", &filter, 1, FIXTURE_NOW, &q, &error), 0);
        ck_assert_int_eq(query_run(backup_catalogue, q, on_row, rows), 0);
        query_free(q);
        ck_assert_ptr_nonnull(strstr(rows, "\"id\":1,"));
        ck_assert_ptr_nonnull(strstr(rows, "\"outcome\":\"good\",\"generation\":\"2026"));
        ck_assert_ptr_nonnull(
                        strstr(rows, "\"kept\":true,\"full_check\":false,\"footage\":1,\"copied\":1,"));
        ck_assert_ptr_null(strstr(rows, "failed"));
}
END_TEST

struct writing {
        int pieces;
        int64_t last;
};

/* The writer goes on between two steps of the copy, and is not held up. */
static int write_a_row(void *userdata, uint64_t bytes)
{
        struct writing *w = userdata;
        char name[64];

        if (bytes == 0 || w->pieces++ >= 3)
                return 0;
        (void)snprintf(name, sizeof(name), "meanwhile%d.mp4", w->pieces);
        w->last = backup_fixture_file(name, "meanwhile");
        return 0;
}

START_TEST(test_the_catalogue_is_copied_while_rows_are_written)
{
        struct writing w = {0};
        struct backup_row row;
        char error[RESTORE_ERROR_MAX];

        (void)backup_fixture_file("a.mp4", "first");
        fixture_begin(backup_catalogue);
        for (int i = 0; i < 8000; i++) /* some megabytes, so that there are steps */
                ck_assert_int_eq(catalogue_ledger(backup_catalogue, FIXTURE_ACTOR, "test.filler", "nothing",
                                                  "{\"text\":\"0123456789012345678901234567890123456789\"}"),
                                 0);
        fixture_commit(backup_catalogue);
        order.pace = (struct pace){write_a_row, &w};
        row = backup_fixture_run(&order);
        ck_assert_msg(row.outcome == BACKUP_GOOD, "%s", row.error);
        ck_assert_int_ge(w.pieces, 3);
        ck_assert_int_eq(row.footage, 1);
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_DONE);
        /* What came meanwhile comes with the next one. */
        order.pace = (struct pace){NULL, NULL};
        row = backup_fixture_run(&order);
        ck_assert_int_eq(row.copied, 3);
}
END_TEST

static int stop_at_the_third(void *userdata, uint64_t bytes)
{
        int *n = userdata;

        return bytes > 0 && bytes < 1000 && ++*n == 3 ? -ECANCELED : 0;
}

START_TEST(test_a_stopped_run_is_gone_on_with)
{
        struct backup_row row;
        int n = 0;

        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_file("b.mp4", "second");
        order.pace = (struct pace){stop_at_the_third, &n};
        ck_assert_int_eq(backup_run(&order, &row), -ECANCELED);
        ck_assert_int_eq(generations(), 0);
        ck_assert(backup_fixture_exists(IN_TARGET(BACKUP_FOOTAGE("a.mp4"))));
        row = backup_fixture_good();
        ck_assert_int_eq(row.copied, 1);
}
END_TEST

static const char *const points[] = {"backup-snapshot", "copy-written",  "copy-written:2", "copy-named",
                                     "backup-file",     "backup-file:2", "backup-database"};

START_TEST(test_a_crash_at_any_point_costs_a_generation_only)
{
        char error[RESTORE_ERROR_MAX];
        struct backup_row row;

        if (!RECDOCK_INJECTION)
                return;
        (void)backup_fixture_file("a.mp4", "first");
        (void)backup_fixture_good();
        (void)backup_fixture_file("b.mp4", "second");
        (void)backup_fixture_file("c.mp4", "third");
        backup_fixture_crash(points[_i]);
        ck_assert_int_eq(generations(), 1); /* a manifest makes one, and it comes last */
        row = backup_fixture_good();
        ck_assert_int_eq(row.footage, 3);
        ck_assert_int_eq(generations(), 2);
        ck_assert_int_eq(count_files(IN_TARGET("incoming"), ""), 0);
        ck_assert(!backup_fixture_exists(IN_TARGET("catalogue.part")));
        ck_assert_int_eq(verify().bad, 0);
        ck_assert_int_eq(backup_fixture_restore(NULL, false, error), RESTORE_DONE);
        assert_text("new/root/" BACKUP_FOOTAGE("c.mp4"), "third");
}
END_TEST

/* After a restore of an older generation numbers and names come again, for other recordings. */
START_TEST(test_a_name_that_is_taken_by_other_bytes_is_displaced)
{
        struct backup_row row;
        char aside[256];

        scratch_write(IN_TARGET(BACKUP_FOOTAGE("a.mp4")), "of a time that was lost");
        (void)backup_fixture_file("a.mp4", "first");
        row = backup_fixture_good();
        ck_assert_int_eq(row.displaced, 1);
        assert_text(IN_TARGET(BACKUP_FOOTAGE("a.mp4")), "first");
        (void)snprintf(aside, sizeof(aside), IN_TARGET("displaced/%s/" BACKUP_FOOTAGE("a.mp4")),
                       row.generation);
        assert_text(aside, "of a time that was lost");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("backup");
        TCase *t = tcase_create("backup");
        SRunner *r = srunner_create(s);
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, backup_fixture_close);
        tcase_add_test(t, test_all_is_copied_then_only_what_is_new);
        tcase_add_test(t, test_a_copy_has_mode_and_time_of_the_original);
        tcase_add_test(t, test_an_unmounted_disk_is_not_filled);
        tcase_add_test(t, test_another_disk_at_the_same_path_is_refused);
        tcase_add_test(t, test_a_target_of_another_station_is_refused);
        tcase_add_test(t, test_the_same_disk_is_refused);
        tcase_add_test(t, test_a_target_is_made_in_an_empty_folder_only);
        tcase_add_loop_test(t, test_a_full_target_fails_and_the_last_generation_stays, 0,
                            (int)ELEMENTSOF(rooms));
        tcase_add_test(t, test_what_the_store_lacks_holds_up_nothing_else);
        tcase_add_test(t, test_what_changed_in_the_store_is_not_copied);
        tcase_add_test(t, test_a_flipped_bit_is_found_and_the_file_made_anew);
        tcase_add_test(t, test_a_damaged_generation_is_found);
        tcase_add_test(t, test_a_target_that_lost_files_is_read_as_a_whole);
        tcase_add_test(t, test_old_generations_go_but_the_last_whole_one);
        tcase_add_test(t, test_backups_are_listed_by_outcome);
        tcase_add_test(t, test_the_catalogue_is_copied_while_rows_are_written);
        tcase_add_test(t, test_a_stopped_run_is_gone_on_with);
        tcase_add_loop_test(t, test_a_crash_at_any_point_costs_a_generation_only, 0,
                            (int)ELEMENTSOF(points));
        tcase_add_test(t, test_a_name_that_is_taken_by_other_bytes_is_displaced);
        suite_add_tcase(s, t);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
