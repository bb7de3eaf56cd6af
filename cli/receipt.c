// SPDX-License-Identifier: LGPL-2.1-or-later
/* Receipts; see receipt.h. */
#include "cli/receipt.h"
#include "cli/listing.h"
#include "cli/translate.h"
#include "base/cleanup.h"

#include <string.h>

static const struct column receipt_columns[] = {
                {"docking", N_("Receipt of docking"), COLUMN_TEXT},
                {"state", N_("State"), COLUMN_STATE},
                {"reason", N_("Reason"), COLUMN_TEXT},
                {"bay", N_("Bay"), COLUMN_TEXT},
                {"port", N_("Port"), COLUMN_TEXT},
                {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"usb_serial", N_("USB serial"), COLUMN_TEXT},
                {"model", N_("Model"), COLUMN_TEXT},
                {"plugged_at", N_("Plugged"), COLUMN_TIME},
                {"released_at", N_("Released"), COLUMN_TIME},
                {"unplugged_at", N_("Unplugged"), COLUMN_TIME},
                {"seen", N_("Files seen"), COLUMN_TEXT},
                {"pulled", N_("Files pulled"), COLUMN_TEXT},
                {"already_held", N_("Files already held"), COLUMN_TEXT},
                {"failed", N_("Files failed"), COLUMN_TEXT},
                {"late", N_("Files late"), COLUMN_TEXT},
                {"bad_verdicts", N_("Files with a bad verdict"), COLUMN_TEXT},
                {"removed", N_("Files removed from the recorder"), COLUMN_TEXT},
                {"bytes", N_("Bytes pulled"), COLUMN_TEXT},
                {"clock_offset_s", N_("Clock offset"), COLUMN_OFFSET},
                {"battery", N_("Battery"), COLUMN_PERCENT},
};

static const struct column import_columns[] = {
                {"docking", N_("Receipt of import"), COLUMN_TEXT},
                {"state", N_("State"), COLUMN_STATE},
                {"reason", N_("Reason"), COLUMN_TEXT},
                {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"import_officer", N_("Officer"), COLUMN_TEXT},
                {"import_reason", N_("Imported because"), COLUMN_TEXT},
                {"actor", N_("Imported by"), COLUMN_TEXT},
                {"plugged_at", N_("Begun"), COLUMN_TIME},
                {"released_at", N_("Done"), COLUMN_TIME},
                {"seen", N_("Files seen"), COLUMN_TEXT},
                {"pulled", N_("Files pulled"), COLUMN_TEXT},
                {"already_held", N_("Files already held"), COLUMN_TEXT},
                {"failed", N_("Files failed"), COLUMN_TEXT},
                {"late", N_("Files late"), COLUMN_TEXT},
                {"bad_verdicts", N_("Files with a bad verdict"), COLUMN_TEXT},
                {"bytes", N_("Bytes pulled"), COLUMN_TEXT},
};

static const struct column item_columns[] = {
                {"state", N_("STATE"), COLUMN_STATE},      {"size", N_("SIZE"), COLUMN_BYTES},
                {"footage", N_("FOOTAGE"), COLUMN_NUMBER}, {"path", N_("PATH"), COLUMN_TEXT},
                {"error", N_("ERROR"), COLUMN_TEXT},
};

int receipt_ask(sd_bus *bus, const char *id, json_object **ret)
{
        json_object *docking = NULL;
        int r = listing_one(bus, "docking", "id", id, &docking);

        if (r == EXIT_OK)
                r = listing_attach(bus, docking, "items", "item", "docking", id);
        if (r == EXIT_OK)
                *ret = docking;
        else
                (void)json_object_put(docking);
        return r;
}

/* The station's word for both is that of a recorder in a bay. */
static void import_state_word(json_object *docking)
{
        json_object *state = json_member(docking, "state");

        if (state && strcmp(json_object_get_string(state), "released") == 0)
                (void)json_object_object_add(docking, "state", json_object_new_string("done"));
}

int receipt_print(const struct invocation *inv, json_object *docking)
{
        json_object *items = json_member(docking, "items"), *source = json_member(docking, "source");
        bool import = source && strcmp(json_object_get_string(source), "import") == 0;

        if (inv->json) {
                json_print_one(docking);
                return EXIT_OK;
        }
        if (import)
                import_state_word(docking);
        if (record_print(stdout, docking, import ? import_columns : receipt_columns,
                         import ? ELEMENTSOF(import_columns) : ELEMENTSOF(receipt_columns)) < 0)
                return EXIT_OTHER;
        if (!items || json_object_array_length(items) == 0)
                return EXIT_OK;
        (void)putchar('\n');
        if (table_print(stdout, items, item_columns, ELEMENTSOF(item_columns), !inv->no_legend) < 0)
                return EXIT_OTHER;
        return EXIT_OK;
}
