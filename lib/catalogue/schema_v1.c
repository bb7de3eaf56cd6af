// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 1 of the catalogue. Times are UTC microseconds; NULL is "not known". Evidence is guarded where no
 * program can forget it: the ledger and footage have triggers that refuse to change or delete what was
 * recorded.
 *
 * The indexes of footage carry every column a query may filter by, so that a scan never leaves the index:
 * that is what keeps any mix of filters within milliseconds (see query_plan.c). by_class serves four columns
 * of few values at once. The tallies are exact counts per value, kept by a trigger, by which a plan is
 * chosen without counting anything. footage_name finds a part of a name by its groups of three characters;
 * footage.c fills it, since a trigger may not touch a virtual table when the schema is not trusted.
 */
#include "catalogue/schema_versions.h"

#define REGISTRY_TABLES                                                          \
        "CREATE TABLE unit ("                                                    \
        " id INTEGER PRIMARY KEY,"                                               \
        " number TEXT NOT NULL UNIQUE CHECK (number <> ''),"                     \
        " name TEXT,"                                                            \
        " parent INTEGER REFERENCES unit (id)"                                   \
        ") STRICT;"                                                              \
        "CREATE INDEX unit_by_parent ON unit (parent);"                          \
        "CREATE TABLE officer ("                                                 \
        " id INTEGER PRIMARY KEY,"                                               \
        " number TEXT NOT NULL UNIQUE CHECK (number <> ''),"                     \
        " name TEXT"                                                             \
        ") STRICT;"                                                              \
        "CREATE TABLE officer_unit ("                                            \
        " officer INTEGER NOT NULL REFERENCES officer (id),"                     \
        " since INTEGER NOT NULL,"                                               \
        " unit INTEGER REFERENCES unit (id),"                                    \
        " PRIMARY KEY (officer, since)"                                          \
        ") STRICT, WITHOUT ROWID;"                                               \
        "CREATE INDEX officer_unit_by_unit ON officer_unit (unit);"              \
        "CREATE TABLE recorder ("                                                \
        " id INTEGER PRIMARY KEY,"                                               \
        " number TEXT NOT NULL UNIQUE CHECK (number <> ''),"                     \
        " usb_serial TEXT,"                                                      \
        " serial TEXT,"                                                          \
        " model TEXT,"                                                           \
        " vendor_id INTEGER NOT NULL,"                                           \
        " product_id INTEGER NOT NULL,"                                          \
        " unit INTEGER REFERENCES unit (id),"                                    \
        " registered_at INTEGER NOT NULL,"                                       \
        " retired_at INTEGER"                                                    \
        ") STRICT;"                                                              \
        "CREATE INDEX recorder_by_usb_serial ON recorder (usb_serial);"          \
        "CREATE INDEX recorder_by_serial ON recorder (serial);"                  \
        "CREATE INDEX recorder_by_unit ON recorder (unit);"                      \
        "CREATE TABLE assignment ("                                              \
        " id INTEGER PRIMARY KEY,"                                               \
        " recorder INTEGER NOT NULL REFERENCES recorder (id),"                   \
        " officer INTEGER NOT NULL REFERENCES officer (id),"                     \
        " from_at INTEGER NOT NULL,"                                             \
        " until_at INTEGER CHECK (until_at IS NULL OR until_at > from_at)"       \
        ") STRICT;"                                                              \
        "CREATE INDEX assignment_by_recorder ON assignment (recorder, from_at);" \
        "CREATE INDEX assignment_by_officer ON assignment (officer, from_at);"

