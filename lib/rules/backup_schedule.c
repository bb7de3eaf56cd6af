// SPDX-License-Identifier: LGPL-2.1-or-later
/* When backups are due; see backup_schedule.h. */
#include "rules/backup_schedule.h"
#include "base/cleanup.h"

instant_t backup_due(const struct backup_rules *rules, const struct backup_past *past, instant_t now)
{
        instant_t due = past->registered_at;

        if (past->begun_at != INSTANT_NONE) {
                instant_t begun = MIN(past->begun_at, now);

                /* By days and not by spans: one that began five seconds late must not be waited for a day
                 * longer, and a day has not always 24 hours. */
                due = rules->at < 0 ? begun + rules->every
                                    : instant_from_day(instant_to_day(begun) + rules->every / USEC_PER_DAY,
                                                       (unsigned int)rules->at);
        }
        if (past->failed_at != INSTANT_NONE)
                due = MAX(due, MIN(past->failed_at, now) + MIN(BACKUP_RETRY, rules->every));
        return due;
}

instant_t backup_overdue(const struct backup_rules *rules, const struct backup_past *past)
{
        return (past->good_at != INSTANT_NONE ? past->good_at : past->registered_at) + rules->alert_after;
}
