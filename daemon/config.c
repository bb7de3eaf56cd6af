// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock.conf as recdockd uses it: the table of keys, their defaults, and what only the whole file can say
 * (a number and a custodian are there, ports and names are unique, patterns compile). Each finding has one
 * line; in the running daemon a finding costs the bad value and nothing else, except that a station without
 * number or custodian does not start.
 */
#include "daemon/config.h"
#include "daemon/config_value.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "media/inspect_messages.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/* One load. Findings go to the log, or to the caller's 'report' when strict. */
struct loading {
        struct config *config;
        bool strict;
        bool found;
        conf_report_fn *report;
        void *userdata;
};

DEFINE_CLEANUP(struct config *, config_free);

static void bays_free(struct config_bay *b)
{
        while (b) {
                struct config_bay *next = b->next;

                free(b->name);
                free(b->port);
                free(b);
                b = next;
        }
}

static void pattern_texts_free(struct config_pattern *p)
{
        while (p) {
                struct config_pattern *next = p->next;

                free(p->name);
                free(p->match);
                free(p);
                p = next;
        }
}

static void folders_done(struct config_folders *f)
{
        for (size_t i = 0; i < f->n; i++)
                free(f->paths[i]);
        free(f->paths);
}

void config_free(struct config *c)
{
        if (!c)
                return;
        for (size_t i = 0; i < c->n_patterns; i++)
                name_pattern_free(c->patterns[i]);
        free(c->patterns);
        pattern_texts_free(c->pattern_texts);
        bays_free(c->bays);
        calendar_done(&c->calendar);
        retention_rules_unref(c->retention);
        free(c->number);
        free(c->custodian);
        free(c->time_zone);
        free(c->store_path);
        free(c->backup_target);
        folders_done(&c->archive_folders);
        folders_done(&c->archive_drives);
        free(c);
}

#define KEY(section, key, parse, field)                             \
        {                                                           \
                section, key, parse, offsetof(struct config, field) \
        }
static const struct conf_key keys[] = {
                KEY("Station", "Number", config_parse_station_text, number),
                KEY("Station", "Custodian", config_parse_station_text, custodian),
                KEY("Station", "TimeZone", config_parse_zone, time_zone),
                KEY("Station", "Register", config_parse_register, registration),
                KEY("Store", "Path", conf_parse_path, store_path),
                KEY("Store", "KeepFree", conf_parse_size, keep_free),
                KEY("Store", "SM3", conf_parse_bool, sm3),
                KEY("Store", "Verity", conf_parse_bool, verity),
                KEY("Docking", "Release", config_parse_release, release),
                KEY("Docking", "SetClock", conf_parse_bool, set_clock),
                KEY("Docking", "ClockTolerance", conf_parse_span, health.clock_tolerance),
                KEY("Docking", "WorkersMax", config_parse_workers, workers_max),
                KEY("Docking", "WarnTimeout", config_parse_timeout, warn_timeout),
                KEY("Docking", "KillTimeout", config_parse_timeout, kill_timeout),
                KEY("Docking", "Attempts", config_parse_attempts, attempts),
                KEY("Docking", "Recover", conf_parse_bool, recover),
                KEY("Docking", "SwitchTimeout", conf_parse_span, switch_timeout),
                KEY("Docking", "ItemMax", conf_parse_size, item_max),
                KEY("Health", "BatteryLow", config_parse_battery_low, health.battery_low),
                KEY("Health", "StorageLow", config_parse_storage_low, health),
                KEY("Recording", "TimeOrder", config_parse_time_order, time_order),
                KEY("Recording", "TimeTolerance", conf_parse_span, time_tolerance),
                KEY("Recording", "Deadline", config_parse_timeout, deadlines.limit),
                KEY("Recording", "DayEnds", config_parse_day_end, deadlines.same_day),
                KEY("Recording", "DaysOff", config_parse_days_off, deadlines.days_off_wait),
                KEY("Duty", "UndockingIsCheckout", conf_parse_bool, undocking_is_checkout),
                KEY("Duty", "MissingGrace", config_parse_missing, missing.grace),
                KEY("Duty", "MissingAfter", config_parse_missing, missing.after),
                KEY("Alert", "EscalateAfter", config_parse_escalation, escalate_after),
                KEY("Continuity", "Join", config_parse_join, continuity.join),
                KEY("Continuity", "Gap", config_parse_gap, continuity.gap),
                KEY("Continuity", "ActivityGap", config_parse_gap, continuity.activity_gap),
                KEY("Case", "Annotation", conf_parse_bool, annotation),
                KEY("Case", "AnnotationGrace", config_parse_grace, annotation_grace),
                KEY("Inspect", "Parallel", config_parse_inspectors, inspectors),
                KEY("Backup", "Target", conf_parse_path, backup_target),
                KEY("Backup", "Every", config_parse_backup_span, backup.every),
                KEY("Backup", "At", config_parse_backup_at, backup.at),
                KEY("Backup", "AlertAfter", config_parse_backup_span, backup.alert_after),
                KEY("Backup", "Generations", config_parse_generations, backup_generations),
                KEY("Backup", "AllowSameDisk", conf_parse_bool, backup_same_disk),
                KEY("Archive", "Folder", config_parse_archive_folder, archive_folders),
                KEY("Archive", "Drive", config_parse_archive_drive, archive_drives),
                KEY("Archive", "Burn", config_parse_burn, archive_burn),
                KEY("Archive", "Copies", config_parse_copies, archive.copies),
                KEY("Archive", "CheckAfter", config_parse_check_span, archive.check_after),
                KEY("Archive", "Auto", conf_parse_bool, archive_auto),
                KEY("Archive", "MediaHashList", conf_parse_bool, archive_hash_list),
                KEY("Archive", "Recovery", config_parse_recovery, archive_recovery),
                KEY("Archive", "AllowSameDisk", conf_parse_bool, archive_same_disk),
                {"Bay", "Port", config_parse_port, offsetof(struct config_bay, port)},
                {"Pattern", "Match", config_parse_match, offsetof(struct config_pattern, match)},
};

