// SPDX-License-Identifier: LGPL-2.1-or-later
/* By when footage has to be exported; see deadline.h. INSTANT_NONE is below every instant, so that the later
 * of two facts is their maximum also where one is not known. */
#include "rules/deadline.h"
#include "base/cleanup.h"

#include <string.h>

#define YEAR_10000 (INT64_C(253402300800) * USEC_PER_SEC)

static const char *const reasons[] = {
                [EXTENSION_CONTINUOUS_DUTY] = "continuous-duty",
                [EXTENSION_REMOTE_AREA] = "remote-area",
                [EXTENSION_NO_TRANSPORT] = "no-transport",
};
_Static_assert(ELEMENTSOF(reasons) == _EXTENSION_REASON_MAX, "a reason has no word");

static const char *const bases[] = {
                [DEADLINE_UNKNOWN] = "unknown",          [DEADLINE_FROM_RETURN] = "return",
                [DEADLINE_FROM_RECORDING] = "recording", [DEADLINE_FROM_ROSTER] = "roster",
                [DEADLINE_FROM_CHECKOUT] = "checkout",
};
_Static_assert(ELEMENTSOF(bases) == _DEADLINE_BASIS_MAX, "a basis has no word");

const char *extension_reason_text(enum extension_reason reason)
{
        return (unsigned int)reason < _EXTENSION_REASON_MAX ? reasons[reason] : "unknown";
}

int extension_reason_from_text(const char *text, enum extension_reason *ret)
{
        for (int i = 0; i < _EXTENSION_REASON_MAX; i++) {
                if (strcmp(text, reasons[i]) != 0)
                        continue;
                *ret = (enum extension_reason)i;
                return 0;
        }
        return -EINVAL;
}

const char *deadline_basis_text(enum deadline_basis basis)
{
        return bases[(unsigned int)basis < _DEADLINE_BASIS_MAX ? basis : DEADLINE_UNKNOWN];
}

/* INSTANT_NONE stays what it is. */
static instant_t add(instant_t t, int64_t span)
{
        instant_t sum;

        if (t == INSTANT_NONE)
                return t;
        return __builtin_add_overflow(t, span, &sum) ? INT64_MAX : sum;
}

/* When the return to the unit was, as far as it may count: at or before the one that is known. INSTANT_NONE:
 * there is none. */
static instant_t return_of(const struct deadline_facts *f)
{
        if (!f->returned_by_docking || f->returned == INSTANT_NONE)
                return f->returned;
        if (f->roster_end != INSTANT_NONE)
                return MIN(f->returned, f->roster_end);
        return f->recorded == INSTANT_NONE ? f->returned : INSTANT_NONE;
}

/* The end of the working day on which work went on at 't': past the hour, the day itself still counts. */
static instant_t same_day_end(const struct deadline_rules *r, instant_t t)
{
        day_t day, worked;
        instant_t at;

        if (t == INSTANT_NONE || t >= YEAR_10000)
                return t;
        day = instant_to_day(t);
        worked = r->days_off_wait ? calendar_next_working(r->calendar, day) : day;
        at = instant_from_day(worked, r->same_day);
        return at < t ? instant_from_day(worked, MINUTES_PER_DAY) : at;
}

/* The roster says when work ends; it is later when somebody was seen at work after that. */
static instant_t work_end(const struct deadline_rules *r, const struct deadline_facts *f, instant_t returned)
{
        instant_t seen = MAX(f->checked_out, MAX(returned, f->recorded));

        return f->roster_end == INSTANT_NONE ? same_day_end(r, seen) : MAX(f->roster_end, seen);
}

/* The violation without an extension. */
static void count_from(const struct deadline_rules *r, const struct deadline_facts *f, instant_t returned,
                       struct deadline *d)
{
        instant_t from = returned;

        d->strict = returned == INSTANT_NONE || returned < f->returned || f->recorded > returned;
        d->basis = returned < f->returned ? DEADLINE_FROM_ROSTER : DEADLINE_FROM_RETURN;
        if (returned == INSTANT_NONE || f->recorded > returned) {
                from = f->recorded;
                d->basis = DEADLINE_FROM_RECORDING;
        }
        if (from == INSTANT_NONE) {
                from = f->roster_end;
                d->basis = DEADLINE_FROM_ROSTER;
        }
        if (from == INSTANT_NONE) {
                from = f->checked_out;
                d->basis = DEADLINE_FROM_CHECKOUT;
        }
        if (from == INSTANT_NONE)
                d->basis = DEADLINE_UNKNOWN;
        d->violation = add(from, r->limit);
}

/* Only what is known can be extended, and never to an earlier time. An approval also is the exception from
 * the same day that Art. 28 has. */
static void extend(const struct deadline_facts *f, struct deadline *d)
{
        if (f->extended == INSTANT_NONE || d->violation == INSTANT_NONE)
                return;
        d->notice = MAX(d->notice, f->extended);
        if (f->extended <= d->violation)
                return;
        d->extended = true;
        d->extended_afterwards = f->extended_at > d->violation;
        d->violation = f->extended;
}

void deadline_settle(const struct deadline_rules *rules, const struct deadline_facts *facts,
                     struct deadline *ret)
{
        instant_t returned = return_of(facts);
        struct deadline d = {.strict = false};

        count_from(rules, facts, returned, &d);
        d.notice = work_end(rules, facts, returned);
        extend(facts, &d);
        d.notice = MIN(d.notice, d.violation);
        *ret = d;
}

enum deadline_state deadline_state_at(const struct deadline *d, instant_t now)
{
        if (d->violation != INSTANT_NONE && now > d->violation)
                return DEADLINE_MISSED;
        return d->notice != INSTANT_NONE && now >= d->notice ? DEADLINE_SAME_DAY : DEADLINE_IN_TIME;
}

instant_t deadline_next(const struct deadline *d, instant_t now)
{
        if (d->notice != INSTANT_NONE && now < d->notice)
                return d->notice;
        if (d->violation != INSTANT_NONE && now <= d->violation && d->violation < INT64_MAX)
                return d->violation + 1;
        return INSTANT_NONE;
}

int64_t deadline_late_by(instant_t violation, instant_t done)
{
        int64_t late;

        if (violation == INSTANT_NONE || done == INSTANT_NONE)
                return -1;
        if (done <= violation)
                return 0;
        return __builtin_sub_overflow(done, violation, &late) ? INT64_MAX : late;
}
