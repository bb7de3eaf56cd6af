/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a backup lies: a folder on a file system of its own, which has in it
 *
 *   recdock-backup/.recdock-backup            marker: this is a backup, of this station, with a number of
 * its own recdock-backup/store/…                    footage, by the same paths as in the store
 *   recdock-backup/store-marker               the marker of that store
 *   recdock-backup/catalogue-<TIME>.sqlite    generations of the catalogue, each with a .manifest
 *   recdock-backup/incoming/                  being copied
 *   recdock-backup/displaced/<TIME>/…         what was found where footage had to be, and was not it
 *
 * Invariants: what has a name below store/ is whole, proved and never changed, only moved aside; a
 * generation is there when its manifest is.
 */

#include "base/cleanup.h"
#include "store/marker.h"

#include <limits.h>
#include <stdbool.h>

#define TARGET_FOLDER   "recdock-backup"
#define TARGET_INCOMING "incoming"
#define TARGET_MARKER   "store-marker"
#define TARGET_MODE     0750

struct target {
        int folder;          /* recdock-backup/; held open, so that the disk cannot go unnoticed */
        char path[PATH_MAX]; /* of it */
        char uuid[MARKER_UUID_SIZE];
};

enum target_outcome {
        TARGET_OK = 0,
        TARGET_ABSENT = 1,  /* no such folder, or no marker in it */
        TARGET_FOREIGN = 2, /* of another station */
        TARGET_TAKEN = 3,   /* target_init(): a backup is there already */
};

/* Opens what target_init() has made below 'path'; or at 'path', when that is the folder recdock-backup
 * itself. Errors of marker_check(). */
int target_open(struct target *ret, const char *path, const char *station);
void target_close(struct target *t);
#define _cleanup_target_ _cleanup_(target_close)
#define TARGET_CLOSED                        \
        {                                    \
                .folder = -EBADF, .path = "" \
        }

/* Makes an empty one below the folder 'path', which exists. TARGET_TAKEN when there is one of this station
 * that has anything in it; one that has not is taken as it is. -ENOTEMPTY: the folder has something else. */
int target_init(const char *path, const char *station, char ret_uuid[MARKER_UUID_SIZE]);

/* 1 when both paths are on one file system, 0 when not. */
int target_same_disk(const char *path, const char *other);

/* Makes the folders above the relative path 'path', and syncs each of them into the one above it, whoever
 * made it. 'last', PATH_MAX bytes and "" at first, holds what was done last, so that it is not done again.
 */
int target_folders(const struct target *t, const char *path, char last[PATH_MAX]);
