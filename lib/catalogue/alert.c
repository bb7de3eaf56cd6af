// SPDX-License-Identifier: LGPL-2.1-or-later
/* Alerts; see alert.h. A partial unique index allows one open row per kind and subject. */
#include "catalogue/alert.h"
#include "catalogue/statement.h"

int alert_raise(struct catalogue *c, const char *kind, int priority, const char *subject, const char *text,
                bool *ret_raised)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c,
                          "UPDATE alert SET count = count + 1, priority = ?3, text = ?4"
                          " WHERE kind = ?1 AND subject = ?2 AND cleared_at IS NULL",
                          VALUES(RAW_TEXT(kind), RAW_TEXT(subject), INTEGER(priority), RAW_TEXT(text)));
        if (r < 0)
                return r;
        if (sqlite3_changes(c->db) > 0) {
                *ret_raised = false;
                return CATALOGUE_OK;
        }
        r = statement_run(c,
                          "INSERT INTO alert (kind, subject, priority, text, since, count) VALUES (?1, ?2, "
                          "?3, ?4, ?5, 1)",
                          VALUES(RAW_TEXT(kind), RAW_TEXT(subject), INTEGER(priority), RAW_TEXT(text),
                                 INTEGER(clock_now())));
        if (r < 0)
                return r;
        *ret_raised = true;
        return CATALOGUE_OK;
}

int alert_clear(struct catalogue *c, const char *kind, const char *subject, const char *by)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c,
                          "UPDATE alert SET cleared_at = ?3, cleared_by = ?4"
                          " WHERE kind = ?1 AND subject = ?2 AND cleared_at IS NULL",
                          VALUES(RAW_TEXT(kind), RAW_TEXT(subject), INTEGER(clock_now()), TEXT(by)));
        if (r < 0)
                return r;
        return sqlite3_changes(c->db) == 0 ? CATALOGUE_ABSENT : CATALOGUE_OK;
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
