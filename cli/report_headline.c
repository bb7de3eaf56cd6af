// SPDX-License-Identifier: LGPL-2.1-or-later
/* The figures on top of a report, and what it is of, in words. */
#include "cli/report_section.h"
#include "cli/translate.h"
#include "base/cleanup.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

static int64_t number(json_object *report, const char *key)
{
        return json_object_get_int64(json_member(report, key));
}

static void value_of(json_object *report, const char *key, enum column_kind kind, char *buf, size_t size)
{
        _cleanup_free_ char *text = value_text(json_member(report, key), kind);

        (void)snprintf(buf, size, "%s", text ? text : "");
}

__attribute__((format(printf, 2, 3))) static void add_note(struct report_headline *h, const char *format,
                                                           ...)
{
        size_t used = strlen(h->note);
        va_list ap;

        if (used > 0 && used + 2 < sizeof(h->note))
                used += (size_t)snprintf(h->note + used, sizeof(h->note) - used, "; ");
        va_start(ap, format);
        (void)vsnprintf(h->note + used, sizeof(h->note) - used, format, ap);
        va_end(ap);
}

static void count_headline(struct report_headline *h, const char *label, int64_t n)
{
        h->label = label;
        h->mood = n > 0 ? REPORT_BAD : REPORT_GOOD;
        (void)snprintf(h->value, sizeof(h->value), "%lld", (long long)n);
}

static enum report_mood rate_mood(json_object *rate)
{
        if (!rate)
                return REPORT_PLAIN;
        return json_object_get_double(rate) >= 1 ? REPORT_GOOD : REPORT_BAD;
}

static void files_in_time(json_object *report, struct report_headline *h)
{
        int64_t in_time = number(report, "footage.on_time"),
                decided = in_time + number(report, "footage.late");
        int64_t undetermined = number(report, "footage.undetermined");

        h->label = _("Files in time");
        h->mood = rate_mood(json_member(report, "footage.on_time_rate"));
        value_of(report, "footage.on_time_rate", COLUMN_SHARE, h->value, sizeof(h->value));
        add_note(h, _("%lld of %lld"), (long long)in_time, (long long)decided);
        if (undetermined > 0)
                add_note(h, _("%lld without a known deadline"), (long long)undetermined);
}

static void files_late(json_object *report, struct report_headline *h)
{
        char latest[64];

        count_headline(h, _("Files late"), number(report, "footage.late"));
        if (number(report, "footage.late") == 0)
                return;
        value_of(report, "footage.late_minutes", COLUMN_MINUTES, latest, sizeof(latest));
        add_note(h, _("the latest by %s"), latest);
}

static void duties_in_time(json_object *report, struct report_headline *h)
{
        int64_t same_day = number(report, "duties.same_day"), open = number(report, "duties.open");
        int64_t in_time = same_day + number(report, "duties.in_time");
        int64_t decided = number(report, "duties.total") - open;
        int64_t afterwards = number(report, "duties.extended_afterwards");

        h->label = _("Duties in time");
        h->mood = rate_mood(json_member(report, "duties.on_time_rate"));
        value_of(report, "duties.on_time_rate", COLUMN_SHARE, h->value, sizeof(h->value));
        add_note(h, _("%lld of %lld"), (long long)in_time, (long long)decided);
        add_note(h, _("%lld on the same day"), (long long)same_day);
        if (open > 0)
                add_note(h, _("%lld open"), (long long)open);
        if (afterwards > 0)
                add_note(h, _("%lld extended afterwards"), (long long)afterwards);
}

/* A recorder may have several duties that wait; they are told one after the other. */
static int64_t recorders_with(json_object *rows, bool (*wanted)(json_object *row))
{
        const char *before = NULL;
        int64_t n = 0;

        for (size_t i = 0; i < json_length(rows); i++) {
                json_object *row = report_row(rows, i), *of = json_member(row, "recorder");
                const char *recorder = of ? json_object_get_string(of) : "";

                if (!wanted(row))
                        continue;
                n += !before || strcmp(before, recorder) != 0;
                before = recorder;
        }
        return n;
}

static void recorders_overdue(json_object *report, struct report_headline *h)
{
        json_object *rows = json_member(report, "missing");
        int64_t missing = recorders_with(rows, report_row_missing);

        count_headline(h, _("Recorders overdue"), recorders_with(rows, report_row_overdue));
        if (missing > 0)
                h->mood = REPORT_BAD;
        add_note(h, "%s",
                 json_object_get_boolean(json_member(report, "period.complete"))
                                 ? _("at the end of the period")
                                 : _("now"));
        if (missing > 0)
                add_note(h, _("%lld missing"), (long long)missing);
}

