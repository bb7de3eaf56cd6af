// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Parsing by the verb table. Two passes of getopt_long(): the options before the verb, which can only be
 * those of every verb, and then the rest with the verb's own added. getopt prints nothing; each mistake is
 * told as one sentence that names the word and what was expected.
 */
#include "cli/verbs.h"
#include "cli/translate.h"
#include "base/cleanup.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <wchar.h>

enum { OPTION_HELP = 256, OPTION_VERSION, OPTION_JSON, OPTION_NO_LEGEND, OPTION_OF_VERB };

static const struct verb_option common_options[] = {
                {"json", NULL, NULL, N_("print one JSON array of objects (watch: one object a line)")},
                {"no-legend", NULL, NULL, N_("print tables without headings and notes")},
                {"help", NULL, NULL, N_("show this help")},
                {"version", NULL, NULL, N_("show the version")},
                {NULL},
};

static const struct option common_getopt[] = {
                {"json", no_argument, NULL, OPTION_JSON},
                {"no-legend", no_argument, NULL, OPTION_NO_LEGEND},
                {"help", no_argument, NULL, OPTION_HELP},
                {"version", no_argument, NULL, OPTION_VERSION},
};

__attribute__((format(printf, 2, 3))) static int mistake(char **ret_error, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        if (vasprintf(ret_error, format, ap) < 0)
                *ret_error = NULL;
        va_end(ap);
        return -EINVAL;
}

/* Edit distance with one row; words here are short, longer ones are far from everything. */
static size_t word_distance(const char *a, const char *b)
{
        size_t row[32], n = strlen(b);

        if (n >= ELEMENTSOF(row))
                return SIZE_MAX;
        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 0; a[i]; i++) {
                size_t diagonal = row[0];

                row[0] = i + 1;
                for (size_t j = 0; j < n; j++) {
                        size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);

                        diagonal = row[j + 1];
                        row[j + 1] = MIN(replaced, MIN(row[j], row[j + 1]) + 1);
                }
        }
        return row[n];
}

const char *word_nearest(const char *typed, const char *const *words, size_t n)
{
        const char *nearest = NULL;
        size_t least = MIN((size_t)2, strlen(typed) / 2) + 1;

        for (size_t i = 0; i < n; i++) {
                size_t distance = word_distance(typed, words[i]);

                if (distance < least) {
                        least = distance;
                        nearest = words[i];
                }
        }
        return nearest;
}

static bool is_family(const struct verb_table *t, const char *word)
{
        for (size_t i = 0; i < t->n_verbs; i++)
                if (t->verbs[i].family && strcmp(t->verbs[i].family, word) == 0)
                        return true;
        return false;
}

static const struct verb *verb_find(const struct verb_table *t, const char *family, const char *name)
{
        for (size_t i = 0; i < t->n_verbs; i++) {
                const struct verb *v = &t->verbs[i];
                bool related = family ? v->family && strcmp(v->family, family) == 0 : !v->family;

                if (related && strcmp(v->name, name) == 0)
                        return v;
        }
        return NULL;
}

static int verb_unknown(const struct verb_table *t, const char *family, const char *typed, char **ret_error)
{
        const char *words[INVOCATION_OPTIONS_MAX];
        const char *nearest;
        size_t n = 0;

        for (size_t i = 0; i < t->n_verbs && n < ELEMENTSOF(words); i++) {
                const struct verb *v = &t->verbs[i];

                if (!family)
                        words[n++] = v->family ? v->family : v->name;
                else if (v->family && strcmp(v->family, family) == 0)
                        words[n++] = v->name;
        }
        nearest = word_nearest(typed, words, n);
        if (family && nearest)
                return mistake(ret_error, _("unknown verb '%s %s', did you mean '%s %s'?"), family, typed,
                               family, nearest);
        if (family)
                return mistake(ret_error, _("unknown verb '%s %s', expected one of 'recdockctl %s --help'"),
                               family, typed, family);
        if (nearest)
                return mistake(ret_error, _("unknown verb '%s', did you mean '%s'?"), typed, nearest);
        return mistake(ret_error, _("unknown verb '%s', expected one of 'recdockctl --help'"), typed);
}

static void option_common(struct invocation *inv, int value)
{
        inv->json |= value == OPTION_JSON;
        inv->no_legend |= value == OPTION_NO_LEGEND;
        inv->help |= value == OPTION_HELP;
        inv->version |= value == OPTION_VERSION;
}

