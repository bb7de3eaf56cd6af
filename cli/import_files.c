// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finding and opening what is imported; see import_files.h. The tree may be on a card that somebody else
 * prepared: it is walked by fts(3), and what is opened is resolved by the kernel below the given folder, so
 * that no name in it can lead elsewhere, whatever it is turned into meanwhile.
 */
#include "cli/import_files.h"
#include "cli/client.h"
#include "cli/translate.h"
#include "base/cleanup.h"
#include "recorder/folder/folder_messages.h"

#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { DEPTH_MAX = 32, ATTEMPTS_MAX = 16 };

DEFINE_CLEANUP(FTS *, fts_close);

/* One of the arguments. */
struct given {
        const char *path;
        char *name; /* its last component, as the file system knows it; "" for "/" */
        int root;
        dev_t device;
};

static int path_complain(const char *path, int error)
{
        complain(_("'%s' cannot be read: %s; nothing was imported"), path, strerror(error));
        if (error == ENOENT)
                return EXIT_NOT_FOUND;
        return error == EACCES || error == EPERM ? EXIT_DENIED : EXIT_USAGE;
}

static int memory_complain(void)
{
        complain("%s", strerror(ENOMEM));
        return EXIT_OTHER;
}

int import_file_open(const struct import_file *file, int *ret_fd)
{
        const struct open_how how = {
                        .flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
                                   RESOLVE_NO_XDEV,
        };

        /* EAGAIN: something was renamed meanwhile, and the kernel is not sure (openat2(2)). */
        for (int i = 0; i < ATTEMPTS_MAX; i++) {
                long fd = syscall(SYS_openat2, file->root, file->below, &how, sizeof(how));

                if (fd >= 0) {
                        (void)posix_fadvise((int)fd, 0, 0, POSIX_FADV_SEQUENTIAL);
                        *ret_fd = (int)fd;
                        return 0;
                }
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
        }
        return -EAGAIN;
}

/* --- the list
 * ------------------------------------------------------------------------------------------------------ */

/* "card/DCIM/a.mp4"; a path that is longer than the station takes keeps its name only. */
static char *path_compose(const char *name, const char *below)
{
        const char *slash = strrchr(below, '/');
        char *path = NULL;

        if (strlen(name) + strlen(below) + 2 > FOLDER_PATH_MAX)
                return asprintf(&path, "(long)/%s", slash ? slash + 1 : below) < 0 ? NULL : path;
        return asprintf(&path, "%s%s%s", name, *name ? "/" : "", below) < 0 ? NULL : path;
}

static int file_add(struct import_files *f, const struct given *given, const char *below, const char *name,
                    const struct stat *st)
{
        struct import_file file = {.root = given->root,
                                   .size = st->st_size,
                                   .mtime_sec = st->st_mtim.tv_sec,
                                   .mtime_nsec = (uint32_t)st->st_mtim.tv_nsec};

        if (f->n >= FOLDER_ITEMS_MAX) {
                complain(_("more than %d files were given, expected parts of it one after the other; "
                           "nothing was imported"),
                         FOLDER_ITEMS_MAX);
                return EXIT_USAGE;
        }
        if (f->n == f->room) {
                size_t room = f->room ? 2 * f->room : 256;
                struct import_file *files = reallocarray(f->files, room, sizeof(*files));

                if (!files)
                        return memory_complain();
                f->files = files;
                f->room = room;
        }
        file.below = strdup(below);
        file.path = path_compose(name, below);
        f->files[f->n++] = file;
        f->bytes += file.size;
        return file.below && file.path ? EXIT_OK : memory_complain();
}

/* Can it be read? Better asked now than half way. */
static int file_try(const struct import_file *file, const char *shown)
{
        _cleanup_close_ int fd = -EBADF;
        int r = import_file_open(file, &fd);

        return r < 0 ? path_complain(shown, -r) : EXIT_OK;
}

static int file_take(struct import_files *f, const struct given *given, const char *below, const char *name,
                     const struct stat *st, const char *shown)
{
        int r = file_add(f, given, below, name, st);

        return r == EXIT_OK ? file_try(&f->files[f->n - 1], shown) : r;
}

static void leave_out(struct import_files *f, const char *path, const char *why)
{
        complain(_("leaving out '%s': %s"), path, why);
        f->left_out++;
}

/* --- a folder
 * ------------------------------------------------------------------------------------------------------ */

