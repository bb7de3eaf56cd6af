// SPDX-License-Identifier: LGPL-2.1-or-later
/* "docking": visits of recorders, and the receipt of one. */
#include "cli/listing.h"
#include "cli/receipt.h"
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

int verb_docking_show(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *docking = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = receipt_ask(bus, inv->args[0], &docking);
        return r == EXIT_OK ? receipt_print(inv, docking) : r;
}
