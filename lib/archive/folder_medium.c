// SPDX-License-Identifier: LGPL-2.1-or-later
/* A folder as a medium to read a volume back from; see proof.h. Paths are resolved beneath it, and opening a
 * file cannot hang on a pipe. */
#include "archive/proof.h"
#include "base/cleanup.h"
#include "base/disk_read.h"
#include "base/durable.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 16, BLOCK_ALIGNMENT = 4096 };

static int folder_fd(void *userdata)
{
        return *(const int *)userdata;
}

static int file_open(void *userdata, const char *path, struct proof_file *ret)
{
        _cleanup_close_ int fd =
                        durable_open_beneath(folder_fd(userdata), path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EISDIR;
        *ret = (struct proof_file){.size = st.st_size, .fd = TAKE_FD(fd)};
        return 0;
}

static int file_prepare(void *userdata, struct proof_file *f)
{
        int flags = fcntl(f->fd, F_GETFL);

        (void)userdata;
        /* Refused where the file system has no direct reads. */
        if (flags < 0 || (fcntl(f->fd, F_SETFL, flags | O_DIRECT) < 0 && errno != EINVAL))
                return -errno;
        return disk_read_prepare(f->fd, f->size, &f->uncached);
}

/* Direct reads are asked for in aligned lengths; only the end of a file is not aligned. */
static ssize_t file_read(void *userdata, struct proof_file *f, void *block, size_t size, int64_t at)
{
        size_t got = 0;

        (void)userdata;
        while (got < size) {
                ssize_t n = pread(f->fd, (char *)block + got, size - got, at + (int64_t)got);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                got += (size_t)n;
                if (n == 0 || n % BLOCK_ALIGNMENT != 0)
                        break;
        }
        return (ssize_t)got;
}

static void file_close(void *userdata, struct proof_file *f)
{
        (void)userdata;
        f->fd = fd_close(f->fd);
}

struct walk {
        int (*on_file)(void *userdata, const char *path);
        void *userdata;
        char path[4096];
};

static int folder_walk(struct walk *w, int fd, size_t at, unsigned int depth);

/* 'at' is where the name begins in the path. */
static int folder_enter(struct walk *w, int parent, size_t at, unsigned int depth)
{
        int fd = openat(parent, w->path + at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        size_t n = strlen(w->path);

        if (fd < 0 || depth == DEPTH_MAX || n + 2 >= sizeof(w->path)) {
                (void)fd_close(fd);
                return w->on_file(w->userdata, w->path); /* whatever is in it */
        }
        w->path[n] = '/';
        return folder_walk(w, fd, n + 1, depth + 1);
}

static int entry_look(struct walk *w, int parent, const struct dirent *entry, size_t at, unsigned int depth)
{
        struct stat st;
        int n = snprintf(w->path + at, sizeof(w->path) - at, "%s", entry->d_name);

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                return 0;
        if ((size_t)n >= sizeof(w->path) - at)
                return 0;
        if (fstatat(parent, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
                return folder_enter(w, parent, at, depth);
        return w->on_file(w->userdata, w->path);
}

/* Takes the descriptor. */
static int folder_walk(struct walk *w, int fd, size_t at, unsigned int depth)
{
        _cleanup_(closedirp) DIR *dir = fdopendir(fd);
        const struct dirent *entry;
        int r = 0;

        if (!dir) {
                r = -errno;
                (void)fd_close(fd);
                return r;
        }
        while (r >= 0 && (entry = readdir(dir)))
                r = entry_look(w, dirfd(dir), entry, at, depth);
        w->path[at] = '\0';
        return r;
}

static int files_walk(void *userdata, int (*on_file)(void *on_userdata, const char *path), void *on_userdata)
{
        struct walk w = {.on_file = on_file, .userdata = on_userdata};
        int fd = openat(folder_fd(userdata), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : folder_walk(&w, fd, 0, 0);
}

static struct proof_medium folder_medium(int *dirfd)
{
        return (struct proof_medium){file_open, file_prepare, file_read, file_close, files_walk, dirfd};
}

int archive_prove(int dirfd, const struct archive_volume *v, const struct archive_work *w,
                  struct archive_report *ret)
{
        const struct proof_medium medium = folder_medium(&dirfd);

        return medium_prove(&medium, v, w, ret);
}

int archive_verify(int dirfd, const struct archive_work *w, struct archive_report *ret)
{
        const struct proof_medium medium = folder_medium(&dirfd);

        return medium_verify(&medium, w, ret);
}
