// SPDX-License-Identifier: LGPL-2.1-or-later
/* Holds; see hold.h. */
#include "catalogue/hold.h"
#include "catalogue/row.h"
#include "catalogue/word.h"

#include <string.h>

static const char *const reasons[] = {
                [HOLD_LITIGATION] = "litigation",
                [HOLD_COMPLAINT] = "complaint",
                [HOLD_TRANSFER] = "transfer",
                [HOLD_OTHER] = "other",
};
_Static_assert(ELEMENTSOF(reasons) == _HOLD_REASON_MAX, "a reason has no word");

const struct words hold_reason_words = {"reason", reasons, ELEMENTSOF(reasons)};

const char *hold_reason_text(enum hold_reason reason)
{
        return word_of(&hold_reason_words, (int)reason);
}

int hold_reason_from_text(const char *text, enum hold_reason *ret)
{
        int value, r = word_value(&hold_reason_words, text, strlen(text), &value);

        if (r == 0)
                *ret = (enum hold_reason)value;
        return r;
}

static const struct field fields[] = {
                FIELD(hold, id, FIELD_INT64),
                FIELD(hold, case_file, FIELD_ID),
                FIELD(hold, footage, FIELD_ID),
                FIELD(hold, reason, FIELD_TEXT),
                FIELD(hold, text, FIELD_TEXT),
                FIELD(hold, held_at, FIELD_INSTANT),
                FIELD(hold, held_by, FIELD_TEXT),
                FIELD(hold, released_at, FIELD_INSTANT),
                FIELD(hold, released_by, FIELD_TEXT),
                FIELD(hold, release_reason, FIELD_TEXT),
                FIELD(hold, release_approver, FIELD_TEXT),
};

/* Case numbers are unique in a unit only. */
#define HOLD_SUBJECT \
        "iif(h.footage IS NULL, 'case/' || u.number || '/' || k.number, 'footage/' || h.footage)"
#define HOLD_ROWS                                                        \
        " FROM hold AS h LEFT JOIN case_file AS k ON k.id = h.case_file" \
        " LEFT JOIN unit AS u ON u.id = k.unit WHERE h.id = ?1"

static const char held_note[] = "SELECT " HOLD_SUBJECT ", json_object('hold', h.id, 'reason', h.reason,"
                                " 'text', h.text)" HOLD_ROWS;
static const char released_note[] = "SELECT " HOLD_SUBJECT ", json_object('hold', h.id, 'reason',"
                                    " h.release_reason, 'approver', h.release_approver)" HOLD_ROWS;

static int subject_exists(struct catalogue *c, const struct hold *h)
{
        int64_t found;

        if (h->footage > 0)
                return statement_integer(c, "SELECT 1 FROM footage WHERE id = ?1",
                                         VALUES(INTEGER(h->footage)), &found);
        return statement_integer(c, "SELECT 1 FROM case_file WHERE id = ?1", VALUES(INTEGER(h->case_file)),
                                 &found);
}

int hold_add(struct catalogue *c, const char *actor, const struct hold *h, int64_t *ret_id)
{
        enum hold_reason reason;
        int64_t id;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        if ((h->footage > 0) == (h->case_file > 0) || hold_reason_from_text(h->reason, &reason) < 0)
                return catalogue_refuse(c, EINVAL, "a hold is of one case or footage, for a known reason");
        r = subject_exists(c, h);
        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c,
                          "INSERT INTO hold (case_file, footage, reason, text, held_at, held_by)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                          VALUES(ID(h->case_file), ID(h->footage), RAW_TEXT(h->reason), TEXT(h->text),
                                 INTEGER(clock_now()), RAW_TEXT(actor)));
        if (r < 0)
                return r;
        id = sqlite3_last_insert_rowid(c->db);
        r = ledger_note(c, actor, "retention.held", held_note, VALUES(INTEGER(id)));
        if (r == 0)
                *ret_id = id;
        return r;
}

int hold_by_id(struct catalogue *c, int64_t id, struct hold *ret)
{
        return row_find(c,
                        "SELECT id, case_file, footage, reason, text, held_at, held_by, released_at,"
                        " released_by, release_reason, release_approver FROM hold WHERE id = ?1",
                        VALUES(INTEGER(id)), ret, sizeof(*ret), fields, ELEMENTSOF(fields));
}

int hold_release(struct catalogue *c, const char *actor, int64_t id, const char *reason,
                 const char *approver)
{
        struct hold h;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        if (reason[0] == '\0' || approver[0] == '\0')
                return catalogue_refuse(c, EINVAL, "a hold is released for a reason and with an approver");
        r = hold_by_id(c, id, &h);
        if (r != CATALOGUE_OK)
                return r;
        if (h.released_at != INSTANT_NONE)
                return CATALOGUE_CONFLICT;
        r = statement_run(c,
                          "UPDATE hold SET released_at = ?2, released_by = ?3, release_reason = ?4,"
                          " release_approver = ?5 WHERE id = ?1",
                          VALUES(INTEGER(id), INTEGER(clock_now()), RAW_TEXT(actor), RAW_TEXT(reason),
                                 RAW_TEXT(approver)));
        return r < 0 ? r : ledger_note(c, actor, "retention.released", released_note, VALUES(INTEGER(id)));
}
