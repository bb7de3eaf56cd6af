// SPDX-License-Identifier: LGPL-2.1-or-later
/* Metrics; see metrics.h. Names end in their unit as OpenMetrics wants it, and # UNIT says it again. */
#include "cli/metrics.h"
#include "cli/report_section.h"
#include "cli/table.h"
#include "base/cleanup.h"

#include <inttypes.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static void family(FILE *out, const char *name, const char *unit, const char *help)
{
        (void)fprintf(out, "# TYPE %s gauge\n", name);
        if (unit)
                (void)fprintf(out, "# UNIT %s %s\n", name, unit);
        (void)fprintf(out, "# HELP %s %s\n", name, help);
}

/* A value of a label: names of strangers. */
static void write_escaped(FILE *out, const char *text)
{
        for (; *text; text++) {
                if (*text == '\n')
                        (void)fputs("\\n", out);
                else if (*text == '"' || *text == '\\')
                        (void)fprintf(out, "\\%c", *text);
                else
                        (void)fputc(*text, out);
        }
}

static void write_name(FILE *out, const char *name, const char *label, const char *value)
{
        (void)fputs(name, out);
        if (label) {
                (void)fprintf(out, "{%s=\"", label);
                write_escaped(out, value);
                (void)fputs("\"}", out);
        }
        (void)fputc(' ', out);
}

static void sample(FILE *out, const char *name, const char *label, const char *value, int64_t n)
{
        write_name(out, name, label, value);
        (void)fprintf(out, "%" PRId64 "\n", n);
}

/* As JSON has it: with a point, whatever the locale is. */
static void sample_json(FILE *out, const char *name, const char *label, const char *value, json_object *n)
{
        write_name(out, name, label, value);
        (void)fprintf(out, "%s\n", json_object_to_json_string(n));
}

static int64_t number(json_object *o, const char *key)
{
        return json_object_get_int64(json_member(o, key));
}

static size_t length(json_object *o, const char *key)
{
        return json_length(json_member(o, key));
}

/* One family of one sample each. What the station does not know has none. */
struct figure {
        const char *name, *unit, *key, *help;
};

static const struct figure status_figures[] = {
                {"recdock_store_free_bytes", "bytes", "store.free", "Free space where footage is stored."},
                {"recdock_store_keep_free_bytes", "bytes", "store.keep_free",
                 "Free space below which recdockd stops filing."},
                {"recdock_alerts", NULL, "alerts_open", "Alerts that are open."},
};

static const struct figure report_figures[] = {
                {"recdock_month_recorded_seconds", "seconds", "footage.seconds",
                 "Length of what was recorded in this month and is filed."},
                {"recdock_month_footage_bytes", "bytes", "footage.bytes",
                 "Size of what was recorded in this month and is filed."},
                {"recdock_month_on_time_ratio", "ratio", "footage.on_time_rate",
                 "Footage of this month that came by its deadline, of all that is decided."},
                {"recdock_month_duties_on_time_ratio", "ratio", "duties.on_time_rate",
                 "Duties of this month that were exported by their deadline, of all that are decided."},
                {"recdock_month_bad_files", NULL, "footage.bad",
                 "Footage of this month that is truncated, damaged, encrypted, unreadable or unchecked."},
                {"recdock_month_gap_seconds", "seconds", "continuity.length_s",
                 "Length of the gaps that began in this month."},
                {"recdock_month_unexplained_gap_seconds", "seconds", "continuity.unexplained_s",
                 "Length of those that nobody has explained."},
                {"recdock_month_waiting_files", NULL, "dockings.waiting",
                 "Files that recorders showed in this month and that are not footage yet."},
};

static void write_figures(FILE *out, json_object *of, const struct figure *figures, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                json_object *value = json_member(of, figures[i].key);

                if (!value)
                        continue;
                family(out, figures[i].name, figures[i].unit, figures[i].help);
                sample_json(out, figures[i].name, NULL, NULL, value);
        }
}

static void write_bays(FILE *out, json_object *status)
{
        int64_t occupied = 0;

        for (size_t i = 0; i < length(status, "bays"); i++)
                occupied += json_member(json_object_array_get_idx(json_member(status, "bays"), i),
                                        "docking") != NULL;
        family(out, "recdock_bays", NULL, "Bays of the station.");
        sample(out, "recdock_bays", NULL, NULL, (int64_t)length(status, "bays"));
        family(out, "recdock_bays_occupied", NULL, "Bays with a recorder in them.");
        sample(out, "recdock_bays_occupied", NULL, NULL, occupied);
        family(out, "recdock_store_paused", NULL, "1 while nothing is filed because there is no room.");
        sample(out, "recdock_store_paused", NULL, NULL,
               json_object_get_boolean(json_member(status, "store.paused")) ? 1 : 0);
}

