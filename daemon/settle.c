// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Settling whose a file is and when it was recorded. The rules themselves are pure and live in lib/rules;
 * here they are fed with what the name, the container, the device, the docking's clock and the registry say.
 */
#include "daemon/settle.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/duty.h"
#include "catalogue/registry.h"
#include "catalogue/unreadable.h"
#include "daemon/config.h"
#include "daemon/due.h"
#include "daemon/station.h"
#include "recorder/recorder.h"
#include "rules/deadline.h"
#include "rules/name_pattern.h"
#include "rules/owner.h"
#include "rules/recording_time.h"

#include <string.h>
#include <strings.h>

static int lookup(int r)
{
        return r == CATALOGUE_ABSENT ? -ENOENT : r;
}

static int lookup_officer(void *userdata, const char *number, int64_t *ret)
{
        struct officer o;
        int r = officer_by_number(userdata, number, &o);

        if (r == CATALOGUE_OK)
                *ret = o.id;
        return lookup(r);
}

/* Who checked it out had it, whoever it is assigned to. */
static int lookup_assigned(void *userdata, int64_t recorder, instant_t at, int64_t *ret)
{
        struct duty duty;
        int r = duty_covering(userdata, recorder, at, &duty);

        if (r < 0)
                return r;
        if (r == CATALOGUE_OK && duty.officer > 0) {
                *ret = duty.officer;
                return 0;
        }
        return lookup(officer_assigned_at(userdata, recorder, at, ret));
}

/* Without a time of recording nobody can say who had the recorder: today's officer is a guess. */
static int lookup_assigned_never(void *userdata, int64_t recorder, instant_t at, int64_t *ret)
{
        return -ENOENT;
}

static int lookup_officer_unit(void *userdata, int64_t officer, instant_t at, int64_t *ret)
{
        return lookup(officer_unit_at(userdata, officer, at, ret));
}

static int lookup_recorder_unit(void *userdata, int64_t recorder, int64_t *ret)
{
        struct recorder_row row;
        int r = recorder_by_id(userdata, recorder, &row);

        if (r == CATALOGUE_OK && row.unit == 0)
                return -ENOENT;
        if (r == CATALOGUE_OK)
                *ret = row.unit;
        return lookup(r);
}

/* The clock as it was measured at the docking that listed the item first, which is the one behind its
 * recording: it may take another docking to pull it, and somebody may have set the clock by then. */
static int settle_clock(struct station *s, const struct item *item, const struct docking_row *row,
                        struct footage *f, bool *ret_moved)
{
        struct docking_row first;
        int r = CATALOGUE_ABSENT;

        if (item->first_docking > 0 && item->first_docking != row->id)
                r = docking_by_id(s->catalogue, item->first_docking, &first);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK && first.has_clock_offset)
                row = &first;
        f->has_clock_offset = row->has_clock_offset;
        f->clock_offset = row->clock_offset;
        *ret_moved = row->clock_moved;
        return 0;
}

static void settle_time(struct station *s, bool moved, const struct name_facts *name, struct footage *f)
{
        const struct config *c = s->config;
        struct time_evidence evidence = {
                        .by_source =
                                        {
                                                        [TIME_FROM_NAME] = f->name_time,
                                                        [TIME_FROM_CONTAINER] = f->container_time,
                                                        [TIME_FROM_DEVICE] = f->device_time,
                                        },
                        .impossible_name = name->impossible_date,
                        .duration = f->duration,
                        .has_offset = f->has_clock_offset,
                        .clock_offset = f->clock_offset,
                        .clock_moved = moved,
                        .offloaded_at = f->offloaded_at,
                        .tolerance = c->time_tolerance,
        };
        struct recording_time t;

        memcpy(evidence.order, c->time_order, sizeof(evidence.order));
        recording_time_settle(&evidence, &t);
        f->started_at = t.started;
        f->ended_at = t.ended;
        f->time_flags = t.flags;
        (void)snprintf(f->time_source, sizeof(f->time_source), "%s", time_source_text(t.source));
}

/* The duty that a recording was on; CATALOGUE_ABSENT when nobody recorded one. Of a recording whose time
 * nobody knows, a docking alone says nothing. */