static int option_unknown(const struct verb *verb, const char *typed, char **ret_error)
{
        const char *words[VERB_OPTIONS_MAX];
        char bare[32];
        const char *nearest;
        size_t n = 0;

        for (const struct verb_option *o = common_options; o->name; o++)
                words[n++] = o->name;
        for (const struct verb_option *o = verb ? verb->options : NULL;
             o && o->name && n < ELEMENTSOF(words); o++)
                words[n++] = o->name;
        (void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(typed, "="), typed);
        nearest = word_nearest(bare + strspn(bare, "-"), words, n);
        if (nearest)
                return mistake(ret_error, _("unknown option '%s', did you mean '--%s'?"), typed, nearest);
        if (verb)
                return mistake(ret_error,
                               _("unknown option '%s', expected one of 'recdockctl %s%s%s --help'"), typed,
                               verb->family ? verb->family : "", verb->family ? " " : "", verb->name);
        return mistake(ret_error,
                       _("unknown option '%s' before the verb, expected one of 'recdockctl --help'"), typed);
}

static bool argument_optional(const struct verb_option *o)
{
        return o->argument && o->argument[0] == '[';
}

static int option_record(struct invocation *inv, const struct verb_option *option, char **ret_error)
{
        if (inv->n_options == INVOCATION_OPTIONS_MAX)
                return mistake(ret_error, _("too many options, expected at most %d"),
                               INVOCATION_OPTIONS_MAX);
        inv->options[inv->n_options].option = option;
        inv->options[inv->n_options++].value = optarg ? optarg : argument_optional(option) ? "yes" : "";
        return 0;
}

static int option_argument(const struct verb_option *o)
{
        if (argument_optional(o))
                return optional_argument;
        return o->argument ? required_argument : no_argument;
}

static void getopt_table(const struct verb *verb, struct option *table)
{
        size_t n = ELEMENTSOF(common_getopt);

        memcpy(table, common_getopt, sizeof(common_getopt));
        for (const struct verb_option *o = verb ? verb->options : NULL; o && o->name; o++) {
                table[n] = (struct option){.name = o->name,
                                           .has_arg = option_argument(o),
                                           .val = OPTION_OF_VERB + (int)(o - verb->options)};
                n++;
        }
        table[n] = (struct option){NULL};
}

