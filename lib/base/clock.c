// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Clock and calendar. All zone arithmetic is the C library's; this file only parses, checks ranges and
 * formats.
 */
#include "base/clock.h"
#include "base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PTP_TIME_SIZE = 15 }; /* "YYYYMMDDThhmmss" */

static instant_t (*source)(void *);
static void *source_userdata;

instant_t clock_now(void)
{
        struct timespec ts;

        if (source)
                return source(source_userdata);
        (void)clock_gettime(CLOCK_REALTIME, &ts);
        return (instant_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

int64_t clock_monotonic(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

void clock_set_source(instant_t (*now)(void *userdata), void *userdata)
{
        source = now;
        source_userdata = userdata;
}

bool zone_exists(const char *zone)
{
        char path[PATH_MAX];
        struct stat st;

        if (strcmp(zone, "UTC") == 0)
                return true;
        if (zone[0] == '\0' || zone[0] == '/' || strstr(zone, ".."))
                return false;
        if ((size_t)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone) >= sizeof(path))
                return false;
        return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, R_OK) == 0;
}

int zone_set(const char *zone)
{
        if (!zone_exists(zone))
                return -EINVAL;
        if (setenv("TZ", zone, 1) < 0)
                return -errno;
        tzset();
        return 0;
}

/* Seconds of an instant, rounded down also before 1970. */
static time_t instant_seconds(instant_t t)
{
        int64_t s = t / USEC_PER_SEC;

        return (time_t)(t % USEC_PER_SEC < 0 ? s - 1 : s);
}

/* So many digits and what stands behind them: printf() would be a good part of what a page of a listing
 * costs. */
static char *put_number(char *p, unsigned int value, size_t digits, char after)
{
        for (size_t i = digits; i > 0; value /= 10)
                p[--i] = (char)('0' + value % 10);
        p[digits] = after;
        return p + digits + 1;
}

static char *put_year(char *p, int year)
{
        if (year < 0 || year > 9999)
                return p + sprintf(p, "%04d-", year);
        return put_number(p, (unsigned int)year, 4, '-');
}

static char *format(instant_t t, char *buf, bool with_usec)
{
        struct tm tm;
        time_t s = instant_seconds(t);
        unsigned int offset;
        char *p, sign;

        buf[0] = '\0';
        if (t == INSTANT_NONE || !localtime_r(&s, &tm))
                return buf;
        sign = tm.tm_gmtoff <= -60 ? '-' : '+';
        offset = (unsigned int)labs(tm.tm_gmtoff) / 60;
        p = put_year(buf, tm.tm_year + 1900);
        p = put_number(p, (unsigned int)tm.tm_mon + 1, 2, '-');
        p = put_number(p, (unsigned int)tm.tm_mday, 2, 'T');
        p = put_number(p, (unsigned int)tm.tm_hour, 2, ':');
        p = put_number(p, (unsigned int)tm.tm_min, 2, ':');
        p = put_number(p, (unsigned int)tm.tm_sec, 2, with_usec ? '.' : sign);
        if (with_usec)
                p = put_number(p, (unsigned int)((t % USEC_PER_SEC + USEC_PER_SEC) % USEC_PER_SEC), 6, sign);
        p = put_number(p, offset / 60, 2, ':');
        (void)put_number(p, offset % 60, 2, '\0');
        return buf;
}

char *instant_format(instant_t t, char *buf)
{
        return format(t, buf, false);
}

char *instant_format_usec(instant_t t, char *buf)
{
        return format(t, buf, true);
}

static int month_days(int year, int month)
{
        static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return month == 2 && leap ? 29 : days[month - 1];
}

static bool fields_valid(int year, int month, int day, int hour, int minute, int second)
{
        return year >= 1900 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
               day <= month_days(year, month) && hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 &&
               second >= 0 && second <= 60;
}

/* Seconds east of Greenwich that the zone has at 't'. */
static long zone_offset(time_t t)
{
        struct tm tm;

        return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

/*
 * The instant at which the zone's clocks show what 'naive' shows in UTC. mktime() is not used: what it makes
 * of a time that does not exist or comes twice depends on what it was asked before. The offsets a day
 * earlier and a day later are the two that can apply; when neither gives the time back it lies in a gap, and
 * the earlier offset moves it forward.
 */
static time_t local_resolve(time_t naive)
{
        long before = zone_offset(naive - 86400), after = zone_offset(naive + 86400);
        time_t a = naive - before, b = naive - after;
        bool a_holds = zone_offset(a) == before, b_holds = zone_offset(b) == after;

        if (a_holds && b_holds)
                return a < b ? a : b;
        return b_holds ? b : a;
}

int instant_from_local(int year, int month, int day, int hour, int minute, int second, instant_t *ret)
{
        struct tm tm = {
                        .tm_year = year - 1900,
                        .tm_mon = month - 1,
                        .tm_mday = day,
                        .tm_hour = hour,
                        .tm_min = minute,
                        .tm_sec = second,
        };

        if (!fields_valid(year, month, day, hour, minute, second))
                return -EINVAL;
        *ret = (instant_t)local_resolve(timegm(&tm)) * USEC_PER_SEC;
        return 0;
}

/* Days between 1970-01-01 and the date, which has been checked. */
static day_t day_from_date(int year, int month, int day)
{
        struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

        return timegm(&tm) / (MINUTES_PER_DAY * 60);
}

day_t instant_to_day(instant_t t)
{
        time_t s = instant_seconds(t);
        struct tm tm;

        if (!localtime_r(&s, &tm))
                return 0; /* a year beyond an int: no instant_t has one */
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        return timegm(&tm) / (MINUTES_PER_DAY * 60);
}

instant_t instant_from_day(day_t day, unsigned int minute)
{
        time_t naive;
        instant_t t;

        if (__builtin_mul_overflow(day, MINUTES_PER_DAY * 60, &naive) ||
            __builtin_mul_overflow(local_resolve(naive + (time_t)minute * 60), USEC_PER_SEC, &t))
                return day < 0 ? INSTANT_NONE + 1 : INT64_MAX;
        return t;
}

/* A day with a year of four digits; false for all others. */
static bool day_to_date(day_t day, struct tm *ret)
{
        time_t s;

        return !__builtin_mul_overflow(day, MINUTES_PER_DAY * 60, &s) && gmtime_r(&s, ret) &&
               ret->tm_year + 1900 >= 1000 && ret->tm_year + 1900 <= 9999;
}

char *day_format(day_t day, char *buf)
{
        struct tm tm;

        buf[0] = '\0';
        if (day_to_date(day, &tm))
                (void)strftime(buf, DAY_TEXT_MAX, "%Y-%m-%d", &tm);
        return buf;
}

int day_add_months(day_t day, unsigned int months, day_t *ret)
{
        int64_t year, month;
        struct tm tm;

        if (!day_to_date(day, &tm))
                return -ERANGE;
        month = tm.tm_mon + (int64_t)months;
        year = tm.tm_year + 1900 + month / 12;
        month = month % 12 + 1;
        if (year > 9999)
                return -ERANGE;
        *ret = day_from_date((int)year, (int)month, MIN(tm.tm_mday, month_days((int)year, (int)month)));
        return 0;
}

unsigned int day_of_week(day_t day)
{
        return (unsigned int)(((day + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

/* The same fields taken as a time at 'offset' seconds east of Greenwich. */
static int instant_from_offset(const int f[6], int offset, instant_t *ret)
{
        struct tm tm = {
                        .tm_year = f[0] - 1900,
                        .tm_mon = f[1] - 1,
                        .tm_mday = f[2],
                        .tm_hour = f[3],
                        .tm_min = f[4],
                        .tm_sec = f[5],
        };

        if (!fields_valid(f[0], f[1], f[2], f[3], f[4], f[5]))
                return -EINVAL;
        *ret = ((instant_t)timegm(&tm) - offset) * USEC_PER_SEC;
        return 0;
}

/* Reads exactly 'n' digits. Returns the text after them, or NULL. */
static const char *take_digits(const char *p, int n, int *ret)
{
        int v = 0;

        if (!p)
                return NULL;
        for (int i = 0; i < n; i++, p++) {
                if (!isdigit((unsigned char)*p))
                        return NULL;
                v = v * 10 + (*p - '0');
        }
        *ret = v;
        return p;
}

static const char *take_char(const char *p, char c)
{
        return p && *p == c ? p + 1 : NULL;
}

/* "Z", "+hhmm", "-hh:mm" or nothing up to the end of the text. Returns false for anything else. */
static bool take_zone(const char *p, bool *ret_zoned, int *ret_offset)
{
        int h, m, sign;

        *ret_zoned = true;
        *ret_offset = 0;
        if (*p == '\0') {
                *ret_zoned = false;
                return true;
        }
        if (*p == 'Z' || *p == 'z')
                return p[1] == '\0';
        if (*p != '+' && *p != '-')
                return false;
        sign = *p++ == '-' ? -1 : 1;
        p = take_digits(p, 2, &h);
        if (p && *p == ':')
                p++;
        p = take_digits(p, 2, &m);
        if (!p || *p != '\0' || h > 15 || m > 59)
                return false;
        *ret_offset = sign * (h * 3600 + m * 60);
        return true;
}

static const char *skip_fraction(const char *p)
{
        if (*p != '.' || !isdigit((unsigned char)p[1]))
                return p;
        for (p++; isdigit((unsigned char)*p); p++)
                ;
        return p;
}

static int fields_to_instant(const int f[6], const char *rest, instant_t *ret, bool *ret_zoned)
{
        int offset;

        if (!take_zone(skip_fraction(rest), ret_zoned, &offset))
                return -EINVAL;
        if (*ret_zoned)
                return instant_from_offset(f, offset, ret);
        return instant_from_local(f[0], f[1], f[2], f[3], f[4], f[5], ret);
}

int instant_parse_ptp(const char *text, instant_t *ret, bool *ret_zoned)
{
        int f[6];
        bool zoned;
        instant_t t;
        int r;
        const char *p = take_digits(text, 4, &f[0]);

        p = take_digits(p, 2, &f[1]);
        p = take_digits(p, 2, &f[2]);
        p = take_char(p, 'T');
        for (int i = 3; i < 6; i++)
                p = take_digits(p, 2, &f[i]);
        if (!p)
                return -EINVAL;
        r = fields_to_instant(f, p, &t, &zoned);
        if (r < 0)
                return r;
        *ret = t;
        *ret_zoned = zoned;
        return 0;
}

int instant_format_ptp(instant_t t, const char *like, char *buf, size_t size)
{
        const char *zone = like + strnlen(like, PTP_TIME_SIZE);
        instant_t rounded = t + USEC_PER_SEC / 2, ignored;
        time_t s = (time_t)(rounded / USEC_PER_SEC);
        char text[PTP_TIME_SIZE + 1];
        struct tm tm;
        bool zoned;
        int offset;

        if (rounded < 0 || instant_parse_ptp(like, &ignored, &zoned) < 0)
                return -EINVAL;
        zone = skip_fraction(zone);
        if (!take_zone(zone, &zoned, &offset))
                return -EINVAL;
        if (zoned)
                s += offset;
        if (!(zoned ? gmtime_r(&s, &tm) : localtime_r(&s, &tm)) ||
            strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &tm) != PTP_TIME_SIZE ||
            (size_t)snprintf(buf, size, "%s%s", text, zone) >= size)
                return -EINVAL;
        return 0;
}

int day_parse(const char *text, day_t *ret)
{
        int year, month, day;
        const char *p = take_digits(text, 4, &year);

        p = take_digits(take_char(p, '-'), 2, &month);
        p = take_digits(take_char(p, '-'), 2, &day);
        if (!p || *p != '\0' || !fields_valid(year, month, day, 0, 0, 0))
                return -EINVAL;
        *ret = day_from_date(year, month, day);
        return 0;
}

int month_parse(const char *text, day_t *ret_first, day_t *ret_next)
{
        int year, month;
        const char *p = take_digits(take_char(take_digits(text, 4, &year), '-'), 2, &month);

        if (!p || *p != '\0' || !fields_valid(year, month, 1, 0, 0, 0))
                return -EINVAL;
        *ret_first = day_from_date(year, month, 1);
        *ret_next = *ret_first + month_days(year, month);
        return 0;
}

/* "-7d": an amount and a unit before or after now. */
static int parse_relative(const char *text, instant_t now, instant_t *ret)
{
        char *end;
        long v;
        int64_t unit;

        errno = 0;
        v = strtol(text, &end, 10);
        if (errno != 0 || end == text || labs(v) > 100000)
                return -EINVAL;
        switch (*end) {
        case 's':
                unit = USEC_PER_SEC;
                break;
        case 'm':
                unit = 60 * USEC_PER_SEC;
                break;
        case 'h':
                unit = USEC_PER_HOUR;
                break;
        case 'd':
                unit = USEC_PER_DAY;
                break;
        case 'w':
                unit = 7 * USEC_PER_DAY;
                break;
        default:
                return -EINVAL;
        }
        if (end[1] != '\0')
                return -EINVAL;
        *ret = now + v * unit;
        return 0;
}

/* Midnight 'days' from today, then "hh:mm[:ss]" of that day when 'time' is given. */
static int local_day(instant_t now, int days, const int time[3], instant_t *ret)
{
        time_t s = instant_seconds(now);
        struct tm tm;

        if (!localtime_r(&s, &tm))
                return -EINVAL;
        tm.tm_mday += days;
        tm.tm_hour = time[0];
        tm.tm_min = time[1];
        tm.tm_sec = time[2];
        *ret = (instant_t)local_resolve(timegm(&tm)) * USEC_PER_SEC;
        return 0;
}

static int parse_word(const char *text, instant_t now, instant_t *ret)
{
        static const struct {
                const char *word;
                int days;
        } words[] = {{"today", 0}, {"yesterday", -1}, {"tomorrow", 1}};
        static const int midnight[3];

        if (strcmp(text, "now") == 0) {
                *ret = now;
                return 0;
        }
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strcmp(text, words[i].word) == 0)
                        return local_day(now, words[i].days, midnight, ret);
        return -EINVAL;
}

/* "hh:mm" with an optional ":ss"; returns what follows, NULL when it is not one. */
static const char *take_clock(const char *p, int f[3])
{
        const char *next;

        f[2] = 0;
        p = take_digits(p, 2, &f[0]);
        p = take_digits(take_char(p, ':'), 2, &f[1]);
        if (!p)
                return NULL;
        next = take_digits(take_char(p, ':'), 2, &f[2]);
        return next ? next : p;
}

static int parse_calendar(const char *text, instant_t *ret)
{
        int f[6] = {0};
        bool zoned;
        const char *p = take_digits(text, 4, &f[0]);

        p = take_digits(take_char(p, '-'), 2, &f[1]);
        p = take_digits(take_char(p, '-'), 2, &f[2]);
        if (!p)
                return -EINVAL;
        if (*p == '\0')
                return instant_from_local(f[0], f[1], f[2], 0, 0, 0, ret);
        if (*p != 'T' && *p != ' ')
                return -EINVAL;
        p = take_clock(p + 1, f + 3);
        return p ? fields_to_instant(f, p, ret, &zoned) : -EINVAL;
}

static int parse_epoch(const char *text, instant_t *ret)
{
        char *end;
        long long v;

        errno = 0;
        v = strtoll(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0' || llabs(v) > INT64_C(253402300799))
                return -EINVAL;
        *ret = v * USEC_PER_SEC;
        return 0;
}

int instant_parse(const char *text, instant_t now, instant_t *ret)
{
        int time[3];
        const char *rest;

        if (text[0] == '@')
                return parse_epoch(text + 1, ret);
        if (text[0] == '-' || text[0] == '+')
                return parse_relative(text, now, ret);
        if (isalpha((unsigned char)text[0]))
                return parse_word(text, now, ret);
        rest = take_clock(text, time);
        if (rest && *rest == '\0')
                return time[0] > 23 || time[1] > 59 || time[2] > 60 ? -EINVAL : local_day(now, 0, time, ret);
        return parse_calendar(text, ret);
}
