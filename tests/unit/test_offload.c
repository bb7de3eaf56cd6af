// SPDX-License-Identifier: LGPL-2.1-or-later
/* The offload worker's session, order by order and obstacle by obstacle. */
#include "offload_stage.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* --- whole objects
 * ------------------------------------------------------------------------------------------------- */

static const int64_t sizes[] = {0,         1, 4095, PART_RING_SIZE - 1, PART_RING_SIZE, PART_RING_SIZE + 1,
                                WHOLE_SIZE};

START_TEST(fetch_brings_every_byte)
{
        struct fake_item item = {.size = sizes[_i / 2]};
        struct offload_fetch f = fetch_of(0, item.size);
        struct offload_fetched fetched;
        _cleanup_close_ int fd =
                        part_of(1, 5000); /* what an earlier try left must not stay behind the end */

        stage_begin(&item, 1);
        f.with_sm3 = _i % 2;
        fetched = stage_fetch(&f, fd);
        ck_assert_int_eq(fetched.digests.has_sm3, _i % 2);
        ck_assert_int_eq(fetched.error, 0);
        ck_assert_int_eq(fetched.from_device, item.size);
        assert_fetched(&fetched, RECORDER_OK, 0, item.size);
        assert_part(fd, 0, item.size);
        stage_close();
}
END_TEST

START_TEST(sm3_is_the_standards)
{
        /* GB/T 32905, appendix A.1: "abc". */
        static const uint8_t abc[] = {0x66, 0xc7, 0xf0, 0xf4, 0x62, 0xee, 0xed, 0xd9, 0xd1, 0xf2, 0xd4,
                                      0x6b, 0xdc, 0x10, 0xe4, 0xe2, 0x41, 0x67, 0xc4, 0x87, 0x5c, 0xf2,
                                      0xf7, 0xa2, 0x29, 0x7d, 0xa0, 0x2b, 0x8f, 0x4b, 0xa8, 0xe0};
        struct digest_values values;
        struct digest *digest;

        ck_assert_int_eq(digest_new_sm3(&digest), 0);
        ck_assert_int_eq(digest_update(digest, "abc", 3), 0);
        ck_assert_int_eq(digest_peek(digest, &values), 0);
        ck_assert_mem_eq(values.sm3, abc, DIGEST_SIZE);
        digest_free(digest);
}
END_TEST

START_TEST(small_items_flow_without_a_sync)
{
        enum { ITEMS = 500, SIZE = 256 * KIB };
        static struct fake_item items[ITEMS];
        struct offload_fetched fetched;
        uint32_t sent = 0;

        for (int i = 0; i < ITEMS; i++)
                items[i].size = SIZE;
        stage_begin(items, ITEMS);
        for (uint32_t got = 0; got < ITEMS; got++) {
                for (; sent < ITEMS && sent - got < OFFLOAD_FETCH_MAX; sent++) {
                        _cleanup_close_ int fd = part_open("/tmp");
                        struct offload_fetch f = fetch_of(sent, SIZE);

                        stage_order(OFFLOAD_FETCH, &f, sizeof(f), fd);
                }
                stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
                ck_assert_uint_eq(fetched.item, 1000 + got);
                ck_assert_int_eq(fetched.outcome, RECORDER_OK);
                ck_assert_int_eq(fetched.size, SIZE);
        }
        ck_assert_uint_eq(checkpoints, 0);
        stage_close();
}
END_TEST

START_TEST(long_transfers_become_durable_on_the_way)
{
        int64_t size = 2 * PART_CHECKPOINT_BYTES + 12345;
        struct fake_item item = {.size = size};
        struct offload_fetch f = fetch_of(0, size);
        _cleanup_close_ int fd = part_open("/tmp");
        struct digest_values values;

        stage_begin(&item, 1);
        (void)stage_fetch(&f, fd);
        ck_assert_uint_ge(checkpoints, 2);
        ck_assert_int_ge(checkpoint.bytes, PART_CHECKPOINT_BYTES);
        ck_assert_int_le(checkpoint.bytes, size); /* all of it, when the last one came by time */
        values = digest_of(0, checkpoint.bytes);
        ck_assert_mem_eq(checkpoint.sha256, values.sha256, DIGEST_SIZE);
        stage_close();
}
END_TEST

