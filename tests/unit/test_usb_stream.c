// SPDX-License-Identifier: LGPL-2.1-or-later
/* The bulk pump on a device that ends early, fails with reads under way, says nothing, or is never done. */
#include "fake_libusb.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "usb/usb_state.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>

enum { PACKET = 512, SIZE = 16 * 1024, DEPTH = 4, SOON_MS = 40, NEVER_MS = 600000, STOP = 77 };

#define FULL                      \
        {                         \
                .kind = FAKE_FULL \
        }
#define SHORT(n)                                \
        {                                       \
                .kind = FAKE_SHORT, .size = (n) \
        }
#define FAIL(what)                                                  \
        {                                                           \
                .kind = FAKE_FAIL, .status = LIBUSB_TRANSFER_##what \
        }
#define CAUGHT(n)                                \
        {                                        \
                .kind = FAKE_SILENT, .size = (n) \
        }
#define END                         \
        {                           \
                .kind = FAKE_SILENT \
        }
#define SCRIPT(name, ...) static const struct fake_step name[] = {__VA_ARGS__, END}

static struct usb_device device;
static struct usb_stream stream;
static uint8_t late[2 * PACKET];

/* What the consumer was given. */
static struct {
        uint64_t owed; /* in all; UINT64_MAX: nobody knows */
        uint64_t received;
        unsigned int calls, stop_at;
        bool ended;
} got;

static int on_data(struct usb_stream *s, const uint8_t *data, size_t size, bool ended)
{
        ck_assert(!got.ended);
        for (size_t i = 0; i < size; i++)
                ck_assert_uint_eq(data[i], fake_byte(got.received + i));
        got.received += size;
        got.calls++;
        got.ended = ended;
        if (got.owed != UINT64_MAX)
                s->owed = got.owed - got.received;
        if (ended)
                s->owed = 0;
        return got.calls == got.stop_at ? STOP : 0;
}

static void open_device(const struct fake_step *steps, size_t size, unsigned int depth)
{
        fake_libusb_reset(steps);
        memset(&got, 0, sizeof(got));
        device = (struct usb_device){.fd = -EBADF, .bulk_in = 0x81, .description.packet_size = PACKET};
        ck_assert_int_eq(usb_slots_new(&device, size, depth), 0);
}

static void close_device(void)
{
        usb_slots_free(&device);
        while (device.abandoned) {
                struct usb_job *j = device.abandoned;

                device.abandoned = j->next_abandoned;
                usb_job_free(j);
        }
}

/* Whatever the end is, no read is left on the endpoint: it would swallow what comes next. */
static int run(uint64_t owed)
{
        int r;

        got.owed = owed;
        stream = (struct usb_stream){
                        .owed = owed,
                        .on_data = on_data,
                        .first_timeout_ms = NEVER_MS,
                        .stall_timeout_ms = NEVER_MS,
                        .late = late,
                        .late_size = sizeof(late),
                        .late_used = 3, /* what an earlier stream left there */
                        .late_lost = true,
        };
        r = usb_device_stream(&device, &stream);
        if (!device.dead)
                ck_assert_uint_eq(fake.flying, 0);
        ck_assert(!fake.waited_uncancelled);
        ck_assert(fake.youngest_first);
        return r;
}

SCRIPT(nine_full, FULL, FULL, FULL, FULL, FULL, FULL, FULL, FULL, FULL);

START_TEST(several_stand_and_none_too_many)
{
        struct usb_stream_figures figures;

        open_device(nine_full, SIZE, DEPTH);
        ck_assert_int_eq(run(9 * SIZE), USB_OK);
        ck_assert_uint_eq(got.received, 9 * SIZE);
        ck_assert_uint_eq(got.calls, 9);
        ck_assert(!got.ended);
        ck_assert_uint_eq(fake.flying_max, DEPTH);
        ck_assert_uint_eq(fake.submitted, 9);
        ck_assert_uint_eq(fake.cancelled, 0);
        usb_device_figures(&device, &figures);
        ck_assert_uint_eq(figures.transfers, 9);
        ck_assert_uint_eq(figures.bytes, 9 * SIZE);
        ck_assert(!figures.zero_copy);
        close_device();
}
END_TEST

START_TEST(the_order_is_that_of_the_bus)
{
        open_device(nine_full, SIZE, DEPTH);
        fake.backwards = true;
        ck_assert_int_eq(run(9 * SIZE), USB_OK);
        ck_assert_uint_eq(got.received, 9 * SIZE);
        close_device();
}
END_TEST

