// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 13 of the catalogue: media, volumes on them, and what footage is on which volume. A volume is
 * planned with its files, written, and counts only when all of it was proved; a later check can take single
 * copies out again, a retirement all of them. Nothing of it is ever deleted: what failed stays on record.
 *
 * A copy counts when its volume is written (2) and its own result is good (0), or good out of memory (8) for
 * a medium of which no more can be known. How many media have one follows from these rows, and is kept
 * beside each footage by triggers: what lacks copies must be found among millions of rows. Two volumes on
 * one medium are one copy.
 *
 * archive_at of a case: since when its footage is to be archived although it is open.
 */
#include "catalogue/schema_versions.h"

#define ARCHIVE_TABLES                                                                                  \
        "CREATE TABLE medium ("                                                                         \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                        \
        " number TEXT NOT NULL UNIQUE CHECK (number <> ''),"                                            \
        " kind INTEGER NOT NULL, uuid TEXT UNIQUE, path TEXT, type TEXT, serial TEXT,"                  \
        " capacity INTEGER CHECK (capacity IS NULL OR capacity >= 0), place TEXT,"                      \
        " since INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT"                                  \
        ") STRICT;"                                                                                     \
        "CREATE TABLE volume ("                                                                         \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                        \
        " number TEXT NOT NULL UNIQUE CHECK (number <> ''),"                                            \
        " medium INTEGER NOT NULL REFERENCES medium (id),"                                              \
        " state INTEGER NOT NULL, made_at INTEGER NOT NULL, written_at INTEGER,"                        \
        " seal BLOB CHECK (seal IS NULL OR length(seal) = 32),"                                         \
        " files INTEGER NOT NULL CHECK (files > 0), bytes INTEGER NOT NULL CHECK (bytes >= 0),"         \
        " reason TEXT, checked_at INTEGER, check_result INTEGER, check_at INTEGER,"                     \
        " CHECK (state <> 2 OR (seal IS NOT NULL AND written_at IS NOT NULL AND check_at IS NOT NULL))" \
        ") STRICT;"                                                                                     \
        "CREATE INDEX volume_by_medium ON volume (medium, id);"                                         \
        "CREATE INDEX volume_unfinished ON volume (id) WHERE state < 2;"                                \
        "CREATE INDEX volume_by_check ON volume (check_at) WHERE state = 2;"                            \
        "CREATE TABLE volume_footage ("                                                                 \
        " volume INTEGER NOT NULL REFERENCES volume (id),"                                              \
        " footage INTEGER NOT NULL REFERENCES footage (id),"                                            \
        " path TEXT, proved_at INTEGER, result INTEGER,"                                                \
        " PRIMARY KEY (volume, footage)"                                                                \
        ") STRICT, WITHOUT ROWID;"                                                                      \
        "CREATE INDEX volume_footage_by_footage ON volume_footage (footage, volume);"                   \
        "CREATE INDEX volume_footage_by_path ON volume_footage (volume, path);"                         \
        "ALTER TABLE case_file ADD COLUMN archive_at INTEGER;"                                          \
        "CREATE INDEX case_file_by_long_term ON case_file (id) WHERE long_term IS NOT NULL;"            \
        "ALTER TABLE footage ADD COLUMN copies INTEGER NOT NULL DEFAULT 0;"                             \
        "CREATE INDEX footage_by_copies ON footage (case_id, copies, id, size) WHERE case_id IS NOT NULL;"

#define COPIES                                                                       \
        "(SELECT count(DISTINCT v.medium) FROM volume_footage AS x JOIN volume AS v" \
        " ON v.id = x.volume WHERE x.footage = footage.id AND x.result IN (0, 8) AND v.state = 2)"

#define ARCHIVE_COUNTS                                                                   \
        "CREATE TRIGGER volume_counted AFTER UPDATE OF state ON volume"                  \
        " WHEN (NEW.state = 2) IS NOT (OLD.state = 2) BEGIN"                             \
        " UPDATE footage SET copies = " COPIES                                           \
        " WHERE id IN (SELECT footage FROM volume_footage WHERE volume = NEW.id);"       \
        "END;"                                                                           \
        "CREATE TRIGGER volume_footage_counted AFTER UPDATE OF result ON volume_footage" \
        " WHEN (NEW.result IN (0, 8)) IS NOT (OLD.result IN (0, 8))"                     \
        " AND (SELECT state FROM volume WHERE id = NEW.volume) = 2 BEGIN"                \
        " UPDATE footage SET copies = " COPIES " WHERE id = NEW.footage;"                \
        "END;"

