// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows of footage: first the ids, out of one index chosen by query_plan.c, then each row by its id. A page
 * goes on behind the last row of the one before by its key (keyset), so that page 1000 costs what page 1
 * costs. Both statements see one snapshot.
 */
#include "catalogue/query_plan.h"
#include "catalogue/retention_sql.h"
#include "catalogue/row_json.h"
#include "media/verdict.h"

#include <string.h>

#define PAGE_MAX 10000 /* ids kept before the first row is made; a longer answer streams */
#define STEPS_PER_ENTRY                                                                   \
        12 /* of SQLite's virtual machine, for one index entry that is judged and dropped \
            */

/* What a row is listed with: names, forms and, in the same order, columns. */
static const struct column row_columns[] = {
                {"id", COLUMN_VALUE},
                {"unit", COLUMN_VALUE},
                {"officer", COLUMN_VALUE},
                {"recorder", COLUMN_VALUE},
                {"bay", COLUMN_VALUE},
                {"name", COLUMN_VALUE},
                {"source", COLUMN_VALUE},
                {"source_path", COLUMN_VALUE},
                {"started_at", COLUMN_VALUE},
                {"ended_at", COLUMN_VALUE},
                {"duration_s", COLUMN_SECONDS},
                {"size", COLUMN_VALUE},
                {"sha256", COLUMN_HEX},
                {"sm3", COLUMN_HEX},
                {"verdict", COLUMN_VALUE},
                {"verdict_reasons", COLUMN_LIST},
                {"container", COLUMN_VALUE},
                {"kind", COLUMN_VALUE},
                {"path", COLUMN_VALUE},
                {"offloaded_at", COLUMN_VALUE},
                {"docking", COLUMN_VALUE},
                {"deadline", COLUMN_VALUE},
                {"late", COLUMN_VALUE},
                {"case", COLUMN_VALUE},
                {"time_source", COLUMN_VALUE},
                {"device_time", COLUMN_VALUE},
                {"clock_offset_s", COLUMN_SECONDS},
                {"time_doubts", COLUMN_LIST},
                {"case_unit", COLUMN_VALUE},
                {"annotated", COLUMN_BOOLEAN},
                {"retain_until", COLUMN_VALUE},
                {"retain_basis", COLUMN_VALUE},
                {"copies", COLUMN_VALUE},
                {"volumes", COLUMN_JSON},
};

#define DOUBTS                                                                                         \
        "ltrim(iif(f.time_flags & 1, ',disagrees', '') || iif(f.time_flags & 2, ',impossible', '') ||" \
        " iif(f.time_flags & 4, ',unknown', '') || iif(f.time_flags & 8, ',uncorrected', '') ||"       \
        " iif(f.time_flags & 16, ',clock-moved', ''), ',')"

static const char row_sql[] =
                "SELECT f.id, u.number, o.number, r.number, f.bay, f.name, source_word(f.source), "
                "f.source_path,"
                " rfc3339(f.started_at), rfc3339(f.ended_at), f.duration, f.size, f.sha256, f.sm3,"
                " verdict_word(f.verdict), f.verdict_reasons, f.container, kind_word(f.kind), f.path,"
                " rfc3339(f.offloaded_at), f.docking, rfc3339(f.deadline), (f.late_us + 59999999) / "
                "60000000,"
                " c.number, f.time_source, f.device_time_text, f.clock_offset,"
                " iif(f.time_flags = 0, NULL, " DOUBTS "), cu.number, f.annotated,"
                " day_text(retain_until(" RETENTION_FACTS ")), retain_basis(" RETENTION_FACTS "), f.copies,"
                " (SELECT json_group_array(v.number) FROM volume_footage AS x JOIN volume AS v"
                " ON v.id = x.volume WHERE x.footage = f.id AND v.state = 2 AND x.result IN (0, 8))"
                " FROM footage AS f LEFT JOIN unit AS u ON u.id = f.unit LEFT JOIN officer AS o ON o.id = "
                "f.officer"
                " LEFT JOIN recorder AS r ON r.id = f.recorder LEFT JOIN case_file AS c ON c.id = f.case_id"
                " LEFT JOIN unit AS cu ON cu.id = c.unit WHERE f.id = ?1";

