// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writing a volume into a folder; see folder_volume.h. Each file: temporary name, bytes, digest of what was
 * read from the source compared with what it must be, fsync, rename. Folders are synced when the next one
 * begins, and all before bagit.txt, which is what makes a volume of a folder.
 */
#include "archive/folder_volume.h"
#include "base/cleanup.h"
#include "base/durable.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define TEMPORARY "recdock-writing.tmp"
#define IMPRINT   "bag-info.txt"
/* Written back by and by: progress that is true, and no long wait at the end. */
#define DIRTY_MAX (INT64_C(32) << 20)

enum { FILE_MODE = 0444, FOLDER_MODE = 0755, BLOCK_SIZE = 1 << 20 };

DEFINE_CLEANUP(struct digest *, digest_free);

struct writing {
        int dirfd;
        struct archive_volume *volume;
        const struct archive_work *work;
        struct archive_report *report;
        uint8_t *block;
        int64_t done;
        char folder[1024]; /* of the last entry, which is to be synced when another begins */
};

/* What became of a call on the medium. */
static int medium_outcome(struct writing *w, int error)
{
        switch (error) {
        case -ENOSPC:
        case -EDQUOT:
        case -EFBIG: /* FAT: a file of 4 GiB */
                w->report->error = error;
                return ARCHIVE_FULL;
        case -ENOMEM:
        case -EMFILE:
        case -ENFILE:
                return error;
        default:
                w->report->error = error;
                return ARCHIVE_MEDIUM_FAILED;
        }
}

static int progress(struct writing *w, int64_t n)
{
        w->done += n;
        if (w->work->on_progress && w->work->on_progress(w->work->userdata, ARCHIVE_WRITING, w->done,
                                                         archive_volume_bytes(w->volume)) != 0)
                return ARCHIVE_CANCELLED;
        return ARCHIVE_DONE;
}

static bool names_equal(const char *name, const char *const *known, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(name, known[i]) == 0)
                        return true;
        return false;
}

/* 1 when there is nothing in the folder but what a first moment leaves. */
static int folder_is_empty(int dirfd)
{
        static const char *const known[] = {".", "..", TEMPORARY};
        int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
        const struct dirent *entry;

        if (!dir) {
                int error = -errno;

                (void)fd_close(fd);
                return error;
        }
        while ((entry = readdir(dir)))
                if (!names_equal(entry->d_name, known, ELEMENTSOF(known)))
                        return 0;
        return 1;
}

/* The volume's number is the first line of bag-info.txt. 1 when it is ours. */
static int imprint_is_ours(const struct writing *w)
{
        const struct archive_entry *e = archive_volume_find(w->volume, IMPRINT);
        size_t n = (size_t)((const char *)memchr(e->data, '\n', (size_t)e->size) - (const char *)e->data) +
                   1;
        _cleanup_close_ int fd =
                        durable_open_beneath(w->dirfd, IMPRINT, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        char line[4096];
        ssize_t got;

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        if (n > sizeof(line))
                return 0;
        do {
                got = pread(fd, line, n, 0);
        } while (got < 0 && errno == EINTR);
        if (got < 0)
                return -errno;
        return (size_t)got == n && memcmp(line, e->data, n) == 0;
}

static int folder_admit(struct writing *w)
{
        int r = folder_is_empty(w->dirfd);

        if (r == 0)
                r = imprint_is_ours(w);
        if (r < 0)
                return medium_outcome(w, r);
        return r > 0 ? ARCHIVE_DONE : ARCHIVE_FOREIGN;
}

static int entry_digest_new(const struct writing *w, const struct archive_entry *e, struct digest **ret)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        int r = digest_new(&d, false);

        if (r >= 0 && archive_volume_wants_sha512(w->volume, e))
                r = digest_add_sha512(d);
        if (r >= 0)
                *ret = TAKE_PTR(d);
        return r;
}

/* 1 when it is what must be, which the volume is then told. */
static int entry_digest_end(struct writing *w, const struct archive_entry *e, const struct digest *d)
{
        uint8_t sha512[SHA512_SIZE];
        struct digest_values found;
        int r = digest_peek(d, &found);

        if (r < 0 || memcmp(found.sha256, e->sha256, DIGEST_SIZE) != 0)
                return MIN(r, 0);
        if (!archive_volume_wants_sha512(w->volume, e))
                return 1;
        r = digest_peek_sha512(d, sha512);
        if (r >= 0)
                r = archive_volume_tell_sha512(w->volume, e, sha512);
        return r < 0 ? r : 1;
}

