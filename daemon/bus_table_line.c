// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines of tables; see bus_table.h. What stands already as a line has it is left alone, so that an export
 * can be entered again; what stands otherwise is refused: a table corrects nothing in silence. */
#include "daemon/bus_table.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/duty.h"

#include <string.h>

/* There is a row of that number: is it what the line says? */
static int same_or_refuse(struct registry_call *call, const char *noun, const char *number,
                          const char *differs)
{
        if (!differs)
                return LINE_UNCHANGED;
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_EXISTS,
                                 "there is a %s '%s' already, with another %s", noun, number, differs);
}

static int numbered(struct registry_call *call, const char *noun, const char *number)
{
        char key[32];

        (void)snprintf(key, sizeof(key), "%s number", noun);
        return bus_number_accept(key, number, call->error);
}

static int entered(struct registry_call *call, int r, const char *noun, const char *number)
{
        r = registry_refuse(call, r, noun, number);
        return r < 0 ? r : LINE_ENTERED;
}

enum { UNIT_NUMBER, UNIT_NAME, UNIT_PARENT };

static int unit_enter(struct registry_call *call, const char *const *values)
{
        struct unit unit = {.id = 0}, there;
        int r = numbered(call, "unit", values[UNIT_NUMBER]);

        if (r >= 0)
                r = bus_unit_require(call->catalogue, values[UNIT_PARENT], &unit.parent, call->error);
        if (r < 0)
                return r;
        (void)text_copy(unit.number, sizeof(unit.number), values[UNIT_NUMBER]);
        (void)text_copy(unit.name, sizeof(unit.name), values[UNIT_NAME]);
        r = unit_by_number(call->catalogue, unit.number, &there);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK)
                return same_or_refuse(call, "unit", unit.number,
                                      strcmp(unit.name, there.name) != 0 ? "name"
                                      : unit.parent != there.parent      ? "parent"
                                                                         : NULL);
        return entered(call, unit_add(call->catalogue, call->actor, &unit, &call->id), "unit", unit.number);
}

enum { OFFICER_NUMBER, OFFICER_NAME, OFFICER_UNIT };

static int officer_enter(struct registry_call *call, const char *const *values)
{
        struct officer officer = {.id = 0}, there;
        int r = numbered(call, "officer", values[OFFICER_NUMBER]);

        if (r >= 0)
                r = bus_unit_require(call->catalogue, values[OFFICER_UNIT], &officer.unit, call->error);
        if (r < 0)
                return r;
        (void)text_copy(officer.number, sizeof(officer.number), values[OFFICER_NUMBER]);
        (void)text_copy(officer.name, sizeof(officer.name), values[OFFICER_NAME]);
        r = officer_by_number(call->catalogue, officer.number, &there);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK)
                return same_or_refuse(call, "officer", officer.number,
                                      strcmp(officer.name, there.name) != 0 ? "name"
                                      : officer.unit != there.unit          ? "unit"
                                                                            : NULL);
        return entered(call, officer_add(call->catalogue, call->actor, &officer, &call->id), "officer",
                       officer.number);
}

enum {
        RECORDER_NUMBER,
        RECORDER_USB_SERIAL,
        RECORDER_SERIAL,
        RECORDER_MODEL,
        RECORDER_VENDOR_ID,
        RECORDER_PRODUCT_ID,
        RECORDER_UNIT,
        RECORDER_REGISTERED,
        RECORDER_RETIRED
};

static int recorder_read(struct registry_call *call, const char *const *values, struct recorder_row *ret)
{
        int r = numbered(call, "recorder", values[RECORDER_NUMBER]);

        if (r >= 0)
                r = bus_usb_id_accept("vendor_id", values[RECORDER_VENDOR_ID], &ret->vendor_id, call->error);
        if (r >= 0)
                r = bus_usb_id_accept("product_id", values[RECORDER_PRODUCT_ID], &ret->product_id,
                                      call->error);
        if (r >= 0)
                r = bus_time_accept("registered", values[RECORDER_REGISTERED], clock_now(),
                                    &ret->registered_at, call->error);
        if (r >= 0)
                r = bus_time_accept("retired", values[RECORDER_RETIRED], INSTANT_NONE, &ret->retired_at,
                                    call->error);
        if (r >= 0)
                r = bus_unit_require(call->catalogue, values[RECORDER_UNIT], &ret->unit, call->error);
        if (r < 0)
                return r;
        (void)text_copy(ret->number, sizeof(ret->number), values[RECORDER_NUMBER]);
        (void)text_copy(ret->usb_serial, sizeof(ret->usb_serial), values[RECORDER_USB_SERIAL]);
        (void)text_copy(ret->serial, sizeof(ret->serial), values[RECORDER_SERIAL]);
        (void)text_copy(ret->model, sizeof(ret->model), values[RECORDER_MODEL]);
        if (!*ret->usb_serial && !*ret->serial)
                return sd_bus_error_setf(
                                call->error, RECDOCK_ERROR_INVALID,
                                "nothing tells recorder '%s' from another, expected usb_serial or serial",
                                ret->number);
        return 0;
}

