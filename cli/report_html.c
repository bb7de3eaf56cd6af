// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A report as one HTML page that needs nothing else: no network, no script, its charts drawn in it. It is
 * made for paper as much as for a screen: A4, headings of tables on every page, and nothing that is told by
 * colour alone. The policy in its head forbids a browser to load or run anything, should a name ever get
 * through unescaped.
 */
#include "cli/report_section.h"
#include "base/markup.h"
#include "cli/translate.h"
#include "base/cleanup.h"

#include <string.h>

enum { TEXT_MAX = 1024, PAGE_ROWS = 40, WORD_COLUMNS = 14 };

static const char style[] =
                ":root{--ink:#1b1f24;--soft:#57606a;--line:#c9d1d9;--blue:#0072b2;--orange:#d55e00;"
                "--grey:#8c959f}"
                "*{box-sizing:border-box}"
                "html{-webkit-print-color-adjust:exact;print-color-adjust:exact}"
                "body{margin:0 auto;max-width:60rem;padding:1.5rem;color:var(--ink);background:#fff;"
                "font:14px/1.45 \"Noto Sans\",\"Liberation Sans\",\"DejaVu Sans\",\"Noto Sans CJK SC\","
                "\"Source Han Sans SC\",\"Microsoft YaHei\",\"PingFang SC\",\"WenQuanYi Micro "
                "Hei\",sans-serif}"
                ":lang(zh){font-family:\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Microsoft YaHei\","
                "\"PingFang SC\",\"WenQuanYi Micro Hei\",sans-serif}"
                "header{border-bottom:3px solid "
                "var(--ink);padding-bottom:.75rem;margin-bottom:1rem;display:flex;"
                "flex-wrap:wrap;gap:.5rem 2rem;justify-content:space-between;align-items:flex-end}"
                "h1{font-size:1.75rem;line-height:1.2;margin:0}"
                "h1 span{display:block;font-size:1.15rem;font-weight:400;color:var(--soft)}"
                "dl{display:grid;grid-template-columns:auto auto;gap:.1rem .9rem;margin:0;font-size:.86rem}"
                "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate}"
                ".draft{border:2px solid var(--ink);padding:.35rem .7rem;margin:0 0 1rem;font-weight:600}"
                ".figures{display:grid;grid-template-columns:repeat(4,1fr);gap:.6rem;margin:0 0 "
                "1.2rem;padding:0}"
                ".figures div{border:1px solid var(--line);border-top:4px solid var(--grey);padding:.5rem "
                ".65rem}"
                ".figures .good{border-top-color:var(--blue)}.figures .bad{border-top-color:var(--orange)}"
                ".figures "
                "b{display:block;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}"
                ".figures .bad b::after{content:\" \\25B2\";font-size:.8rem;vertical-align:.3rem;"
                "color:var(--orange)}"
                ".figures span{display:block;font-size:.82rem;font-weight:600}"
                ".figures small{display:block;font-size:.78rem;color:var(--soft)}"
                "figure{margin:0 0 1.1rem;break-inside:avoid}"
                "figcaption,h2{font-size:1.05rem;font-weight:600;margin:0 0 .3rem}"
                "figcaption small{font-weight:400;color:var(--soft);margin-left:.8rem;font-size:.82rem}"
                "svg{display:block;width:100%;height:auto;font-family:inherit}text{unicode-bidi:isolate}"
                "svg.key{display:inline-block;width:.8rem;height:.8rem;vertical-align:-.1rem;margin:0 .3rem "
                "0 .9rem}"
                "h2{margin-top:1.5rem;border-bottom:1px solid "
                "var(--ink);padding-bottom:.15rem;break-after:avoid}"
                "h2 span{float:right;font-weight:400;color:var(--soft)}"
                "p{margin:.3rem "
                "0}.note,.more,.rule{color:var(--soft);font-size:.82rem}.note{break-after:avoid}"
                ".none{color:var(--soft)}"
                "table{border-collapse:collapse;width:100%;font-size:.82rem;font-variant-numeric:tabular-"
                "nums}"
                "thead{display:table-header-group}tr{break-inside:avoid}"
                "th,td{padding:.22rem .4rem;text-align:left;vertical-align:top;border-bottom:1px solid "
                "var(--line);"
                "overflow-wrap:anywhere;unicode-bidi:isolate}"
                "th{font-weight:600;border-bottom:1.5px solid var(--ink);vertical-align:bottom;"
                "overflow-wrap:break-word;word-break:keep-all}"
                ".num{text-align:right}.when,.num{white-space:nowrap;overflow-wrap:normal}th.num{white-"
                "space:normal}"
                ".when{white-space:normal;min-width:5.6rem}"
                "td.wrap{min-width:6.5rem}td.word{white-space:nowrap}td.mark{font-weight:700}td.zero{color:"
                "var(--grey)}"
                ".sign{display:grid;grid-template-columns:repeat(3,1fr);gap:2rem;margin-top:3.5rem}footer{"
                "margin-top:1.5rem;break-inside:avoid}"
                ".sign div{border-top:1px solid var(--ink);padding-top:.2rem;font-size:.82rem}"
                "@media(max-width:40rem){.figures{grid-template-columns:repeat(2,1fr)}}"
                "@page{size:A4;margin:14mm 12mm 15mm;@bottom-right{content:counter(page) \" / \" "
                "counter(pages);"
                "font:8pt sans-serif;color:#57606a}}"
                "@media "
                "print{html{font-size:9.5pt}body{max-width:none;padding:0;font-size:1rem}.page{break-before:"
                "page}"
                ".figures{grid-template-columns:repeat(4,1fr)}section{break-inside:auto}}";

