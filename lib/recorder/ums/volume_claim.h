/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whose cluster it is: each file's and folder's clusters are marked as theirs while listing, so that two
 * that share one are found; and whether what was deleted is still there. Both are bounded by the steps of a
 * listing: when those are used up, nothing more is judged, which is told.
 */

#include "recorder/ums/volume_entry.h"

/* Begins a listing: nothing is claimed. Without memory for it, or on a volume of very many clusters, shared
 * clusters are not looked for. */
void volume_claims_begin(struct volume *v);
void volume_claims_done(struct volume *v);

/*
 * Follows the clusters of a living entry and tells what is wrong with them. 'path' is for the findings. What
 * is found changes nothing in the listing.
 */
int volume_claim(struct volume *v, const struct volume_entry *e, const char *path);

/* Are all clusters that a deleted file takes, if they follow each other, free and in the volume? */
int volume_recoverable(struct volume *v, uint32_t cluster, uint64_t size, bool *ret);
