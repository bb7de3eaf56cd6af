/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Time as recdock keeps it: microseconds since 1970-01-01 00:00 UTC in an int64_t (instant_t). What people
 * type and read is in the station's zone, which is the C library's TZ: the daemon sets it from [Station]
 * TimeZone=, and nothing else in the process may change it. The wall clock can be replaced for tests of time
 * rules.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t instant_t; /* microseconds, UTC */

#define USEC_PER_SEC  INT64_C(1000000)
#define USEC_PER_MSEC INT64_C(1000)
#define USEC_PER_HOUR (3600 * USEC_PER_SEC)
#define USEC_PER_DAY  (24 * USEC_PER_HOUR)
#define INSTANT_NONE  INT64_MIN /* "not known"; never zero, which is a real date some recorders send */

#define INSTANT_TEXT_MAX 72

/* Now, by the wall clock or by the clock a test has put in its place. */
instant_t clock_now(void);

/* Microseconds of CLOCK_MONOTONIC, for durations and rates. Not replaced by tests. */
int64_t clock_monotonic(void);

/* Replaces the wall clock for clock_now(); NULL puts the real one back. Tests only. */
void clock_set_source(instant_t (*now)(void *userdata), void *userdata);

/* True when the system's zone database has 'zone' (an Olson name, or "UTC", which needs no file). */
bool zone_exists(const char *zone);

/*
 * Makes 'zone' (an Olson name such as "Asia/Shanghai") the process's zone. Returns -EINVAL when the system
 * has no such zone, and then nothing has changed.
 */
int zone_set(const char *zone);

/* Writes RFC 3339 with numeric offset in the station's zone and no fraction: 2026-11-01T08:00:00+08:00.
 * 'buf' has INSTANT_TEXT_MAX bytes. INSTANT_NONE gives an empty text. Returns buf. */
char *instant_format(instant_t t, char *buf);

/* The same with six digits of microseconds, for records that are hashed. */
char *instant_format_usec(instant_t t, char *buf);

/* Local calendar time of the station's zone to an instant. A time in a DST gap is moved forward, one that
 * comes twice is the first. Returns -EINVAL when a field is out of its range (month 1-12, day 1-31 as the
 * month has). */
int instant_from_local(int year, int month, int day, int hour, int minute, int second, instant_t *ret);

/*
 * Days of the station's zone, numbered from 1970-01-01 = 0 whatever the zone: so that days can be counted,
 * compared and kept in tables without an instant standing for them.
 */
typedef int64_t day_t;

#define MINUTES_PER_DAY 1440

/* The day that 't' falls on. */
day_t instant_to_day(instant_t t);

/* The instant at which the clocks of 'day' show 'minute' minutes past midnight; MINUTES_PER_DAY is the
 * midnight that ends it. Gaps and times that come twice as in instant_from_local(). */
instant_t instant_from_day(day_t day, unsigned int minute);

/* "2026-11-01", nothing before or behind it. -EINVAL for anything else, 2026-02-29 too. */
int day_parse(const char *text, day_t *ret);

/* "2026-11", nothing before or behind it: its first day, and the first of the next month. -EINVAL for
 * anything else. */
int month_parse(const char *text, day_t *ret_first, day_t *ret_next);

/* "2026-11-01" into 'buf' of DAY_TEXT_MAX bytes. "" for a year that has not four digits. Returns buf. */
#define DAY_TEXT_MAX sizeof("2026-11-01")
char *day_format(day_t day, char *buf);

/* The same day of the month so many months later, or that month's last where it has none: 2028-02-29 and 24
 * months are 2030-02-28. *ret is set when the year still has four digits, else -ERANGE. */
int day_add_months(day_t day, unsigned int months, day_t *ret);

/* 0 Sunday to 6 Saturday. */
unsigned int day_of_week(day_t day);

/*
 * What a person types: RFC 3339, "2026-11-01", "2026-11-01 08:00[:30]", "now", "today", "yesterday",
 * "tomorrow", "08:00" (today), "-7d", "-36h", "-90m", "@1761955200" (epoch seconds). Relative to 'now'. A
 * date without a time is its midnight. Returns -EINVAL when the text is none of these.
 */
int instant_parse(const char *text, instant_t now, instant_t *ret);

/*
 * A device's own text: PTP DateTime "YYYYMMDDThhmmss[.s][Z|(+|-)hhmm]" (ISO 15740 section 5.3.5.1). Without
 * a zone it is local time of the station's zone; *ret_zoned says which it was. Returns -EINVAL for anything
 * else; an impossible year is not judged here.
 */
int instant_parse_ptp(const char *text, instant_t *ret, bool *ret_zoned);

/*
 * What a device's clock is to be told, to the nearest second: in the zone that 'like', a text of the same
 * device, is in and with the same words for it; local time of the station's zone without any when it has
 * none. 'size' is of 'buf', 32 suffices. Returns -EINVAL when 'like' is no such text or the year has not
 * four digits.
 */
int instant_format_ptp(instant_t t, const char *like, char *buf, size_t size);
