/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The command line as a table: each verb says its arguments and options, so that parsing, help, completion
 * and "did you mean" have one source. Parsing has no effect beyond its result; who parses decides what is
 * printed.
 */

#include "catalogue/query.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { INVOCATION_OPTIONS_MAX = 64, VERB_OPTIONS_MAX = 32 };

struct verb_option {
        const char *name;     /* "recorder", typed as --recorder */
        const char *argument; /* "NUMBER"; "[yes|no]": may be left out, which is yes; NULL: a switch */
        const char *key; /* filter of a query or field of a method it stands for; NULL: the verb's own */
        const char *help;
};

struct invocation;

struct verb {
        const char *family; /* "recorder" of "recorder list", NULL */
        const char *name;
        const char *arguments;                           /* "NUMBER OFFICER" */
        int min_args, max_args;                          /* max -1: any number */
        const struct verb_option *options;               /* ended by one without a name; NULL: none */
        int (*run)(const struct invocation *invocation); /* returns an exit code */
        const char *help;                                /* one line */
};

struct verb_table {
        const struct verb *verbs;
        size_t n_verbs;
        const char *default_verb;
};

/* What was typed. Texts belong to argv and the table. */
struct invocation {
        const struct verb_table *table;
        const struct verb *verb; /* NULL: none was typed with --help, or 'family' is */
        const char *family;      /* --help of a whole family */
        char **args;
        int n_args;
        struct {
                const struct verb_option *option;
                const char *value; /* "" for a switch */
        } options[INVOCATION_OPTIONS_MAX];
        size_t n_options;
        bool help, version, json, no_legend;
};

/* argv[0] is the program. On a mistake returns -EINVAL and sets *ret_error (malloc'd, complete, translated).
 * Reorders argv. */
int verbs_parse(const struct verb_table *table, int argc, char **argv, struct invocation *ret,
                char **ret_error);

/* The last value of an option of the verb, NULL when it was not given. */
const char *invocation_option(const struct invocation *invocation, const char *name);
/* All options that stand for a filter or field, in the order typed; a switch is "yes". 'filters' has
 * INVOCATION_OPTIONS_MAX places. Returns their number. */
size_t invocation_filters(const struct invocation *invocation, struct query_filter *filters);

/* Help of what the invocation names: program, family or verb. */
void verbs_print_help(FILE *out, const struct invocation *invocation);

/* The word of 'words' that was probably meant by 'typed', NULL when none is near. */
const char *word_nearest(const char *typed, const char *const *words, size_t n);
