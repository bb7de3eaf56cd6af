// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a volume takes on its medium: each term is the most that it can be, so that a sum of terms is never
 * less than the real image. Names are counted as layout.c makes them: at most LAYOUT_NAME_UNITS characters,
 * each of at most three bytes.
 *
 *   ISO 9660     two trees (Rock Ridge, Joliet). A record stays inside its sector, so that up to one record
 *                is lost in each; the padding, system area and descriptors as xorriso writes them.
 *   FAT, exFAT   a set of entries of 32 bytes for each name; a folder is whole clusters.
 *   ext4         a name takes its entry twice over, since folders are split in halves; extent blocks.
 */
#include "archive/pack.h"
#include "archive/layout.h"
#include "base/cleanup.h"

#include <string.h>

#define ISO_SECTOR INT64_C(2048)
/* 16 sectors of system area, three descriptors, the checksum tags and 150 sectors of padding, path tables.
 */
#define ISO_BASE       (INT64_C(192) * ISO_SECTOR)
#define ISO_EXTENT_MAX ((INT64_C(4) << 30) - ISO_SECTOR)
/* A record of Rock Ridge without its name: the record and its ISO name, PX, TF, CE and what xorriso keeps of
 * checksums; another of 16 bytes is in their list. */
#define ISO_RECORD     (33 + 38 + 44 + 26 + 28 + 5 + 16)
#define JOLIET_RECORD  34
#define FAT_FILE_MAX   INT64_C(0xffffffff)
#define EXT4_EXTENT    (INT64_C(128) << 20)
#define EXT4_EXTENTS   340 /* in one block */
#define EXT4_FILE_MAX  (INT64_C(16) << 40)
#define EXFAT_FILE_MAX (INT64_C(1) << 60)
#define OTHER_CLUSTER  4096
#define RS02_LEAST     64 /* sectors, of the smallest image, too */
#define ENTRY_SIZE     32
/* The volume's own files beside what grows: page, instructions, label, bag-info. */
#define OWN_FILES      12
#define OWN_BYTES      (INT64_C(72) << 10)
#define OWN_CASE_BYTES (INT64_C(8) << 10)
/* A row is in index.json, nearly whole in index.csv and in part in the page and the description, there with
 * the markup of a table. */
#define OWN_FILE_BYTES 1536
#define OWN_ROW_TIMES  3
/* Of the media hash list: what is around the files, and each of them beside its path. */
#define LISTED_BYTES      (INT64_C(8) << 10)
#define LISTED_FILE_BYTES 256

static int64_t cluster_of(const struct pack_medium *m)
{
        if (m->cluster > 0)
                return m->cluster;
        return m->format == PACK_ISO9660 ? ISO_SECTOR : OTHER_CLUSTER;
}

static int64_t round_up(int64_t bytes, int64_t to)
{
        return (bytes + to - 1) / to * to;
}

/* Characters and bytes that a name can have become, its distinction included. */
static int64_t name_units(const char *name, int64_t most)
{
        return name ? MIN((int64_t)strlen(name) + LAYOUT_DISTINCTION, most) : most;
}

static int64_t name_bytes(const char *name, int64_t most)
{
        return name ? MIN((int64_t)strlen(name) + LAYOUT_DISTINCTION, 3 * most) : 3 * most;
}

/* One name in its folder. */
static int64_t entry_cost(const struct pack_medium *m, int64_t units, int64_t bytes)
{
        int64_t record;

        switch (m->format) {
        case PACK_ISO9660:
                /* What does not fit into a record goes on in a continuation area; lost ends of sectors. */
                record = ISO_RECORD + bytes;
                return record + record / 8 + (JOLIET_RECORD + 2 * units) * 13 / 12;
        case PACK_FAT32:
                return ENTRY_SIZE * (1 + (units + 12) / 13);
        case PACK_EXFAT:
                return ENTRY_SIZE * (2 + (units + 14) / 15);
        default:
                return 2 * (8 + 4 + bytes);
        }
}