#define DOCKING_TABLES                                                                                     \
        "CREATE TABLE docking ("                                                                           \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                           \
        " bay TEXT, port TEXT, vendor_id INTEGER NOT NULL, product_id INTEGER NOT NULL, usb_serial TEXT,"  \
        " recorder INTEGER REFERENCES recorder (id),"                                                      \
        " state INTEGER NOT NULL, reason TEXT,"                                                            \
        " plugged_at INTEGER NOT NULL, identified_at INTEGER, listed_at INTEGER, released_at INTEGER,"     \
        " unplugged_at INTEGER,"                                                                           \
        " manufacturer TEXT, model TEXT, firmware TEXT, serial TEXT, officer TEXT, unit TEXT,"             \
        " battery INTEGER, free INTEGER, total INTEGER,"                                                   \
        " clock_text TEXT, clock_offset INTEGER, clock_uncertainty INTEGER, clock_set_to TEXT,"            \
        " seen INTEGER NOT NULL, pulled INTEGER NOT NULL, already_held INTEGER NOT NULL,"                  \
        " failed INTEGER NOT NULL, late INTEGER NOT NULL, removed INTEGER NOT NULL,"                       \
        " bytes INTEGER NOT NULL, bad_verdicts INTEGER NOT NULL, listing_complete INTEGER NOT NULL"        \
        ") STRICT;"                                                                                        \
        "CREATE INDEX docking_by_recorder ON docking (recorder, plugged_at);"                              \
        "CREATE INDEX docking_by_bay ON docking (bay, plugged_at);"                                        \
        "CREATE INDEX docking_by_plugged ON docking (plugged_at);"                                         \
        "CREATE INDEX docking_by_state ON docking (state, plugged_at);"                                    \
        "CREATE TABLE item ("                                                                              \
        " id INTEGER PRIMARY KEY AUTOINCREMENT," /* a number names a part on the disk: never used twice */ \
        " recorder INTEGER NOT NULL REFERENCES recorder (id),"                                             \
        " docking INTEGER NOT NULL REFERENCES docking (id),"                                               \
        " part_docking INTEGER REFERENCES docking (id),"                                                   \
        " path TEXT NOT NULL,"                                                                             \
        " size INTEGER NOT NULL," /* -1 and '' here, not NULL: NULLs are never equal in a UNIQUE index */  \
        " time_text TEXT NOT NULL,"                                                                        \
        " flags INTEGER NOT NULL, state INTEGER NOT NULL, durable INTEGER NOT NULL,"                       \
        " durable_sha256 BLOB CHECK (length(durable_sha256) = 32),"                                        \
        " actual_size INTEGER,"                                                                            \
        " sha256 BLOB CHECK (length(sha256) = 32),"                                                        \
        " sm3 BLOB CHECK (length(sm3) = 32),"                                                              \
        " attempts INTEGER NOT NULL, error TEXT,"                                                          \
        " footage INTEGER REFERENCES footage (id),"                                                        \
        " UNIQUE (recorder, path, size, time_text)"                                                        \
        ") STRICT;"                                                                                        \
        "CREATE INDEX item_by_state ON item (state);"                                                      \
        "CREATE INDEX item_by_docking ON item (docking);"

/* Common to footage and the intent before it. ordered_at is the start, else the offload: by it rows are
 * ordered and ranged. */
#define FOOTAGE_COLUMNS_SQL                                                                               \
        " docking INTEGER, unit INTEGER REFERENCES unit (id), recorder INTEGER REFERENCES recorder (id)," \
        " officer INTEGER REFERENCES officer (id), bay TEXT,"                                             \
        " name TEXT NOT NULL, source INTEGER NOT NULL, source_path TEXT NOT NULL,"                        \
        " started_at INTEGER, ended_at INTEGER, ordered_at INTEGER NOT NULL, time_source TEXT,"           \
        " time_flags INTEGER NOT NULL, name_time INTEGER, container_time INTEGER, device_time INTEGER,"   \
        " device_time_text TEXT, zone TEXT, clock_offset INTEGER, officer_source TEXT, duration INTEGER," \
        " size INTEGER NOT NULL CHECK (size >= 0),"                                                       \
        " sha256 BLOB NOT NULL CHECK (length(sha256) = 32), sm3 BLOB CHECK (length(sm3) = 32),"           \
        " verdict INTEGER NOT NULL, verdict_reasons TEXT, container TEXT, codecs TEXT,"                   \
        " kind INTEGER NOT NULL, path TEXT NOT NULL UNIQUE CHECK (path <> ''),"                           \
        " offloaded_at INTEGER, deadline INTEGER, late_us INTEGER, case_id INTEGER,"                      \
        " important INTEGER NOT NULL"