static int duty_of(struct station *s, const struct footage *f, instant_t recorded, struct duty *ret)
{
        int r = duty_covering(s->catalogue, f->recorder, recorded, ret);

        if (r == CATALOGUE_OK && recorded == INSTANT_NONE && ret->return_docking > 0 &&
            ret->roster_end == INSTANT_NONE)
                return CATALOGUE_ABSENT;
        return r;
}

static int settle_deadline(struct station *s, const struct docking_row *row, struct footage *f)
{
        instant_t recorded = f->time_flags & TIME_UNKNOWN ? INSTANT_NONE : f->ended_at, until, at;
        struct deadline_facts facts;
        struct deadline deadline;
        struct duty duty;
        int r = duty_of(s, f, recorded, &duty);

        if (r < 0)
                return r;
        facts = due_facts(r == CATALOGUE_OK ? &duty : NULL);
        facts.recorded = recorded;
        r = extension_of_docking(s->catalogue, row->id, &until, &at);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK && until > facts.extended) {
                facts.extended = until;
                facts.extended_at = at;
        }
        deadline_settle(&s->config->deadlines, &facts, &deadline);
        f->deadline = deadline.violation;
        f->late_us = deadline_late_by(deadline.violation, f->offloaded_at);
        return 0;
}

static int settle_owner(struct station *s, const struct docking_row *row, const struct name_facts *name,
                        struct footage *f, struct settled_numbers *numbers)
{
        static const char *const sources[] = {
                        [OWNER_NOBODY] = "",
                        [OWNER_FROM_NAME] = "name",
                        [OWNER_FROM_DEVICE] = "device",
                        [OWNER_FROM_ASSIGNMENT] = "assignment",
                        [OWNER_FROM_IMPORT] = "import",
        };
        const struct owner_registry registry = {
                        .officer_by_number = lookup_officer,
                        .officer_assigned = f->time_flags & TIME_UNKNOWN ? lookup_assigned_never
                                                                         : lookup_assigned,
                        .unit_of_officer = lookup_officer_unit,
                        .unit_of_recorder = lookup_recorder_unit,
                        .userdata = s->catalogue,
        };
        struct owner owner;
        int r = owner_settle(&registry, f->recorder, f->started_at, row->import_officer, name->officer,
                             row->officer, &owner);

        if (r < 0)
                return r;
        f->officer = owner.officer;
        f->unit = owner.unit;
        (void)snprintf(f->officer_source, sizeof(f->officer_source), "%s", sources[owner.source]);
        numbers->officer_disagrees = owner.disagrees;
        numbers->officer_unknown = owner.unknown_number;
        (void)text_copy(numbers->said_officer, sizeof(numbers->said_officer),
                        name->officer[0] ? name->officer : row->officer);
        return 0;
}

/* What recorders call themselves in file names: the number on the label, or a serial. */
static bool recorder_is_called(const struct recorder_row *recorder, const char *said)
{
        return strcasecmp(said, recorder->number) == 0 || strcasecmp(said, recorder->usb_serial) == 0 ||
               strcasecmp(said, recorder->serial) == 0;
}

/* The registry goes before the name; a contradiction is for a person. */
static int settle_said_recorder(struct station *s, const struct recorder_row *recorder, const char *said,
                                struct settled_numbers *numbers)
{
        struct recorder_row other;
        int r;

        if (!said[0] || recorder_is_called(recorder, said))
                return 0;
        r = recorder_by_number(s->catalogue, said, &other);
        if (r < 0)
                return r;
        numbers->recorder_disagrees = true;
        numbers->said_is_registered = r == CATALOGUE_OK;
        (void)text_copy(numbers->said_recorder, sizeof(numbers->said_recorder), said);
        return 0;
}

static int settle_numbers(struct station *s, const struct footage *f, const struct name_facts *name,
                          struct settled_numbers *numbers)
{
        struct unit unit;
        struct officer officer;
        struct recorder_row recorder;
        int r = recorder_by_id(s->catalogue, f->recorder, &recorder);