static int bay_get(struct config *c, const char *name, void **ret)
{
        struct config_bay **at = &c->bays, *b;

        for (; *at; at = &(*at)->next) {
                if (strcmp((*at)->name, name) == 0) {
                        *ret = *at;
                        return 0;
                }
        }
        b = calloc(1, sizeof(*b));
        if (!b)
                return -ENOMEM;
        b->name = strdup(name);
        if (!b->name) {
                free(b);
                return -ENOMEM;
        }
        *ret = *at = b;
        return 0;
}

/* Kept in order of names, which is the order they are tried in. */
static int pattern_get(struct config *c, const char *name, void **ret)
{
        struct config_pattern **at = &c->pattern_texts, *p;

        while (*at && strcmp((*at)->name, name) < 0)
                at = &(*at)->next;
        if (*at && strcmp((*at)->name, name) == 0) {
                *ret = *at;
                return 0;
        }
        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        p->name = strdup(name);
        if (!p->name) {
                free(p);
                return -ENOMEM;
        }
        p->next = *at;
        *ret = *at = p;
        return 0;
}

static int on_section(const struct conf_location *at, void *object, void **ret_data)
{
        return strcmp(at->section, "Bay") == 0 ? bay_get(object, at->argument, ret_data)
                                               : pattern_get(object, at->argument, ret_data);
}

static void on_finding(const char *text, void *userdata)
{
        struct loading *l = userdata;

        l->found = true;
        if (l->strict && l->report)
                l->report(text, l->userdata);
        else if (!l->strict)
                log_warning("%s, ignoring", text);
}

static void __attribute__((format(printf, 2, 3))) finding(struct loading *l, const char *format, ...)
{
        char text[1024];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        on_finding(text, l);
}

static const char *environment_or(const char *name, const char *otherwise)
{
        const char *value = getenv(name);

        return value && value[0] == '/' ? value : otherwise;
}

/* The first of a list that systemd joins with ':'. */
static char *first_folder(const char *list)
{
        return strndup(list, strcspn(list, ":"));
}

