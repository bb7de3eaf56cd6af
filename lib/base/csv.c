// SPDX-License-Identifier: LGPL-2.1-or-later
/* Comma-separated values; see csv.h. Unquoting only ever makes a field shorter, so it is done in place; the
 * byte behind a field is its comma or line break, and becomes its NUL. */
#include "base/csv.h"
#include "base/cleanup.h"

#include <string.h>

void csv_reader_init(struct csv_reader *reader, char *text, size_t size)
{
        *reader = (struct csv_reader){.at = text, .end = text + size, .line = 1};
        text[size] = '\0';
}

static bool at_break(const struct csv_reader *r)
{
        return r->at == r->end || *r->at == '\n' || (*r->at == '\r' && r->at[1] == '\n');
}

/* Past the end of the line. */
static void take_break(struct csv_reader *r)
{
        if (r->at == r->end)
                return;
        r->at += *r->at == '\r' ? 2 : 1;
        r->line++;
}

static const char *take_plain(struct csv_reader *r)
{
        for (; !at_break(r) && *r->at != ','; r->at++)
                if (*r->at == '"')
                        return "a quote inside a field that does not begin with one, expected the field in "
                               "quotes and that quote doubled";
        return NULL;
}

/* From behind the opening quote to behind the closing one. 'ret_end' is where the text ends now. */
static const char *take_quoted(struct csv_reader *r, char **ret_end)
{
        char *to = r->at;

        for (;; r->at++) {
                if (r->at == r->end)
                        return "a quote that is not closed until the end of the file";
                if (*r->at == '"' && *++r->at != '"')
                        break;
                r->line += *r->at == '\n';
                *to++ = *r->at;
        }
        *ret_end = to;
        return at_break(r) || *r->at == ',' ? NULL
                                            : "text behind a closing quote, expected a comma or the end of "
                                              "the line";
}

/* One field; 'ret_end' is where its NUL goes once the byte there was looked at. */
static const char *take_field(struct csv_reader *r, char **ret, char **ret_end)
{
        const char *why;

        if (*r->at == '"' && r->at < r->end) {
                *ret = ++r->at;
                return take_quoted(r, ret_end);
        }
        *ret = r->at;
        why = take_plain(r);
        *ret_end = r->at;
        return why;
}

static const char *take_record(struct csv_reader *r, struct csv_record *record)
{
        for (;;) {
                char *end = NULL;
                const char *why;
                bool more;

                if (record->n == CSV_FIELDS_MAX)
                        return "more fields than any table has";
                why = take_field(r, &record->fields[record->n], &end);
                if (why)
                        return why;
                record->n++;
                more = r->at < r->end && *r->at == ',';
                if (more)
                        r->at++;
                else
                        take_break(r);
                *end = '\0';
                if (!more)
                        return NULL;
        }
}

enum csv_outcome csv_next(struct csv_reader *r, struct csv_record *ret)
{
        while (r->at < r->end && at_break(r))
                take_break(r);
        if (r->at == r->end)
                return CSV_END;
        *ret = (struct csv_record){.line = r->line};
        ret->why = take_record(r, ret);
        if (!ret->why)
                return CSV_RECORD;
        while (!at_break(r))
                r->at++;
        take_break(r);
        return CSV_BAD;
}

/* What makes a cell a formula, in some spreadsheet or other: also the full-width signs, and what is skipped
 * before them. */
bool csv_is_formula(const char *text)
{
        static const char *const begins[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};

        for (size_t i = 0; i < ELEMENTSOF(begins); i++)
                if (strncmp(text, begins[i], strlen(begins[i])) == 0)
                        return true;
        return false;
}

static void write_field(FILE *out, const char *text)
{
        if (!text[strcspn(text, ",\"\r\n")]) {
                (void)fputs(text, out);
                return;
        }
        (void)fputc('"', out);
        for (; *text; text++) {
                if (*text == '"')
                        (void)fputc('"', out);
                (void)fputc(*text, out);
        }
        (void)fputc('"', out);
}

void csv_write(FILE *out, const char *const *fields, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        (void)fputc(',', out);
                write_field(out, fields[i] ? fields[i] : "");
        }
        (void)fputs("\r\n", out);
}
