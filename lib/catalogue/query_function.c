// SPDX-License-Identifier: LGPL-2.1-or-later
/* SQL functions of the catalogue's own; see query_function.h. Not usable from the schema: what is stored
 * never depends on a zone. */
#include "catalogue/query_function.h"
#include "catalogue/statement.h"

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

int query_functions_add(struct catalogue *c)
{
        int r = sqlite3_create_function_v2(c->db, "rfc3339", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL,
                                           rfc3339, NULL, NULL, NULL);

        return r == SQLITE_OK ? 0 : catalogue_fail(c, r);
}
