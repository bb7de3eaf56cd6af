// SPDX-License-Identifier: LGPL-2.1-or-later
/* Dockings; see docking.h. The field table is in the order of DOCKING_COLUMNS. */
#include "catalogue/docking.h"
#include "catalogue/row.h"

static const struct field fields[] = {
                FIELD(docking_row, bay, FIELD_TEXT),
                FIELD(docking_row, port, FIELD_TEXT),
                FIELD(docking_row, vendor_id, FIELD_UINT16),
                FIELD(docking_row, product_id, FIELD_UINT16),
                FIELD(docking_row, usb_serial, FIELD_TEXT),
                FIELD(docking_row, recorder, FIELD_ID),
                FIELD(docking_row, state, FIELD_INT),
                FIELD(docking_row, reason, FIELD_TEXT),
                FIELD(docking_row, plugged_at, FIELD_INSTANT),
                FIELD(docking_row, identified_at, FIELD_INSTANT),
                FIELD(docking_row, listed_at, FIELD_INSTANT),
                FIELD(docking_row, released_at, FIELD_INSTANT),
                FIELD(docking_row, unplugged_at, FIELD_INSTANT),
                FIELD(docking_row, manufacturer, FIELD_TEXT),
                FIELD(docking_row, model, FIELD_TEXT),
                FIELD(docking_row, firmware, FIELD_TEXT),
                FIELD(docking_row, serial, FIELD_TEXT),
                FIELD(docking_row, officer, FIELD_TEXT),
                FIELD(docking_row, unit, FIELD_TEXT),
                FIELD(docking_row, battery_percent, FIELD_PERCENT),
                FIELD(docking_row, free_bytes, FIELD_UNKNOWN),
                FIELD(docking_row, total_bytes, FIELD_UNKNOWN),
                FIELD(docking_row, clock_text, FIELD_TEXT),
                FIELD_IF(docking_row, clock_offset, FIELD_INT64, has_clock_offset),
                FIELD_IF(docking_row, clock_uncertainty, FIELD_INT64, has_clock_offset),
                FIELD(docking_row, clock_set_to, FIELD_TEXT),
                FIELD(docking_row, seen, FIELD_INT64),
                FIELD(docking_row, pulled, FIELD_INT64),
                FIELD(docking_row, already_held, FIELD_INT64),
                FIELD(docking_row, failed, FIELD_INT64),
                FIELD(docking_row, late, FIELD_INT64),
                FIELD(docking_row, removed, FIELD_INT64),
                FIELD(docking_row, bytes, FIELD_INT64),
                FIELD(docking_row, bad_verdicts, FIELD_INT64),
                FIELD(docking_row, listing_complete, FIELD_BOOL),
                FIELD(docking_row, driver, FIELD_TEXT),
                FIELD(docking_row, source, FIELD_INT),
                FIELD(docking_row, actor, FIELD_TEXT),
                FIELD(docking_row, import_reason, FIELD_TEXT),
                FIELD(docking_row, import_officer, FIELD_ID),
                FIELD(docking_row, unreadable, FIELD_INT64),
                FIELD(docking_row, findings, FIELD_INT64),
                FIELD(docking_row, clock_asked, FIELD_TEXT),
                FIELD(docking_row, clock_answer, FIELD_TEXT),
                FIELD(docking_row, clock_set_at, FIELD_INSTANT),
                FIELD_IF(docking_row, clock_set_offset, FIELD_INT64, has_clock_set_offset),
                FIELD_IF(docking_row, clock_set_uncertainty, FIELD_INT64, has_clock_set_offset),
                FIELD(docking_row, clock_moved, FIELD_BOOL),
                FIELD(docking_row, freed, FIELD_INT64),
};

/* In the order of CLOCK_COLUMNS. */
static const struct field clock_fields[] = {
                FIELD(docking_row, identified_at, FIELD_INSTANT),
                FIELD_IF(docking_row, clock_offset, FIELD_INT64, has_clock_offset),
                FIELD_IF(docking_row, clock_uncertainty, FIELD_INT64, has_clock_offset),
                FIELD(docking_row, clock_asked, FIELD_TEXT),
                FIELD(docking_row, clock_set_at, FIELD_INSTANT),
                FIELD_IF(docking_row, clock_set_offset, FIELD_INT64, has_clock_set_offset),
                FIELD_IF(docking_row, clock_set_uncertainty, FIELD_INT64, has_clock_set_offset),
};

