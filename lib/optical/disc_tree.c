// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of a disc; see disc_tree.h. All paths are taken out of libisofs's tree at once and sorted: a
 * look-up there goes through lists. */
#include "optical/disc_tree.h"
#include "optical/disc_folders.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <libisofs/libisofs.h>
#include <string.h>

enum {
        DEPTH_MAX = 16,
        FILES_MAX = 2000000,
        PATH_BYTES_MAX = 1024,
        /* That libisofs reads one sector: a directory once or twice, and one with the ends of long names as
         * often as it has such ends, of 5 bytes at least. What disc_folders_check() does not see ends by it.
         */
        SECTOR_READS_MAX = 512,
};

struct disc_file {
        char *path;
        bool is_file;
        int64_t size;
        int n;
        struct iso_file_section *sections;
};

struct disc_tree {
        struct disc_reader *reader;
        struct disc_file *files;
        size_t n, room;
        uint16_t *reads; /* of each sector, while libisofs reads */
        bool unreadable; /* the reader failed meanwhile */
};

DEFINE_CLEANUP(struct disc_tree *, disc_tree_free);
DEFINE_CLEANUP(IsoImage *, iso_image_unref);
DEFINE_CLEANUP(IsoReadOpts *, iso_read_opts_free);
DEFINE_CLEANUP(IsoDirIter *, iso_dir_iter_free);

void disc_tree_free(struct disc_tree *t)
{
        if (!t)
                return;
        for (size_t i = 0; i < t->n; i++) {
                free(t->files[i].path);
                free(t->files[i].sections);
        }
        free(t->files);
        free(t->reads);
        free(t);
}

/* Of what libisofs reads by. */
static int source_open(IsoDataSource *s)
{
        (void)s;
        return ISO_SUCCESS;
}

static int source_read(IsoDataSource *s, uint32_t lba, uint8_t *buffer)
{
        struct disc_tree *t = s->data;
        int r = disc_reader_read(t->reader, lba, 1, buffer);

        if (r >= 0 && t->reads[lba] == SECTOR_READS_MAX)
                return (int)ISO_DATA_SOURCE_FAILURE;
        if (r >= 0) {
                t->reads[lba]++;
                return ISO_SUCCESS;
        }
        t->unreadable = t->unreadable || r == -EIO;
        return (int)ISO_DATA_SOURCE_FAILURE;
}

static void source_free(IsoDataSource *s)
{
        (void)s;
}

static int image_import(struct disc_tree *t, IsoImage *image)
{
        /* On the heap: libisofs frees it when nobody refers to it any more. */
        IsoDataSource *source = calloc(1, sizeof(*source));
        _cleanup_(iso_read_opts_freep) IsoReadOpts *opts = NULL;
        int r;

        if (!source)
                return -ENOMEM;
        *source = (IsoDataSource){.refcount = 1,
                                  .open = source_open,
                                  .close = source_open,
                                  .read_block = source_read,
                                  .free_data = source_free,
                                  .data = t};
        r = iso_read_opts_new(&opts, 0);
        if (r >= 0) {
                (void)iso_read_opts_set_input_charset(opts, "UTF-8");
                (void)iso_read_opts_set_no_aaip(opts, 1);
                (void)iso_read_opts_set_no_md5(opts, 1);
                (void)iso_read_opts_load_system_area(opts, 0);
                r = iso_image_import(image, source, opts, NULL);
        }
        iso_data_source_unref(source);
        if (r >= 0)
                return 0;
        if (r == (int)ISO_OUT_OF_MEM)
                return -ENOMEM;
        return t->unreadable ? -EIO : -ENOENT;
}

static int file_add(struct disc_tree *t, struct disc_file *f)
{
        if (t->n == FILES_MAX)
                return -E2BIG;
        if (t->n == t->room) {
                size_t room = t->room * 2 + 64;
                struct disc_file *more = reallocarray(t->files, room, sizeof(*more));

                if (!more)
                        return -ENOMEM;
                t->files = more;
                t->room = room;
        }
        t->files[t->n++] = *f;
        return 0;
}

static int node_add(struct disc_tree *t, IsoNode *node, const char *path)
{
        struct disc_file f = {.path = strdup(path)};
        int r;

        if (!f.path)
                return -ENOMEM;
        text_make_printable(f.path);
        f.is_file = iso_node_get_type(node) == LIBISO_FILE &&
                    iso_file_get_old_image_sections((IsoFile *)node, &f.n, &f.sections, 0) > 0;
        for (int i = 0; i < f.n; i++)
                f.size += f.sections[i].size;
        r = file_add(t, &f);
        if (r < 0) {
                free(f.path);
                free(f.sections);
        }
        return r;
}

static int folder_add(struct disc_tree *t, IsoDir *dir, char path[static PATH_BYTES_MAX],
                      unsigned int depth);

