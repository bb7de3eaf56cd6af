// SPDX-License-Identifier: LGPL-2.1-or-later
/* recdockd's side of recdock-medium, on an event loop: each question gets one answer, whatever the other
 * side says or does. In its place stands this test. */
#include "base/cleanup.h"
#include "base/message.h"
#include "daemon/medium/medium_messages.h"
#include "daemon/medium_link.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define UUID "12AB-34CD"

static sd_event *event;
static int listener = -EBADF, server = -EBADF;
static struct medium_link *l;

/* What came. */
static struct {
        unsigned int opened, released, made;
        int error, fd;
        char why[MEDIUM_WHY_MAX], uuid[MEDIUM_UUID_MAX];
        bool close_at_once, free_at_end;
} got;

static void setup(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_free_ char *path = NULL;

        (void)scratch_make();
        path = scratch_path("socket");
        ck_assert_int_lt(strlen(path), sizeof(address.sun_path));
        (void)strcpy(address.sun_path, path);
        ck_assert_int_eq(setenv("RECDOCK_MEDIUM_SOCKET", path, 1), 0);
        listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        memset(&got, 0, sizeof(got));
        got.error = 1;
        got.fd = -EBADF;
        l = NULL;
}

static void teardown(void)
{
        got.fd = fd_close(got.fd);
        server = fd_close(server);
        listener = fd_close(listener);
        event = sd_event_unref(event);
        scratch_remove();
}

static void on_opened(void *userdata, int error, int root_fd)
{
        ck_assert_ptr_eq(userdata, &got);
        got.opened++;
        got.error = error;
        got.fd = root_fd;
        (void)snprintf(got.why, sizeof(got.why), "%s", medium_link_why(l));
        (void)snprintf(got.uuid, sizeof(got.uuid), "%s", medium_link_facts(l)->uuid);
        if (got.close_at_once)
                medium_link_close(l);
        if (got.free_at_end)
                medium_link_free(l);
}

static void on_released(void *userdata, int error)
{
        ck_assert_ptr_eq(userdata, &got);
        got.released++;
        got.error = error;
        if (got.free_at_end)
                medium_link_free(l);
}

static void on_made(void *userdata, int error, const struct medium_facts *facts)
{
        ck_assert_ptr_eq(userdata, &got);
        ck_assert_int_eq(facts != NULL, error == 0);
        got.made++;
        got.error = error;
        (void)snprintf(got.why, sizeof(got.why), "%s", medium_link_why(l));
        (void)snprintf(got.uuid, sizeof(got.uuid), "%s", facts ? facts->uuid : "");
}

/* Until nothing is left to do. */
static void run(void)
{
        while (sd_event_run(event, 0) > 0)
                ;
}

