// SPDX-License-Identifier: LGPL-2.1-or-later
/* The lines of CONTENTS; see archive_contents.h. A line that is not understood is a mistake of recdockd's:
 * nothing of the volume is begun then. */
#include "daemon/archive/archive_contents.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

void archive_contents_done(struct archive_contents *c)
{
        for (size_t i = 0; i < c->n_lines; i++)
                json_object_put(c->lines[i]);
        free(c->lines);
        free(c->cases);
        free(c->files);
        *c = (struct archive_contents){NULL};
}

/* NULL when it is not there or null. */
static const char *text_of(json_object *o, const char *key)
{
        json_object *value = NULL;

        return json_object_object_get_ex(o, key, &value) && value ? json_object_get_string(value) : NULL;
}

/* One more place in an array; NULL without memory. */
static void *array_grow(void *array, size_t n, size_t size)
{
        /* By doubling, at the powers of two. */
        return (n & (n - 1)) != 0 ? array : reallocarray(array, n == 0 ? 1 : 2 * n, size);
}

static int case_add(struct archive_contents *c, json_object *o)
{
        struct archive_case *grown = array_grow(c->cases, c->n_cases, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        c->cases = grown;
        grown[c->n_cases++] = (struct archive_case){text_of(o, "number"), text_of(o, "title"),
                                                    text_of(o, "party"),  text_of(o, "handler"),
                                                    text_of(o, "place"),  text_of(o, "category")};
        return grown[c->n_cases - 1].number ? 0 : -EBADMSG;
}

static int digests_take(json_object *o, struct digest_values *ret)
{
        const char *sha256 = text_of(o, "sha256"), *sm3 = text_of(o, "sm3");
        int r = sha256 ? text_unhex(sha256, ret->sha256, DIGEST_SIZE) : -EBADMSG;

        if (r < 0 || !sm3)
                return r;
        ret->has_sm3 = true;
        return text_unhex(sm3, ret->sm3, DIGEST_SIZE);
}

static int file_add(struct archive_contents *c, json_object *o)
{
        struct archive_file *grown = array_grow(c->files, c->n_files, sizeof(*grown)), *f;
        json_object *row = NULL;

        if (!grown)
                return -ENOMEM;
        c->files = grown;
        f = &grown[c->n_files];
        if (!json_object_object_get_ex(o, "row", &row) || !json_object_is_type(row, json_type_object))
                return -EBADMSG;
        *f = (struct archive_file){
                        .id = json_object_get_int64(json_object_object_get(o, "id")),
                        .case_number = text_of(o, "case"),
                        .name = text_of(o, "name"),
                        .size = json_object_get_int64(json_object_object_get(o, "size")),
                        .row = json_object_to_json_string_ext(
                                        row, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
                        .officer_name = text_of(o, "officer_name"),
                        .unit_name = text_of(o, "unit_name"),
        };
        if (f->id <= 0 || !f->name || !f->row || digests_take(o, &f->digests) < 0)
                return -EBADMSG;
        c->n_files++;
        return 0;
}

static int line_take(struct archive_contents *c, const char *text)
{
        json_object *line = json_tokener_parse(text), **grown, *o = NULL;

        if (!line)
                return -EBADMSG;
        grown = array_grow(c->lines, c->n_lines, sizeof(json_object *));
        if (!grown) {
                json_object_put(line);
                return -ENOMEM;
        }
        c->lines = grown;
        c->lines[c->n_lines++] = line;
        if (json_object_object_get_ex(line, "case", &o))
                return case_add(c, o);
        return json_object_object_get_ex(line, "file", &o) ? file_add(c, o) : -EBADMSG;
}

int archive_contents_read(int fd, struct archive_contents *ret)
{
        struct archive_contents c = {NULL};
        _cleanup_free_ char *text = NULL;
        _cleanup_fclose_ FILE *f = fdopen(fd, "r");
        size_t size = 0;
        int r = 0;

        if (!f) {
                (void)fd_close(fd);
                return -ENOMEM;
        }
        rewind(f);
        while (r >= 0 && getline(&text, &size, f) > 0)
                r = line_take(&c, text);
        if (r >= 0 && (ferror(f) || c.n_files == 0))
                r = -EBADMSG;
        if (r < 0) {
                archive_contents_done(&c);
                return r;
        }
        *ret = c;
        return 0;
}
