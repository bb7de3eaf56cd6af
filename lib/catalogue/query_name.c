// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an index can know of a name pattern: a literal prefix is a range of the index by name, and every
 * three characters that stand together are a token of the full text index. Both find too much at most, never
 * too little; GLOB judges each row after them.
 */
#include "catalogue/query_plan.h"
#include "base/text.h"

#include <string.h>

#define PARTS_MAX 16

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

static int find_prefix(const char *pattern, struct plan *p)
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

/* A token in quotes, a quote in it doubled: nothing of the pattern is an operator of the full text language.
 */
static void write_token(FILE *f, const struct symbol token[3])
{
        (void)fputc('"', f);
        for (size_t i = 0; i < 3; i++) {
                if (token[i].bytes[0] == '"')
                        (void)fputc('"', f);
                (void)fwrite(token[i].bytes, 1, token[i].size, f);
        }
        (void)fputc('"', f);
}

static size_t write_parts(FILE *f, const char *pattern)
{
        struct symbol window[3];
        size_t filled = 0, n = 0;

        while (*pattern && n < PARTS_MAX) {
                if (filled == 3) {
                        memmove(window, window + 1, 2 * sizeof(window[0]));
                        filled = 2;
                }
                pattern = take_symbol(pattern, &window[filled]);
                filled = window[filled].wild ? 0 : filled + 1;
                if (filled < 3)
                        continue;
                if (n++ > 0)
                        (void)fputs(" AND ", f);
                write_token(f, window);
        }
        return n;
}

static int find_parts(const char *pattern, struct plan *p)
{
        _cleanup_free_ char *text = NULL;
        size_t size, n;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        n = write_parts(f, pattern);
        if (fclose(f) != 0)
                return -ENOMEM;
        if (n > 0)
                p->parts = TAKE_PTR(text);
        return 0;
}

int plan_name(const char *pattern, struct plan *p)
{
        int r = find_prefix(pattern, p);

        return r < 0 ? r : find_parts(pattern, p);
}
