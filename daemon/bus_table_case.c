// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lines of the table of cases. An empty field says nothing: it neither clears what is known nor differs from
 * it. What is known otherwise is refused, or changed where the table is entered to update.
 */
#include "daemon/bus_case.h"
#include "daemon/bus_table.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

enum { NUMBER, UNIT, OPENED, FIRST_FIELD };

static int values_take(struct registry_call *call, struct case_file *f, const char *const *values)
{
        const struct retention_rules *rules = catalogue_retention(call->catalogue);
        int r = 0;

        for (enum case_field i = 0; r >= 0 && i < _CASE_FIELD_MAX; i++)
                if (*values[FIRST_FIELD + i])
                        r = case_field_take(f, i, values[FIRST_FIELD + i], rules, call->error);
        return r;
}

static int line_open(struct registry_call *call, const char *const *values, struct case_file *f)
{
        const struct case_act act = {.actor = call->actor, .approver = "", .reason = ""};
        int r = bus_time_accept("opened", values[OPENED], clock_now(), &f->opened_at, call->error);

        if (r >= 0)
                r = values_take(call, f, values);
        if (r >= 0)
                r = case_times_check(f, call->error);
        if (r < 0)
                return r;
        r = case_open(call->catalogue, &act, f, call->table_options & TABLE_ALSO_ELSEWHERE, &call->id);
        return r == CATALOGUE_OK ? LINE_ENTERED
                                 : case_open_refuse(call->catalogue, r, f, values[UNIT], call->error);
}

/* The name of a field that is known and told otherwise, NULL for none. */
static const char *differs(const struct case_file *there, const struct case_file *told)
{
        for (enum case_field i = 0; i < _CASE_FIELD_MAX; i++)
                if (!case_field_same(there, told, i))
                        return case_field_name(i);
        return NULL;
}

/* Times are written in whole seconds, and what was written is entered again. */
static void keep_fractions(const struct case_file *there, struct case_file *told)
{
        instant_t *const times[] = {&told->from, &told->to, &told->closed_at};
        const instant_t known[] = {there->from, there->to, there->closed_at};

        for (size_t i = 0; i < ELEMENTSOF(times); i++)
                if (known[i] != INSTANT_NONE && *times[i] / USEC_PER_SEC == known[i] / USEC_PER_SEC)
                        *times[i] = known[i];
}

static int line_update(struct registry_call *call, const char *const *values, const struct case_file *there)
{
        const struct case_act act = {.actor = call->actor, .approver = "", .reason = ""};
        struct case_file told = *there;
        const char *field;
        size_t changes;
        int r = values_take(call, &told, values);

        if (r < 0)
                return r;
        keep_fractions(there, &told);
        r = case_times_check(&told, call->error);
        if (r < 0)
                return r;
        field = differs(there, &told);
        if (!field)
                return LINE_UNCHANGED;
        if (!(call->table_options & TABLE_UPDATE))
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_EXISTS,
                                         "there is a case '%s' already, with another %s", there->number,
                                         field);
        r = case_approval_check(there, &told, &act, call->error);
        if (r >= 0)
                r = case_shortening_check(call->catalogue, &told, &act, call->error);
        if (r < 0)
                return r;
        r = registry_refuse(call, case_set(call->catalogue, &act, &told, &changes), "case", there->number);
        return r < 0 ? r : LINE_ENTERED;
}

static int opened_check(struct registry_call *call, const char *text, const struct case_file *there)
{
        instant_t opened;
        int r = bus_time_accept("opened", text, there->opened_at, &opened, call->error);

        if (r < 0 || opened / USEC_PER_SEC == there->opened_at / USEC_PER_SEC)
                return r;
        return sd_bus_error_setf(call->error, RECDOCK_ERROR_EXISTS,
                                 "there is a case '%s' already, with another opened, which never changes",
                                 there->number);
}

static int case_line_enter(struct registry_call *call, const char *const *values)
{
        struct case_file f = CASE_UNKNOWN, there;
        int r = bus_number_accept("case number", values[NUMBER], call->error);

        if (r >= 0)
                r = bus_text_accept("number", values[NUMBER], f.number, sizeof(f.number), call->error);
        if (r >= 0)
                r = bus_unit_require(call->catalogue, values[UNIT], &f.unit, call->error);
        if (r < 0)
                return r;
        r = case_by_number(call->catalogue, f.number, f.unit, &there);
        if (r == CATALOGUE_ABSENT)
                return line_open(call, values, &f);
        if (r == CATALOGUE_OK)
                r = opened_check(call, values[OPENED], &there);
        return r < 0 ? r : line_update(call, values, &there);
}

const struct table_noun case_table = {
                .word = "case",
                .columns = {"number", "unit", "opened", "supervision_number", "file_number", "party",
                            "handler", "activity", "premises", "premises_class", "long_term", "secrecy",
                            "evidence", "from", "to", "closed", "file_until"},
                .required = TABLE_REQUIRED(NUMBER) | TABLE_REQUIRED(UNIT),
                .enter = case_line_enter,
                .options = TABLE_UPDATE | TABLE_ALSO_ELSEWHERE,
                .text_size = 2 * CASE_TEXT_MAX,
};
_Static_assert(FIRST_FIELD + _CASE_FIELD_MAX == TABLE_COLUMNS_MAX, "a field of a case has no column");
