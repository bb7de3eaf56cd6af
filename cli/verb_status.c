// SPDX-License-Identifier: LGPL-2.1-or-later
/* "status": what stands in each bay, and whether the station needs somebody. */
#include "cli/bays.h"
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

DEFINE_CLEANUP(json_object *, json_object_put);

static const char *status_text(json_object *status, const char *key)
{
        json_object *value = json_member(status, key);

        return value ? json_object_get_string(value) : "-";
}

/* A station without a backup says so each time: the regulation wants one. */
static void print_backup(json_object *backup)
{
        _cleanup_free_ char *good = value_text(json_member(backup, "good_at"), COLUMN_TIME);

        if (!backup)
                return;
        if (!json_member(backup, "path"))
                (void)printf(_("No backup: [Backup] Target= is not set, and regular backups are "
                               "required\n"));
        else if (!json_object_get_boolean(json_member(backup, "registered")))
                (void)printf(_("No backup: the target %s is not registered, see 'recdockctl backup init'\n"),
                             status_text(backup, "path"));
        else if (!json_member(backup, "good_at"))
                (void)printf(_("No good backup yet, see 'recdockctl backup status'\n"));
        else
                (void)printf(json_object_get_boolean(json_member(backup, "overdue"))
                                             ? _("Last good backup %s, overdue\n")
                                             : _("Last good backup %s\n"),
                             good ? good : "-");
}

static void print_head(json_object *status)
{
        _cleanup_free_ char *room = value_text(json_member(status, "store.free"), COLUMN_BYTES);
        json_object *alerts = json_member(status, "alerts_open");
        long long open = alerts ? (long long)json_object_get_int64(alerts) : 0;

        (void)printf(_("Station %s, custodian %s\n"), status_text(status, "station.number"),
                     status_text(status, "station.custodian"));
        (void)printf(_("Store %s, free %s"), status_text(status, "store.path"), room ? room : "-");
        if (json_object_get_boolean(json_member(status, "store.paused")))
                (void)printf(_(", paused until there is room"));
        (void)printf("\n");
        print_backup(json_member(status, "backup"));
        if (open > 0)
                (void)printf(ngettext("%lld alert is open, see 'recdockctl alert list'\n",
                                      "%lld alerts are open, see 'recdockctl alert list'\n",
                                      (unsigned long)open),
                             open);
        (void)printf("\n");
}

int verb_status(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"bay", N_("BAY"), COLUMN_TEXT},
                        {"state", N_("STATE"), COLUMN_STATE},
                        {"recorder", N_("RECORDER"), COLUMN_TEXT},
                        {"items", N_("ITEMS"), COLUMN_NUMBER},
                        {"failed", N_("FAILED"), COLUMN_NUMBER},
                        {"bytes", N_("PULLED"), COLUMN_BYTES},
                        {"bytes_total", N_("OF"), COLUMN_BYTES},
                        {"rate", N_("RATE"), COLUMN_RATE},
                        {"battery", N_("BATTERY"), COLUMN_PERCENT},
                        {"docking", N_("DOCKING"), COLUMN_NUMBER},
                        {"reason", N_("REASON"), COLUMN_TEXT},
        };
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *status = NULL, *rows = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_status(bus, &status);
        if (r != EXIT_OK)
                return r;
        if (inv->json) {
                json_print_one(status);
                return EXIT_OK;
        }
        rows = bays_rows(status);
        if (!inv->no_legend)
                print_head(status);
        if (table_print(stdout, rows, columns, ELEMENTSOF(columns), !inv->no_legend) < 0) {
                complain(_("the table cannot be printed"));
                return EXIT_OTHER;
        }
        return EXIT_OK;
}
