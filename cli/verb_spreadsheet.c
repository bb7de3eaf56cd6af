// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "import" and "export" of units, officers, recorders, assignments, duties and cases: registries and rosters
 * as spreadsheets have them, comma-separated values in UTF-8. The first line names the columns, in any
 * order. A file is sent as a whole and entered as a whole or not at all; what is refused is told by its
 * line. What is exported can be imported again, and then changes nothing.
 */
#include "cli/client.h"
#include "cli/listing.h"
#include "cli/sheet.h"
#include "cli/table.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"
#include "base/csv.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

enum { BAD_LINES_MAX = 1000 };

static int record_append(sd_bus_message *m, const struct csv_record *record)
{
        int r = sd_bus_message_open_container(m, 'a', "s");

        for (size_t i = 0; r >= 0 && i < record->n; i++)
                r = sd_bus_message_append(m, "s", record->fields[i]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int line_append(sd_bus_message *m, const struct csv_record *record)
{
        int r = sd_bus_message_open_container(m, 'r', "uas");

        if (r >= 0)
                r = sd_bus_message_append(m, "u", record->line);
        if (r >= 0)
                r = record_append(m, record);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static void line_refuse(struct sheet *s, unsigned int line, const char *why)
{
        if (s->refused++ < BAD_LINES_MAX)
                complain("%s:%u: %s", s->path, line, why);
}

/* The first line: it has to be good for any other to mean anything. */
static int columns_append(struct sheet *s, struct csv_reader *reader, sd_bus_message *m)
{
        struct csv_record record = {.line = 1};

        switch (csv_next(reader, &record)) {
        case CSV_RECORD:
                return record_append(m, &record) < 0 ? EXIT_OTHER : EXIT_OK;
        case CSV_BAD:
                line_refuse(s, record.line, record.why);
                return EXIT_REFUSED;
        default:
                complain(_("'%s' is empty, expected a first line with the names of its columns"), s->path);
                return EXIT_REFUSED;
        }
}

static int lines_append(struct sheet *s, struct csv_reader *reader, sd_bus_message *m)
{
        struct csv_record record;
        enum csv_outcome o;
        int r = sd_bus_message_open_container(m, 'a', "(uas)");

        while (r >= 0 && (o = csv_next(reader, &record)) != CSV_END) {
                if (o == CSV_BAD)
                        line_refuse(s, record.line, record.why);
                else
                        r = line_append(m, &record);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_report(r, NULL) : EXIT_OK;
}

static int sheet_refused(const struct sheet *s)
{
        complain(ngettext("%s: %lu line is refused, nothing was imported",
                          "%s: %lu lines are refused, nothing was imported", s->refused),
                 s->path, (unsigned long)s->refused);
        return EXIT_REFUSED;
}

static int sheet_message(struct sheet *s, const char *noun, sd_bus_message *m)
{
        struct csv_reader reader;
        int r = sd_bus_message_append(m, "s", noun);

        if (r < 0)
                return client_report(r, NULL);
        csv_reader_init(&reader, s->text + s->skip, s->size - s->skip);
        r = columns_append(s, &reader, m);
        if (r == EXIT_OK)
                r = lines_append(s, &reader, m);
        if (r == EXIT_OK || r == EXIT_REFUSED)
                return s->refused > 0 ? sheet_refused(s) : r;
        return r;
}

static int reply_read(struct sheet *s, sd_bus_message *reply)
{
        unsigned int line;
        const char *why;
        int r = sd_bus_message_read(reply, "tt", &s->entered, &s->unchanged);

        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(us)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(us)", &line, &why)) > 0)
                line_refuse(s, line, why);
        if (r < 0)
                return client_report(r, NULL);
        return s->refused > 0 ? sheet_refused(s) : EXIT_OK;
}

static void sheet_print(const struct invocation *inv, const struct sheet *s)
{
        _cleanup_(json_object_putp) json_object *object = NULL;

        if (!inv->json) {
                (void)printf(_("%s: %llu entered, %llu were there already\n"), s->path,
                             (unsigned long long)s->entered, (unsigned long long)s->unchanged);
                return;
        }
        object = json_object_new_object();
        (void)json_object_object_add(object, "file", json_object_new_string(s->path));
        (void)json_object_object_add(object, "entered", json_object_new_int64((int64_t)s->entered));
        (void)json_object_object_add(object, "unchanged", json_object_new_int64((int64_t)s->unchanged));
        json_print_one(object);
}

static int sheet_import(const struct invocation *inv, const char *noun)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(sheet_done) struct sheet s = {.path = inv->args[0]};
        int r = sheet_open(&s);

        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_message(bus, "EnterTable", &m);
        if (r == EXIT_OK)
                r = sheet_message(&s, noun, m);
        if (r == EXIT_OK)
                r = client_call_message(bus, m, &reply);
        if (r == EXIT_OK)
                r = reply_read(&s, reply);
        if (r == EXIT_OK)
                sheet_print(inv, &s);
        return r;
}

/* --- export
 * ------------------------------------------------------------------------------------------------------ */

enum { SHEET_COLUMNS_MAX = CASE_SHEET_COLUMNS };

static void row_write(json_object *row, const struct column *columns, size_t n)
{
        const char *fields[SHEET_COLUMNS_MAX];
        char usb[SHEET_COLUMNS_MAX][8];

        for (size_t i = 0; i < n; i++) {
                json_object *value = json_member(row, columns[i].key);

                fields[i] = value ? json_object_get_string(value) : NULL;
                if (value && columns[i].kind == COLUMN_YES_NO)
                        fields[i] = json_object_get_boolean(value) ? "yes" : "no";
                if (value && columns[i].kind == COLUMN_USB_ID) {
                        (void)snprintf(usb[i], sizeof(usb[i]), "%04x",
                                       (unsigned int)json_object_get_int(value) & 0xffffU);
                        fields[i] = usb[i];
                }
        }
        csv_write(stdout, fields, n);
}

/* A unit comes after the one above it, so that it can be entered line by line. */
static void rows_write(json_object *rows, const struct column *columns, size_t n, const char *above)
{
        _cleanup_(json_object_putp) json_object *written = json_object_new_object();
        size_t left = json_object_array_length(rows), before = left + 1, length = left;

        while (left > 0 && left < before) {
                before = left;
                for (size_t i = 0; i < length; i++) {
                        json_object *row = json_object_array_get_idx(rows, i);
                        json_object *parent = above && row ? json_member(row, above) : NULL;

                        if (!row ||
                            (parent &&
                             !json_object_object_get_ex(written, json_object_get_string(parent), NULL)))
                                continue;
                        row_write(row, columns, n);
                        if (above)
                                (void)json_object_object_add(
                                                written,
                                                json_object_get_string(json_member(row, columns[0].key)),
                                                json_object_new_boolean(true));
                        (void)json_object_array_put_idx(rows, i, NULL);
                        left--;
                }
        }
}

/* The headings of the columns are what import takes. */
static int sheet_export(const char *noun, const struct column *columns, size_t n, const char *above)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *rows = NULL;
        const char *headings[SHEET_COLUMNS_MAX];
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_rows(bus, noun, NULL, 0, &rows);
        if (r != EXIT_OK)
                return r;
        for (size_t i = 0; i < n; i++)
                headings[i] = columns[i].heading;
        (void)fputs(SHEET_BOM, stdout); /* without it, spreadsheets take names for another encoding */
        csv_write(stdout, headings, n);
        rows_write(rows, columns, n, above);
        if (fflush(stdout) == 0 && !ferror(stdout))
                return EXIT_OK;
        complain(_("the table cannot be printed"));
        return EXIT_OTHER;
}

int verb_unit_import(const struct invocation *inv)
{
        return sheet_import(inv, "unit");
}

int verb_unit_export(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", "number", COLUMN_TEXT},
                        {"name", "name", COLUMN_TEXT},
                        {"parent", "parent", COLUMN_TEXT},
        };

        return sheet_export("unit", columns, ELEMENTSOF(columns), "parent");
}

int verb_officer_import(const struct invocation *inv)
{
        return sheet_import(inv, "officer");
}

int verb_officer_export(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", "number", COLUMN_TEXT},
                        {"name", "name", COLUMN_TEXT},
                        {"unit", "unit", COLUMN_TEXT},
        };

        return sheet_export("officer", columns, ELEMENTSOF(columns), NULL);
}

