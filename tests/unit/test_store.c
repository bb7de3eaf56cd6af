// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The store on a real folder: what is a store and what is not, parts, filing, and every state a crash can
 * leave between the part and its final name.
 */
#include "store/store.h"
#include "base/cleanup.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define FINAL "store/unit/recorder/officer/2026-11-01/a.mp4"
#define START INT64_C(1793491200123456)

static const char *root;
static struct store *store;

static void setup_root(void)
{
        root = scratch_make();
        store = NULL;
}

static void setup(void)
{
        setup_root();
        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
}

static void teardown(void)
{
        store_close(store);
        scratch_remove();
}

static bool exists(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);
        struct stat st;

        return lstat(path, &st) == 0;
}

static struct stat stat_of(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);
        struct stat st;

        ck_assert_msg(lstat(path, &st) == 0, "no '%s'", name);
        return st;
}

static void link_make(const char *target, const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);

        ck_assert_int_eq(symlink(target, path), 0);
}

static void part_write(int64_t docking, int64_t item, const char *text)
{
        _cleanup_close_ int fd = -EBADF;
        int64_t size;

        ck_assert_int_eq(store_part_open(store, docking, item, -1, &fd, &size), STORE_OK);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int file_as(int64_t docking, int64_t item, const char *path)
{
        struct store_batch *b;
        int r, synced;

        ck_assert_int_eq(store_batch_new(store, &b), 0);
        r = store_batch_link(b, docking, item, path, START);
        synced = store_batch_sync(b);
        store_batch_free(b);
        ck_assert_int_eq(synced, 0);
        return r;
}

static void assert_text(const char *name, const char *expected)
{
        _cleanup_free_ char *text = scratch_read(name);

        ck_assert_ptr_nonnull(text);
        ck_assert_str_eq(text, expected);
}

/* What is a store */

START_TEST(test_create_and_reopen)
{
        _cleanup_free_ char *marker = NULL;

        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
        marker = scratch_read(".recdock-store");
        ck_assert_ptr_nonnull(strstr(marker, "\nStation=4101-07\n"));
        ck_assert_ptr_nonnull(strstr(marker, "\nUUID="));
        ck_assert_ptr_nonnull(strstr(marker, "\nCreatedAt="));
        ck_assert_uint_eq(stat_of("store").st_mode & 07777, 0750);
        ck_assert_uint_eq(stat_of("incoming").st_mode & 07777, 0750);
        store_close(store);
        ck_assert_int_eq(store_open(&store, root, "4101-07", false), STORE_OK);
        store_close(store);
        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
        assert_text(".recdock-store", marker); /* never written twice */
}
END_TEST

/* The mount point of a disk that is not mounted. */
START_TEST(test_empty_folder_is_foreign)
{
        ck_assert_int_eq(store_open(&store, root, "4101-07", false), STORE_FOREIGN);
        ck_assert_ptr_null(store);
        ck_assert(!exists("store") && !exists("incoming") && !exists(".recdock-store"));
}
END_TEST

START_TEST(test_missing_root)
{
        _cleanup_free_ char *path = scratch_path("none"), *deep = scratch_path("none/deeper/still");

        ck_assert_int_eq(store_open(&store, path, "4101-07", false), STORE_FOREIGN);
        ck_assert(!exists("none"));
        ck_assert_int_eq(store_open(&store, deep, "4101-07", true), -ENOENT);
        ck_assert_int_eq(store_open(&store, path, "4101-07", true), STORE_OK);
}
END_TEST

START_TEST(test_create_over_other_files)
{
        scratch_write("holiday.jpg", "x");
        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_FOREIGN);
        ck_assert(!exists("store") && !exists(".recdock-store"));
}
END_TEST

START_TEST(test_create_on_fresh_file_system)
{
        scratch_write("lost+found/x", "");
        scratch_write(".recdock-store.tmp", "half a mar"); /* the power failed in the first attempt */
        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
        ck_assert(!exists(".recdock-store.tmp"));
}
END_TEST

/* Power failed between marker and folders. */
START_TEST(test_marker_without_folders)
{
        _cleanup_free_ char *incoming = scratch_path("incoming"), *footage = scratch_path("store");

        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
        ck_assert_int_eq(rmdir(incoming), 0);
        ck_assert_int_eq(rmdir(footage), 0);
        store_close(store);
        ck_assert_int_eq(store_open(&store, root, "4101-07", false), STORE_OK);
        ck_assert(exists("incoming") && exists("store"));
}
END_TEST

