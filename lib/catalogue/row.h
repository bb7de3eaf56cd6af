/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Structures to rows and back by a table of fields, in the order of the columns of the statement: a column
 * cannot be bound one way and read another.
 */

#include "catalogue/statement.h"

#include <stddef.h>

enum field_type {
        FIELD_INT64,
        FIELD_ID,      /* int64_t, 0: NULL */
        FIELD_UNKNOWN, /* int64_t, -1: NULL */
        FIELD_INSTANT, /* INSTANT_NONE: NULL */
        FIELD_INT,     /* int or an enum */
        FIELD_UINT32,
        FIELD_UINT16,
        FIELD_PERCENT, /* int, -1: NULL */
        FIELD_BOOL,
        FIELD_TEXT,     /* char[], "": NULL */
        FIELD_RAW_TEXT, /* char[], "" kept */
        FIELD_DIGEST,   /* uint8_t[32] */
};

#define FIELD_ALWAYS SIZE_MAX

struct field {
        enum field_type type;
        size_t offset;
        size_t size; /* of the member */
        size_t has;  /* offset of the one-byte flag that says whether there is a value; FIELD_ALWAYS */
};

#define FIELD(structure, member, kind)                                               \
        {                                                                            \
                .type = (kind), .offset = offsetof(struct structure, member),        \
                .size = sizeof(((struct structure *)0)->member), .has = FIELD_ALWAYS \
        }
#define FIELD_IF(structure, member, kind, flag)                                                          \
        {                                                                                                \
                .type = (kind), .offset = offsetof(struct structure, member),                            \
                .size = sizeof(((struct structure *)0)->member), .has = offsetof(struct structure, flag) \
        }

/* Binds the fields to parameters from 'first' on. */
int row_bind(struct catalogue *c, sqlite3_stmt *s, int first, const void *object, const struct field *fields,
             size_t n);
/* Reads the columns from 'first' on. Text that does not fit its member is cut. */
void row_read(sqlite3_stmt *s, int first, void *object, const struct field *fields, size_t n);

/* Runs 'sql' with one value and reads its first row into the object. CATALOGUE_ABSENT leaves the object
 * alone. */
int row_find(struct catalogue *c, const char *sql, const struct value *values, size_t n_values, void *object,
             size_t size, const struct field *fields, size_t n);
