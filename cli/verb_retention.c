// SPDX-License-Identifier: LGPL-2.1-or-later
/* "retention": how long footage is kept and why, and what somebody holds whatever its term. Nothing here
 * destroys anything: what is due is listed. */
#include "cli/listing.h"
#include "cli/option.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static const struct column retention_columns[] = {
                {"footage", N_("FOOTAGE"), COLUMN_NUMBER},
                {"started_at", N_("STARTED"), COLUMN_TIME},
                {"unit", N_("UNIT"), COLUMN_TEXT},
                {"case", N_("CASE"), COLUMN_TEXT},
                {"premises_class", N_("PREMISES"), COLUMN_TEXT},
                {"long_term", N_("LONG-TERM"), COLUMN_TEXT},
                {"evidence", N_("EVIDENCE"), COLUMN_YES_NO},
                {"retain_until", N_("NOT BEFORE"), COLUMN_TEXT},
                {"retain_basis", N_("BASIS"), COLUMN_TEXT},
                {"state", N_("STATE"), COLUMN_TEXT},
                {"name", N_("NAME"), COLUMN_TEXT},
};

static const struct column hold_columns[] = {
                {"hold", N_("HOLD"), COLUMN_NUMBER},
                {"case", N_("CASE"), COLUMN_TEXT},
                {"case_unit", N_("UNIT"), COLUMN_TEXT},
                {"footage", N_("FOOTAGE"), COLUMN_TEXT},
                {"reason", N_("REASON"), COLUMN_TEXT},
                {"text", N_("TEXT"), COLUMN_TEXT},
                {"held_at", N_("SINCE"), COLUMN_TIME},
                {"held_by", N_("BY"), COLUMN_TEXT},
                {"released_at", N_("RELEASED"), COLUMN_TIME},
                {"released_by", N_("RELEASED BY"), COLUMN_TEXT},
                {"release_approver", N_("APPROVED BY"), COLUMN_TEXT},
                {"release_reason", N_("RELEASED BECAUSE"), COLUMN_TEXT},
};

/* --due alone is today. */
int verb_retention_list(const struct invocation *inv)
{
        const char *due = invocation_option(inv, "due");
        const struct query_filter filter = {"due", due && strcmp(due, "yes") == 0 ? "today" : due};

        return listing_print_with(inv, due ? &filter : NULL, "retention", retention_columns,
                                  ELEMENTSOF(retention_columns));
}

int verb_retention_holds(const struct invocation *inv)
{
        static const struct query_filter open = {"open", "yes"};
        bool all = invocation_option(inv, "all");

        return listing_print_with(inv, all ? NULL : &open, "hold", hold_columns, ELEMENTSOF(hold_columns));
}

static int number_read(sd_bus_message *reply, int64_t *ret)
{
        uint64_t id = 0;
        int r = sd_bus_message_read(reply, "t", &id);

        if (r < 0)
                return client_report(r, NULL);
        *ret = (int64_t)id;
        return EXIT_OK;
}

/* Either a footage as the argument, or --case. *ret_footage is 0 for a case. */
static int subject_read(const struct invocation *inv, const char **ret_case, uint64_t *ret_footage)
{
        const char *number = invocation_option(inv, "case");

        *ret_case = number;
        *ret_footage = 0;
        if ((inv->n_args > 0) == (number && *number)) {
                complain(_("expected either the number of a footage or --case=NUMBER"));
                return EXIT_USAGE;
        }
        return inv->n_args > 0 ? client_number(_("footage"), inv->args[0], ret_footage) : EXIT_OK;
}

static int hold_call(const char *number, const char *unit, uint64_t footage, const char *reason,
                     const char *text, int64_t *ret_id)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call(bus, &reply, "Hold", "sstss", number ? number : "", unit ? unit : "",
                                footage, reason, text ? text : "");
        return r == EXIT_OK ? number_read(reply, ret_id) : r;
}

int verb_retention_hold(const struct invocation *inv)
{
        const char *number, *reason;
        uint64_t footage;
        int64_t id = 0;
        int r = subject_read(inv, &number, &footage);

        if (r == EXIT_OK)
                r = option_require(inv, "reason", "litigation|complaint|transfer|other", &reason);
        if (r == EXIT_OK)
                r = hold_call(number, invocation_option(inv, "unit"), footage, reason,
                              invocation_option(inv, "text"), &id);
        if (r != EXIT_OK)
                return r;
        if (!inv->json && number)
                (void)printf(_("hold %lld: case %s is kept until somebody releases it\n"), (long long)id,
                             number);
        else if (!inv->json)
                (void)printf(_("hold %lld: footage %s is kept until somebody releases it\n"), (long long)id,
                             inv->args[0]);
        done_print(inv, number ? "case" : "footage", number ? number : inv->args[0], id);
        return EXIT_OK;
}

