// SPDX-License-Identifier: LGPL-2.1-or-later
/* Duties; see duty.h. The field table is in the order of DUTY_COLUMNS. */
#include "catalogue/duty_row.h"
#include "catalogue/undocking.h"

static const struct field fields[] = {
                FIELD(duty, id, FIELD_ID),
                FIELD(duty, recorder, FIELD_ID),
                FIELD(duty, officer, FIELD_ID),
                FIELD(duty, out_at, FIELD_INSTANT),
                FIELD(duty, roster_end, FIELD_INSTANT),
                FIELD(duty, returned_at, FIELD_INSTANT),
                FIELD(duty, return_docking, FIELD_ID),
                FIELD(duty, offloaded_at, FIELD_INSTANT),
                FIELD(duty, extended_until, FIELD_INSTANT),
                FIELD(duty, extended_at, FIELD_INSTANT),
};

#define DUTY_SELECT "SELECT " DUTY_COLUMNS " FROM duty AS d" DUTY_EXTENSION

static const char duty_note[] =
                "SELECT 'recorder/' || r.number, json_object('duty', d.id, 'officer', o.number,"
                " 'out', d.out_at, 'until', d.roster_end, 'returned', d.returned_at,"
                " 'docking', d.return_docking, 'offloaded', d.offloaded_at) FROM duty AS d"
                " JOIN recorder AS r ON r.id = d.recorder LEFT JOIN officer AS o ON o.id = d.officer"
                " WHERE d.id = ?1";

static const char checkout_note[] =
                "SELECT 'recorder/' || r.number, json_object('duty', d.id, 'officer', o.number,"
                " 'out', d.out_at, 'until', d.roster_end, 'override', ?2, 'not_ready', ?3, 'undocking', ?4) "
                "FROM duty AS d"
                " JOIN recorder AS r ON r.id = d.recorder LEFT JOIN officer AS o ON o.id = d.officer"
                " WHERE d.id = ?1";

void duty_read(sqlite3_stmt *s, struct duty *ret)
{
        _Static_assert(ELEMENTSOF(fields) == DUTY_N_COLUMNS, "a column of a duty is not read");
        *ret = (struct duty){0};
        row_read(s, 0, ret, fields, ELEMENTSOF(fields));
}

static int duty_find(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                     struct duty *ret)
{
        return row_find(c, sql, values, n, ret, sizeof(*ret), fields, ELEMENTSOF(fields));
}

static int find_out(struct catalogue *c, int64_t recorder, struct duty *ret)
{
        return duty_find(c, DUTY_SELECT " WHERE d.recorder = ?1 AND d.returned_at IS NULL",
                         VALUES(INTEGER(recorder)), ret);
}

/* The last one it has come back from. */
static int find_last(struct catalogue *c, int64_t recorder, struct duty *ret)
{
        return duty_find(c,
                         DUTY_SELECT " WHERE d.recorder = ?1 AND d.returned_at IS NOT NULL"
                                     " ORDER BY d.returned_at DESC, d.id DESC LIMIT 1",
                         VALUES(INTEGER(recorder)), ret);
}

static int insert(struct catalogue *c, const struct duty *d, int64_t *ret_id)
{
        int r = statement_run(c,
                              "INSERT INTO duty (recorder, officer, out_at, roster_end, returned_at,"
                              " return_docking, offloaded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                              VALUES(INTEGER(d->recorder), ID(d->officer), INSTANT(d->out_at),
                                     INSTANT(d->roster_end), INSTANT(d->returned_at), ID(d->return_docking),
                                     INSTANT(d->offloaded_at)));

        if (r == 0)
                *ret_id = sqlite3_last_insert_rowid(c->db);
        return r;
}

int duty_check_out(struct catalogue *c, const char *actor, const struct checkout *k, int64_t *ret_id)
{
        const struct duty d = {.recorder = k->recorder,
                               .officer = k->officer,
                               .out_at = k->at,
                               .roster_end = k->roster_end,
                               .returned_at = INSTANT_NONE,
                               .offloaded_at = INSTANT_NONE};
        int64_t id = 0;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        if (k->at == INSTANT_NONE || (k->roster_end != INSTANT_NONE && k->roster_end <= k->at))
                return catalogue_refuse(c, EINVAL, "a duty ends before it begins");
        r = insert(c, &d, &id);
        if (r == -EEXIST)
                return CATALOGUE_CONFLICT; /* by the index on those that are out */
        if (r == 0 && k->undocking == 0)
                r = undocking_forget(c, k->recorder);
        if (r < 0)
                return r;
        r = ledger_note(c, actor, "duty.checked-out", checkout_note,
                        VALUES(INTEGER(id), TEXT(k->override), TEXT(k->not_ready), ID(k->undocking)));
        if (r == 0)
                *ret_id = id;
        return r;
}