/* 1 when the entry is there as it must be; a copy that differs is written anew. */
static int entry_is_there(struct writing *w, const struct archive_entry *e)
{
        _cleanup_close_ int fd =
                        durable_open_beneath(w->dirfd, e->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        _cleanup_(digest_freep) struct digest *d = NULL;
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != e->size)
                return 0;
        r = entry_digest_new(w, e, &d);
        for (int64_t at = 0; r >= 0 && at < e->size;) {
                ssize_t n = pread(fd, w->block, BLOCK_SIZE, at);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return 0;
                r = digest_update(d, w->block, (size_t)n);
                at += n;
        }
        return r < 0 ? r : entry_digest_end(w, e, d);
}

static int source_open(const struct writing *w, const struct archive_entry *e, int *ret)
{
        int fd;

        *ret = -EBADF;
        if (e->data)
                return ARCHIVE_DONE;
        fd = w->work->open_source ? w->work->open_source(w->work->userdata, e) : -EINVAL;
        if (fd < 0) {
                w->report->error = fd;
                return ARCHIVE_SOURCE_UNREADABLE;
        }
        *ret = fd;
        return ARCHIVE_DONE;
}

/* The next bytes of an entry. 0 at its end. */
static ssize_t source_read(const struct writing *w, const struct archive_entry *e, int fd, int64_t at,
                           const uint8_t **ret)
{
        ssize_t n;

        if (e->data) {
                *ret = (const uint8_t *)e->data + at;
                return (ssize_t)MIN(e->size - at, (int64_t)BLOCK_SIZE);
        }
        do {
                n = pread(fd, w->block, BLOCK_SIZE, at);
        } while (n < 0 && errno == EINTR);
        *ret = w->block;
        return n < 0 ? -errno : n;
}

/* Copies, and compares what it has read: size first, so that a source that grew does not fill the medium. */
static int entry_copy(struct writing *w, const struct archive_entry *e, int from, int to)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        const uint8_t *bytes = NULL;
        int64_t at = 0, dirty = 0;
        int r = entry_digest_new(w, e, &d);

        while (r >= 0) {
                ssize_t n = source_read(w, e, from, at, &bytes);

                if (n < 0) {
                        w->report->error = (int)n;
                        return ARCHIVE_SOURCE_UNREADABLE;
                }
                if (n == 0)
                        break;
                at += n;
                if (at > e->size)
                        return ARCHIVE_SOURCE_DIFFERS;
                r = digest_update(d, bytes, (size_t)n);
                if (r < 0)
                        return r;
                r = durable_write_all(to, bytes, (size_t)n);
                dirty += n;
                if (r >= 0 && dirty >= DIRTY_MAX) {
                        r = durable_sync_file(to);
                        dirty = 0;
                }
                if (r < 0)
                        return medium_outcome(w, r);
                r = progress(w, n);
                if (r != ARCHIVE_DONE)
                        return r;
        }
        if (r >= 0)
                r = at == e->size ? entry_digest_end(w, e, d) : 0;
        if (r < 0)
                return r;
        return r > 0 ? ARCHIVE_DONE : ARCHIVE_SOURCE_DIFFERS;
}

/* A time that the medium cannot keep is no reason to fail; the index has the true one. */
static void time_keep(int from, int to)
{
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};
        struct stat st;

        if (from < 0 || fstat(from, &st) < 0)
                return;
        times[1] = st.st_mtim;
        (void)futimens(to, times);
}

