// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 8 of the catalogue: recorders that were taken out of their bay, where that is a checkout by
 * policy. A row is written at the unplug, as the registry stood then. It waits, so that a recorder that is
 * pushed back in a moment later leaves nothing behind: then it is deleted. Otherwise it gets its duty, and
 * stays as the mark of a checkout that nobody has told.
 */
#include "catalogue/schema_versions.h"

const char schema_v8[] = "CREATE TABLE undocking ("
                         " docking INTEGER PRIMARY KEY REFERENCES docking (id),"
                         " recorder INTEGER NOT NULL REFERENCES recorder (id),"
                         " officer INTEGER NOT NULL REFERENCES officer (id),"
                         " at INTEGER NOT NULL, roster_end INTEGER CHECK (roster_end > at),"
                         " duty INTEGER UNIQUE REFERENCES duty (id)"
                         ") STRICT;"
                         "CREATE UNIQUE INDEX undocking_waiting ON undocking (recorder) WHERE duty IS NULL;"
                         "CREATE TRIGGER undocking_kept BEFORE DELETE ON undocking"
                         " WHEN OLD.duty IS NOT NULL BEGIN"
                         " SELECT RAISE(ABORT, 'a checkout is never deleted');"
                         "END;"
                         "CREATE TRIGGER undocking_unchanged BEFORE UPDATE ON undocking"
                         " WHEN OLD.duty IS NOT NULL BEGIN"
                         " SELECT RAISE(ABORT, 'a checkout is never changed');"
                         "END;";