static const char *const access_sql[_ACCESS_MAX] = {
                [ACCESS_TIME] = "SELECT f.id FROM footage AS f INDEXED BY footage_by_time WHERE true",
                [ACCESS_UNIT] = "SELECT f.id FROM footage AS f INDEXED BY footage_by_unit WHERE true",
                [ACCESS_OFFICER] = "SELECT f.id FROM footage AS f INDEXED BY footage_by_officer WHERE true",
                [ACCESS_RECORDER] =
                                "SELECT f.id FROM footage AS f INDEXED BY footage_by_recorder WHERE true",
                [ACCESS_CLASS] = "SELECT f.id FROM footage AS f INDEXED BY footage_by_class WHERE true",
                [ACCESS_NAME] = "SELECT f.id FROM footage AS f INDEXED BY footage_by_name WHERE true",
                [ACCESS_SIZE] = "SELECT f.id FROM footage AS f INDEXED BY footage_by_size WHERE true",
                [ACCESS_ID] = "SELECT f.id FROM footage AS f NOT INDEXED WHERE true",
                [ACCESS_NAMES] = ("SELECT f.id FROM footage AS f NOT INDEXED WHERE f.id IN"
                                  " (SELECT value FROM json_each(?))"),
                [ACCESS_MATCH] = ("SELECT f.id FROM footage_name AS m CROSS JOIN footage AS f NOT INDEXED"
                                  " ON f.id = m.rowid WHERE m.footage_name MATCH ?"),
                [ACCESS_SHA256] = "SELECT f.id FROM footage AS f INDEXED BY footage_by_sha256 WHERE true",
                [ACCESS_DOCKING] = "SELECT f.id FROM footage AS f INDEXED BY footage_by_docking WHERE true",
                [ACCESS_CASE] = ("SELECT f.id FROM footage AS f INDEXED BY footage_by_case"
                                 " WHERE f.case_id IS NOT NULL"),
                [ACCESS_ANNOTATION] =
                                "SELECT f.id FROM footage AS f INDEXED BY footage_by_annotation WHERE true",
};

/* How rows follow each other, and the condition for those behind a key. */
static const struct {
        const char *order, *after;
} order_sql[_ORDER_MAX] = {
                [ORDER_TIME] = {" ORDER BY f.ordered_at DESC, f.id DESC",
                                " AND (f.ordered_at, f.id) < (?, ?)"},
                [ORDER_TIME_ASC] = {" ORDER BY f.ordered_at, f.id", " AND (f.ordered_at, f.id) > (?, ?)"},
                [ORDER_SIZE] = {" ORDER BY f.size, f.id", " AND (f.size, f.id) > (?, ?)"},
                [ORDER_SIZE_DESC] = {" ORDER BY f.size DESC, f.id DESC", " AND (f.size, f.id) < (?, ?)"},
                [ORDER_NAME] = {" ORDER BY f.name, f.id", " AND (f.name, f.id) > (?, ?)"},
                [ORDER_ID] = {" ORDER BY f.id", " AND f.id > ?"},
                [ORDER_ID_DESC] = {" ORDER BY f.id DESC", " AND f.id < ?"},
};

/* The sort key of the row the last page ended with. */
struct page_key {
        int64_t ordered_at, size;
        char name[256];
};

static int find_key(struct catalogue *c, int64_t id, struct page_key *ret)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, "SELECT ordered_at, size, name FROM footage WHERE id = ?1", &s);

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
        ret->ordered_at = sqlite3_column_int64(s, 0);
        ret->size = sqlite3_column_int64(s, 1);
        (void)snprintf(ret->name, sizeof(ret->name), "%s", (const char *)sqlite3_column_text(s, 2));
        return CATALOGUE_OK;
}

static void add_after(struct composition *p, const struct query *q, const struct page_key *key)
{
        if (q->after == 0)
                return;
        composition_add(p, order_sql[q->order].after);
        if (q->order == ORDER_TIME || q->order == ORDER_TIME_ASC)
                composition_bind(p, INTEGER(key->ordered_at));
        else if (q->order == ORDER_SIZE || q->order == ORDER_SIZE_DESC)
                composition_bind(p, INTEGER(key->size));
        else if (q->order == ORDER_NAME)
                composition_bind(p, RAW_TEXT(key->name));
        composition_bind(p, INTEGER(q->after));
}

