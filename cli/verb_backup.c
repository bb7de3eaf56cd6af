// SPDX-License-Identifier: LGPL-2.1-or-later
/* "backup": copies of catalogue and store on another disk. Restoring is recdockd's: there is no station then
 * that could be asked. */
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <limits.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

int verb_backup_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"id", N_("BACKUP"), COLUMN_NUMBER},
                        {"begun_at", N_("BEGUN"), COLUMN_TIME},
                        {"outcome", N_("OUTCOME"), COLUMN_STATE},
                        {"generation", N_("GENERATION"), COLUMN_TEXT},
                        {"kept", N_("KEPT"), COLUMN_YES_NO},
                        {"full_check", N_("FULL CHECK"), COLUMN_YES_NO},
                        {"footage", N_("FOOTAGE"), COLUMN_NUMBER},
                        {"copied", N_("COPIED"), COLUMN_NUMBER},
                        {"bytes", N_("BYTES"), COLUMN_BYTES},
                        {"lacking", N_("LACKING"), COLUMN_NUMBER},
                        {"displaced", N_("DISPLACED"), COLUMN_NUMBER},
                        {"error", N_("REASON"), COLUMN_TEXT},
        };

        return listing_print(inv, "backup", columns, ELEMENTSOF(columns));
}

int verb_backup_status(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"path", N_("Target"), COLUMN_TEXT},
                        {"target", N_("Number"), COLUMN_TEXT},
                        {"registered", N_("Registered"), COLUMN_YES_NO},
                        {"good_at", N_("Last good"), COLUMN_TIME},
                        {"overdue", N_("Overdue"), COLUMN_YES_NO},
                        {"overdue_at", N_("Overdue from"), COLUMN_TIME},
                        {"due_at", N_("Next"), COLUMN_TIME},
                        {"last.begun_at", N_("Last begun"), COLUMN_TIME},
                        {"last.outcome", N_("Outcome"), COLUMN_STATE},
                        {"last.generation", N_("Generation"), COLUMN_TEXT},
                        {"last.error", N_("Reason"), COLUMN_TEXT},
                        {"running.files", N_("Files done"), COLUMN_NUMBER},
                        {"running.files_total", N_("Files in all"), COLUMN_NUMBER},
                        {"running.bytes", N_("Bytes done"), COLUMN_BYTES},
                        {"running.bytes_total", N_("Bytes in all"), COLUMN_BYTES},
                        {"running.held", N_("Held by offloads"), COLUMN_YES_NO},
        };
        bool overdue = false;
        int r = status_part_print(inv, "backup", _("the station does not tell of backups"), columns,
                                  ELEMENTSOF(columns), &overdue);

        return r == EXIT_OK && overdue ? EXIT_BAD : r;
}

/* recdockd has another working directory. */
static int path_absolute(const char *typed, char ret[PATH_MAX])
{
        if (typed[0] == '\0' || typed[0] == '/') {
                (void)snprintf(ret, PATH_MAX, "%s", typed);
                return EXIT_OK;
        }
        if (realpath(typed, ret))
                return EXIT_OK;
        complain(_("there is no folder '%s'"), typed);
        return EXIT_USAGE;
}

int verb_backup_init(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        char path[PATH_MAX];
        const char *uuid;
        int r = path_absolute(inv->n_args > 0 ? inv->args[0] : "", path);

        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call(bus, &reply, "InitBackup", "s", path);
        if (r != EXIT_OK)
                return r;
        if (sd_bus_message_read(reply, "s", &uuid) < 0) {
                complain(_("recdockd's answer cannot be read"));
                return EXIT_OTHER;
        }
        if (inv->json)
                done_print(inv, "target", uuid, 0);
        else
                (void)printf(_("target %s is registered\n"), uuid);
        return EXIT_OK;
}

static int ended_print(const struct invocation *inv, json_object *row)
{
        static const struct column columns[] = {
                        {"outcome", N_("Outcome"), COLUMN_STATE},
                        {"generation", N_("Generation"), COLUMN_TEXT},
                        {"footage", N_("Footage"), COLUMN_NUMBER},
                        {"copied", N_("Copied"), COLUMN_NUMBER},
                        {"bytes", N_("Bytes"), COLUMN_BYTES},
                        {"lacking", N_("Lacking"), COLUMN_NUMBER},
                        {"displaced", N_("Displaced"), COLUMN_NUMBER},
                        {"error", N_("Reason"), COLUMN_TEXT},
        };
        json_object *outcome = json_member(row, "outcome");

        if (inv->json)
                json_print_one(row);
        else if (record_print(stdout, row, columns, ELEMENTSOF(columns)) < 0)
                return EXIT_OTHER;
        return outcome && strcmp(json_object_get_string(outcome), "good") == 0 ? EXIT_OK : EXIT_BAD;
}

int verb_backup_start(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(json_object_putp) json_object *row = NULL;
        const int full = invocation_option(inv, "full-check") != NULL,
                  wait = invocation_option(inv, "wait") != NULL;
        const char *text;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call(bus, &reply, "StartBackup", "bb", full, wait);
        if (r != EXIT_OK)
                return r;
        if (sd_bus_message_read(reply, "s", &text) < 0 || !(row = json_tokener_parse(text))) {
                complain(_("recdockd's answer cannot be read"));
                return EXIT_OTHER;
        }
        if (wait)
                return ended_print(inv, row);
        if (inv->json)
                (void)puts("[]");
        else
                (void)printf(_("a backup has begun, see 'recdockctl backup status'\n"));
        return EXIT_OK;
}
