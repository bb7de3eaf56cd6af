// SPDX-License-Identifier: LGPL-2.1-or-later
/* How fast the clocks of a report run, as "recorder show" says it: by all that is known of them when the
 * period ends, for a month is too short to tell. */
#include "base/cleanup.h"
#include "catalogue/registry.h"
#include "daemon/clock_history.h"
#include "daemon/report.h"

static int drift_of(struct catalogue *c, const struct report_request *q, json_object *row)
{
        struct clock_drift drift = {.known = false};
        struct recorder_row recorder;
        json_object *number = NULL;
        int r;

        (void)json_object_object_get_ex(row, "recorder", &number);
        r = recorder_by_number(c, json_object_get_string(number), &recorder);
        if (r == CATALOGUE_OK)
                r = clock_history_drift(c, recorder.id, q->scope.to, &drift);
        if (r < 0)
                return r;
        (void)json_object_object_add(
                        row, "drift_s_per_day",
                        drift.known ? json_object_new_double((double)drift.per_day / USEC_PER_SEC) : NULL);
        (void)json_object_object_add(row, "drift_readings", json_object_new_int64(drift.readings));
        return atomic_load(q->cancelled) ? -ECANCELED : 0;
}

int report_drift_add(struct catalogue *c, const struct report_request *q, json_object *report)
{
        json_object *clocks = NULL;
        int r = 0;

        (void)json_object_object_get_ex(report, "clocks", &clocks);
        for (size_t i = 0; r == 0 && i < json_object_array_length(clocks); i++)
                r = drift_of(c, q, json_object_array_get_idx(clocks, i));
        return r;
}
