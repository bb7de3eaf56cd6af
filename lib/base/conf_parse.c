// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Values of configuration keys by type. Each parser finishes its whole value before it touches the field, so
 * that a bad value leaves the default in place.
 */
#include "base/conf.h"
#include "base/cleanup.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

static int refuse(const char **ret_expected, const char *expected)
{
        *ret_expected = expected;
        return -EINVAL;
}

int conf_parse_bool(const struct conf_location *at, const char *value, void *data, const char **ret_expected)
{
        static const char *const words[][4] = {{"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};

        (void)at;
        for (size_t truth = 0; truth < 2; truth++) {
                for (size_t i = 0; i < ELEMENTSOF(words[truth]); i++) {
                        if (strcasecmp(value, words[truth][i]) != 0)
                                continue;
                        *(bool *)data = truth == 1;
                        return 0;
                }
        }
        return refuse(ret_expected, "yes or no");
}

int conf_parse_string(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        char **field = data, *copy = NULL;

        (void)at;
        (void)ret_expected;
        if (value[0] != '\0') {
                copy = strdup(value);
                if (!copy)
                        return -ENOMEM;
        }
        free(*field);
        *field = copy;
        return 0;
}

/* Copies an absolute path without repeated slashes, "." components and a slash at the end. False when it has
 * "..". */
static bool path_normalise(const char *path, char *to)
{
        char *out = to;

        while (*path) {
                size_t n;

                path += strspn(path, "/");
                n = strcspn(path, "/");
                if (n == 2 && path[0] == '.' && path[1] == '.')
                        return false;
                if (n > 0 && !(n == 1 && path[0] == '.')) {
                        *out++ = '/';
                        memcpy(out, path, n);
                        out += n;
                }
                path += n;
        }
        if (out == to)
                *out++ = '/';
        *out = '\0';
        return true;
}

int conf_parse_path(const struct conf_location *at, const char *value, void *data, const char **ret_expected)
{
        static const char expected[] = "an absolute path without '..'";
        char normal[PATH_MAX];

        if (value[0] == '\0')
                return conf_parse_string(at, value, data, ret_expected);
        if (value[0] != '/' || strlen(value) >= sizeof(normal) || !path_normalise(value, normal))
                return refuse(ret_expected, expected);
        return conf_parse_string(at, normal, data, ret_expected);
}

/* Reads decimal digits. Returns the text behind them, NULL when there are none or too many. */
static const char *number_take(const char *p, uint64_t *ret)
{
        uint64_t v = 0;

        if (!isdigit((unsigned char)*p))
                return NULL;
        for (; isdigit((unsigned char)*p); p++)
                if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
                        return NULL;
        *ret = v;
        return p;
}

/* Reads ".125" as thousandths. Three digits are enough for people and keep the product below 2^64. */
static const char *thousandths_take(const char *p, uint64_t *ret)
{
        uint64_t v = 0, weight = 100;

        if (*p != '.') {
                *ret = 0;
                return p;
        }
        if (!isdigit((unsigned char)*++p))
                return NULL;
        for (; isdigit((unsigned char)*p); p++, weight /= 10) {
                if (weight == 0)
                        return NULL;
                v += (uint64_t)(*p - '0') * weight;
        }
        *ret = v;
        return p;
}

/* whole.thousandths × unit; false on overflow. */
static bool scale(uint64_t whole, uint64_t thousandths, uint64_t unit, uint64_t *ret)
{
        uint64_t v;

        if (__builtin_mul_overflow(whole, unit, &v))
                return false;
        return !__builtin_add_overflow(v, thousandths * unit / 1000, ret);
}

int conf_parse_size(const struct conf_location *at, const char *value, void *data, const char **ret_expected)
{
        static const char expected[] = "a size such as 512M, 1.5G or 2T";
        static const char units[] = "KMGTP";
        uint64_t whole, thousandths, size, unit = 1;
        const char *p = number_take(value, &whole);

        (void)at;
        p = p ? thousandths_take(p, &thousandths) : NULL;
        if (!p)
                return refuse(ret_expected, expected);
        if (*p != '\0' && strchr(units, *p)) {
                unit <<= 10 * (strchr(units, *p) - units + 1);
                p++;
        }
        if (*p != '\0' || (unit == 1 && strchr(value, '.')) || !scale(whole, thousandths, unit, &size))
                return refuse(ret_expected, expected);
        *(uint64_t *)data = size;
        return 0;
}

/* Microseconds of the unit at *p, which is moved behind it; 0 when there is no such unit. A bare number is
 * seconds. */
static uint64_t span_unit(const char **p)
{
        static const struct {
                const char *word;
                uint64_t usec;
        } units[] = {
                        {"", 1000000},
                        {"us", 1},
                        {"ms", 1000},
                        {"s", 1000000},
                        {"sec", 1000000},
                        {"m", 60000000},
                        {"min", 60000000},
                        {"h", 3600000000},
                        {"hr", 3600000000},
                        {"d", 86400000000},
                        {"day", 86400000000},
                        {"days", 86400000000},
                        {"w", 604800000000},
                        {"week", 604800000000},
                        {"weeks", 604800000000},
        };
        size_t n = strspn(*p, "abcdefghijklmnopqrstuvwxyz");

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if (strlen(units[i].word) != n || strncmp(units[i].word, *p, n) != 0)
                        continue;
                *p += n;
                return units[i].usec;
        }
        return 0;
}

int conf_parse_span(const struct conf_location *at, const char *value, void *data, const char **ret_expected)
{
        static const char expected[] = "a time span such as 90s, 5min, 24h or 7d";
        const char *p = value;
        uint64_t total = 0;

        (void)at;
        do {
                uint64_t whole, thousandths, unit, part;

                p = number_take(p, &whole);
                p = p ? thousandths_take(p, &thousandths) : NULL;
                if (!p)
                        return refuse(ret_expected, expected);
                p += strspn(p, " \t");
                unit = span_unit(&p);
                if (unit == 0 || !scale(whole, thousandths, unit, &part) ||
                    __builtin_add_overflow(total, part, &total))
                        return refuse(ret_expected, expected);
                p += strspn(p, " \t");
        } while (*p);
        if (total > INT64_MAX)
                return refuse(ret_expected, expected);
        *(int64_t *)data = (int64_t)total;
        return 0;
}

int conf_parse_unsigned(const struct conf_location *at, const char *value, void *data,
                        const char **ret_expected)
{
        uint64_t v;
        const char *end = number_take(value, &v);

        (void)at;
        if (!end || *end != '\0' || v > UINT_MAX)
                return refuse(ret_expected, "a number from 0 to 4294967295");
        *(unsigned int *)data = (unsigned int)v;
        return 0;
}

static size_t strings_count(char *const *strings)
{
        size_t n = 0;

        while (strings && strings[n])
                n++;
        return n;
}

void conf_strings_free(char **strings)
{
        for (char **s = strings; s && *s; s++)
                free(*s);
        free(strings);
}

DEFINE_CLEANUP(char **, conf_strings_free);

/* Takes the next word or "quoted text" from *p. Returns 1, 0 at the end, -EINVAL when a quote is not closed.
 */
static int word_take(const char **p, char **ret)
{
        const char *from;
        size_t n;
        bool quoted;

        *p += strspn(*p, " \t");
        if (**p == '\0')
                return 0;
        quoted = **p == '"';
        from = *p + quoted;
        n = strcspn(from, quoted ? "\"" : " \t");
        if (quoted && (from[n] != '"' || (from[n + 1] != '\0' && !strchr(" \t", from[n + 1]))))
                return -EINVAL;
        *ret = strndup(from, n);
        *p = from + n + quoted;
        return *ret ? 1 : -ENOMEM;
}

int conf_parse_strings(const struct conf_location *at, const char *value, void *data,
                       const char **ret_expected)
{
        _cleanup_(conf_strings_freep) char **added = NULL;
        char ***field = data, **all;
        size_t had = strings_count(*field), n = 0;
        int r;

        (void)at;
        added = calloc(strlen(value) / 2 + 2, sizeof(*added));
        if (!added)
                return -ENOMEM;
        do {
                r = word_take(&value, &added[n]);
        } while (r > 0 && ++n);
        if (r == -EINVAL)
                return refuse(ret_expected, "words separated by spaces, each \"quote\" closed");
        if (r < 0)
                return r;
        if (n == 0) {
                conf_strings_free(*field);
                *field = NULL;
                return 0;
        }
        all = reallocarray(*field, had + n + 1, sizeof(*all));
        if (!all)
                return -ENOMEM;
        memcpy(all + had, added, (n + 1) * sizeof(*all));
        *field = all;
        free(added);
        added = NULL;
        return 0;
}
