// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "case reconcile": the cases of the case system, as a file, against those that have footage here (R-32-2).
 * A case is the same when number and unit are, or the number alone where the file has no unit. Its time in
 * the file and that of its footage are to agree within a tolerance at either end. Nothing is changed.
 */
#include "cli/listing.h"
#include "cli/sheet.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/csv.h"

#include <inttypes.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

#define TOLERANCE_DEFAULT (30 * INT64_C(60) * USEC_PER_SEC)

enum place { NUMBER, UNIT, FROM, TO, _PLACE_MAX };

struct reconciliation {
        struct sheet sheet;
        int64_t tolerance;
        instant_t now, from, to; /* of footage that is to be in the file; INSTANT_NONE without a bound */
        int places[_PLACE_MAX];  /* of the columns in the file, -1: not there */
        size_t n_columns;
        json_object *here;  /* rows by number: arrays */
        json_object *found; /* ids of rows that the file has */
        json_object *both, *only_footage, *only_case_system, *mismatch;
        int64_t unannotated;
};

/* A line of the file. */
struct line {
        unsigned int number;
        const char *fields[_PLACE_MAX]; /* "" for what it does not say */
        instant_t from, to;             /* INSTANT_NONE: not said */
};

static void reconciliation_done(struct reconciliation *r)
{
        sheet_done(&r->sheet);
        json_object_put(r->here);
        json_object_put(r->found);
        json_object_put(r->both);
        json_object_put(r->only_footage);
        json_object_put(r->only_case_system);
        json_object_put(r->mismatch);
}

static const char *text_of(json_object *row, const char *key)
{
        json_object *value = json_member(row, key);

        return value ? json_object_get_string(value) : NULL;
}

/* ---- what is here ---- */

static void here_add(struct reconciliation *r, json_object *row)
{
        const char *number = text_of(row, "number");
        json_object *same;

        if (!json_object_object_get_ex(r->here, number, &same)) {
                same = json_object_new_array();
                (void)json_object_object_add(r->here, number, same);
        }
        (void)json_object_array_add(same, json_object_get(row));
}

static int here_read(struct reconciliation *r, sd_bus *bus, const char *unit, json_object **ret_rows)
{
        const struct query_filter filter = {"unit", unit};
        _cleanup_(json_object_putp) json_object *unannotated = NULL;
        json_object *rows = NULL;
        int e = client_rows(bus, "case", &filter, unit ? 1 : 0, &rows);

        if (e == EXIT_OK)
                *ret_rows = rows;
        if (e == EXIT_OK)
                e = client_rows(bus, "unannotated", &filter, unit ? 1 : 0, &unannotated);
        if (e != EXIT_OK)
                return e;
        for (size_t i = 0; i < json_object_array_length(rows); i++)
                here_add(r, json_object_array_get_idx(rows, i));
        for (size_t i = 0; i < json_object_array_length(unannotated); i++)
                r->unannotated += json_object_get_int64(
                                json_member(json_object_array_get_idx(unannotated, i), "files"));
        return EXIT_OK;
}

/* ---- the file ---- */

static int line_bad(const struct reconciliation *r, unsigned int line, const char *why)
{
        complain("%s:%u: %s", r->sheet.path, line, why);
        return EXIT_REFUSED;
}

static int column_take(struct reconciliation *r, const char *name, size_t at)
{
        static const char *const places[_PLACE_MAX] = {
                        [NUMBER] = "number", [UNIT] = "unit", [FROM] = "from", [TO] = "to"};

        for (size_t i = 0; i < _PLACE_MAX; i++) {
                if (strcmp(places[i], name) != 0)
                        continue;
                if (r->places[i] >= 0)
                        return line_bad(r, 1, _("a column is there twice, expected it once"));
                r->places[i] = (int)at;
                return EXIT_OK;
        }
        for (size_t i = 0; i < CASE_SHEET_COLUMNS; i++)
                if (strcmp(case_sheet_columns[i].heading, name) == 0)
                        return EXIT_OK; /* says nothing that is compared */
        complain(_("%s:1: column '%s' is unknown, expected a first line of columns among those of "
                   "'recdockctl case export'"),
                 r->sheet.path, name);
        return EXIT_REFUSED;
}

