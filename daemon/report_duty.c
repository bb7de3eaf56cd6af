// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the deadline rules say of a period's duties, and which recorders are missing; see report.h. Every
 * instant here comes out of deadline_settle() or missing_since(), as what the deadline clock alerts of does.
 */
#include "daemon/report.h"
#include "base/cleanup.h"
#include "daemon/due.h"
#include "daemon/report_group.h"

/* How a duty ended, as far as it has. */
enum duty_result { DUTY_SAME_DAY, DUTY_IN_TIME, DUTY_LATE, DUTY_OVERDUE, DUTY_OPEN, _DUTY_RESULT_MAX };

static const char *const results[_DUTY_RESULT_MAX] = {
                [DUTY_SAME_DAY] = "same_day", [DUTY_IN_TIME] = "in_time", [DUTY_LATE] = "late",
                [DUTY_OVERDUE] = "overdue",   [DUTY_OPEN] = "open",
};

struct walk {
        const struct report_request *q;
        instant_t end; /* of the period, or now when that lies ahead */
        struct report_group units, officers, recorders;
        json_object *counts, *late, *missing; /* of the report */
};

static void row_prepare(json_object *row)
{
        static const char *const keys[] = {"duties", "duties_late", "duties_overdue", "duties_open"};

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                (void)json_object_object_add(row, keys[i], json_object_new_int64(0));
}

static void group_begin(struct report_group *g, json_object *report, const char *key)
{
        report_group_begin(g, report, key);
        for (size_t i = 0; i < json_object_array_length(g->rows); i++)
                row_prepare(json_object_array_get_idx(g->rows, i));
}

/* Who had a duty and recorded nothing has a row too. */
static json_object *group_row(struct report_group *g, const char *number, const char *name)
{
        static const char *const figures[] = {"files", "bytes", "seconds",     "on_time",
                                              "late",  "bad",   "undetermined"};
        json_object *row = report_group_row(g, number);

        if (row)
                return row;
        row = report_group_add(g, number, name);
        for (size_t i = 0; i < ELEMENTSOF(figures); i++)
                (void)json_object_object_add(row, figures[i], json_object_new_int64(0));
        (void)json_object_object_add(row, "late_minutes", NULL);
        (void)json_object_object_add(row, "on_time_rate", NULL);
        row_prepare(row);
        return row;
}

/* An extension is an exception from the same day, too; what it let come later did not come on the day. */
static enum duty_result judge(const struct report_request *q, const struct duty *d,
                              const struct deadline *deadline)
{
        struct deadline_facts facts = due_facts(d);
        bool exported = d->offloaded_at != INSTANT_NONE;
        struct deadline plain;

        if (deadline_state_at(deadline, exported ? d->offloaded_at : q->now) == DEADLINE_MISSED)
                return exported ? DUTY_LATE : DUTY_OVERDUE;
        if (!exported)
                return DUTY_OPEN;
        facts.extended = INSTANT_NONE;
        deadline_settle(&q->rules, &facts, &plain);
        return deadline_state_at(&plain, d->offloaded_at) == DEADLINE_IN_TIME ? DUTY_SAME_DAY : DUTY_IN_TIME;
}

/* Begun ones count: one minute past is late, as one second is. */
static json_object *minutes_late(const struct deadline *deadline, instant_t done)
{
        int64_t late = deadline_late_by(deadline->violation, done), minute = 60 * USEC_PER_SEC;

        return late < 0 ? NULL : json_object_new_int64(late / minute + (late % minute > 0));
}

static json_object *duty_object(const struct report_duty *d, const struct deadline *deadline, instant_t done)
{
        json_object *o = json_object_new_object();

        (void)json_object_object_add(o, "duty", json_object_new_int64(d->duty.id));
        (void)json_object_object_add(o, "recorder", report_text(d->recorder));
        (void)json_object_object_add(o, "officer", report_text(d->officer));
        (void)json_object_object_add(o, "name", report_text(d->officer_name));
        (void)json_object_object_add(o, "unit", report_text(d->unit));
        (void)json_object_object_add(o, "unit_name", report_text(d->unit_name ? d->unit_name : d->unit));
        (void)json_object_object_add(o, "out_at", report_time(d->duty.out_at));
        (void)json_object_object_add(o, "until", report_time(d->duty.roster_end));
        (void)json_object_object_add(o, "returned_at", report_time(d->duty.returned_at));
        (void)json_object_object_add(o, "deadline", report_time(deadline->violation));
        (void)json_object_object_add(o, "basis", report_text(deadline_basis_text(deadline->basis)));
        (void)json_object_object_add(o, "extended", json_object_new_boolean(deadline->extended));
        (void)json_object_object_add(o, "extended_afterwards",
                                     json_object_new_boolean(deadline->extended_afterwards));
        (void)json_object_object_add(o, "reason", report_text(d->reason));
        (void)json_object_object_add(o, "approver", report_text(d->approver));
        (void)json_object_object_add(o, "exported_at", report_time(d->duty.offloaded_at));
        (void)json_object_object_add(o, "minutes", minutes_late(deadline, done));
        return o;
}

