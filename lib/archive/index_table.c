// SPDX-License-Identifier: LGPL-2.1-or-later
/* The index for programs and spreadsheets. Names of columns are those of recdockctl --json and never change;
 * new ones come behind. What a volume adds to a row is its path there and names of people and units. */
#include "archive/contents.h"
#include "base/cleanup.h"
#include "base/csv.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#define BOM        "\xef\xbb\xbf"
#define JSON_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* Those before COLUMN_FIRST_OF_ROW are the volume's. */
static const char *const columns[] = {
                "volume_path",  "case",           "name",       "size",   "sha256",          "sm3",
                "officer_name", "unit_name",      "id",         "unit",   "officer",         "recorder",
                "started_at",   "ended_at",       "duration_s", "kind",   "container",       "verdict",
                "time_source",  "device_time",    "bay",        "source", "source_path",     "offloaded_at",
                "docking",      "clock_offset_s", "deadline",   "late",   "verdict_reasons", "time_doubts",
};
_Static_assert(ELEMENTSOF(columns) <= CSV_FIELDS_MAX, "more columns than csv_next() reads");

enum { COLUMN_FIRST_OF_ROW = 8 };

/* Texts that a spreadsheet would compute are marked as texts. */
static const char *guard(const char *text, char **ret_owned)
{
        if (!text || !csv_is_formula(text) || asprintf(ret_owned, "'%s", text) < 0)
                return text;
        return *ret_owned;
}

static bool is_number(const struct contents *c, size_t i, const char *key)
{
        json_object *value = json_object_object_get(c->rows[i], key);

        return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

static void record_write(FILE *out, const struct contents *c, size_t i)
{
        const struct archive_file *f = &c->files[i];
        char size[24], sha256[DIGEST_HEX_SIZE], sm3[DIGEST_HEX_SIZE] = "";
        const char *fields[ELEMENTSOF(columns)] = {
                        layout_path(c->layout, i), f->case_number, f->name, size, sha256, sm3,
                        f->officer_name,           f->unit_name,
        };
        char *owned[ELEMENTSOF(columns)] = {NULL};

        (void)snprintf(size, sizeof(size), "%" PRId64, f->size);
        (void)text_hex(f->digests.sha256, DIGEST_SIZE, sha256);
        if (f->digests.has_sm3)
                (void)text_hex(f->digests.sm3, DIGEST_SIZE, sm3);
        for (size_t k = 0; k < ELEMENTSOF(columns); k++) {
                if (k >= COLUMN_FIRST_OF_ROW)
                        fields[k] = contents_text(c, i, columns[k]);
                if (k < COLUMN_FIRST_OF_ROW || !is_number(c, i, columns[k]))
                        fields[k] = guard(fields[k], &owned[k]);
        }
        csv_write(out, fields, ELEMENTSOF(columns));
        for (size_t k = 0; k < ELEMENTSOF(columns); k++)
                free(owned[k]);
}

void index_csv_write(FILE *out, const struct contents *c)
{
        (void)fputs(BOM, out);
        csv_write(out, columns, ELEMENTSOF(columns));
        for (size_t i = 0; i < c->n_files; i++)
                record_write(out, c, c->order[i]);
}

static void add_text(json_object *o, const char *key, const char *value)
{
        (void)json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

static void imprint_write(FILE *out, const struct contents *c)
{
        json_object *o = json_object_new_object();
        char made[INSTANT_TEXT_MAX];

        add_text(o, "number", c->imprint->number);
        add_text(o, "station", c->imprint->station);
        add_text(o, "organization", c->imprint->organization);
        add_text(o, "custodian", c->imprint->custodian);
        add_text(o, "medium", c->imprint->medium);
        add_text(o, "made_at", instant_format(c->imprint->made_at, made));
        add_text(o, "version", c->imprint->version);
        (void)json_object_object_add(o, "files", json_object_new_int64((int64_t)c->n_files));
        (void)json_object_object_add(o, "bytes", json_object_new_int64(c->bytes));
        (void)fputs(json_object_to_json_string_ext(o, JSON_FLAGS), out);
        json_object_put(o);
}

void index_json_write(FILE *out, const struct contents *c)
{
        (void)fputs("{\"format\":\"recdock-volume-1\",\n\"volume\":", out);
        imprint_write(out, c);
        (void)fputs(",\n\"footage\":[", out);
        for (size_t i = 0; i < c->n_files; i++) {
                size_t at = c->order[i];
                json_object *row = c->rows[at];

                add_text(row, "volume_path", layout_path(c->layout, at));
                add_text(row, "case", c->files[at].case_number);
                add_text(row, "officer_name", c->files[at].officer_name);
                add_text(row, "unit_name", c->files[at].unit_name);
                (void)fprintf(out, "%s\n%s", i > 0 ? "," : "",
                              json_object_to_json_string_ext(row, JSON_FLAGS));
        }
        (void)fputs("\n]}\n", out);
}
