// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading one object from a device that refuses, lies about sizes or sends more than it said. What is at
 * stake in every case: nothing that is not the whole object may be called whole.
 */
#include "test_ptp_device.h"

#include "base/cleanup.h"
#include "recorder/mtp/mtp_state.h"
#include "recorder/mtp/ptp_wire.h"

#include <check.h>
#include <string.h>

#define STORAGE       0x10001
#define OBJECTS       2
#define SIZE_4G       (UINT64_C(4) << 30)
#define GENERAL_ERROR 0x2002

struct bytes {
        uint8_t p[256 * 1024];
        size_t n;
};

/* The first object misbehaves, the second one never does. */
static struct {
        uint64_t size;          /* of the first object */
        uint32_t info_size;     /* as ObjectInfo tells it */
        uint64_t wide_size;     /* as property DC04 tells it; 0: the device has no properties */
        bool partial64;         /* has GetPartialObject64 beside GetPartialObject */
        uint64_t announced;     /* by GetObject, 0: what it sends */
        uint64_t sent;          /* by GetObject, 0: the size */
        uint16_t whole_code;    /* response of GetObject, 0: OK */
        uint16_t partial_code;  /* of a partial read, without data; 0: OK */
        uint32_t partial_most;  /* bytes a partial read gives at most, 0: no bound */
        bool silent;            /* the first object is never answered for */
        bool renumbered;        /* after a reset handle 1 is another object */
        uint64_t halt_at;       /* GetObject halts behind so many bytes, once */
        bool forgets_session;   /* at the next GetObject; nothing is answered until it is opened again */
        unsigned int forgotten; /* OpenSessions there had been then, 0: the session is open */
        bool deaf_once;         /* the next GetObjectHandles is not answered */
        unsigned int partials;
} model;

static struct sim sim;
static struct recorder *recorder;
static struct quirks quirks;
static struct bytes answer_bytes;
static int64_t listed[OBJECTS];
static uint64_t received, expected_at;

static uint8_t content(uint32_t handle, uint64_t at)
{
        return (uint8_t)(at * 7 + (at >> 32) * 31 + handle);
}

static void put(uint64_t v, unsigned int width)
{
        for (unsigned int i = 0; i < width; i++)
                answer_bytes.p[answer_bytes.n++] = (uint8_t)(v >> 8 * i);
}

static void put_text(const char *text)
{
        answer_bytes.n += ptp_string_encode(text, answer_bytes.p + answer_bytes.n);
}

static void put_device_info(void)
{
        const uint16_t operations[] = {PTP_GET_OBJECT_HANDLES,
                                       PTP_GET_OBJECT_INFO,
                                       PTP_GET_OBJECT,
                                       PTP_GET_PARTIAL_OBJECT,
                                       model.wide_size ? MTP_GET_OBJECT_PROP_VALUE : 0,
                                       model.partial64 ? ANDROID_GET_PARTIAL_OBJECT_64 : 0};

        put(100, 2);
        put(6, 4);
        put(100, 2);
        put(0, 1); /* no text of the extension */
        put(0, 2);
        put(ELEMENTSOF(operations), 4);
        for (size_t i = 0; i < ELEMENTSOF(operations); i++)
                put(operations[i], 2);
        for (int i = 0; i < 4; i++) /* events, properties, formats */
                put(0, 4);
}

static void put_object_info(uint32_t handle)
{
        put(STORAGE, 4);
        put(0xb982, 2); /* MP4 */
        put(0, 2);
        put(handle == 1 ? model.info_size : 100, 4);
        memset(answer_bytes.p + answer_bytes.n, 0, 40);
        answer_bytes.n += 40;
        put_text(handle == 1 && !(model.renumbered && sim.class_resets) ? "a.mp4" : "b.mp4");
        put(0, 1);
        put(0, 1);
}

