// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names on a volume: what becomes of each kind of name that some file system does not hold. */
#include "archive/layout.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <check.h>
#include <string.h>

#define HAN                                                                                                \
        "\xe6\xb5\x8e\xe6\xb5\x8e\xe6\xb5\x8e\xe6\xb5\x8e\xe6\xb5\x8e\xe6\xb5\x8e\xe6\xb5\x8e\xe6\xb5\x8e" \
        "\xe6\xb5\x8e\xe6\xb5\x8e" /* ten of three bytes */
#define TEN "0123456789"

static const struct {
        const char *name, *component;
} components[] = {
                {"20261119_182000_3700102.MP4", "20261119_182000_3700102.MP4"},
                {"执法 录像.mp4", "执法 录像.mp4"},
                {"", "_"},
                {".", "_"},
                {"..", "__"},
                {"../../etc/passwd", "_._.._etc_passwd"},
                {"/abs", "_abs"},
                {".hidden", "_hidden"},
                {" lead and trail ", "_lead and trail_"},
                {"dots...", "dots___"},
                {"a\"b*c/d:e;f<g>h?i\\j|k%l", "a_b_c_d_e_f_g_h_i_j_k_l"},
                {"line\nfeed\rreturn\ttab\x7f", "line_feed_return_tab_"},
                {"C1\xc2\x85x", "C1_x"},
                {"rtl\xe2\x80\xae"
                 "4pm.exe",
                 "rtl_4pm.exe"},                             /* U+202E */
                {"zero\xe2\x80\x8bwidth", "zero_width"},     /* U+200B */
                {"line\xe2\x80\xa8sep", "line_sep"},         /* U+2028 */
                {"private\xee\x80\x80use", "private_use"},   /* U+E000 */
                {"bom\xef\xbb\xbf", "bom_"},                 /* U+FEFF */
                {"emoji\xf0\x9f\x9a\x92.jpg", "emoji_.jpg"}, /* beyond UCS-2 */
                {"bad\xff\xc0\xafutf8", "bad___utf8"},
                {"half\xe6\xb1", "half__"},
                {"e\xcc\x81.mp4", "\xc3\xa9.mp4"}, /* composed */
                {"CON", "_CON"},
                {"nul.txt", "_nul.txt"},
                {"com1 .mp4", "_com1 .mp4"},
                {"LPT\xc2\xb9", "_LPT\xc2\xb9"},
                {"COM", "COM"},
                {"CONSOLE", "CONSOLE"},
                {"com10", "com10"},
                {TEN TEN TEN TEN TEN TEN "ABCDEFGH.MP4", TEN TEN TEN TEN TEN TEN ".MP4"},
                {HAN HAN HAN HAN HAN HAN ".MP4",
                 HAN HAN HAN "\xe6\xb5\x8e\xe6\xb5\x8e\xe6\xb5\x8e\xe6\xb5\x8e.MP4"},
                {"x." TEN TEN TEN TEN TEN TEN TEN, "x." TEN TEN TEN TEN TEN TEN "01"},
};

START_TEST(maps)
{
        char got[3 * LAYOUT_NAME_UNITS + 1];

        layout_component(components[_i].name, LAYOUT_NAME_UNITS, got);
        ck_assert_str_eq(got, components[_i].component);
        /* What is good is left alone. */
        layout_component(components[_i].component, LAYOUT_NAME_UNITS, got);
        ck_assert_str_eq(got, components[_i].component);
}
END_TEST

static void lay(const struct archive_file *files, size_t n, struct layout **ret)
{
        ck_assert_int_eq(layout_new(ret, files, n), 0);
}

