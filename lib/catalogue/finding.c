// SPDX-License-Identifier: LGPL-2.1-or-later
/* Findings; see finding.h. The field table is in the order of FINDING_COLUMNS. */
#include "catalogue/finding.h"
#include "catalogue/row.h"

#include <string.h>

static const struct field fields[] = {
                FIELD(finding, docking, FIELD_ID),         FIELD(finding, recorder, FIELD_ID),
                FIELD(finding, kind, FIELD_INT),           FIELD(finding, word, FIELD_RAW_TEXT),
                FIELD(finding, path, FIELD_RAW_TEXT),      FIELD(finding, size, FIELD_INT64),
                FIELD(finding, time_text, FIELD_RAW_TEXT), FIELD(finding, text, FIELD_TEXT),
                FIELD(finding, count, FIELD_INT64),        FIELD(finding, recoverable, FIELD_BOOL),
                FIELD(finding, state, FIELD_INT),          FIELD(finding, item, FIELD_ID),
                FIELD(finding, found_at, FIELD_INSTANT),
};

#define FINDING_COLUMNS                                                                                \
        "docking, recorder, kind, word, path, size, time_text, text, count, recoverable, state, item," \
        " found_at"

static int insert(struct catalogue *c, const struct finding *f)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c,
                              "INSERT INTO finding (" FINDING_COLUMNS
                              ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
                              " ON CONFLICT DO UPDATE SET text = excluded.text, count = excluded.count,"
                              " recoverable = excluded.recoverable",
                              &s);

        if (r < 0)
                return r;
        r = row_bind(c, s, 1, f, fields, ELEMENTSOF(fields));
        return r < 0 ? r : statement_step(c, s);
}

/* CATALOGUE_ABSENT when there is none. */
static int find_identity(struct catalogue *c, const struct finding *f, int64_t *ret_id)
{
        return statement_integer(c,
                                 "SELECT id FROM finding WHERE docking = ?1 AND kind = ?2 AND word = ?3"
                                 " AND path = ?4 AND size = ?5 AND time_text = ?6",
                                 VALUES(INTEGER(f->docking), INTEGER(f->kind), RAW_TEXT(f->word),
                                        RAW_TEXT(f->path), INTEGER(f->size), RAW_TEXT(f->time_text)),
                                 ret_id);
}

int finding_note(struct catalogue *c, struct finding *f, bool *ret_new)
{
        int64_t id;
        bool is_new;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = find_identity(c, f, &id);
        if (r < 0)
                return r;
        is_new = r == CATALOGUE_ABSENT;
        r = insert(c, f);
        if (r < 0)
                return r;
        if (is_new)
                id = sqlite3_last_insert_rowid(c->db);
        r = finding_by_id(c, id, f);
        if (r == CATALOGUE_OK)
                *ret_new = is_new;
        return r;
}

/* Of one deleted file, at whichever docking. */
#define SAME_FILE "recorder = ?1 AND kind = 0 AND path = ?2 AND size = ?3 AND time_text = ?4"
#define SAME_FILE_VALUES(f) \
        INTEGER((f)->recorder), RAW_TEXT((f)->path), INTEGER((f)->size), RAW_TEXT((f)->time_text)

int finding_asked_before(struct catalogue *c, const struct finding *f)
{
        int64_t found;

        return statement_integer(c, "SELECT 1 FROM finding WHERE " SAME_FILE " AND state = ?5 LIMIT 1",
                                 VALUES(SAME_FILE_VALUES(f), INTEGER(FINDING_ASKED)), &found);
}

int finding_start(struct catalogue *c, const struct finding *f, int64_t item)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(
                        c,
                        "UPDATE finding SET state = ?5, item = ?6 WHERE " SAME_FILE
                        " AND (id = ?7 OR state = ?5)",
                        VALUES(SAME_FILE_VALUES(f), INTEGER(FINDING_ASKED), INTEGER(item), INTEGER(f->id)));
}

