// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What recdockd is told of bytes a medium does not give: every range, before the zeros that stand for it can
 * be in a checkpoint, and a bounded number of them.
 */
#include "base/message.h"
#include "daemon/offload/session.h"
#include "daemon/offload/unreadable.h"
#include "fake_recorder.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

enum { ANSWER_MS = 60 * 1000, MIB = 1024 * 1024 };

static int sockets[2];

/* The next message that is of this type; PROGRESS, CHECKPOINT and NOTICE are passed over. */
static void expect(uint32_t type, void *ret, size_t size)
{
        for (;;) {
                struct message m = {.fd = -EBADF};

                ck_assert_int_eq(message_receive(sockets[0], &m, ANSWER_MS), MESSAGE_RECEIVED);
                if (m.type == OFFLOAD_PROGRESS || m.type == OFFLOAD_CHECKPOINT || m.type == OFFLOAD_NOTICE)
                        continue;
                ck_assert_uint_eq(m.type, type);
                ck_assert_ptr_nonnull(message_payload(&m, size));
                memcpy(ret, m.payload, size);
                return;
        }
}

static int part_open(void)
{
        int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        ck_assert_int_ge(fd, 0);
        return fd;
}

static void assert_zeros(int fd, int64_t from, int64_t to)
{
        for (int64_t at = from; at < to; at++) {
                uint8_t byte = 1;

                ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
                ck_assert_uint_eq(byte, 0);
        }
}

/* --- ranges alone --- */

static void ignore_progress(void *userdata, int64_t bytes)
{
        (void)userdata;
        (void)bytes;
}

static void ignore_checkpoint(void *userdata, int64_t bytes, const uint8_t sha256[DIGEST_SIZE])
{
        (void)userdata;
        (void)bytes;
        (void)sha256;
}

static int go_on(void *userdata)
{
        (void)userdata;
        return PART_OK;
}

static const struct part_events events = {
                .on_progress = ignore_progress, .on_checkpoint = ignore_checkpoint, .poll = go_on};

static struct part_writer *writer;
static struct unreadable unreadable;
static int part;

static void ranges_setup(void)
{
        const struct offload_fetch fetch = {.item = 5, .size = 1000000};

        ck_assert_int_eq(message_socketpair(sockets), 0);
        ck_assert_int_eq(part_writer_new(&writer, &events), 0);
        part = part_open();
        ck_assert_int_eq(part_begin(writer, part, false), PART_OK);
        ck_assert_int_eq(part_restart(writer), PART_OK);
        unreadable_init(&unreadable, writer, sockets[1], &fetch);
}

static void ranges_teardown(void)
{
        struct part_result result;

        ck_assert_int_eq(part_complete(writer, &result), PART_OK);
        part_writer_free(writer);
        (void)fd_close(part);
        (void)fd_close(sockets[0]);
        (void)fd_close(sockets[1]);
}

START_TEST(side_by_side_is_one_range)
{
        struct offload_unreadable m;

        for (int i = 0; i < 20; i++)
                ck_assert_int_eq(unreadable_add(&unreadable, 512), PART_OK);
        /* Not told yet, so not written yet. */
        ck_assert_int_eq(part_fed(writer), 0);
        ck_assert_int_eq(unreadable_flush(&unreadable), PART_OK);
        ck_assert_int_eq(part_fed(writer), 20 * 512);
        ck_assert_int_eq(unreadable.total, 20 * 512);
        expect(OFFLOAD_UNREADABLE, &m, sizeof(m));
        ck_assert_uint_eq(m.item, 5);
        ck_assert_int_eq(m.offset, 0);
        ck_assert_int_eq(m.size, 20 * 512);
        ck_assert_uint_eq(m.rest, 0);
}
END_TEST

START_TEST(nothing_is_told_of_nothing)
{
        ck_assert_int_eq(unreadable_flush(&unreadable), PART_OK);
        ck_assert_uint_eq(unreadable.told, 0);
        ck_assert_int_eq(part_fed(writer), 0);
}
END_TEST

/* A range without end is told in pieces: the part grows, and memory does not. */
START_TEST(a_long_range_is_told_in_pieces)
{
        struct offload_unreadable m;
        int64_t at = 0;

        ck_assert_int_eq(unreadable_add(&unreadable, INT64_C(40) * MIB), PART_OK);
        ck_assert_int_eq(unreadable_flush(&unreadable), PART_OK);
        ck_assert_int_eq(part_fed(writer), INT64_C(40) * MIB);
        while (at < INT64_C(40) * MIB) {
                expect(OFFLOAD_UNREADABLE, &m, sizeof(m));
                ck_assert_int_eq(m.offset, at);
                at += m.size;
        }
        ck_assert_int_eq(at, INT64_C(40) * MIB);
}
END_TEST

START_TEST(so_many_ranges_and_one_for_the_rest)
{
        struct offload_unreadable m;

        for (int i = 0; i < OFFLOAD_UNREADABLE_MAX + 50; i++) {
                ck_assert_int_eq(unreadable_add(&unreadable, 512), PART_OK);
                ck_assert_int_eq(unreadable_flush(&unreadable), PART_OK);
                ck_assert_int_eq(part_feed(writer, "data", 4), PART_OK);
        }
        for (int i = 0; i < OFFLOAD_UNREADABLE_MAX; i++) {
                expect(OFFLOAD_UNREADABLE, &m, sizeof(m));
                ck_assert_int_eq(m.offset, i * INT64_C(516));
                ck_assert_uint_eq(m.rest, i == OFFLOAD_UNREADABLE_MAX - 1);
        }
        ck_assert_int_eq(m.offset + m.size, 1000000);
        ck_assert_int_eq(unreadable.total, (OFFLOAD_UNREADABLE_MAX + 50) * 512);
        ck_assert_int_eq(message_send(sockets[1], OFFLOAD_FAILED, NULL, 0, -EBADF, 0), 0);
        expect(OFFLOAD_FAILED, &m, 0); /* and nothing before it */
}
END_TEST