static void recorded(json_object *report, struct report_headline *h)
{
        char bytes[32];

        h->label = _("Recorded (h:mm:ss)");
        value_of(report, "footage.seconds", COLUMN_SECONDS, h->value, sizeof(h->value));
        value_of(report, "footage.bytes", COLUMN_BYTES, bytes, sizeof(bytes));
        add_note(h, _("%lld files, %s"), (long long)number(report, "footage.files"), bytes);
        add_note(h, _("%lld officers, %lld recorders"), (long long)number(report, "footage.officers"),
                 (long long)number(report, "footage.recorders"));
}

static void files_bad(json_object *report, struct report_headline *h)
{
        int64_t waiting = number(report, "dockings.waiting");

        count_headline(h, _("Files not whole"), number(report, "footage.bad"));
        if (waiting > 0) {
                h->mood = REPORT_BAD;
                add_note(h, _("%lld seen on recorders and not exported"), (long long)waiting);
        }
}

/* One that is explained is no fault, and what is missing altogether is worse than a gap. */
static void gaps_found(json_object *report, struct report_headline *h)
{
        json_object *deleted = json_member(report, "deleted");
        int64_t gaps = number(report, "continuity.gaps"),
                unexplained = number(report, "continuity.unexplained"), files = 0;
        int64_t holes = (int64_t)json_length(json_member(report, "sequence_gaps"));
        char length[32];

        for (size_t i = 0; i < json_length(deleted); i++)
                files += number(report_row(deleted, i), "files");
        count_headline(h, _("Gaps"), gaps);
        h->mood = unexplained > 0 || files > 0 || holes > 0 ? REPORT_BAD : REPORT_GOOD;
        if (gaps > 0) {
                value_of(report, "continuity.length_s", COLUMN_SECONDS, length, sizeof(length));
                add_note(h, _("%lld not explained"), (long long)unexplained);
                add_note(h, _("%s in all"), length);
        }
        if (holes > 0)
                add_note(h, _("file numbers missing: %lld"), (long long)holes);
        if (files > 0)
                add_note(h, _("%lld files deleted on recorders"), (long long)files);
}

static double farthest(json_object *clock)
{
        return fmax(fabs(json_object_get_double(json_member(clock, "min_s"))),
                    fabs(json_object_get_double(json_member(clock, "max_s"))));
}

static void clocks_off(json_object *report, struct report_headline *h)
{
        json_object *clocks = json_member(report, "clocks");
        double tolerance = json_object_get_double(json_member(report, "rules.clock_tolerance_s"));
        size_t n = json_length(clocks);
        int64_t off = 0;

        for (size_t i = 0; i < n; i++)
                off += farthest(report_row(clocks, i)) > tolerance;
        count_headline(h, _("Clocks off"), off);
        add_note(h, _("by more than %.0f s, of %lld measured"), tolerance, (long long)n);
        if (n == 0)
                h->mood = REPORT_PLAIN;
}

void report_headlines(json_object *report, struct report_headline ret[REPORT_HEADLINES])
{
        static void (*const fill[REPORT_HEADLINES])(json_object * report, struct report_headline * h) = {
                        files_in_time, files_late, duties_in_time, recorders_overdue,
                        recorded,      files_bad,  gaps_found,     clocks_off,
        };

        for (size_t i = 0; i < REPORT_HEADLINES; i++) {
                ret[i] = (struct report_headline){.mood = REPORT_PLAIN};
                fill[i](report, &ret[i]);
        }
}

char *report_period_text(json_object *report, char *buf, size_t size)
{
        json_object *month = json_member(report, "period.month");
        char from[32], to[32];
        struct tm tm = {.tm_mday = 1};

        if (month && strptime(json_object_get_string(month), "%Y-%m", &tm)) {
                /* TRANSLATORS: a month as strftime(3) writes it. */
                if (strftime(buf, size, _("%B %Y"), &tm) > 0)
                        return buf;
        }
        value_of(report, "period.from", COLUMN_TIME, from, sizeof(from));
        value_of(report, "period.to", COLUMN_TIME, to, sizeof(to));
        (void)snprintf(buf, size, _("%s to %s"), from, to);
        return buf;
}

char *report_rule_text(json_object *report, char *buf, size_t size)
{
        int64_t minutes = number(report, "rules.limit_minutes"),
                ends = number(report, "rules.day_ends_minute");

        (void)snprintf(buf, size,
                       _("In time is what was exported %lld h %02lld min after the return to the unit at "
                         "the latest, "
                         "or by an approved extension; without a known return it is counted from the end of "
                         "the "
                         "recording. The working day ends at %02lld:%02lld. What is open or has no known "
                         "deadline counts neither as in time nor as late; what is overdue counts as not in "
                         "time."),
                       (long long)minutes / 60, (long long)minutes % 60, (long long)ends / 60,
                       (long long)ends % 60);
        return buf;
}