/* Sets or betters the return of a duty that is there. */
static int set_return(struct catalogue *c, const char *actor, int64_t duty, instant_t at, int64_t docking)
{
        int r = statement_run(c, "UPDATE duty SET returned_at = ?2, return_docking = ?3 WHERE id = ?1",
                              VALUES(INTEGER(duty), INTEGER(at), ID(docking)));

        if (r < 0)
                return r;
        return ledger_note(c, actor, "duty.returned", duty_note, VALUES(INTEGER(duty)));
}

static int add_returned(struct catalogue *c, const char *actor, int64_t recorder, instant_t at,
                        int64_t docking, int64_t *ret_id)
{
        const struct duty d = {.recorder = recorder,
                               .out_at = INSTANT_NONE,
                               .roster_end = INSTANT_NONE,
                               .returned_at = at,
                               .return_docking = docking,
                               .offloaded_at = INSTANT_NONE};
        int64_t id = 0;
        int r = insert(c, &d, &id);

        if (r < 0)
                return r;
        r = ledger_note(c, actor, "duty.returned", duty_note, VALUES(INTEGER(id)));
        if (r == 0)
                *ret_id = id;
        return r;
}

/* No duty is out. A docking told less than a person knows; what a person told stays until it is done with.
 */
static int return_after_last(struct catalogue *c, const char *actor, int64_t recorder, instant_t at,
                             int64_t *ret_id)
{
        struct duty last = {0};
        int r = find_last(c, recorder, &last);

        if (r < 0)
                return r;
        if (r == CATALOGUE_OK && last.return_docking > 0 && at <= last.returned_at) {
                if (last.out_at != INSTANT_NONE && at < last.out_at)
                        return CATALOGUE_CONFLICT;
                r = set_return(c, actor, last.id, at, 0);
                if (r == 0)
                        *ret_id = last.id;
                return r;
        }
        if (r == CATALOGUE_OK &&
            (at <= last.returned_at || (last.return_docking == 0 && last.offloaded_at == INSTANT_NONE)))
                return CATALOGUE_CONFLICT;
        return add_returned(c, actor, recorder, at, 0, ret_id);
}

int duty_return(struct catalogue *c, const char *actor, int64_t recorder, instant_t at, int64_t *ret_id)
{
        struct duty d = {0};
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        if (at == INSTANT_NONE)
                return catalogue_refuse(c, EINVAL, "a return without its time");
        r = undocking_forget(c, recorder);
        if (r == 0)
                r = find_out(c, recorder, &d);
        if (r == CATALOGUE_ABSENT)
                return return_after_last(c, actor, recorder, at, ret_id);
        if (r < 0)
                return r;
        if (at < d.out_at)
                return CATALOGUE_CONFLICT;
        r = set_return(c, actor, d.id, at, 0);
        if (r == 0)
                *ret_id = d.id;
        return r;
}

int duty_dock(struct catalogue *c, const char *actor, int64_t recorder, int64_t docking, instant_t at)
{
        struct duty d = {0};
        int64_t id = 0;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = undocking_forget(c, recorder);
        if (r == 0)
                r = find_out(c, recorder, &d);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK) /* the clock may have been set back since */
                return set_return(c, actor, d.id, MAX(at, d.out_at), docking);
        r = find_last(c, recorder, &d);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK && (d.return_docking == docking || d.offloaded_at == INSTANT_NONE))
                return CATALOGUE_OK;
        return add_returned(c, actor, recorder, at, docking, &id);
}

/* The lowest number of those that have ended and wait. */
static int find_ended(struct catalogue *c, int64_t recorder, int64_t *ret)
{
        return statement_integer(c,
                                 "SELECT min(id) FROM duty WHERE recorder = ?1 AND offloaded_at IS NULL"
                                 " AND returned_at IS NOT NULL",
                                 VALUES(INTEGER(recorder)), ret);
}

