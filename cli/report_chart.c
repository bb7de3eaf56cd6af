// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The charts of the page, as SVG. Coordinates are whole tenths of a pixel, so that no locale gets a comma
 * into them. In time is blue and plain, late is orange and hatched, as are gaps that are explained and not:
 * each can be told from the other without colours.
 */
#include "cli/report_section.h"
#include "base/markup.h"
#include "cli/translate.h"
#include "base/cleanup.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
        WIDTH = 7200,
        LEFT = 420, /* of the plot: there are the numbers of the scale */
        RIGHT = 7190,
        TEXT = 110,    /* size of letters */
        DAYS_MAX = 62, /* more are told by month */
        BARS_MAX = 4096,
        UNITS_MAX = 15,
        LABEL_COLUMNS = 30,
        ROW = 240, /* of a unit, and the bar in it */
        BAR_LEFT = 2500,
        BAR_WIDTH = 3000,
        BAR_HEIGHT = 150,
};

#define BLUE   "#0072b2"
#define ORANGE "#d55e00"
#define GREY   "#8c959f"
#define LINE   "#c9d1d9"
#define SOFT   "#57606a"

static const char key_format[] = "<svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\">"
                                 "<rect width=\"10\" height=\"10\" fill=\"%s\"/></svg>";

/* One day, or one month. */
struct bar {
        char label[11];
        int64_t in_time, late, undetermined;
};

struct bars {
        struct bar *bars;
        size_t n;
};

static void bars_done(struct bars *b)
{
        free(b->bars);
}

static int64_t number(json_object *row, const char *key)
{
        return json_object_get_int64(json_member(row, key));
}

static void bars_take(struct bars *b, json_object *day, size_t label_size)
{
        json_object *value = json_member(day, "day");
        char label[sizeof(b->bars->label)];

        (void)snprintf(label, sizeof(label), "%.*s", (int)label_size,
                       value ? json_object_get_string(value) : "");
        if (b->n == 0 || strcmp(b->bars[b->n - 1].label, label) != 0) {
                b->bars[b->n] = (struct bar){.in_time = 0};
                memcpy(b->bars[b->n++].label, label, sizeof(label));
        }
        b->bars[b->n - 1].in_time += number(day, "on_time");
        b->bars[b->n - 1].late += number(day, "late");
        b->bars[b->n - 1].undetermined += number(day, "undetermined");
}

static bool bars_make(struct bars *b, json_object *days)
{
        size_t n = json_length(days);

        b->bars = n > 0 && n <= BARS_MAX ? calloc(n, sizeof(*b->bars)) : NULL;
        if (!b->bars)
                return false;
        for (size_t i = 0; i < n; i++)
                bars_take(b, json_object_array_get_idx(days, i), n > DAYS_MAX ? 7 : 10);
        return true;
}

static int64_t bar_total(const struct bar *b)
{
        return b->in_time + b->late + b->undetermined;
}

static void begin(FILE *out, const char *title)
{
        (void)fputs("<figure>\n<figcaption>", out);
        markup_text(out, title);
}

static void key(FILE *out, const char *fill, const char *text)
{
        (void)fprintf(out, key_format, fill);
        markup_text(out, text);
}

static void canvas(FILE *out, const char *title, int height)
{
        (void)fprintf(out,
                      "</figcaption>\n<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
                      WIDTH, height);
        markup_text(out, title);
        (void)fprintf(out, "\" font-size=\"%d\" fill=\"" SOFT "\">\n", TEXT);
}

static void end(FILE *out)
{
        (void)fputs("</svg>\n</figure>\n", out);
}

/* The pattern for what is late: an id is of the whole page, so each chart has its own. */
static void hatch(FILE *out, const char *id)
{
        (void)fprintf(out,
                      "<defs><pattern id=\"%s\" width=\"60\" height=\"60\" patternUnits=\"userSpaceOnUse\""
                      " patternTransform=\"rotate(45)\"><rect width=\"60\" height=\"60\" fill=\"" ORANGE
                      "\"/>"
                      "<rect width=\"18\" height=\"60\" fill=\"#fff\"/></pattern></defs>\n",
                      id);
}

static void rule(FILE *out, int y, const char *label)
{
        (void)fprintf(out,
                      "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"" LINE
                      "\" stroke-width=\"8\"/>"
                      "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
                      LEFT, y, RIGHT, y, LEFT - 60, y + 40, label);
}

