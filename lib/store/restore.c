// SPDX-License-Identifier: LGPL-2.1-or-later
/* Footage that comes back from a backup. */
#include "store/tree.h"
#include "base/cleanup.h"
#include "base/durable.h"
#include "base/inject.h"

#include <fcntl.h>
#include <string.h>

#define RESTORE_PART "incoming/restore.part"

int store_restore(struct store *s, const struct store_restore *what)
{
        struct proved_copy copy = {.from = what->from,
                                   .dirfd = s->root,
                                   .temporary = RESTORE_PART,
                                   .path = what->path,
                                   .mode = STORE_FOOTAGE_MODE,
                                   .size = what->size,
                                   .expected = what->digests,
                                   .pace = what->pace};
        const char *name;
        bool uncached;
        int r = footage_name(what->path, &name);

        if (r >= 0)
                r = folders_make_synced(s, what->path);
        if (r < 0)
                return r;
        r = proved_copy(&copy, &uncached);
        inject_point("restore-file");
        return r;
}
