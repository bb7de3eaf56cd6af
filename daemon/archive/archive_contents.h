/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is to be on a volume, read from the lines that recdockd has written. */

#include "archive/archive.h"

#include <json-c/json.h>

struct archive_contents {
        struct archive_case *cases;
        struct archive_file *files;
        size_t n_cases, n_files;
        json_object **lines; /* what the texts live in */
        size_t n_lines;
};

/* Takes the descriptor. -EBADMSG for a line that is none of archive_messages.h; -ENOMEM. Frees with
 * archive_contents_done(). */
int archive_contents_read(int fd, struct archive_contents *ret);
void archive_contents_done(struct archive_contents *c);
