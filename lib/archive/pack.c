// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * First fit, largest case first. A group is the files of one case, or one file of no case. It goes whole
 * into the first volume with room for it, else into a new one of the first kind that takes it whole; only
 * when there is neither is it split, and then into volumes of its own as far as there are media for that.
 * What no medium takes is told before, so that it does not tear a case apart.
 */
#include "archive/pack.h"
#include "base/cleanup.h"

#include <string.h>

struct group {
        size_t first, n; /* in the sorted files */
        int64_t bytes;
};

struct open_volume {
        size_t medium, n_files;
        int64_t bytes, cost;
        size_t last_group; /* whose folder it has, beside those before */
        bool no_case;      /* has the folder of files of no case */
};

struct packing {
        const struct pack_file *files;
        const struct pack_medium *media;
        size_t n_files, n_media;
        size_t *order; /* files by case and id */
        struct group *groups;
        size_t n_groups;
        struct open_volume *volumes;
        size_t n_volumes, volumes_size;
        size_t first_open; /* those before have no room for anything */
        size_t *stock;     /* used of each kind */
        int64_t least;     /* cost of the smallest file */
        struct pack_place *places;
        size_t n_split;
};

static void packing_done(struct packing *p)
{
        free(p->order);
        free(p->groups);
        free(p->volumes);
        free(p->stock);
        free(p->places);
}

static int case_compare(const char *a, const char *b)
{
        if (!a || !b)
                return (a == NULL) - (b == NULL);
        return strcmp(a, b);
}

static int file_compare(const void *a, const void *b, void *userdata)
{
        const struct pack_file *files = userdata, *f = &files[*(const size_t *)a],
                               *g = &files[*(const size_t *)b];
        int r = case_compare(f->case_number, g->case_number);

        return r != 0 ? r : (f->id > g->id) - (f->id < g->id);
}

/* Largest first; of equal ones the one whose files come first. */
static int group_compare(const void *a, const void *b)
{
        const struct group *g = a, *h = b;

        if (g->bytes != h->bytes)
                return g->bytes < h->bytes ? 1 : -1;
        return (g->first > h->first) - (g->first < h->first);
}

static int id_compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

static const struct pack_file *file_of(const struct packing *p, const struct group *g, size_t i)
{
        return &p->files[p->order[g->first + i]];
}

/* Would the file fit into an empty medium of this kind? */
static bool kind_takes(const struct pack_medium *m, const struct pack_file *f)
{
        if (f->size > pack_largest_file(m) || f->size > m->capacity)
                return false;
        return pack_cost_of_volume(m) + pack_cost_of_case(m, f->case_number) + pack_cost_of_file(m, f) <=
               m->capacity;
}

/* What the files [from, from + n) of a group cost on this kind, without their folder; -1 when one of them is
 * more than its file system takes. */
static int64_t files_cost(const struct packing *p, const struct group *g, size_t from, size_t n,
                          const struct pack_medium *m)
{
        int64_t cost = 0;

        for (size_t i = from; i < from + n; i++) {
                const struct pack_file *f = file_of(p, g, i);

                if (f->size > pack_largest_file(m))
                        return -1;
                cost += pack_cost_of_file(m, f);
                if (cost > m->capacity)
                        return cost; /* enough to know, and no overflow */
        }
        return cost;
}

static bool volume_has_folder(const struct open_volume *v, const struct packing *p, const struct group *g)
{
        return file_of(p, g, 0)->case_number ? v->last_group == g->first : v->no_case;
}

/* Puts them into volume 'at' if it has room. */
static bool place(struct packing *p, const struct group *g, size_t from, size_t n, size_t at)
{
        struct open_volume *v = &p->volumes[at];
        const struct pack_medium *m = &p->media[v->medium];
        int64_t cost = files_cost(p, g, from, n, m);

        if (cost < 0 || cost > m->capacity)
                return false;
        if (!volume_has_folder(v, p, g))
                cost += pack_cost_of_case(m, file_of(p, g, 0)->case_number);
        if (v->cost + cost > m->capacity)
                return false;
        v->cost += cost;
        v->n_files += n;
        for (size_t i = from; i < from + n; i++) {
                v->bytes += file_of(p, g, i)->size;
                p->places[p->order[g->first + i]] = (struct pack_place){PACK_PLANNED, at};
        }
        if (file_of(p, g, 0)->case_number)
                v->last_group = g->first;
        else
                v->no_case = true;
        return true;
}

/* Opens a volume of a kind that takes them. Returns 1 when they are placed, 0 when there is none. */
static int place_new(struct packing *p, const struct group *g, size_t from, size_t n)
{
        if (p->n_volumes == p->volumes_size) {
                size_t size = p->volumes_size * 2 + 16;
                struct open_volume *more = reallocarray(p->volumes, size, sizeof(*more));

                if (!more)
                        return -ENOMEM;
                p->volumes = more;
                p->volumes_size = size;
        }
        for (size_t k = 0; k < p->n_media; k++) {
                if (p->media[k].count > 0 && p->stock[k] == p->media[k].count)
                        continue;
                p->volumes[p->n_volumes] = (struct open_volume){.medium = k,
                                                                .cost = pack_cost_of_volume(&p->media[k]),
                                                                .last_group = SIZE_MAX};
                if (!place(p, g, from, n, p->n_volumes))
                        continue;
                p->n_volumes++;
                p->stock[k]++;
                return 1;
        }
        return 0;
}

static bool place_open(struct packing *p, const struct group *g, size_t from, size_t n, bool its_own)
{
        for (size_t v = p->first_open; v < p->n_volumes; v++)
                if ((!its_own || p->volumes[v].last_group == g->first) && place(p, g, from, n, v))
                        return true;
        return false;
}

