// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The methods that change the registry. Each reads its fields, then does its lookups and its one act inside
 * one transaction of the catalogue, with the caller's credentials as the ledger's actor. Whatever goes wrong
 * is rolled back and named to the caller; nothing is half done.
 */
#include "daemon/bus_registry.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/docking.h"

#include <string.h>

struct registry_field {
        const char *key;
        char *value; /* REGISTRY_TEXT_MAX bytes */
        bool required;
};

int registry_run(struct bus_server *server, sd_bus_message *m, registry_apply_fn *apply, void *arguments,
                 sd_bus_error *error, int64_t *ret_id)
{
        struct registry_call call = {.catalogue = server->station->catalogue, .error = error};
        int r;

        r = bus_access_actor(m, call.actor);
        if (r < 0)
                return r;
        r = catalogue_begin(call.catalogue);
        if (r >= 0) {
                r = apply(&call, arguments);
                if (r >= 0)
                        r = catalogue_commit(call.catalogue);
                if (r < 0)
                        catalogue_rollback(call.catalogue);
        }
        if (r < 0 && !sd_bus_error_is_set(error)) {
                log_error("'%s' failed: %s (%s), nothing was changed", sd_bus_message_get_member(m),
                          log_errno_text(r), catalogue_error(call.catalogue));
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED,
                                         "the catalogue cannot be written: %s, nothing was changed",
                                         log_errno_text(r));
        }
        if (r < 0)
                return r;
        if (ret_id)
                *ret_id = call.id;
        return 0;
}

int bus_text_accept(const char *key, const char *value, char *ret, size_t size, sd_bus_error *error)
{
        if (!text_copy(ret, size, value))
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "%s is too long, expected at most %zu bytes", key, size - 1);
        text_make_printable(ret);
        if (strcmp(ret, value) != 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "%s '%s' has control characters, expected printable text", key,
                                         ret);
        return 0;
}

/* Numbers name folders of the store, so two of them must never come out as one folder. */
static int number_accept(const char *key, const char *value, sd_bus_error *error)
{
        size_t n = strlen(value);

        if (n == 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "%s is empty, expected a number such as 3700123", key);
        if (strchr(value, '/') || value[0] == '.' || value[0] == ' ' || value[n - 1] == ' ' ||
            value[n - 1] == '.')
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "%s '%s' is not valid: expected text without '/' and without '.' "
                                         "or a space at its ends",
                                         key, value);
        return 0;
}

static struct registry_field *field_by_key(struct registry_field *fields, size_t n, const char *key)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(fields[i].key, key) == 0)
                        return &fields[i];
        return NULL;
}

static int field_unknown(const struct registry_field *fields, size_t n, const char *key, sd_bus_error *error)
{
        char expected[256] = "";
        size_t used = 0;

        for (size_t i = 0; i < n && used < sizeof(expected); i++)
                used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s", i ? ", " : "",
                                         fields[i].key);
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID, "unknown field '%s', expected one of: %s",
                                 key, expected);
}

static int fields_read(sd_bus_message *m, struct registry_field *fields, size_t n, sd_bus_error *error)
{
        const char *key, *value;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{ss}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0) {
                struct registry_field *field = field_by_key(fields, n, key);

                if (!field)
                        return field_unknown(fields, n, key, error);
                r = bus_text_accept(key, value, field->value, REGISTRY_TEXT_MAX, error);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if (fields[i].required && !*fields[i].value)
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                 "field '%s' is missing or empty", fields[i].key);
        return sd_bus_message_exit_container(m);
}

/* 0 when 'number' is empty. */
static int unit_require(struct registry_call *call, const char *number, int64_t *ret)
{
        struct unit unit;
        int r;

        *ret = 0;
        if (!*number)
                return 0;
        r = unit_by_number(call->catalogue, number, &unit);
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND,
                                         "there is no unit '%s', expected one of 'recdockctl unit list'",
                                         number);
        if (r < 0)
                return r;
        *ret = unit.id;
        return 0;
}

int bus_recorder_require(struct catalogue *c, const char *number, struct recorder_row *ret,
                         sd_bus_error *error)
{
        int r = recorder_by_number(c, number, ret);

        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_NOT_FOUND,
                                "there is no recorder '%s', expected one of 'recdockctl recorder list'",
                                number);
        if (r == 0 && ret->retired_at != INSTANT_NONE)
                return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "recorder '%s' is retired, expected one in service", number);
        return r;
}

