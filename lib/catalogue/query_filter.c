// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values of filters, from text as people type it. Nothing here knows of SQL but the form of a GLOB pattern.
 */
#include "catalogue/query_noun.h"
#include "base/conf.h"
#include "base/text.h"

#include <string.h>

#define QUERY_LIMIT_MAX   1000000
#define VALUES_MAX        1000 /* alternatives of one filter; SQLite's own bound on an expression's depth */
#define SHA256_DIGITS_MIN 8

static const char *const orders[_ORDER_MAX] = {
                [ORDER_TIME] = "time",       [ORDER_TIME_ASC] = "-time", [ORDER_SIZE] = "size",
                [ORDER_SIZE_DESC] = "-size", [ORDER_NAME] = "name",      [ORDER_ID] = "id",
                [ORDER_ID_DESC] = "-id",
};

static int add_value(struct term *t, struct term_value **ret)
{
        struct term_value *values;

        if (t->n == VALUES_MAX)
                return -EINVAL;
        values = realloc(t->values, (t->n + 1) * sizeof(*values));
        if (!values)
                return -ENOMEM;
        t->values = values;
        *ret = &values[t->n];
        **ret = (struct term_value){0};
        t->n++;
        return 0;
}

static int add_integer(struct term *t, int64_t integer, int64_t end)
{
        struct term_value *v;
        int r = add_value(t, &v);

        if (r < 0)
                return r;
        v->integer = integer;
        v->end = end;
        return 0;
}

static int add_text(struct term *t, char *text)
{
        struct term_value *v;
        int r;

        if (!text)
                return -ENOMEM;
        r = add_value(t, &v);
        if (r < 0) {
                free(text);
                return r;
        }
        v->text = text;
        return 0;
}

/* With 'words': one of them, which is text in its column. */
static int parse_text(struct term *t, const struct words *words, const char *value)
{
        int ignored;

        if (value[0] == '\0' || !text_utf8_valid(value))
                return -EINVAL;
        if (words && word_value(words, value, strlen(value), &ignored) < 0)
                return -EINVAL;
        return add_text(t, strdup(value));
}

/* '*' and '?' are wild, and nothing else is: GLOB's '[' goes into brackets of its own. */
static int parse_glob(struct term *t, const char *value)
{
        _cleanup_free_ char *pattern = malloc(3 * strlen(value) + 1);
        char *p = pattern;

        if (!pattern)
                return -ENOMEM;
        if (value[0] == '\0' || !text_utf8_valid(value))
                return -EINVAL;
        for (; *value; value++) {
                if (*value == '[')
                        p = stpcpy(p, "[[]");
                else
                        *p++ = *value;
        }
        *p = '\0';
        return add_text(t, TAKE_PTR(pattern));
}

static int parse_id(const char *value, int64_t *ret)
{
        int64_t id;

        if (text_to_int64(value, &id) < 0 || id < 1)
                return -EINVAL;
        *ret = id;
        return 0;
}

static int parse_ids(struct term *t, const char *value)
{
        int64_t id;

        return parse_id(value, &id) < 0 ? -EINVAL : add_integer(t, id, 0);
}

static int parse_instant(struct term *t, const char *value, instant_t now)
{
        instant_t at;

        return instant_parse(value, now, &at) < 0 ? -EINVAL : add_integer(t, at, 0);
}

/* From the local midnight before the instant named to the next one: a day of 23 or 25 hours is one day too.
 */
static int parse_day(struct term *t, const char *value, instant_t now)
{
        instant_t at, first, end;

        if (instant_parse(value, now, &at) < 0 || instant_parse("today", at, &first) < 0 ||
            instant_parse("tomorrow", at, &end) < 0)
                return -EINVAL;
        return add_integer(t, first, end);
}

static int parse_words(struct term *t, const struct words *words, const char *value)
{
        for (;;) {
                size_t n = strcspn(value, ",");
                int word, r;

                if (word_value(words, value, n, &word) < 0)
                        return -EINVAL;
                r = add_integer(t, word, 0);
                if (r < 0)
                        return r;
                if (value[n] == '\0')
                        return 0;
                value += n + 1;
        }
}

static int parse_yes_no(struct term *t, const char *value)
{
        static const char *const yes[] = {"yes", "true", "1"}, *const no[] = {"no", "false", "0"};

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcmp(value, yes[i]) == 0)
                        return add_integer(t, 1, 0);
                if (strcmp(value, no[i]) == 0)
                        return add_integer(t, 0, 0);
        }
        return -EINVAL;
}

