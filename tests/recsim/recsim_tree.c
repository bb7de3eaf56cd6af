// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The object tree of the simulated recorder. Files are looked at when the recorder is plugged, not held
 * open: thousands of them cost no descriptor, and a sparse file of many gigabytes costs nothing.
 */

#include "recsim_tree.h"

#include "recsim_buffer.h"
#include "recsim_codes.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define DEPTH_MAX 32

static const struct {
        const char *suffix;
        uint16_t format;
} formats[] = {
                {".mp4", FORMAT_MP4},   {".mov", FORMAT_QUICKTIME}, {".avi", FORMAT_AVI},
                {".mpg", FORMAT_MPEG},  {".ts", FORMAT_MPEG},       {".jpg", FORMAT_JPEG},
                {".jpeg", FORMAT_JPEG}, {".wav", FORMAT_WAV},       {".mp3", FORMAT_MP3},
                {".m4a", FORMAT_AAC},   {".aac", FORMAT_AAC},       {".txt", FORMAT_TEXT},
};

static uint16_t format_of(const char *name)
{
        const char *dot = strrchr(name, '.');

        for (size_t i = 0; dot && i < ELEMENTSOF(formats); i++) {
                if (strcasecmp(dot, formats[i].suffix) == 0)
                        return formats[i].format;
        }
        return FORMAT_UNDEFINED;
}

uint32_t recsim_storage_id(unsigned int i)
{
        return (i + 1) << 16 | 1;
}

bool recsim_tree_has_storage(const struct recsim_tree *t, uint32_t id)
{
        if (id == RECSIM_ALL)
                return true;
        for (unsigned int i = 0; i < t->storages; i++) {
                if (recsim_storage_id(i) == id)
                        return true;
        }
        return false;
}

const char *recsim_object_name(const struct recsim_object *o)
{
        const char *slash = strrchr(o->path, '/');

        return slash ? slash + 1 : o->path;
}

bool recsim_object_is_folder(const struct recsim_object *o)
{
        return o->format == FORMAT_FOLDER;
}

static struct recsim_object *tree_add(struct recsim_tree *t, const char *path, uint32_t parent,
                                      uint32_t storage)
{
        struct recsim_object *o = recsim_alloc(sizeof(*o));

        if (t->n == t->room) {
                size_t room = t->room ? 2 * t->room : 64;
                struct recsim_object **objects = recsim_alloc(room * sizeof(struct recsim_object *));

                if (t->n)
                        memcpy(objects, t->objects, t->n * sizeof(struct recsim_object *));
                free(t->objects);
                t->objects = objects;
                t->room = room;
        }
        t->objects[t->n++] = o;
        o->handle = (uint32_t)t->n;
        o->parent = o->listed = parent;
        o->also = RECSIM_ALL;
        o->storage = storage;
        o->path = recsim_copy(path);
        o->format = format_of(path);
        o->mtime = 1600000000;
        return o;
}

static struct recsim_object *tree_find_path(const struct recsim_tree *t, const char *path)
{
        for (size_t i = 0; i < t->n; i++) {
                if (!t->objects[i]->gone && !t->objects[i]->synthetic &&
                    strcmp(t->objects[i]->path, path) == 0)
                        return t->objects[i];
        }
        return NULL;
}

/* Where a scan stands. */
struct scan {
        struct recsim_tree *tree;
        bool again; /* objects may be known already */
        unsigned int depth;
        uint32_t storage;
};

static int scan_folder(struct scan *s, const char *path, uint32_t parent);

