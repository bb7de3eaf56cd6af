// SPDX-License-Identifier: LGPL-2.1-or-later
/* Segments of footage; see recording.h. */
#include "catalogue/recording.h"
#include "catalogue/duty.h"
#include "media/verdict.h"
#include "rules/recording_time.h"

#include <string.h>

_Static_assert(MEDIA_PHOTO == 3 && TIME_UNKNOWN == 4, "SEGMENT_SELECT has the values of both");

enum segment_column {
        SEGMENT_ID,
        SEGMENT_OFFICER,
        SEGMENT_UNIT,
        SEGMENT_STARTED,
        SEGMENT_DURATION,
        SEGMENT_TIME_SOURCE,
        SEGMENT_CLOCK_OFFSET,
        SEGMENT_KIND,
        SEGMENT_VERDICT,
        SEGMENT_DEVICE_TIME,
        SEGMENT_EMPTY,
};

struct scan {
        struct catalogue *catalogue;
        int64_t recorder;
        const struct continuity_calls *calls;
};

/* Only a duty that somebody checked out has a beginning. */
static int scan_duty_at(void *userdata, instant_t at, int64_t *ret)
{
        struct scan *s = userdata;
        struct duty d;
        int r = duty_covering(s->catalogue, s->recorder, at, &d);

        if (r < 0)
                return r;
        *ret = r == CATALOGUE_OK && d.out_at != INSTANT_NONE ? d.id : 0;
        return 0;
}

static int scan_on_recording(void *userdata, const struct recording *r)
{
        struct scan *s = userdata;

        return s->calls->on_recording ? s->calls->on_recording(s->calls->userdata, r) : 0;
}

static int scan_on_gap(void *userdata, const struct recording_gap *g)
{
        struct scan *s = userdata;

        return s->calls->on_gap ? s->calls->on_gap(s->calls->userdata, g) : 0;
}

/* The recorder's own word of when it wrote last. */
static int64_t duration_by_device(sqlite3_stmt *s, instant_t started)
{
        int64_t ended = sqlite3_column_int64(s, SEGMENT_DEVICE_TIME), duration;

        if (sqlite3_column_type(s, SEGMENT_DEVICE_TIME) == SQLITE_NULL ||
            __builtin_sub_overflow(ended, sqlite3_column_int64(s, SEGMENT_CLOCK_OFFSET), &ended) ||
            __builtin_sub_overflow(ended, started, &duration))
                return -1;
        return duration >= 0 && duration <= USEC_PER_DAY ? duration : -1;
}

static void segment_read_time(sqlite3_stmt *s, struct segment *ret)
{
        const char *source = (const char *)sqlite3_column_text(s, SEGMENT_TIME_SOURCE);
        bool by_device = source && strcmp(source, time_source_text(TIME_FROM_DEVICE)) == 0;
        bool known = sqlite3_column_type(s, SEGMENT_DURATION) != SQLITE_NULL &&
                     sqlite3_column_int(s, SEGMENT_EMPTY) == 0;

        ret->started = sqlite3_column_int64(s, SEGMENT_STARTED);
        ret->duration = known ? sqlite3_column_int64(s, SEGMENT_DURATION) : -1;
        if (ret->duration > RECORDING_LOOKBACK)
                ret->duration = -1;
        ret->resolution = by_device ? SEGMENT_RESOLUTION_MAX : USEC_PER_SEC;
        ret->clock_offset = sqlite3_column_int64(s, SEGMENT_CLOCK_OFFSET);
        ret->ended = ret->duration < 0 && by_device;
        if (ret->duration >= 0 || by_device || sqlite3_column_int(s, SEGMENT_VERDICT) != VERDICT_ENCRYPTED)
                return;
        ret->duration = duration_by_device(s, ret->started);
        ret->resolution = SEGMENT_RESOLUTION_MAX;
}

/* False for what is neither video nor audio, and cannot be either. */
static bool segment_read(sqlite3_stmt *s, bool unowned, struct segment *ret)
{
        enum media_kind kind = (enum media_kind)sqlite3_column_int(s, SEGMENT_KIND);
        enum media_verdict verdict = (enum media_verdict)sqlite3_column_int(s, SEGMENT_VERDICT);

        if (kind == MEDIA_PHOTO ||
            (kind == MEDIA_OTHER && (verdict == VERDICT_COMPLETE || verdict == VERDICT_NOT_MEDIA)))
                return false;
        *ret = (struct segment){
                        .footage = sqlite3_column_int64(s, SEGMENT_ID),
                        .officer = unowned ? 0 : sqlite3_column_int64(s, SEGMENT_OFFICER),
                        .unit = unowned ? 0 : sqlite3_column_int64(s, SEGMENT_UNIT),
                        .audio = kind == MEDIA_AUDIO,
        };
        segment_read_time(s, ret);
        return true;
}

