/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A file as a recorder lists it, and how far it has come. Identity: recorder + path + size + device time.
 * The row outlives the docking: a part left behind is found again by it.
 */

#include "catalogue/catalogue.h"

enum item_state {
        ITEM_LISTED = 0,  /* nothing pulled yet */
        ITEM_PARTIAL = 1, /* a part with 'durable' bytes is in incoming/<part_docking>/<id>.part */
        ITEM_PULLED = 2,  /* all bytes in the part, digests known, not yet proved */
        ITEM_FILING = 3,  /* an intent exists */
        ITEM_FOOTAGE = 4, /* done */
        ITEM_FAILED = 5,  /* given up for this docking; tried again at the next */
};
const char *item_state_text(enum item_state s);

struct item {
        int64_t id;
        int64_t recorder;
        int64_t docking; /* the last one that listed it; from ITEM_PULLED to ITEM_FILING the one that pulled
                            it */
        int64_t first_docking; /* the one that listed it first; 0: from before it was noted */
        int64_t part_docking;  /* the folder its part is in, 0 none */
        char path[1024];
        int64_t size;       /* as listed, -1 unknown */
        char time_text[40]; /* device time, raw */
        uint32_t flags;     /* enum recorder_item_flags */
        enum item_state state;
        int64_t durable; /* bytes of the part known to be on the disk */
        bool has_durable_digest;
        uint8_t durable_sha256[DIGEST_SIZE];
        int64_t actual_size; /* proved by the transfer, -1 */
        bool has_digests;    /* ITEM_PULLED and later */
        struct digest_values digests;
        unsigned int attempts;
        char error[256]; /* last failure, "" */
        int64_t footage; /* 0 none */
};

/* Finds the item of this identity, or inserts it (state LISTED). Sets flags, and the docking unless another
 * one has pulled it, to the given ones; the rest of *item is filled from the row. *ret_new tells. */
int item_note(struct catalogue *c, struct item *item, bool *ret_new);
int item_update(struct catalogue *c, const struct item *item);
/*
 * Two files of one name in one folder are told apart by "~2", "~3", … before the extension, in order of
 * listing: when one is removed the numbers of the others shift. CATALOGUE_OK when there is another item that
 * the file could be taken for: the same but for such a number; CATALOGUE_ABSENT when there is none.
 */
int item_has_namesake(struct catalogue *c, const struct item *item);
int item_by_id(struct catalogue *c, int64_t id, struct item *ret);
/* Number and path of every filed item of a recorder that 'docking' has not listed, the newest first, at most
 * 'max'. As item_each(). */
int item_each_filed(struct catalogue *c, int64_t recorder, int64_t docking, int64_t max,
                    int (*on_item)(void *userdata, int64_t item, const char *path), void *userdata);
/* Every item in 'state', in order of id; the callback may not write. A non-zero return of it ends the walk
 * and is returned. */
int item_each(struct catalogue *c, enum item_state state,
              int (*on_item)(void *userdata, const struct item *item), void *userdata);
