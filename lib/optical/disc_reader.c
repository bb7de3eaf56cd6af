// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading sectors; see disc_reader.h. A window of them is read at a time, since file systems ask for one. */
#include "optical/disc_reader.h"
#include "base/cleanup.h"
#include "base/disk_read.h"

#include <fcntl.h>
#include <string.h>

enum {
        FILE_WINDOW = 512, /* sectors: 1 MiB */
        DISC_WINDOW = 32,  /* what one READ asks for: an ECC block of DVD, one of BD */
        ALIGNMENT = 4096,  /* of direct reads */
        SECTORS_ALIGNED = ALIGNMENT / BURNER_SECTOR,
        READ_QUIET = 1 << 1,
        READ_ONCE = 1 << 2,
};

struct disc_reader {
        struct burner *burner;
        int fd; /* of a file */
        bool uncached;
        int64_t sectors;
        uint8_t *window;
        int64_t window_at;
        size_t window_n;      /* sectors that are in it */
        int64_t singly_until; /* a command over more of them has failed there */
};

void disc_reader_free(struct disc_reader *r)
{
        if (!r)
                return;
        (void)fd_close(r->fd);
        free(r->window);
        free(r);
}

DEFINE_CLEANUP(struct disc_reader *, disc_reader_free);

static int file_open(struct disc_reader *r)
{
        off_t size;

        r->fd = open(r->burner->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECT);
        if (r->fd < 0 && errno == EINVAL)
                r->fd = open(r->burner->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (r->fd < 0)
                return errno == ENOENT ? 0 : -errno; /* it is made by writing to it */
        size = lseek(r->fd, 0, SEEK_END);
        if (size < 0)
                return -errno;
        r->sectors = size / BURNER_SECTOR;
        return disk_read_prepare(r->fd, size, &r->uncached);
}

static int disc_open(struct disc_reader *r)
{
        int sectors = 0;

        r->uncached = true;
        if (burn_get_read_capacity(r->burner->drive, &sectors, 0) > 0)
                r->sectors = sectors;
        return 0;
}

int disc_reader_new(struct disc_reader **ret, struct burner *b)
{
        _cleanup_(disc_reader_freep) struct disc_reader *r = calloc(1, sizeof(*r));
        int error;

        if (!r)
                return -ENOMEM;
        r->burner = b;
        r->fd = -EBADF;
        if (posix_memalign((void **)&r->window, ALIGNMENT, FILE_WINDOW * BURNER_SECTOR) != 0) {
                r->window = NULL;
                return -ENOMEM;
        }
        error = b->file ? file_open(r) : disc_open(r);
        if (error < 0)
                return error;
        *ret = TAKE_PTR(r);
        return 0;
}

int64_t disc_reader_sectors(const struct disc_reader *r)
{
        return r->sectors;
}

bool disc_reader_is_uncached(const struct disc_reader *r)
{
        return r->uncached;
}

/* Bytes that were got. */
static int64_t file_fill(const struct disc_reader *r, int64_t at)
{
        int64_t got = 0, wanted = FILE_WINDOW * BURNER_SECTOR;

        while (got < wanted) {
                ssize_t n = pread(r->fd, r->window + got, (size_t)(wanted - got), at + got);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0 || n % ALIGNMENT != 0)
                        return n > 0 ? got + n : got;
                got += n;
        }
        return got;
}

static int64_t sectors_get(const struct disc_reader *r, int64_t at, int64_t wanted)
{
        off_t got = 0;

        if (burn_read_data(r->burner->drive, at, (char *)r->window, wanted * BURNER_SECTOR, &got,
                           READ_QUIET | READ_ONCE) <= 0)
                return 0;
        return wanted * BURNER_SECTOR;
}

/* A command that fails says nothing of the sectors before the bad one: they are asked for one by one. */
static int64_t disc_fill(struct disc_reader *r, int64_t at)
{
        int64_t sector = at / BURNER_SECTOR, wanted = MIN(r->sectors - sector, (int64_t)DISC_WINDOW),
                got = 0;

        if (sector >= r->singly_until)
                got = sectors_get(r, at, wanted);
        if (got > 0)
                return got;
        r->singly_until = MAX(r->singly_until, sector + wanted);
        return sectors_get(r, at, 1);
}

static void window_fill(struct disc_reader *r, int64_t sector)
{
        int64_t at = r->burner->file ? sector / SECTORS_ALIGNED * SECTORS_ALIGNED : sector;
        int64_t got = r->burner->file ? file_fill(r, at * BURNER_SECTOR) : disc_fill(r, at * BURNER_SECTOR);

        r->window_at = at;
        r->window_n = (size_t)(got / BURNER_SECTOR);
}

static bool window_has(const struct disc_reader *r, int64_t sector)
{
        return sector >= r->window_at && sector < r->window_at + (int64_t)r->window_n;
}

int disc_reader_read(struct disc_reader *r, int64_t sector, size_t n, void *ret)
{
        uint8_t *to = ret;

        if (sector < 0 || sector > r->sectors || (int64_t)n > r->sectors - sector)
                return -ENODATA;
        while (n > 0) {
                size_t have;

                if (!window_has(r, sector))
                        window_fill(r, sector);
                if (!window_has(r, sector))
                        return -EIO;
                have = MIN((size_t)(r->window_at + (int64_t)r->window_n - sector), n);
                memcpy(to, r->window + (sector - r->window_at) * BURNER_SECTOR, have * BURNER_SECTOR);
                to += have * BURNER_SECTOR;
                sector += (int64_t)have;
                n -= have;
        }
        return 0;
}
