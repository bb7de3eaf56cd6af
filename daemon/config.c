// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock.conf as recdockd uses it: the table of keys, their defaults, and what only the whole file can say
 * (a number and a custodian are there, ports and names are unique, patterns compile). Each finding has one
 * line; in the running daemon a finding costs the bad value and nothing else, except that a station without
 * number or custodian does not start.
 */
#include "daemon/config.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "media/inspect_messages.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

enum {
        WORKERS_LIMIT = 256,
        ATTEMPTS_LIMIT = 100,
        GENERATIONS_LIMIT = 1000,
        STATION_TEXT_MAX = 63,
        PORT_DEPTH_MAX = 7, /* USB allows five hubs between root and device */
};

#define ALERT_SPAN_MAX (365 * USEC_PER_DAY)

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
        free(c);
}

static int refuse(const char **ret_expected, const char *expected)
{
        *ret_expected = expected;
        return -EINVAL;
}

/* Number= and Custodian=: they stand in file names, ledger and log. */
static int parse_station_text(const struct conf_location *at, const char *value, void *data,
                              const char **ret_expected)
{
        if (strlen(value) > STATION_TEXT_MAX)
                return refuse(ret_expected, "a text of at most 63 bytes");
        for (const char *p = value; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        return refuse(ret_expected, "a text without control characters");
        return conf_parse_string(at, value, data, ret_expected);
}

/* One of two words into an int-sized enum: values[0] is 0, values[1] is 1. */
static int parse_choice(const char *const values[2], const char *value, unsigned int *ret)
{
        for (unsigned int i = 0; i < 2; i++) {
                if (strcmp(value, values[i]) != 0)
                        continue;
                *ret = i;
                return 0;
        }
        return -EINVAL;
}

static int parse_register(const struct conf_location *at, const char *value, void *data,
                          const char **ret_expected)
{
        static const char *const words[] = {[REGISTER_REFUSE] = "refuse", [REGISTER_AUTO] = "auto"};
        unsigned int choice;

        (void)at;
        if (parse_choice(words, value, &choice) < 0)
                return refuse(ret_expected, "refuse or auto");
        *(enum register_policy *)data = (enum register_policy)choice;
        return 0;
}

static int parse_release(const struct conf_location *at, const char *value, void *data,
                         const char **ret_expected)
{
        static const char *const words[] = {[RELEASE_KEEP] = "keep", [RELEASE_CLEAR] = "clear"};
        unsigned int choice;

        (void)at;
        if (parse_choice(words, value, &choice) < 0)
                return refuse(ret_expected, "keep or clear");
        *(enum release_policy *)data = (enum release_policy)choice;
        return 0;
}

static int parse_from_one(const char *value, unsigned int limit, void *data)
{
        const char *ignored;
        unsigned int v;

        if (conf_parse_unsigned(NULL, value, &v, &ignored) < 0 || v < 1 || v > limit)
                return -EINVAL;
        *(unsigned int *)data = v;
        return 0;
}

static int parse_workers(const struct conf_location *at, const char *value, void *data,
                         const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, WORKERS_LIMIT, data) < 0
                               ? refuse(ret_expected, "a number from 1 to 256")
                               : 0;
}

static int parse_attempts(const struct conf_location *at, const char *value, void *data,
                          const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, ATTEMPTS_LIMIT, data) < 0
                               ? refuse(ret_expected, "a number from 1 to 100")
                               : 0;
}

static int parse_inspectors(const struct conf_location *at, const char *value, void *data,
                            const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, INSPECT_JOBS_MAX, data) < 0
                               ? refuse(ret_expected, "a number from 1 to 16")
                               : 0;
}

/* A span that may not be zero: a timeout of nothing would end every docking at once. */
static int parse_timeout(const struct conf_location *at, const char *value, void *data,
                         const char **ret_expected)
{
        int64_t span;
        int r = conf_parse_span(at, value, &span, ret_expected);

        if (r < 0)
                return r;
        if (span < USEC_PER_SEC)
                return refuse(ret_expected, "a time span of at least 1s");
        *(int64_t *)data = span;
        return 0;
}

static int span_within(const char *value, int64_t least, int64_t most, int64_t *data,
                       const char **ret_expected, const char *expected)
{
        int64_t span;
        int r = conf_parse_span(NULL, value, &span, ret_expected);

        if (r < 0)
                return r;
        if (span < least || span > most)
                return refuse(ret_expected, expected);
        *data = span;
        return 0;
}

/* Join=: more than what a recorder loses between two files would hide what somebody switched off. */
static int parse_join(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        return span_within(value, 0, 10 * USEC_PER_SEC, data, ret_expected, "a time span from 0 to 10s");
}

static int parse_gap(const struct conf_location *at, const char *value, void *data,
                     const char **ret_expected)
{
        return span_within(value, USEC_PER_SEC, USEC_PER_DAY, data, ret_expected,
                           "a time span from 1s to 24h");
}

DEFINE_CLEANUP(char **, conf_strings_free);

