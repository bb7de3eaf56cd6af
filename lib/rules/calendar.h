/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which days are working days: a week, and exceptions from it in both directions. China's State Council
 * names them each autumn for the next year: days off for a holiday, and Saturdays or Sundays that are worked
 * in their place.
 *
 *     [Week]
 *     DaysOff=Saturday Sunday
 *     [Holidays]
 *     Off=2026-10-01..2026-10-07
 *     Work=2026-09-20 2026-10-10
 *
 * Pure: the file is read by whoever has it (conf_load() with calendar_keys).
 */

#include "base/clock.h"
#include "base/conf.h"

#include <stdbool.h>
#include <stddef.h>

/* Days from 'first' to 'last', both included. */
struct calendar_span {
        day_t first, last;
        bool working;
};

struct calendar {
        unsigned int week_off;       /* bit 0 Sunday to bit 6 Saturday */
        struct calendar_span *spans; /* an off day is in no working span, and the other way round */
        size_t n_spans;
};

/* Saturdays and Sundays are off. */
#define CALENDAR_WEEK ((struct calendar){.week_off = 1 << 0 | 1 << 6})

/* Frees what the spans hold; the calendar is as if none had been named. NULL is fine. */
void calendar_done(struct calendar *c);

/* *ret is one of its own, for calendar_done(). -ENOMEM. */
int calendar_copy(const struct calendar *c, struct calendar *ret);

/* Is 'day' worked? */
bool calendar_works(const struct calendar *c, day_t day);

/* 'day' itself when it is worked, else the next one that is. 'day' when there is none within a year: a slip
 * in the file must not take a notice away. */
day_t calendar_next_working(const struct calendar *c, day_t day);

/* Keys of the file, for a conf_loader whose object is a struct calendar. Each line adds; an empty value
 * takes back what the lines before it named. */
extern const struct conf_key calendar_keys[];
extern const size_t calendar_keys_n;
