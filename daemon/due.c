// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is due; see due.h. */
#include "daemon/due.h"
#include "base/cleanup.h"

struct survey {
        const struct due_rules *rules;
        instant_t now, next;
        due_fn *on_due;
        void *userdata;
};

struct deadline_facts due_facts(const struct duty *d)
{
        static const struct deadline_facts nothing = {.checked_out = INSTANT_NONE,
                                                      .roster_end = INSTANT_NONE,
                                                      .returned = INSTANT_NONE,
                                                      .recorded = INSTANT_NONE,
                                                      .extended = INSTANT_NONE,
                                                      .extended_at = INSTANT_NONE};

        if (!d)
                return nothing;
        return (struct deadline_facts){.checked_out = d->out_at,
                                       .roster_end = d->roster_end,
                                       .returned = d->returned_at,
                                       .returned_by_docking = d->return_docking > 0,
                                       .recorded = INSTANT_NONE,
                                       .extended = d->extended_until,
                                       .extended_at = d->extended_at};
}

struct missing_facts due_missing_facts(const struct duty *d, instant_t retired)
{
        return (struct missing_facts){.checked_out = d->out_at,
                                      .roster_end = d->roster_end,
                                      .extended = d->extended_until,
                                      .returned = d->returned_at,
                                      .retired = retired};
}

/* An instant after now at which something changes. */
static void wake_by(struct survey *s, instant_t at)
{
        if (at != INSTANT_NONE && at > s->now && (s->next == INSTANT_NONE || at < s->next))
                s->next = at;
}

static int on_duty(void *userdata, const struct duty *d)
{
        struct survey *s = userdata;
        struct deadline_facts facts = due_facts(d);
        struct missing_facts missing = due_missing_facts(d, INSTANT_NONE);
        struct due due = {.missing = INSTANT_NONE};

        deadline_settle(s->rules->deadlines, &facts, &due.deadline);
        due.state = deadline_state_at(&due.deadline, s->now);
        if (d->returned_at == INSTANT_NONE)
                due.missing = missing_since(s->rules->missing, &missing);
        wake_by(s, deadline_next(&due.deadline, s->now));
        wake_by(s, due.missing);
        return s->on_due ? s->on_due(s->userdata, d, &due) : 0;
}

int due_each(struct catalogue *c, const struct due_rules *rules, instant_t now, due_fn *on_due,
             void *userdata, instant_t *ret_next)
{
        struct survey s = {.rules = rules,
                           .now = now,
                           .next = INSTANT_NONE,
                           .on_due = on_due,
                           .userdata = userdata};
        int r = duty_each_waiting(c, on_duty, &s);

        if (r == 0)
                *ret_next = s.next;
        return r;
}
