/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Keeps the full text index of footage in one piece. Each transaction that files footage adds a piece to it,
 * and FTS5 merges those of a size as they come, which leaves one of every size: a dozen or two. A query
 * looks into each of them for each group of characters, so that it takes several times as long as with one.
 * To merge all writes the whole index anew, 50 bytes a row: that is for hours of rest, and in steps.
 */

#include "catalogue/catalogue.h"

/* 1 when so much of what is there came since the index last was one piece that merging it pays; 0 when not,
 * or a negative errno. Needs no transaction. */
int footage_index_due(struct catalogue *c);

/* One step, which writes about 'pages' pages of 4 KiB: the first one of a merge takes in all that is there.
 * 1 when there is more to do, 0 when the index is in one piece, or a negative errno. */
int footage_index_merge(struct catalogue *c, bool first, int pages);
