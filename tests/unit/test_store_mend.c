// SPDX-License-Identifier: LGPL-2.1-or-later
/* Good copies in place of bad footage, step by step; crashes at the steps and what recdockd makes of them
 * are for tests/integration/test_mend.py. */
#include "store/store.h"
#include "base/cleanup.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FINAL "store/unit/recorder/officer/2026-11-01/a.mp4"
#define ASIDE "displaced/20261101T000000Z/" FINAL
#define GOOD  "bytes of evidence"
#define BAD   "bytes of evidencf"

enum { FOOTAGE = 3 };

static struct store *store;
static struct digest_values digests;
static struct copy_found found;
static const struct store_mend_place place = {FOOTAGE, FINAL, ASIDE, 1000 * USEC_PER_SEC};

static void setup(void)
{
        ck_assert_int_eq(store_open(&store, scratch_make(), "4101-07", true), STORE_OK);
        digests = (struct digest_values){.has_sm3 = 0};
        ck_assert_int_eq(digest_sha256(GOOD, strlen(GOOD), digests.sha256), 0);
        found = (struct copy_found){0};
}

static void teardown(void)
{
        store_close(store);
        scratch_remove();
}

static int copy_paced(const char *name, const struct pace *pace)
{
        _cleanup_free_ char *path = scratch_path(name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        return store_mend_copy(store, &(struct store_mend){.footage = FOOTAGE,
                                                           .from = fd,
                                                           .size = (int64_t)strlen(GOOD),
                                                           .digests = &digests,
                                                           .pace = pace,
                                                           .found = &found});
}

static int copy(const char *text)
{
        scratch_write("source", text);
        return copy_paced("source", NULL);
}

static void assert_text(const char *name, const char *text)
{
        _cleanup_free_ char *has = scratch_read(name);

        if (!text)
                ck_assert_msg(!has, "'%s' is there", name);
        else
                ck_assert_msg(has && strcmp(has, text) == 0, "'%s' is not '%s'", name, text);
}

static struct stat stat_of(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);
        struct stat st = {0};

        ck_assert_int_eq(lstat(path, &st), 0);
        return st;
}

START_TEST(test_bad_is_kept_and_good_is_in_place)
{
        struct stat st;

        scratch_write(FINAL, BAD);
        ck_assert_int_eq(copy(GOOD), COPY_DONE);
        assert_text(FINAL, BAD);
        ck_assert(!store_mend_is_placed(store, FOOTAGE, FINAL));
        ck_assert_int_eq(store_mend_place(store, &place), 0);
        ck_assert_int_eq(store_mend_sync(store, &place), 0);
        ck_assert(store_mend_is_placed(store, FOOTAGE, FINAL));
        assert_text(FINAL, GOOD);
        assert_text(ASIDE, BAD);
        ck_assert_int_eq(store_mend_remove(store, FOOTAGE), 0);
        st = stat_of(FINAL);
        ck_assert_uint_eq(st.st_mode & 07777, 0440);
        ck_assert_int_eq(st.st_mtim.tv_sec, 1000);
        ck_assert_uint_eq(st.st_nlink, 1);
        assert_text("mending/3.good", NULL);
}
END_TEST

START_TEST(test_missing)
{
        ck_assert_int_eq(copy(GOOD), COPY_DONE);
        ck_assert_int_eq(store_mend_place(store, &place), 0);
        ck_assert_int_eq(store_mend_sync(store, &place), 0);
        assert_text(FINAL, GOOD);
        assert_text(ASIDE, NULL);
}
END_TEST

/* As after a crash at any step: done again it is done, and the good file is never taken for the bad one. */
START_TEST(test_again)
{
        scratch_write(FINAL, BAD);
        ck_assert_int_eq(copy(GOOD), COPY_DONE);
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(store_mend_place(store, &place), 0);
        assert_text(FINAL, GOOD);
        assert_text(ASIDE, BAD);
}
END_TEST

/* Nothing that was set aside is ever lost to another one. */
START_TEST(test_aside_is_taken)
{
        scratch_write(FINAL, BAD);
        scratch_write(ASIDE, "an earlier one");
        ck_assert_int_eq(copy(GOOD), COPY_DONE);
        ck_assert_int_eq(store_mend_place(store, &place), -EEXIST);
        assert_text(FINAL, BAD);
        assert_text(ASIDE, "an earlier one");
}
END_TEST

START_TEST(test_without_a_copy)
{
        scratch_write(FINAL, BAD);
        ck_assert_int_eq(store_mend_place(store, &place), -ENOENT);
        ck_assert_int_eq(store_mend_sync(store, &place), -ENOENT);
        assert_text(FINAL, BAD);
        ck_assert_int_eq(store_mend_remove(store, FOOTAGE), 0);
        ck_assert_int_eq(store_mend_remove(store, 0), -EINVAL);
}
END_TEST

static const char *const wrong[] = {BAD, "", "bytes", GOOD "!", GOOD GOOD};

START_TEST(test_wrong_source)
{
        ck_assert_int_eq(copy(wrong[_i]), COPY_SOURCE_DIFFERS);
        if (strlen(wrong[_i]) <= strlen(GOOD))
                ck_assert_int_eq(found.size, (int64_t)strlen(wrong[_i]));
        else
                ck_assert_int_gt(found.size, (int64_t)strlen(GOOD));
        assert_text("mending/3.good", NULL);
        assert_text("mending/3.copy", NULL);
}
END_TEST

