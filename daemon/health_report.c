// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is known of a recorder's health, and whether it may be issued: the facts of rules/readiness.h,
 * gathered from its last docking, the registry, the duty ledger and the alerts. Nothing of it is stored: it
 * is as true as what it follows from.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/alert.h"
#include "catalogue/duty.h"
#include "catalogue/registry.h"
#include "daemon/clock_history.h"
#include "daemon/config.h"
#include "daemon/due.h"
#include "daemon/health.h"
#include "daemon/station.h"
#include "rules/readiness.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

/* A recorder that was in its bay for so long after its battery was read has been charged. */
#define CHARGED_AFTER (30 * 60 * USEC_PER_SEC)

#define GIB (1024.0 * 1024.0 * 1024.0)

struct report {
        struct station *station;
        const struct recorder_row *recorder;
        instant_t now;
        struct docking_row last;
        bool docked; /* 'last' is there */
        struct clock_drift drift;
        struct readiness_facts facts;
        char values[_READINESS_CHECK_MAX][160];
};

static char *value_of(struct report *r, enum readiness_check c)
{
        return r->values[c];
}

#define VALUE_PRINT(r, check, ...) \
        (void)snprintf(value_of((r), (check)), sizeof((r)->values[0]), __VA_ARGS__)

static int keep_last(void *userdata, const struct docking_row *d)
{
        struct report *r = userdata;

        r->last = *d;
        r->docked = true;
        return 1;
}

static enum readiness_docking docking_facts(const struct docking_row *d)
{
        switch (d->state) {
        case DOCKING_RELEASED:
                return READINESS_DOCKING_COMPLETE;
        case DOCKING_FAILED:
                return READINESS_DOCKING_FAILED;
        case DOCKING_UNPLUGGED:
                return READINESS_DOCKING_CUT_SHORT;
        default:
                return READINESS_DOCKING_UNDER_WAY;
        }
}

/* As it was left: after it was set, and after files were removed. */
static bool clock_known(const struct docking_row *d, int64_t *ret_offset, int64_t *ret_uncertainty)
{
        bool set = d->has_clock_set_offset;

        *ret_offset = set ? d->clock_set_offset : d->clock_offset;
        *ret_uncertainty = set ? d->clock_set_uncertainty : d->clock_uncertainty;
        return set || d->has_clock_offset;
}

static void value_facts(struct report *r)
{
        const struct health_limits *limits = &r->station->config->health;
        const struct docking_row *d = &r->last;
        instant_t until = d->unplugged_at == INSTANT_NONE ? r->now : d->unplugged_at;
        int64_t offset, uncertainty, left = docking_free_left(d);
        bool known = clock_known(d, &offset, &uncertainty);

        r->facts.docking = docking_facts(d);
        r->facts.clock = health_of_clock(limits, known, offset, uncertainty);
        r->facts.battery = health_of_battery(limits, d->battery_percent);
        r->facts.storage = health_of_storage(limits, left, d->total_bytes);
        r->facts.charged_since =
                        d->identified_at != INSTANT_NONE && until - d->identified_at >= CHARGED_AFTER;
        VALUE_PRINT(r, READINESS_EXPORTED, "docking/%" PRId64, d->id);
        if (known)
                VALUE_PRINT(r, READINESS_CLOCK, "%+.1f s", (double)offset / USEC_PER_SEC);
        if (d->battery_percent >= 0)
                VALUE_PRINT(r, READINESS_BATTERY, "%d %%", d->battery_percent);
        if (left >= 0 && d->total_bytes > 0)
                VALUE_PRINT(r, READINESS_STORAGE, "%.1f / %.1f GiB", (double)left / GIB,
                            (double)d->total_bytes / GIB);
        else if (left >= 0)
                VALUE_PRINT(r, READINESS_STORAGE, "%.1f GiB", (double)left / GIB);
}

static int officer_number(struct catalogue *c, int64_t id, char *ret, size_t size)
{
        struct officer officer;
        int r = id > 0 ? officer_by_id(c, id, &officer) : CATALOGUE_ABSENT;

        if (r == CATALOGUE_OK)
                (void)text_copy(ret, size, officer.number);
        return r;
}

static int registry_facts(struct report *r)
{
        struct catalogue *c = r->station->catalogue;
        int64_t officer = 0;
        int found = officer_assigned_at(c, r->recorder->id, r->now, &officer);

        r->facts.retired = r->recorder->retired_at != INSTANT_NONE;
        r->facts.assigned = found == CATALOGUE_OK;
        if (found == CATALOGUE_OK)
                found = officer_number(c, officer, value_of(r, READINESS_ASSIGNED), sizeof(r->values[0]));
        return MIN(found, 0);
}

static int on_duty(void *userdata, const struct duty *d)
{
        struct report *r = userdata;
        struct deadline_facts facts = due_facts(d);
        struct deadline deadline;
        char at[INSTANT_TEXT_MAX];

        if (d->returned_at == INSTANT_NONE) {
                r->facts.out = true;
                if (officer_number(r->station->catalogue, d->officer, value_of(r, READINESS_RETURNED),
                                   sizeof(r->values[0])) < 0)
                        return -EIO;
        } else {
                r->facts.waits = true;
        }
        deadline_settle(&r->station->config->deadlines, &facts, &deadline);
        if (r->facts.overdue || deadline_state_at(&deadline, r->now) != DEADLINE_MISSED)
                return 0;
        r->facts.overdue = true;
        VALUE_PRINT(r, READINESS_DEADLINE, "%s", instant_format(deadline.violation, at));
        return 0;
}

/* Those that another line tells of. */
static bool has_line(const char *kind)
{
        static const char *const kinds[] = {"clock-drift",     "battery-low", "recorder-storage-low",
                                            "offload-overdue", "same-day",    "recorder-missing"};

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (strcmp(kinds[i], kind) == 0)
                        return true;
        return false;
}

