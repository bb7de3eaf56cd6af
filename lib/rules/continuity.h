/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Is the course of law enforcement recorded without interruption (Art. 23)? A recorder cuts what it records
 * into files. Here the segments of one recorder, in order of their start, become recordings again, and the
 * holes between them inside one activity become gaps.
 *
 *   joined       the next segment begins before the one before has ended, or within 'join' and the
 *                resolution of both times after it. Two channels, two qualities, copies and the second
 *                that loop recording has twice are so much of one recording; the last of them ends it
 *   gap          a longer hole than 'gap', whose two sides belong to one activity
 *   activity     a duty, from the checkout to the return; where there is none on one of the sides,
 *                what lies less than 'activity_gap' apart
 *   unknown      a hole next to a segment of unknown duration, or between two times that come from
 *                clocks of different offsets, may be shorter than it looks or none at all. It is a gap
 *                that is not certain, never no gap
 *
 * A segment of unknown duration may last until the next one begins: a recorder begins a file when the one
 * before has ended, and files of two channels at about the same time. Audio makes recordings of its own and
 * neither joins nor breaks video. Photos are nothing here. A change of officer or unit ends a recording
 * without a gap: a recording has one owner.
 *
 * Pure: no clock, no I/O. All times are UTC; a change to or from summer time is nothing to them.
 */

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

/* What a site has decided; microseconds. */
struct continuity_rules {
        int64_t join;         /* what a recorder loses between two files */
        int64_t gap;          /* longer holes are gaps */
        int64_t activity_gap; /* without a duty: what is as far apart or farther is two activities */
        bool audio;           /* the recorder has no video: gaps are those of its audio */
};

#define CONTINUITY_DEFAULTS                                                                             \
        {                                                                                               \
                .join = 1 * USEC_PER_SEC, .gap = 10 * USEC_PER_SEC, .activity_gap = 1800 * USEC_PER_SEC \
        }

/* Times of a FAT file system, the coarsest there are. */
#define SEGMENT_RESOLUTION_MAX (2 * USEC_PER_SEC)

struct segment {
        int64_t footage;
        int64_t officer, unit; /* 0 nobody's */
        instant_t started;     /* corrected by the recorder's clock offset */
        int64_t duration;      /* -1 unknown */
        int64_t resolution;    /* of its time: a name has whole seconds */
        int64_t clock_offset;  /* what was taken off; 0 when none was measured */
        bool audio;
        bool ended; /* of unknown duration, and 'started' is when it ended: it began before */
};

struct recording {
        int64_t first;         /* footage */
        int64_t officer, unit; /* of all segments */
        instant_t started, ended;
        bool start_unknown; /* it began then or earlier */
        bool end_unknown;   /* it ended then or later */
        int64_t segments;
        bool audio;
};

struct recording_gap {
        instant_t from, to;
        int64_t before, after; /* footage */
        int64_t officer, unit; /* of 'before' */
        instant_t before_started, after_started;
        bool certain;
};

/* What the caller knows and wants to know; each may be NULL. A non-zero return ends the run and is returned.
 * duty_at() gives the duty that the recorder was on, 0 for none; it is asked when there is a hole, only. */
struct continuity_calls {
        int (*duty_at)(void *userdata, instant_t at, int64_t *ret_duty);
        int (*on_recording)(void *userdata, const struct recording *r);
        int (*on_gap)(void *userdata, const struct recording_gap *g);
        void *userdata;
};

struct continuity_track {
        bool active;
        struct recording recording;
        struct segment edge; /* the one that reaches farthest */
        instant_t end;       /* up to which something is known to be recorded */
        bool open;           /* something of unknown duration may reach beyond */
        instant_t open_since;
};

/* One recorder. Set up by continuity_begin(); needs no release. */
struct continuity {
        const struct continuity_rules *rules;
        const struct continuity_calls *calls;
        struct continuity_track video, audio;
        instant_t last; /* start of the last segment */
};

/* 'rules' and 'calls' live as long as *c. */
void continuity_begin(struct continuity *c, const struct continuity_rules *rules,
                      const struct continuity_calls *calls);
/* The next segment: not one that started before the last. -EINVAL for that. */
int continuity_add(struct continuity *c, const struct segment *s);
/* There are no more: the recordings that are under way end. */
int continuity_end(struct continuity *c);
/* Is everything told that began before 'until', when no segment before 'at' can come any more? */
bool continuity_told(const struct continuity *c, instant_t until, instant_t at);

/* Why recording was interrupted, in the order of Art. 23. The catalogue keeps the words. */
enum gap_reason {
        GAP_BAD_WEATHER = 0,
        GAP_EQUIPMENT_FAILURE = 1,
        GAP_SITE_RESTRICTION = 2,
        GAP_STATE_SECRET = 3,
        GAP_TRADE_SECRET = 4,
        GAP_PERSONAL_PRIVACY = 5,
        GAP_OTHER = 6,
        _GAP_REASON_MAX,
};

/* "bad-weather" … and back (-EINVAL). */
const char *gap_reason_text(enum gap_reason reason);
int gap_reason_from_text(const char *text, enum gap_reason *ret);
/* The regulation's own word: "恶劣天气". */
const char *gap_reason_term(enum gap_reason reason);

/* Explanations are typed in whole seconds, and the ends of gaps have fractions. */
#define EXPLANATION_TOLERANCE (2 * USEC_PER_SEC)

/* How far a gap is explained by intervals in order of their start: adds one. '*reached' begins as the start
 * of the gap; the gap is explained when it has come to its end less the tolerance. */
void explanation_reach(instant_t *reached, instant_t from, instant_t to);
bool explanation_is_whole(instant_t reached, instant_t gap_to);
