// SPDX-License-Identifier: LGPL-2.1-or-later
/* "checkout", "return", "extend", "duty": who took which recorder, and by when its footage has to be here.
 */
#include "cli/listing.h"
#include "cli/option.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

int verb_duty_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"recorder", N_("RECORDER"), COLUMN_TEXT},
                        {"officer", N_("OFFICER"), COLUMN_TEXT},
                        {"out_at", N_("OUT"), COLUMN_TIME},
                        {"undocking", N_("OUT OF DOCKING"), COLUMN_TEXT},
                        {"until", N_("UNTIL"), COLUMN_TIME},
                        {"returned_at", N_("RETURNED"), COLUMN_TIME},
                        {"docking", N_("DOCKING"), COLUMN_TEXT},
                        {"offloaded_at", N_("EXPORTED"), COLUMN_TIME},
                        {"extended_until", N_("EXTENDED UNTIL"), COLUMN_TIME},
        };

        return listing_print(inv, "duty", columns, ELEMENTSOF(columns));
}

/* The number of the duty in a reply. */
static int duty_read(sd_bus_message *reply, int64_t *ret_id)
{
        uint64_t id = 0;
        int r = sd_bus_message_read(reply, "t", &id);

        if (r < 0)
                return client_report(r, NULL);
        *ret_id = (int64_t)id;
        return EXIT_OK;
}

int verb_checkout(const struct invocation *inv)
{
        const char *officer, *until = invocation_option(inv, "until");
        const char *override = invocation_option(inv, "override");
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int64_t id = 0;
        int r = option_require(inv, "officer", _("NUMBER"), &officer);

        if (r == EXIT_OK && override)
                r = option_require(inv, "override", _("TEXT"), &override);
        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call(bus, &reply, "CheckOutRecorder", "ssss", inv->args[0], officer,
                                until ? until : "", override ? override : "");
        if (r == EXIT_OK)
                r = duty_read(reply, &id);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("recorder %s is out with officer %s\n"), inv->args[0], officer);
        done_print(inv, "recorder", inv->args[0], id);
        return EXIT_OK;
}

int verb_return(const struct invocation *inv)
{
        const char *at = invocation_option(inv, "at");
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int64_t id = 0;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call(bus, &reply, "ReturnRecorder", "ss", inv->args[0], at ? at : "");
        if (r == EXIT_OK)
                r = duty_read(reply, &id);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("recorder %s is back\n"), inv->args[0]);
        done_print(inv, "recorder", inv->args[0], id);
        return EXIT_OK;
}

int verb_extend(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *until, *reason, *approver;
        int r = option_require(inv, "until", _("TIME"), &until);

        if (r == EXIT_OK)
                r = option_require(inv, "reason", "continuous-duty|remote-area|no-transport", &reason);
        if (r == EXIT_OK)
                r = option_require(inv, "approver", _("NAME"), &approver);
        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call(bus, NULL, "ExtendDeadline", "ssss", inv->args[0], until, reason, approver);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("the time for %s is extended until %s\n"), inv->args[0], until);
        done_print(inv, "extended", inv->args[0], 0);
        return EXIT_OK;
}