static bool put_dataset(const struct ptp_container *c)
{
        switch (c->header.code) {
        case PTP_GET_DEVICE_INFO:
                put_device_info();
                return true;
        case PTP_GET_STORAGE_IDS:
                put(1, 4);
                put(STORAGE, 4);
                return true;
        case PTP_GET_STORAGE_INFO:
                memset(answer_bytes.p, 0, 28);
                answer_bytes.n = 28;
                return true;
        case PTP_GET_OBJECT_HANDLES:
                put(OBJECTS, 4);
                for (unsigned int i = 0; i < OBJECTS; i++)
                        put(i + 1, 4);
                return true;
        case PTP_GET_OBJECT_INFO:
                put_object_info(c->params[0]);
                return true;
        case MTP_GET_OBJECT_PROP_VALUE:
                put(c->params[0] == 1 ? model.wide_size : 100, 8);
                return true;
        default:
                return false;
        }
}

/* A data phase of 'size' bytes from 'at' on, which says that it has 'announced'. */
static void object_send(struct sim *s, const struct ptp_container *c, uint64_t at, uint64_t size,
                        uint64_t announced)
{
        put(MIN(announced + PTP_HEADER_SIZE, (uint64_t)UINT32_MAX), 4);
        put(PTP_DATA, 2);
        put(c->header.code, 2);
        put(c->header.transaction, 4);
        ck_assert_uint_le(size, sizeof(answer_bytes.p) - PTP_HEADER_SIZE);
        for (uint64_t i = 0; i < size; i++)
                put(content(c->params[0], at + i), 1);
        sim_send(s, answer_bytes.p, answer_bytes.n, true);
}

static void whole_answer(struct sim *s, const struct ptp_container *c)
{
        bool first = c->params[0] == 1;
        uint64_t size = first ? (model.sent ? model.sent : model.size) : 100;

        if (first && model.halt_at) {
                object_send(s, c, 0, model.halt_at, size);
                sim_send_fail(s, USB_STALL);
                model.halt_at = 0;
                return;
        }
        if (!first || !model.whole_code || model.sent)
                object_send(s, c, 0, size, first && model.announced ? model.announced : size);
        sim_respond(s, c, first && model.whole_code ? model.whole_code : PTP_OK);
}

static void partial_answer(struct sim *s, const struct ptp_container *c)
{
        bool wide = c->header.code == ANDROID_GET_PARTIAL_OBJECT_64;
        uint64_t at = c->params[1] | (wide ? (uint64_t)c->params[2] << 32 : 0);
        uint64_t most = wide ? c->params[3] : c->params[2];

        model.partials++;
        if (model.partial_code) {
                sim_respond(s, c, model.partial_code);
                return;
        }
        if (model.partial_most)
                most = MIN(most, (uint64_t)model.partial_most);
        most = MIN(most, model.size - MIN(at, model.size));
        object_send(s, c, at, most, most);
        sim_respond(s, c, PTP_OK);
}

static void answer(struct sim *s, const struct ptp_container *c, const uint8_t *data, size_t size)
{
        (void)data;
        (void)size;
        answer_bytes.n = 0;
        if (model.forgets_session && c->header.code == PTP_GET_OBJECT) {
                model.forgets_session = false;
                model.forgotten = s->opens;
        }
        if (model.forgotten && s->opens == model.forgotten) {
                sim_respond(s, c, PTP_SESSION_NOT_OPEN);
                return;
        }
        if (model.deaf_once && c->header.code == PTP_GET_OBJECT_HANDLES) {
                model.deaf_once = false;
                return;
        }
        if (put_dataset(c)) {
                sim_data(s, c, answer_bytes.p, answer_bytes.n);
                sim_respond(s, c, PTP_OK);
        } else if (model.silent && c->header.code == PTP_GET_OBJECT && c->params[0] == 1) {
                return;
        } else if (c->header.code == PTP_GET_OBJECT) {
                whole_answer(s, c);
        } else if (c->header.code == PTP_GET_PARTIAL_OBJECT ||
                   c->header.code == ANDROID_GET_PARTIAL_OBJECT_64) {
                partial_answer(s, c);
        } else {
                sim_respond(s, c, PTP_OK);
        }
}

