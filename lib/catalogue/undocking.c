// SPDX-License-Identifier: LGPL-2.1-or-later
/* Recorders taken out of their bay; see undocking.h. The field table is in the order of COLUMNS. */
#include "catalogue/undocking.h"
#include "catalogue/duty.h"
#include "catalogue/row.h"

static const struct field fields[] = {
                FIELD(undocking, docking, FIELD_ID),         FIELD(undocking, recorder, FIELD_ID),
                FIELD(undocking, officer, FIELD_ID),         FIELD(undocking, at, FIELD_INSTANT),
                FIELD(undocking, roster_end, FIELD_INSTANT),
};
#define COLUMNS "docking, recorder, officer, at, roster_end"

int undocking_note(struct catalogue *c, const struct undocking *u)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c,
                          "INSERT INTO undocking (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)"
                          " ON CONFLICT (docking) DO NOTHING",
                          VALUES(INTEGER(u->docking), INTEGER(u->recorder), INTEGER(u->officer),
                                 INSTANT(u->at), INSTANT(u->roster_end)));
        return r == -EEXIST ? CATALOGUE_CONFLICT : r;
}

int undocking_forget(struct catalogue *c, int64_t recorder)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(c, "DELETE FROM undocking WHERE recorder = ?1 AND duty IS NULL",
                             VALUES(INTEGER(recorder)));
}

int undocking_each_waiting(struct catalogue *c,
                           int (*on_undocking)(void *userdata, const struct undocking *u), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(
                        c, "SELECT " COLUMNS " FROM undocking WHERE duty IS NULL ORDER BY at, recorder", &s);

        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                struct undocking u = {0};

                row_read(s, 0, &u, fields, ELEMENTSOF(fields));
                r = on_undocking(userdata, &u);
                if (r != 0)
                        return r;
        }
        return r;
}

int undocking_check_out(struct catalogue *c, const char *actor, const struct undocking *u,
                        const char *not_ready, int64_t *ret_duty)
{
        const struct checkout k = {.recorder = u->recorder,
                                   .officer = u->officer,
                                   .at = u->at,
                                   .roster_end = u->roster_end,
                                   .not_ready = not_ready,
                                   .undocking = u->docking};
        int64_t duty = 0;
        int r = duty_check_out(c, actor, &k, &duty);

        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c, "UPDATE undocking SET duty = ?2 WHERE docking = ?1",
                          VALUES(INTEGER(u->docking), INTEGER(duty)));
        if (r == CATALOGUE_OK)
                *ret_duty = duty;
        return r;
}
