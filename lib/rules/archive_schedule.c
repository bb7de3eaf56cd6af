// SPDX-License-Identifier: LGPL-2.1-or-later
/* When copies are made and read again; see archive_schedule.h. */
#include "rules/archive_schedule.h"

instant_t archive_check_due(const struct archive_rules *rules, instant_t read_at)
{
        /* By days of the station: a day has not always 24 hours. */
        return instant_from_day(instant_to_day(read_at) + rules->check_after / USEC_PER_DAY, 0);
}

bool archive_look_again(instant_t looked_at, bool same, instant_t now)
{
        /* One that lies in the future because the clock was set back says nothing. */
        return looked_at == INSTANT_NONE || !same || looked_at > now || now - looked_at >= ARCHIVE_RETRY;
}
