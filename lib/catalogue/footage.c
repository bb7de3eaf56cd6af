// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Footage and intents; see footage.h. Both tables have the same columns, so that an intent becomes footage
 * inside the database, byte for byte. The field table is in the order of FOOTAGE_COLUMNS. An item is
 * ITEM_FILING exactly while it has an intent: that is kept here, where intents come and go.
 */
#include "catalogue/footage.h"
#include "catalogue/finding.h"
#include "catalogue/footage_token.h"
#include "catalogue/item.h"
#include "catalogue/row.h"

#include <string.h>

static const struct field fields[] = {
                FIELD(footage, docking, FIELD_ID),
                FIELD(footage, unit, FIELD_ID),
                FIELD(footage, recorder, FIELD_ID),
                FIELD(footage, officer, FIELD_ID),
                FIELD(footage, bay, FIELD_TEXT),
                FIELD(footage, name, FIELD_RAW_TEXT),
                FIELD(footage, source, FIELD_INT),
                FIELD(footage, source_path, FIELD_RAW_TEXT),
                FIELD(footage, started_at, FIELD_INSTANT),
                FIELD(footage, ended_at, FIELD_INSTANT),
                FIELD(footage, time_source, FIELD_TEXT),
                FIELD(footage, time_flags, FIELD_UINT32),
                FIELD(footage, name_time, FIELD_INSTANT),
                FIELD(footage, container_time, FIELD_INSTANT),
                FIELD(footage, device_time, FIELD_INSTANT),
                FIELD(footage, device_time_text, FIELD_TEXT),
                FIELD(footage, zone, FIELD_TEXT),
                FIELD_IF(footage, clock_offset, FIELD_INT64, has_clock_offset),
                FIELD(footage, officer_source, FIELD_TEXT),
                FIELD(footage, duration, FIELD_UNKNOWN),
                FIELD(footage, size, FIELD_INT64),
                FIELD(footage, digests.sha256, FIELD_DIGEST),
                FIELD_IF(footage, digests.sm3, FIELD_DIGEST, digests.has_sm3),
                FIELD(footage, verdict, FIELD_INT),
                FIELD(footage, verdict_reasons, FIELD_TEXT),
                FIELD(footage, container, FIELD_TEXT),
                FIELD(footage, codecs, FIELD_TEXT),
                FIELD(footage, kind, FIELD_INT),
                FIELD(footage, path, FIELD_RAW_TEXT),
                FIELD(footage, offloaded_at, FIELD_INSTANT),
                FIELD(footage, deadline, FIELD_INSTANT),
                FIELD(footage, late_us, FIELD_UNKNOWN),
                FIELD(footage, case_id, FIELD_ID),
                FIELD(footage, important, FIELD_BOOL),
};

#define FOOTAGE_COLUMNS                                                                                    \
        "docking, unit, recorder, officer, bay, name, source, source_path, started_at, ended_at,"          \
        " time_source, time_flags, name_time, container_time, device_time, device_time_text, zone,"        \
        " clock_offset, officer_source, duration, size, sha256, sm3, verdict, verdict_reasons, container," \
        " codecs, kind, path, offloaded_at, deadline, late_us, case_id, important"

/* ?9 is started_at, ?30 offloaded_at, ?35 the item. */
#define FOOTAGE_PARAMETERS                                                                                \
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21," \
        " ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34"

#define INTENT_ITEM ((int)ELEMENTSOF(fields) + 1)

static int set_item_state(struct catalogue *c, int64_t item, enum item_state state)
{
        return statement_run(c, "UPDATE item SET state = ?2 WHERE id = ?1",
                             VALUES(INTEGER(item), INTEGER(state)));
}

