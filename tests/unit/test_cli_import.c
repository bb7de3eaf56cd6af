// SPDX-License-Identifier: LGPL-2.1-or-later
/* recdockctl import, against the real bus server: what is wrong with the files is said before the station is
 * asked, and what the station refuses is told in its words. */
#include "bus_station.h"
#include "cli_program.h"
#include "scratch.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define WHOSE "--recorder=" BUS_STATION_RECORDER, "--officer=" BUS_STATION_OFFICER
#define WHY   "--reason=card in a reader"

static const struct {
        const char *path, *more[4]; /* below the scratch folder */
        int code;
        const char *piece;
} imports[] = {
                {"card", {"--officer=1", WHY}, 2, "the recorder's number is missing, expected --recorder"},
                {"card", {"--recorder=1", WHY}, 2, "the officer's number is missing, expected --officer"},
                {"card", {WHOSE}, 2, "the reason is missing, expected --reason"},
                {"card", {WHOSE, "--reason=  "}, 2, "the reason is missing"},
                {"nowhere", {WHOSE, WHY}, 5, "nowhere' cannot be read: No such file or directory"},
                {"card/a.mp4/b", {WHOSE, WHY}, 2, "cannot be read: Not a directory"},
                {"card/link", {WHOSE, WHY}, 2, "is a symbolic link"},
                {"card/link/", {WHOSE, WHY}, 2, "is a symbolic link"},
                {"pipe", {WHOSE, WHY}, 2, "neither a folder nor a regular file"},
                {"/dev/null", {WHOSE, WHY}, 2, "'/dev/null' is neither a folder nor a regular file"},
                {"empty", {WHOSE, WHY}, 2, "no regular file"},
                {"links", {WHOSE, WHY}, 2, "no regular file"},
                {"deep", {WHOSE, WHY}, 2, "more than 32 folders deep"},
                {"card",
                 {"--recorder=none", "--officer=" BUS_STATION_OFFICER, WHY},
                 5,
                 "no recorder 'none'"},
                {"card",
                 {"--recorder=" BUS_STATION_RECORDER, "--officer=none", WHY},
                 5,
                 "no officer 'none'"},
                {"card", {WHOSE, "--reason=two\nlines"}, 6, "control characters"},
};

static void folder_make(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);

        ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void link_make(const char *target, const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);

        ck_assert_int_eq(symlink(target, path), 0);
}

static void cards_make(void)
{
        _cleanup_free_ char *pipe_path = scratch_path("pipe");
        char deep[256] = "deep/";

        scratch_write("card/a.mp4", "bytes");
        link_make("a.mp4", "card/link");
        folder_make("empty");
        folder_make("links");
        link_make("../card/a.mp4", "links/a.mp4");
        ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
        for (int i = 0; i < 33; i++)
                (void)strcat(deep, "d/");
        (void)strcat(deep, "a.mp4");
        scratch_write(deep, "bytes");
}

START_TEST(test_refuses_import)
{
        _cleanup_free_ char *path =
                        *imports[_i].path == '/' ? strdup(imports[_i].path) : scratch_path(imports[_i].path);
        const char *words[WORDS_MAX] = {"import", path, "--json"};

        cards_make();
        server = bus_station_start(NULL);
        memcpy(words + 3, imports[_i].more, sizeof(imports[_i].more));
        ck_assert_int_eq(run(words), imports[_i].code);
        ck_assert_str_eq(out, "");
        assert_says(err, imports[_i].piece);
        ck_assert_int_eq(RUN("docking", "list", "--json"), 0);
        ck_assert_ptr_null(strstr(out, "\"import\""));
}
END_TEST

/* One that cannot be read among others: nobody takes a part for the whole. */
START_TEST(test_refuses_import_of_what_cannot_be_read)
{
        _cleanup_free_ char *folder = scratch_path(""), *card = scratch_path("card"),
                            *file = scratch_path("card/b.mp4"), *readable = scratch_path("card/a.mp4");
        const char *const words[] = {"import", card, WHOSE, WHY, NULL};
        int status;
        pid_t pid;

        server = bus_station_start(NULL);
        scratch_write("card/a.mp4", "bytes");
        scratch_write("card/b.mp4", "bytes");
        ck_assert_int_eq(chmod(folder, 0755), 0);
        ck_assert_int_eq(chmod(card, 0755), 0);
        ck_assert_int_eq(chmod(readable, 0644), 0);
        ck_assert_int_eq(chmod(file, 0), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                redirect(STDOUT_FILENO, "out");
                redirect(STDERR_FILENO, "err");
                if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(126);
                program_exec(words);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(WEXITSTATUS(status), 4);
        err = scratch_read("err");
        assert_says(err, "b.mp4' cannot be read: Permission denied; nothing was imported");
}
END_TEST

/* What the station refuses is told in its words. */
START_TEST(test_import_refused_by_the_station)
{
        const struct bus_station_settings settings = {.import_error = -EBUSY};
        _cleanup_free_ char *card = scratch_path("card");

        cards_make();
        server = bus_station_start(&settings);
        ck_assert_int_eq(RUN("import", card, WHOSE, WHY), 6);
        assert_says(err, "leaving out");
        assert_says(err, "imports are under way");
        ck_assert_str_eq(out, "");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("recdockctl import");
        TCase *t = tcase_create("program");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, program_set_up, program_tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, test_refuses_import, 0, (int)ELEMENTSOF(imports));
        tcase_add_test(t, test_refuses_import_of_what_cannot_be_read);
        tcase_add_test(t, test_import_refused_by_the_station);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
