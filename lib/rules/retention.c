// SPDX-License-Identifier: LGPL-2.1-or-later
/* How long footage is kept; see retention.h. Each thing that applies gives a day, the latest stands. The
 * profile is read in retention_profile.c. */
#include "rules/retention.h"
#include "base/cleanup.h"
#include "rules/recording_time.h"

#include <string.h>

enum { MONTH_DAYS_LEAST = 28 };

const char *const retention_bases[] = {
                [RETENTION_BY_HOLD] = "hold",         [RETENTION_BY_PROFILE] = "profile",
                [RETENTION_BY_CATEGORY] = "category", [RETENTION_BY_EVIDENCE] = "evidence",
                [RETENTION_BY_UNKNOWN] = "unknown",   [RETENTION_BY_PREMISES] = "premises",
};
_Static_assert(ELEMENTSOF(retention_bases) == _RETENTION_BASIS_MAX, "a basis has no word");

const char *retention_basis_text(enum retention_basis basis)
{
        return retention_bases[(unsigned int)basis < _RETENTION_BASIS_MAX ? basis : RETENTION_BY_UNKNOWN];
}

int retention_basis_from_text(const char *text, enum retention_basis *ret)
{
        for (int i = 0; i < _RETENTION_BASIS_MAX; i++) {
                if (strcmp(retention_bases[i], text) != 0)
                        continue;
                *ret = (enum retention_basis)i;
                return 0;
        }
        return -EINVAL;
}

bool retention_rules_usable(const struct retention_rules *rules)
{
        return rules && !rules->broken && rules->classes[RETENTION_PREMISES];
}

static bool known(const char *word)
{
        return word && word[0] != '\0';
}

const struct retention_class *retention_class_find(const struct retention_rules *rules,
                                                   enum retention_kind kind, const char *name)
{
        for (const struct retention_class *c = rules ? rules->classes[kind] : NULL; c; c = c->next)
                if (strcmp(c->word, name) == 0 || (c->chinese && strcmp(c->chinese, name) == 0) ||
                    (c->english && strcmp(c->english, name) == 0))
                        return c;
        return NULL;
}

static const struct retention_class *find_word(const struct retention_rules *rules, enum retention_kind kind,
                                               const char *word)
{
        for (const struct retention_class *c = known(word) ? rules->classes[kind] : NULL; c; c = c->next)
                if (strcmp(c->word, word) == 0)
                        return c;
        return NULL;
}

char *retention_class_words(const struct retention_rules *rules, enum retention_kind kind, char *buf,
                            size_t size)
{
        size_t used = 0;

        buf[0] = '\0';
        for (const struct retention_class *c = rules ? rules->classes[kind] : NULL; c && used < size;
             c = c->next) {
                const char *separator = used == 0 ? "" : c->next ? ", " : " or ";

                used += (size_t)snprintf(buf + used, size - used, "%s%s", separator, c->word);
        }
        return buf;
}

/* The day after 'day' at the earliest; a day past all calendars is one that never comes. */
static day_t day_after(day_t day)
{
        return day < RETENTION_NEVER ? day + 1 : RETENTION_NEVER;
}

static day_t term_end(const struct retention_term *term, day_t from)
{
        day_t until;

        if (term->for_ever || day_add_months(from, term->months, &until) < 0 ||
            day_add_months(until + term->days + 1, 0, &until) < 0) /* a date that can be written */
                return RETENTION_NEVER;
        return until;
}

/* The day that terms are counted from. A time in doubt may be any; only the offload is the station's own. */
static day_t counted_from(const struct retention_facts *f)
{
        instant_t from = f->ended;

        if (f->doubtful || !time_is_of_a_set_clock(f->ended))
                from = MAX(f->ended, f->offloaded);
        return from == INSTANT_NONE ? RETENTION_NEVER : instant_to_day(from);
}

static void keep(struct retention *r, day_t until, enum retention_basis basis,
                 const struct retention_class *decided)
{
        if (until > r->until || (until == r->until && basis < r->basis))
                *r = (struct retention){.until = until, .basis = basis, .decided = decided};
}

/* Of all classes and categories: the facts do not say which it will be. */
static day_t longest(const struct retention_rules *rules, day_t from)
{
        day_t until = INT64_MIN;

        for (int kind = 0; kind < _RETENTION_KIND_MAX; kind++)
                for (const struct retention_class *c = rules->classes[kind]; c; c = c->next)
                        until = MAX(until, term_end(&c->term, from));
        return until;
}

static void judge_premises(const struct retention_rules *rules, const struct retention_facts *f, day_t from,
                           struct retention *r)
{
        const struct retention_class *c = find_word(rules, RETENTION_PREMISES, f->premises);

        if (c)
                keep(r, term_end(&c->term, from), RETENTION_BY_PREMISES, c);
        else
                keep(r, longest(rules, from), RETENTION_BY_UNKNOWN, NULL);
}

static void judge_category(const struct retention_rules *rules, const struct retention_facts *f, day_t from,
                           struct retention *r)
{
        const struct retention_class *c = find_word(rules, RETENTION_CATEGORY, f->category);

        if (known(f->category))
                keep(r, c ? term_end(&c->term, from) : RETENTION_NEVER, RETENTION_BY_CATEGORY, c);
}

static void judge_evidence(const struct retention_rules *rules, const struct retention_facts *f,
                           struct retention *r)
{
        if (!f->evidence)
                return;
        keep(r, rules->evidence == RETENTION_EVIDENCE_FOR_EVER ? RETENTION_NEVER : day_after(f->file_until),
             RETENTION_BY_EVIDENCE, NULL);
}

void retention_judge(const struct retention_rules *rules, const struct retention_facts *facts,
                     struct retention *ret)
{
        struct retention r = {.until = INT64_MIN, .basis = RETENTION_BY_PREMISES};
        day_t from = counted_from(facts);

        if (facts->held)
                keep(&r, RETENTION_NEVER, RETENTION_BY_HOLD, NULL);
        if (!retention_rules_usable(rules)) {
                keep(&r, RETENTION_NEVER, RETENTION_BY_PROFILE, NULL);
        } else {
                judge_premises(rules, facts, from, &r);
                judge_category(rules, facts, from, &r);
                judge_evidence(rules, facts, &r);
        }
        *ret = r;
}

bool retention_shortens(const struct retention *before, const struct retention *after)
{
        return after->until < before->until;
}

static bool same_word(const char *a, const char *b)
{
        return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_case(const struct retention_facts *a, const struct retention_facts *b)
{
        return same_word(a->premises, b->premises) && same_word(a->category, b->category) &&
               a->evidence == b->evidence && a->file_until == b->file_until;
}

bool retention_change_is_approved(const struct retention_rules *rules, const struct retention_facts *before,
                                  const struct retention_facts *after)
{
        struct retention_facts old = *before, new = *after;
        struct retention was, is;

        if (!retention_rules_usable(rules))
                return !same_case(before, after);
        old.held = new.held = false;
        retention_judge(rules, &old, &was);
        retention_judge(rules, &new, &is);
        return retention_shortens(&was, &is) || (known(before->category) && !known(after->category));
}

int64_t retention_days_least(const struct retention_rules *rules)
{
        int64_t least = INT64_MAX;

        if (!retention_rules_usable(rules))
                return least;
        for (const struct retention_class *c = rules->classes[RETENTION_PREMISES]; c; c = c->next)
                if (!c->term.for_ever)
                        least = MIN(least, (int64_t)c->term.months * MONTH_DAYS_LEAST + c->term.days);
        return least;
}
