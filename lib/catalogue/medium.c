// SPDX-License-Identifier: LGPL-2.1-or-later
/* The register of media; see medium.h. The field table is in the order of COLUMNS. */
#include "catalogue/medium.h"
#include "catalogue/row.h"

static const char *const kinds[] = {
                [MEDIUM_FOLDER] = "folder", [MEDIUM_REMOVABLE] = "removable", [MEDIUM_DISC] = "disc"};
_Static_assert(ELEMENTSOF(kinds) == _MEDIUM_KIND_MAX, "a kind of medium has no word");
static const char *const states[] = {
                [MEDIUM_ACTIVE] = "active", [MEDIUM_FAILED] = "failed", [MEDIUM_RETIRED] = "retired"};
_Static_assert(ELEMENTSOF(states) == _MEDIUM_STATE_MAX, "a state of a medium has no word");

const struct words medium_kind_words = {"kind", kinds, ELEMENTSOF(kinds)};
const struct words medium_state_words = {"state", states, ELEMENTSOF(states)};

static const struct field fields[] = {
                FIELD(medium, number, FIELD_TEXT),      FIELD(medium, kind, FIELD_INT),
                FIELD(medium, uuid, FIELD_TEXT),        FIELD(medium, path, FIELD_TEXT),
                FIELD(medium, type, FIELD_TEXT),        FIELD(medium, serial, FIELD_TEXT),
                FIELD(medium, capacity, FIELD_UNKNOWN), FIELD(medium, place, FIELD_TEXT),
                FIELD(medium, since, FIELD_INSTANT),    FIELD(medium, state, FIELD_INT),
                FIELD(medium, reason, FIELD_TEXT),      FIELD(medium, id, FIELD_ID),
};
#define COLUMNS "number, kind, uuid, path, type, serial, capacity, place, since, state, reason, id"
#define SELECT  "SELECT " COLUMNS " FROM medium WHERE "

/* Numbers are the label's; one that was made is never made again, since no medium is forgotten. */
static int number_make(struct catalogue *c, const char *station, char ret[MEDIUM_NUMBER_MAX])
{
        char prefix[MEDIUM_NUMBER_MAX - 24];
        int64_t last;
        int r;

        (void)snprintf(prefix, sizeof(prefix), "%.*s-M", (int)sizeof(prefix) - 3, station);
        r = statement_integer(c,
                              "SELECT ifnull(max(CAST(substr(number, length(?1) + 1) AS INTEGER)), 0)"
                              " FROM medium WHERE substr(number, 1, length(?1)) = ?1",
                              VALUES(RAW_TEXT(prefix)), &last);
        if (r == CATALOGUE_OK)
                (void)snprintf(ret, MEDIUM_NUMBER_MAX, "%s%04lld", prefix, (long long)last + 1);
        return r;
}

static int is_taken(struct catalogue *c, const struct medium *m)
{
        int64_t found;
        int r = statement_integer(c, "SELECT 1 FROM medium WHERE number = ?1 OR uuid = ?2",
                                  VALUES(RAW_TEXT(m->number), TEXT(m->uuid)), &found);

        return r == CATALOGUE_OK ? CATALOGUE_EXISTS : r == CATALOGUE_ABSENT ? CATALOGUE_OK : r;
}

static int row_add(struct catalogue *c, const struct medium *m)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c,
                              "INSERT INTO medium (" COLUMNS
                              ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                              &s);

        if (r == 0)
                r = row_bind(c, s, 1, m, fields, ELEMENTSOF(fields));
        return r == 0 ? statement_step(c, s) : r;
}

