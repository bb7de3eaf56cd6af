/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of an import: found once, before anything is asked of the station, and opened one at a time when
 * it wants them. Only regular files, on the file system of what was given, without following a symbolic
 * link. What else there is was left out and said so; what cannot be read is an error, so that nobody takes a
 * part for the whole.
 */

#include <stddef.h>
#include <stdint.h>

struct import_file {
        int root;    /* the folder that was given, or the one the given file is in; not owned */
        char *below; /* below it */
        char *path;  /* what the station will know it by: the given name and what is below it */
        int64_t size;
        int64_t mtime_sec;
        uint32_t mtime_nsec;
};

struct import_files {
        struct import_file *files;
        size_t n, room;
        int *roots;
        size_t n_roots;
        int64_t bytes;
        size_t left_out;
};

/* Finds the files of 'n' files and folders. Returns an exit code; what is not EXIT_OK has been told. The
 * caller ends it with import_files_done() in any case. */
int import_files_find(struct import_files *f, char *const *given, int n);
void import_files_done(struct import_files *f);

/* Opens one for reading: 0 and a descriptor, or a negative errno. */
int import_file_open(const struct import_file *file, int *ret_fd);
