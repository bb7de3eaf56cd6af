// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading from the disk and not from memory, since the question is what the disk holds. Dropping pages is
 * only advice, so the kernel is asked with mincore(2) afterwards; it answers "resident" for a file the
 * process could not write, and so errs on the safe side.
 */
#include "base/disk_read.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define DIRECT_ALIGNMENT 4096
#define MINCORE_PAGES    65536 /* asked about at a time: 256 MiB */

/* Whether the file system says that it reads this file directly. Many take O_DIRECT and read through the
 * page cache all the same: ext4 for a file with fs-verity or with its data in the journal. Silence is no
 * yes. */
static bool direct_is_promised(int fd)
{
        struct statx st;

        return statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) == 0 && (st.stx_mask & STATX_DIOALIGN) &&
               st.stx_dio_offset_align > 0;
}

/* Whether direct reads are taken; if not, the descriptor is made an ordinary one. */
static int direct_works(int fd, bool *ret)
{
        _cleanup_free_ void *buf = NULL;
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0)
                return -errno;
        *ret = flags & O_DIRECT;
        if (!*ret)
                return 0;
        if (posix_memalign(&buf, DIRECT_ALIGNMENT, DIRECT_ALIGNMENT) != 0)
                return -ENOMEM;
        if (pread(fd, buf, DIRECT_ALIGNMENT, 0) >= 0)
                return 0;
        if (errno != EINVAL)
                return -errno;
        *ret = false;
        return fcntl(fd, F_SETFL, flags & ~O_DIRECT) < 0 ? -errno : 0;
}

/* True when no page of [offset, offset+size) is in memory. */
static bool range_is_cold(int fd, int64_t offset, size_t size)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (size + page - 1) / page;
        _cleanup_free_ unsigned char *resident = malloc(n);
        void *map;
        bool cold;

        if (!resident)
                return false;
        map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, offset);
        if (map == MAP_FAILED)
                return false;
        cold = mincore(map, size, resident) == 0;
        for (size_t i = 0; i < n && cold; i++)
                cold = !(resident[i] & 1);
        (void)munmap(map, size);
        return cold;
}

static bool file_is_cold(int fd, int64_t size)
{
        int64_t step = (int64_t)sysconf(_SC_PAGESIZE) * MINCORE_PAGES;

        for (int64_t offset = 0; offset < size; offset += step)
                if (!range_is_cold(fd, offset, (size_t)MIN(step, size - offset)))
                        return false;
        return true;
}

int disk_read_prepare(int fd, int64_t size, bool *ret_uncached)
{
        bool direct = false;
        int r;

        /* Some file systems have nothing to write back and say so. */
        if (fdatasync(fd) < 0 && errno != EINVAL && errno != EROFS)
                return -errno;
        r = direct_works(fd, &direct);
        if (r < 0)
                return r;
        /* After the trial read, which may have filled the cache. */
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        *ret_uncached = (direct && direct_is_promised(fd)) || file_is_cold(fd, size);
        return 0;
}