static size_t pages_in_memory(int fd, size_t size)
{
        size_t pages = (size + 4095) / 4096, n = 0;
        _cleanup_free_ unsigned char *resident = malloc(pages);
        void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

        ck_assert_ptr_nonnull(resident);
        ck_assert_ptr_ne(map, MAP_FAILED);
        ck_assert_int_eq(mincore(map, size, resident), 0);
        for (size_t i = 0; i < pages; i++)
                n += resident[i] & 1;
        (void)munmap(map, size);
        return n;
}

/* All but the first step and the end, where the file system can do it; and a step whose rest came too late.
 */
START_TEST(whole_steps_go_past_the_page_cache)
{
        int64_t size = 16 * 1024 * KIB + 77;
        struct fake_item item = {.size = size};
        struct offload_fetch f = fetch_of(0, size);
        _cleanup_close_ int fd = part_open("/tmp");
        bool direct = fcntl(fd, F_SETFL, O_DIRECT) == 0 && sysconf(_SC_PAGESIZE) == 4096;

        ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
        stage_begin(&item, 1);
        (void)stage_fetch(&f, fd);
        ck_assert_int_eq(fcntl(fd, F_GETFL) & O_DIRECT, 0);
        if (direct)
                ck_assert_uint_lt(pages_in_memory(fd, (size_t)size), (size_t)size / 4096 / 2);
        assert_part(fd, 0, size);
        stage_close();
}
END_TEST

/* --- going on with a part
 * ------------------------------------------------------------------------------------------- */

START_TEST(resume_goes_on_behind_the_part)
{
        int64_t offset = sizes[_i] > 0 ? sizes[_i] : 77;
        struct fake_item item = {.size = WHOLE_SIZE};
        struct offload_fetch f = resume_of(0, WHOLE_SIZE, offset);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_of(0, offset);

        /* Bytes behind the durable ones came too late to be known: they are cut off and pulled again. */
        ck_assert_int_eq(pwrite(fd, "torn", 4, offset), 4);
        stage_begin(&item, 1);
        f.with_sm3 = 1;
        fetched = stage_fetch(&f, fd);
        assert_fetched(&fetched, RECORDER_OK, 0, WHOLE_SIZE);
        ck_assert_int_eq(fetched.digests.has_sm3, 1);
        ck_assert_int_eq(fetched.from_device, WHOLE_SIZE - offset);
        ck_assert_int_eq(fake.read_from, offset);
        ck_assert_uint_eq(notices, 0);
        assert_part(fd, 0, WHOLE_SIZE);
        stage_close();
}
END_TEST

enum obstacle { OTHER_BYTES, TOO_SHORT, CANNOT_RESUME, _OBSTACLE_MAX };

START_TEST(resume_starts_over_when_it_must)
{
        int64_t offset = 5 * MIB;
        struct fake_item item = {.size = WHOLE_SIZE};
        struct offload_fetch f = resume_of(0, WHOLE_SIZE, offset);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_of(_i == OTHER_BYTES ? 1 : 0, _i == TOO_SHORT ? offset - 1 : offset);

        stage_start(&item, 1);
        if (_i == CANNOT_RESUME)
                fake.capabilities &= ~(uint32_t)RECORDER_CAN_RESUME;
        stage_introduce(1);
        f.with_sm3 = 1;
        fetched = stage_fetch(&f, fd);
        assert_fetched(&fetched, RECORDER_OK, 0, WHOLE_SIZE);
        ck_assert_int_eq(fetched.from_device, WHOLE_SIZE);
        ck_assert_int_eq(fake.read_from, 0);
        ck_assert_uint_eq(notices, 1);
        ck_assert_ptr_nonnull(strstr(notice, "starting from 0"));
        assert_part(fd, 0, WHOLE_SIZE);
        stage_close();
}
END_TEST

