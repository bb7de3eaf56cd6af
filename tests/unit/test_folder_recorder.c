// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The driver of imports against a giver that follows a script: what it says is in the socket before the verb
 * is called, so that nothing here waits for a thread. Honest ones, and every way in which one can lie.
 */
#include "base/cleanup.h"
#include "base/message.h"
#include "recorder/folder/folder_messages.h"
#include "recorder/folder/folder_recorder.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

enum { NOTES_MAX = 4, ITEMS_ROOM = 8, CONTENT_SIZE = 3 * 1024 * 1024 + 17 };

static struct recorder *recorder;
static int giver; /* our end */
static char notes[NOTES_MAX][256];
static unsigned int n_notes;
static bool cancel;

static struct recorder_item items[ITEMS_ROOM];
static unsigned int n_items;

static uint8_t content[CONTENT_SIZE], got[CONTENT_SIZE + 1];
static size_t n_got;
static void (*while_reading)(void); /* called once, with the first bytes of a read */

/* --- the stage
 * ----------------------------------------------------------------------------------------------------- */

static bool on_cancelled(void *userdata)
{
        (void)userdata;
        return cancel;
}

static void on_notice(void *userdata, int priority, const char *text)
{
        (void)userdata;
        (void)priority;
        if (n_notes < NOTES_MAX)
                (void)snprintf(notes[n_notes++], sizeof(notes[0]), "%s", text);
}

static void open_with(int answer_ms, int list_ms)
{
        static int theirs; /* the driver's end; closed by a later test's set-up or the end of the process */
        struct folder_giver how = {.cancelled = on_cancelled,
                                   .notice = on_notice,
                                   .answer_ms = answer_ms,
                                   .list_ms = list_ms};
        int fds[2];

        ck_assert_int_eq(message_socketpair(fds), 0);
        theirs = fds[0];
        giver = fds[1];
        how.socket = theirs;
        ck_assert_int_eq(folder_recorder_open(&recorder, &how), 0);
}

static void set_up(void)
{
        (void)scratch_make();
        for (size_t i = 0; i < sizeof(content); i++)
                content[i] = (uint8_t)(i * 2654435761U >> 13);
        open_with(60 * 1000, 0);
}

static void tear_down(void)
{
        recorder_free(recorder);
        (void)fd_close(giver);
        scratch_remove();
}

static int on_item(void *userdata, const struct recorder_item *item)
{
        (void)userdata;
        if (n_items < ITEMS_ROOM)
                items[n_items] = *item;
        n_items++;
        return 0;
}

static int on_bytes(void *userdata, const void *data, size_t size)
{
        (void)userdata;
        ck_assert_uint_le(n_got + size, sizeof(got));
        memcpy(got + n_got, data, size);
        n_got += size;
        if (while_reading)
                while_reading();
        while_reading = NULL;
        return 0;
}

static const struct recorder_sink sink = {.write = on_bytes};

static void say(uint32_t type, const void *payload, size_t size, int fd)
{
        ck_assert_int_eq(message_send(giver, type, payload, size, fd, 1000), 0);
}

static struct folder_item item_named(uint32_t index, const char *path)
{
        struct folder_item item = {.index = index, .size = 5, .mtime_sec = 1793520000};

        (void)snprintf(item.path, sizeof(item.path), "%s", path);
        return item;
}

static void say_listed(uint32_t n)
{
        const struct folder_listed listed = {.items = n};

        say(FOLDER_LISTED, &listed, sizeof(listed), -EBADF);
}

static int list(void)
{
        bool complete = false;
        int r = recorder_list(recorder, &(struct recorder_listener){.on_item = on_item}, &complete);

        ck_assert(complete == (r == RECORDER_OK));
        return r;
}

/* A file of the scratch folder with 'content', listed as item 0. Gives it open for reading. */
static int file_listed(void)
{
        _cleanup_free_ char *path = scratch_path("a.mp4");
        struct folder_item item = item_named(0, "card/a.mp4");
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        struct stat st;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, content, sizeof(content)), (ssize_t)sizeof(content));
        ck_assert_int_eq(fstat(fd, &st), 0);
        item.size = st.st_size;
        item.mtime_sec = st.st_mtim.tv_sec;
        item.mtime_nsec = (uint32_t)st.st_mtim.tv_nsec;
        say(FOLDER_ITEM, &item, sizeof(item), -EBADF);
        say_listed(1);
        ck_assert_int_eq(list(), RECORDER_OK);
        return fd;
}

static void say_opened(uint32_t index, int error, int fd)
{
        const struct folder_opened opened = {.index = index, .error = error};

        say(FOLDER_OPENED, &opened, sizeof(opened), fd);
}

