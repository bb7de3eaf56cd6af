// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Durable file operations on a real folder: outcomes, refusals, symbolic links. Each path rule is run twice,
 * with openat2() and with a kernel that has none (a seccomp filter answers ENOSYS).
 */
#include "base/durable.h"
#include "base/cleanup.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

static int root = -EBADF;

static void setup(void)
{
        root = open(scratch_make(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(root, 0);
}

static void teardown(void)
{
        root = fd_close(root);
        scratch_remove();
}

static void hide_openat2(void)
{
        scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);

        ck_assert_ptr_nonnull(f);
        ck_assert_int_eq(seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0), 0);
        ck_assert_int_eq(seccomp_load(f), 0);
        seccomp_release(f);
}

static void setup_without_openat2(void)
{
        setup();
        hide_openat2();
}

static void link_make(const char *target, const char *name)
{
        ck_assert_int_eq(symlinkat(target, root, name), 0);
}

START_TEST(test_open_beneath)
{
        _cleanup_close_ int fd = -EBADF;
        char text[8] = "";

        scratch_write("a/b/c", "hello");
        fd = durable_open_beneath(root, "a/b/c", O_RDONLY, 0);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(read(fd, text, sizeof(text) - 1), 5);
        ck_assert_str_eq(text, "hello");
        ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        ck_assert_int_eq(durable_open_beneath(root, "a/b/d", O_RDONLY, 0), -ENOENT);
        ck_assert_int_eq(durable_open_beneath(root, "a/b/c/d", O_RDONLY, 0), -ENOTDIR);
}
END_TEST

