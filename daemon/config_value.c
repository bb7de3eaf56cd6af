// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values of keys; see config_value.h. What is refused is told by what was expected. */
#include "daemon/config_value.h"
#include "archive/pack.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/config.h"
#include "media/inspect_messages.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum {
        WORKERS_LIMIT = 256,
        ATTEMPTS_LIMIT = 100,
        GENERATIONS_LIMIT = 1000,
        COPIES_LIMIT = 9,
        FOLDERS_LIMIT = 64,
        DRIVE_TEXT_MAX = 255, /* what recdock-archive is told */
        STATION_TEXT_MAX = 63,
        PORT_DEPTH_MAX = 7, /* USB allows five hubs between root and device */
};

#define ALERT_SPAN_MAX (365 * USEC_PER_DAY)

static int refuse(const char **ret_expected, const char *expected)
{
        *ret_expected = expected;
        return -EINVAL;
}

/* Number= and Custodian=: they stand in file names, ledger and log. */
int config_parse_station_text(const struct conf_location *at, const char *value, void *data,
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

int config_parse_register(const struct conf_location *at, const char *value, void *data,
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

int config_parse_release(const struct conf_location *at, const char *value, void *data,
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

int config_parse_workers(const struct conf_location *at, const char *value, void *data,
                         const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, WORKERS_LIMIT, data) < 0
                               ? refuse(ret_expected, "a number from 1 to 256")
                               : 0;
}

int config_parse_attempts(const struct conf_location *at, const char *value, void *data,
                          const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, ATTEMPTS_LIMIT, data) < 0
                               ? refuse(ret_expected, "a number from 1 to 100")
                               : 0;
}

int config_parse_inspectors(const struct conf_location *at, const char *value, void *data,
                            const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, INSPECT_JOBS_MAX, data) < 0
                               ? refuse(ret_expected, "a number from 1 to 16")
                               : 0;
}

