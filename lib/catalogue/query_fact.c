// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The groups of three characters by which the full text index knows what a query's filters ask for beside
 * the name: the counterpart of footage_token.h, which says how rows have them. Values of one filter are
 * alternatives; a filter of many is left out, as is one of which nothing is known: the row is judged anyway.
 */
#include "catalogue/footage_token.h"
#include "catalogue/query_plan.h"
#include "base/text.h"

#include <string.h>

#define ALTERNATIVES_MAX 8

/* Of U+10000 to U+10FFFF: four bytes. */
static char *put_character(char *p, uint32_t code)
{
        *p++ = (char)(0xf0 | code >> 18);
        *p++ = (char)(0x80 | (code >> 12 & 0x3f));
        *p++ = (char)(0x80 | (code >> 6 & 0x3f));
        *p++ = (char)(0x80 | (code & 0x3f));
        return p;
}

static void number_token(uint32_t code, int64_t value, char ret[TOKEN_SIZE])
{
        char *p = put_character(ret, TOKEN_FIRST + code);

        p = put_character(p, TOKEN_FIRST + (uint32_t)(value >> TOKEN_BITS & TOKEN_MASK));
        *put_character(p, TOKEN_FIRST + (uint32_t)(value & TOKEN_MASK)) = '\0';
}

static void bay_token(const char *bay, char ret[TOKEN_SIZE])
{
        char *p = put_character(ret, TOKEN_FIRST + TOKEN_BAY);

        for (int i = 0; i < 2; i++) {
                size_t n = bay[0] ? text_utf8_sequence(bay) : 0;

                p = n > 0 ? mempcpy(p, bay, n) : mempcpy(p, " ", 1);
                bay += n;
        }
        *p = '\0';
}

static void ending_token(int64_t kind, const char *ending, char ret[TOKEN_SIZE])
{
        (void)stpcpy(put_character(ret, TOKEN_FIRST + TOKEN_ENDING + (uint32_t)kind), ending);
}

/* ("a" OR "b"): one of the alternatives. */
static int add_fact(const char tokens[][TOKEN_SIZE], size_t n, struct facts *f)
{
        sqlite3_str *s = sqlite3_str_new(NULL);

        for (size_t i = 0; i < n; i++) {
                char quoted[QUOTED_SIZE];

                plan_quote(tokens[i], quoted);
                sqlite3_str_appendf(s, "%s%s", i == 0 ? "(" : " OR ", quoted);
        }
        sqlite3_str_appendall(s, ")");
        f->expressions[f->n] = sqlite3_str_finish(s);
        if (!f->expressions[f->n])
                return -ENOMEM;
        f->n++;
        return 0;
}

static int add_numbers(const struct term *t, uint32_t code, struct facts *f)
{
        char tokens[ALTERNATIVES_MAX][TOKEN_SIZE];

        if (t->n == 0 || t->n > ALTERNATIVES_MAX)
                return 0;
        for (size_t i = 0; i < t->n; i++)
                number_token(code, t->values[i].integer, tokens[i]);
        return add_fact(tokens, t->n, f);
}

static int add_bays(const struct term *t, struct facts *f)
{
        char tokens[ALTERNATIVES_MAX][TOKEN_SIZE];

        if (t->n == 0 || t->n > ALTERNATIVES_MAX)
                return 0;
        for (size_t i = 0; i < t->n; i++)
                bay_token(t->values[i].text, tokens[i]);
        return add_fact(tokens, t->n, f);
}

static int add_ending(const struct query *q, struct facts *f)
{
        const struct term *kinds = &q->terms[FOOTAGE_BY_KIND], *name = &q->terms[FOOTAGE_BY_NAME];
        char tokens[ALTERNATIVES_MAX][TOKEN_SIZE], ending[PLAN_ENDING_SIZE];

        if (kinds->n == 0 || kinds->n > ALTERNATIVES_MAX || name->n != 1 ||
            !plan_ending(name->values[0].text, ending))
                return 0;
        for (size_t i = 0; i < kinds->n; i++)
                ending_token(kinds->values[i].integer, ending, tokens[i]);
        return add_fact(tokens, kinds->n, f);
}

void facts_done(struct facts *f)
{
        for (size_t i = 0; i < f->n; i++)
                sqlite3_free(f->expressions[i]);
}

int plan_facts(const struct query *q, const struct plan *p, struct facts *ret)
{
        static const uint32_t numbers[_NUMBER_MAX] = {[NUMBER_UNIT] = TOKEN_UNIT,
                                                      [NUMBER_OFFICER] = TOKEN_OFFICER,
                                                      [NUMBER_RECORDER] = TOKEN_RECORDER};
        int r = add_ending(q, ret);

        for (size_t i = 0; r == 0 && i < _NUMBER_MAX; i++)
                r = add_numbers(&p->numbers[i], numbers[i], ret);
        if (r == 0)
                r = add_numbers(&q->terms[FOOTAGE_BY_KIND], TOKEN_KIND, ret);
        if (r == 0)
                r = add_numbers(&q->terms[FOOTAGE_BY_VERDICT], TOKEN_VERDICT, ret);
        if (r == 0)
                r = add_numbers(&q->terms[FOOTAGE_BY_SOURCE], TOKEN_SOURCE, ret);
        return r == 0 ? add_bays(&q->terms[FOOTAGE_BY_BAY], ret) : r;
}
