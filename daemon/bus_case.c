// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The methods of cases: opened, changed, closed, reopened, and footage put into them and taken out. Each is
 * one transaction, whole or not at all, with the caller's credentials in history and ledger; after it the
 * deadline clock looks whether what was not annotated is now.
 */
#include "daemon/bus_case.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

enum { TAG_MAX = 10000 }; /* the loop waits: about a second */

struct case_call {
        const char *number, *unit; /* of which case; "" whichever unit has it */
        struct case_file file;     /* OpenCase(): what is to be */
        sd_bus_message *message;
        sd_bus_error *error;
        const struct retention_rules *rules;
        bool also_elsewhere, move;
        char reason[CASE_TEXT_MAX], approver[REGISTRY_TEXT_MAX];
        const char *at, *file_until;
        int64_t *footage;
        size_t n_footage, n_allocated;
        struct query *query; /* TagFootage() by filters */
        size_t changes;
        struct case_tagging tagging;
};

static void case_call_done(struct case_call *a)
{
        free(a->footage);
        query_free(a->query);
}

static struct case_act act_of(const struct registry_call *call, const struct case_call *a)
{
        return (struct case_act){.actor = call->actor, .approver = a->approver, .reason = a->reason};
}

static int why_accept(struct case_call *a, const char *reason, const char *approver, bool required,
                      sd_bus_error *error)
{
        if (required && (!*reason || !*approver))
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID, "the %s is empty, expected %s",
                                         *reason ? "approver" : "reason",
                                         *reason ? "who approved it" : "why footage leaves a case");
        if (bus_text_accept("reason", reason, a->reason, sizeof(a->reason), error) < 0)
                return -EINVAL;
        return bus_text_accept("approver", approver, a->approver, sizeof(a->approver), error);
}

static int case_reply(struct bus_server *server, sd_bus_message *m, int64_t id)
{
        station_cases_changed(server->station);
        return sd_bus_reply_method_return(m, "t", (uint64_t)id);
}

static const struct retention_rules *rules_of(const struct bus_server *server)
{
        return catalogue_retention(server->station->catalogue);
}

/* ---- OpenCase() ---- */

static int field_unknown(const char *key, const char *also, sd_bus_error *error)
{
        char expected[512] = "";
        size_t used = 0;

        for (enum case_field i = 0; i < _CASE_FIELD_MAX; i++)
                used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s", i ? ", " : "",
                                         case_field_name(i));
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID, "unknown field '%s', expected one of: %s%s",
                                 key, also, expected);
}

/* The fields of a new case that cannot change later. */
static int open_field(struct case_call *a, const char *key, const char *value, sd_bus_error *error)
{
        enum case_field field;
        int r;

        if (strcmp(key, "number") == 0) {
                r = bus_text_accept(key, value, a->file.number, sizeof(a->file.number), error);
                return r < 0 ? r : bus_number_accept("case number", value, error);
        }
        if (strcmp(key, "unit") == 0) {
                a->unit = value;
                return 0;
        }
        if (strcmp(key, "opened") == 0)
                return bus_time_accept(key, value, clock_now(), &a->file.opened_at, error);
        if (strcmp(key, "also_elsewhere") == 0) {
                a->also_elsewhere = strcmp(value, "yes") == 0;
                return a->also_elsewhere
                                       ? 0
                                       : sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                           "also_elsewhere '%s' is not valid, expected yes",
                                                           value);
        }
        if (case_field_by_name(key, &field) < 0)
                return field_unknown(key, "number, unit, opened, also_elsewhere, ", error);
        return case_field_take(&a->file, field, value, a->rules, error);
}

static int open_read(sd_bus_message *m, struct case_call *a, sd_bus_error *error)
{
        const char *key, *value;
        int r = sd_bus_message_enter_container(m, 'a', "{ss}");

        while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0)
                r = open_field(a, key, value, error);
        if (r < 0)
                return r;
        if (!*a->file.number || !*a->unit)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID, "field '%s' is missing or empty",
                                         *a->file.number ? "unit" : "number");
        return case_times_check(&a->file, error);
}

