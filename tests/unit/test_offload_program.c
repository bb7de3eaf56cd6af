// SPDX-License-Identifier: LGPL-2.1-or-later
/* The program around the session: bad usage, a missing socket, a node that does not open. argv[1] is the
 * program. */
#include "base/cleanup.h"
#include "base/message.h"
#include "recorder/offload_messages.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

static const char *program;
static char said[4096]; /* both its outputs */

/* Runs it with 'socket' as its descriptor 3, or none. Returns its exit status. */
static int run(char *const argv[], int socket)
{
        int out[2], status;
        size_t used = 0;
        ssize_t n;
        pid_t pid;

        ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void)dup2(out[1], STDOUT_FILENO);
                (void)dup2(out[1], STDERR_FILENO);
                if (socket >= 0)
                        (void)dup2(socket, OFFLOAD_SOCKET_FD);
                else
                        (void)close(OFFLOAD_SOCKET_FD);
                (void)execv(program, argv);
                _exit(127);
        }
        (void)close(out[1]);
        while ((n = read(out[0], said + used, sizeof(said) - 1 - used)) > 0)
                used += (size_t)n;
        said[used] = '\0';
        (void)close(out[0]);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static const struct {
        const char *arguments[3];
        int status;
        const char *expected;
} usages[] = {
                {{"--help"}, 0, "Usage: recdock-offload"},
                {{"--version"}, 0, "recdock-offload " PACKAGE_VERSION},
                {{NULL}, 2, "no device node given"},
                {{"--bogus"}, 2, "--bogus"},
                {{"--node=/dev/bus/usb/001/001", "more"}, 2, "unexpected argument 'more'"},
                {{"--node=/dev/bus/usb/001/001", "--interface=256"}, 2, "'256'"},
                {{"--node=/dev/bus/usb/001/001", "--interface=-1"}, 2, "'-1'"},
                {{"--node=/dev/bus/usb/001/001", "--interface=x"}, 2, "'x'"},
                {{"--driver=floppy"}, 2, "'floppy'"},
                {{"--driver=folder", "--node=/dev/bus/usb/001/001"}, 2, "no other option goes with"},
                {{"--driver=folder", "--interface=1"}, 2, "no other option goes with"},
                {{"--driver=folder"}, 2, "started by recdockd(8), not by hand"},
                {{"--node=/dev/bus/usb/001/001"}, 2, "started by recdockd(8), not by hand"},
};

START_TEST(usage_is_checked)
{
        char *argv[4] = {(char *)program};

        memcpy(argv + 1, usages[_i].arguments, sizeof(usages[_i].arguments));
        argv[3] = NULL;
        ck_assert_int_eq(run(argv, -EBADF), usages[_i].status);
        ck_assert_msg(strstr(said, usages[_i].expected) != NULL, "'%s' lacks '%s'", said,
                      usages[_i].expected);
}
END_TEST

START_TEST(a_file_is_no_socket)
{
        char *argv[] = {(char *)program, (char *)"--node=/nowhere", NULL};
        _cleanup_close_ int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        ck_assert_int_eq(run(argv, fd), 2);
        ck_assert_ptr_nonnull(strstr(said, "not recdockd's socket"));
}
END_TEST

START_TEST(a_missing_node_is_a_recorder_that_is_gone)
{
        char *argv[] = {(char *)program, (char *)"--node=/nowhere", NULL};
        const struct offload_failed *failed;
        struct message m = {.fd = -EBADF};
        int fds[2];

        ck_assert_int_eq(message_socketpair(fds), 0);
        ck_assert_int_eq(run(argv, fds[1]), 1);
        ck_assert_int_eq(message_receive(fds[0], &m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m.type, OFFLOAD_FAILED);
        failed = message_payload(&m, sizeof(*failed));
        ck_assert_ptr_nonnull(failed);
        ck_assert_int_eq(failed->outcome, RECORDER_GONE);
        (void)close(fds[0]);
        (void)close(fds[1]);
}
END_TEST

START_TEST(an_import_needs_the_socket_of_its_giver)
{
        char *argv[] = {(char *)program, (char *)"--driver=folder", NULL};
        const struct offload_failed *failed;
        struct message m = {.fd = -EBADF};
        int fds[2];

        ck_assert_int_eq(message_socketpair(fds), 0);
        ck_assert_int_eq(run(argv, fds[1]), 1);
        ck_assert_int_eq(message_receive(fds[0], &m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m.type, OFFLOAD_FAILED);
        failed = message_payload(&m, sizeof(*failed));
        ck_assert_ptr_nonnull(failed);
        ck_assert_ptr_nonnull(strstr(failed->text, "the socket of who imports"));
        (void)close(fds[0]);
        (void)close(fds[1]);
}
END_TEST

START_TEST(bad_quirks_folder_is_said_and_left_out)
{
        char *argv[] = {(char *)program, (char *)"--node=/nowhere", (char *)"--quirks-dir=/nowhere", NULL};
        int fds[2];

        ck_assert_int_eq(message_socketpair(fds), 0);
        ck_assert_int_eq(run(argv, fds[1]), 1);
        ck_assert_ptr_nonnull(strstr(said, "in /nowhere: No such file or directory, going on without it"));
        (void)close(fds[0]);
        (void)close(fds[1]);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("offload_program");
        TCase *c = tcase_create("program");

        tcase_add_loop_test(c, usage_is_checked, 0, (int)ELEMENTSOF(usages));
        tcase_add_test(c, a_file_is_no_socket);
        tcase_add_test(c, a_missing_node_is_a_recorder_that_is_gone);
        tcase_add_test(c, an_import_needs_the_socket_of_its_giver);
        tcase_add_test(c, bad_quirks_folder_is_said_and_left_out);
        suite_add_tcase(s, c);
        return s;
}

int main(int argc, char *argv[])
{
        SRunner *runner;
        int failed;

        if (argc != 2)
                return EXIT_FAILURE;
        program = argv[1];
        runner = srunner_create(suite());
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
