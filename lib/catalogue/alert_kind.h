/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kinds of alerts: every one there is, in one table. A kind has a severity, a MESSAGE_ID that never
 * changes with an entry in the journal catalog (systemd/recdock-alert.catalog, in English and Chinese), and
 * a rule for its end. Most may be cleared by a person with a reason. Those with a text here the station
 * watches itself: it clears them when that has come to be, and would raise them again at its next look.
 *
 * A row is never taken out: databases hold alerts of years ago.
 */

#include "catalogue/word.h"

enum alert_severity {
        ALERT_NOTICE,
        ALERT_WARNING,
        ALERT_ERROR,
        ALERT_CRITICAL,
        _ALERT_SEVERITY_MAX,
};

/*    word, severity, MESSAGE_ID, "the station clears it when …" or NULL */
#define ALERT_KIND_TABLE(X)                                                                          \
        X("same-day", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a101",                                   \
          "the recorder is exported or was given more time")                                         \
        X("offload-overdue", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a102",                              \
          "the recorder is exported or was given more time")                                         \
        X("arrived-late", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a103", NULL)                         \
        X("recorder-missing", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a104",                             \
          "the recorder is back, was given more time or is retired")                                 \
        X("unknown-recorder", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a105", NULL)                     \
        X("identity-conflict", CRITICAL, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a106", NULL)                   \
        X("unknown-device", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a107",                             \
          "the device is taken out of the bay")                                                      \
        X("suspicious-device", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a108",                            \
          "the device is taken out of the bay")                                                      \
        X("docking-failed", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a109", NULL)                         \
        X("import-failed", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a10a", NULL)                          \
        X("item-stuck", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a10b", NULL)                             \
        X("item-endless", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a10c", NULL)                           \
        X("inspect-failed", CRITICAL, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a10d",                            \
          "recdock-inspect has proved a file again")                                                 \
        X("verdict-bad", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a10e", NULL)                          \
        X("digest-mismatch", CRITICAL, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a10f", NULL)                     \
        X("foreign-files", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a110", NULL)                          \
        X("ledger-broken", CRITICAL, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a111", NULL)                       \
        X("deleted-on-recorder", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a112", NULL)                    \
        X("changed-on-recorder", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a113", NULL)                    \
        X("clearing-mismatch", CRITICAL, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a114", NULL)                   \
        X("medium-damaged", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a115", NULL)                       \
        X("sequence-gap", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a116", NULL)                         \
        X("recording-gap", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a117", NULL)                        \
        X("name-contradicts", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a118", NULL)                     \
        X("clock-drift", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a119", NULL)                          \
        X("clock-jump", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a11a", NULL)                           \
        X("battery-low", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a11b", NULL)                          \
        X("recorder-storage-low", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a11c", NULL)                 \
        X("store-low", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a11d", "there is room on the disk again") \
        X("store-failed", CRITICAL, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a11e", NULL)                        \
        X("backup-overdue", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a131",                               \
          "there is a good backup that is recent enough")                                            \
        X("backup-failed", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a132", NULL)                          \
        X("archive-failed", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a141", NULL)                         \
        X("archive-copy-bad", ERROR, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a142", NULL)                       \
        X("archive-check-overdue", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a143",                      \
          "the volume was read again or is retired")                                                 \
        X("archive-medium-wanted", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a144",                      \
          "all that is due is on media")                                                             \
        X("unassigned", WARNING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a11f", NULL)                           \
        X("unannotated", NOTICE, "5f1c4a0e6d7b4e0f9a3f2c81b4d5a120",                                 \
          "its footage is in cases that have number, party and handler")

struct alert_kind {
        const char *word;
        enum alert_severity severity;
        const char *message_id;
        const char *cleared_when; /* by the station alone; NULL: a person may */
};

extern const struct words alert_kind_words;
extern const struct words alert_severity_words;

/* NULL when there is no such kind. */
const struct alert_kind *alert_kind_by_word(const char *word);
