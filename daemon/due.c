// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is due; see due.h. */
#include "daemon/due.h"
#include "base/cleanup.h"

struct survey {
        const struct deadline_rules *rules;
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

static int on_duty(void *userdata, const struct duty *d)
{
        struct survey *s = userdata;
        struct deadline_facts facts = due_facts(d);
        struct deadline deadline;
        instant_t next;

        deadline_settle(s->rules, &facts, &deadline);
        next = deadline_next(&deadline, s->now);
        if (next != INSTANT_NONE && (s->next == INSTANT_NONE || next < s->next))
                s->next = next;
        if (!s->on_due)
                return 0;
        return s->on_due(s->userdata, d, &deadline, deadline_state_at(&deadline, s->now));
}

int due_each(struct catalogue *c, const struct deadline_rules *rules, instant_t now, due_fn *on_due,
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
