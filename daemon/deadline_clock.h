/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The deadline clock: one timer on wall time for the next notice or violation, for when a recorder is
 * missing and for when footage ought to be annotated (annotation_alert.h), whatever is plugged in or not. It
 * also goes off when somebody sets the station's clock (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET), when
 * the duty ledger or the configuration has changed, and once at start, so that what was missed while the
 * station was off is told then. Each time everything that waits is looked at anew; an alert that stands is
 * not raised again.
 *
 * Alerts: same-day, offload-overdue and recorder-missing on "recorder/NUMBER", clock-jump on "station". The
 * first two are cleared when the recorder is offloaded or was given more time, the third when it is back,
 * was given more time or is retired; setting the station's clock back does not clear them.
 *
 * Recorders that were taken out of their bay become duties at one of its looks (undocking.h).
 *
 * It escalates alerts of every kind too: one that nobody has acknowledged for [Alert] EscalateAfter= is told
 * again, once. That is on record before it is told, so that no restart tells it twice.
 */

#include "base/clock.h"

struct deadline_clock;
struct station;

/* Arms the timer and looks for the first time, from the loop. */
int deadline_clock_start(struct deadline_clock **ret, struct station *s);
void deadline_clock_stop(struct deadline_clock *c);

/* Something that deadlines follow from has changed: looks soon, from the loop. NULL is fine. */
void deadline_clock_kick(struct deadline_clock *c);

/* Looks at 'at' at the latest, whatever it is waiting for. NULL is fine. */
void deadline_clock_by(struct deadline_clock *c, instant_t at);

/* One look, at clock_now(). 'since_boot' is CLOCK_BOOTTIME in microseconds, which nobody can set: what the
 * wall clock ran differently from it since the last look is a jump. Not inside a transaction. For the timer,
 * and for tests. */
void deadline_clock_look(struct deadline_clock *c, int64_t since_boot);
