// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is due, and the files of volumes; see volume.h. Cases of a long-term category are few; what their
 * footage lacks is read from an index by case and copies, so that what is archived costs nothing. */
#include "catalogue/volume.h"
#include "catalogue/row.h"

/* Why a copy could not be made lies in the store: once a day is often enough. */
#define SOURCE_RETRY USEC_PER_DAY

#define DUE_ROWS                                                                         \
        " FROM case_file AS c INDEXED BY case_file_by_long_term CROSS JOIN footage AS f" \
        " INDEXED BY footage_by_copies ON f.case_id = c.id AND f.copies < ?1"

#define DUE_CONDITION                                                                              \
        " WHERE c.long_term IS NOT NULL AND (c.closed_at IS NOT NULL OR c.archive_at IS NOT NULL)" \
        " AND (f.id = ?3 OR NOT EXISTS (SELECT 1 FROM volume_footage AS x"                         \
        " WHERE x.footage = f.id AND x.result = 9 AND x.proved_at > ?2))"
_Static_assert(VOLUME_COPY_SOURCE == 9, "DUE_CONDITION has its number");

/* A number that several units have does not tell which case it is. */
#define FILE_COLUMNS                                                                                      \
        "SELECT f.id, iif((SELECT count(*) FROM case_file WHERE number = c.number) > 1, c.number || ' ' " \
        "|| cu.number, c.number), c.id, f.name, f.size, f.sha256, f.sm3, o.name, u.name, f.path"
#define FILE_JOINS                                                                           \
        " LEFT JOIN unit AS cu ON cu.id = c.unit LEFT JOIN officer AS o ON o.id = f.officer" \
        " LEFT JOIN unit AS u ON u.id = f.unit"

static const struct field file_fields[] = {
                FIELD(volume_file, footage, FIELD_INT64),
                FIELD(volume_file, case_number, FIELD_TEXT),
                FIELD(volume_file, case_id, FIELD_ID),
                FIELD(volume_file, name, FIELD_TEXT),
                FIELD(volume_file, size, FIELD_INT64),
                FIELD(volume_file, digests.sha256, FIELD_DIGEST),
                FIELD_IF(volume_file, digests.sm3, FIELD_DIGEST, digests.has_sm3),
                FIELD(volume_file, officer_name, FIELD_TEXT),
                FIELD(volume_file, unit_name, FIELD_TEXT),
                FIELD(volume_file, path, FIELD_TEXT),
};

/* Runs a statement whose rows are files. */
static int files_walk(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                      int (*on_file)(void *userdata, const struct volume_file *f), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, sql, &s);

        if (r == 0)
                r = statement_bind(c, s, values, n);
        while (r == 0 && (r = statement_step(c, s)) > 0) {
                struct volume_file f = {.footage = 0};

                row_read(s, 0, &f, file_fields, ELEMENTSOF(file_fields));
                r = on_file(userdata, &f);
        }
        return r;
}

int volume_file_each(struct catalogue *c, int64_t id,
                     int (*on_file)(void *userdata, const struct volume_file *f), void *userdata)
{
        return files_walk(c,
                          FILE_COLUMNS " FROM volume_footage AS x JOIN footage AS f ON f.id = x.footage"
                                       " LEFT JOIN case_file AS c ON c.id = f.case_id" FILE_JOINS
                                       " WHERE x.volume = ?1 ORDER BY f.id",
                          VALUES(INTEGER(id)), on_file, userdata);
}

int volume_due_sum(struct catalogue *c, int64_t copies, instant_t now, int64_t given, struct volume_due *ret)
{
        static const struct field fields[] = {
                        FIELD(volume_due, files, FIELD_INT64),
                        FIELD(volume_due, bytes, FIELD_INT64),
                        FIELD(volume_due, cases, FIELD_INT64),
        };

        return row_find(c,
                        "SELECT count(*), ifnull(sum(f.size), 0), count(DISTINCT c.id)" DUE_ROWS
                                        DUE_CONDITION,
                        VALUES(INTEGER(copies), INTEGER(now - SOURCE_RETRY), INTEGER(given)), ret,
                        sizeof(*ret), fields, ELEMENTSOF(fields));
}

/* Whatever volume on the medium has it counts, as long as it counts at all: a copy that went bad is made
 * anew where there is room. */
int volume_due_each(struct catalogue *c, int64_t copies, int64_t medium, instant_t now, int64_t given,
                    int (*on_file)(void *userdata, const struct volume_file *f), void *userdata)
{
        return files_walk(c,
                          FILE_COLUMNS DUE_ROWS FILE_JOINS DUE_CONDITION
                          " AND NOT EXISTS (SELECT 1 FROM volume_footage AS y JOIN volume AS v"
                          " ON v.id = y.volume WHERE y.footage = f.id AND v.medium = ?4 AND v.state = 2"
                          " AND y.result IN (0, 8)) ORDER BY f.id",
                          VALUES(INTEGER(copies), INTEGER(now - SOURCE_RETRY), INTEGER(given),
                                 INTEGER(medium)),
                          on_file, userdata);
}

int volume_due_has(struct catalogue *c, int64_t copies, instant_t now, int64_t given)
{
        int64_t one;

        return statement_integer(c, "SELECT 1" DUE_ROWS DUE_CONDITION " AND f.id = ?3",
                                 VALUES(INTEGER(copies), INTEGER(now - SOURCE_RETRY), INTEGER(given)), &one);
}

int volume_case_ask(struct catalogue *c, const struct case_act *act, int64_t case_file, bool *ret_changed)
{
        const instant_t now = clock_now();
        struct case_file f;
        int64_t asked;
        int r = catalogue_writable(c);

        if (r == 0)
                r = case_by_id(c, case_file, &f);
        if (r != CATALOGUE_OK)
                return r;
        if (f.long_term[0] == '\0')
                return CATALOGUE_CONFLICT;
        r = statement_integer(c, "SELECT archive_at FROM case_file WHERE id = ?1",
                              VALUES(INTEGER(case_file)), &asked);
        *ret_changed = r == CATALOGUE_ABSENT;
        if (r != CATALOGUE_ABSENT)
                return r;
        r = statement_run(c, "UPDATE case_file SET archive_at = ?2 WHERE id = ?1",
                          VALUES(INTEGER(case_file), INTEGER(now)));
        if (r == 0)
                r = statement_run(c,
                                  "INSERT INTO case_change (case_file, field, new, at, actor, approver,"
                                  " reason) VALUES (?1, 'archive', 'asked', ?2, ?3, ?4, ?5)",
                                  VALUES(INTEGER(case_file), INTEGER(now), RAW_TEXT(act->actor),
                                         TEXT(act->approver), TEXT(act->reason)));
        if (r == 0)
                r = ledger_note(c, act->actor, "case.archive-asked",
                                "SELECT 'case/' || u.number || '/' || c.number, json_object('long_term',"
                                " c.long_term) FROM case_file AS c JOIN unit AS u ON u.id = c.unit"
                                " WHERE c.id = ?1",
                                VALUES(INTEGER(case_file)));
        return r;
}

int volume_copies_remember(struct catalogue *c, int64_t copies)
{
        int r = catalogue_writable(c);

        return r < 0 ? r
                     : statement_run(c,
                                     "INSERT INTO setting VALUES ('archive-copies', ?1)"
                                     " ON CONFLICT DO UPDATE SET value = ?1",
                                     VALUES(INTEGER(copies)));
}
