// SPDX-License-Identifier: LGPL-2.1-or-later
/* "docking": one visit of a recorder, and its receipt (采集回执): every number that proves what was taken
 * over. */
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

DEFINE_CLEANUP(json_object *, json_object_put);

int verb_docking_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"docking", N_("DOCKING"), COLUMN_NUMBER},
                        {"plugged_at", N_("PLUGGED"), COLUMN_TIME},
                        {"bay", N_("BAY"), COLUMN_TEXT},
                        {"recorder", N_("RECORDER"), COLUMN_TEXT},
                        {"state", N_("STATE"), COLUMN_STATE},
                        {"seen", N_("SEEN"), COLUMN_NUMBER},
                        {"pulled", N_("PULLED"), COLUMN_NUMBER},
                        {"already_held", N_("HELD"), COLUMN_NUMBER},
                        {"failed", N_("FAILED"), COLUMN_NUMBER},
                        {"late", N_("LATE"), COLUMN_NUMBER},
                        {"bytes", N_("BYTES"), COLUMN_BYTES},
                        {"reason", N_("REASON"), COLUMN_TEXT},
        };

        return listing_print(inv, "docking", columns, ELEMENTSOF(columns));
}

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

static int receipt_print(const struct invocation *inv, json_object *docking)
{
        int r;

        if (record_print(stdout, docking, receipt_columns, ELEMENTSOF(receipt_columns)) < 0)
                return EXIT_OTHER;
        r = part_print(inv, docking, "items", item_columns, ELEMENTSOF(item_columns));
        return r == EXIT_OK ? part_print(inv, docking, "found", finding_columns, ELEMENTSOF(finding_columns))
                            : r;
}

int verb_docking_show(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *docking = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = listing_one(bus, "docking", "id", inv->args[0], &docking);
        if (r == EXIT_OK)
                r = listing_attach(bus, docking, "items", "item", "docking", inv->args[0]);
        if (r == EXIT_OK)
                r = listing_attach(bus, docking, "found", "finding", "docking", inv->args[0]);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                return receipt_print(inv, docking);
        json_print_one(docking);
        return EXIT_OK;
}
