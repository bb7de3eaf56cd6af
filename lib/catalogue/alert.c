// SPDX-License-Identifier: LGPL-2.1-or-later
/* Alerts; see alert.h. A partial unique index allows one open row per kind and subject. */
#include "catalogue/alert.h"
#include "catalogue/row.h"

#include <syslog.h>

static const struct field fields[] = {
                FIELD(alert, id, FIELD_ID),
                FIELD(alert, kind, FIELD_TEXT),
                FIELD(alert, severity, FIELD_INT),
                FIELD(alert, priority, FIELD_INT),
                FIELD(alert, subject, FIELD_RAW_TEXT),
                FIELD(alert, text, FIELD_RAW_TEXT),
                FIELD(alert, since, FIELD_INSTANT),
                FIELD(alert, last_raised, FIELD_INSTANT),
                FIELD(alert, count, FIELD_INT64),
                FIELD(alert, acknowledged_at, FIELD_INSTANT),
                FIELD(alert, acknowledged_by, FIELD_TEXT),
                FIELD(alert, acknowledged_note, FIELD_TEXT),
                FIELD(alert, escalated_at, FIELD_INSTANT),
                FIELD(alert, cleared_at, FIELD_INSTANT),
                FIELD(alert, cleared_by, FIELD_TEXT),
                FIELD(alert, cleared_reason, FIELD_TEXT),
};
#define COLUMNS                                                                   \
        "id, kind, severity, priority, subject, text, since, last_raised, count," \
        " acknowledged_at, acknowledged_by, acknowledged_note, escalated_at,"     \
        " cleared_at, cleared_by, cleared_reason"

#define UNANSWERED "cleared_at IS NULL AND acknowledged_at IS NULL AND escalated_at IS NULL"

static const char cause_gone[] = "its cause is gone";

const char *alert_state_text(enum alert_state state)
{
        static const char *const texts[] = {
                        [ALERT_RAISED] = "raised",
                        [ALERT_ESCALATED] = "escalated",
                        [ALERT_ACKNOWLEDGED] = "acknowledged",
                        [ALERT_CLEARED] = "cleared",
        };
        _Static_assert(ELEMENTSOF(texts) == _ALERT_STATE_MAX, "a state has no word");

        return texts[state];
}

static enum alert_severity severity_of(const char *word)
{
        const struct alert_kind *kind = alert_kind_by_word(word);

        return kind ? kind->severity : ALERT_WARNING;
}

int alert_raise(struct catalogue *c, const char *kind, int priority, const char *subject, const char *text,
                bool *ret_raised)
{
        const enum alert_severity severity = severity_of(kind);
        const instant_t now = clock_now();
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c,
                          "UPDATE alert SET count = count + 1, severity = ?3, priority = ?4, text = ?5,"
                          " last_raised = ?6 WHERE kind = ?1 AND subject = ?2 AND cleared_at IS NULL",
                          VALUES(RAW_TEXT(kind), RAW_TEXT(subject), INTEGER((int)severity),
                                 INTEGER(priority), RAW_TEXT(text), INTEGER(now)));
        if (r < 0)
                return r;
        if (sqlite3_changes(c->db) > 0) {
                *ret_raised = false;
                return CATALOGUE_OK;
        }
        r = statement_run(c,
                          "INSERT INTO alert (kind, subject, severity, priority, text, since, last_raised,"
                          " count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1)",
                          VALUES(RAW_TEXT(kind), RAW_TEXT(subject), INTEGER((int)severity),
                                 INTEGER(priority), RAW_TEXT(text), INTEGER(now)));
        if (r < 0)
                return r;
        *ret_raised = true;
        return CATALOGUE_OK;
}

int alert_by_id(struct catalogue *c, int64_t id, struct alert *ret)
{
        return row_find(c, "SELECT " COLUMNS " FROM alert WHERE id = ?1", VALUES(INTEGER(id)), ret,
                        sizeof(*ret), fields, ELEMENTSOF(fields));
}

int alert_find_open(struct catalogue *c, const char *kind, const char *subject, struct alert *ret)
{
        return row_find(c,
                        "SELECT " COLUMNS " FROM alert WHERE kind = ?1 AND subject = ?2"
                        " AND cleared_at IS NULL",
                        VALUES(RAW_TEXT(kind), RAW_TEXT(subject)), ret, sizeof(*ret), fields,
                        ELEMENTSOF(fields));
}