static void rect(FILE *out, int x, int y, int width, int height, const char *fill)
{
        if (width > 0 && height > 0)
                (void)fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>", x, y,
                              width, height, fill);
}

static int bar_x(const struct bars *b, size_t i)
{
        return LEFT + (int)((int64_t)(RIGHT - LEFT) * (int64_t)i / (int64_t)b->n);
}

/* As many labels as have room: "7" of a day, "2026-07" of a month. */
static void labels(FILE *out, const struct bars *b, int y)
{
        bool days = strlen(b->bars[0].label) > 7;
        size_t every = days ? (b->n + 31) / 32 : (b->n + 11) / 12;

        for (size_t i = 0; i < b->n; i += every) {
                const char *label = b->bars[i].label + (days ? 8 : 0);

                (void)fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
                              (bar_x(b, i) + bar_x(b, i + 1)) / 2, y);
                markup_text(out, label + (days && *label == '0'));
                (void)fputs("</text>", out);
        }
        (void)fputc('\n', out);
}

/* The least of 1, 2 and 5 times a power of ten that gets four of it to 'most'. */
static int64_t step_for(int64_t most)
{
        for (int64_t ten = 1;; ten *= 10)
                for (int64_t f = 1; f <= 5; f += f == 1 ? 1 : 3)
                        if (4 * f * ten >= most)
                                return f * ten;
}

static void title_of(FILE *out, const struct bar *b)
{
        (void)fputs("<title>", out);
        markup_text(out, b->label);
        markup_format(out, _(": %lld in time, %lld late, %lld without a known deadline"),
                      (long long)b->in_time, (long long)b->late, (long long)b->undetermined);
        (void)fputs("</title>", out);
}

static void draw_bar(FILE *out, const struct bars *b, size_t i, int64_t scale, int height, int bottom)
{
        const int64_t parts[] = {b->bars[i].in_time, b->bars[i].late, b->bars[i].undetermined};
        static const char *const fills[] = {BLUE, "url(#late)", GREY};
        int width = (bar_x(b, i + 1) - bar_x(b, i)) * 7 / 10, x = bar_x(b, i) + width * 3 / 14;
        int64_t below = 0;

        if (bar_total(&b->bars[i]) == 0)
                return;
        (void)fputs("<g>", out);
        title_of(out, &b->bars[i]);
        for (size_t part = 0; part < ELEMENTSOF(parts); part++) {
                int low = (int)(below * height / scale), high;

                below += parts[part];
                high = (int)(below * height / scale);
                if (parts[part] > 0 && high - low < 15)
                        high = low + 15; /* one file of thousands is seen too */
                rect(out, x, bottom - high, width, high - low, fills[part]);
        }
        (void)fputs("</g>\n", out);
}

void chart_days(FILE *out, json_object *days)
{
        enum { HEIGHT = 1500, TOP = 60, BOTTOM = 1300 };
        _cleanup_(bars_done) struct bars b = {NULL};
        const char *title = _("Files recorded, by day");
        int64_t most = 0, step, top;

        if (!bars_make(&b, days))
                return;
        for (size_t i = 0; i < b.n; i++)
                most = MAX(most, bar_total(&b.bars[i]));
        if (most == 0)
                return;
        step = step_for(most);
        top = (most + step - 1) / step * step;
        begin(out, title);
        (void)fputs("<small>", out);
        key(out, BLUE, _("in time"));
        key(out, ORANGE, _("late"));
        key(out, GREY, _("no deadline known"));
        (void)fputs("</small>", out);
        canvas(out, title, HEIGHT);
        hatch(out, "late");
        for (int64_t at = 0; at <= top; at += step) {
                char label[24];

                (void)snprintf(label, sizeof(label), "%" PRId64, at);
                rule(out, BOTTOM - (int)(at * (BOTTOM - TOP) / top), label);
        }
        for (size_t i = 0; i < b.n; i++)
                draw_bar(out, &b, i, top, BOTTOM - TOP, BOTTOM);
        labels(out, &b, BOTTOM + 150);
        end(out);
}

/* Thousandths, rounded down as everywhere; -1 when nothing is decided. */
static int64_t rate_of(int64_t in_time, int64_t late)
{
        return in_time + late > 0 ? in_time * 1000 / (in_time + late) : -1;
}

