// SPDX-License-Identifier: LGPL-2.1-or-later
/* "recorder", "officer", "unit": who is who. Every change is the station's to accept; here it is only put
 * into words. */
#include "cli/health.h"
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

DEFINE_CLEANUP(json_object *, json_object_put);

int verb_recorder_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", N_("RECORDER"), COLUMN_TEXT},
                        {"unit", N_("UNIT"), COLUMN_TEXT},
                        {"officer", N_("OFFICER"), COLUMN_TEXT},
                        {"model", N_("MODEL"), COLUMN_TEXT},
                        {"usb_serial", N_("USB SERIAL"), COLUMN_TEXT},
                        {"serial", N_("SERIAL"), COLUMN_TEXT},
                        {"last_docked", N_("LAST DOCKED"), COLUMN_TIME},
                        {"retired_at", N_("RETIRED"), COLUMN_TIME},
        };

        return listing_print(inv, "recorder", columns, ELEMENTSOF(columns));
}

static const struct column recorder_columns[] = {
                {"number", N_("Recorder"), COLUMN_TEXT},
                {"unit", N_("Unit"), COLUMN_TEXT},
                {"model", N_("Model"), COLUMN_TEXT},
                {"usb_serial", N_("USB serial"), COLUMN_TEXT},
                {"serial", N_("Serial"), COLUMN_TEXT},
                {"officer", N_("Officer"), COLUMN_TEXT},
                {"vendor_id", N_("USB vendor"), COLUMN_USB_ID},
                {"product_id", N_("USB product"), COLUMN_USB_ID},
                {"registered_at", N_("Registered"), COLUMN_TIME},
                {"last_docked", N_("Last docked"), COLUMN_TIME},
                {"retired_at", N_("Retired"), COLUMN_TIME},
                {"health.measured_at", N_("Looked at"), COLUMN_TIME},
                {"health.firmware", N_("Firmware"), COLUMN_TEXT},
                {"health.battery", N_("Battery"), COLUMN_PERCENT},
                {"health.free", N_("Free"), COLUMN_BYTES},
                {"health.total", N_("Storage"), COLUMN_BYTES},
                {"health.clock_offset_s", N_("Clock offset"), COLUMN_OFFSET},
                {"health.clock_set_at", N_("Clock set"), COLUMN_TIME},
                {"health.clock_set_offset_s", N_("Clock offset then"), COLUMN_OFFSET},
                {"health.drift", N_("Clock drift per day"), COLUMN_TEXT},
};

static const struct column assignment_columns[] = {
                {"officer", N_("OFFICER"), COLUMN_TEXT},
                {"from", N_("FROM"), COLUMN_TIME},
                {"until", N_("UNTIL"), COLUMN_TIME},
};

/* How fast its clock gains, and on how much that rests. */
static int drift_describe(json_object *recorder)
{
        json_object *health = json_member(recorder, "health");
        json_object *drift = json_member(health, "drift_s_per_day");
        char text[96];

        if (drift)
                (void)snprintf(text, sizeof(text), _("%+.1f s, by %d measurements"),
                               json_object_get_double(drift),
                               json_object_get_int(json_member(health, "drift_readings")));
        else
                (void)snprintf(text, sizeof(text), "%s", _("unknown"));
        return json_object_object_add(health, "drift", json_object_new_string(text));
}

int verb_recorder_show(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *recorder = NULL;
        json_object *assignments, *health;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = listing_one(bus, "recorder", "number", inv->args[0], &recorder);
        if (r == EXIT_OK)
                r = listing_attach(bus, recorder, "assignments", "assignment", "recorder", inv->args[0]);
        if (r == EXIT_OK)
                r = health_fetch(bus, inv->args[0], &health);
        if (r != EXIT_OK)
                return r;
        (void)json_object_object_add(recorder, "health", health);
        if (inv->json) {
                json_print_one(recorder);
                return EXIT_OK;
        }
        if (drift_describe(recorder) < 0 ||
            record_print(stdout, recorder, recorder_columns, ELEMENTSOF(recorder_columns)) < 0)
                return EXIT_OTHER;
        assignments = json_member(recorder, "assignments");
        if (json_object_array_length(assignments) == 0)
                return EXIT_OK;
        (void)putchar('\n');
        return table_print(stdout, assignments, assignment_columns, ELEMENTSOF(assignment_columns),
                           !inv->no_legend) < 0
                               ? EXIT_OTHER
                               : EXIT_OK;
}

