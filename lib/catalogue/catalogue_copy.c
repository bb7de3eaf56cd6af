// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Copying the catalogue by SQLite's own backup, step by step out of one read transaction: in the write-ahead
 * log's mode that transaction sees one state for as long as it lasts, so that nothing that is committed
 * meanwhile begins the copy anew, and it holds nobody up. Only the log cannot be emptied until it ends.
 */
#include "catalogue/catalogue_copy.h"
#include "base/durable.h"
#include "base/text.h"
#include "catalogue/statement.h"

#include <fcntl.h>
#include <string.h>

enum { STEP_PAGES = 256, PROGRESS_OPERATIONS = 20000 };

DEFINE_CLEANUP(sqlite3 *, sqlite3_close_v2);

/* What failed in the copy: SQLite says SQLITE_FULL of one reason alone. */
static int copy_fail(struct catalogue *c, sqlite3 *copy, int code)
{
        int error = sqlite3_system_errno(copy);

        (void)text_copy(c->error, sizeof(c->error), sqlite3_errmsg(copy));
        return (code & 0xff) == SQLITE_IOERR && error > 0 ? -error : catalogue_errno(code);
}

/* Alone with the file: no locks, no shared memory. */
static int copy_connect(struct catalogue *c, const char *path, const char *settings, sqlite3 **ret)
{
        _cleanup_(sqlite3_close_v2p) sqlite3 *copy = NULL;
        int r = sqlite3_open_v2(path, &copy,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                                SQLITE_OPEN_EXRESCODE,
                                "unix-none");

        if (r == SQLITE_OK)
                r = sqlite3_exec(copy, settings, NULL, NULL, NULL);
        if (r != SQLITE_OK)
                return copy ? copy_fail(c, copy, r) : -ENOMEM;
        *ret = TAKE_PTR(copy);
        return 0;
}

static int copy_steps(struct catalogue *c, sqlite3 *copy, const struct pace *pace)
{
        sqlite3_backup *backup = sqlite3_backup_init(copy, "main", c->db, "main");
        int r, ended, paced = 0;

        if (!backup)
                return copy_fail(c, copy, sqlite3_errcode(copy));
        do {
                r = sqlite3_backup_step(backup, STEP_PAGES);
                if (r == SQLITE_OK)
                        paced = pace_go(pace, UINT64_C(4096) * STEP_PAGES);
        } while (r == SQLITE_OK && paced >= 0);
        ended = sqlite3_backup_finish(backup);
        if (paced < 0)
                return paced;
        return r == SQLITE_DONE && ended == SQLITE_OK ? 0 : copy_fail(c, copy, r == SQLITE_DONE ? ended : r);
}

static int copy_pages(struct catalogue *c, const char *path, const struct pace *pace)
{
        _cleanup_(sqlite3_close_v2p) sqlite3 *copy = NULL;
        int r = copy_connect(c, path,
                             "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;"
                             "PRAGMA synchronous = OFF;",
                             &copy);

        return r < 0 ? r : copy_steps(c, copy, pace);
}

/* The original's mode is the write-ahead log's, which no file alone can be read in where nobody may write.
 */
static int copy_make_plain(struct catalogue *c, const char *path)
{
        _cleanup_(sqlite3_close_v2p) sqlite3 *copy = NULL;

        return copy_connect(c, path, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE;",
                            &copy);
}

static int file_sync(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : durable_sync_file(fd);
}

int catalogue_copy(struct catalogue *c, const char *path, const struct pace *pace)
{
        int64_t ignored;
        int r = statement_run(c, "BEGIN", NULL, 0);

        if (r < 0)
                return r;
        /* The first look is what the transaction goes on seeing. */
        r = statement_integer(c, "SELECT count(*) FROM sqlite_schema", NULL, 0, &ignored);
        if (r >= 0)
                r = copy_pages(c, path, pace);
        (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
        if (r >= 0)
                r = copy_make_plain(c, path);
        return r < 0 ? r : file_sync(path);
}

struct progress {
        const struct pace *pace;
        int result;
};

static int on_progress(void *userdata)
{
        struct progress *p = userdata;

        p->result = pace_go(p->pace, 0);
        return p->result < 0;
}

/* The first row says "ok", or what is wrong. */
static int integrity_check(struct catalogue *c)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        const char *text;
        int r = statement_new(c, "PRAGMA integrity_check(1)", &s);

        if (r >= 0)
                r = statement_step(c, s);
        if (r < 0)
                return r == -EUCLEAN ? CATALOGUE_DAMAGED : r;
        text = r > 0 ? (const char *)sqlite3_column_text(s, 0) : NULL;
        if (text && strcmp(text, "ok") == 0)
                return CATALOGUE_OK;
        (void)catalogue_refuse(c, EUCLEAN, text ? text : "the integrity check gave no answer");
        return CATALOGUE_DAMAGED;
}

static int references_check(struct catalogue *c)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, "PRAGMA foreign_key_check", &s);

        if (r >= 0)
                r = statement_step(c, s);
        if (r > 0)
                (void)catalogue_refuse(c, EUCLEAN, "a row refers to one that is not there");
        return r > 0 ? CATALOGUE_DAMAGED : r;
}

static int ledger_check(struct catalogue *c)
{
        int64_t bad, count;
        int r = catalogue_ledger_verify(c, &bad, &count);

        if (r == CATALOGUE_DAMAGED)
                (void)catalogue_refuse(c, EUCLEAN, "the ledger's chain is broken");
        return r;
}

static int state_read(struct catalogue *c, struct catalogue_state *ret)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        struct catalogue_state state = {0};
        int r = statement_new(c,
                              "SELECT (SELECT user_version FROM pragma_user_version),"
                              " (SELECT count(*) FROM footage), (SELECT max(id) FROM footage), l.sequence,"
                              " l.hash FROM (SELECT 1) LEFT JOIN (SELECT sequence, hash FROM ledger"
                              " ORDER BY sequence DESC LIMIT 1) AS l",
                              &s);

        if (r >= 0)
                r = statement_step(c, s);
        if (r <= 0)
                return r < 0 ? r : -EIO;
        state.version = sqlite3_column_int64(s, 0);
        state.footage = sqlite3_column_int64(s, 1);
        state.last_footage = sqlite3_column_int64(s, 2);
        state.ledger_sequence = sqlite3_column_int64(s, 3);
        if (sqlite3_column_bytes(s, 4) == DIGEST_SIZE)
                memcpy(state.ledger_hash, sqlite3_column_blob(s, 4), DIGEST_SIZE);
        *ret = state;
        return CATALOGUE_OK;
}

int catalogue_copy_check(struct catalogue *c, const struct pace *pace, struct catalogue_state *ret)
{
        struct progress progress = {.pace = pace};
        int r;

        sqlite3_progress_handler(c->db, PROGRESS_OPERATIONS, on_progress, &progress);
        r = integrity_check(c);
        if (r == CATALOGUE_OK)
                r = references_check(c);
        if (r == CATALOGUE_OK)
                r = ledger_check(c);
        if (r == CATALOGUE_OK)
                r = state_read(c, ret);
        sqlite3_progress_handler(c->db, 0, NULL, NULL);
        return progress.result < 0 ? progress.result : r;
}
