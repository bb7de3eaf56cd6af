// SPDX-License-Identifier: LGPL-2.1-or-later
/* When a recorder is missing; see missing.h. Never is INT64_MAX in here, so that the later of two is their
 * maximum. */
#include "rules/missing.h"
#include "base/cleanup.h"

static instant_t later_by(instant_t from, int64_t span)
{
        instant_t sum;

        return from == INSTANT_NONE || span <= 0 || __builtin_add_overflow(from, span, &sum) ? INT64_MAX
                                                                                             : sum;
}

instant_t missing_since(const struct missing_rules *rules, const struct missing_facts *f)
{
        instant_t since;

        if (f->checked_out == INSTANT_NONE)
                return INSTANT_NONE;
        since = f->roster_end == INSTANT_NONE ? later_by(f->checked_out, rules->after)
                                              : later_by(f->roster_end, rules->grace);
        if (f->extended != INSTANT_NONE)
                since = MAX(since, later_by(f->extended, rules->grace));
        return since == INT64_MAX ? INSTANT_NONE : since;
}

static bool by_then(instant_t event, instant_t at)
{
        return event != INSTANT_NONE && event <= at;
}

bool missing_at(const struct missing_rules *rules, const struct missing_facts *f, instant_t at)
{
        instant_t since = missing_since(rules, f);

        return since != INSTANT_NONE && at >= since && !by_then(f->returned, at) && !by_then(f->retired, at);
}
