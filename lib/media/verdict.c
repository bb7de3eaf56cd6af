// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words of verdict.h in both directions. Each table is the only place where a number meets its word. */
#include "media/verdict.h"
#include "base/cleanup.h"

#include <string.h>

static const char *const verdict_words[_VERDICT_MAX] = {
                [VERDICT_UNKNOWN] = "unknown",     [VERDICT_COMPLETE] = "complete",
                [VERDICT_TRUNCATED] = "truncated", [VERDICT_DAMAGED] = "damaged",
                [VERDICT_ENCRYPTED] = "encrypted", [VERDICT_UNREADABLE] = "unreadable",
                [VERDICT_NOT_MEDIA] = "not-media",
};

static const char *const kind_words[_MEDIA_KIND_MAX] = {
                [MEDIA_OTHER] = "other",
                [MEDIA_VIDEO] = "video",
                [MEDIA_AUDIO] = "audio",
                [MEDIA_PHOTO] = "photo",
};

const char *media_verdict_text(enum media_verdict v)
{
        return (unsigned int)v < _VERDICT_MAX ? verdict_words[v] : verdict_words[VERDICT_UNKNOWN];
}

int media_verdict_from_text(const char *text, enum media_verdict *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(verdict_words); i++)
                if (strcmp(text, verdict_words[i]) == 0) {
                        *ret = (enum media_verdict)i;
                        return 0;
                }
        return -EINVAL;
}

const char *media_kind_text(enum media_kind k)
{
        return (unsigned int)k < _MEDIA_KIND_MAX ? kind_words[k] : kind_words[MEDIA_OTHER];
}