#define CLOCK_COLUMNS                                                                \
        "identified_at, clock_offset, clock_uncertainty, clock_asked, clock_set_at," \
        " clock_set_offset, clock_set_uncertainty"

#define DOCKING_COLUMNS                                                                                     \
        "bay, port, vendor_id, product_id, usb_serial, recorder, state, reason, plugged_at, identified_at," \
        " listed_at, released_at, unplugged_at, manufacturer, model, firmware, serial, officer, unit,"      \
        " battery, free, total, clock_text, clock_offset, clock_uncertainty, clock_set_to, seen, pulled,"   \
        " already_held, failed, late, removed, bytes, bad_verdicts, listing_complete, driver, source, "     \
        "actor, import_reason,"                                                                             \
        " import_officer, unreadable, findings, clock_asked, clock_answer, clock_set_at, clock_set_offset," \
        " clock_set_uncertainty, clock_moved, freed"

#define DOCKING_PARAMETERS                                                                                 \
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,"  \
        " ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, " \
        "?41, ?42, ?43, ?44, ?45, ?46, ?47, ?48, ?49"

static int write_row(struct catalogue *c, const char *sql, const struct docking_row *d, bool with_id)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, sql, &s);

        if (r < 0)
                return r;
        r = row_bind(c, s, 1, d, fields, ELEMENTSOF(fields));
        if (r < 0)
                return r;
        if (with_id)
                (void)sqlite3_bind_int64(s, (int)ELEMENTSOF(fields) + 1, d->id);
        return statement_step(c, s);
}

int docking_insert(struct catalogue *c, const char *actor, struct docking_row *d)
{
        int64_t id;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = write_row(c, "INSERT INTO docking (" DOCKING_COLUMNS ") VALUES (" DOCKING_PARAMETERS ")", d,
                      false);
        if (r < 0)
                return r;
        id = sqlite3_last_insert_rowid(c->db);
        if (d->source == FOOTAGE_IMPORT)
                r = ledger_note(c, actor, "import.begun",
                                "SELECT 'docking/' || d.id, json_object('recorder', r.number, 'officer', "
                                "o.number,"
                                " 'reason', d.import_reason) FROM docking AS d"
                                " LEFT JOIN recorder AS r ON r.id = d.recorder"
                                " LEFT JOIN officer AS o ON o.id = d.import_officer WHERE d.id = ?1",
                                VALUES(INTEGER(id)));
        else
                r = ledger_note(c, actor, "docking.plugged",
                                "SELECT 'docking/' || id, json_object('bay', bay, 'port', port, "
                                "'vendor_id', "
                                "vendor_id, 'product_id', product_id, 'usb_serial', usb_serial, 'driver', "
                                "driver)"
                                " FROM docking WHERE id = ?1",
                                VALUES(INTEGER(id)));
        if (r < 0)
                return r;
        d->id = id;
        return CATALOGUE_OK;
}

int docking_update(struct catalogue *c, const struct docking_row *d)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = write_row(c,
                      "UPDATE docking SET (" DOCKING_COLUMNS ") = (" DOCKING_PARAMETERS ") WHERE id = ?50",
                      d, true);
        if (r < 0)
                return r;
        return sqlite3_changes(c->db) == 0 ? CATALOGUE_ABSENT : CATALOGUE_OK;
}

int docking_by_id(struct catalogue *c, int64_t id, struct docking_row *ret)
{
        int r = row_find(c, "SELECT " DOCKING_COLUMNS " FROM docking WHERE id = ?1", VALUES(INTEGER(id)),
                         ret, sizeof(*ret), fields, ELEMENTSOF(fields));

        if (r == CATALOGUE_OK)
                ret->id = id;
        return r;
}

int docking_before(struct catalogue *c, const struct docking_row *d, struct docking_row *ret)
{
        int64_t id;
        int r = statement_integer(c,
                                  "SELECT id FROM docking WHERE recorder = ?1 AND id < ?2 AND driver = ?3"
                                  " AND listing_complete ORDER BY plugged_at DESC, id DESC LIMIT 1",
                                  VALUES(INTEGER(d->recorder), INTEGER(d->id), TEXT(d->driver)), &id);

        return r == CATALOGUE_OK ? docking_by_id(c, id, ret) : r;
}