START_TEST(test_store_of_another_station)
{
        struct store *other = NULL;

        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
        ck_assert_int_eq(store_open(&other, root, "4101-08", false), STORE_FOREIGN);
        ck_assert_int_eq(store_open(&other, root, "4101-08", true), STORE_FOREIGN);
        ck_assert_ptr_null(other);
}
END_TEST

static const struct {
        const char *text;
        int expected;
} markers[] = {
                {"", -EBADMSG},
                {"[Store]\nStation=4101-07\n", -EBADMSG},
                {"[Store]\nVersion=1\nStation=4101-07\n", -EBADMSG},
                {"[Store]\nVersion=1\nUUID=x\n", -EBADMSG},
                {"[Store]\nVersion=2\nStation=4101-07\nUUID=x\n", -EPROTONOSUPPORT},
                {"[Store]\nVersion=1\nStation=4101-07\nUUID=x\nLater=y\n", STORE_OK},
};

START_TEST(test_marker)
{
        scratch_write(".recdock-store", markers[_i].text);
        ck_assert_int_eq(store_open(&store, root, "4101-07", true), markers[_i].expected);
        ck_assert_int_eq(exists("store"), markers[_i].expected == STORE_OK);
}
END_TEST

static const char *const bad_stations[] = {"", "a\nStation=b", " a", "a ", "a\\", "\xff"};

START_TEST(test_bad_station_number)
{
        ck_assert_int_eq(store_open(&store, root, bad_stations[_i], true), -EINVAL);
        ck_assert(!exists(".recdock-store"));
}
END_TEST

START_TEST(test_symlinked_trees)
{
        _cleanup_free_ char *tree = scratch_path("r/store"), *r = scratch_path("r");

        scratch_write("elsewhere/x", "");
        ck_assert_int_eq(store_open(&store, r, "4101-07", true), STORE_OK);
        store_close(store);
        store = NULL;
        ck_assert_int_eq(rmdir(tree), 0);
        link_make("../elsewhere", "r/store");
        ck_assert_int_eq(store_open(&store, r, "4101-07", false), -ELOOP);
}
END_TEST

START_TEST(test_trees_on_two_file_systems)
{
        _cleanup_free_ char *tree = scratch_path("store");
        int r;

        ck_assert_int_eq(store_open(&store, root, "4101-07", true), STORE_OK);
        store_close(store);
        store = NULL;
        if (mount("none", tree, "tmpfs", 0, "size=64k") < 0)
                return; /* not permitted here */
        r = store_open(&store, root, "4101-07", false);
        ck_assert_int_eq(umount(tree), 0);
        ck_assert_int_eq(r, -EXDEV);
}
END_TEST

START_TEST(test_free_bytes)
{
        uint64_t bytes = 0;

        ck_assert_int_eq(store_free_bytes(store, &bytes), 0);
        ck_assert_uint_gt(bytes, 0);
}
END_TEST

/* Parts */

START_TEST(test_part_open_keep)
{
        int64_t size = -1;
        int fd = -EBADF;

        part_write(7, 3, "0123456789");
        ck_assert_uint_eq(stat_of("incoming/7/3.part").st_mode & 07777, 0640);
        ck_assert_int_eq(store_part_open(store, 7, 3, -1, &fd, &size), STORE_OK);
        ck_assert_int_eq(size, 10);
        fd = fd_close(fd);
        ck_assert_int_eq(store_part_open(store, 7, 3, 20, &fd, &size), STORE_OK);
        ck_assert_int_eq(size, 10);
        fd = fd_close(fd);
        ck_assert_int_eq(store_part_open(store, 7, 3, 4, &fd, &size), STORE_OK);
        ck_assert_int_eq(size, 4);
        fd = fd_close(fd);
        assert_text("incoming/7/3.part", "0123");
        ck_assert_int_eq(store_part_open(store, 7, 3, 0, &fd, &size), STORE_OK);
        ck_assert_int_eq(size, 0);
        (void)fd_close(fd);
}
END_TEST