static void draw_rate(FILE *out, const struct bars *b, size_t i, int64_t floor, int top, int bottom)
{
        int64_t rate = rate_of(b->bars[i].in_time, b->bars[i].late);
        int x = (bar_x(b, i) + bar_x(b, i + 1)) / 2, y;

        if (rate < 0)
                return;
        y = bottom - (int)((rate - floor) * (bottom - top) / (1000 - floor));
        (void)fputs("<g>", out);
        title_of(out, &b->bars[i]);
        if (b->bars[i].late == 0)
                (void)fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"45\" fill=\"" BLUE "\"/>", x, y);
        else
                (void)fprintf(out, "<path d=\"M%d %dl65 65l-65 65l-65 -65z\" fill=\"" ORANGE "\"/>", x,
                              y - 65);
        (void)fputs("</g>\n", out);
}

void chart_day_rates(FILE *out, json_object *days)
{
        enum { HEIGHT = 1080, TOP = 90, BOTTOM = 880 };
        _cleanup_(bars_done) struct bars b = {NULL};
        const char *title = _("In time, by day");
        int64_t least = INT64_MAX, floor;

        if (!bars_make(&b, days))
                return;
        for (size_t i = 0; i < b.n; i++) {
                int64_t rate = rate_of(b.bars[i].in_time, b.bars[i].late);

                least = rate >= 0 ? MIN(least, rate) : least;
        }
        if (least == INT64_MAX)
                return; /* nothing is decided */
        floor = least >= 900 ? 900 : least >= 800 ? 800 : least >= 500 ? 500 : 0;
        begin(out, title);
        (void)fputs("<small>", out);
        markup_text(out, _("● all in time   ◆ some late"));
        (void)fputs("</small>", out);
        canvas(out, title, HEIGHT);
        for (int64_t i = 0; i <= 2; i++) {
                int64_t at = floor + (1000 - floor) * i / 2;
                char label[24];

                (void)snprintf(label, sizeof(label), "%" PRId64 "%%", at / 10);
                rule(out, BOTTOM - (int)((BOTTOM - TOP) * i / 2), label);
        }
        for (size_t i = 0; i < b.n; i++)
                draw_rate(out, &b, i, floor, TOP, BOTTOM);
        labels(out, &b, BOTTOM + 170);
        end(out);
}

static int compare_units(const void *a, const void *b)
{
        json_object *x = *(json_object *const *)a, *y = *(json_object *const *)b;
        int64_t p = rate_of(number(x, "on_time"), number(x, "late"));
        int64_t q = rate_of(number(y, "on_time"), number(y, "late"));

        if (p != q)
                return p < q ? -1 : 1;
        return number(x, "late") > number(y, "late") ? -1 : number(x, "late") < number(y, "late");
}

/* Begins the line of a unit with its name; what follows is in the same group. */
static void unit_label(FILE *out, json_object *unit, int y)
{
        json_object *name = json_member(unit, json_member(unit, "name") ? "name" : "number");
        const char *called = name ? json_object_get_string(name) : _("(of no unit)");

        (void)fputs("<g><title>", out);
        markup_text(out, called);
        (void)fprintf(out, "</title><text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#1b1f24\">",
                      BAR_LEFT - 80, y + 115);
        markup_text_short(out, called, LABEL_COLUMNS);
        (void)fputs("</text>", out);
}

static void draw_unit(FILE *out, json_object *unit, int y)
{
        int64_t in_time = number(unit, "on_time"), late = number(unit, "late"), decided = in_time + late;
        int width = (int)(in_time * BAR_WIDTH / decided);

        unit_label(out, unit, y);
        rect(out, BAR_LEFT, y, width, BAR_HEIGHT, BLUE);
        rect(out, BAR_LEFT + width, y, BAR_WIDTH - width, BAR_HEIGHT, "url(#late-unit)");
        (void)fprintf(out,
                      "<text x=\"%d\" y=\"%d\" fill=\"#1b1f24\"><tspan font-weight=\"600\">%" PRId64
                      ".%" PRId64 "%%</tspan><tspan dx=\"90\" fill=\"" SOFT "\">",
                      BAR_LEFT + BAR_WIDTH + 80, y + 115, rate_of(in_time, late) / 10,
                      rate_of(in_time, late) % 10);
        markup_format(out, _("%lld of %lld"), (long long)in_time, (long long)decided);
        (void)fputs("</tspan></text></g>\n", out);
}

