// SPDX-License-Identifier: LGPL-2.1-or-later
/* Drift of a recorder's clock; see clock_drift.h. */
#include "rules/clock_drift.h"
#include "base/cleanup.h"

#include <stdint.h>
#include <stdlib.h>

/*
 * GA/T 947.2 allows 3 s a day; a crystal at -20 °C loses about 10. What is beyond twice that was not the
 * clock's own doing. The second is what two readings in whole seconds can differ by.
 */
#define DRIFT_PLAUSIBLE (20 * USEC_PER_SEC) /* a day */
#define JUMP_MIN        (10 * USEC_PER_SEC)

/* Pairs of the newest CLOCK_READINGS_MAX readings. */
#define PAIRS_MAX (CLOCK_READINGS_MAX * (CLOCK_READINGS_MAX - 1) / 2)

#define PER_DAY_MAX 9e18 /* fits an int64_t, whatever a recorder tells */

struct slope {
        double per_day;
        double weight;
};

static double days(instant_t from, instant_t to)
{
        return ((double)to - (double)from) / (double)USEC_PER_DAY;
}

bool clock_was_moved(const struct clock_reading *before, const struct clock_reading *after)
{
        double jump = (double)after->offset - (double)before->offset;
        double passed = days(before->at, after->at);
        double bound = (double)JUMP_MIN + (double)before->uncertainty + (double)after->uncertainty +
                       (double)DRIFT_PLAUSIBLE * (passed > 0 ? passed : 0);

        return jump > bound || jump < -bound;
}

static bool is_pair(const struct clock_reading *a, const struct clock_reading *b)
{
        return days(a->at, b->at) >= days(0, CLOCK_DRIFT_SPAN_MIN);
}

static int compare_slopes(const void *a, const void *b)
{
        double x = ((const struct slope *)a)->per_day, y = ((const struct slope *)b)->per_day;

        return x < y ? -1 : x > y;
}

/* The slope at which half of the weight is reached. */
static double weighted_median(struct slope *slopes, size_t n)
{
        double half = 0, sum = 0;

        qsort(slopes, n, sizeof(*slopes), compare_slopes);
        for (size_t i = 0; i < n; i++)
                half += slopes[i].weight / 2;
        for (size_t i = 0; i < n; i++) {
                sum += slopes[i].weight;
                /* Exactly between two: their middle, or two readings of opposite error would count as one.
                 */
                if (sum == half && i + 1 < n)
                        return (slopes[i].per_day + slopes[i + 1].per_day) / 2;
                if (sum > half)
                        return slopes[i].per_day;
        }
        return n > 0 ? slopes[n - 1].per_day : 0;
}

/* The end of the stretch that begins at 'first': the first reading that the clock was set before. */
static size_t stretch_end(const struct clock_reading *readings, size_t n, size_t first)
{
        size_t i = first + 1;

        while (i < n && !readings[i].set_before && !clock_was_moved(&readings[i - 1], &readings[i]))
                i++;
        return i;
}

/* Adds the pairs of one stretch. Returns how many there are now. */
static size_t stretch_add(const struct clock_reading *readings, size_t first, size_t end,
                          struct slope *slopes, size_t n, struct clock_drift *drift)
{
        size_t before = n;

        for (size_t i = first; i < end; i++) {
                for (size_t j = i + 1; j < end; j++) {
                        const struct clock_reading *a = &readings[i], *b = &readings[j];

                        if (!is_pair(a, b))
                                continue;
                        slopes[n].weight = days(a->at, b->at);
                        slopes[n].per_day = ((double)b->offset - (double)a->offset) / slopes[n].weight;
                        n++;
                }
        }
        if (n > before)
                drift->readings += (unsigned int)(end - first);
        return n;
}

void clock_drift_estimate(const struct clock_reading *readings, size_t n, struct clock_drift *ret)
{
        struct clock_drift drift = {.known = false};
        struct slope slopes[PAIRS_MAX];
        size_t pairs = 0;

        if (n > CLOCK_READINGS_MAX) {
                readings += n - CLOCK_READINGS_MAX;
                n = CLOCK_READINGS_MAX;
        }
        for (size_t first = 0; first < n;) {
                size_t end = stretch_end(readings, n, first);

                pairs = stretch_add(readings, first, end, slopes, pairs, &drift);
                first = end;
        }
        if (pairs > 0) {
                double median = weighted_median(slopes, pairs);

                drift.known = true;
                drift.per_day = (int64_t)MIN(MAX(median, -PER_DAY_MAX), PER_DAY_MAX);
        }
        *ret = drift;
}
