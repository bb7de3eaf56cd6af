// SPDX-License-Identifier: LGPL-2.1-or-later
/* "recording", "gap", "explanation" and "coverage": whether the whole course was recorded, by two, and why
 * not.
 */
#include "cli/listing.h"
#include "cli/option.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

int verb_recording_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"recorder", N_("RECORDER"), COLUMN_TEXT},
                        {"officer", N_("OFFICER"), COLUMN_TEXT},
                        {"unit", N_("UNIT"), COLUMN_TEXT},
                        {"kind", N_("KIND"), COLUMN_TEXT},
                        {"started_at", N_("STARTED"), COLUMN_TIME},
                        {"ended_at", N_("ENDED"), COLUMN_TIME},
                        {"duration_s", N_("DURATION"), COLUMN_SECONDS},
                        {"segments", N_("FILES"), COLUMN_NUMBER},
                        {"footage", N_("FIRST"), COLUMN_NUMBER},
        };

        return listing_print(inv, "recording", columns, ELEMENTSOF(columns));
}

int verb_gap_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"recorder", N_("RECORDER"), COLUMN_TEXT},
                        {"officer", N_("OFFICER"), COLUMN_TEXT},
                        {"from", N_("FROM"), COLUMN_TIME},
                        {"to", N_("TO"), COLUMN_TIME},
                        {"length_s", N_("LENGTH"), COLUMN_SECONDS},
                        {"certain", N_("CERTAIN"), COLUMN_YES_NO},
                        {"explained", N_("EXPLAINED"), COLUMN_YES_NO},
                        {"reason", N_("REASON"), COLUMN_TEXT},
                        {"reporter", N_("REPORTED BY"), COLUMN_TEXT},
                        {"approver", N_("APPROVED BY"), COLUMN_TEXT},
        };

        return listing_print(inv, "gap", columns, ELEMENTSOF(columns));
}

int verb_gap_reasons(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"reason", N_("REASON"), COLUMN_TEXT},
                        {"term", N_("IN THE REGULATION"), COLUMN_TEXT},
        };

        return listing_print(inv, "reason", columns, ELEMENTSOF(columns));
}

int verb_explanation_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"explanation", N_("EXPLANATION"), COLUMN_NUMBER},
                        {"recorder", N_("RECORDER"), COLUMN_TEXT},
                        {"from", N_("FROM"), COLUMN_TIME},
                        {"to", N_("TO"), COLUMN_TIME},
                        {"reason", N_("REASON"), COLUMN_TEXT},
                        {"reporter", N_("REPORTED BY"), COLUMN_TEXT},
                        {"approver", N_("APPROVED BY"), COLUMN_TEXT},
                        {"entered_at", N_("ENTERED"), COLUMN_TIME},
                        {"text", N_("TEXT"), COLUMN_TEXT},
        };

        return listing_print(inv, "explanation", columns, ELEMENTSOF(columns));
}

struct explaining {
        const char *from, *to, *reason, *reporter, *approver;
};

static int explain_read(const struct invocation *inv, struct explaining *ret)
{
        int r = option_require(inv, "from", _("TIME"), &ret->from);

        if (r == EXIT_OK)
                r = option_require(inv, "to", _("TIME"), &ret->to);
        if (r == EXIT_OK)
                r = option_require(inv, "reason", _("WORD"), &ret->reason);
        if (r == EXIT_OK)
                r = option_require(inv, "reporter", _("NAME"), &ret->reporter);
        return r == EXIT_OK ? option_require(inv, "approver", _("NAME"), &ret->approver) : r;
}

