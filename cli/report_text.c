// SPDX-License-Identifier: LGPL-2.1-or-later
/* A report for a terminal: the headlines, then every section that has rows. */
#include "cli/report_section.h"
#include "cli/translate.h"
#include "base/cleanup.h"
#include "base/text.h"

DEFINE_CLEANUP(json_object *, json_object_put);

enum { COLUMNS_MAX = 24, TEXT_MAX = 1024 };

/* What a stranger is called must not move the cursor. */
static void print_line(FILE *out, const char *label, json_object *value)
{
        _cleanup_free_ char *text = value_text(value, COLUMN_TEXT);

        if (!value || !text)
                return;
        text_make_printable(text);
        (void)fprintf(out, "%s: %s\n", label, text);
}

static void print_headlines(FILE *out, json_object *report)
{
        static const struct column columns[] = {
                        {"label", "", COLUMN_TEXT}, {"value", "", COLUMN_NUMBER}, {"note", "", COLUMN_TEXT}};
        _cleanup_(json_object_putp) json_object *rows = json_object_new_array();
        struct report_headline h[REPORT_HEADLINES];

        report_headlines(report, h);
        for (size_t i = 0; i < REPORT_HEADLINES; i++) {
                json_object *row = json_object_new_object();

                (void)json_object_object_add(row, "label", json_object_new_string(h[i].label));
                (void)json_object_object_add(row, "value", json_object_new_string(h[i].value));
                (void)json_object_object_add(row, "note", json_object_new_string(h[i].note));
                (void)json_object_array_add(rows, row);
        }
        (void)table_print(out, rows, columns, ELEMENTSOF(columns), false);
}

static void print_more(FILE *out, size_t n)
{
        char text[256];

        (void)snprintf(text, sizeof(text), _("%zu more are not shown; --format=csv has them all."), n);
        (void)fprintf(out, "%s\n", text);
}

/* The first rows, of the columns that are for eyes. */
static void print_section(FILE *out, json_object *report, const struct report_section *s, bool legend)
{
        _cleanup_(json_object_putp) json_object *shown = json_object_new_array();
        json_object *rows = report_rows(report, s);
        size_t n = json_length(rows), n_columns = 0;
        struct column columns[COLUMNS_MAX];

        if (n == 0)
                return;
        for (size_t i = 0; i < s->n && n_columns < COLUMNS_MAX; i++)
                if (s->columns[i].heading)
                        columns[n_columns++] = s->columns[i];
        for (size_t i = 0; i < n && (s->shown == 0 || i < s->shown); i++)
                (void)json_object_array_add(shown, json_object_get(report_row(rows, i)));
        (void)fprintf(out, "\n%s\n", _(s->title));
        (void)table_print(out, shown, columns, n_columns, legend);
        if (s->shown > 0 && n > s->shown)
                print_more(out, n - s->shown);
}

void report_write_text(FILE *out, json_object *report, bool legend)
{
        char text[TEXT_MAX];

        (void)fprintf(out, _("Offload report, %s\n"), report_period_text(report, text, sizeof(text)));
        print_line(out, _("Station"), json_member(report, "station.number"));
        print_line(out, _("Custodian"), json_member(report, "station.custodian"));
        print_line(out, _("Unit and those below it"),
                   json_member(report, json_member(report, "unit.name") ? "unit.name" : "unit.number"));
        if (!json_object_get_boolean(json_member(report, "period.complete")))
                (void)fprintf(out, "%s\n", _("The period has not ended: the figures are preliminary."));
        (void)fputc('\n', out);
        print_headlines(out, report);
        for (size_t i = 0; i < report_sections_n; i++)
                print_section(out, report, &report_sections[i], legend);
        if (legend)
                (void)fprintf(out, "\n%s\n", report_rule_text(report, text, sizeof(text)));
}