/* 1 it has none, 0 it has. */
static int recorder_lacks_video(struct catalogue *c, int64_t recorder)
{
        int64_t found;

        return statement_integer(c,
                                 "SELECT 1 FROM footage INDEXED BY footage_by_recorder WHERE recorder = ?1"
                                 " AND (kind = 1 OR (kind = 0 AND verdict NOT IN (1, 6))) LIMIT 1",
                                 VALUES(INTEGER(recorder)), &found);
}
_Static_assert(MEDIA_VIDEO == 1 && VERDICT_COMPLETE == 1 && VERDICT_NOT_MEDIA == 6 &&
                               (int)CATALOGUE_ABSENT == 1 && (int)CATALOGUE_OK == 0,
               "recorder_lacks_video() has the values of all");

static int scan_walk(struct catalogue *c, const struct recording_scan *scan, sqlite3_stmt *s,
                     struct continuity *continuity)
{
        struct segment segment;
        int r;

        while ((r = statement_step(c, s)) > 0) {
                if (!segment_read(s, scan->unowned, &segment))
                        continue;
                r = continuity_add(continuity, &segment);
                if (r != 0)
                        return r;
                if (continuity_told(continuity, scan->until, segment.started))
                        break;
        }
        return r < 0 ? r : continuity_end(continuity);
}

static int scan_run(struct catalogue *c, const struct recording_scan *scan, sqlite3_stmt *s,
                    const struct continuity_calls *calls)
{
        struct continuity_rules rules = *scan->rules;
        instant_t from = scan->from > INT64_MIN + RECORDING_LOOKBACK ? scan->from - RECORDING_LOOKBACK
                                                                     : INT64_MIN;
        struct continuity continuity;
        int r = statement_bind(c, s, VALUES(INTEGER(scan->recorder), INTEGER(from)));

        if (r == 0)
                r = recorder_lacks_video(c, scan->recorder);
        if (r < 0)
                return r;
        rules.audio = r > 0;
        continuity_begin(&continuity, &rules, calls);
        return scan_walk(c, scan, s, &continuity);
}

int recording_scan(struct catalogue *c, const struct recording_scan *scan,
                   const struct continuity_calls *calls)
{
        struct scan state = {.catalogue = c, .recorder = scan->recorder, .calls = calls};
        const struct continuity_calls own = {scan_duty_at, scan_on_recording, scan_on_gap, &state};
        _statement_ sqlite3_stmt *all = NULL;
        int r = 0;

        if (!scan->segments)
                r = statement_get(c, SEGMENT_SELECT SEGMENT_ORDER, &all);
        if (r == 0)
                r = scan_run(c, scan, all ? all : scan->segments, &own);
        if (scan->segments)
                (void)sqlite3_reset(scan->segments); /* what else was bound stays */
        return r;
}

int recording_since_docking(struct catalogue *c, int64_t recorder, int64_t docking, instant_t *ret)
{
        return statement_integer(c,
                                 "SELECT min(f.started_at) FROM docking AS d CROSS JOIN footage AS f"
                                 " INDEXED BY footage_by_docking ON f.docking = d.id"
                                 " WHERE d.recorder = ?1 AND d.id >= ?2 AND NOT f.time_flags & 4",
                                 VALUES(INTEGER(recorder), INTEGER(docking)), ret);
}

int recording_docking_at(struct catalogue *c, int64_t recorder, instant_t at, int64_t *ret)
{
        return statement_integer(c, "SELECT max(id) FROM docking WHERE recorder = ?1 AND released_at <= ?2",
                                 VALUES(INTEGER(recorder), INTEGER(at)), ret);
}

int recording_gap_touches(struct catalogue *c, const struct recording_gap *g, int64_t docking)
{
        int64_t found;

        return statement_integer(c, "SELECT 1 FROM footage WHERE id IN (?1, ?2) AND docking >= ?3 LIMIT 1",
                                 VALUES(INTEGER(g->before), INTEGER(g->after), INTEGER(docking)), &found);
}
