// SPDX-License-Identifier: LGPL-2.1-or-later
/* Units and recorders; officers and assignments are in officer.c. Every change tells the ledger how the row
 * now stands. */
#include "catalogue/registry.h"
#include "catalogue/row.h"

static const struct field unit_fields[] = {
                FIELD(unit, id, FIELD_ID),
                FIELD(unit, number, FIELD_TEXT),
                FIELD(unit, name, FIELD_TEXT),
                FIELD(unit, parent, FIELD_ID),
};

static const struct field recorder_fields[] = {
                FIELD(recorder_row, id, FIELD_ID),
                FIELD(recorder_row, number, FIELD_TEXT),
                FIELD(recorder_row, usb_serial, FIELD_TEXT),
                FIELD(recorder_row, serial, FIELD_TEXT),
                FIELD(recorder_row, model, FIELD_TEXT),
                FIELD(recorder_row, vendor_id, FIELD_UINT16),
                FIELD(recorder_row, product_id, FIELD_UINT16),
                FIELD(recorder_row, unit, FIELD_ID),
                FIELD(recorder_row, registered_at, FIELD_INSTANT),
                FIELD(recorder_row, retired_at, FIELD_INSTANT),
};

#define RECORDER_COLUMNS \
        "id, number, usb_serial, serial, model, vendor_id, product_id, unit, registered_at, retired_at"

static const char recorder_note[] = "SELECT 'recorder/' || number, json_object('number', number, "
                                    "'usb_serial', usb_serial, 'serial', serial,"
                                    " 'model', model, 'vendor_id', vendor_id, 'product_id', product_id,"
                                    " 'unit', (SELECT number FROM unit WHERE unit.id = recorder.unit)) FROM "
                                    "recorder WHERE id = ?1";

/* A taken number is an outcome of adding; any other failure is passed on. */
static int exists_or(int r)
{
        return r == -EEXIST ? CATALOGUE_EXISTS : r;
}

int unit_add(struct catalogue *c, const char *actor, const struct unit *u, int64_t *ret_id)
{
        int64_t id;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c, "INSERT INTO unit (number, name, parent) VALUES (?1, ?2, ?3)",
                          VALUES(RAW_TEXT(u->number), TEXT(u->name), ID(u->parent)));
        if (r < 0)
                return exists_or(r);
        id = sqlite3_last_insert_rowid(c->db);
        r = ledger_note(c, actor, "unit.added",
                        "SELECT 'unit/' || number, json_object('number', number, 'name', name,"
                        " 'parent', (SELECT p.number FROM unit AS p WHERE p.id = unit.parent))"
                        " FROM unit WHERE id = ?1",
                        VALUES(INTEGER(id)));
        if (r < 0)
                return r;
        *ret_id = id;
        return CATALOGUE_OK;
}

int recorder_register(struct catalogue *c, const char *actor, const struct recorder_row *r, int64_t *ret_id)
{
        instant_t at = r->registered_at == INSTANT_NONE || r->registered_at == 0 ? clock_now()
                                                                                 : r->registered_at;
        int64_t id;
        int e = catalogue_writable(c);

        if (e < 0)
                return e;
        e = statement_run(c,
                          "INSERT INTO recorder (number, usb_serial, serial, model, vendor_id, product_id, "
                          "unit,"
                          " registered_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                          VALUES(RAW_TEXT(r->number), TEXT(r->usb_serial), TEXT(r->serial), TEXT(r->model),
                                 INTEGER(r->vendor_id), INTEGER(r->product_id), ID(r->unit), INTEGER(at)));
        if (e < 0)
                return exists_or(e);
        id = sqlite3_last_insert_rowid(c->db);
        e = ledger_note(c, actor, "recorder.registered", recorder_note, VALUES(INTEGER(id)));
        if (e < 0)
                return e;
        *ret_id = id;
        return CATALOGUE_OK;
}

int recorder_retire(struct catalogue *c, const char *actor, int64_t id, const char *reason)
{
        struct recorder_row row;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = recorder_by_id(c, id, &row);
        if (r != CATALOGUE_OK)
                return r;
        if (row.retired_at != INSTANT_NONE)
                return CATALOGUE_RETIRED;
        r = statement_run(c, "UPDATE recorder SET retired_at = ?2 WHERE id = ?1",
                          VALUES(INTEGER(id), INTEGER(clock_now())));
        if (r < 0)
                return r;
        return ledger_note(c, actor, "recorder.retired",
                           "SELECT 'recorder/' || number, json_object('number', number, 'reason', ?2)"
                           " FROM recorder WHERE id = ?1",
                           VALUES(INTEGER(id), TEXT(reason)));
}