        if (r != CATALOGUE_OK)
                return r < 0 ? r : -ENOENT;
        (void)text_copy(numbers->recorder, sizeof(numbers->recorder), recorder.number);
        r = settle_said_recorder(s, &recorder, name->recorder, numbers);
        if (r < 0)
                return r;
        if (f->unit > 0) {
                r = unit_by_id(s->catalogue, f->unit, &unit);
                if (r != CATALOGUE_OK)
                        return r < 0 ? r : -ENOENT;
                (void)text_copy(numbers->unit, sizeof(numbers->unit), unit.number);
        }
        if (f->officer > 0) {
                r = officer_by_id(s->catalogue, f->officer, &officer);
                if (r != CATALOGUE_OK)
                        return r < 0 ? r : -ENOENT;
                (void)text_copy(numbers->officer, sizeof(numbers->officer), officer.number);
        }
        return 0;
}

static void describe_item(struct station *s, const struct item *item, const struct docking_row *row,
                          struct footage *f)
{
        const char *slash = strrchr(item->path, '/');
        bool zoned;

        f->item = item->id;
        f->docking = row->id;
        f->recorder = item->recorder;
        f->source = item->flags & RECORDER_ITEM_DELETED ? FOOTAGE_RECOVERED : row->source;
        (void)text_copy(f->bay, sizeof(f->bay), row->bay);
        (void)text_copy(f->name, sizeof(f->name), slash ? slash + 1 : item->path);
        (void)text_copy(f->source_path, sizeof(f->source_path), item->path);
        (void)text_copy(f->device_time_text, sizeof(f->device_time_text), item->time_text);
        if (instant_parse_ptp(item->time_text, &f->device_time, &zoned) < 0)
                f->device_time = INSTANT_NONE;
        f->important = item->flags & RECORDER_ITEM_MARKED;
        f->offloaded_at = clock_now();
        (void)snprintf(f->zone, sizeof(f->zone), "%s", s->config->time_zone ? s->config->time_zone : "");
}

static void describe_result(const struct inspect_result *result, struct footage *f)
{
        f->size = result->size;
        f->digests = result->digests;
        f->verdict = (enum media_verdict)result->verdict;
        f->kind = (enum media_kind)result->kind;
        f->duration = result->duration;
        f->container_time = result->created;
        (void)text_copy(f->verdict_reasons, sizeof(f->verdict_reasons), result->reasons);
        (void)text_copy(f->container, sizeof(f->container), result->container);
        (void)text_copy(f->codecs, sizeof(f->codecs), result->codecs);
}

/* Whatever the container check makes of the zeros: bytes are missing, and the reasons say which. */
static int settle_unreadable(struct station *s, struct footage *f, int64_t *ret_bytes)
{
        struct unreadable_range ranges[UNREADABLE_TOLD_MAX];
        char checked[sizeof(f->verdict_reasons)], told[256];
        int64_t bytes = 0;
        size_t n = 0;
        int r = unreadable_read(s->catalogue, f->item, ranges, ELEMENTSOF(ranges), &n, &bytes);

        *ret_bytes = bytes;
        if (r < 0 || n == 0)
                return r;
        unreadable_text(ranges, n, bytes, told);
        (void)text_copy(checked, sizeof(checked), f->verdict_reasons);
        (void)snprintf(f->verdict_reasons, sizeof(f->verdict_reasons), "%s%s%.240s", told,
                       checked[0] ? "," : "", checked);
        f->verdict = VERDICT_DAMAGED;
        return 0;
}

int footage_settle(struct station *s, const struct item *item, const struct docking_row *row,
                   const struct inspect_result *result, struct footage *ret,
                   struct settled_numbers *ret_numbers)
{
        struct name_facts name;
        struct footage f = {0};
        struct settled_numbers numbers = {0};
        bool moved;
        int r;

        describe_item(s, item, row, &f);
        describe_result(result, &f);
        r = settle_unreadable(s, &f, &numbers.unreadable);
        if (r < 0)
                return r;
        name_pattern_apply(s->config->patterns, s->config->n_patterns, item->path, &name);
        f.name_time = name.started;
        f.important = f.important || name.important;
        r = settle_clock(s, item, row, &f, &moved);
        if (r < 0)
                return r;
        settle_time(s, moved, &name, &f);
        r = settle_deadline(s, row, &f);
        if (r < 0)
                return r;
        r = settle_owner(s, row, &name, &f, &numbers);
        if (r < 0)
                return r;
        r = settle_numbers(s, &f, &name, &numbers);
        if (r < 0)
                return r;
        *ret = f;
        *ret_numbers = numbers;
        return 0;
}
