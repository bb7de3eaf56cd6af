// SPDX-License-Identifier: LGPL-2.1-or-later
/* Clearing on a plain folder: exactly the file that was listed goes, and no request leads out of the folder.
 */
#include "base/cleanup.h"
#include "base/message.h"
#include "daemon/clear/clear_flag.h"
#include "daemon/disk/disk_lock.h"
#include "daemon/disk/peer.h"
#include "daemon/clear/file_remove.h"
#include "daemon/clear/request.h"
#include "daemon/clear/serve.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define SIZE 5
#define TIME INT64_C(1793491200) /* seconds */

static const char *folder;
static int root = -EBADF;

static void file_make(const char *path)
{
        const struct timespec times[2] = {{.tv_sec = TIME}, {.tv_sec = TIME}};
        _cleanup_close_ int fd = openat(root, path, O_CREAT | O_WRONLY | O_EXCL, 0644);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, "12345", SIZE), SIZE);
        ck_assert_int_eq(futimens(fd, times), 0);
}

static bool is_there(const char *path)
{
        return faccessat(root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void setup(void)
{
        folder = scratch_make();
        root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(root, 0);
        ck_assert_int_eq(mkdirat(root, "DCIM", 0755), 0);
        file_make("DCIM/a.mp4");
        file_make("DCIM/b.mp4");
        file_make("c.mp4");
}

static void teardown(void)
{
        root = fd_close(root);
        scratch_remove();
}

static enum clear_outcome removal(const char *path, int64_t size, instant_t time)
{
        int error = 1;
        enum clear_outcome outcome = file_remove(root, path, size, time, &error);

        ck_assert_int_eq(error < 0, outcome == CLEAR_FAILED);
        return outcome;
}

START_TEST(test_listed_file_goes_and_no_other)
{
        ck_assert_int_eq(removal("DCIM/a.mp4", SIZE, TIME * USEC_PER_SEC), CLEAR_REMOVED);
        ck_assert(!is_there("DCIM/a.mp4"));
        ck_assert(is_there("DCIM/b.mp4"));
        ck_assert(is_there("c.mp4"));
        ck_assert_int_eq(removal("DCIM/a.mp4", SIZE, TIME * USEC_PER_SEC), CLEAR_ABSENT);
        ck_assert_int_eq(removal("c.mp4", SIZE, TIME * USEC_PER_SEC), CLEAR_REMOVED);
}
END_TEST

START_TEST(test_changed_file_stays)
{
        ck_assert_int_eq(removal("c.mp4", SIZE + 1, TIME * USEC_PER_SEC), CLEAR_CHANGED);
        ck_assert_int_eq(removal("c.mp4", SIZE, TIME * USEC_PER_SEC + 10000), CLEAR_CHANGED);
        ck_assert_int_eq(removal("c.mp4", SIZE, (TIME - 2) * USEC_PER_SEC), CLEAR_CHANGED);
        ck_assert(is_there("c.mp4"));
}
END_TEST

START_TEST(test_only_regular_files_below)
{
        ck_assert_int_eq(symlinkat("c.mp4", root, "link"), 0);
        ck_assert_int_eq(symlinkat("DCIM", root, "folder"), 0);
        ck_assert_int_eq(mkdirat(root, "empty", 0755), 0);
        ck_assert_int_eq(removal("empty", 0, 0), CLEAR_ABSENT);
        ck_assert_int_ne(removal("link", SIZE, TIME * USEC_PER_SEC), CLEAR_REMOVED);
        ck_assert_int_eq(removal("folder/a.mp4", SIZE, TIME * USEC_PER_SEC), CLEAR_FAILED);
        ck_assert_int_eq(removal("nothing/a.mp4", SIZE, TIME * USEC_PER_SEC), CLEAR_ABSENT);
        ck_assert_int_eq(removal("c.mp4/a.mp4", SIZE, TIME * USEC_PER_SEC), CLEAR_ABSENT);
        ck_assert(is_there("empty"));
        ck_assert(is_there("link"));
        ck_assert(is_there("c.mp4"));
        ck_assert(is_there("DCIM/a.mp4"));
}
END_TEST

START_TEST(test_path_does_not_leave)
{
        _cleanup_close_ int inner = openat(root, "DCIM", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char absolute[512];
        int error;

        (void)snprintf(absolute, sizeof(absolute), "%s/c.mp4", folder);
        ck_assert_int_eq(file_remove(inner, "../c.mp4", SIZE, TIME * USEC_PER_SEC, &error), CLEAR_FAILED);
        ck_assert_int_eq(file_remove(inner, absolute, SIZE, TIME * USEC_PER_SEC, &error), CLEAR_FAILED);
        ck_assert(is_there("c.mp4"));
}
END_TEST

static struct clear_volume volume(const char *port)
{
        struct clear_volume v = {.devnum = 5, .files = 1};

        (void)snprintf(v.port, sizeof(v.port), "%s", port);
        return v;
}

START_TEST(test_volume_is_checked)
{
        static const char *const wrong[] = {"",      "1",      "1-",      "-1",    "1-1.", "1-1..2", "usb1",
                                            "1-1/2", "../1-1", "1-1:1.0", "1-1.x", "1-1 ", "1--1"};
        struct clear_volume v = volume("1-1"), w = volume("12-1.4.2");

        ck_assert_int_eq(clear_volume_check(&v), 0);
        ck_assert_int_eq(clear_volume_check(&w), 0);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                w = volume(wrong[i]);
                ck_assert_msg(clear_volume_check(&w) == -EINVAL, "port '%s'", wrong[i]);
        }
#define REFUSED(field, value)                                      \
        do {                                                       \
                w = v;                                             \
                w.field = (value);                                 \
                ck_assert_int_eq(clear_volume_check(&w), -EINVAL); \
        } while (0)
        REFUSED(devnum, 0);
        REFUSED(devnum, 128);
        REFUSED(unit, 16);
        REFUSED(offset, -1);
        REFUSED(files, 0);
        REFUSED(files, CLEAR_FILES_MAX + 1);
        w = v;
        memset(w.port, '1', sizeof(w.port)); /* does not end */
        ck_assert_int_eq(clear_volume_check(&w), -EINVAL);
        w = v;
        memset(w.usb_serial, 'A', sizeof(w.usb_serial));
        ck_assert_int_eq(clear_volume_check(&w), -EINVAL);
}
END_TEST

static struct clear_file file(const char *path, const char *time)
{
        struct clear_file f = {.size = SIZE};

        (void)snprintf(f.path, sizeof(f.path), "%s", path);
        (void)snprintf(f.time_text, sizeof(f.time_text), "%s", time);
        return f;
}

START_TEST(test_file_is_checked)
{
        static const char *const wrong[] = {"",   "/a",   "a/",     "a//b", ".",
                                            "..", "../a", "a/../b", "a/.",  "./a"};
        struct clear_file f = file("DCIM/a..b.mp4", "20261101T080000.50+0800");
        instant_t time;

        ck_assert_int_eq(clear_file_check(&f, &time), 0);
        ck_assert_int_eq(time, TIME * USEC_PER_SEC + 500000);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                f = file(wrong[i], "20261101T080000");
                ck_assert_msg(clear_file_check(&f, &time) == -EINVAL, "path '%s'", wrong[i]);
        }
        f = file("a", "");
        ck_assert_int_eq(clear_file_check(&f, &time), -EINVAL);
        f = file("a", "20261101T080000");
        f.size = -1;
        ck_assert_int_eq(clear_file_check(&f, &time), -EINVAL);
        f = file("a", "20261101T080000");
        memset(f.path, 'a', sizeof(f.path));
        ck_assert_int_eq(clear_file_check(&f, &time), -EINVAL);
}
END_TEST

/* A wait ends when there is nobody to wait for. */
START_TEST(test_wait_ends)
{
        int fds[2], stop[2];
        struct peer w;

        ck_assert_int_eq(message_socketpair(fds), 0);
        ck_assert_int_eq(pipe2(stop, O_CLOEXEC), 0);
        w = (struct peer){.socket = fds[1], .signals = stop[0]};
        ck_assert_int_eq(peer_wait(&w, false, 0), 0);
        ck_assert_int_eq(peer_wait(&w, true, 0), -ETIME);
        ck_assert_int_eq(message_send(fds[0], CLEAR_END, NULL, 0, -EBADF, 0), 0);
        ck_assert_int_eq(peer_wait(&w, false, 0), 0);
        ck_assert_int_eq(peer_wait(&w, true, 60000), 0);
        ck_assert_int_eq(write(stop[1], "x", 1), 1);
        ck_assert_int_eq(peer_wait(&w, false, 60000), -ECANCELED);
        ck_assert_int_eq(peer_wait(&w, true, 60000), -ECANCELED);
        w.signals = -EBADF;
        (void)fd_close(fds[0]);
        ck_assert_int_eq(peer_wait(&w, true, 60000), 0); /* the last words first */
        ck_assert_int_eq(peer_wait(&w, false, 60000), -EPIPE);
        (void)fd_close(fds[1]);
        (void)fd_close(stop[0]);
        (void)fd_close(stop[1]);
}
END_TEST

START_TEST(test_lock_is_waited_for)
{
        _cleanup_free_ char *path = scratch_path("c.mp4");
        _cleanup_close_ int other = open(path, O_RDONLY | O_CLOEXEC), fd = -EBADF;
        int fds[2];
        struct peer w = {.signals = -EBADF};

        ck_assert_int_eq(message_socketpair(fds), 0);
        w.socket = fds[1];
        ck_assert_int_eq(flock(other, LOCK_EX), 0);
        ck_assert_int_eq(disk_lock(path, &w, 60), -EBUSY);
        (void)fd_close(fds[0]);
        ck_assert_int_eq(disk_lock(path, &w, 60000), -EPIPE);
        ck_assert_int_eq(flock(other, LOCK_UN), 0);
        fd = disk_lock(path, &w, 0);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_lt(flock(other, LOCK_EX | LOCK_NB), 0);
        (void)fd_close(fds[1]);
}
END_TEST

static void note_make(const char *text)
{
        _cleanup_fclose_ FILE *f = NULL;
        _cleanup_free_ char *path = scratch_path("lifted");

        f = fopen(path, "we");
        ck_assert_ptr_nonnull(f);
        ck_assert_int_ge(fputs(text, f), 0);
}

/* Of what was not a killed one's note nothing is touched. */
START_TEST(test_put_back_is_checked)
{
        ck_assert_int_eq(unsetenv("RUNTIME_DIRECTORY"), 0);
        ck_assert_int_eq(clear_flag_put_back(), 0);
        ck_assert_int_eq(setenv("RUNTIME_DIRECTORY", folder, 1), 0);
        ck_assert_int_eq(clear_flag_put_back(), 0); /* nothing is noted */
        note_make("7 /dev/recdock-no-such-disk\n");
        ck_assert_int_eq(clear_flag_put_back(), 0); /* taken out */
        note_make("7 /dev/null\n");
        ck_assert_int_eq(clear_flag_put_back(), -ENOTBLK);
        note_make("7 /etc/passwd\n");
        ck_assert_int_eq(clear_flag_put_back(), -EBADMSG);
        note_make("/dev/sda\n");
        ck_assert_int_eq(clear_flag_put_back(), -EBADMSG);
        clear_flag_forget();
        ck_assert_int_eq(clear_flag_put_back(), 0);
        ck_assert_int_eq(unsetenv("RUNTIME_DIRECTORY"), 0);
}
END_TEST

static int serve_one(uint32_t type, const void *payload, size_t size)
{
        int fds[2], r;
        struct message m;
        const struct clear_finished *finished;

        ck_assert_int_eq(message_socketpair(fds), 0);
        ck_assert_int_eq(message_send(fds[0], type, payload, size, -EBADF, 0), 0);
        r = clear_serve(fds[1], -EBADF);
        ck_assert_int_eq(message_receive(fds[0], &m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m.type, CLEAR_FINISHED);
        finished = message_payload(&m, sizeof(*finished));
        ck_assert_ptr_nonnull(finished);
        ck_assert_int_eq(finished->error, r);
        ck_assert_uint_eq(finished->removed, 0);
        (void)fd_close(fds[0]);
        (void)fd_close(fds[1]);
        return r;
}

START_TEST(test_conversation_is_checked)
{
        struct clear_volume v = volume("../1"), nobody = volume("99-99");

        ck_assert_int_eq(serve_one(CLEAR_VOLUME, &v, sizeof(v)), -EINVAL);
        ck_assert_int_eq(serve_one(CLEAR_VOLUME, &v, sizeof(v) - 1), -EBADMSG);
        ck_assert_int_eq(serve_one(CLEAR_END, NULL, 0), -EBADMSG);
        ck_assert_int_eq(serve_one(CLEAR_VOLUME, &nobody, sizeof(nobody)), -ENODEV);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("clear");
        TCase *c = tcase_create("clear");
        SRunner *r;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, test_listed_file_goes_and_no_other);
        tcase_add_test(c, test_changed_file_stays);
        tcase_add_test(c, test_only_regular_files_below);
        tcase_add_test(c, test_path_does_not_leave);
        tcase_add_test(c, test_volume_is_checked);
        tcase_add_test(c, test_file_is_checked);
        tcase_add_test(c, test_wait_ends);
        tcase_add_test(c, test_lock_is_waited_for);
        tcase_add_test(c, test_put_back_is_checked);
        tcase_add_test(c, test_conversation_is_checked);
        suite_add_tcase(s, c);
        r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
