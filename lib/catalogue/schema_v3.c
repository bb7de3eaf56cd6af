// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 3 of the catalogue: the duty ledger. A duty is one time a recorder was away with somebody, from
 * the checkout to the return, and it waits until all that was recorded on it is footage. Without 'out_at'
 * nobody recorded the checkout; with 'return_docking' nobody recorded the return either, the recorder was
 * docked. That can still be told better afterwards; a return that somebody has told cannot.
 *
 * An extension is of a duty or of what one docking brings. Neither is ever changed or deleted: what deadline
 * stood on a day can be told years later.
 *
 * The index of the duties that wait holds all of them that the deadline clock looks at: its walk touches no
 * page of the many that are done with, whether they are in memory or not.
 */
#include "catalogue/schema_versions.h"

#define DUTY_TABLES                                                                                         \
        "CREATE TABLE duty ("                                                                               \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                            \
        " recorder INTEGER NOT NULL REFERENCES recorder (id),"                                              \
        " officer INTEGER REFERENCES officer (id),"                                                         \
        " out_at INTEGER, roster_end INTEGER, returned_at INTEGER,"                                         \
        " return_docking INTEGER REFERENCES docking (id), offloaded_at INTEGER,"                            \
        " CHECK (out_at IS NOT NULL OR returned_at IS NOT NULL),"                                           \
        " CHECK (out_at IS NULL OR returned_at IS NULL OR returned_at >= out_at),"                          \
        " CHECK (roster_end IS NULL OR (out_at IS NOT NULL AND roster_end > out_at)),"                      \
        " CHECK (returned_at IS NOT NULL OR (return_docking IS NULL AND offloaded_at IS NULL))"             \
        ") STRICT;"                                                                                         \
        "CREATE UNIQUE INDEX duty_out ON duty (recorder) WHERE returned_at IS NULL;"                        \
        "CREATE INDEX duty_by_return ON duty (recorder, returned_at);"                                      \
        "CREATE INDEX duty_waiting ON duty (recorder, id, officer, out_at, roster_end, returned_at,"        \
        " return_docking, offloaded_at) WHERE offloaded_at IS NULL;"                                        \
        "CREATE INDEX duty_by_officer ON duty (officer, out_at);"                                           \
        "CREATE TRIGGER duty_kept BEFORE DELETE ON duty BEGIN"                                              \
        " SELECT RAISE(ABORT, 'duties are never deleted');"                                                 \
        "END;"                                                                                              \
        "CREATE TRIGGER duty_unchanged BEFORE UPDATE OF id, recorder, officer, out_at, roster_end ON duty " \
        "BEGIN"                                                                                             \
        " SELECT RAISE(ABORT, 'a checkout is never changed');"                                              \
        "END;"                                                                                              \
        "CREATE TRIGGER duty_return_told BEFORE UPDATE OF returned_at, return_docking ON duty"              \
        " WHEN OLD.returned_at IS NOT NULL AND OLD.return_docking IS NULL BEGIN"                            \
        " SELECT RAISE(ABORT, 'a return that was told is never changed');"                                  \
        "END;"                                                                                              \
        "CREATE TRIGGER duty_offloaded_once BEFORE UPDATE OF offloaded_at ON duty"                          \
        " WHEN OLD.offloaded_at IS NOT NULL BEGIN"                                                          \
        " SELECT RAISE(ABORT, 'a duty ends once');"                                                         \
        "END;"

#define EXTENSION_TABLES                                                                             \
        "CREATE TABLE extension ("                                                                   \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                     \
        " duty INTEGER REFERENCES duty (id), docking INTEGER REFERENCES docking (id),"               \
        " until INTEGER NOT NULL, reason TEXT NOT NULL CHECK (reason <> ''),"                        \
        " approver TEXT NOT NULL CHECK (approver <> ''), granted_at INTEGER NOT NULL,"               \
        " CHECK ((duty IS NULL) <> (docking IS NULL))"                                               \
        ") STRICT;"                                                                                  \
        "CREATE INDEX extension_by_duty ON extension (duty, until) WHERE duty IS NOT NULL;"          \
        "CREATE INDEX extension_by_docking ON extension (docking, until) WHERE docking IS NOT NULL;" \
        "CREATE TRIGGER extension_kept BEFORE DELETE ON extension BEGIN"                             \
        " SELECT RAISE(ABORT, 'extensions are never deleted');"                                      \
        "END;"                                                                                       \
        "CREATE TRIGGER extension_unchanged BEFORE UPDATE ON extension BEGIN"                        \
        " SELECT RAISE(ABORT, 'extensions are never changed');"                                      \
        "END;"

const char schema_v3[] = DUTY_TABLES EXTENSION_TABLES;