int footage_intent(struct catalogue *c, const struct footage *f)
{
        _statement_ sqlite3_stmt *s = NULL;
        int64_t other;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = footage_by_path(c, f->path, &other);
        if (r != CATALOGUE_ABSENT)
                return r < 0 ? r : catalogue_refuse(c, EEXIST, "footage or an intent has this path");
        r = statement_get(c,
                          "INSERT INTO footage_intent (" FOOTAGE_COLUMNS ", item, ordered_at)"
                          " VALUES (" FOOTAGE_PARAMETERS ", ?35, coalesce(?9, ?30, 0))",
                          &s);
        if (r < 0)
                return r;
        r = row_bind(c, s, 1, f, fields, ELEMENTSOF(fields));
        if (r < 0)
                return r;
        (void)sqlite3_bind_int64(s, INTENT_ITEM, f->item);
        r = statement_step(c, s);
        if (r < 0)
                return r;
        return set_item_state(c, f->item, ITEM_FILING);
}

/* The row itself. CATALOGUE_ABSENT when there is no such intent. */
static int move_intent(struct catalogue *c, int64_t item, int64_t *ret_id)
{
        int64_t id;
        int r = statement_run(c,
                              "INSERT INTO footage (item, ordered_at, " FOOTAGE_COLUMNS ")"
                              " SELECT nullif(item, 0), ordered_at, " FOOTAGE_COLUMNS
                              " FROM footage_intent WHERE item = ?1",
                              VALUES(INTEGER(item)));

        if (r < 0)
                return r;
        if (sqlite3_changes(c->db) == 0)
                return CATALOGUE_ABSENT;
        id = sqlite3_last_insert_rowid(c->db);
        r = statement_run(c,
                          "INSERT INTO footage_name (rowid, " FOOTAGE_TOKEN_COLUMNS ")"
                          " SELECT id, " FOOTAGE_TOKENS " FROM footage WHERE id = ?1",
                          VALUES(INTEGER(id)));
        if (r < 0)
                return r;
        r = statement_run(c, "DELETE FROM footage_intent WHERE item = ?1", VALUES(INTEGER(item)));
        if (r < 0)
                return r;
        *ret_id = id;
        return CATALOGUE_OK;
}

int footage_commit(struct catalogue *c, const char *actor, int64_t item, int64_t *ret_id)
{
        int64_t id;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = move_intent(c, item, &id);
        if (r != CATALOGUE_OK)
                return r;
        r = statement_run(c, "UPDATE item SET state = ?2, footage = ?3, part_docking = NULL WHERE id = ?1",
                          VALUES(INTEGER(item), INTEGER(ITEM_FOOTAGE), INTEGER(id)));
        if (r < 0)
                return r;
        r = statement_run(c, "UPDATE finding SET state = ?2 WHERE item = ?1 AND state <> ?2",
                          VALUES(INTEGER(item), INTEGER(FINDING_RECOVERED)));
        if (r < 0)
                return r;
        r = ledger_note(c, actor, "footage.filed",
                        "SELECT 'footage/' || f.id, json_object('path', f.path, 'source_path', "
                        "f.source_path,"
                        " 'recorder', r.number, 'officer', o.number, 'unit', u.number, 'size', f.size,"
                        " 'sha256', lower(hex(f.sha256)),"
                        " 'sm3', CASE WHEN f.sm3 IS NOT NULL THEN lower(hex(f.sm3)) END,"
                        " 'started_at', f.started_at, 'verdict', f.verdict,"
                        " 'source', CASE f.source WHEN 0 THEN 'dock' WHEN 1 THEN 'import' ELSE 'recovered' "
                        "END)"
                        " FROM footage AS f LEFT JOIN recorder AS r ON r.id = f.recorder"
                        " LEFT JOIN officer AS o ON o.id = f.officer LEFT JOIN unit AS u ON u.id = f.unit"
                        " WHERE f.id = ?1",
                        VALUES(INTEGER(id)));
        if (r < 0)
                return r;
        *ret_id = id;
        return CATALOGUE_OK;
}

