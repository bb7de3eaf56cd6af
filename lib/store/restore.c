// SPDX-License-Identifier: LGPL-2.1-or-later
/* Footage that comes back from a backup: the one way into the store besides filing. */
#include "store/tree.h"
#include "base/cleanup.h"
#include "base/durable.h"
#include "base/inject.h"

#include <fcntl.h>
#include <string.h>

#define RESTORE_PART "incoming/restore.part"

/* Every folder above it, each synced into the one above. */
static int folders_make(const struct store *s, const char *path)
{
        char folder[STORE_PATH_MAX];
        int r;

        if (strlen(path) >= sizeof(folder) || !strrchr(path, '/'))
                return -EINVAL;
        (void)snprintf(folder, sizeof(folder), "%s", path);
        *strrchr(folder, '/') = '\0';
        r = durable_make_folders(s->root, folder, STORE_FOLDER_MODE);
        while (r >= 0 && strchr(folder, '/')) {
                r = durable_sync_parent(s->root, folder);
                *strrchr(folder, '/') = '\0';
        }
        return r;
}

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
                r = folders_make(s, what->path);
        if (r < 0)
                return r;
        r = proved_copy(&copy, &uncached);
        inject_point("restore-file");
        return r;
}
