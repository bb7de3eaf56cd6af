// SPDX-License-Identifier: LGPL-2.1-or-later
/* The forms a report is written in: that nothing a stranger is called becomes markup, a formula, a cursor
 * movement or another line, that nothing is left out, and that figures are never better than they are. */
#include "base/markup.h"
#include "cli/metrics.h"
#include "cli/report_section.h"
#include "base/cleanup.h"
#include "base/csv.h"

#include <check.h>
#include <locale.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static const char *const names[] = {
                "<script>alert(1)</script>",
                "\"><img src=x onerror=alert(1)>",
                "'onmouseover='x",
                "</title></td></table>&amp;",
                "=cmd|'/c calc'!A0",
                "+1+1",
                "-2+3",
                "@SUM(A1)",
                "\t=1",
                "\r=1",
                "\n=1",
                "＝1",
                "two\nlines\r\nand \"quotes\", commas",
                "\033[2J\033]0;x\007",
                "C1 \xc2\x9b"
                "2J",
                "王芳",
                "\xe2\x80\xae"
                "gpj.exe",
};

/* 255 characters of three bytes. */
static char *long_name(void)
{
        static char text[255 * 3 + 1];

        for (size_t i = 0; i < 255; i++)
                memcpy(text + 3 * i, "长", 3);
        return text;
}

static json_object *row_called(const char *name)
{
        static const char *const texts[] = {"number",    "name",    "recorder", "officer",  "unit",
                                            "unit_name", "reason",  "after",    "approver", "text",
                                            "verdict",   "reasons", "kind",     "basis",    "recovered",
                                            "deadline",  "result",  "day"};
        static const char *const numbers[] = {"files",        "on_time", "late",
                                              "undetermined", "minutes", "missing"};
        json_object *row = json_object_new_object();

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                (void)json_object_object_add(row, texts[i], json_object_new_string(name));
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                (void)json_object_object_add(row, numbers[i], json_object_new_int64(2));
        (void)json_object_object_add(row, "min_s", json_object_new_double(-2.5));
        (void)json_object_object_add(row, "max_s", json_object_new_double(1));
        (void)json_object_object_add(row, "last_s", json_object_new_double(1));
        return row;
}

/* A report in which everybody and everything is called so. */
static json_object *report_called(const char *name)
{
        json_object *report = json_tokener_parse(
                        "{\"footage\":{\"files\":4,\"on_time\":2,\"late\":2,\"on_time_rate\":0.5},"
                        "\"period\":{\"complete\":true,\"month\":\"2026-11\"},\"rules\":{},\"duties\":{}}");
        json_object *station = row_called(name), *unit = row_called(name);

        (void)json_object_object_add(station, "custodian", json_object_new_string(name));
        (void)json_object_object_add(report, "station", station);
        (void)json_object_object_add(report, "unit", unit);
        for (size_t i = 0; i < report_sections_n; i++) {
                json_object *rows = json_object_new_array();

                (void)json_object_array_add(rows, row_called(name));
                (void)json_object_object_add(report, report_sections[i].key, rows);
        }
        return report;
}

static void write_csv(FILE *out, json_object *report)
{
        report_write_csv(out, report, NULL);
}

static void write_text(FILE *out, json_object *report)
{
        report_write_text(out, report, true);
}

static char *written(void (*write)(FILE *out, json_object *report), json_object *report)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
        write(out, report);
        ck_assert_int_eq(ferror(out), 0);
        (void)fclose(out);
        ck_assert_uint_eq(strlen(text), size);
        return text;
}

static size_t count_of(const char *text, const char *piece)
{
        size_t n = 0;

        for (const char *at = text; (at = strstr(at, piece)); at += strlen(piece))
                n++;
        return n;
}

static const char *name_of(int i)
{
        return i < (int)ELEMENTSOF(names) ? names[i] : long_name();
}

/* Whatever they are called, the page has the same tags: those of a report where they are called x. */
START_TEST(test_html_escapes)
{
        _cleanup_(json_object_putp) json_object *report = report_called(name_of(_i)),
                                                *plain = report_called("x");
        _cleanup_free_ char *page = written(report_write_html, report),
                            *expected = written(report_write_html, plain);

        ck_assert_uint_eq(count_of(page, "<"), count_of(expected, "<"));
        ck_assert_uint_eq(count_of(page, ">"), count_of(expected, ">"));
        ck_assert_uint_eq(count_of(page, "\""), count_of(expected, "\""));
        ck_assert_uint_eq(count_of(page, "'"), count_of(expected, "'"));
        ck_assert_ptr_null(strstr(page, "<script"));
        ck_assert_ptr_null(strstr(page, "http:"));
        ck_assert_ptr_null(strstr(page, "https:"));
        for (const char *at = page; *at; at++)
                ck_assert_msg((unsigned char)*at >= 0x20 || *at == '\n', "control character %d", *at);
        ck_assert_ptr_null(strstr(page, "\xc2\x9b"));
}
END_TEST

