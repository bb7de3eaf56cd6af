// SPDX-License-Identifier: LGPL-2.1-or-later
/* The 24-hour rule. Sums saturate: a hostile duration must make a deadline late, never wrap it into the
 * past. */
#include "rules/deadline.h"

instant_t deadline_from_recording(instant_t ended, int64_t limit)
{
        instant_t deadline;

        if (ended == INSTANT_NONE)
                return INSTANT_NONE;
        return __builtin_add_overflow(ended, limit, &deadline) ? INT64_MAX : deadline;
}

int64_t deadline_late_by(instant_t deadline, instant_t done)
{
        int64_t late;

        if (deadline == INSTANT_NONE || done == INSTANT_NONE || done <= deadline)
                return 0;
        return __builtin_sub_overflow(done, deadline, &late) ? INT64_MAX : late;
}
