// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prepared statements and typed binding; see statement.h. */
#include "catalogue/statement.h"
#include "base/text.h"

#include <string.h>

static int errno_of_constraint(int code)
{
        switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
                return -EEXIST;
        case SQLITE_CONSTRAINT_TRIGGER: /* the guards of evidence */
                return -EPERM;
        default:
                return -EINVAL;
        }
}

int catalogue_errno(int code)
{
        switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        case SQLITE_CANTOPEN:
                return -ENOENT;
        case SQLITE_PERM:
        case SQLITE_AUTH:
                return -EACCES;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_INTERRUPT:
                return -EINTR;
        case SQLITE_CONSTRAINT:
                return errno_of_constraint(code);
        case SQLITE_IOERR:
                return code == SQLITE_IOERR_NOMEM ? -ENOMEM : -EIO;
        default:
                return -EINVAL;
        }
}

/* SQLite says SQLITE_FULL of a write alone. Where it finds no room to make a file, to lengthen its shared
 * memory or within a quota, only the host's own error tells. */
static bool host_is_full(struct catalogue *c, int sqlite_code)
{
        int code = sqlite_code & 0xff, error = sqlite3_system_errno(c->db);

        return (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && (error == ENOSPC || error == EDQUOT);
}

int catalogue_fail(struct catalogue *c, int sqlite_code)
{
        (void)text_copy(c->error, sizeof(c->error), sqlite3_errmsg(c->db));
        return host_is_full(c, sqlite_code) ? -ENOSPC : catalogue_errno(sqlite_code);
}

int catalogue_refuse(struct catalogue *c, int error, const char *text)
{
        (void)text_copy(c->error, sizeof(c->error), text);
        return -error;
}

int catalogue_writable(struct catalogue *c)
{
        if (sqlite3_get_autocommit(c->db))
                return catalogue_refuse(c, EPERM, "a change outside of a transaction");
        return 0;
}

int statement_new(struct catalogue *c, const char *sql, sqlite3_stmt **ret)
{
        sqlite3_stmt *s;
        int r = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);

        if (r != SQLITE_OK)
                return catalogue_fail(c, r);
        *ret = s;
        return 0;
}

int statement_get(struct catalogue *c, const char *sql, sqlite3_stmt **ret)
{
        int r;

        for (size_t i = 0; i < c->n_statements; i++) {
                if (c->statements[i].sql == sql) {
                        *ret = c->statements[i].statement;
                        return 0;
                }
        }
        if (c->n_statements == STATEMENTS_MAX)
                return catalogue_refuse(c, ENOBUFS, "more statements than the cache was made for");
        r = statement_new(c, sql, ret);
        if (r < 0)
                return r;
        c->statements[c->n_statements++] = (struct cached_statement){.sql = sql, .statement = *ret};
        return 0;
}

void statement_done(sqlite3_stmt **s)
{
        if (!*s)
                return;
        (void)sqlite3_reset(*s);
        (void)sqlite3_clear_bindings(*s);
}

static int bind_text(sqlite3_stmt *s, int at, const char *text)
{
        if (!text_utf8_valid(text))
                return -EILSEQ;
        return sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC) == SQLITE_OK ? 0 : -ENOMEM;
}

int value_bind(sqlite3_stmt *s, int at, const struct value *v)
{
        bool null;

        switch (v->type) {
        case VALUE_ID:
                null = v->integer == 0;
                break;
        case VALUE_UNKNOWN:
                null = v->integer == -1;
                break;
        case VALUE_INSTANT:
                null = v->integer == INSTANT_NONE;
                break;
        case VALUE_TEXT:
                null = !v->text || v->text[0] == '\0';
                break;
        case VALUE_DIGEST:
                null = !v->digest;
                break;
        default:
                null = false;
        }
        if (null)
                return sqlite3_bind_null(s, at) == SQLITE_OK ? 0 : -ENOMEM;
        if (v->type == VALUE_TEXT || v->type == VALUE_RAW_TEXT)
                return bind_text(s, at, v->text);
        if (v->type == VALUE_DIGEST)
                return sqlite3_bind_blob(s, at, v->digest, DIGEST_SIZE, SQLITE_STATIC) == SQLITE_OK
                                       ? 0
                                       : -ENOMEM;
        return sqlite3_bind_int64(s, at, v->integer) == SQLITE_OK ? 0 : -ENOMEM;
}

int statement_bind(struct catalogue *c, sqlite3_stmt *s, const struct value *values, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                int r = value_bind(s, (int)i + 1, &values[i]);

                if (r == -EILSEQ)
                        return catalogue_refuse(c, EILSEQ, "a text is not valid UTF-8");
                if (r < 0)
                        return catalogue_refuse(c, -r, "a value cannot be bound");
        }
        return 0;
}

int statement_step(struct catalogue *c, sqlite3_stmt *s)
{
        int r = sqlite3_step(s);

        if (r == SQLITE_ROW)
                return 1;
        if (r == SQLITE_DONE)
                return 0;
        return catalogue_fail(c, r);
}

int statement_run(struct catalogue *c, const char *sql, const struct value *values, size_t n)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, sql, &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, values, n);
        if (r < 0)
                return r;
        r = statement_step(c, s);
        return r < 0 ? r : 0;
}

int statement_integer(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                      int64_t *ret)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, sql, &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, values, n);
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        if (r == 0 || sqlite3_column_type(s, 0) == SQLITE_NULL)
                return CATALOGUE_ABSENT;
        *ret = sqlite3_column_int64(s, 0);
        return CATALOGUE_OK;
}