int alert_clear(struct catalogue *c, const char *kind, const char *subject, const char *by)
{
        int64_t id = 0;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_integer(c,
                              "SELECT id FROM alert WHERE kind = ?1 AND subject = ?2 AND cleared_at IS NULL",
                              VALUES(RAW_TEXT(kind), RAW_TEXT(subject)), &id);
        return r == CATALOGUE_OK ? alert_close(c, by, id, cause_gone) : r;
}

/* After an UPDATE that found no row it could change: is there none, or one that is past it? */
static int why_unchanged(struct catalogue *c, int64_t id)
{
        int64_t found;
        int r = statement_integer(c, "SELECT 1 FROM alert WHERE id = ?1", VALUES(INTEGER(id)), &found);

        return r == CATALOGUE_OK ? CATALOGUE_CONFLICT : r;
}

int alert_acknowledge(struct catalogue *c, const char *actor, int64_t id, const char *note)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c,
                          "UPDATE alert SET acknowledged_at = ?2, acknowledged_by = ?3,"
                          " acknowledged_note = ?4 WHERE id = ?1 AND acknowledged_at IS NULL"
                          " AND cleared_at IS NULL",
                          VALUES(INTEGER(id), INTEGER(clock_now()), RAW_TEXT(actor), TEXT(note)));
        if (r < 0)
                return r;
        if (sqlite3_changes(c->db) == 0)
                return why_unchanged(c, id);
        return ledger_note(c, actor, "alert.acknowledged",
                           "SELECT 'alert/' || id, json_object('kind', kind, 'subject', subject, 'note',"
                           " acknowledged_note) FROM alert WHERE id = ?1",
                           VALUES(INTEGER(id)));
}

int alert_close(struct catalogue *c, const char *actor, int64_t id, const char *reason)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c,
                          "UPDATE alert SET cleared_at = ?2, cleared_by = ?3, cleared_reason = ?4"
                          " WHERE id = ?1 AND cleared_at IS NULL",
                          VALUES(INTEGER(id), INTEGER(clock_now()), RAW_TEXT(actor), TEXT(reason)));
        if (r < 0)
                return r;
        if (sqlite3_changes(c->db) == 0)
                return why_unchanged(c, id);
        return ledger_note(c, actor, "alert.cleared",
                           "SELECT 'alert/' || id, json_object('kind', kind, 'subject', subject, 'count',"
                           " count, 'reason', cleared_reason) FROM alert WHERE id = ?1",
                           VALUES(INTEGER(id)));
}

int alert_escalate(struct catalogue *c, instant_t until, struct alert *ret)
{
        int64_t id = 0;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_integer(c,
                              "SELECT id FROM alert WHERE " UNANSWERED
                              " AND since <= ?1 ORDER BY since, id LIMIT 1",
                              VALUES(INTEGER(until)), &id);
        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c, "UPDATE alert SET escalated_at = ?2 WHERE id = ?1",
                          VALUES(INTEGER(id), INTEGER(clock_now())));
        return r < 0 ? r : alert_by_id(c, id, ret);
}

int alert_unanswered_since(struct catalogue *c, instant_t *ret)
{
        return statement_integer(c, "SELECT min(since) FROM alert WHERE " UNANSWERED, NULL, 0, ret);
}

int alert_is_open(struct catalogue *c, const char *kind, const char *subject)
{
        int64_t found;

        return statement_integer(
                        c, "SELECT 1 FROM alert WHERE kind = ?1 AND subject = ?2 AND cleared_at IS NULL",
                        VALUES(RAW_TEXT(kind), RAW_TEXT(subject)), &found);
}

int alert_each_open(struct catalogue *c, const char *kind,
                    int (*on_alert)(void *userdata, const char *subject, instant_t since), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c,
                              "SELECT subject, since FROM alert WHERE kind = ?1 AND cleared_at IS NULL"
                              " ORDER BY subject",
                              &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(RAW_TEXT(kind)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                r = on_alert(userdata, (const char *)sqlite3_column_text(s, 0), sqlite3_column_int64(s, 1));
                if (r != 0)
                        return r;
        }
        return r;
}

int alert_count_open(struct catalogue *c, int64_t *ret)
{
        return statement_integer(c, "SELECT count(*) FROM alert WHERE cleared_at IS NULL", NULL, 0, ret);
}

int alert_each_open_on(struct catalogue *c, const char *subject,
                       int (*on_alert)(void *userdata, const char *kind), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(
                        c, "SELECT kind FROM alert WHERE subject = ?1 AND cleared_at IS NULL ORDER BY kind",
                        &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(RAW_TEXT(subject)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                r = on_alert(userdata, (const char *)sqlite3_column_text(s, 0));
                if (r != 0)
                        return r;
        }
        return r;
}
