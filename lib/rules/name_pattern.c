// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Facts out of file names. regcomp(3) knows no named groups, so name_pattern_translate() (its own file)
 * turns them into plain ones and remembers their numbers. Names come from devices: 255 bytes at most are
 * looked at, a field that does not fit or is not UTF-8 counts as absent, and a date is only believed to be
 * one when the calendar has it.
 */
#include "rules/name_pattern.h"
#include "rules/name_pattern_translate.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <limits.h>
#include <regex.h>
#include <string.h>

struct name_pattern {
        char name[PATTERN_FIELD_MAX];
        struct pattern_groups groups;
        regex_t regex;
        bool compiled;
};

DEFINE_CLEANUP(struct name_pattern *, name_pattern_free);

void name_pattern_free(struct name_pattern *p)
{
        if (!p)
                return;
        if (p->compiled)
                regfree(&p->regex);
        free(p);
}

bool name_pattern_numbers(const struct name_pattern *p)
{
        for (size_t g = 1; g <= p->groups.n; g++)
                if (p->groups.field[g] == PATTERN_SEQUENCE)
                        return true;
        return false;
}

int name_pattern_new(const char *name, const char *match, struct name_pattern **ret, const char **ret_error)
{
        _cleanup_(name_pattern_freep) struct name_pattern *p = calloc(1, sizeof(*p));
        char plain[PATTERN_TEXT_MAX + 1];
        int r;

        if (!p)
                return -ENOMEM;
        if (name[0] == '\0' || !text_copy(p->name, sizeof(p->name), name)) {
                *ret_error = "a name of 1 to 63 bytes";
                return -EINVAL;
        }
        r = name_pattern_translate(match, plain, &p->groups, ret_error);
        if (r < 0)
                return r;
        r = regcomp(&p->regex, plain, REG_EXTENDED);
        if (r == REG_ESPACE)
                return -ENOMEM;
        if (r != 0) {
                *ret_error = "a POSIX extended regular expression";
                return -EINVAL;
        }
        p->compiled = true;
        *ret = TAKE_PTR(p);
        return 0;
}

/* One match: the subject and where its groups are. */
struct match {
        const struct name_pattern *pattern;
        const char *text;
        regmatch_t at[PATTERN_GROUPS_MAX + 1];
};

/* Copies the text of 'field' into buf; "" when it is absent. Returns whether it is there and not empty. */
static bool field_text(const struct match *m, enum pattern_field field, char buf[PATTERN_FIELD_MAX])
{
        buf[0] = '\0';
        for (size_t g = 1; g <= m->pattern->groups.n; g++) {
                size_t n;

                if (m->pattern->groups.field[g] != field || m->at[g].rm_so < 0)
                        continue;
                n = (size_t)(m->at[g].rm_eo - m->at[g].rm_so);
                if (n == 0 || n >= PATTERN_FIELD_MAX)
                        continue;
                memcpy(buf, m->text + m->at[g].rm_so, n);
                buf[n] = '\0';
                if (text_utf8_valid(buf))
                        return true;
                buf[0] = '\0';
        }
        return false;
}

/* The digits of 'field', whatever stands between them; at most 14. Returns how many, 0 when the field is
 * absent. */
static size_t field_digits(const struct match *m, enum pattern_field field, char digits[16])
{
        char text[PATTERN_FIELD_MAX];
        size_t n = 0;

        (void)field_text(m, field, text);
        for (const char *p = text; *p; p++)
                if (isdigit((unsigned char)*p) && n < 15)
                        digits[n++] = *p;
        digits[n] = '\0';
        return n;
}

static int digits_value(const char *p, int n)
{
        int v = 0;

        for (int i = 0; i < n; i++)
                v = v * 10 + (p[i] - '0');
        return v;
}

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, N_PARTS };

/* What the name says of date and time. A part of -1 is not there. */
struct moment {
        int part[N_PARTS];
        bool malformed;
};