/* File by file: where the case is already, on a new medium, at last wherever there is room. */
static int group_split(struct packing *p, const struct group *g)
{
        for (size_t i = 0; i < g->n; i++) {
                int r = place_open(p, g, i, 1, true) ? 1 : place_new(p, g, i, 1);

                if (r < 0)
                        return r;
                if (r == 0 && !place_open(p, g, i, 1, false))
                        p->places[p->order[g->first + i]].told = PACK_NO_MEDIUM;
        }
        p->n_split++;
        return 0;
}

static int group_place(struct packing *p, const struct group *g)
{
        int r = place_open(p, g, 0, g->n, false) ? 1 : place_new(p, g, 0, g->n);

        if (r == 0 && g->n > 1)
                return group_split(p, g);
        if (r == 0)
                p->places[p->order[g->first]].told = PACK_NO_MEDIUM;
        return r < 0 ? r : 0;
}

/* Keeps in 'order' what some kind takes, and tells the rest. */
static void tell_too_large(struct packing *p)
{
        size_t kept = 0;

        for (size_t i = 0; i < p->n_files; i++) {
                bool fits = false;

                for (size_t k = 0; k < p->n_media && !fits; k++)
                        fits = kind_takes(&p->media[k], &p->files[i]);
                if (fits)
                        p->order[kept++] = i;
                else
                        p->places[i].told = PACK_TOO_LARGE;
        }
        p->n_files = kept;
}

static void group_all(struct packing *p)
{
        struct group *groups = p->groups;
        size_t n = 0;

        qsort_r(p->order, p->n_files, sizeof(*p->order), file_compare, (void *)p->files);
        for (size_t i = 0; i < p->n_files; i++) {
                const struct pack_file *f = &p->files[p->order[i]];
                const char *before = n > 0 ? p->files[p->order[groups[n - 1].first]].case_number : NULL;

                if (before && f->case_number && strcmp(before, f->case_number) == 0) {
                        groups[n - 1].n++;
                        groups[n - 1].bytes += f->size;
                } else {
                        groups[n++] = (struct group){i, 1, f->size};
                }
        }
        p->n_groups = n;
        qsort(groups, n, sizeof(*groups), group_compare);
}

/* Room for less than the least file on any kind is no room. */
static void find_least(struct packing *p)
{
        p->least = INT64_MAX;
        for (size_t i = 0; i < p->n_files; i++)
                for (size_t k = 0; k < p->n_media; k++)
                        p->least = MIN(p->least, pack_cost_of_file(&p->media[k], &p->files[p->order[i]]));
}

static int pack_all(struct packing *p)
{
        tell_too_large(p);
        group_all(p);
        find_least(p);
        for (size_t i = 0; i < p->n_groups; i++) {
                int r = group_place(p, &p->groups[i]);

                if (r < 0)
                        return r;
                while (p->first_open < p->n_volumes &&
                       p->volumes[p->first_open].cost + p->least >
                                       p->media[p->volumes[p->first_open].medium].capacity)
                        p->first_open++;
        }
        return 0;
}

static int check(const struct pack_file *files, size_t n_files, const struct pack_medium *media,
                 size_t n_media)
{
        _cleanup_free_ int64_t *ids = calloc(n_files + 1, sizeof(*ids));

        if (!ids)
                return -ENOMEM;
        if (n_files > PACK_FILES_MAX)
                return -EINVAL;
        for (size_t k = 0; k < n_media; k++)
                if (media[k].format >= _PACK_FORMAT_MAX || media[k].capacity < 0 ||
                    media[k].capacity > INT64_MAX / 4 || media[k].cluster < 0 ||
                    media[k].cluster > INT32_MAX)
                        return -EINVAL;
        for (size_t i = 0; i < n_files; i++) {
                if (files[i].size < 0)
                        return -EINVAL;
                ids[i] = files[i].id;
        }
        qsort(ids, n_files, sizeof(*ids), id_compare);
        for (size_t i = 1; i < n_files; i++)
                if (ids[i] == ids[i - 1])
                        return -EINVAL;
        return 0;
}

static int plan_make(struct packing *p, struct pack_plan *ret)
{
        struct pack_volume *volumes = calloc(p->n_volumes + 1, sizeof(*volumes));

        if (!volumes)
                return -ENOMEM;
        for (size_t i = 0; i < p->n_volumes; i++) {
                const struct open_volume *v = &p->volumes[i];

                volumes[i] = (struct pack_volume){v->medium, v->n_files, v->bytes, v->cost};
        }
        *ret = (struct pack_plan){p->places, p->n_volumes, volumes, p->n_split};
        p->places = NULL;
        return 0;
}

int pack_make(const struct pack_file *files, size_t n_files, const struct pack_medium *media, size_t n_media,
              struct pack_plan *ret)
{
        _cleanup_(packing_done) struct packing p = {
                        .files = files, .media = media, .n_files = n_files, .n_media = n_media};
        int r = check(files, n_files, media, n_media);

        if (r < 0)
                return r;
        p.order = calloc(n_files + 1, sizeof(*p.order));
        p.groups = calloc(n_files + 1, sizeof(*p.groups));
        p.places = calloc(n_files + 1, sizeof(*p.places));
        p.stock = calloc(n_media + 1, sizeof(*p.stock));
        if (!p.order || !p.groups || !p.places || !p.stock)
                return -ENOMEM;
        r = pack_all(&p);
        return r < 0 ? r : plan_make(&p, ret);
}

void pack_plan_done(struct pack_plan *plan)
{
        free(plan->places);
        free(plan->volumes);
        *plan = (struct pack_plan){0};
}
