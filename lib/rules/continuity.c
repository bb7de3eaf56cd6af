// SPDX-License-Identifier: LGPL-2.1-or-later
/* Joining segments, and the gaps between; see continuity.h. One pass: what is kept is the recording under
 * way and how far it is known to reach. */
#include "rules/continuity.h"
#include "base/cleanup.h"

#include <string.h>

static const struct {
        const char *word, *term;
} reasons[] = {
                [GAP_BAD_WEATHER] = {"bad-weather", "恶劣天气"},
                [GAP_EQUIPMENT_FAILURE] = {"equipment-failure", "设备故障"},
                [GAP_SITE_RESTRICTION] = {"site-restriction", "场所限制"},
                [GAP_STATE_SECRET] = {"state-secret", "国家秘密"},
                [GAP_TRADE_SECRET] = {"trade-secret", "商业秘密"},
                [GAP_PERSONAL_PRIVACY] = {"personal-privacy", "个人隐私"},
                [GAP_OTHER] = {"other", "其他"},
};
_Static_assert(ELEMENTSOF(reasons) == _GAP_REASON_MAX, "a reason has no word");

const char *gap_reason_text(enum gap_reason reason)
{
        return (unsigned int)reason < _GAP_REASON_MAX ? reasons[reason].word : "unknown";
}

const char *gap_reason_term(enum gap_reason reason)
{
        return (unsigned int)reason < _GAP_REASON_MAX ? reasons[reason].term : "";
}

int gap_reason_from_text(const char *text, enum gap_reason *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(reasons); i++) {
                if (strcmp(text, reasons[i].word) != 0)
                        continue;
                *ret = (enum gap_reason)i;
                return 0;
        }
        return -EINVAL;
}

void explanation_reach(instant_t *reached, instant_t from, instant_t to)
{
        if (from <= *reached || from - *reached <= EXPLANATION_TOLERANCE)
                *reached = MAX(*reached, to);
}

bool explanation_is_whole(instant_t reached, instant_t gap_to)
{
        return reached >= gap_to || gap_to - reached <= EXPLANATION_TOLERANCE;
}

/* Times of segments are those of real clocks; what is not is held within what can be subtracted. */
static instant_t bounded(instant_t t)
{
        return MIN(MAX(t, INT64_MIN / 4), INT64_MAX / 4);
}

static instant_t segment_end(const struct segment *s)
{
        return bounded(s->started) + MIN(MAX(s->duration, 0), INT64_MAX / 4);
}

void continuity_begin(struct continuity *c, const struct continuity_rules *rules,
                      const struct continuity_calls *calls)
{
        *c = (struct continuity){.rules = rules, .calls = calls, .last = INT64_MIN};
}

static int duty_at(const struct continuity *c, instant_t at, int64_t *ret)
{
        *ret = 0;
        return c->calls->duty_at ? c->calls->duty_at(c->calls->userdata, at, ret) : 0;
}

static int one_activity(const struct continuity *c, instant_t end, instant_t next, bool *ret)
{
        int64_t before = 0, after = 0;
        int r = duty_at(c, end, &before);

        if (r == 0 && before != 0)
                r = duty_at(c, next, &after);
        if (r != 0)
                return r;
        *ret = before != 0 && after != 0 ? before == after : next - end < c->rules->activity_gap;
        return 0;
}

static int tell_recording(const struct continuity *c, struct continuity_track *t)
{
        t->recording.ended = t->end;
        t->recording.end_unknown = t->open;
        return c->calls->on_recording ? c->calls->on_recording(c->calls->userdata, &t->recording) : 0;
}

/* What the two clocks may be apart by, over what was taken off. */
static int64_t clock_doubt(const struct segment *a, const struct segment *b)
{
        int64_t d;

        if (__builtin_sub_overflow(a->clock_offset, b->clock_offset, &d) || d == INT64_MIN)
                return INT64_MAX / 4;
        return MIN(d < 0 ? -d : d, INT64_MAX / 4);
}