static const char *recorder_difference(const struct recorder_row *a, const struct recorder_row *b)
{
        if (strcmp(a->usb_serial, b->usb_serial) != 0)
                return "usb_serial";
        if (strcmp(a->serial, b->serial) != 0)
                return "serial";
        if (strcmp(a->model, b->model) != 0)
                return "model";
        if (a->vendor_id != b->vendor_id || a->product_id != b->product_id)
                return "USB identity";
        if (a->unit != b->unit)
                return "unit";
        return (a->retired_at == INSTANT_NONE) != (b->retired_at == INSTANT_NONE) ? "state of service"
                                                                                  : NULL;
}

/* Numbers of retired ones are kept, too: footage is filed under them. */
static int recorder_enter(struct registry_call *call, const char *const *values)
{
        struct recorder_row recorder = {.id = 0}, there;
        int r = recorder_read(call, values, &recorder);

        if (r < 0)
                return r;
        r = recorder_by_number(call->catalogue, recorder.number, &there);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK)
                return same_or_refuse(call, "recorder", recorder.number,
                                      recorder_difference(&recorder, &there));
        if (recorder.retired_at == INSTANT_NONE)
                r = registry_serial_refuse_taken(call, &recorder);
        if (r < 0)
                return r;
        r = recorder_register(call->catalogue, call->actor, &recorder, &recorder.id);
        if (r == CATALOGUE_OK && recorder.retired_at != INSTANT_NONE)
                r = recorder_update(call->catalogue, call->actor, &recorder);
        return entered(call, r, "recorder", recorder.number);
}

/* Of history: the recorder may be retired by now. */
static int recorder_known(struct registry_call *call, const char *number, int64_t *ret)
{
        struct recorder_row recorder;
        int r = recorder_by_number(call->catalogue, number, &recorder);

        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(
                                call->error, RECDOCK_ERROR_NOT_FOUND,
                                "there is no recorder '%s', expected one of 'recdockctl recorder list'",
                                number);
        if (r < 0)
                return r;
        *ret = recorder.id;
        return 0;
}

enum { ASSIGNMENT_RECORDER, ASSIGNMENT_OFFICER, ASSIGNMENT_FROM, ASSIGNMENT_UNTIL };

static int assignment_enter(struct registry_call *call, const char *const *values)
{
        instant_t from, until, there_until;
        int64_t recorder = 0, there;
        struct officer officer;
        int r = bus_time_accept("from", values[ASSIGNMENT_FROM], INSTANT_NONE, &from, call->error);

        if (r >= 0)
                r = bus_time_accept("until", values[ASSIGNMENT_UNTIL], INSTANT_NONE, &until, call->error);
        if (r >= 0)
                r = recorder_known(call, values[ASSIGNMENT_RECORDER], &recorder);
        if (r >= 0)
                r = bus_officer_require(call->catalogue, values[ASSIGNMENT_OFFICER], &officer, call->error);
        if (r < 0)
                return r;
        if (until != INSTANT_NONE && until <= from)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "until '%s' is not after from '%s', expected a later time",
                                         values[ASSIGNMENT_UNTIL], values[ASSIGNMENT_FROM]);
        r = assignment_find(call->catalogue, recorder, from, &there, &there_until);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK && there == officer.id &&
            (until == there_until || (until != INSTANT_NONE && there_until != INSTANT_NONE &&
                                      until / USEC_PER_SEC == there_until / USEC_PER_SEC)))
                return LINE_UNCHANGED;
        r = recorder_assign(call->catalogue, call->actor, recorder, officer.id, from, until);
        return entered(call, r, "recorder", values[ASSIGNMENT_RECORDER]);
}

enum { DUTY_RECORDER, DUTY_OFFICER, DUTY_OUT, DUTY_UNTIL, DUTY_RETURNED, DUTY_DOCKING, DUTY_EXPORTED };

/* A time that has to have passed. */
static int past_accept(struct registry_call *call, const char *key, const char *text, instant_t *ret)
{
        int r = bus_time_accept(key, text, INSTANT_NONE, ret, call->error);

        if (r < 0 || *ret <= clock_now())
                return r;
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                 "%s '%s' is still to come, expected a time that has passed", key, text);
}

