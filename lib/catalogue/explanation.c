// SPDX-License-Identifier: LGPL-2.1-or-later
/* Explanations; see explanation.h. */
#include "catalogue/explanation.h"
#include "catalogue/statement.h"
#include "rules/continuity.h"

static const char explanation_note[] =
                "SELECT 'recorder/' || r.number, json_object('explanation', e.id, 'from', e.from_at, 'to', "
                "e.to_at,"
                " 'reason', e.reason, 'text', e.text, 'reporter', e.reporter, 'approver', e.approver)"
                " FROM explanation AS e JOIN recorder AS r ON r.id = e.recorder WHERE e.id = ?1";

int explanation_add(struct catalogue *c, const char *actor, const struct explanation *e, int64_t *ret_id)
{
        int64_t id, found;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        if (e->from == INSTANT_NONE || e->to <= e->from)
                return catalogue_refuse(c, EINVAL, "an explanation ends before it begins");
        r = statement_integer(c, "SELECT 1 FROM recorder WHERE id = ?1", VALUES(INTEGER(e->recorder)),
                              &found);
        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c,
                          "INSERT INTO explanation (recorder, from_at, to_at, reason, text, reporter,"
                          " approver, entered_at, entered_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                          VALUES(INTEGER(e->recorder), INTEGER(e->from), INTEGER(e->to), RAW_TEXT(e->reason),
                                 TEXT(e->text), RAW_TEXT(e->reporter), RAW_TEXT(e->approver),
                                 INTEGER(clock_now()), RAW_TEXT(actor)));
        if (r < 0)
                return r;
        id = sqlite3_last_insert_rowid(c->db);
        r = ledger_note(c, actor, "gap.explained", explanation_note, VALUES(INTEGER(id)));
        if (r == 0)
                *ret_id = id;
        return r;
}

int explanation_of(struct catalogue *c, int64_t recorder, instant_t from, instant_t to, bool *ret_whole,
                   int64_t *ret_last)
{
        _statement_ sqlite3_stmt *s = NULL;
        instant_t reached = from;
        int64_t last = 0;
        int r = statement_get(c,
                              "SELECT id, from_at, to_at FROM explanation WHERE recorder = ?1 AND to_at > ?2"
                              " AND from_at < ?3 ORDER BY from_at",
                              &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(recorder), INTEGER(from), INTEGER(to)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                explanation_reach(&reached, sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2));
                last = MAX(last, sqlite3_column_int64(s, 0));
        }
        if (r < 0)
                return r;
        *ret_whole = last > 0 && explanation_is_whole(reached, to);
        *ret_last = last;
        return 0;
}