int footage_intent_drop(struct catalogue *c, int64_t item, enum catalogue_outcome *ret)
{
        enum catalogue_outcome outcome;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c, "DELETE FROM footage_intent WHERE item = ?1", VALUES(INTEGER(item)));
        if (r < 0)
                return r;
        outcome = sqlite3_changes(c->db) == 0 ? CATALOGUE_ABSENT : CATALOGUE_OK;
        if (outcome == CATALOGUE_OK)
                r = set_item_state(c, item, ITEM_PULLED);
        if (r < 0)
                return r;
        *ret = outcome;
        return 0;
}

int footage_intent_each(struct catalogue *c, int (*on_intent)(void *userdata, const struct footage *f),
                        void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, "SELECT " FOOTAGE_COLUMNS ", item FROM footage_intent ORDER BY item", &s);

        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                struct footage f = {0};

                row_read(s, 0, &f, fields, ELEMENTSOF(fields));
                f.item = sqlite3_column_int64(s, (int)ELEMENTSOF(fields));
                r = on_intent(userdata, &f);
                if (r != 0)
                        return r;
        }
        return r;
}

int footage_by_id(struct catalogue *c, int64_t id, struct footage *ret)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, "SELECT " FOOTAGE_COLUMNS ", item FROM footage WHERE id = ?1", &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(id)));
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        if (r == 0)
                return CATALOGUE_ABSENT;
        memset(ret, 0, sizeof(*ret));
        row_read(s, 0, ret, fields, ELEMENTSOF(fields));
        ret->item = sqlite3_column_int64(s, (int)ELEMENTSOF(fields));
        ret->id = id;
        return CATALOGUE_OK;
}

int footage_by_path(struct catalogue *c, const char *path, int64_t *ret_id)
{
        return statement_integer(c,
                                 "SELECT id FROM footage WHERE path = ?1"
                                 " UNION ALL SELECT 0 FROM footage_intent WHERE path = ?1 LIMIT 1",
                                 VALUES(RAW_TEXT(path)), ret_id);
}

int footage_by_digest(struct catalogue *c, int64_t recorder, const uint8_t sha256[DIGEST_SIZE],
                      int64_t *ret_id)
{
        return statement_integer(c,
                                 "SELECT id FROM footage INDEXED BY footage_by_sha256 WHERE sha256 = ?2 AND "
                                 "recorder = ?1"
                                 " ORDER BY id LIMIT 1",
                                 VALUES(INTEGER(recorder), DIGEST(sha256)), ret_id);
}

int footage_count(struct catalogue *c, int64_t *ret)
{
        int r = statement_integer(c, "SELECT rows FROM footage_tally WHERE dimension = 'all'", NULL, 0, ret);

        if (r == CATALOGUE_ABSENT)
                *ret = 0;
        return r < 0 ? r : 0;
}

static const struct field file_fields[] = {
                FIELD(footage_file, id, FIELD_ID),
                FIELD(footage_file, size, FIELD_INT64),
                FIELD(footage_file, path, FIELD_RAW_TEXT),
                FIELD(footage_file, digests.sha256, FIELD_DIGEST),
};
#define FILE_COLUMNS "id, size, path, sha256"

int footage_file_next(struct catalogue *c, int64_t after, struct footage_file *ret)
{
        return row_find(c, "SELECT " FILE_COLUMNS " FROM footage WHERE id > ?1 ORDER BY id LIMIT 1",
                        VALUES(INTEGER(after)), ret, sizeof(*ret), file_fields, ELEMENTSOF(file_fields));
}

int footage_sum_above(struct catalogue *c, int64_t after, int64_t *ret_n, int64_t *ret_bytes)
{
        int64_t n = 0;
        int r = statement_integer(c, "SELECT count(*) FROM footage WHERE id > ?1", VALUES(INTEGER(after)),
                                  &n);

        if (r == CATALOGUE_OK)
                r = statement_integer(c, "SELECT ifnull(sum(size), 0) FROM footage WHERE id > ?1",
                                      VALUES(INTEGER(after)), ret_bytes);
        if (r == CATALOGUE_OK)
                *ret_n = n;
        return r;
}
