/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From an expression with (?<named> groups) to one regcomp(3) takes, with the numbers of the groups
 * remembered. */

#include <stddef.h>

#define PATTERN_TEXT_MAX   512 /* bytes of an expression */
#define PATTERN_GROUPS_MAX 32  /* named or not */
#define PATTERN_STATES_MAX \
        4096 /* atoms after its {n,m} are multiplied out: glibc copies them when it compiles */

enum pattern_field {
        PATTERN_NONE,
        PATTERN_RECORDER,
        PATTERN_OFFICER,
        PATTERN_UNIT,
        PATTERN_YEAR,
        PATTERN_MONTH,
        PATTERN_DAY,
        PATTERN_HOUR,
        PATTERN_MINUTE,
        PATTERN_SECOND,
        PATTERN_DATE,
        PATTERN_TIME,
        PATTERN_DATETIME,
        PATTERN_MDYDATETIME,
        PATTERN_SEQUENCE,
        PATTERN_IMPORTANT,
        PATTERN_DEVICE,
};

struct pattern_groups {
        size_t n;
        enum pattern_field field[PATTERN_GROUPS_MAX + 1]; /* by group number, from 1 */
};

/*
 * Writes the plain expression to 'plain'. -EINVAL with *ret_error (static text: what was expected) for an
 * unknown field name, a back-reference (matching those takes exponential time), too many groups, or an
 * expression too big when multiplied out. Whether the rest is a regular expression is regcomp(3)'s to say.
 */
int name_pattern_translate(const char *match, char plain[PATTERN_TEXT_MAX + 1], struct pattern_groups *ret,
                           const char **ret_error);