START_TEST(resume_without_a_digest_takes_the_part_as_it_is)
{
        struct fake_item item = {.size = WHOLE_SIZE};
        struct offload_fetch f = resume_of(0, WHOLE_SIZE, MIB);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_of(0, MIB);

        f.has_prefix = 0;
        stage_begin(&item, 1);
        fetched = stage_fetch(&f, fd);
        assert_fetched(&fetched, RECORDER_OK, 0, WHOLE_SIZE);
        ck_assert_int_eq(fake.read_from, MIB);
        stage_close();
}
END_TEST

/* --- reads that end early
 * ------------------------------------------------------------------------------------------ */

static const int early[] = {RECORDER_SHORT, RECORDER_STALLED, RECORDER_MISMATCH, RECORDER_PROTOCOL,
                            RECORDER_ABSENT};

START_TEST(what_came_is_kept_and_durable)
{
        struct fake_item items[2] = {{.size = WHOLE_SIZE, .end_at = 6 * MIB + 1, .outcome = early[_i]},
                                     {.size = 10}};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE), next = fetch_of(1, 10);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_open("/tmp"), other = part_open("/tmp");

        stage_begin(items, 2);
        f.with_sm3 = 1;
        fetched = stage_fetch(&f, fd);
        assert_fetched(&fetched, early[_i], 0, 6 * MIB + 1);
        ck_assert_int_eq(fetched.digests.has_sm3, 1);
        assert_part(fd, 0, 6 * MIB + 1);
        ck_assert_uint_eq(checkpoint.item, f.item);
        ck_assert_int_eq(checkpoint.bytes, 6 * MIB + 1);
        ck_assert_mem_eq(checkpoint.sha256, fetched.digests.sha256, DIGEST_SIZE);
        /* The docking goes on, and so does the item at its next try. */
        fetched = stage_fetch(&next, other);
        assert_fetched(&fetched, RECORDER_OK, 1, 10);
        items[0].end_at = 0;
        f = resume_of(0, WHOLE_SIZE, 6 * MIB + 1);
        fetched = stage_fetch(&f, fd);
        assert_fetched(&fetched, RECORDER_OK, 0, WHOLE_SIZE);
        assert_part(fd, 0, WHOLE_SIZE);
        stage_close();
}
END_TEST

START_TEST(gone_ends_the_docking)
{
        struct fake_item items[2] = {{.size = WHOLE_SIZE, .end_at = 6 * MIB, .outcome = RECORDER_GONE},
                                     {.size = 10}};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE), waiting = resume_of(1, 10, 4);
        struct offload_fetched fetched;
        struct offload_failed failed;
        _cleanup_close_ int fd = part_open("/tmp"), other = part_of(1, 4);

        stage_begin(items, 2);
        stage_order(OFFLOAD_FETCH, &f, sizeof(f), fd);
        stage_order(OFFLOAD_FETCH, &waiting, sizeof(waiting), other);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        assert_fetched(&fetched, RECORDER_GONE, 0, 6 * MIB);
        ck_assert_int_eq(checkpoint.bytes, 6 * MIB);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        ck_assert_uint_eq(fetched.item, waiting.item);
        assert_fetched(&fetched, RECORDER_CANCELLED, 1, 4);
        assert_part(other, 1, 4);
        stage_expect(OFFLOAD_FAILED, &failed, sizeof(failed));
        ck_assert_int_eq(failed.outcome, RECORDER_GONE);
        stage_finish(SESSION_FAILED);
}
END_TEST