static void count_groups(struct walk *w, const struct report_duty *d, enum duty_result result)
{
        static const char *const keys[_DUTY_RESULT_MAX] = {
                        [DUTY_LATE] = "duties_late",
                        [DUTY_OVERDUE] = "duties_overdue",
                        [DUTY_OPEN] = "duties_open",
        };
        json_object *const rows[] = {group_row(&w->units, d->unit, d->unit_name),
                                     group_row(&w->officers, d->officer, d->officer_name),
                                     group_row(&w->recorders, d->recorder, NULL)};

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                report_count(rows[i], "duties");
                if (keys[result])
                        report_count(rows[i], keys[result]);
        }
}

static void take_of_period(struct walk *w, const struct report_duty *d, const struct deadline *deadline)
{
        enum duty_result result = judge(w->q, &d->duty, deadline);
        json_object *row;

        report_count(w->counts, "total");
        report_count(w->counts, results[result]);
        if (deadline->extended)
                report_count(w->counts, "extended");
        if (deadline->extended_afterwards)
                report_count(w->counts, "extended_afterwards");
        count_groups(w, d, result);
        if (result == DUTY_SAME_DAY || result == DUTY_IN_TIME)
                return;
        row = duty_object(d, deadline, result == DUTY_LATE ? d->duty.offloaded_at : w->q->now);
        (void)json_object_object_add(row, "result", json_object_new_string(results[result]));
        (void)json_object_array_add(w->late, row);
}

/* Overdue, or missing, at the end of the period: the one is of what it has recorded, the other of itself. */
static void take_missing(struct walk *w, const struct report_duty *d, const struct deadline *deadline)
{
        struct missing_facts facts = due_missing_facts(&d->duty, d->retired_at);
        bool missing = missing_at(&w->q->missing, &facts, w->end);
        json_object *row;

        if (d->duty.offloaded_at != INSTANT_NONE && d->duty.offloaded_at <= w->end)
                return;
        if (!missing && deadline_state_at(deadline, w->end) != DEADLINE_MISSED)
                return;
        row = duty_object(d, deadline, w->end);
        (void)json_object_object_add(
                        row, "missing_since",
                        report_time(missing ? missing_since(&w->q->missing, &facts) : INSTANT_NONE));
        (void)json_object_array_add(w->missing, row);
}

static int on_duty(void *userdata, const struct report_duty *d)
{
        struct walk *w = userdata;
        struct deadline_facts facts = due_facts(&d->duty);
        instant_t began = d->duty.out_at != INSTANT_NONE ? d->duty.out_at : d->duty.returned_at;
        struct deadline deadline;

        deadline_settle(&w->q->rules, &facts, &deadline);
        if (began >= w->q->scope.from)
                take_of_period(w, d, &deadline);
        take_missing(w, d, &deadline);
        return 0;
}

static int64_t counted(const json_object *counts, enum duty_result result)
{
        json_object *n = NULL;

        (void)json_object_object_get_ex(counts, results[result], &n);
        return json_object_get_int64(n);
}

/* Of those that are decided: an overdue one can only become late, an open one can become either. */
static json_object *duty_rate(const json_object *counts)
{
        int64_t in_time = counted(counts, DUTY_SAME_DAY) + counted(counts, DUTY_IN_TIME);
        int64_t decided = in_time + counted(counts, DUTY_LATE) + counted(counts, DUTY_OVERDUE);

        return decided > 0 ? json_object_new_double((double)in_time / (double)decided) : NULL;
}

static json_object *member_add(json_object *report, const char *key, json_object *member)
{
        (void)json_object_object_add(report, key, member);
        return member;
}

int report_duties_add(struct catalogue *c, const struct report_request *q, json_object *report)
{
        struct walk w = {.q = q, .end = MIN(q->scope.to, q->now)};
        int r;

        w.counts = member_add(report, "duties", json_object_new_object());
        (void)json_object_object_add(w.counts, "total", json_object_new_int64(0));
        for (size_t i = 0; i < ELEMENTSOF(results); i++)
                (void)json_object_object_add(w.counts, results[i], json_object_new_int64(0));
        (void)json_object_object_add(w.counts, "extended", json_object_new_int64(0));
        (void)json_object_object_add(w.counts, "extended_afterwards", json_object_new_int64(0));
        w.late = member_add(report, "duties_late", json_object_new_array());
        w.missing = member_add(report, "missing", json_object_new_array());
        group_begin(&w.units, report, "units");
        group_begin(&w.officers, report, "officers");
        group_begin(&w.recorders, report, "recorders");
        r = report_each_duty(c, &q->scope, w.end, on_duty, &w);
        report_group_end(&w.units);
        report_group_end(&w.officers);
        report_group_end(&w.recorders);
        (void)json_object_object_add(w.counts, "on_time_rate", duty_rate(w.counts));
        return r;
}
