// SPDX-License-Identifier: LGPL-2.1-or-later
/* Footage that nobody has annotated; see annotation.h. All of it is read from the index that has nothing
 * else, at its ends or up to a bound. */
#include "catalogue/annotation.h"
#include "catalogue/row.h"

int annotation_since(struct catalogue *c, instant_t *ret)
{
        return statement_integer(c, "SELECT value FROM setting WHERE name = 'annotation-since'", NULL, 0,
                                 ret);
}

int annotation_begin(struct catalogue *c, instant_t now)
{
        int r = catalogue_writable(c);

        return r < 0 ? r
                     : statement_run(c,
                                     "INSERT INTO setting VALUES ('annotation-since', ?1)"
                                     " ON CONFLICT DO NOTHING",
                                     VALUES(INTEGER(now)));
}

static const struct field fields[] = {
                FIELD(annotation_due, number, FIELD_TEXT),   FIELD(annotation_due, overdue, FIELD_INT64),
                FIELD(annotation_due, first, FIELD_INSTANT), FIELD(annotation_due, last, FIELD_INSTANT),
                FIELD(annotation_due, next, FIELD_INSTANT),
};

#define OF_UNIT                                                            \
        " FROM footage INDEXED BY footage_unannotated WHERE annotated = 0" \
        " AND unit IS u.id AND offloaded_at "
#define STRINGIZE(x) #x
#define NUMBER(x)    STRINGIZE(x)

static const char due_select[] =
                "SELECT u.number, (SELECT count(*) FROM (SELECT 1" OF_UNIT "BETWEEN ?1 AND ?2 LIMIT " NUMBER(
                                ANNOTATION_COUNT_MAX) ")),"
                                                      " (SELECT min(offloaded_at)" OF_UNIT
                                                      "BETWEEN ?1 AND ?2),"
                                                      " (SELECT max(offloaded_at)" OF_UNIT
                                                      "BETWEEN ?1 AND ?2),"
                                                      " (SELECT min(offloaded_at)" OF_UNIT
                                                      "> max(?1 - 1, ?2))"
                                                      " FROM (SELECT id, number FROM unit UNION ALL SELECT "
                                                      "NULL, NULL) AS u ORDER BY u.number";

int annotation_each(struct catalogue *c, instant_t since, instant_t until,
                    int (*on_unit)(void *userdata, const struct annotation_due *d), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, due_select, &s);

        if (r == 0)
                r = statement_bind(c, s, VALUES(INTEGER(since), INTEGER(until)));
        while (r == 0 && (r = statement_step(c, s)) > 0) {
                struct annotation_due d = {.number = ""};

                row_read(s, 0, &d, fields, ELEMENTSOF(fields));
                r = on_unit(userdata, &d);
        }
        return r;
}