#define FOOTAGE_TABLES                                                                                     \
        "CREATE TABLE footage ("                                                                           \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                           \
        " item INTEGER REFERENCES item (id)," FOOTAGE_COLUMNS_SQL ") STRICT;"                              \
        "CREATE TABLE footage_intent ("                                                                    \
        " item INTEGER PRIMARY KEY," FOOTAGE_COLUMNS_SQL ") STRICT;"                                       \
        "CREATE INDEX footage_by_time ON footage (ordered_at, id, unit, officer, recorder, kind, verdict," \
        " source, bay, size, name);"                                                                       \
        "CREATE INDEX footage_by_unit ON footage (unit, ordered_at, id, officer, recorder, kind, verdict," \
        " source, bay, size, name);"                                                                       \
        "CREATE INDEX footage_by_officer ON footage (officer, ordered_at, id, unit, recorder, kind,"       \
        " verdict, source, bay, size, name);"                                                              \
        "CREATE INDEX footage_by_recorder ON footage (recorder, ordered_at, id, unit, officer, kind,"      \
        " verdict, source, bay, size, name);"                                                              \
        "CREATE INDEX footage_by_class ON footage (kind, verdict, source, bay, ordered_at, id, unit,"      \
        " officer, recorder, size, name);"                                                                 \
        "CREATE INDEX footage_by_name ON footage (name, id, ordered_at, unit, officer, recorder, kind,"    \
        " verdict, source, bay, size);"                                                                    \
        "CREATE INDEX footage_by_size ON footage (size, id, ordered_at, unit, officer, recorder, kind,"    \
        " verdict, source, bay, name);"                                                                    \
        "CREATE INDEX footage_by_sha256 ON footage (sha256);"                                              \
        "CREATE INDEX footage_by_docking ON footage (docking);"                                            \
        "CREATE VIRTUAL TABLE footage_name USING fts5 (name, content='', columnsize=0, detail=none,"       \
        " tokenize='trigram case_sensitive 1');"

#define FOOTAGE_TALLIES                                                                                    \
        "CREATE TABLE footage_tally ("                                                                     \
        " dimension TEXT NOT NULL, value INTEGER NOT NULL, rows INTEGER NOT NULL,"                         \
        " PRIMARY KEY (dimension, value)"                                                                  \
        ") STRICT, WITHOUT ROWID;"                                                                         \
        "CREATE TABLE footage_day ("                                                                       \
        " day INTEGER PRIMARY KEY, rows INTEGER NOT NULL, first_id INTEGER NOT NULL, last_id INTEGER NOT " \
        "NULL"                                                                                             \
        ") STRICT;"                                                                                        \
        "CREATE TABLE footage_class_tally ("                                                               \
        " kind INTEGER NOT NULL, verdict INTEGER NOT NULL, source INTEGER NOT NULL, bay TEXT NOT NULL,"    \
        " rows INTEGER NOT NULL,"                                                                          \
        " PRIMARY KEY (kind, verdict, source, bay)"                                                        \
        ") STRICT, WITHOUT ROWID;"                                                                         \
        "CREATE TRIGGER footage_tallied AFTER INSERT ON footage BEGIN"                                     \
        " INSERT INTO footage_tally VALUES ('all', 0, 1),"                                                 \
        " ('unit', coalesce(NEW.unit, 0), 1), ('officer', coalesce(NEW.officer, 0), 1),"                   \
        " ('recorder', coalesce(NEW.recorder, 0), 1)"                                                      \
        " ON CONFLICT DO UPDATE SET rows = rows + 1;"                                                      \
        " INSERT INTO footage_day VALUES (NEW.ordered_at / 86400000000, 1, NEW.id, NEW.id)"                \
        " ON CONFLICT DO UPDATE SET rows = rows + 1, first_id = min(first_id, NEW.id),"                    \
        " last_id = max(last_id, NEW.id);"                                                                 \
        " INSERT INTO footage_class_tally"                                                                 \
        " VALUES (NEW.kind, NEW.verdict, NEW.source, coalesce(NEW.bay, ''), 1)"                            \
        " ON CONFLICT DO UPDATE SET rows = rows + 1;"                                                      \
        "END;"

