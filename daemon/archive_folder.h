/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A folder as a medium: a directory that the site mounts, known by the random number in its marker and not
 * by its path, so that a disk that is not mounted is no medium, and neither is another disk in its place.
 * Below it each volume has a folder of its own. These calls wait for the disk: never on the loop.
 */

#include "archive/pack.h"
#include "store/marker.h"

#include <stdbool.h>

enum archive_folder_outcome {
        ARCHIVE_FOLDER_OK = 0,
        ARCHIVE_FOLDER_ABSENT,    /* no such directory, or no marker in it */
        ARCHIVE_FOLDER_FOREIGN,   /* the marker is another station's */
        ARCHIVE_FOLDER_OTHER,     /* another medium of this station */
        ARCHIVE_FOLDER_USED,      /* to be made, and there is something in it */
        ARCHIVE_FOLDER_SAME_DISK, /* as the store's */
};

struct archive_folder {
        int fd; /* the caller's */
        struct pack_medium room;
        int64_t capacity;
        char type[16]; /* of its file system, "" unknown */
        char uuid[MARKER_UUID_SIZE];
};

/* 'uuid' NULL: whichever medium of the station it is. ret->fd is set for ARCHIVE_FOLDER_OK only; a negative
 * errno is the disk's. */
int archive_folder_open(const char *path, const char *station, const char *uuid, struct archive_folder *ret);

/* The same of a directory that is empty, or a medium of this station already: makes the marker. One on the
 * disk of 'store' is refused unless 'same_disk'. */
int archive_folder_init(const char *path, const char *station, const char *store, bool same_disk,
                        struct archive_folder *ret);

/* What fits below an open folder. Negative errno. */
int archive_folder_room(int fd, struct archive_folder *ret);

/* Why it is none, one sentence. Returns buf. */
const char *archive_folder_text(int outcome, const char *path, char *buf, size_t size);