static void explained_print(const struct invocation *inv, uint64_t id, uint64_t gaps)
{
        _cleanup_(json_object_putp) json_object *object = NULL;

        if (inv->json) {
                object = json_object_new_object();
                (void)json_object_object_add(object, "id", json_object_new_int64((int64_t)id));
                (void)json_object_object_add(object, "explained", json_object_new_string(inv->args[0]));
                (void)json_object_object_add(object, "gaps", json_object_new_int64((int64_t)gaps));
                json_print_one(object);
        } else if (gaps > 0) {
                (void)printf(_("explanation %llu explains gaps of recorder %s: %llu\n"),
                             (unsigned long long)id, inv->args[0], (unsigned long long)gaps);
        } else {
                (void)printf(_("explanation %llu is recorded; no gap of recorder %s is wholly explained by "
                               "it\n"),
                             (unsigned long long)id, inv->args[0]);
        }
}

int verb_gap_explain(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text = invocation_option(inv, "text");
        struct explaining e;
        uint64_t id = 0, gaps = 0;
        int r = explain_read(inv, &e);

        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call(bus, &reply, "ExplainGap", "sssssss", inv->args[0], e.from, e.to, e.reason,
                                e.reporter, e.approver, text ? text : "");
        if (r != EXIT_OK)
                return r;
        r = sd_bus_message_read(reply, "tt", &id, &gaps);
        if (r < 0)
                return client_report(r, NULL);
        explained_print(inv, id, gaps);
        return EXIT_OK;
}

/* A number that nobody has would make a time without a recorder of a mistyped one. */
static int owners_check(const struct invocation *inv, sd_bus *bus)
{
        int r = EXIT_OK;

        for (size_t i = 0; r == EXIT_OK && i < inv->n_options; i++) {
                _cleanup_(json_object_putp) json_object *row = NULL;
                const char *name = inv->options[i].option->name;

                if (strcmp(name, "unit") == 0 || strcmp(name, "officer") == 0)
                        r = listing_one(bus, name, "number", inv->options[i].value, &row);
        }
        return r;
}

static bool fewer_than_two(json_object *rows)
{
        for (size_t i = 0; i < json_object_array_length(rows); i++)
                if (json_object_get_int64(json_member(json_object_array_get_idx(rows, i), "recorders")) < 2)
                        return true;
        return false;
}

static int coverage_print(const struct invocation *inv, json_object *rows)
{
        static const struct column columns[] = {
                        {"from", N_("FROM"), COLUMN_TIME},
                        {"to", N_("TO"), COLUMN_TIME},
                        {"length_s", N_("LENGTH"), COLUMN_SECONDS},
                        {"recorders", N_("RECORDERS"), COLUMN_NUMBER},
                        {"unknown", N_("PERHAPS MORE"), COLUMN_NUMBER},
                        {"recording", N_("WHICH"), COLUMN_LIST},
        };
        struct json_stream stream = {false};

        if (!inv->json)
                return table_print(stdout, rows, columns, ELEMENTSOF(columns), !inv->no_legend) < 0
                                       ? EXIT_OTHER
                                       : EXIT_OK;
        for (size_t i = 0; i < json_object_array_length(rows); i++)
                json_stream_add(&stream,
                                json_object_to_json_string_ext(
                                                json_object_array_get_idx(rows, i),
                                                JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        json_stream_end(&stream);
        return EXIT_OK;
}

int verb_coverage(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *rows = NULL;
        struct query_filter filters[INVOCATION_OPTIONS_MAX + 1];
        size_t n = invocation_filters(inv, filters);
        const char *from, *to;
        int r = option_require(inv, "from", _("TIME"), &from);

        if (r == EXIT_OK)
                r = option_require(inv, "to", _("TIME"), &to);
        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = owners_check(inv, bus);
        if (r != EXIT_OK)
                return r;
        if (!invocation_option(inv, "all"))
                filters[n++] = (struct query_filter){"fewer", "2"};
        r = client_rows(bus, "coverage", filters, n, &rows);
        if (r == EXIT_OK)
                r = coverage_print(inv, rows);
        return r == EXIT_OK && fewer_than_two(rows) ? EXIT_BAD : r;
}
