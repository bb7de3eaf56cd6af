// SPDX-License-Identifier: LGPL-2.1-or-later
/* See footage_name.h. The extensions are those of recorders, cameras and telephones; what a station calls
 * its own files by is in the patterns. */
#include "rules/footage_name.h"
#include "base/cleanup.h"

#include <string.h>
#include <strings.h>

static const char *const extensions[] = {
                "mp4",  "mov", "m4v", "3gp", "avi", "mkv",  "webm", "ts",   "mts",  "m2ts", "mpg",
                "mpeg", "vob", "asf", "wmv", "flv", "dav",  "h264", "264",  "h265", "265",  "wav",
                "mp3",  "m4a", "aac", "amr", "ogg", "flac", "jpg",  "jpeg", "png",  "bmp",  "heic",
};

bool footage_name_likely(struct name_pattern *const *patterns, size_t n, const char *path)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
        struct name_facts facts;

        for (size_t i = 0; dot && i < ELEMENTSOF(extensions); i++)
                if (strcasecmp(dot + 1, extensions[i]) == 0)
                        return true;
        name_pattern_apply(patterns, n, name, &facts);
        return facts.pattern[0] != '\0';
}
