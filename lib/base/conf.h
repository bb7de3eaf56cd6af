/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Configuration files in the dialect of systemd: [Section] or [Section "argument"], Key=value, '#' and ';'
 * comments, a main file and NAME.conf.d/?.conf drop-ins in order of their names (a drop-in in /etc masks one
 * of the same name in /usr/lib, or when it links to /dev/null). An empty value resets a list. inih reads the
 * lines; this module looks each key up in a table of parsers, one parser per type of value.
 *
 * Lenient (the running daemon): an unknown key or a bad value is reported with file and line, the default
 * stays.
 *
 * Strict (--check-config): the same, and the load fails.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_location {
        const char *file;
        unsigned int line;
        const char *section;  /* "Station" */
        const char *argument; /* of [Bay "3"], NULL when none */
        const char *key;
};

/* Parses 'value' into 'data' (the field of the table entry). Returns 0, or -EINVAL after setting
 * *ret_expected to what was expected ("a size such as 20G"), and then leaves data alone. */
typedef int conf_parse_fn(const struct conf_location *at, const char *value, void *data,
                          const char **ret_expected);

struct conf_key {
        const char *section;
        const char *key;
        conf_parse_fn *parse;
        size_t offset; /* of the field in the object the load fills */
};

/* Called once per finding. 'text' is complete: "recdock.conf:12: [Offload] WarnTimeout='soon': expected a
 * time span …". */
typedef void conf_report_fn(const char *text, void *userdata);

/* For sections with an argument: gives the object (e.g. the bay) that the keys' offsets refer to, created on
 * first use. */
typedef int conf_section_fn(const struct conf_location *at, void *object, void **ret_data);

struct conf_loader {
        const struct conf_key *keys;
        size_t n_keys;
        const char *const *argument_sections; /* NULL-terminated names of sections that take an argument */
        conf_section_fn *section;
        conf_report_fn *report;
        void *userdata; /* of report */
        bool strict;
};

/*
 * Reads 'path' (a missing main file is fine unless 'required'; NULL: there are drop-ins only) and the
 * drop-ins of 'dirs' (NULL-terminated; each is a recdock.conf.d folder, first has precedence) into 'object'.
 * Returns 0, or in strict mode -EINVAL when anything was reported.
 */
int conf_load(const struct conf_loader *loader, const char *path, bool required, const char *const *dirs,
              void *object);

/* Parsers by type. The field they fill is named behind each. */
conf_parse_fn conf_parse_bool;     /* bool */
conf_parse_fn conf_parse_string;   /* char *, malloc'd, old one freed; empty gives NULL */
conf_parse_fn conf_parse_path;     /* char *, absolute and normalised */
conf_parse_fn conf_parse_size;     /* uint64_t bytes: 512, 4K, 20M, 1.5G, 2T (IEC) */
conf_parse_fn conf_parse_span;     /* int64_t microseconds: 90, 90s, 5min, 24h, 7d, 1h 30min, 500ms */
conf_parse_fn conf_parse_unsigned; /* unsigned int */
/* char **, NULL-terminated, malloc'd; white-space separated, "quoted" allowed; appends */
conf_parse_fn conf_parse_strings;

/* Frees what conf_parse_strings() made; NULL is fine. */
void conf_strings_free(char **strings);
