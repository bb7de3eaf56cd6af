/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of lib/store share: the open folders of a store and how parts are addressed in it. */

#include "store/store.h"

#include <sys/stat.h>

#define STORE_FOLDER_MODE   0750
#define STORE_PART_MODE     0640
#define STORE_FOOTAGE_MODE  0440
#define STORE_PART_NAME_MAX 64

struct store {
        int root;
        int incoming; /* ROOT/incoming */
        int footage;  /* ROOT/store */
};

/* "<docking>/<item>.part", relative to ROOT/incoming. -EINVAL for ids below 1. */
int part_name(int64_t docking, int64_t item, char ret[STORE_PART_NAME_MAX]);

/* Opens the part read-only as a regular file. STORE_ABSENT when there is none. */
int part_open(const struct store *s, int64_t docking, int64_t item, int *ret_fd);

/* Strips "store/" from a path relative to ROOT; -EINVAL when it does not begin so. */
int footage_name(const char *path, const char **ret);

/* lstat() of footage, given relative to ROOT/store, without following symbolic links. STORE_ABSENT when
 * there is none. */
int footage_stat(const struct store *s, const char *name, struct stat *ret);

/* openat2() of a regular file, with O_DIRECT when 'direct' and the file system can. -EIO for anything but a
 * regular file. */
int regular_open(int dirfd, const char *path, int flags, bool direct, int *ret_fd);

/* Mode and time that footage has, before it has its final name. */
int file_settle(int fd, instant_t started);

/* As store_seal(). */
int file_seal(int fd);

/* Every folder above 'path', which is relative to ROOT, each synced into the one above. */
int folders_make_synced(const struct store *s, const char *path);

/* One file under two names. */
static inline bool same_inode(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}
