// SPDX-License-Identifier: LGPL-2.1-or-later
/* "recorder history" and "recorder ready": how a recorder was at its dockings, and whether it may be issued.
 * What is good enough is the station's to say; here its words are put into the user's language. */
#include "cli/health.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

int health_fetch(sd_bus *bus, const char *recorder, json_object **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text;
        json_object *health;
        int r = client_call(bus, &reply, "GetHealth", "s", recorder);

        if (r != EXIT_OK)
                return r;
        r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_report(r, NULL);
        health = json_tokener_parse(text);
        if (!health) {
                complain(_("the station's answer is no JSON"));
                return EXIT_OTHER;
        }
        *ret = health;
        return EXIT_OK;
}

/* --- history --- */

int verb_recorder_history(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"docking", N_("DOCKING"), COLUMN_NUMBER},
                        {"plugged_at", N_("PLUGGED"), COLUMN_TIME},
                        {"state", N_("STATE"), COLUMN_STATE},
                        {"clock_offset_s", N_("CLOCK"), COLUMN_OFFSET},
                        {"clock_moved", N_("MOVED"), COLUMN_YES_NO},
                        {"clock_answer", N_("SET"), COLUMN_STATE},
                        {"clock_set_offset_s", N_("AFTER"), COLUMN_OFFSET},
                        {"battery", N_("BATTERY"), COLUMN_PERCENT},
                        {"free", N_("FREE"), COLUMN_BYTES},
                        {"total", N_("OF"), COLUMN_BYTES},
                        {"firmware", N_("FIRMWARE"), COLUMN_TEXT},
        };
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *recorder = NULL;
        struct query_filter filters[INVOCATION_OPTIONS_MAX + 3];
        size_t n = invocation_filters(inv, filters);
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = listing_one(bus, "recorder", "number", inv->args[0], &recorder);
        if (r != EXIT_OK)
                return r;
        filters[n++] = (struct query_filter){"recorder", inv->args[0]};
        filters[n++] = (struct query_filter){"source", "dock"};
        return listing_filtered(inv, bus, "docking", filters, n, columns, ELEMENTSOF(columns));
}

/* --- ready --- */

static const struct {
        const char *word, *shown;
} readiness_words[] = {
                /* checks */
                {"registered", N_("in service")},
                {"assigned", N_("assigned to an officer")},
                {"returned", N_("returned")},
                {"exported", N_("exported")},
                {"deadline", N_("in time")},
                {"clock", N_("clock")},
                {"battery", N_("battery")},
                {"storage", N_("storage")},
                {"alerts", N_("no open alert")},
                /* reasons */
                {"retired", N_("it is retired")},
                {"not-assigned", N_("nobody is assigned to it")},
                {"out", N_("it is out with an officer")},
                {"never-docked", N_("it was never docked here")},
                {"docking-under-way", N_("it is being offloaded")},
                {"docking-failed", N_("its last docking failed: something may still be on it")},
                {"docking-cut-short", N_("it was taken out before all was filed")},
                {"not-docked-since-return", N_("it came back and was not docked since")},
                {"overdue", N_("its export is overdue")},
                {"not-told", N_("it does not tell")},
                {"off", N_("beyond what is allowed")},
                {"low", N_("too low")},
                {"charged-since", N_("it was low and has been charged since: look at it")},
                {"open", N_("see 'recdockctl alert list'")},
};

static void word_translate(json_object *line, const char *key)
{
        json_object *value = json_member(line, key);

        for (size_t i = 0; value && i < ELEMENTSOF(readiness_words); i++) {
                if (strcmp(readiness_words[i].word, json_object_get_string(value)) != 0)
                        continue;
                (void)json_object_object_add(line, key, json_object_new_string(_(readiness_words[i].shown)));
                return;
        }
}