START_TEST(test_part_bad_arguments)
{
        int64_t size;
        int fd;

        ck_assert_int_eq(store_part_open(store, 0, 3, -1, &fd, &size), -EINVAL);
        ck_assert_int_eq(store_part_open(store, 7, 0, -1, &fd, &size), -EINVAL);
        ck_assert_int_eq(store_part_open(store, -7, 3, -1, &fd, &size), -EINVAL);
        ck_assert_int_eq(store_part_open(store, 7, 3, -2, &fd, &size), -EINVAL);
        ck_assert_int_eq(store_part_open_read(store, 7, -1, false, &fd), -EINVAL);
        ck_assert_int_eq(store_part_remove(store, 7, -1), -EINVAL);
        ck_assert(!exists("incoming/7"));
}
END_TEST

START_TEST(test_part_read)
{
        char text[8] = "";
        int fd = -EBADF;

        ck_assert_int_eq(store_part_open_read(store, 7, 3, false, &fd), STORE_ABSENT);
        part_write(7, 3, "bytes");
        ck_assert_int_eq(store_part_open_read(store, 7, 4, false, &fd), STORE_ABSENT);
        ck_assert_int_eq(store_part_open_read(store, 7, 3, false, &fd), STORE_OK);
        ck_assert_int_eq(read(fd, text, sizeof(text)), 5);
        ck_assert_int_eq(write(fd, "x", 1), -1);
        fd = fd_close(fd);
        ck_assert_int_eq(store_part_open_read(store, 7, 3, true, &fd), STORE_OK); /* wherever this runs */
        (void)fd_close(fd);
}
END_TEST

START_TEST(test_part_remove)
{
        part_write(7, 3, "a");
        part_write(7, 4, "b");
        ck_assert_int_eq(store_part_remove(store, 7, 3), STORE_OK);
        ck_assert_int_eq(store_part_remove(store, 7, 3), STORE_ABSENT);
        ck_assert(exists("incoming/7/4.part"));
        ck_assert_int_eq(store_part_remove(store, 7, 4), STORE_OK);
        ck_assert(!exists("incoming/7"));
        ck_assert_int_eq(store_part_remove(store, 7, 4), STORE_ABSENT);
}
END_TEST

START_TEST(test_part_symlinks)
{
        int64_t size;
        int fd = -EBADF;

        scratch_write("victim", "v");
        scratch_write("incoming/7/x", "");
        link_make("../../victim", "incoming/7/3.part");
        link_make("7", "incoming/8");
        ck_assert_int_eq(store_part_open(store, 7, 3, 0, &fd, &size), -ELOOP);
        ck_assert_int_eq(store_part_open_read(store, 7, 3, false, &fd), -ELOOP);
        ck_assert_int_eq(store_part_open(store, 8, 1, 0, &fd, &size), -ELOOP);
        ck_assert_int_eq(file_as(7, 3, FINAL), -ELOOP);
        ck_assert_int_eq(store_part_remove(store, 7, 3), STORE_OK); /* the link itself */
        assert_text("victim", "v");
}
END_TEST

/* Neither waits for a writer nor takes it for a part. */
START_TEST(test_part_fifo)
{
        _cleanup_free_ char *path = scratch_path("incoming/7/3.part");
        int64_t size;
        int fd;

        scratch_write("incoming/7/x", "");
        ck_assert_int_eq(mkfifo(path, 0640), 0);
        ck_assert_int_eq(store_part_open_read(store, 7, 3, false, &fd), -EIO);
        ck_assert_int_eq(store_part_open(store, 7, 3, 0, &fd, &size), -EIO);
}
END_TEST

struct seen {
        char text[4096];
        int n, stop_after;
};

static int on_part(void *userdata, int64_t docking, int64_t item, int64_t size, const char *path)
{
        struct seen *s = userdata;
        char line[512];

        (void)snprintf(line, sizeof(line), "|%lld %lld %lld %s|", (long long)docking, (long long)item,
                       (long long)(item < 0 ? 0 : size), path);
        strncat(s->text, line, sizeof(s->text) - strlen(s->text) - 1);
        return ++s->n == s->stop_after ? -ECANCELED : 0;
}

