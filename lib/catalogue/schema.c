// SPDX-License-Identifier: LGPL-2.1-or-later
/* Running migrations; see schema.h. The SQL itself is one file per version (schema_v1.c, …) and never
 * changes once released. */
#include "catalogue/schema.h"
#include "catalogue/schema_versions.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>

const char *const catalogue_schema[] = {
                schema_v1, schema_v2,  schema_v3,  schema_v4,  schema_v5,  schema_v6,  schema_v7,  schema_v8,
                schema_v9, schema_v10, schema_v11, schema_v12, schema_v13, schema_v14, schema_v15,
};
const size_t catalogue_schema_versions = ELEMENTSOF(catalogue_schema);

static int run(sqlite3 *db, const char *sql)
{
        return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* PRAGMA takes no bound parameters; the text is made of numbers only. Both marks are part of the
 * transaction. */
static int set_marks(sqlite3 *db, size_t version)
{
        char sql[96];

        (void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %zu",
                       SCHEMA_APPLICATION_ID, version);
        return run(db, sql);
}

static int on_violation(void *userdata, int n, char **values, char **names)
{
        bool *found = userdata;

        (void)n;
        (void)values;
        (void)names;
        *found = true;
        return 1;
}

static int check_references(sqlite3 *db)
{
        bool found = false;
        int r = sqlite3_exec(db, "PRAGMA foreign_key_check", on_violation, &found, NULL);

        return found ? SQLITE_CONSTRAINT_FOREIGNKEY : r;
}

static int migrate_steps(sqlite3 *db, const char *const *versions, size_t from, size_t n)
{
        int r = SQLITE_OK;

        for (size_t i = from; r == SQLITE_OK && i < n; i++)
                r = run(db, versions[i]);
        if (r == SQLITE_OK)
                r = set_marks(db, n);
        if (r == SQLITE_OK)
                r = check_references(db);
        if (r == SQLITE_OK)
                r = run(db, "COMMIT");
        return r;
}

int schema_migrate(sqlite3 *db, const char *const *versions, size_t from, size_t n, char *error,
                   size_t error_size)
{
        int r = run(db, "PRAGMA foreign_keys = OFF");

        if (r == SQLITE_OK)
                r = run(db, "BEGIN IMMEDIATE");
        if (r != SQLITE_OK)
                return r;
        r = migrate_steps(db, versions, from, n);
        if (r != SQLITE_OK) /* now: what follows succeeds and takes the text away */
                (void)text_copy(error, error_size,
                                r == SQLITE_CONSTRAINT_FOREIGNKEY ? "a migration left a dangling reference"
                                                                  : sqlite3_errmsg(db));
        if (!sqlite3_get_autocommit(db))
                (void)run(db, "ROLLBACK");
        (void)run(db, "PRAGMA foreign_keys = ON");
        return r;
}
