// SPDX-License-Identifier: LGPL-2.1-or-later
/* Mended footage in the ledger; see mend.h. */
#include "catalogue/mend.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/statement.h"

#include <inttypes.h>
#include <string.h>

#define ACT_ASK  "footage.mend-asked"
#define ACT_END  "footage.mended"
#define ACT_FAIL "footage.mend-failed"

/* What was in the store goes by the path that the footage has there: nobody need put the two together. */
#define ASIDE "CASE WHEN ?2 <> 'missing' THEN ?3 || '/' || path END"

int mend_ask(struct catalogue *c, const char *actor, int64_t footage, const struct mend *m,
             const char *source)
{
        int r = catalogue_writable(c);

        return r < 0 ? r
                     : ledger_note(c, actor, ACT_ASK,
                                   "SELECT 'footage/' || id, json_object('found', ?2, 'aside', ?3, "
                                   "'kept', " ASIDE ", 'source', ?4) FROM footage WHERE id = ?1",
                                   VALUES(INTEGER(footage), RAW_TEXT(m->found), RAW_TEXT(m->aside),
                                          RAW_TEXT(source)));
}

int mend_end(struct catalogue *c, const char *actor, int64_t footage, const struct mend *m,
             const char *error)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        if (error)
                return ledger_note(c, actor, ACT_FAIL,
                                   "SELECT 'footage/' || id, json_object('error', ?2) FROM footage"
                                   " WHERE id = ?1",
                                   VALUES(INTEGER(footage), RAW_TEXT(error)));
        return ledger_note(c, actor, ACT_END,
                           "SELECT 'footage/' || id, json_object('found', ?2, 'kept', " ASIDE
                           ", 'sha256', lower(hex(sha256))) FROM footage WHERE id = ?1",
                           VALUES(INTEGER(footage), RAW_TEXT(m->found), RAW_TEXT(m->aside)));
}

int mend_find_open(struct catalogue *c, int64_t footage, struct mend *ret)
{
        _statement_ sqlite3_stmt *s = NULL;
        char subject[64];
        struct mend m;
        int r = statement_get(c,
                              "SELECT act, detail ->> 'found', detail ->> 'aside' FROM ledger"
                              " WHERE subject = ?1 AND act IN ('" ACT_ASK "', '" ACT_END "', '" ACT_FAIL
                              "') ORDER BY sequence DESC LIMIT 1",
                              &s);

        (void)snprintf(subject, sizeof(subject), "footage/%" PRId64, footage);
        if (r >= 0)
                r = statement_bind(c, s, VALUES(TEXT(subject)));
        if (r >= 0)
                r = statement_step(c, s);
        if (r <= 0)
                return r < 0 ? r : CATALOGUE_ABSENT;
        if (strcmp((const char *)sqlite3_column_text(s, 0), ACT_ASK) != 0)
                return CATALOGUE_ABSENT;
        if (sqlite3_column_type(s, 1) != SQLITE_TEXT || sqlite3_column_type(s, 2) != SQLITE_TEXT ||
            !text_copy(m.found, sizeof(m.found), (const char *)sqlite3_column_text(s, 1)) ||
            !text_copy(m.aside, sizeof(m.aside), (const char *)sqlite3_column_text(s, 2)))
                return -EBADMSG;
        *ret = m;
        return CATALOGUE_OK;
}
