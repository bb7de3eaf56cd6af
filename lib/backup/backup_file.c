// SPDX-License-Identifier: LGPL-2.1-or-later
/* Footage into a target; see backup_file.h. */
#include "backup/backup_file.h"
#include "base/durable.h"
#include "base/inject.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static bool means_absent(int error)
{
        return error == -ENOENT || error == -ENOTDIR;
}

bool backup_file_exists(const struct target *t, const struct footage_file *f)
{
        _cleanup_close_ int fd = durable_open_beneath(t->folder, f->path, O_PATH | O_NOFOLLOW, 0);
        struct stat st;

        return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == f->size;
}

/* What is wrong with this file alone, and neither with its disk nor with our rights. */
static bool means_unreadable(int error)
{
        return error == -EIO || error == -EUCLEAN || error == -EBADMSG || error == -ELOOP;
}

static int file_open(const struct target *t, const char *path)
{
        int fd = durable_open_beneath(t->folder, path, O_RDONLY | O_NONBLOCK | O_DIRECT, 0);

        return fd == -EINVAL ? durable_open_beneath(t->folder, path, O_RDONLY | O_NONBLOCK, 0) : fd;
}

int backup_file_compare(const struct target *t, const struct footage_file *f, const struct pace *pace,
                        struct digest_values *ret_found, int64_t *ret_size, bool *ret_cached)
{
        _cleanup_close_ int fd = file_open(t, f->path);
        bool uncached = false;
        int r;

        if (fd < 0 && means_absent(fd))
                return BACKUP_FILE_MISSING;
        r = fd < 0 ? fd : proved_read(fd, pace, ret_found, ret_size, &uncached);
        if (r < 0)
                return means_unreadable(r) ? BACKUP_FILE_UNREADABLE : r;
        *ret_cached = !uncached;
        return *ret_size == f->size && digest_equal(ret_found, &f->digests) ? BACKUP_FILE_GOOD
                                                                            : BACKUP_FILE_DIFFERS;
}

/* What has the name and is not it may be all there is of something else: it is never written over. */
static int file_displace(struct backup_file *b, const struct footage_file *f)
{
        char aside[PATH_MAX], last[PATH_MAX] = "";
        int r;

        if ((size_t)snprintf(aside, sizeof(aside), "displaced/%s/%s", b->displaced, f->path) >=
            sizeof(aside))
                return -ENAMETOOLONG;
        r = target_folders(b->target, aside, last);
        if (r >= 0)
                r = durable_rename_new(b->target->folder, f->path, aside);
        if (r == DURABLE_EXISTS)
                return -EEXIST;
        if (r >= 0)
                r = durable_sync_parent(b->target->folder, aside);
        if (r >= 0)
                r = durable_sync_parent(b->target->folder, f->path);
        if (r >= 0)
                b->n_displaced++;
        return r;
}

static int lacking(struct backup_file *b, const char *reason)
{
        b->reason = reason;
        return BACKUP_FILE_LACKING;
}

static int copy_outcome(struct backup_file *b, int r, bool uncached)
{
        switch (r) {
        case COPY_DONE:
                b->cached |= !uncached;
                return BACKUP_FILE_COPIED;
        case COPY_SOURCE_UNREADABLE:
                return lacking(b, "unreadable");
        case COPY_SOURCE_DIFFERS:
                return lacking(b, "mismatch");
        case COPY_DIFFERS:
                return -EUCLEAN; /* the target does not keep what it is given */
        case COPY_EXISTS:
                return -EEXIST; /* somebody else writes there */
        default:
                return r;
        }
}

static int file_copy(struct backup_file *b, const struct footage_file *f)
{
        char temporary[64];
        _cleanup_close_ int from = -EBADF;
        bool uncached = false;
        int r = store_footage_open(b->store, f->path, false, &from);
        struct proved_copy copy = {.dirfd = b->target->folder,
                                   .temporary = temporary,
                                   .path = f->path,
                                   .mode = 0440,
                                   .size = f->size,
                                   .expected = &f->digests,
                                   .pace = b->pace};

        if (r != STORE_OK)
                return lacking(b, r == STORE_ABSENT ? "missing" : "unreadable");
        copy.from = from;
        (void)snprintf(temporary, sizeof(temporary), TARGET_INCOMING "/%" PRId64 ".part", f->id);
        r = target_folders(b->target, f->path, b->last_name);
        if (r < 0)
                return r;
        r = copy_outcome(b, proved_copy(&copy, &uncached), uncached);
        inject_point("backup-file");
        return r;
}

int backup_file_bring(struct backup_file *b, const struct footage_file *f)
{
        struct digest_values found;
        bool cached = false;
        int64_t size = 0;
        int r = backup_file_compare(b->target, f, b->pace, &found, &size, &cached);

        b->reason = NULL;
        b->cached |= cached;
        if (r < 0 || r == BACKUP_FILE_GOOD)
                return r < 0 ? r : BACKUP_FILE_THERE;
        if (r != BACKUP_FILE_MISSING) {
                r = file_displace(b, f);
                if (r < 0)
                        return r;
        }
        return file_copy(b, f);
}
