// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The connection: opened with every guard SQLite has, judged before it is used, migrated when it is old. A
 * database that is not ours, or damaged, is told apart from a failure of this host and never written to.
 */
#include "catalogue/catalogue.h"
#include "catalogue/catalogue_copy.h"
#include "catalogue/query_function.h"
#include "catalogue/retention.h"
#include "catalogue/retention_sql.h"
#include "catalogue/schema.h"
#include "catalogue/statement.h"
#include "base/text.h"

#include <string.h>
#include <sys/stat.h>

#define BUSY_TIMEOUT_MS 10000

/* A quick_check walks some 50 MB a second even from memory. Above this size it would hold up the start for
 * long: then only the tables without which nothing can be docked are walked, and the rest is for `recdockctl
 * verify`. */
#define QUICK_CHECK_WHOLE_MAX (INT64_C(128) << 20)

DEFINE_CLEANUP(struct catalogue *, catalogue_close);
DEFINE_CLEANUP(sqlite3 *, sqlite3_close_v2);

void catalogue_close(struct catalogue *c)
{
        if (!c)
                return;
        for (size_t i = 0; i < c->n_statements; i++)
                (void)sqlite3_finalize(c->statements[i].statement);
        (void)sqlite3_close_v2(c->db);
        retention_rules_unref(c->retention);
        free(c);
}

const char *catalogue_error(const struct catalogue *c)
{
        return c->error[0] ? c->error : "no error";
}

/* A database says by these codes that its bytes are wrong; all others are this host's trouble. */
static int outcome_of_code(int code)
{
        int r = catalogue_errno(code);

        return r == -EUCLEAN ? CATALOGUE_DAMAGED : r;
}

static int outcome_of(struct catalogue *c, int code)
{
        int r = catalogue_fail(c, code);

        return r == -EUCLEAN ? CATALOGUE_DAMAGED : r;
}

static int run(struct catalogue *c, const char *sql)
{
        int r = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

        return r == SQLITE_OK ? 0 : outcome_of(c, r);
}

static int ask_integer(struct catalogue *c, const char *sql, int64_t *ret)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);

        if (r == SQLITE_OK)
                r = sqlite3_step(s);
        if (r != SQLITE_ROW)
                return outcome_of(c, r);
        *ret = sqlite3_column_int64(s, 0);
        return 0;
}

/* Nothing in a file of another origin may make this process run code or leave the bounds of SQL
 * (sqlite.org/security.html). */
static int harden(struct catalogue *c)
{
        static const struct {
                int option;
                int value;
        } settings[] = {
                        {SQLITE_DBCONFIG_DEFENSIVE, 1},
                        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                        {SQLITE_DBCONFIG_DQS_DML, 0},
                        {SQLITE_DBCONFIG_DQS_DDL, 0},
                        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
                        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
                        {SQLITE_DBCONFIG_ENABLE_QPSG,
                         1}, /* plans are made in query_plan.c, not by looking at values */
        };

        for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
                int r = sqlite3_db_config(c->db, settings[i].option, settings[i].value, NULL);

                if (r != SQLITE_OK)
                        return catalogue_fail(c, r);
        }
        (void)sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
        return run(c, "PRAGMA cell_size_check = ON; PRAGMA recursive_triggers = ON;");
}

/* WAL is written into the file, so only after the file has been found to be ours. */
static int configure(struct catalogue *c)
{
        if (c->read_only)
                return run(c, "PRAGMA query_only = ON; PRAGMA cache_size = -16384;");
        return run(c, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
                      "PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 8000;");
}

/* Version 0 stands for an empty file. */
static int read_version(struct catalogue *c, size_t n_versions, int64_t *ret)
{
        int64_t id = 0, version = 0, tables = 0;
        int r = ask_integer(c, "PRAGMA application_id", &id);

        if (r == 0)
                r = ask_integer(c, "PRAGMA user_version", &version);
        if (r == 0)
                r = ask_integer(c, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r != 0)
                return r;
        if (id == 0 && version == 0 && tables == 0) {
                *ret = 0;
                return 0;
        }
        if (id != SCHEMA_APPLICATION_ID || version < 1) {
                (void)catalogue_refuse(c, EUCLEAN, "a database, but not a catalogue of recdock");
                return CATALOGUE_DAMAGED;
        }
        *ret = version;
        return version > (int64_t)n_versions ? CATALOGUE_NEWER : 0;
}

/* quick_check answers one row, "ok" or the first thing that is wrong. */
static int quick_check(struct catalogue *c, const char *sql)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        const char *text;
        int r = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);

        if (r == SQLITE_OK)
                r = sqlite3_step(s);
        if (r != SQLITE_ROW)
                return outcome_of(c, r);
        text = (const char *)sqlite3_column_text(s, 0);
        if (text && strcmp(text, "ok") == 0)
                return 0;
        (void)text_copy(c->error, sizeof(c->error), text ? text : "the quick check failed");
        return CATALOGUE_DAMAGED;
}