START_TEST(test_open_creates_with_mode)
{
        _cleanup_close_ int fd = durable_open_beneath(root, "new", O_RDWR | O_CREAT | O_EXCL, 0600);
        struct stat st;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

static const char *const bad_paths[] = {"",       "/",    "/etc/passwd", ".",  "..",  "../x",
                                        "a/../b", "a/..", "a//b",        "a/", "./a", "a/./b"};

START_TEST(test_bad_path)
{
        const char *path = bad_paths[_i], *name;

        scratch_write("a/b", "");
        ck_assert_int_eq(durable_open_beneath(root, path, O_RDONLY, 0), -EINVAL);
        ck_assert_int_eq(durable_open_parent(root, path, &name), -EINVAL);
        ck_assert_int_eq(durable_make_folders(root, path, 0750), -EINVAL);
        ck_assert_int_eq(durable_sync_parent(root, path), -EINVAL);
        ck_assert_int_eq(durable_replace(root, path, "x", 1, 0640), -EINVAL);
        ck_assert_int_eq(durable_link(root, path, root, "target"), -EINVAL);
        ck_assert_int_eq(durable_link(root, "a/b", root, path), -EINVAL);
}
END_TEST

START_TEST(test_symlinks_refused)
{
        struct stat st;

        scratch_write("outside/secret", "s");
        link_make("outside", "folder");
        link_make("outside/secret", "file");
        link_make("nowhere", "dangling");
        ck_assert_int_eq(durable_open_beneath(root, "folder/secret", O_RDONLY, 0), -ELOOP);
        ck_assert_int_eq(durable_open_beneath(root, "file", O_RDONLY, 0), -ELOOP);
        ck_assert_int_eq(durable_open_beneath(root, "folder", O_RDONLY | O_DIRECTORY, 0), -ELOOP);
        ck_assert_int_eq(durable_open_beneath(root, "dangling", O_RDWR | O_CREAT, 0640), -ELOOP);
        ck_assert_int_eq(durable_make_folders(root, "folder", 0750), -ELOOP);
        ck_assert_int_eq(durable_make_folders(root, "folder/x", 0750), -ELOOP);
        ck_assert_int_eq(durable_make_folders(root, "dangling/x", 0750), -ELOOP);
        ck_assert_int_eq(durable_link(root, "outside/secret", root, "folder/copy"), -ELOOP);
        ck_assert_int_eq(durable_replace(root, "folder/new", "x", 1, 0640), -ELOOP);
        ck_assert_int_lt(fstatat(root, "outside/x", &st, 0), 0);
        ck_assert_int_lt(fstatat(root, "outside/copy", &st, 0), 0);
        ck_assert_int_lt(fstatat(root, "nowhere", &st, 0), 0);
}
END_TEST

START_TEST(test_make_folders)
{
        struct stat st;

        ck_assert_int_eq(durable_make_folders(root, "a/b/c", 0750), 0);
        ck_assert_int_eq(durable_make_folders(root, "a/b/c", 0700), 0);
        ck_assert_int_eq(durable_make_folders(root, "a/b/d", 0700), 0);
        ck_assert_int_eq(fstatat(root, "a/b/c", &st, 0), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0750);
        ck_assert_int_eq(fstatat(root, "a/b/d", &st, 0), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0700);
        scratch_write("file", "");
        ck_assert_int_eq(durable_make_folders(root, "file/x", 0750), -ENOTDIR);
}
END_TEST

START_TEST(test_name_too_long)
{
        char name[300];

        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        ck_assert_int_eq(durable_make_folders(root, name, 0750), -ENAMETOOLONG);
        name[255] = '\0';
        ck_assert_int_eq(durable_make_folders(root, name, 0750), 0);
        name[253] = '\0';
        ck_assert_int_eq(durable_replace(root, name, "x", 1, 0640), -ENAMETOOLONG); /* no room for ".tmp" */
}
END_TEST

START_TEST(test_link)
{
        _cleanup_free_ char *text = NULL;

        scratch_write("in/part", "bytes");
        scratch_write("out/taken", "other");
        ck_assert_int_eq(durable_link(root, "in/part", root, "out/new"), DURABLE_DONE);
        ck_assert_int_eq(durable_link(root, "in/part", root, "out/taken"), DURABLE_EXISTS);
        ck_assert_int_eq(durable_link(root, "in/none", root, "out/x"), -ENOENT);
        ck_assert_int_eq(durable_link(root, "in/part", root, "none/x"), -ENOENT);
        text = scratch_read("out/taken");
        ck_assert_str_eq(text, "other");
}
END_TEST

/* A symbolic link in place of the file to be linked is linked itself, never what it points to. */
START_TEST(test_link_does_not_follow)
{
        struct stat st;

        scratch_write("secret", "s");
        link_make("secret", "part");
        ck_assert_int_eq(durable_link(root, "part", root, "copy"), DURABLE_DONE);
        ck_assert_int_eq(fstatat(root, "copy", &st, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(test_replace)
{
        _cleanup_free_ char *first = NULL, *second = NULL;
        struct stat st;
        mode_t usual = umask(077);

        ck_assert_int_eq(durable_make_folders(root, "f", 0750), 0);
        ck_assert_int_eq(durable_replace(root, "f/a", "one", 3, 0640), 0);
        first = scratch_read("f/a");
        ck_assert_str_eq(first, "one");
        scratch_write("f/a.tmp", "left by an interrupted call");
        ck_assert_int_eq(durable_replace(root, "f/a", "two", 3, 0640), 0);
        second = scratch_read("f/a");
        ck_assert_str_eq(second, "two");
        ck_assert_int_eq(fstatat(root, "f/a", &st, 0), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0640);
        ck_assert_int_lt(fstatat(root, "f/a.tmp", &st, 0), 0);
        (void)umask(usual);
}
END_TEST

/* A planted temporary name must not redirect the write. */
START_TEST(test_replace_symlink_at_temporary_name)
{
        _cleanup_free_ char *victim = NULL, *text = NULL;

        scratch_write("victim", "v");
        link_make("victim", "a.tmp");
        ck_assert_int_eq(durable_replace(root, "a", "new", 3, 0640), 0);
        victim = scratch_read("victim");
        text = scratch_read("a");
        ck_assert_str_eq(victim, "v");
        ck_assert_str_eq(text, "new");
}
END_TEST

START_TEST(test_replace_over_folder)
{
        struct stat st;

        scratch_write("a/b", "");
        ck_assert_int_eq(durable_replace(root, "a", "new", 3, 0640), -EISDIR);
        ck_assert_int_lt(fstatat(root, "a.tmp", &st, 0), 0);
}
END_TEST

START_TEST(test_sync_parent)
{
        scratch_write("a/b", "");
        ck_assert_int_eq(durable_sync_parent(root, "a/b"), 0);
        ck_assert_int_eq(durable_sync_parent(root, "a"), 0);
        ck_assert_int_eq(durable_sync_parent(root, "none/b"), -ENOENT);
        ck_assert_int_eq(durable_sync_file(-1), -EBADF);
}
END_TEST

static void on_alarm(int signal)
{
        (void)signal;
}

/* A pipe takes 64 KiB at a time and a timer interrupts the writer: every byte arrives once and in order. */
START_TEST(test_write_all_short_writes_and_signals)
{
        static unsigned char sent[1 << 20];
        const struct sigaction action = {.sa_handler = on_alarm};
        const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
        int fds[2], status;
        pid_t reader;

        for (size_t i = 0; i < sizeof(sent); i++)
                sent[i] = (unsigned char)(i * 2654435761U >> 24);
        ck_assert_int_eq(pipe(fds), 0);
        reader = fork();
        ck_assert_int_ge(reader, 0);
        if (reader == 0) {
                unsigned char buf[5000];
                size_t at = 0;
                ssize_t n;

                (void)close(fds[1]);
                while ((n = read(fds[0], buf, sizeof(buf))) > 0) {
                        if (at + (size_t)n > sizeof(sent) || memcmp(buf, sent + at, (size_t)n) != 0)
                                _exit(1);
                        at += (size_t)n;
                }
                _exit(at == sizeof(sent) ? 0 : 2);
        }
        (void)close(fds[0]);
        ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
        ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
        ck_assert_int_eq(durable_write_all(fds[1], sent, sizeof(sent)), 0);
        ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
        (void)close(fds[1]);
        ck_assert_int_eq(waitpid(reader, &status, 0), reader);
        ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(test_write_all_full_device)
{
        _cleanup_close_ int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(durable_write_all(fd, "x", 1), -ENOSPC);
        ck_assert_int_eq(durable_write_all(fd, "", 0), 0);
}
END_TEST

static char *only_name(void)
{
        static char name[NAME_MAX + 1];
        DIR *folder = fdopendir(openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        struct dirent *entry;
        int n = 0;

        ck_assert_ptr_nonnull(folder);
        while ((entry = readdir(folder))) {
                if (entry->d_name[0] == '.' && (!entry->d_name[1] || strcmp(entry->d_name, "..") == 0))
                        continue;
                (void)snprintf(name, sizeof(name), "%s", entry->d_name);
                n++;
        }
        (void)closedir(folder);
        ck_assert_int_eq(n, 1);
        return name;
}

static void assert_content(const char *name, const char *expected)
{
        _cleanup_free_ char *text = scratch_read(name);

        ck_assert_ptr_nonnull(text);
        ck_assert_str_eq(text, expected);
}

START_TEST(test_publish)
{
        struct stat st;

        (void)umask(027);
        ck_assert_int_eq(durable_publish(root, "r", "one", 3, 0666, false), DURABLE_DONE);
        assert_content("r", "one");
        ck_assert_int_eq(fstatat(root, "r", &st, 0), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0640); /* the umask is its owner's wish */
        ck_assert_int_eq(durable_publish(root, "r", "two", 3, 0666, false), DURABLE_EXISTS);
        assert_content("r", "one");
        ck_assert_int_eq(durable_publish(root, "r", "two", 3, 0666, true), DURABLE_DONE);
        assert_content("r", "two");
        ck_assert_str_eq(only_name(), "r"); /* nothing is left of those that failed */
        ck_assert_int_eq(durable_publish(root, "none/r", "x", 1, 0666, true), -ENOENT);
        ck_assert_str_eq(only_name(), "r");
}
END_TEST

/* A link is replaced, not followed; a folder is not replaced. */
START_TEST(test_publish_over_what_is_no_file)
{
        scratch_write("outside/secret", "s");
        link_make("outside/secret", "link");
        link_make("nowhere", "dangling");
        ck_assert_int_eq(durable_publish(root, "link", "x", 1, 0666, false), DURABLE_EXISTS);
        ck_assert_int_eq(durable_publish(root, "dangling", "x", 1, 0666, false), DURABLE_EXISTS);
        ck_assert_int_eq(durable_publish(root, "link", "x", 1, 0666, true), DURABLE_DONE);
        assert_content("outside/secret", "s");
        ck_assert_int_eq(durable_publish(root, "outside", "x", 1, 0666, true), -EISDIR);
        ck_assert_int_eq(faccessat(root, "nowhere", F_OK, 0), -1);
}
END_TEST

/* FAT has no hard links, other file systems cannot rename without replacing: a filter stands for the latter.
 */
START_TEST(test_publish_without_renameat2)
{
        scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);

        ck_assert_ptr_nonnull(f);
        ck_assert_int_eq(seccomp_rule_add(f, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(renameat2), 0), 0);
        ck_assert_int_eq(seccomp_load(f), 0);
        seccomp_release(f);
        ck_assert_int_eq(durable_publish(root, "r", "one", 3, 0666, false), DURABLE_DONE);
        assert_content("r", "one");
        ck_assert_int_eq(durable_publish(root, "r", "two", 3, 0666, false), DURABLE_EXISTS);
        assert_content("r", "one");
        ck_assert_str_eq(only_name(), "r");
}
END_TEST

static void add_path_tests(Suite *s, const char *name, void (*prepare)(void))
{
        TCase *t = tcase_create(name);

        tcase_add_checked_fixture(t, prepare, teardown);
        tcase_add_test(t, test_open_beneath);
        tcase_add_test(t, test_open_creates_with_mode);
        tcase_add_loop_test(t, test_bad_path, 0, (int)ELEMENTSOF(bad_paths));
        tcase_add_test(t, test_symlinks_refused);
        tcase_add_test(t, test_make_folders);
        tcase_add_test(t, test_name_too_long);
        tcase_add_test(t, test_link);
        tcase_add_test(t, test_link_does_not_follow);
        tcase_add_test(t, test_replace);
        tcase_add_test(t, test_replace_symlink_at_temporary_name);
        tcase_add_test(t, test_replace_over_folder);
        tcase_add_test(t, test_sync_parent);
        suite_add_tcase(s, t);
}

int main(void)
{
        Suite *s = suite_create("durable");
        TCase *writes = tcase_create("writes"), *publishes = tcase_create("publishes");
        SRunner *runner;
        int failed;

        add_path_tests(s, "openat2", setup);
        add_path_tests(s, "components", setup_without_openat2);
        tcase_add_test(writes, test_write_all_short_writes_and_signals);
        tcase_add_test(writes, test_write_all_full_device);
        suite_add_tcase(s, writes);
        tcase_add_checked_fixture(publishes, setup, teardown);
        tcase_add_test(publishes, test_publish);
        tcase_add_test(publishes, test_publish_over_what_is_no_file);
        tcase_add_test(publishes, test_publish_without_renameat2);
        suite_add_tcase(s, publishes);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
