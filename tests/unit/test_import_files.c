// SPDX-License-Identifier: LGPL-2.1-or-later
/* The files of an import: what is found and by which name, and that no name leads out of what was given,
 * whatever the tree is turned into after it was walked. */
#include "cli/import_files.h"
#include "cli/exit_codes.h"
#include "recorder/folder/folder_messages.h"
#include "scratch.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>
#include <sys/stat.h>

static struct import_files files;

static void set_up(void)
{
        (void)scratch_make();
        scratch_write("secret/a.mp4", "secret");
        scratch_write("card/DCIM/a.mp4", "bytes");
}

static void tear_down(void)
{
        import_files_done(&files);
        scratch_remove();
}

static int find(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);

        return import_files_find(&files, &path, 1);
}

static void assert_reads(const struct import_file *file, const char *expected)
{
        _cleanup_close_ int fd = -EBADF;
        char bytes[16];

        ck_assert_int_eq(import_file_open(file, &fd), 0);
        ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), (ssize_t)strlen(expected));
        ck_assert_mem_eq(bytes, expected, strlen(expected));
}

static const struct {
        const char *given, *path;
} names[] = {
                {"card", "card/DCIM/a.mp4"},         {"card/", "card/DCIM/a.mp4"},
                {"card/DCIM/..", "card/DCIM/a.mp4"}, {"card/DCIM", "DCIM/a.mp4"},
                {"card/DCIM/a.mp4", "a.mp4"},
};

START_TEST(test_names)
{
        ck_assert_int_eq(find(names[_i].given), EXIT_OK);
        ck_assert_uint_eq(files.n, 1);
        ck_assert_str_eq(files.files[0].path, names[_i].path);
        ck_assert_int_eq(files.files[0].size, 5);
        assert_reads(&files.files[0], "bytes");
}
END_TEST

START_TEST(test_a_long_path_keeps_its_name)
{
        char name[1200] = "card/";

        for (int i = 0; i < 5; i++) {
                memset(name + strlen(name), 'd', 200);
                (void)strcat(name, "/");
        }
        (void)strcat(name, "b.mp4");
        scratch_write(name, "bytes");
        ck_assert_int_eq(find("card"), EXIT_OK);
        ck_assert_uint_eq(files.n, 2);
        ck_assert_str_eq(files.files[1].path, "(long)/b.mp4");
        ck_assert_uint_lt(strlen(files.files[1].path), FOLDER_PATH_MAX);
        assert_reads(&files.files[1], "bytes");
}
END_TEST

static void replace(const char *name, const char *target)
{
        _cleanup_free_ char *path = scratch_path(name), *aside = scratch_path("aside");

        ck_assert_int_eq(rename(path, aside), 0);
        if (target)
                ck_assert_int_eq(symlink(target, path), 0);
}

static const struct {
        const char *name, *target;
        int error;
} swaps[] = {
                {"card/DCIM", "../secret", -ELOOP},
                {"card/DCIM", "/etc", -ELOOP},
                {"card/DCIM/a.mp4", "../../secret/a.mp4", -ELOOP},
                {"card/DCIM/a.mp4", NULL, -ENOENT},
};

START_TEST(test_nothing_leads_out)
{
        _cleanup_close_ int fd = -EBADF;

        ck_assert_int_eq(find("card"), EXIT_OK);
        replace(swaps[_i].name, swaps[_i].target);
        ck_assert_int_eq(import_file_open(&files.files[0], &fd), swaps[_i].error);
}
END_TEST

/* The given folder is what it was when it was walked, wherever its name points to now. */
START_TEST(test_the_given_folder_is_held)
{
        ck_assert_int_eq(find("card"), EXIT_OK);
        replace("card", "secret");
        assert_reads(&files.files[0], "bytes");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("import_files");
        TCase *t = tcase_create("files");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_loop_test(t, test_names, 0, (int)ELEMENTSOF(names));
        tcase_add_test(t, test_a_long_path_keeps_its_name);
        tcase_add_loop_test(t, test_nothing_leads_out, 0, (int)ELEMENTSOF(swaps));
        tcase_add_test(t, test_the_given_folder_is_held);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
