/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The tree of objects, walked from the root of each storage down. A handle is admitted once, so cycles,
 * self-parents and duplicates end by themselves; depth, number of objects and memory are bounded, and what
 * falls outside makes the listing incomplete, never wrong. Objects that no folder leads to are found by the
 * flat list of the storage, and are listed below "(unlinked)".
 */

#include "recorder/mtp/mtp_object.h"

/* What is kept of an item, by its index. */
struct mtp_object {
        uint32_t handle;
        uint32_t name_hash; /* of the name as sent: to know it again before it is read or removed */
        int64_t size;       /* -1 unknown */
        bool over_4g, wide; /* as in struct mtp_entry */
        bool protected;
};

struct mtp_tree {
        struct mtp_object *objects;
        size_t n_objects, room;
        unsigned int generation; /* of the session when it was listed */
        bool no_proplist;        /* GetObjectPropList was found unsound */
};

/*
 * Lists anew; earlier indices are void. RECORDER_LOCKED when there is nothing to list, RECORDER_OK with
 * *ret_complete false when a part could not be listed; a result of on_item other than 0 ends it and is
 * returned.
 */
int mtp_tree_list(struct mtp_tree *t, struct ptp_session *s, const struct ptp_device_info *info,
                  recorder_item_fn *on_item, void *userdata, bool *ret_complete);
const struct mtp_object *mtp_tree_at(const struct mtp_tree *t, uint32_t index);
void mtp_tree_done(struct mtp_tree *t);

/* Is the entry the object that was listed? */
bool mtp_object_is(const struct mtp_object *o, const struct mtp_entry *e);
