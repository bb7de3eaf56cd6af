/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside of the catalogue: the connection, its prepared statements and typed binding. SQL is always a
 * constant text; data go in by binding only. "NULL for unknown" is done here, in one place.
 */

#include "base/cleanup.h"
#include "catalogue/catalogue.h"

#include <sqlite3.h>

#define STATEMENTS_MAX 256 /* the distinct statements of this room */

struct cached_statement {
        const char *sql; /* a constant: compared by address */
        sqlite3_stmt *statement;
};

struct catalogue {
        sqlite3 *db;
        bool read_only;
        struct retention_rules *retention; /* its reference; NULL: everything is kept for ever */
        size_t n_statements;
        struct cached_statement statements[STATEMENTS_MAX];
        char error[512];
};

enum value_type {
        VALUE_INTEGER,
        VALUE_ID,
        VALUE_UNKNOWN,
        VALUE_INSTANT,
        VALUE_TEXT,
        VALUE_RAW_TEXT,
        VALUE_DIGEST
};

struct value {
        enum value_type type;
        int64_t integer;
        const char *text;
        const uint8_t *digest;
};

#define INTEGER(v)  ((struct value){.type = VALUE_INTEGER, .integer = (v)})
#define ID(v)       ((struct value){.type = VALUE_ID, .integer = (v)})      /* 0: NULL */
#define UNKNOWN(v)  ((struct value){.type = VALUE_UNKNOWN, .integer = (v)}) /* -1: NULL */
#define INSTANT(v)  ((struct value){.type = VALUE_INSTANT, .integer = (v)}) /* INSTANT_NONE: NULL */
#define TEXT(v)     ((struct value){.type = VALUE_TEXT, .text = (v)})       /* "" or NULL: NULL */
#define RAW_TEXT(v) ((struct value){.type = VALUE_RAW_TEXT, .text = (v)})   /* "" stays "" */
#define DIGEST(v)   ((struct value){.type = VALUE_DIGEST, .digest = (v)})   /* NULL: NULL */

/* One value to parameter 'at' (from 1). -EILSEQ for text that is not UTF-8. The data must live until the
 * statement is done. */
int value_bind(sqlite3_stmt *s, int at, const struct value *v);

/* Negative errno for an SQLite result code. */
int catalogue_errno(int sqlite_code);
/* The same for an SQLite result code, after noting its text for catalogue_error(). */
int catalogue_fail(struct catalogue *c, int sqlite_code);
/* The same for a failure found here. Returns -error. */
int catalogue_refuse(struct catalogue *c, int error, const char *text);

/* -EPERM outside a transaction. */
int catalogue_writable(struct catalogue *c);

/* A statement kept for the life of the connection; statement_done() resets it. Not for walks whose callbacks
 * may come back. */
int statement_get(struct catalogue *c, const char *sql, sqlite3_stmt **ret);
void statement_done(sqlite3_stmt **s);
/* A statement of its own, to be finalized. */
int statement_new(struct catalogue *c, const char *sql, sqlite3_stmt **ret);

#define _statement_ _cleanup_(statement_done)
DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize);

int statement_bind(struct catalogue *c, sqlite3_stmt *s, const struct value *values, size_t n);
/* 1: a row; 0: the end; or a negative errno. */
int statement_step(struct catalogue *c, sqlite3_stmt *s);

/* Bind and run a statement without rows. */
int statement_run(struct catalogue *c, const char *sql, const struct value *values, size_t n);
/* Bind and take the first column of the first row. CATALOGUE_ABSENT when there is no row or it is NULL. */
int statement_integer(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                      int64_t *ret);

#define VALUES(...)                            \
        ((const struct value[]){__VA_ARGS__}), \
                        sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value)

/* Appends to the ledger what 'sql' says: its first row is (subject, detail), made of the rows as they now
 * stand. */
int ledger_note(struct catalogue *c, const char *actor, const char *act, const char *sql,
                const struct value *values, size_t n);
