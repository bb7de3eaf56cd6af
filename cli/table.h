/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rows of JSON as tables for people. Widths are the terminal's (Chinese takes two columns); what could move
 * a cursor is escaped. */

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum column_kind {
        COLUMN_TEXT,
        COLUMN_NUMBER,  /* right-aligned, also for texts */
        COLUMN_BYTES,   /* 1.2G */
        COLUMN_RATE,    /* 31M/s */
        COLUMN_TIME,    /* RFC 3339 shown as local date and time, without the zone */
        COLUMN_SECONDS, /* 1:02:03 */
        COLUMN_OFFSET,  /* signed seconds: +2.5 s */
        COLUMN_PERCENT,
        COLUMN_SHARE,   /* 0 to 1 as 97.2%, never rounded up: all is all */
        COLUMN_MINUTES, /* 2 h 05 min, - for none */
        COLUMN_LATE,    /* minutes after the deadline */
        COLUMN_VERDICT, /* word of a good or bad outcome: coloured */
        COLUMN_STATE,   /* word of a docking's state: coloured, translated */
        COLUMN_YES_NO,
        COLUMN_USB_ID, /* four hexadecimal digits */
        COLUMN_LIST,   /* array of text */
};

struct column {
        const char *key;     /* "items.pulled" goes into objects */
        const char *heading; /* marked by N_() */
        enum column_kind kind;
};

/* Colours: on a terminal, unless NO_COLOR says otherwise. */
bool table_colours_wanted(FILE *out);

/* One line per object of the array. Returns 0 or -ENOMEM. */
int table_print(FILE *out, json_object *rows, const struct column *columns, size_t n, bool legend);
/* One object, one line per column: "heading: value". */
int record_print(FILE *out, json_object *row, const struct column *columns, size_t n);

/* Are its values set to the right? */
bool column_right(enum column_kind kind);

/* The member at a dotted key, NULL when absent or null. */
json_object *json_member(json_object *object, const char *key);
/* Elements of an array, 0 of anything else. */
size_t json_length(json_object *array);
/* A value as people read it, malloc'd; "-" for none. */
char *value_text(json_object *value, enum column_kind kind);