static int config_new(struct config **ret)
{
        _cleanup_(config_freep) struct config *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->keep_free = UINT64_C(1) << 30;
        c->verity = true;
        c->health = (struct health_limits){
                        .clock_tolerance = 3 * USEC_PER_SEC, .battery_low = 20, .storage_low_percent = 10};
        c->workers_max = 32;
        c->warn_timeout = 20 * USEC_PER_SEC;
        c->kill_timeout = 60 * USEC_PER_SEC;
        c->attempts = 3;
        c->switch_timeout = 15 * USEC_PER_SEC;
        c->item_max = UINT64_C(64) << 30;
        for (int i = 0; i < _TIME_SOURCE_MAX; i++)
                c->time_order[i] = (enum time_source)i;
        c->time_tolerance = 120 * USEC_PER_SEC;
        c->calendar = CALENDAR_WEEK;
        c->deadlines = (struct deadline_rules){.calendar = &c->calendar,
                                               .limit = 24 * USEC_PER_HOUR,
                                               .same_day = MINUTES_PER_DAY - 1};
        c->missing = (struct missing_rules){.grace = 2 * USEC_PER_DAY, .after = 3 * USEC_PER_DAY};
        c->escalate_after = 4 * USEC_PER_HOUR;
        c->continuity = (struct continuity_rules)CONTINUITY_DEFAULTS;
        c->annotation = true;
        c->annotation_grace = 24 * USEC_PER_HOUR;
        c->inspectors = 2;
        c->backup = (struct backup_rules)BACKUP_DEFAULTS;
        c->backup_generations = 7;
        c->archive = (struct archive_rules)ARCHIVE_RULES_DEFAULTS;
        c->archive_auto = true;
        *ret = TAKE_PTR(c);
        return 0;
}

/* A file of their own: they come once a year, from somebody else. */
static int holidays_load(struct loading *l, const char *folder)
{
        const struct conf_loader loader = {.keys = calendar_keys,
                                           .n_keys = calendar_keys_n,
                                           .report = on_finding,
                                           .userdata = l};
        _cleanup_free_ char *path = NULL, *drop_ins = NULL;
        const char *dirs[2] = {NULL, NULL};

        if (asprintf(&path, "%s/holidays.conf", folder) < 0 ||
            asprintf(&drop_ins, "%s/holidays.conf.d", folder) < 0)
                return -ENOMEM;
        dirs[0] = drop_ins;
        return conf_load(&loader, path, false, dirs, &l->config->calendar);
}

/* Not "ignoring" as for the other files: what a station keeps must not hang on the half of a profile. */
static void on_retention_finding(const char *text, void *userdata)
{
        struct loading *l = userdata;

        if (l->strict)
                on_finding(text, l);
        else
                log_warning("%s, all footage is kept for ever", text);
}

static int retention_load(struct loading *l, const char *folder)
{
        _cleanup_free_ char *own = NULL;
        const char *dirs[3] = {NULL, RECDOCK_DATADIR "/retention.d", NULL};

        if (asprintf(&own, "%s/retention.d", folder) < 0)
                return -ENOMEM;
        dirs[0] = own;
        return retention_rules_load(dirs, l->strict, on_retention_finding, l, &l->config->retention);
}

static int files_load(struct loading *l)
{
        static const char *const argument_sections[] = {"Bay", "Pattern", NULL};
        const struct conf_loader loader = {
                        .keys = keys,
                        .n_keys = ELEMENTSOF(keys),
                        .argument_sections = argument_sections,
                        .section = on_section,
                        .report = on_finding,
                        .userdata = l,
        };
        _cleanup_free_ char *folder =
                        first_folder(environment_or("CONFIGURATION_DIRECTORY", RECDOCK_CONFDIR));
        _cleanup_free_ char *path = NULL, *drop_ins = NULL;
        const char *dirs[3] = {NULL, RECDOCK_DATADIR "/recdock.conf.d", NULL};
        int r;

        if (!folder || asprintf(&path, "%s/recdock.conf", folder) < 0 ||
            asprintf(&drop_ins, "%s/recdock.conf.d", folder) < 0)
                return -ENOMEM;
        dirs[0] = drop_ins;
        r = conf_load(&loader, path, false, dirs, l->config);
        if (r >= 0)
                r = holidays_load(l, folder);
        return r < 0 ? r : retention_load(l, folder);
}

/* R-31-1: no station without a number and a person who answers for it, in either mode. */
static int station_check(struct loading *l)
{
        const struct {
                const char *key, *value;
        } required[] = {{"Number", l->config->number}, {"Custodian", l->config->custodian}};
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(required); i++) {
                if (required[i].value)
                        continue;
                r = -EINVAL;
                l->found = true;
                if (!l->strict)
                        log_error("[Station] %s= is not set: expected a text, refusing to start",
                                  required[i].key);
                else
                        finding(l, "[Station] %s= is not set: expected a text", required[i].key);
        }
        return r;
}