/* TimeOrder=: sources that are not named are not asked. */
static int parse_time_order(const struct conf_location *at, const char *value, void *data,
                            const char **ret_expected)
{
        static const char expected[] = "each at most once, of name, container and device";
        enum time_source order[_TIME_SOURCE_MAX] = {TIME_FROM_NOWHERE, TIME_FROM_NOWHERE, TIME_FROM_NOWHERE};
        _cleanup_(conf_strings_freep) char **words = NULL;
        int r = conf_parse_strings(at, value, &words, ret_expected);

        if (r < 0)
                return r;
        if (!words)
                return refuse(ret_expected, expected);
        for (size_t i = 0; words[i]; i++) {
                if (i == _TIME_SOURCE_MAX || time_source_from_text(words[i], &order[i]) < 0 ||
                    order[i] == TIME_FROM_NOWHERE)
                        return refuse(ret_expected, expected);
                for (size_t j = 0; j < i; j++)
                        if (order[j] == order[i])
                                return refuse(ret_expected, expected);
        }
        memcpy(data, order, sizeof(order));
        return 0;
}

/* DayEnds=: "17:30", and "24:00" for midnight. */
static int parse_day_end(const struct conf_location *at, const char *value, void *data,
                         const char **ret_expected)
{
        unsigned int hour, minute;
        char end;

        if (strlen(value) != 5 || strspn(value, "0123456789:") != 5 ||
            sscanf(value, "%2u:%2u%c", &hour, &minute, &end) != 2 || minute > 59 ||
            hour * 60 + minute > MINUTES_PER_DAY)
                return refuse(ret_expected, "a time of day from 00:00 to 24:00");
        *(unsigned int *)data = hour * 60 + minute;
        return 0;
}

/* EscalateAfter=: 0 is never. */
static int parse_escalation(const struct conf_location *at, const char *value, void *data,
                            const char **ret_expected)
{
        int64_t span;

        if (conf_parse_span(at, value, &span, ret_expected) < 0 || span > ALERT_SPAN_MAX)
                return refuse(ret_expected, "a time span such as 4h of at most 365d, or 0 for never");
        *(int64_t *)data = span;
        return 0;
}

/* MissingGrace=, MissingAfter=: the same. */
static int parse_missing(const struct conf_location *at, const char *value, void *data,
                         const char **ret_expected)
{
        int64_t span;

        if (conf_parse_span(at, value, &span, ret_expected) < 0 || span > ALERT_SPAN_MAX)
                return refuse(ret_expected, "a time span such as 2d of at most 365d, or 0 for never");
        *(int64_t *)data = span;
        return 0;
}

static int parse_grace(const struct conf_location *at, const char *value, void *data,
                       const char **ret_expected)
{
        int64_t span;

        if (conf_parse_span(at, value, &span, ret_expected) < 0 || span > ALERT_SPAN_MAX)
                return refuse(ret_expected, "a time span such as 24h of at most 365d");
        *(int64_t *)data = span;
        return 0;
}

static int parse_days_off(const struct conf_location *at, const char *value, void *data,
                          const char **ret_expected)
{
        static const char *const words[] = {"count", "wait"};
        unsigned int choice;

        if (parse_choice(words, value, &choice) < 0)
                return refuse(ret_expected, "count or wait");
        *(bool *)data = choice == 1;
        return 0;
}

/* "20" or "20%". */
static int parse_percent(const char *value, unsigned int *ret)
{
        size_t n = strspn(value, "0123456789");

        if (n == 0 || n > 3 || strcmp(value + n + (value[n] == '%'), "") != 0)
                return -EINVAL;
        *ret = (unsigned int)strtoul(value, NULL, 10);
        return *ret > 100 ? -EINVAL : 0;
}

static int parse_battery_low(const struct conf_location *at, const char *value, void *data,
                             const char **ret_expected)
{
        unsigned int percent;

        if (parse_percent(value, &percent) < 0)
                return refuse(ret_expected, "a percentage from 0 to 100");
        *(unsigned int *)data = percent;
        return 0;
}

/* A share of the whole or a size; what is said last stands alone. */
static int parse_storage_low(const struct conf_location *at, const char *value, void *data,
                             const char **ret_expected)
{
        struct health_limits *limits = data;
        unsigned int percent = 0;
        uint64_t bytes = 0;

        if (strchr(value, '%') ? parse_percent(value, &percent) < 0
                               : conf_parse_size(at, value, &bytes, ret_expected) < 0)
                return refuse(ret_expected, "a percentage such as 10%, or a size such as 4G");
        limits->storage_low_percent = percent;
        limits->storage_low_bytes = bytes;
        return 0;
}

static int parse_backup_span(const struct conf_location *at, const char *value, void *data,
                             const char **ret_expected)
{
        return span_within(value, USEC_PER_HOUR, 366 * USEC_PER_DAY, data, ret_expected,
                           "a time span from 1h to 366d");
}

/* At=: "03:00"; nothing: whenever it is due. */
static int parse_backup_at(const struct conf_location *at, const char *value, void *data,
                           const char **ret_expected)
{
        unsigned int minute = MINUTES_PER_DAY;

        if (value[0] == '\0') {
                *(int *)data = -1;
                return 0;
        }
        if (parse_day_end(at, value, &minute, ret_expected) < 0 || minute == MINUTES_PER_DAY)
                return refuse(ret_expected, "a time of day from 00:00 to 23:59");
        *(int *)data = (int)minute;
        return 0;
}

