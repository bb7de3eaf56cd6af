// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values of a case's fields; see bus_case.h. */
#include "daemon/bus_case.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/case_word.h"

#include <inttypes.h>
#include <string.h>

static int refuse_value(enum case_field field, const char *value, const char *expected, sd_bus_error *error)
{
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID, "%s '%s' is not valid, expected %s",
                                 case_field_name(field), value, expected);
}

static int take_word(enum case_field field, const struct words *words, const char *value, char *ret,
                     sd_bus_error *error)
{
        char expected[256] = "";
        size_t used = 0;
        int place;

        if (word_value(words, value, strlen(value), &place) == 0) {
                (void)text_copy(ret, CASE_WORD_MAX, words->words[place]);
                return 0;
        }
        for (size_t i = 0; i < words->n && used < sizeof(expected); i++)
                used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s",
                                         i == 0              ? ""
                                         : i + 1 == words->n ? " or "
                                                             : ", ",
                                         words->words[i]);
        return refuse_value(field, value, expected, error);
}

/* Words of the site's retention profile, or what it calls them. */
static int take_profile_word(enum case_field field, const char *value, const struct retention_rules *rules,
                             char *ret, sd_bus_error *error)
{
        bool premises = field == CASE_PREMISES_CLASS;
        enum retention_kind kind = premises ? RETENTION_PREMISES : RETENTION_CATEGORY;
        const struct retention_class *c = retention_class_find(rules, kind, value);
        char words[256];

        if (!c && retention_rules_usable(rules))
                return refuse_value(field, value, retention_class_words(rules, kind, words, sizeof(words)),
                                    error);
        if (c) {
                (void)text_copy(ret, CASE_WORD_MAX, c->word);
                return 0;
        }
        if (premises ? !premises_class_accept(value) : !long_term_accept(value))
                return refuse_value(field, value, premises ? PREMISES_CLASS_EXPECTED : LONG_TERM_EXPECTED,
                                    error);
        (void)text_copy(ret, CASE_WORD_MAX, value);
        return 0;
}

static int take_evidence(const char *value, bool *ret, sd_bus_error *error)
{
        bool yes = strcmp(value, "yes") == 0;

        if (!yes && strcmp(value, "no") != 0)
                return refuse_value(CASE_EVIDENCE, value, "yes or no", error);
        *ret = yes;
        return 0;
}

/* Of a day is kept what follows it. */
static int take_day(enum case_field field, const char *value, instant_t *ret, sd_bus_error *error)
{
        instant_t at, end;

        if (instant_parse(value, clock_now(), &at) < 0 || instant_parse("tomorrow", at, &end) < 0)
                return refuse_value(field, value, "a day such as 2031-12-31", error);
        *ret = end;
        return 0;
}

int case_field_take(struct case_file *f, enum case_field field, const char *value,
                    const struct retention_rules *rules, sd_bus_error *error)
{
        const char *name = case_field_name(field);
        char printable[2 * CASE_TEXT_MAX];
        int r = bus_text_accept(name, value, printable, sizeof(printable), error);

        if (r < 0)
                return r;
        if (!*value)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "%s is empty, expected a value; a field is made unknown by "
                                         "'recdockctl case set --clear=%s'",
                                         name, name);
        switch (field) {
        case CASE_SUPERVISION_NUMBER:
                return bus_text_accept(name, value, f->supervision_number, sizeof(f->supervision_number),
                                       error);
        case CASE_FILE_NUMBER:
                return bus_text_accept(name, value, f->file_number, sizeof(f->file_number), error);
        case CASE_PARTY:
                return bus_text_accept(name, value, f->party, sizeof(f->party), error);
        case CASE_HANDLER:
                return bus_text_accept(name, value, f->handler, sizeof(f->handler), error);
        case CASE_ACTIVITY:
                return take_word(field, &activity_words, value, f->activity, error);
        case CASE_PREMISES:
                return bus_text_accept(name, value, f->premises, sizeof(f->premises), error);
        case CASE_PREMISES_CLASS:
                return take_profile_word(field, value, rules, f->premises_class, error);
        case CASE_LONG_TERM:
                return take_profile_word(field, value, rules, f->long_term, error);
        case CASE_SECRECY:
                return take_word(field, &secrecy_words, value, f->secrecy, error);
        case CASE_EVIDENCE:
                return take_evidence(value, &f->evidence, error);
        case CASE_FROM:
                return bus_time_accept(name, value, INSTANT_NONE, &f->from, error);
        case CASE_TO:
                return bus_time_accept(name, value, INSTANT_NONE, &f->to, error);
        case CASE_CLOSED:
                return bus_time_accept(name, value, INSTANT_NONE, &f->closed_at, error);
        case CASE_FILE_UNTIL:
                return take_day(field, value, &f->file_until, error);
        case _CASE_FIELD_MAX:
                break;
        }
        return -EINVAL;
}

