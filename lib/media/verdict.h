/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The words for what the container check finds. Wire values and catalogue values: never renumber. */

#include <stdint.h>

enum media_verdict {
        VERDICT_UNKNOWN = 0, /* not checked */
        VERDICT_COMPLETE = 1,
        VERDICT_TRUNCATED = 2,
        VERDICT_DAMAGED = 3,
        VERDICT_ENCRYPTED = 4,
        VERDICT_UNREADABLE = 5, /* the checker crashed, timed out, or made nothing of a known container */
        VERDICT_NOT_MEDIA = 6,
        _VERDICT_MAX,
};

enum media_kind {
        MEDIA_OTHER = 0,
        MEDIA_VIDEO = 1,
        MEDIA_AUDIO = 2,
        MEDIA_PHOTO = 3,
        _MEDIA_KIND_MAX,
};

/* "complete", "truncated", "damaged", "encrypted", "unreadable", "not-media", "unknown". */
const char *media_verdict_text(enum media_verdict v);
/* The other way. Returns -EINVAL for anything else. */
int media_verdict_from_text(const char *text, enum media_verdict *ret);
/* "video", "audio", "photo", "other". */
const char *media_kind_text(enum media_kind k);
