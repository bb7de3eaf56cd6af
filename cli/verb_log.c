// SPDX-License-Identifier: LGPL-2.1-or-later
/* "ledger" and "reload": what the station has on record, and being told to look at its configuration. */
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

int verb_ledger_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"sequence", N_("ENTRY"), COLUMN_NUMBER}, {"at", N_("AT"), COLUMN_TIME},
                        {"act", N_("ACT"), COLUMN_TEXT},          {"subject", N_("SUBJECT"), COLUMN_TEXT},
                        {"actor", N_("ACTOR"), COLUMN_TEXT},      {"detail", N_("DETAIL"), COLUMN_TEXT},
        };

        return listing_print(inv, "ledger", columns, ELEMENTSOF(columns));
}

int verb_reload(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call(bus, NULL, "Reload", NULL);
        if (r == EXIT_OK && inv->json)
                (void)puts("[]");
        return r;
}