int verb_retention_release(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *reason, *approver;
        uint64_t id = 0;
        int r = client_number(_("hold"), inv->args[0], &id);

        if (r == EXIT_OK)
                r = option_require(inv, "reason", _("TEXT"), &reason);
        if (r == EXIT_OK)
                r = option_require(inv, "approver", _("NAME"), &approver);
        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call(bus, NULL, "ReleaseHold", "tss", id, reason, approver);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("hold %llu is released\n"), (unsigned long long)id);
        done_print(inv, "released", inv->args[0], (int64_t)id);
        return EXIT_OK;
}

static const char *text_of(json_object *row, const char *key)
{
        json_object *value = json_member(row, key);

        return value ? json_object_get_string(value) : "-";
}

/* Why, in a sentence; 'basis' is one of rules/retention.h. */
static void basis_print(json_object *row, const char *basis)
{
        if (strcmp(basis, "premises") == 0)
                (void)printf(_("By the class of its premises: %s, %s (%s).\n"), text_of(row, "class"),
                             text_of(row, "class_chinese"), text_of(row, "class_english"));
        else if (strcmp(basis, "category") == 0)
                (void)printf(_("By the long-term category of its case: %s, %s (%s).\n"),
                             text_of(row, "long_term"), text_of(row, "class_chinese"),
                             text_of(row, "class_english"));
        else if (strcmp(basis, "evidence") == 0 && json_member(row, "file_until"))
                (void)printf(_("It is evidence, and its case file is kept until %s.\n"),
                             text_of(row, "file_until"));
        else if (strcmp(basis, "evidence") == 0)
                (void)puts(_("It is evidence, and nobody has said until when its case file is kept."));
        else if (strcmp(basis, "unknown") == 0)
                (void)puts(_("Nobody has said of what class its premises are: it has the longest term that "
                             "there is."));
        else
                (void)puts(_("The retention profile of the station is missing or broken: see 'recdockd "
                             "--check-config'."));
}

static void until_print(const char *state, json_object *day)
{
        if (strcmp(state, "awaiting-screening") == 0)
                (void)printf(_("Awaiting screening: its destruction may be asked for since %s.\n"),
                             json_object_get_string(day));
        else if (day)
                (void)printf(_("Kept: its destruction may not be asked for before %s.\n"),
                             json_object_get_string(day));
        else
                (void)puts(_("Kept for ever."));
}

static void holds_print(json_object *holds)
{
        for (size_t i = 0; i < json_object_array_length(holds); i++) {
                json_object *hold = json_object_array_get_idx(holds, i);
                _cleanup_free_ char *since = value_text(json_member(hold, "held_at"), COLUMN_TIME);

                (void)printf(_("Held since %s by %s: %s %s (hold %s, of %s)\n"), since ? since : "?",
                             text_of(hold, "held_by"), text_of(hold, "reason"),
                             json_member(hold, "text") ? text_of(hold, "text") : "", text_of(hold, "hold"),
                             json_member(hold, "footage") ? _("the footage") : _("the case"));
        }
}

static void explanation_print(json_object *row, json_object *holds)
{
        const char *state = text_of(row, "state");

        if (strcmp(state, "held") == 0) {
                holds_print(holds);
                (void)puts(_("Kept until all of this is released. Without it:"));
        }
        until_print(state, json_member(row, "unheld_until"));
        basis_print(row, text_of(row, "unheld_basis"));
        if (json_object_get_boolean(json_member(row, "time_doubtful")))
                (void)puts(_("The time of the recording is in doubt: the day of the offload counts when it "
                             "is "
                             "later."));
        (void)puts(_("Nothing is ever destroyed by itself."));
}

static int holds_add(sd_bus *bus, json_object *holds, const char *key, const char *value)
{
        const struct query_filter filters[] = {{key, value}, {"open", "yes"}};
        _cleanup_(json_object_putp) json_object *rows = NULL;
        int r = client_rows(bus, "hold", filters, ELEMENTSOF(filters), &rows);

        for (size_t i = 0; r == EXIT_OK && i < json_object_array_length(rows); i++)
                (void)json_object_array_add(holds, json_object_get(json_object_array_get_idx(rows, i)));
        return r;
}

/* Cases of another unit may have the same number. */
static void holds_of_unit(json_object *holds, const char *unit)
{
        for (size_t i = json_object_array_length(holds); i > 0; i--) {
                json_object *other = json_member(json_object_array_get_idx(holds, i - 1), "case_unit");

                if (other && strcmp(json_object_get_string(other), unit) != 0)
                        (void)json_object_array_del_idx(holds, i - 1, 1);
        }
}