START_TEST(a_driver_that_says_whole_is_not_believed)
{
        struct fake_item items[2] = {
                        {.size = 1000, .end_at = 999, .outcome = RECORDER_OK},
                        {.size = 1000, .listed = 2000},
        };
        struct offload_fetch less = fetch_of(0, 1000), other = fetch_of(1, 2000);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_open("/tmp");

        stage_begin(items, 2);
        fetched = stage_fetch(&less, fd);
        assert_fetched(&fetched, RECORDER_SHORT, 0, 999);
        fetched = stage_fetch(&other, fd);
        assert_fetched(&fetched, RECORDER_MISMATCH, 1, 1000);
        stage_close();
}
END_TEST

START_TEST(an_unknown_size_is_what_comes)
{
        struct fake_item item = {.size = 1000, .listed = -1};
        struct offload_fetch f = fetch_of(0, -1);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_open("/tmp");

        stage_begin(&item, 1);
        fetched = stage_fetch(&f, fd);
        assert_fetched(&fetched, RECORDER_OK, 0, 1000);
        stage_close();
}
END_TEST

/* --- a full disk
 * --------------------------------------------------------------------------------------------------- */

static void no_space_check(int fd, int64_t room)
{
        struct fake_item item = {.size = WHOLE_SIZE};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE);
        struct offload_fetched fetched;

        stage_begin(&item, 1);
        f.with_sm3 = 1;
        fetched = stage_fetch(&f, fd);
        ck_assert_int_lt(fetched.error, 0);
        ck_assert_int_gt(fetched.size, 0);
        ck_assert_int_le(fetched.size, room);
        assert_fetched(&fetched, RECORDER_NO_SPACE, 0, fetched.size);
        ck_assert_int_eq(fetched.digests.has_sm3, 1);
        assert_part(fd, 0, fetched.size);
        ck_assert_int_eq(checkpoint.bytes, fetched.size);
        stage_close();
}

START_TEST(a_limit_on_files_is_no_space)
{
        const struct rlimit limit = {6 * MIB, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
        _cleanup_close_ int fd = part_open("/tmp");

        (void)signal(SIGXFSZ, SIG_IGN);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        no_space_check(fd, 6 * MIB);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
}
END_TEST

START_TEST(a_full_file_system_is_no_space)
{
        _cleanup_close_ int fd = -EBADF;

        /* Needs a mount name space of our own; elsewhere the limit above stands in. */
        if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
            mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", "/mnt", "tmpfs", 0, "size=6m") < 0)
                return;
        fd = part_open("/mnt");
        no_space_check(fd, 6 * MIB);
        close(TAKE_FD(fd));
        (void)umount2("/mnt", MNT_DETACH);
}
END_TEST

/* --- being told to stop
 * -------------------------------------------------------------------------------------------- */

/* Starts a read that waits for the device in its middle; returns once it does. */
static void fetch_until_it_waits(const struct offload_fetch *f, int fd)
{
        stage_order(OFFLOAD_FETCH, f, sizeof(*f), fd);
        ck_assert_int_eq(sem_wait(&fake.waiting), 0);
}

START_TEST(cancel_ends_the_read_and_not_the_docking)
{
        struct fake_item items[2] = {{.size = WHOLE_SIZE, .wait_at = 5 * MIB}, {.size = 10}};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE), waiting = fetch_of(1, 10);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_open("/tmp"), other = part_open("/tmp");

        stage_begin(items, 2);
        fetch_until_it_waits(&f, fd);
        stage_order(OFFLOAD_FETCH, &waiting, sizeof(waiting), other);
        stage_order(OFFLOAD_CANCEL, NULL, 0, -EBADF);
        stage_order(OFFLOAD_FETCH, &waiting, sizeof(waiting), other);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        assert_fetched(&fetched, RECORDER_CANCELLED, 0, 5 * MIB);
        ck_assert_int_eq(checkpoint.bytes, 5 * MIB);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        ck_assert_int_eq(fetched.outcome, RECORDER_CANCELLED);
        ck_assert_int_eq(fetched.size, 0);
        /* The one that was sent after CANCEL is done. */
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        assert_fetched(&fetched, RECORDER_OK, 1, 10);
        stage_close();
}
END_TEST

