/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A manifest as it is read from a medium, which is as hostile as a recorder: digests and paths, each path
 * relative, without "." or "..", printable, and once. What is more than the bounds or is anything else is
 * refused with its line; nothing of a refused manifest is used.
 */

#include "base/digest.h"

#include <stddef.h>
#include <stdint.h>

enum {
        MANIFEST_LINES_MAX = 1000000,
        MANIFEST_PATH_MAX = 1024,
        MANIFEST_BYTES_MAX = 256 << 20,
};

struct manifest_line {
        uint8_t digest[DIGEST_SIZE];
        const char *path; /* decoded, in the text that was parsed */
};

struct manifest {
        struct manifest_line *lines; /* by path */
        size_t n;
};

enum manifest_outcome { MANIFEST_READ, MANIFEST_BAD };

/* Over 'size' bytes at 'text', which it writes to, up to the byte behind it, and which must outlive the
 * result. Of MANIFEST_BAD *ret_line is the line that it does not understand. -ENOMEM. Frees with
 * manifest_done(). */
int manifest_parse(char *text, size_t size, struct manifest *ret, size_t *ret_line);
void manifest_done(struct manifest *m);

/* NULL when the path is not in it. */
const struct manifest_line *manifest_find(const struct manifest *m, const char *path);