/* The first one is for INSERT OR REPLACE, which deletes past the others on a connection without recursive
 * triggers. */
#define FOOTAGE_GUARDS                                                                                    \
        "CREATE TRIGGER footage_not_replaced BEFORE INSERT ON footage"                                    \
        " WHEN EXISTS (SELECT 1 FROM footage WHERE id = NEW.id OR path = NEW.path) BEGIN"                 \
        " SELECT RAISE(ABORT, 'footage is never replaced');"                                              \
        "END;"                                                                                            \
        "CREATE TRIGGER footage_kept BEFORE DELETE ON footage BEGIN"                                      \
        " SELECT RAISE(ABORT, 'footage is never deleted');"                                               \
        "END;"                                                                                            \
        "CREATE TRIGGER footage_evidence BEFORE UPDATE OF"                                                \
        " id, item, docking, recorder, bay, name, source, source_path, started_at, ended_at, ordered_at," \
        " time_source, time_flags, name_time, container_time, device_time, device_time_text, zone,"       \
        " clock_offset, duration, size, sha256, sm3, path, offloaded_at ON footage BEGIN"                 \
        " SELECT RAISE(ABORT, 'evidence of footage is never changed');"                                   \
        "END;"

#define ALERT_TABLES                                                                                 \
        "CREATE TABLE alert ("                                                                       \
        " id INTEGER PRIMARY KEY,"                                                                   \
        " kind TEXT NOT NULL, priority INTEGER NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL," \
        " since INTEGER NOT NULL, count INTEGER NOT NULL,"                                           \
        " acknowledged_by TEXT, cleared_at INTEGER, cleared_by TEXT"                                 \
        ") STRICT;"                                                                                  \
        "CREATE UNIQUE INDEX alert_open ON alert (kind, subject) WHERE cleared_at IS NULL;"          \
        "CREATE INDEX alert_by_since ON alert (since);"

#define LEDGER_TABLES                                                                          \
        "CREATE TABLE ledger ("                                                                \
        " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"                                         \
        " at INTEGER NOT NULL, actor TEXT NOT NULL, act TEXT NOT NULL, subject TEXT NOT NULL," \
        " detail TEXT NOT NULL,"                                                               \
        " hash BLOB NOT NULL CHECK (length(hash) = 32)"                                        \
        ") STRICT;"                                                                            \
        "CREATE INDEX ledger_by_subject ON ledger (subject);"                                  \
        "CREATE INDEX ledger_by_act ON ledger (act);"                                          \
        "CREATE INDEX ledger_by_at ON ledger (at);"                                            \
        "CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger"                               \
        " WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM ledger) BEGIN"  \
        " SELECT RAISE(ABORT, 'the ledger only grows at its end');"                            \
        "END;"                                                                                 \
        "CREATE TRIGGER ledger_kept BEFORE DELETE ON ledger BEGIN"                             \
        " SELECT RAISE(ABORT, 'the ledger only grows at its end');"                            \
        "END;"                                                                                 \
        "CREATE TRIGGER ledger_unchanged BEFORE UPDATE ON ledger BEGIN"                        \
        " SELECT RAISE(ABORT, 'the ledger only grows at its end');"                            \
        "END;"

const char schema_v1[] = REGISTRY_TABLES DOCKING_TABLES FOOTAGE_TABLES FOOTAGE_TALLIES FOOTAGE_GUARDS
                ALERT_TABLES LEDGER_TABLES;
