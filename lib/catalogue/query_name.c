// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an index can know of a name pattern: a literal prefix is a range of the index by name, and every
 * three characters that stand together are a token of the full text index. Both find too much at most, never
 * too little; GLOB judges each row after them.
 */
#include "catalogue/query_plan.h"
#include "base/text.h"

#include <string.h>

/* One character of a pattern: a wild card, or the bytes it stands for. */
struct symbol {
        bool wild;
        const char *bytes;
        size_t size;
};

/* The patterns come from query_filter.c: '[' is always the class "[[]" of itself. Returns what follows. */
static const char *take_symbol(const char *p, struct symbol *ret)
{
        ret->wild = *p == '*' || *p == '?';
        ret->bytes = *p == '[' ? p + 1 : p;
        ret->size = text_utf8_sequence(p);
        return *p == '[' ? p + 3 : p + ret->size;
}

/* Drops characters whose last byte cannot be counted up within UTF-8, then counts the last byte up. */
static int set_prefix(struct plan *p, const char *text, size_t size)
{
        unsigned char last = 0;

        while (size > 0) {
                last = (unsigned char)text[size - 1];
                if (last != 0x7f && last != 0xbf)
                        break;
                while (size > 0 && ((unsigned char)text[size - 1] & 0xc0) == 0x80)
                        size--;
                size--;
        }
        if (size == 0)
                return 0;
        p->prefix = strndup(text, size);
        p->prefix_end = strndup(text, size);
        if (!p->prefix || !p->prefix_end)
                return -ENOMEM;
        p->prefix_end[size - 1] = (char)(last + 1);
        return 0;
}

int plan_prefix(const char *pattern, struct plan *p)
{
        _cleanup_free_ char *prefix = calloc(1, strlen(pattern) + 1);
        struct symbol s;
        size_t size = 0;

        if (!prefix)
                return -ENOMEM;
        while (*pattern) {
                pattern = take_symbol(pattern, &s);
                if (s.wild)
                        break;
                memcpy(prefix + size, s.bytes, s.size);
                size += s.size;
        }
        return set_prefix(p, prefix, size);
}

void plan_quote(const char *token, char ret[QUOTED_SIZE])
{
        char *p = ret;

        *p++ = '"';
        for (; *token; token++) {
                if (*token == '"')
                        *p++ = '"';
                *p++ = *token;
        }
        *p++ = '"';
        *p = '\0';
}

static char *quote_symbols(const struct symbol token[3])
{
        char text[TOKEN_SIZE], quoted[QUOTED_SIZE], *p = text;

        for (size_t i = 0; i < 3; i++)
                p = mempcpy(p, token[i].bytes, token[i].size);
        *p = '\0';
        plan_quote(text, quoted);
        return strdup(quoted);
}

bool plan_ending(const char *pattern, char ret[PLAN_ENDING_SIZE])
{
        struct symbol last[2] = {{.wild = true}, {.wild = true}};
        char *p;

        while (*pattern) {
                last[0] = last[1];
                pattern = take_symbol(pattern, &last[1]);
        }
        if (last[0].wild || last[1].wild)
                return false;
        p = mempcpy(ret, last[0].bytes, last[0].size);
        p = mempcpy(p, last[1].bytes, last[1].size);
        *p = '\0';
        return true;
}

int plan_parts(const char *pattern, struct part ret[PARTS_MAX], size_t *ret_n)
{
        struct symbol window[3];
        size_t filled = 0, n = 0;

        while (*pattern && n < PARTS_MAX) {
                bool joined = filled == 3;

                if (joined) {
                        memmove(window, window + 1, 2 * sizeof(window[0]));
                        filled = 2;
                }
                pattern = take_symbol(pattern, &window[filled]);
                filled = window[filled].wild ? 0 : filled + 1;
                if (filled < 3)
                        continue;
                ret[n] = (struct part){.expression = quote_symbols(window), .joined = joined};
                if (!ret[n].expression)
                        break;
                n++;
        }
        *ret_n = n; /* also when memory ran out: fewer parts find more names, and GLOB judges each */
        return n > 0 || filled < 3 ? 0 : -ENOMEM;
}
