// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 11 of the catalogue: holds. A hold is of a case, with all that is or will be in it, or of one
 * footage; while one stands, what it is of is kept whatever its term (Art. 29, 30; litigation, a complaint,
 * a transfer). Nothing of it ever changes but that it is released, once, with an approver.
 *
 * How long footage is kept is not stored: it follows from the case, the holds and the profile, each time it
 * is asked for. The two indexes have the holds that stand only.
 */
#include "catalogue/schema_versions.h"

#define HOLD_TABLE                                                                               \
        "CREATE TABLE hold ("                                                                    \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                 \
        " case_file INTEGER REFERENCES case_file (id), footage INTEGER REFERENCES footage (id)," \
        " reason TEXT NOT NULL CHECK (reason <> ''), text TEXT,"                                 \
        " held_at INTEGER NOT NULL, held_by TEXT NOT NULL CHECK (held_by <> ''),"                \
        " released_at INTEGER, released_by TEXT, release_reason TEXT, release_approver TEXT,"    \
        " CHECK ((case_file IS NULL) <> (footage IS NULL)),"                                     \
        " CHECK (iif(released_at IS NULL, released_by IS NULL AND release_reason IS NULL"        \
        " AND release_approver IS NULL, ifnull(released_by, '') <> ''"                           \
        " AND ifnull(release_reason, '') <> '' AND ifnull(release_approver, '') <> ''))"         \
        ") STRICT;"                                                                              \
        "CREATE INDEX hold_of_case ON hold (case_file, id) WHERE released_at IS NULL;"           \
        "CREATE INDEX hold_of_footage ON hold (footage, id) WHERE released_at IS NULL;"

/* The first one is for INSERT OR REPLACE, as in version 1. */
#define HOLD_GUARDS                                                                                     \
        "CREATE TRIGGER hold_not_replaced BEFORE INSERT ON hold"                                        \
        " WHEN NEW.released_at IS NOT NULL OR EXISTS (SELECT 1 FROM hold WHERE id = NEW.id) BEGIN"      \
        " SELECT RAISE(ABORT, 'holds only grow at their end');"                                         \
        "END;"                                                                                          \
        "CREATE TRIGGER hold_kept BEFORE DELETE ON hold BEGIN"                                          \
        " SELECT RAISE(ABORT, 'holds are never deleted');"                                              \
        "END;"                                                                                          \
        "CREATE TRIGGER hold_unchanged BEFORE UPDATE OF id, case_file, footage, reason, text, held_at," \
        " held_by ON hold BEGIN"                                                                        \
        " SELECT RAISE(ABORT, 'a hold is never changed');"                                              \
        "END;"                                                                                          \
        "CREATE TRIGGER hold_released_once BEFORE UPDATE OF released_at, released_by, release_reason,"  \
        " release_approver ON hold WHEN OLD.released_at IS NOT NULL BEGIN"                              \
        " SELECT RAISE(ABORT, 'a hold is released once');"                                              \
        "END;"

const char schema_v11[] = HOLD_TABLE HOLD_GUARDS;
