// SPDX-License-Identifier: GPL-2.0-or-later
/* The folders of ECMA-119; see disc_folders.h. Those of Rock Ridge that lie elsewhere (CL) are not followed:
 * no volume has any, and disc_tree.c ends what they lead to by the number of reads. */
#include "optical/disc_folders.h"
#include "base/cleanup.h"

#include <endian.h>
#include <string.h>

enum {
        DESCRIPTORS_AT = 16,
        DESCRIPTORS_MAX = 64,
        DESCRIPTOR_PRIMARY = 1,
        DESCRIPTOR_SUPPLEMENTARY = 2, /* Joliet */
        DESCRIPTOR_END = 255,
        DESCRIPTOR_ROOT = 156, /* the record of the root; ECMA-119 8.4.18 */
        /* In a record: 9.1. */
        RECORD_EXTENT = 2,
        RECORD_SIZE = 10,
        RECORD_FLAGS = 25,
        RECORD_NAME_LENGTH = 32,
        RECORD_NAME = 33,
        RECORD_LEAST = 34,
        FLAG_FOLDER = 2,
        DEPTH_MAX = 64,
};

struct folder {
        uint32_t extent, sectors;
        unsigned int depth;
};

struct check {
        struct disc_reader *reader;
        int64_t disc;    /* sectors that it has */
        uint8_t *marked; /* one bit for each: it is of a folder */
        struct folder *folders;
        size_t n, room;
};

static void check_done(struct check *c)
{
        free(c->marked);
        free(c->folders);
}

static uint32_t get32(const uint8_t *at)
{
        uint32_t value;

        memcpy(&value, at, sizeof(value));
        return le32toh(value);
}

/* Where a folder is another one's as well, or goes beyond the disc, its marks stay: the disc is refused. */
static int folder_mark(struct check *c, const struct folder *f)
{
        if (f->depth > DEPTH_MAX || f->extent > c->disc || f->sectors > c->disc - f->extent)
                return -ENOENT;
        for (uint32_t i = f->extent; i < f->extent + f->sectors; i++) {
                uint8_t bit = (uint8_t)(1U << (i % 8));

                if (c->marked[i / 8] & bit)
                        return -ENOENT;
                c->marked[i / 8] |= bit;
        }
        return 0;
}

static int folder_add(struct check *c, const uint8_t *record, unsigned int depth)
{
        uint64_t size = get32(record + RECORD_SIZE);
        const struct folder f = {.extent = get32(record + RECORD_EXTENT),
                                 .sectors = (uint32_t)((size + BURNER_SECTOR - 1) / BURNER_SECTOR),
                                 .depth = depth};
        int r = folder_mark(c, &f);

        if (r < 0)
                return r;
        if (c->n == c->room) {
                struct folder *more = reallocarray(c->folders, c->room * 2 + 64, sizeof(*more));

                if (!more)
                        return -ENOMEM;
                c->folders = more;
                c->room = c->room * 2 + 64;
        }
        c->folders[c->n++] = f;
        return 0;
}

/* "." and "..". */
static bool is_of_tree(const uint8_t *record)
{
        return (record[RECORD_FLAGS] & FLAG_FOLDER) &&
               !(record[RECORD_NAME_LENGTH] == 1 && record[RECORD_NAME] <= 1);
}

static int sector_look(struct check *c, const uint8_t *sector, unsigned int depth)
{
        int r = 0;

        for (size_t at = 0; r >= 0 && at < (size_t)BURNER_SECTOR && sector[at] != 0; at += sector[at]) {
                if (sector[at] < RECORD_LEAST || at + sector[at] > (size_t)BURNER_SECTOR)
                        return -ENOENT;
                if (is_of_tree(sector + at))
                        r = folder_add(c, sector + at, depth + 1);
        }
        return r;
}

static int folder_look(struct check *c, struct folder f)
{
        uint8_t sector[BURNER_SECTOR];
        int r = 0;

        for (uint32_t i = 0; r >= 0 && i < f.sectors; i++) {
                r = disc_reader_read(c->reader, (int64_t)f.extent + i, 1, sector);
                if (r >= 0)
                        r = sector_look(c, sector, f.depth);
        }
        return r;
}

static int tree_look(struct check *c, const uint8_t *root)
{
        int r;

        /* Of two descriptors that name one tree each is right. */
        memset(c->marked, 0, (size_t)c->disc / 8 + 1);
        c->n = 0;
        r = folder_add(c, root, 0);
        while (r >= 0 && c->n > 0)
                r = folder_look(c, c->folders[--c->n]);
        return r;
}

int disc_folders_check(struct disc_reader *reader)
{
        _cleanup_(check_done) struct check c = {.reader = reader, .disc = disc_reader_sectors(reader)};
        uint8_t sector[BURNER_SECTOR];
        int r = 0;

        c.marked = calloc((size_t)c.disc / 8 + 1, 1);
        if (!c.marked)
                return -ENOMEM;
        for (int64_t i = DESCRIPTORS_AT; r >= 0 && i < DESCRIPTORS_AT + DESCRIPTORS_MAX; i++) {
                r = disc_reader_read(reader, i, 1, sector);
                if (r == -ENODATA || (r >= 0 && memcmp(sector + 1, "CD001", 5) != 0))
                        return 0;
                if (r >= 0 && sector[0] == DESCRIPTOR_END)
                        return 0;
                if (r >= 0 && (sector[0] == DESCRIPTOR_PRIMARY || sector[0] == DESCRIPTOR_SUPPLEMENTARY))
                        r = tree_look(&c, sector + DESCRIPTOR_ROOT);
        }
        return r;
}
