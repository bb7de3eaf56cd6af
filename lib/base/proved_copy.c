// SPDX-License-Identifier: LGPL-2.1-or-later
/* Copies that are proved; see proved_copy.h. */
#include "base/proved_copy.h"
#include "base/cleanup.h"
#include "base/disk_read.h"
#include "base/durable.h"
#include "base/inject.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_BLOCK     (INT64_C(1) << 20)
#define COPY_ALIGNMENT 4096
/* Written back by and by, so that nothing has to wait for gigabytes at the end: no stop, and no recorder. */
#define COPY_DIRTY_MAX (INT64_C(32) << 20)

DEFINE_CLEANUP(struct digest *, digest_free);

/* A whole block, or up to the end of the file. A direct read is asked for in aligned lengths, so the last
 * one asks beyond the end. Returns what it got. */
static ssize_t block_read(int fd, uint8_t *buf, int64_t offset)
{
        size_t got = 0;

        while (got < (size_t)COPY_BLOCK) {
                ssize_t n = pread(fd, buf + got, (size_t)COPY_BLOCK - got, offset + (int64_t)got);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                got += (size_t)n;
                if (got % COPY_ALIGNMENT != 0)
                        break; /* the end: only there is a file not aligned */
        }
        return (ssize_t)got;
}

/* Where the bytes of a source go besides the digest: 'to' -1 for nowhere. What goes somewhere ends when it
 * is more than 'most': a source that grows must not fill the disk. *ret_read_error tells a failure of the
 * source from all others. */
static int stream(int from, int to, int64_t most, const struct pace *pace, struct digest *digest,
                  int64_t *ret_size, bool *ret_read_error)
{
        _cleanup_free_ uint8_t *buf = NULL;
        int64_t offset = 0, dirty = 0;

        if (posix_memalign((void **)&buf, COPY_ALIGNMENT, (size_t)COPY_BLOCK) != 0)
                return -ENOMEM;
        for (;;) {
                ssize_t n = block_read(from, buf, offset);
                int r;

                *ret_read_error = n < 0;
                if (n <= 0 || (to >= 0 && n > most - offset)) {
                        *ret_size = offset + MAX(n, 0);
                        return (int)MIN(n, 0);
                }
                r = digest_update(digest, buf, (size_t)n);
                if (r >= 0 && to >= 0)
                        r = durable_write_all(to, buf, (size_t)n);
                offset += n;
                dirty += to >= 0 ? n : 0;
                if (r >= 0 && dirty >= COPY_DIRTY_MAX) {
                        r = durable_sync_file(to);
                        dirty = 0;
                }
                if (r >= 0)
                        r = pace_go(pace, (uint64_t)n);
                if (r < 0)
                        return r;
        }
}

int proved_read(int fd, const struct pace *pace, struct digest_values *ret, int64_t *ret_size,
                bool *ret_uncached)
{
        _cleanup_(digest_freep) struct digest *digest = NULL;
        bool read_error, uncached = false;
        int64_t size = 0;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EIO;
        r = disk_read_prepare(fd, st.st_size, &uncached);
        if (r >= 0)
                r = digest_new(&digest, false);
        if (r >= 0)
                r = stream(fd, -1, 0, pace, digest, &size, &read_error);
        if (r >= 0)
                r = digest_peek(digest, ret);
        if (r < 0)
                return r;
        *ret_size = size;
        *ret_uncached = uncached;
        return 0;
}

/* Fills the temporary file and syncs it. */
static int temporary_fill(const struct proved_copy *c, int to)
{
        _cleanup_(digest_freep) struct digest *digest = NULL;
        struct digest_values found;
        bool read_error = false;
        int64_t size = 0;
        int r = digest_new(&digest, c->expected->has_sm3);

        if (r < 0)
                return r;
        (void)posix_fadvise(c->from, 0, 0, POSIX_FADV_SEQUENTIAL);
        r = stream(c->from, to, c->size, c->pace, digest, &size, &read_error);
        /* Nobody is about to read it: its pages are better given to others. */
        (void)posix_fadvise(c->from, 0, 0, POSIX_FADV_DONTNEED);
        if (r < 0)
                return read_error ? COPY_SOURCE_UNREADABLE : r;
        r = digest_peek(digest, &found);
        if (r < 0)
                return r;
        if (size == c->size && digest_equal(&found, c->expected))
                return COPY_DONE;
        if (c->found)
                *c->found = (struct copy_found){size, found};
        return COPY_SOURCE_DIFFERS;
}

/* Mode and time of what it will be, then all of it on the disk. */
static int temporary_finish(const struct proved_copy *c, int to)
{
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};
        struct stat st;

        if (fstat(c->from, &st) < 0)
                return -errno;
        times[1] = st.st_mtim;
        if (futimens(to, times) < 0 || fchmod(to, c->mode) < 0)
                return -errno;
        return durable_sync_file(to);
}

static int temporary_write(const struct proved_copy *c)
{
        _cleanup_close_ int to = -EBADF;
        int r;

        to = durable_open_beneath(c->dirfd, c->temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (to < 0)
                return to;
        r = temporary_fill(c, to);
        return r == COPY_DONE ? temporary_finish(c, to) : r;
}

static int temporary_prove(const struct proved_copy *c, bool *ret_uncached)
{
        _cleanup_close_ int fd = durable_open_beneath(c->dirfd, c->temporary, O_RDONLY | O_DIRECT, 0);
        struct digest_values found;
        int64_t size = 0;
        int r;

        if (fd == -EINVAL)
                fd = durable_open_beneath(c->dirfd, c->temporary, O_RDONLY, 0);
        if (fd < 0)
                return fd;
        r = proved_read(fd, c->pace, &found, &size, ret_uncached);
        if (r < 0)
                return r;
        return size == c->size && digest_equal(&found, c->expected) ? COPY_DONE : COPY_DIFFERS;
}

static int temporary_remove(const struct proved_copy *c)
{
        const char *name = "";
        _cleanup_close_ int parent = durable_open_parent(c->dirfd, c->temporary, &name);

        if (parent < 0)
                return parent;
        return unlinkat(parent, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int proved_copy(const struct proved_copy *copy, bool *ret_uncached)
{
        int r = temporary_remove(copy); /* what an interrupted copy left */

        if (r >= 0)
                r = temporary_write(copy);
        if (r == COPY_DONE) {
                inject_point("copy-written");
                r = temporary_prove(copy, ret_uncached);
        }
        if (r == COPY_DONE) {
                r = durable_rename_new(copy->dirfd, copy->temporary, copy->path);
                if (r == DURABLE_EXISTS)
                        r = COPY_EXISTS;
        }
        if (r != COPY_DONE) {
                (void)temporary_remove(copy);
                return r;
        }
        inject_point("copy-named");
        return durable_sync_parent(copy->dirfd, copy->path);
}
