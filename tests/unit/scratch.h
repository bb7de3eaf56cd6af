/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A folder of a test's own, and files in it. Every failure aborts the test. */

#include <stddef.h>

/* Makes a new empty folder below $TMPDIR or /tmp. The text stays valid until scratch_remove(). */
const char *scratch_make(void);

/* Removes it with all that is in it. */
void scratch_remove(void);

/* "<folder>/<name>"; the caller frees it. */
char *scratch_path(const char *name);

/* Writes a file, making the folders above it. */
void scratch_write(const char *name, const char *text);

/* Reads a whole file; the caller frees it. NULL when there is none. */
char *scratch_read(const char *name);
