// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 12 of the catalogue: backups. A target is known by the random number in its marker; 'copied' says
 * that all footage up to this number has been copied there and proved, but for what backup_lacking has. A
 * row of backup is written when one has ended, whatever became of it.
 */
#include "catalogue/schema_versions.h"

const char schema_v12[] = "CREATE TABLE backup_target ("
                          " id INTEGER PRIMARY KEY,"
                          " uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),"
                          " path TEXT NOT NULL, registered_at INTEGER NOT NULL,"
                          " copied INTEGER NOT NULL DEFAULT 0 CHECK (copied >= 0)"
                          ") STRICT;"
                          "CREATE TABLE backup_lacking ("
                          " target INTEGER NOT NULL REFERENCES backup_target (id),"
                          " footage INTEGER NOT NULL REFERENCES footage (id),"
                          " reason TEXT NOT NULL, since INTEGER NOT NULL,"
                          " PRIMARY KEY (target, footage)"
                          ") STRICT, WITHOUT ROWID;"
                          "CREATE TABLE backup ("
                          " id INTEGER PRIMARY KEY,"
                          " target INTEGER REFERENCES backup_target (id)," /* NULL: it was not there */
                          " begun_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,"
                          " taken_at INTEGER," /* of the catalogue */
                          " full_check INTEGER NOT NULL, outcome INTEGER NOT NULL,"
                          " generation TEXT, kept INTEGER NOT NULL,"
                          " footage INTEGER NOT NULL, copied INTEGER NOT NULL, bytes INTEGER NOT NULL,"
                          " lacking INTEGER NOT NULL, displaced INTEGER NOT NULL, error TEXT"
                          ") STRICT;"
                          "CREATE INDEX backup_by_outcome ON backup (outcome, id);"
                          "CREATE INDEX backup_by_generation ON backup (generation);"
                          "CREATE TRIGGER backup_not_deleted BEFORE DELETE ON backup BEGIN"
                          " SELECT RAISE(ABORT, 'a backup that was made stays on record');"
                          "END;"
                          "CREATE TRIGGER backup_target_not_deleted BEFORE DELETE ON backup_target BEGIN"
                          " SELECT RAISE(ABORT, 'a target stays on record');"
                          "END;";
