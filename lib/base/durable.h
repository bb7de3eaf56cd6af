/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Durable file operations: each call names what is on disk when it returns. Together with lib/store this is
 * the only code that creates, renames, links or syncs files.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes all of it; goes on after short writes and EINTR. */
int durable_write_all(int fd, const void *data, size_t size);

/* fsync() of a descriptor, with EINTR handled. */
int durable_sync_file(int fd);

/* Opens the directory holding 'path' relative to 'dirfd' and fsyncs it. */
int durable_sync_parent(int dirfd, const char *path);

/* Makes each missing folder of the relative path 'path' below dirfd with 'mode', and fsyncs the parent of
 * every one it made. Refuses "..", absolute paths and symbolic links on the way (-EINVAL, -ELOOP). */
int durable_make_folders(int dirfd, const char *path, mode_t mode);

/* open() below dirfd without symbolic links: openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), or one
 * component at a time where the kernel has none. Always close-on-exec. -EINVAL for an absolute path, "." or
 * "..", -ELOOP for a symbolic link. The caller owns the descriptor. */
int durable_open_beneath(int dirfd, const char *path, int flags, mode_t mode);

/* Opens the folder that holds 'path' likewise; *ret_name (when not NULL) points to the last component inside
 * 'path'. */
int durable_open_parent(int dirfd, const char *path, const char **ret_name);

enum durable_outcome {
        DURABLE_DONE = 0,
        DURABLE_EXISTS = 1, /* the new name is taken; nothing has changed */
};

/* linkat() without replacing; does not sync. Returns a durable_outcome or a negative errno. */
int durable_link(int from_dirfd, const char *from, int to_dirfd, const char *to);

/* Renames below dirfd without replacing, from one folder to another or in one; does not sync. Returns a
 * durable_outcome or a negative errno. */
int durable_rename_new(int dirfd, const char *from, const char *to);

/* Replaces or creates a small file: temporary name, write, fsync, rename, fsync of the folder. */
int durable_replace(int dirfd, const char *path, const void *data, size_t size, mode_t mode);

/* A file that somebody asked for, in a folder that is not ours: whole when it appears, and with 'replace' in
 * place of what was there. Without, DURABLE_EXISTS when the name is taken. Works without hard links too
 * (FAT, exFAT). 'name' has no folder in it. */
int durable_publish(int dirfd, const char *name, const void *data, size_t size, mode_t mode, bool replace);