static void add_time(struct composition *p, const struct query *q, const struct plan *plan)
{
        if (plan->from != INT64_MIN) {
                composition_add(p, " AND f.ordered_at >= ?");
                composition_bind(p, INTEGER(plan->from));
        }
        if (plan->to != INT64_MAX) {
                composition_add(p, " AND f.ordered_at < ?");
                composition_bind(p, INTEGER(plan->to));
        }
        if (plan->windowed) {
                composition_add(p, " AND f.id BETWEEN ? AND ?");
                composition_bind(p, INTEGER(plan->first_id));
                composition_bind(p, INTEGER(plan->last_id));
        }
        if (q->terms[FOOTAGE_ON].n > 1)
                composition_term(p, &q->terms[FOOTAGE_ON]);
}

/* The columns of the index must be given from its first on: one without a filter gets all of its few values.
 */
static void add_class(struct composition *p, const struct query *q, enum plan_access access)
{
        static const char *const all[] = {
                        [FOOTAGE_BY_KIND] = " AND f.kind IN (0, 1, 2, 3)",
                        [FOOTAGE_BY_VERDICT] = " AND f.verdict IN (0, 1, 2, 3, 4, 5, 6)",
                        [FOOTAGE_BY_SOURCE] = " AND f.source IN (0, 1, 2)",
        };
        size_t last = FOOTAGE_BY_BAY;

        while (last > FOOTAGE_BY_KIND && q->terms[last].n == 0)
                last--;
        for (size_t i = FOOTAGE_BY_KIND; i <= FOOTAGE_BY_BAY; i++) {
                if (q->terms[i].n > 0)
                        composition_term(p, &q->terms[i]);
                else if (access == ACCESS_CLASS && i < last)
                        composition_add(p, all[i]);
        }
}
_Static_assert(_MEDIA_KIND_MAX == 4 && _VERDICT_MAX == 7, "add_class() lists the values of both");

/* The full text index is read in order of its own ids, and from where they begin. */
static void add_match_order(struct composition *p, const struct query *q, const struct plan *plan)
{
        if (plan->windowed) {
                composition_add(p, " AND m.rowid BETWEEN ? AND ?");
                composition_bind(p, INTEGER(plan->first_id));
                composition_bind(p, INTEGER(plan->last_id));
        }
        if (q->after > 0) {
                composition_add(p, q->order == ORDER_ID ? " AND m.rowid > ?" : " AND m.rowid < ?");
                composition_bind(p, INTEGER(q->after));
        }
        composition_add(p, q->order == ORDER_ID ? " ORDER BY m.rowid" : " ORDER BY m.rowid DESC");
}

static void compose(struct composition *p, const struct query *q, const struct plan *plan,
                    enum plan_access access, const struct page_key *key)
{
        composition_begin(p);
        composition_add(p, access_sql[access]);
        if (access == ACCESS_NAMES)
                composition_bind(p, RAW_TEXT(plan->names));
        if (access == ACCESS_MATCH)
                composition_bind(p, RAW_TEXT(plan->match));
        for (size_t i = 0; i < _NUMBER_MAX; i++)
                composition_term(p, &plan->numbers[i]);
        add_time(p, q, plan);
        add_class(p, q, access);
        if (access == ACCESS_NAME && plan->prefix) {
                composition_add(p, " AND f.name >= ? AND f.name < ?");
                composition_bind(p, RAW_TEXT(plan->prefix));
                composition_bind(p, RAW_TEXT(plan->prefix_end));
        }
        for (size_t i = FOOTAGE_BY_NAME; i <= FOOTAGE_BY_ANNOTATED; i++)
                composition_term(p, &q->terms[i]);
        composition_term(p, &plan->cases);
        if (access == ACCESS_MATCH) {
                add_match_order(p, q, plan);
        } else {
                add_after(p, q, key);
                composition_add(p, order_sql[q->order].order);
        }
        composition_add(p, " LIMIT ?");
        composition_bind(p, INTEGER(q->limit));
}

static int run_row(struct catalogue *c, int64_t id, struct row_text *row,
                   int (*on_row)(void *userdata, const char *json), void *userdata)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, row_sql, &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(id)));
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r <= 0)
                return r;
        if (row_json(s, row_columns, ELEMENTSOF(row_columns), row) < 0)
                return catalogue_refuse(c, ENOMEM, "no memory for a row");
        return on_row(userdata, row->text);
}

