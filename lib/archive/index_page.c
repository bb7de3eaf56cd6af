// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * index.html: one file that lists, searches and plays what is on the volume, in any browser, without a
 * network. The rows are data in it and no markup; the policy in its head lets the browser run the one script
 * whose digest is there and load nothing but files beside it, should a name ever get through.
 */
#include "archive/contents.h"
#include "archive/page_body.inc"
#include "archive/page_script.inc"
#include "archive/page_style.inc"
#include "base/cleanup.h"
#include "base/markup.h"
#include "base/text.h"

#include <openssl/evp.h>
#include <string.h>

static int policy_write(FILE *out)
{
        uint8_t digest[DIGEST_SIZE];
        unsigned char base64[4 * (DIGEST_SIZE + 2) / 3 + 1];
        int r = digest_sha256(page_script, strlen(page_script), digest);

        if (r < 0)
                return r;
        (void)EVP_EncodeBlock(base64, digest, DIGEST_SIZE);
        (void)fprintf(out,
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                      "'unsafe-inline'; img-src 'self' file:; media-src 'self' file:; script-src "
                      "'sha256-%s'\">\n",
                      base64);
        return 0;
}

static void term_write(FILE *out, const char *chinese, const char *english, const char *value)
{
        if (!value || value[0] == '\0')
                return;
        (void)fprintf(out, "<dt><span class=\"zh\">%s</span><span class=\"en\">%s</span></dt><dd>", chinese,
                      english);
        markup_text(out, value);
        (void)fputs("</dd>\n", out);
}

static int head_write(FILE *out, const struct contents *c)
{
        const struct archive_imprint *i = c->imprint;
        char made[INSTANT_TEXT_MAX];
        int r;

        (void)fputs("<!DOCTYPE html>\n<html lang=\"zh\">\n<head>\n<meta charset=\"utf-8\">\n", out);
        r = policy_write(out);
        if (r < 0)
                return r;
        (void)fputs("<meta name=\"viewport\" content=\"width=device-width\">\n<title>", out);
        markup_text(out, i->number);
        (void)fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>", page_style);
        markup_text(out, i->number);
        (void)fputs("<small>音像记录目录 Index of footage</small></h1>\n<dl>\n", out);
        term_write(out, "单位", "Organization", i->organization);
        term_write(out, "采集站", "Station", i->station);
        term_write(out, "管理员", "Custodian", i->custodian);
        term_write(out, "介质", "Medium", i->medium);
        term_write(out, "制作时间", "Made", instant_format(i->made_at, made));
        (void)fputs("</dl>\n</header>\n", out);
        return 0;
}

static void add_text(json_object *row, const char *text)
{
        (void)json_object_array_add(row, text && text[0] ? json_object_new_string(text) : NULL);
}

/* "200401 李雷" */
static void add_pair(json_object *row, const char *number, const char *name)
{
        _cleanup_free_ char *both = NULL;

        if (!name || asprintf(&both, "%s %s", number, name) < 0)
                add_text(row, number);
        else
                add_text(row, both);
}

static void add_value(json_object *row, const struct contents *c, size_t i, const char *key)
{
        (void)json_object_array_add(row, json_object_get(json_object_object_get(c->rows[i], key)));
}

/* A '<' in data would let it end the element it is in. */
static void data_write(FILE *out, const char *json)
{
        for (; *json; json++)
                if (*json == '<')
                        (void)fputs("\\u003c", out);
                else
                        (void)fputc(*json, out);
}

/* In the order that page_script.js names them in. */
static void row_write(FILE *out, const struct contents *c, size_t i)
{
        const struct archive_file *f = &c->files[i];
        json_object *row = json_object_new_array();
        _cleanup_free_ char *name = strdup(f->name);
        char sha256[DIGEST_HEX_SIZE];

        if (name)
                text_make_printable(name);
        (void)json_object_array_add(row, json_object_new_int64(f->id));
        add_text(row, f->case_number);
        add_text(row, name);
        add_text(row, layout_path(c->layout, i));
        add_text(row, contents_text(c, i, "started_at"));
        add_value(row, c, i, "duration_s");
        (void)json_object_array_add(row, json_object_new_int64(f->size));
        add_pair(row, contents_text(c, i, "unit"), f->unit_name);
        add_pair(row, contents_text(c, i, "officer"), f->officer_name);
        add_text(row, contents_text(c, i, "recorder"));
        add_text(row, contents_text(c, i, "kind"));
        add_text(row, contents_text(c, i, "verdict"));
        add_text(row, text_hex(f->digests.sha256, DIGEST_SIZE, sha256));
        add_text(row, layout_folder(c->layout, i));
        data_write(out, json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN |
                                                                            JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(row);
}

int index_page_write(FILE *out, const struct contents *c)
{
        int r = head_write(out, c);

        if (r < 0)
                return r;
        (void)fprintf(out, "%s<script type=\"application/json\" id=\"rows\">[", page_body);
        for (size_t i = 0; i < c->n_files; i++) {
                (void)fputs(i > 0 ? ",\n" : "\n", out);
                row_write(out, c, c->order[i]);
        }
        (void)fprintf(out, "\n]</script>\n<script>%s</script>\n</body>\n</html>\n", page_script);
        return 0;
}
