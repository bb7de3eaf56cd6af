// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Officers and their history: in which unit since when, with which recorder from when until when. History is
 * what footage of last year is filed by, so nothing before the instant of a change is touched by it.
 */
#include "catalogue/registry.h"
#include "catalogue/row.h"

static const struct field officer_fields[] = {
                FIELD(officer, id, FIELD_ID),
                FIELD(officer, number, FIELD_TEXT),
                FIELD(officer, name, FIELD_TEXT),
                FIELD(officer, unit, FIELD_ID),
};

/* The first unit holds since INSTANT_NONE, which sorts before every instant: footage may be older than the
 * registration. */
#define UNIT_AT \
        "(SELECT unit FROM officer_unit WHERE officer = id AND since <= ?2 ORDER BY since DESC LIMIT 1)"

static int add_row(struct catalogue *c, const struct officer *o, int64_t *ret_id)
{
        int64_t id;
        int r = statement_run(c, "INSERT INTO officer (number, name) VALUES (?1, ?2)",
                              VALUES(RAW_TEXT(o->number), TEXT(o->name)));

        if (r < 0)
                return r == -EEXIST ? CATALOGUE_EXISTS : r;
        id = sqlite3_last_insert_rowid(c->db);
        r = statement_run(c, "INSERT INTO officer_unit (officer, since, unit) VALUES (?1, ?2, ?3)",
                          VALUES(INTEGER(id), INTEGER(INSTANT_NONE), ID(o->unit)));
        if (r < 0)
                return r;
        *ret_id = id;
        return CATALOGUE_OK;
}

int officer_add(struct catalogue *c, const char *actor, const struct officer *o, int64_t *ret_id)
{
        int64_t id;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = add_row(c, o, &id);
        if (r != CATALOGUE_OK)
                return r;
        r = ledger_note(c, actor, "officer.added",
                        "SELECT 'officer/' || number, json_object('number', number, 'name', name,"
                        " 'unit', (SELECT number FROM unit WHERE id = ?2)) FROM officer WHERE id = ?1",
                        VALUES(INTEGER(id), ID(o->unit)));
        if (r < 0)
                return r;
        *ret_id = id;
        return CATALOGUE_OK;
}

int officer_move(struct catalogue *c, const char *actor, int64_t officer, int64_t unit, instant_t since)
{
        struct officer row;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = officer_by_id(c, officer, &row);
        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c, "DELETE FROM officer_unit WHERE officer = ?1 AND since >= ?2",
                          VALUES(INTEGER(officer), INTEGER(since)));
        if (r < 0)
                return r;
        r = statement_run(c, "INSERT INTO officer_unit (officer, since, unit) VALUES (?1, ?2, ?3)",
                          VALUES(INTEGER(officer), INTEGER(since), ID(unit)));
        if (r < 0)
                return r;
        return ledger_note(c, actor, "officer.moved",
                           "SELECT 'officer/' || number, json_object('number', number, 'since', ?3, "
                           "'before', ?4,"
                           " 'unit', (SELECT number FROM unit WHERE id = ?2)) FROM officer WHERE id = ?1",
                           VALUES(INTEGER(officer), ID(unit), INSTANT(since), ID(row.unit)));
}

static int officer_find(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                        struct officer *ret)
{
        return row_find(c, sql, values, n, ret, sizeof(*ret), officer_fields, ELEMENTSOF(officer_fields));
}

int officer_by_number(struct catalogue *c, const char *number, struct officer *ret)
{
        return officer_find(c, "SELECT id, number, name, " UNIT_AT " FROM officer WHERE number = ?1",
                            VALUES(RAW_TEXT(number), INTEGER(clock_now())), ret);
}

int officer_by_id(struct catalogue *c, int64_t id, struct officer *ret)
{
        return officer_find(c, "SELECT id, number, name, " UNIT_AT " FROM officer WHERE id = ?1",
                            VALUES(INTEGER(id), INTEGER(clock_now())), ret);
}

static int assignment_read(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                           int64_t *ret_officer, instant_t *ret_until)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, sql, &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, values, n);
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r <= 0)
                return r < 0 ? r : CATALOGUE_ABSENT;
        *ret_officer = sqlite3_column_int64(s, 0);
        *ret_until = sqlite3_column_type(s, 1) == SQLITE_NULL ? INSTANT_NONE : sqlite3_column_int64(s, 1);
        return CATALOGUE_OK;
}

int assignment_at(struct catalogue *c, int64_t recorder, instant_t at, int64_t *ret_officer,
                  instant_t *ret_until)
{
        return assignment_read(
                        c,
                        "SELECT officer, until_at FROM assignment WHERE recorder = ?1 AND from_at <= ?2"
                        " AND (until_at IS NULL OR until_at > ?2) ORDER BY from_at DESC LIMIT 1",
                        VALUES(INTEGER(recorder), INTEGER(at)), ret_officer, ret_until);
}