/* Sends fields and reads the number of the new row. */
static int fields_send(const char *method, const struct query_filter *fields, size_t n, int64_t *ret_id)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t id = 0;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call_fields(bus, &reply, method, fields, n);
        if (r != EXIT_OK)
                return r;
        r = sd_bus_message_read(reply, "t", &id);
        if (r < 0)
                return client_report(r, NULL);
        *ret_id = (int64_t)id;
        return EXIT_OK;
}

int verb_recorder_register(const struct invocation *inv)
{
        struct query_filter fields[INVOCATION_OPTIONS_MAX + 1];
        size_t n = invocation_filters(inv, fields);
        int64_t id = 0;
        int r;

        if (!invocation_option(inv, "usb-serial") && !invocation_option(inv, "serial") &&
            !invocation_option(inv, "docking")) {
                complain(_("nothing tells recorder '%s' from another, expected --docking, --usb-serial or "
                           "--serial"),
                         inv->args[0]);
                return EXIT_USAGE;
        }
        fields[n++] = (struct query_filter){"number", inv->args[0]};
        r = fields_send("RegisterRecorder", fields, n, &id);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("recorder %s is registered\n"), inv->args[0]);
        done_print(inv, "recorder", inv->args[0], id);
        return EXIT_OK;
}

int verb_recorder_retire(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *reason = invocation_option(inv, "reason");
        int r;

        if (!reason || !*reason) {
                complain(_("the reason is missing, expected --reason=TEXT"));
                return EXIT_USAGE;
        }
        r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call(bus, NULL, "RetireRecorder", "ss", inv->args[0], reason);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("recorder %s is retired\n"), inv->args[0]);
        done_print(inv, "recorder", inv->args[0], 0);
        return EXIT_OK;
}

int verb_recorder_assign(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *from = invocation_option(inv, "from"), *until = invocation_option(inv, "until");
        const char *officer = inv->n_args > 1 ? inv->args[1] : "";
        bool end = invocation_option(inv, "end") != NULL;
        int r;

        if (end == (*officer != '\0')) {
                complain(_("expected an officer's number, or --end to end the open assignment"));
                return EXIT_USAGE;
        }
        r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call(bus, NULL, "AssignRecorder", "ssss", inv->args[0], officer, from ? from : "",
                                until ? until : "");
        if (r != EXIT_OK)
                return r;
        if (!inv->json && end)
                (void)printf(_("recorder %s is no longer assigned\n"), inv->args[0]);
        else if (!inv->json)
                (void)printf(_("recorder %s is assigned to officer %s\n"), inv->args[0], officer);
        done_print(inv, "recorder", inv->args[0], 0);
        return EXIT_OK;
}

int verb_officer_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", N_("OFFICER"), COLUMN_TEXT},
                        {"name", N_("NAME"), COLUMN_TEXT},
                        {"unit", N_("UNIT"), COLUMN_TEXT},
        };

        return listing_print(inv, "officer", columns, ELEMENTSOF(columns));
}

int verb_unit_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", N_("UNIT"), COLUMN_TEXT},
                        {"name", N_("NAME"), COLUMN_TEXT},
                        {"parent", N_("PARENT"), COLUMN_TEXT},
        };

        return listing_print(inv, "unit", columns, ELEMENTSOF(columns));
}

static int number_and_name_send(const struct invocation *inv, const char *method, int64_t *ret_id)
{
        struct query_filter fields[INVOCATION_OPTIONS_MAX + 2];
        size_t n = invocation_filters(inv, fields);

        fields[n++] = (struct query_filter){"number", inv->args[0]};
        fields[n++] = (struct query_filter){"name", inv->args[1]};
        return fields_send(method, fields, n, ret_id);
}

int verb_officer_add(const struct invocation *inv)
{
        int64_t id = 0;
        int r = number_and_name_send(inv, "AddOfficer", &id);

        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("officer %s is added\n"), inv->args[0]);
        done_print(inv, "officer", inv->args[0], id);
        return EXIT_OK;
}

int verb_unit_add(const struct invocation *inv)
{
        int64_t id = 0;
        int r = number_and_name_send(inv, "AddUnit", &id);

        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("unit %s is added\n"), inv->args[0]);
        done_print(inv, "unit", inv->args[0], id);
        return EXIT_OK;
}