START_TEST(close_in_a_read_answers_everything)
{
        struct fake_item item = {.size = WHOLE_SIZE, .wait_at = 5 * MIB};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_open("/tmp");

        stage_begin(&item, 1);
        fetch_until_it_waits(&f, fd);
        stage_order(OFFLOAD_FETCH, &f, sizeof(f), fd);
        stage_order(OFFLOAD_CLOSE, NULL, 0, -EBADF);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        assert_fetched(&fetched, RECORDER_CANCELLED, 0, 5 * MIB);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        ck_assert_int_eq(fetched.outcome, RECORDER_CANCELLED);
        stage_finish(SESSION_CLOSED);
}
END_TEST

START_TEST(sigterm_keeps_what_came)
{
        struct fake_item item = {.size = WHOLE_SIZE, .wait_at = 5 * MIB};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_open("/tmp");

        stage_begin(&item, 1);
        fetch_until_it_waits(&f, fd);
        ck_assert_int_eq(eventfd_write(signal_fd, 1), 0);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        assert_fetched(&fetched, RECORDER_CANCELLED, 0, 5 * MIB);
        ck_assert_int_eq(checkpoint.bytes, 5 * MIB);
        stage_finish(SESSION_CLOSED);
}
END_TEST

START_TEST(sigterm_ends_an_idle_worker)
{
        struct fake_item item = {.size = 1};

        stage_begin(&item, 1);
        ck_assert_int_eq(eventfd_write(signal_fd, 1), 0);
        stage_finish(SESSION_CLOSED);
}
END_TEST

START_TEST(a_dead_recdockd_ends_the_worker)
{
        struct fake_item item = {.size = WHOLE_SIZE, .wait_at = 5 * MIB};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE);
        _cleanup_close_ int fd = part_open("/tmp");

        stage_begin(&item, 1);
        fetch_until_it_waits(&f, fd);
        ck_assert_int_eq(shutdown(sockets[0], SHUT_RDWR), 0);
        stage_finish(SESSION_ALONE);
        /* Whatever of it was written is the beginning of the item. */
        assert_part(fd, 0, lseek(fd, 0, SEEK_END));
}
END_TEST

START_TEST(what_a_stalled_device_sent_becomes_durable)
{
        /* In the middle of a step, which nothing else will end. */
        const int64_t stall = 5 * MIB + 4097;
        struct fake_item item = {.size = WHOLE_SIZE, .wait_at = stall};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_open("/tmp");

        stage_begin(&item, 1);
        fetch_until_it_waits(&f, fd);
        /* Whole steps first. */
        do
                stage_expect(OFFLOAD_CHECKPOINT, NULL, 0);
        while (checkpoint.bytes < stall);
        ck_assert_int_eq(checkpoint.bytes, stall);
        stage_order(OFFLOAD_CANCEL, NULL, 0, -EBADF);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        stage_close();
}
END_TEST

/* The kernel tells of a failed write-back once and forgets it: a second sync that succeeds proves nothing.
 */
START_TEST(a_sync_that_failed_is_not_asked_again)
{
        struct fake_item item = {.size = WHOLE_SIZE, .wait_at = 5 * MIB};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_open("/tmp");

        ck_assert_int_eq(sem_init(&sync_failed, 0, 0), 0);
        sync_fails = 1;
        stage_begin(&item, 1);
        fetch_until_it_waits(&f, fd);
        ck_assert_int_eq(sem_wait(&sync_failed), 0);
        stage_order(OFFLOAD_CANCEL, NULL, 0, -EBADF);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        ck_assert_int_eq(fetched.error, -EIO);
        ck_assert_int_eq(fetched.size, 0);
        ck_assert_uint_eq(checkpoints, 0);
        stage_close();
        (void)sem_destroy(&sync_failed);
}
END_TEST

/* --- other verbs
 * --------------------------------------------------------------------------------------------------- */

