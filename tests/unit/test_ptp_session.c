// SPDX-License-Identifier: LGPL-2.1-or-later
/* PTP transactions against a device that keeps, bends and breaks the protocol. Every case ends within a
 * bound on the device's clock. */
#include "test_ptp_device.h"

#include "base/cleanup.h"
#include "recorder/mtp/ptp_wire.h"

#include <check.h>

#define BOUND_SECONDS 120

static struct sim sim;
static struct ptp_session session;
static uint64_t counted;
static int sink_result;

static void setup(void)
{
        struct mtp_limits limits = {0};

        sim_init(&sim);
        ptp_session_init(&session, &sim.transport, &limits, 0);
        session.open = true;
        counted = 0;
        sink_result = 0;
}

static void teardown(void)
{
        ck_assert_int_lt(sim.now, BOUND_SECONDS * INT64_C(1000000));
        sim_done(&sim);
}

static int count(void *userdata, const uint8_t *data, size_t size)
{
        (void)userdata;
        (void)data;
        counted += size;
        return sink_result;
}

static struct ptp_request get_object(uint64_t expected)
{
        return (struct ptp_request){.code = PTP_GET_OBJECT,
                                    .params = {7},
                                    .n_params = 1,
                                    .on_data = count,
                                    .sized = true,
                                    .expected = expected};
}

static const struct ptp_request unsized = {.code = PTP_GET_OBJECT, .on_data = count};

/* How the data phase of the next command looks. */
static struct {
        uint32_t length; /* in the header; 0 the truth */
        uint64_t size;
        bool split, empty_packet, respond_inside, no_response, response_only;
        uint32_t transaction_off;
        uint16_t code_off;
} shape;

static void shaped(struct sim *s, const struct ptp_container *c, const uint8_t *data, size_t size)
{
        _cleanup_free_ uint8_t *p = NULL;
        uint32_t length = shape.length ? shape.length : (uint32_t)(shape.size + PTP_HEADER_SIZE);
        size_t small = (size_t)MIN(shape.size, (uint64_t)1024 * 1024), n = PTP_HEADER_SIZE + small;

        (void)data;
        (void)size;
        if (c->header.code != PTP_GET_OBJECT || shape.response_only) {
                sim_respond(s, c, shape.response_only ? PTP_INVALID_OBJECT_HANDLE : PTP_OK);
                return;
        }
        if (shape.split) {
                sim_header(s, length, PTP_DATA, c->header.code, c->header.transaction);
                sim_send(s, sim_pattern, small, shape.empty_packet);
        } else if (shape.size > small) {
                uint8_t head[SIM_PACKET] = {0};

                wire_put32(head, length);
                wire_put16(head + 4, PTP_DATA);
                wire_put16(head + 6, c->header.code);
                wire_put32(head + 8, c->header.transaction);
                sim_send(s, head, sizeof(head), false); /* a full packet: the transfer goes on */
                sim_send_generated(s, shape.size + PTP_HEADER_SIZE - sizeof(head));
        } else {
                p = calloc(1, n + PTP_HEADER_SIZE);
                ck_assert_ptr_nonnull(p);
                wire_put32(p, length);
                wire_put16(p + 4, PTP_DATA);
                wire_put16(p + 6, (uint16_t)(c->header.code + shape.code_off));
                wire_put32(p + 8, c->header.transaction + shape.transaction_off);
                if (shape.respond_inside) {
                        wire_put32(p + n, PTP_HEADER_SIZE);
                        wire_put16(p + n + 4, PTP_RESPONSE);
                        wire_put16(p + n + 6, PTP_OK);
                        wire_put32(p + n + 8, c->header.transaction);
                        n += PTP_HEADER_SIZE;
                }
                sim_send(s, p, n, shape.empty_packet);
        }
        if (!shape.respond_inside && !shape.no_response)
                sim_respond(s, c, PTP_OK);
}

static int run_shape(const struct ptp_request *q, struct ptp_reply *reply)
{
        sim.on_command = shaped;
        return ptp_session_run(&session, q, reply);
}

static void expect_whole(uint64_t size)
{
        struct ptp_request q = get_object(size);
        struct ptp_reply reply;

        shape.size = size;
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_OK);
        ck_assert_uint_eq(reply.code, PTP_OK);
        ck_assert_uint_eq(counted, size);
        ck_assert_uint_eq(reply.received, size);
        ck_assert(!reply.cut);
        ck_assert_uint_eq(session.recoveries, 0);
}