int officer_assigned_at(struct catalogue *c, int64_t recorder, instant_t at, int64_t *ret_officer)
{
        instant_t until;

        return assignment_at(c, recorder, at, ret_officer, &until);
}

int officer_unit_at(struct catalogue *c, int64_t officer, instant_t at, int64_t *ret_unit)
{
        return statement_integer(c,
                                 "SELECT unit FROM officer_unit WHERE officer = ?1 AND since <= ?2"
                                 " ORDER BY since DESC LIMIT 1",
                                 VALUES(INTEGER(officer), INTEGER(at)), ret_unit);
}

int assignment_find(struct catalogue *c, int64_t recorder, instant_t from, int64_t *ret_officer,
                    instant_t *ret_until)
{
        from -= from % USEC_PER_SEC;
        return assignment_read(c,
                               "SELECT officer, until_at FROM assignment WHERE recorder = ?1"
                               " AND from_at BETWEEN ?2 AND ?3 ORDER BY from_at LIMIT 1",
                               VALUES(INTEGER(recorder), INTEGER(from), INTEGER(from + USEC_PER_SEC - 1)),
                               ret_officer, ret_until);
}

/* The open assignment that starts before 'from' and is to end there. */
static int open_assignment(struct catalogue *c, int64_t recorder, instant_t from, int64_t *ret)
{
        return statement_integer(c,
                                 "SELECT id FROM assignment WHERE recorder = ?1 AND until_at IS NULL AND "
                                 "from_at < ?2",
                                 VALUES(INTEGER(recorder), INTEGER(from)), ret);
}

/* Leaves out the assignment that ends at 'from'. CATALOGUE_OK when there is an overlap, CATALOGUE_ABSENT
 * when there is none. */
static int find_overlap(struct catalogue *c, int64_t recorder, instant_t from, instant_t until,
                        int64_t except)
{
        int64_t other;

        return statement_integer(
                        c,
                        "SELECT id FROM assignment WHERE recorder = ?1 AND id <> ?4"
                        " AND (until_at IS NULL OR until_at > ?2) AND (?3 IS NULL OR from_at < ?3) LIMIT 1",
                        VALUES(INTEGER(recorder), INTEGER(from), INSTANT(until), INTEGER(except)), &other);
}

static int end_open(struct catalogue *c, const char *actor, int64_t open, instant_t at)
{
        int r = statement_run(c, "UPDATE assignment SET until_at = ?2 WHERE id = ?1",
                              VALUES(INTEGER(open), INTEGER(at)));

        if (r < 0)
                return r;
        return ledger_note(
                        c, actor, "recorder.unassigned",
                        "SELECT 'recorder/' || r.number, json_object('officer', o.number, 'from', a.from_at,"
                        " 'until', a.until_at) FROM assignment AS a JOIN recorder AS r ON r.id = a.recorder"
                        " JOIN officer AS o ON o.id = a.officer WHERE a.id = ?1",
                        VALUES(INTEGER(open)));
}

static int add_assignment(struct catalogue *c, const char *actor, int64_t recorder, int64_t officer,
                          instant_t from, instant_t until)
{
        int r = statement_run(c,
                              "INSERT INTO assignment (recorder, officer, from_at, until_at) VALUES (?1, "
                              "?2, ?3, ?4)",
                              VALUES(INTEGER(recorder), INTEGER(officer), INTEGER(from), INSTANT(until)));

        if (r < 0)
                return r;
        return ledger_note(
                        c, actor, "recorder.assigned",
                        "SELECT 'recorder/' || r.number, json_object('officer', o.number, 'from', a.from_at,"
                        " 'until', a.until_at) FROM assignment AS a JOIN recorder AS r ON r.id = a.recorder"
                        " JOIN officer AS o ON o.id = a.officer WHERE a.id = ?1",
                        VALUES(INTEGER(sqlite3_last_insert_rowid(c->db))));
}

int recorder_assign(struct catalogue *c, const char *actor, int64_t recorder, int64_t officer,
                    instant_t from, instant_t until)
{
        int64_t open = 0;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        if (from == INSTANT_NONE || (until != INSTANT_NONE && until <= from))
                return catalogue_refuse(c, EINVAL, "an assignment ends before it begins");
        r = open_assignment(c, recorder, from, &open);
        if (r < 0)
                return r;
        if (officer == 0)
                return r == CATALOGUE_ABSENT ? CATALOGUE_ABSENT : end_open(c, actor, open, from);
        r = find_overlap(c, recorder, from, until, open);
        if (r != CATALOGUE_ABSENT)
                return r < 0 ? r : CATALOGUE_CONFLICT;
        if (open > 0) {
                r = end_open(c, actor, open, from);
                if (r < 0)
                        return r;
        }
        return add_assignment(c, actor, recorder, officer, from, until);
}
