// SPDX-License-Identifier: LGPL-2.1-or-later
/* Drift of a recorder's clock; see clock_drift.h. */
#include "rules/clock_drift.h"
#include "base/cleanup.h"

#include <math.h>
#include <stdint.h>

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

/* What partition() makes of slopes: those below the pivot, those equal to it, those above. */
struct parts {
        double pivot, below_most, above_least; /* the last two of slopes that are there */
        double below_weight, equal_weight;
        size_t n_below, n_equal;
};

static void swap(struct slope *a, struct slope *b)
{
        struct slope other = *a;

        *a = *b;
        *b = other;
}

static void partition(struct slope *slopes, size_t n, struct parts *ret)
{
        struct parts p = {.pivot = slopes[n / 2].per_day, .below_most = -INFINITY, .above_least = INFINITY};
        size_t above = n;

        for (size_t i = 0; i < above;) {
                struct slope *s = &slopes[i];

                if (s->per_day > p.pivot) {
                        p.above_least = MIN(p.above_least, s->per_day);
                        swap(s, &slopes[--above]);
                        continue;
                }
                if (s->per_day < p.pivot) {
                        p.below_most = MAX(p.below_most, s->per_day);
                        p.below_weight += s->weight;
                        swap(s, &slopes[p.n_below++]);
                } else {
                        p.equal_weight += s->weight;
                        p.n_equal++;
                }
                i++;
        }
        *ret = p;
}

/* The slope at which half of the weight is reached. Selected and not sorted: a report does it for every
 * recorder there is. Exactly between two it is their middle, or two readings of opposite error would count
 * as one. */
static double weighted_median(struct slope *slopes, size_t n)
{
        double half = 0, before = 0; /* weight of what is left out to the left */

        for (size_t i = 0; i < n; i++)
                half += slopes[i].weight / 2;
        while (n > 1) {
                struct parts p;

                partition(slopes, n, &p);
                if (before + p.below_weight > half) {
                        n = p.n_below;
                        continue;
                }
                if (p.n_below > 0 && before + p.below_weight == half)
                        return (p.below_most + p.pivot) / 2;
                before += p.below_weight + p.equal_weight;
                if (before > half || p.n_below + p.n_equal == n)
                        return p.pivot;
                if (before == half)
                        return (p.pivot + p.above_least) / 2;
                slopes += p.n_below + p.n_equal;
                n -= p.n_below + p.n_equal;
        }
        return n > 0 ? slopes[0].per_day : 0;
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