static int open_apply(struct registry_call *call, void *arguments)
{
        struct case_call *a = arguments;
        const struct case_act act = act_of(call, a);
        int r = bus_unit_require(call->catalogue, a->unit, &a->file.unit, call->error);

        if (r < 0)
                return r;
        r = case_open(call->catalogue, &act, &a->file, a->also_elsewhere, &call->id);
        return r == CATALOGUE_OK ? 0 : case_open_refuse(call->catalogue, r, &a->file, a->unit, call->error);
}

int bus_open_case(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(case_call_done) struct case_call a = {
                        .unit = "", .file = CASE_UNKNOWN, .rules = rules_of(userdata)};
        int64_t id = 0;
        int r;

        a.file.opened_at = clock_now();
        r = open_read(m, &a, error);
        if (r >= 0)
                r = registry_run(userdata, m, open_apply, &a, error, &id);
        return r < 0 ? r : case_reply(userdata, m, id);
}

/* ---- SetCase(), CloseCase(), ReopenCase() ---- */

/* Its closing has methods of its own. */
static int set_field(const char *key, enum case_field *ret, sd_bus_error *error)
{
        if (case_field_by_name(key, ret) < 0)
                return field_unknown(key, "", error);
        if (*ret == CASE_CLOSED)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "closed is not set, expected 'recdockctl case close' or 'case "
                                         "reopen'");
        return 0;
}

static int set_values(struct case_call *a, struct case_file *f, sd_bus_error *error)
{
        sd_bus_message *m = a->message;
        const char *key, *value;
        enum case_field field;
        int r = sd_bus_message_enter_container(m, 'a', "{ss}");

        while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0) {
                r = set_field(key, &field, error);
                if (r >= 0)
                        r = case_field_take(f, field, value, a->rules, error);
                a->changes++;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int clear_values(struct case_call *a, struct case_file *f, sd_bus_error *error)
{
        sd_bus_message *m = a->message;
        enum case_field field;
        const char *key;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        while (r >= 0 && (r = sd_bus_message_read(m, "s", &key)) > 0) {
                r = set_field(key, &field, error);
                if (r >= 0)
                        case_field_clear(f, field);
                a->changes++;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int write_case(struct registry_call *call, struct case_call *a, const struct case_file *old,
                      const struct case_file *new)
{
        const struct case_act act = act_of(call, a);
        int r = case_times_check(new, call->error);

        if (r >= 0)
                r = case_approval_check(old, new, &act, call->error);
        if (r >= 0)
                r = case_shortening_check(call->catalogue, new, &act, call->error);
        if (r < 0)
                return r;
        call->id = new->id;
        return registry_refuse(call, case_set(call->catalogue, &act, new, &a->changes), "case", new->number);
}

static int set_apply(struct registry_call *call, void *arguments)
{
        struct case_call *a = arguments;
        const char *reason, *approver;
        struct case_file old, new;
        int r = case_require(call->catalogue, a->number, a->unit, &old, call->error);

        if (r < 0)
                return r;
        new = old;
        r = set_values(a, &new, call->error);
        if (r >= 0)
                r = clear_values(a, &new, call->error);
        if (r >= 0)
                r = sd_bus_message_read(a->message, "ss", &reason, &approver);
        if (r >= 0)
                r = why_accept(a, reason, approver, false, call->error);
        if (r < 0)
                return r;
        if (a->changes == 0)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "nothing is to be changed of case '%s', expected a field",
                                         old.number);
        return write_case(call, a, &old, &new);
}

int bus_set_case(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(case_call_done) struct case_call a = {.message = m, .rules = rules_of(userdata)};
        int64_t id = 0;
        int r = sd_bus_message_read(m, "ss", &a.number, &a.unit);

        if (r >= 0)
                r = registry_run(userdata, m, set_apply, &a, error, &id);
        if (r < 0)
                return r;
        station_cases_changed(((struct bus_server *)userdata)->station);
        return sd_bus_reply_method_return(m, "tt", (uint64_t)id, (uint64_t)a.changes);
}

static int close_apply(struct registry_call *call, void *arguments)
{
        struct case_call *a = arguments;
        char at[INSTANT_TEXT_MAX];
        struct case_file old, new;
        int r = case_require(call->catalogue, a->number, a->unit, &old, call->error);

        if (r < 0)
                return r;
        if (old.closed_at != INSTANT_NONE)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "case '%s' is closed since %s, expected an open one", old.number,
                                         instant_format(old.closed_at, at));
        new = old;
        r = bus_time_accept("at", a->at, clock_now(), &new.closed_at, call->error);
        if (r >= 0 && *a->file_until)
                r = case_field_take(&new, CASE_FILE_UNTIL, a->file_until, a->rules, call->error);
        return r < 0 ? r : write_case(call, a, &old, &new);
}

int bus_close_case(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(case_call_done) struct case_call a = {.message = m, .rules = rules_of(userdata)};
        const char *reason, *approver;
        int64_t id = 0;
        int r = sd_bus_message_read(m, "ssssss", &a.number, &a.unit, &a.at, &a.file_until, &reason,
                                    &approver);

        if (r >= 0)
                r = why_accept(&a, reason, approver, false, error);
        if (r >= 0)
                r = registry_run(userdata, m, close_apply, &a, error, &id);
        return r < 0 ? r : case_reply(userdata, m, id);
}

static int reopen_apply(struct registry_call *call, void *arguments)
{
        struct case_call *a = arguments;
        struct case_file old, new;
        int r = case_require(call->catalogue, a->number, a->unit, &old, call->error);

        if (r < 0)
                return r;
        if (old.closed_at == INSTANT_NONE)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "case '%s' is open, expected a closed one", old.number);
        new = old;
        new.closed_at = INSTANT_NONE;
        return write_case(call, a, &old, &new);
}

