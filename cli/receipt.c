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
                {"unreadable", N_("Bytes the medium did not give"), COLUMN_TEXT},
                {"findings", N_("Findings"), COLUMN_TEXT},
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
                {"footage", N_("FOOTAGE"), COLUMN_NUMBER}, {"unreadable", N_("UNREADABLE"), COLUMN_BYTES},
                {"path", N_("PATH"), COLUMN_TEXT},         {"error", N_("ERROR"), COLUMN_TEXT},
};

static const struct column finding_columns[] = {
                {"finding", N_("FINDING"), COLUMN_NUMBER}, {"kind", N_("KIND"), COLUMN_TEXT},
                {"state", N_("STATE"), COLUMN_STATE},      {"recoverable", N_("RECOVERABLE"), COLUMN_YES_NO},
                {"size", N_("SIZE"), COLUMN_BYTES},        {"device_time", N_("DEVICE TIME"), COLUMN_TEXT},
                {"footage", N_("FOOTAGE"), COLUMN_NUMBER}, {"path", N_("PATH"), COLUMN_TEXT},
                {"word", N_("WHAT"), COLUMN_TEXT},         {"text", N_("TEXT"), COLUMN_TEXT},
};

int receipt_ask(sd_bus *bus, const char *id, json_object **ret)
{
        json_object *docking = NULL;
        int r = listing_one(bus, "docking", "id", id, &docking);

        if (r == EXIT_OK)
                r = listing_attach(bus, docking, "items", "item", "docking", id);
        if (r == EXIT_OK)
                r = listing_attach(bus, docking, "found", "finding", "docking", id);
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

/* A blank line and a table of a member of the receipt, when it has rows. */
static int part_print(const struct invocation *inv, json_object *docking, const char *member,
                      const struct column *columns, size_t n)
{
        json_object *rows = json_member(docking, member);

        if (!rows || json_object_array_length(rows) == 0)
                return EXIT_OK;
        (void)putchar('\n');
        return table_print(stdout, rows, columns, n, !inv->no_legend) < 0 ? EXIT_OTHER : EXIT_OK;
}

int receipt_print(const struct invocation *inv, json_object *docking)
{
        json_object *source = json_member(docking, "source");
        bool import = source && strcmp(json_object_get_string(source), "import") == 0;
        int r;

        if (inv->json) {
                json_print_one(docking);
                return EXIT_OK;
        }
        if (import)
                import_state_word(docking);
        if (record_print(stdout, docking, import ? import_columns : receipt_columns,
                         import ? ELEMENTSOF(import_columns) : ELEMENTSOF(receipt_columns)) < 0)
                return EXIT_OTHER;
        r = part_print(inv, docking, "items", item_columns, ELEMENTSOF(item_columns));
        return r == EXIT_OK ? part_print(inv, docking, "found", finding_columns, ELEMENTSOF(finding_columns))
                            : r;
}
