// SPDX-License-Identifier: LGPL-2.1-or-later
/* Backups on record; see backup.h. Field tables are in the order of their columns. */
#include "catalogue/backup.h"
#include "catalogue/row.h"

static const char *const outcomes[] = {
                [BACKUP_GOOD] = "good", [BACKUP_INCOMPLETE] = "incomplete", [BACKUP_FAILED] = "failed"};
_Static_assert(ELEMENTSOF(outcomes) == _BACKUP_OUTCOME_MAX, "an outcome has no word");
const struct words backup_outcome_words = {"outcome", outcomes, ELEMENTSOF(outcomes)};

static const struct field target_fields[] = {
                FIELD(backup_target_row, id, FIELD_ID),
                FIELD(backup_target_row, uuid, FIELD_RAW_TEXT),
                FIELD(backup_target_row, path, FIELD_RAW_TEXT),
                FIELD(backup_target_row, registered_at, FIELD_INSTANT),
                FIELD(backup_target_row, copied, FIELD_INT64),
};
#define TARGET_COLUMNS "id, uuid, path, registered_at, copied"

static const struct field fields[] = {
                FIELD(backup_row, target, FIELD_ID),
                FIELD(backup_row, begun_at, FIELD_INSTANT),
                FIELD(backup_row, ended_at, FIELD_INSTANT),
                FIELD(backup_row, taken_at, FIELD_INSTANT),
                FIELD(backup_row, full_check, FIELD_BOOL),
                FIELD(backup_row, outcome, FIELD_INT),
                FIELD(backup_row, generation, FIELD_TEXT),
                FIELD(backup_row, kept, FIELD_BOOL),
                FIELD(backup_row, footage, FIELD_INT64),
                FIELD(backup_row, copied, FIELD_INT64),
                FIELD(backup_row, bytes, FIELD_INT64),
                FIELD(backup_row, lacking, FIELD_INT64),
                FIELD(backup_row, displaced, FIELD_INT64),
                FIELD(backup_row, error, FIELD_TEXT),
                FIELD(backup_row, id, FIELD_ID),
};
#define COLUMNS                                                                                 \
        "target, begun_at, ended_at, taken_at, full_check, outcome, generation, kept, footage," \
        " copied, bytes, lacking, displaced, error, id"
enum { FIELDS_WRITTEN = ELEMENTSOF(fields) - 1 };

int backup_target_add(struct catalogue *c, const char *actor, const struct backup_target_row *t,
                      int64_t *ret_id)
{
        int64_t id;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c, "INSERT INTO backup_target (uuid, path, registered_at) VALUES (?1, ?2, ?3)",
                          VALUES(RAW_TEXT(t->uuid), RAW_TEXT(t->path), INSTANT(t->registered_at)));
        if (r < 0)
                return r == -EEXIST ? CATALOGUE_EXISTS : r;
        id = sqlite3_last_insert_rowid(c->db);
        r = ledger_note(c, actor, "backup.target-registered",
                        "SELECT 'backup-target/' || uuid, json_object('path', path) FROM backup_target"
                        " WHERE id = ?1",
                        VALUES(INTEGER(id)));
        if (r < 0)
                return r;
        *ret_id = id;
        return CATALOGUE_OK;
}

int backup_target_find(struct catalogue *c, const char *uuid, struct backup_target_row *ret)
{
        return row_find(c, "SELECT " TARGET_COLUMNS " FROM backup_target WHERE uuid = ?1",
                        VALUES(RAW_TEXT(uuid)), ret, sizeof(*ret), target_fields, ELEMENTSOF(target_fields));
}

int backup_target_last(struct catalogue *c, struct backup_target_row *ret, instant_t *ret_first)
{
        instant_t first;
        int r = statement_integer(c, "SELECT min(registered_at) FROM backup_target", NULL, 0, &first);

        if (r == CATALOGUE_OK)
                r = row_find(c, "SELECT " TARGET_COLUMNS " FROM backup_target ORDER BY id DESC LIMIT 1",
                             NULL, 0, ret, sizeof(*ret), target_fields, ELEMENTSOF(target_fields));
        if (r == CATALOGUE_OK)
                *ret_first = first;
        return r;
}