/* Fills consecutive parts of 'widths' digits each from a field. The year is given its place by 'order'. */
static void moment_take(const struct match *m, enum pattern_field field, const int *order, const int *widths,
                        int n, struct moment *t)
{
        char digits[16];
        size_t have = field_digits(m, field, digits), want = 0, used = 0;

        for (int i = 0; i < n; i++)
                want += (size_t)widths[i];
        if (have == 0)
                return;
        if (have != want) {
                t->malformed = true;
                return;
        }
        for (int i = 0; i < n; used += (size_t)widths[i], i++)
                t->part[order[i]] = digits_value(digits + used, widths[i]);
}

static void moment_take_part(const struct match *m, enum pattern_field field, int part, struct moment *t)
{
        char digits[16];
        size_t n = field_digits(m, field, digits);

        if (n == 0)
                return;
        if (n > 4)
                t->malformed = true;
        else
                t->part[part] = digits_value(digits, (int)n) + (part == YEAR && n == 2 ? 2000 : 0);
}

static void moment_collect(const struct match *m, struct moment *t)
{
        static const int ymd[] = {YEAR, MONTH, DAY, HOUR, MINUTE, SECOND},
                         mdy[] = {MONTH, DAY, YEAR, HOUR, MINUTE, SECOND};
        static const int ymd_widths[] = {4, 2, 2, 2, 2, 2}, mdy_widths[] = {2, 2, 4, 2, 2, 2};

        *t = (struct moment){.part = {-1, -1, -1, -1, -1, -1}};
        moment_take_part(m, PATTERN_YEAR, YEAR, t);
        moment_take_part(m, PATTERN_MONTH, MONTH, t);
        moment_take_part(m, PATTERN_DAY, DAY, t);
        moment_take_part(m, PATTERN_HOUR, HOUR, t);
        moment_take_part(m, PATTERN_MINUTE, MINUTE, t);
        moment_take_part(m, PATTERN_SECOND, SECOND, t);
        moment_take(m, PATTERN_DATE, ymd, ymd_widths, 3, t);
        moment_take(m, PATTERN_TIME, ymd + HOUR, ymd_widths + HOUR, 3, t);
        moment_take(m, PATTERN_DATETIME, ymd, ymd_widths, N_PARTS, t);
        moment_take(m, PATTERN_MDYDATETIME, mdy, mdy_widths, N_PARTS, t);
}

/* Sets started or impossible_date. A date without hour and minute is no instant, and nothing is wrong with
 * it. */
static void moment_settle(const struct match *m, struct name_facts *f)
{
        struct moment t;
        bool dated;

        moment_collect(m, &t);
        dated = t.part[YEAR] >= 0 && t.part[MONTH] >= 0 && t.part[DAY] >= 0;
        if (t.malformed) {
                f->impossible_date = true;
                return;
        }
        if (!dated || t.part[HOUR] < 0 || t.part[MINUTE] < 0)
                return;
        if (t.part[SECOND] < 0)
                t.part[SECOND] = 0;
        if (instant_from_local(t.part[YEAR], t.part[MONTH], t.part[DAY], t.part[HOUR], t.part[MINUTE],
                               t.part[SECOND], &f->started) < 0)
                f->impossible_date = true;
}

static void facts_take(const struct match *m, struct name_facts *f)
{
        char ignored[PATTERN_FIELD_MAX];

        memcpy(f->pattern, m->pattern->name, sizeof(f->pattern));
        (void)field_text(m, PATTERN_RECORDER, f->recorder);
        (void)field_text(m, PATTERN_OFFICER, f->officer);
        (void)field_text(m, PATTERN_UNIT, f->unit);
        (void)field_text(m, PATTERN_SEQUENCE, f->sequence);
        f->important = field_text(m, PATTERN_IMPORTANT, ignored);
        moment_settle(m, f);
}

void name_pattern_apply(struct name_pattern *const *patterns, size_t n, const char *path,
                        struct name_facts *ret)
{
        const char *slash = strrchr(path, '/');
        struct match m = {.text = slash ? slash + 1 : path};

        *ret = (struct name_facts){.started = INSTANT_NONE};
        if (strlen(m.text) > NAME_MAX)
                return;
        for (size_t i = 0; i < n; i++) {
                m.pattern = patterns[i];
                if (regexec(&patterns[i]->regex, m.text, ELEMENTSOF(m.at), m.at, 0) == 0) {
                        facts_take(&m, ret);
                        return;
                }
        }
}
