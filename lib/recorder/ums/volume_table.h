/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The file allocation table: what follows a cluster, and what is free (FAT specification 1.03 section 4;
 * exFAT specification section 4.1 for the table, 7.1 for the bitmap). */

#include "recorder/ums/volume_state.h"

enum table_state {
        TABLE_NEXT, /* another cluster follows, which is in the volume */
        TABLE_END,
        TABLE_FREE,
        TABLE_BAD,     /* marked as bad */
        TABLE_OUTSIDE, /* a number that no cluster has */
};

/*
 * What the FAT says of a cluster that volume_has_cluster(); *ret_next is set with TABLE_NEXT. Where copies
 * are followed, a difference is told. When the first FAT cannot be read, the second one is asked. Returns an
 * enum recorder_outcome or negative errno.
 */
int table_look(struct volume *v, uint32_t cluster, enum table_state *ret, uint32_t *ret_next);

/* Is the cluster free? By the bitmap of an exFAT volume, else by the FAT. RECORDER_UNSUPPORTED when there is
 * no bitmap to be used. */
int table_is_free(struct volume *v, uint32_t cluster, bool *ret);

/* Counts the free clusters of the whole volume in large reads past the cache, and compares the copies of the
 * FAT. */
int table_count_free(struct volume *v, uint64_t *ret);

/* Bytes that table_count_free() reads of one copy. */
uint64_t table_count_cost(const struct volume *v);

/* FAT16 and FAT32: the marks in the second entry. */
int table_marks(struct volume *v, bool *ret_dirty, bool *ret_media_failure);
