// SPDX-License-Identifier: LGPL-2.1-or-later
/* Structures to rows and back; see row.h. Members are copied by memcpy: the table says where they are, not
 * of which alignment. */
#include "catalogue/row.h"
#include "base/text.h"

#include <string.h>

static int64_t load_integer(const struct field *f, const char *member)
{
        int64_t wide;
        int narrow;
        uint32_t u32;
        uint16_t u16;
        bool flag;

        switch (f->type) {
        case FIELD_INT:
        case FIELD_PERCENT:
                memcpy(&narrow, member, sizeof(narrow));
                return narrow;
        case FIELD_UINT32:
                memcpy(&u32, member, sizeof(u32));
                return u32;
        case FIELD_UINT16:
                memcpy(&u16, member, sizeof(u16));
                return u16;
        case FIELD_BOOL:
                memcpy(&flag, member, sizeof(flag));
                return flag;
        default:
                memcpy(&wide, member, sizeof(wide));
                return wide;
        }
}

static void store_integer(const struct field *f, char *member, int64_t value)
{
        int narrow = (int)value;
        uint32_t u32 = (uint32_t)value;
        uint16_t u16 = (uint16_t)value;
        bool flag = value != 0;

        switch (f->type) {
        case FIELD_INT:
        case FIELD_PERCENT:
                memcpy(member, &narrow, sizeof(narrow));
                break;
        case FIELD_UINT32:
                memcpy(member, &u32, sizeof(u32));
                break;
        case FIELD_UINT16:
                memcpy(member, &u16, sizeof(u16));
                break;
        case FIELD_BOOL:
                memcpy(member, &flag, sizeof(flag));
                break;
        default:
                memcpy(member, &value, sizeof(value));
        }
}

static struct value field_value(const struct field *f, const char *object)
{
        const char *member = object + f->offset;

        if (f->has != FIELD_ALWAYS && object[f->has] == 0)
                return TEXT(NULL);
        switch (f->type) {
        case FIELD_TEXT:
                return TEXT(member);
        case FIELD_RAW_TEXT:
                return RAW_TEXT(member);
        case FIELD_DIGEST:
                return DIGEST((const uint8_t *)member);
        case FIELD_ID:
                return ID(load_integer(f, member));
        case FIELD_UNKNOWN:
        case FIELD_PERCENT:
                return UNKNOWN(load_integer(f, member));
        case FIELD_INSTANT:
                return INSTANT(load_integer(f, member));
        default:
                return INTEGER(load_integer(f, member));
        }
}

int row_bind(struct catalogue *c, sqlite3_stmt *s, int first, const void *object, const struct field *fields,
             size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct value v = field_value(&fields[i], object);
                int r = value_bind(s, first + (int)i, &v);

                if (r == -EILSEQ)
                        return catalogue_refuse(c, EILSEQ, "a text is not valid UTF-8");
                if (r < 0)
                        return catalogue_refuse(c, -r, "a value cannot be bound");
        }
        return 0;
}

/* What NULL is in the structure. */
static int64_t null_integer(const struct field *f)
{
        if (f->type == FIELD_INSTANT)
                return INSTANT_NONE;
        return f->type == FIELD_UNKNOWN || f->type == FIELD_PERCENT ? -1 : 0;
}

static void read_text(sqlite3_stmt *s, int at, char *member, size_t size)
{
        const char *text = (const char *)sqlite3_column_text(s, at);

        (void)text_copy(member, size, text ? text : "");
}

static void read_digest(sqlite3_stmt *s, int at, char *member)
{
        const void *blob = sqlite3_column_blob(s, at);

        if (blob && sqlite3_column_bytes(s, at) == DIGEST_SIZE)
                memcpy(member, blob, DIGEST_SIZE);
        else
                memset(member, 0, DIGEST_SIZE);
}

static void field_read(sqlite3_stmt *s, int at, char *object, const struct field *f)
{
        char *member = object + f->offset;
        bool null = sqlite3_column_type(s, at) == SQLITE_NULL;

        if (f->has != FIELD_ALWAYS)
                object[f->has] = null ? 0 : 1;
        if (f->type == FIELD_TEXT || f->type == FIELD_RAW_TEXT)
                read_text(s, at, member, f->size);
        else if (f->type == FIELD_DIGEST)
                read_digest(s, at, member);
        else
                store_integer(f, member, null ? null_integer(f) : sqlite3_column_int64(s, at));
}

void row_read(sqlite3_stmt *s, int first, void *object, const struct field *fields, size_t n)
{
        for (size_t i = 0; i < n; i++)
                field_read(s, first + (int)i, object, &fields[i]);
}

int row_find(struct catalogue *c, const char *sql, const struct value *values, size_t n_values, void *object,
             size_t size, const struct field *fields, size_t n)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = statement_get(c, sql, &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, values, n_values);
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        if (r == 0)
                return CATALOGUE_ABSENT;
        memset(object, 0, size);
        row_read(s, 0, object, fields, n);
        return CATALOGUE_OK;
}