/* An outcome of the catalogue that the lookups before it cannot have left: an error all the same, never an
 * answer. */
static int outcome_refuse(struct registry_call *call, int r, const char *noun, const char *number)
{
        switch (r) {
        case CATALOGUE_OK:
                return 0;
        case CATALOGUE_EXISTS:
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_EXISTS,
                                         "there is a %s '%s' already, expected a number not in use", noun,
                                         number);
        case CATALOGUE_ABSENT:
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND, "there is no %s '%s'", noun,
                                         number);
        case CATALOGUE_RETIRED:
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "%s '%s' is retired, expected one in service", noun, number);
        case CATALOGUE_CONFLICT:
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "%s '%s' is assigned for a part of that time already", noun,
                                         number);
        default:
                return r < 0 ? r : -EIO;
        }
}

struct recorder_fields {
        char number[REGISTRY_TEXT_MAX], usb_serial[REGISTRY_TEXT_MAX], serial[REGISTRY_TEXT_MAX];
        char docking[REGISTRY_TEXT_MAX], unit[REGISTRY_TEXT_MAX], model[REGISTRY_TEXT_MAX];
        char vendor_id[REGISTRY_TEXT_MAX], product_id[REGISTRY_TEXT_MAX];
};

static int usb_id_parse(const char *key, const char *text, uint16_t *ret, sd_bus_error *error)
{
        const char *digits = strncmp(text, "0x", 2) == 0 ? text + 2 : text;
        uint8_t bytes[2];

        if (!*text)
                return 0;
        if (text_unhex(digits, bytes, sizeof(bytes)) < 0)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_INVALID,
                                "%s '%s' is not valid, expected four hexadecimal digits such as 04b4", key,
                                text);
        *ret = (uint16_t)(bytes[0] << 8 | bytes[1]);
        return 0;
}

/* What the recorder in the bay has said of itself stands in for what the caller did not say. */
static int recorder_from_docking(struct registry_call *call, const char *text, struct recorder_row *recorder)
{
        struct docking_row docking;
        int64_t id;
        int r;

        if (text_to_int64(text, &id) < 0 || id <= 0)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "docking '%s' is not valid, expected its number", text);
        r = docking_by_id(call->catalogue, id, &docking);
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(
                                call->error, RECDOCK_ERROR_NOT_FOUND,
                                "there is no docking '%s', expected one of 'recdockctl docking list'", text);
        if (r < 0)
                return r;
        if (!*recorder->usb_serial)
                (void)text_copy(recorder->usb_serial, sizeof(recorder->usb_serial), docking.usb_serial);
        if (!*recorder->serial)
                (void)text_copy(recorder->serial, sizeof(recorder->serial), docking.serial);
        if (!*recorder->model)
                (void)text_copy(recorder->model, sizeof(recorder->model), docking.model);
        if (recorder->vendor_id == 0 && recorder->product_id == 0) {
                recorder->vendor_id = docking.vendor_id;
                recorder->product_id = docking.product_id;
        }
        return 0;
}

/* One device is one recorder: its footage would go to whichever was found first. */
static int serial_refuse_taken(struct registry_call *call, const struct recorder_row *recorder)
{
        struct recorder_row other;
        int r = recorder_by_serial(call->catalogue, recorder->vendor_id, recorder->product_id,
                                   recorder->usb_serial, recorder->serial, &other);

        if (r < 0 || r == CATALOGUE_ABSENT)
                return r < 0 ? r : 0;
        if (other.retired_at != INSTANT_NONE || strcmp(other.number, recorder->number) == 0)
                return 0;
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_EXISTS,
                                 "the device with serial '%s' is recorder '%s' already, expected that one "
                                 "to be retired first",
                                 *recorder->usb_serial ? recorder->usb_serial : recorder->serial,
                                 other.number);
}

/* A number comes back with its recorder: a retired one is put into service again, one in service is refused.
 */
static int recorder_readmit(struct registry_call *call, struct recorder_row *recorder)
{
        struct recorder_row old;
        int r = recorder_by_number(call->catalogue, recorder->number, &old);

        if (r != 0)
                return outcome_refuse(call, r, "recorder", recorder->number);
        if (old.retired_at == INSTANT_NONE)
                return outcome_refuse(call, CATALOGUE_EXISTS, "recorder", recorder->number);
        recorder->id = old.id;
        call->id = old.id;
        return outcome_refuse(call, recorder_update(call->catalogue, call->actor, recorder), "recorder",
                              recorder->number);
}

