// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One pass over an expression: named groups become plain ones, every group is counted, and what could make
 * the C library slow is refused. A parenthesis counts only outside brackets and when it is not escaped,
 * which is why brackets and escapes are followed here as POSIX defines them (XBD chapter 9.3.5 and 9.4).
 */
#include "rules/name_pattern_translate.h"
#include "base/cleanup.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Reads the expression, writes the plain one. states[d] is the size of what stands in the open group of
 * depth d. */
struct translation {
        const char *from;
        char *to;
        struct pattern_groups *groups;
        size_t depth;
        size_t states[PATTERN_GROUPS_MAX + 1];
        size_t last; /* size of the atom just read, which a repetition multiplies */
        const char *error;
};

static bool refuse(struct translation *t, const char *expected)
{
        t->error = expected;
        return false;
}

static void copy(struct translation *t, size_t n)
{
        memcpy(t->to, t->from, n);
        t->to += n;
        t->from += n;
}

static void atom_count(struct translation *t, size_t size)
{
        t->last = size;
        t->states[t->depth] += size;
}

static enum pattern_field field_of_name(const char *name, size_t n)
{
        static const char *const words[] = {
                        [PATTERN_RECORDER] = "recorder",
                        [PATTERN_OFFICER] = "officer",
                        [PATTERN_UNIT] = "unit",
                        [PATTERN_YEAR] = "year",
                        [PATTERN_MONTH] = "month",
                        [PATTERN_DAY] = "day",
                        [PATTERN_HOUR] = "hour",
                        [PATTERN_MINUTE] = "minute",
                        [PATTERN_SECOND] = "second",
                        [PATTERN_DATE] = "date",
                        [PATTERN_TIME] = "time",
                        [PATTERN_DATETIME] = "datetime",
                        [PATTERN_MDYDATETIME] = "mdydatetime",
                        [PATTERN_SEQUENCE] = "sequence",
                        [PATTERN_IMPORTANT] = "important",
                        [PATTERN_DEVICE] = "device",
        };

        for (size_t i = PATTERN_RECORDER; i < ELEMENTSOF(words); i++)
                if (strlen(words[i]) == n && memcmp(words[i], name, n) == 0)
                        return (enum pattern_field)i;
        return PATTERN_NONE;
}

/* "(" or "(?<name>". */
static bool group_open(struct translation *t)
{
        enum pattern_field field = PATTERN_NONE;

        if (t->groups->n == PATTERN_GROUPS_MAX)
                return refuse(t, "at most 32 groups");
        copy(t, 1);
        if (*t->from == '?') {
                const char *name = t->from + 2;
                size_t n = t->from[1] == '<' ? strcspn(name, ">") : 0;

                if (n == 0 || name[n] != '>')
                        return refuse(t, "(?<field>…) behind '(?'");
                field = field_of_name(name, n);
                if (field == PATTERN_NONE)
                        return refuse(t, "one of the fields recorder, officer, unit, year, month, day, "
                                         "hour, minute, second, "
                                         "date, time, datetime, mdydatetime, sequence, important, device");
                t->from = name + n + 1;
        }
        t->groups->field[++t->groups->n] = field;
        t->states[++t->depth] = 0;
        return true;
}

static bool group_close(struct translation *t)
{
        size_t inner;

        copy(t, 1);
        if (t->depth == 0)
                return refuse(t, "a '(' for each ')'");
        inner = t->states[t->depth--];
        atom_count(t, inner + 1);
        return true;
}

/* "[…]": a ']' in first place, and those of [:class:], [.x.] and [=x=], do not end it. */
static bool bracket(struct translation *t)
{
        const char *p = t->from + 1;

        if (*p == '^')
                p++;
        if (*p == ']')
                p++;
        for (; *p && *p != ']'; p++) {
                const char *end;
                char close[3] = {0, ']', 0};

                if (*p != '[' || !strchr(":.=", p[1]) || p[1] == '\0')
                        continue;
                close[0] = p[1];
                end = strstr(p + 2, close);
                if (!end)
                        break;
                p = end + 1;
        }
        if (*p != ']')
                return refuse(t, "a ']' for each '['");
        copy(t, (size_t)(p + 1 - t->from));
        atom_count(t, 1);
        return true;
}

static bool escape(struct translation *t)
{
        if (t->from[1] == '\0')
                return refuse(t, "a character behind '\\'");
        if (isdigit((unsigned char)t->from[1]))
                return refuse(t, "no back-reference");
        copy(t, 2);
        atom_count(t, 1);
        return true;
}

/* "{n}", "{n,}", "{n,m}": the atom before it is there that many times. */
static bool repetition(struct translation *t)
{
        const char *p = t->from + 1;
        size_t times = 0, n = 0;

        for (; isdigit((unsigned char)*p) || *p == ','; p++) {
                n = *p == ',' ? 0 : n * 10 + (size_t)(*p - '0');
                times = MAX(times, n);
                if (times > PATTERN_STATES_MAX)
                        break;
        }
        /* Anything else, such as a '{' without its '}', is for regcomp() to judge. */
        copy(t, *p == '}' ? (size_t)(p + 1 - t->from) : 1);
        if (times > 1) {
                t->states[t->depth] += t->last * (times - 1);
                t->last *= times;
        }
        return t->states[t->depth] <= PATTERN_STATES_MAX ||
               refuse(t, "a smaller expression: its repetitions multiply to more than 4096");
}

static bool step(struct translation *t)
{
        switch (*t->from) {
        case '\\':
                return escape(t);
        case '[':
                return bracket(t);
        case '(':
                return group_open(t);
        case ')':
                return group_close(t);
        case '{':
                return repetition(t);
        default:
                copy(t, 1);
                atom_count(t, 1);
                return true;
        }
}

int name_pattern_translate(const char *match, char plain[PATTERN_TEXT_MAX + 1], struct pattern_groups *ret,
                           const char **ret_error)
{
        struct pattern_groups groups = {0};
        struct translation t = {.from = match, .to = plain, .groups = &groups};
        bool good = true;

        if (match[0] == '\0' || strlen(match) > PATTERN_TEXT_MAX)
                good = refuse(&t, "an expression of 1 to 512 bytes");
        while (good && *t.from)
                good = step(&t);
        if (good && t.depth > 0)
                good = refuse(&t, "a ')' for each '('");
        if (!good) {
                *ret_error = t.error;
                return -EINVAL;
        }
        *t.to = '\0';
        *ret = groups;
        return 0;
}