static int show_footage(const struct invocation *inv, sd_bus *bus)
{
        static const struct column columns[] = {
                        {"footage", N_("Footage"), COLUMN_TEXT},
                        {"name", N_("Name"), COLUMN_TEXT},
                        {"unit", N_("Unit"), COLUMN_TEXT},
                        {"started_at", N_("Started"), COLUMN_TIME},
                        {"ended_at", N_("Ended"), COLUMN_TIME},
                        {"offloaded_at", N_("Exported"), COLUMN_TIME},
                        {"case", N_("Case"), COLUMN_TEXT},
                        {"premises_class", N_("Class of premises"), COLUMN_TEXT},
                        {"long_term", N_("Long-term category"), COLUMN_TEXT},
                        {"evidence", N_("Evidence"), COLUMN_YES_NO},
                        {"file_until", N_("File kept until"), COLUMN_TEXT},
                        {"retain_until", N_("Destruction not before"), COLUMN_TEXT},
                        {"retain_basis", N_("Basis"), COLUMN_TEXT},
                        {"state", N_("State"), COLUMN_TEXT},
        };
        _cleanup_(json_object_putp) json_object *row = NULL, *holds = json_object_new_array();
        int r = listing_one(bus, "retention", "id", inv->args[0], &row);

        if (r == EXIT_OK)
                r = holds_add(bus, holds, "footage", inv->args[0]);
        if (r == EXIT_OK && json_member(row, "case"))
                r = holds_add(bus, holds, "case", text_of(row, "case"));
        if (r != EXIT_OK)
                return r;
        holds_of_unit(holds, text_of(row, "case_unit"));
        if (inv->json) {
                (void)json_object_object_add(row, "holds", TAKE_PTR(holds));
                json_print_one(row);
                return EXIT_OK;
        }
        if (record_print(stdout, row, columns, ELEMENTSOF(columns)) < 0)
                return EXIT_OTHER;
        (void)putchar('\n');
        explanation_print(row, holds);
        return EXIT_OK;
}

/* Of one unit's case when --unit says so, of all with this number else. */
static void rows_of_unit(json_object *rows, const char *unit)
{
        for (size_t i = unit ? json_object_array_length(rows) : 0; i > 0; i--)
                if (strcmp(text_of(json_object_array_get_idx(rows, i - 1), "case_unit"), unit) != 0)
                        (void)json_object_array_del_idx(rows, i - 1, 1);
}

/* In words of the one that is kept longest, since a case is seldom parted; the table has each. */
static void case_explain(json_object *rows, json_object *holds)
{
        json_object *longest = NULL;

        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = json_object_array_get_idx(rows, i),
                            *until = json_member(row, "unheld_until");
                json_object *most = json_member(longest, "unheld_until");

                if (!longest || (most && (!until || strcmp(json_object_get_string(until),
                                                           json_object_get_string(most)) > 0)))
                        longest = row;
        }
        if (!longest) {
                holds_print(holds);
                (void)puts(_("The case has no footage."));
                return;
        }
        (void)printf(_("\nOf what is kept longest, footage %s:\n"), text_of(longest, "footage"));
        explanation_print(longest, holds);
}

static int show_case(const struct invocation *inv, sd_bus *bus, const char *number)
{
        const struct query_filter filter = {"case", number};
        const char *unit = invocation_option(inv, "unit");
        _cleanup_(json_object_putp) json_object *rows = NULL, *holds = json_object_new_array();
        int r = client_rows(bus, "retention", &filter, 1, &rows);

        if (r == EXIT_OK)
                r = holds_add(bus, holds, "case", number);
        if (r != EXIT_OK)
                return r;
        rows_of_unit(rows, unit);
        if (unit)
                holds_of_unit(holds, unit);
        if (inv->json) {
                json_object *object = json_object_new_object();

                (void)json_object_object_add(object, "case", json_object_new_string(number));
                (void)json_object_object_add(object, "footage", TAKE_PTR(rows));
                (void)json_object_object_add(object, "holds", TAKE_PTR(holds));
                json_print_one(object);
                json_object_put(object);
                return EXIT_OK;
        }
        if (table_print(stdout, rows, retention_columns, ELEMENTSOF(retention_columns), !inv->no_legend) < 0)
                return EXIT_OTHER;
        case_explain(rows, holds);
        return EXIT_OK;
}

int verb_retention_show(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *number;
        uint64_t footage;
        int r = subject_read(inv, &number, &footage);

        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r != EXIT_OK)
                return r;
        return number ? show_case(inv, bus, number) : show_footage(inv, bus);
}