/* Unknown counts as good when the caller says so. */
static bool is_ready(const struct invocation *inv, json_object *health)
{
        json_object *ready = json_member(health, "ready");

        return ready ? json_object_get_boolean(ready) : invocation_option(inv, "accept-unknown") != NULL;
}

static int ready_print(const struct invocation *inv, json_object *health)
{
        static const struct column columns[] = {
                        {"check", N_("CHECK"), COLUMN_TEXT},
                        {"state", N_("STATE"), COLUMN_STATE},
                        {"value", N_("VALUE"), COLUMN_TEXT},
                        {"reason", N_("REASON"), COLUMN_TEXT},
        };
        const char *number = json_object_get_string(json_member(health, "recorder"));
        json_object *checks = json_member(health, "checks");

        for (size_t i = 0; i < json_object_array_length(checks); i++) {
                word_translate(json_object_array_get_idx(checks, i), "check");
                word_translate(json_object_array_get_idx(checks, i), "reason");
        }
        (void)printf(is_ready(inv, health)          ? _("recorder %s is ready\n")
                     : json_member(health, "ready") ? _("recorder %s is not ready\n")
                                                    : _("recorder %s is not known to be ready\n"),
                     number);
        return table_print(stdout, checks, columns, ELEMENTSOF(columns), !inv->no_legend) < 0 ? EXIT_OTHER
                                                                                              : EXIT_OK;
}

static int ready_of_arguments(const struct invocation *inv, sd_bus *bus, json_object *all)
{
        for (int i = 0; i < inv->n_args; i++) {
                json_object *health = NULL;
                int r = health_fetch(bus, inv->args[i], &health);

                if (r != EXIT_OK)
                        return r;
                (void)json_object_array_add(all, health);
        }
        return EXIT_OK;
}

static int ready_of_unit(const char *unit, sd_bus *bus, json_object *all)
{
        const struct query_filter filters[] = {{"unit", unit}, {"retired", "no"}};
        _cleanup_(json_object_putp) json_object *recorders = NULL;
        int r = client_rows(bus, "recorder", filters, ELEMENTSOF(filters), &recorders);

        if (r == EXIT_OK && json_object_array_length(recorders) == 0) {
                complain(_("unit '%s' has no recorder in service"), unit);
                return EXIT_NOT_FOUND;
        }
        for (size_t i = 0; r == EXIT_OK && i < json_object_array_length(recorders); i++) {
                json_object *row = json_object_array_get_idx(recorders, i), *health = NULL;

                r = health_fetch(bus, json_object_get_string(json_member(row, "number")), &health);
                if (r == EXIT_OK)
                        (void)json_object_array_add(all, health);
        }
        return r;
}

/* Everything is asked before anything is said: a number that is wrong is no list that ends early. */
int verb_recorder_ready(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *all = json_object_new_array();
        const char *unit = invocation_option(inv, "unit");
        struct json_stream stream = {false};
        bool ready = true;
        int r;

        if ((unit != NULL) == (inv->n_args > 0)) {
                complain(_("expected the numbers of recorders, or --unit=NUMBER for all of a unit"));
                return EXIT_USAGE;
        }
        r = client_open(&bus);
        if (r == EXIT_OK)
                r = unit ? ready_of_unit(unit, bus, all) : ready_of_arguments(inv, bus, all);
        for (size_t i = 0; r == EXIT_OK && i < json_object_array_length(all); i++) {
                json_object *health = json_object_array_get_idx(all, i);

                ready = ready && is_ready(inv, health);
                if (inv->json)
                        json_stream_add(&stream,
                                        json_object_to_json_string_ext(
                                                        health,
                                                        JSON_C_TO_STRING_PLAIN |
                                                                        JSON_C_TO_STRING_NOSLASHESCAPE));
                else
                        r = ready_print(inv, health);
        }
        if (r == EXIT_OK && inv->json)
                json_stream_end(&stream);
        return r == EXIT_OK && !ready ? EXIT_BAD : r;
}
