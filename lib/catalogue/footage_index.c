// SPDX-License-Identifier: LGPL-2.1-or-later
/* Merging the full text index; see footage_index.h. The commands are those of SQLite's documentation of
 * FTS5, section 6.8 "The 'merge' Command": a negative number begins with all pieces, and a step that changes
 * fewer than two rows had nothing to do. */
#include "catalogue/footage_index.h"
#include "catalogue/statement.h"

#define ROWS_LEAST 1000 /* that are worth a merge */
#define PART_LEAST 20   /* one of so many rows is new */

int footage_index_due(struct catalogue *c)
{
        int64_t fresh = 0;
        int r = statement_integer(c,
                                  "SELECT a.rows >= m.rows + max(?1, a.rows / ?2)"
                                  " FROM footage_tally AS a, footage_tally AS m"
                                  " WHERE a.dimension = 'all' AND m.dimension = 'merged'",
                                  VALUES(INTEGER(ROWS_LEAST), INTEGER(PART_LEAST)), &fresh);

        return r < 0 ? r : fresh != 0;
}

/* Rows that are filed between two steps are new to the next merge. */
static int note_merged(struct catalogue *c)
{
        return statement_run(c,
                             "UPDATE footage_tally SET rows = (SELECT rows FROM footage_tally"
                             " WHERE dimension = 'all') WHERE dimension = 'merged'",
                             NULL, 0);
}

int footage_index_merge(struct catalogue *c, bool first, int pages)
{
        int64_t before = sqlite3_total_changes64(c->db);
        int r = statement_run(c, "INSERT INTO footage_name (footage_name, rank) VALUES ('merge', ?1)",
                              VALUES(INTEGER(first ? -pages : pages)));

        if (r < 0)
                return r;
        if (sqlite3_total_changes64(c->db) - before >= 2)
                return 1;
        return note_merged(c);
}
