// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is filed stays: every function of the store's library that comes near footage (the "tried" ones of
 * tests/sources/store-functions.txt) is turned against one, with arguments that nobody honest would give.
 * After each the footage has its name, its bytes and its mode.
 */
#include "store/store.h"
#include "base/cleanup.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FINAL "store/unit/recorder/officer/2026-11-01/a.mp4"
#define BYTES "bytes of evidence"

enum { DOCKING = 7, ITEM = 3, OTHER = 4 };

static struct store *store;
static struct stat filed;

static struct stat stat_of_footage(void)
{
        _cleanup_free_ char *path = scratch_path(FINAL);
        struct stat st;

        ck_assert_msg(lstat(path, &st) == 0, "the footage is gone");
        return st;
}

static void part_make(int64_t item, const char *text)
{
        _cleanup_close_ int fd = -EBADF;
        int64_t size;

        ck_assert_int_eq(store_part_open(store, DOCKING, item, -1, &fd, &size), STORE_OK);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int link_as(int64_t item, const char *path)
{
        struct store_batch *b;
        int r;

        ck_assert_int_eq(store_batch_new(store, &b), 0);
        r = store_batch_link(b, DOCKING, item, path, INSTANT_NONE);
        (void)store_batch_sync(b);
        store_batch_free(b);
        return r;
}

/* Footage whose part is gone, as after every filing. */
static void setup(void)
{
        const char *root = scratch_make();

        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
        part_make(ITEM, BYTES);
        ck_assert_int_eq(link_as(ITEM, FINAL), STORE_OK);
        ck_assert_int_eq(store_part_remove(store, DOCKING, ITEM), STORE_OK);
        filed = stat_of_footage();
        ck_assert_uint_eq(filed.st_nlink, 1);
}

static void assert_kept(void)
{
        _cleanup_free_ char *text = scratch_read(FINAL);
        struct stat st = stat_of_footage();

        ck_assert_str_eq(text, BYTES);
        ck_assert_uint_eq(st.st_ino, filed.st_ino);
        ck_assert_uint_eq(st.st_mode, filed.st_mode);
        ck_assert_uint_eq(st.st_mode & 07777, 0440);
        ck_assert_int_eq(st.st_size, (off_t)strlen(BYTES));
}

static void teardown(void)
{
        assert_kept();
        store_close(store);
        scratch_remove();
}

START_TEST(test_part_remove)
{
        ck_assert_int_eq(store_part_remove(store, DOCKING, ITEM), STORE_ABSENT);
        ck_assert_int_eq(store_part_remove(store, 0, 0), -EINVAL);
        ck_assert_int_eq(store_part_remove(store, -1, ITEM), -EINVAL);
}
END_TEST

/* The part is there again, linked as footage by somebody's hand. */
START_TEST(test_part_of_footage)
{
        _cleanup_free_ char *footage = scratch_path(FINAL), *part = scratch_path("incoming/7/3.part");
        _cleanup_free_ char *folder = scratch_path("incoming/7");
        int64_t size;
        int fd = -EBADF;

        (void)mkdir(folder, 0750);
        ck_assert_int_eq(link(footage, part), 0);
        ck_assert_int_eq(store_part_open(store, DOCKING, ITEM, 0, &fd, &size), -EPERM);
        ck_assert_int_eq(store_part_open(store, DOCKING, ITEM, -1, &fd, &size), -EPERM);
        assert_kept();
        ck_assert_int_eq(store_part_remove(store, DOCKING, ITEM), STORE_OK);
}
END_TEST

static int remove_each(void *userdata, int64_t docking, int64_t item, int64_t size, const char *path)
{
        return item > 0 ? store_part_remove(userdata, docking, item) : 0;
}

START_TEST(test_part_each)
{
        part_make(OTHER, "other");
        ck_assert_int_eq(store_part_each(store, remove_each, store), 0);
}
END_TEST

START_TEST(test_batch_link)
{
        part_make(OTHER, "other");
        ck_assert_int_eq(link_as(OTHER, FINAL), STORE_EXISTS);
        ck_assert_int_lt(link_as(OTHER, FINAL "/b.mp4"), 0);
        ck_assert_int_eq(link_as(ITEM, FINAL), STORE_ABSENT);
}
END_TEST

START_TEST(test_footage_open)
{
        static const bool direct[] = {false, true};

        for (size_t i = 0; i < ELEMENTSOF(direct); i++) {
                _cleanup_close_ int fd = -EBADF;

                ck_assert_int_eq(store_footage_open(store, FINAL, direct[i], &fd), STORE_OK);
                ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
                ck_assert_int_lt(write(fd, "x", 1), 0);
                ck_assert_int_lt(ftruncate(fd, 0), 0);
        }
}
END_TEST

/* A part of the same number, but other bytes: the footage is not the one it was linked as. */
START_TEST(test_unlink_interrupted)
{
        static const char *const paths[] = {FINAL, ("store/../" FINAL), "../store",         "/",
                                            "",    "store/unit",        "incoming/7/4.part"};

        ck_assert_int_eq(store_unlink_interrupted(store, DOCKING, ITEM, FINAL), -EPERM);
        part_make(ITEM, BYTES);
        part_make(OTHER, "other");
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                ck_assert_int_lt(store_unlink_interrupted(store, DOCKING, ITEM, paths[i]), 0);
                ck_assert_int_lt(store_unlink_interrupted(store, DOCKING, OTHER, paths[i]), 0);
                ck_assert_int_lt(store_unlink_interrupted(store, 0, 0, paths[i]), 0);
        }
}
END_TEST

/* A mending gives it another name at most, and none when there is nothing to put in its place. */
START_TEST(test_mend)
{
        struct store_mend_place place = {1, FINAL, "displaced/1/" FINAL, INSTANT_NONE};
        _cleanup_free_ char *footage = scratch_path(FINAL), *good = scratch_path("mending/1.good");

        ck_assert_int_eq(store_mend_place(store, &place), -ENOENT);
        scratch_write("mending/1.good", "");
        ck_assert_int_eq(unlink(good), 0);
        ck_assert_int_eq(link(footage, good), 0);
        ck_assert_int_eq(store_mend_place(store, &place), 0);
        assert_kept();
        ck_assert_int_eq(store_mend_remove(store, 1), 0);
        assert_kept();
        scratch_write("mending/1.good", "other");
        place.aside = FINAL;
        ck_assert_int_lt(store_mend_place(store, &place), 0);
}
END_TEST

START_TEST(test_open_again)
{
        _cleanup_free_ char *root = scratch_path("");

        store_close(store);
        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
        ck_assert_int_eq(store_protect(store, FINAL), 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("store_kept");
        TCase *t = tcase_create("kept");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_part_remove);
        tcase_add_test(t, test_part_of_footage);
        tcase_add_test(t, test_part_each);
        tcase_add_test(t, test_batch_link);
        tcase_add_test(t, test_footage_open);
        tcase_add_test(t, test_unlink_interrupted);
        tcase_add_test(t, test_mend);
        tcase_add_test(t, test_open_again);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