START_TEST(remove_and_set_clock)
{
        static const char *const zoned[] = {"20261101T000000Z", "20261101T080000+0800",
                                            "20261101T080000-08:00"};
        struct fake_item items[2] = {{.size = 1}, {.size = 1}};
        struct offload_remove remove = {.item = 5, .index = 1};
        struct offload_set_clock set = {"20261101T080000"};
        struct offload_removed removed;
        struct offload_clock_set done;

        stage_begin(items, 2);
        stage_order(OFFLOAD_REMOVE, &remove, sizeof(remove), -EBADF);
        stage_expect(OFFLOAD_REMOVED, &removed, sizeof(removed));
        ck_assert_uint_eq(removed.item, 5);
        ck_assert_int_eq(removed.outcome, RECORDER_OK);
        ck_assert_uint_eq(fake.removed, 2);
        remove.index = 2;
        stage_order(OFFLOAD_REMOVE, &remove, sizeof(remove), -EBADF);
        stage_expect(OFFLOAD_REMOVED, &removed, sizeof(removed));
        ck_assert_int_eq(removed.outcome, RECORDER_ABSENT);
        stage_order(OFFLOAD_SET_CLOCK, &set, sizeof(set), -EBADF);
        stage_expect(OFFLOAD_CLOCK_SET, &done, sizeof(done));
        ck_assert_int_eq(done.outcome, RECORDER_OK);
        ck_assert_str_eq(done.before, "20260101T000000");
        ck_assert_str_eq(done.after.text, "20261101T080000");
        ck_assert_int_gt(done.after.station, 0);
        ck_assert_int_eq(done.after.uncertainty, 7);
        for (size_t i = 0; i < ELEMENTSOF(zoned); i++) {
                (void)snprintf(set.text, sizeof(set.text), "%s", zoned[i]);
                stage_order(OFFLOAD_SET_CLOCK, &set, sizeof(set), -EBADF);
                stage_expect(OFFLOAD_CLOCK_SET, &done, sizeof(done));
                ck_assert_str_eq(fake.clock, zoned[i]);
        }
        stage_close();
}
END_TEST

START_TEST(what_a_recorder_cannot_do_is_not_tried)
{
        struct fake_item item = {.size = 1};
        struct offload_remove remove = {.item = 5};
        struct offload_set_clock set = {"20261101T080000"};
        struct offload_removed removed;
        struct offload_clock_set done;

        stage_start(&item, 1);
        fake.capabilities = RECORDER_CAN_LIST | RECORDER_CAN_READ;
        stage_introduce(1);
        stage_order(OFFLOAD_REMOVE, &remove, sizeof(remove), -EBADF);
        stage_expect(OFFLOAD_REMOVED, &removed, sizeof(removed));
        ck_assert_int_eq(removed.outcome, RECORDER_UNSUPPORTED);
        ck_assert_uint_eq(fake.removed, 0);
        stage_order(OFFLOAD_SET_CLOCK, &set, sizeof(set), -EBADF);
        stage_expect(OFFLOAD_CLOCK_SET, &done, sizeof(done));
        ck_assert_int_eq(done.outcome, RECORDER_UNSUPPORTED);
        ck_assert_int_eq(done.after.station, INSTANT_NONE);
        ck_assert_str_eq(fake.clock, "20260101T000000");
        stage_close();
}
END_TEST

START_TEST(an_item_that_was_not_listed_is_absent)
{
        struct fake_item item = {.size = 1};
        struct offload_fetch f = fetch_of(1, 1);
        struct offload_fetched fetched;
        _cleanup_close_ int fd = part_of(0, 3);

        stage_begin(&item, 1);
        fetched = stage_fetch(&f, fd);
        ck_assert_int_eq(fetched.outcome, RECORDER_ABSENT);
        assert_part(fd, 0, 3);
        stage_close();
}
END_TEST

static const int unidentified[] = {RECORDER_GONE, RECORDER_BUSY, RECORDER_STALLED, -EIO};