START_TEST(test_part_each)
{
        static const char *const expected[] = {
                        "|7 3 5 incoming/7/3.part|",
                        "|9223372036854775807 1 1 incoming/9223372036854775807/1.part|",
                        "|7 -1 0 incoming/7/03.part|",
                        "|7 -1 0 incoming/7/3.part.bak|",
                        "|7 -1 0 incoming/7/0.part|",
                        "|7 -1 0 incoming/7/99999999999999999999.part|",
                        "|7 -1 0 incoming/7/link.part|",
                        "|7 -1 0 incoming/7/4.part|",
                        "|-1 -1 0 incoming/stray|",
                        "|-1 -1 0 incoming/08|",
                        "|-1 -1 0 incoming/9|",
        };
        struct seen s = {0};

        part_write(7, 3, "bytes");
        part_write(INT64_MAX, 1, "x");
        scratch_write("incoming/7/03.part", "");
        scratch_write("incoming/7/3.part.bak", "");
        scratch_write("incoming/7/0.part", "");
        scratch_write("incoming/7/99999999999999999999.part", "");
        scratch_write("incoming/stray", "");
        scratch_write("incoming/08/1.part", "");
        link_make("/etc/passwd", "incoming/7/link.part");
        link_make("/etc/passwd", "incoming/7/4.part");
        link_make("/etc", "incoming/9");
        ck_assert_int_eq(store_part_each(store, on_part, &s), 0);
        ck_assert_int_eq(s.n, (int)ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                ck_assert_msg(strstr(s.text, expected[i]) != NULL, "no %s in %s", expected[i], s.text);
}
END_TEST

START_TEST(test_part_each_stops)
{
        struct seen s = {.stop_after = 1};

        part_write(7, 3, "a");
        part_write(8, 3, "b");
        ck_assert_int_eq(store_part_each(store, on_part, &s), -ECANCELED);
        ck_assert_int_eq(s.n, 1);
}
END_TEST

static int on_part_remove(void *userdata, int64_t docking, int64_t item, int64_t size, const char *path)
{
        (void)size;
        (void)path;
        ++*(int *)userdata;
        return store_part_remove(store, docking, item);
}

START_TEST(test_part_each_may_remove)
{
        int n = 0;

        for (int64_t docking = 1; docking <= 5; docking++)
                for (int64_t item = 1; item <= 40; item++)
                        part_write(docking, item, "x");
        ck_assert_int_eq(store_part_each(store, on_part_remove, &n), 0);
        ck_assert_int_eq(n, 200);
        ck_assert(!exists("incoming/1") && !exists("incoming/5"));
}
END_TEST

START_TEST(test_part_each_drops_empty_folders)
{
        _cleanup_free_ char *path = scratch_path("incoming/5");
        struct seen s = {0};

        ck_assert_int_eq(mkdir(path, 0750), 0);
        ck_assert_int_eq(store_part_each(store, on_part, &s), 0);
        ck_assert_int_eq(s.n, 0);
        ck_assert(!exists("incoming/5"));
}
END_TEST

/* Filing */

START_TEST(test_file)
{
        struct stat st;

        part_write(7, 3, "bytes");
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_OK);
        assert_text(FINAL, "bytes");
        st = stat_of(FINAL);
        ck_assert_uint_eq(st.st_mode & 07777, 0440);
        ck_assert_uint_eq(st.st_nlink, 2);
        ck_assert_int_eq(st.st_mtim.tv_sec, START / USEC_PER_SEC);
        ck_assert_int_eq(st.st_mtim.tv_nsec, START % USEC_PER_SEC * 1000);
        ck_assert_uint_eq(stat_of("store/unit/recorder").st_mode & 07777, 0750);
        ck_assert(store_is_same_file(store, 7, 3, FINAL));
        ck_assert_int_eq(store_part_remove(store, 7, 3), STORE_OK);
        ck_assert_uint_eq(stat_of(FINAL).st_nlink, 1);
        ck_assert(!store_is_same_file(store, 7, 3, FINAL));
}
END_TEST

START_TEST(test_file_time_before_1970_and_unknown)
{
        struct store_batch *b;
        struct stat before;

        part_write(7, 3, "a");
        part_write(7, 4, "b");
        before = stat_of("incoming/7/4.part");
        ck_assert_int_eq(store_batch_new(store, &b), 0);
        ck_assert_int_eq(store_batch_link(b, 7, 3, "store/u/old", -1), STORE_OK);
        ck_assert_int_eq(store_batch_link(b, 7, 4, "store/u/unknown", INSTANT_NONE), STORE_OK);
        ck_assert_int_eq(store_batch_sync(b), 0);
        store_batch_free(b);
        ck_assert_int_eq(stat_of("store/u/old").st_mtim.tv_sec, -1);
        ck_assert_int_eq(stat_of("store/u/old").st_mtim.tv_nsec, 999999000);
        ck_assert_int_eq(stat_of("store/u/unknown").st_mtim.tv_sec, before.st_mtim.tv_sec);
}
END_TEST

