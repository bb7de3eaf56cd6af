// SPDX-License-Identifier: LGPL-2.1-or-later
/* "alert": what somebody must look at, and answering it. */
#include "cli/follow.h"
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"
#include "base/text.h"

DEFINE_CLEANUP(json_object *, json_object_put);

static const struct query_filter only_open = {"open", "yes"};

int verb_alert_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"id", N_("ALERT"), COLUMN_NUMBER},
                        {"since", N_("SINCE"), COLUMN_TIME},
                        {"severity", N_("SEVERITY"), COLUMN_STATE},
                        {"kind", N_("KIND"), COLUMN_TEXT},
                        {"subject", N_("SUBJECT"), COLUMN_TEXT},
                        {"count", N_("COUNT"), COLUMN_NUMBER},
                        {"acknowledged_at", N_("ACKNOWLEDGED"), COLUMN_TIME},
                        {"cleared_at", N_("CLEARED"), COLUMN_TIME},
                        {"text", N_("TEXT"), COLUMN_TEXT},
        };
        bool all = invocation_option(inv, "all"), open = invocation_option(inv, "open");

        if (all && open) {
                complain(_("--all and --open contradict each other, expected one of them"));
                return EXIT_USAGE;
        }
        return listing_print_with(inv, all || open ? NULL : &only_open, "alert", columns,
                                  ELEMENTSOF(columns));
}

static const struct column alert_columns[] = {
                {"id", N_("Alert"), COLUMN_NUMBER},
                {"kind", N_("Kind"), COLUMN_TEXT},
                {"severity", N_("Severity"), COLUMN_STATE},
                {"subject", N_("Subject"), COLUMN_TEXT},
                {"text", N_("Text"), COLUMN_TEXT},
                {"since", N_("Since"), COLUMN_TIME},
                {"count", N_("Count"), COLUMN_NUMBER},
                {"last_raised", N_("Last raised"), COLUMN_TIME},
                {"escalated_at", N_("Escalated"), COLUMN_TIME},
                {"acknowledged_at", N_("Acknowledged"), COLUMN_TIME},
                {"acknowledged_by", N_("Acknowledged by"), COLUMN_TEXT},
                {"note", N_("Note"), COLUMN_TEXT},
                {"cleared_at", N_("Cleared"), COLUMN_TIME},
                {"cleared_by", N_("Cleared by"), COLUMN_TEXT},
                {"reason", N_("Reason"), COLUMN_TEXT},
};

int verb_alert_show(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *alert = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = listing_one(bus, "alert", "id", inv->args[0], &alert);
        if (r != EXIT_OK)
                return r;
        if (inv->json) {
                json_print_one(alert);
                return EXIT_OK;
        }
        return record_print(stdout, alert, alert_columns, ELEMENTSOF(alert_columns)) < 0 ? EXIT_OTHER
                                                                                         : EXIT_OK;
}

/* --- answering --- */

static int answer_call(const char *method, const uint64_t *ids, size_t n, const char *text)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int e, r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_message(bus, method, &m);
        if (r != EXIT_OK)
                return r;
        e = sd_bus_message_append_array(m, 't', ids, n * sizeof(*ids));
        if (e >= 0)
                e = sd_bus_message_append(m, "s", text);
        return e < 0 ? client_report(e, NULL) : client_call_message(bus, m, NULL);
}

static void answer_print_json(const char *key, const uint64_t *ids, size_t n)
{
        _cleanup_(json_object_putp) json_object *object = json_object_new_object();
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < n; i++)
                (void)json_object_array_add(array, json_object_new_int64((int64_t)ids[i]));
        (void)json_object_object_add(object, key, array);
        json_print_one(object);
}

/* All of them or none: 'key' names them in JSON, 'format' one of them for people. */
static int answer(const struct invocation *inv, const char *method, const char *text, const char *key,
                  const char *said)
{
        const size_t n = (size_t)inv->n_args;
        _cleanup_free_ uint64_t *ids = calloc(n, sizeof(*ids));
        int r = ids ? EXIT_OK : EXIT_OTHER;

        for (size_t i = 0; r == EXIT_OK && i < n; i++)
                r = client_number(_("alert"), inv->args[i], &ids[i]);
        if (r == EXIT_OK)
                r = answer_call(method, ids, n, text);
        if (r != EXIT_OK)
                return r;
        if (inv->json)
                answer_print_json(key, ids, n);
        for (size_t i = 0; !inv->json && i < n; i++)
                (void)printf(_("alert %llu is %s\n"), (unsigned long long)ids[i], said);
        return EXIT_OK;
}