static void timeouts_check(struct loading *l)
{
        struct config *c = l->config;

        if (c->kill_timeout > c->warn_timeout)
                return;
        finding(l, "[Docking] KillTimeout=: expected more than WarnTimeout=%llds",
                (long long)(c->warn_timeout / USEC_PER_SEC));
        c->warn_timeout = 20 * USEC_PER_SEC;
        c->kill_timeout = 60 * USEC_PER_SEC;
}

static void continuity_check(struct loading *l)
{
        struct continuity_rules *r = &l->config->continuity;

        if (r->activity_gap > r->gap)
                return;
        finding(l, "[Continuity] ActivityGap=: expected more than Gap=%llds",
                (long long)(r->gap / USEC_PER_SEC));
        *r = (struct continuity_rules)CONTINUITY_DEFAULTS;
}

static void backup_check(struct loading *l)
{
        struct backup_rules *r = &l->config->backup;

        if (r->at >= 0 && r->every % USEC_PER_DAY != 0) {
                finding(l, "[Backup] Every=: expected whole days, because At= is set");
                r->every = USEC_PER_DAY;
        }
        if (r->alert_after < r->every) {
                finding(l, "[Backup] AlertAfter=: expected no less than Every=%lldh",
                        (long long)(r->every / USEC_PER_HOUR));
                r->alert_after = 3 * r->every;
        }
}

static const struct config_bay *bay_with_port(const struct config *c, const struct config_bay *until)
{
        for (const struct config_bay *b = c->bays; b != until; b = b->next)
                if (b->port && strcmp(b->port, until->port) == 0)
                        return b;
        return NULL;
}

/* Drops bays that cannot be used, so that the rest of the daemon sees only whole ones. */
static void bays_check(struct loading *l)
{
        struct config_bay **at = &l->config->bays;

        while (*at) {
                struct config_bay *b = *at;
                const struct config_bay *twin = b->port ? bay_with_port(l->config, b) : NULL;

                if (b->port && !twin) {
                        at = &b->next;
                        continue;
                }
                if (twin)
                        finding(l, "[Bay \"%s\"] Port='%s': expected a port of its own, [Bay \"%s\"] has it",
                                b->name, b->port, twin->name);
                else
                        finding(l, "[Bay \"%s\"]: expected Port=", b->name);
                *at = b->next;
                b->next = NULL;
                bays_free(b);
        }
}

static size_t patterns_count(const struct config *c)
{
        size_t n = 0;

        for (const struct config_pattern *p = c->pattern_texts; p; p = p->next)
                n++;
        return n;
}

/* An empty Match= switches a shipped pattern off. */
static int patterns_compile(struct loading *l)
{
        struct config *c = l->config;

        c->patterns = calloc(patterns_count(c) + 1, sizeof(struct name_pattern *));
        if (!c->patterns)
                return -ENOMEM;
        for (const struct config_pattern *p = c->pattern_texts; p; p = p->next) {
                const char *expected = "a regular expression";
                int r;

                if (!p->match)
                        continue;
                r = name_pattern_new(p->name, p->match, &c->patterns[c->n_patterns], &expected);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        finding(l, "[Pattern \"%s\"] Match='%s': expected %s", p->name, p->match, expected);
                else
                        c->n_patterns++;
        }
        return 0;
}

static int store_path_default(struct config *c)
{
        if (!c->store_path)
                c->store_path = first_folder(environment_or("STATE_DIRECTORY", RECDOCK_STATEDIR));
        return c->store_path ? 0 : -ENOMEM;
}

int config_load(struct config **ret, bool strict, conf_report_fn *report, void *userdata)
{
        _cleanup_(config_freep) struct config *c = NULL;
        struct loading l = {.strict = strict, .report = report, .userdata = userdata};
        int missing, r = config_new(&c);

        if (r < 0)
                return r;
        l.config = c;
        r = files_load(&l);
        if (r < 0)
                return r;
        missing = station_check(&l);
        timeouts_check(&l);
        continuity_check(&l);
        backup_check(&l);
        bays_check(&l);
        r = patterns_compile(&l);
        if (r >= 0)
                r = store_path_default(c);
        if (r < 0)
                return r;
        if (missing < 0 || (strict && l.found))
                return -EINVAL;
        *ret = TAKE_PTR(c);
        return 0;
}
