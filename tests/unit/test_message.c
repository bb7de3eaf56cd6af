// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages over a socket pair: what goes in comes out, descriptors are never lost or leaked, and malformed
 * packets are refused. */
#include "base/message.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

static int pair[2] = {-EBADF, -EBADF};

static void setup(void)
{
        ck_assert_int_eq(message_socketpair(pair), 0);
}

static void teardown(void)
{
        pair[0] = fd_close(pair[0]);
        pair[1] = fd_close(pair[1]);
}

static int fds_open(void)
{
        _cleanup_(closedirp) DIR *d = opendir("/proc/self/fd");
        int n = 0;

        ck_assert_ptr_nonnull(d);
        while (readdir(d))
                n++;
        return n;
}

START_TEST(test_round_trip)
{
        uint8_t big[MESSAGE_PAYLOAD_MAX];
        struct message m;

        memset(big, 0x5a, sizeof(big));
        ck_assert_int_eq(message_send(pair[0], 7, "hello", 6, -1, 0), 0);
        ck_assert_int_eq(message_send(pair[0], 8, NULL, 0, -1, 0), 0);
        ck_assert_int_eq(message_send(pair[0], 9, big, sizeof(big), -1, 0), 0);
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m.type, 7);
        ck_assert_int_eq(m.fd, -EBADF);
        ck_assert_str_eq(message_payload(&m, 6), "hello");
        ck_assert_ptr_null(message_payload(&m, 5));
        ck_assert_ptr_null(message_payload(&m, 7));
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m.type, 8);
        ck_assert_uint_eq(m.size, 0);
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_RECEIVED);
        ck_assert_mem_eq(message_payload(&m, sizeof(big)), big, sizeof(big));
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_NONE);
}
END_TEST

START_TEST(test_too_big)
{
        static const uint8_t big[MESSAGE_PAYLOAD_MAX + 1];
        struct message m;

        ck_assert_int_eq(message_send(pair[0], 1, big, sizeof(big), -1, 0), -EMSGSIZE);
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_NONE);
}
END_TEST

START_TEST(test_descriptor)
{
        int before = fds_open(), pipe_fds[2];
        struct message m;

        ck_assert_int_eq(pipe(pipe_fds), 0);
        ck_assert_int_eq(message_send(pair[0], 1, "x", 1, pipe_fds[1], 0), 0);
        (void)close(pipe_fds[1]);
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_RECEIVED);
        ck_assert_int_ge(m.fd, 0);
        ck_assert_int_eq(fcntl(m.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        ck_assert_int_eq(write(m.fd, "y", 1), 1);
        message_done(&m);
        ck_assert_int_eq(m.fd, -EBADF);
        message_done(&m);
        (void)close(pipe_fds[0]);
        ck_assert_int_eq(fds_open(), before);
}
END_TEST

START_TEST(test_closed_peer)
{
        struct message m;

        pair[0] = fd_close(pair[0]);
        ck_assert_int_eq(message_receive(pair[1], &m, -1), MESSAGE_CLOSED);
        ck_assert_int_eq(message_send(pair[1], 1, "x", 1, -1, -1), -EPIPE);
}
END_TEST

/* After anything but MESSAGE_RECEIVED there is no descriptor to close. */
START_TEST(test_done_after_nothing)
{
        struct message m;

        memset(&m, 0, sizeof(m)); /* fd 0 */
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_NONE);
        ck_assert_int_eq(m.fd, -EBADF);
}
END_TEST

START_TEST(test_full_socket)
{
        static const uint8_t payload[1024];
        int64_t begin;
        int r, n = 0;

        while ((r = message_send(pair[0], 1, payload, sizeof(payload), -1, 0)) == 0)
                ck_assert_int_lt(++n, 100000);
        ck_assert_int_eq(r, -EAGAIN);
        begin = clock_monotonic();
        ck_assert_int_eq(message_send(pair[0], 1, payload, sizeof(payload), -1, 20), -EAGAIN);
        ck_assert_int_ge(clock_monotonic() - begin, 20 * USEC_PER_MSEC);
}
END_TEST

static void on_alarm(int signal)
{
        (void)signal;
}

START_TEST(test_signals_do_not_lengthen_a_wait)
{
        const struct sigaction action = {.sa_handler = on_alarm};
        const struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
        struct message m;
        int64_t begin = clock_monotonic();

        ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
        ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
        ck_assert_int_eq(message_receive(pair[1], &m, 50), MESSAGE_NONE);
        ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
        ck_assert_int_ge(clock_monotonic() - begin, 49 * USEC_PER_MSEC);
}
END_TEST

/* Raw packets as a worker that was taken over could send them. */

static void send_raw(const void *data, size_t size, const int *fds, size_t n_fds)
{
        struct iovec iov = {(void *)data, size};
        union {
                struct cmsghdr align;
                char buf[CMSG_SPACE(16 * sizeof(int))];
        } control = {0};
        struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

        if (n_fds > 0) {
                struct cmsghdr *c;

                mh.msg_control = control.buf;
                mh.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                c = CMSG_FIRSTHDR(&mh);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
        }
        ck_assert_int_eq(sendmsg(pair[0], &mh, 0), (ssize_t)size);
}

START_TEST(test_malformed)
{
        static const uint32_t lies[] = {1, 4, 0}, huge[] = {1, UINT32_MAX, 0};
        static uint8_t oversized[8 + MESSAGE_PAYLOAD_MAX + 1];
        struct message m;

        send_raw("abc", 3, NULL, 0);           /* no whole header */
        send_raw(lies, 8, NULL, 0);            /* four bytes missing */
        send_raw(huge, sizeof(huge), NULL, 0); /* says 4 GiB */
        send_raw(oversized, sizeof(oversized), NULL, 0);
        for (int i = 0; i < 4; i++) {
                ck_assert_int_eq(message_receive(pair[1], &m, 0), -EBADMSG);
                ck_assert_int_eq(m.fd, -EBADF);
        }
        send_raw(lies, 12, NULL, 0);
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_RECEIVED);
}
END_TEST

START_TEST(test_malformed_leaks_no_descriptor)
{
        static const uint32_t good[] = {1, 4, 0};
        int fds[16], before = fds_open();
        struct message m;

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = pair[0];
        send_raw("abc", 3, fds, 1);
        ck_assert_int_eq(message_receive(pair[1], &m, 0), -EBADMSG);
        send_raw(good, sizeof(good), fds, 3);
        ck_assert_int_eq(message_receive(pair[1], &m, 0), MESSAGE_RECEIVED);
        message_done(&m);
        send_raw(good, sizeof(good), fds, 16);
        ck_assert_int_eq(message_receive(pair[1], &m, 0), -EBADMSG);
        ck_assert_int_eq(fds_open(), before);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("message");
        TCase *t = tcase_create("message");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_round_trip);
        tcase_add_test(t, test_too_big);
        tcase_add_test(t, test_descriptor);
        tcase_add_test(t, test_closed_peer);
        tcase_add_test(t, test_done_after_nothing);
        tcase_add_test(t, test_full_socket);
        tcase_add_test(t, test_signals_do_not_lengthen_a_wait);
        tcase_add_test(t, test_malformed);
        tcase_add_test(t, test_malformed_leaks_no_descriptor);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