static int parse_sha256(struct term *t, const char *value)
{
        char low[DIGEST_HEX_SIZE], high[DIGEST_HEX_SIZE];
        uint8_t low_bytes[DIGEST_SIZE], high_bytes[DIGEST_SIZE];
        struct term_value *v;
        size_t n = strlen(value);
        int r;

        if (n < SHA256_DIGITS_MIN || n >= DIGEST_HEX_SIZE)
                return -EINVAL;
        memset(low, '0', sizeof(low) - 1);
        memset(high, 'f', sizeof(high) - 1);
        low[sizeof(low) - 1] = high[sizeof(high) - 1] = '\0';
        memcpy(low, value, n);
        memcpy(high, value, n);
        if (text_unhex(low, low_bytes, DIGEST_SIZE) < 0 || text_unhex(high, high_bytes, DIGEST_SIZE) < 0)
                return -EINVAL;
        r = add_value(t, &v);
        if (r < 0)
                return r;
        memcpy(v->low, low_bytes, DIGEST_SIZE);
        memcpy(v->high, high_bytes, DIGEST_SIZE);
        return 0;
}

static int parse_limit(struct query *q, struct term *t, const char *value)
{
        int64_t limit;

        if (parse_id(value, &limit) < 0 || limit > QUERY_LIMIT_MAX)
                return -EINVAL;
        q->limit = limit;
        return add_integer(t, limit, 0);
}

static int parse_order(struct query *q, struct term *t, const char *value)
{
        for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
                if (strcmp(orders[i], value) == 0) {
                        q->order = (enum query_order)i;
                        return add_integer(t, (int64_t)i, 0);
                }
        }
        return -EINVAL;
}

static int parse_span(struct term *t, const char *value)
{
        const char *expected;
        int64_t span;

        return conf_parse_span(NULL, value, &span, &expected) < 0 ? -EINVAL : add_integer(t, span, 0);
}

static int parse_after(struct query *q, struct term *t, const char *value)
{
        if (parse_id(value, &q->after) < 0)
                return -EINVAL;
        return add_integer(t, q->after, 0);
}

static const char *const expectations[] = {
                [FILTER_TEXT] = "a text that is not empty",
                [FILTER_ID] = "a positive number",
                [FILTER_INSTANT] =
                                ("a time such as 2026-11-01, '2026-11-01 08:00', 08:00, today, yesterday, "
                                 "-7d or -36h"),
                [FILTER_DAY] = "a day such as 2026-11-01, today, yesterday or -7d",
                [FILTER_WORDS] = "a word of the list",
                [FILTER_YES_NO] = "yes or no",
                [FILTER_SHA256] = "8 to 64 hexadecimal digits",
                [FILTER_GLOB] = "a file name, with * and ? as wild cards",
                [FILTER_LIMIT] = "a number from 1 to 1000000",
                [FILTER_ORDER] = "one of time, -time, size, -size, name, id or -id",
                [FILTER_AFTER] = "the id of the last row of the page before",
                [FILTER_SPAN] = "a time span such as 90s, 5min or 1h",
};

int filter_parse(const struct filter *f, const char *value, struct query *q, struct term *t,
                 const char **ret_expected)
{
        *ret_expected = t->n == VALUES_MAX ? "at most 1000 values of one filter" : expectations[f->type];
        switch (f->type) {
        case FILTER_TEXT:
                return parse_text(t, f->words, value);
        case FILTER_ID:
                return parse_ids(t, value);
        case FILTER_INSTANT:
                return parse_instant(t, value, q->now);
        case FILTER_DAY:
                return parse_day(t, value, q->now);
        case FILTER_WORDS:
                return parse_words(t, f->words, value);
        case FILTER_YES_NO:
                return parse_yes_no(t, value);
        case FILTER_SHA256:
                return parse_sha256(t, value);
        case FILTER_GLOB:
                return parse_glob(t, value);
        case FILTER_LIMIT:
                return parse_limit(q, t, value);
        case FILTER_ORDER:
                return parse_order(q, t, value);
        case FILTER_AFTER:
                return parse_after(q, t, value);
        case FILTER_SPAN:
                return parse_span(t, value);
        }
        return -EINVAL;
}