static int on_alert(void *userdata, const char *kind)
{
        struct report *r = userdata;
        char *value = value_of(r, READINESS_ALERTS);
        size_t used = strlen(value);

        if (has_line(kind))
                return 0;
        r->facts.alerts++;
        (void)snprintf(value + used, sizeof(r->values[0]) - used, "%s%s", used > 0 ? ", " : "", kind);
        return 0;
}

static int report_gather(struct report *r)
{
        struct catalogue *c = r->station->catalogue;
        char subject[REGISTRY_TEXT_MAX + 16];
        int found = docking_each_of(c, r->recorder->id, 1, keep_last, r);

        if (found >= 0 && r->docked)
                value_facts(r);
        if (found >= 0)
                found = clock_history_drift(c, r->recorder->id, INT64_MAX, &r->drift);
        if (found >= 0)
                found = registry_facts(r);
        if (found >= 0)
                found = duty_each_waiting_of(c, r->recorder->id, on_duty, r);
        if (found < 0)
                return found;
        (void)snprintf(subject, sizeof(subject), "recorder/%s", r->recorder->number);
        return alert_each_open_on(c, subject, on_alert, r);
}

int health_refusal(struct station *s, const struct recorder_row *recorder, char ret[HEALTH_REFUSAL_MAX])
{
        struct report report = {.station = s, .recorder = recorder, .now = clock_now()};
        struct readiness_line lines[_READINESS_CHECK_MAX];
        int r = report_gather(&report);
        size_t used = 0;

        if (r < 0)
                return r;
        (void)readiness_judge(&report.facts, lines);
        ret[0] = '\0';
        for (unsigned int i = 0; i < _READINESS_CHECK_MAX && used < HEALTH_REFUSAL_MAX; i++) {
                const char *value = value_of(&report, (enum readiness_check)i);

                if (lines[i].state != HEALTH_BAD || !readiness_refuses((enum readiness_check)i))
                        continue;
                used += (size_t)snprintf(ret + used, HEALTH_REFUSAL_MAX - used, "%s%s %s%s%s%s",
                                         used > 0 ? ", " : "", readiness_check_text((enum readiness_check)i),
                                         lines[i].reason, *value ? " (" : "", value, *value ? ")" : "");
        }
        return 0;
}

/* --- as JSON --- */

static void add_text(struct json_object *o, const char *key, const char *value)
{
        json_object_object_add(o, key, value[0] ? json_object_new_string(value) : NULL);
}

static void add_known(struct json_object *o, const char *key, int64_t value)
{
        json_object_object_add(o, key, value < 0 ? NULL : json_object_new_int64(value));
}

static void add_seconds(struct json_object *o, const char *key, bool known, int64_t usec)
{
        json_object_object_add(o, key, known ? json_object_new_double((double)usec / USEC_PER_SEC) : NULL);
}

static void add_time(struct json_object *o, const char *key, instant_t t)
{
        char text[INSTANT_TEXT_MAX];

        add_text(o, key, instant_format(t, text));
}

static void add_values(struct json_object *o, const struct report *r)
{
        const struct docking_row *d = &r->last;

        add_known(o, "docking", r->docked ? d->id : -1);
        add_time(o, "measured_at", r->docked ? d->identified_at : INSTANT_NONE);
        add_text(o, "firmware", d->firmware);
        add_known(o, "battery", r->docked ? d->battery_percent : -1);
        add_known(o, "free", r->docked ? docking_free_left(d) : -1);
        add_known(o, "total", r->docked ? d->total_bytes : -1);
        add_seconds(o, "clock_offset_s", d->has_clock_offset, d->clock_offset);
        add_time(o, "clock_set_at", r->docked && d->clock_set_to[0] ? d->clock_set_at : INSTANT_NONE);
        add_seconds(o, "clock_set_offset_s", d->has_clock_set_offset, d->clock_set_offset);
        add_seconds(o, "drift_s_per_day", r->drift.known, r->drift.per_day);
        json_object_object_add(o, "drift_readings", json_object_new_int64(r->drift.readings));
}

static const char *state_text(enum health h)
{
        static const char *const words[] = {
                        [HEALTH_UNKNOWN] = "unknown", [HEALTH_GOOD] = "ok", [HEALTH_BAD] = "not-ok"};

        return words[h];
}

static void add_checks(struct json_object *o, const struct report *r)
{
        struct readiness_line lines[_READINESS_CHECK_MAX];
        enum health all = readiness_judge(&r->facts, lines);
        struct json_object *checks = json_object_new_array();

        json_object_object_add(o, "ready",
                               all == HEALTH_UNKNOWN ? NULL : json_object_new_boolean(all == HEALTH_GOOD));
        for (unsigned int i = 0; i < _READINESS_CHECK_MAX; i++) {
                struct json_object *line = json_object_new_object();

                add_text(line, "check", readiness_check_text((enum readiness_check)i));
                add_text(line, "state", state_text(lines[i].state));
                add_text(line, "reason", lines[i].reason);
                add_text(line, "value", r->values[i]);
                (void)json_object_array_add(checks, line);
        }
        json_object_object_add(o, "checks", checks);
}

int health_report_json(struct station *s, const struct recorder_row *recorder, char **ret)
{
        struct report report = {.station = s, .recorder = recorder, .now = clock_now()};
        struct json_object *o;
        char *text;
        int r = report_gather(&report);

        if (r < 0)
                return r;
        o = json_object_new_object();
        add_text(o, "recorder", recorder->number);
        add_values(o, &report);
        add_checks(o, &report);
        text = strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                                        JSON_C_TO_STRING_NOSLASHESCAPE));
        (void)json_object_put(o);
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}
