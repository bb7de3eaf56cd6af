// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading files of a medium back; see proof.h. The medium is hostile: paths are resolved beneath its folder,
 * only regular files are read, and opening one cannot hang on a pipe. */
#include "archive/read_back.h"
#include "base/cleanup.h"
#include "base/disk_read.h"
#include "base/durable.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
        BLOCK_SIZE = 1 << 20,
        BLOCK_ALIGNMENT = 4096,
        DEPTH_MAX = 16,
        EXTRAS_MAX = 10000, /* told of at most; a medium may have anything on it */
};

DEFINE_CLEANUP(struct digest *, digest_free);

const char *proof_result_text(enum proof_result r)
{
        static const char *const words[_PROOF_MAX] = {
                        [PROOF_GOOD] = "good",
                        [PROOF_DIFFERS] = "differs",
                        [PROOF_SIZE] = "size",
                        [PROOF_MISSING] = "missing",
                        [PROOF_UNREADABLE] = "unreadable",
                        [PROOF_NOT_A_FILE] = "not-a-file",
                        [PROOF_EXTRA] = "extra",
                        [PROOF_BAD_LIST] = "bad-list",
                        [PROOF_CACHED] = "cached",
        };

        return (unsigned int)r < _PROOF_MAX ? words[r] : "unknown";
}

/* An error that is the medium's as a result; what is ours stays an error. */
static int result_of(int error)
{
        switch (error) {
        case -ENOENT:
        case -ENOTDIR:
                return PROOF_MISSING;
        case -ELOOP:
        case -EISDIR:
        case -EXDEV:
                return PROOF_NOT_A_FILE;
        case -ENOMEM:
        case -EMFILE:
        case -ENFILE:
        case -ECANCELED:
                return error;
        default:
                return PROOF_UNREADABLE;
        }
}

static int medium_open(int dirfd, const char *path, struct stat *ret)
{
        _cleanup_close_ int fd =
                        durable_open_beneath(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_DIRECT, 0);

        if (fd == -EINVAL) /* this file system has no direct reads */
                fd = durable_open_beneath(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (fd < 0)
                return fd;
        if (fstat(fd, ret) < 0)
                return -errno;
        return S_ISREG(ret->st_mode) ? TAKE_FD(fd) : -EISDIR;
}

static int progress(struct proving *p, size_t n)
{
        p->done += (int64_t)n;
        if (p->work->on_progress &&
            p->work->on_progress(p->work->userdata, ARCHIVE_PROVING, p->done, p->total) != 0)
                return -ECANCELED;
        return 0;
}

/* Direct reads are asked for in aligned lengths; the last one ends early. */
static int content_digest(struct proving *p, int fd, struct digest *d, int64_t *ret_size)
{
        _cleanup_free_ uint8_t *block = NULL;
        int64_t size = 0;

        if (posix_memalign((void **)&block, BLOCK_ALIGNMENT, BLOCK_SIZE) != 0)
                return -ENOMEM;
        for (;;) {
                ssize_t n = pread(fd, block, BLOCK_SIZE, size);
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -EIO;
                if (n == 0)
                        break;
                r = digest_update(d, block, (size_t)n);
                if (r >= 0)
                        r = progress(p, (size_t)n);
                if (r < 0)
                        return r;
                size += n;
                if (n % BLOCK_ALIGNMENT != 0)
                        break; /* only the end of a file is not aligned */
        }
        *ret_size = size;
        return 0;
}

static int file_compare(struct proving *p, int fd, int64_t size, const struct digest_values *expected,
                        const struct stat *st)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        struct digest_values found;
        bool uncached = false;
        int64_t got = 0;
        int r;

        if (size >= 0 && st->st_size != size)
                return PROOF_SIZE;
        r = disk_read_prepare(fd, st->st_size, &uncached);
        if (r >= 0)
                r = digest_new(&d, expected->has_sm3);
        if (r >= 0)
                r = content_digest(p, fd, d, &got);
        if (r >= 0)
                r = digest_peek(d, &found);
        if (r < 0)
                return result_of(r);
        if (got != st->st_size)
                return PROOF_UNREADABLE;
        if (!digest_equal(&found, expected))
                return PROOF_DIFFERS;
        p->report->bytes += got;
        return uncached || got == 0 ? PROOF_GOOD : PROOF_CACHED;
}

int file_read_back(struct proving *p, const char *path, int64_t size, const struct digest_values *expected)
{
        struct stat st = {0};
        _cleanup_close_ int fd = medium_open(p->dirfd, path, &st);

        return fd < 0 ? result_of(fd) : file_compare(p, fd, size, expected, &st);
}

void proving_tell(struct proving *p, const char *path, enum proof_result result)
{
        p->report->n_files += result != PROOF_EXTRA;
        p->report->counts[result]++;
        if (p->work->on_result)
                p->work->on_result(p->work->userdata, path, result);
}

int proving_outcome(const struct proving *p)
{
        size_t good = p->report->counts[PROOF_GOOD];

        if (p->work->cached_is_enough)
                good += p->report->counts[PROOF_CACHED];
        return good == p->report->n_files && p->report->counts[PROOF_EXTRA] == 0 ? ARCHIVE_DONE
                                                                                 : ARCHIVE_NOT_PROVED;
}

struct extras {
        struct proving *proving;
        bool (*is_known)(void *userdata, const char *path);
        void *userdata;
        size_t told;
        char path[4096];
};

static int folder_walk(struct extras *e, int fd, size_t at, unsigned int depth);

/* 'at' is where the name begins in the path. */
static int folder_enter(struct extras *e, int parent, size_t at, unsigned int depth)
{
        int fd = openat(parent, e->path + at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        size_t n = strlen(e->path);

        if (fd < 0 || depth == DEPTH_MAX || n + 2 >= sizeof(e->path)) {
                (void)fd_close(fd);
                proving_tell(e->proving, e->path, PROOF_EXTRA); /* whatever is in it */
                e->told++;
                return 0;
        }
        e->path[n] = '/';
        return folder_walk(e, fd, n + 1, depth + 1);
}

static int entry_look(struct extras *e, int parent, const struct dirent *entry, size_t at,
                      unsigned int depth)
{
        struct stat st;
        int n = snprintf(e->path + at, sizeof(e->path) - at, "%s", entry->d_name);

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                return 0;
        if ((size_t)n >= sizeof(e->path) - at)
                return 0;
        if (fstatat(parent, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
                return folder_enter(e, parent, at, depth);
        if (e->is_known(e->userdata, e->path))
                return 0;
        proving_tell(e->proving, e->path, PROOF_EXTRA);
        e->told++;
        return 0;
}

/* Takes the descriptor. */
static int folder_walk(struct extras *e, int fd, size_t at, unsigned int depth)
{
        _cleanup_(closedirp) DIR *dir = fdopendir(fd);
        const struct dirent *entry;
        int r = 0;

        if (!dir) {
                r = -errno;
                (void)fd_close(fd);
                return r;
        }
        while (r >= 0 && e->told < EXTRAS_MAX && (entry = readdir(dir)))
                r = entry_look(e, dirfd(dir), entry, at, depth);
        e->path[at] = '\0';
        return r;
}

int extras_find(struct proving *p, bool (*is_known)(void *userdata, const char *path), void *userdata)
{
        struct extras e = {.proving = p, .is_known = is_known, .userdata = userdata};
        int fd = openat(p->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : folder_walk(&e, fd, 0, 0);
}
