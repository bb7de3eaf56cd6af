// SPDX-License-Identifier: LGPL-2.1-or-later
/* "case show": what is known of a case, how much of its time its footage covers, and its history. */
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static const struct column case_columns[] = {
                {"number", N_("Case"), COLUMN_TEXT},
                {"unit", N_("Unit"), COLUMN_TEXT},
                {"supervision_number", N_("Supervision number"), COLUMN_TEXT},
                {"file_number", N_("File number"), COLUMN_TEXT},
                {"party", N_("Party"), COLUMN_TEXT},
                {"handler", N_("Handler"), COLUMN_TEXT},
                {"activity", N_("Activity"), COLUMN_TEXT},
                {"premises", N_("Premises"), COLUMN_TEXT},
                {"premises_class", N_("Class of premises"), COLUMN_TEXT},
                {"long_term", N_("Long-term category"), COLUMN_TEXT},
                {"secrecy", N_("Secrecy"), COLUMN_TEXT},
                {"evidence", N_("Evidence"), COLUMN_YES_NO},
                {"from", N_("From"), COLUMN_TIME},
                {"to", N_("To"), COLUMN_TIME},
                {"opened", N_("Opened"), COLUMN_TIME},
                {"closed", N_("Closed"), COLUMN_TIME},
                {"file_until", N_("File kept until"), COLUMN_TEXT},
                {"annotates", N_("Annotates its footage"), COLUMN_YES_NO},
                {"footage.files", N_("Footage"), COLUMN_TEXT},
                {"footage.duration_s", N_("Duration"), COLUMN_SECONDS},
                {"footage.size", N_("Size"), COLUMN_BYTES},
                {"archived", N_("Archived"), COLUMN_YES_NO},
                {"copies", N_("Long-term copies"), COLUMN_TEXT},
                {"footage.from", N_("Footage from"), COLUMN_TIME},
                {"footage.to", N_("Footage to"), COLUMN_TIME},
                /* with a time only */
                {"coverage.one", N_("Covered"), COLUMN_SHARE},
                {"coverage.two", N_("By two recorders"), COLUMN_SHARE},
};

enum { COVERAGE_COLUMNS = 2 };

static const struct column history_columns[] = {
                {"at", N_("AT"), COLUMN_TIME},
                {"field", N_("FIELD"), COLUMN_TEXT},
                {"from", N_("FROM"), COLUMN_TEXT},
                {"to", N_("TO"), COLUMN_TEXT},
                {"files", N_("FOOTAGE"), COLUMN_NUMBER},
                {"by", N_("BY"), COLUMN_TEXT},
                {"approver", N_("APPROVED BY"), COLUMN_TEXT},
                {"reason", N_("REASON"), COLUMN_TEXT},
};

static const char *text_of(json_object *row, const char *key)
{
        json_object *value = json_member(row, key);

        return value ? json_object_get_string(value) : NULL;
}

/* Which units have one of this number: only one of them was meant. */
static void units_complain(json_object *rows, const char *number)
{
        char units[512] = "";
        size_t used = 0;

        for (size_t i = 0; i < json_object_array_length(rows) && used < sizeof(units); i++)
                used += (size_t)snprintf(units + used, sizeof(units) - used, "%s%s", i > 0 ? ", " : "",
                                         text_of(json_object_array_get_idx(rows, i), "unit"));
        complain(_("several units have a case '%s': %s; expected --unit=NUMBER"), number, units);
}

static int case_find(const struct invocation *inv, sd_bus *bus, json_object **ret)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;
        const char *unit = invocation_option(inv, "unit");
        const struct query_filter filters[] = {{"number", inv->args[0]}, {"unit", unit}};
        int r = client_rows(bus, "case", filters, unit ? 2 : 1, &rows);

        if (r != EXIT_OK)
                return r;
        if (json_object_array_length(rows) == 0) {
                complain(_("there is no case '%s'"), inv->args[0]);
                return EXIT_NOT_FOUND;
        }
        if (json_object_array_length(rows) > 1) {
                units_complain(rows, inv->args[0]);
                return EXIT_REFUSED;
        }
        *ret = json_object_get(json_object_array_get_idx(rows, 0));
        return EXIT_OK;
}

/* Shares of the time in which at least one, and at least two recorders recorded. */
static void coverage_sum(json_object *coverage, json_object *windows)
{
        double length = 0, one = 0, two = 0;

        for (size_t i = 0; i < json_object_array_length(windows); i++) {
                json_object *w = json_object_array_get_idx(windows, i);
                double l = json_object_get_double(json_member(w, "length_s"));
                int64_t recorders = json_object_get_int64(json_member(w, "recorders"));

                length += l;
                one += recorders >= 1 ? l : 0;
                two += recorders >= 2 ? l : 0;
        }
        (void)json_object_object_add(coverage, "length_s", json_object_new_double(length));
        (void)json_object_object_add(coverage, "one",
                                     length > 0 ? json_object_new_double(one / length) : NULL);
        (void)json_object_object_add(coverage, "two",
                                     length > 0 ? json_object_new_double(two / length) : NULL);
        (void)json_object_object_add(coverage, "windows", json_object_get(windows));
}

static int coverage_attach(sd_bus *bus, json_object *row, size_t *columns)
{
        _cleanup_(json_object_putp) json_object *windows = NULL;
        const struct query_filter filters[] = {{"case_id", text_of(row, "id")},
                                               {"from", text_of(row, "from")},
                                               {"to", text_of(row, "to")}};
        json_object *coverage;
        int r;

        if (!filters[1].value || !filters[2].value) {
                *columns -= COVERAGE_COLUMNS;
                (void)json_object_object_add(row, "coverage", NULL);
                return EXIT_OK;
        }
        r = client_rows(bus, "coverage", filters, ELEMENTSOF(filters), &windows);
        if (r != EXIT_OK)
                return r;
        coverage = json_object_new_object();
        coverage_sum(coverage, windows);
        (void)json_object_object_add(row, "coverage", coverage);
        return EXIT_OK;
}

int verb_case_show(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *row = NULL;
        size_t n = ELEMENTSOF(case_columns);
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = case_find(inv, bus, &row);
        if (r == EXIT_OK)
                r = coverage_attach(bus, row, &n);
        if (r == EXIT_OK)
                r = listing_attach(bus, row, "history", "change", "case_id", text_of(row, "id"));
        if (r != EXIT_OK)
                return r;
        if (inv->json) {
                json_print_one(row);
                return EXIT_OK;
        }
        if (record_print(stdout, row, case_columns, n) < 0)
                return EXIT_OTHER;
        (void)putchar('\n');
        return table_print(stdout, json_member(row, "history"), history_columns, ELEMENTSOF(history_columns),
                           !inv->no_legend) < 0
                               ? EXIT_OTHER
                               : EXIT_OK;
}
