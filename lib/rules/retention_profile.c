// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading a retention profile; see retention.h. A class that a later file takes up again is amended, and an
 * empty Term= takes it out. What is wrong makes the whole profile broken: a class that is missing because of
 * a slip of the pen would make what belongs to it fall to another one.
 */
#include "rules/retention.h"
#include "base/cleanup.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

enum {
        CLASSES_MAX = 256,      /* of a kind */
        CALLED_MAX = 200,       /* bytes of a Chinese or English term */
        TERM_MONTHS_MAX = 1200, /* a hundred years; what is longer is for ever */
        TERM_DAYS_MAX = 36525,
};

/* One load. */
struct loading {
        struct retention_rules *rules;
        conf_report_fn *report;
        void *userdata;
};

DEFINE_CLEANUP(struct retention_rules *, retention_rules_unref);

static const char *const sections[_RETENTION_KIND_MAX] = {
                [RETENTION_PREMISES] = "Premises",
                [RETENTION_CATEGORY] = "Category",
};

static void class_free(struct retention_class *c)
{
        free(c->chinese);
        free(c->english);
        free(c);
}

int retention_rules_new(struct retention_rules **ret)
{
        struct retention_rules *rules = calloc(1, sizeof(*rules));

        if (!rules)
                return -ENOMEM;
        rules->references = 1;
        *ret = rules;
        return 0;
}

struct retention_rules *retention_rules_ref(struct retention_rules *rules)
{
        if (rules)
                (void)__atomic_add_fetch(&rules->references, 1, __ATOMIC_RELAXED);
        return rules;
}

void retention_rules_unref(struct retention_rules *rules)
{
        if (!rules || __atomic_sub_fetch(&rules->references, 1, __ATOMIC_ACQ_REL) > 0)
                return;
        for (int kind = 0; kind < _RETENTION_KIND_MAX; kind++) {
                while (rules->classes[kind]) {
                        struct retention_class *c = rules->classes[kind];

                        rules->classes[kind] = c->next;
                        class_free(c);
                }
        }
        free(rules);
}

static int refuse(const char **ret_expected, const char *expected)
{
        *ret_expected = expected;
        return -EINVAL;
}

/* "5 years", "6 months", "90 days" or "forever". */
static int term_parse(const char *value, struct retention_term *ret)
{
        static const struct {
                const char *one, *many;
                unsigned int months, days, most;
        } units[] = {
                        {"year", "years", 12, 0, TERM_MONTHS_MAX / 12},
                        {"month", "months", 1, 0, TERM_MONTHS_MAX},
                        {"day", "days", 0, 1, TERM_DAYS_MAX},
        };
        unsigned long n;
        char *unit;

        if (strcmp(value, "forever") == 0) {
                *ret = (struct retention_term){.given = true, .for_ever = true};
                return 0;
        }
        if (!isdigit((unsigned char)value[0]) || strlen(value) > 20)
                return -EINVAL;
        n = strtoul(value, &unit, 10);
        unit += strspn(unit, " \t");
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if ((strcmp(unit, units[i].one) != 0 && strcmp(unit, units[i].many) != 0) || n < 1 ||
                    n > units[i].most)
                        continue;
                *ret = (struct retention_term){.given = true,
                                               .months = (unsigned int)n * units[i].months,
                                               .days = (unsigned int)n * units[i].days};
                return 0;
        }
        return -EINVAL;
}

static int parse_term(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        struct retention_term term = {.removed = true};

        (void)at;
        if (value[0] != '\0' && term_parse(value, &term) < 0)
                return refuse(ret_expected, "a term such as 5 years, 6 months or 90 days of at most a "
                                            "hundred years, or forever");
        *(struct retention_term *)data = term;
        return 0;
}

static int parse_called(const struct conf_location *at, const char *value, void *data,
                        const char **ret_expected)
{
        if (value[0] == '\0' || strlen(value) > CALLED_MAX)
                return refuse(ret_expected, "a text of 1 to 200 bytes");
        for (const char *p = value; *p; p++)
                if (iscntrl((unsigned char)*p))
                        return refuse(ret_expected, "a text without control characters");
        return conf_parse_string(at, value, data, ret_expected);
}

static int parse_evidence(const struct conf_location *at, const char *value, void *data,
                          const char **ret_expected)
{
        enum retention_evidence *evidence = data;

        (void)at;
        if (strcmp(value, "case-file") == 0)
                *evidence = RETENTION_WITH_CASE_FILE;
        else if (strcmp(value, "forever") == 0)
                *evidence = RETENTION_EVIDENCE_FOR_EVER;
        else
                return refuse(ret_expected, "case-file or forever");
        return 0;
}

