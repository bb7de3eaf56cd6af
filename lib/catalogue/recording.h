/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Footage of one recorder as segments for rules/continuity.h. Nothing of recordings and gaps is stored: what
 * arrives late, an officer's duty entered afterwards and another threshold are all true at once.
 *
 * Left out: photos, what is no media, and footage whose time nobody knows. What the container check made
 * nothing of may be video, and counts as such of unknown duration. An encrypted file tells no duration:
 * there the time of its last change, by the recorder, is when it ended.
 */

#include "catalogue/statement.h"
#include "rules/continuity.h"

/* A container that claims a longer duration is damaged (rules/recording_time.c): who begins so much before a
 * time has seen all that can reach it. */
#define RECORDING_LOOKBACK (2 * USEC_PER_DAY)

struct recording_scan {
        int64_t recorder;
        instant_t from, until; /* INT64_MIN, INT64_MAX: all */
        const struct continuity_rules *rules;
        /* Another choice of segments than all, INT64 recorder and instant bound first: SEGMENT_SELECT,
         * conditions, SEGMENT_ORDER. May be NULL. */
        sqlite3_stmt *segments;
        bool unowned; /* officers and units do not matter */
};

#define SEGMENT_SELECT                                                                                     \
        "SELECT g.id, g.officer, g.unit, g.started_at, g.duration, g.time_source, g.clock_offset, g.kind," \
        " g.verdict, g.device_time, instr(ifnull(g.verdict_reasons, ''), 'no-content')"                    \
        " FROM footage AS g INDEXED BY footage_by_recorder"                                                \
        " WHERE g.recorder = ? AND g.ordered_at >= ? AND g.kind <> 3"                                      \
        " AND g.started_at IS NOT NULL AND NOT g.time_flags & 4"
#define SEGMENT_ORDER " ORDER BY g.ordered_at, g.id"

/* The earliest start of what this docking of the recorder and all after it brought. CATALOGUE_ABSENT: they
 * brought nothing whose time is known. */
int recording_since_docking(struct catalogue *c, int64_t recorder, int64_t docking, instant_t *ret);
/* The last docking of the recorder that was complete at a time. CATALOGUE_ABSENT: none was. */
int recording_docking_at(struct catalogue *c, int64_t recorder, instant_t at, int64_t *ret);
/* Has this docking, or one after it, brought either side of the gap? CATALOGUE_OK or CATALOGUE_ABSENT. */
int recording_gap_touches(struct catalogue *c, const struct recording_gap *g, int64_t docking);

/*
 * Gives what begins in [from, until) to 'calls' (of which duty_at is the catalogue's own here), and some of
 * what is around it: who asks leaves that out. A non-zero return of theirs ends the scan and is returned.
 * They may use the catalogue, but not scan again.
 */
int recording_scan(struct catalogue *c, const struct recording_scan *scan,
                   const struct continuity_calls *calls);