/* As people read it: of times, minutes are enough. */
static char *text_of(json_object *value, enum column_kind kind)
{
        char *text = value_text(value, kind);

        if (text && kind == COLUMN_TIME && strlen(text) == sizeof("2026-11-01 08:00:00") - 1)
                text[sizeof("2026-11-01 08:00") - 1] = '\0';
        return text;
}

static void write_term(FILE *out, const char *label, json_object *value, enum column_kind kind)
{
        _cleanup_free_ char *text = value ? text_of(value, kind) : NULL;

        if (!text)
                return;
        (void)fputs("<dt>", out);
        markup_text(out, label);
        (void)fputs("</dt><dd>", out);
        markup_text(out, text);
        (void)fputs("</dd>\n", out);
}

static void write_head(FILE *out, json_object *report)
{
        char period[128];

        (void)report_period_text(report, period, sizeof(period));
        /* TRANSLATORS: the tag of your language as HTML has it, such as zh-CN. */
        (void)fprintf(out,
                      "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                      "'unsafe-inline'\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
                      _("en"));
        markup_text(out, _("Offload report"));
        (void)fputs(" – ", out);
        markup_text(out, period);
        (void)fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<header>\n<h1>", style);
        markup_text(out, _("Offload report"));
        (void)fputs("<span>", out);
        markup_text(out, period);
        (void)fputs("</span></h1>\n<dl>\n", out);
        write_term(out, _("Station"), json_member(report, "station.number"), COLUMN_TEXT);
        write_term(out, _("Custodian"), json_member(report, "station.custodian"), COLUMN_TEXT);
        write_term(out, _("Unit and those below it"),
                   json_member(report, json_member(report, "unit.name") ? "unit.name" : "unit.number"),
                   COLUMN_TEXT);
        write_term(out, _("Made"), json_member(report, "period.generated_at"), COLUMN_TIME);
        (void)fputs("</dl>\n</header>\n", out);
        if (json_object_get_boolean(json_member(report, "period.complete")))
                return;
        (void)fputs("<p class=\"draft\">", out);
        markup_text(out, _("The period has not ended: the figures are preliminary."));
        (void)fputs("</p>\n", out);
}

static void write_headlines(FILE *out, json_object *report)
{
        static const char *const moods[] = {
                        [REPORT_PLAIN] = "plain", [REPORT_GOOD] = "good", [REPORT_BAD] = "bad"};
        struct report_headline h[REPORT_HEADLINES];

        report_headlines(report, h);
        (void)fputs("<div class=\"figures\">\n", out);
        for (size_t i = 0; i < REPORT_HEADLINES; i++) {
                (void)fprintf(out, "<div class=\"%s\"><span>", moods[h[i].mood]);
                markup_text(out, h[i].label);
                (void)fputs("</span><b>", out);
                markup_text(out, h[i].value);
                (void)fputs("</b><small>", out);
                markup_text(out, h[i].note);
                (void)fputs("</small></div>\n", out);
        }
        (void)fputs("</div>\n", out);
}

static const char *class_of(enum column_kind kind)
{
        if (kind == COLUMN_TIME)
                return "when";
        return column_right(kind) ? "num" : "";
}