int duty_offload(struct catalogue *c, const char *actor, int64_t recorder, int64_t docking, instant_t at)
{
        int64_t id = 0;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        while ((r = find_ended(c, recorder, &id)) == CATALOGUE_OK) {
                r = statement_run(c, "UPDATE duty SET offloaded_at = ?2 WHERE id = ?1",
                                  VALUES(INTEGER(id), INTEGER(at)));
                if (r == 0)
                        r = ledger_note(c, actor, "duty.offloaded",
                                        "SELECT 'recorder/' || r.number, json_object('duty', d.id, "
                                        "'docking',"
                                        " ?2, 'offloaded', d.offloaded_at) FROM duty AS d"
                                        " JOIN recorder AS r ON r.id = d.recorder WHERE d.id = ?1",
                                        VALUES(INTEGER(id), INTEGER(docking)));
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : CATALOGUE_OK;
}

static bool same_second(instant_t a, instant_t b)
{
        return a == INSTANT_NONE || b == INSTANT_NONE ? a == b : a / USEC_PER_SEC == b / USEC_PER_SEC;
}

static bool duty_is_same(const struct duty *a, const struct duty *b)
{
        return a->officer == b->officer && a->return_docking == b->return_docking &&
               same_second(a->out_at, b->out_at) && same_second(a->roster_end, b->roster_end) &&
               same_second(a->returned_at, b->returned_at) && same_second(a->offloaded_at, b->offloaded_at);
}

#define BEGAN "ifnull(d.out_at, d.returned_at) / 1000000"

/* In whole seconds, so that one may begin in the second in which another ended; the one that begins with it
 * comes first. Duties do not overlap, so that only the first to end after the beginning can be in its way:
 * a few, should they be of one second. */
static int find_overlap(struct catalogue *c, const struct duty *d, struct duty *ret)
{
        instant_t begin = d->out_at == INSTANT_NONE ? d->returned_at : d->out_at;
        instant_t end = d->returned_at == INSTANT_NONE ? INT64_MAX : d->returned_at;

        return duty_find(c,
                         DUTY_SELECT " WHERE d.id IN (SELECT id FROM duty WHERE recorder = ?1"
                                     " AND returned_at IS NULL UNION ALL SELECT id FROM (SELECT id FROM duty"
                                     " WHERE recorder = ?1 AND returned_at >= ?2 * 1000000"
                                     " ORDER BY returned_at LIMIT 8))"
                                     " AND (" BEGAN " = ?2 OR (" BEGAN " < ?3 AND (d.returned_at IS NULL"
                                     " OR d.returned_at / 1000000 > ?2)))"
                                     " ORDER BY " BEGAN " = ?2 DESC LIMIT 1",
                         VALUES(INTEGER(d->recorder), INTEGER(begin / USEC_PER_SEC),
                                INTEGER(end / USEC_PER_SEC)),
                         ret);
}

static int enter_check(struct catalogue *c, const struct duty *d)
{
        int64_t found;

        if (d->out_at == INSTANT_NONE && d->returned_at == INSTANT_NONE)
                return catalogue_refuse(c, EINVAL, "a duty without a time");
        if ((d->returned_at != INSTANT_NONE && d->returned_at < d->out_at) ||
            (d->roster_end != INSTANT_NONE && (d->out_at == INSTANT_NONE || d->roster_end <= d->out_at)))
                return catalogue_refuse(c, EINVAL, "a duty ends before it begins");
        if (d->returned_at == INSTANT_NONE
                            ? d->offloaded_at != INSTANT_NONE || d->return_docking > 0
                            : d->offloaded_at != INSTANT_NONE && d->offloaded_at < d->returned_at)
                return catalogue_refuse(c, EINVAL, "a duty is exported before it has ended");
        if (d->return_docking == 0)
                return CATALOGUE_OK;
        return statement_integer(c, "SELECT 1 FROM docking WHERE id = ?1 AND recorder = ?2",
                                 VALUES(INTEGER(d->return_docking), INTEGER(d->recorder)), &found);
}

int duty_enter(struct catalogue *c, const char *actor, const struct duty *d, int64_t *ret_id)
{
        struct duty other = {0};
        int64_t id = 0;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = enter_check(c, d);
        if (r != CATALOGUE_OK)
                return r;
        r = find_overlap(c, d, &other);
        if (r == CATALOGUE_OK)
                return duty_is_same(d, &other) ? CATALOGUE_EXISTS : CATALOGUE_CONFLICT;
        if (r < 0)
                return r;
        r = insert(c, d, &id);
        if (r < 0)
                return r;
        r = ledger_note(c, actor, "duty.entered", duty_note, VALUES(INTEGER(id)));
        if (r == 0)
                *ret_id = id;
        return r;
}

/* Is the duty or the docking there? */
static int extension_subject(struct catalogue *c, const struct extension *e)
{
        int64_t found;

        if (e->duty > 0)
                return statement_integer(c, "SELECT 1 FROM duty WHERE id = ?1", VALUES(INTEGER(e->duty)),
                                         &found);
        return statement_integer(c, "SELECT 1 FROM docking WHERE id = ?1", VALUES(INTEGER(e->docking)),
                                 &found);
}

int extension_grant(struct catalogue *c, const char *actor, const struct extension *e)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = extension_subject(c, e);
        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c,
                          "INSERT INTO extension (duty, docking, until, reason, approver, granted_at)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                          VALUES(ID(e->duty), ID(e->docking), INTEGER(e->until), RAW_TEXT(e->reason),
                                 RAW_TEXT(e->approver), INTEGER(clock_now())));
        if (r < 0)
                return r;
        return ledger_note(
                        c, actor, "deadline.extended",
                        "SELECT ifnull('recorder/' || r.number, 'docking/' || e.docking),"
                        " json_object('duty', e.duty, 'docking', e.docking, 'until', e.until,"
                        " 'reason', e.reason, 'approver', e.approver) FROM extension AS e"
                        " LEFT JOIN duty AS d ON d.id = e.duty LEFT JOIN recorder AS r ON r.id = d.recorder"
                        " WHERE e.id = ?1",
                        VALUES(INTEGER(sqlite3_last_insert_rowid(c->db))));
}

