// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 14 of the catalogue: the full text index knows facts beside the name (footage_token.h). A part of
 * a name and a kind, each common, may have no row in common; only what holds both can say so without looking
 * at each row of either. Once a fact of some row was judged anew, the index holds the old one, and its facts
 * are not asked any more: that is counted. The index by annotation gets the columns that the others have.
 */
#include "catalogue/footage_token.h"
#include "catalogue/schema_versions.h"

const char schema_v14[] =
                "DROP TABLE footage_name;"
                "CREATE VIRTUAL TABLE footage_name USING fts5 (" FOOTAGE_TOKEN_COLUMNS ", content='',"
                " columnsize=0, detail=none, tokenize='trigram case_sensitive 1');"
                "INSERT INTO footage_name (rowid, " FOOTAGE_TOKEN_COLUMNS ")"
                " SELECT id, " FOOTAGE_TOKENS " FROM footage ORDER BY id;"
                "DROP INDEX footage_by_annotation;"
                "CREATE INDEX footage_by_annotation ON footage (annotated, ordered_at, id, unit, officer,"
                " recorder, kind, verdict, source, bay, size, name);"
                "CREATE TRIGGER footage_rejudged AFTER UPDATE OF unit, officer, kind, verdict ON footage "
                "BEGIN"
                " INSERT INTO footage_tally VALUES ('rejudged', 0, 1) ON CONFLICT DO UPDATE SET rows = rows "
                "+ 1;"
                "END;";