static int duty_times(struct registry_call *call, const char *const *values, struct duty *d)
{
        int r = past_accept(call, "out", values[DUTY_OUT], &d->out_at);

        if (r >= 0)
                r = bus_time_accept("until", values[DUTY_UNTIL], INSTANT_NONE, &d->roster_end, call->error);
        if (r >= 0)
                r = past_accept(call, "returned", values[DUTY_RETURNED], &d->returned_at);
        if (r >= 0)
                r = past_accept(call, "exported", values[DUTY_EXPORTED], &d->offloaded_at);
        if (r < 0)
                return r;
        if (d->out_at == INSTANT_NONE && d->returned_at == INSTANT_NONE)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "out and returned are both empty, expected one of them");
        if (d->out_at == INSTANT_NONE && d->roster_end != INSTANT_NONE)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "until '%s' without out, expected both or neither",
                                         values[DUTY_UNTIL]);
        if (d->roster_end != INSTANT_NONE && d->roster_end <= d->out_at)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "until '%s' is not after out '%s', expected a later time",
                                         values[DUTY_UNTIL], values[DUTY_OUT]);
        if (d->returned_at != INSTANT_NONE && d->returned_at < d->out_at)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "returned '%s' is before out '%s', expected a later time",
                                         values[DUTY_RETURNED], values[DUTY_OUT]);
        return 0;
}

/* What comes after the return is only told of one. */
static int duty_ending(struct registry_call *call, const char *const *values, struct duty *d)
{
        if (*values[DUTY_DOCKING] &&
            (text_to_int64(values[DUTY_DOCKING], &d->return_docking) < 0 || d->return_docking <= 0))
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "docking '%s' is not valid, expected its number",
                                         values[DUTY_DOCKING]);
        if (d->returned_at == INSTANT_NONE && (d->return_docking > 0 || d->offloaded_at != INSTANT_NONE))
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "docking or exported without returned, expected when it came back");
        if (d->offloaded_at != INSTANT_NONE && d->offloaded_at < d->returned_at)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "exported '%s' is before returned '%s', expected a later time",
                                         values[DUTY_EXPORTED], values[DUTY_RETURNED]);
        return 0;
}

static int duty_line_enter(struct registry_call *call, const char *const *values)
{
        struct officer officer = {.id = 0};
        struct duty d = {.id = 0};
        int r = duty_times(call, values, &d);

        if (r >= 0)
                r = duty_ending(call, values, &d);
        if (r >= 0)
                r = recorder_known(call, values[DUTY_RECORDER], &d.recorder);
        if (r >= 0 && *values[DUTY_OFFICER])
                r = bus_officer_require(call->catalogue, values[DUTY_OFFICER], &officer, call->error);
        if (r < 0)
                return r;
        d.officer = officer.id;
        r = duty_enter(call->catalogue, call->actor, &d, &call->id);
        if (r == CATALOGUE_EXISTS)
                return LINE_UNCHANGED;
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_NOT_FOUND,
                                         "there is no docking '%s' of recorder '%s'", values[DUTY_DOCKING],
                                         values[DUTY_RECORDER]);
        if (r == CATALOGUE_CONFLICT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "recorder '%s' has a duty at that time already, expected none",
                                         values[DUTY_RECORDER]);
        return r < 0 ? r : LINE_ENTERED;
}

static const struct table_noun nouns[] = {
                {"unit",
                 {"number", "name", "parent"},
                 TABLE_REQUIRED(UNIT_NUMBER) | TABLE_REQUIRED(UNIT_NAME),
                 0,
                 false,
                 unit_enter},
                {"officer",
                 {"number", "name", "unit"},
                 TABLE_REQUIRED(OFFICER_NUMBER) | TABLE_REQUIRED(OFFICER_NAME),
                 0,
                 false,
                 officer_enter},
                {"recorder",
                 {"number", "usb_serial", "serial", "model", "vendor_id", "product_id", "unit", "registered",
                  "retired"},
                 TABLE_REQUIRED(RECORDER_NUMBER),
                 TABLE_REQUIRED(RECORDER_USB_SERIAL) | TABLE_REQUIRED(RECORDER_SERIAL),
                 false,
                 recorder_enter},
                {"assignment",
                 {"recorder", "officer", "from", "until"},
                 TABLE_REQUIRED(ASSIGNMENT_RECORDER) | TABLE_REQUIRED(ASSIGNMENT_OFFICER) |
                                 TABLE_REQUIRED(ASSIGNMENT_FROM),
                 0,
                 false,
                 assignment_enter},
                {"duty",
                 {"recorder", "officer", "out", "until", "returned", "docking", "exported"},
                 TABLE_REQUIRED(DUTY_RECORDER),
                 0,
                 true,
                 duty_line_enter},
};

const struct table_noun *table_noun_by_word(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(nouns); i++)
                if (strcmp(nouns[i].word, word) == 0)
                        return &nouns[i];
        return strcmp(case_table.word, word) == 0 ? &case_table : NULL;
}