static int tell_gap(const struct continuity *c, const struct continuity_track *t, const struct segment *s)
{
        instant_t next = bounded(s->started);
        struct recording_gap g = {
                        .from = t->end,
                        .to = next,
                        .before = t->edge.footage,
                        .after = s->footage,
                        .officer = t->edge.officer,
                        .unit = t->edge.unit,
                        .before_started = t->edge.started,
                        .after_started = s->started,
                        .certain = !t->open && !s->ended,
        };
        bool one = false;
        int r;

        if (!c->calls->on_gap || s->audio != c->rules->audio || g.to - g.from <= c->rules->gap)
                return 0;
        r = one_activity(c, g.from, g.to, &one);
        if (r != 0 || !one)
                return r;
        if (g.to - g.from - clock_doubt(&t->edge, s) <= c->rules->gap)
                g.certain = false;
        return c->calls->on_gap(c->calls->userdata, &g);
}

static void recording_start(struct continuity_track *t, const struct segment *s)
{
        t->recording = (struct recording){
                        .first = s->footage,
                        .officer = s->officer,
                        .unit = s->unit,
                        .started = s->started,
                        .start_unknown = s->ended,
                        .audio = s->audio,
        };
}

/* Takes the segment into the recording under way. */
static void track_extend(struct continuity_track *t, const struct segment *s, int64_t tolerance)
{
        instant_t start = bounded(s->started);

        t->recording.segments++;
        if (segment_end(s) >= t->end) {
                t->end = segment_end(s);
                t->edge = *s;
        }
        if (s->duration < 0 && !s->ended) {
                t->open = true;
                t->open_since = start;
        } else if (t->open && start - t->open_since > tolerance) {
                t->open = false; /* another file has begun since */
        }
}

static void track_start(struct continuity_track *t, const struct segment *s)
{
        recording_start(t, s);
        t->active = true;
        t->end = INT64_MIN;
        t->open = false;
        track_extend(t, s, 0);
}

static int64_t tolerance_between(const struct continuity *c, const struct segment *a,
                                 const struct segment *b)
{
        return c->rules->join + MAX(a->resolution, b->resolution);
}

int continuity_add(struct continuity *c, const struct segment *s)
{
        struct continuity_track *t = s->audio ? &c->audio : &c->video;
        bool joined, owned;
        int64_t tolerance;
        int r;

        if (s->started < c->last)
                return -EINVAL;
        c->last = s->started;
        if (!t->active) {
                track_start(t, s);
                return 0;
        }
        tolerance = tolerance_between(c, &t->edge, s);
        joined = bounded(s->started) - t->end <= tolerance;
        owned = s->officer == t->recording.officer && s->unit == t->recording.unit;
        if (joined && owned) {
                track_extend(t, s, tolerance);
                return 0;
        }
        r = tell_recording(c, t);
        if (r == 0 && !joined)
                r = tell_gap(c, t, s);
        if (r != 0)
                return r;
        if (!joined) {
                track_start(t, s);
                return 0;
        }
        /* Another owner, without a hole: how far is known to be recorded stays. */
        recording_start(t, s);
        track_extend(t, s, tolerance);
        return 0;
}

int continuity_end(struct continuity *c)
{
        struct continuity_track *const tracks[] = {&c->video, &c->audio};

        for (size_t i = 0; i < ELEMENTSOF(tracks); i++) {
                int r = tracks[i]->active ? tell_recording(c, tracks[i]) : 0;

                if (r != 0)
                        return r;
                tracks[i]->active = false;
        }
        return 0;
}

static bool track_told(const struct continuity *c, const struct continuity_track *t, instant_t until,
                       instant_t at, bool judged)
{
        if (!t->active || (t->recording.started >= until && t->end >= until))
                return true;
        /* Nothing waits for what comes after it: it is told when nothing can join it any more. */
        return !judged && at > t->end && at - t->end > c->rules->join + SEGMENT_RESOLUTION_MAX;
}

bool continuity_told(const struct continuity *c, instant_t until, instant_t at)
{
        return at >= until && track_told(c, &c->video, until, at, !c->rules->audio) &&
               track_told(c, &c->audio, until, at, c->rules->audio);
}
