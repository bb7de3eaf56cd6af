// SPDX-License-Identifier: LGPL-2.1-or-later
/* "case": opened, changed, closed, and footage put into it. Every value is the station's to accept; here it
 * is only put into words. "case show" is in verb_case_show.c. */
#include "cli/listing.h"
#include "cli/option.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

int verb_case_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", N_("CASE"), COLUMN_TEXT},
                        {"unit", N_("UNIT"), COLUMN_TEXT},
                        {"party", N_("PARTY"), COLUMN_TEXT},
                        {"handler", N_("HANDLER"), COLUMN_TEXT},
                        {"activity", N_("ACTIVITY"), COLUMN_TEXT},
                        {"long_term", N_("LONG-TERM"), COLUMN_TEXT},
                        {"secrecy", N_("SECRECY"), COLUMN_TEXT},
                        {"opened", N_("OPENED"), COLUMN_TIME},
                        {"closed", N_("CLOSED"), COLUMN_TIME},
                        {"footage.files", N_("FILES"), COLUMN_NUMBER},
                        {"footage.duration_s", N_("DURATION"), COLUMN_SECONDS},
        };

        return listing_print(inv, "case", columns, ELEMENTSOF(columns));
}

int verb_case_activities(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"activity", N_("ACTIVITY"), COLUMN_TEXT},
                        {"term", N_("IN THE REGULATION"), COLUMN_TEXT},
        };

        return listing_print(inv, "activity", columns, ELEMENTSOF(columns));
}

static const char *option_or_none(const struct invocation *inv, const char *name)
{
        const char *value = invocation_option(inv, name);

        return value ? value : "";
}

static int number_read(sd_bus_message *reply, uint64_t *ret)
{
        int r = sd_bus_message_read(reply, "t", ret);

        return r < 0 ? client_report(r, NULL) : EXIT_OK;
}

int verb_case_open(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct query_filter fields[INVOCATION_OPTIONS_MAX + 1];
        size_t n = invocation_filters(inv, fields);
        const char *unit;
        uint64_t id = 0;
        int r = option_require(inv, "unit", _("NUMBER"), &unit);

        fields[n++] = (struct query_filter){"number", inv->args[0]};
        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_call_fields(bus, &reply, "OpenCase", fields, n);
        if (r == EXIT_OK)
                r = number_read(reply, &id);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("case %s is opened\n"), inv->args[0]);
        done_print(inv, "case", inv->args[0], (int64_t)id);
        return EXIT_OK;
}

/* --clear=party: the names of options are those of fields, with another dash. */
static int clear_append(sd_bus_message *m, const struct invocation *inv)
{
        int r = sd_bus_message_open_container(m, 'a', "s");

        for (size_t i = 0; r >= 0 && i < inv->n_options; i++) {
                _cleanup_free_ char *field = NULL;

                if (strcmp(inv->options[i].option->name, "clear") != 0)
                        continue;
                field = strdup(inv->options[i].value);
                if (!field)
                        return -ENOMEM;
                for (char *p = field; *p; p++)
                        *p = *p == '-' ? '_' : *p;
                r = sd_bus_message_append(m, "s", field);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int set_message(sd_bus_message *m, const struct invocation *inv)
{
        struct query_filter fields[INVOCATION_OPTIONS_MAX];
        size_t n = invocation_filters(inv, fields);
        int r = sd_bus_message_append(m, "ss", inv->args[0], option_or_none(inv, "unit"));

        if (r >= 0)
                r = client_append_pairs(m, 'e', fields, n);
        if (r >= 0)
                r = clear_append(m, inv);
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", option_or_none(inv, "reason"),
                                          option_or_none(inv, "approver"));
        return r < 0 ? client_report(r, NULL) : EXIT_OK;
}

int verb_case_set(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        uint64_t id = 0, changes = 0;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_message(bus, "SetCase", &m);
        if (r == EXIT_OK)
                r = set_message(m, inv);
        if (r == EXIT_OK)
                r = client_call_message(bus, m, &reply);
        if (r != EXIT_OK)
                return r;
        r = sd_bus_message_read(reply, "tt", &id, &changes);
        if (r < 0)
                return client_report(r, NULL);
        if (!inv->json && changes == 0)
                (void)printf(_("case %s is so already\n"), inv->args[0]);
        else if (!inv->json)
                (void)printf(ngettext("case %s: %llu field is changed\n",
                                      "case %s: %llu fields are changed\n", changes),
                             inv->args[0], (unsigned long long)changes);
        done_print(inv, "case", inv->args[0], (int64_t)id);
        return EXIT_OK;
}

int verb_case_close(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t id = 0;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call(bus, &reply, "CloseCase", "ssssss", inv->args[0],
                                option_or_none(inv, "unit"), option_or_none(inv, "at"),
                                option_or_none(inv, "file-until"), option_or_none(inv, "reason"),
                                option_or_none(inv, "approver"));
        if (r == EXIT_OK)
                r = number_read(reply, &id);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("case %s is closed\n"), inv->args[0]);
        done_print(inv, "case", inv->args[0], (int64_t)id);
        return EXIT_OK;
}