/* What is written is read again, with an apostrophe before what a spreadsheet would compute and nowhere
 * else. */
START_TEST(test_csv_is_safe)
{
        const char *name = name_of(_i);
        bool formula = strchr("=+-@\t\r\n", name[0]) || strncmp(name, "＝", strlen("＝")) == 0;
        _cleanup_(json_object_putp) json_object *report = report_called(name);
        _cleanup_free_ char *file = written(write_csv, report), *guarded = NULL;
        struct csv_reader reader;
        struct csv_record record;
        size_t rows = 0;
        enum csv_outcome o;

        ck_assert_int_ge(asprintf(&guarded, "%s%s", formula ? "'" : "", name), 0);
        ck_assert_int_eq(strncmp(file,
                                 "\xef\xbb\xbf"
                                 "table,key,value\r\n",
                                 20),
                         0);
        csv_reader_init(&reader, file + 3, strlen(file) - 3);
        while ((o = csv_next(&reader, &record)) == CSV_RECORD) {
                for (size_t i = 0; i < record.n; i++)
                        ck_assert_msg(!strchr("=+@", record.fields[i][0]) || !*record.fields[i], "'%s'",
                                      record.fields[i]);
                if (strcmp(record.fields[0], "clocks") == 0) {
                        ck_assert_str_eq(record.fields[1], guarded);
                        ck_assert_str_eq(record.fields[7], "-2.5"); /* a number stays one */
                }
                rows++;
        }
        ck_assert_int_eq(o, CSV_END);
        /* Of each section a heading and a row; of the summary the heading and its figures. */
        ck_assert_uint_ge(rows, 2 * report_sections_n + 1);
}
END_TEST

START_TEST(test_csv_of_one_table)
{
        _cleanup_(json_object_putp) json_object *report = report_called("x");
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        report_write_csv(out, report, "deleted");
        (void)fclose(out);
        ck_assert_str_eq(text, "\xef\xbb\xbfrecorder,unit,unit_name,files,recovered\r\nx,x,x,2,x\r\n");
        free(text);
}
END_TEST

START_TEST(test_text_moves_no_cursor)
{
        _cleanup_(json_object_putp) json_object *report = report_called(name_of(_i)),
                                                *plain = report_called("x");
        _cleanup_free_ char *text = written(write_text, report), *expected = written(write_text, plain);

        ck_assert_ptr_null(strchr(text, '\033'));
        ck_assert_ptr_null(strchr(text, '\r'));
        ck_assert_ptr_null(strchr(text, '\t'));
        ck_assert_ptr_null(strstr(text, "\xc2\x9b"));
        ck_assert_uint_eq(count_of(text, "\n"), count_of(expected, "\n"));
}
END_TEST

/* One value per line, and the label's value is the name again. */
START_TEST(test_metrics_escape)
{
        _cleanup_(json_object_putp) json_object *report = report_called(name_of(_i)), *status = NULL,
                                                *plain = NULL;
        char *text = NULL, *expected = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        status = json_tokener_parse(
                        "{\"bays\":[{\"docking\":1},{\"docking\":null}],\"store\":{\"free\":null}}");
        metrics_write(out, status, report, NULL);
        (void)fclose(out);
        plain = report_called("x");
        out = open_memstream(&expected, &size);
        metrics_write(out, status, plain, NULL);
        (void)fclose(out);
        ck_assert_uint_eq(count_of(text, "\n"), count_of(expected, "\n"));
        ck_assert_uint_eq(count_of(text, "\"} "), count_of(expected, "\"} "));
        ck_assert_ptr_nonnull(strstr(text, "\nrecdock_bays_occupied 1\n"));
        if (_i == 1)
                ck_assert_ptr_nonnull(strstr(text, "{recorder=\"\\\"><img src=x onerror=alert(1)>\"} 1"));
        ck_assert_ptr_null(strstr(text, "recdock_store_free_bytes")); /* unknown is never zero */
        ck_assert_str_eq(text + strlen(text) - 6, "# EOF\n");
        free(text);
        free(expected);
}
END_TEST

START_TEST(test_metrics_of_no_station)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        metrics_write(out, NULL, NULL, NULL);
        (void)fclose(out);
        ck_assert_str_eq(text, "# TYPE recdock_up gauge\n# HELP recdock_up 1 when recdockd "
                               "answered.\nrecdock_up 0\n# EOF\n");
        free(text);
}
END_TEST