START_TEST(test_file_name_taken)
{
        struct stat before, after;

        part_write(7, 3, "bytes");
        scratch_write(FINAL, "somebody else's");
        before = stat_of("incoming/7/3.part");
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_EXISTS);
        assert_text(FINAL, "somebody else's");
        after = stat_of("incoming/7/3.part");
        ck_assert_uint_eq(after.st_mode, before.st_mode);
        ck_assert_int_eq(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
        ck_assert_uint_eq(after.st_nlink, 1);
}
END_TEST

START_TEST(test_file_symlink_in_the_way)
{
        part_write(7, 3, "bytes");
        scratch_write("outside/x", "");
        scratch_write("store/unit/x", "");
        link_make("../../outside", "store/unit/recorder");
        ck_assert_int_eq(file_as(7, 3, FINAL), -ELOOP);
        link_make("nowhere", "store/unit/taken");
        ck_assert_int_eq(file_as(7, 3, "store/unit/taken"), STORE_EXISTS);
        ck_assert(!exists("outside/officer") && !exists("store/unit/nowhere"));
        ck_assert_uint_eq(stat_of("incoming/7/3.part").st_nlink, 1);
}
END_TEST

static const char *const bad_finals[] = {"",           "a/b",        "/etc/x",  "store/",
                                         "store/../x", "incoming/x", "store/x", "store/a/../b",
                                         "store//a",   "store/a/",   "store",   "storefront/a/b"};

START_TEST(test_file_bad_path)
{
        int fd;

        part_write(7, 3, "bytes");
        ck_assert_int_eq(file_as(7, 3, bad_finals[_i]), -EINVAL);
        if (strcmp(bad_finals[_i], "store/x") != 0)
                ck_assert_int_eq(store_footage_open(store, bad_finals[_i], false, &fd), -EINVAL);
        ck_assert_uint_eq(stat_of("incoming/7/3.part").st_nlink, 1);
}
END_TEST

START_TEST(test_batch_of_many)
{
        struct store_batch *b;
        char path[STORE_PATH_MAX];

        ck_assert_int_eq(store_batch_new(store, &b), 0);
        for (int i = 1; i <= 100; i++) {
                part_write(7, i, "x");
                (void)snprintf(path, sizeof(path), "store/u/r/%d/%d.mp4", i % 3, i);
                ck_assert_int_eq(store_batch_link(b, 7, i, path, START), STORE_OK);
        }
        ck_assert_int_eq(store_batch_link(b, 7, 101, "store/u/r/1/x", START), STORE_ABSENT);
        ck_assert_int_eq(store_batch_sync(b), 0);
        ck_assert_int_eq(store_batch_sync(b), 0); /* nothing left to do */
        store_batch_free(b);
        ck_assert(exists("store/u/r/0/99.mp4"));
}
END_TEST

START_TEST(test_batch_sync_of_vanished_file)
{
        _cleanup_free_ char *path = scratch_path(FINAL);
        struct store_batch *b;

        part_write(7, 3, "bytes");
        ck_assert_int_eq(store_batch_new(store, &b), 0);
        ck_assert_int_eq(store_batch_link(b, 7, 3, FINAL, START), STORE_OK);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(store_batch_sync(b), -ENOENT);
        store_batch_free(b);
}
END_TEST

/* States that a crash leaves */

START_TEST(test_crash_linked_part_still_there)
{
        int64_t size;
        int fd;

        part_write(7, 3, "bytes");
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_OK);
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_OK); /* the repeat */
        ck_assert_uint_eq(stat_of(FINAL).st_nlink, 2);
        /* Evidence has this inode now: nobody gets it for writing, and nobody cuts it. */
        ck_assert_int_eq(store_part_open(store, 7, 3, 0, &fd, &size), -EPERM);
        assert_text(FINAL, "bytes");
}
END_TEST

