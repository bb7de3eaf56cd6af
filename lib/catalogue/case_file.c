// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cases and their fields; see case_file.h. What footage is in them is in case_footage.c. The field table is
 * in the order of COLUMNS; the fields that may change are a piece of it, in the order of enum case_field. */
#include "catalogue/case_file.h"
#include "catalogue/row.h"

#include <string.h>

static const struct field fields[] = {
                FIELD(case_file, supervision_number, FIELD_TEXT),
                FIELD(case_file, file_number, FIELD_TEXT),
                FIELD(case_file, party, FIELD_TEXT),
                FIELD(case_file, handler, FIELD_TEXT),
                FIELD(case_file, activity, FIELD_TEXT),
                FIELD(case_file, premises, FIELD_TEXT),
                FIELD(case_file, premises_class, FIELD_TEXT),
                FIELD(case_file, long_term, FIELD_TEXT),
                FIELD(case_file, secrecy, FIELD_TEXT),
                FIELD(case_file, evidence, FIELD_BOOL),
                FIELD(case_file, from, FIELD_INSTANT),
                FIELD(case_file, to, FIELD_INSTANT),
                FIELD(case_file, closed_at, FIELD_INSTANT),
                FIELD(case_file, file_until, FIELD_INSTANT),
                FIELD(case_file, id, FIELD_ID),
                FIELD(case_file, number, FIELD_TEXT),
                FIELD(case_file, unit, FIELD_ID),
                FIELD(case_file, opened_at, FIELD_INSTANT),
};

#define COLUMNS                                                                                 \
        "supervision_number, file_number, party, handler, activity, premises,"                  \
        " premises_class, long_term, secrecy, evidence, from_at, to_at, closed_at, file_until," \
        " id, number, unit, opened_at"

static const char *const names[] = {
                [CASE_SUPERVISION_NUMBER] = "supervision_number",
                [CASE_FILE_NUMBER] = "file_number",
                [CASE_PARTY] = "party",
                [CASE_HANDLER] = "handler",
                [CASE_ACTIVITY] = "activity",
                [CASE_PREMISES] = "premises",
                [CASE_PREMISES_CLASS] = "premises_class",
                [CASE_LONG_TERM] = "long_term",
                [CASE_SECRECY] = "secrecy",
                [CASE_EVIDENCE] = "evidence",
                [CASE_FROM] = "from",
                [CASE_TO] = "to",
                [CASE_CLOSED] = "closed",
                [CASE_FILE_UNTIL] = "file_until",
};
_Static_assert(ELEMENTSOF(names) == _CASE_FIELD_MAX, "a field of a case has no name");

const char *case_field_name(enum case_field field)
{
        return names[field];
}

int case_field_by_name(const char *name, enum case_field *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                if (strcmp(names[i], name) != 0)
                        continue;
                *ret = (enum case_field)i;
                return 0;
        }
        return -EINVAL;
}

static const void *member(const struct case_file *f, enum case_field field)
{
        return (const char *)f + fields[field].offset;
}

bool case_field_same(const struct case_file *a, const struct case_file *b, enum case_field field)
{
        if (fields[field].type == FIELD_TEXT)
                return strcmp(member(a, field), member(b, field)) == 0;
        return memcmp(member(a, field), member(b, field), fields[field].size) == 0;
}

/* As the history tells it; NULL when it is unknown. 'buf' has INSTANT_TEXT_MAX bytes. */
static const char *field_text(const struct case_file *f, enum case_field field, char *buf)
{
        const char *text = member(f, field);
        instant_t t;

        if (fields[field].type == FIELD_TEXT)
                return *text ? text : NULL;
        if (fields[field].type == FIELD_BOOL)
                return f->evidence ? "yes" : "no";
        memcpy(&t, text, sizeof(t));
        if (t == INSTANT_NONE)
                return NULL;
        if (field != CASE_FILE_UNTIL)
                return instant_format(t, buf);
        (void)instant_format(t - 1, buf); /* the last day */
        buf[strcspn(buf, "T")] = '\0';
        return buf;
}