int query_footage_row(struct catalogue *c, int64_t id, int (*on_row)(void *userdata, const char *json),
                      void *userdata)
{
        _cleanup_(row_text_done) struct row_text row = {0};

        return run_row(c, id, &row, on_row, userdata);
}

static int on_budget_spent(void *userdata)
{
        (void)userdata;
        return 1;
}

/* The ids of one page. -EINTR when the budget was not enough; 0 is no bound. */
static int collect(struct catalogue *c, sqlite3_stmt *s, int64_t budget, int64_t *ids, size_t *ret_n)
{
        size_t n = 0;
        int r;

        if (budget > 0)
                sqlite3_progress_handler(c->db, (int)MIN(budget, INT32_MAX), on_budget_spent, NULL);
        while ((r = statement_step(c, s)) > 0)
                ids[n++] = sqlite3_column_int64(s, 0);
        sqlite3_progress_handler(c->db, 0, NULL, NULL);
        *ret_n = n;
        return r;
}

static int prepare(struct catalogue *c, const struct query *q, const struct plan *plan,
                   enum plan_access access, const struct page_key *key, sqlite3_stmt **ret)
{
        _cleanup_(composition_done) struct composition p;

        compose(&p, q, plan, access, key);
        return composition_prepare(&p, c, ret);
}

/* The best way within its budget, then the safest without one. */
static int run_page(struct catalogue *c, const struct query *q, const struct plan *plan,
                    const struct page_key *key, int (*on_row)(void *userdata, const char *json),
                    void *userdata)
{
        const enum plan_access ways[] = {plan->best, plan->safest};
        _cleanup_(row_text_done) struct row_text row = {0};
        _cleanup_free_ int64_t *ids = calloc((size_t)q->limit, sizeof(*ids));
        size_t n = 0;
        int r = -EINTR;

        if (!ids)
                return catalogue_refuse(c, ENOMEM, "no memory for a query");
        for (size_t i = plan->best == plan->safest ? 1 : 0; r == -EINTR && i < ELEMENTSOF(ways); i++) {
                _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;

                r = prepare(c, q, plan, ways[i], key, &s);
                if (r == 0)
                        r = collect(c, s, i == 0 ? plan->budget * STEPS_PER_ENTRY : 0, ids, &n);
        }
        for (size_t i = 0; r == 0 && i < n; i++)
                r = run_row(c, ids[i], &row, on_row, userdata);
        return r;
}

static int run_stream(struct catalogue *c, const struct query *q, const struct plan *plan,
                      const struct page_key *key, int (*on_row)(void *userdata, const char *json),
                      void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        _cleanup_(row_text_done) struct row_text row = {0};
        int r = prepare(c, q, plan, plan->best, key, &s);

        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                r = run_row(c, sqlite3_column_int64(s, 0), &row, on_row, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

static int run_plan(struct catalogue *c, const struct query *q, struct plan *plan,
                    int (*on_row)(void *userdata, const char *json), void *userdata)
{
        struct page_key key = {0};
        int r = q->after > 0 ? find_key(c, q->after, &key) : 0;

        if (r != 0)
                return r;
        r = plan_make(c, q, plan);
        if (r < 0 || plan->empty)
                return r;
        if (q->limit > 0 && q->limit <= PAGE_MAX)
                return run_page(c, q, plan, &key, on_row, userdata);
        return run_stream(c, q, plan, &key, on_row, userdata);
}

int query_run_footage(struct catalogue *c, const struct query *q,
                      int (*on_row)(void *userdata, const char *json), void *userdata)
{
        _cleanup_(plan_done) struct plan plan = {0};

        return run_plan(c, q, &plan, on_row, userdata);
}

int query_footage_ids(struct catalogue *c, const struct query *q, int (*on_id)(void *userdata, int64_t id),
                      void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        _cleanup_(plan_done) struct plan plan = {0};
        const struct page_key unused = {0};
        int r = plan_make(c, q, &plan);

        if (r < 0 || plan.empty)
                return r;
        r = prepare(c, q, &plan, plan.safest, &unused, &s);
        while (r >= 0 && (r = statement_step(c, s)) > 0) {
                r = on_id(userdata, sqlite3_column_int64(s, 0));
                if (r != 0)
                        return r;
        }
        return r;
}
