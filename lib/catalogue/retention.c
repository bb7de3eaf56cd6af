// SPDX-License-Identifier: LGPL-2.1-or-later
/* How long the footage of the catalogue is kept; see retention.h. The functions read the rules of their
 * connection each time they are called. */
#include "catalogue/retention.h"
#include "catalogue/retention_sql.h"
#include "catalogue/statement.h"
#include "catalogue/word.h"

#include <inttypes.h>

const struct words retention_basis_words = {"basis", retention_bases, ELEMENTSOF(retention_bases)};

enum { FOOTAGE_VALUES = 3, CASE_VALUES = 4, FACT_VALUES = FOOTAGE_VALUES + CASE_VALUES + 1 };

void catalogue_set_retention(struct catalogue *c, struct retention_rules *rules)
{
        struct retention_rules *before = c->retention;

        c->retention = retention_rules_ref(rules);
        retention_rules_unref(before);
}

const struct retention_rules *catalogue_retention(const struct catalogue *c)
{
        return c->retention;
}

static instant_t instant_of(sqlite3_value *v)
{
        return sqlite3_value_type(v) == SQLITE_INTEGER ? sqlite3_value_int64(v) : INSTANT_NONE;
}

static void footage_facts(sqlite3_value **values, struct retention_facts *f)
{
        f->ended = instant_of(values[0]);
        f->offloaded = instant_of(values[1]);
        f->doubtful = sqlite3_value_int(values[2]) != 0;
}

/* file_until is the instant after the last day on which the case file is kept. */
static void case_facts(sqlite3_value **values, struct retention_facts *f)
{
        instant_t until = instant_of(values[3]);

        f->premises = (const char *)sqlite3_value_text(values[0]);
        f->category = (const char *)sqlite3_value_text(values[1]);
        f->evidence = sqlite3_value_int(values[2]) != 0;
        f->file_until = until == INSTANT_NONE ? RETENTION_NEVER : instant_to_day(until - 1);
}

static void judge(sqlite3_context *context, sqlite3_value **values, struct retention *ret)
{
        const struct catalogue *c = sqlite3_user_data(context);
        struct retention_facts f = {.held = sqlite3_value_int(values[FACT_VALUES - 1]) != 0};

        footage_facts(values, &f);
        case_facts(values + FOOTAGE_VALUES, &f);
        retention_judge(c->retention, &f, ret);
}

static void result_word(sqlite3_context *context, const char *word)
{
        if (word)
                sqlite3_result_text(context, word, -1, SQLITE_TRANSIENT);
}

static void retain_until(sqlite3_context *context, int n, sqlite3_value **values)
{
        struct retention r;

        (void)n;
        judge(context, values, &r);
        if (r.until != RETENTION_NEVER)
                sqlite3_result_int64(context, r.until);
}

static void retain_basis(sqlite3_context *context, int n, sqlite3_value **values)
{
        struct retention r;

        (void)n;
        judge(context, values, &r);
        result_word(context, retention_basis_text(r.basis));
}

static void retain_class(sqlite3_context *context, int n, sqlite3_value **values)
{
        struct retention r;

        (void)n;
        judge(context, values, &r);
        result_word(context, r.decided ? r.decided->word : NULL);
}

static void retain_chinese(sqlite3_context *context, int n, sqlite3_value **values)
{
        struct retention r;

        (void)n;
        judge(context, values, &r);
        result_word(context, r.decided ? r.decided->chinese : NULL);
}

static void retain_english(sqlite3_context *context, int n, sqlite3_value **values)
{
        struct retention r;

        (void)n;
        judge(context, values, &r);
        result_word(context, r.decided ? r.decided->english : NULL);
}

static void retain_approved(sqlite3_context *context, int n, sqlite3_value **values)
{
        const struct catalogue *c = sqlite3_user_data(context);
        struct retention_facts before = {.held = false}, after = {.held = false};

        (void)n;
        footage_facts(values, &before);
        footage_facts(values, &after);
        case_facts(values + FOOTAGE_VALUES, &before);
        case_facts(values + FOOTAGE_VALUES + CASE_VALUES, &after);
        sqlite3_result_int(context, retention_change_is_approved(c->retention, &before, &after));
}

static void local_day(sqlite3_context *context, int n, sqlite3_value **values)
{
        (void)n;
        if (instant_of(values[0]) != INSTANT_NONE)
                sqlite3_result_int64(context, instant_to_day(sqlite3_value_int64(values[0])));
}

static void day_text(sqlite3_context *context, int n, sqlite3_value **values)
{
        char text[DAY_TEXT_MAX];

        (void)n;
        if (sqlite3_value_type(values[0]) == SQLITE_INTEGER)
                result_word(context, day_format(sqlite3_value_int64(values[0]), text));
}