static int read_from(int64_t offset)
{
        int64_t size = -1;
        int r = recorder_read(recorder, 0, offset, &sink, &size);

        if (r == RECORDER_OK)
                ck_assert_int_eq(size, CONTENT_SIZE);
        return r;
}

/* A giver that broke the rules is never listened to again, however honest it gets. */
static void assert_left_alone(void)
{
        struct recorder_identity identity;
        int64_t size;

        ck_assert_uint_eq(n_notes, 1);
        say_listed(0);
        ck_assert_int_eq(list(), RECORDER_GONE);
        ck_assert_int_eq(recorder_identify(recorder, &identity), RECORDER_GONE);
        ck_assert_int_ne(recorder_read(recorder, 0, 0, &sink, &size), RECORDER_OK);
        ck_assert_uint_eq(n_notes, 1);
}

/* --- an honest one
 * ------------------------------------------------------------------------------------------------- */

START_TEST(it_says_what_it_can)
{
        struct recorder_identity identity;

        ck_assert_int_eq(recorder_identify(recorder, &identity), RECORDER_OK);
        ck_assert_str_eq(identity.driver, "folder");
        ck_assert_uint_eq(identity.capabilities,
                          RECORDER_CAN_LIST | RECORDER_CAN_READ | RECORDER_CAN_RESUME);
        ck_assert_int_eq(identity.battery_percent, -1);
        ck_assert_int_eq(identity.free_bytes, -1);
        ck_assert_str_eq(identity.clock_text, "");
        ck_assert_int_eq(recorder_remove(recorder, 0), RECORDER_UNSUPPORTED);
        ck_assert_int_eq(recorder_set_clock(recorder, "20260101T000000", NULL), RECORDER_UNSUPPORTED);
}
END_TEST

START_TEST(it_lists)
{
        struct folder_item item = item_named(0, "card/DCIM/现场.mp4");

        say(FOLDER_ITEM, &item, sizeof(item), -EBADF);
        item = item_named(1, "card/bad\xff\n.mp4");
        item.size = 0;
        item.mtime_nsec = 250000000;
        say(FOLDER_ITEM, &item, sizeof(item), -EBADF);
        item = item_named(2, "old.mp4");
        item.mtime_sec = INT64_MAX;
        say(FOLDER_ITEM, &item, sizeof(item), -EBADF);
        say_listed(3);
        ck_assert_int_eq(list(), RECORDER_OK);
        ck_assert_uint_eq(n_items, 3);
        ck_assert_str_eq(items[0].path, "card/DCIM/现场.mp4");
        ck_assert_str_eq(items[0].time_text, "20261101T080000Z");
        ck_assert_int_eq(items[0].size, 5);
        ck_assert_str_eq(items[1].path, "card/bad??.mp4");
        ck_assert_str_eq(items[1].time_text, "20261101T080000.250000Z");
        ck_assert_str_eq(items[2].time_text, "");
        ck_assert_uint_eq(items[2].index, 2);
        ck_assert_uint_eq(n_notes, 0);
}
END_TEST

static const int64_t offsets[] = {0, 1, 1024 * 1024, CONTENT_SIZE - 1, CONTENT_SIZE};

START_TEST(it_reads_from_anywhere)
{
        _cleanup_close_ int fd = file_listed();

        say_opened(0, 0, fd);
        ck_assert_int_eq(read_from(offsets[_i]), RECORDER_OK);
        ck_assert_uint_eq(n_got, (size_t)(CONTENT_SIZE - offsets[_i]));
        ck_assert_mem_eq(got, content + offsets[_i], n_got);
}
END_TEST