START_TEST(nobody_listens)
{
        sockets[0] = fd_close(sockets[0]);
        ck_assert_int_eq(unreadable_add(&unreadable, 512), PART_OK);
        ck_assert_int_eq(unreadable_flush(&unreadable), PART_ABANDONED);
        ck_assert_int_eq(part_fed(writer), 0);
}
END_TEST

/* --- in a docking --- */

static struct session *session;
static struct fake_recorder fake;
static pthread_t thread;

static void *session_main(void *userdata)
{
        struct session_start start = {.recorder = &fake.recorder};

        (void)session_run(session, &start);
        return userdata;
}

static void order(uint32_t type, const void *payload, size_t size, int fd)
{
        ck_assert_int_eq(message_send(sockets[0], type, payload, size, fd, ANSWER_MS), 0);
}

static void docking_begin(struct fake_item *item)
{
        uint8_t any[4096];

        fake_recorder_init(&fake, item, 1);
        fake.with_extras = true;
        ck_assert_int_eq(message_socketpair(sockets), 0);
        ck_assert_int_eq(session_new(&session, sockets[1], -EBADF), 0);
        ck_assert_int_eq(session_threads(session), 0);
        ck_assert_int_eq(pthread_create(&thread, NULL, session_main, NULL), 0);
        expect(OFFLOAD_SANDBOX, any, sizeof(struct offload_sandbox));
        expect(OFFLOAD_IDENTITY, any, sizeof(struct recorder_identity));
        order(OFFLOAD_LIST, NULL, 0, -EBADF);
        expect(OFFLOAD_ITEM, any, sizeof(struct recorder_item));
}

static void docking_end(void)
{
        order(OFFLOAD_CLOSE, NULL, 0, -EBADF);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        session_free(session);
        (void)sem_destroy(&fake.waiting);
        (void)fd_close(sockets[0]);
        (void)fd_close(sockets[1]);
}

START_TEST(a_listing_with_extras)
{
        struct fake_item item = {.size = 10};
        struct recorder_deleted deleted;
        struct recorder_finding finding;
        struct offload_listed listed;

        docking_begin(&item);
        expect(OFFLOAD_DELETED, &deleted, sizeof(deleted));
        ck_assert_uint_eq(deleted.index, 1);
        ck_assert_str_eq(deleted.path, "SD/(deleted)/_1.mp4");
        expect(OFFLOAD_FINDING, &finding, sizeof(finding));
        ck_assert_str_eq(finding.kind, "dirty");
        expect(OFFLOAD_LISTED, &listed, sizeof(listed));
        ck_assert_uint_eq(listed.items, 1);
        ck_assert_uint_eq(listed.complete, 1);
        docking_end();
}
END_TEST

/* At the beginning, in the middle and at the end; in one piece and in many. */
START_TEST(an_item_with_a_gap)
{
        static const int64_t places[] = {0, 2 * MIB, 3 * MIB - 4096};
        struct fake_item item = {.size = 3 * MIB, .gap_at = places[_i / 2], .gap_size = 4096};
        struct offload_fetch f = {.item = 77, .size = 3 * MIB};
        struct offload_unreadable m;
        struct offload_fetched fetched;
        uint8_t any[4096], should[4096], is[4096];
        _cleanup_close_ int fd = part_open();

        item.gap_pieces = _i % 2 ? 8 : 1;
        docking_begin(&item);
        expect(OFFLOAD_DELETED, any, sizeof(struct recorder_deleted));
        expect(OFFLOAD_FINDING, any, sizeof(struct recorder_finding));
        expect(OFFLOAD_LISTED, any, sizeof(struct offload_listed));
        order(OFFLOAD_FETCH, &f, sizeof(f), fd);
        expect(OFFLOAD_UNREADABLE, &m, sizeof(m));
        ck_assert_uint_eq(m.item, 77);
        ck_assert_int_eq(m.offset, item.gap_at);
        ck_assert_int_eq(m.size, 4096);
        expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        ck_assert_int_eq(fetched.outcome, RECORDER_OK);
        ck_assert_int_eq(fetched.size, 3 * MIB);
        ck_assert_int_eq(fetched.unreadable, 4096);
        ck_assert_int_eq(fetched.from_device, 3 * MIB - 4096);
        assert_zeros(fd, item.gap_at, item.gap_at + 4096);
        fake_fill(0, MIB, should, sizeof(should));
        ck_assert_int_eq(pread(fd, is, sizeof(is), MIB), sizeof(is));
        ck_assert_mem_eq(is, should, sizeof(is));
        docking_end();
}
END_TEST

int main(void)
{
        Suite *s = suite_create("unreadable");
        TCase *ranges = tcase_create("ranges"), *docking = tcase_create("docking");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(ranges, ranges_setup, ranges_teardown);
        tcase_add_test(ranges, side_by_side_is_one_range);
        tcase_add_test(ranges, nothing_is_told_of_nothing);
        tcase_add_test(ranges, a_long_range_is_told_in_pieces);
        tcase_add_test(ranges, so_many_ranges_and_one_for_the_rest);
        tcase_add_test(ranges, nobody_listens);
        tcase_add_test(docking, a_listing_with_extras);
        tcase_add_loop_test(docking, an_item_with_a_gap, 0, 6);
        suite_add_tcase(s, ranges);
        suite_add_tcase(s, docking);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