/* A folder by itself: its first clusters in each tree, its entry, its lines in the path tables. */
static int64_t folder_cost(const struct pack_medium *m, int64_t units, int64_t bytes)
{
        int64_t folder =
                        m->format == PACK_ISO9660 ? 3 * ISO_SECTOR + 4 * (8 + 2 * units) : 2 * cluster_of(m);

        return folder + entry_cost(m, units, bytes);
}

static int64_t content_cost(const struct pack_medium *m, int64_t size)
{
        int64_t cost = round_up(MAX(size, INT64_C(1)), cluster_of(m));

        if (m->format == PACK_ISO9660)
                cost += size / ISO_EXTENT_MAX * 2 * (ISO_RECORD + 3 * LAYOUT_NAME_UNITS);
        if (m->format == PACK_EXT4 && size > 4 * EXT4_EXTENT)
                cost += (size / EXT4_EXTENT / EXT4_EXTENTS + 2) * OTHER_CLUSTER;
        return cost;
}

int64_t pack_cost_of_volume(const struct pack_medium *m)
{
        int64_t own = OWN_BYTES + OWN_FILES * (cluster_of(m) + entry_cost(m, 24, 24));

        if (m->hash_list)
                own += folder_cost(m, 16, 16) + LISTED_BYTES +
                       2 * (cluster_of(m) + entry_cost(m, LAYOUT_NAME_UNITS, 3 * LAYOUT_NAME_UNITS));
        return own + 4 * folder_cost(m, 16, 16) + (m->format == PACK_ISO9660 ? ISO_BASE : 0);
}

/* Markup takes "&#39;" and "&amp;" for one byte. */
static int64_t markup_bytes(const char *name, int64_t most)
{
        int64_t n = 0;

        for (const char *at = name; at && *at; at++)
                n += *at == '&' || *at == '\'';
        return name_bytes(name, most) + 4 * MIN(n, most);
}

/* A file in the media hash list: its folder's name, and its own. */
static int64_t listed_cost(const struct pack_medium *m, const char *folder, const char *name)
{
        if (!m->hash_list)
                return 0;
        return LISTED_FILE_BYTES + markup_bytes(folder, LAYOUT_CASE_UNITS) +
               (name ? markup_bytes(name, LAYOUT_NAME_UNITS) : 0);
}

int64_t pack_cost_of_case(const struct pack_medium *m, const char *case_number)
{
        int64_t units = name_units(case_number, LAYOUT_CASE_UNITS);
        int64_t bytes = name_bytes(case_number, LAYOUT_CASE_UNITS);

        /* Its folder of footage, and its description. */
        return folder_cost(m, units, bytes) + entry_cost(m, units + 5, bytes + 5) +
               round_up(OWN_CASE_BYTES, cluster_of(m)) + listed_cost(m, case_number, NULL);
}

int64_t pack_cost_of_file(const struct pack_medium *m, const struct pack_file *f)
{
        int64_t bytes = name_bytes(f->name, LAYOUT_NAME_UNITS);
        int64_t own = OWN_FILE_BYTES + OWN_ROW_TIMES * (int64_t)f->row_size + 6 * bytes;

        own += listed_cost(m, f->case_number, f->name ? f->name : "");
        return content_cost(m, f->size) + entry_cost(m, name_units(f->name, LAYOUT_NAME_UNITS), bytes) + own;
}

int64_t pack_largest_file(const struct pack_medium *m)
{
        static const int64_t largest[_PACK_FORMAT_MAX] = {
                        [PACK_ISO9660] = INT64_MAX / 4,
                        [PACK_FAT32] = FAT_FILE_MAX,
                        [PACK_EXFAT] = EXFAT_FILE_MAX,
                        [PACK_EXT4] = EXT4_FILE_MAX,
        };

        return largest[m->format];
}

int64_t pack_size_with_recovery(int64_t size, int percent)
{
        return percent <= 0 ? size : (size / ISO_SECTOR * (100 + percent) / 100 + RS02_LEAST) * ISO_SECTOR;
}

int64_t pack_room_beside_recovery(int64_t capacity, int percent)
{
        if (percent <= 0)
                return capacity;
        return MAX((capacity / ISO_SECTOR - RS02_LEAST) * 100 / (100 + percent) * ISO_SECTOR, INT64_C(0));
}
