// SPDX-License-Identifier: LGPL-2.1-or-later
/* What row_json() writes is what SQLite's own functions make of the same values, byte by byte. */
#include "catalogue/row_json.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

static sqlite3 *db;
static struct row_text row;

static void setup(void)
{
        ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
        memset(&row, 0, sizeof(row));
}

static void teardown(void)
{
        row_text_done(&row);
        ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

/* A value in SQL, what SQLite writes of it, and how the column is to be written. */
static const struct {
        const char *value, *judge;
        enum column_form form;
} values[] = {
                {"NULL", "v", COLUMN_VALUE},
                {"''", "v", COLUMN_VALUE},
                {"'plain'", "v", COLUMN_VALUE},
                {"'中文 \"quoted\" back\\slash /'", "v", COLUMN_VALUE},
                {"char(1, 8, 9, 10, 11, 12, 13, 31, 32, 127, 128, 128512)", "v", COLUMN_VALUE},
                {"0", "v", COLUMN_VALUE},
                {"-1", "v", COLUMN_VALUE},
                {"9223372036854775807", "v", COLUMN_VALUE},
                {"-9223372036854775808", "v", COLUMN_VALUE},
                {"NULL", "json(v)", COLUMN_JSON},
                {"'[\"a\",1]'", "json(v)", COLUMN_JSON},
                {"0", "json(iif(v, 'true', 'false'))", COLUMN_BOOLEAN},
                {"1", "json(iif(v, 'true', 'false'))", COLUMN_BOOLEAN},
                {"NULL", "v / 1e6", COLUMN_SECONDS},
                {"0", "v / 1e6", COLUMN_SECONDS},
                {"1", "json('0.000001')", COLUMN_SECONDS}, /* SQLite: 1.0e-06 */
                {"500000", "v / 1e6", COLUMN_SECONDS},
                {"600000000", "v / 1e6", COLUMN_SECONDS},
                {"-3000001", "v / 1e6", COLUMN_SECONDS},
                {"12345678901", "v / 1e6", COLUMN_SECONDS},
                {"-250000", "v / 1e6", COLUMN_SECONDS},
                {"NULL", "NULL", COLUMN_HEX},
                {"x'00ff10abcdef'", "lower(hex(v))", COLUMN_HEX},
                {"NULL", "json('[]')", COLUMN_LIST},
                {"''", "json('[]')", COLUMN_LIST},
                {"'one'", "json_array('one')", COLUMN_LIST},
                {"'one,\"two\",three 3'", "json_array('one', '\"two\"', 'three 3')", COLUMN_LIST},
};

/* The row of 'select' from a value; the caller finalizes. */
static sqlite3_stmt *ask(const char *select, const char *value)
{
        char sql[512];
        sqlite3_stmt *s;

        (void)snprintf(sql, sizeof(sql), "SELECT %s FROM (SELECT %s AS v)", select, value);
        ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
        ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
        return s;
}

START_TEST(test_each_value)
{
        const struct column columns[] = {{"a", COLUMN_VALUE}, {"b", values[_i].form}};
        sqlite3_stmt *ours = ask("7, v", values[_i].value), *theirs;
        char judge[256];

        (void)snprintf(judge, sizeof(judge), "json_object('a', 7, 'b', %s)", values[_i].judge);
        theirs = ask(judge, values[_i].value);
        ck_assert_int_eq(row_json(ours, columns, ELEMENTSOF(columns), &row), 0);
        ck_assert_str_eq(row.text, (const char *)sqlite3_column_text(theirs, 0));
        sqlite3_finalize(ours);
        sqlite3_finalize(theirs);
}
END_TEST

/* The second row is not what is left of the first. */
START_TEST(test_used_again)
{
        const struct column columns[] = {{"text", COLUMN_VALUE}};
        static const char *const texts[][2] = {{"hex(zeroblob(5000))", NULL},
                                               {"'short'", "{\"text\":\"short\"}"}};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                sqlite3_stmt *s = ask("v", texts[i][0]);

                ck_assert_int_eq(row_json(s, columns, 1, &row), 0);
                if (texts[i][1])
                        ck_assert_str_eq(row.text, texts[i][1]);
                else
                        ck_assert_uint_eq(strlen(row.text), 10000 + strlen("{\"text\":\"\"}"));
                sqlite3_finalize(s);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("row_json");
        TCase *t = tcase_create("row_json");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, test_each_value, 0, ELEMENTSOF(values));
        tcase_add_test(t, test_used_again);
        suite_add_tcase(suite, t);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