int medium_add(struct catalogue *c, const char *actor, const char *station, const struct medium *m,
               int64_t *ret_id)
{
        struct medium new = *m;
        int64_t id;
        int r = catalogue_writable(c);

        new.id = 0; /* NULL: the next one */
        new.since = clock_now();
        new.state = MEDIUM_ACTIVE;
        new.reason[0] = '\0';
        if (r == 0 && new.number[0] == '\0')
                r = number_make(c, station, new.number);
        if (r == 0)
                r = is_taken(c, &new);
        if (r == 0)
                r = row_add(c, &new);
        if (r != 0)
                return r;
        id = sqlite3_last_insert_rowid(c->db);
        r = ledger_note(c, actor, "medium.registered",
                        "SELECT 'medium/' || number, json_object('kind', medium_kind_word(kind), 'uuid', "
                        "uuid,"
                        " 'path', path, 'type', type, 'serial', serial, 'capacity', capacity, 'place', "
                        "place)"
                        " FROM medium WHERE id = ?1",
                        VALUES(INTEGER(id)));
        if (r == 0)
                *ret_id = id;
        return r;
}

int medium_set_state(struct catalogue *c, const char *actor, int64_t id, enum medium_state state,
                     const char *reason)
{
        static const char *const acts[] = {[MEDIUM_ACTIVE] = "medium.active",
                                           [MEDIUM_FAILED] = "medium.failed",
                                           [MEDIUM_RETIRED] = "medium.retired"};
        struct medium m = {.id = 0};
        int r = catalogue_writable(c);

        if (r == 0)
                r = medium_by_id(c, id, &m);
        if (r != CATALOGUE_OK || m.state == state)
                return r;
        r = statement_run(c, "UPDATE medium SET state = ?2, reason = ?3 WHERE id = ?1",
                          VALUES(INTEGER(id), INTEGER(state), TEXT(reason)));
        if (r == 0)
                r = ledger_note(c, actor, acts[state],
                                "SELECT 'medium/' || number, json_object('reason', reason) FROM medium"
                                " WHERE id = ?1",
                                VALUES(INTEGER(id)));
        return r;
}

int medium_set_path(struct catalogue *c, const char *actor, int64_t id, const char *path)
{
        struct medium m;
        int r = catalogue_writable(c);

        if (r == 0)
                r = medium_by_id(c, id, &m);
        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c, "UPDATE medium SET path = ?2 WHERE id = ?1", VALUES(INTEGER(id), TEXT(path)));
        return r < 0 ? r
                     : ledger_note(c, actor, "medium.moved",
                                   "SELECT 'medium/' || number, json_object('path', path) FROM medium"
                                   " WHERE id = ?1",
                                   VALUES(INTEGER(id)));
}

int medium_by_id(struct catalogue *c, int64_t id, struct medium *ret)
{
        return row_find(c, SELECT "id = ?1", VALUES(INTEGER(id)), ret, sizeof(*ret), fields,
                        ELEMENTSOF(fields));
}

int medium_by_number(struct catalogue *c, const char *number, struct medium *ret)
{
        return row_find(c, SELECT "number = ?1", VALUES(RAW_TEXT(number)), ret, sizeof(*ret), fields,
                        ELEMENTSOF(fields));
}

int medium_by_uuid(struct catalogue *c, const char *uuid, struct medium *ret)
{
        return row_find(c, SELECT "uuid = ?1", VALUES(RAW_TEXT(uuid)), ret, sizeof(*ret), fields,
                        ELEMENTSOF(fields));
}

int medium_active_next(struct catalogue *c, int64_t after, struct medium *ret)
{
        return row_find(c, SELECT "id > ?1 AND state = 0 ORDER BY id LIMIT 1", VALUES(INTEGER(after)), ret,
                        sizeof(*ret), fields, ELEMENTSOF(fields));
}

int medium_removable_next(struct catalogue *c, int64_t after, struct medium *ret)
{
        return row_find(c, SELECT "id > ?1 AND kind = 1 AND state <> 2 ORDER BY id LIMIT 1",
                        VALUES(INTEGER(after)), ret, sizeof(*ret), fields, ELEMENTSOF(fields));
}
