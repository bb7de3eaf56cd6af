// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The worker reads the next item while the one before is written and digested to its end. Whatever becomes
 * of the next one, the one before is answered first, and as if it had been alone.
 */
#include "offload_stage.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

enum { FIRST_SIZE = MIB + 300 * KIB, NEXT_WAITS_AT = 256 * KIB, NEXT_SIZE = 512 * KIB };

static struct fake_item items[2];
static int parts[2];

/* Both orders wait before the session begins: it knows of the next when it has read the first. */
static void stage_orders(const struct offload_fetch *first, const struct offload_fetch *next)
{
        const struct offload_fetch *orders[2] = {first, next};

        stage_start(items, 2);
        stage_order(OFFLOAD_LIST, NULL, 0, -EBADF);
        for (int i = 0; i < 2; i++) {
                parts[i] = part_open("/tmp");
                stage_order(OFFLOAD_FETCH, orders[i], sizeof(*orders[i]), parts[i]);
        }
}

static void await(sem_t *sem)
{
        struct timespec end;

        ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &end), 0);
        end.tv_sec += ANSWER_MS / 1000;
        ck_assert_int_eq(sem_timedwait(sem, &end), 0);
}

/* The first item is read, the next waits for its device. When 'held', the first does not come to its end. */
static void stage_two(bool held)
{
        const struct offload_fetch first = fetch_of(0, FIRST_SIZE), next = fetch_of(1, NEXT_SIZE);

        items[0] = (struct fake_item){.size = FIRST_SIZE};
        items[1] = (struct fake_item){.size = NEXT_SIZE, .wait_at = NEXT_WAITS_AT};
        stage_orders(&first, &next);
        write_back_held = held;
        stage_run();
        stage_expect_listing(2);
        if (held)
                await(&write_back_waits);
        await(&fake.waiting);
}

static void expect_fetched(uint32_t index, int outcome, int64_t size)
{
        struct offload_fetched fetched;

        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        ck_assert_uint_eq(fetched.item, 1000 + index);
        assert_fetched(&fetched, outcome, index, size);
        assert_part(parts[index], index, size);
        (void)fd_close(parts[index]);
}

START_TEST(an_item_ends_while_the_next_is_read)
{
        stage_two(true);
        (void)sem_post(&write_back_goes_on);
        expect_fetched(0, RECORDER_OK, FIRST_SIZE);
        stage_order(OFFLOAD_CANCEL, NULL, 0, -EBADF);
        expect_fetched(1, RECORDER_CANCELLED, NEXT_WAITS_AT);
        stage_close();
}
END_TEST

/* Each order ends the next item's read before the first has ended. */
static const struct {
        uint32_t order;
        int end; /* of the session; -1: it goes on */
} cuts[] = {{OFFLOAD_CANCEL, -1}, {OFFLOAD_CLOSE, SESSION_CLOSED}};

START_TEST(what_ends_the_next_leaves_the_first_whole)
{
        stage_two(true);
        stage_order(cuts[_i].order, NULL, 0, -EBADF);
        stage_expect_nothing(50);
        (void)sem_post(&write_back_goes_on);
        expect_fetched(0, RECORDER_OK, FIRST_SIZE);
        expect_fetched(1, RECORDER_CANCELLED, NEXT_WAITS_AT);
        if (cuts[_i].end < 0)
                stage_close();
        else
                stage_finish(cuts[_i].end);
}
END_TEST

START_TEST(a_read_that_failed_is_not_whole_for_what_waits)
{
        const struct offload_fetch first = fetch_of(0, FIRST_SIZE), next = fetch_of(1, 10);

        items[0] = (struct fake_item){.size = FIRST_SIZE, .end_at = MIB, .outcome = RECORDER_UNREADABLE};
        items[1] = (struct fake_item){.size = 10};
        stage_orders(&first, &next);
        stage_run();
        stage_expect_listing(2);
        expect_fetched(0, RECORDER_UNREADABLE, MIB);
        ck_assert_int_eq(checkpoint.bytes, MIB);
        expect_fetched(1, RECORDER_OK, 10);
        stage_close();
}
END_TEST

/* The rest of a step is written when the item is read: no sooner is there an error to be seen. */
START_TEST(a_disk_that_fails_at_the_end_fails_the_first)
{
        const struct rlimit limit = {MIB + 100 * KIB, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};

        (void)signal(SIGXFSZ, SIG_IGN);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        stage_two(false);
        expect_fetched(0, RECORDER_NO_SPACE, (int64_t)limit.rlim_cur);
        stage_order(OFFLOAD_CANCEL, NULL, 0, -EBADF);
        expect_fetched(1, RECORDER_CANCELLED, NEXT_WAITS_AT);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
        stage_close();
}
END_TEST

START_TEST(a_dead_recdockd_is_not_waited_for)
{
        stage_two(true);
        (void)fd_close(TAKE_FD(sockets[0]));
        while (fake.closed == 0)
                (void)poll(NULL, 0, 1);
        (void)sem_post(&write_back_goes_on);
        stage_finish(SESSION_ALONE);
        assert_part(parts[0], 0, FIRST_SIZE);
        (void)fd_close(parts[0]);
        (void)fd_close(parts[1]);
}
END_TEST

/* An order that needs no reading is not answered before the item that was ordered first. */
START_TEST(answers_come_in_the_order_of_orders)
{
        const struct offload_fetch first = fetch_of(0, FIRST_SIZE), absent = fetch_of(7, 1);
        const struct offload_remove remove = {.item = 1000};
        struct offload_fetched fetched;
        struct offload_removed removed;

        items[0] = (struct fake_item){.size = FIRST_SIZE};
        items[1] = (struct fake_item){.size = 10};
        stage_orders(&first, &absent);
        stage_order(OFFLOAD_REMOVE, &remove, sizeof(remove), -EBADF);
        stage_run();
        stage_expect_listing(2);
        expect_fetched(0, RECORDER_OK, FIRST_SIZE);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        ck_assert_int_eq(fetched.outcome, RECORDER_ABSENT);
        (void)fd_close(parts[1]);
        stage_expect(OFFLOAD_REMOVED, &removed, sizeof(removed));
        ck_assert_int_eq(removed.outcome, RECORDER_OK);
        stage_close();
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("offload-ahead");
        TCase *c = tcase_create("two items");

        tcase_set_timeout(c, 120);
        tcase_add_test(c, an_item_ends_while_the_next_is_read);
        tcase_add_loop_test(c, what_ends_the_next_leaves_the_first_whole, 0, (int)ELEMENTSOF(cuts));
        tcase_add_test(c, a_read_that_failed_is_not_whole_for_what_waits);
        tcase_add_test(c, a_disk_that_fails_at_the_end_fails_the_first);
        tcase_add_test(c, a_dead_recdockd_is_not_waited_for);
        tcase_add_test(c, answers_come_in_the_order_of_orders);
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
