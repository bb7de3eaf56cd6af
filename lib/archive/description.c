// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The evidence description of a case (文字说明材料): who took it, when and where, with which recorder, and
 * what proves that the file is the one. Made for paper: what nobody entered is a line to be filled in by
 * hand, and there is a place to sign. No script.
 */
#include "archive/contents.h"
#include "base/cleanup.h"
#include "base/markup.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char style[] =
                "*{box-sizing:border-box}body{margin:0 "
                "auto;max-width:60rem;padding:1.2rem;color:#1b1f24;font:13px/1.45 "
                "\"Noto Sans\",\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Microsoft YaHei\",\"PingFang "
                "SC\","
                "\"SimSun\",sans-serif}"
                "h1{font-size:1.5rem;text-align:center;margin:0 0 .8rem}h1 "
                "small{display:block;font-size:.9rem;"
                "font-weight:400}"
                "table{border-collapse:collapse;width:100%;table-layout:fixed;margin:0 0 "
                ".8rem}tbody{break-inside:avoid}"
                "th,td{border:1px solid #1b1f24;padding:.25rem .45rem;text-align:left;vertical-align:top;"
                "overflow-wrap:anywhere;unicode-bidi:isolate}"
                "th{font-weight:600;width:14%;background:#f3f6f9}th small{font-weight:400;"
                "display:block}"
                "code{font-family:\"DejaVu Sans Mono\",Consolas,monospace;font-size:.78rem}"
                ".fill{min-height:1.4rem}.sign{display:grid;grid-template-columns:repeat(3,1fr);gap:2rem;"
                "margin-top:3rem;break-inside:avoid}.sign div{border-top:1px solid "
                "#1b1f24;padding-top:.2rem}"
                "@page{size:A4;margin:14mm 12mm 15mm;@bottom-right{content:counter(page) \" / \" "
                "counter(pages);"
                "font:8pt sans-serif}}@media print{body{max-width:none;padding:0;font-size:9.5pt}}";

static void head_of(FILE *out, const char *chinese, const char *english)
{
        (void)fprintf(out, "<th>%s<small>%s</small></th>", chinese, english);
}

static void cell(FILE *out, const char *chinese, const char *english, const char *value, int columns)
{
        head_of(out, chinese, english);
        (void)fprintf(out, "<td colspan=\"%d\"%s>", columns, value && value[0] ? "" : " class=\"fill\"");
        markup_text(out, value ? value : "");
        (void)fputs("</td>", out);
}

static void code_row(FILE *out, const char *chinese, const char *english, const char *value)
{
        (void)fputs("<tr>", out);
        head_of(out, chinese, english);
        (void)fputs("<td colspan=\"3\"><code>", out);
        markup_text(out, value);
        (void)fputs("</code></td></tr>\n", out);
}

static void duration_format(const struct contents *c, size_t i, char *ret, size_t size)
{
        json_object *value = json_object_object_get(c->rows[i], "duration_s");
        double seconds = value ? json_object_get_double(value) : -1;
        int64_t whole;

        ret[0] = '\0';
        if (!(seconds >= 0 && seconds < 1e9))
                return;
        whole = llround(seconds);
        (void)snprintf(ret, size, "%" PRId64 ":%02d:%02d", whole / 3600, (int)(whole / 60 % 60),
                       (int)(whole % 60));
}

/* "+2.5 s 执法记录仪时钟快 recorder fast" */
static void clock_format(const struct contents *c, size_t i, char *ret, size_t size)
{
        json_object *value = json_object_object_get(c->rows[i], "clock_offset_s");
        const char *doubts = contents_text(c, i, "time_doubts");
        double offset = value ? json_object_get_double(value) : 0;

        if (!value)
                (void)snprintf(ret, size, "未测得 not measured");
        else if (fabs(offset) < 0.05)
                (void)snprintf(ret, size, "0 s");
        else
                (void)snprintf(ret, size, "%+.1f s（执法记录仪时钟比采集站%s recorder %s）", offset,
                               offset > 0 ? "快" : "慢", offset > 0 ? "fast" : "slow");
        if (doubts[0] && strcmp(doubts, "[ ]") != 0 && strcmp(doubts, "[]") != 0)
                (void)snprintf(ret + strlen(ret), size - strlen(ret), " %.200s", doubts);
}

static void pair_format(const char *number, const char *name, char *ret, size_t size)
{
        (void)snprintf(ret, size, "%.200s%s%.200s", name ? name : "", name && number[0] ? "  " : "", number);
}