int retention_functions_add(struct catalogue *c)
{
        static const struct {
                const char *name;
                int arguments;
                void (*call)(sqlite3_context *context, int n, sqlite3_value **values);
        } functions[] = {
                        {"retain_until", FACT_VALUES, retain_until},
                        {"retain_basis", FACT_VALUES, retain_basis},
                        {"retain_class", FACT_VALUES, retain_class},
                        {"retain_chinese", FACT_VALUES, retain_chinese},
                        {"retain_english", FACT_VALUES, retain_english},
                        {"retain_approved", FOOTAGE_VALUES + 2 * CASE_VALUES, retain_approved},
                        {"local_day", 1, local_day},
                        {"day_text", 1, day_text},
        };

        for (size_t i = 0; i < ELEMENTSOF(functions); i++) {
                int r = sqlite3_create_function_v2(c->db, functions[i].name, functions[i].arguments,
                                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, c, functions[i].call,
                                                   NULL, NULL, NULL);

                if (r != SQLITE_OK)
                        return catalogue_fail(c, r);
        }
        return 0;
}

/* Nobody has ever said of what class the footage is, so that the first who does shortens nothing. */
#define NEVER_CLASSED                                                                                       \
        "(c.premises_class IS NULL AND NOT EXISTS (SELECT 1 FROM case_change AS x WHERE x.case_file = c.id" \
        " AND x.field = 'premises_class' AND x.old IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM case_change"  \
        " AS x WHERE x.footage = f.id AND x.old IS NOT NULL))"

/* min() makes the other columns those of its own row (sqlite.org/lang_select.html, bare columns). 'a' is
 * what the case would be. */
#define SHORTENING(from)                                                                                  \
        "SELECT count(*), min(f.id), retain_until(" RETENTION_UNHELD "), retain_until(" RETENTION_FOOTAGE \
        ", a.premises_class, a.long_term, a.evidence, a.file_until, 0)" from                              \
        " AND retain_approved(" RETENTION_FOOTAGE ", iif(" NEVER_CLASSED                                  \
        ", a.premises_class, c.premises_class), c.long_term, c.evidence, c.file_until, a.premises_class," \
        " a.long_term, a.evidence, a.file_until)"

static const char case_sql[] = SHORTENING(
                " FROM (SELECT ?2 AS premises_class, ?3 AS long_term, ?4 AS evidence, ?5 AS file_until) AS a"
                " JOIN footage AS f JOIN case_file AS c ON c.id = f.case_id WHERE f.case_id = ?1");

static const char move_sql[] = SHORTENING(" FROM json_each(?1) AS j CROSS JOIN footage AS f LEFT JOIN "
                                          "case_file AS c ON c.id = f.case_id"
                                          " LEFT JOIN case_file AS a ON a.id = ?2 WHERE f.id = j.value");

static day_t column_day(sqlite3_stmt *s, int column)
{
        return sqlite3_column_type(s, column) == SQLITE_NULL ? RETENTION_NEVER
                                                             : sqlite3_column_int64(s, column);
}

static int shortening_find(struct catalogue *c, const char *sql, const struct value *values, size_t n,
                           struct shortening *ret)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, sql, &s);

        if (r == 0)
                r = statement_bind(c, s, values, n);
        if (r == 0)
                r = statement_step(c, s);
        if (r < 0)
                return r;
        *ret = (struct shortening){.footage = sqlite3_column_int64(s, 0),
                                   .first = sqlite3_column_int64(s, 1),
                                   .before = column_day(s, 2),
                                   .after = column_day(s, 3)};
        return CATALOGUE_OK;
}

static int case_exists(struct catalogue *c, int64_t id)
{
        int64_t found;

        return statement_integer(c, "SELECT 1 FROM case_file WHERE id = ?1", VALUES(INTEGER(id)), &found);
}

int retention_case_shortens(struct catalogue *c, int64_t case_file, const struct case_retention *after,
                            struct shortening *ret)
{
        int r = case_exists(c, case_file);

        if (r != CATALOGUE_OK)
                return r;
        return shortening_find(c, case_sql,
                               VALUES(INTEGER(case_file), TEXT(after->premises_class), TEXT(after->category),
                                      INTEGER(after->evidence), INSTANT(after->file_until)),
                               ret);
}

/* "[1,2,3]", malloc'd; NULL without memory. */
static char *numbers_text(const int64_t *numbers, size_t n)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        (void)fputc('[', f);
        for (size_t i = 0; i < n; i++)
                (void)fprintf(f, "%s%" PRId64, i > 0 ? "," : "", numbers[i]);
        (void)fputc(']', f);
        if (fclose(f) == 0)
                return text;
        free(text);
        return NULL;
}

int retention_move_shortens(struct catalogue *c, const int64_t *footage, size_t n, int64_t to_case,
                            struct shortening *ret)
{
        _cleanup_free_ char *numbers = numbers_text(footage, n);
        int r = to_case > 0 ? case_exists(c, to_case) : CATALOGUE_OK;

        if (r != CATALOGUE_OK)
                return r;
        if (!numbers)
                return catalogue_refuse(c, ENOMEM, "no memory for numbers of footage");
        return shortening_find(c, move_sql, VALUES(RAW_TEXT(numbers), ID(to_case)), ret);
}