int recorder_update(struct catalogue *c, const char *actor, const struct recorder_row *row)
{
        struct recorder_row before;
        bool returned;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = recorder_by_id(c, row->id, &before);
        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c,
                          "UPDATE recorder SET usb_serial = ?2, serial = ?3, model = ?4, vendor_id = ?5,"
                          " product_id = ?6, unit = ?7, retired_at = ?8 WHERE id = ?1",
                          VALUES(INTEGER(row->id), TEXT(row->usb_serial), TEXT(row->serial),
                                 TEXT(row->model), INTEGER(row->vendor_id), INTEGER(row->product_id),
                                 ID(row->unit), INSTANT(row->retired_at)));
        if (r < 0)
                return r;
        returned = before.retired_at != INSTANT_NONE && row->retired_at == INSTANT_NONE;
        return ledger_note(c, actor, returned ? "recorder.returned" : "recorder.updated", recorder_note,
                           VALUES(INTEGER(row->id)));
}

static int unit_find(struct catalogue *c, const char *sql, const struct value *value, struct unit *ret)
{
        return row_find(c, sql, value, 1, ret, sizeof(*ret), unit_fields, ELEMENTSOF(unit_fields));
}

int unit_by_number(struct catalogue *c, const char *number, struct unit *ret)
{
        return unit_find(c, "SELECT id, number, name, parent FROM unit WHERE number = ?1", &RAW_TEXT(number),
                         ret);
}

int unit_by_id(struct catalogue *c, int64_t id, struct unit *ret)
{
        return unit_find(c, "SELECT id, number, name, parent FROM unit WHERE id = ?1", &INTEGER(id), ret);
}

static int recorder_find(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                         struct recorder_row *ret)
{
        return row_find(c, sql, values, n, ret, sizeof(*ret), recorder_fields, ELEMENTSOF(recorder_fields));
}

int recorder_by_number(struct catalogue *c, const char *number, struct recorder_row *ret)
{
        return recorder_find(c, "SELECT " RECORDER_COLUMNS " FROM recorder WHERE number = ?1",
                             VALUES(RAW_TEXT(number)), ret);
}

int recorder_by_id(struct catalogue *c, int64_t id, struct recorder_row *ret)
{
        return recorder_find(c, "SELECT " RECORDER_COLUMNS " FROM recorder WHERE id = ?1",
                             VALUES(INTEGER(id)), ret);
}

/*
 * Cheap recorders share one USB serial, and a retired one leaves its serials behind. Two serials that are
 * both known and differ are two recorders, whatever else they share: a wrong officer's name is worse than an
 * alert. A row registered without VID:PID takes any. Among several the one whose own serial is the device's
 * wins, then the one in service, then the latest.
 */
int recorder_by_serial(struct catalogue *c, uint16_t vendor_id, uint16_t product_id, const char *usb_serial,
                       const char *serial, struct recorder_row *ret)
{
        int r = recorder_find(
                        c,
                        "SELECT " RECORDER_COLUMNS " FROM recorder"
                        " WHERE usb_serial = ?1 AND (vendor_id = 0 OR vendor_id = ?2 AND product_id = ?3)"
                        " AND (serial IS NULL OR ?4 IS NULL OR serial = ?4)"
                        " ORDER BY serial IS ?4 DESC, vendor_id <> 0 DESC, retired_at IS NULL DESC, id DESC "
                        "LIMIT 1",
                        VALUES(TEXT(usb_serial), INTEGER(vendor_id), INTEGER(product_id), TEXT(serial)),
                        ret);

        if (r != CATALOGUE_ABSENT)
                return r;
        return recorder_find(c,
                             "SELECT " RECORDER_COLUMNS " FROM recorder WHERE serial = ?1"
                             " AND (usb_serial IS NULL OR ?4 IS NULL OR usb_serial = ?4)"
                             " ORDER BY vendor_id = ?2 AND product_id = ?3 DESC, retired_at IS NULL DESC, "
                             "id DESC LIMIT 1",
                             VALUES(TEXT(serial), INTEGER(vendor_id), INTEGER(product_id), TEXT(usb_serial)),
                             ret);
}

int recorder_each(struct catalogue *c, int (*on_recorder)(void *userdata, const struct recorder_row *r),
                  void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, "SELECT " RECORDER_COLUMNS " FROM recorder ORDER BY id", &s);

        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                struct recorder_row row = {0};

                row_read(s, 0, &row, recorder_fields, ELEMENTSOF(recorder_fields));
                r = on_recorder(userdata, &row);
                if (r != 0)
                        return r;
        }
        return r;
}
