// SPDX-License-Identifier: LGPL-2.1-or-later
/* Volumes on record; see volume.h. The field table is in the order of COLUMNS. That a volume is written only
 * when all of it was proved is checked here, and again by a trigger. */
#include "catalogue/volume.h"
#include "catalogue/row.h"

#include <string.h>

static const char *const states[] = {
                [VOLUME_PLANNED] = "planned", [VOLUME_WRITING] = "writing", [VOLUME_WRITTEN] = "written",
                [VOLUME_FAILED] = "failed",   [VOLUME_RETIRED] = "retired",
};
_Static_assert(ELEMENTSOF(states) == _VOLUME_STATE_MAX, "a state of a volume has no word");
static const char *const results[] = {
                [VOLUME_COPY_GOOD] = "good",
                [VOLUME_COPY_DIFFERS] = "differs",
                [VOLUME_COPY_SIZE] = "size",
                [VOLUME_COPY_MISSING] = "missing",
                [VOLUME_COPY_UNREADABLE] = "unreadable",
                [VOLUME_COPY_NOT_A_FILE] = "not-a-file",
                [VOLUME_COPY_EXTRA] = "extra",
                [VOLUME_COPY_BAD_LIST] = "bad-list",
                [VOLUME_COPY_CACHED] = "cached",
                [VOLUME_COPY_SOURCE] = "source",
};
_Static_assert(ELEMENTSOF(results) == _COPY_RESULT_MAX, "a result has no word");
static const char *const checks[] = {
                [VOLUME_CHECK_GOOD] = "good",
                [VOLUME_CHECK_BAD] = "bad",
                [VOLUME_CHECK_NONE] = "no-volume",
                [VOLUME_CHECK_OTHER] = "other-manifests",
};
_Static_assert(ELEMENTSOF(checks) == _VOLUME_CHECK_MAX, "a check has no word");

const struct words volume_state_words = {"state", states, ELEMENTSOF(states)};
const struct words copy_result_words = {"result", results, ELEMENTSOF(results)};
const struct words volume_check_words = {"check_result", checks, ELEMENTSOF(checks)};

static const struct field fields[] = {
                FIELD(volume_row, id, FIELD_ID),
                FIELD(volume_row, number, FIELD_TEXT),
                FIELD(volume_row, medium, FIELD_ID),
                FIELD(volume_row, state, FIELD_INT),
                FIELD(volume_row, made_at, FIELD_INSTANT),
                FIELD(volume_row, written_at, FIELD_INSTANT),
                FIELD(volume_row, seal, FIELD_DIGEST),
                FIELD(volume_row, files, FIELD_INT64),
                FIELD(volume_row, bytes, FIELD_INT64),
                FIELD(volume_row, reason, FIELD_TEXT),
                FIELD(volume_row, checked_at, FIELD_INSTANT),
                FIELD(volume_row, check_result, FIELD_INT),
                FIELD(volume_row, check_at, FIELD_INSTANT),
};
#define COLUMNS                                                                                   \
        "id, number, medium, state, made_at, written_at, seal, files, bytes, reason, checked_at," \
        " check_result, check_at"
#define SELECT "SELECT " COLUMNS " FROM volume "

/* --- looking --- */

int volume_by_id(struct catalogue *c, int64_t id, struct volume_row *ret)
{
        return row_find(c, SELECT "WHERE id = ?1", VALUES(INTEGER(id)), ret, sizeof(*ret), fields,
                        ELEMENTSOF(fields));
}

int volume_by_number(struct catalogue *c, const char *number, struct volume_row *ret)
{
        return row_find(c, SELECT "WHERE number = ?1", VALUES(RAW_TEXT(number)), ret, sizeof(*ret), fields,
                        ELEMENTSOF(fields));
}

int volume_unfinished_first(struct catalogue *c, struct volume_row *ret)
{
        return row_find(c, SELECT "WHERE state < 2 ORDER BY id LIMIT 1", NULL, 0, ret, sizeof(*ret), fields,
                        ELEMENTSOF(fields));
}

int volume_check_first(struct catalogue *c, struct volume_row *ret)
{
        return row_find(c, SELECT "WHERE state = 2 ORDER BY check_at LIMIT 1", NULL, 0, ret, sizeof(*ret),
                        fields, ELEMENTSOF(fields));
}

