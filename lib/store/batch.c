// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Filing several parts at once. Links are made first and synced together: the folders of one recorder's day
 * are mostly the same, and each sync of a folder costs a commit of the journal. Until store_batch_sync()
 * returns, nothing is promised.
 *
 * A folder's own name is synced too, up to ROOT/store: it may have been made by a run that was killed before
 * its sync.
 */
#include "store/tree.h"
#include "base/cleanup.h"
#include "base/durable.h"
#include "base/inject.h"

#include <fcntl.h>
#include <string.h>

/* Paths relative to ROOT/store, each once. */
struct path_list {
        char **paths;
        size_t n, allocated;
};

struct store_batch {
        struct store *store;
        struct path_list files;
        struct path_list folders;
};

static void path_list_clear(struct path_list *l)
{
        for (size_t i = 0; i < l->n; i++)
                free(l->paths[i]);
        free(l->paths);
        *l = (struct path_list){0};
}

static int path_list_add(struct path_list *l, const char *path, size_t n)
{
        char *copy;

        for (size_t i = 0; i < l->n; i++)
                if (strncmp(l->paths[i], path, n) == 0 && l->paths[i][n] == '\0')
                        return 0;
        if (l->n == l->allocated) {
                size_t wanted = l->allocated ? 2 * l->allocated : 16;
                char **grown = reallocarray(l->paths, wanted, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                l->paths = grown;
                l->allocated = wanted;
        }
        copy = strndup(path, n);
        if (!copy)
                return -ENOMEM;
        l->paths[l->n++] = copy;
        return 0;
}

int store_batch_new(struct store *s, struct store_batch **ret)
{
        struct store_batch *b = calloc(1, sizeof(*b));

        if (!b)
                return -ENOMEM;
        b->store = s;
        *ret = b;
        return 0;
}

void store_batch_free(struct store_batch *b)
{
        if (!b)
                return;
        path_list_clear(&b->files);
        path_list_clear(&b->folders);
        free(b);
}

/* Remembers the file and each folder above it. */
static int batch_remember(struct store_batch *b, const char *name)
{
        int r = path_list_add(&b->files, name, strlen(name));

        for (const char *slash = strchr(name, '/'); r >= 0 && slash; slash = strchr(slash + 1, '/'))
                r = path_list_add(&b->folders, name, (size_t)(slash - name));
        return r;
}

static int folders_make(struct store_batch *b, const char *name)
{
        char folder[STORE_PATH_MAX];
        const char *slash = strrchr(name, '/');

        if (!slash)
                return -EINVAL; /* footage never lies in ROOT/store itself */
        if ((size_t)(slash - name) >= sizeof(folder))
                return -ENAMETOOLONG;
        memcpy(folder, name, (size_t)(slash - name));
        folder[slash - name] = '\0';
        return durable_make_folders(b->store->footage, folder, STORE_FOLDER_MODE);
}

int file_settle(int fd, instant_t started)
{
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};

        if (fchmod(fd, STORE_FOOTAGE_MODE) < 0)
                return -errno;
        if (started == INSTANT_NONE)
                return 0;
        times[1].tv_sec = (time_t)(started / USEC_PER_SEC - (started % USEC_PER_SEC < 0));
        times[1].tv_nsec = (long)((started % USEC_PER_SEC + USEC_PER_SEC) % USEC_PER_SEC * 1000);
        return futimens(fd, times) < 0 ? -errno : 0;
}

/* What is at the final name now: STORE_ABSENT, STORE_OK when it is this very file, STORE_EXISTS. */
static int target_judge(const struct store *s, const char *name, const struct stat *part)
{
        struct stat st;
        int r = footage_stat(s, name, &st);

        if (r != STORE_OK)
                return r;
        return same_inode(&st, part) ? STORE_OK : STORE_EXISTS;
}

/* Sets the attributes and links. A name that is taken in between puts the part's mode back. */
static int part_link(struct store_batch *b, int fd, const struct stat *st, const char *part,
                     const char *name, instant_t started)
{
        int r = file_settle(fd, started);

        if (r < 0)
                return r;
        r = durable_link(b->store->incoming, part, b->store->footage, name);
        if (r == DURABLE_DONE) {
                inject_point("store-linked");
                return STORE_OK;
        }
        (void)fchmod(fd, st->st_mode & 07777);
        return r == DURABLE_EXISTS ? STORE_EXISTS : r;
}

int store_batch_link(struct store_batch *b, int64_t docking, int64_t item, const char *path,
                     instant_t started)
{
        char part[STORE_PART_NAME_MAX];
        _cleanup_close_ int fd = -EBADF;
        const char *name;
        struct stat st;
        int r = footage_name(path, &name);

        if (r >= 0)
                r = part_name(docking, item, part);
        if (r >= 0)
                r = part_open(b->store, docking, item, &fd);
        if (r != STORE_OK)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        r = target_judge(b->store, name, &st);
        if (r < 0 || r == STORE_EXISTS)
                return r;
        if (r == STORE_ABSENT) {
                r = folders_make(b, name);
                if (r >= 0)
                        r = part_link(b, fd, &st, part, name, started);
        } else {
                r = file_settle(fd, started);
        }
        return r == STORE_OK ? batch_remember(b, name) : r;
}

/* fsyncs one path below ROOT/store. */
static int path_sync(const struct store *s, const char *path, int flags)
{
        _cleanup_close_ int fd = durable_open_beneath(s->footage, path, flags, 0);

        return fd < 0 ? fd : durable_sync_file(fd);
}

int store_batch_sync(struct store_batch *b)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < b->files.n; i++)
                r = path_sync(b->store, b->files.paths[i], O_RDONLY);
        for (size_t i = 0; r >= 0 && i < b->folders.n; i++)
                r = path_sync(b->store, b->folders.paths[i], O_RDONLY | O_DIRECTORY);
        if (r >= 0 && b->folders.n > 0)
                r = durable_sync_file(b->store->footage);
        if (r < 0)
                return r;
        inject_point("store-synced");
        path_list_clear(&b->files);
        path_list_clear(&b->folders);
        return 0;
}
