// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words of findings; they appear in alerts and records. */
#include "recorder/ums/volume_finding.h"

#include "base/text.h"

#include <stdio.h>

const char *volume_finding_word(int finding)
{
        static const char *const words[_VOLUME_FINDING_MAX] = {
                        [VOLUME_TABLE_DAMAGED] = "table-damaged",
                        [VOLUME_BOOT_DAMAGED] = "boot-damaged",
                        [VOLUME_TRUNCATED] = "truncated",
                        [VOLUME_DIRTY] = "dirty",
                        [VOLUME_MEDIA_FAILURE] = "media-failure",
                        [VOLUME_FAT_COPIES] = "fat-copies",
                        [VOLUME_FREE_COUNT] = "free-count",
                        [VOLUME_CYCLE] = "cycle",
                        [VOLUME_CROSS_LINK] = "cross-link",
                        [VOLUME_CHAIN_SHORT] = "chain-short",
                        [VOLUME_CHAIN_LONG] = "chain-long",
                        [VOLUME_CHAIN_BAD] = "chain-bad",
                        [VOLUME_UNALLOCATED] = "unallocated",
                        [VOLUME_ENTRY_DAMAGED] = "entry-damaged",
                        [VOLUME_NAME_DAMAGED] = "name-damaged",
                        [VOLUME_FOLDER_DAMAGED] = "folder-damaged",
                        [VOLUME_UPCASE_DAMAGED] = "upcase-damaged",
                        [VOLUME_BITMAP_DAMAGED] = "bitmap-damaged",
                        [VOLUME_UNREADABLE] = "unreadable",
                        [VOLUME_LIMIT] = "limit",
        };

        return finding > 0 && finding < _VOLUME_FINDING_MAX ? words[finding] : "unknown";
}

void volume_finding_tell(const struct volume_findings *on, enum volume_finding finding, const char *format,
                         va_list arguments)
{
        char text[VOLUME_FINDING_TEXT_MAX];

        if (!on->fn)
                return;
        (void)vsnprintf(text, sizeof(text), format, arguments);
        text_make_printable(text);
        on->fn(on->userdata, finding, text);
}
