// SPDX-License-Identifier: LGPL-2.1-or-later
/* Changes of cases by which footage would be kept shorter, or leave the long-term categories: refused unless
 * somebody approves them and says why (R-28-21, R-30-6). The rules judge all of the footage before and
 * after. */
#include "daemon/bus_case.h"

static bool approved(const struct case_act *act)
{
        return *act->reason && *act->approver;
}

static const char *day_words(day_t day, char *buf)
{
        return day == RETENTION_NEVER ? "for ever" : day_format(day, buf);
}

static int shortening_refuse(const struct shortening *s, const char *number, sd_bus_error *error)
{
        char before[DAY_TEXT_MAX], after[DAY_TEXT_MAX];

        if (s->footage == 0)
                return 0;
        if (s->before == s->after)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "by this change of case '%s' %lld footage, footage '%lld' first, "
                                         "would lose what it is kept by, expected a reason and an approver",
                                         number, (long long)s->footage, (long long)s->first);
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "by this change of case '%s' %lld footage would be kept shorter (footage "
                                 "'%lld' until %s instead of %s), expected a reason and an approver",
                                 number, (long long)s->footage, (long long)s->first,
                                 day_words(s->after, after), day_words(s->before, before));
}

int case_shortening_check(struct catalogue *c, const struct case_file *new, const struct case_act *act,
                          sd_bus_error *error)
{
        struct case_retention after = {.evidence = new->evidence, .file_until = new->file_until};
        struct shortening s;
        int r;

        if (approved(act))
                return 0;
        (void)snprintf(after.premises_class, sizeof(after.premises_class), "%s", new->premises_class);
        (void)snprintf(after.category, sizeof(after.category), "%s", new->long_term);
        r = retention_case_shortens(c, new->id, &after, &s);
        return r < 0 ? r : shortening_refuse(&s, new->number, error);
}

int tag_shortening_check(struct catalogue *c, const struct case_file *to, const int64_t *footage, size_t n,
                         const struct case_act *act, sd_bus_error *error)
{
        struct shortening s;
        int r;

        if (approved(act))
                return 0;
        r = retention_move_shortens(c, footage, n, to->id, &s);
        return r < 0 ? r : shortening_refuse(&s, to->number, error);
}
