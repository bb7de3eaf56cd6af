// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A report for spreadsheets and programs. Columns have the keys of the station's report, in every language.
 * Numbers and times are as they come, so that they can be computed with; a text that a spreadsheet would
 * take for a formula gets an apostrophe in front, which is what spreadsheets mark text with.
 */
#include "cli/report_section.h"
#include "base/cleanup.h"
#include "base/csv.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

enum { FIELDS_MAX = 24 };

/* As text that the caller frees; NULL for no value. */
static char *cell_text(json_object *value)
{
        const char *text = value ? json_object_get_string(value) : NULL;
        char *guarded;

        if (!text)
                return NULL;
        if (!json_object_is_type(value, json_type_string) || !csv_is_formula(text))
                return strdup(text);
        return asprintf(&guarded, "'%s", text) < 0 ? NULL : guarded;
}

struct record {
        char *fields[FIELDS_MAX];
        size_t n;
};

static void record_add(struct record *r, char *field)
{
        if (r->n < FIELDS_MAX)
                r->fields[r->n++] = field;
        else
                free(field);
}

static void record_write(FILE *out, struct record *r)
{
        csv_write(out, (const char *const *)r->fields, r->n);
        for (size_t i = 0; i < r->n; i++)
                free(r->fields[i]);
        r->n = 0;
}

static void write_section(FILE *out, json_object *report, const struct report_section *s, bool named)
{
        json_object *rows = report_rows(report, s);
        struct record r = {.n = 0};

        if (named)
                record_add(&r, strdup("table"));
        for (size_t i = 0; i < s->n; i++)
                record_add(&r, strdup(s->columns[i].key));
        record_write(out, &r);
        for (size_t i = 0; i < json_length(rows); i++) {
                if (named)
                        record_add(&r, strdup(s->key));
                for (size_t j = 0; j < s->n; j++)
                        record_add(&r, cell_text(json_member(report_row(rows, i), s->columns[j].key)));
                record_write(out, &r);
        }
}

/* Single figures, one a line. */
static void write_summary(FILE *out, json_object *report)
{
        static const char *const keys[] = {"station", "period",   "unit",   "rules",
                                           "footage", "dockings", "duties", "continuity"};
        struct record r = {.n = 0};

        record_add(&r, strdup("table"));
        record_add(&r, strdup("key"));
        record_add(&r, strdup("value"));
        record_write(out, &r);
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                json_object *part = json_member(report, keys[i]);

                if (!json_object_is_type(part, json_type_object))
                        continue;
                json_object_object_foreach(part, key, value)
                {
                        char *name = NULL;

                        record_add(&r, strdup("summary"));
                        record_add(&r, asprintf(&name, "%s.%s", keys[i], key) < 0 ? NULL : name);
                        record_add(&r, cell_text(value));
                        record_write(out, &r);
                }
        }
}

void report_write_csv(FILE *out, json_object *report, const char *table)
{
        (void)fputs(BOM, out); /* without it, spreadsheets take names for another encoding */
        if (!table)
                write_summary(out, report);
        for (size_t i = 0; i < report_sections_n; i++) {
                const struct report_section *s = &report_sections[i];

                if (table && strcmp(table, s->key) != 0)
                        continue;
                if (!table)
                        (void)fputs("\r\n", out);
                write_section(out, report, s, !table);
        }
}
