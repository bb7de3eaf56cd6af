// SPDX-License-Identifier: LGPL-2.1-or-later
/* The machine that is restored; see restore_machine.h. The mark names what is being restored. */
#include "backup/restore_machine.h"
#include "backup/restore.h"
#include "base/durable.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MARK_MAX 128

static void mark_text(const struct generation *g, char ret[MARK_MAX])
{
        (void)snprintf(ret, MARK_MAX, "%s %s\n", g->target, g->name);
}

static bool path_exists(const char *path, const char *suffix)
{
        char whole[PATH_MAX];
        struct stat st;

        return (size_t)snprintf(whole, sizeof(whole), "%s%s", path, suffix) < sizeof(whole) &&
               lstat(whole, &st) == 0;
}

bool restore_is_pending(const char *store_root)
{
        return path_exists(store_root, "/" RESTORE_MARK);
}

/* Is the mark there, and this one? */
static int mark_judge(const char *store_root, const struct generation *g)
{
        char path[PATH_MAX], wanted[MARK_MAX], found[MARK_MAX] = "";
        _cleanup_fclose_ FILE *f = NULL;

        if ((size_t)snprintf(path, sizeof(path), "%s/" RESTORE_MARK, store_root) >= sizeof(path))
                return -ENAMETOOLONG;
        f = fopen(path, "re");
        if (!f)
                return errno == ENOENT || errno == ENOTDIR ? MACHINE_EMPTY : -errno;
        mark_text(g, wanted);
        if (!fgets(found, sizeof(found), f) && ferror(f))
                return -EIO;
        return strcmp(found, wanted) == 0 ? MACHINE_BEGUN : MACHINE_OTHER;
}

/* A folder without anything in it, or none. */
static int folder_is_empty(const char *root, const char *name)
{
        char path[PATH_MAX];
        _cleanup_(closedirp) DIR *dir = NULL;
        const struct dirent *e;

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", root, name) >= sizeof(path))
                return -ENAMETOOLONG;
        dir = opendir(path);
        if (!dir)
                return errno == ENOENT || errno == ENOTDIR ? 1 : -errno;
        while ((e = readdir(dir)))
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        return 0;
        return 1;
}

int machine_judge(const char *store_root, const char *catalogue, const struct generation *g)
{
        int store, incoming, r = mark_judge(store_root, g);

        if (r != MACHINE_EMPTY)
                return r;
        if (path_exists(catalogue, "") || path_exists(catalogue, "-wal"))
                return MACHINE_CATALOGUE;
        store = folder_is_empty(store_root, "store");
        incoming = folder_is_empty(store_root, "incoming");
        if (store < 0 || incoming < 0)
                return MIN(store, incoming);
        return store && incoming ? MACHINE_EMPTY : MACHINE_FOOTAGE;
}

int machine_claim(const char *store_root, const struct generation *g)
{
        _cleanup_close_ int fd = -EBADF;
        char text[MARK_MAX];
        int r;

        if (mkdir(store_root, 0750) < 0 && errno != EEXIST)
                return -errno;
        fd = open(store_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        mark_text(g, text);
        r = durable_replace(fd, RESTORE_MARK, text, strlen(text), 0640);
        return r < 0 ? r : TAKE_FD(fd);
}

int machine_finish(int store_root)
{
        if (unlinkat(store_root, RESTORE_MARK, 0) < 0 && errno != ENOENT)
                return -errno;
        return durable_sync_file(store_root);
}
