/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A file of comma-separated values in UTF-8, read as a whole; and the columns of the table of cases, which
 * are read in two ways. */

#include "cli/table.h"

#include <stddef.h>
#include <stdint.h>

/* What spreadsheets put before a text to know its encoding by. */
#define SHEET_BOM "\xef\xbb\xbf"

struct sheet {
        const char *path;
        char *text; /* with a NUL behind it */
        size_t size;
        size_t skip; /* of a BOM */
        uint64_t entered, unchanged, refused;
};

/* Reads the file and looks at its encoding. EXIT_OK, or a code, and the reason has been told. */
int sheet_open(struct sheet *s);
void sheet_done(struct sheet *s);

enum { CASE_SHEET_COLUMNS = 17 };
/* The headings are the columns of the file, the keys those of a row. */
extern const struct column case_sheet_columns[CASE_SHEET_COLUMNS];