static int parse_generations(const struct conf_location *at, const char *value, void *data,
                             const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, GENERATIONS_LIMIT, data) < 0
                               ? refuse(ret_expected, "a number from 1 to 1000")
                               : 0;
}

static int parse_zone(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        if (value[0] != '\0' && !zone_exists(value))
                return refuse(ret_expected, "a time zone such as Asia/Shanghai");
        return conf_parse_string(at, value, data, ret_expected);
}

/* "3-1.4": bus, then the ports of the hubs on the way, as sysfs names them. */
static bool port_valid(const char *p)
{
        int depth = 0;

        for (char separator = '-';; separator = '.') {
                size_t n = strspn(p, "0123456789");

                if (n == 0 || n > 3 || *p == '0')
                        return false;
                p += n;
                if (*p == '\0')
                        return separator == '.';
                if (*p++ != separator || ++depth == PORT_DEPTH_MAX)
                        return false;
        }
}

static int parse_port(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        if (!port_valid(value))
                return refuse(ret_expected, "a port path such as 3-1.4");
        return conf_parse_string(at, value, data, ret_expected);
}

/* The expression is compiled here once for its error, which then has its line. */
static int parse_match(const struct conf_location *at, const char *value, void *data,
                       const char **ret_expected)
{
        struct name_pattern *p;
        int r = value[0] == '\0' ? 0 : name_pattern_new(at->argument, value, &p, ret_expected);

        if (r < 0)
                return r;
        if (value[0] != '\0')
                name_pattern_free(p);
        return conf_parse_string(at, value, data, ret_expected);
}

#define KEY(section, key, parse, field)                             \
        {                                                           \
                section, key, parse, offsetof(struct config, field) \
        }

static const struct conf_key keys[] = {
                KEY("Station", "Number", parse_station_text, number),
                KEY("Station", "Custodian", parse_station_text, custodian),
                KEY("Station", "TimeZone", parse_zone, time_zone),
                KEY("Station", "Register", parse_register, registration),
                KEY("Store", "Path", conf_parse_path, store_path),
                KEY("Store", "KeepFree", conf_parse_size, keep_free),
                KEY("Store", "SM3", conf_parse_bool, sm3),
                KEY("Store", "Verity", conf_parse_bool, verity),
                KEY("Docking", "Release", parse_release, release),
                KEY("Docking", "SetClock", conf_parse_bool, set_clock),
                KEY("Docking", "ClockTolerance", conf_parse_span, health.clock_tolerance),
                KEY("Docking", "WorkersMax", parse_workers, workers_max),
                KEY("Docking", "WarnTimeout", parse_timeout, warn_timeout),
                KEY("Docking", "KillTimeout", parse_timeout, kill_timeout),
                KEY("Docking", "Attempts", parse_attempts, attempts),
                KEY("Docking", "Recover", conf_parse_bool, recover),
                KEY("Docking", "SwitchTimeout", conf_parse_span, switch_timeout),
                KEY("Docking", "ItemMax", conf_parse_size, item_max),
                KEY("Health", "BatteryLow", parse_battery_low, health.battery_low),
                KEY("Health", "StorageLow", parse_storage_low, health),
                KEY("Recording", "TimeOrder", parse_time_order, time_order),
                KEY("Recording", "TimeTolerance", conf_parse_span, time_tolerance),
                KEY("Recording", "Deadline", parse_timeout, deadlines.limit),
                KEY("Recording", "DayEnds", parse_day_end, deadlines.same_day),
                KEY("Recording", "DaysOff", parse_days_off, deadlines.days_off_wait),
                KEY("Duty", "UndockingIsCheckout", conf_parse_bool, undocking_is_checkout),
                KEY("Duty", "MissingGrace", parse_missing, missing.grace),
                KEY("Duty", "MissingAfter", parse_missing, missing.after),
                KEY("Alert", "EscalateAfter", parse_escalation, escalate_after),
                KEY("Continuity", "Join", parse_join, continuity.join),
                KEY("Continuity", "Gap", parse_gap, continuity.gap),
                KEY("Continuity", "ActivityGap", parse_gap, continuity.activity_gap),
                KEY("Case", "Annotation", conf_parse_bool, annotation),
                KEY("Case", "AnnotationGrace", parse_grace, annotation_grace),
                KEY("Inspect", "Parallel", parse_inspectors, inspectors),
                KEY("Backup", "Target", conf_parse_path, backup_target),
                KEY("Backup", "Every", parse_backup_span, backup.every),
                KEY("Backup", "At", parse_backup_at, backup.at),
                KEY("Backup", "AlertAfter", parse_backup_span, backup.alert_after),
                KEY("Backup", "Generations", parse_generations, backup_generations),
                KEY("Backup", "AllowSameDisk", conf_parse_bool, backup_same_disk),
                {"Bay", "Port", parse_port, offsetof(struct config_bay, port)},
                {"Pattern", "Match", parse_match, offsetof(struct config_pattern, match)},
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