static void setup(void)
{
        memset(&model, 0, sizeof(model));
        quirks = QUIRKS_NONE;
        sim_init(&sim);
        sim.on_command = answer;
        recorder = NULL;
}

static void teardown(void)
{
        recorder_free(recorder);
        sim_done(&sim);
}

static int on_item(void *userdata, const struct recorder_item *item)
{
        (void)userdata;
        ck_assert_uint_lt(item->index, OBJECTS);
        listed[item->index] = item->size;
        return 0;
}

static void list_expect(bool complete)
{
        const struct recorder_listener listener = {.on_item = on_item};
        struct recorder_open how = {0};
        bool is_complete = !complete;

        ck_assert_int_eq(mtp_recorder_new(&recorder, &sim.transport, &how, &quirks), 0);
        ck_assert_int_eq(recorder_list(recorder, &listener, &is_complete), RECORDER_OK);
        ck_assert_int_eq(is_complete, complete);
}

static void list_all(void)
{
        list_expect(true);
}

static int on_bytes(void *userdata, const void *data, size_t size)
{
        const uint32_t *index = userdata;

        for (size_t i = 0; i < size; i++)
                if (((const uint8_t *)data)[i] != content(*index + 1, expected_at + received + i))
                        ck_abort_msg("wrong byte at %zu", (size_t)(expected_at + received + i));
        received += size;
        return 0;
}

static int on_nothing(void *userdata, const void *data, size_t size)
{
        (void)userdata;
        (void)data;
        (void)size;
        return 0;
}

static void read_expect(uint32_t index, uint64_t offset, int outcome, int64_t whole)
{
        const struct recorder_sink sink = {.write = on_bytes, .userdata = &index};
        int64_t size = -7;

        received = 0;
        expected_at = offset;
        ck_assert_int_eq(recorder_read(recorder, index, (int64_t)offset, &sink, &size), outcome);
        ck_assert_int_eq(size, whole);
}

static uint32_t recoveries(void)
{
        struct recorder_figures f;

        recorder_figures(recorder, &f);
        return f.recoveries;
}

/* The card's one rotten file must not cost the device's patience that the others may need. */
START_TEST(a_refusal_is_no_trouble_of_the_wire)
{
        model.size = model.info_size = 3000;
        model.partial64 = true;
        model.whole_code = GENERAL_ERROR;
        list_all();
        for (int i = 0; i < 20; i++)
                read_expect(0, 0, RECORDER_UNREADABLE, -7);
        ck_assert_uint_eq(recoveries(), 0);
        read_expect(1, 0, RECORDER_OK, 100);
}
END_TEST

/* Nor must one that the device falls silent at. */
START_TEST(a_silent_object_leaves_steps_to_the_others)
{
        model.size = model.info_size = 3000;
        model.partial64 = true;
        model.silent = true;
        list_all();
        for (unsigned int i = 1; i <= 3; i++) {
                read_expect(0, 0, RECORDER_STALLED, -7);
                ck_assert_uint_le(recoveries(), 4 * i);
        }
        read_expect(1, 0, RECORDER_OK, 100);
}
END_TEST

START_TEST(an_error_behind_all_data_is_not_whole)
{
        model.size = model.info_size = model.sent = 3000;
        model.partial64 = true;
        model.whole_code = GENERAL_ERROR;
        list_all();
        read_expect(0, 0, RECORDER_UNREADABLE, -7);
}
END_TEST