int64_t docking_free_left(const struct docking_row *d)
{
        int64_t left;

        if (d->free_bytes < 0)
                return -1;
        return __builtin_add_overflow(d->free_bytes, d->freed, &left) ? INT64_MAX : left;
}

int docking_clock_refused_before(struct catalogue *c, const struct docking_row *d, bool *ret_refused)
{
        int64_t set;
        int r = statement_integer(
                        c,
                        "SELECT clock_set_to IS NOT NULL FROM docking WHERE recorder = ?1 AND id < ?2"
                        " AND driver = ?3 AND clock_asked IS NOT NULL AND clock_answer IS NOT NULL"
                        " ORDER BY plugged_at DESC, id DESC LIMIT 1",
                        VALUES(INTEGER(d->recorder), INTEGER(d->id), TEXT(d->driver)), &set);

        if (r == CATALOGUE_OK)
                *ret_refused = set == 0;
        return r;
}

/* The id comes first, then the fields. */
static int each_row(struct catalogue *c, sqlite3_stmt *s, const struct field *of, size_t n,
                    int (*on_docking)(void *userdata, const struct docking_row *d), void *userdata)
{
        int r;

        while ((r = statement_step(c, s)) > 0) {
                struct docking_row d = {.id = sqlite3_column_int64(s, 0)};

                row_read(s, 1, &d, of, n);
                r = on_docking(userdata, &d);
                if (r != 0)
                        return r;
        }
        return r;
}

#define EACH_OF(columns)                                                          \
        "SELECT id, " columns " FROM docking WHERE recorder = ?1 AND source = ?2" \
        " AND plugged_at < ?3 ORDER BY plugged_at DESC, id DESC LIMIT ?4"

int docking_each_of(struct catalogue *c, int64_t recorder, int64_t max,
                    int (*on_docking)(void *userdata, const struct docking_row *d), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, EACH_OF(DOCKING_COLUMNS), &s);

        if (r == 0)
                r = statement_bind(c, s,
                                   VALUES(INTEGER(recorder), INTEGER(FOOTAGE_DOCK), INTEGER(INT64_MAX),
                                          INTEGER(max)));
        return r < 0 ? r : each_row(c, s, fields, ELEMENTSOF(fields), on_docking, userdata);
}

int docking_each_clock_of(struct catalogue *c, int64_t recorder, instant_t until, int64_t max,
                          int (*on_docking)(void *userdata, const struct docking_row *d), void *userdata)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, EACH_OF(CLOCK_COLUMNS), &s);

        if (r == 0)
                r = statement_bind(c, s,
                                   VALUES(INTEGER(recorder), INTEGER(FOOTAGE_DOCK), INTEGER(until),
                                          INTEGER(max)));
        return r < 0 ? r : each_row(c, s, clock_fields, ELEMENTSOF(clock_fields), on_docking, userdata);
}

int docking_skip_numbers(struct catalogue *c, int64_t last)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c, "UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'docking'",
                          VALUES(INTEGER(last)));
        if (r < 0 || sqlite3_changes(c->db) > 0)
                return r;
        return statement_run(c, "INSERT INTO sqlite_sequence (name, seq) VALUES ('docking', ?1)",
                             VALUES(INTEGER(last)));
}

int docking_close_open(struct catalogue *c, instant_t at, const char *reason, int64_t *ret)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(
                        c,
                        "UPDATE docking SET state = iif(source = ?8, ?9, ?1), unplugged_at = ?2, reason = ?3"
                        " WHERE state IN (?4, ?5, ?6, ?7)",
                        VALUES(INTEGER(DOCKING_UNPLUGGED), INSTANT(at), TEXT(reason),
                               INTEGER(DOCKING_PLUGGED), INTEGER(DOCKING_IDENTIFIED),
                               INTEGER(DOCKING_LISTED), INTEGER(DOCKING_OFFLOADING), INTEGER(FOOTAGE_IMPORT),
                               INTEGER(DOCKING_FAILED)));
        if (r < 0)
                return r;
        *ret = sqlite3_changes64(c->db);
        return CATALOGUE_OK;
}
