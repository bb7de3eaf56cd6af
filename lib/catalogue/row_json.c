// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rows as JSON; see row_json.h. Text is escaped as RFC 8259 section 7 wants it, and as SQLite does it. */
#include "catalogue/row_json.h"

#include <string.h>

#define NUMBER_SIZE 24 /* of 64 bits, with a point */

static bool reserve(struct row_text *row, size_t more)
{
        size_t wanted = row->size + more;
        char *text;

        if (wanted <= row->allocated)
                return true;
        wanted = MAX(2 * row->allocated, wanted);
        text = realloc(row->text, wanted);
        if (!text)
                return false;
        row->text = text;
        row->allocated = wanted;
        return true;
}

/* Where there is room for it. */
static void put(struct row_text *row, const char *bytes, size_t n)
{
        memcpy(row->text + row->size, bytes, n);
        row->size += n;
}

static bool add(struct row_text *row, const char *bytes, size_t n)
{
        if (!reserve(row, n))
                return false;
        put(row, bytes, n);
        return true;
}

static void put_escaped(struct row_text *row, unsigned char c)
{
        static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\", digits[] = "0123456789abcdef";
        char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

        for (size_t i = 0; i + 1 < sizeof(shorts); i += 2) {
                if ((unsigned char)shorts[i] != c)
                        continue;
                text[1] = shorts[i + 1];
                put(row, text, 2);
                return;
        }
        put(row, text, sizeof(text));
}

static bool add_string(struct row_text *row, const char *text, size_t n)
{
        if (!reserve(row, 6 * n + 2))
                return false;
        put(row, "\"", 1);
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char)text[i];

                if (c < ' ' || c == '"' || c == '\\')
                        put_escaped(row, c);
                else
                        row->text[row->size++] = (char)c;
        }
        put(row, "\"", 1);
        return true;
}

static bool add_integer(struct row_text *row, int64_t value)
{
        char digits[NUMBER_SIZE], *p = digits + sizeof(digits);
        uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

        do
                *--p = (char)('0' + rest % 10);
        while ((rest /= 10) > 0);
        if (value < 0)
                *--p = '-';
        return add(row, p, (size_t)(digits + sizeof(digits) - p));
}

/* "12.0", "0.5", "-3.000001": at least one digit of the fraction, and no zeros behind it. */
static bool add_seconds(struct row_text *row, int64_t usec)
{
        uint64_t size = usec < 0 ? -(uint64_t)usec : (uint64_t)usec, rest = size % USEC_PER_SEC;
        char fraction[7] = ".000000";
        size_t n = sizeof(fraction);

        for (size_t i = n - 1; i > 0; i--, rest /= 10)
                fraction[i] = (char)('0' + rest % 10);
        while (n > 2 && fraction[n - 1] == '0')
                n--;
        return (usec >= 0 || add(row, "-", 1)) && add_integer(row, (int64_t)(size / USEC_PER_SEC)) &&
               add(row, fraction, n);
}

static bool add_hex(struct row_text *row, const unsigned char *bytes, size_t n)
{
        static const char digits[] = "0123456789abcdef";

        if (!reserve(row, 2 * n + 2))
                return false;
        put(row, "\"", 1);
        for (size_t i = 0; i < n; i++) {
                row->text[row->size++] = digits[bytes[i] >> 4];
                row->text[row->size++] = digits[bytes[i] & 15];
        }
        put(row, "\"", 1);
        return true;
}

static bool add_list(struct row_text *row, const char *words)
{
        const char *separator = "[";

        while (words && *words) {
                size_t n = strcspn(words, ",");

                if (!add(row, separator, 1) || !add_string(row, words, n))
                        return false;
                words += n + (words[n] == ',');
                separator = ",";
        }
        return separator[0] == '[' ? add(row, "[]", 2) : add(row, "]", 1);
}

static bool add_value(sqlite3_stmt *s, int i, enum column_form form, struct row_text *row)
{
        int type = sqlite3_column_type(s, i);
        const char *text = type == SQLITE_TEXT ? (const char *)sqlite3_column_text(s, i) : NULL;
        int64_t integer = type == SQLITE_INTEGER ? sqlite3_column_int64(s, i) : 0;

        if (type == SQLITE_TEXT && !text)
                return false; /* no memory */
        if (form == COLUMN_LIST)
                return add_list(row, text);
        if (type == SQLITE_NULL)
                return add(row, "null", 4);
        switch (form) {
        case COLUMN_JSON:
                return text && add(row, text, (size_t)sqlite3_column_bytes(s, i));
        case COLUMN_BOOLEAN:
                return integer ? add(row, "true", 4) : add(row, "false", 5);
        case COLUMN_SECONDS:
                return add_seconds(row, integer);
        case COLUMN_HEX:
                return add_hex(row, sqlite3_column_blob(s, i), (size_t)sqlite3_column_bytes(s, i));
        default:
                return text ? add_string(row, text, (size_t)sqlite3_column_bytes(s, i))
                            : add_integer(row, integer);
        }
}

void row_text_done(struct row_text *row)
{
        free(row->text);
}

int row_json(sqlite3_stmt *s, const struct column *columns, size_t n, struct row_text *row)
{
        row->size = 0;
        for (size_t i = 0; i < n; i++) {
                bool added = add(row, i == 0 ? "{\"" : ",\"", 2) &&
                             add(row, columns[i].name, strlen(columns[i].name)) && add(row, "\":", 2) &&
                             add_value(s, (int)i, columns[i].form, row);

                if (!added)
                        return -ENOMEM;
        }
        return add(row, "}", sizeof("}")) ? 0 : -ENOMEM;
}
