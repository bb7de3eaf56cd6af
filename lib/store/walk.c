// SPDX-License-Identifier: LGPL-2.1-or-later
/* Everything that lies in ROOT/store, whoever put it there. No symbolic link is followed; depth and length
 * of paths are bounded, and what is beyond is told of by the folder it is in. */
#include "store/tree.h"
#include "base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

enum { DEPTH_MAX = 12 }; /* ours is 4: unit, recorder, officer, date */

struct walk {
        int (*on_file)(void *userdata, const char *path);
        void *userdata;
        char path[STORE_PATH_MAX];
};

static int folder_walk(struct walk *w, int dirfd, const char *name, size_t used, unsigned int depth);

/* 'used' bytes of the path are the folder's. */
static int entry_visit(struct walk *w, int folder, const char *name, size_t used, unsigned int depth)
{
        size_t n = strlen(name);
        struct stat st;
        int r;

        if (used + 1 + n >= sizeof(w->path))
                return w->on_file(w->userdata, w->path);
        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        w->path[used] = '/';
        memcpy(w->path + used + 1, name, n + 1);
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
                r = folder_walk(w, folder, name, used + 1 + n, depth + 1);
        else
                r = w->on_file(w->userdata, w->path);
        w->path[used] = '\0';
        return r;
}

static int folder_walk(struct walk *w, int dirfd, const char *name, size_t used, unsigned int depth)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *e;
        int r = 0;

        if (!dir) {
                r = errno == ENOENT ? 0 : -errno;
                (void)fd_close(fd);
                return r;
        }
        while (r == 0 && (e = readdir(dir)))
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        r = entry_visit(w, fd, e->d_name, used, depth);
        return r;
}

int store_footage_each(const struct store *s, int (*on_file)(void *userdata, const char *path),
                       void *userdata)
{
        struct walk w = {.on_file = on_file, .userdata = userdata, .path = "store"};

        return folder_walk(&w, s->footage, ".", strlen(w.path), 0);
}