START_TEST(data_and_response)
{
        shape = (typeof(shape)){0};
        expect_whole(100000);
}
END_TEST

START_TEST(header_in_its_own_packet)
{
        shape = (typeof(shape)){.split = true};
        expect_whole(100000);
}
END_TEST

START_TEST(whole_packets_with_empty_packet)
{
        static const uint64_t sizes[] = {500, 1012, SIM_TRANSFER - 12, 2 * SIM_TRANSFER - 12, 512 * 3 - 12};

        shape = (typeof(shape)){.empty_packet = true};
        expect_whole(sizes[_i]);
}
END_TEST

START_TEST(whole_packets_without_empty_packet)
{
        static const uint64_t sizes[] = {500, 1012, SIM_TRANSFER - 12, 2 * SIM_TRANSFER - 12, 512 * 3 - 12};

        shape = (typeof(shape)){0};
        expect_whole(sizes[_i]);
}
END_TEST

START_TEST(split_header_and_whole_packets)
{
        shape = (typeof(shape)){.split = true, .empty_packet = _i};
        expect_whole(1024);
}
END_TEST

START_TEST(response_behind_data)
{
        shape = (typeof(shape)){.respond_inside = true};
        expect_whole(1000);
}
END_TEST

START_TEST(empty_object)
{
        shape = (typeof(shape)){0};
        expect_whole(0);
}
END_TEST

START_TEST(unsized_dataset_in_whole_packets)
{
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 500, .empty_packet = _i};
        ck_assert_int_eq(run_shape(&unsized, &reply), RECORDER_OK);
        ck_assert_uint_eq(counted, 500);
}
END_TEST

START_TEST(unknown_length_ends_at_short_packet)
{
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 300000, .length = UINT32_MAX};
        ck_assert_int_eq(run_shape(&unsized, &reply), RECORDER_OK);
        ck_assert_uint_eq(counted, 300000);
        ck_assert_uint_eq(session.recoveries, 0);
}
END_TEST

/* No length and no empty packet either: the response that ends the last read must not become data. */
START_TEST(unknown_length_in_whole_packets)
{
        static const uint64_t sizes[] = {500, 1012, SIM_TRANSFER - 12, 2 * SIM_TRANSFER - 12,
                                         300000 / 512 * 512 - 12};
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = sizes[_i / 2], .length = UINT32_MAX, .empty_packet = _i % 2};
        ck_assert_int_eq(run_shape(&unsized, &reply), RECORDER_OK);
        ck_assert_uint_eq(counted, shape.size);
        ck_assert_uint_eq(reply.code, PTP_OK);
        ck_assert_uint_eq(session.recoveries, 0);
}
END_TEST

/* 5 GiB; the header says all ones, or the length modulo 2^32. */
START_TEST(beyond_4_gib)
{
        uint64_t size = UINT64_C(5) << 30;

        shape = (typeof(shape)){.length = _i ? (uint32_t)(size + PTP_HEADER_SIZE) : UINT32_MAX};
        expect_whole(size + 1);
}
END_TEST

/* As large as a file on FAT32 can be: with its header it is a few bytes over, and so is the length. */
START_TEST(just_below_4_gib)
{
        uint64_t size = UINT32_MAX - 5 * (uint64_t)_i;

        shape = (typeof(shape)){.length = (uint32_t)(size + PTP_HEADER_SIZE)};
        ck_assert_uint_lt(shape.length, PTP_HEADER_SIZE);
        expect_whole(size);
}
END_TEST

START_TEST(a_length_below_its_own_header)
{
        struct ptp_request q = get_object(100);
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 100, .length = 11};
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_PROTOCOL);
        ck_assert_uint_eq(counted, 0);
}
END_TEST

START_TEST(beyond_4_gib_of_unknown_size)
{
        struct ptp_request q = unsized;
        struct ptp_reply reply;

        q.over_4g = true;
        shape = (typeof(shape)){.size = (UINT64_C(4) << 30) + 100, .length = 112};
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_OK);
        ck_assert_uint_eq(counted, shape.size);
}
END_TEST

