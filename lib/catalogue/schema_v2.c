// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 2 of the catalogue: recorders that dock as a disk, and what was brought in by hand.
 *
 * A docking may be an import (source as of footage): then 'actor' is who did it, with the reason and, when
 * said, the officer. item_unreadable has what the medium did not give: the copy has zeros there, and once
 * the item is footage the ranges are evidence like the bytes. 'rest' marks the last range of a file with too
 * many: it reaches to the end, and what is readable in it is not told. A finding is something on the
 * recorder that nobody may overlook, one row per docking that came across it; texts are '' and not NULL
 * where they are part of its identity, because NULLs are never equal in a UNIQUE index.
 */
#include "catalogue/schema_versions.h"

#define DOCKING_COLUMNS_ADDED                                                               \
        "ALTER TABLE docking ADD COLUMN driver TEXT;"                                       \
        "ALTER TABLE docking ADD COLUMN source INTEGER NOT NULL DEFAULT 0;"                 \
        "ALTER TABLE docking ADD COLUMN actor TEXT;"                                        \
        "ALTER TABLE docking ADD COLUMN import_reason TEXT;"                                \
        "ALTER TABLE docking ADD COLUMN import_officer INTEGER REFERENCES officer (id);"    \
        "ALTER TABLE docking ADD COLUMN unreadable INTEGER NOT NULL DEFAULT 0;" /* bytes */ \
        "ALTER TABLE docking ADD COLUMN findings INTEGER NOT NULL DEFAULT 0;"

#define UNREADABLE_TABLES                                                                     \
        "CREATE TABLE item_unreadable ("                                                      \
        " item INTEGER NOT NULL REFERENCES item (id),"                                        \
        " start INTEGER NOT NULL CHECK (start >= 0), size INTEGER NOT NULL CHECK (size > 0)," \
        " rest INTEGER NOT NULL,"                                                             \
        " PRIMARY KEY (item, start)"                                                          \
        ") STRICT, WITHOUT ROWID;"

#define UNREADABLE_GUARD(name, event, row)                                                        \
        "CREATE TRIGGER item_unreadable_" name " BEFORE " event " ON item_unreadable"             \
        " WHEN EXISTS (SELECT 1 FROM item WHERE id = " row ".item AND footage IS NOT NULL) BEGIN" \
        " SELECT RAISE(ABORT, 'evidence of footage is never changed');"                           \
        "END;"

#define FINDING_TABLES                                                                               \
        "CREATE TABLE finding ("                                                                     \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                     \
        " docking INTEGER NOT NULL REFERENCES docking (id),"                                         \
        " recorder INTEGER NOT NULL REFERENCES recorder (id),"                                       \
        " kind INTEGER NOT NULL, word TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,"     \
        " time_text TEXT NOT NULL, text TEXT, count INTEGER NOT NULL, recoverable INTEGER NOT NULL," \
        " state INTEGER NOT NULL, item INTEGER REFERENCES item (id), found_at INTEGER NOT NULL,"     \
        " UNIQUE (docking, kind, word, path, size, time_text)"                                       \
        ") STRICT;"                                                                                  \
        "CREATE INDEX finding_by_recorder ON finding (recorder, kind);"                              \
        "CREATE INDEX finding_by_item ON finding (item);"                                            \
        "CREATE TRIGGER finding_kept BEFORE DELETE ON finding BEGIN"                                 \
        " SELECT RAISE(ABORT, 'findings are never deleted');"                                        \
        "END;"

const char schema_v2[] = DOCKING_COLUMNS_ADDED UNREADABLE_TABLES UNREADABLE_GUARD("added", "INSERT", "NEW")
                UNREADABLE_GUARD("changed", "UPDATE", "OLD") UNREADABLE_GUARD("dropped", "DELETE", "OLD")
                                FINDING_TABLES;
