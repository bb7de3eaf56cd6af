// SPDX-License-Identifier: LGPL-2.1-or-later
/* Escaping; see markup.h. */
#include "base/markup.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <wchar.h>

/* Controls, C1 and lone bytes would not show, or would be taken for something else. */
static bool is_printable(const unsigned char *s, size_t n)
{
        if (n == 0 || *s < 0x20 || *s == 0x7f)
                return false;
        return !(n == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

static void put(FILE *out, const char *s, size_t n)
{
        switch (*s) {
        case '&':
                (void)fputs("&amp;", out);
                break;
        case '<':
                (void)fputs("&lt;", out);
                break;
        case '>':
                (void)fputs("&gt;", out);
                break;
        case '"':
                (void)fputs("&quot;", out);
                break;
        case '\'':
                (void)fputs("&#39;", out);
                break;
        default:
                (void)fwrite(s, 1, n, out);
        }
}

static int width_of(const char *s, size_t n)
{
        wchar_t wide;
        mbstate_t state = {0};
        int w = mbrtowc(&wide, s, n, &state) == n ? wcwidth(wide) : 1;

        return w < 0 ? 1 : w;
}

void markup_text_short(FILE *out, const char *text, int columns)
{
        while (*text) {
                size_t n = text_utf8_sequence(text);
                bool printable = is_printable((const unsigned char *)text, n);

                columns -= printable ? width_of(text, n) : 1;
                if (columns < 0) {
                        (void)fputs("…", out);
                        return;
                }
                if (printable)
                        put(out, text, n);
                else
                        (void)fputs("\xef\xbf\xbd", out);
                text += n > 0 ? n : 1;
        }
}

int markup_width(const char *text, int most)
{
        int width = 0;

        while (*text && width < most) {
                size_t n = text_utf8_sequence(text);

                width += n > 0 ? width_of(text, n) : 1;
                text += n > 0 ? n : 1;
        }
        return MIN(width, most);
}

void markup_text(FILE *out, const char *text)
{
        markup_text_short(out, text, INT_MAX);
}

void markup_format(FILE *out, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        if (text)
                markup_text(out, text);
}
