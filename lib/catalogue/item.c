// SPDX-License-Identifier: LGPL-2.1-or-later
/* Items; see item.h. The field table is in the order of ITEM_COLUMNS. */
#include "catalogue/item.h"
#include "catalogue/row.h"

#include <string.h>

static const struct field fields[] = {
                FIELD(item, id, FIELD_ID),
                FIELD(item, recorder, FIELD_ID),
                FIELD(item, docking, FIELD_ID),
                FIELD(item, part_docking, FIELD_ID),
                FIELD(item, path, FIELD_RAW_TEXT),
                FIELD(item, size, FIELD_INT64),
                FIELD(item, time_text, FIELD_RAW_TEXT),
                FIELD(item, flags, FIELD_UINT32),
                FIELD(item, state, FIELD_INT),
                FIELD(item, durable, FIELD_INT64),
                FIELD_IF(item, durable_sha256, FIELD_DIGEST, has_durable_digest),
                FIELD(item, actual_size, FIELD_UNKNOWN),
                FIELD_IF(item, digests.sha256, FIELD_DIGEST, has_digests),
                FIELD_IF(item, digests.sm3, FIELD_DIGEST, digests.has_sm3),
                FIELD(item, attempts, FIELD_UINT32),
                FIELD(item, error, FIELD_TEXT),
                FIELD(item, footage, FIELD_ID),
                FIELD(item, first_docking, FIELD_ID),
};

#define ITEM_COLUMNS                                                                          \
        "id, recorder, docking, part_docking, path, size, time_text, flags, state, durable, " \
        "durable_sha256,"                                                                     \
        " actual_size, sha256, sm3, attempts, error, footage, first_docking"

static int find_identity(struct catalogue *c, const struct item *item, struct item *ret)
{
        return row_find(c,
                        "SELECT " ITEM_COLUMNS " FROM item"
                        " WHERE recorder = ?1 AND path = ?2 AND size = ?3 AND time_text = ?4",
                        VALUES(INTEGER(item->recorder), RAW_TEXT(item->path), INTEGER(item->size),
                               RAW_TEXT(item->time_text)),
                        ret, sizeof(*ret), fields, ELEMENTSOF(fields));
}

static int insert(struct catalogue *c, const struct item *item)
{
        return statement_run(c,
                             "INSERT INTO item (recorder, docking, path, size, time_text, flags, state, "
                             "durable, attempts,"
                             " first_docking) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?2)",
                             VALUES(INTEGER(item->recorder), INTEGER(item->docking), RAW_TEXT(item->path),
                                    INTEGER(item->size), RAW_TEXT(item->time_text), INTEGER(item->flags),
                                    INTEGER(ITEM_LISTED)));
}

/* All its bytes are here: what is known of the docking that brought them is what they are filed with. */
static bool has_come(const struct item *item)
{
        return item->state == ITEM_PULLED || item->state == ITEM_FILING;
}

int item_note(struct catalogue *c, struct item *item, bool *ret_new)
{
        struct item row;
        bool is_new = false;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = find_identity(c, item, &row);
        if (r < 0)
                return r;
        if (r == CATALOGUE_ABSENT) {
                r = insert(c, item);
                if (r < 0)
                        return r;
                is_new = true;
                r = find_identity(c, item, &row);
        } else {
                if (!has_come(&row))
                        row.docking = item->docking;
                r = statement_run(c, "UPDATE item SET docking = ?2, flags = ?3 WHERE id = ?1",
                                  VALUES(INTEGER(row.id), INTEGER(row.docking), INTEGER(item->flags)));
        }
        if (r != 0)
                return r;
        row.flags = item->flags;
        *item = row;
        *ret_new = is_new;
        return CATALOGUE_OK;
}

int item_update(struct catalogue *c, const struct item *item)
{
        _statement_ sqlite3_stmt *s = NULL;
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_get(c,
                          "UPDATE item SET (recorder, docking, part_docking, path, size, time_text, flags, "
                          "state,"
                          " durable, durable_sha256, actual_size, sha256, sm3, attempts, error, footage,"
                          " first_docking)"
                          " = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
                          " WHERE id = ?1",
                          &s);
        if (r < 0)
                return r;
        r = row_bind(c, s, 1, item, fields, ELEMENTSOF(fields));
        if (r < 0)
                return r;
        r = statement_step(c, s);
        if (r < 0)
                return r;
        return sqlite3_changes(c->db) == 0 ? CATALOGUE_ABSENT : CATALOGUE_OK;
}

/* Bytes of 'path' before its number, or before its extension when it has none; *ret_extension is behind
 * both. */
static size_t stem_length(const char *path, const char **ret_extension)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
        const char *end = dot && dot != name ? dot : name + strlen(name), *digits = end;

        *ret_extension = end;
        while (digits > name && digits[-1] >= '0' && digits[-1] <= '9')
                digits--;
        return (size_t)((digits < end && digits > name + 1 && digits[-1] == '~' ? digits - 1 : end) - path);
}

int item_has_namesake(struct catalogue *c, const struct item *item)
{
        char plain[sizeof(item->path)], from[sizeof(item->path) + 1], to[sizeof(item->path) + 1];
        const char *extension;
        int stem = (int)stem_length(item->path, &extension);
        int64_t id;

        (void)snprintf(plain, sizeof(plain), "%.*s%s", stem, item->path, extension);
        (void)snprintf(from, sizeof(from), "%.*s~", stem, item->path);
        (void)snprintf(to, sizeof(to), "%.*s\x7f", stem, item->path); /* the next character */
        return statement_integer(
                        c,
                        "SELECT id FROM item WHERE recorder = ?1 AND path = ?4 AND size = ?2"
                        " AND time_text = ?3 AND id <> ?7"
                        " UNION ALL SELECT id FROM item WHERE recorder = ?1 AND path >= ?5 AND path < ?6"
                        " AND size = ?2 AND time_text = ?3 AND id <> ?7 LIMIT 1",
                        VALUES(INTEGER(item->recorder), INTEGER(item->size), RAW_TEXT(item->time_text),
                               RAW_TEXT(plain), RAW_TEXT(from), RAW_TEXT(to), INTEGER(item->id)),
                        &id);
}

int item_by_id(struct catalogue *c, int64_t id, struct item *ret)
{
        return row_find(c, "SELECT " ITEM_COLUMNS " FROM item WHERE id = ?1", VALUES(INTEGER(id)), ret,
                        sizeof(*ret), fields, ELEMENTSOF(fields));
}

int item_each(struct catalogue *c, enum item_state state,
              int (*on_item)(void *userdata, const struct item *item), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c, "SELECT " ITEM_COLUMNS " FROM item WHERE state = ?1 ORDER BY id", &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(state)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                struct item item = {0};

                row_read(s, 0, &item, fields, ELEMENTSOF(fields));
                r = on_item(userdata, &item);
                if (r != 0)
                        return r;
        }
        return r;
}

int item_each_filed(struct catalogue *c, int64_t recorder, int64_t docking, int64_t max,
                    int (*on_item)(void *userdata, int64_t item, const char *path), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = statement_new(c,
                              "SELECT id, path FROM item WHERE recorder = ?1 AND docking <> ?2"
                              " AND footage IS NOT NULL ORDER BY id DESC LIMIT ?3",
                              &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(recorder), INTEGER(docking), INTEGER(max)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                r = on_item(userdata, sqlite3_column_int64(s, 0), (const char *)sqlite3_column_text(s, 1));
                if (r != 0)
                        return r;
        }
        return r;
}
