// SPDX-License-Identifier: LGPL-2.1-or-later
/* SQL functions of the catalogue's own; see query_function.h. Not usable from the schema: what is stored
 * never depends on a zone. */
#include "catalogue/alert_kind.h"
#include "catalogue/backup.h"
#include "catalogue/volume.h"
#include "catalogue/query_function.h"
#include "catalogue/statement.h"
#include "catalogue/word.h"

static void rfc3339(sqlite3_context *context, int n, sqlite3_value **values)
{
        char text[INSTANT_TEXT_MAX];

        (void)n;
        if (sqlite3_value_type(values[0]) != SQLITE_INTEGER)
                return; /* the result is NULL */
        (void)instant_format(sqlite3_value_int64(values[0]), text);
        if (text[0] != '\0')
                sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* The station's clock, not SQLite's: tests put another one in its place. */
static void now(sqlite3_context *context, int n, sqlite3_value **values)
{
        (void)n;
        (void)values;
        sqlite3_result_int64(context, clock_now());
}

static void word(sqlite3_context *context, int n, sqlite3_value **values)
{
        const struct words *words = sqlite3_user_data(context);

        (void)n;
        if (sqlite3_value_type(values[0]) == SQLITE_INTEGER)
                sqlite3_result_text(context, word_of(words, sqlite3_value_int(values[0])), -1,
                                    SQLITE_STATIC);
}

int query_functions_add(struct catalogue *c)
{
        static const struct {
                const char *name;
                int arguments;
                void (*call)(sqlite3_context *context, int n, sqlite3_value **values);
                const struct words *words;
        } functions[] = {
                        {"rfc3339", 1, rfc3339, NULL},
                        {"now", 0, now, NULL},
                        {"verdict_word", 1, word, &verdict_words},
                        {"alert_severity_word", 1, word, &alert_severity_words},
                        {"backup_outcome_word", 1, word, &backup_outcome_words},
                        {"medium_kind_word", 1, word, &medium_kind_words},
                        {"medium_state_word", 1, word, &medium_state_words},
                        {"volume_state_word", 1, word, &volume_state_words},
                        {"volume_check_word", 1, word, &volume_check_words},
                        {"copy_result_word", 1, word, &copy_result_words},
                        {"kind_word", 1, word, &kind_words},
                        {"source_word", 1, word, &source_words},
                        {"docking_state_word", 1, word, &docking_state_words},
                        {"item_state_word", 1, word, &item_state_words},
                        {"finding_kind_word", 1, word, &finding_kind_words},
                        {"finding_state_word", 1, word, &finding_state_words},
        };

        for (size_t i = 0; i < ELEMENTSOF(functions); i++) {
                int r = sqlite3_create_function_v2(c->db, functions[i].name, functions[i].arguments,
                                                   SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                                   (void *)functions[i].words, functions[i].call, NULL, NULL,
                                                   NULL);

                if (r != SQLITE_OK)
                        return catalogue_fail(c, r);
        }
        return 0;
}