static int change_note(struct catalogue *c, const struct case_act *act, int64_t id, const char *field,
                       const char *old, const char *new)
{
        return statement_run(
                        c,
                        "INSERT INTO case_change (case_file, field, old, new, at, actor, approver, reason)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                        VALUES(INTEGER(id), RAW_TEXT(field), TEXT(old), TEXT(new), INTEGER(clock_now()),
                               RAW_TEXT(act->actor), TEXT(act->approver), TEXT(act->reason)));
}

static const char opened_note[] =
                "SELECT 'case/' || u.number || '/' || c.number, json_object('id', c.id, 'party', c.party,"
                " 'handler', c.handler, 'supervision_number', c.supervision_number, 'file_number',"
                " c.file_number, 'activity', c.activity, 'premises', c.premises, 'premises_class',"
                " c.premises_class, 'long_term', c.long_term, 'secrecy', c.secrecy, 'evidence', c.evidence,"
                " 'from', c.from_at, 'to', c.to_at, 'opened', c.opened_at, 'closed', c.closed_at,"
                " 'file_until', c.file_until, 'approver', ?2, 'reason', ?3)"
                " FROM case_file AS c JOIN unit AS u ON u.id = c.unit WHERE c.id = ?1";

static int may_open(struct catalogue *c, const struct case_file *f, bool also_elsewhere)
{
        int64_t found;
        int r = statement_integer(c, "SELECT 1 FROM case_file WHERE number = ?1 AND unit = ?2",
                                  VALUES(RAW_TEXT(f->number), INTEGER(f->unit)), &found);

        if (r != CATALOGUE_ABSENT)
                return r < 0 ? r : CATALOGUE_EXISTS;
        if (also_elsewhere)
                return CATALOGUE_OK;
        r = statement_integer(c, "SELECT 1 FROM case_file WHERE number = ?1", VALUES(RAW_TEXT(f->number)),
                              &found);
        if (r < 0)
                return r;
        return r == CATALOGUE_ABSENT ? CATALOGUE_OK : CATALOGUE_CONFLICT;
}

static int row_add(struct catalogue *c, const struct case_file *f, int64_t *ret_id)
{
        struct case_file new = *f;
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c,
                              "INSERT INTO case_file (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
                              " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
                              &s);

        new.id = 0; /* NULL: the next one */
        if (r == 0)
                r = row_bind(c, s, 1, &new, fields, ELEMENTSOF(fields));
        if (r == 0)
                r = statement_step(c, s);
        if (r == 0)
                *ret_id = sqlite3_last_insert_rowid(c->db);
        return r;
}

int case_open(struct catalogue *c, const struct case_act *act, const struct case_file *f,
              bool also_elsewhere, int64_t *ret_id)
{
        char opened[INSTANT_TEXT_MAX];
        int64_t id = 0;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = may_open(c, f, also_elsewhere);
        if (r != CATALOGUE_OK)
                return r;
        r = row_add(c, f, &id);
        if (r == 0)
                r = change_note(c, act, id, "opened", NULL, instant_format(f->opened_at, opened));
        if (r == 0)
                r = ledger_note(c, act->actor, "case.opened", opened_note,
                                VALUES(INTEGER(id), TEXT(act->approver), TEXT(act->reason)));
        if (r == 0)
                *ret_id = id;
        return r;
}

static int row_update(struct catalogue *c, const struct case_file *f)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c,
                              "UPDATE case_file SET supervision_number = ?1, file_number = ?2, party = ?3,"
                              " handler = ?4, activity = ?5, premises = ?6, premises_class = ?7,"
                              " long_term = ?8, secrecy = ?9, evidence = ?10, from_at = ?11, to_at = ?12,"
                              " closed_at = ?13, file_until = ?14 WHERE id = ?15",
                              &s);

        if (r == 0)
                r = row_bind(c, s, 1, f, fields, CASE_FILE_UNTIL + 1);
        if (r == 0 && sqlite3_bind_int64(s, CASE_FILE_UNTIL + 2, f->id) != SQLITE_OK)
                r = catalogue_refuse(c, ENOMEM, "a value cannot be bound");
        return r == 0 ? statement_step(c, s) : r;
}