int verb_alert_ack(const struct invocation *inv)
{
        const char *note = invocation_option(inv, "note");

        return answer(inv, "AcknowledgeAlert", note ? note : "", "acknowledged", _("acknowledged"));
}

int verb_alert_clear(const struct invocation *inv)
{
        const char *reason = invocation_option(inv, "reason");

        if (!reason || !*reason) {
                complain(_("the reason is missing, expected --reason=TEXT"));
                return EXIT_USAGE;
        }
        return answer(inv, "ClearAlert", reason, "cleared", _("cleared"));
}

/* --- watching --- */

/* One line of a change, or of an alert that stood before: the members of both are the same. */
static void change_print(const struct invocation *inv, json_object *change)
{
        static const enum column_kind kinds[] = {COLUMN_TIME,  COLUMN_STATE, COLUMN_NUMBER,
                                                 COLUMN_STATE, COLUMN_TEXT,  COLUMN_TEXT,
                                                 COLUMN_TEXT,  COLUMN_TEXT,  COLUMN_TEXT};
        static const char *const keys[] = {"since",   "state", "id", "severity", "kind",
                                           "subject", "text",  "by", "note"};

        if (inv->json) {
                (void)puts(json_object_to_json_string_ext(
                                change, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
                (void)fflush(stdout);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                json_object *value = json_member(change, keys[i]);
                _cleanup_free_ char *text = value ? value_text(value, kinds[i]) : NULL;

                if (!text || !*text)
                        continue;
                text_make_printable(text);
                (void)printf("%s%s", i > 0 ? "  " : "", text);
        }
        (void)putchar('\n');
        (void)fflush(stdout);
}

static json_object *change_new(const char *const texts[8], uint64_t id, uint64_t count)
{
        static const char *const keys[8] = {"state", "kind",  "severity", "subject",
                                            "text",  "since", "by",       "note"};
        json_object *change = json_object_new_object();

        (void)json_object_object_add(change, "id", json_object_new_int64((int64_t)id));
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                (void)json_object_object_add(change, keys[i],
                                             texts[i] && *texts[i] ? json_object_new_string(texts[i])
                                                                   : NULL);
        (void)json_object_object_add(change, "count", json_object_new_int64((int64_t)count));
        return change;
}

static int on_alert_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        _cleanup_(json_object_putp) json_object *change = NULL;
        const char *texts[8];
        uint64_t id, count;

        if (sd_bus_message_read(m, "tssssstsss", &id, &texts[0], &texts[1], &texts[2], &texts[3], &texts[4],
                                &count, &texts[5], &texts[6], &texts[7]) < 0)
                return 0;
        change = change_new(texts, id, count);
        change_print(userdata, change);
        return 0;
}

/* A row as the change that was its last. */
static json_object *change_of_row(json_object *row)
{
        static const char *const keys[8] = {NULL,   "kind",  "severity",        "subject",
                                            "text", "since", "acknowledged_by", "note"};
        const char *texts[8];

        for (size_t i = 1; i < ELEMENTSOF(keys); i++)
                texts[i] = json_object_get_string(json_member(row, keys[i]));
        texts[0] = json_member(row, "acknowledged_at") ? "acknowledged"
                   : json_member(row, "escalated_at")  ? "escalated"
                                                       : "raised";
        return change_new(texts, json_object_get_uint64(json_member(row, "id")),
                          json_object_get_uint64(json_member(row, "count")));
}

/* Oldest first, as they came. */
static int open_print(const struct invocation *inv, sd_bus *bus)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;
        int r = client_rows(bus, "alert", &only_open, 1, &rows);

        for (size_t n = r == EXIT_OK ? json_object_array_length(rows) : 0; n > 0; n--) {
                _cleanup_(json_object_putp) json_object *change =
                                change_of_row(json_object_array_get_idx(rows, n - 1));

                change_print(inv, change);
        }
        return r;
}

int verb_alert_watch(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = follow_signal(bus, "AlertChanged", on_alert_changed, (void *)inv);
        if (r == EXIT_OK)
                r = open_print(inv, bus);
        if (r == EXIT_OK)
                r = follow_run(bus, NULL, NULL);
        return r;
}
