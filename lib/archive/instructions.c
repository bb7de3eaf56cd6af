// SPDX-License-Identifier: LGPL-2.1-or-later
/* README.txt: how to read and verify the volume with what any computer has. With a byte order mark and CRLF,
 * for the plainest of editors. */
#include "archive/contents.h"
#include "archive/instructions.inc"
#include "base/cleanup.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static void value_write(FILE *out, const char *value)
{
        _cleanup_free_ char *copy = strdup(value ? value : "");

        if (!copy)
                return;
        text_make_printable(copy);
        (void)fputs(copy, out);
}

static void variable_write(FILE *out, const struct contents *c, const char *name, size_t n)
{
        char made[INSTANT_TEXT_MAX];

        if (strncmp(name, "NUMBER", n) == 0)
                value_write(out, c->imprint->number);
        else if (strncmp(name, "STATION", n) == 0)
                value_write(out, c->imprint->station);
        else if (strncmp(name, "MADE", n) == 0)
                value_write(out, instant_format(c->imprint->made_at, made));
        else if (strncmp(name, "FILES", n) == 0)
                (void)fprintf(out, "%zu", c->n_files);
        else if (strncmp(name, "BYTES", n) == 0)
                (void)fprintf(out, "%" PRId64, c->bytes);
}

void instructions_write(FILE *out, const struct contents *c)
{
        (void)fputs("\xef\xbb\xbf", out);
        for (const char *at = instructions; *at; at++) {
                if (*at == '@') {
                        size_t n = strcspn(at + 1, "@");

                        variable_write(out, c, at + 1, n);
                        at += n + 1;
                } else if (*at == '\n') {
                        (void)fputs("\r\n", out);
                } else {
                        (void)fputc(*at, out);
                }
        }
}
