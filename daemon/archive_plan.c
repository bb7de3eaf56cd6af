// SPDX-License-Identifier: LGPL-2.1-or-later
/* Plans and contents of volumes; see archive_plan.h. */
#include "daemon/archive_plan.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/case_word.h"
#include "catalogue/query.h"
#include "catalogue/volume.h"

#include <json-c/json.h>
#include <string.h>
#include <sys/mman.h>

DEFINE_CLEANUP(json_object *, json_object_put);

/* --- a plan --- */

struct due_list {
        struct catalogue *catalogue;
        struct pack_file *files;
        size_t n, room;
        const int64_t *without;
        size_t n_without;
};

static void due_list_done(struct due_list *l)
{
        for (size_t i = 0; i < l->n; i++) {
                free((void *)l->files[i].case_number);
                free((void *)l->files[i].name);
        }
        free(l->files);
}

static int id_compare(const void *a, const void *b)
{
        const int64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static int on_row_measure(void *userdata, const char *json)
{
        *(size_t *)userdata = strlen(json);
        return 0;
}

static int on_due(void *userdata, const struct volume_file *f)
{
        struct due_list *l = userdata;
        struct pack_file *p;
        int r;

        if (l->n_without > 0 && bsearch(&f->footage, l->without, l->n_without, sizeof(int64_t), id_compare))
                return 0;
        if (l->n == PACK_FILES_MAX)
                return 0; /* the next volume's */
        if (l->n == l->room) {
                struct pack_file *grown = reallocarray(l->files, l->room * 2 + 64, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                l->files = grown;
                l->room = l->room * 2 + 64;
        }
        p = &l->files[l->n];
        *p = (struct pack_file){.id = f->footage,
                                .case_number = f->case_number[0] ? strdup(f->case_number) : NULL,
                                .name = strdup(f->name),
                                .size = f->size,
                                .sm3 = f->digests.has_sm3};
        l->n++;
        if (!p->name || (f->case_number[0] && !p->case_number))
                return -ENOMEM;
        r = query_footage_row(l->catalogue, f->footage, on_row_measure, &p->row_size);
        return MIN(r, 0);
}

/* Files of the plan's one volume. */
static int plan_take(const struct due_list *l, const struct pack_plan *packed, struct archive_plan *ret)
{
        const char *last = NULL;

        ret->due = l->n;
        for (size_t i = 0; i < l->n; i++)
                ret->due_bytes += l->files[i].size;
        ret->footage = calloc((packed->n_volumes > 0 ? packed->volumes[0].n_files : 0) + 1, sizeof(int64_t));
        if (!ret->footage)
                return -ENOMEM;
        for (size_t i = 0; i < l->n; i++) {
                const struct pack_file *f = &l->files[i];

                ret->too_large += packed->places[i].told == PACK_TOO_LARGE;
                if (packed->places[i].told != PACK_PLANNED || packed->places[i].volume != 0)
                        continue;
                ret->footage[ret->n++] = f->id;
                /* Files of a case follow each other nearly always: for people, not for decisions. */
                ret->n_cases += f->case_number && (!last || strcmp(last, f->case_number) != 0);
                last = f->case_number;
        }
        if (packed->n_volumes > 0) {
                ret->bytes = packed->volumes[0].bytes;
                ret->cost = packed->volumes[0].cost;
        }
        return 0;
}

int archive_plan_make(struct catalogue *c, int64_t medium, const struct pack_medium *room, int64_t copies,
                      instant_t now, int64_t given, const int64_t *without, size_t n_without,
                      struct archive_plan *ret)
{
        _cleanup_(due_list_done) struct due_list l = {
                        .catalogue = c, .without = without, .n_without = n_without};
        struct pack_plan packed = {0};
        struct archive_plan plan = {NULL};
        int r = volume_due_each(c, copies, medium, now, given, on_due, &l);

        if (r >= 0)
                r = pack_make(l.files, l.n, room, 1, &packed);
        if (r < 0)
                return r;
        r = plan_take(&l, &packed, &plan);
        pack_plan_done(&packed);
        if (r < 0) {
                archive_plan_done(&plan);
                return r;
        }
        *ret = plan;
        return 0;
}

void archive_plan_done(struct archive_plan *p)
{
        free(p->footage);
        *p = (struct archive_plan){NULL};
}

/* --- contents --- */

struct lines {
        struct catalogue *catalogue;
        FILE *out;
        int64_t *cases; /* that have been told */
        size_t n_cases, n_files;
        bool files; /* the second walk: cases are told in the first */
};

static void add_text(json_object *o, const char *key, const char *value)
{
        (void)json_object_object_add(o, key, value && value[0] ? json_object_new_string(value) : NULL);
}

static int line_write(struct lines *l, const char *kind, json_object *o)
{
        (void)fprintf(l->out, "{\"%s\":%s}\n", kind,
                      json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                                        JSON_C_TO_STRING_NOSLASHESCAPE));
        return ferror(l->out) ? -ENOSPC : 0;
}

static int case_write(struct lines *l, const struct volume_file *f)
{
        _cleanup_(json_object_putp) json_object *o = NULL;
        struct case_file c;
        int activity = 0, r = case_by_id(l->catalogue, f->case_id, &c);

        if (r != CATALOGUE_OK)
                return MIN(r, 0);
        o = json_object_new_object();
        add_text(o, "number", f->case_number);
        if (c.activity[0] && word_value(&activity_words, c.activity, strlen(c.activity), &activity) == 0)
                add_text(o, "title", activity_term((size_t)activity));
        add_text(o, "party", c.party);
        add_text(o, "handler", c.handler);
        add_text(o, "place", c.premises);
        add_text(o, "category", c.long_term);
        return line_write(l, "case", o);
}

static int case_once(struct lines *l, const struct volume_file *f)
{
        int64_t *grown;

        for (size_t i = l->n_cases; i > 0; i--)
                if (l->cases[i - 1] == f->case_id)
                        return 0;
        grown = reallocarray(l->cases, l->n_cases + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        l->cases = grown;
        grown[l->n_cases++] = f->case_id;
        return case_write(l, f);
}

static int on_row_keep(void *userdata, const char *json)
{
        char **row = userdata;

        *row = strdup(json);
        return *row ? 0 : -ENOMEM;
}

static int file_write(struct lines *l, const struct volume_file *f)
{
        _cleanup_(json_object_putp) json_object *o = json_object_new_object();
        _cleanup_free_ char *row = NULL;
        char hex[DIGEST_HEX_SIZE];
        int r = query_footage_row(l->catalogue, f->footage, on_row_keep, &row);

        if (r < 0 || !row)
                return r < 0 ? r : -ENODATA;
        (void)json_object_object_add(o, "id", json_object_new_int64(f->footage));
        add_text(o, "case", f->case_number);
        (void)json_object_object_add(o, "name", json_object_new_string(f->name));
        (void)json_object_object_add(o, "size", json_object_new_int64(f->size));
        add_text(o, "sha256", text_hex(f->digests.sha256, DIGEST_SIZE, hex));
        if (f->digests.has_sm3)
                add_text(o, "sm3", text_hex(f->digests.sm3, DIGEST_SIZE, hex));
        add_text(o, "officer_name", f->officer_name);
        add_text(o, "unit_name", f->unit_name);
        (void)json_object_object_add(o, "row", json_tokener_parse(row));
        l->n_files++;
        return line_write(l, "file", o);
}

static int on_file(void *userdata, const struct volume_file *f)
{
        struct lines *l = userdata;

        if (l->files)
                return file_write(l, f);
        return f->case_id > 0 ? case_once(l, f) : 0;
}

int archive_contents_make(struct catalogue *c, int64_t volume, int *ret_fd)
{
        _cleanup_close_ int fd = memfd_create("recdock-volume", MFD_CLOEXEC);
        _cleanup_fclose_ FILE *out = NULL;
        struct lines l = {.catalogue = c};
        int copy, r;

        if (fd < 0)
                return -errno;
        copy = dup(fd);
        out = copy < 0 ? NULL : fdopen(copy, "we");
        if (!out) {
                (void)fd_close(copy);
                return -ENOMEM;
        }
        l.out = out;
        r = volume_file_each(c, volume, on_file, &l);
        l.files = true;
        if (r >= 0)
                r = volume_file_each(c, volume, on_file, &l);
        free(l.cases);
        if (r >= 0 && fflush(out) != 0)
                r = -errno;
        if (r >= 0 && l.n_files == 0)
                r = -ENODATA;
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int on_unit(void *userdata, const char *json)
{
        _cleanup_(json_object_putp) json_object *row = json_tokener_parse(json);
        json_object **found = userdata, *parent = NULL;

        if (!row || (json_object_object_get_ex(row, "parent", &parent) && parent))
                return 0;
        if (*found)
                return 1; /* a second one */
        *found = json_object_get(row);
        return 0;
}

int archive_organization(struct catalogue *c, char *ret, size_t size)
{
        _cleanup_(json_object_putp) json_object *found = NULL;
        struct query *q = NULL;
        char *error = NULL;
        json_object *name = NULL;
        int r = query_new("unit", NULL, 0, clock_now(), &q, &error);

        free(error);
        if (r < 0)
                return r;
        r = query_run(c, q, on_unit, &found);
        query_free(q);
        ret[0] = '\0';
        if (r == 0 && found && json_object_object_get_ex(found, "name", &name) && name)
                (void)text_copy(ret, size, json_object_get_string(name));
        return MIN(r, 0);
}
