// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 10 of the catalogue: cases, and what footage is in which. The table is case_file because CASE is a
 * word of SQL. Times of activities and closings may be unknown; 'file_until' is the first instant after the
 * last day on which the case file is kept. A case is never deleted, its number and unit never change, and
 * neither does its history: case_change has one row per field of a case and per footage that came or went
 * (field 'case'; one that moved has a row for either case).
 *
 * Footage is annotated when its case has number, party and handler (R-28-7). That follows from other rows,
 * and is kept beside each footage by triggers, because the few that are not annotated must be found among
 * millions that are, and the other way round. How many are is a tally like those of version 1.
 *
 * setting holds what the station has to remember of itself, by name: 'annotation-since'.
 */
#include "catalogue/schema_versions.h"

#define CASE_TABLES                                                                                   \
        "CREATE TABLE case_file ("                                                                    \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                      \
        " number TEXT NOT NULL CHECK (number <> ''),"                                                 \
        " unit INTEGER NOT NULL REFERENCES unit (id),"                                                \
        " supervision_number TEXT, file_number TEXT, party TEXT, handler TEXT,"                       \
        " activity TEXT, premises TEXT, premises_class TEXT, long_term TEXT,"                         \
        " secrecy TEXT NOT NULL, evidence INTEGER NOT NULL CHECK (evidence IN (0, 1)),"               \
        " from_at INTEGER, to_at INTEGER,"                                                            \
        " opened_at INTEGER NOT NULL, closed_at INTEGER, file_until INTEGER,"                         \
        " UNIQUE (number, unit),"                                                                     \
        " CHECK (from_at IS NULL OR to_at IS NULL OR to_at > from_at),"                               \
        " CHECK (closed_at IS NULL OR closed_at >= opened_at)"                                        \
        ") STRICT;"                                                                                   \
        "CREATE INDEX case_file_by_unit ON case_file (unit, opened_at);"                              \
        "CREATE INDEX case_file_by_opened ON case_file (opened_at);"                                  \
        "CREATE TABLE case_change ("                                                                  \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                      \
        " case_file INTEGER NOT NULL REFERENCES case_file (id),"                                      \
        " footage INTEGER REFERENCES footage (id),"                                                   \
        " field TEXT NOT NULL CHECK (field <> ''), old TEXT, new TEXT,"                               \
        " at INTEGER NOT NULL, actor TEXT NOT NULL CHECK (actor <> ''), approver TEXT, reason TEXT"   \
        ") STRICT;"                                                                                   \
        "CREATE INDEX case_change_by_case ON case_change (case_file, id);"                            \
        "CREATE INDEX case_change_by_footage ON case_change (footage, id) WHERE footage IS NOT NULL;" \
        "CREATE TABLE setting ("                                                                      \
        " name TEXT PRIMARY KEY CHECK (name <> ''), value INTEGER NOT NULL"                           \
        ") STRICT, WITHOUT ROWID;"

/* The first of either pair is for INSERT OR REPLACE, as in version 1. */
#define CASE_GUARDS                                                                                     \
        "CREATE TRIGGER case_file_not_replaced BEFORE INSERT ON case_file WHEN EXISTS"                  \
        " (SELECT 1 FROM case_file WHERE id = NEW.id OR (number = NEW.number AND unit = NEW.unit))"     \
        " BEGIN"                                                                                        \
        " SELECT RAISE(ABORT, 'a case is never replaced');"                                             \
        "END;"                                                                                          \
        "CREATE TRIGGER case_file_kept BEFORE DELETE ON case_file BEGIN"                                \
        " SELECT RAISE(ABORT, 'cases are never deleted');"                                              \
        "END;"                                                                                          \
        "CREATE TRIGGER case_file_unchanged BEFORE UPDATE OF id, number, unit, opened_at ON case_file"  \
        " BEGIN"                                                                                        \
        " SELECT RAISE(ABORT, 'what a case is known by never changes');"                                \
        "END;"                                                                                          \
        "CREATE TRIGGER case_change_in_order BEFORE INSERT ON case_change"                              \
        " WHEN EXISTS (SELECT 1 FROM case_change WHERE id = NEW.id) BEGIN"                              \
        " SELECT RAISE(ABORT, 'the history of cases only grows');"                                      \
        "END;"                                                                                          \
        "CREATE TRIGGER case_change_kept BEFORE DELETE ON case_change BEGIN"                            \
        " SELECT RAISE(ABORT, 'the history of cases only grows');"                                      \
        "END;"                                                                                          \
        "CREATE TRIGGER case_change_unchanged BEFORE UPDATE ON case_change BEGIN"                       \
        " SELECT RAISE(ABORT, 'the history of cases only grows');"                                      \
        "END;"                                                                                          \
        "CREATE TRIGGER footage_case_known BEFORE UPDATE OF case_id ON footage WHEN NEW.case_id IS NOT" \
        " NULL AND NOT EXISTS (SELECT 1 FROM case_file WHERE id = NEW.case_id) BEGIN"                   \
        " SELECT RAISE(ABORT, 'footage is in no case that there is not');"                              \
        "END;"

/* What a page of a case, the times of its footage and its size are read from, then what is annotated and not
 * in order of time, then what waits for its case in order of the offload. */
#define FOOTAGE_ANNOTATION                                                                             \
        "ALTER TABLE footage ADD COLUMN annotated INTEGER NOT NULL DEFAULT 0;"                         \
        "CREATE INDEX footage_by_case ON footage (case_id, ordered_at, id, started_at, ended_at,"      \
        " duration, size) WHERE case_id IS NOT NULL;"                                                  \
        "CREATE INDEX footage_by_annotation ON footage (annotated, ordered_at, id, unit, officer,"     \
        " recorder);"                                                                                  \
        "CREATE INDEX footage_unannotated ON footage (unit, offloaded_at, annotated)"                  \
        " WHERE annotated = 0;"                                                                        \
        "CREATE TRIGGER footage_cased AFTER UPDATE OF case_id ON footage BEGIN"                        \
        " UPDATE footage SET annotated = 1 - annotated WHERE id = NEW.id AND annotated IS NOT EXISTS"  \
        " (SELECT 1 FROM case_file WHERE id = NEW.case_id AND party <> '' AND handler <> '');"         \
        "END;"                                                                                         \
        "CREATE TRIGGER footage_annotated AFTER UPDATE OF annotated ON footage"                        \
        " WHEN NEW.annotated IS NOT OLD.annotated BEGIN"                                               \
        " INSERT INTO footage_tally VALUES ('annotated', 0, NEW.annotated - OLD.annotated)"            \
        " ON CONFLICT DO UPDATE SET rows = rows + excluded.rows;"                                      \
        "END;"                                                                                         \
        "CREATE TRIGGER case_file_annotates AFTER UPDATE OF party, handler ON case_file"               \
        " WHEN (NEW.party <> '' AND NEW.handler <> '') IS NOT (OLD.party <> '' AND OLD.handler <> '')" \
        " BEGIN"                                                                                       \
        " UPDATE footage SET annotated = ifnull(NEW.party <> '' AND NEW.handler <> '', 0)"             \
        " WHERE case_id = NEW.id;"                                                                     \
        "END;"

const char schema_v10[] = CASE_TABLES CASE_GUARDS FOOTAGE_ANNOTATION;