static int columns_take(struct reconciliation *r, struct csv_reader *reader)
{
        struct csv_record record = {.line = 1};
        enum csv_outcome o = csv_next(reader, &record);
        int e = EXIT_OK;

        for (size_t i = 0; i < _PLACE_MAX; i++)
                r->places[i] = -1;
        if (o != CSV_RECORD)
                return line_bad(r, record.line,
                                o == CSV_BAD ? record.why
                                             : _("it is empty, expected a first line with the names of its "
                                                 "columns"));
        for (size_t i = 0; e == EXIT_OK && i < record.n; i++)
                e = column_take(r, record.fields[i], i);
        r->n_columns = record.n;
        if (e == EXIT_OK && r->places[NUMBER] < 0)
                return line_bad(r, 1, _("column 'number' is missing, expected it"));
        return e;
}

static int time_take(const struct reconciliation *r, const struct line *l, enum place place, instant_t *ret)
{
        *ret = INSTANT_NONE;
        if (!*l->fields[place] || instant_parse(l->fields[place], r->now, ret) == 0)
                return EXIT_OK;
        complain(_("%s:%u: '%s' is not a time, expected such as \"2026-11-01 08:00\""), r->sheet.path,
                 l->number, l->fields[place]);
        return EXIT_REFUSED;
}

static int line_take(const struct reconciliation *r, const struct csv_record *record, struct line *l)
{
        int e;

        if (record->n != r->n_columns)
                return line_bad(r, record->line, _("there are more or fewer fields than in the first line"));
        l->number = record->line;
        for (size_t i = 0; i < _PLACE_MAX; i++)
                l->fields[i] = r->places[i] < 0 ? "" : record->fields[r->places[i]];
        if (!*l->fields[NUMBER])
                return line_bad(r, record->line, _("'number' is empty, expected that of a case"));
        e = time_take(r, l, FROM, &l->from);
        return e == EXIT_OK ? time_take(r, l, TO, &l->to) : e;
}

/* ---- the four lists ---- */

static void put_text(json_object *object, const char *key, const char *text)
{
        (void)json_object_object_add(object, key, text && *text ? json_object_new_string(text) : NULL);
}

static json_object *row_named(const char *number, const char *unit)
{
        json_object *object = json_object_new_object();

        put_text(object, "number", number);
        put_text(object, "unit", unit);
        return object;
}

static json_object *row_of_footage(json_object *row)
{
        json_object *object = row_named(text_of(row, "number"), text_of(row, "unit"));

        (void)json_object_object_add(object, "files", json_object_get(json_member(row, "footage.files")));
        put_text(object, "footage_from", text_of(row, "footage.from"));
        put_text(object, "footage_to", text_of(row, "footage.to"));
        return object;
}

/* By how many seconds the footage is later than the file says; false when either is unknown. */
static bool later_by(const struct reconciliation *r, instant_t said, const char *footage, int64_t *ret)
{
        instant_t at;

        if (said == INSTANT_NONE || !footage || instant_parse(footage, r->now, &at) < 0)
                return false;
        *ret = at - said;
        return true;
}

static void put_time(json_object *object, const char *key, instant_t t)
{
        char text[INSTANT_TEXT_MAX];

        put_text(object, key, instant_format(t, text));
}

static void times_compare(struct reconciliation *r, const struct line *l, json_object *row)
{
        int64_t from = 0, to = 0;
        bool has_from = later_by(r, l->from, text_of(row, "footage.from"), &from);
        bool has_to = later_by(r, l->to, text_of(row, "footage.to"), &to);
        json_object *object;

        if (from <= r->tolerance && from >= -r->tolerance && to <= r->tolerance && to >= -r->tolerance)
                return;
        object = row_of_footage(row);
        put_time(object, "from", l->from);
        put_time(object, "to", l->to);
        (void)json_object_object_add(object, "from_later_s",
                                     has_from ? json_object_new_double((double)from / USEC_PER_SEC) : NULL);
        (void)json_object_object_add(object, "to_later_s",
                                     has_to ? json_object_new_double((double)to / USEC_PER_SEC) : NULL);
        (void)json_object_array_add(r->mismatch, object);
}