void case_field_clear(struct case_file *f, enum case_field field)
{
        const struct case_file unknown = CASE_UNKNOWN;

        switch (field) {
        case CASE_SUPERVISION_NUMBER:
                f->supervision_number[0] = '\0';
                break;
        case CASE_FILE_NUMBER:
                f->file_number[0] = '\0';
                break;
        case CASE_PARTY:
                f->party[0] = '\0';
                break;
        case CASE_HANDLER:
                f->handler[0] = '\0';
                break;
        case CASE_ACTIVITY:
                f->activity[0] = '\0';
                break;
        case CASE_PREMISES:
                f->premises[0] = '\0';
                break;
        case CASE_PREMISES_CLASS:
                f->premises_class[0] = '\0';
                break;
        case CASE_LONG_TERM:
                f->long_term[0] = '\0';
                break;
        case CASE_SECRECY:
                memcpy(f->secrecy, unknown.secrecy, sizeof(f->secrecy));
                break;
        case CASE_EVIDENCE:
                f->evidence = false;
                break;
        case CASE_FROM:
                f->from = INSTANT_NONE;
                break;
        case CASE_TO:
                f->to = INSTANT_NONE;
                break;
        case CASE_CLOSED:
                f->closed_at = INSTANT_NONE;
                break;
        case CASE_FILE_UNTIL:
                f->file_until = INSTANT_NONE;
                break;
        case _CASE_FIELD_MAX:
                break;
        }
}

int case_times_check(const struct case_file *f, sd_bus_error *error)
{
        char one[INSTANT_TEXT_MAX], other[INSTANT_TEXT_MAX];

        if (f->opened_at > clock_now())
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "opened '%s' is still to come, expected a time that has passed",
                                         instant_format(f->opened_at, one));
        if (f->closed_at != INSTANT_NONE && f->closed_at > clock_now())
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "closed '%s' is still to come, expected a time that has passed",
                                         instant_format(f->closed_at, one));
        if (f->closed_at != INSTANT_NONE && f->closed_at < f->opened_at)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "closed '%s' is before the case was opened at '%s', expected a "
                                         "later time",
                                         instant_format(f->closed_at, one),
                                         instant_format(f->opened_at, other));
        if (f->from != INSTANT_NONE && f->to != INSTANT_NONE && f->to <= f->from)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "to '%s' is not after from '%s', expected a later time",
                                         instant_format(f->to, one), instant_format(f->from, other));
        if (f->file_until != INSTANT_NONE && f->closed_at != INSTANT_NONE && f->file_until <= f->closed_at)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "file_until is over before the case is closed at '%s', expected a "
                                         "later day",
                                         instant_format(f->closed_at, one));
        return 0;
}

/* What is given up, NULL for nothing. */
static const char *given_up(const struct case_file *old, const struct case_file *new)
{
        if (*old->long_term && !*new->long_term)
                return "long_term";
        if (old->evidence && !new->evidence)
                return "evidence";
        if (old->file_until != INSTANT_NONE &&
            new->file_until != INSTANT_NONE &&new->file_until < old->file_until)
                return "file_until";
        return NULL;
}

int case_approval_check(const struct case_file *old, const struct case_file *new, const struct case_act *act,
                        sd_bus_error *error)
{
        const char *field = given_up(old, new);

        if (!field || (*act->reason && *act->approver))
                return 0;
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "%s of case '%s' lets its footage go earlier, expected a reason and an "
                                 "approver",
                                 field, old->number);
}

int case_require(struct catalogue *c, const char *number, const char *unit, struct case_file *ret,
                 sd_bus_error *error)
{
        char units[256];
        int64_t unit_id = 0;
        int r = bus_unit_require(c, unit, &unit_id, error);

        if (r < 0)
                return r;
        r = case_by_number(c, number, unit_id, ret);
        if (r == CATALOGUE_ABSENT && unit_id > 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_NOT_FOUND,
                                         "unit '%s' has no case '%s', expected one of 'recdockctl case "
                                         "list'",
                                         unit, number);
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(error, RECDOCK_ERROR_NOT_FOUND,
                                         "there is no case '%s', expected one of 'recdockctl case list'",
                                         number);
        if (r != CATALOGUE_CONFLICT)
                return r;
        r = case_units(c, number, units, sizeof(units));
        return r < 0 ? r
                     : sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "several units have a case '%s': %s; expected the unit, too",
                                         number, units);
}

int case_open_refuse(struct catalogue *c, int r, const struct case_file *f, const char *unit,
                     sd_bus_error *error)
{
        char units[256];

        if (r == CATALOGUE_EXISTS)
                return sd_bus_error_setf(error, RECDOCK_ERROR_EXISTS,
                                         "unit '%s' has a case '%s' already, expected a number not in use",
                                         unit, f->number);
        if (r != CATALOGUE_CONFLICT)
                return r < 0 ? r : -EIO;
        r = case_units(c, f->number, units, sizeof(units));
        return r < 0 ? r
                     : sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "case '%s' is one of unit %s; if unit '%s' has one of the same "
                                         "number, expected --also-elsewhere",
                                         f->number, units, unit);
}
