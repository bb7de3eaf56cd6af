// SPDX-License-Identifier: LGPL-2.1-or-later
/* Manifests from a medium: what is read, and at which line what is no manifest is refused. */
#include "archive/manifest.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

#define D1 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define D2 "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

/* 'paths' in their order between '|', or NULL with the line. */
static const struct {
        const char *text, *paths;
        size_t line;
} texts[] = {
                {"", ""},
                {D1 "  data/b\n" D2 " *data/a\n", "data/a|data/b|"},
                {D1 " data/one blank\n", "data/one blank|"},
                {D1 "\tdata/tab\r\n" D1 "  data/no end", "data/no end|data/tab|"},
                {D1 "  data/100%25.mp4\n", "data/100%.mp4|"},
                {D1 "  data/cr%0D\n", NULL, 1}, /* no name of ours has one */
                {D1 "  data/王芳.mp4\n", "data/王芳.mp4|"},
                {D1 "  data/a\n\n", NULL, 2},
                {D1 "  data/a\n" D1 "  data/a\n", NULL, 2},
                {D1 "\n", NULL, 1},
                {D1 "  \n", NULL, 1},
                {"e3b0  data/a\n", NULL, 1},
                {D1 "aa  data/a\n", NULL, 1},
                {D1 "  data/../../x\n", NULL, 1},
                {D1 "  data/./x\n", NULL, 1},
                {D1 "  data//x\n", NULL, 1},
                {D1 "  data/x/\n", NULL, 1},
                {D1 "  /etc/passwd\n", NULL, 1},
                {D1 "  ..\n", NULL, 1},
                {D1 "  data/%2e%2e/x\n", NULL, 1},
                {D1 "  data/%2Fx\n", NULL, 1},
                {D1 "  data/x%\n", NULL, 1},
                {D1 "  data/x%2\n", NULL, 1},
                {D1 "  data/x%00\n", NULL, 1},
                {D1 "  data/a\x1b[2Jb\n", NULL, 1},
                {D1 "  data/bad\xff\n", NULL, 1},
                {D1 "  good\n" D1 "  data/..\n", NULL, 2},
};

START_TEST(parses)
{
        _cleanup_free_ char *text = strdup(texts[_i].text); /* exact, for the sanitizer */
        _cleanup_(manifest_done) struct manifest m = {NULL};
        char paths[256] = "";
        size_t line = 0;
        int r = manifest_parse(text, strlen(text), &m, &line);

        ck_assert_int_eq(r, texts[_i].paths ? MANIFEST_READ : MANIFEST_BAD);
        if (!texts[_i].paths) {
                ck_assert_uint_eq(line, texts[_i].line);
                return;
        }
        for (size_t i = 0; i < m.n; i++) {
                (void)strcat(strcat(paths, m.lines[i].path), "|");
                ck_assert_ptr_eq(manifest_find(&m, m.lines[i].path), &m.lines[i]);
                ck_assert_int_eq(m.lines[i].digest[0], 0xe3);
        }
        ck_assert_str_eq(paths, texts[_i].paths);
        ck_assert_ptr_null(manifest_find(&m, "data/none"));
}
END_TEST

START_TEST(refuses_what_is_too_long)
{
        size_t size = 64 + 2 + 5 + MANIFEST_PATH_MAX, line;
        _cleanup_free_ char *text = malloc(size + 1);
        struct manifest m;

        memset(text, 'a', size);
        memcpy(text + 64, "  data/", 7);
        ck_assert_int_eq(manifest_parse(text, size, &m, &line), MANIFEST_BAD);
        memset(text, 'a', size);
        memcpy(text + 64, "  data/", 7);
        ck_assert_int_eq(manifest_parse(text, 64 + 2 + MANIFEST_PATH_MAX - 1, &m, &line), MANIFEST_READ);
        manifest_done(&m);
}
END_TEST

START_TEST(refuses_a_nul)
{
        char text[] = D1 "  data/a\0b\n";
        struct manifest m;
        size_t line;

        ck_assert_int_eq(manifest_parse(text, sizeof(text) - 1, &m, &line), MANIFEST_BAD);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("archive_manifest");
        TCase *t = tcase_create("manifest");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(t, parses, 0, (int)ELEMENTSOF(texts));
        tcase_add_test(t, refuses_what_is_too_long);
        tcase_add_test(t, refuses_a_nul);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