static int by_name(const FTSENT **a, const FTSENT **b)
{
        return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int folder_enter(struct import_files *f, const struct given *given, const FTSENT *e)
{
        if (e->fts_statp->st_dev != given->device) {
                leave_out(f, e->fts_path, _("it is another file system"));
                return EXIT_OK;
        }
        if (e->fts_level <= DEPTH_MAX)
                return EXIT_OK;
        complain(_("'%s' is more than %d folders deep; nothing was imported"), e->fts_path, DEPTH_MAX);
        return EXIT_USAGE;
}

static int entry_take(struct import_files *f, const struct given *given, const FTSENT *e)
{
        const char *below = e->fts_path + strlen(given->path);

        switch (e->fts_info) {
        case FTS_F:
                return file_take(f, given, below + strspn(below, "/"), given->name, e->fts_statp,
                                 e->fts_path);
        case FTS_D:
                return folder_enter(f, given, e);
        case FTS_DP:
                return EXIT_OK;
        case FTS_SL:
        case FTS_SLNONE:
                leave_out(f, e->fts_path, _("it is a symbolic link"));
                return EXIT_OK;
        case FTS_DEFAULT:
        case FTS_DC:
                leave_out(f, e->fts_path, _("it is no regular file"));
                return EXIT_OK;
        default:
                return path_complain(e->fts_path, e->fts_errno);
        }
}

static int folder_find(struct import_files *f, const struct given *given)
{
        char *const paths[] = {(char *)given->path, NULL};
        _cleanup_(fts_closep) FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, by_name);
        FTSENT *e;
        int r = EXIT_OK;

        if (!walk)
                return path_complain(given->path, errno);
        while (r == EXIT_OK) {
                errno = 0;
                e = fts_read(walk);
                if (!e)
                        return errno != 0 ? path_complain(given->path, errno) : EXIT_OK;
                r = entry_take(f, given, e);
        }
        return r;
}

/* --- an argument
 * --------------------------------------------------------------------------------------------------- */

static int root_open(struct import_files *f, const char *path, int *ret)
{
        int *roots = reallocarray(f->roots, f->n_roots + 1, sizeof(*roots));
        int fd;

        if (!roots)
                return -ENOMEM;
        f->roots = roots;
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        f->roots[f->n_roots++] = fd;
        *ret = fd;
        return 0;
}

/* The given file is looked up in its folder, so that opening it goes the way of all others. */
static int single_find(struct import_files *f, struct given *given, const struct stat *st)
{
        const char *slash = strrchr(given->path, '/');
        char folder[PATH_MAX] = ".";
        int r;

        /* lstat(2) has taken the path: it is no longer than PATH_MAX. */
        if (slash)
                (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - given->path) + 1, given->path);
        r = root_open(f, folder, &given->root);
        if (r < 0)
                return path_complain(given->path, -r);
        return file_take(f, given, slash ? slash + 1 : given->path, "", st, given->path);
}

static int tree_find(struct import_files *f, struct given *given, const struct stat *st)
{
        _cleanup_free_ char *whole = realpath(given->path, NULL);
        int r = whole ? root_open(f, given->path, &given->root) : -errno;

        if (r < 0)
                return path_complain(given->path, -r);
        given->name = strrchr(whole, '/') + 1;
        given->device = st->st_dev;
        return folder_find(f, given);
}

static int argument_find(struct import_files *f, char *path)
{
        struct given given = {.path = path, .root = -EBADF};
        struct stat st;

        /* A slash at the end would follow a link. */
        for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
                path[n - 1] = '\0';
        if (lstat(path, &st) < 0)
                return path_complain(path, errno);
        if (S_ISREG(st.st_mode))
                return single_find(f, &given, &st);
        if (S_ISDIR(st.st_mode))
                return tree_find(f, &given, &st);
        if (S_ISLNK(st.st_mode))
                complain(_("'%s' is a symbolic link, expected what it points to"), path);
        else
                complain(_("'%s' is neither a folder nor a regular file"), path);
        return EXIT_USAGE;
}

int import_files_find(struct import_files *f, char *const *given, int n)
{
        *f = (struct import_files){0};
        for (int i = 0; i < n; i++) {
                int r = argument_find(f, given[i]);

                if (r != EXIT_OK)
                        return r;
        }
        if (f->n == 0) {
                complain(_("there is no regular file in what was given, nothing to import"));
                return EXIT_USAGE;
        }
        return EXIT_OK;
}

void import_files_done(struct import_files *f)
{
        for (size_t i = 0; i < f->n; i++) {
                free(f->files[i].below);
                free(f->files[i].path);
        }
        for (size_t i = 0; i < f->n_roots; i++)
                (void)fd_close(f->roots[i]);
        free(f->files);
        free(f->roots);
}