static int check_whole_or_part(struct catalogue *c, const char *path)
{
        static const char *const parts[] = {
                        "PRAGMA quick_check('sqlite_schema')",  "PRAGMA quick_check('unit')",
                        "PRAGMA quick_check('officer')",        "PRAGMA quick_check('recorder')",
                        "PRAGMA quick_check('assignment')",     "PRAGMA quick_check('docking')",
                        "PRAGMA quick_check('footage_intent')",
        };
        struct stat st;
        int r = 0;

        if (stat(path, &st) == 0 && st.st_size <= QUICK_CHECK_WHOLE_MAX)
                return quick_check(c, "PRAGMA quick_check(1)");
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(parts); i++)
                r = quick_check(c, parts[i]);
        return r;
}

/* "<path>.v<N>.bak" by SQLite's own backup, which sees what is still in the WAL and syncs what it wrote. */
static int back_up(struct catalogue *c, const char *path, int64_t version)
{
        _cleanup_(sqlite3_close_v2p) sqlite3 *copy = NULL;
        _cleanup_free_ char *name = NULL;
        sqlite3_backup *backup;
        int r;

        if (asprintf(&name, "%s.v%lld.bak", path, (long long)version) < 0)
                return catalogue_refuse(c, ENOMEM, "no memory for the name of the copy");
        r = sqlite3_open_v2(name, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                            NULL);
        if (r != SQLITE_OK)
                return catalogue_refuse(c, EIO, "the copy before the migration cannot be created");
        backup = sqlite3_backup_init(copy, "main", c->db, "main");
        if (!backup)
                return catalogue_refuse(c, EIO, sqlite3_errmsg(copy));
        r = sqlite3_backup_step(backup, -1);
        if (sqlite3_backup_finish(backup) != SQLITE_OK || r != SQLITE_DONE)
                return catalogue_refuse(c, r == SQLITE_FULL ? ENOSPC : EIO, sqlite3_errmsg(copy));
        return 0;
}

static int migrate(struct catalogue *c, const char *path, const char *const *versions, int64_t version,
                   size_t n)
{
        int r;

        if (version == (int64_t)n)
                return 0;
        if (c->read_only)
                return catalogue_refuse(c, EROFS,
                                        "an older version of the catalogue, opened for reading only");
        if (version > 0) {
                r = back_up(c, path, version);
                if (r < 0)
                        return r;
        }
        r = schema_migrate(c->db, versions, (size_t)version, n, c->error, sizeof(c->error));
        return r == SQLITE_OK ? 0 : outcome_of_code(r);
}

static int judge_and_migrate(struct catalogue *c, const char *path, const char *const *versions, size_t n)
{
        int64_t version = 0;
        int r = harden(c);

        if (r == 0)
                r = read_version(c, n, &version);
        if (r == 0 && !c->read_only && version > 0)
                r = check_whole_or_part(c, path);
        if (r == 0)
                r = configure(c);
        if (r == 0)
                r = migrate(c, path, versions, version, n);
        if (r == 0)
                r = query_functions_add(c);
        if (r == 0)
                r = retention_functions_add(c);
        return r;
}

int catalogue_open_versions(struct catalogue **ret, const char *path, bool read_only,
                            const char *const *versions, size_t n)
{
        _cleanup_(catalogue_closep) struct catalogue *c = calloc(1, sizeof(*c));
        int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        int r;

        if (!c)
                return -ENOMEM;
        c->read_only = read_only;
        r = sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
        if (r != SQLITE_OK)
                return c->db ? outcome_of(c, r) : -ENOMEM;
        r = judge_and_migrate(c, path, versions, n);
        /* What a statement would have to undo is a few pages: from now on they are kept in memory and not in
         * a file in /tmp, that takes longer and may be full. A migration sorts a million rows, and has its
         * file. */
        if (r == 0 && !read_only)
                r = run(c, "PRAGMA temp_store = MEMORY;");
        if (r != 0)
                return r;
        *ret = TAKE_PTR(c);
        return CATALOGUE_OK;
}

int catalogue_open(struct catalogue **ret, const char *path, bool read_only)
{
        return catalogue_open_versions(ret, path, read_only, catalogue_schema, catalogue_schema_versions);
}

int catalogue_copy_open(struct catalogue **ret, const char *path)
{
        _cleanup_(catalogue_closep) struct catalogue *c = calloc(1, sizeof(*c));
        int64_t version = 0;
        int r;

        if (!c)
                return -ENOMEM;
        c->read_only = true;
        r = sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                            "unix-none");
        if (r != SQLITE_OK)
                return c->db ? outcome_of(c, r) : -ENOMEM;
        r = harden(c);
        if (r == 0)
                r = read_version(c, catalogue_schema_versions, &version);
        if (r == 0)
                r = version == 0 ? CATALOGUE_DAMAGED : configure(c);
        if (r != 0)
                return r;
        *ret = TAKE_PTR(c);
        return CATALOGUE_OK;
}

int catalogue_begin(struct catalogue *c)
{
        return statement_run(c, "BEGIN IMMEDIATE", NULL, 0);
}

int catalogue_commit(struct catalogue *c)
{
        return statement_run(c, "COMMIT", NULL, 0);
}

void catalogue_rollback(struct catalogue *c)
{
        /* A failure such as a full disk may have rolled back already. */
        if (!sqlite3_get_autocommit(c->db))
                (void)statement_run(c, "ROLLBACK", NULL, 0);
}
