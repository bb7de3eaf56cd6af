// SPDX-License-Identifier: LGPL-2.1-or-later
/* recdockctl's reports and metrics against the real bus server: every form, what is refused, and that no
 * file is touched unasked or written by half. */
#include "bus_station.h"
#include "cli_program.h"
#include "scratch.h"
#include "base/cleanup.h"

#include <check.h>
#include <dirent.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static const struct {
        const char *words[WORDS_MAX];
        int code;
        const char *piece;
} failures[] = {
                {{"report", "--month=2026-13"}, 6, "2026-13"},
                {{"report", "--month=2026-13", "--json"}, 6, "2026-13"},
                {{"report", "--unit=none"}, 5, "none"},
                {{"report", "--from=2026-02-01", "--to=2026-01-01"}, 6, "is not before"},
                {{"report", "--to=2026-01-01"}, 6, "without from"},
                {{"report", "--format=pdf"}, 2, "'pdf', expected text, csv, json or html"},
                {{"report", "--format=csv", "--json"}, 2, "--format=csv"},
                {{"report", "--table=units"}, 2, "--format=csv only"},
                {{"report", "--format=csv", "--table=none"}, 2, "'none'"},
                {{"report", "--output=/nonexistent/r.html"}, 7, "'/nonexistent/r.html' cannot be written"},
                {{"report", "--output=/proc/r.html"}, 7, "'/proc/r.html' cannot be written"},
                {{"report", "--output=/", "--force"}, 7, "directory"},
                {{"report", "--output=", "--force"}, 7, "'' cannot be written"},
                {{"metrics", "--output=/nonexistent/r.prom"}, 7, "'/nonexistent/r.prom' cannot be written"},
};

START_TEST(test_failure)
{
        server = bus_station_start(NULL);
        ck_assert_int_eq(run(failures[_i].words), failures[_i].code);
        ck_assert_str_eq(out, "");
        assert_says(err, "recdockctl: ");
        assert_says(err, failures[_i].piece);
}
END_TEST

/* A monitor has to see that; a report of nothing is none. */
START_TEST(test_station_not_there)
{
        _cleanup_free_ char *prom = scratch_path("r.prom"), *page = scratch_path("r.html"), *text = NULL;

        server = 0;
        ck_assert_int_eq(RUN("metrics", "--output", prom), 3);
        text = scratch_read("r.prom");
        assert_says(text, "\nrecdock_up 0\n# EOF\n");
        ck_assert_int_eq(RUN("report", "--output", page), 3);
        ck_assert_int_lt(access(page, F_OK), 0);
}
END_TEST

static int is_temporary(const struct dirent *entry)
{
        return strstr(entry->d_name, ".tmp") != NULL;
}

/* No half written file is left where reports were written to. */
static void assert_no_temporary(void)
{
        _cleanup_free_ char *folder = scratch_path("");
        struct dirent **found = NULL;

        ck_assert_int_eq(scandir(folder, &found, is_temporary, alphasort), 0);
        free(found);
}

static char *report_file(const char *name)
{
        char *text = scratch_read(name);

        ck_assert_ptr_nonnull(text);
        ck_assert_str_eq(out, "");
        ck_assert_str_eq(err, "");
        return text;
}

START_TEST(test_report_forms)
{
        _cleanup_free_ char *html = scratch_path("r.html"), *csv = scratch_path("r.csv"),
                            *other = scratch_path("r");
        _cleanup_free_ char *page = NULL, *sheet = NULL, *text = NULL;
        _cleanup_(json_object_putp) json_object *rows = NULL;

        server = bus_station_start(NULL);
        ck_assert_int_eq(RUN("report"), 0);
        assert_says(out, "Custodian: 王强");
        assert_says(out, "100.0% 2 of 2");
        assert_says(out, "The period has not ended");
        ck_assert_int_eq(RUN("report", "--json"), 0);
        rows = json_tokener_parse(out);
        ck_assert_uint_eq(json_object_array_length(rows), 1);
        ck_assert_int_eq(RUN("report", "--output", html), 0);
        page = report_file("r.html");
        assert_says(page, "<!DOCTYPE html>");
        ck_assert_int_eq(RUN("report", "--output", csv, "--unit", BUS_STATION_UNIT), 0);
        sheet = report_file("r.csv");
        assert_says(sheet, "\xef\xbb\xbftable,key,value\r\n");
        assert_says(sheet, "\r\nunits," BUS_STATION_UNIT ",历下区消防救援大队,2,");
        ck_assert_int_eq(RUN("report", "--output", other), 0);
        text = report_file("r");
        assert_says(text, "Offload report, ");
        assert_no_temporary();
}
END_TEST

START_TEST(test_report_replaces_nothing_unasked)
{
        _cleanup_free_ char *path = scratch_path("r.html"), *link = scratch_path("l.html"), *text = NULL;

        server = bus_station_start(NULL);
        scratch_write("r.html", "mine");
        ck_assert_int_eq(RUN("report", "--output", path), 2);
        assert_says(err, "r.html' is there already");
        text = scratch_read("r.html");
        ck_assert_str_eq(text, "mine");
        free(text);
        ck_assert_int_eq(RUN("report", "--output", path, "--force", "--month=2026-13"), 6);
        text = scratch_read("r.html");
        ck_assert_str_eq(text, "mine");
        free(text);
        ck_assert_int_eq(symlink(path, link), 0);
        ck_assert_int_eq(RUN("report", "--output", link), 2);
        ck_assert_int_eq(RUN("report", "--output", path, "--force"), 0);
        text = scratch_read("r.html");
        assert_says(text, "<!DOCTYPE html>");
        assert_no_temporary();
}
END_TEST

START_TEST(test_metrics)
{
        _cleanup_free_ char *path = scratch_path("r.prom"), *text = NULL;
        struct stat st;

        server = bus_station_start(NULL);
        (void)umask(022);
        ck_assert_int_eq(RUN("metrics"), 0);
        assert_says(out, "\nrecdock_up 1\n");
        assert_says(out, "\nrecdock_month_files{result=\"on_time\"} 2\n");
        assert_says(out, "\nrecdock_alerts_open{kind=\"unknown-recorder\"} 1\n");
        scratch_write("r.prom", "old");
        ck_assert_int_eq(RUN("metrics", "--output", path), 0);
        text = report_file("r.prom");
        assert_says(text, "recdock_up 1\n");
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0644); /* the exporter reads it */
        assert_no_temporary();
}
END_TEST

int main(void)
{
        Suite *s = suite_create("cli report");
        TCase *t = tcase_create("cli report");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, program_set_up, program_tear_down);
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, test_failure, 0, (int)ELEMENTSOF(failures));
        tcase_add_test(t, test_station_not_there);
        tcase_add_test(t, test_report_forms);
        tcase_add_test(t, test_report_replaces_nothing_unasked);
        tcase_add_test(t, test_metrics);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