int extension_of_docking(struct catalogue *c, int64_t docking, instant_t *ret_until, instant_t *ret_at)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c,
                              "SELECT until, granted_at FROM extension WHERE docking = ?1"
                              " ORDER BY until DESC, granted_at LIMIT 1",
                              &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(docking)));
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r <= 0)
                return r < 0 ? r : CATALOGUE_ABSENT;
        *ret_until = sqlite3_column_int64(s, 0);
        *ret_at = sqlite3_column_int64(s, 1);
        return CATALOGUE_OK;
}

int duty_open(struct catalogue *c, int64_t recorder, struct duty *ret)
{
        return duty_find(c,
                         DUTY_SELECT " WHERE d.recorder = ?1 AND d.offloaded_at IS NULL"
                                     " ORDER BY d.returned_at IS NULL DESC, d.returned_at DESC, d.id DESC"
                                     " LIMIT 1",
                         VALUES(INTEGER(recorder)), ret);
}

static int find_longest_waiting(struct catalogue *c, int64_t recorder, struct duty *ret)
{
        return duty_find(c,
                         DUTY_SELECT " WHERE d.recorder = ?1 AND d.offloaded_at IS NULL"
                                     " ORDER BY d.returned_at IS NULL, d.returned_at, d.id LIMIT 1",
                         VALUES(INTEGER(recorder)), ret);
}

/* Duties of one recorder follow each other, so that the first which ended after 'at' is the only one that
 * can have begun before it; when none has ended, it may still be out. */
int duty_covering(struct catalogue *c, int64_t recorder, instant_t at, struct duty *ret)
{
        struct duty d = {0};
        int r;

        if (at == INSTANT_NONE)
                return find_longest_waiting(c, recorder, ret);
        r = duty_find(c,
                      DUTY_SELECT " WHERE d.recorder = ?1 AND d.returned_at >= ?2"
                                  " ORDER BY d.returned_at, d.id LIMIT 1",
                      VALUES(INTEGER(recorder), INTEGER(at)), &d);
        if (r == CATALOGUE_ABSENT)
                r = find_out(c, recorder, &d);
        if (r != CATALOGUE_OK)
                return r;
        if (d.out_at != INSTANT_NONE && d.out_at > at)
                return CATALOGUE_ABSENT;
        *ret = d;
        return CATALOGUE_OK;
}

static int walk(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                int (*on_duty)(void *userdata, const struct duty *d), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, sql, &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, values, n);
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                struct duty d;

                duty_read(s, &d);
                r = on_duty(userdata, &d);
                if (r != 0)
                        return r;
        }
        return r;
}

int duty_each_waiting(struct catalogue *c, int (*on_duty)(void *userdata, const struct duty *d),
                      void *userdata)
{
        return walk(c, DUTY_SELECT " WHERE d.offloaded_at IS NULL ORDER BY d.recorder, d.id", NULL, 0,
                    on_duty, userdata);
}

int duty_each_waiting_of(struct catalogue *c, int64_t recorder,
                         int (*on_duty)(void *userdata, const struct duty *d), void *userdata)
{
        return walk(c, DUTY_SELECT " WHERE d.recorder = ?1 AND d.offloaded_at IS NULL ORDER BY d.id",
                    VALUES(INTEGER(recorder)), on_duty, userdata);
}
