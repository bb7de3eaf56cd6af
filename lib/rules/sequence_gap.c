// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sorting, then looking at neighbours; see sequence_gap.h. */
#include "rules/sequence_gap.h"
#include "base/cleanup.h"

#include <ctype.h>
#include <string.h>

enum { DIGITS_MAX = 9, PATTERNS_MAX = 64 };

struct number {
        int64_t key;
        uint32_t value;
        uint8_t pattern, digits;
        bool listed;
};

struct sequence_set {
        struct number *numbers;
        size_t n, allocated;
        char patterns[PATTERNS_MAX][PATTERN_FIELD_MAX];
        size_t n_patterns;
};

int sequence_set_new(struct sequence_set **ret)
{
        *ret = calloc(1, sizeof(**ret));
        return *ret ? 0 : -ENOMEM;
}

void sequence_set_free(struct sequence_set *s)
{
        if (!s)
                return;
        free(s->numbers);
        free(s);
}

/* The pattern's place in the table; PATTERNS_MAX when it is full. */
static size_t pattern_place(struct sequence_set *s, const char *name)
{
        size_t i = 0;

        while (i < s->n_patterns && strcmp(s->patterns[i], name) != 0)
                i++;
        if (i == s->n_patterns && i < PATTERNS_MAX) {
                (void)snprintf(s->patterns[i], sizeof(s->patterns[i]), "%s", name);
                s->n_patterns++;
        }
        return i;
}

static bool digits_read(const char *text, struct number *ret)
{
        size_t n = strlen(text);

        if (n == 0 || n > DIGITS_MAX)
                return false;
        ret->value = 0;
        ret->digits = (uint8_t)n;
        for (const char *p = text; *p; p++) {
                if (!isdigit((unsigned char)*p))
                        return false;
                ret->value = ret->value * 10 + (uint32_t)(*p - '0');
        }
        return true;
}

static int numbers_grow(struct sequence_set *s)
{
        size_t n = s->allocated ? 2 * s->allocated : 64;
        struct number *grown = realloc(s->numbers, n * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        s->numbers = grown;
        s->allocated = n;
        return 0;
}

int sequence_set_add(struct sequence_set *s, const struct name_facts *facts, int64_t key, bool listed)
{
        struct number number = {.key = key, .listed = listed};
        size_t place;

        if (facts->pattern[0] == '\0' || !digits_read(facts->sequence, &number))
                return 0;
        place = pattern_place(s, facts->pattern);
        if (place == PATTERNS_MAX)
                return 0;
        number.pattern = (uint8_t)place;
        if (s->n == s->allocated && numbers_grow(s) < 0)
                return -ENOMEM;
        s->numbers[s->n++] = number;
        return 0;
}

static int number_compare(const void *x, const void *y)
{
        const struct number *a = x, *b = y;

        if (a->pattern != b->pattern)
                return a->pattern < b->pattern ? -1 : 1;
        if (a->digits != b->digits)
                return a->digits < b->digits ? -1 : 1;
        if (a->value != b->value)
                return a->value < b->value ? -1 : 1;
        return a->key < b->key ? -1 : a->key > b->key;
}

static uint32_t numbers_of(unsigned int digits)
{
        uint32_t n = 1;

        while (digits-- > 0)
                n *= 10;
        return n;
}

/* One run, sorted: the numbers of one pattern and width. Only between its first and its last listed one is
 * there a listing that could have a hole. */
static size_t run_gaps(const struct number *run, size_t n, size_t max, sequence_gap_fn *on_gap,
                       void *userdata)
{
        size_t first = 0, last = n, found = 0;

        while (first < n && !run[first].listed)
                first++;
        while (last > first && !run[last - 1].listed)
                last--;
        for (size_t i = first + 1; i < last; i++) {
                uint32_t missing = run[i].value - run[i - 1].value;
                struct sequence_gap gap = {
                                .before = run[i - 1].key,
                                .after = run[i].key,
                                .first = run[i - 1].value + 1,
                                .last = run[i].value - 1,
                                .digits = run[i].digits,
                };

                if (missing <= 1 || missing > numbers_of(run[i].digits) / 2)
                        continue;
                if (found++ < max)
                        on_gap(userdata, &gap);
        }
        return found;
}

size_t sequence_set_gaps(struct sequence_set *s, size_t max, sequence_gap_fn *on_gap, void *userdata)
{
        size_t found = 0;

        if (s->n > 0)
                qsort(s->numbers, s->n, sizeof(*s->numbers), number_compare);
        for (size_t i = 0, end; i < s->n; i = end) {
                end = i + 1;
                while (end < s->n && s->numbers[end].pattern == s->numbers[i].pattern &&
                       s->numbers[end].digits == s->numbers[i].digits)
                        end++;
                found += run_gaps(s->numbers + i, end - i, max - MIN(found, max), on_gap, userdata);
        }
        return found;
}