/* One pass over argv; optind is then at the first word that is no option. */
static int options_parse(struct invocation *inv, const struct verb *verb, int argc, char **argv,
                         const char *mode, char **ret_error)
{
        struct option table[ELEMENTSOF(common_getopt) + VERB_OPTIONS_MAX + 1];
        int value;

        getopt_table(verb, table);
        opterr = 0;
        optind = 0; /* glibc: start over */
        while ((value = getopt_long(argc, argv, mode, table, NULL)) >= 0) {
                const char *typed = argv[optind - 1];
                int r = 0;

                if (value == ':')
                        return mistake(ret_error, _("option '%s' needs a value"), typed);
                if (value == '?' && optopt >= OPTION_HELP)
                        return mistake(ret_error, _("option '%.*s' takes no value"),
                                       (int)strcspn(typed, "="), typed);
                if (value == '?')
                        return option_unknown(verb, typed, ret_error);
                if (value == 'h')
                        inv->help = true;
                else if (verb && value >= OPTION_OF_VERB)
                        r = option_record(inv, &verb->options[value - OPTION_OF_VERB], ret_error);
                else
                        option_common(inv, value);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Finds the verb in the words at argv; *ret_used words are its name. */
static int verb_parse(struct invocation *inv, int n, char **words, int *ret_used, char **ret_error)
{
        const struct verb_table *t = inv->table;
        bool family_alone;

        *ret_used = 0;
        if (n == 0) {
                if (!inv->help)
                        inv->verb = verb_find(t, NULL, t->default_verb);
                return 0;
        }
        if (!is_family(t, words[0])) {
                *ret_used = 1;
                inv->verb = verb_find(t, NULL, words[0]);
                return inv->verb ? 0 : verb_unknown(t, NULL, words[0], ret_error);
        }
        inv->family = words[0];
        family_alone = n == 1 || words[1][0] == '-';
        if (family_alone && n > 1 && strcmp(words[1], "--help") == 0) {
                *ret_used = 1;
                return 0;
        }
        *ret_used = family_alone ? 1 : 2;
        inv->verb = verb_find(t, words[0], family_alone ? "list" : words[1]);
        return inv->verb ? 0 : verb_unknown(t, words[0], words[1], ret_error);
}

/* A table entry's text in the user's language; gettext answers "" with the header of its catalogue. */
static const char *translated(const char *text)
{
        return text && *text ? _(text) : "";
}

static void verb_usage(const struct verb *v, char *buf, size_t size)
{
        (void)snprintf(buf, size, "%s%s%s%s%s", v->family ? v->family : "", v->family ? " " : "", v->name,
                       v->arguments ? " " : "", translated(v->arguments));
}

static int args_check(const struct invocation *inv, char **ret_error)
{
        const struct verb *v = inv->verb;
        char usage[128];

        verb_usage(v, usage, sizeof(usage));
        if (inv->n_args < v->min_args)
                return mistake(ret_error, _("too few arguments, expected '%s'"), usage);
        if (v->max_args >= 0 && inv->n_args > v->max_args)
                return mistake(ret_error, _("unexpected argument '%s', expected '%s'"),
                               inv->args[v->max_args], usage);
        return 0;
}

int verbs_parse(const struct verb_table *table, int argc, char **argv, struct invocation *ret,
                char **ret_error)
{
        struct invocation inv = {.table = table};
        int first, used, r;

        r = options_parse(&inv, NULL, argc, argv, "+:h", ret_error);
        if (r < 0)
                return r;
        first = optind;
        r = verb_parse(&inv, argc - first, argv + first, &used, ret_error);
        if (r < 0)
                return r;
        /* The last word of the verb's name stands for argv[0] in the second pass. */
        first += used - 1;
        r = options_parse(&inv, inv.verb, argc - first, argv + first, ":h", ret_error);
        if (r < 0)
                return r;
        inv.args = argv + first + optind;
        inv.n_args = argc - first - optind;
        if (inv.verb && !inv.help && !inv.version) {
                r = args_check(&inv, ret_error);
                if (r < 0)
                        return r;
        }
        *ret = inv;
        return 0;
}

const char *invocation_option(const struct invocation *inv, const char *name)
{
        for (size_t i = inv->n_options; i > 0; i--)
                if (strcmp(inv->options[i - 1].option->name, name) == 0)
                        return inv->options[i - 1].value;
        return NULL;
}

size_t invocation_filters(const struct invocation *inv, struct query_filter *filters)
{
        size_t n = 0;

        for (size_t i = 0; i < inv->n_options; i++)
                if (inv->options[i].option->key)
                        filters[n++] = (struct query_filter){
                                        inv->options[i].option->key,
                                        inv->options[i].option->argument ? inv->options[i].value : "yes"};
        return n;
}

/* printf's widths count bytes, a terminal's columns are something else. */
static void print_padded(FILE *out, const char *text, int width)
{
        wchar_t wide[128];
        size_t n = mbstowcs(wide, text, ELEMENTSOF(wide));
        int used = n < ELEMENTSOF(wide) ? wcswidth(wide, n) : (int)strlen(text);

        (void)fprintf(out, "  %s%*s ", text, used < width ? width - used : 0, "");
}

static void print_options(FILE *out, const struct verb_option *options)
{
        for (const struct verb_option *o = options; o && o->name; o++) {
                const char *argument = translated(o->argument);
                bool optional = argument[0] == '[';
                char left[96];

                (void)snprintf(left, sizeof(left), "--%s%s%s", o->name,
                               optional    ? "[="
                               : *argument ? "="
                                           : "",
                               optional ? argument + 1 : argument);
                print_padded(out, left, 24);
                (void)fprintf(out, "%s\n", translated(o->help));
        }
}

static void print_verb_line(FILE *out, const struct verb *v)
{
        char usage[128];

        verb_usage(v, usage, sizeof(usage));
        print_padded(out, usage, 34);
        (void)fprintf(out, "%s\n", translated(v->help));
}

static void print_verb_help(FILE *out, const struct verb *v)
{
        char usage[128];

        verb_usage(v, usage, sizeof(usage));
        (void)fprintf(out, _("Usage: recdockctl %s [OPTION…]\n\n%s.\n"), usage, translated(v->help));
        (void)fprintf(out, _("\nOptions:\n"));
        print_options(out, v->options);
        print_options(out, common_options);
}

static void print_exit_codes(FILE *out)
{
        (void)fprintf(out, _("\nExit codes: 0 good, 1 a bad answer (damage, not ready, fewer than two "
                             "recorders),\n"
                             "2 wrong command line, 3 recdockd is not there, 4 not permitted, 5 not found,\n"
                             "6 refused by the station, 7 other failure.\n"));
        (void)fprintf(out, _("\nSee recdockctl(1) and recdock(7).\n"));
}

void verbs_print_help(FILE *out, const struct invocation *inv)
{
        const struct verb_table *t = inv->table;

        if (inv->verb) {
                print_verb_help(out, inv->verb);
                return;
        }
        if (inv->family)
                (void)fprintf(out, _("Usage: recdockctl %s VERB [OPTION…]\n\nVerbs:\n"), inv->family);
        else
                (void)fprintf(out,
                              _("Usage: recdockctl [OPTION…] [VERB] [ARGUMENT…]\n\n"
                                "Asks and tells the recdock station. Without a verb: %s.\n\nVerbs:\n"),
                              t->default_verb);
        for (size_t i = 0; i < t->n_verbs; i++)
                if (!inv->family || (t->verbs[i].family && strcmp(t->verbs[i].family, inv->family) == 0))
                        print_verb_line(out, &t->verbs[i]);
        (void)fprintf(out, _("\nOptions of every verb:\n"));
        print_options(out, common_options);
        if (!inv->family)
                print_exit_codes(out);
}
