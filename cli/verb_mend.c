// SPDX-License-Identifier: LGPL-2.1-or-later
/* "mend": a good copy in place of footage's lost or damaged file. */
#include "cli/listing.h"
#include "cli/source.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static int answer_print(const struct invocation *inv, const char *text)
{
        _cleanup_(json_object_putp) json_object *row = json_tokener_parse(text);
        json_object *outcome = row ? json_member(row, "outcome") : NULL,
                    *kept = row ? json_member(row, "kept") : NULL;

        if (!outcome) {
                complain(_("recdockd's answer cannot be read"));
                return EXIT_OTHER;
        }
        if (inv->json)
                json_print_one(row);
        else if (strcmp(json_object_get_string(outcome), "sound") == 0)
                (void)printf(_("footage %s is what it was filed as; nothing was changed\n"), inv->args[0]);
        else if (kept)
                (void)printf(_("footage %s is mended; what the store had is kept as %s\n"), inv->args[0],
                             json_object_get_string(kept));
        else
                (void)printf(_("footage %s is mended; the store had nothing of it\n"), inv->args[0]);
        return EXIT_OK;
}

int verb_mend(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *text;
        int64_t id;
        int r;

        if (text_to_int64(inv->args[0], &id) < 0 || id <= 0) {
                complain(_("footage '%s' is not valid, expected a number such as 17"), inv->args[0]);
                return EXIT_USAGE;
        }
        fd = source_open(inv->args[1]);
        if (fd < 0)
                return EXIT_USAGE;
        r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call(bus, &reply, "MendFootage", "tsh", (uint64_t)id, inv->args[1], fd);
        if (r != EXIT_OK)
                return r;
        if (sd_bus_message_read(reply, "s", &text) < 0)
                text = "";
        return answer_print(inv, text);
}
