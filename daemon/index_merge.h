/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Merges the full text index of footage (catalogue/footage_index.h) while the station has nothing else to
 * do: when no recorder is docked and there is room. It goes on from where it was when one comes and goes.
 */

struct index_merge;
struct station;

/* Looks for the first time a while after the start. */
int index_merge_new(struct index_merge **ret, struct station *s);
void index_merge_free(struct index_merge *m);
