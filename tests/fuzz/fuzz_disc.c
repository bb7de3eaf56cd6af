// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disc that somebody has put in: what its directories say is on it. An input is made of patches of
 * sectors, so that a small one says much: the sector (2 bytes, big-endian: of a disc of DISC_SECTORS), how
 * many bytes of it (2 bytes), and these. The disc is a file in memory, and is read as one that stands in for
 * a disc.
 */
#include "fuzz_target.h"

#include "base/cleanup.h"
#include "optical/disc_reader.h"
#include "optical/disc_tree.h"

#include <libisofs/libisofs.h>
#include <string.h>
#include <sys/mman.h>

enum {
        DISC_SECTORS = 256,
        READ_BYTES_MAX = 256 * 1024, /* of one file */
        FILES_MAX = 64,              /* that are read */
        PATH_ROOM = 2048,
};

DEFINE_CLEANUP(struct disc_reader *, disc_reader_free);
DEFINE_CLEANUP(struct disc_tree *, disc_tree_free);

struct walk {
        struct proof_medium medium;
        size_t seen, read;
};

static uint8_t *disc;
static char disc_path[] = "/dev/shm/recdock-fuzz-disc-XXXXXX";

static void disc_end(void)
{
        (void)unlink(disc_path);
}

/* libisofs loses names of Rock Ridge that it has read in part when it gives up on a directory. It is read in
 * a process that ends with its one task. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
        return "leak:libisofs";
}

/* What is freed is a window of a MiB each time: it need not be kept for long. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
        return "quarantine_size_mb=16";
}

/* The one disc of this process, and libisofs made ready as burner_open() does it. */
static void disc_begin(void)
{
        static char never[] = "NEVER", prefix[] = "", utf8[] = "UTF-8";
        int fd = mkstemp(disc_path);

        if (fd < 0 || atexit(disc_end) != 0 || ftruncate(fd, DISC_SECTORS * BURNER_SECTOR) < 0)
                abort();
        disc = mmap(NULL, DISC_SECTORS * BURNER_SECTOR, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (disc == MAP_FAILED || iso_init_with_flag(1) < 0 || iso_set_local_charset(utf8, 0) <= 0)
                abort();
        (void)iso_set_msgs_severities(never, never, prefix);
        (void)close(fd);
}

static size_t patch_apply(const uint8_t *data, size_t size)
{
        size_t sector = (size_t)(data[0] << 8 | data[1]) % DISC_SECTORS,
               n = (size_t)(data[2] << 8 | data[3]);

        n = MIN(MIN(n, (size_t)BURNER_SECTOR), size - 4);
        memcpy(disc + sector * BURNER_SECTOR, data + 4, n);
        return 4 + n;
}

static void file_read(struct walk *w, struct proof_file *f)
{
        static uint8_t block[65536] __attribute__((aligned(4096)));
        int64_t at = 0;
        ssize_t n;

        if (w->medium.prepare(w->medium.userdata, f) < 0)
                abort();
        do {
                n = w->medium.read(w->medium.userdata, f, block, sizeof(block), at);
                if (n > (ssize_t)sizeof(block) || (n > 0 && at + n > f->size))
                        abort();
                at += MAX(n, (ssize_t)0);
        } while (n == (ssize_t)sizeof(block) && at < READ_BYTES_MAX);
}

static int on_path(void *userdata, const char *path)
{
        struct walk *w = userdata;
        struct proof_file f = {.size = 0};
        int r;

        for (const char *p = path; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        abort();
        if (strlen(path) >= PATH_ROOM)
                abort();
        w->seen++;
        r = w->medium.open(w->medium.userdata, path, &f);
        if (r < 0 && r != -EISDIR)
                abort(); /* what is told of is there */
        if (r < 0)
                return 0;
        if (f.size < 0)
                abort();
        if (w->read++ < FILES_MAX)
                file_read(w, &f);
        w->medium.close(w->medium.userdata, &f);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct burner b = {.file = disc_path};
        _cleanup_(disc_reader_freep) struct disc_reader *reader = NULL;
        _cleanup_(disc_tree_freep) struct disc_tree *tree = NULL;
        struct walk w = {.seen = 0};

        if (!disc)
                disc_begin();
        memset(disc, 0, DISC_SECTORS * BURNER_SECTOR);
        while (size > 4) {
                size_t n = patch_apply(data, size);

                data += n;
                size -= n;
        }
        if (disc_reader_new(&reader, &b) < 0)
                abort();
        if (disc_tree_read(&tree, reader) < 0)
                return 0;
        w.medium = disc_tree_medium(tree);
        if (w.medium.walk(w.medium.userdata, on_path, &w) < 0)
                abort();
        return 0;
}
