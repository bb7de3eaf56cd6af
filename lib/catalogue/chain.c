// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ledger in the database: each entry holds the hash of all before it, and is written in the transaction
 * of the act it tells of. Entries cut off at the end leave the chain whole, so the walk also asks SQLite's
 * own count of numbers ever given.
 */
#include "catalogue/statement.h"
#include "ledger/ledger.h"

#include <string.h>

/* The end of the chain: sequence 0 and 32 zero bytes when it is empty. */
static int chain_end(struct catalogue *c, int64_t *ret_sequence, uint8_t ret_hash[DIGEST_SIZE])
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, "SELECT sequence, hash FROM ledger ORDER BY sequence DESC LIMIT 1", &s);

        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        *ret_sequence = r > 0 ? sqlite3_column_int64(s, 0) : 0;
        memset(ret_hash, 0, DIGEST_SIZE);
        if (r > 0 && sqlite3_column_bytes(s, 1) == DIGEST_SIZE)
                memcpy(ret_hash, sqlite3_column_blob(s, 1), DIGEST_SIZE);
        return 0;
}

int catalogue_ledger(struct catalogue *c, const char *actor, const char *act, const char *subject,
                     const char *detail)
{
        struct ledger_entry e = {
                        .at = clock_now(), .actor = actor, .act = act, .subject = subject, .detail = detail};
        uint8_t previous[DIGEST_SIZE], hash[DIGEST_SIZE];
        int64_t last;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = chain_end(c, &last, previous);
        if (r < 0)
                return r;
        e.sequence = last + 1;
        r = ledger_hash(previous, &e, hash);
        if (r < 0)
                return catalogue_refuse(c, -r, "the hash of a ledger entry cannot be computed");
        r = statement_run(c,
                          "INSERT INTO ledger (sequence, at, actor, act, subject, detail, hash)"
                          " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE json_valid(?6)",
                          VALUES(INTEGER(e.sequence), INTEGER(e.at), RAW_TEXT(actor), RAW_TEXT(act),
                                 RAW_TEXT(subject), RAW_TEXT(detail), DIGEST(hash)));
        if (r < 0)
                return r;
        if (sqlite3_changes(c->db) == 0)
                return catalogue_refuse(c, EINVAL, "the detail of a ledger entry is not JSON");
        return 0;
}

int catalogue_ledger_last(struct catalogue *c, instant_t *ret)
{
        return statement_integer(c, "SELECT at FROM ledger ORDER BY sequence DESC LIMIT 1", NULL, 0, ret);
}

int ledger_note(struct catalogue *c, const char *actor, const char *act, const char *sql,
                const struct value *values, size_t n)
{
        _statement_ sqlite3_stmt *s = NULL;
        const char *subject, *detail;
        int r = statement_get(c, sql, &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, values, n);
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        subject = r > 0 ? (const char *)sqlite3_column_text(s, 0) : NULL;
        detail = r > 0 ? (const char *)sqlite3_column_text(s, 1) : NULL;
        if (!subject || !detail)
                return catalogue_refuse(c, ENOENT, "there is no row to tell the ledger of");
        return catalogue_ledger(c, actor, act, subject, detail);
}

/* NULL when it holds a NUL: hashing would stop there and not see what comes behind. */
static const char *whole_text(sqlite3_stmt *s, int at)
{
        const char *text = (const char *)sqlite3_column_text(s, at);

        return text && strlen(text) == (size_t)sqlite3_column_bytes(s, at) ? text : NULL;
}

/* 1 when the entry follows 'hash', which then becomes its own; 0 when it does not. */
static int entry_follows(sqlite3_stmt *s, int64_t sequence, uint8_t hash[DIGEST_SIZE])
{
        struct ledger_entry e = {
                        .sequence = sequence,
                        .at = sqlite3_column_int64(s, 1),
                        .actor = whole_text(s, 2),
                        .act = whole_text(s, 3),
                        .subject = whole_text(s, 4),
                        .detail = whole_text(s, 5),
        };
        int r;

        if (sqlite3_column_int64(s, 0) != sequence || !e.actor || !e.act || !e.subject || !e.detail ||
            sqlite3_column_bytes(s, 6) != DIGEST_SIZE)
                return 0;
        r = ledger_hash(hash, &e, hash);
        if (r < 0)
                return r;
        return memcmp(hash, sqlite3_column_blob(s, 6), DIGEST_SIZE) == 0;
}

int catalogue_ledger_verify(struct catalogue *c, int64_t *ret_bad_sequence, int64_t *ret_count)
{
        _statement_ sqlite3_stmt *s = NULL;
        uint8_t hash[DIGEST_SIZE] = {0};
        int64_t given = 0, count = 0;
        int r;

        /* Asked before the walk: the writer may append meanwhile, and that is no hole. */
        r = statement_integer(c, "SELECT seq FROM sqlite_sequence WHERE name = 'ledger'", NULL, 0, &given);
        if (r < 0)
                return r;
        r = statement_get(c,
                          "SELECT sequence, at, actor, act, subject, detail, hash FROM ledger NOT INDEXED"
                          " ORDER BY sequence",
                          &s);
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                r = entry_follows(s, count + 1, hash);
                if (r <= 0)
                        break;
                count++;
        }
        if (r < 0)
                return r;
        *ret_count = count;
        if (sqlite3_stmt_busy(s) || count < given) {
                *ret_bad_sequence = count + 1;
                return CATALOGUE_DAMAGED;
        }
        return CATALOGUE_OK;
}
