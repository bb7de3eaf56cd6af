// SPDX-License-Identifier: LGPL-2.1-or-later
/* Is what was listed still there? Each entry is looked up in the slot where it was, up to the root; see
 * volume.h. */
#include "recorder/ums/volume_claim.h"
#include "recorder/ums/volume_walk.h"

#include <stdlib.h>

/* The entry that begins at a slot of a folder. RECORDER_ABSENT when none does, or it is 'deleted' or not. */
static int entry_at(struct volume *v, uint32_t folder, uint32_t slot, bool deleted, struct volume_entry *ret)
{
        _cleanup_free_ struct folder_reader *f = malloc(sizeof(*f));
        bool end = false;
        int r;

        if (!f)
                return -ENOMEM;
        folder_reader_begin(f, v, &v->folders[folder]);
        folder_reader_seek(f, slot);
        r = volume_entry_next(f, ret, &end);
        if (r != RECORDER_OK)
                return r;
        if (end || ret->slot != slot || (ret->deleted || v->folders[folder].deleted) != deleted)
                return RECORDER_ABSENT;
        return RECORDER_OK;
}

/* A folder and those above it. Their times change with what is in them and are not looked at. */
static int folders_check(struct volume *v, uint32_t folder)
{
        while (folder != 0) {
                const struct volume_folder *known = &v->folders[folder];
                struct volume_entry e;
                int r = entry_at(v, known->parent, known->slot, known->deleted, &e);

                if (r != RECORDER_OK)
                        return r;
                if (e.kind != ENTRY_FOLDER || e.cluster != known->cluster ||
                    volume_name_hash(e.name) != known->name_hash)
                        return RECORDER_MISMATCH;
                folder = known->parent; /* a lower number, so this ends */
        }
        return RECORDER_OK;
}

int volume_check(struct volume *v, const struct volume_file *f)
{
        struct volume_entry e;
        bool recoverable;
        int r;

        if (f->folder >= v->n_folders)
                return RECORDER_ABSENT;
        v->cache.budget = MAX(v->cache.budget, v->limits.metadata_bytes);
        r = folders_check(v, f->folder);
        if (r == RECORDER_OK)
                r = entry_at(v, f->folder, f->slot, f->recovered, &e);
        if (r != RECORDER_OK)
                return r;
        if (e.kind != ENTRY_FILE || e.size != f->size || e.valid_size != f->valid_size ||
            e.time != f->time || e.cluster != f->cluster || volume_name_hash(e.name) != f->name_hash)
                return RECORDER_MISMATCH;
        if (!f->recovered)
                return RECORDER_OK;
        v->steps = v->limits.chain_steps;
        r = volume_recoverable(v, f->cluster, f->size, &recoverable);
        return r == RECORDER_OK && !recoverable ? RECORDER_MISMATCH : r;
}
