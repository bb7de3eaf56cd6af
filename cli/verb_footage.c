// SPDX-License-Identifier: LGPL-2.1-or-later
/* "list" and "show": what has been filed. */
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

int verb_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"id", N_("ID"), COLUMN_NUMBER},
                        {"started_at", N_("STARTED"), COLUMN_TIME},
                        {"duration_s", N_("DURATION"), COLUMN_SECONDS},
                        {"unit", N_("UNIT"), COLUMN_TEXT},
                        {"officer", N_("OFFICER"), COLUMN_TEXT},
                        {"recorder", N_("RECORDER"), COLUMN_TEXT},
                        {"size", N_("SIZE"), COLUMN_BYTES},
                        {"source", N_("SOURCE"), COLUMN_TEXT},
                        {"verdict", N_("VERDICT"), COLUMN_VERDICT},
                        {"late", N_("EXPORT"), COLUMN_LATE},
                        {"copies", N_("COPIES"), COLUMN_NUMBER},
                        {"name", N_("NAME"), COLUMN_TEXT},
        };

        return listing_print(inv, "footage", columns, ELEMENTSOF(columns));
}

static const struct column footage_columns[] = {
                {"id", N_("Footage"), COLUMN_TEXT},
                {"name", N_("Name"), COLUMN_TEXT},
                {"kind", N_("Kind"), COLUMN_TEXT},
                {"started_at", N_("Started"), COLUMN_TIME},
                {"ended_at", N_("Ended"), COLUMN_TIME},
                {"duration_s", N_("Duration"), COLUMN_SECONDS},
                {"unit", N_("Unit"), COLUMN_TEXT},
                {"officer", N_("Officer"), COLUMN_TEXT},
                {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"bay", N_("Bay"), COLUMN_TEXT},
                {"docking", N_("Docking"), COLUMN_TEXT},
                {"source", N_("Source"), COLUMN_TEXT},
                {"source_path", N_("Path on the recorder"), COLUMN_TEXT},
                {"path", N_("Path in the store"), COLUMN_TEXT},
                {"size", N_("Bytes"), COLUMN_TEXT},
                {"sha256", N_("SHA-256"), COLUMN_TEXT},
                {"sm3", N_("SM3"), COLUMN_TEXT},
                {"container", N_("Container"), COLUMN_TEXT},
                {"verdict", N_("Verdict"), COLUMN_VERDICT},
                {"verdict_reasons", N_("Reasons"), COLUMN_LIST},
                {"offloaded_at", N_("Exported"), COLUMN_TIME},
                {"deadline", N_("Deadline"), COLUMN_TIME},
                {"late", N_("Export"), COLUMN_LATE},
                {"case", N_("Case"), COLUMN_TEXT},
                {"retain_until", N_("Destruction not before"), COLUMN_TEXT},
                {"retain_basis", N_("Basis"), COLUMN_TEXT},
                {"copies", N_("Long-term copies"), COLUMN_TEXT},
                {"volumes", N_("Volumes"), COLUMN_LIST},
                /* of an import */
                {"import_reason", N_("Imported because"), COLUMN_TEXT},
                {"imported_by", N_("Imported by"), COLUMN_TEXT},
};

enum { IMPORT_COLUMNS = 2 };

static bool is_import(json_object *row)
{
        json_object *source = json_member(row, "source");

        return source && strcmp(json_object_get_string(source), "import") == 0;
}

/* Why and by whom footage was brought in by hand: its docking knows. */
static int import_attach(sd_bus *bus, json_object *row)
{
        _cleanup_(json_object_putp) json_object *docking = NULL;
        int r = listing_one(bus, "docking", "id", json_object_get_string(json_member(row, "docking")),
                            &docking);

        if (r != EXIT_OK)
                return r;
        (void)json_object_object_add(row, "import_reason",
                                     json_object_get(json_member(docking, "import_reason")));
        (void)json_object_object_add(row, "imported_by", json_object_get(json_member(docking, "actor")));
        return EXIT_OK;
}

int verb_show(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *row = NULL;
        size_t n = ELEMENTSOF(footage_columns);
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = listing_one(bus, "footage", "id", inv->args[0], &row);
        if (r == EXIT_OK && is_import(row))
                r = import_attach(bus, row);
        else
                n -= IMPORT_COLUMNS;
        if (r != EXIT_OK)
                return r;
        if (inv->json)
                json_print_one(row);
        else if (record_print(stdout, row, footage_columns, n) < 0)
                return EXIT_OTHER;
        return EXIT_OK;
}
