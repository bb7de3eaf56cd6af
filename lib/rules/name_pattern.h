/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a file name says: configured POSIX extended regular expressions with named fields,
 *
 *   [Pattern "dcam"]
 *   Match=^DCAM_(?<device>[A-Z0-9]+)_(?<officer>[0-9]{6})_(?<date>[0-9]{8})_(?<time>[0-9]{6})(?<important>_IMP)?\.
 *
 * tried in order of their names, first match wins. Fields: recorder, officer, unit, year, month, day, hour,
 * minute, second, date (YYYYMMDD), time (hhmmss), datetime (YYYYMMDDhhmmss), mdydatetime (MMDDYYYYhhmmss),
 * sequence, important, device.
 */

#include "base/clock.h"

#include <stdbool.h>

#define PATTERN_FIELD_MAX 64

struct name_pattern;

struct name_facts {
        char pattern[PATTERN_FIELD_MAX];  /* which one matched, "" none */
        char recorder[PATTERN_FIELD_MAX]; /* "" not in the name */
        char officer[PATTERN_FIELD_MAX];
        char unit[PATTERN_FIELD_MAX];
        char sequence[PATTERN_FIELD_MAX];
        instant_t started;    /* INSTANT_NONE when there is no date and time, or an impossible one */
        bool impossible_date; /* a date stands there, but not one of the calendar */
        bool important;
};

/* Compiles one. -EINVAL with *ret_error (static text) when the expression or a field name is wrong. */
int name_pattern_new(const char *name, const char *match, struct name_pattern **ret, const char **ret_error);
void name_pattern_free(struct name_pattern *p);
/* Has it a field "sequence"? */
bool name_pattern_numbers(const struct name_pattern *p);
/* Tries 'patterns' in order on the last component of 'path'. No match leaves all fields of *ret empty. */
void name_pattern_apply(struct name_pattern *const *patterns, size_t n, const char *path,
                        struct name_facts *ret);