/* Where nobody knows the size, only "no data" and "no such offset" are an end. */
START_TEST(an_error_is_not_the_end_of_an_unknown_size)
{
        static const struct {
                uint16_t code;
                int outcome;
                int64_t whole;
        } cases[] = {
                        {GENERAL_ERROR, RECORDER_UNREADABLE, -7},
                        {PTP_ACCESS_DENIED, RECORDER_DENIED, -7},
                        {PTP_STORE_NOT_AVAILABLE, RECORDER_LOCKED, -7},
                        {PTP_INVALID_OBJECT_HANDLE, RECORDER_ABSENT, -7},
                        {PTP_INVALID_PARAMETER, RECORDER_OK, 2000},
        };

        model.size = 5000;
        model.partial64 = true;
        list_all();
        ck_assert_int_eq(listed[0], -1);
        model.partial_code = cases[_i].code;
        read_expect(0, 2000, cases[_i].outcome, cases[_i].whole);
}
END_TEST

/* After a reset a handle is only a number: the bytes of another object must not follow those of the first.
 */
START_TEST(a_reset_may_renumber_the_objects)
{
        model.size = model.info_size = 100000;
        model.partial64 = true;
        model.renumbered = _i;
        list_all();
        model.halt_at = 512 * 60 - PTP_HEADER_SIZE;
        sim.clear_result = USB_IO; /* so the ladder has to go on to a reset */
        read_expect(0, 0, _i ? RECORDER_STALLED : RECORDER_OK, _i ? -7 : 100000);
        ck_assert_uint_eq(sim.class_resets, 1);
        ck_assert_uint_eq(model.partials, _i ? 0 : 1);
}
END_TEST

/* A device that loses its session in the middle: it is opened again, and the object looked at before it is
 * read. */
START_TEST(a_session_that_is_lost_is_opened_again)
{
        model.size = model.info_size = 3000;
        list_all();
        for (unsigned int i = 1; i <= 2; i++) {
                model.forgets_session = true;
                read_expect(0, 0, RECORDER_OK, 3000);
                ck_assert_uint_eq(recoveries(), i);
                ck_assert_uint_eq(sim.opens, i + 1);
        }
        ck_assert_uint_eq(sim.clears + sim.class_resets + sim.usb_resets, 0);
        read_expect(1, 0, RECORDER_OK, 100);
}
END_TEST

/* One that says so for ever costs what other trouble costs, and no more. */
START_TEST(a_session_that_does_not_stay_open_ends)
{
        model.size = model.info_size = 3000;
        model.whole_code = PTP_SESSION_NOT_OPEN;
        list_all();
        for (int i = 0; i < 50; i++) {
                const struct recorder_sink sink = {.write = on_nothing};
                int64_t size;

                ck_assert_int_ne(recorder_read(recorder, 0, 0, &sink, &size), RECORDER_OK);
        }
        ck_assert_uint_le(sim.opens, 1 + recoveries());
        ck_assert_uint_le(recoveries(), 24);
        read_expect(1, 0, RECORDER_OK, 100);
}
END_TEST

START_TEST(a_reset_while_listing_makes_it_incomplete)
{
        model.size = model.info_size = 100;
        model.deaf_once = true;
        sim.clear_result = USB_IO;
        list_expect(false);
        ck_assert_uint_eq(sim.class_resets, 1);
}
END_TEST

/* Nobody knows the size, but the header of the data does. */
START_TEST(fewer_bytes_than_the_header_says_are_short)
{
        model.size = 5000;
        model.announced = 5000;
        model.sent = 3000;
        list_all();
        read_expect(0, 0, RECORDER_SHORT, -7);
}
END_TEST

/* 4 GiB or more, no property, and a length modulo 2^32 in the header: only the end of the data is the end.
 */
START_TEST(a_length_modulo_4_gib_is_not_believed)
{
        model.size = model.sent = 200000;
        model.info_size = UINT32_MAX;
        model.announced = 100;
        list_all();
        ck_assert_int_eq(listed[0], -1);
        read_expect(0, 0, RECORDER_OK, 200000);
}
END_TEST

