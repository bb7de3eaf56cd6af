/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Rows as JSON objects, written from their columns: for rows that are listed by the hundred. json_object()
 * takes twice as long, most of it for calling functions on every value. What it writes and this does are the
 * same.
 */

#include "catalogue/statement.h"

enum column_form {
        COLUMN_VALUE,   /* text, an integer or null, as the column has it */
        COLUMN_JSON,    /* text that is JSON */
        COLUMN_BOOLEAN, /* an integer; null stays null */
        COLUMN_SECONDS, /* microseconds, written as seconds with a fraction */
        COLUMN_HEX,     /* a blob, in lower case */
        COLUMN_LIST,    /* text with commas between the words, as an array; null is an empty one */
};

struct column {
        const char *name; /* needs no escape */
        enum column_form form;
};

/* Grows as it is needed and is used again for the next row. Begin with zeros. */
struct row_text {
        char *text;
        size_t size, allocated;
};

void row_text_done(struct row_text *row);

/* One object of the current row, whose columns are 'columns' in this order, in row->text. -ENOMEM. */
int row_json(sqlite3_stmt *s, const struct column *columns, size_t n, struct row_text *row);
