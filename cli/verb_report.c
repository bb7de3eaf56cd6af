// SPDX-License-Identifier: LGPL-2.1-or-later
/* "report": the figures of a month or any other period, on the terminal, for a spreadsheet, for a program,
 * or as a page for paper. The station makes the figures; here they are only written down. */
#include "cli/client.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/report_section.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

enum report_format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON, FORMAT_HTML, _FORMAT_MAX };

static const char *const formats[_FORMAT_MAX] = {[FORMAT_TEXT] = "text",
                                                 [FORMAT_CSV] = "csv",
                                                 [FORMAT_JSON] = "json",
                                                 [FORMAT_HTML] = "html"};

/* What was asked for. */
struct wish {
        enum report_format format;
        const char *table; /* NULL all */
        bool legend;
        json_object *report;
};

static bool format_find(const char *word, enum report_format *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(formats); i++) {
                if (strcmp(formats[i], word) != 0)
                        continue;
                *ret = (enum report_format)i;
                return true;
        }
        return false;
}

/* --format, --json, or what the name of the file says. */
static int format_accept(const struct invocation *inv, struct wish *w)
{
        const char *format = invocation_option(inv, "format"), *path = invocation_option(inv, "output");
        const char *dot = path ? strrchr(path, '.') : NULL;

        if (format && !format_find(format, &w->format)) {
                complain(_("unknown format '%s', expected text, csv, json or html"), format);
                return EXIT_USAGE;
        }
        if (inv->json && format && w->format != FORMAT_JSON) {
                complain(_("--json and --format=%s are given, expected one of them"), format);
                return EXIT_USAGE;
        }
        if (inv->json)
                w->format = FORMAT_JSON;
        else if (!format && dot)
                (void)format_find(dot + 1, &w->format);
        return EXIT_OK;
}

static int table_accept(const struct invocation *inv, struct wish *w)
{
        w->table = invocation_option(inv, "table");
        if (!w->table)
                return EXIT_OK;
        if (w->format != FORMAT_CSV) {
                complain(_("--table=%s is given for %s, expected it with --format=csv only"), w->table,
                         formats[w->format]);
                return EXIT_USAGE;
        }
        for (size_t i = 0; i < report_sections_n; i++)
                if (strcmp(report_sections[i].key, w->table) == 0)
                        return EXIT_OK;
        complain(_("unknown table '%s', expected one of those that recdockctl(1) names, such as units"),
                 w->table);
        return EXIT_USAGE;
}

static void write_report(FILE *out, const void *userdata)
{
        const struct wish *w = userdata;

        switch (w->format) {
        case FORMAT_CSV:
                report_write_csv(out, w->report, w->table);
                break;
        case FORMAT_JSON:
                json_write_one(out, w->report);
                break;
        case FORMAT_HTML:
                report_write_html(out, w->report);
                break;
        default:
                report_write_text(out, w->report, w->legend);
        }
}

int verb_report(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *report = NULL;
        struct query_filter filters[INVOCATION_OPTIONS_MAX];
        const char *path = invocation_option(inv, "output");
        bool force = invocation_option(inv, "force");
        struct wish w = {.format = FORMAT_TEXT, .legend = !inv->no_legend};
        int r = format_accept(inv, &w);

        if (r == EXIT_OK)
                r = table_accept(inv, &w);
        if (r == EXIT_OK)
                r = output_check(path, force);
        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_period_report(bus, filters, invocation_filters(inv, filters), &report);
        if (r != EXIT_OK)
                return r;
        w.report = report;
        return output_write(path, force, write_report, &w);
}
