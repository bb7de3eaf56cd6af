/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a report consists of, for every form it is written in: sections, which are arrays of the station's
 * report, and headlines, which are single figures of it. A new section is one entry in report_section.c.
 *
 * The renderers are pure: from the report to a stream, whose errors are the caller's to look at. All that a
 * recorder, a file or a person is called is text of strangers there.
 */

#include "cli/table.h"

enum { REPORT_HEADLINES = 8 };

struct report_section {
        const char *key;              /* of the array; a word of --table */
        const char *title;            /* marked by N_() */
        const char *note;             /* what is in it, N_(); "" it needs none */
        const struct column *columns; /* without a heading: in CSV only */
        size_t n;
        size_t shown; /* at most so many rows for eyes, 0: all */
        bool wide;    /* begins on a page of its own on paper */
};

extern const struct report_section report_sections[];
extern const size_t report_sections_n;

/* Rows of the section, NULL when the report has none of that name. */
json_object *report_rows(json_object *report, const struct report_section *s);
/* Row 'i' when it is an object, else NULL. */
json_object *report_row(json_object *rows, size_t i);

/* What a row of "missing" is there for: what was not exported in time (begun minutes count, so that it has
 * some), and a recorder that nobody knows the place of. It may be both. */
bool report_row_overdue(json_object *row);
bool report_row_missing(json_object *row);

enum report_mood { REPORT_PLAIN, REPORT_GOOD, REPORT_BAD };

struct report_headline {
        const char *label; /* translated */
        char value[64];
        char note[160];
        enum report_mood mood;
};

/* The figures on top. */
void report_headlines(json_object *report, struct report_headline ret[REPORT_HEADLINES]);

/* "November 2026" or "2026-11-01 08:00 to …", by what the locale has. Returns buf. */
char *report_period_text(json_object *report, char *buf, size_t size);
/* How the figures were counted, as one sentence. Returns buf. */
char *report_rule_text(json_object *report, char *buf, size_t size);

void report_write_text(FILE *out, json_object *report, bool legend);
/* One table, or all of them when 'table' is NULL: then each record begins with the table's word. */
void report_write_csv(FILE *out, json_object *report, const char *table);
void report_write_html(FILE *out, json_object *report);

/* report_chart.c: SVG elements for the page. Nothing when there is nothing to draw. */
void chart_days(FILE *out, json_object *days);
void chart_day_rates(FILE *out, json_object *days);
void chart_unit_rates(FILE *out, json_object *units);
void chart_unit_gaps(FILE *out, json_object *units);