/* The serials it was registered with, told or taken from the docking, are left in the arguments. */
static int recorder_register_apply(struct registry_call *call, void *arguments)
{
        struct recorder_fields *f = arguments;
        struct recorder_row recorder = {.registered_at = clock_now(), .retired_at = INSTANT_NONE};
        int r;

        memcpy(recorder.number, f->number, sizeof(recorder.number));
        memcpy(recorder.usb_serial, f->usb_serial, sizeof(recorder.usb_serial));
        memcpy(recorder.serial, f->serial, sizeof(recorder.serial));
        memcpy(recorder.model, f->model, sizeof(recorder.model));
        r = usb_id_parse("vendor_id", f->vendor_id, &recorder.vendor_id, call->error);
        if (r >= 0)
                r = usb_id_parse("product_id", f->product_id, &recorder.product_id, call->error);
        if (r >= 0 && *f->docking)
                r = recorder_from_docking(call, f->docking, &recorder);
        if (r >= 0)
                r = unit_require(call, f->unit, &recorder.unit);
        if (r < 0)
                return r;
        if (!*recorder.usb_serial && !*recorder.serial)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "nothing tells recorder '%s' from another, expected usb_serial, "
                                         "serial, or a "
                                         "docking whose recorder has told one",
                                         recorder.number);
        r = serial_refuse_taken(call, &recorder);
        if (r < 0)
                return r;
        memcpy(f->usb_serial, recorder.usb_serial, sizeof(f->usb_serial));
        memcpy(f->serial, recorder.serial, sizeof(f->serial));
        r = recorder_register(call->catalogue, call->actor, &recorder, &call->id);
        if (r == CATALOGUE_EXISTS || r == CATALOGUE_RETIRED)
                return recorder_readmit(call, &recorder);
        return outcome_refuse(call, r, "recorder", recorder.number);
}

/* It is no unknown recorder any more. The alert went by what the device said, not by a number. */
static void recorder_alert_clear(struct station *s, const char *serial)
{
        char subject[REGISTRY_TEXT_MAX + 16];

        if (!*serial)
                return;
        (void)snprintf(subject, sizeof(subject), "serial/%s", serial);
        station_alert_clear(s, "unknown-recorder", subject);
}

int bus_register_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        struct recorder_fields f = {.number = ""};
        struct registry_field fields[] = {
                        {"number", f.number, true}, {"usb_serial", f.usb_serial},
                        {"serial", f.serial},       {"docking", f.docking},
                        {"unit", f.unit},           {"model", f.model},
                        {"vendor_id", f.vendor_id}, {"product_id", f.product_id},
        };
        int64_t id = 0;
        int r;

        r = fields_read(m, fields, ELEMENTSOF(fields), error);
        if (r >= 0)
                r = number_accept("recorder number", f.number, error);
        if (r >= 0)
                r = registry_run(userdata, m, recorder_register_apply, &f, error, &id);
        if (r < 0)
                return r;
        recorder_alert_clear(server->station, f.usb_serial);
        recorder_alert_clear(server->station, f.serial);
        station_registry_changed(server->station);
        return sd_bus_reply_method_return(m, "t", (uint64_t)id);
}

struct retirement {
        const char *number;
        char reason[REGISTRY_TEXT_MAX];
};

static int recorder_retire_apply(struct registry_call *call, void *arguments)
{
        const struct retirement *a = arguments;
        struct recorder_row recorder;
        int r = bus_recorder_require(call->catalogue, a->number, &recorder, call->error);

        if (r < 0)
                return r;
        return outcome_refuse(call, recorder_retire(call->catalogue, call->actor, recorder.id, a->reason),
                              "recorder", a->number);
}

int bus_retire_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct retirement a;
        const char *reason;
        int r;

        r = sd_bus_message_read(m, "ss", &a.number, &reason);
        if (r < 0)
                return r;
        if (!*reason)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_INVALID,
                                "the reason is empty, expected why recorder '%s' goes out of service",
                                a.number);
        r = bus_text_accept("reason", reason, a.reason, sizeof(a.reason), error);
        if (r >= 0)
                r = registry_run(userdata, m, recorder_retire_apply, &a, error, NULL);
        if (r < 0)
                return r;
        station_registry_changed(((struct bus_server *)userdata)->station);
        return sd_bus_reply_method_return(m, NULL);
}