static int temporary_open(const struct writing *w)
{
        int fd;

        if (unlinkat(w->dirfd, TEMPORARY, 0) < 0 && errno != ENOENT)
                return -errno;
        fd = openat(w->dirfd, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        return fd < 0 ? -errno : fd;
}

/* Gives the temporary file its name. FAT has no modes to set. */
static int entry_name(const struct writing *w, const struct archive_entry *e, int fd)
{
        const char *name = "";
        _cleanup_close_ int parent = -EBADF;
        int r;

        if (fchmod(fd, FILE_MODE) < 0 && errno != EPERM && errno != EOPNOTSUPP)
                return -errno;
        r = durable_sync_file(fd);
        if (r < 0)
                return r;
        parent = durable_open_parent(w->dirfd, e->path, &name);
        if (parent < 0)
                return parent;
        return renameat(w->dirfd, TEMPORARY, parent, name) < 0 ? -errno : 0;
}

static int entry_write(struct writing *w, const struct archive_entry *e)
{
        _cleanup_close_ int from = -EBADF, to = -EBADF;
        int r = source_open(w, e, &from);

        if (r != ARCHIVE_DONE)
                return r;
        to = temporary_open(w);
        if (to < 0)
                return medium_outcome(w, to);
        r = entry_copy(w, e, from, to);
        if (r != ARCHIVE_DONE)
                return r;
        time_keep(from, to);
        r = entry_name(w, e, to);
        return r < 0 ? medium_outcome(w, r) : ARCHIVE_DONE;
}

/* Makes the folder of an entry and, when it is another one, syncs that of the entry before. */
static int folder_turn(struct writing *w, const char *path)
{
        const char *slash = strrchr(path, '/');
        size_t n = slash ? (size_t)(slash - path) : 0;
        int r = 0;

        if (strlen(w->folder) == n && strncmp(w->folder, path, n) == 0)
                return 0;
        if (w->folder[0] != '\0') {
                _cleanup_close_ int fd =
                                durable_open_beneath(w->dirfd, w->folder, O_RDONLY | O_DIRECTORY, 0);

                r = fd < 0 ? fd : durable_sync_file(fd);
        }
        (void)snprintf(w->folder, sizeof(w->folder), "%.*s", (int)n, path);
        if (r >= 0 && n > 0)
                r = durable_make_folders(w->dirfd, w->folder, FOLDER_MODE);
        return r;
}

/* Is there room? A full medium is told before it is filled up with a piece of a file. */
static bool room_for(const struct writing *w, int64_t size)
{
        struct statvfs st;

        if (fstatvfs(w->dirfd, &st) < 0 || st.f_blocks == 0)
                return true; /* it does not say */
        return size <= 0 || (uint64_t)size / st.f_frsize < st.f_bavail;
}

static int entry_bring(struct writing *w, const struct archive_entry *e)
{
        int r;

        if (!archive_volume_is_final(w->volume, e))
                return -EPROTO;
        r = folder_turn(w, e->path);
        if (r < 0)
                return medium_outcome(w, r);
        r = entry_is_there(w, e);
        if (r < 0)
                return r;
        if (r > 0)
                return progress(w, e->size);
        if (!room_for(w, e->size)) {
                w->report->error = -ENOSPC;
                return ARCHIVE_FULL;
        }
        return entry_write(w, e);
}

static int entries_bring(struct writing *w)
{
        size_t n = archive_volume_size(w->volume);

        for (size_t i = 0; i < n; i++) {
                const struct archive_entry *e = archive_volume_entry(w->volume, i);
                int r;

                if (i + 1 == n) {
                        /* All names that are to be there when the last one is. */
                        r = durable_sync_file(w->dirfd);
                        if (r < 0)
                                return medium_outcome(w, r);
                }
                r = entry_bring(w, e);
                if (r != ARCHIVE_DONE) {
                        (void)text_copy(w->report->path, sizeof(w->report->path), e->path);
                        (void)unlinkat(w->dirfd, TEMPORARY, 0);
                        return r;
                }
        }
        return ARCHIVE_DONE;
}

static int written_sync(struct writing *w)
{
        int r;

        /* What an interrupted run left, when nothing was left to write. */
        if (unlinkat(w->dirfd, TEMPORARY, 0) < 0 && errno != ENOENT)
                return medium_outcome(w, -errno);
        r = durable_sync_file(w->dirfd);
        return r < 0 ? medium_outcome(w, r) : ARCHIVE_DONE;
}

int folder_volume_write(int dirfd, struct archive_volume *v, const struct archive_work *w,
                        struct archive_report *ret)
{
        _cleanup_free_ uint8_t *block = malloc(BLOCK_SIZE);
        struct writing writing = {.dirfd = dirfd, .volume = v, .work = w, .report = ret, .block = block};
        int r;

        *ret = (struct archive_report){0};
        if (!block)
                return -ENOMEM;
        r = folder_admit(&writing);
        if (r == ARCHIVE_DONE)
                r = entries_bring(&writing);
        if (r == ARCHIVE_DONE)
                r = written_sync(&writing);
        if (r != ARCHIVE_DONE)
                return r;
        return archive_prove(dirfd, v, w, ret);
}