/* What was asked. */
static void ask(uint32_t type, struct message *m)
{
        server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(server, 0);
        ck_assert_int_eq(message_receive(server, m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m->type, type);
}

static void open_it(void)
{
        const struct medium_open *request;
        struct message m;

        ck_assert_int_eq(medium_link_open(&l, event, UUID, on_opened, &got), 0);
        medium_link_on_released(l, on_released);
        ask(MEDIUM_OPEN, &m);
        request = message_payload(&m, sizeof(*request));
        ck_assert_ptr_nonnull(request);
        ck_assert_str_eq(request->uuid, UUID);
        ck_assert_str_eq(request->place.port, "");
}

static void answer(uint32_t type, const void *payload, size_t size, int fd)
{
        ck_assert_int_eq(message_send(server, type, payload, size, fd, 0), 0);
        run();
}

static struct medium_facts facts(const char *uuid)
{
        struct medium_facts f = {.type = "ext4", .serial = "S", .port = "2-1", .size = 1};

        (void)snprintf(f.uuid, sizeof(f.uuid), "%s", uuid);
        return f;
}

static void answer_opened(const char *uuid, const char *path)
{
        struct medium_facts f = facts(uuid);
        _cleanup_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -EBADF;

        answer(MEDIUM_OPENED, &f, sizeof(f), fd);
}

static void answer_closed(int error)
{
        const struct medium_closed closed = {.error = error};

        answer(MEDIUM_CLOSED, &closed, sizeof(closed), -EBADF);
}

/* The other side sees the connection end, after 'n' messages. */
static void expect_hangup(void)
{
        struct message m;

        ck_assert_int_eq(message_receive(server, &m, 0), MESSAGE_CLOSED);
}

static void expect_failed(int error)
{
        ck_assert_uint_eq(got.opened, 1);
        ck_assert_uint_eq(got.released, 0);
        ck_assert_int_eq(got.error, error);
        ck_assert_int_lt(got.fd, 0);
        expect_hangup();
}

START_TEST(test_open_and_close)
{
        struct message m;

        open_it();
        run();
        ck_assert_uint_eq(got.opened, 0);
        answer_opened(UUID, "/");
        ck_assert_uint_eq(got.opened, 1);
        ck_assert_int_eq(got.error, 0);
        ck_assert_str_eq(got.uuid, UUID);
        ck_assert_int_eq(faccessat(got.fd, "proc", F_OK, 0), 0);
        medium_link_close(l);
        medium_link_close(l); /* once is enough */
        run();
        ck_assert_int_eq(message_receive(server, &m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m.type, MEDIUM_CLOSE);
        ck_assert_int_eq(message_receive(server, &m, 0), MESSAGE_NONE);
        ck_assert_uint_eq(got.released, 0);
        answer_closed(0);
        ck_assert_uint_eq(got.released, 1);
        ck_assert_int_eq(got.error, 0);
        expect_hangup();
}
END_TEST

START_TEST(test_close_from_the_callback)
{
        struct message m;

        got.close_at_once = true;
        open_it();
        answer_opened(UUID, "/");
        ck_assert_int_eq(message_receive(server, &m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m.type, MEDIUM_CLOSE);
        answer_closed(-EIO);
        ck_assert_uint_eq(got.released, 1);
        ck_assert_int_eq(got.error, -EIO);
}
END_TEST

START_TEST(test_free_from_the_callback)
{
        got.free_at_end = true; /* of no effect in the last one, the end in the first */
        open_it();
        answer_opened(UUID, "/");
        ck_assert_uint_eq(got.opened, 1);
        expect_hangup();
        got.opened = 0;
        got.fd = fd_close(got.fd);
        server = fd_close(server);
        open_it();
        answer_opened("AAAA-BBBB", "/");
        expect_failed(-EBADMSG);
}
END_TEST

START_TEST(test_refusal_is_told)
{
        struct medium_failed failed = {.error = -EPERM, .text = "it is a\nrecorder"};

        open_it();
        answer(MEDIUM_REFUSED, &failed, sizeof(failed), -EBADF);
        expect_failed(-EPERM);
        ck_assert_str_eq(got.why, "it is a?recorder");
}
END_TEST

/* Other media, nothing to write to, and what is no answer at all. */
START_TEST(test_wrong_answers)
{
        struct medium_facts f = facts(UUID);
        struct medium_failed failed = {.error = 1};
        struct medium_closed closed = {.error = 0};

        switch (_i) {
        case 0:
                open_it();
                answer_opened("AAAA-BBBB", "/");
                break;
        case 1:
                open_it();
                answer_opened(UUID, NULL);
                break;
        case 2:
                open_it();
                answer_opened(UUID, "/dev/null");
                break;
        case 3:
                open_it();
                answer(MEDIUM_OPENED, &f, sizeof(f) - 1, -EBADF);
                break;
        case 4:
                open_it();
                answer(MEDIUM_REFUSED, &failed, sizeof(failed), -EBADF);
                break;
        case 5:
                open_it();
                memset(failed.text, 'a', sizeof(failed.text));
                failed.error = -EPERM;
                answer(MEDIUM_REFUSED, &failed, sizeof(failed), -EBADF);
                break;
        case 6:
                open_it();
                answer(MEDIUM_CLOSED, &closed, sizeof(closed), -EBADF);
                break;
        case 7:
                open_it();
                answer(MEDIUM_INITIALISED, &f, sizeof(f), -EBADF);
                break;
        case 8:
                open_it();
                memset(f.type, 'a', sizeof(f.type));
                answer(MEDIUM_OPENED, &f, sizeof(f), got.fd);
                break;
        default:
                open_it();
                answer(1000, NULL, 0, -EBADF);
        }
        expect_failed(-EBADMSG);
}
END_TEST

START_TEST(test_death)
{
        open_it();
        server = fd_close(server);
        run();
        ck_assert_uint_eq(got.opened, 1);
        ck_assert_int_eq(got.error, -EPIPE);
        got.opened = 0;
        open_it();
        answer_opened(UUID, "/");
        server = fd_close(server);
        run();
        ck_assert_uint_eq(got.opened, 1);
        ck_assert_uint_eq(got.released, 1);
        ck_assert_int_eq(got.error, -EPIPE);
}
END_TEST

/* recdock-medium was told to stop. */
START_TEST(test_release_that_nobody_asked_for)
{
        open_it();
        answer_opened(UUID, "/");
        answer_closed(-ECANCELED);
        ck_assert_uint_eq(got.released, 1);
        ck_assert_int_eq(got.error, -ECANCELED);
        expect_hangup();
}
END_TEST

START_TEST(test_close_before_it_is_open)
{
        open_it();
        medium_link_close(l);
        expect_hangup();
        run();
        ck_assert_uint_eq(got.opened + got.released, 0);
}
END_TEST

START_TEST(test_nobody_to_ask)
{
        _cleanup_free_ char *path = scratch_path("socket");
        struct medium_init request = {.format = MEDIUM_EXT4, .label = "A"};

        ck_assert_int_eq(medium_link_open(&l, event, "../x", on_opened, &got), -EINVAL);
        ck_assert_int_eq(medium_link_init(&l, event, &request, on_made, &got), -EINVAL); /* where? */
        listener = fd_close(listener);
        ck_assert_int_eq(medium_link_open(&l, event, UUID, on_opened, &got), -ECONNREFUSED);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(medium_link_open(&l, event, UUID, on_opened, &got), -ENOENT);
        run();
        ck_assert_uint_eq(got.opened + got.made, 0);
        ck_assert_ptr_null(l);
}
END_TEST

static void init_it(void)
{
        struct medium_init request = {.format = MEDIUM_EXFAT, .label = "V1", .place.port = "2-1"};
        const struct medium_init *asked;
        struct message m;

        ck_assert_int_eq(medium_link_init(&l, event, &request, on_made, &got), 0);
        ask(MEDIUM_INIT, &m);
        asked = message_payload(&m, sizeof(*asked));
        ck_assert_ptr_nonnull(asked);
        ck_assert_mem_eq(asked, &request, sizeof(request));
}

START_TEST(test_init)
{
        struct medium_facts f = facts(UUID);
        struct medium_failed failed = {.error = -EEXIST, .text = "it holds ntfs"};

        init_it();
        answer(MEDIUM_INITIALISED, &f, sizeof(f), -EBADF);
        ck_assert_uint_eq(got.made, 1);
        ck_assert_int_eq(got.error, 0);
        ck_assert_str_eq(got.uuid, UUID);
        expect_hangup();
        server = fd_close(server);
        init_it();
        answer(MEDIUM_REFUSED, &failed, sizeof(failed), -EBADF);
        ck_assert_uint_eq(got.made, 2);
        ck_assert_int_eq(got.error, -EEXIST);
        ck_assert_str_eq(got.why, "it holds ntfs");
        server = fd_close(server);
        init_it();
        answer_opened(UUID, "/");
        ck_assert_int_eq(got.error, -EBADMSG);
        server = fd_close(server);
        init_it();
        server = fd_close(server);
        run();
        ck_assert_uint_eq(got.made, 4);
        ck_assert_int_eq(got.error, -EPIPE);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("medium_link");
        TCase *c = tcase_create("medium_link");
        SRunner *r;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, test_open_and_close);
        tcase_add_test(c, test_close_from_the_callback);
        tcase_add_test(c, test_free_from_the_callback);
        tcase_add_test(c, test_refusal_is_told);
        tcase_add_loop_test(c, test_wrong_answers, 0, 10);
        tcase_add_test(c, test_death);
        tcase_add_test(c, test_release_that_nobody_asked_for);
        tcase_add_test(c, test_close_before_it_is_open);
        tcase_add_test(c, test_nobody_to_ask);
        tcase_add_test(c, test_init);
        suite_add_tcase(s, c);
        r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
