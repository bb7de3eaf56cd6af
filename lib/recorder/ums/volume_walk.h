/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the walk of folders shares with reading and checking files again. */

#include "recorder/ums/volume_entry.h"

/* The root as a folder. */
void volume_root(const struct volume *v, struct volume_folder *ret);

/* The entry as a caller keeps it; 'folder' is the number of the folder it is in. */
void volume_file_fill(const struct volume *v, const struct volume_entry *e, uint32_t folder,
                      struct volume_file *ret);