static void touch_and_set_back(void)
{
        _cleanup_free_ char *path = scratch_path("a.mp4");
        struct stat st;
        struct timespec times[2];

        ck_assert_int_eq(stat(path, &st), 0);
        times[0] = st.st_atim;
        times[1] = st.st_mtim;
        ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void append(void)
{
        _cleanup_free_ char *path = scratch_path("a.mp4");
        _cleanup_close_ int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

        ck_assert_int_eq(write(fd, "x", 1), 1);
}

static void cut(void)
{
        _cleanup_free_ char *path = scratch_path("a.mp4");

        ck_assert_int_eq(truncate(path, 1024), 0);
}

static void (*const changes[])(void) = {touch_and_set_back, append, cut};

START_TEST(a_file_changed_while_it_is_read_is_another_one)
{
        _cleanup_close_ int fd = file_listed();

        say_opened(0, 0, fd);
        while_reading = changes[_i];
        ck_assert_int_eq(read_from(0), RECORDER_MISMATCH);
        ck_assert_ptr_nonnull(strstr(notes[0], "changed while it was read"));
}
END_TEST

START_TEST(a_file_changed_since_the_listing_is_another_one)
{
        _cleanup_close_ int fd = file_listed();

        if (_i == 0)
                append();
        else
                ck_assert_int_eq(futimens(fd, (const struct timespec[2]){{0, UTIME_OMIT}, {.tv_sec = 5}}),
                                 0);
        say_opened(0, 0, fd);
        ck_assert_int_eq(read_from(0), RECORDER_MISMATCH);
        ck_assert_uint_eq(n_got, 0);
}
END_TEST

static const struct {
        int error, outcome;
} errors[] = {
                {ENOENT, RECORDER_ABSENT},  {EACCES, RECORDER_DENIED},    {EIO, RECORDER_UNREADABLE},
                {ELOOP, RECORDER_MISMATCH}, {99999, RECORDER_UNREADABLE}, {EXDEV, RECORDER_MISMATCH},
};

START_TEST(what_cannot_be_opened_is_said)
{
        _cleanup_close_ int fd = file_listed();

        say_opened(0, errors[_i].error, -EBADF);
        ck_assert_int_eq(read_from(0), errors[_i].outcome);
        ck_assert_ptr_nonnull(strstr(notes[0], "cannot open item 0"));
        /* The item's trouble, not the giver's: the next question is answered. */
        say_opened(0, 0, fd);
        ck_assert_int_eq(read_from(0), RECORDER_OK);
}
END_TEST

START_TEST(a_cancelled_read_ends)
{
        (void)fd_close(file_listed());
        cancel = true;
        ck_assert_int_eq(read_from(0), RECORDER_CANCELLED);
        ck_assert_int_eq(list(), RECORDER_CANCELLED);
}
END_TEST

/* --- hostile ones
 * -------------------------------------------------------------------------------------------------- */

static void close_giver(void)
{
        giver = fd_close(giver);
}

START_TEST(a_giver_that_leaves_is_gone)
{
        _cleanup_close_ int fd = file_listed();
        struct recorder_identity identity;

        say_opened(0, 0, fd);
        while_reading = close_giver;
        ck_assert_int_eq(read_from(0), RECORDER_GONE);
        ck_assert_uint_lt(n_got, CONTENT_SIZE);
        ck_assert_int_eq(list(), RECORDER_GONE);
        ck_assert_int_eq(recorder_identify(recorder, &identity), RECORDER_GONE);
}
END_TEST

START_TEST(a_giver_that_says_nothing_is_left)
{
        recorder_free(recorder);
        (void)fd_close(giver);
        open_with(50, 0);
        ck_assert_int_eq(list(), RECORDER_GONE);
        ck_assert_ptr_nonnull(strstr(notes[0], "has not answered in time"));
        assert_left_alone();
}
END_TEST

START_TEST(a_listing_without_end_is_left)
{
        recorder_free(recorder);
        (void)fd_close(giver);
        open_with(60 * 1000, 1);
        for (uint32_t i = 0; i < 3; i++) {
                const struct folder_item item = item_named(i, "a");

                say(FOLDER_ITEM, &item, sizeof(item), -EBADF);
        }
        ck_assert_int_eq(list(), RECORDER_GONE);
        ck_assert_uint_eq(n_notes, 1);
}
END_TEST

static const char *const paths[] = {"",   "/",   "/etc/passwd", "../a", "a/../b", "a/..", "a//b",
                                    "a/", "./a", "a/./b",       ".",    "..",     "a/.",  "//"};

START_TEST(a_path_that_is_no_path_below_is_refused)
{
        const struct folder_item item = item_named(0, paths[_i]);

        say(FOLDER_ITEM, &item, sizeof(item), -EBADF);
        ck_assert_int_eq(list(), RECORDER_GONE);
        ck_assert_uint_eq(n_items, 0);
        assert_left_alone();
}
END_TEST

enum lie {
        LIE_INDEX,
        LIE_SIZE,
        LIE_NSEC,
        LIE_UNTERMINATED,
        LIE_DESCRIPTOR,
        LIE_SHORT,
        LIE_COUNT,
        LIE_COUNT_SHORT,
        LIE_TYPE,
        LIE_HEADER,
        _LIE_MAX,
};

static void lie(enum lie what)
{
        struct folder_item item = item_named(what == LIE_INDEX, "a.mp4");

        if (what == LIE_SIZE)
                item.size = -1;
        if (what == LIE_NSEC)
                item.mtime_nsec = 1000000000;
        if (what == LIE_UNTERMINATED)
                memset(item.path, 'a', sizeof(item.path));
        if (what == LIE_COUNT)
                say_listed(1);
        else if (what == LIE_COUNT_SHORT)
                say(FOLDER_LISTED, "x", 1, -EBADF);
        else if (what == LIE_TYPE)
                say(FOLDER_OPENED, &item, sizeof(item), -EBADF);
        else if (what == LIE_HEADER)
                ck_assert_int_eq(send(giver, "abc", 3, 0), 3);
        else
                say(FOLDER_ITEM, &item, sizeof(item) - (what == LIE_SHORT),
                    what == LIE_DESCRIPTOR ? giver : -EBADF);
}

START_TEST(a_listing_that_breaks_the_rules_is_refused)
{
        lie((enum lie)_i);
        ck_assert_int_eq(list(), RECORDER_GONE);
        ck_assert_uint_eq(n_items, 0);
        assert_left_alone();
}
END_TEST

static void *give_too_many(void *userdata)
{
        for (uint32_t i = 0; i <= FOLDER_ITEMS_MAX; i++) {
                const struct folder_item item = item_named(i, "a");

                if (message_send(giver, FOLDER_ITEM, &item, sizeof(item), -EBADF, 10000) < 0)
                        break;
        }
        return userdata;
}

START_TEST(more_files_than_the_bound_are_refused)
{
        pthread_t thread;

        ck_assert_int_eq(pthread_create(&thread, NULL, give_too_many, NULL), 0);
        ck_assert_int_eq(list(), RECORDER_GONE);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_uint_eq(n_items, FOLDER_ITEMS_MAX);
        ck_assert_ptr_nonnull(strstr(notes[0], "more than 100000 files"));
        assert_left_alone();
}
END_TEST

enum wrong { WRONG_INDEX, WRONG_NOTHING, WRONG_BOTH, WRONG_NEGATIVE, WRONG_TYPE, WRONG_SIZE, _WRONG_MAX };

START_TEST(a_wrong_answer_to_open_is_refused)
{
        _cleanup_close_ int fd = file_listed();

        if (_i == WRONG_INDEX)
                say_opened(1, 0, fd);
        else if (_i == WRONG_NOTHING)
                say_opened(0, 0, -EBADF);
        else if (_i == WRONG_BOTH)
                say_opened(0, EIO, fd);
        else if (_i == WRONG_NEGATIVE)
                say_opened(0, -EIO, -EBADF);
        else if (_i == WRONG_TYPE)
                say_listed(1);
        else
                say(FOLDER_OPENED, "x", 1, fd);
        ck_assert_int_eq(read_from(0), RECORDER_GONE);
        assert_left_alone();
}
END_TEST

/* Descriptors of what is no file, or not one that can be read. */
START_TEST(a_descriptor_of_something_else_is_refused)
{
        static const int outcomes[] = {RECORDER_MISMATCH, RECORDER_MISMATCH, RECORDER_DENIED,
                                       RECORDER_DENIED};
        _cleanup_free_ char *file = scratch_path("a.mp4"), *folder = scratch_path("");
        int pipes[2] = {-EBADF, -EBADF}, other = -EBADF;

        (void)fd_close(file_listed());
        if (_i == 0)
                ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
        else
                other = open(_i == 1 ? folder : file, (_i == 2   ? O_WRONLY
                                                       : _i == 3 ? O_PATH
                                                                 : O_RDONLY) |
                                                                      O_CLOEXEC);
        say_opened(0, 0, _i == 0 ? pipes[0] : other);
        ck_assert_int_eq(read_from(0), outcomes[_i]);
        ck_assert_uint_eq(n_got, 0);
        (void)fd_close(pipes[0]);
        (void)fd_close(pipes[1]);
        (void)fd_close(other);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("folder_recorder");
        TCase *c = tcase_create("folder");

        tcase_add_checked_fixture(c, set_up, tear_down);
        tcase_add_test(c, it_says_what_it_can);
        tcase_add_test(c, it_lists);
        tcase_add_loop_test(c, it_reads_from_anywhere, 0, (int)ELEMENTSOF(offsets));
        tcase_add_loop_test(c, a_file_changed_while_it_is_read_is_another_one, 0, (int)ELEMENTSOF(changes));
        tcase_add_loop_test(c, a_file_changed_since_the_listing_is_another_one, 0, 2);
        tcase_add_loop_test(c, what_cannot_be_opened_is_said, 0, (int)ELEMENTSOF(errors));
        tcase_add_test(c, a_cancelled_read_ends);
        tcase_add_test(c, a_giver_that_leaves_is_gone);
        tcase_add_test(c, a_giver_that_says_nothing_is_left);
        tcase_add_test(c, a_listing_without_end_is_left);
        tcase_add_loop_test(c, a_path_that_is_no_path_below_is_refused, 0, (int)ELEMENTSOF(paths));
        tcase_add_loop_test(c, a_listing_that_breaks_the_rules_is_refused, 0, _LIE_MAX);
        tcase_add_test(c, more_files_than_the_bound_are_refused);
        tcase_add_loop_test(c, a_wrong_answer_to_open_is_refused, 0, _WRONG_MAX);
        tcase_add_loop_test(c, a_descriptor_of_something_else_is_refused, 0, 4);
        tcase_set_timeout(c, 60);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        SRunner *runner = srunner_create(suite());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
