// SPDX-License-Identifier: LGPL-2.1-or-later
/* Text from outside: UTF-8 by the table of Unicode, printable, hexadecimal, numbers. */
#include "base/text.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

START_TEST(test_copy)
{
        char buf[4] = "zzz";

        ck_assert(text_copy(buf, sizeof(buf), "abc"));
        ck_assert_str_eq(buf, "abc");
        ck_assert(!text_copy(buf, sizeof(buf), "abcd"));
        ck_assert_str_eq(buf, "abc");
        ck_assert(text_copy(buf, sizeof(buf), ""));
        ck_assert_str_eq(buf, "");
        ck_assert(!text_copy(buf, 1, "a"));
        ck_assert_str_eq(buf, "");
        buf[0] = 'q';
        ck_assert(!text_copy(buf, 0, "a"));
        ck_assert_int_eq(buf[0], 'q');
}
END_TEST

/* A catalogue and a bus refuse half a character, so a cut must never make one. */
START_TEST(test_copy_cuts_between_characters)
{
        static const char *const texts[] = {"警察", "a警察", "ab警", "é警😀", "😀😀😀"};
        char buf[16];

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                for (size_t size = 1; size <= strlen(texts[i]); size++) {
                        ck_assert(!text_copy(buf, size, texts[i]));
                        ck_assert_msg(text_utf8_valid(buf), "'%s' cut for %zu bytes", texts[i], size);
                        ck_assert_uint_lt(size - strlen(buf), 5);
                        ck_assert_int_eq(strncmp(buf, texts[i], strlen(buf)), 0);
                }
        ck_assert(!text_copy(buf, 4, "\x80\x80\x80\x80\x80")); /* no UTF-8: cut anywhere */
        ck_assert_uint_eq(strlen(buf), 3);
}
END_TEST

static const struct {
        const char *text;
        bool valid;
        const char *printable;
} utf8[] = {
                {"", true, ""},
                {"abc", true, "abc"},
                {"警察", true, "警察"},
                {"\xc2\xa0", true, "\xc2\xa0"},
                {"\xdf\xbf", true, "\xdf\xbf"},
                {"\xe0\xa0\x80", true, "\xe0\xa0\x80"},
                {"\xed\x9f\xbf", true, "\xed\x9f\xbf"},
                {"\xf4\x8f\xbf\xbf", true, "\xf4\x8f\xbf\xbf"},
                {"\x80", false, "?"},
                {"\xc0\x80", false, "??"}, /* overlong NUL */
                {"\xc1\xbf", false, "??"},
                {"\xe0\x9f\xbf", false, "???"}, /* overlong */
                {"\xed\xa0\x80", false, "???"}, /* surrogate */
                {"\xf0\x8f\xbf\xbf", false, "????"},
                {"\xf4\x90\x80\x80", false, "????"}, /* above U+10FFFF */
                {"\xf5\x80\x80\x80", false, "????"},
                {"\xff", false, "?"},
                {"\xe8\xad", false, "??"}, /* cut */
                {"\xe8\xad"
                 "a",
                 false, "??a"},
                {"\xf0\x9f\x98", false, "???"},
                {"a\nb\tc\x1b[0m", true, "a?b?c?[0m"},
                {"\x7f", true, "?"},
                {"a\xc2\x85z", true, "a??z"},
};

START_TEST(test_utf8)
{
        char buf[64];

        ck_assert_int_eq(text_utf8_valid(utf8[_i].text), utf8[_i].valid);
        ck_assert(text_copy(buf, sizeof(buf), utf8[_i].text));
        text_make_printable(buf);
        ck_assert_str_eq(buf, utf8[_i].printable);
        ck_assert(text_utf8_valid(buf));
}
END_TEST

START_TEST(test_utf8_sequence)
{
        ck_assert_uint_eq(text_utf8_sequence(""), 1);
        ck_assert_uint_eq(text_utf8_sequence("a"), 1);
        ck_assert_uint_eq(text_utf8_sequence("é"), 2);
        ck_assert_uint_eq(text_utf8_sequence("警"), 3);
        ck_assert_uint_eq(text_utf8_sequence("😀x"), 4);
        ck_assert_uint_eq(text_utf8_sequence("\xff"), 0);
}
END_TEST

START_TEST(test_hex)
{
        static const uint8_t bytes[] = {0x00, 0x1f, 0xab, 0xff};
        uint8_t back[4] = {9, 9, 9, 9};
        char buf[9];

        ck_assert_str_eq(text_hex(bytes, 4, buf), "001fabff");
        ck_assert_int_eq(text_unhex("001FabfF", back, 4), 0);
        ck_assert_mem_eq(back, bytes, 4);
        ck_assert_int_eq(text_unhex("001fab", back, 4), -EINVAL);
        ck_assert_int_eq(text_unhex("001fabff0", back, 4), -EINVAL);
        ck_assert_int_eq(text_unhex("11111g11", back, 4), -EINVAL);
        ck_assert_int_eq(text_unhex("0x111111", back, 4), -EINVAL);
        ck_assert_mem_eq(back, bytes, 4);
        ck_assert_int_eq(text_unhex("", back, 0), 0);
}
END_TEST

static const struct {
        const char *text;
        int error;
        int64_t value;
} numbers[] = {
                {"0", 0, 0},
                {"-1", 0, -1},
                {"9223372036854775807", 0, INT64_MAX},
                {"-9223372036854775808", 0, INT64_MIN},
                {"9223372036854775808", -ERANGE, 0},
                {"-9223372036854775809", -ERANGE, 0},
                {"", -EINVAL, 0},
                {"-", -EINVAL, 0},
                {" 1", -EINVAL, 0},
                {"1 ", -EINVAL, 0},
                {"+1", -EINVAL, 0},
                {"0x1", -EINVAL, 0},
                {"1.0", -EINVAL, 0},
                {"--1", -EINVAL, 0},
                {"- 1", -EINVAL, 0},
};

START_TEST(test_to_int64)
{
        int64_t v = 77;

        ck_assert_int_eq(text_to_int64(numbers[_i].text, &v), numbers[_i].error);
        ck_assert_int_eq(v, numbers[_i].error < 0 ? 77 : numbers[_i].value);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("text");
        TCase *t = tcase_create("text");
        SRunner *runner;
        int failed;

        tcase_add_test(t, test_copy);
        tcase_add_test(t, test_copy_cuts_between_characters);
        tcase_add_loop_test(t, test_utf8, 0, (int)ELEMENTSOF(utf8));
        tcase_add_test(t, test_utf8_sequence);
        tcase_add_test(t, test_hex);
        tcase_add_loop_test(t, test_to_int64, 0, (int)ELEMENTSOF(numbers));
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