/* A size modulo 2^32 in ObjectInfo: the device goes on where the listing says it should end. */
START_TEST(a_size_modulo_4_gib_is_not_the_whole)
{
        model.size = SIZE_4G + 3000;
        model.info_size = 3000;
        model.announced = 3000;
        model.sent = 200000;
        model.partial64 = true;
        model.wide_size = _i == 0 ? 0 : model.size;
        list_all();
        ck_assert_int_eq(listed[0], 3000);
        read_expect(0, 0, RECORDER_MISMATCH, -7);
        if (_i == 1)
                read_expect(0, 1000, RECORDER_MISMATCH, -7);
}
END_TEST

/* The device babbles behind an object whose size it tells in 64 bits as well. */
START_TEST(more_than_a_size_that_is_sure_is_cut)
{
        model.size = model.info_size = 3000;
        model.wide_size = 3000;
        model.announced = 3000;
        model.sent = 200000;
        model.partial64 = true;
        list_all();
        read_expect(0, 0, RECORDER_OK, 3000);
        read_expect(0, 1000, RECORDER_OK, 3000);
}
END_TEST

/* The upper half of an offset must get there. */
START_TEST(reads_on_behind_4_gib)
{
        model.size = SIZE_4G + 5000;
        model.info_size = UINT32_MAX;
        model.wide_size = model.size;
        model.partial64 = true;
        list_all();
        ck_assert_int_eq(listed[0], (int64_t)model.size);
        read_expect(0, SIZE_4G + 1000, RECORDER_OK, (int64_t)model.size);
        ck_assert_uint_eq(received, 4000);
        read_expect(0, SIZE_4G - 1000, RECORDER_OK, (int64_t)model.size);
}
END_TEST

/* GetPartialObject has no upper half: it must not be used where one is needed. */
START_TEST(a_32_bit_partial_read_is_not_for_large_objects)
{
        struct recorder_sink sink = {.write = on_nothing};
        int64_t size;

        model.size = SIZE_4G + 5000;
        model.info_size = UINT32_MAX;
        model.wide_size = model.size;
        model.sent = 1000;
        list_all();
        ck_assert_int_eq(recorder_read(recorder, 0, (int64_t)SIZE_4G + 1000, &sink, &size), RECORDER_SHORT);
        ck_assert_uint_eq(model.partials, 0);
}
END_TEST

/* A device that gives a byte at a time does not keep its bay for ever; one that gives little does its work.
 */
START_TEST(crumbs_come_to_an_end)
{
        model.size = model.info_size = 100000;
        model.partial64 = true;
        list_all();
        model.partial_most = _i == 0 ? 1 : 512;
        if (_i == 0)
                read_expect(0, 1000, RECORDER_UNREADABLE, -7);
        else
                read_expect(0, 1000, RECORDER_OK, 100000);
        ck_assert_uint_lt(model.partials, 300);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("object_read");
        TCase *c = tcase_create("reading");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, a_refusal_is_no_trouble_of_the_wire);
        tcase_add_test(c, a_silent_object_leaves_steps_to_the_others);
        tcase_add_test(c, an_error_behind_all_data_is_not_whole);
        tcase_add_loop_test(c, a_size_modulo_4_gib_is_not_the_whole, 0, 2);
        tcase_add_test(c, more_than_a_size_that_is_sure_is_cut);
        tcase_add_loop_test(c, a_reset_may_renumber_the_objects, 0, 2);
        tcase_add_test(c, a_session_that_is_lost_is_opened_again);
        tcase_add_test(c, a_session_that_does_not_stay_open_ends);
        tcase_add_test(c, a_reset_while_listing_makes_it_incomplete);
        tcase_add_test(c, fewer_bytes_than_the_header_says_are_short);
        tcase_add_test(c, a_length_modulo_4_gib_is_not_believed);
        tcase_add_test(c, reads_on_behind_4_gib);
        tcase_add_loop_test(c, crumbs_come_to_an_end, 0, 2);
        tcase_add_test(c, a_32_bit_partial_read_is_not_for_large_objects);
        tcase_add_loop_test(c, an_error_is_not_the_end_of_an_unknown_size, 0, 5);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