static void file_write(FILE *out, const struct contents *c, size_t i, size_t serial)
{
        const struct archive_file *f = &c->files[i];
        char text[512], clock[512], size[48], hex[DIGEST_HEX_SIZE];

        (void)fprintf(out, "<table><tbody>\n<tr><th>序号<small>No.</small></th><td>%zu</td>", serial);
        cell(out, "文件名", "name", f->name, 1);
        (void)fputs("</tr>\n<tr>", out);
        pair_format(contents_text(c, i, "officer"), f->officer_name, text, sizeof(text));
        cell(out, "取证人员", "taken by", text, 1);
        cell(out, "执法记录仪编号", "recorder", contents_text(c, i, "recorder"), 1);
        (void)fputs("</tr>\n<tr>", out);
        (void)snprintf(text, sizeof(text), "%.40s – %.40s", contents_text(c, i, "started_at"),
                       contents_text(c, i, "ended_at"));
        cell(out, "取证时间", "taken at", contents_text(c, i, "started_at")[0] ? text : "", 1);
        duration_format(c, i, text, sizeof(text));
        cell(out, "时长", "duration", text, 1);
        (void)fputs("</tr>\n<tr>", out);
        cell(out, "取证地点", "place", contents_case(c, f->case_number).place, 1);
        (void)snprintf(size, sizeof(size), "%" PRId64 " 字节 bytes", f->size);
        cell(out, "大小", "size", size, 1);
        (void)fputs("</tr>\n<tr>", out);
        clock_format(c, i, clock, sizeof(clock));
        cell(out, "时钟偏差", "clock offset", clock, 3);
        (void)fputs("</tr>\n", out);
        code_row(out, "SHA-256", "digest", text_hex(f->digests.sha256, DIGEST_SIZE, hex));
        if (f->digests.has_sm3)
                code_row(out, "SM3", "digest", text_hex(f->digests.sm3, DIGEST_SIZE, hex));
        code_row(out, "介质内位置", "on the volume", layout_path(c->layout, i));
        (void)fputs("</tbody></table>\n", out);
}

static void case_write(FILE *out, const struct contents *c, const struct archive_case *k, size_t n)
{
        char count[32];

        (void)snprintf(count, sizeof(count), "%zu", n);
        (void)fputs("<table>\n<tr>", out);
        cell(out, "案号", "case", k->number ? k->number : "未归入案件 of no case", 1);
        cell(out, "类别", "category", k->category ? k->category : "–", 1);
        (void)fputs("</tr>\n<tr>", out);
        cell(out, "案件名称", "title", k->title, 3);
        (void)fputs("</tr>\n<tr>", out);
        cell(out, "当事人", "party", k->party, 1);
        cell(out, "承办人", "handler", k->handler, 1);
        (void)fputs("</tr>\n<tr>", out);
        cell(out, "介质编号", "volume", c->imprint->number, 1);
        cell(out, "文件数", "files", count, 1);
        (void)fputs("</tr>\n<tr>", out);
        cell(out, "制作单位", "made by", c->imprint->organization, 1);
        cell(out, "采集站", "station", c->imprint->station, 1);
        (void)fputs("</tr>\n</table>\n", out);
}

void description_write(FILE *out, const struct contents *c, size_t first, size_t n)
{
        struct archive_case k = contents_case(c, c->files[c->order[first]].case_number);
        char made[INSTANT_TEXT_MAX];

        (void)fprintf(out,
                      "<!DOCTYPE html>\n<html lang=\"zh\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
                      "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                      "'unsafe-inline'\">\n<meta name=\"viewport\" "
                      "content=\"width=device-width\">\n<title>%s",
                      "音像记录文字说明材料 ");
        markup_text(out, k.number ? k.number : "");
        (void)fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>%s<small>%s</small></h1>\n",
                      style, "音像记录文字说明材料", "Evidence description of footage");
        case_write(out, c, &k, n);
        for (size_t i = 0; i < n; i++)
                file_write(out, c, c->order[first + i], i + 1);
        (void)fputs("<p>"
                    "以上文件由采集站从执法记录仪原样导出，写入本介质后已逐字节回读核对；摘要可用公开工具复"
                    "核（见 "
                    "README.txt）。<br>These files are byte by byte what the recorders held; they were read "
                    "back "
                    "after they were written here. README.txt tells how to check the digests.</p>\n<p>",
                    out);
        (void)fprintf(out, "制作时间 Made: %s</p>\n", instant_format(c->imprint->made_at, made));
        (void)fputs("<div class=\"sign\"><div>取证人员 Taken by</div><div>制作人 Made by</div><div>日期 "
                    "Date</div></div>\n"
                    "</body>\n</html>\n",
                    out);
}
