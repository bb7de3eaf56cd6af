// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parsing manifests; see manifest.h. Decoding only ever makes a path shorter, so it is done in place. */
#include "archive/manifest.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

/* "%0D", "%0A" and "%25" are what RFC 8493 encodes; any other '%' is refused. */
static bool path_decode(char *path)
{
        char *to = path;

        for (; *path; path++) {
                uint8_t byte;

                if (*path != '%') {
                        *to++ = *path;
                        continue;
                }
                if (!path[1] || !path[2])
                        return false;
                if (text_unhex((const char[]){path[1], path[2], '\0'}, &byte, 1) < 0 ||
                    !strchr("%\r\n", byte) || byte == 0)
                        return false;
                *to++ = (char)byte;
                path += 2;
        }
        *to = '\0';
        return true;
}

static bool component_is_good(const char *name, size_t n)
{
        if (n == 0 || (n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.'))
                return false;
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
                        return false;
        return true;
}

static bool path_is_good(const char *path)
{
        if (!text_utf8_valid(path) || strlen(path) >= MANIFEST_PATH_MAX)
                return false;
        for (;;) {
                size_t n = strcspn(path, "/");

                if (!component_is_good(path, n))
                        return false;
                if (path[n] == '\0')
                        return true;
                path += n + 1;
        }
}

/* "<digest>  <path>", or " *" as md5sum has it for binary files. */
static bool line_parse(char *line, struct manifest_line *ret)
{
        char *path = line + strcspn(line, " \t"), *start = path;

        if (*path == '\0')
                return false;
        path += strspn(path, " \t");
        if (*path == '*')
                path++;
        *start = '\0';
        if (text_unhex(line, ret->digest, DIGEST_SIZE) < 0 || !path_decode(path) || !path_is_good(path))
                return false;
        ret->path = path;
        return true;
}

static int line_compare(const void *a, const void *b)
{
        const struct manifest_line *l = a, *m = b;

        return strcmp(l->path, m->path);
}

static size_t lines_count(const char *text, size_t size)
{
        size_t n = 1;

        for (size_t i = 0; i < size; i++)
                n += text[i] == '\n';
        return n;
}

/* Cuts off the next line, CRLF or LF. */
static char *line_cut(char **at, char *end)
{
        char *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));

        *at = stop ? stop + 1 : end;
        if (!stop)
                stop = end;
        if (stop > line && stop[-1] == '\r')
                stop--;
        *stop = '\0';
        return line;
}

int manifest_parse(char *text, size_t size, struct manifest *ret, size_t *ret_line)
{
        _cleanup_(manifest_done) struct manifest m = {NULL};
        char *at = text, *end = text + size;
        size_t number = 0, room = lines_count(text, size);

        *ret_line = MIN(room, (size_t)MANIFEST_LINES_MAX + 1);
        if (room > MANIFEST_LINES_MAX + 1)
                return MANIFEST_BAD;
        m.lines = calloc(room, sizeof(*m.lines));
        if (!m.lines)
                return -ENOMEM;
        while (at < end) {
                char *line = at, *stop = memchr(line, '\n', (size_t)(end - line));
                bool nul = memchr(line, '\0', (size_t)((stop ? stop : end) - line)) != NULL;

                line = line_cut(&at, end);
                *ret_line = ++number;
                if (nul || !line_parse(line, &m.lines[m.n]))
                        return MANIFEST_BAD;
                m.n++;
        }
        qsort(m.lines, m.n, sizeof(*m.lines), line_compare);
        for (size_t i = 1; i < m.n; i++)
                if (line_compare(&m.lines[i - 1], &m.lines[i]) == 0)
                        return MANIFEST_BAD;
        *ret = m;
        m.lines = NULL;
        return MANIFEST_READ;
}

void manifest_done(struct manifest *m)
{
        free(m->lines);
        *m = (struct manifest){NULL};
}

const struct manifest_line *manifest_find(const struct manifest *m, const char *path)
{
        const struct manifest_line wanted = {.path = path};

        return m->n > 0 ? bsearch(&wanted, m->lines, m->n, sizeof(*m->lines), line_compare) : NULL;
}