START_TEST(test_found_digests_are_told)
{
        struct digest_values bad;

        ck_assert_int_eq(digest_sha256(BAD, strlen(BAD), bad.sha256), 0);
        ck_assert_int_eq(copy(BAD), COPY_SOURCE_DIFFERS);
        ck_assert_mem_eq(found.digests.sha256, bad.sha256, DIGEST_SIZE);
}
END_TEST

/* Whoever can make two files of one SHA-256 cannot make them of one SM3 as well. */
START_TEST(test_sm3_is_compared)
{
        digests.has_sm3 = 1;
        ck_assert_int_eq(copy(GOOD), COPY_SOURCE_DIFFERS);
        ck_assert_uint_eq(found.digests.has_sm3, 1);
        digests = found.digests;
        ck_assert_int_eq(copy(GOOD), COPY_DONE);
}
END_TEST

struct change {
        const char *name;
        bool grow;
        int pieces;
};

/* After the first piece was read. */
static int change_on_piece(void *userdata, uint64_t bytes)
{
        struct change *c = userdata;
        _cleanup_free_ char *path = scratch_path(c->name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        if (c->grow)
                ck_assert_int_gt(pwrite(fd, "x", 1, (1 << 20) * (c->pieces + 2)), 0);
        else
                ck_assert_int_gt(pwrite(fd, "x", 1, 3 << 19), 0);
        ck_assert_int_lt(c->pieces++, 16);
        return 0;
}

static void large_make(const char *name, char *bytes)
{
        _cleanup_free_ char *path = scratch_path(name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

        memset(bytes, 'e', 2 << 20);
        ck_assert_int_eq(write(fd, bytes, 2 << 20), 2 << 20);
        ck_assert_int_eq(digest_sha256(bytes, 2 << 20, digests.sha256), 0);
}

/* One whose bytes change, and one that grows for as long as somebody reads it. */
START_TEST(test_source_that_changes)
{
        static char bytes[2 << 20];
        struct change change = {.name = "large", .grow = _i == 1};
        const struct pace pace = {change_on_piece, &change};
        _cleanup_free_ char *path = scratch_path("large");
        _cleanup_close_ int fd = -EBADF;
        struct store_mend what = {.footage = FOOTAGE, .size = 2 << 20, .digests = &digests, .found = &found};

        large_make("large", bytes);
        what.from = fd = open(path, O_RDONLY | O_CLOEXEC);
        ck_assert_int_eq(store_mend_copy(store, &what), COPY_DONE);
        what.pace = &pace;
        ck_assert_int_eq(store_mend_copy(store, &what), COPY_SOURCE_DIFFERS);
        ck_assert_int_eq(found.size == what.size, _i == 0);
        ck_assert_int_le(change.pieces, 3);
        assert_text("mending/3.good", NULL);
        assert_text("mending/3.copy", NULL);
}
END_TEST

static int cancel_on_piece(void *userdata, uint64_t bytes)
{
        return -ECANCELED;
}

START_TEST(test_cancelled)
{
        const struct pace pace = {cancel_on_piece, NULL};

        scratch_write("source", GOOD);
        ck_assert_int_eq(copy_paced("source", &pace), -ECANCELED);
        assert_text("mending/3.good", NULL);
        assert_text("mending/3.copy", NULL);
}
END_TEST

static int collect(void *userdata, int64_t footage)
{
        int64_t *sum = userdata;

        *sum = *sum * 100 + footage;
        return footage == 77 ? -EIO : 0;
}

START_TEST(test_each)
{
        int64_t sum = 0;

        ck_assert_int_eq(store_mend_each(store, collect, &sum), 0);
        ck_assert_int_eq(copy(GOOD), COPY_DONE);
        scratch_write("mending/4.copy", "half");
        scratch_write("mending/04.good", "not ours");
        scratch_write("mending/-4.good", "not ours");
        scratch_write("mending/99999999999999999999.good", "not ours");
        scratch_write("mending/x", "not ours");
        ck_assert_int_eq(store_mend_each(store, collect, &sum), 0);
        ck_assert_int_eq(sum, FOOTAGE);
        assert_text("mending/4.copy", NULL);
        assert_text("mending/04.good", "not ours");
        assert_text("mending/x", "not ours");
        scratch_write("mending/77.good", "");
        ck_assert_int_eq(store_mend_each(store, collect, &sum), -EIO);
}
END_TEST

static const char *const foreign[] = {"unit/a.mp4", "../store/a.mp4", "store/../../a", "store/"};

START_TEST(test_path_elsewhere)
{
        struct store_mend_place bad = place;

        bad.path = foreign[_i];
        ck_assert_int_eq(copy(GOOD), COPY_DONE);
        ck_assert_int_lt(store_mend_place(store, &bad), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("store_mend");
        TCase *mend = tcase_create("mend");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(mend, setup, teardown);
        tcase_set_timeout(mend, 60);
        tcase_add_test(mend, test_bad_is_kept_and_good_is_in_place);
        tcase_add_test(mend, test_missing);
        tcase_add_test(mend, test_again);
        tcase_add_test(mend, test_aside_is_taken);
        tcase_add_test(mend, test_without_a_copy);
        tcase_add_loop_test(mend, test_wrong_source, 0, ELEMENTSOF(wrong));
        tcase_add_test(mend, test_found_digests_are_told);
        tcase_add_test(mend, test_sm3_is_compared);
        tcase_add_loop_test(mend, test_source_that_changes, 0, 2);
        tcase_add_test(mend, test_cancelled);
        tcase_add_test(mend, test_each);
        tcase_add_loop_test(mend, test_path_elsewhere, 0, ELEMENTSOF(foreign));
        suite_add_tcase(suite, mend);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