static int volumes_walk(struct catalogue *c, const char *sql, int64_t value,
                        int (*on_volume)(void *userdata, const struct volume_row *v), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, sql, &s);

        if (r == 0)
                r = statement_bind(c, s, VALUES(INTEGER(value)));
        while (r == 0 && (r = statement_step(c, s)) > 0) {
                struct volume_row v = {.id = 0};

                row_read(s, 0, &v, fields, ELEMENTSOF(fields));
                r = on_volume(userdata, &v);
        }
        return r;
}

int volume_check_each(struct catalogue *c, instant_t now,
                      int (*on_volume)(void *userdata, const struct volume_row *v), void *userdata)
{
        return volumes_walk(c, SELECT "WHERE state = 2 AND check_at <= ?1 ORDER BY check_at", now, on_volume,
                            userdata);
}

int volume_failed_each(struct catalogue *c, int64_t medium,
                       int (*on_volume)(void *userdata, const struct volume_row *v), void *userdata)
{
        return volumes_walk(c, SELECT "WHERE state = 3 AND medium = ?1 ORDER BY id", medium, on_volume,
                            userdata);
}

int volume_path_find(struct catalogue *c, int64_t id, const char *path, int64_t *ret_footage)
{
        return statement_integer(c, "SELECT footage FROM volume_footage WHERE volume = ?1 AND path = ?2",
                                 VALUES(INTEGER(id), RAW_TEXT(path)), ret_footage);
}

int volume_has(struct catalogue *c, int64_t id, int64_t footage)
{
        int64_t found;

        return statement_integer(c, "SELECT 1 FROM volume_footage WHERE volume = ?1 AND footage = ?2",
                                 VALUES(INTEGER(id), INTEGER(footage)), &found);
}

/* --- planning --- */

/* STATION-YYYY-NNNN: numbers are never made twice, since no volume is forgotten. */
static int number_make(struct catalogue *c, const char *station, instant_t at, char ret[VOLUME_NUMBER_MAX])
{
        char prefix[VOLUME_NUMBER_MAX - 24], day[DAY_TEXT_MAX];
        int64_t last;
        int r;

        (void)day_format(instant_to_day(at), day);
        (void)snprintf(prefix, sizeof(prefix), "%.*s-%.4s-", (int)sizeof(prefix) - 7, station, day);
        r = statement_integer(c,
                              "SELECT ifnull(max(CAST(substr(number, length(?1) + 1) AS INTEGER)), 0)"
                              " FROM volume WHERE substr(number, 1, length(?1)) = ?1",
                              VALUES(RAW_TEXT(prefix)), &last);
        if (r == CATALOGUE_OK)
                (void)snprintf(ret, VOLUME_NUMBER_MAX, "%s%04lld", prefix, (long long)last + 1);
        return r;
}

static int files_add(struct catalogue *c, int64_t id, const int64_t *footage, size_t n)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < n; i++)
                r = statement_run(c, "INSERT INTO volume_footage (volume, footage) VALUES (?1, ?2)",
                                  VALUES(INTEGER(id), INTEGER(footage[i])));
        return r;
}

static int bytes_sum(struct catalogue *c, const int64_t *footage, size_t n, int64_t *ret)
{
        int64_t size, bytes = 0;

        for (size_t i = 0; i < n; i++) {
                int r = statement_integer(c, "SELECT size FROM footage WHERE id = ?1",
                                          VALUES(INTEGER(footage[i])), &size);

                if (r != CATALOGUE_OK)
                        return r;
                bytes += size;
        }
        *ret = bytes;
        return CATALOGUE_OK;
}