/* {"<value>": how often} of one member of the rows, or of those of them that are 'wanted'. */
static json_object *tally(json_object *rows, const char *member, bool (*wanted)(json_object *row))
{
        json_object *counts = json_object_new_object();

        for (size_t i = 0; i < json_length(rows); i++) {
                json_object *row = json_object_array_get_idx(rows, i);
                json_object *value = json_member(row, member), *n = NULL;
                const char *key = value ? json_object_get_string(value) : "";

                if (wanted && !wanted(row))
                        continue;
                if (json_object_object_get_ex(counts, key, &n))
                        (void)json_object_int_inc(n, 1);
                else
                        (void)json_object_object_add(counts, key, json_object_new_int64(1));
        }
        return counts;
}

static void write_alerts(FILE *out, json_object *alerts)
{
        _cleanup_(json_object_putp) json_object *counts = tally(alerts, "kind", NULL);

        family(out, "recdock_alerts_open", NULL, "Alerts that are open, by kind.");
        json_object_object_foreach(counts, kind, n) sample_json(out, "recdock_alerts_open", "kind", kind, n);
}

static void write_recorders(FILE *out, json_object *report, const char *name, const char *help,
                            bool (*wanted)(json_object *row))
{
        _cleanup_(json_object_putp) json_object *recorders =
                        tally(json_member(report, "missing"), "recorder", wanted);

        family(out, name, NULL, help);
        sample(out, name, NULL, NULL, json_object_object_length(recorders));
}

static void write_words(FILE *out, json_object *report, const char *name, const char *help, const char *of,
                        const char *const *words)
{
        family(out, name, NULL, help);
        for (; *words; words++) {
                char key[64];

                (void)snprintf(key, sizeof(key), "%s.%s", of, *words);
                sample(out, name, "result", *words, number(report, key));
        }
}

/* One sample for each recorder of which 'key' is known. */
static void write_clock_samples(FILE *out, json_object *clocks, const char *name, const char *key)
{
        for (size_t i = 0; i < json_length(clocks); i++) {
                json_object *clock = json_object_array_get_idx(clocks, i);
                json_object *recorder = json_member(clock, "recorder"), *value = json_member(clock, key);

                if (recorder && value)
                        sample_json(out, name, "recorder", json_object_get_string(recorder), value);
        }
}

static void write_clocks(FILE *out, json_object *report)
{
        json_object *clocks = json_member(report, "clocks");

        family(out, "recdock_recorder_clock_offset_seconds", "seconds",
               "Clock of the recorder minus clock of the station, as this month's last docking found it.");
        write_clock_samples(out, clocks, "recdock_recorder_clock_offset_seconds", "last_s");
        family(out, "recdock_recorder_clock_drift_seconds_per_day", NULL,
               "Seconds that the recorder's clock gains in a day; negative: it loses.");
        write_clock_samples(out, clocks, "recdock_recorder_clock_drift_seconds_per_day", "drift_s_per_day");
}

static void write_report(FILE *out, json_object *report)
{
        static const char *const files[] = {"on_time", "late", "undetermined", NULL};
        static const char *const duties[] = {"same_day", "in_time", "late", "overdue", "open", NULL};
        static const char *const gaps[] = {"explained", "unexplained", NULL};

        write_words(out, report, "recdock_month_files", "Footage recorded in this month.", "footage", files);
        write_words(out, report, "recdock_month_duties", "Duties that began in this month.", "duties",
                    duties);
        write_figures(out, report, report_figures, ELEMENTSOF(report_figures));
        family(out, "recdock_month_late_seconds_max", NULL,
               "How late the latest footage of this month came, in whole minutes.");
        sample(out, "recdock_month_late_seconds_max", NULL, NULL,
               number(report, "footage.late_minutes") * 60);
        write_words(out, report, "recdock_month_gaps",
                    "Gaps between recordings that began in this month, and whether they are explained.",
                    "continuity", gaps);
        family(out, "recdock_month_sequence_gaps", NULL,
               "Places where this month's dockings found numbers missing between files.");
        sample(out, "recdock_month_sequence_gaps", NULL, NULL, (int64_t)length(report, "sequence_gaps"));
        write_recorders(out, report, "recdock_overdue_recorders",
                        "Recorders whose last duty was not exported by its deadline, and is not yet.",
                        report_row_overdue);
        write_recorders(out, report, "recdock_missing_recorders",
                        "Recorders that are out and should long have been back.", report_row_missing);
        write_clocks(out, report);
}

void metrics_write(FILE *out, json_object *status, json_object *report, json_object *alerts)
{
        json_object *version = json_member(status, "station.version");

        family(out, "recdock_up", NULL, "1 when recdockd answered.");
        sample(out, "recdock_up", NULL, NULL, status ? 1 : 0);
        if (status) {
                family(out, "recdock_build_info", NULL, "The version of recdockd; always 1.");
                sample(out, "recdock_build_info", "version", version ? json_object_get_string(version) : "",
                       1);
                write_bays(out, status);
                write_figures(out, status, status_figures, ELEMENTSOF(status_figures));
                write_alerts(out, alerts);
                write_report(out, report);
        }
        (void)fputs("# EOF\n", out);
}