int verb_case_reopen(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t id = 0;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call(bus, &reply, "ReopenCase", "ssss", inv->args[0], option_or_none(inv, "unit"),
                                option_or_none(inv, "reason"), option_or_none(inv, "approver"));
        if (r == EXIT_OK)
                r = number_read(reply, &id);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("case %s is open again\n"), inv->args[0]);
        done_print(inv, "case", inv->args[0], (int64_t)id);
        return EXIT_OK;
}

/* The numbers behind the case's. */
static int footage_append(sd_bus_message *m, const struct invocation *inv)
{
        int r = sd_bus_message_append(m, "ss", inv->args[0], option_or_none(inv, "unit"));

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "t");
        for (int i = 1; r >= 0 && i < inv->n_args; i++) {
                uint64_t id;

                if (client_number(_("footage"), inv->args[i], &id) != EXIT_OK)
                        return EXIT_USAGE;
                r = sd_bus_message_append(m, "t", id);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_report(r, NULL) : EXIT_OK;
}

static int tag_append(sd_bus_message *m, const struct invocation *inv)
{
        struct query_filter filters[INVOCATION_OPTIONS_MAX];
        size_t n = invocation_filters(inv, filters);
        int move = invocation_option(inv, "move") != NULL;
        int r = client_append_pairs(m, 'r', filters, n);

        if (r >= 0)
                r = sd_bus_message_append(m, "bss", move, option_or_none(inv, "reason"),
                                          option_or_none(inv, "approver"));
        return r < 0 ? client_report(r, NULL) : EXIT_OK;
}

struct tagged {
        uint64_t tagged, already, moved;
};

static void tagged_print(const struct invocation *inv, const struct tagged *t)
{
        _cleanup_(json_object_putp) json_object *object = NULL;

        if (!inv->json) {
                (void)printf(_("case %s: %llu footage tagged, of them %llu moved; %llu was in it already\n"),
                             inv->args[0], (unsigned long long)t->tagged, (unsigned long long)t->moved,
                             (unsigned long long)t->already);
                return;
        }
        object = json_object_new_object();
        (void)json_object_object_add(object, "case", json_object_new_string(inv->args[0]));
        (void)json_object_object_add(object, "tagged", json_object_new_int64((int64_t)t->tagged));
        (void)json_object_object_add(object, "already", json_object_new_int64((int64_t)t->already));
        (void)json_object_object_add(object, "moved", json_object_new_int64((int64_t)t->moved));
        json_print_one(object);
}

static bool option_of(const struct invocation *inv, const char *const *names, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (invocation_option(inv, names[i]))
                        return true;
        return false;
}

static int tag_check(const struct invocation *inv)
{
        static const char *const whose[] = {"recorder", "officer", "footage-unit"};
        static const char *const when[] = {"from", "to"};
        bool filters = option_of(inv, whose, ELEMENTSOF(whose)) || option_of(inv, when, ELEMENTSOF(when));
        bool whole = option_of(inv, whose, ELEMENTSOF(whose)) && invocation_option(inv, "from") &&
                     invocation_option(inv, "to");

        if (inv->n_args > 1 ? filters : !whole) {
                complain(_("expected numbers of footage, or --from and --to with --recorder, --officer or "
                           "--footage-unit"));
                return EXIT_USAGE;
        }
        return EXIT_OK;
}

static int why_check(const struct invocation *inv)
{
        const char *reason, *approver;
        int r = option_require(inv, "reason", _("TEXT"), &reason);

        return r == EXIT_OK ? option_require(inv, "approver", _("NAME"), &approver) : r;
}

int verb_case_tag(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        struct tagged t = {0};
        int r = tag_check(inv);

        if (r == EXIT_OK && invocation_option(inv, "move"))
                r = why_check(inv);
        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_message(bus, "TagFootage", &m);
        if (r == EXIT_OK)
                r = footage_append(m, inv);
        if (r == EXIT_OK)
                r = tag_append(m, inv);
        if (r == EXIT_OK)
                r = client_call_message(bus, m, &reply);
        if (r != EXIT_OK)
                return r;
        r = sd_bus_message_read(reply, "ttt", &t.tagged, &t.already, &t.moved);
        if (r < 0)
                return client_report(r, NULL);
        tagged_print(inv, &t);
        return EXIT_OK;
}

int verb_case_untag(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        uint64_t n = 0;
        int r = why_check(inv);

        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_message(bus, "UntagFootage", &m);
        if (r == EXIT_OK)
                r = footage_append(m, inv);
        if (r == EXIT_OK && sd_bus_message_append(m, "ss", invocation_option(inv, "reason"),
                                                  invocation_option(inv, "approver")) < 0)
                r = EXIT_OTHER;
        if (r == EXIT_OK)
                r = client_call_message(bus, m, &reply);
        if (r == EXIT_OK)
                r = number_read(reply, &n);
        if (r != EXIT_OK)
                return r;
        if (!inv->json)
                (void)printf(_("case %s: %llu footage taken out\n"), inv->args[0], (unsigned long long)n);
        done_print(inv, "case", inv->args[0], 0);
        return EXIT_OK;
}