START_TEST(test_crash_part_gone)
{
        part_write(7, 3, "bytes");
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_OK);
        ck_assert_int_eq(store_part_remove(store, 7, 3), STORE_OK);
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_ABSENT);
        ck_assert_int_eq(store_unlink_interrupted(store, 7, 3, FINAL), -EPERM);
        assert_text(FINAL, "bytes");
}
END_TEST

START_TEST(test_crash_unlink_interrupted)
{
        part_write(7, 3, "bytes");
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_OK);
        ck_assert_int_eq(store_unlink_interrupted(store, 7, 3, FINAL), STORE_OK);
        ck_assert(!exists(FINAL));
        assert_text("incoming/7/3.part", "bytes");
        ck_assert_int_eq(store_unlink_interrupted(store, 7, 3, FINAL), -EPERM);
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_OK);
}
END_TEST

START_TEST(test_crash_foreign_file_at_final_name)
{
        part_write(7, 3, "bytes");
        scratch_write(FINAL, "bytes"); /* equal, but not the same file */
        ck_assert(!store_is_same_file(store, 7, 3, FINAL));
        ck_assert_int_eq(store_unlink_interrupted(store, 7, 3, FINAL), -EPERM);
        ck_assert(exists(FINAL));
}
END_TEST

/* Killed between the mode and the link: the part is read-only, and pulled on all the same. */
START_TEST(test_crash_read_only_part)
{
        _cleanup_free_ char *path = scratch_path("incoming/7/3.part"), *folder = scratch_path("incoming/7");
        _cleanup_free_ char *incoming = scratch_path("incoming");
        int64_t size;
        int fd = -EBADF;

        part_write(7, 3, "bytes");
        ck_assert_int_eq(chmod(path, 0440), 0);
        if (geteuid() == 0) { /* the superuser meets no EACCES */
                ck_assert_int_eq(chown(path, 65534, 65534), 0);
                ck_assert_int_eq(chown(folder, 65534, 65534), 0);
                ck_assert_int_eq(chown(incoming, 65534, 65534), 0);
                ck_assert_int_eq(chmod(root, 0755), 0);
                ck_assert_int_eq(seteuid(65534), 0);
        }
        ck_assert_int_eq(store_part_open(store, 7, 3, 2, &fd, &size), STORE_OK);
        ck_assert_int_eq(size, 2);
        ck_assert_int_eq(write(fd, "x", 1), 1);
        (void)fd_close(fd);
        ck_assert(getuid() != 0 || seteuid(0) == 0);
}
END_TEST

/* Footage */

START_TEST(test_footage_open)
{
        char text[8] = "";
        int fd = -EBADF;

        part_write(7, 3, "bytes");
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_OK);
        ck_assert_int_eq(store_footage_open(store, FINAL, false, &fd), STORE_OK);
        ck_assert_int_eq(read(fd, text, sizeof(text)), 5);
        ck_assert_int_eq(write(fd, "x", 1), -1);
        fd = fd_close(fd);
        ck_assert_int_eq(store_footage_open(store, FINAL, true, &fd), STORE_OK);
        fd = fd_close(fd);
        ck_assert_int_eq(store_footage_open(store, "store/none/at/all", false, &fd), STORE_ABSENT);
        ck_assert_int_eq(store_footage_open(store, FINAL "/x", false, &fd), STORE_ABSENT);
        ck_assert_int_eq(store_footage_open(store, "store/unit", false, &fd), -EIO);
        link_make("/etc/passwd", "store/unit/link");
        ck_assert_int_eq(store_footage_open(store, "store/unit/link", false, &fd), -ELOOP);
}
END_TEST

static void mode_set(const char *path, mode_t mode)
{
        _cleanup_free_ char *absolute = scratch_path(path);

        ck_assert_int_eq(chmod(absolute, mode), 0);
}

