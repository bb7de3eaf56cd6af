/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Comma-separated values as RFC 4180 has them: fields between commas, quoted where a comma, a quote or a
 * line break is part of them, a quote inside doubled. Lines end with LF or CRLF. Blank lines are nobody's
 * record. What is not that is bad, and is said with its line: a quote that nobody closes never swallows
 * silently what comes after it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CSV_FIELDS_MAX = 32 };

struct csv_reader {
        char *at, *end;
        unsigned int line; /* of 'at', from 1 */
};

struct csv_record {
        unsigned int line; /* on which it begins */
        size_t n;
        char *fields[CSV_FIELDS_MAX]; /* in the reader's text */
        const char *why;              /* of CSV_BAD, a constant */
};

enum csv_outcome { CSV_END, CSV_RECORD, CSV_BAD };

/* Over 'size' bytes at 'text', which the fields are cut from: it is written to, up to the byte behind it,
 * and must outlive them. There is no NUL in it but that last one. */
void csv_reader_init(struct csv_reader *reader, char *text, size_t size);

/* The next record. After CSV_BAD it goes on behind the line in which that was seen. */
enum csv_outcome csv_next(struct csv_reader *reader, struct csv_record *ret);

/* Writes one record, quoted where need be, with CRLF. NULL is an empty field. Errors are the stream's. */
void csv_write(FILE *out, const char *const *fields, size_t n);

/* Would a spreadsheet take this text for a formula? Whoever writes for people puts an apostrophe in front,
 * which is what spreadsheets mark text with. */
bool csv_is_formula(const char *text);
