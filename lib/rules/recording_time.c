// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * When a recording began. Every source is turned into the start of the recording by the station's clock
 * before they are compared:
 *
 *   name       the start, by the recorder's clock
 *   container  creation_time. MP4 wants UTC there, many recorders write local time instead; when reading it
 * so makes it agree with another source and reading it as UTC does not, it was local time device     the
 * modification time, which is the END: the duration is taken off. With an unknown duration the end stands
 * for the start, and only says that the start was not later, nor more than a day earlier
 *
 * A source outside 2000-01-01 to the offload (plus tolerance) is not believed: it is a clock that was never
 * set.
 */
#include "rules/recording_time.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define BELIEVABLE_FROM INT64_C(946684800000000) /* 2000-01-01 00:00 UTC */
#define DURATION_MAX    (2 * USEC_PER_DAY)       /* a container that claims more is damaged */
#define RECORDING_MAX   USEC_PER_DAY

static const char *const source_words[] = {
                [TIME_FROM_NAME] = "name",
                [TIME_FROM_CONTAINER] = "container",
                [TIME_FROM_DEVICE] = "device",
                [TIME_FROM_NOWHERE] = "none",
};

const char *time_source_text(enum time_source s)
{
        return (unsigned int)s <= TIME_FROM_NOWHERE ? source_words[s] : source_words[TIME_FROM_NOWHERE];
}

int time_source_from_text(const char *text, enum time_source *ret)
{
        for (int i = 0; i <= TIME_FROM_NOWHERE; i++) {
                if (strcmp(text, source_words[i]) != 0)
                        continue;
                *ret = (enum time_source)i;
                return 0;
        }
        return -EINVAL;
}

bool time_is_of_a_set_clock(instant_t t)
{
        return t != INSTANT_NONE && t >= BELIEVABLE_FROM;
}

/* The starts that the sources speak for; INSTANT_NONE: silent, or not believed. */
struct starts {
        instant_t at[_TIME_SOURCE_MAX];
        int64_t duration; /* -1 unknown */
        bool impossible;
};

static bool is_listed(const struct time_evidence *e, enum time_source s)
{
        for (int i = 0; i < _TIME_SOURCE_MAX; i++)
                if (e->order[i] == s)
                        return true;
        return false;
}

/* a - b without wrapping. */
static int64_t difference(instant_t a, instant_t b)
{
        int64_t d;

        if (__builtin_sub_overflow(a, b, &d))
                return a > b ? INT64_MAX : -INT64_MAX;
        return d;
}

static bool within(instant_t a, instant_t b, int64_t tolerance)
{
        int64_t d = difference(a, b);

        return d <= tolerance && d >= -tolerance;
}

static bool is_believable(const struct time_evidence *e, instant_t start)
{
        return start >= BELIEVABLE_FROM && difference(start, e->offloaded_at) <= e->tolerance;
}

/* The start by the station's clock, not judged yet. */
static instant_t start_of(const struct time_evidence *e, enum time_source s, int64_t duration)
{
        instant_t t = e->by_source[s];

        if (t == INSTANT_NONE)
                return t;
        if (e->has_offset)
                t = difference(t, e->clock_offset);
        if (s == TIME_FROM_DEVICE && duration >= 0)
                t = difference(t, duration);
        return t;
}

/* Takes the fields of a UTC time as local ones. */
static instant_t read_as_local(instant_t utc)
{
        time_t s = (time_t)(utc / USEC_PER_SEC);
        instant_t local;
        struct tm tm;

        if (utc < 0 || !gmtime_r(&s, &tm) ||
            instant_from_local(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                               tm.tm_sec, &local) < 0)
                return utc;
        return local + utc % USEC_PER_SEC;
}

/* Can 'other' say whether the container was written in local time? Only a believed start can. */
static bool is_witness(const struct time_evidence *e, const struct starts *s, enum time_source other)
{
        if (s->at[other] == INSTANT_NONE || !is_believable(e, s->at[other]))
                return false;
        return other == TIME_FROM_NAME || (other == TIME_FROM_DEVICE && s->duration >= 0);
}

