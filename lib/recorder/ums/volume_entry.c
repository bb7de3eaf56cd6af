// SPDX-License-Identifier: LGPL-2.1-or-later
/* What entries of both file systems have in common; see volume_entry.h. */
#include "recorder/ums/volume_entry.h"

uint32_t volume_name_hash(const char *name)
{
        uint64_t h = hash_text(name);

        return (uint32_t)(h ^ h >> 32);
}

int folder_slot_next(struct folder_reader *f, uint8_t slot[SLOT_SIZE], bool *ret_end)
{
        uint64_t at = f->slot;
        int r = folder_reader_next(f, slot, ret_end);

        if (r != RECORDER_UNREADABLE)
                return r;
        f->incomplete = true;
        if (!f->unreadable) {
                f->unreadable = true;
                volume_tell(f->v, VOLUME_UNREADABLE, "folder '%s' cannot be read at slot %llu", f->path,
                            (unsigned long long)at);
        }
        return r;
}

int volume_entry_next(struct folder_reader *f, struct volume_entry *ret, bool *ret_end)
{
        return f->v->at.type == VOLUME_EXFAT ? exfat_entry_next(f, ret, ret_end)
                                             : fat_entry_next(f, ret, ret_end);
}
