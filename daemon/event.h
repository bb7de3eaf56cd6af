/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The events of the station log; the kinds of alerts are in catalogue/alert_kind.h. Each has a MESSAGE_ID
 * that never changes, a priority, and an entry in the journal catalog (systemd/recdock.catalog, in English
 * and Chinese) that says what happened, why it matters and what to do.
 */

#include "base/log.h"

#include <stdint.h>

/*    name                MESSAGE_ID                          priority */
#define EVENT_TABLE(X)                                                          \
        X(STATION_READY, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e601", LOG_INFO)          \
        X(STATION_STOPPING, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e602", LOG_INFO)       \
        X(STATION_RELOADED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e603", LOG_INFO)       \
        X(STATION_RECOVERED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e604", LOG_NOTICE)    \
        X(DOCKING_PLUGGED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e611", LOG_INFO)        \
        X(DOCKING_IDENTIFIED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e612", LOG_INFO)     \
        X(DOCKING_REFUSED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e613", LOG_WARNING)     \
        X(DOCKING_LISTED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e614", LOG_INFO)         \
        X(DOCKING_RELEASED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e615", LOG_NOTICE)     \
        X(DOCKING_FAILED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e616", LOG_ERR)          \
        X(DOCKING_UNPLUGGED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e617", LOG_INFO)      \
        X(DOCKING_INTERRUPTED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e618", LOG_WARNING) \
        X(DOCKING_CONTINUED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e619", LOG_INFO)      \
        X(WORKER_SANDBOX, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e621", LOG_INFO)         \
        X(WORKER_STALLED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e622", LOG_WARNING)      \
        X(WORKER_KILLED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e623", LOG_WARNING)       \
        X(WORKER_DIED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e624", LOG_WARNING)         \
        X(WORKER_NOTICE, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e625", LOG_NOTICE)        \
        X(FOOTAGE_FILED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e631", LOG_INFO)          \
        X(FOOTAGE_BAD_VERDICT, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e632", LOG_WARNING) \
        X(ITEM_FAILED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e633", LOG_WARNING)         \
        X(ITEM_MISMATCH, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e634", LOG_WARNING)       \
        X(ITEM_REMOVED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e635", LOG_INFO)           \
        X(ITEM_UNREADABLE, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e636", LOG_WARNING)     \
        X(FOOTAGE_MENDED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e637", LOG_NOTICE)       \
        X(CLOCK_MEASURED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e641", LOG_INFO)         \
        X(CLOCK_SET, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e642", LOG_NOTICE)            \
        X(CLOCK_NOT_SET, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e643", LOG_WARNING)       \
        X(CLOCK_MOVED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e644", LOG_WARNING)         \
        X(IMPORT_BEGUN, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e681", LOG_NOTICE)         \
        X(IMPORT_DONE, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e682", LOG_NOTICE)          \
        X(IMPORT_FAILED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e683", LOG_ERR)           \
        X(ITEM_HELD, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e684", LOG_INFO)              \
        X(STORE_PAUSED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e651", LOG_ERR)            \
        X(STORE_RESUMED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e652", LOG_NOTICE)        \
        X(STORE_FAILED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e653", LOG_CRIT)           \
        X(ALERT_RAISED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e661", LOG_WARNING)        \
        X(ALERT_CLEARED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e662", LOG_NOTICE)        \
        X(ALERT_ESCALATED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e663", LOG_WARNING)     \
        X(ALERT_ACKNOWLEDGED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e664", LOG_NOTICE)   \
        X(FINDING_NOTED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e671", LOG_WARNING)       \
        X(BACKUP_BEGUN, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e6f1", LOG_INFO)           \
        X(BACKUP_DONE, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e6f2", LOG_NOTICE)          \
        X(ARCHIVE_BEGUN, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e6d1", LOG_INFO)          \
        X(ARCHIVE_WRITTEN, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e6d2", LOG_NOTICE)      \
        X(ARCHIVE_LEFT, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e6d3", LOG_NOTICE)         \
        X(MEDIUM_APPEARED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e701", LOG_NOTICE)      \
        X(MEDIUM_GONE, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e702", LOG_NOTICE)          \
        X(GAP_EXPLAINED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e6c1", LOG_NOTICE)        \
        X(DUTY_IMPLIED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e6a1", LOG_NOTICE)         \
        X(DUTY_NOT_READY, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e6a2", LOG_WARNING)      \
        X(DEVICE_LEFT_ALONE, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e691", LOG_WARNING)   \
        X(DEVICE_REFUSED, "5f1c4a0e6d7b4e0f9a3f2c81b4d5e692", LOG_ERR)

#define EVENT_ENUM(name, id, priority) EVENT_##name,
enum event { EVENT_TABLE(EVENT_ENUM) _EVENT_MAX };
#undef EVENT_ENUM

#define EVENT_MORE_MAX 8

/* What an event is about. Unset members (NULL, 0) leave their field out. */
struct event_subject {
        const char *bay;      /* RECDOCK_BAY= */
        const char *recorder; /* RECDOCK_RECORDER= */
        int64_t docking;      /* RECDOCK_DOCKING= */
        int64_t item;         /* RECDOCK_ITEM= */
        int64_t footage;      /* RECDOCK_FOOTAGE= */
        const char *alert;    /* RECDOCK_ALERT= */
        int priority; /* another one than the table's, 0 none (emergencies are not ours to declare) */
        const char *message_id;       /* another one than the table's: an alert has that of its kind */
        const struct log_field *more; /* 'n_more' fields of its own */
        size_t n_more;
};

/* Writes one event to the station log. 'subject' may be NULL. */
void event_log(enum event event, const struct event_subject *subject, const char *format, ...)
                __attribute__((format(printf, 3, 4)));