void chart_unit_rates(FILE *out, json_object *units)
{
        size_t n = json_length(units), decided = 0;
        _cleanup_free_ json_object **sorted = calloc(n + 1, sizeof(json_object *));
        const char *title = _("In time, by unit");

        for (size_t i = 0; sorted && i < n; i++) {
                json_object *unit = json_object_array_get_idx(units, i);

                if (rate_of(number(unit, "on_time"), number(unit, "late")) >= 0)
                        sorted[decided++] = unit;
        }
        if (decided == 0)
                return;
        qsort(sorted, decided, sizeof(json_object *), compare_units);
        begin(out, title);
        if (decided > UNITS_MAX) {
                (void)fputs("<small>", out);
                markup_format(out, _("the %d with the lowest rate, of %zu"), UNITS_MAX, decided);
                (void)fputs("</small>", out);
        }
        canvas(out, title, (int)MIN(decided, UNITS_MAX) * ROW + 40);
        hatch(out, "late-unit");
        for (size_t i = 0; i < MIN(decided, UNITS_MAX); i++)
                draw_unit(out, sorted[i], (int)i * ROW + 30);
        end(out);
}

static double seconds(json_object *unit, const char *key)
{
        double s = json_object_get_double(json_member(unit, key));

        return isfinite(s) && s > 0 ? s : 0;
}

/* The longest first. */
static int compare_gaps(const void *a, const void *b)
{
        double x = seconds(*(json_object *const *)a, "length_s");
        double y = seconds(*(json_object *const *)b, "length_s");

        return x > y ? -1 : x < y;
}

static void draw_gaps(FILE *out, json_object *unit, double longest, int y)
{
        enum { WIDEST = 2300 }; /* there are longer words behind it than behind a rate */
        double all = seconds(unit, "length_s"), open = MIN(seconds(unit, "unexplained_s"), all);
        _cleanup_free_ char *length = value_text(json_member(unit, "length_s"), COLUMN_SECONDS);
        int width = (int)(all / longest * WIDEST), hatched = (int)(open / longest * WIDEST);

        unit_label(out, unit, y);
        rect(out, BAR_LEFT, y, width - hatched, BAR_HEIGHT, BLUE);
        rect(out, BAR_LEFT + width - hatched, y, hatched, BAR_HEIGHT, "url(#gap-unit)");
        (void)fprintf(out, "<text x=\"%d\" y=\"%d\" fill=\"#1b1f24\"><tspan font-weight=\"600\">",
                      BAR_LEFT + width + 80, y + 115);
        markup_text(out, length ? length : "");
        (void)fputs("</tspan><tspan dx=\"90\" fill=\"" SOFT "\">", out);
        markup_format(out, _("%lld of %lld explained"), (long long)number(unit, "explained"),
                      (long long)number(unit, "gaps"));
        (void)fputs("</tspan></text></g>\n", out);
}

void chart_unit_gaps(FILE *out, json_object *units)
{
        size_t n = json_length(units), with = 0;
        _cleanup_free_ json_object **sorted = calloc(n + 1, sizeof(json_object *));
        const char *title = _("Length of gaps, by unit");

        for (size_t i = 0; sorted && i < n; i++)
                if (seconds(json_object_array_get_idx(units, i), "length_s") > 0)
                        sorted[with++] = json_object_array_get_idx(units, i);
        if (with == 0)
                return;
        qsort(sorted, with, sizeof(json_object *), compare_gaps);
        begin(out, title);
        (void)fputs("<small>", out);
        key(out, BLUE, _("explained"));
        key(out, ORANGE, _("not explained"));
        if (with > UNITS_MAX)
                markup_format(out, _("; the %d with the longest, of %zu"), UNITS_MAX, with);
        (void)fputs("</small>", out);
        canvas(out, title, (int)MIN(with, UNITS_MAX) * ROW + 40);
        hatch(out, "gap-unit");
        for (size_t i = 0; i < MIN(with, UNITS_MAX); i++)
                draw_gaps(out, sorted[i], seconds(sorted[0], "length_s"), (int)i * ROW + 30);
        end(out);
}