/* A node whose name is at the end of the path: with room for a slash behind it. */
static int node_look(struct disc_tree *t, IsoNode *node, char path[static PATH_BYTES_MAX], bool cut,
                     unsigned int depth)
{
        size_t n = strlen(path);

        /* What is too deep is told as one thing that nobody knows. */
        if (iso_node_get_type(node) != LIBISO_DIR || depth == DEPTH_MAX || cut)
                return node_add(t, node, path);
        path[n] = '/';
        path[n + 1] = '\0';
        return folder_add(t, (IsoDir *)node, path, depth + 1);
}

/* 'path' is of the folder, with a slash at its end, or "". */
static int folder_add(struct disc_tree *t, IsoDir *dir, char path[static PATH_BYTES_MAX], unsigned int depth)
{
        _cleanup_(iso_dir_iter_freep) IsoDirIter *iter = NULL;
        size_t n = strlen(path), room = PATH_BYTES_MAX - 1 - n;
        IsoNode *node = NULL;
        int r = iso_dir_get_children(dir, &iter) < 0 ? -ENOMEM : 0;

        while (r >= 0 && iso_dir_iter_next(iter, &node) == 1) {
                bool fits = text_copy(path + n, room, iso_node_get_name(node));

                r = node_look(t, node, path, !fits, depth);
                path[n] = '\0';
        }
        return r;
}

static int file_compare(const void *a, const void *b)
{
        const struct disc_file *f = a, *g = b;

        return strcmp(f->path, g->path);
}

int disc_tree_read(struct disc_tree **ret, struct disc_reader *reader)
{
        _cleanup_(disc_tree_freep) struct disc_tree *t = calloc(1, sizeof(*t));
        _cleanup_(iso_image_unrefp) IsoImage *image = NULL;
        char path[PATH_BYTES_MAX] = "";
        int r;

        if (!t || iso_image_new("", &image) < 0)
                return -ENOMEM;
        t->reader = reader;
        t->reads = calloc((size_t)disc_reader_sectors(reader) + 1, sizeof(*t->reads));
        if (!t->reads)
                return -ENOMEM;
        r = disc_folders_check(reader);
        if (r >= 0)
                r = image_import(t, image);
        free(TAKE_PTR(t->reads));
        if (r >= 0)
                r = folder_add(t, iso_image_get_root(image), path, 0);
        if (r < 0)
                return r == -E2BIG ? -ENOENT : r;
        if (t->n > 0)
                qsort(t->files, t->n, sizeof(*t->files), file_compare);
        *ret = TAKE_PTR(t);
        return 0;
}

static int medium_open(void *userdata, const char *path, struct proof_file *ret)
{
        struct disc_tree *t = userdata;
        const struct disc_file wanted = {.path = (char *)path};
        struct disc_file *f =
                        t->n > 0 ? bsearch(&wanted, t->files, t->n, sizeof(*t->files), file_compare) : NULL;

        if (!f)
                return -ENOENT;
        if (!f->is_file)
                return -EISDIR;
        *ret = (struct proof_file){.size = f->size, .file = f};
        return 0;
}

static int medium_prepare(void *userdata, struct proof_file *f)
{
        const struct disc_tree *t = userdata;

        f->uncached = disc_reader_is_uncached(t->reader);
        return 0;
}

/* Whole sectors of one extent: the last one of a file may be longer than the file is. */
static int section_read(struct disc_tree *t, const struct iso_file_section *s, int64_t skip, size_t size,
                        uint8_t *to)
{
        return disc_reader_read(t->reader, s->block + skip / BURNER_SECTOR,
                                (size + BURNER_SECTOR - 1) / BURNER_SECTOR, to);
}

static ssize_t medium_read(void *userdata, struct proof_file *file, void *block, size_t size, int64_t at)
{
        struct disc_tree *t = userdata;
        const struct disc_file *f = file->file;
        size_t got = 0;

        for (int i = 0; i < f->n && got < size; i++) {
                size_t part;
                int r;

                if (at >= f->sections[i].size) {
                        at -= f->sections[i].size;
                        continue;
                }
                /* Only the last extent ends inside of a sector. */
                if (at % BURNER_SECTOR != 0 || got % BURNER_SECTOR != 0)
                        return -EIO;
                part = MIN((size_t)(f->sections[i].size - at), size - got);
                r = section_read(t, &f->sections[i], at, part, (uint8_t *)block + got);
                if (r < 0)
                        return r;
                got += part;
                at = 0;
        }
        return (ssize_t)got;
}

static void medium_close(void *userdata, struct proof_file *f)
{
        (void)userdata;
        f->file = NULL;
}

static int medium_walk(void *userdata, int (*on_file)(void *on_userdata, const char *path),
                       void *on_userdata)
{
        const struct disc_tree *t = userdata;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < t->n; i++)
                r = on_file(on_userdata, t->files[i].path);
        return r;
}

struct proof_medium disc_tree_medium(struct disc_tree *t)
{
        return (struct proof_medium){.open = medium_open,
                                     .prepare = medium_prepare,
                                     .read = medium_read,
                                     .close = medium_close,
                                     .walk = medium_walk,
                                     .userdata = t,
                                     .threads = true};
}