static int changes_note(struct catalogue *c, const struct case_act *act, const struct case_file *old,
                        const struct case_file *new, size_t *ret_n)
{
        char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];
        size_t n = 0;
        int r = 0;

        for (enum case_field i = 0; r == 0 && i < _CASE_FIELD_MAX; i++) {
                if (case_field_same(old, new, i))
                        continue;
                n++;
                r = change_note(c, act, new->id, names[i], field_text(old, i, from), field_text(new, i, to));
        }
        if (r == 0)
                *ret_n = n;
        return r;
}

static const char *set_act(const struct case_file *old, const struct case_file *new)
{
        if ((old->closed_at == INSTANT_NONE) == (new->closed_at == INSTANT_NONE))
                return "case.changed";
        return old->closed_at == INSTANT_NONE ? "case.closed" : "case.reopened";
}

/* The rows of the history that were written last are what the ledger is told. */
static const char changed_note[] =
                "SELECT 'case/' || u.number || '/' || c.number, json_object('id', c.id, 'changes',"
                " json_group_object(h.field, json_array(h.old, h.new)), 'approver', ?2, 'reason', ?3)"
                " FROM (SELECT * FROM case_change WHERE case_file = ?1 ORDER BY id DESC LIMIT ?4) AS h"
                " JOIN case_file AS c ON c.id = ?1 JOIN unit AS u ON u.id = c.unit";

int case_set(struct catalogue *c, const struct case_act *act, const struct case_file *f, size_t *ret_changes)
{
        struct case_file old;
        size_t n = 0;
        int r = catalogue_writable(c);

        if (r == 0)
                r = case_by_id(c, f->id, &old);
        if (r != CATALOGUE_OK)
                return r;
        r = changes_note(c, act, &old, f, &n);
        if (r == 0 && n > 0)
                r = row_update(c, f);
        if (r == 0 && n > 0)
                r = ledger_note(c, act->actor, set_act(&old, f), changed_note,
                                VALUES(INTEGER(f->id), TEXT(act->approver), TEXT(act->reason),
                                       INTEGER((int64_t)n)));
        if (r == 0)
                *ret_changes = n;
        return r;
}

int case_by_id(struct catalogue *c, int64_t id, struct case_file *ret)
{
        return row_find(c, "SELECT " COLUMNS " FROM case_file WHERE id = ?1", VALUES(INTEGER(id)), ret,
                        sizeof(*ret), fields, ELEMENTSOF(fields));
}

int case_by_number(struct catalogue *c, const char *number, int64_t unit, struct case_file *ret)
{
        int64_t n = 0;
        int r = statement_integer(c, "SELECT count(*) FROM case_file WHERE number = ?1",
                                  VALUES(RAW_TEXT(number)), &n);

        if (r < 0)
                return r;
        if (unit == 0 && n > 1)
                return CATALOGUE_CONFLICT;
        return row_find(c,
                        "SELECT " COLUMNS " FROM case_file WHERE number = ?1 AND (?2 IS NULL OR unit = ?2)",
                        VALUES(RAW_TEXT(number), ID(unit)), ret, sizeof(*ret), fields, ELEMENTSOF(fields));
}

int case_units(struct catalogue *c, const char *number, char *ret, size_t size)
{
        _statement_ sqlite3_stmt *s = NULL;
        size_t used = 0;
        int r = statement_get(c,
                              "SELECT u.number FROM case_file AS c JOIN unit AS u ON u.id = c.unit"
                              " WHERE c.number = ?1 ORDER BY u.number",
                              &s);

        ret[0] = '\0';
        if (r == 0)
                r = statement_bind(c, s, VALUES(RAW_TEXT(number)));
        while (r >= 0 && (r = statement_step(c, s)) > 0)
                if (used < size)
                        used += (size_t)snprintf(ret + used, size - used, "%s%s", used > 0 ? ", " : "",
                                                 (const char *)sqlite3_column_text(s, 0));
        return r;
}