/* The last read asks for whole packets and no more: the response stands behind them. */
START_TEST(the_last_read_is_only_as_long_as_it_must)
{
        SCRIPT(steps, FULL, FULL, SHORT(PACKET + 13));

        open_device(steps, SIZE, DEPTH);
        ck_assert_int_eq(run(2 * SIZE + PACKET + 13), USB_OK);
        ck_assert_uint_eq(fake.submitted, 3);
        ck_assert_uint_eq(fake.sizes[0], SIZE);
        ck_assert_uint_eq(fake.sizes[1], SIZE);
        ck_assert_uint_eq(fake.sizes[2], 2 * PACKET);
        ck_assert_uint_eq(got.received, 2 * SIZE + PACKET + 13);
        ck_assert(got.ended);
        close_device();
}
END_TEST

/* owed is no multiple of the transfer size: what is under way counts. */
START_TEST(what_is_under_way_counts)
{
        SCRIPT(steps, FULL, FULL, FULL, FULL, FULL, FULL);

        open_device(steps, SIZE, 2);
        ck_assert_int_eq(run(5 * SIZE + PACKET), USB_OK);
        ck_assert_uint_eq(fake.asked, 5 * SIZE + PACKET);
        ck_assert_uint_eq(got.received, 5 * SIZE + PACKET);
        close_device();
}
END_TEST

START_TEST(a_short_packet_ends_what_has_no_known_end)
{
        SCRIPT(steps, FULL, SHORT(100), SHORT(24));

        open_device(steps, SIZE, DEPTH);
        ck_assert_int_eq(run(UINT64_MAX), USB_OK);
        ck_assert_uint_eq(got.received, SIZE + 100);
        ck_assert(got.ended);
        ck_assert_uint_eq(stream.late_used, 24);
        ck_assert(!stream.late_lost);
        for (size_t i = 0; i < 24; i++)
                ck_assert_uint_eq(late[i], fake_byte(got.received + i));
        close_device();
}
END_TEST

START_TEST(an_empty_packet_ends_it_too)
{
        SCRIPT(steps, FULL, FULL, SHORT(0), SHORT(12));

        open_device(steps, SIZE, DEPTH);
        ck_assert_int_eq(run(UINT64_MAX), USB_OK);
        ck_assert_uint_eq(got.received, 2 * SIZE);
        ck_assert_uint_eq(got.calls, 3);
        ck_assert(got.ended);
        ck_assert_uint_eq(stream.late_used, 12);
        close_device();
}
END_TEST

/* The device has ended early: what the surplus reads caught, complete or not, is kept in its order. */
START_TEST(what_comes_late_is_kept_in_order)
{
        SCRIPT(steps, SHORT(PACKET), SHORT(20), SHORT(30), CAUGHT(40));

        open_device(steps, SIZE, DEPTH);
        ck_assert_int_eq(run(9 * SIZE), USB_OK);
        ck_assert_uint_eq(got.received, PACKET);
        ck_assert_uint_eq(stream.late_used, 90);
        for (size_t i = 0; i < 90; i++)
                ck_assert_uint_eq(late[i], fake_byte(got.received + i));
        close_device();
}
END_TEST

START_TEST(more_comes_late_than_there_is_room_for)
{
        SCRIPT(steps, SHORT(1), SHORT(PACKET), SHORT(PACKET), CAUGHT(1));

        open_device(steps, SIZE, DEPTH);
        ck_assert_int_eq(run(9 * SIZE), USB_OK);
        ck_assert_uint_eq(stream.late_used, sizeof(late));
        ck_assert(stream.late_lost);
        close_device();
}
END_TEST

static const struct {
        struct fake_step step;
        int outcome;
} failures[] = {
                {FAIL(STALL), USB_STALL}, {FAIL(OVERFLOW), USB_OVERFLOW}, {FAIL(NO_DEVICE), USB_GONE},
                {FAIL(ERROR), USB_IO},    {FAIL(TIMED_OUT), USB_TIMEOUT}, {FAIL(CANCELLED), USB_CANCELLED},
};

START_TEST(a_failure_in_the_middle_calls_the_rest_back)
{
        const struct fake_step steps[] = {FULL, failures[_i].step, FULL, FULL, FULL, END};

        open_device(steps, SIZE, DEPTH);
        ck_assert_int_eq(run(9 * SIZE), failures[_i].outcome);
        ck_assert_uint_eq(got.received, SIZE);
        ck_assert_uint_eq(got.calls, 1);
        ck_assert_uint_eq(fake.submitted, 1 + DEPTH);
        ck_assert_uint_eq(fake.cancelled, DEPTH - 1);
        ck_assert_int_eq(device.gone, failures[_i].outcome == USB_GONE);
        ck_assert(!device.dead);
        close_device();
}
END_TEST