/* A span that may not be zero: a timeout of nothing would end every docking at once. */
int config_parse_timeout(const struct conf_location *at, const char *value, void *data,
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
int config_parse_join(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        return span_within(value, 0, 10 * USEC_PER_SEC, data, ret_expected, "a time span from 0 to 10s");
}

int config_parse_gap(const struct conf_location *at, const char *value, void *data,
                     const char **ret_expected)
{
        return span_within(value, USEC_PER_SEC, USEC_PER_DAY, data, ret_expected,
                           "a time span from 1s to 24h");
}

DEFINE_CLEANUP(char **, conf_strings_free);

/* TimeOrder=: sources that are not named are not asked. */
int config_parse_time_order(const struct conf_location *at, const char *value, void *data,
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
int config_parse_day_end(const struct conf_location *at, const char *value, void *data,
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
int config_parse_escalation(const struct conf_location *at, const char *value, void *data,
                            const char **ret_expected)
{
        int64_t span;

        if (conf_parse_span(at, value, &span, ret_expected) < 0 || span > ALERT_SPAN_MAX)
                return refuse(ret_expected, "a time span such as 4h of at most 365d, or 0 for never");
        *(int64_t *)data = span;
        return 0;
}

/* MissingGrace=, MissingAfter=: the same. */
int config_parse_missing(const struct conf_location *at, const char *value, void *data,
                         const char **ret_expected)
{
        int64_t span;

        if (conf_parse_span(at, value, &span, ret_expected) < 0 || span > ALERT_SPAN_MAX)
                return refuse(ret_expected, "a time span such as 2d of at most 365d, or 0 for never");
        *(int64_t *)data = span;
        return 0;
}

int config_parse_grace(const struct conf_location *at, const char *value, void *data,
                       const char **ret_expected)
{
        int64_t span;

        if (conf_parse_span(at, value, &span, ret_expected) < 0 || span > ALERT_SPAN_MAX)
                return refuse(ret_expected, "a time span such as 24h of at most 365d");
        *(int64_t *)data = span;
        return 0;
}

int config_parse_days_off(const struct conf_location *at, const char *value, void *data,
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

int config_parse_battery_low(const struct conf_location *at, const char *value, void *data,
                             const char **ret_expected)
{
        unsigned int percent;

        if (parse_percent(value, &percent) < 0)
                return refuse(ret_expected, "a percentage from 0 to 100");
        *(unsigned int *)data = percent;
        return 0;
}

/* A share of the whole or a size; what is said last stands alone. */
int config_parse_storage_low(const struct conf_location *at, const char *value, void *data,
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

int config_parse_backup_span(const struct conf_location *at, const char *value, void *data,
                             const char **ret_expected)
{
        return span_within(value, USEC_PER_HOUR, 366 * USEC_PER_DAY, data, ret_expected,
                           "a time span from 1h to 366d");
}

/* At=: "03:00"; nothing: whenever it is due. */
int config_parse_backup_at(const struct conf_location *at, const char *value, void *data,
                           const char **ret_expected)
{
        unsigned int minute = MINUTES_PER_DAY;

        if (value[0] == '\0') {
                *(int *)data = -1;
                return 0;
        }
        if (config_parse_day_end(at, value, &minute, ret_expected) < 0 || minute == MINUTES_PER_DAY)
                return refuse(ret_expected, "a time of day from 00:00 to 23:59");
        *(int *)data = (int)minute;
        return 0;
}

int config_parse_generations(const struct conf_location *at, const char *value, void *data,
                             const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, GENERATIONS_LIMIT, data) < 0
                               ? refuse(ret_expected, "a number from 1 to 1000")
                               : 0;
}

/* One more each time; nothing takes away those before. */
static int folder_add(const struct conf_location *at, const char *value, conf_parse_fn *parse,
                      const char *once, struct config_folders *f, const char **ret_expected)
{
        char **grown;
        int r;

        if (value[0] == '\0') {
                while (f->n > 0)
                        free(f->paths[--f->n]);
                return 0;
        }
        if (f->n == FOLDERS_LIMIT)
                return refuse(ret_expected, "at most 64 of them");
        grown = reallocarray(f->paths, f->n + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        f->paths = grown;
        grown[f->n] = NULL;
        r = parse(at, value, &grown[f->n], ret_expected);
        if (r < 0)
                return r;
        for (size_t i = 0; i < f->n; i++) {
                if (strcmp(grown[i], grown[f->n]) != 0)
                        continue;
                free(grown[f->n]);
                return refuse(ret_expected, once);
        }
        f->n++;
        return 0;
}

int config_parse_archive_folder(const struct conf_location *at, const char *value, void *data,
                                const char **ret_expected)
{
        return folder_add(at, value, conf_parse_path, "each folder once", data, ret_expected);
}

static int drive_parse(const struct conf_location *at, const char *value, void *data,
                       const char **ret_expected)
{
        static const char disc[] = "/dev/sr", file[] = "stdio:/";
        const char *last = strrchr(value, 'r'); /* of "sr" */
        bool is_disc = strncmp(value, disc, strlen(disc)) == 0 &&
                       last - value == (ptrdiff_t)strlen(disc) - 1 && last[1] &&
                       last[1 + strspn(last + 1, "0123456789")] == '\0';

        if ((!is_disc && strncmp(value, file, strlen(file)) != 0) || strlen(value) > DRIVE_TEXT_MAX)
                return refuse(ret_expected, "/dev/srN, or stdio:/PATH of a file that stands in for a disc");
        return conf_parse_string(at, value, data, ret_expected);
}

int config_parse_archive_drive(const struct conf_location *at, const char *value, void *data,
                               const char **ret_expected)
{
        return folder_add(at, value, drive_parse, "each drive once", data, ret_expected);
}

int config_parse_burn(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        bool *by_itself = data;

        if (strcmp(value, "auto") != 0 && strcmp(value, "ask") != 0)
                return refuse(ret_expected, "auto or ask");
        *by_itself = value[1] == 'u';
        return 0;
}

/* Recovery=: 0 is none. */
int config_parse_recovery(const struct conf_location *at, const char *value, void *data,
                          const char **ret_expected)
{
        unsigned int percent;

        (void)at;
        if (parse_percent(value, &percent) < 0 ||
            (percent != 0 && (percent < PACK_RECOVERY_LEAST || percent > PACK_RECOVERY_MOST)))
                return refuse(ret_expected, "a percentage from 10 to 50, or 0 for none");
        *(unsigned int *)data = percent;
        return 0;
}

int config_parse_copies(const struct conf_location *at, const char *value, void *data,
                        const char **ret_expected)
{
        (void)at;
        return parse_from_one(value, COPIES_LIMIT, data) < 0 ? refuse(ret_expected, "a number from 1 to 9")
                                                             : 0;
}

/* CheckAfter=: whole days, since it gives a date. */
int config_parse_check_span(const struct conf_location *at, const char *value, void *data,
                            const char **ret_expected)
{
        static const char expected[] = "whole days from 1d to 3660d";
        int64_t span;
        int r = span_within(value, USEC_PER_DAY, 3660 * USEC_PER_DAY, &span, ret_expected, expected);

        if (r < 0)
                return r;
        if (span % USEC_PER_DAY != 0)
                return refuse(ret_expected, expected);
        *(int64_t *)data = span;
        return 0;
}

int config_parse_zone(const struct conf_location *at, const char *value, void *data,
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

int config_parse_port(const struct conf_location *at, const char *value, void *data,
                      const char **ret_expected)
{
        if (!port_valid(value))
                return refuse(ret_expected, "a port path such as 3-1.4");
        return conf_parse_string(at, value, data, ret_expected);
}

/* The expression is compiled here once for its error, which then has its line. */
int config_parse_match(const struct conf_location *at, const char *value, void *data,
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