int volume_plan(struct catalogue *c, const char *actor, const char *station, int64_t medium,
                const int64_t *footage, size_t n, bool hash_list, struct volume_row *ret)
{
        const instant_t now = clock_now();
        char number[VOLUME_NUMBER_MAX];
        struct medium m;
        int64_t bytes = 0, id = 0;
        int r = catalogue_writable(c);

        if (r == 0 && n == 0)
                return catalogue_refuse(c, EINVAL, "a volume has files");
        if (r == 0)
                r = medium_by_id(c, medium, &m);
        if (r == 0)
                r = bytes_sum(c, footage, n, &bytes);
        if (r == 0)
                r = number_make(c, station, now, number);
        if (r == 0)
                r = statement_run(c,
                                  "INSERT INTO volume (number, medium, state, made_at, files, bytes)"
                                  " VALUES (?1, ?2, 0, ?3, ?4, ?5)",
                                  VALUES(RAW_TEXT(number), INTEGER(medium), INTEGER(now),
                                         INTEGER((int64_t)n), INTEGER(bytes)));
        if (r == 0) {
                id = sqlite3_last_insert_rowid(c->db);
                r = files_add(c, id, footage, n);
        }
        if (r == 0)
                r = ledger_note(c, actor, "volume.planned",
                                "SELECT 'volume/' || v.number, json_object('medium', m.number, 'files',"
                                " v.files, 'bytes', v.bytes, 'hash_list', json(iif(?2, 'true', 'false')),"
                                " 'footage', (SELECT json_group_array(footage) FROM volume_footage"
                                " WHERE volume = v.id)) FROM volume AS v"
                                " JOIN medium AS m ON m.id = v.medium WHERE v.id = ?1",
                                VALUES(INTEGER(id), INTEGER(hash_list)));
        return r == 0 ? volume_by_id(c, id, ret) : r;
}

int volume_hash_list(struct catalogue *c, int64_t id, bool *ret)
{
        int64_t value;
        int r = statement_integer(c,
                                  "SELECT detail ->> 'hash_list' FROM ledger JOIN volume AS v"
                                  " ON subject = 'volume/' || v.number WHERE v.id = ?1"
                                  " AND act = 'volume.planned'",
                                  VALUES(INTEGER(id)), &value);

        if (r == CATALOGUE_OK)
                *ret = value != 0;
        return r;
}

int volume_begin(struct catalogue *c, int64_t id)
{
        int r = catalogue_writable(c);

        return r < 0 ? r
                     : statement_run(c, "UPDATE volume SET state = 1 WHERE id = ?1 AND state = 0",
                                     VALUES(INTEGER(id)));
}

/* --- what became of it --- */

static int copy_note(struct catalogue *c, int64_t id, const struct copy *copy, instant_t at)
{
        return statement_run(c,
                             "UPDATE volume_footage SET result = ?3, proved_at = ?4, path = ifnull(?5, path)"
                             " WHERE volume = ?1 AND footage = ?2",
                             VALUES(INTEGER(id), INTEGER(copy->footage), INTEGER(copy->result), INTEGER(at),
                                    TEXT(copy->path)));
}

static int copies_note(struct catalogue *c, int64_t id, const struct copy *copies, size_t n, instant_t at)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < n; i++)
                r = copy_note(c, id, &copies[i], at);
        return r;
}

static int64_t lacking(struct catalogue *c, int64_t id)
{
        int64_t n;
        int r = statement_integer(c,
                                  "SELECT count(*) FROM volume_footage WHERE volume = ?1"
                                  " AND (result IS NULL OR result NOT IN (0, 8))",
                                  VALUES(INTEGER(id)), &n);

        return r == CATALOGUE_OK ? n : MIN(r, -1);
}

#define VOLUME_ROWS " FROM volume AS v JOIN medium AS m ON m.id = v.medium WHERE v.id = ?1"

int volume_written(struct catalogue *c, const char *actor, int64_t id, const uint8_t seal[DIGEST_SIZE],
                   const struct copy *copies, size_t n, instant_t check_at)
{
        const instant_t now = clock_now();
        int64_t bad;
        int r = catalogue_writable(c);

        if (r == 0)
                r = copies_note(c, id, copies, n, now);
        if (r < 0)
                return r;
        bad = lacking(c, id);
        if (bad != 0)
                return bad < 0 ? (int)bad
                               : catalogue_refuse(c, EINVAL, "not all files of the volume are proved");
        r = statement_run(c,
                          "UPDATE volume SET state = 2, seal = ?2, written_at = ?3, checked_at = ?3,"
                          " check_result = 0, check_at = ?4, reason = NULL WHERE id = ?1",
                          VALUES(INTEGER(id), DIGEST(seal), INTEGER(now), INTEGER(check_at)));
        if (r < 0)
                return r;
        return ledger_note(c, actor, "volume.written",
                           "SELECT 'volume/' || v.number, json_object('medium', m.number, 'files', v.files,"
                           " 'bytes', v.bytes, 'seal', lower(hex(v.seal)))" VOLUME_ROWS,
                           VALUES(INTEGER(id)));
}

