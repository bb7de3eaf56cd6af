// SPDX-License-Identifier: LGPL-2.1-or-later
/* Working days; see calendar.h. A line is taken whole or not at all: half a holiday is worse than a message
 * that it is missing. */
#include "rules/calendar.h"
#include "base/cleanup.h"

#include <string.h>
#include <strings.h>

enum {
        SPANS_MAX = 4096,    /* decades of holidays */
        SPAN_DAYS_MAX = 366, /* a longer one is a slip of the pen */
        LOOK_AHEAD_DAYS = 366,
};

#define WEEK_ALL 0x7fU

void calendar_done(struct calendar *c)
{
        if (!c)
                return;
        free(c->spans);
        c->spans = NULL;
        c->n_spans = 0;
}

int calendar_copy(const struct calendar *c, struct calendar *ret)
{
        struct calendar copy = *c;

        copy.spans = c->n_spans > 0 ? calloc(c->n_spans, sizeof(*copy.spans)) : NULL;
        if (c->n_spans > 0 && !copy.spans)
                return -ENOMEM;
        if (c->n_spans > 0)
                memcpy(copy.spans, c->spans, c->n_spans * sizeof(*copy.spans));
        *ret = copy;
        return 0;
}

bool calendar_works(const struct calendar *c, day_t day)
{
        for (size_t i = 0; i < c->n_spans; i++)
                if (day >= c->spans[i].first && day <= c->spans[i].last)
                        return c->spans[i].working;
        return !(c->week_off & 1U << day_of_week(day));
}

day_t calendar_next_working(const struct calendar *c, day_t day)
{
        for (day_t i = 0; i <= LOOK_AHEAD_DAYS; i++)
                if (calendar_works(c, day + i))
                        return day + i;
        return day;
}

/* "2026-10-01" or "2026-10-01..2026-10-07". */
static int span_parse(const char *word, struct calendar_span *ret)
{
        char first[sizeof("2026-10-01")];
        const char *dots = strstr(word, "..");
        size_t n = dots ? (size_t)(dots - word) : strlen(word);

        if (n >= sizeof(first))
                return -EINVAL;
        memcpy(first, word, n);
        first[n] = '\0';
        if (day_parse(first, &ret->first) < 0 || day_parse(dots ? dots + 2 : first, &ret->last) < 0)
                return -EINVAL;
        return ret->last < ret->first || ret->last - ret->first >= SPAN_DAYS_MAX ? -EINVAL : 0;
}

static bool span_contradicts(const struct calendar *c, const struct calendar_span *s)
{
        for (size_t i = 0; i < c->n_spans; i++)
                if (c->spans[i].working != s->working && s->first <= c->spans[i].last &&
                    c->spans[i].first <= s->last)
                        return true;
        return false;
}

/* Checks all words before the first is taken. */
static int spans_check(const struct calendar *c, char *const *words, bool working, const char **ret_expected)
{
        size_t n = c->n_spans;

        for (; *words; words++) {
                struct calendar_span s = {.working = working};

                if (span_parse(*words, &s) < 0 || ++n > SPANS_MAX) {
                        *ret_expected = "dates such as 2026-10-10, or from..to such as "
                                        "2026-10-01..2026-10-07";
                        return -EINVAL;
                }
                if (span_contradicts(c, &s)) {
                        *ret_expected = "days that are not both off and worked";
                        return -EINVAL;
                }
        }
        return 0;
}

static int span_add(struct calendar *c, const struct calendar_span *s)
{
        struct calendar_span *spans = reallocarray(c->spans, c->n_spans + 1, sizeof(*spans));

        if (!spans)
                return -ENOMEM;
        c->spans = spans;
        c->spans[c->n_spans++] = *s;
        return 0;
}

static void spans_forget(struct calendar *c, bool working)
{
        size_t kept = 0;

        for (size_t i = 0; i < c->n_spans; i++)
                if (c->spans[i].working != working)
                        c->spans[kept++] = c->spans[i];
        c->n_spans = kept;
}

DEFINE_CLEANUP(char **, conf_strings_free);

static int spans_parse(const struct conf_location *at, const char *value, struct calendar *c, bool working,
                       const char **ret_expected)
{
        _cleanup_(conf_strings_freep) char **words = NULL;
        int r = conf_parse_strings(at, value, &words, ret_expected);

        if (r < 0)
                return r;
        if (!words) {
                spans_forget(c, working);
                return 0;
        }
        r = spans_check(c, words, working, ret_expected);
        for (size_t i = 0; r == 0 && words[i]; i++) {
                struct calendar_span s = {.working = working};

                r = span_parse(words[i], &s);
                if (r == 0)
                        r = span_add(c, &s);
        }
        return r;
}

static int parse_off(const struct conf_location *at, const char *value, void *data,
                     const char **ret_expected)
{
        return spans_parse(at, value, data, false, ret_expected);
}

static int parse_work(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        return spans_parse(at, value, data, true, ret_expected);
}

/* "Saturday" or "Sat" to a bit of a week, 0 for anything else. */
static unsigned int weekday_bit(const char *word)
{
        static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};

        for (unsigned int i = 0; i < ELEMENTSOF(names); i++)
                if (strcasecmp(word, names[i]) == 0 ||
                    (strlen(word) == 3 && strncasecmp(word, names[i], 3) == 0))
                        return 1U << i;
        return 0;
}

/* Unlike the lists this one is told whole: a later file that says Sunday means Sunday alone. */
static int parse_week(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        _cleanup_(conf_strings_freep) char **words = NULL;
        unsigned int off = 0, bit = 1;
        int r = conf_parse_strings(at, value, &words, ret_expected);

        if (r < 0)
                return r;
        for (size_t i = 0; words && words[i] && bit != 0; i++) {
                bit = weekday_bit(words[i]);
                off |= bit;
        }
        if (bit == 0 || off == WEEK_ALL) {
                *ret_expected = "names of weekdays such as Saturday Sunday, not all seven";
                return -EINVAL;
        }
        ((struct calendar *)data)->week_off = off;
        return 0;
}

const struct conf_key calendar_keys[] = {
                {"Week", "DaysOff", parse_week, 0},
                {"Holidays", "Off", parse_off, 0},
                {"Holidays", "Work", parse_work, 0},
};
const size_t calendar_keys_n = ELEMENTSOF(calendar_keys);