static void container_settle_zone(const struct time_evidence *e, struct starts *s)
{
        static const enum time_source witnesses[] = {TIME_FROM_NAME, TIME_FROM_DEVICE};
        instant_t utc = s->at[TIME_FROM_CONTAINER], local;

        if (utc == INSTANT_NONE)
                return;
        /* The fields were written by the recorder's clock, so they are read before the offset is taken off.
         */
        local = read_as_local(e->by_source[TIME_FROM_CONTAINER]);
        if (e->has_offset)
                local = difference(local, e->clock_offset);
        for (int i = 0; i < 2; i++) {
                if (!is_witness(e, s, witnesses[i]))
                        continue;
                if (within(utc, s->at[witnesses[i]], e->tolerance))
                        return;
                if (within(local, s->at[witnesses[i]], e->tolerance)) {
                        s->at[TIME_FROM_CONTAINER] = local;
                        return;
                }
        }
}

static void starts_collect(const struct time_evidence *e, struct starts *s)
{
        s->duration = e->duration >= 0 && e->duration <= DURATION_MAX ? e->duration : -1;
        s->impossible = e->impossible_name;
        for (int i = 0; i < _TIME_SOURCE_MAX; i++)
                s->at[i] = is_listed(e, (enum time_source)i) ? start_of(e, (enum time_source)i, s->duration)
                                                             : INSTANT_NONE;
        container_settle_zone(e, s);
        for (int i = 0; i < _TIME_SOURCE_MAX; i++) {
                if (s->at[i] == INSTANT_NONE || is_believable(e, s->at[i]))
                        continue;
                s->at[i] = INSTANT_NONE;
                s->impossible = true;
        }
}

static bool pair_disagrees(const struct time_evidence *e, const struct starts *s, enum time_source a,
                           enum time_source b)
{
        int64_t d;

        if (s->at[a] == INSTANT_NONE || s->at[b] == INSTANT_NONE)
                return false;
        if (b != TIME_FROM_DEVICE || s->duration >= 0)
                return !within(s->at[a], s->at[b], e->tolerance);
        /* Only the end is known: it follows the start within a day. */
        d = difference(s->at[b], s->at[a]);
        return d < -e->tolerance || d > RECORDING_MAX + e->tolerance;
}

static bool starts_disagree(const struct time_evidence *e, const struct starts *s)
{
        return pair_disagrees(e, s, TIME_FROM_NAME, TIME_FROM_CONTAINER) ||
               pair_disagrees(e, s, TIME_FROM_NAME, TIME_FROM_DEVICE) ||
               pair_disagrees(e, s, TIME_FROM_CONTAINER, TIME_FROM_DEVICE);
}

/* First believed source in the configured order. */
static enum time_source source_choose(const struct time_evidence *e, const struct starts *s)
{
        for (int i = 0; i < _TIME_SOURCE_MAX; i++) {
                enum time_source o = e->order[i];

                if ((unsigned int)o < _TIME_SOURCE_MAX && s->at[o] != INSTANT_NONE)
                        return o;
        }
        return TIME_FROM_NOWHERE;
}

void recording_time_settle(const struct time_evidence *evidence, struct recording_time *ret)
{
        struct starts s;
        struct recording_time t = {.flags = 0};

        starts_collect(evidence, &s);
        t.source = source_choose(evidence, &s);
        if (t.source == TIME_FROM_NOWHERE) {
                t.started = t.ended = evidence->offloaded_at;
                t.flags |= TIME_UNKNOWN;
        } else {
                t.started = s.at[t.source];
                t.ended = t.started + (s.duration > 0 ? s.duration : 0);
        }
        if (starts_disagree(evidence, &s))
                t.flags |= TIME_DISAGREES;
        if (s.impossible)
                t.flags |= TIME_IMPOSSIBLE;
        if (!evidence->has_offset)
                t.flags |= TIME_UNCORRECTED;
        if (evidence->clock_moved)
                t.flags |= TIME_CLOCK_MOVED;
        *ret = t;
}
