// SPDX-License-Identifier: LGPL-2.1-or-later
/* Thresholds; see health.h. */
#include "rules/health.h"
#include "base/clock.h"

static uint64_t magnitude(int64_t v)
{
        return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

enum health health_of_clock(const struct health_limits *limits, bool has_offset, int64_t offset,
                            int64_t uncertainty)
{
        if (!has_offset)
                return HEALTH_UNKNOWN;
        return magnitude(offset) > magnitude(limits->clock_tolerance) + magnitude(uncertainty) + USEC_PER_SEC
                               ? HEALTH_BAD
                               : HEALTH_GOOD;
}

enum health health_of_battery(const struct health_limits *limits, int percent)
{
        if (percent < 0)
                return HEALTH_UNKNOWN;
        return (unsigned int)percent < limits->battery_low ? HEALTH_BAD : HEALTH_GOOD;
}

enum health health_of_storage(const struct health_limits *limits, int64_t free_bytes, int64_t total_bytes)
{
        if (free_bytes < 0)
                return HEALTH_UNKNOWN;
        if (limits->storage_low_percent == 0)
                return (uint64_t)free_bytes < limits->storage_low_bytes ? HEALTH_BAD : HEALTH_GOOD;
        if (total_bytes <= 0)
                return HEALTH_UNKNOWN;
        /* In floating point: a total of a hundred-and-something petabytes times 100 is beyond 64 bits, and a
         * recorder may say so. */
        return (double)free_bytes * 100 < (double)total_bytes * limits->storage_low_percent ? HEALTH_BAD
                                                                                            : HEALTH_GOOD;
}