int backup_copied(struct catalogue *c, int64_t target, int64_t footage)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(c, "UPDATE backup_target SET copied = ?2 WHERE id = ?1 AND copied < ?2",
                             VALUES(INTEGER(target), INTEGER(footage)));
}

int backup_lack(struct catalogue *c, int64_t target, int64_t footage, const char *reason)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(
                        c,
                        "INSERT INTO backup_lacking (target, footage, reason, since)"
                        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET reason = ?3",
                        VALUES(INTEGER(target), INTEGER(footage), RAW_TEXT(reason), INSTANT(clock_now())));
}

int backup_lack_end(struct catalogue *c, int64_t target, int64_t footage)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(c, "DELETE FROM backup_lacking WHERE target = ?1 AND footage = ?2",
                             VALUES(INTEGER(target), INTEGER(footage)));
}

int backup_lacking_each(struct catalogue *c, int64_t target,
                        int (*on_footage)(void *userdata, int64_t footage), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, "SELECT footage FROM backup_lacking WHERE target = ?1 ORDER BY footage",
                              &s);

        if (r >= 0)
                r = statement_bind(c, s, VALUES(INTEGER(target)));
        while (r >= 0 && (r = statement_step(c, s)) > 0) {
                r = on_footage(userdata, sqlite3_column_int64(s, 0));
                if (r != 0)
                        return r;
        }
        return r;
}

/* A target that is not there would fill the ledger with nothing but that. */
static int end_note(struct catalogue *c, const char *actor, int64_t id, const struct backup_row *b)
{
        if (b->target == 0)
                return 0;
        return ledger_note(
                        c, actor, b->outcome == BACKUP_FAILED ? "backup.failed" : "backup.done",
                        "SELECT 'backup/' || b.id, json_object('target', t.uuid, 'generation', b.generation,"
                        " 'footage', b.footage, 'copied', b.copied, 'bytes', b.bytes, 'lacking', b.lacking,"
                        " 'displaced', b.displaced, 'error', b.error)"
                        " FROM backup AS b JOIN backup_target AS t ON t.id = b.target WHERE b.id = ?1",
                        VALUES(INTEGER(id)));
}

int backup_end(struct catalogue *c, const char *actor, const struct backup_row *b, int64_t *ret_id)
{
        _statement_ sqlite3_stmt *s = NULL;
        int64_t id;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_get(c,
                          "INSERT INTO backup (" COLUMNS ")"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, NULL)",
                          &s);
        if (r >= 0)
                r = row_bind(c, s, 1, b, fields, FIELDS_WRITTEN);
        if (r >= 0)
                r = statement_step(c, s);
        if (r < 0)
                return r;
        id = sqlite3_last_insert_rowid(c->db);
        r = end_note(c, actor, id, b);
        if (r < 0)
                return r;
        *ret_id = id;
        return CATALOGUE_OK;
}

int backup_pruned(struct catalogue *c, int64_t target, const char *generation)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(c, "UPDATE backup SET kept = 0 WHERE target = ?1 AND generation = ?2",
                             VALUES(INTEGER(target), RAW_TEXT(generation)));
}

int backup_last(struct catalogue *c, struct backup_row *ret)
{
        return row_find(c, "SELECT " COLUMNS " FROM backup ORDER BY id DESC LIMIT 1", NULL, 0, ret,
                        sizeof(*ret), fields, ELEMENTSOF(fields));
}

int backup_last_good(struct catalogue *c, struct backup_row *ret)
{
        return row_find(c, "SELECT " COLUMNS " FROM backup WHERE outcome = ?1 ORDER BY id DESC LIMIT 1",
                        VALUES(INTEGER(BACKUP_GOOD)), ret, sizeof(*ret), fields, ELEMENTSOF(fields));
}