/* The device is there again after a halt was cleared: the slots begin anew, in order. */
START_TEST(a_stream_follows_a_failure)
{
        SCRIPT(steps, FULL, FULL, FAIL(STALL));

        open_device(steps, SIZE, DEPTH);
        ck_assert_int_eq(run(9 * SIZE), USB_STALL);
        fake_libusb_reset(nine_full);
        memset(&got, 0, sizeof(got));
        ck_assert_int_eq(run(9 * SIZE), USB_OK);
        ck_assert_uint_eq(got.received, 9 * SIZE);
        close_device();
}
END_TEST

START_TEST(the_consumer_ends_it)
{
        open_device(nine_full, SIZE, DEPTH);
        got.stop_at = 2;
        ck_assert_int_eq(run(9 * SIZE), STOP);
        ck_assert_uint_eq(got.received, 2 * SIZE);
        close_device();
}
END_TEST

static bool cancelled_at_once(void *userdata)
{
        return *(const bool *)userdata;
}

START_TEST(cancelled_with_reads_under_way)
{
        SCRIPT(steps, CAUGHT(7));
        bool now = true;

        open_device(steps, SIZE, DEPTH);
        device.cancelled = cancelled_at_once;
        device.userdata = &now;
        ck_assert_int_eq(run(9 * SIZE), USB_CANCELLED);
        ck_assert_uint_eq(fake.cancelled, DEPTH);
        ck_assert_uint_eq(got.calls, 0);
        ck_assert_uint_eq(stream.late_used, 7);
        close_device();
}
END_TEST

/* Runs with these timeouts; returns how long it took, in milliseconds. */
static int64_t run_silent(const struct fake_step *steps, int first_ms, int stall_ms, int *ret)
{
        int64_t begun = clock_monotonic();

        open_device(steps, SIZE, DEPTH);
        got.owed = 9 * SIZE;
        stream = (struct usb_stream){.owed = 9 * SIZE,
                                     .on_data = on_data,
                                     .first_timeout_ms = first_ms,
                                     .stall_timeout_ms = stall_ms};
        *ret = usb_device_stream(&device, &stream);
        ck_assert_uint_eq(fake.flying, 0);
        close_device();
        return (clock_monotonic() - begun) / USEC_PER_MSEC;
}

START_TEST(silence_has_two_limits)
{
        SCRIPT(silent, END);
        SCRIPT(once, FULL);
        int r;

        ck_assert_int_ge(run_silent(silent, SOON_MS, NEVER_MS, &r), SOON_MS);
        ck_assert_int_eq(r, USB_TIMEOUT);
        ck_assert_int_ge(run_silent(once, NEVER_MS, SOON_MS, &r), SOON_MS);
        ck_assert_int_eq(r, USB_TIMEOUT);
        ck_assert_uint_eq(got.received, SIZE);
}
END_TEST

/* A read that is never handed back may still be written to: nothing is freed or used again. */
START_TEST(a_read_that_is_never_handed_back)
{
        SCRIPT(steps, SHORT(5));

        open_device(steps, SIZE, DEPTH);
        fake.keeps_cancelled = true;
        ck_assert_int_eq(run(9 * SIZE), USB_GONE);
        ck_assert(device.dead);
        ck_assert_uint_eq(got.received, 5);
        ck_assert_int_eq(run(9 * SIZE), USB_GONE);
        ck_assert_uint_eq(fake.submitted, DEPTH);
        for (unsigned int i = 1; i < DEPTH; i++) {
                ck_assert(device.slots[i].job->flying);
                free(device.slots[i].data); /* leaked on purpose: the kernel still has it */
        }
        close_device();
}
END_TEST

START_TEST(events_that_cannot_be_handled)
{
        open_device(nine_full, SIZE, 1);
        fake.event_error = LIBUSB_ERROR_IO;
        ck_assert_int_eq(run(SIZE), USB_IO);
        ck_assert(device.dead);
        free(device.slots[0].data);
        close_device();
}
END_TEST

START_TEST(gone_before_the_first_read)
{
        open_device(nine_full, SIZE, DEPTH);
        fake.submit_error = LIBUSB_ERROR_NO_DEVICE;
        ck_assert_int_eq(run(9 * SIZE), USB_GONE);
        ck_assert(device.gone);
        fake.submit_error = 0;
        ck_assert_int_eq(run(9 * SIZE), USB_GONE);
        ck_assert_uint_eq(fake.submitted, 0);
        close_device();
}
END_TEST