int volume_failed(struct catalogue *c, const char *actor, int64_t id, const char *reason,
                  const struct copy *copies, size_t n)
{
        int r = catalogue_writable(c);

        if (r == 0)
                r = copies_note(c, id, copies, n, clock_now());
        if (r == 0)
                r = statement_run(c, "UPDATE volume SET state = 3, reason = ?2 WHERE id = ?1 AND state < 2",
                                  VALUES(INTEGER(id), TEXT(reason)));
        return r < 0 ? r
                     : ledger_note(c, actor, "volume.failed",
                                   "SELECT 'volume/' || v.number, json_object('medium', m.number, 'reason',"
                                   " v.reason)" VOLUME_ROWS,
                                   VALUES(INTEGER(id)));
}

int volume_checked(struct catalogue *c, const char *actor, int64_t id, enum volume_check result,
                   const struct copy *copies, size_t n, instant_t check_at, int64_t *ret_bad)
{
        const instant_t now = clock_now();
        int64_t bad;
        int r = catalogue_writable(c);

        /* What nobody told of is not there; of another's manifests nothing is proved. */
        if (r == 0)
                r = statement_run(c,
                                  "UPDATE volume_footage SET result = ?2, proved_at = ?3 WHERE volume = ?1",
                                  VALUES(INTEGER(id),
                                         INTEGER(result == VOLUME_CHECK_OTHER ? VOLUME_COPY_BAD_LIST
                                                                              : VOLUME_COPY_MISSING),
                                         INTEGER(now)));
        if (r == 0 && result != VOLUME_CHECK_OTHER)
                r = copies_note(c, id, copies, n, now);
        if (r < 0)
                return r;
        bad = lacking(c, id);
        if (bad < 0)
                return (int)bad;
        if (bad > 0 && result == VOLUME_CHECK_GOOD)
                result = VOLUME_CHECK_BAD;
        r = statement_run(c,
                          "UPDATE volume SET checked_at = ?2, check_result = ?3, check_at = ?4"
                          " WHERE id = ?1",
                          VALUES(INTEGER(id), INTEGER(now), INTEGER(result), INTEGER(check_at)));
        if (r == 0)
                r = ledger_note(c, actor, "volume.checked",
                                "SELECT 'volume/' || v.number, json_object('medium', m.number, 'result',"
                                " volume_check_word(v.check_result), 'bad', ?2)" VOLUME_ROWS,
                                VALUES(INTEGER(id), INTEGER(bad)));
        if (r == 0)
                *ret_bad = bad;
        return r;
}

int volume_source_given(struct catalogue *c, const char *actor, int64_t id, int64_t footage,
                        const char *path)
{
        int r = catalogue_writable(c);

        return r < 0 ? r
                     : ledger_note(c, actor, "volume.source-given",
                                   "SELECT 'volume/' || v.number, json_object('footage', ?2, 'path', "
                                   "?3)" VOLUME_ROWS,
                                   VALUES(INTEGER(id), INTEGER(footage), RAW_TEXT(path)));
}

int volume_retire(struct catalogue *c, const char *actor, int64_t id, const char *reason)
{
        struct volume_row v;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        if (reason[0] == '\0')
                return catalogue_refuse(c, EINVAL, "a volume is retired for a reason");
        r = volume_by_id(c, id, &v);
        if (r != CATALOGUE_OK)
                return r;
        if (v.state != VOLUME_WRITTEN && v.state != VOLUME_FAILED)
                return CATALOGUE_CONFLICT;
        r = statement_run(c, "UPDATE volume SET state = 4, reason = ?2 WHERE id = ?1",
                          VALUES(INTEGER(id), RAW_TEXT(reason)));
        return r < 0 ? r
                     : ledger_note(c, actor, "volume.retired",
                                   "SELECT 'volume/' || v.number, json_object('medium', m.number, 'reason',"
                                   " v.reason)" VOLUME_ROWS,
                                   VALUES(INTEGER(id)));
}