/* A short packet in the middle of data without a length: what follows must not be lost without a word. */
static void short_in_the_middle(struct sim *s, const struct ptp_container *c, const uint8_t *data,
                                size_t size)
{
        uint8_t p[PTP_HEADER_SIZE + 100] = {0};

        (void)data;
        (void)size;
        wire_put32(p, UINT32_MAX);
        wire_put16(p + 4, PTP_DATA);
        wire_put16(p + 6, c->header.code);
        wire_put32(p + 8, c->header.transaction);
        sim_send(s, p, sizeof(p), false);
        sim_send(s, sim_pattern, shape.size, false);
        sim_respond(s, c, PTP_OK);
}

START_TEST(unknown_length_with_a_short_packet_inside)
{
        static const uint64_t rests[] = {7, 600, 200000};
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = rests[_i]};
        sim.on_command = short_in_the_middle;
        ck_assert_int_eq(ptp_session_run(&session, &unsized, &reply), RECORDER_PROTOCOL);
}
END_TEST

START_TEST(data_of_another_operation)
{
        struct ptp_request q = get_object(1000);
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 1000, .code_off = 1};
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_PROTOCOL);
        ck_assert_uint_eq(counted, 0);
}
END_TEST

START_TEST(data_that_end_early_are_cut)
{
        struct ptp_request q = get_object(200000);
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 70000, .length = 200012};
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_OK);
        ck_assert(reply.cut);
        ck_assert_uint_eq(counted, 70000);
        ck_assert_uint_eq(reply.code, PTP_OK);
}
END_TEST

START_TEST(more_than_expected_is_mismatch)
{
        struct ptp_request q = get_object(1000);
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 2000};
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_MISMATCH);
        ck_assert_uint_eq(counted, 0);
        ck_assert_uint_eq(sim.cancels, 1);
}
END_TEST

START_TEST(dataset_beyond_its_bound)
{
        struct ptp_request q = {.code = PTP_GET_OBJECT, .most = 100, .on_data = count};
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 2000};
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_PROTOCOL);
        ck_assert_uint_le(counted, 100);
}
END_TEST

START_TEST(response_instead_of_data)
{
        struct ptp_request q = get_object(1000);
        struct ptp_reply reply;

        shape = (typeof(shape)){.response_only = true};
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_OK);
        ck_assert_uint_eq(reply.code, PTP_INVALID_OBJECT_HANDLE);
        ck_assert_uint_eq(counted, 0);
}
END_TEST

START_TEST(data_of_another_transaction)
{
        struct ptp_request q = get_object(1000);
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 1000, .transaction_off = 5};
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_PROTOCOL);
        ck_assert_uint_eq(counted, 0);
        ck_assert_uint_gt(session.recoveries, 0);
}
END_TEST

static unsigned int n_stale;

static void stale(struct sim *s, const struct ptp_container *c, const uint8_t *data, size_t size)
{
        (void)data;
        (void)size;
        for (unsigned int i = 0; i < n_stale; i++)
                sim_respond_as(s, c->header.transaction - 1 - i, PTP_OK);
        sim_respond(s, c, PTP_OK);
}

START_TEST(stale_responses_are_passed_over)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        n_stale = 5;
        sim.on_command = stale;
        session.transaction = 100;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_OK);
        ck_assert_uint_eq(session.recoveries, 0);
}
END_TEST

static void stale_then_data(struct sim *s, const struct ptp_container *c, const uint8_t *data, size_t size)
{
        for (unsigned int i = 0; i < n_stale && s->commands == 1; i++)
                sim_respond_as(s, c->header.transaction - 1 - i, PTP_OK);
        shaped(s, c, data, size);
}

/* Few are passed over; too many cost a step of the ladder. */
START_TEST(stale_responses_before_data)
{
        struct ptp_request q = get_object(1000);
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 1000};
        n_stale = _i ? 100 : 5;
        sim.on_command = stale_then_data;
        session.transaction = 1000;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_OK);
        ck_assert_uint_eq(counted, 1000);
        ck_assert_uint_eq(session.recoveries, (unsigned int)_i);
}
END_TEST

static int one_more_stale(struct sim *s)
{
        sim_respond_as(s, 1, PTP_OK);
        return 0;
}

START_TEST(endless_stale_responses_end)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        session.transaction = 100;
        n_stale = 0;
        sim.on_command = NULL;
        sim.on_idle = one_more_stale;
        sim.on_command = stale;
        n_stale = 100;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_PROTOCOL);
        ck_assert_uint_gt(sim.clears + sim.class_resets + sim.usb_resets, 0);
}
END_TEST

