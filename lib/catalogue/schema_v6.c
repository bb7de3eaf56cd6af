// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 6 of the catalogue: why a recorder did not record (Art. 23). Recordings and gaps are not here:
 * they follow from footage and the duty ledger, each time they are asked for. An explanation is of a time
 * and not of a gap, so that it stands whatever footage still arrives, and covers what was never recorded at
 * all. It is never changed or deleted; another one of the same time may be entered after it.
 */
#include "catalogue/schema_versions.h"

#define EXPLANATION_TABLES                                                                \
        "CREATE TABLE explanation ("                                                      \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                          \
        " recorder INTEGER NOT NULL REFERENCES recorder (id),"                            \
        " from_at INTEGER NOT NULL, to_at INTEGER NOT NULL CHECK (to_at > from_at),"      \
        " reason TEXT NOT NULL CHECK (reason <> ''), text TEXT,"                          \
        " reporter TEXT NOT NULL CHECK (reporter <> ''),"                                 \
        " approver TEXT NOT NULL CHECK (approver <> ''),"                                 \
        " entered_at INTEGER NOT NULL, entered_by TEXT NOT NULL CHECK (entered_by <> '')" \
        ") STRICT;"                                                                       \
        "CREATE INDEX explanation_by_recorder ON explanation (recorder, to_at, from_at);" \
        "CREATE TRIGGER explanation_kept BEFORE DELETE ON explanation BEGIN"              \
        " SELECT RAISE(ABORT, 'explanations are never deleted');"                         \
        "END;"                                                                            \
        "CREATE TRIGGER explanation_unchanged BEFORE UPDATE ON explanation BEGIN"         \
        " SELECT RAISE(ABORT, 'explanations are never changed');"                         \
        "END;"

const char schema_v6[] = EXPLANATION_TABLES;
