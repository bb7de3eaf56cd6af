// SPDX-License-Identifier: LGPL-2.1-or-later
/* Comma-separated values: what is read, what is refused at which line, and that what is written is read. */
#include "base/csv.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

/* A file as one text: its fields between '|', its records ended by '\n', bad ones as "!LINE". */
static const struct {
        const char *file, *records;
} files[] = {
                {"", ""},
                {"\n\r\n\n", ""},
                {"a,b\n1,2\n", "1:a|b\n2:1|2\n"},
                {"a,b\r\n1,2\r\n", "1:a|b\n2:1|2\n"},
                {"a,b\n1,2", "1:a|b\n2:1|2\n"},
                {"a,b\n\n\n1,2", "1:a|b\n4:1|2\n"},
                {",\n", "1:|\n"},
                {",,x", "1:||x\n"},
                {"x,", "1:x|\n"},
                {"\"\"", "1:\n"},
                {"\"\",\"\"\r\n", "1:|\n"},
                {"\"a,b\",c\n", "1:a,b|c\n"},
                {"\"say \"\"no\"\"\",c\n", "1:say \"no\"|c\n"},
                {"\"\"\"\"\n", "1:\"\n"},
                {"\"two\nlines\",c\nd,e\n", "1:two\nlines|c\n3:d|e\n"},
                {"\"two\r\nlines\"\nd\n", "1:two\r\nlines\n3:d\n"},
                {"a\rb\n", "1:a\rb\n"},
                {"a\r", "1:a\r\n"},
                {" a , b \n", "1: a | b \n"},
                {"王芳,\"张,三\"\n", "1:王芳|张,三\n"},
                {"a\"b,c\nd\n", "!1\n2:d\n"},
                {"\"a\"b,c\nd\n", "!1\n2:d\n"},
                {"a,\"b\nc\n", "!1\n"},
                {"x\n\"", "1:x\n!2\n"},
                {"x\n\"a\nb\"c\ny\n", "1:x\n!2\n4:y\n"},
                {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,"
                 "33\nx",
                 "!1\n2:x\n"},
};

static void read_all(const char *file, char *ret, size_t size)
{
        _cleanup_free_ char *text = strdup(file); /* exact, for the sanitizer */
        _cleanup_fclose_ FILE *out = fmemopen(ret, size, "w");
        struct csv_reader reader;
        struct csv_record record;
        enum csv_outcome o;

        csv_reader_init(&reader, text, strlen(text));
        while ((o = csv_next(&reader, &record)) != CSV_END) {
                if (o == CSV_BAD) {
                        ck_assert_ptr_nonnull(record.why);
                        (void)fprintf(out, "!%u\n", record.line);
                        continue;
                }
                (void)fprintf(out, "%u:", record.line);
                for (size_t i = 0; i < record.n; i++)
                        (void)fprintf(out, "%s%s", i ? "|" : "", record.fields[i]);
                (void)fputc('\n', out);
        }
        (void)fputc('\0', out);
}

START_TEST(reads)
{
        char records[512];

        read_all(files[_i].file, records, sizeof(records));
        ck_assert_str_eq(records, files[_i].records);
}
END_TEST

START_TEST(writes_what_it_reads)
{
        static const char *const fields[] = {"plain",      "",     "a,b", "say \"no\"",
                                             "two\nlines", "\r\n", "\"",  "王"};
        char file[256] = "", records[256];
        FILE *out = fmemopen(file, sizeof(file), "w");

        csv_write(out, fields, ELEMENTSOF(fields));
        csv_write(out, (const char *const[]){NULL, "x"}, 2);
        (void)fclose(out);
        ck_assert_str_eq(file,
                         "plain,,\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",\"\r\n\",\"\"\"\",王\r\n,x\r\n");
        read_all(file, records, sizeof(records));
        ck_assert_str_eq(records, "1:plain||a,b|say \"no\"|two\nlines|\r\n|\"|王\n4:|x\n");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("csv");
        TCase *t = tcase_create("csv");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(t, reads, 0, (int)ELEMENTSOF(files));
        tcase_add_test(t, writes_what_it_reads);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
