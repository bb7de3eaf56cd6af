// SPDX-License-Identifier: LGPL-2.1-or-later
/* A manifest from a medium: whatever is read of it can be looked up, and no path leads out. */
#include "fuzz_target.h"

#include "archive/manifest.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

static void path_expect(const char *path)
{
        if (!text_utf8_valid(path) || path[0] == '\0' || path[0] == '/' || strlen(path) >= MANIFEST_PATH_MAX)
                abort();
        if (strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0 || strstr(path, "/../") ||
            strstr(path, "//"))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(manifest_done) struct manifest m = {NULL};
        _cleanup_free_ char *text = malloc(size + 1);
        size_t line = 0;

        if (!text)
                return 0;
        memcpy(text, data, size);
        if (manifest_parse(text, size, &m, &line) != MANIFEST_READ)
                return 0;
        for (size_t i = 0; i < m.n; i++) {
                path_expect(m.lines[i].path);
                if (manifest_find(&m, m.lines[i].path) != &m.lines[i])
                        abort();
        }
        return 0;
}