static int scan_entry(struct scan *s, const char *path, uint32_t parent)
{
        struct recsim_object *o;
        struct stat st;

        if (fstatat(s->tree->fd, path, &st, 0) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return 0;
        o = s->again ? tree_find_path(s->tree, path) : NULL;
        if (!o)
                o = tree_add(s->tree, path, parent, s->storage);
        o->size = S_ISDIR(st.st_mode) ? 0 : (uint64_t)st.st_size;
        o->mtime = st.st_mtime;
        o->read_only = !(st.st_mode & S_IWUSR);
        if (!S_ISDIR(st.st_mode))
                return 0;
        o->format = FORMAT_FOLDER;
        return scan_folder(s, path, o->handle);
}

static int entry_wanted(const struct dirent *e)
{
        return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int scan_folder(struct scan *s, const char *path, uint32_t parent)
{
        struct dirent **entries = NULL;
        int n = scandirat(s->tree->fd, *path ? path : ".", &entries, entry_wanted, alphasort);
        int r = 0;

        if (n < 0)
                return -errno;
        if (++s->depth > DEPTH_MAX)
                r = -ELOOP;
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *name = NULL;

                if (r == 0 && asprintf(&name, "%s%s%s", path, *path ? "/" : "", entries[i]->d_name) < 0)
                        r = -ENOMEM;
                if (r == 0)
                        r = scan_entry(s, name, parent);
                free(entries[i]);
        }
        s->depth--;
        free(entries);
        return r;
}

static int folder_wanted(const struct dirent *e)
{
        return entry_wanted(e) && e->d_type == DT_DIR;
}

static int scan_storages(struct scan *s)
{
        struct dirent **entries = NULL;
        int n = scandirat(s->tree->fd, ".", &entries, folder_wanted, alphasort);
        int r = 0;

        if (n < 0)
                return -errno;
        for (int i = 0; i < n; i++) {
                if (r == 0 && i < (int)s->tree->storages) {
                        s->storage = recsim_storage_id((unsigned int)i);
                        free(s->tree->labels[i]);
                        s->tree->labels[i] = recsim_copy(entries[i]->d_name);
                        r = scan_folder(s, entries[i]->d_name, 0);
                }
                free(entries[i]);
        }
        free(entries);
        return r;
}

static int tree_scan(struct recsim_tree *t, bool again)
{
        struct scan s = {.tree = t, .again = again, .storage = recsim_storage_id(0)};

        if (t->fd < 0)
                return 0;
        return t->storages > 1 ? scan_storages(&s) : scan_folder(&s, "", 0);
}

int recsim_tree_open(struct recsim_tree *t, const char *dir, unsigned int storages)
{
        int r;

        *t = (struct recsim_tree){.fd = -EBADF, .storages = storages};
        if (*dir) {
                t->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (t->fd < 0)
                        return -errno;
        }
        r = tree_scan(t, false);
        if (r < 0)
                recsim_tree_close(t);
        return r;
}

int recsim_tree_rescan(struct recsim_tree *t, size_t *ret_first)
{
        *ret_first = t->n;
        return tree_scan(t, true);
}

void recsim_tree_close(struct recsim_tree *t)
{
        for (size_t i = 0; i < t->n; i++) {
                free(t->objects[i]->path);
                free(t->objects[i]->units);
                free(t->objects[i]);
        }
        free(t->objects);
        for (size_t i = 0; i < ELEMENTSOF(t->labels); i++)
                free(t->labels[i]);
        t->fd = fd_close(t->fd);
        *t = (struct recsim_tree){.fd = -EBADF};
}

static struct recsim_object *tree_add_synthetic(struct recsim_tree *t, const char *path, uint64_t size)
{
        struct recsim_object *o = tree_add(t, path, 0, recsim_storage_id(0));

        o->synthetic = true;
        o->size = size;
        return o;
}

void recsim_tree_add_pattern(struct recsim_tree *t, unsigned int count, uint64_t size)
{
        for (unsigned int i = 0; i < count; i++) {
                char name[32];

                (void)snprintf(name, sizeof(name), "SYNTH_%06u.mp4", i);
                tree_add_synthetic(t, name, size);
        }
}

static void add_units(struct recsim_tree *t, const uint16_t *units, size_t n)
{
        struct recsim_object *o = tree_add_synthetic(t, "hostile-units", 1000);

        o->units = recsim_alloc(n * sizeof(uint16_t));
        memcpy(o->units, units, n * sizeof(uint16_t));
        o->n_units = n;
}

void recsim_tree_add_hostile(struct recsim_tree *t)
{
        static const char *const names[] = {
                        "..",
                        ".",
                        "a\\b.mp4",
                        "C:evil.mp4",
                        "-rf.mp4",
                        "%s%n.mp4",
                        "line\nbreak.mp4",
                        "\x1b[2Jescape.mp4",
                        "right\xe2\x80\xaeleft.mp4",
                        " .mp4",
                        "~.mp4",
                        "$(id).mp4",
                        "'; --.mp4",
        };
        static const uint16_t slash[] = {'.', '.', '/', '.', '.', '/', 'e', 't', 'c', '/', 'x', 0};
        static const uint16_t lone[] = {'a', 0xD800, 'b', 0xDC00, '.', 'm', 'p', '4', 0};
        static const uint16_t nul_inside[] = {'a', 0, 'b', '.', 'm', 'p', '4', 0};
        static const uint16_t only_nul[] = {0}, extension[] = {'.', 'm', 'p', '4'};
        uint16_t full[255];

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                tree_add_synthetic(t, names[i], 1000);
        add_units(t, slash, ELEMENTSOF(slash));
        add_units(t, lone, ELEMENTSOF(lone));
        add_units(t, nul_inside, ELEMENTSOF(nul_inside));
        add_units(t, only_nul, ELEMENTSOF(only_nul));
        for (size_t i = 0; i < ELEMENTSOF(full); i++)
                full[i] = 'A';
        add_units(t, full, ELEMENTSOF(full)); /* as long as it can be, and no NUL */
        /* Three bytes of UTF-8 each: whoever cuts at 255 bytes cuts through one. */
        for (size_t i = 1; i < ELEMENTSOF(full) - ELEMENTSOF(extension); i++)
                full[i] = 0x8B66;
        memcpy(full + ELEMENTSOF(full) - ELEMENTSOF(extension), extension, sizeof(extension));
        add_units(t, full, ELEMENTSOF(full));
}

static struct recsim_object *add_folder(struct recsim_tree *t, const char *name, uint32_t parent)
{
        struct recsim_object *o = tree_add_synthetic(t, name, 0);

        o->format = FORMAT_FOLDER;
        o->parent = o->listed = parent;
        return o;
}

void recsim_tree_add_cyclic(struct recsim_tree *t)
{
        struct recsim_object *own = add_folder(t, "own-parent", 0);
        struct recsim_object *first = add_folder(t, "first", 0);
        struct recsim_object *second = add_folder(t, "second", first->handle);

        own->parent = own->also = own->handle;
        first->parent = first->also = second->handle;
}

void recsim_tree_add_abyss(struct recsim_tree *t)
{
        add_folder(t, "abyss", 0)->abyss = true;
}

void recsim_tree_touch(struct recsim_tree *t, uint32_t parent)
{
        struct recsim_object *o = recsim_tree_find(t, parent);

        if (o && o->abyss) {
                o->abyss = false;
                add_folder(t, "deeper", o->handle)->abyss = true;
        }
}

struct recsim_object *recsim_tree_find(const struct recsim_tree *t, uint32_t handle)
{
        if (handle == 0 || handle > t->n || t->objects[handle - 1]->gone)
                return NULL;
        return t->objects[handle - 1];
}

int recsim_object_open(const struct recsim_tree *t, const struct recsim_object *o)
{
        int fd;

        if (o->synthetic)
                return -EBADF;
        fd = openat(t->fd, o->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? -errno : fd;
}

int recsim_tree_remove(struct recsim_tree *t, struct recsim_object *o)
{
        int flags = recsim_object_is_folder(o) ? AT_REMOVEDIR : 0;

        if (!o->synthetic && unlinkat(t->fd, o->path, flags) < 0 && errno != ENOENT)
                return -errno;
        o->gone = true;
        return 0;
}

void recsim_pattern_fill(uint32_t handle, uint64_t offset, uint8_t *buf, size_t n)
{
        size_t i = 0;

        for (; ((offset + i) & 7) == 0 && n - i >= 8; i += 8) {
                uint64_t word = ((offset + i) >> 3) | (uint64_t)handle << 40;

                memcpy(buf + i, &word, 8);
        }
        while (i < n) {
                uint64_t word = ((offset + i) >> 3) | (uint64_t)handle << 40;
                size_t skip = (offset + i) & 7;
                size_t part = MIN(8 - skip, n - i);

                memcpy(buf + i, (const uint8_t *)&word + skip, part);
                i += part;
        }
}
