// SPDX-License-Identifier: LGPL-2.1-or-later
/* "finding" and "recover": what dockings came across on recorders besides files, and having back what was
 * deleted. */
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

DEFINE_CLEANUP(json_object *, json_object_put);

int verb_finding_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"finding", N_("FINDING"), COLUMN_NUMBER},
                        {"docking", N_("DOCKING"), COLUMN_NUMBER},
                        {"recorder", N_("RECORDER"), COLUMN_TEXT},
                        {"kind", N_("KIND"), COLUMN_TEXT},
                        {"state", N_("STATE"), COLUMN_STATE},
                        {"recoverable", N_("RECOVERABLE"), COLUMN_YES_NO},
                        {"size", N_("SIZE"), COLUMN_BYTES},
                        {"device_time", N_("DEVICE TIME"), COLUMN_TEXT},
                        {"footage", N_("FOOTAGE"), COLUMN_NUMBER},
                        {"path", N_("PATH"), COLUMN_TEXT},
                        {"word", N_("WHAT"), COLUMN_TEXT},
                        {"text", N_("TEXT"), COLUMN_TEXT},
        };

        return listing_print(inv, "finding", columns, ELEMENTSOF(columns));
}

static int recover_call(uint64_t docking, const uint64_t *findings, size_t n, uint64_t *ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call_numbers(bus, &reply, "Recover", docking, findings, n);
        if (r != EXIT_OK)
                return r;
        r = sd_bus_message_read(reply, "t", ret);
        return r < 0 ? client_report(r, NULL) : EXIT_OK;
}

int verb_recover(const struct invocation *inv)
{
        _cleanup_free_ uint64_t *findings = calloc((size_t)inv->n_args, sizeof(*findings));
        _cleanup_(json_object_putp) json_object *object = NULL;
        uint64_t docking = 0, n = 0;
        int r;

        if (!findings)
                return EXIT_OTHER;
        r = client_number(_("docking"), inv->args[0], &docking);
        for (int i = 1; r == EXIT_OK && i < inv->n_args; i++)
                r = client_number(_("finding"), inv->args[i], &findings[i - 1]);
        if (r == EXIT_OK)
                r = recover_call(docking, findings, (size_t)inv->n_args - 1, &n);
        if (r != EXIT_OK)
                return r;
        if (!inv->json) {
                (void)printf(_("%llu deleted files are being recovered; 'recdockctl finding list --docking "
                               "%llu' shows how far\n"),
                             (unsigned long long)n, (unsigned long long)docking);
                return EXIT_OK;
        }
        object = json_object_new_object();
        (void)json_object_object_add(object, "docking", json_object_new_int64((int64_t)docking));
        (void)json_object_object_add(object, "recovering", json_object_new_int64((int64_t)n));
        json_print_one(object);
        return EXIT_OK;
}