static void busy(struct sim *s, const struct ptp_container *c, const uint8_t *data, size_t size)
{
        (void)data;
        (void)size;
        sim_respond(s, c, s->commands <= n_stale ? PTP_DEVICE_BUSY : PTP_OK);
}

START_TEST(busy_for_a_while)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        n_stale = 3;
        sim.on_command = busy;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_OK);
        ck_assert_uint_eq(reply.code, PTP_OK);
        ck_assert_uint_eq(sim.commands, 4);
}
END_TEST

START_TEST(busy_for_ever)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        n_stale = UINT32_MAX;
        sim.on_command = busy;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_BUSY);
        ck_assert_int_le(sim.now, 11 * INT64_C(1000000));
        ck_assert_uint_lt(sim.commands, 20);
}
END_TEST

static void silent(struct sim *s, const struct ptp_container *c, const uint8_t *data, size_t size)
{
        (void)s;
        (void)c;
        (void)data;
        (void)size;
}

START_TEST(silence_takes_every_rung_once)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        sim.on_command = silent;
        session.limits.recoveries = 5;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_STALLED);
        ck_assert_uint_eq(sim.usb_resets, 1);
        ck_assert_uint_eq(sim.class_resets, 1);
        ck_assert_int_le(sim.now, 60 * INT64_C(1000000));
        /* The budget of the docking bounds what comes after, and then there is no waiting at all. */
        (void)ptp_session_run(&session, &q, &reply);
        (void)ptp_session_run(&session, &q, &reply);
        ck_assert(session.dead);
        ck_assert_uint_eq(session.recoveries, 5);
        sim.commands = 0;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_STALLED);
        ck_assert_uint_eq(sim.commands, 0);
}
END_TEST

static void fail_once(struct sim *s, const struct ptp_container *c, const uint8_t *data, size_t size)
{
        (void)data;
        (void)size;
        if (s->commands == 1)
                sim_send_fail(s, (int)n_stale);
        else
                sim_respond(s, c, PTP_OK);
}

START_TEST(one_failure_is_recovered)
{
        static const int outcomes[] = {USB_STALL, USB_OVERFLOW, USB_IO, USB_TIMEOUT};
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        n_stale = (unsigned int)outcomes[_i];
        sim.on_command = fail_once;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_OK);
        ck_assert_uint_eq(sim.commands, 2);
        ck_assert_uint_eq(session.recoveries, 1);
        ck_assert_uint_eq(sim.clears, 1);
        ck_assert_uint_eq(sim.usb_resets, 0);
}
END_TEST

START_TEST(gone_ends_at_once)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        n_stale = USB_GONE;
        sim.on_command = fail_once;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_GONE);
        ck_assert_uint_eq(sim.commands, 1);
        ck_assert_int_lt(sim.now, 1000);
}
END_TEST

START_TEST(cancel_in_the_middle)
{
        struct ptp_request q = get_object(1000000);
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 1000000};
        sim.cancel_at_read = 3;
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_CANCELLED);
        ck_assert_uint_eq(sim.cancels, 1);
        ck_assert_uint_gt(counted, 0);
        ck_assert_uint_lt(counted, 1000000);
        /* The session is in step again. */
        sim.cancel_at_read = 0;
        counted = 0;
        shape.size = 100;
        q = get_object(100);
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_OK);
        ck_assert_uint_eq(session.recoveries, 0);
}
END_TEST

START_TEST(sink_ends_the_transaction)
{
        struct ptp_request q = get_object(1000000);
        struct ptp_reply reply;

        shape = (typeof(shape)){.size = 1000000};
        sink_result = RECORDER_NO_SPACE;
        ck_assert_int_eq(run_shape(&q, &reply), RECORDER_NO_SPACE);
        ck_assert_uint_eq(sim.cancels, 1);
}
END_TEST

static int one_more_packet(struct sim *s)
{
        sim_send(s, sim_pattern, (size_t)n_stale, false);
        return 0;
}

