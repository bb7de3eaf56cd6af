// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 4 of the catalogue: alerts that somebody answers for. An alert is open until it is cleared;
 * between the two it may be acknowledged, once, and told again, once. Alerts are never deleted: when a
 * condition was known, and to whom, can be told years later.
 *
 * Rows of older versions get their severity by the priority they were raised with. What nobody has recorded
 * then (the reason of a clearing) stays unknown.
 */
#include "catalogue/schema_versions.h"

#define ALERT_TABLE                                                                                     \
        "CREATE TABLE alert_of_v4 ("                                                                    \
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                        \
        " kind TEXT NOT NULL, severity INTEGER NOT NULL, priority INTEGER NOT NULL,"                    \
        " subject TEXT NOT NULL, text TEXT NOT NULL,"                                                   \
        " since INTEGER NOT NULL, last_raised INTEGER NOT NULL, count INTEGER NOT NULL,"                \
        " acknowledged_at INTEGER, acknowledged_by TEXT, acknowledged_note TEXT, escalated_at INTEGER," \
        " cleared_at INTEGER, cleared_by TEXT, cleared_reason TEXT,"                                    \
        " CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),"                               \
        " CHECK (cleared_at IS NOT NULL OR (cleared_by IS NULL AND cleared_reason IS NULL))"            \
        ") STRICT;"                                                                                     \
        "INSERT INTO alert_of_v4 SELECT id, kind,"                                                      \
        " CASE WHEN priority <= 2 THEN 3 WHEN priority = 3 THEN 2 WHEN priority = 4 THEN 1 ELSE 0 END," \
        " priority, subject, text, since, since, count,"                                                \
        " iif(acknowledged_by IS NULL, NULL, since), acknowledged_by, NULL, NULL,"                      \
        " cleared_at, iif(cleared_at IS NULL, NULL, cleared_by), NULL FROM alert;"                      \
        "DROP TABLE alert;"                                                                             \
        "ALTER TABLE alert_of_v4 RENAME TO alert;"

#define ALERT_INDEXES                                                                       \
        "CREATE UNIQUE INDEX alert_open ON alert (kind, subject) WHERE cleared_at IS NULL;" \
        "CREATE INDEX alert_by_since ON alert (since);"                                     \
        "CREATE INDEX alert_by_subject ON alert (subject);"                                 \
        "CREATE INDEX alert_unanswered ON alert (since) WHERE cleared_at IS NULL"           \
        " AND acknowledged_at IS NULL AND escalated_at IS NULL;"

#define ALERT_GUARDS                                                                              \
        "CREATE TRIGGER alert_kept BEFORE DELETE ON alert BEGIN"                                  \
        " SELECT RAISE(ABORT, 'alerts are never deleted');"                                       \
        "END;"                                                                                    \
        "CREATE TRIGGER alert_unchanged BEFORE UPDATE OF id, kind, subject, since ON alert BEGIN" \
        " SELECT RAISE(ABORT, 'what an alert is of never changes');"                              \
        "END;"                                                                                    \
        "CREATE TRIGGER alert_ended BEFORE UPDATE ON alert WHEN OLD.cleared_at IS NOT NULL BEGIN" \
        " SELECT RAISE(ABORT, 'a cleared alert is never changed');"                               \
        "END;"

const char schema_v4[] = ALERT_TABLE ALERT_INDEXES ALERT_GUARDS;
