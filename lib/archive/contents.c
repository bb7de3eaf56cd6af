// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is on a volume; see contents.h. Rows are parsed once: every document takes its columns out of them,
 * so that none says something else than the catalogue did. */
#include "archive/contents.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(struct contents *, contents_free);

void contents_free(struct contents *c)
{
        if (!c)
                return;
        for (size_t i = 0; c->rows && i < c->n_files; i++)
                json_object_put(c->rows[i]);
        free(c->rows);
        free(c->order);
        layout_free(c->layout);
        free(c);
}

static int order_compare(const void *a, const void *b, void *userdata)
{
        const struct layout *l = userdata;

        return strcmp(layout_path(l, *(const size_t *)a), layout_path(l, *(const size_t *)b));
}

static int row_parse(const struct archive_file *f, json_object **ret)
{
        json_object *row = f->row ? json_tokener_parse(f->row) : NULL;

        if (!row || !json_object_is_type(row, json_type_object) || f->size < 0 || !f->name) {
                json_object_put(row);
                return -EINVAL;
        }
        *ret = row;
        return 0;
}

int contents_new(struct contents **ret, const struct archive_imprint *imprint,
                 const struct archive_case *cases, size_t n_cases, const struct archive_file *files,
                 size_t n_files)
{
        _cleanup_(contents_freep) struct contents *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        if (!imprint->number || imprint->number[0] == '\0')
                return -EINVAL;
        *c = (struct contents){imprint, cases, n_cases, files, n_files};
        c->rows = calloc(n_files + 1, sizeof(json_object *));
        c->order = calloc(n_files + 1, sizeof(*c->order));
        if (!c->rows || !c->order)
                return -ENOMEM;
        for (size_t i = 0; i < n_files; i++) {
                r = row_parse(&files[i], &c->rows[i]);
                if (r < 0)
                        return r;
                c->order[i] = i;
                c->bytes += files[i].size;
        }
        r = layout_new(&c->layout, files, n_files);
        if (r < 0)
                return r;
        qsort_r(c->order, n_files, sizeof(*c->order), order_compare, c->layout);
        *ret = TAKE_PTR(c);
        return 0;
}

const char *contents_text(const struct contents *c, size_t i, const char *key)
{
        json_object *value = NULL;
        const char *text;

        if (!json_object_object_get_ex(c->rows[i], key, &value) || !value)
                return "";
        text = json_object_get_string(value);
        return text ? text : "";
}

struct archive_case contents_case(const struct contents *c, const char *number)
{
        for (size_t i = 0; number && i < c->n_cases; i++)
                if (strcmp(c->cases[i].number, number) == 0)
                        return c->cases[i];
        return (struct archive_case){.number = number};
}

int contents_each_case(const struct contents *c,
                       int (*on_case)(void *userdata, const struct contents *c, size_t first, size_t n),
                       void *userdata)
{
        for (size_t first = 0, n; first < c->n_files; first += n) {
                const char *folder = layout_folder(c->layout, c->order[first]);
                int r;

                for (n = 1; first + n < c->n_files; n++)
                        if (strcmp(layout_folder(c->layout, c->order[first + n]), folder) != 0)
                                break;
                r = on_case(userdata, c, first, n);
                if (r < 0)
                        return r;
        }
        return 0;
}
