/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which due file goes to which medium. A case stays together where a medium takes it whole; a file is never
 * split; every file is in exactly one volume or is told why it is in none. What a volume costs beside the
 * bytes of its files is in pack_cost.c, as an upper bound that tests hold against real images.
 *
 * Pure, and deterministic: the plan depends on the set of files and not on their order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pack_format {
        PACK_ISO9660, /* level 3 with Rock Ridge and Joliet */
        PACK_FAT32,
        PACK_EXFAT,
        PACK_EXT4,
        _PACK_FORMAT_MAX,
};

/* A kind of medium that is at hand. */
struct pack_medium {
        enum pack_format format;
        int64_t capacity; /* bytes that are free on it: of the blank disc, or of the empty file system */
        int64_t cluster;  /* bytes a file takes at least; 0: 2048 of ISO 9660, 4096 otherwise */
        bool hash_list;   /* volumes have a media hash list */
        size_t count;     /* how many there are; 0: as many as it takes */
};

struct pack_file {
        int64_t id;
        const char *case_number; /* NULL: of no case; it need not stay with others */
        const char *name;
        int64_t size;
        size_t row_size; /* bytes of its row: the index repeats it */
        bool sm3;        /* has a second digest */
};

enum pack_told {
        PACK_PLANNED,
        PACK_TOO_LARGE, /* larger than any medium of any kind takes */
        PACK_NO_MEDIUM, /* it would fit, but media are used up */
};

struct pack_place {
        enum pack_told told;
        size_t volume; /* of PACK_PLANNED */
};

struct pack_volume {
        size_t medium;  /* index into the kinds */
        size_t n_files; /* in it */
        int64_t bytes;  /* of its files */
        int64_t cost;   /* of the whole volume, own files and file system included: at most the capacity */
};

struct pack_plan {
        struct pack_place *places; /* one for each file, in the caller's order */
        size_t n_volumes;
        struct pack_volume *volumes;
        size_t n_split; /* cases that no medium took whole */
};

/* Kinds of media are tried in their order. -EINVAL for a negative size, an id that comes twice, a format
 * that is none or more than PACK_FILES_MAX files; -ENOMEM. Frees with pack_plan_done(). */
int pack_make(const struct pack_file *files, size_t n_files, const struct pack_medium *media, size_t n_media,
              struct pack_plan *ret);
void pack_plan_done(struct pack_plan *plan);

#define PACK_FILES_MAX 1000000

/* What a volume costs, for whoever shows it or proves it: the volume itself, a case in it, a file in it. */
int64_t pack_cost_of_volume(const struct pack_medium *medium);
int64_t pack_cost_of_case(const struct pack_medium *medium, const char *case_number);
int64_t pack_cost_of_file(const struct pack_medium *medium, const struct pack_file *file);
/* The largest file that the format can hold. */
int64_t pack_largest_file(const struct pack_medium *medium);
/* The most that an image of 'size' bytes becomes with so many percent of recovery data behind it (RS02 of
 * dvdisaster, which is told the size and not the percent: by that it makes three times the image of some);
 * and the other way round, what is left of a disc for the image: the capacity to plan with. */
enum {
        PACK_RECOVERY_LEAST = 10,
        PACK_RECOVERY_MOST = 50
}; /* with less it keeps to no size that it is told */
int64_t pack_size_with_recovery(int64_t size, int percent);
int64_t pack_room_beside_recovery(int64_t capacity, int percent);