/* The first of each is for INSERT OR REPLACE, as in version 1. */
#define ARCHIVE_GUARDS                                                                                     \
        "CREATE TRIGGER medium_not_replaced BEFORE INSERT ON medium WHEN EXISTS"                           \
        " (SELECT 1 FROM medium WHERE id = NEW.id OR number = NEW.number OR uuid = NEW.uuid) BEGIN"        \
        " SELECT RAISE(ABORT, 'a medium is never replaced');"                                              \
        "END;"                                                                                             \
        "CREATE TRIGGER medium_kept BEFORE DELETE ON medium BEGIN"                                         \
        " SELECT RAISE(ABORT, 'media stay on record');"                                                    \
        "END;"                                                                                             \
        "CREATE TRIGGER medium_unchanged BEFORE UPDATE OF id, number, kind, uuid, since ON medium BEGIN"   \
        " SELECT RAISE(ABORT, 'what a medium is known by never changes');"                                 \
        "END;"                                                                                             \
        "CREATE TRIGGER volume_not_replaced BEFORE INSERT ON volume WHEN NEW.state <> 0 OR EXISTS"         \
        " (SELECT 1 FROM volume WHERE id = NEW.id OR number = NEW.number) BEGIN"                           \
        " SELECT RAISE(ABORT, 'a volume begins as planned, and is never replaced');"                       \
        "END;"                                                                                             \
        "CREATE TRIGGER volume_kept BEFORE DELETE ON volume BEGIN"                                         \
        " SELECT RAISE(ABORT, 'volumes stay on record');"                                                  \
        "END;"                                                                                             \
        "CREATE TRIGGER volume_unchanged BEFORE UPDATE OF id, number, medium, made_at ON volume BEGIN"     \
        " SELECT RAISE(ABORT, 'what a volume is known by never changes');"                                 \
        "END;"                                                                                             \
        "CREATE TRIGGER volume_goes_forward BEFORE UPDATE OF state ON volume WHEN NEW.state < OLD.state"   \
        " OR (OLD.state >= 2 AND NEW.state NOT IN (OLD.state, 4))"                                         \
        " OR (NEW.state = 2 AND OLD.state <> 2 AND (OLD.state <> 1 OR EXISTS (SELECT 1"                    \
        " FROM volume_footage WHERE volume = NEW.id AND (result IS NULL OR result NOT IN (0, 8))))) BEGIN" \
        " SELECT RAISE(ABORT, 'a volume is written when all of it is proved, and never goes back');"       \
        "END;"                                                                                             \
        "CREATE TRIGGER volume_sealed BEFORE UPDATE OF seal, written_at, files, bytes ON volume"           \
        " WHEN OLD.state >= 2 BEGIN"                                                                       \
        " SELECT RAISE(ABORT, 'what was written is on record as it was');"                                 \
        "END;"                                                                                             \
        "CREATE TRIGGER volume_footage_not_replaced BEFORE INSERT ON volume_footage WHEN EXISTS (SELECT 1" \
        " FROM volume_footage WHERE volume = NEW.volume AND footage = NEW.footage)"                        \
        " OR (SELECT state FROM volume WHERE id = NEW.volume) <> 0 BEGIN"                                  \
        " SELECT RAISE(ABORT, 'what is on a volume is said when it is planned');"                          \
        "END;"                                                                                             \
        "CREATE TRIGGER volume_footage_kept BEFORE DELETE ON volume_footage BEGIN"                         \
        " SELECT RAISE(ABORT, 'copies stay on record');"                                                   \
        "END;"                                                                                             \
        "CREATE TRIGGER volume_footage_unchanged BEFORE UPDATE OF volume, footage ON volume_footage BEGIN" \
        " SELECT RAISE(ABORT, 'a copy is always of the same footage');"                                    \
        "END;"

const char schema_v13[] = ARCHIVE_TABLES ARCHIVE_COUNTS ARCHIVE_GUARDS;