START_TEST(a_recorder_that_does_not_answer_fails)
{
        struct fake_item item = {.size = 1};
        struct offload_sandbox sandbox;
        struct offload_failed failed;

        stage_start(&item, 1);
        fake.identify_outcome = unidentified[_i];
        stage_run();
        stage_expect(OFFLOAD_SANDBOX, &sandbox, sizeof(sandbox));
        stage_expect(OFFLOAD_FAILED, &failed, sizeof(failed));
        ck_assert_int_eq(failed.outcome, unidentified[_i] < 0 ? RECORDER_STALLED : unidentified[_i]);
        ck_assert_int_eq(failed.error, MIN(unidentified[_i], 0));
        stage_finish(SESSION_FAILED);
}
END_TEST

START_TEST(a_locked_recorder_is_not_an_empty_one)
{
        struct offload_sandbox sandbox;
        struct recorder_identity identity;
        struct offload_failed failed;

        stage_start(NULL, 0);
        fake.list_outcome = RECORDER_LOCKED;
        stage_run();
        stage_expect(OFFLOAD_SANDBOX, &sandbox, sizeof(sandbox));
        stage_expect(OFFLOAD_IDENTITY, &identity, sizeof(identity));
        stage_order(OFFLOAD_LIST, NULL, 0, -EBADF);
        stage_expect(OFFLOAD_FAILED, &failed, sizeof(failed));
        ck_assert_int_eq(failed.outcome, RECORDER_LOCKED);
        stage_finish(SESSION_FAILED);
}
END_TEST

/* --- messages that break the contract
 * ------------------------------------------------------------------------------ */

struct bad {
        size_t size;
        uint32_t type;
        int flags; /* of the part; 0: none is sent */
        union {
                struct offload_fetch fetch;
                struct offload_set_clock clock;
        };
        const char *expected; /* in the complaint */
};

#define BAD_FETCH(part, ...)                                                          \
        .size = sizeof(struct offload_fetch), .type = OFFLOAD_FETCH, .flags = (part), \
        .fetch = {.item = 7, __VA_ARGS__}
#define BAD_CLOCK(text) .size = sizeof(struct offload_set_clock), .type = OFFLOAD_SET_CLOCK, .clock = {text}

static const struct bad bad[] = {
                {.type = OFFLOAD_ITEM, .expected = "message 3, which is no order"},
                {.type = 4711, .expected = "message 4711"},
                {.type = OFFLOAD_LIST, .size = 1, .expected = "of 1 bytes, expected 0"},
                {.type = OFFLOAD_REMOVE, .size = 3, .expected = "of 3 bytes, expected 16"},
                {.type = OFFLOAD_FETCH, .size = 12, .expected = "of 12 bytes"},
                {BAD_FETCH(0, .size = 10), .expected = "descriptor open for reading and writing"},
                {BAD_FETCH(O_WRONLY, .size = 10), .expected = "descriptor open for reading and writing"},
                {BAD_FETCH(O_RDWR | O_APPEND, .size = 10),
                 .expected = "descriptor open for reading and writing"},
                {BAD_FETCH(O_RDWR, .size = -2), .expected = "size -2"},
                {BAD_FETCH(O_RDWR, .size = 10, .offset = -1), .expected = "offset -1"},
                {BAD_FETCH(O_RDWR, .size = 10, .offset = 11), .expected = "offset 11"},
                {BAD_FETCH(O_RDWR, .size = 10, .has_prefix = 2), .expected = "flags 0 and 2"},
                {BAD_CLOCK("20261101T080000+8"), .expected = "'20261101T080000+8'"},
                {BAD_CLOCK("20261101T080000Zulu"), .expected = "'20261101T080000Zulu'"},
                {BAD_CLOCK("20261101T080000.5"), .expected = "'20261101T080000.5'"},
                {BAD_CLOCK("2026"), .expected = "'2026'"},
                {BAD_CLOCK("20261101 080000"), .expected = "'20261101 080000'"},
};