#define CLASS_KEYS(section)                                                                            \
        {section, "Chinese", parse_called, offsetof(struct retention_class, chinese)},                 \
                        {section, "English", parse_called, offsetof(struct retention_class, english)}, \
        {                                                                                              \
                section, "Term", parse_term, offsetof(struct retention_class, term)                    \
        }

static const struct conf_key keys[] = {
                CLASS_KEYS("Premises"),
                CLASS_KEYS("Category"),
                {"Evidence", "Term", parse_evidence, offsetof(struct retention_rules, evidence)},
};

/* Words stand in command lines, tables and the catalogue. The words that a basis has are not taken. */
static bool word_valid(const char *word)
{
        enum retention_basis ignored;

        for (const char *p = word; *p; p++)
                if (!isalnum((unsigned char)*p) && *p != '-')
                        return false;
        return isalnum((unsigned char)word[0]) && strlen(word) < RETENTION_WORD_MAX &&
               retention_basis_from_text(word, &ignored) < 0 && strcmp(word, "none") != 0;
}

static int on_section(const struct conf_location *at, void *object, void **ret_data)
{
        struct retention_rules *rules = object;
        int kind = strcmp(at->section, sections[RETENTION_PREMISES]) == 0 ? RETENTION_PREMISES
                                                                          : RETENTION_CATEGORY;
        struct retention_class **link = &rules->classes[kind], *c;
        size_t n = 0;

        for (; *link && strcmp((*link)->word, at->argument) != 0; link = &(*link)->next)
                n++;
        if (!*link) {
                if (!word_valid(at->argument) || n == CLASSES_MAX)
                        return -EINVAL;
                c = calloc(1, sizeof(*c));
                if (!c)
                        return -ENOMEM;
                (void)snprintf(c->word, sizeof(c->word), "%s", at->argument);
                *link = c;
        }
        *ret_data = *link;
        return 0;
}

static void on_finding(const char *text, void *userdata)
{
        struct loading *l = userdata;

        l->rules->broken = true;
        if (l->report)
                l->report(text, l->userdata);
}

static void __attribute__((format(printf, 2, 3))) finding(struct loading *l, const char *format, ...)
{
        char text[1024];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        on_finding(text, l);
}

static void classes_prune(struct retention_class **link)
{
        while (*link) {
                struct retention_class *c = *link;

                if (!c->term.removed) {
                        link = &c->next;
                        continue;
                }
                *link = c->next;
                class_free(c);
        }
}

/* One name of two classes would put footage into whichever stands first. */
static void class_check_twins(struct loading *l, int kind, const struct retention_class *c)
{
        const char *const names[] = {c->word, c->chinese, c->english};

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const struct retention_class *other = retention_class_find(l->rules, kind, names[i]);

                if (other != c)
                        finding(l, "[%s \"%s\"]: expected names of its own, [%s \"%s\"] is called '%s' too",
                                sections[kind], c->word, sections[kind], other->word, names[i]);
        }
}

static void rules_check(struct loading *l)
{
        for (int kind = 0; kind < _RETENTION_KIND_MAX; kind++) {
                classes_prune(&l->rules->classes[kind]);
                for (const struct retention_class *c = l->rules->classes[kind]; c; c = c->next) {
                        if (!c->chinese || !c->english || !c->term.given)
                                finding(l, "[%s \"%s\"]: expected %s=", sections[kind], c->word,
                                        !c->chinese   ? "Chinese"
                                        : !c->english ? "English"
                                                      : "Term");
                        else
                                class_check_twins(l, kind, c);
                }
        }
        if (!l->rules->classes[RETENTION_PREMISES])
                finding(l, "retention.d: expected a profile with at least one [Premises \"class\"] and its "
                           "Term=");
}

int retention_rules_load(const char *const *dirs, bool strict, conf_report_fn *report, void *userdata,
                         struct retention_rules **ret)
{
        static const char *const argument_sections[] = {"Premises", "Category", NULL};
        _cleanup_(retention_rules_unrefp) struct retention_rules *rules = NULL;
        struct loading l = {.report = report, .userdata = userdata};
        const struct conf_loader loader = {.keys = keys,
                                           .n_keys = ELEMENTSOF(keys),
                                           .argument_sections = argument_sections,
                                           .section = on_section,
                                           .report = on_finding,
                                           .userdata = &l};
        int r = retention_rules_new(&rules);

        if (r < 0)
                return r;
        l.rules = rules;
        r = conf_load(&loader, NULL, false, dirs, rules);
        if (r < 0)
                return r;
        rules_check(&l);
        if (strict && rules->broken)
                return -EINVAL;
        *ret = TAKE_PTR(rules);
        return 0;
}