int bus_reopen_case(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(case_call_done) struct case_call a = {.message = m};
        const char *reason, *approver;
        int64_t id = 0;
        int r = sd_bus_message_read(m, "ssss", &a.number, &a.unit, &reason, &approver);

        if (r >= 0)
                r = why_accept(&a, reason, approver, false, error);
        if (r >= 0)
                r = registry_run(userdata, m, reopen_apply, &a, error, &id);
        return r < 0 ? r : case_reply(userdata, m, id);
}

/* ---- TagFootage(), UntagFootage() ---- */

static int too_many(sd_bus_error *error)
{
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "this is more than %d footage, expected parts of it one after the other",
                                 TAG_MAX);
}

static int footage_add(void *userdata, int64_t id)
{
        struct case_call *a = userdata;

        if (a->n_footage == TAG_MAX)
                return too_many(a->error);
        if (a->n_footage == a->n_allocated) {
                size_t n = a->n_allocated ? 2 * a->n_allocated : 64;
                int64_t *footage = reallocarray(a->footage, n, sizeof(*footage));

                if (!footage)
                        return -ENOMEM;
                a->footage = footage;
                a->n_allocated = n;
        }
        a->footage[a->n_footage++] = id;
        return 0;
}

static int footage_read(sd_bus_message *m, struct case_call *a, sd_bus_error *error)
{
        uint64_t id;
        int r = sd_bus_message_enter_container(m, 'a', "t");

        a->error = error;
        while (r >= 0 && (r = sd_bus_message_read(m, "t", &id)) > 0)
                r = footage_add(a, id > INT64_MAX ? 0 : (int64_t)id);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* A time and whose it is, so that a word that was forgotten does not tag the whole store. */
static int filters_check(const struct query_filter *filters, size_t n, sd_bus_error *error)
{
        static const char *const keys[] = {"from", "to", "recorder", "officer", "unit"};
        unsigned int given = 0;

        for (size_t i = 0; i < n; i++) {
                size_t k = 0;

                while (k < ELEMENTSOF(keys) && strcmp(keys[k], filters[i].key) != 0)
                        k++;
                if (k == ELEMENTSOF(keys))
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                 "footage is not tagged by '%s', expected from, to, "
                                                 "recorder, officer or unit",
                                                 filters[i].key);
                given |= 1U << k;
        }
        if ((given & 3U) == 3U && given > 3U)
                return 0;
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "which footage is not said, expected its numbers, or from and to with a "
                                 "recorder, an officer or a unit");
}

static int filters_read(sd_bus_message *m, struct case_call *a, sd_bus_error *error)
{
        struct query_filter filters[BUS_FILTERS_MAX];
        _cleanup_free_ char *why = NULL;
        size_t n = 0;
        int r = sd_bus_message_enter_container(m, 'a', "(ss)");

        while (r >= 0 && n < ELEMENTSOF(filters) &&
               (r = sd_bus_message_read(m, "(ss)", &filters[n].key, &filters[n].value)) > 0)
                n++;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0 || (a->n_footage > 0 && n == 0))
                return r;
        if (a->n_footage > 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "footage is named and '%s' is given, expected one of them",
                                         filters[0].key);
        r = filters_check(filters, n, error);
        if (r >= 0)
                r = query_new("footage", filters, n, clock_now(), &a->query, &why);
        return r == -EINVAL && why ? sd_bus_error_set(error, RECDOCK_ERROR_INVALID, why) : r;
}

