/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check_options {
        unsigned int parallel;
        bool json;          /* one object a line */
        uint32_t flags;     /* enum inspect_flags */
        uint32_t timeout_s; /* 0: by size */
};

/*
 * `recdock-inspect --check`: each file through a sandboxed child, one line each on standard output, in the
 * order given. Returns the exit status: 0 all complete, 1 some not, 2 some could not be read.
 */
int check_command(const struct check_options *options, char *const *files, size_t n_files);