/* What somebody looks for in a long table stands out, in black and white too. */
static bool is_marked(const struct column *c, json_object *value)
{
        static const char *const counts[] = {"late", "bad", "duties_overdue", "unexplained"};

        if (!value)
                return false;
        if (c->kind == COLUMN_SHARE)
                return json_object_get_double(value) < 1;
        if (strcmp(c->key, "minutes") == 0)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(counts); i++)
                if (strcmp(c->key, counts[i]) == 0)
                        return json_object_get_int64(value) > 0;
        return false;
}

static void write_table_head(FILE *out, const struct report_section *s)
{
        (void)fputs("<table>\n<thead><tr>", out);
        for (size_t i = 0; i < s->n; i++) {
                if (!s->columns[i].heading)
                        continue;
                (void)fprintf(out, "<th scope=\"col\" class=\"%s\">", class_of(s->columns[i].kind));
                markup_text(out, _(s->columns[i].heading));
                (void)fputs("</th>", out);
        }
        (void)fputs("</tr></thead>\n<tbody>\n", out);
}

/* Short words stay whole, and long names do not widen the page. A zero is there, but does not call. */
static void write_cell(FILE *out, const struct column *c, json_object *value)
{
        _cleanup_free_ char *text = text_of(value, c->kind);

        if (!text)
                return;
        (void)fprintf(out, "<td class=\"%s%s%s%s\">", class_of(c->kind), is_marked(c, value) ? " mark" : "",
                      strcmp(text, "0") == 0 || strcmp(text, "-") == 0 ? " zero" : "",
                      c->kind == COLUMN_TIME                                 ? ""
                      : markup_width(text, WORD_COLUMNS + 1) <= WORD_COLUMNS ? " word"
                                                                             : " wrap");
        markup_text(out, text);
        (void)fputs("</td>", out);
}

static void write_row(FILE *out, const struct report_section *s, json_object *row)
{
        (void)fputs("<tr>", out);
        for (size_t i = 0; i < s->n; i++) {
                const struct column *c = &s->columns[i];

                if (c->heading)
                        write_cell(out, c, json_member(row, c->key));
        }
        (void)fputs("</tr>\n", out);
}

static void write_section(FILE *out, json_object *report, const struct report_section *s)
{
        json_object *rows = report_rows(report, s);
        size_t n = json_length(rows);
        size_t shown = s->shown > 0 ? MIN(n, s->shown) : n;

        (void)fprintf(out, "<section id=\"%s\"%s>\n<h2>", s->key,
                      s->wide && n > PAGE_ROWS ? " class=\"page\"" : "");
        markup_text(out, _(s->title));
        (void)fprintf(out, "<span>%zu</span></h2>\n", n);
        if (n == 0) {
                (void)fprintf(out, "<p class=\"none\">%s</p>\n</section>\n", _("None."));
                return;
        }
        if (*s->note) {
                (void)fputs("<p class=\"note\">", out);
                markup_text(out, _(s->note));
                (void)fputs("</p>\n", out);
        }
        write_table_head(out, s);
        for (size_t i = 0; i < shown; i++)
                write_row(out, s, report_row(rows, i));
        (void)fputs("</tbody>\n</table>\n", out);
        if (n > shown) {
                (void)fputs("<p class=\"more\">", out);
                markup_format(out, _("%zu more are not shown; --format=csv has them all."), n - shown);
                (void)fputs("</p>\n", out);
        }
        (void)fputs("</section>\n", out);
}

static void write_signatures(FILE *out)
{
        const char *const who[] = {_("Made by"), _("Checked by"), _("Date")};

        (void)fputs("<div class=\"sign\">", out);
        for (size_t i = 0; i < ELEMENTSOF(who); i++) {
                (void)fputs("<div>", out);
                markup_text(out, who[i]);
                (void)fputs("</div>", out);
        }
        (void)fputs("</div>\n", out);
}

void report_write_html(FILE *out, json_object *report)
{
        char rule[TEXT_MAX];

        write_head(out, report);
        (void)fputs("<main>\n", out);
        write_headlines(out, report);
        chart_days(out, json_member(report, "days"));
        chart_day_rates(out, json_member(report, "days"));
        chart_unit_rates(out, json_member(report, "units"));
        chart_unit_gaps(out, json_member(report, "gap_units"));
        for (size_t i = 0; i < report_sections_n; i++)
                write_section(out, report, &report_sections[i]);
        (void)fputs("<footer>\n<p class=\"rule\">", out);
        markup_text(out, report_rule_text(report, rule, sizeof(rule)));
        (void)fputs("</p>\n", out);
        write_signatures(out);
        (void)fputs("</footer>\n</main>\n</body>\n</html>\n", out);
}
