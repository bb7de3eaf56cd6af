// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What footage is in a case; see case_file.h. Each act looks at all of the footage first and writes then, so
 * that what is refused has changed nothing. Thousands go in one transaction: some statements for each, found
 * by its id. Whether footage is annotated follows by the triggers of schema_v10.c.
 */
#include "catalogue/case_file.h"
#include "catalogue/statement.h"

/* CATALOGUE_ABSENT: no such footage; *ret is 0 when it is in no case. */
static int case_of(struct catalogue *c, int64_t footage, int64_t *ret)
{
        return statement_integer(c, "SELECT ifnull(case_id, 0) FROM footage WHERE id = ?1",
                                 VALUES(INTEGER(footage)), ret);
}

#define CASE_LABEL(id)                                                                                   \
        "(SELECT u.number || '/' || c.number FROM case_file AS c JOIN unit AS u ON u.id = c.unit WHERE " \
        "c.id = " id ")"

/* A footage that moves is in the history of either case. All of one act has one time, by which the history
 * is told as one. */
static int history_note(struct catalogue *c, const struct case_act *act, instant_t at, int64_t footage,
                        int64_t from, int64_t to)
{
        return statement_run(c,
                             "INSERT INTO case_change (case_file, footage, field, old, new, at, actor,"
                             " approver, reason) SELECT x.id, ?1, 'case', " CASE_LABEL("?2") ", " CASE_LABEL(
                                             "?3") ", ?4, ?5, ?6, ?7"
                                                   " FROM case_file AS x WHERE x.id IN (?2, ?3)",
                             VALUES(INTEGER(footage), ID(from), ID(to), INTEGER(at), RAW_TEXT(act->actor),
                                    TEXT(act->approver), TEXT(act->reason)));
}

static const char moved_note[] =
                "SELECT 'footage/' || ?1, json_object('case', t.number, 'unit', tu.number, 'from', o.number,"
                " 'from_unit', ou.number, 'approver', ?4, 'reason', ?5) FROM (SELECT 1)"
                " LEFT JOIN case_file AS o ON o.id = ?2 LEFT JOIN unit AS ou ON ou.id = o.unit"
                " LEFT JOIN case_file AS t ON t.id = ?3 LEFT JOIN unit AS tu ON tu.id = t.unit";

static int move_one(struct catalogue *c, const struct case_act *act, instant_t at, int64_t footage,
                    int64_t from, int64_t to)
{
        int r = statement_run(c, "UPDATE footage SET case_id = ?2 WHERE id = ?1",
                              VALUES(INTEGER(footage), ID(to)));

        if (r == 0)
                r = history_note(c, act, at, footage, from, to);
        if (r == 0)
                r = ledger_note(c, act->actor, to > 0 ? "footage.tagged" : "footage.untagged", moved_note,
                                VALUES(INTEGER(footage), ID(from), ID(to), TEXT(act->approver),
                                       TEXT(act->reason)));
        return r;
}

static void refuse(struct case_tagging *t, int64_t footage, int64_t other)
{
        if (t->n_refused++ > 0)
                return;
        t->footage = footage;
        t->other = other;
}

/* Counts what is where it may not be: in a case that is not 'in', or in none when 'untag'. */
static int look(struct catalogue *c, int64_t in, const int64_t *footage, size_t n, bool untag,
                struct case_tagging *t)
{
        for (size_t i = 0; i < n; i++) {
                int64_t now;
                int r = case_of(c, footage[i], &now);

                if (r == CATALOGUE_ABSENT)
                        t->footage = footage[i];
                if (r != CATALOGUE_OK)
                        return r;
                if (now != in && (now > 0 || untag))
                        refuse(t, footage[i], now);
        }
        return CATALOGUE_OK;
}

int case_tag(struct catalogue *c, const struct case_act *act, int64_t id, const int64_t *footage, size_t n,
             bool move, struct case_tagging *ret)
{
        const instant_t at = clock_now();
        int r = catalogue_writable(c);

        *ret = (struct case_tagging){.tagged = 0};
        if (r == 0)
                r = look(c, id, footage, n, false, ret);
        if (r == CATALOGUE_OK && ret->n_refused > 0 && !move)
                return CATALOGUE_CONFLICT;
        for (size_t i = 0; r == CATALOGUE_OK && i < n; i++) {
                int64_t now = 0;

                r = case_of(c, footage[i], &now);
                if (r != CATALOGUE_OK || now == id) {
                        ret->already += r == CATALOGUE_OK;
                        continue;
                }
                r = move_one(c, act, at, footage[i], now, id);
                ret->tagged++;
                ret->moved += now > 0;
        }
        return r;
}

int case_untag(struct catalogue *c, const struct case_act *act, int64_t id, const int64_t *footage, size_t n,
               struct case_tagging *ret)
{
        const instant_t at = clock_now();
        int r = catalogue_writable(c);

        *ret = (struct case_tagging){.tagged = 0};
        if (r == 0)
                r = look(c, id, footage, n, true, ret);
        if (r == CATALOGUE_OK && ret->n_refused > 0)
                return CATALOGUE_CONFLICT;
        for (size_t i = 0; r == CATALOGUE_OK && i < n; i++) {
                int64_t now = 0;

                r = case_of(c, footage[i], &now);
                if (r != CATALOGUE_OK || now != id)
                        continue; /* named twice */
                r = move_one(c, act, at, footage[i], id, 0);
                ret->tagged++;
        }
        return r;
}