/* Nothing at all, and members of another type than they should be. */
START_TEST(test_broken_reports)
{
        static const char *const broken[] = {
                        "{}",
                        "{\"days\":{},\"units\":7,\"late\":\"x\",\"missing\":{},\"clocks\":null,\"footage\":"
                        "[]}",
                        "{\"days\":[1,null,{}],\"units\":[null,[]],\"late\":[null,7],\"missing\":[3,null],"
                        "\"clocks\":[null],\"deleted\":[9],\"period\":{\"month\":7}}",
                        "{\"days\":[],\"units\":[],\"period\":{\"month\":\"2026-99\"}}",
        };
        _cleanup_(json_object_putp) json_object *report = json_tokener_parse(broken[_i]);
        _cleanup_free_ char *page = written(report_write_html, report), *text = written(write_text, report),
                            *file = written(write_csv, report);

        ck_assert_ptr_nonnull(strstr(page, "</html>"));
        ck_assert_ptr_nonnull(strstr(text, "Files in time"));
        ck_assert_ptr_nonnull(strstr(file, "missing,"));
        if (_i == 3)
                ck_assert_ptr_null(strstr(page, "<figure>")); /* nothing to draw */
}
END_TEST

/* One of a thousand that was late is not 100 %. */
static const struct {
        const char *rate, *text;
} rates[] = {
                {"1", "100.0%"},    {"0.9999", "99.9%"}, {"0.99999999", "99.9%"}, {"0.9715", "97.1%"},
                {"0.971", "97.1%"}, {"0.5", "50.0%"},    {"0", "0.0%"},           {"null", "-"},
};

START_TEST(test_rates_are_never_rounded_up)
{
        _cleanup_(json_object_putp) json_object *rate = json_tokener_parse(rates[_i].rate);
        _cleanup_free_ char *text = value_text(rate, COLUMN_SHARE);

        ck_assert_str_eq(text, rates[_i].text);
}
END_TEST

START_TEST(test_long_lists_say_what_is_missing)
{
        _cleanup_(json_object_putp) json_object *report = report_called("x");
        _cleanup_free_ char *page = NULL, *text = NULL, *file = NULL;
        json_object *rows = json_object_new_array();

        for (int i = 0; i < 203; i++)
                (void)json_object_array_add(rows, row_called("x"));
        (void)json_object_object_add(report, "bad_files", rows);
        page = written(report_write_html, report);
        text = written(write_text, report);
        file = written(write_csv, report);
        ck_assert_ptr_nonnull(strstr(page, "3 more are not shown"));
        ck_assert_ptr_nonnull(strstr(page, "<span>203</span>"));
        ck_assert_ptr_nonnull(strstr(text, "3 more are not shown"));
        ck_assert_uint_eq(count_of(file, "\nbad_files,"), 203);
}
END_TEST

/* A year is drawn by month, and no scale ends below its highest bar. */
START_TEST(test_charts)
{
        _cleanup_(json_object_putp) json_object *days = json_object_new_array();
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        for (int month = 1; month <= 12; month++) {
                for (int day = 1; day <= 28; day++) {
                        json_object *row = json_object_new_object();
                        char name[16];

                        (void)snprintf(name, sizeof(name), "2026-%02d-%02d", month, day);
                        (void)json_object_object_add(row, "day", json_object_new_string(name));
                        (void)json_object_object_add(row, "on_time",
                                                     json_object_new_int64(month == 12 ? 7 : 1));
                        (void)json_object_array_add(days, row);
                }
        }
        chart_days(out, days);
        (void)fclose(out);
        ck_assert_ptr_nonnull(strstr(text, "<title>2026-01: 28 in time"));
        ck_assert_ptr_nonnull(strstr(text, "<title>2026-12: 196 in time"));
        ck_assert_ptr_nonnull(strstr(text, ">200</text>"));
        ck_assert_ptr_null(strstr(text, "y=\"-"));
        free(text);
}
END_TEST

START_TEST(test_markup_is_cut_by_columns)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
        markup_text_short(out, "消防救援", 5);
        (void)fputc('|', out);
        markup_text_short(out, "a<b", 3);
        (void)fputc('|', out);
        markup_text(out, "\xff\xe6\x01");
        (void)fclose(out);
        ck_assert_str_eq(text, "消防…|a&lt;b|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
        free(text);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("report forms");
        TCase *t = tcase_create("report forms");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(t, test_html_escapes, 0, (int)ELEMENTSOF(names) + 1);
        tcase_add_loop_test(t, test_csv_is_safe, 0, (int)ELEMENTSOF(names) + 1);
        tcase_add_test(t, test_csv_of_one_table);
        tcase_add_loop_test(t, test_text_moves_no_cursor, 0, (int)ELEMENTSOF(names) + 1);
        tcase_add_loop_test(t, test_metrics_escape, 0, (int)ELEMENTSOF(names) + 1);
        tcase_add_test(t, test_metrics_of_no_station);
        tcase_add_loop_test(t, test_broken_reports, 0, 4);
        tcase_add_loop_test(t, test_rates_are_never_rounded_up, 0, (int)ELEMENTSOF(rates));
        tcase_add_test(t, test_long_lists_say_what_is_missing);
        tcase_add_test(t, test_charts);
        tcase_add_test(t, test_markup_is_cut_by_columns);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
