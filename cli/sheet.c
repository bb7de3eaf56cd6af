// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files of comma-separated values; see sheet.h. */
#include "cli/sheet.h"
#include "cli/client.h"
#include "cli/translate.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>

const struct column case_sheet_columns[CASE_SHEET_COLUMNS] = {
                {"number", "number", COLUMN_TEXT},
                {"unit", "unit", COLUMN_TEXT},
                {"opened", "opened", COLUMN_TEXT},
                {"supervision_number", "supervision_number", COLUMN_TEXT},
                {"file_number", "file_number", COLUMN_TEXT},
                {"party", "party", COLUMN_TEXT},
                {"handler", "handler", COLUMN_TEXT},
                {"activity", "activity", COLUMN_TEXT},
                {"premises", "premises", COLUMN_TEXT},
                {"premises_class", "premises_class", COLUMN_TEXT},
                {"long_term", "long_term", COLUMN_TEXT},
                {"secrecy", "secrecy", COLUMN_TEXT},
                {"evidence", "evidence", COLUMN_YES_NO},
                {"from", "from", COLUMN_TEXT},
                {"to", "to", COLUMN_TEXT},
                {"closed", "closed", COLUMN_TEXT},
                {"file_until", "file_until", COLUMN_TEXT},
};

enum { FILE_SIZE_MAX = 32 * 1024 * 1024 };

void sheet_done(struct sheet *s)
{
        free(s->text);
}

static int sheet_read_all(int fd, struct sheet *s)
{
        s->text = malloc(FILE_SIZE_MAX + 1);
        if (!s->text)
                return -ENOMEM;
        while (s->size < FILE_SIZE_MAX) {
                ssize_t n = read(fd, s->text + s->size, FILE_SIZE_MAX - s->size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                s->size += (size_t)n;
        }
        s->text[s->size] = '\0';
        return s->size == FILE_SIZE_MAX ? -EFBIG : 0;
}

static int sheet_read(struct sheet *s)
{
        _cleanup_close_ int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        int r = fd < 0 ? -errno : sheet_read_all(fd, s);

        if (r == -EFBIG)
                complain(_("'%s' has more than %d bytes, expected parts of it one after the other; nothing "
                           "was "
                           "done"),
                         s->path, FILE_SIZE_MAX - 1);
        else if (r < 0)
                complain(_("'%s' cannot be read: %s; nothing was done"), s->path, strerror(-r));
        return r < 0 ? EXIT_USAGE : EXIT_OK;
}

/* Names in another encoding would be wrong names: spreadsheets in Chinese like to write GBK. */
static int sheet_check_encoding(const struct sheet *s)
{
        unsigned int line = 1;
        size_t n;

        for (const char *at = s->text; at < s->text + s->size; at += n) {
                n = *at ? text_utf8_sequence(at) : 0;
                if (n == 0) {
                        complain(_("%s:%u: byte 0x%02x is not UTF-8, expected a file in UTF-8; GBK and GB "
                                   "18030 "
                                   "are not read, save it as \"CSV UTF-8\" or convert it by 'iconv -f "
                                   "GB18030 "
                                   "-t UTF-8'; nothing was done"),
                                 s->path, line, (unsigned int)(unsigned char)*at);
                        return EXIT_REFUSED;
                }
                line += *at == '\n';
        }
        return EXIT_OK;
}

int sheet_open(struct sheet *s)
{
        size_t mark = strlen(SHEET_BOM);
        int r = sheet_read(s);

        if (r == EXIT_OK)
                r = sheet_check_encoding(s);
        if (r == EXIT_OK && s->size >= mark && memcmp(s->text, SHEET_BOM, mark) == 0)
                s->skip = mark;
        return r;
}