START_TEST(less_memory_means_smaller_reads)
{
        SCRIPT(steps, FULL, FULL, FULL, FULL);

        open_device(steps, 4 * SIZE, DEPTH);
        fake.submit_error = LIBUSB_ERROR_NO_MEM;
        fake.size_limit = SIZE;
        ck_assert_int_eq(run(4 * SIZE), USB_OK);
        ck_assert_uint_eq(got.received, 4 * SIZE);
        ck_assert_uint_eq(device.figures.transfer_size, SIZE);
        ck_assert_uint_eq(device.figures.depth, DEPTH);
        close_device();
}
END_TEST

START_TEST(and_then_fewer_of_them)
{
        open_device(nine_full, SIZE, DEPTH);
        fake.submit_error = LIBUSB_ERROR_NO_MEM;
        fake.read_limit = 2;
        ck_assert_int_eq(run(9 * SIZE), USB_OK);
        ck_assert_uint_eq(got.received, 9 * SIZE);
        ck_assert_uint_eq(device.figures.depth, 2);
        ck_assert_uint_eq(fake.flying_max, 2);
        close_device();
}
END_TEST

START_TEST(no_memory_at_all_ends)
{
        int64_t begun = clock_monotonic();

        open_device(nine_full, SIZE, DEPTH);
        fake.submit_error = LIBUSB_ERROR_NO_MEM;
        stream = (struct usb_stream){.owed = SIZE, .on_data = on_data, .stall_timeout_ms = SOON_MS};
        ck_assert_int_eq(usb_device_stream(&device, &stream), -ENOMEM);
        ck_assert_int_ge(clock_monotonic() - begun, SOON_MS * USEC_PER_MSEC);
        close_device();
}
END_TEST

/* Memory of usbfs goes back to usbfs, other memory does not; zero copy is said only where all of it is. */
START_TEST(memory_of_usbfs)
{
        static const unsigned int given[] = {0, 1, DEPTH};

        for (size_t i = 0; i < ELEMENTSOF(given); i++) {
                fake_libusb_reset(nine_full);
                memset(&got, 0, sizeof(got));
                fake.dev_mem = given[i];
                device = (struct usb_device){.description.packet_size = PACKET};
                device.fd = open("/dev/null", O_RDWR | O_CLOEXEC); /* a character device, as a node is */
                ck_assert_int_ge(device.fd, 0);
                ck_assert_int_eq(usb_slots_new(&device, SIZE, DEPTH), 0);
                ck_assert_uint_eq(fake.dev_mem_held, given[i]);
                ck_assert_int_eq(device.figures.zero_copy, given[i] == DEPTH);
                ck_assert_int_eq(run(9 * SIZE), USB_OK);
                close_device();
                ck_assert_uint_eq(fake.dev_mem_held, 0);
                device.fd = fd_close(device.fd);
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("usb_stream");
        TCase *c = tcase_create("pump");
        SRunner *runner;
        int failed;

        tcase_add_test(c, several_stand_and_none_too_many);
        tcase_add_test(c, the_order_is_that_of_the_bus);
        tcase_add_test(c, the_last_read_is_only_as_long_as_it_must);
        tcase_add_test(c, what_is_under_way_counts);
        tcase_add_test(c, a_short_packet_ends_what_has_no_known_end);
        tcase_add_test(c, an_empty_packet_ends_it_too);
        tcase_add_test(c, what_comes_late_is_kept_in_order);
        tcase_add_test(c, more_comes_late_than_there_is_room_for);
        tcase_add_loop_test(c, a_failure_in_the_middle_calls_the_rest_back, 0, ELEMENTSOF(failures));
        tcase_add_test(c, a_stream_follows_a_failure);
        tcase_add_test(c, the_consumer_ends_it);
        tcase_add_test(c, cancelled_with_reads_under_way);
        tcase_add_test(c, silence_has_two_limits);
        tcase_add_test(c, a_read_that_is_never_handed_back);
        tcase_add_test(c, events_that_cannot_be_handled);
        tcase_add_test(c, gone_before_the_first_read);
        tcase_add_test(c, less_memory_means_smaller_reads);
        tcase_add_test(c, and_then_fewer_of_them);
        tcase_add_test(c, no_memory_at_all_ends);
        tcase_add_test(c, memory_of_usbfs);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