/* A device that never stops sending: empty packets, or whole ones. */
START_TEST(endless_packets_end)
{
        struct ptp_request q = {.code = PTP_GET_OBJECT, .on_data = count, .most = 100};
        struct ptp_reply reply;
        int r;

        n_stale = _i == 0 ? 0 : _i == 1 ? 7 : SIM_PACKET;
        sim.on_command = silent;
        sim.on_idle = one_more_packet;
        r = ptp_session_run(&session, &q, &reply);
        ck_assert(r == RECORDER_PROTOCOL || r == RECORDER_STALLED);
        ck_assert_uint_eq(counted, 0);
}
END_TEST

START_TEST(flood_of_events)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        sim.events_left = 1000000;
        ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_OK);
        ck_assert_uint_gt(sim.events_left, 999900);
        ck_assert(session.storage_added);
}
END_TEST

START_TEST(session_left_open_is_taken_over)
{
        session.open = false;
        n_stale = 0;
        sim.on_command = NULL;
        ck_assert_int_eq(ptp_session_open(&session), RECORDER_OK);
        ck_assert_int_eq(ptp_session_open(&session), RECORDER_OK);
        ck_assert_uint_eq(sim.opens, 1);
        ptp_session_close(&session);
        ck_assert_uint_eq(sim.closes, 1);
}
END_TEST

START_TEST(no_close_where_it_is_not_survived)
{
        session.quirks = QUIRK_NO_CLOSE_SESSION;
        ptp_session_close(&session);
        ck_assert_uint_eq(sim.closes, 0);
}
END_TEST

START_TEST(no_reset_where_it_is_not_survived)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT};
        struct ptp_reply reply;

        session.quirks = QUIRK_NO_RESET | QUIRK_NO_CANCEL;
        sim.on_command = silent;
        for (int i = 0; i < 10; i++)
                ck_assert_int_eq(ptp_session_run(&session, &q, &reply), RECORDER_STALLED);
        ck_assert_uint_eq(sim.usb_resets + sim.class_resets + sim.cancels, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("ptp_session");
        TCase *c = tcase_create("transactions");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_set_timeout(c, 30);
        tcase_add_test(c, data_and_response);
        tcase_add_test(c, header_in_its_own_packet);
        tcase_add_loop_test(c, whole_packets_with_empty_packet, 0, 5);
        tcase_add_loop_test(c, whole_packets_without_empty_packet, 0, 5);
        tcase_add_loop_test(c, split_header_and_whole_packets, 0, 2);
        tcase_add_test(c, response_behind_data);
        tcase_add_test(c, empty_object);
        tcase_add_loop_test(c, unsized_dataset_in_whole_packets, 0, 2);
        tcase_add_test(c, unknown_length_ends_at_short_packet);
        tcase_add_loop_test(c, unknown_length_in_whole_packets, 0, 10);
        tcase_add_loop_test(c, beyond_4_gib, 0, 2);
        tcase_add_loop_test(c, just_below_4_gib, 0, 2);
        tcase_add_test(c, a_length_below_its_own_header);
        tcase_add_test(c, beyond_4_gib_of_unknown_size);
        tcase_add_loop_test(c, unknown_length_with_a_short_packet_inside, 0, 3);
        tcase_add_test(c, data_of_another_operation);
        tcase_add_test(c, data_that_end_early_are_cut);
        tcase_add_test(c, more_than_expected_is_mismatch);
        tcase_add_test(c, dataset_beyond_its_bound);
        tcase_add_test(c, response_instead_of_data);
        tcase_add_test(c, data_of_another_transaction);
        tcase_add_test(c, stale_responses_are_passed_over);
        tcase_add_loop_test(c, stale_responses_before_data, 0, 2);
        tcase_add_test(c, endless_stale_responses_end);
        tcase_add_test(c, busy_for_a_while);
        tcase_add_test(c, busy_for_ever);
        tcase_add_test(c, silence_takes_every_rung_once);
        tcase_add_loop_test(c, one_failure_is_recovered, 0, 4);
        tcase_add_test(c, gone_ends_at_once);
        tcase_add_test(c, cancel_in_the_middle);
        tcase_add_test(c, sink_ends_the_transaction);
        tcase_add_loop_test(c, endless_packets_end, 0, 3);
        tcase_add_test(c, flood_of_events);
        tcase_add_test(c, session_left_open_is_taken_over);
        tcase_add_test(c, no_close_where_it_is_not_survived);
        tcase_add_test(c, no_reset_where_it_is_not_survived);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