START_TEST(test_seal)
{
        int r;

        part_write(7, 3, "bytes");
        ck_assert_int_eq(file_as(7, 3, FINAL), STORE_OK);
        r = store_seal(store, FINAL);
        ck_assert_int_eq(r, store_can_seal(store));
        ck_assert_int_eq(store_seal(store, FINAL), r);
        ck_assert_uint_eq(stat_of(FINAL).st_mode & 07777, 0440);
        assert_text(FINAL, "bytes");
        /* A run that was killed while it sealed has left the mode as it needed it. */
        mode_set(FINAL, 0640);
        ck_assert_int_eq(store_seal(store, FINAL), r);
        ck_assert_uint_eq(stat_of(FINAL).st_mode & 07777, 0440);
        mode_set(FINAL, 0640);
        ck_assert_int_eq(store_protect(store, FINAL), 0);
        ck_assert_uint_eq(stat_of(FINAL).st_mode & 07777, 0440);
        ck_assert_int_eq(store_seal(store, "store/none/x"), -ENOENT);
        ck_assert_int_eq(store_seal(store, "/etc/passwd"), -EINVAL);
}
END_TEST

/* No room: the error comes up, and what was there stays. */
START_TEST(test_full_file_system)
{
        _cleanup_free_ char *disk = scratch_path("disk");
        struct store *small = NULL;
        int64_t size;
        int fd = -EBADF, n = 0, r;

        ck_assert_int_eq(mkdir(disk, 0750), 0);
        if (mount("none", disk, "tmpfs", 0, "size=256k,nr_inodes=40") < 0)
                return; /* not permitted here */
        r = store_open(&small, disk, "4101-07", true);
        while (r == STORE_OK && ++n < 100) {
                r = store_part_open(small, 1, n, -1, &fd, &size);
                fd = fd_close(fd);
        }
        store_close(small);
        ck_assert_int_eq(umount(disk), 0);
        ck_assert_int_eq(r, -ENOSPC);
        ck_assert_int_gt(n, 10);
}
END_TEST

static void add_opening(Suite *s)
{
        TCase *t = tcase_create("opening");

        tcase_add_checked_fixture(t, setup_root, teardown);
        tcase_add_test(t, test_create_and_reopen);
        tcase_add_test(t, test_empty_folder_is_foreign);
        tcase_add_test(t, test_missing_root);
        tcase_add_test(t, test_create_over_other_files);
        tcase_add_test(t, test_create_on_fresh_file_system);
        tcase_add_test(t, test_marker_without_folders);
        tcase_add_test(t, test_store_of_another_station);
        tcase_add_loop_test(t, test_marker, 0, (int)ELEMENTSOF(markers));
        tcase_add_loop_test(t, test_bad_station_number, 0, (int)ELEMENTSOF(bad_stations));
        tcase_add_test(t, test_symlinked_trees);
        tcase_add_test(t, test_trees_on_two_file_systems);
        tcase_add_test(t, test_full_file_system);
        suite_add_tcase(s, t);
}

static void add_parts(Suite *s)
{
        TCase *t = tcase_create("parts");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_free_bytes);
        tcase_add_test(t, test_part_open_keep);
        tcase_add_test(t, test_part_bad_arguments);
        tcase_add_test(t, test_part_read);
        tcase_add_test(t, test_part_remove);
        tcase_add_test(t, test_part_symlinks);
        tcase_add_test(t, test_part_fifo);
        tcase_add_test(t, test_part_each);
        tcase_add_test(t, test_part_each_stops);
        tcase_add_test(t, test_part_each_may_remove);
        tcase_add_test(t, test_part_each_drops_empty_folders);
        suite_add_tcase(s, t);
}

static void add_filing(Suite *s)
{
        TCase *t = tcase_create("filing");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_file);
        tcase_add_test(t, test_file_time_before_1970_and_unknown);
        tcase_add_test(t, test_file_name_taken);
        tcase_add_test(t, test_file_symlink_in_the_way);
        tcase_add_loop_test(t, test_file_bad_path, 0, (int)ELEMENTSOF(bad_finals));
        tcase_add_test(t, test_batch_of_many);
        tcase_add_test(t, test_batch_sync_of_vanished_file);
        tcase_add_test(t, test_crash_linked_part_still_there);
        tcase_add_test(t, test_crash_part_gone);
        tcase_add_test(t, test_crash_unlink_interrupted);
        tcase_add_test(t, test_crash_foreign_file_at_final_name);
        tcase_add_test(t, test_crash_read_only_part);
        tcase_add_test(t, test_footage_open);
        tcase_add_test(t, test_seal);
        suite_add_tcase(s, t);
}

int main(void)
{
        Suite *s = suite_create("store");
        SRunner *runner;
        int failed;

        add_opening(s);
        add_parts(s);
        add_filing(s);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