/* The other case in words, for whom it surprises. */
static int tag_refuse(struct registry_call *call, const struct case_call *a, int r)
{
        const struct case_tagging *t = &a->tagging;
        struct case_file other = {.number = "?"};

        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND,
                                         "there is no footage '%lld', expected one of 'recdockctl list'",
                                         (long long)t->footage);
        if (r != CATALOGUE_CONFLICT)
                return r < 0 ? r : -EIO;
        if (t->other > 0)
                (void)case_by_id(call->catalogue, t->other, &other);
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                 "%zu footage, footage '%lld' first, is in case '%s': nothing is tagged; "
                                 "expected --move with a reason and an approver",
                                 t->n_refused, (long long)t->footage, other.number);
}

static int untag_refuse(struct registry_call *call, const struct case_call *a, int r)
{
        if (r != CATALOGUE_CONFLICT)
                return tag_refuse(call, a, r);
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                 "footage '%lld' is not in case '%s': nothing is taken out",
                                 (long long)a->tagging.footage, a->number);
}

static int tag_apply(struct registry_call *call, void *arguments)
{
        struct case_call *a = arguments;
        const struct case_act act = act_of(call, a);
        struct case_file f;
        int r = case_require(call->catalogue, a->number, a->unit, &f, call->error);

        a->error = call->error;
        if (r >= 0 && a->query)
                r = query_footage_ids(call->catalogue, a->query, footage_add, a);
        if (r < 0)
                return r;
        if (a->n_footage == 0)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND,
                                         "no footage is like that, nothing is tagged");
        r = tag_shortening_check(call->catalogue, &f, a->footage, a->n_footage, &act, call->error);
        if (r < 0)
                return r;
        r = case_tag(call->catalogue, &act, f.id, a->footage, a->n_footage, a->move, &a->tagging);
        return r == CATALOGUE_OK ? 0 : tag_refuse(call, a, r);
}

int bus_tag_footage(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(case_call_done) struct case_call a = {.message = m};
        const char *reason, *approver;
        int move, r = sd_bus_message_read(m, "ss", &a.number, &a.unit);

        if (r >= 0)
                r = footage_read(m, &a, error);
        if (r >= 0)
                r = filters_read(m, &a, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "bss", &move, &reason, &approver);
        if (r < 0)
                return r;
        a.move = move != 0;
        r = why_accept(&a, reason, approver, a.move, error);
        if (r >= 0)
                r = registry_run(userdata, m, tag_apply, &a, error, NULL);
        if (r < 0)
                return r;
        station_cases_changed(((struct bus_server *)userdata)->station);
        return sd_bus_reply_method_return(m, "ttt", (uint64_t)a.tagging.tagged, (uint64_t)a.tagging.already,
                                          (uint64_t)a.tagging.moved);
}

static int untag_apply(struct registry_call *call, void *arguments)
{
        struct case_call *a = arguments;
        const struct case_act act = act_of(call, a);
        struct case_file f;
        int r = case_require(call->catalogue, a->number, a->unit, &f, call->error);

        if (r < 0)
                return r;
        r = case_untag(call->catalogue, &act, f.id, a->footage, a->n_footage, &a->tagging);
        return r == CATALOGUE_OK ? 0 : untag_refuse(call, a, r);
}

int bus_untag_footage(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(case_call_done) struct case_call a = {.message = m};
        const char *reason, *approver;
        int r = sd_bus_message_read(m, "ss", &a.number, &a.unit);

        if (r >= 0)
                r = footage_read(m, &a, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "ss", &reason, &approver);
        if (r >= 0)
                r = why_accept(&a, reason, approver, true, error);
        if (r >= 0 && a.n_footage == 0)
                r = sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                      "no footage is named, expected its numbers");
        if (r >= 0)
                r = registry_run(userdata, m, untag_apply, &a, error, NULL);
        return r < 0 ? r : case_reply(userdata, m, (int64_t)a.tagging.tagged);
}