static void only_in_file(struct reconciliation *r, const struct line *l, bool known)
{
        json_object *object = row_named(l->fields[NUMBER], l->fields[UNIT]);

        (void)json_object_object_add(object, "line", json_object_new_int64(l->number));
        put_text(object, "here", known ? "no-footage" : "no-case");
        (void)json_object_array_add(r->only_case_system, object);
}

static bool same_unit(const struct line *l, json_object *row)
{
        return !*l->fields[UNIT] || strcmp(l->fields[UNIT], text_of(row, "unit")) == 0;
}

static void line_compare(struct reconciliation *r, const struct line *l)
{
        json_object *same = NULL;
        bool known = false, has_footage = false;

        (void)json_object_object_get_ex(r->here, l->fields[NUMBER], &same);
        for (size_t i = 0; i < json_length(same); i++) {
                json_object *row = json_object_array_get_idx(same, i);

                if (!same_unit(l, row))
                        continue;
                known = true;
                (void)json_object_object_add(r->found, text_of(row, "id"), json_object_new_boolean(true));
                if (json_object_get_int64(json_member(row, "footage.files")) == 0)
                        continue;
                has_footage = true;
                (void)json_object_array_add(r->both, row_of_footage(row));
                times_compare(r, l, row);
        }
        if (!has_footage)
                only_in_file(r, l, known);
}

static int file_compare(struct reconciliation *r)
{
        struct csv_reader reader;
        struct csv_record record;
        enum csv_outcome o;
        int e;

        csv_reader_init(&reader, r->sheet.text + r->sheet.skip, r->sheet.size - r->sheet.skip);
        e = columns_take(r, &reader);
        while (e == EXIT_OK && (o = csv_next(&reader, &record)) != CSV_END) {
                struct line l = {0};

                e = o == CSV_BAD ? line_bad(r, record.line, record.why) : line_take(r, &record, &l);
                if (e == EXIT_OK)
                        line_compare(r, &l);
        }
        return e;
}

/* Footage of another time than that of the file says nothing of it. */
static bool in_period(const struct reconciliation *r, json_object *row)
{
        const char *text = text_of(row, "footage.from");
        instant_t at;

        if ((r->from == INSTANT_NONE && r->to == INSTANT_NONE) || !text ||
            instant_parse(text, r->now, &at) < 0)
                return true;
        return (r->from == INSTANT_NONE || at >= r->from) && (r->to == INSTANT_NONE || at < r->to);
}

static void rest_compare(struct reconciliation *r, json_object *rows)
{
        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = json_object_array_get_idx(rows, i);

                if (json_object_get_int64(json_member(row, "footage.files")) > 0 &&
                    !json_object_object_get_ex(r->found, text_of(row, "id"), NULL) && in_period(r, row))
                        (void)json_object_array_add(r->only_footage, row_of_footage(row));
        }
}

/* ---- printing ---- */

static int list_print(const struct invocation *inv, const char *title, json_object *rows,
                      const struct column *columns, size_t n)
{
        (void)printf("%s: %zu\n", title, json_object_array_length(rows));
        if (json_object_array_length(rows) > 0 && table_print(stdout, rows, columns, n, !inv->no_legend) < 0)
                return EXIT_OTHER;
        (void)putchar('\n');
        return EXIT_OK;
}