struct assignment {
        const char *recorder, *officer;
        instant_t from, until;
};

int bus_officer_require(struct catalogue *c, const char *number, struct officer *ret, sd_bus_error *error)
{
        int r = officer_by_number(c, number, ret);

        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_NOT_FOUND,
                                "there is no officer '%s', expected one of 'recdockctl officer list'",
                                number);
        return r;
}

static int recorder_assign_apply(struct registry_call *call, void *arguments)
{
        const struct assignment *a = arguments;
        struct officer officer = {.id = 0}; /* none: the open assignment ends */
        struct recorder_row recorder;
        int r;

        r = bus_recorder_require(call->catalogue, a->recorder, &recorder, call->error);
        if (r >= 0 && *a->officer)
                r = bus_officer_require(call->catalogue, a->officer, &officer, call->error);
        if (r < 0)
                return r;
        r = recorder_assign(call->catalogue, call->actor, recorder.id, officer.id, a->from, a->until);
        return outcome_refuse(call, r, "recorder", a->recorder);
}

int bus_time_accept(const char *key, const char *text, instant_t when_empty, instant_t *ret,
                    sd_bus_error *error)
{
        if (!*text) {
                *ret = when_empty;
                return 0;
        }
        if (instant_parse(text, clock_now(), ret) < 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "%s '%s' is not a time, expected such as 2026-11-01, \"2026-11-01 "
                                         "08:00\" or now",
                                         key, text);
        return 0;
}

int bus_assign_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct assignment a;
        const char *from, *until;
        int r;

        r = sd_bus_message_read(m, "ssss", &a.recorder, &a.officer, &from, &until);
        if (r >= 0)
                r = bus_time_accept("from", from, clock_now(), &a.from, error);
        if (r >= 0)
                r = bus_time_accept("until", until, INSTANT_NONE, &a.until, error);
        if (r < 0)
                return r;
        if (a.until != INSTANT_NONE && a.until <= a.from)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "until '%s' is not after from '%s', expected a later time", until,
                                         *from ? from : "now");
        r = registry_run(userdata, m, recorder_assign_apply, &a, error, NULL);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(m, NULL);
}

struct person_fields {
        char number[REGISTRY_TEXT_MAX], name[REGISTRY_TEXT_MAX], unit[REGISTRY_TEXT_MAX];
};

static int officer_add_apply(struct registry_call *call, void *arguments)
{
        const struct person_fields *f = arguments;
        struct officer officer = {.id = 0};
        int r;

        memcpy(officer.number, f->number, sizeof(officer.number));
        memcpy(officer.name, f->name, sizeof(officer.name));
        r = unit_require(call, f->unit, &officer.unit);
        if (r < 0)
                return r;
        return outcome_refuse(call, officer_add(call->catalogue, call->actor, &officer, &call->id),
                              "officer", f->number);
}

static int unit_add_apply(struct registry_call *call, void *arguments)
{
        const struct person_fields *f = arguments;
        struct unit unit = {.id = 0};
        int r;

        memcpy(unit.number, f->number, sizeof(unit.number));
        memcpy(unit.name, f->name, sizeof(unit.name));
        r = unit_require(call, f->unit, &unit.parent);
        if (r < 0)
                return r;
        return outcome_refuse(call, unit_add(call->catalogue, call->actor, &unit, &call->id), "unit",
                              f->number);
}

/* Officers and units differ in the word for the unit they are under. */
static int registry_add(sd_bus_message *m, void *userdata, const char *under, const char *number_key,
                        registry_apply_fn *apply, sd_bus_error *error)
{
        struct person_fields f = {.number = ""};
        struct registry_field fields[] = {
                        {"number", f.number, true},
                        {"name", f.name, true},
                        {under, f.unit},
        };
        int64_t id = 0;
        int r;

        r = fields_read(m, fields, ELEMENTSOF(fields), error);
        if (r >= 0)
                r = number_accept(number_key, f.number, error);
        if (r >= 0)
                r = registry_run(userdata, m, apply, &f, error, &id);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(m, "t", (uint64_t)id);
}

int bus_add_officer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return registry_add(m, userdata, "unit", "officer number", officer_add_apply, error);
}

int bus_add_unit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return registry_add(m, userdata, "parent", "unit number", unit_add_apply, error);
}