START_TEST(a_broken_contract_ends_the_worker)
{
        const struct bad *b = &bad[_i];
        struct fake_item item = {.size = 10};
        struct offload_failed failed;
        _cleanup_close_ int fd = b->flags ? open("/tmp", O_TMPFILE | b->flags, 0600) : -EBADF;

        stage_begin(&item, 1);
        stage_order(b->type, &b->fetch, b->size, fd);
        stage_expect(OFFLOAD_FAILED, &failed, sizeof(failed));
        ck_assert_int_eq(failed.outcome, RECORDER_PROTOCOL);
        ck_assert_msg(strstr(failed.text, b->expected) != NULL, "'%s' lacks '%s'", failed.text, b->expected);
        stage_finish(SESSION_FAILED);
}
END_TEST

START_TEST(too_many_fetches_end_the_worker)
{
        struct fake_item item = {.size = WHOLE_SIZE, .wait_at = MIB};
        struct offload_fetch f = fetch_of(0, WHOLE_SIZE);
        struct offload_fetched fetched;
        struct offload_failed failed;
        _cleanup_close_ int fd = part_open("/tmp");

        stage_begin(&item, 1);
        fetch_until_it_waits(&f, fd);
        for (int i = 0; i <= OFFLOAD_FETCH_MAX; i++)
                stage_order(OFFLOAD_FETCH, &f, sizeof(f), fd);
        for (int i = 0; i <= OFFLOAD_FETCH_MAX; i++)
                stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        stage_expect(OFFLOAD_FAILED, &failed, sizeof(failed));
        ck_assert_ptr_nonnull(strstr(failed.text, "8 are waiting already"));
        stage_finish(SESSION_FAILED);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("offload");
        TCase *c = tcase_create("session");

        tcase_set_timeout(c, 120);
        tcase_add_loop_test(c, fetch_brings_every_byte, 0, 2 * (int)ELEMENTSOF(sizes));
        tcase_add_test(c, sm3_is_the_standards);
        tcase_add_test(c, small_items_flow_without_a_sync);
        tcase_add_test(c, long_transfers_become_durable_on_the_way);
        tcase_add_test(c, whole_steps_go_past_the_page_cache);
        tcase_add_loop_test(c, resume_goes_on_behind_the_part, 0, (int)ELEMENTSOF(sizes));
        tcase_add_loop_test(c, resume_starts_over_when_it_must, 0, _OBSTACLE_MAX);
        tcase_add_test(c, resume_without_a_digest_takes_the_part_as_it_is);
        tcase_add_loop_test(c, what_came_is_kept_and_durable, 0, (int)ELEMENTSOF(early));
        tcase_add_test(c, gone_ends_the_docking);
        tcase_add_test(c, a_driver_that_says_whole_is_not_believed);
        tcase_add_test(c, an_unknown_size_is_what_comes);
        tcase_add_test(c, a_limit_on_files_is_no_space);
        tcase_add_test(c, a_full_file_system_is_no_space);
        tcase_add_test(c, cancel_ends_the_read_and_not_the_docking);
        tcase_add_test(c, close_in_a_read_answers_everything);
        tcase_add_test(c, sigterm_keeps_what_came);
        tcase_add_test(c, sigterm_ends_an_idle_worker);
        tcase_add_test(c, a_dead_recdockd_ends_the_worker);
        tcase_add_test(c, what_a_stalled_device_sent_becomes_durable);
        tcase_add_test(c, a_sync_that_failed_is_not_asked_again);
        tcase_add_test(c, remove_and_set_clock);
        tcase_add_test(c, what_a_recorder_cannot_do_is_not_tried);
        tcase_add_test(c, an_item_that_was_not_listed_is_absent);
        tcase_add_loop_test(c, a_recorder_that_does_not_answer_fails, 0, (int)ELEMENTSOF(unidentified));
        tcase_add_test(c, a_locked_recorder_is_not_an_empty_one);
        tcase_add_loop_test(c, a_broken_contract_ends_the_worker, 0, (int)ELEMENTSOF(bad));
        tcase_add_test(c, too_many_fetches_end_the_worker);
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
