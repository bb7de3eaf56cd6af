/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an answer goes: standard output, or a file that somebody named, which appears whole or not at all
 * and never takes the place of another one unasked. Return exit codes; what is not EXIT_OK has been told. */

#include <stdbool.h>
#include <stdio.h>

/* Can 'path' (NULL: standard output) be written to, as far as one can know before there is anything to
 * write? */
int output_check(const char *path, bool force);
/* Writes what 'write' makes of 'userdata' there. */
int output_write(const char *path, bool force, void (*write)(FILE *out, const void *userdata),
                 const void *userdata);
