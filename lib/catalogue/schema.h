/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The tables of the catalogue, version by version. PRAGMA user_version holds the version of a database; a
 * migration to version N is the SQL at place N - 1 of an ordered table, so that a new version is one more
 * entry and nothing else.
 */

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/* "rdck", in PRAGMA application_id: tells a catalogue from any other database. */
#define SCHEMA_APPLICATION_ID 0x7264636b

/* SQL that leads from version i to i + 1, each one script. */
extern const char *const catalogue_schema[];
extern const size_t catalogue_schema_versions;

/*
 * Brings 'db' to version 'n' of 'versions' in one transaction: on failure the database is as it was. Foreign
 * keys are not enforced on the way but checked as a whole before the commit. Returns an SQLite result code;
 * SQLITE_CONSTRAINT_FOREIGNKEY when that check fails; 'error' is set to its text then. The caller has
 * established that the database's own version is 'from' <= n.
 */
int schema_migrate(sqlite3 *db, const char *const *versions, size_t from, size_t n, char *error,
                   size_t error_size);

struct catalogue;

/* catalogue_open() with a table of versions of the caller's, for the tests of migrations. */
int catalogue_open_versions(struct catalogue **ret, const char *path, bool read_only,
                            const char *const *versions, size_t n);
