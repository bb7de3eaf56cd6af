// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parsers of containers and datasets: what they read, and that no truncation or count makes them read more
 * than there is. */
#include "recorder/mtp/ptp_codes.h"
#include "recorder/mtp/ptp_container.h"
#include "recorder/mtp/ptp_proplist.h"
#include "usb/utf16.h"

#include "base/cleanup.h"

#include <check.h>
#include <errno.h>
#include <string.h>

START_TEST(commands_round_trip)
{
        const uint32_t params[] = {1, 0xffffffff, 3, 4, 5};
        uint8_t buf[PTP_CONTAINER_MAX];
        struct ptp_container c;
        size_t n = ptp_command_encode(PTP_GET_OBJECT, 77, params, (unsigned int)_i, buf);

        ck_assert_uint_eq(n, PTP_HEADER_SIZE + 4 * (size_t)_i);
        ck_assert(ptp_container_decode(buf, n, &c));
        ck_assert_uint_eq(c.header.code, PTP_GET_OBJECT);
        ck_assert_uint_eq(c.header.transaction, 77);
        ck_assert_uint_eq(c.n_params, (unsigned int)_i);
        for (int i = 0; i < _i; i++)
                ck_assert_uint_eq(c.params[i], params[i]);
        for (size_t cut = 0; cut < n; cut++)
                ck_assert(!ptp_container_decode(buf, cut, &c));
}
END_TEST

START_TEST(lying_headers_are_refused)
{
        static const uint8_t bad[][PTP_HEADER_SIZE] = {
                        {11, 0, 0, 0, 3, 0, 1, 0x20}, /* shorter than itself */
                        {0, 0, 0, 0, 3, 0, 1, 0x20},  /* nothing */
                        {12, 0, 0, 0, 0, 0, 1, 0x20}, /* no type */
                        {12, 0, 0, 0, 5, 0, 1, 0x20}, /* a type beyond the last */
                        {16, 0, 0, 0, 3, 0, 1, 0x20}, /* longer than what came */
                        {0xff, 0xff, 0xff, 0xff, 3, 0, 1, 0x20},
        };
        struct ptp_container c;

        ck_assert(!ptp_container_decode(bad[_i], sizeof(bad[_i]), &c));
}
END_TEST

START_TEST(long_data_have_no_length)
{
        uint8_t buf[PTP_HEADER_SIZE];
        struct ptp_header h;

        ptp_data_header_encode(1, 2, UINT64_C(5) << 30, buf);
        ck_assert(ptp_header_decode(buf, sizeof(buf), &h));
        ck_assert_uint_eq(h.length, PTP_LENGTH_UNKNOWN);
}
END_TEST

/* DeviceInfo with three operations and no trailing serial. */
static const uint8_t device_info[] = {
                100, 0,    6,    0,    0,    0,    100,  0, 2,   'x', 0, 0, 0, 0,   0, 3,    0,    0,
                0,   0x01, 0x10, 0x02, 0x10, 0x05, 0x98, 0, 0,   0,   0, 1, 0, 0,   0, 0x11, 0x50, 0,
                0,   0,    0,    0,    0,    0,    0,    2, 'M', 0,   0, 0, 2, 'D', 0, 0,    0,
};

START_TEST(device_info_is_read)
{
        struct ptp_device_info i;

        ck_assert(ptp_device_info_parse(device_info, sizeof(device_info), &i));
        ck_assert_uint_eq(i.vendor_extension, 6);
        ck_assert(ptp_device_info_has(&i, MTP_GET_OBJECT_PROP_LIST));
        ck_assert(!ptp_device_info_has(&i, PTP_DELETE_OBJECT));
        ck_assert(ptp_device_info_has_property(&i, PTP_PROP_DATE_TIME));
        ck_assert_str_eq(i.manufacturer, "M");
        ck_assert_str_eq(i.model, "D");
        ck_assert_str_eq(i.serial, "");
}
END_TEST