START_TEST(keeps_names_apart)
{
        const struct archive_file files[] = {
                        {.id = 9, .case_number = "A/1", .name = "a.mp4"},
                        {.id = 3, .case_number = "A/1", .name = "A.MP4"},
                        {.id = 4, .case_number = "A/1", .name = "a.mp4"},
                        {.id = 5, .case_number = "A/1", .name = "A~4.mp4"},
                        {.id = 6, .case_number = "A:1", .name = "a.mp4"},
                        {.id = 7, .name = "no extension"},
                        {.id = 8, .name = "NO EXTENSION"},
                        {.id = 10, .case_number = "no-case", .name = "x"},
                        {.id = 11, .name = "\xef\xbd\x98"}, /* full-width x */
                        {.id = 12, .name = "X"},
                        {.id = 13, .name = "\xc4\xb1"}, /* dotless i: exFAT's upper case is I */
                        {.id = 14, .name = "I"},
        };
        static const char *const paths[] = {
                        "data/A_1/a~9.mp4",
                        "data/A_1/A.MP4",
                        "data/A_1/a~4.mp4",
                        "data/A_1/A~4~5.mp4",
                        "data/A_1~2/a.mp4",
                        "data/no-case/no extension",
                        "data/no-case/NO EXTENSION~8",
                        "data/no-case~2/x",
                        "data/no-case/\xef\xbd\x98",
                        "data/no-case/X~12",
                        "data/no-case/\xc4\xb1",
                        "data/no-case/I~14",
        };
        struct archive_file reversed[ELEMENTSOF(files)];
        struct layout *l, *other;

        lay(files, ELEMENTSOF(files), &l);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                ck_assert_str_eq(layout_path(l, i), paths[i]);
                reversed[i] = files[ELEMENTSOF(files) - 1 - i];
        }
        ck_assert_str_eq(layout_folder(l, 4), "A_1~2");
        lay(reversed, ELEMENTSOF(files), &other);
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                ck_assert_str_eq(layout_path(other, ELEMENTSOF(files) - 1 - i), paths[i]);
        layout_free(l);
        layout_free(other);
}
END_TEST

/* Every byte, and every name of several hundred, in a case of the same: nothing leaves the volume. */
START_TEST(holds_for_any_bytes)
{
        struct archive_file files[256];
        char names[256][300];
        struct layout *l;

        for (size_t i = 0; i < 256; i++) {
                for (size_t k = 0; k < 299; k++)
                        names[i][k] = (char)(1 + (i * 31 + k * k * 7 + k) % 255);
                names[i][299 - i] = '\0';
                files[i] = (struct archive_file){.id = (int64_t)i + 1,
                                                 .name = names[i],
                                                 .case_number = i % 3 ? names[i / 9] : NULL};
        }
        lay(files, 256, &l);
        for (size_t i = 0; i < 256; i++) {
                const char *path = layout_path(l, i), *name = strrchr(path, '/') + 1;
                size_t units = 0, slashes = 0;

                ck_assert_uint_lt(strlen(path), LAYOUT_PATH_MAX);
                ck_assert(text_utf8_valid(path));
                ck_assert(strncmp(path, "data/", 5) == 0 && name[0] != '\0' && name[0] != '.' &&
                          name[0] != ' ');
                for (const char *at = path; *at; at += text_utf8_sequence(at), units++) {
                        ck_assert((unsigned char)*at >= 0x20 && *at != 0x7f && !strchr("\"*:;<>?\\|%", *at));
                        slashes += *at == '/';
                }
                ck_assert_uint_eq(slashes, 2);
                ck_assert_uint_le(units, 120);
                for (size_t k = 0; k < i; k++)
                        ck_assert(strcasecmp(path, layout_path(l, k)) != 0);
        }
        layout_free(l);
}
END_TEST

START_TEST(refuses_an_id_twice)
{
        const struct archive_file files[] = {{.id = 1, .name = "a"}, {.id = 1, .name = "b"}};
        struct layout *l = NULL;

        ck_assert_int_eq(layout_new(&l, files, 2), -EINVAL);
        ck_assert_ptr_null(l);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("archive_layout");
        TCase *t = tcase_create("layout");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(t, maps, 0, (int)ELEMENTSOF(components));
        tcase_add_test(t, keeps_names_apart);
        tcase_add_test(t, holds_for_any_bytes);
        tcase_add_test(t, refuses_an_id_twice);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