static int tables_print(const struct invocation *inv, const struct reconciliation *r)
{
        static const struct column with_footage[] = {
                        {"number", N_("CASE"), COLUMN_TEXT},
                        {"unit", N_("UNIT"), COLUMN_TEXT},
                        {"files", N_("FILES"), COLUMN_NUMBER},
                        {"footage_from", N_("FOOTAGE FROM"), COLUMN_TIME},
                        {"footage_to", N_("FOOTAGE TO"), COLUMN_TIME},
                        {"from", N_("FROM"), COLUMN_TIME},
                        {"to", N_("TO"), COLUMN_TIME},
                        {"from_later_s", N_("LATER AT ITS BEGIN"), COLUMN_OFFSET},
                        {"to_later_s", N_("LATER AT ITS END"), COLUMN_OFFSET},
        };
        static const struct column of_file[] = {
                        {"line", N_("LINE"), COLUMN_NUMBER},
                        {"number", N_("CASE"), COLUMN_TEXT},
                        {"unit", N_("UNIT"), COLUMN_TEXT},
                        {"here", N_("HERE"), COLUMN_TEXT},
        };
        enum { FOOTAGE_COLUMNS = 5 };
        int e = list_print(inv, _("In both"), r->both, with_footage, FOOTAGE_COLUMNS);

        if (e == EXIT_OK)
                e = list_print(inv, _("Only in footage"), r->only_footage, with_footage, FOOTAGE_COLUMNS);
        if (e == EXIT_OK)
                e = list_print(inv, _("Only in the case system"), r->only_case_system, of_file,
                               ELEMENTSOF(of_file));
        if (e == EXIT_OK)
                e = list_print(inv, _("Times that do not agree"), r->mismatch, with_footage,
                               ELEMENTSOF(with_footage));
        (void)printf(_("Footage that is not annotated: %lld\n"), (long long)r->unannotated);
        return e;
}

static int reconciliation_print(const struct invocation *inv, const struct reconciliation *r)
{
        _cleanup_(json_object_putp) json_object *object = NULL;

        if (!inv->json)
                return tables_print(inv, r);
        object = json_object_new_object();
        put_text(object, "file", r->sheet.path);
        (void)json_object_object_add(object, "both", json_object_get(r->both));
        (void)json_object_object_add(object, "only_footage", json_object_get(r->only_footage));
        (void)json_object_object_add(object, "only_case_system", json_object_get(r->only_case_system));
        (void)json_object_object_add(object, "time_mismatch", json_object_get(r->mismatch));
        (void)json_object_object_add(object, "unannotated", json_object_new_int64(r->unannotated));
        json_print_one(object);
        return EXIT_OK;
}

/* ---- the verb ---- */

static int bound_read(const struct invocation *inv, const char *name, instant_t now, instant_t *ret)
{
        const char *text = invocation_option(inv, name);

        *ret = INSTANT_NONE;
        if (!text || instant_parse(text, now, ret) == 0)
                return EXIT_OK;
        complain(_("--%s '%s' is not a time, expected such as 2026-11-01 or -7d"), name, text);
        return EXIT_USAGE;
}

static int options_read(const struct invocation *inv, struct reconciliation *r)
{
        const char *tolerance = invocation_option(inv, "tolerance"), *expected;

        if (tolerance && (conf_parse_span(NULL, tolerance, &r->tolerance, &expected) < 0)) {
                complain(_("--tolerance '%s' is not a time span, expected such as 30min, 90s or 1h"),
                         tolerance);
                return EXIT_USAGE;
        }
        if (bound_read(inv, "from", r->now, &r->from) != EXIT_OK)
                return EXIT_USAGE;
        return bound_read(inv, "to", r->now, &r->to);
}

int verb_case_reconcile(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *rows = NULL;
        _cleanup_(reconciliation_done) struct reconciliation r = {.sheet = {.path = inv->args[0]},
                                                                  .tolerance = TOLERANCE_DEFAULT,
                                                                  .now = clock_now(),
                                                                  .here = json_object_new_object(),
                                                                  .found = json_object_new_object(),
                                                                  .both = json_object_new_array(),
                                                                  .only_footage = json_object_new_array(),
                                                                  .only_case_system =
                                                                                  json_object_new_array(),
                                                                  .mismatch = json_object_new_array()};
        int e = options_read(inv, &r);

        if (e == EXIT_OK)
                e = sheet_open(&r.sheet);
        if (e == EXIT_OK)
                e = client_open(&bus);
        if (e == EXIT_OK)
                e = here_read(&r, bus, invocation_option(inv, "unit"), &rows);
        if (e == EXIT_OK)
                e = file_compare(&r);
        if (e != EXIT_OK)
                return e;
        rest_compare(&r, rows);
        e = reconciliation_print(inv, &r);
        return e == EXIT_OK && (json_object_array_length(r.only_footage) > 0 ||
                                json_object_array_length(r.only_case_system) > 0 ||
                                json_object_array_length(r.mismatch) > 0)
                               ? EXIT_BAD
                               : e;
}