int finding_give_up(struct catalogue *c, int64_t item)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(c, "UPDATE finding SET state = ?2 WHERE item = ?1 AND state = ?3",
                             VALUES(INTEGER(item), INTEGER(FINDING_FAILED), INTEGER(FINDING_ASKED)));
}

int finding_by_id(struct catalogue *c, int64_t id, struct finding *ret)
{
        int r = row_find(c, "SELECT " FINDING_COLUMNS " FROM finding WHERE id = ?1", VALUES(INTEGER(id)),
                         ret, sizeof(*ret), fields, ELEMENTSOF(fields));

        if (r == CATALOGUE_OK)
                ret->id = id;
        return r;
}

int finding_ask(struct catalogue *c, const char *actor, int64_t id)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c, "UPDATE finding SET state = ?2 WHERE id = ?1",
                          VALUES(INTEGER(id), INTEGER(FINDING_ASKED)));
        if (r < 0)
                return r;
        if (sqlite3_changes(c->db) == 0)
                return CATALOGUE_ABSENT;
        return ledger_note(
                        c, actor, "finding.recovery-asked",
                        "SELECT 'finding/' || f.id, json_object('docking', f.docking, 'recorder', r.number,"
                        " 'path', f.path, 'size', f.size, 'device_time', f.time_text)"
                        " FROM finding AS f JOIN recorder AS r ON r.id = f.recorder WHERE f.id = ?1",
                        VALUES(INTEGER(id)));
}

int finding_count(struct catalogue *c, int64_t docking, int64_t *ret)
{
        return statement_integer(c, "SELECT count(*) FROM finding WHERE docking = ?1",
                                 VALUES(INTEGER(docking)), ret);
}

int finding_each(struct catalogue *c, int64_t docking, enum finding_kind kind,
                 int (*on_finding)(void *userdata, const struct finding *f), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c,
                              "SELECT " FINDING_COLUMNS ", id FROM finding WHERE docking = ?1 AND kind = ?2"
                              " ORDER BY id",
                              &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(docking), INTEGER(kind)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                struct finding f = {0};

                row_read(s, 0, &f, fields, ELEMENTSOF(fields));
                f.id = sqlite3_column_int64(s, (int)ELEMENTSOF(fields));
                r = on_finding(userdata, &f);
                if (r != 0)
                        return r;
        }
        return r;
}

/* Of one path, or of all paths that begin and end like it: the range keeps the search in the index. */
int finding_filed(struct catalogue *c, int64_t recorder, int64_t docking, const char *path, int64_t lost,
                  int64_t size, const char *time_text)
{
        char before[sizeof(((struct finding *)0)->path)];
        const char *after;
        int64_t found;

        if (lost < 0)
                return statement_integer(c,
                                         "SELECT 1 FROM item WHERE recorder = ?1 AND path = ?2 AND size = ?3"
                                         " AND time_text = ?4 AND (footage IS NOT NULL OR docking = ?5)",
                                         VALUES(INTEGER(recorder), RAW_TEXT(path), INTEGER(size),
                                                RAW_TEXT(time_text), INTEGER(docking)),
                                         &found);
        if ((size_t)lost >= strlen(path) || (size_t)lost >= sizeof(before))
                return -EINVAL;
        memcpy(before, path, (size_t)lost);
        before[lost] = '\0';
        after = path + lost + 1;
        while (((unsigned char)*after & 0xc0) == 0x80) /* of the character that stands for it */
                after++;
        return statement_integer(
                        c,
                        "SELECT 1 FROM item WHERE recorder = ?1 AND path > ?2 AND path < ?2 || char(1114111)"
                        " AND substr(path, length(?2) + 2) = ?5 AND size = ?3 AND time_text = ?4"
                        " AND (footage IS NOT NULL OR docking = ?6) LIMIT 1",
                        VALUES(INTEGER(recorder), RAW_TEXT(before), INTEGER(size), RAW_TEXT(time_text),
                               RAW_TEXT(after), INTEGER(docking)),
                        &found);
}