int verb_recorder_import(const struct invocation *inv)
{
        return sheet_import(inv, "recorder");
}

int verb_recorder_export(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", "number", COLUMN_TEXT},
                        {"usb_serial", "usb_serial", COLUMN_TEXT},
                        {"serial", "serial", COLUMN_TEXT},
                        {"model", "model", COLUMN_TEXT},
                        {"vendor_id", "vendor_id", COLUMN_USB_ID},
                        {"product_id", "product_id", COLUMN_USB_ID},
                        {"unit", "unit", COLUMN_TEXT},
                        {"registered_at", "registered", COLUMN_TEXT},
                        {"retired_at", "retired", COLUMN_TEXT},
        };

        return sheet_export("recorder", columns, ELEMENTSOF(columns), NULL);
}

int verb_assignment_import(const struct invocation *inv)
{
        return sheet_import(inv, "assignment");
}

int verb_assignment_export(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"recorder", "recorder", COLUMN_TEXT},
                        {"officer", "officer", COLUMN_TEXT},
                        {"from", "from", COLUMN_TEXT},
                        {"until", "until", COLUMN_TEXT},
        };

        return sheet_export("assignment", columns, ELEMENTSOF(columns), NULL);
}

int verb_duty_import(const struct invocation *inv)
{
        return sheet_import(inv, "duty");
}

int verb_duty_export(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"recorder", "recorder", COLUMN_TEXT},
                        {"officer", "officer", COLUMN_TEXT},
                        {"out_at", "out", COLUMN_TEXT},
                        {"until", "until", COLUMN_TEXT},
                        {"returned_at", "returned", COLUMN_TEXT},
                        {"docking", "docking", COLUMN_TEXT},
                        {"offloaded_at", "exported", COLUMN_TEXT},
        };

        return sheet_export("duty", columns, ELEMENTSOF(columns), NULL);
}

int verb_case_import(const struct invocation *inv)
{
        char noun[64];

        (void)snprintf(noun, sizeof(noun), "case%s%s", invocation_option(inv, "update") ? ",update" : "",
                       invocation_option(inv, "also-elsewhere") ? ",also-elsewhere" : "");
        return sheet_import(inv, noun);
}

int verb_case_export(const struct invocation *inv)
{
        return sheet_export("case", case_sheet_columns, ELEMENTSOF(case_sheet_columns), NULL);
}
