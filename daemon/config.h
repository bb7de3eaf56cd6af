/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* recdock.conf as recdockd uses it; every key is described in recdock.conf(5). */

#include "base/conf.h"
#include "rules/archive_schedule.h"
#include "rules/backup_schedule.h"
#include "rules/continuity.h"
#include "rules/deadline.h"
#include "rules/health.h"
#include "rules/missing.h"
#include "rules/name_pattern.h"
#include "rules/recording_time.h"
#include "rules/retention.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum register_policy { REGISTER_REFUSE, REGISTER_AUTO };
enum release_policy { RELEASE_KEEP, RELEASE_CLEAR };

struct config_bay {
        struct config_bay *next;
        char *name; /* [Bay "3"] */
        char *port; /* Port=3-1.4 */
};

struct config_pattern {
        struct config_pattern *next;
        char *name;
        char *match;
};

/* Paths, or drives, in the order they stand in. */
struct config_folders {
        char **paths;
        size_t n;
};

struct config {
        /* [Station] */
        char *number;                      /* Number=, required for --check-config and at start */
        char *custodian;                   /* Custodian=, required likewise (R-31-1) */
        char *time_zone;                   /* TimeZone=, default: the system's */
        enum register_policy registration; /* Register=refuse|auto */

        /* [Store] */
        char *store_path;   /* Path=, default $STATE_DIRECTORY */
        uint64_t keep_free; /* KeepFree=1G: pause and alert below */
        bool sm3;           /* SM3=no */
        bool verity;        /* Verity=yes: where the file system has it */

        /* [Docking] */
        bool set_clock;              /* SetClock=no */
        bool recover;                /* Recover=no: deleted files are pulled without being asked for */
        enum release_policy release; /* Release=keep|clear */
        unsigned int workers_max;    /* WorkersMax=32 */
        unsigned int attempts;       /* Attempts=3 per item and docking */
        int64_t warn_timeout;        /* WarnTimeout=20s without progress */
        int64_t kill_timeout;        /* KillTimeout=60s */
        uint64_t item_max;           /* ItemMax=64G: of an item whose size its recorder does not tell */
        int64_t switch_timeout;      /* SwitchTimeout=15s: a recorder back in another mode by then goes on */

        /* [Health], and ClockTolerance=3s of [Docking]: alert beyond */
        struct health_limits health; /* BatteryLow=20, StorageLow=10% */

        /* [Recording] */
        enum time_source time_order[_TIME_SOURCE_MAX]; /* TimeOrder=name container device */
        int64_t time_tolerance;                        /* TimeTolerance=2min */
        struct deadline_rules deadlines;               /* Deadline=24h, DayEnds=23:59, DaysOff=count|wait */
        struct calendar calendar;                      /* holidays.conf; deadlines refers to it */

        /* [Duty] */
        struct missing_rules missing; /* MissingGrace=2d, MissingAfter=3d: alert; 0 never */
        bool undocking_is_checkout;   /* UndockingIsCheckout=no */

        /* [Case] */
        bool annotation;          /* Annotation=yes: footage has to be in a case */
        int64_t annotation_grace; /* AnnotationGrace=24h after its offload */

        /* [Alert] */
        int64_t escalate_after; /* EscalateAfter=4h: told again when nobody has answered it; 0 never */

        /* [Continuity] */
        struct continuity_rules continuity; /* Join=1s, Gap=10s, ActivityGap=30min */

        /* retention.d; never NULL */
        struct retention_rules *retention;

        /* [Inspect] */
        unsigned int inspectors; /* Parallel=2 */

        /* [Backup] */
        char *backup_target;             /* Target=, NULL: there is none */
        struct backup_rules backup;      /* Every=1d, At=, AlertAfter=3d */
        unsigned int backup_generations; /* Generations=7 */
        bool backup_same_disk;           /* AllowSameDisk=no */

        /* [Archive] */
        bool archive_auto;                     /* Auto=yes */
        bool archive_burn;                     /* Burn=auto; =ask */
        bool archive_same_disk;                /* AllowSameDisk=no */
        bool archive_hash_list;                /* MediaHashList=no */
        unsigned int archive_recovery;         /* Recovery=0: percent, of discs */
        struct config_folders archive_folders; /* Folder=, any number */
        struct config_folders archive_drives;  /* Drive=, any number */
        struct archive_rules archive;          /* Copies=1, CheckAfter=730d */

        /* [Bay "n"], [Pattern "n"] */
        struct config_bay *bays;
        struct config_pattern *pattern_texts;
        struct name_pattern **patterns; /* compiled, in order of their names */
        size_t n_patterns;
};

/* Loads main file and drop-ins: <confdir>/recdock.conf, <confdir>/recdock.conf.d/, <datadir>/recdock.conf.d/
 * (shipped patterns), then <confdir>/holidays.conf with its drop-ins, then <confdir>/retention.d/ and
 * <datadir>/retention.d/ (the shipped profile), where confdir is $CONFIGURATION_DIRECTORY or the compiled
 * one. Lenient: findings go to
 * the log and defaults stay. Strict: findings go to 'report' and -EINVAL is returned. */
int config_load(struct config **ret, bool strict, conf_report_fn *report, void *userdata);
void config_free(struct config *c);