START_TEST(device_info_cut_short_is_refused)
{
        struct ptp_device_info i = {.standard_version = 4711};

        for (size_t cut = 0; cut < sizeof(device_info) - 10; cut++) {
                _cleanup_free_ uint8_t *exact =
                                malloc(cut + 1); /* so that a sanitizer sees one byte too many */

                ck_assert_ptr_nonnull(exact);
                memcpy(exact, device_info, cut);
                ck_assert(!ptp_device_info_parse(exact, cut, &i));
                ck_assert_uint_eq(i.standard_version, 4711);
        }
}
END_TEST

START_TEST(counts_beyond_the_data_are_refused)
{
        static const uint8_t handles[] = {0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0};
        uint8_t info[sizeof(device_info)];
        struct ptp_device_info i;
        uint32_t *ret = NULL;
        size_t n = 0;

        memcpy(info, device_info, sizeof(info));
        memset(info + 15, 0xff, 4);
        ck_assert(!ptp_device_info_parse(info, sizeof(info), &i));
        ck_assert_int_eq(ptp_handles_parse(handles, sizeof(handles), 1U << 31, &ret, &n), -EBADMSG);
        ck_assert_ptr_null(ret);
}
END_TEST

START_TEST(handles_are_bounded)
{
        static const uint8_t handles[] = {2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
        _cleanup_free_ uint32_t *ret = NULL;
        size_t n = 0;

        ck_assert_int_eq(ptp_handles_parse(handles, sizeof(handles), 1, &ret, &n), -E2BIG);
        ck_assert_int_eq(ptp_handles_parse(handles, sizeof(handles), 2, &ret, &n), 0);
        ck_assert_uint_eq(n, 2);
        ck_assert_uint_eq(ret[1], 2);
}
END_TEST

START_TEST(utf16_becomes_utf8)
{
        static const struct {
                uint8_t src[12];
                size_t units, size;
                const char *expected;
                bool cut;
        } cases[] = {
                        {{'a', 0, 0x2d, 0x4e}, 2, 16, "a\xe4\xb8\xad", false},
                        {{0x3d, 0xd8, 0x00, 0xde}, 2, 16, "\xf0\x9f\x98\x80", false},
                        {{0x3d, 0xd8}, 1, 16, "\xef\xbf\xbd", false},
                        {{0x00, 0xde, 'x', 0}, 2, 16, "\xef\xbf\xbdx", false},
                        {{0x3d, 0xd8, 'x', 0}, 2, 16, "\xef\xbf\xbdx", false},
                        {{'a', 0, 0, 0, 'b', 0}, 3, 16, "a", false},
                        {{'a', 0, 0x2d, 0x4e}, 2, 4, "a", true},
                        {{'a', 0}, 1, 1, "", true},
        };
        char dst[16];
        _Bool cut;

        ck_assert_uint_eq(utf16_to_utf8(cases[_i].src, cases[_i].units, dst, cases[_i].size, &cut),
                          strlen(dst));
        ck_assert_str_eq(dst, cases[_i].expected);
        ck_assert_int_eq(cut, cases[_i].cut);
}
END_TEST

START_TEST(battery_description)
{
        static const uint8_t range[] = {0x01, 0x50, 2, 0, 0, 0, 60, 1, 0, 100, 1};
        static const uint8_t several[] = {0x01, 0x50, 2, 0, 0, 0, 60, 2, 3, 0, 20, 60, 80};
        struct ptp_prop_desc d;

        ck_assert(ptp_prop_desc_parse(range, sizeof(range), &d));
        ck_assert_uint_eq(d.current.number, 60);
        ck_assert_uint_eq(d.greatest, 100);
        ck_assert(!d.writable);
        ck_assert(ptp_prop_desc_parse(several, sizeof(several), &d));
        ck_assert_uint_eq(d.least, 20);
        ck_assert_uint_eq(d.greatest, 80);
        for (size_t cut = 0; cut < 7; cut++)
                ck_assert(!ptp_prop_desc_parse(range, cut, &d));
        ck_assert(!ptp_prop_desc_parse(several, sizeof(several) - 1, &d));
}
END_TEST

static unsigned int values;
static uint64_t numbers;
static char last_text[PTP_NAME_MAX];

static int on_value(void *userdata, uint32_t handle, uint16_t property, const struct ptp_value *value)
{
        (void)userdata;
        (void)property;
        ck_assert_uint_eq(handle, 7);
        values++;
        numbers += value->number;
        memcpy(last_text, value->text, sizeof(last_text));
        return 0;
}

static const uint8_t proplist[] = {
                4, 0, 0, 0, 7,    0,    0,    0,    0x04, 0xdc, 8, 0,    1, 0,   0, 0, 1, 0, 0, 0,
                7, 0, 0, 0, 0x41, 0xdc, 10,   0,    5,    0,    0, 0,    0, 0,   0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 7,    0,    0,    0,    0xff, 0xdc, 4, 0x40, 3, 0,   0, 0, 1, 2, 3, 4,
                5, 6, 7, 0, 0,    0,    0x07, 0xdc, 0xff, 0xff, 3, 'o',  0, 'k', 0, 0, 0,
};

START_TEST(property_list_in_pieces)
{
        for (size_t piece = 1; piece <= sizeof(proplist); piece++) {
                struct ptp_proplist p = {.on_value = on_value};

                values = 0;
                numbers = 0;
                for (size_t at = 0; at < sizeof(proplist); at += piece) {
                        ck_assert(!ptp_proplist_complete(&p));
                        ck_assert_int_eq(ptp_proplist_feed(&p, proplist + at,
                                                           MIN(piece, sizeof(proplist) - at)),
                                         0);
                }
                ck_assert(ptp_proplist_complete(&p));
                ck_assert_uint_eq(values, 3);
                ck_assert_uint_eq(numbers, (UINT64_C(1) << 32) + 1 + 5);
                ck_assert_str_eq(last_text, "ok");
        }
}
END_TEST

START_TEST(property_list_with_more_than_announced)
{
        struct ptp_proplist p = {.on_value = on_value};
        uint8_t more[sizeof(proplist) + 1] = {0};

        memcpy(more, proplist, sizeof(proplist));
        ck_assert_int_eq(ptp_proplist_feed(&p, more, sizeof(more)), -EBADMSG);
}
END_TEST

START_TEST(property_list_with_an_unknown_type)
{
        struct ptp_proplist p = {.on_value = on_value};
        static const uint8_t bad[] = {1, 0, 0, 0, 7, 0, 0, 0, 4, 0xdc, 11, 0, 1, 0, 0, 0};

        ck_assert_int_eq(ptp_proplist_feed(&p, bad, sizeof(bad)), -EBADMSG);
}
END_TEST

START_TEST(strings_are_encoded)
{
        uint8_t buf[1 + 2 * 255];
        char text[40];
        size_t used, n = ptp_string_encode("20261101T080000", buf);

        ck_assert_uint_eq(n, 1 + 2 * 16);
        ck_assert(ptp_string_parse(buf, n, text, sizeof(text), &used));
        ck_assert_str_eq(text, "20261101T080000");
        ck_assert_uint_eq(used, n);
        ck_assert(!ptp_string_parse(buf, n - 1, text, sizeof(text), &used));
        ck_assert_uint_eq(ptp_string_encode("\xff", buf), 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("ptp_dataset");
        TCase *c = tcase_create("parsers");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(c, commands_round_trip, 0, 6);
        tcase_add_loop_test(c, lying_headers_are_refused, 0, 6);
        tcase_add_test(c, long_data_have_no_length);
        tcase_add_test(c, device_info_is_read);
        tcase_add_test(c, device_info_cut_short_is_refused);
        tcase_add_test(c, counts_beyond_the_data_are_refused);
        tcase_add_test(c, handles_are_bounded);
        tcase_add_loop_test(c, utf16_becomes_utf8, 0, 8);
        tcase_add_test(c, battery_description);
        tcase_add_test(c, property_list_in_pieces);
        tcase_add_test(c, property_list_with_more_than_announced);
        tcase_add_test(c, property_list_with_an_unknown_type);
        tcase_add_test(c, strings_are_encoded);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
